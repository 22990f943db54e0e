"""Risk table: who is at risk, fails and is censored at every distinct time, per stratum and group."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from isotherm.columns import Float, Int
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.risk_table_kernels import table_sums


@dataclass(frozen=True, slots=True, eq=False)
class RiskTable:
    """Sums of weights over the distinct times of each stratum: g groups, c times.

    Parameters
    ----------
    stratum : array of int, shape (c,)
    days : array, shape (c,)
        Rising within each stratum.
    at_risk : array, shape (g, c)
        Just before the time; a row that starts at a time is not yet at risk then.
    events, censored : array, shape (g, c)
    """

    stratum: Int
    days: Float
    at_risk: Float
    events: Float
    censored: Float

    def strata_slices(self) -> list[slice]:
        """Return the rows of each stratum."""
        edges = np.flatnonzero(np.diff(self.stratum)) + 1
        return [slice(low, high) for low, high in pairwise([0, *edges.tolist(), len(self.stratum)])]


def ratio(part: Float, whole: Float) -> Float:
    """Return part / whole, 0 where the whole is 0."""
    quotient = np.zeros(len(part))
    np.divide(part, whole, out=quotient, where=whole > 0.0)
    return quotient


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
    times = outcome.times
    width = len(times.days)
    cell, start_cell, distinct = times.code, times.start_code, np.arange(width)
    if strata and outcome.strata is not None:
        cell = outcome.strata * width + cell
        start_cell = None if start_cell is None else outcome.strata * width + start_cell
        keys = cell if start_cell is None else np.concatenate([cell, start_cell])
        distinct, ranked = np.unique(keys, return_inverse=True)
        cell, start_cell = ranked[: len(cell)], None if start_cell is None else ranked[len(cell) :]
    stratum = distinct // width
    late = np.zeros(0, dtype=np.int64) if start_cell is None else start_cell
    group = np.zeros(len(outcome), dtype=np.int64) if group is None else group
    groups = int(group.max()) + 1
    ending, at_risk = np.zeros((len(stratum), groups, 2)), np.zeros((groups, len(stratum)))
    table_sums(cell, late, group, outcome.event, outcome.weights, stratum, ending, at_risk)
    return RiskTable(stratum, times.days[distinct % width], at_risk, ending[:, :, 1].T, ending[:, :, 0].T)
