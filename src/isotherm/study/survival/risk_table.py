"""Risk table: who is at risk, fails and is censored at every distinct time, per stratum and group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isotherm.outcome import Float, Int, TimeToEvent
from isotherm.study.survival.distinct_times import distinct_times


@dataclass(frozen=True, slots=True, eq=False)
class RiskTable:
    """Sums of weights over the distinct times of each stratum: c rows, g groups.

    Parameters
    ----------
    stratum : array of int, shape (c,)
    days : array, shape (c,)
        Rising within each stratum.
    at_risk : array, shape (c, g)
        Just before the time; a row that starts at a time is not yet at risk then.
    events, censored : array, shape (c, g)
    leaving : array of int, shape (c, g)
        Rows, not weights, that fail or are censored.
    """

    stratum: Int
    days: Float
    at_risk: Float
    events: Float
    censored: Float
    leaving: Int

    def strata_slices(self) -> list[slice]:
        """Return the rows of each stratum."""
        edges = np.flatnonzero(np.diff(self.stratum)) + 1
        bounds = [0, *edges.tolist(), len(self.stratum)]
        return [slice(low, high) for low, high in zip(bounds, bounds[1:], strict=False)]


def risk_table(outcome: TimeToEvent, group: Int | None = None, *, strata: bool = True) -> RiskTable:
    """Count an outcome over its distinct times.

    Parameters
    ----------
    outcome : TimeToEvent
    group : array of int, shape (n,), optional
        Codes 0, 1, ...; None: all in one group.
    strata : bool
        Whether the outcome's strata are kept apart.

    Returns
    -------
    RiskTable
    """
    times = distinct_times(outcome)
    key, width = times.code, len(times.days)
    cells, start_cell = width, times.start_code
    if strata and outcome.strata is not None:
        keys = outcome.strata * width + times.code
        starts = None if times.start_code is None else outcome.strata * width + times.start_code
        distinct, inverse = np.unique(keys if starts is None else np.concatenate([keys, starts]), return_inverse=True)
        key, cells = inverse[: len(outcome)], len(distinct)
        start_cell = None if starts is None else inverse[len(outcome) :]
    else:
        distinct = np.arange(width)
    groups = 1 if group is None else int(group.max()) + 1
    place = key if group is None else key * groups + group

    def summed(where: Int, weight: Float | None = None) -> Float:
        return np.bincount(where, weights=weight, minlength=cells * groups).reshape(cells, groups).astype(np.float64)

    failing = outcome.event > 0
    weight = outcome.weight
    events = summed(place[failing], None if weight is None else weight[failing])
    leaving = summed(place)
    left = leaving if weight is None else summed(place, weight)
    change = left.copy()
    stratum = distinct // width
    if start_cell is not None:
        entry = start_cell if group is None else start_cell * groups + group
        change -= summed(entry, weight)
    table = RiskTable(
        stratum=stratum,
        days=times.days[distinct % width],
        at_risk=_summed_backward(change, left, stratum),
        events=events,
        censored=np.maximum(left - events, 0.0),
        leaving=leaving.astype(np.int64),
    )
    return table


def _summed_backward(change: Float, left: Float, stratum: Int) -> Float:
    """Return who is at risk at each time: all who leave from then on, without those who start from then on."""
    total = np.cumsum(change[::-1], axis=0)[::-1]
    last = np.flatnonzero(np.concatenate([stratum[1:] != stratum[:-1], [True]]))
    beyond = np.concatenate([total[1:], np.zeros((1, change.shape[1]))])[last]
    runs = np.diff(np.concatenate([[-1], last]))
    at_risk = total - np.repeat(beyond, runs, axis=0)
    # Nobody can be at risk whose weight is less than that of those who leave; rounding of weighted sums is cut there.
    return np.maximum(at_risk, left)
