"""Kaplan-Meier: the chance of being free of an event over time, its limits, quantiles and numbers at risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float, Int, label_codes, same_time
from isotherm.errors import BadColumn, BadSetting
from isotherm.outcome import Curve, TimeToEvent
from isotherm.study.survival.jackknife import influence_variance
from isotherm.study.survival.limits import Interval, limits
from isotherm.study.survival.risk_table import RiskTable, ratio, risk_table

ON_A_STEP = 1.5e-8
"""A curve this near to a quantile's level lies on it: the quantile is the middle of that flat step, as in R."""


def kaplan_meier(
    outcome: TimeToEvent,
    *,
    interval: Interval = "log",
    level: float = 0.95,
    robust: bool | None = None,
    label: str = "",
) -> Curve:
    """Estimate the chance of being free of the event.

    Parameters
    ----------
    outcome : TimeToEvent
        Events 0 and 1. Rows of weight 0 are left out.
    interval, level
        Kind and level of the pointwise limits (see `limits`).
    robust : bool, optional
        Variance by the infinitesimal jackknife over clusters, or over rows where none are given; else Greenwood's. By
        default robust where there are clusters or weights that are no whole numbers: Greenwood's formula takes weights
        for numbers of patients.
    label : str
        Name of the curve.

    Returns
    -------
    Curve

    Raises
    ------
    BadColumn
        Competing events.
    BadSetting
        Start-stop rows with a robust variance and without clusters: which rows are one patient's?

    References
    ----------
    .. [1] Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481.
    .. [2] Xie J, Liu C. Stat Med 2005;24:3089-3110 (weights).
    """
    everybody = np.zeros(len(outcome), dtype=np.int64)
    return _curves(outcome, everybody, (label,), interval=interval, level=level, robust=robust)[0]


def kaplan_meier_arms(
    outcome: TimeToEvent,
    arm: npt.ArrayLike,
    *,
    interval: Interval = "log",
    level: float = 0.95,
    robust: bool | None = None,
) -> tuple[Curve, ...]:
    """Estimate one curve for each arm, in the sorted order of the labels.

    Parameters
    ----------
    outcome : TimeToEvent
    arm : array, shape (n,)
        Labels of the arms.
    interval, level, robust
        As for `kaplan_meier`; all arms have one kind of variance.

    Returns
    -------
    tuple of Curve

    Raises
    ------
    BadColumn, BadSetting
        As `kaplan_meier`, and for a missing label.
    """
    codes, labels = label_codes("arm", arm, len(outcome))
    return _curves(outcome, codes, labels, interval=interval, level=level, robust=robust)


def _curves(
    outcome: TimeToEvent, codes: Int, labels: tuple[str, ...], *, interval: Interval, level: float, robust: bool | None
) -> tuple[Curve, ...]:
    """Return the curve of each group, from one risk table."""
    counts = outcome.weights > 0.0
    members = np.bincount(codes[counts], minlength=len(labels))
    if not members.all():
        raise BadColumn(f"weight is 0 in all rows of {int((members == 0).sum())} arm; leave such an arm out.")
    outcome, codes = outcome.only_one_event().counted(), codes[counts]
    robust = outcome.needs_robust if robust is None else robust
    if robust and outcome.start_days is not None and outcome.cluster is None:
        raise BadSetting("Start-stop rows came without cluster; name the patient of each row for a robust variance.")
    table = risk_table(outcome, codes, strata=False)
    curves: list[Curve] = []
    for k, label in enumerate(labels):
        variance = _jackknife(outcome.take(codes == k), table.at_risk[k], table.events[k]) if robust else None
        curves.append(_curve(table, k, variance, int(members[k]), interval=interval, level=level, label=label))
    return tuple(curves)


def _jackknife(outcome: TimeToEvent, at_risk: Float, events: Float) -> Float:
    """Return the variance of ln S at every distinct time; no step is taken where all who are at risk fail."""
    left = at_risk - events
    return influence_variance(outcome, ratio(events, at_risk * left), ratio(np.ones(len(left)), left))


def _curve(
    table: RiskTable, k: int, variance: Float | None, rows: int, *, interval: Interval, level: float, label: str
) -> Curve:
    """Return the curve of one group; without a variance of ln S, by Greenwood's formula."""
    shown = np.flatnonzero((table.events[k] > 0.0) | (table.censored[k] > 0.0))
    at_risk, events = table.at_risk[k][shown], table.events[k][shown]
    share = events / at_risk
    survival = (1.0 - share).cumprod()
    of_log = ratio(share, at_risk - events).cumsum() if variance is None else variance[shown]
    std_error = survival * np.sqrt(of_log)
    std_error[survival == 0.0] = np.nan
    low, high = limits(survival, std_error, interval=interval, level=level)
    return Curve(
        times_days=table.days[shown],
        survival=survival,
        std_error=std_error,
        low=low,
        high=high,
        at_risk=at_risk,
        events=events,
        censored=table.censored[k][shown],
        n=rows,
        interval=interval,
        level=level,
        variance="Greenwood" if variance is None else "infinitesimal jackknife",
        label=label,
    )


def quantile(curve: Curve, share: float = 0.5) -> tuple[float | None, float | None, float | None]:
    """Return the time by which a share of patients have had the event, and its limits; 0.5 is the median.

    Parameters
    ----------
    curve : Curve
    share : float
        Between 0 and 1, 1 included.

    Returns
    -------
    days, low_days, high_days : float or None
        The first time at which the curve (for the limits: its lower, its upper limit) has come down to 1 - share; the
        middle of the flat step where it lies on 1 - share. None where it never comes down that far.

    References
    ----------
    .. [1] Brookmeyer R, Crowley J. Biometrics 1982;38:29-41.
    """
    if not 0.0 < share <= 1.0:
        raise BadSetting(f"The share {share:g} came; a number above 0 and up to 1 is wanted, 0.5 for the median.")
    level = 1.0 - share
    return (
        _first_below(curve.times_days, curve.survival, level),
        _first_below(curve.times_days, curve.low, level),
        _first_below(curve.times_days, curve.high, level),
    )


def _first_below(times: Float, values: Float, level: float) -> float | None:
    reached = np.flatnonzero(values <= level + ON_A_STEP)
    if not len(reached):
        return None
    first = int(reached[0])
    if abs(values[first] - level) > ON_A_STEP:
        return float(times[first])
    lower = np.flatnonzero(values[first:] < values[first] - ON_A_STEP)
    end = first + int(lower[0]) if len(lower) else len(times) - 1
    return float((times[first] + times[end]) / 2.0)


def median_follow_up(outcome: TimeToEvent, *, level: float = 0.95) -> tuple[float | None, float | None, float | None]:
    """Return the median follow-up in days with its limits, by the reverse Kaplan-Meier method.

    The end of observation is the event, and the event ends the watch for it. None where it is not reached.

    References
    ----------
    .. [1] Schemper M, Smith TL. Control Clin Trials 1996;17:343-346.
    """
    outcome = outcome.only_one_event()
    watched = outcome.take(outcome.time_days > 0.0) if not outcome.time_days.all() else outcome
    return quantile(kaplan_meier(replace(watched, event=1 - watched.event), level=level))


def number_at_risk(outcome: TimeToEvent, at_days: Sequence[float]) -> Float:
    """Return the sum of weights at risk just before each time: those with start < t <= time, as under a figure.

    Parameters
    ----------
    outcome : TimeToEvent
    at_days : sequence of float
        At time 0 all count who start there.

    Returns
    -------
    array, shape (len(at_days),)
    """
    weight = outcome.weights
    start = np.full(len(outcome), -np.inf) if outcome.start_days is None else outcome.start_days
    start = np.where(start == 0.0, -np.inf, start)
    days = np.asarray(at_days, dtype=np.float64) - same_time(outcome.times.days)
    return np.array([weight[(outcome.time_days >= t) & (start < t)].sum() for t in days], dtype=np.float64)
