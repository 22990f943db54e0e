"""Competing risks: the chance of one kind of event over time while others can come first (Aalen-Johansen)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float, label_codes, same_time, stable_order
from isotherm.errors import BadColumn, BadSetting
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.competing_kernels import delta_variance, squared_influences
from isotherm.study.survival.limits import Interval, limits
from isotherm.study.survival.risk_table import ratio, risk_table

Variance = Literal["jackknife", "Aalen"]
"""Two variances of one curve, which differ in the third digit: that of R's survfit, and that of cmprsk's cuminc."""


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """The cumulative incidence of one cause. Rows are the distinct times, rising.

    Parameters
    ----------
    times_days : array, shape (t,)
    risk : array, shape (t,)
        The chance of having had the event by each time, whatever else can happen.
    std_error : array, shape (t,)
    low, high : array, shape (t,)
        Pointwise limits; NaN before the first event.
    at_risk : array, shape (t,)
        Sum of weights just before each time.
    events, competing, censored : array, shape (t,)
        Sums of weights of those who have the event, who fail of another cause, and who are censored.
    event_free : array, shape (t,)
        The chance of no event of any kind just after each time.
    cause : int
        Number of the event.
    n : int
        Rows behind the curve.
    interval, variance : str
        Their names.
    level : float
    label : str
        Name of the arm.
    """

    times_days: Float
    risk: Float
    std_error: Float
    low: Float
    high: Float
    at_risk: Float
    events: Float
    competing: Float
    censored: Float
    event_free: Float
    cause: int
    n: int
    interval: str
    variance: str
    level: float
    label: str = ""

    def __post_init__(self) -> None:
        arrays = (self.times_days, self.risk, self.std_error, self.low, self.high, self.at_risk, self.events,
                  self.competing, self.censored, self.event_free)  # fmt: skip
        for array in arrays:
            array.setflags(write=False)

    def at(self, days: float) -> tuple[float, float, float, float]:
        """Return risk, standard error and limits at a time; before the first event 0, 0 and no limits (NaN).

        Raises
        ------
        BadSetting
            A time before 0, or beyond the last one that was observed, unless nobody is left without an event by then.
        """
        last, slack = float(self.times_days[-1]), same_time(self.times_days)
        if not (days >= 0.0 and (days <= last + slack or self.event_free[-1] == 0.0)):
            raise BadSetting(f"Day {days:g} came; the curve is known from day 0 to day {last:g}.")
        row = int(np.searchsorted(self.times_days, days + slack, side="right")) - 1
        if row < 0:
            return 0.0, 0.0, np.nan, np.nan
        return float(self.risk[row]), float(self.std_error[row]), float(self.low[row]), float(self.high[row])


def cumulative_incidence(
    outcome: TimeToEvent,
    *,
    cause: int = 1,
    variance: Variance = "jackknife",
    interval: Interval = "log",
    level: float = 0.95,
    label: str = "",
) -> Incidence:
    """Estimate the cumulative incidence of one cause.

    Parameters
    ----------
    outcome : TimeToEvent
        0 censored; any number of causes. Rows of weight 0 are left out.
    cause : int
    variance : {"jackknife", "Aalen"}
        The infinitesimal jackknife over clusters (over rows where none are given), for weights and late entries as
        well; or the variance that cmprsk prints, which takes rows to be independent patients observed from time zero.
    interval, level
        Kind and level of the pointwise limits, on the scale of the risk itself (see `limits`).
    label : str

    Returns
    -------
    Incidence

    Raises
    ------
    BadSetting
        A cause below 1; start-stop rows without clusters (which rows are one patient's?); or "Aalen" with clusters,
        late entries or weights that are no whole numbers of patients.

    References
    ----------
    .. [1] Aalen OO, Johansen S. Scand J Stat 1978;5:141-150.
    .. [2] Therneau T, Crowson C, Atkinson E. Multi-state models and competing risks. Vignette of the R package
       survival (jackknife).
    .. [3] Gray RJ. Ann Stat 1988;16:1141-1154 (the variance of cmprsk).
    """
    outcome = outcome.counted()
    _refuse_combinations(outcome, variance)
    any_kind, own = risk_table(outcome, strata=False), risk_table(outcome.of_cause(cause), strata=False)
    at_risk, failed, events = any_kind.at_risk[0], any_kind.events[0], own.events[0]
    free = (1.0 - ratio(failed, at_risk)).cumprod()
    before = np.concatenate([[1.0], free[:-1]])
    risk = (before * ratio(events, at_risk)).cumsum()
    if variance == "Aalen":
        squared = delta_variance(at_risk, events, failed - events)
    else:
        squared = _jackknife(outcome, cause, at_risk, failed, before, risk)
    std_error = np.sqrt(squared)
    low, high = limits(risk, std_error, interval=interval, level=level)
    parts = (risk, std_error, low, high, at_risk, events, failed - events, any_kind.censored[0], free)
    shown = (failed > 0.0) | (any_kind.censored[0] > 0.0)
    return Incidence(
        any_kind.days[shown],
        *(part[shown] for part in parts),
        cause=cause,
        n=len(outcome),
        interval=interval,
        variance="infinitesimal jackknife" if variance == "jackknife" else "delta method as in cmprsk",
        level=level,
        label=label,
    )


def cumulative_incidence_arms(
    outcome: TimeToEvent,
    arm: npt.ArrayLike,
    *,
    cause: int = 1,
    variance: Variance = "jackknife",
    interval: Interval = "log",
    level: float = 0.95,
) -> tuple[Incidence, ...]:
    """Estimate one curve for each arm, in the sorted order of the labels; parameters as `cumulative_incidence`.

    Raises
    ------
    BadColumn, BadSetting
        As `cumulative_incidence`; and for a missing label, or an arm of weight 0.
    """
    codes, labels = label_codes("arm", arm, len(outcome))
    counted = np.bincount(codes[outcome.weights > 0.0], minlength=len(labels))
    if not counted.all():
        raise BadColumn(f"weight is 0 in all rows of {int((counted == 0).sum())} arm; leave such an arm out.")
    return tuple(
        cumulative_incidence(
            outcome.take(codes == k), cause=cause, variance=variance, interval=interval, level=level, label=label
        )
        for k, label in enumerate(labels)
    )


def _refuse_combinations(outcome: TimeToEvent, variance: str) -> None:
    if variance not in ("jackknife", "Aalen"):
        raise BadSetting(f'The variance "{variance}" came; jackknife or Aalen is wanted.')
    if variance == "Aalen" and (outcome.needs_robust or outcome.start_days is not None):
        raise BadSetting(
            "Clusters, late entries, or weights that are no whole numbers came; the variance of cmprsk takes rows to "
            "be independent patients observed from time zero. Use the jackknife."
        )
    if outcome.start_days is not None and outcome.cluster is None:
        raise BadSetting("Start-stop rows came without cluster; name the patient of each row for a robust variance.")


def _jackknife(outcome: TimeToEvent, cause: int, at_risk: Float, failed: Float, before: Float, risk: Float) -> Float:
    """Return the variance of the risk at every distinct time, from the influence of every cluster.

    A row at risk takes part in every step of the curve; once it has left, it only bends the chance of being free of any
    event, in proportion to which the risk still rises. So its influence is linear in 1, in the risk, and in one more
    sum over the steps, with coefficients that change when it leaves.
    """
    times = outcome.times
    left = at_risk - failed
    bend = ratio(failed, at_risk * left).cumsum()
    step = np.diff(risk, prepend=0.0)
    third = (step * np.concatenate([[0.0], bend[:-1]]) - ratio(step, at_risk)).cumsum()
    # One row more, for time zero: where the rows that are observed from there on start.
    bend_0, risk_0, third_0 = (np.concatenate([[0.0], part]) for part in (bend, risk, third))
    start = np.zeros(len(outcome), np.int64) if times.start_code is None else times.start_code + 1
    stop, at_end = times.code + 1, times.code
    own, any_kind = (outcome.event == cause).astype(np.float64), (outcome.event > 0).astype(np.float64)
    inside = np.column_stack([bend_0[start] * risk_0[start] - third_0[start], -bend_0[start], np.ones(len(outcome))])
    bent = bend_0[stop] - bend_0[start] - any_kind * ratio(np.ones(len(left)), left)[at_end]
    reached = third_0[stop] - third_0[start] - bend_0[start] * (risk_0[stop] - risk_0[start])
    reached += own * (before * ratio(np.ones(len(at_risk)), at_risk))[at_end]
    outside = np.column_stack([reached - bent * risk_0[stop], bent, np.zeros(len(outcome))])
    cluster = np.arange(len(outcome)) if outcome.cluster is None else outcome.cluster
    weight = outcome.weights[:, None]
    basis = np.column_stack([np.ones(len(risk)), risk, third])
    return squared_influences(
        basis,
        weight * inside,
        weight * outside,
        start - 1,
        times.code,
        stable_order(start),
        stable_order(times.code),
        cluster,
        int(cluster.max()) + 1,
    )
