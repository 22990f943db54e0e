"""Restricted mean survival time: the area under a Kaplan-Meier curve up to a horizon, compared between two arms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from isotherm.columns import label_codes
from isotherm.confidence import normal_quantile
from isotherm.effect import Effect
from isotherm.errors import BadSetting, NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.kaplan_meier import kaplan_meier
from isotherm.study.survival.risk_table import ratio


@dataclass(frozen=True, slots=True)
class RestrictedMean:
    """Mean time free of the event within a horizon, in days.

    Parameters
    ----------
    days, std_error : float
    horizon_days : float
    n, events : int
        Rows, and events up to the horizon.
    label : str
    """

    days: float
    std_error: float
    horizon_days: float
    n: int
    events: int
    label: str = ""

    @property
    def lost_days(self) -> float:
        """The restricted mean time lost."""
        return self.horizon_days - self.days


def restricted_mean(outcome: TimeToEvent, horizon_days: float, *, label: str = "") -> RestrictedMean:
    """Measure the area under the Kaplan-Meier curve up to a horizon.

    Parameters
    ----------
    outcome : TimeToEvent
        Events 0 and 1; weights count patients.
    horizon_days : float
        Fixed in the protocol; at most the longest observation.

    Raises
    ------
    BadSetting
        A horizon beyond the last observation, or weights or clusters, for which this variance does not hold.

    References
    ----------
    .. [1] Royston P, Parmar MKB. BMC Med Res Methodol 2013;13:152.
    """
    longest = float(outcome.time_days.max())
    if not 0.0 < horizon_days <= longest:
        raise BadSetting(
            f"The horizon of {horizon_days:g} days came, the longest observation has {longest:g}; choose one within it."
        )
    if outcome.needs_robust:
        raise BadSetting("Weights or clusters came; for a restricted mean, resample whole patients (bootstrap).")
    curve = kaplan_meier(outcome)
    inside = curve.times_days <= horizon_days
    edges = np.concatenate([[0.0], curve.times_days[inside], [horizon_days]])
    area = np.concatenate([[1.0], curve.survival[inside]]) * np.diff(edges)
    beyond = np.cumsum(area[::-1])[::-1][1:]
    at_risk, events = curve.at_risk[inside], curve.events[inside]
    variance = float((beyond**2 * ratio(events, at_risk * (at_risk - events))).sum())
    return RestrictedMean(float(area.sum()), math.sqrt(variance), horizon_days, curve.n, round(events.sum()), label)


def compare_restricted_means(
    outcome: TimeToEvent, arm: npt.ArrayLike, horizon_days: float, *, level: float = 0.95
) -> tuple[tuple[RestrictedMean, RestrictedMean], Effect, Effect]:
    """Compare the restricted means of two arms: the second label minus, and over, the first.

    Parameters
    ----------
    outcome : TimeToEvent
    arm : array, shape (n,)
        Two labels; the first in sorted order is the reference.
    horizon_days : float
        At most the shorter of the two arms' longest observations.
    level : float

    Returns
    -------
    means : tuple of two RestrictedMean
    difference, ratio : Effect
        In days, by the normal approximation; and on the logarithmic scale.

    Raises
    ------
    NothingToCompare
        Not two arms.
    BadSetting
        As `restricted_mean`.
    """
    codes, labels = label_codes("arm", arm, len(outcome))
    if len(labels) != 2:
        raise NothingToCompare(f"{len(labels)} arms came; restricted means are compared between two.")
    z = normal_quantile(level)
    first, second = (restricted_mean(outcome.take(codes == k), horizon_days, label=labels[k]) for k in (0, 1))
    gap, se = second.days - first.days, math.hypot(first.std_error, second.std_error)
    log_ratio = math.log(second.days / first.days)
    log_se = math.hypot(first.std_error / first.days, second.std_error / second.days)
    name, n, events = f"{labels[1]} v {labels[0]}", first.n + second.n, first.events + second.events

    def effect(measure: str, estimate: float, low: float, high: float, statistic: float, method: str) -> Effect:
        return Effect(
            measure=measure,
            estimate=estimate,
            low=low,
            high=high,
            level=level,
            p_value=2.0 * float(norm.sf(statistic)),
            name=name,
            at_days=horizon_days,
            n=n,
            events=events,
            method=method,
        )

    method = f"restricted mean to {horizon_days:g} days, Greenwood variances"
    difference = effect(
        "RMST difference", gap, gap - z * se, gap + z * se, _distance(gap, se), f"{method}, difference, z test"
    )
    low, high = math.exp(log_ratio - z * log_se), math.exp(log_ratio + z * log_se)
    ratio = effect(
        "RMST ratio", math.exp(log_ratio), low, high, _distance(log_ratio, log_se), f"{method}, log ratio, z test"
    )
    return (first, second), difference, ratio


def _distance(value: float, std_error: float) -> float:
    """Return |value| in standard errors: 0 for nothing in nothing (no event up to the horizon in either arm)."""
    if std_error > 0.0:
        return abs(value) / std_error
    return 0.0 if value == 0.0 else math.inf
