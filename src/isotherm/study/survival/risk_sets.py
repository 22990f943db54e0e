"""Risk sets: the rows of a Cox model sorted by stratum and time, with the event times at which each is at risk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isotherm.columns import DistinctTimes, Float, Int, stable_order
from isotherm.errors import BadColumn, NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.cox_kernels import Bool

RANGE_LOST = 1e-12
"""A covariate whose spread is below this share of its size is constant but for rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class RiskSets:
    """Sorted rows, event times, and standardized covariates; see `cox_kernels` for how rows meet event times.

    Parameters
    ----------
    x : array, shape (r, p)
        Covariates less `center`, over `scale`: means and standard deviations of all rows.
    center, scale : array, shape (p,)
    offset : array, shape (r,)
        Less its mean, `offset_mean`.
    offset_mean : float
    weight : array, shape (r,)
    dies : array of bool, shape (r,)
    stop, start : array of int, shape (r,)
        The row is at risk at event times start, ..., stop - 1.
    last : array of bool, shape (e,)
        Whether it is the last event time of its stratum.
    leaving : array of int, shape (r,) or (0,)
        Rows by falling start; empty where nobody enters late.
    row : array of int, shape (r,)
        Number of each row in the outcome. Rows never at risk at an event time are left out: they decide nothing.
    event_days : array, shape (e,)
    event_stratum : array of int, shape (e,)
    """

    x: Float
    center: Float
    scale: Float
    offset: Float
    offset_mean: float
    weight: Float
    dies: Bool
    stop: Int
    start: Int
    last: Bool
    leaving: Int
    row: Int
    event_days: Float
    event_stratum: Int

    @property
    def arrays(self) -> tuple[Float, Bool, Int, Int, Bool, Int]:
        """Weight, dies, stop, start, last, leaving: what the kernels take, in their order."""
        return self.weight, self.dies, self.stop, self.start, self.last, self.leaving


def risk_sets(outcome: TimeToEvent, covariates: Float, names: tuple[str, ...], offset: Float | None) -> RiskSets:
    """Sort an outcome and its covariates for the Cox model.

    Raises
    ------
    NothingToCompare
        No event.
    BadColumn
        A covariate that is the same in all rows.
    """
    times = outcome.times
    width = len(times.days)
    key = times.code if outcome.strata is None else outcome.strata * width + times.code
    order = stable_order(key)
    ranked, dies = key[order], outcome.event[order] > 0
    if not dies.any():
        raise NothingToCompare(f"No event came in {len(outcome)} rows; a Cox model needs some.")
    first = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    has_event = np.add.reduceat(dies, first, dtype=np.int64) > 0
    event_key = ranked[first[has_event]]
    stop = np.repeat(np.cumsum(has_event), np.diff(np.append(first, len(ranked))))
    start = _starts(outcome, times, order, event_key)
    used = stop > start
    if not used.all():
        order, dies, stop, start = order[used], dies[used], stop[used], start[used]
    stratum = event_key // width
    center, scale = _spread(covariates, names)
    mean = 0.0 if offset is None else float(offset.mean())
    return RiskSets(
        x=(covariates[order] - center) / scale,
        center=center,
        scale=scale,
        offset=np.zeros(len(order)) if offset is None else offset[order] - mean,
        offset_mean=mean,
        weight=outcome.weights[order],
        dies=dies,
        stop=stop.astype(np.int64),
        start=start,
        last=np.concatenate([stratum[1:] != stratum[:-1], [True]]),
        leaving=np.zeros(0, np.int64) if times.start_code is None else stable_order(start)[::-1].copy(),
        row=order,
        event_days=times.days[event_key % width],
        event_stratum=stratum,
    )


def _starts(outcome: TimeToEvent, times: DistinctTimes, order: Int, event_key: Int) -> Int:
    """Return how many event times lie before each sorted row's observation, those of earlier strata among them."""
    if times.start_code is None and outcome.strata is None:
        return np.zeros(len(order), dtype=np.int64)
    before = np.full(len(order), -1) if times.start_code is None else times.start_code[order]
    stratum = 0 if outcome.strata is None else outcome.strata[order]
    return np.searchsorted(event_key, stratum * len(times.days) + before, side="right").astype(np.int64)


def _spread(covariates: Float, names: tuple[str, ...]) -> tuple[Float, Float]:
    center = covariates.mean(axis=0)
    square = np.einsum("ij,ij->j", covariates, covariates) / len(covariates) - center**2
    scale = np.sqrt(np.maximum(square, 0.0))
    for k in range(len(names)):
        if scale[k] > 1e-5 * abs(center[k]):
            continue
        # The short formula has lost its digits.
        scale[k] = float(np.std(covariates[:, k]))
        if not scale[k] > RANGE_LOST * abs(center[k]):
            raise BadColumn(f"{names[k]} is the same in all {len(covariates)} rows; leave it out.")
    return center, scale
