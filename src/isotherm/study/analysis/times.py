"""Outcomes in time as records: curves, medians, survival at fixed times, tests, restricted means, follow-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isotherm.errors import BadSetting, FitError, InputError
from isotherm.outcome import Curve, TimeToEvent
from isotherm.study.analysis.boot import Replicates, restricted_area
from isotherm.study.analysis.compare import Comparison, arms_of
from isotherm.study.analysis.estimate import Sample, as_it_is, hazard_ratio_fit
from isotherm.study.protocol_methods import Estimation
from isotherm.study.result import Results
from isotherm.study.survival.cox import CoxFit
from isotherm.study.survival.kaplan_meier import kaplan_meier, median_follow_up, number_at_risk, quantile
from isotherm.study.survival.logrank import logrank
from isotherm.study.survival.proportional_hazards import proportional_hazards
from isotherm.study.survival.rmst import compare_restricted_means

TICKS = (0.5, 1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 36.0, 60.0)
"""Steps, in months, between the days under a curve at which numbers at risk are printed."""

DAYS_PER_MONTH = 365.25 / 12.0
MOST_TICKS = 7

COMPETING = (
    "another event can make this one impossible: a Kaplan-Meier curve would overstate it, and cumulative incidence is "
    "not computed yet"
)


NO_LOG_RANK = "{}, and the log-rank test counts patients; the robust test of the Cox model (effect.{}) takes its place"


@dataclass(frozen=True, slots=True, eq=False)
class Analyzed:
    """One outcome in one analysis: "naive" (everybody as they are) or "adjusted"."""

    name: str
    analysis: str
    sample: Sample

    @property
    def key(self) -> str:
        """What its ids have after the family."""
        return f"{self.name}.{self.analysis}"


def both_analyses(comparison: Comparison, name: str) -> tuple[Analyzed, Analyzed]:
    """Return the adjusted analysis of an outcome and the naive one, in this order."""
    naive = as_it_is(comparison.units.treated, comparison.units.endpoints[name])
    return Analyzed(name, "adjusted", comparison.sample(name)), Analyzed(name, "naive", naive)


def add_times(
    results: Results, comparison: Comparison, name: str, estimation: Estimation, boot: Replicates | None
) -> None:
    """Add everything about one outcome in time but its effects."""
    outcome = comparison.units.endpoints[name].outcome
    for one in both_analyses(comparison, name):
        _curves(results, comparison, one, estimation)
        _rank_test(results, comparison, one)
        _proportional(results, one, estimation)
    adjusted, naive = both_analyses(comparison, name)
    _restricted_naive(results, comparison, naive, estimation)
    _restricted_adjusted(results, comparison, adjusted, estimation, boot)
    for arm, part in (*_arms(comparison, naive), ("all", naive.sample)):
        _number_with_limits(results, f"followup.{name}.{arm}", f"{outcome.label}: median follow-up",
                            lambda part=part: median_follow_up(part.times(), level=estimation.level),
                            estimation, arm=arm, outcome=name, method="reverse Kaplan-Meier")  # fmt: skip


def _arms(comparison: Comparison, one: Analyzed) -> tuple[tuple[str, Sample], tuple[str, Sample]]:
    treated, reference = arms_of(comparison)
    return (treated, one.sample.arm(True)), (reference, one.sample.arm(False))


def _number_with_limits(
    results: Results, key: str, label: str, make: Any, estimation: Estimation, **words: Any
) -> None:
    """Add a quantile of a curve in days, or why there is none."""
    try:
        days, low, high = make()
    except (FitError, InputError) as error:
        results.number(key, "days", None, label, why=str(error), unit="days", **words)
        return
    results.number(key, "days", days, label, low=low, high=high, level=estimation.level, unit="days",
                   why="not reached: more than half were free of it to the end", **words)  # fmt: skip


def _curves(results: Results, comparison: Comparison, one: Analyzed, estimation: Estimation) -> None:
    outcome = one.sample.endpoint.outcome
    labels = {arm.name: arm.label for arm in comparison.units.cohort.protocol.arms.arms}
    days = one.sample.endpoint.days
    assert days is not None
    table_days = ticks(float(days.max(initial=0.0)))
    for arm, sample in _arms(comparison, one):
        words = {"arm": arm, "outcome": one.name}
        label, key = f"{outcome.label}, {labels[arm]}", f"curve.{one.key}.{arm}"
        behind = [f"events.{one.name}.{arm}.events"]
        if outcome.competing is not None or not len(sample):
            why = COMPETING if len(sample) else "nobody in this arm has a known outcome"
            results.number(f"{key}.median", "days", None, f"{label}: median", why=why, unit="days", **words)
            for k in range(1, len(estimation.at_days) + 1):
                results.number(f"{key}.at_{k}", "probability", None, f"{label}: free of the event", why=why, **words)
            continue
        curve = kaplan_meier(
            sample.times(), interval=estimation.curve_interval, level=estimation.level, label=labels[arm]
        )
        method = f"Kaplan-Meier, {curve.interval} interval, variance {curve.variance}"
        _number_with_limits(
            results,
            f"{key}.median",
            f"{label}: median",
            lambda curve=curve: quantile(curve),
            estimation,
            method=method,
            **words,
        )
        for k, day in enumerate(estimation.at_days, start=1):
            _at(results, f"{key}.at_{k}", curve, sample, day, label, method, behind, words)
        drawn = _drawn(results, one, arm, sample, curve, label, table_days)
        results.curves[f"survival.{one.key}.{arm}"] = drawn | {"fixed_days": list(estimation.at_days)}


def _at(results: Results, key: str, curve: Curve, sample: Sample, day: float, label: str, method: str,
        behind: list[str], words: dict[str, Any]) -> None:  # fmt: skip
    """Add survival at a day; beyond the last observation nothing is known, unless all had the event before."""
    row, known = curve.row_at(day), day <= float(curve.times_days[-1]) or curve.survival[-1] == 0.0
    low, high = (None, None) if row < 0 else (float(curve.low[row]), float(curve.high[row]))
    results.number(
        key,
        "probability",
        curve.survival_at(day) if known else None,
        f"{label}: free of it at {day:g} days",
        low=low if known else None,
        high=high if known else None,
        level=curve.level,
        method=method,
        why="nobody of this arm was observed that long",
        rests_on=behind,
        **words,
    )


def _drawn(results: Results, one: Analyzed, arm: str, sample: Sample, curve: Curve, label: str,
           table_days: list[float]) -> dict[str, Any]:  # fmt: skip
    """Return a curve as it is drawn, and add its numbers at risk."""
    weighted = sample.weight is not None
    at_risk = [f"at_risk.{one.key}.{arm}.{k}" for k in range(1, len(table_days) + 1)]
    behind = [key for kind in ("", "adjusted.") if (key := f"events.{one.name}.{kind}{arm}.n") in results.counts]
    for key, day, count in zip(at_risk, table_days, number_at_risk(sample.times(), table_days), strict=True):
        results.number(key, "number" if weighted else "count", float(count) if weighted else int(count),
                       f"{label}: at risk at {day:g} days", arm=arm, outcome=one.name, rests_on=behind,
                       unit="sum of weights" if weighted else "")  # fmt: skip
    events, censored = rows_at(sample, curve)
    return {
        "label": curve.label,
        "arm": arm,
        "outcome": one.name,
        "analysis": one.analysis,
        "days": curve.times_days.tolist(),
        "survival": curve.survival.tolist(),
        "low": _gaps(curve.low),
        "high": _gaps(curve.high),
        "events": events,
        "censored": censored,
        "censored_days": [day for day, count in zip(curve.times_days.tolist(), censored, strict=True) if count],
        "end_day": float(curve.times_days[-1]),
        "table_days": table_days,
        "at_risk": at_risk,
        "interval": curve.interval,
        "level": curve.level,
        "variance": curve.variance,
    }


def rows_at(sample: Sample, curve: Curve) -> tuple[list[int], list[int]]:
    """Return how many patients, not weights, had the event and were censored at each day of a curve."""
    outcome = sample.times(weighted=False)
    at = np.searchsorted(curve.times_days, outcome.time_days * (1.0 - 1e-9), side="left")
    at = np.minimum(at, len(curve.times_days) - 1)
    counts = [np.bincount(at[outcome.event == kind], minlength=len(curve.times_days)).tolist() for kind in (1, 0)]
    return counts[0], counts[1]


def _gaps(values: Any) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]


def ticks(longest: float) -> list[float]:
    """Return the days at which numbers at risk are printed: round months, not more than seven of them."""
    months = longest / DAYS_PER_MONTH
    step = next((step for step in TICKS if months / step <= MOST_TICKS), TICKS[-1] * max(1.0, np.ceil(months / 420.0)))
    return [k * step * DAYS_PER_MONTH for k in range(int(months / step) + 1)]


def _rank_test(results: Results, comparison: Comparison, one: Analyzed) -> None:
    key, words = f"logrank.{one.key}", {"outcome": one.name}
    behind = [f"events.{one.name}.{arm}.events" for arm in arms_of(comparison)]
    try:
        outcome, method = _ranked(comparison, one)
        test = logrank(outcome, one.sample.treated.astype(np.int64))
    except (FitError, InputError) as error:
        results.number(key, "number", None, "Log-rank test", why=str(error), **words)
        return
    results.number(key, "number", test.chi_square, "Log-rank test", p=test.p_value, unit=f"chi-square, {test.df} df",
                   method=method, rests_on=behind, **words)  # fmt: skip


def _ranked(comparison: Comparison, one: Analyzed) -> tuple[TimeToEvent, str]:
    """Return what the log-rank test takes, and its name: patients, or those of each matched set among themselves.

    Raises
    ------
    BadSetting
        Tumors of patients, or weights.
    """
    if one.sample.endpoint.per_tumor:
        raise BadSetting(NO_LOG_RANK.format("tumors of one patient are not independent", one.key))
    if one.analysis == "naive" or comparison.first.made is None:
        return one.sample.times(), "log-rank test"
    if not comparison.first.in_sets:
        raise BadSetting(NO_LOG_RANK.format("patients have weights here", one.key))
    strata = one.sample.times(strata=one.sample.cluster, weighted=False)
    return strata, f"log-rank test stratified by {'pair' if comparison.first.paired else 'matched set'}"


def _proportional(results: Results, one: Analyzed, estimation: Estimation) -> None:
    key, label = f"proportional_hazards.{one.key}", "Test of proportional hazards"
    try:
        fit: CoxFit = hazard_ratio_fit(one.sample, estimation)
        test = proportional_hazards(fit, transform=estimation.ph_transform)[-1]
    except (FitError, InputError) as error:
        results.number(key, "number", None, label, why=str(error), outcome=one.name)
        return
    results.number(key, "number", test.chi_square, label, p=test.p_value, unit=f"chi-square, {test.df} df",
                   method=f"score test, time transformed by {test.transform}", outcome=one.name)  # fmt: skip
    if one.analysis == "adjusted" and test.p_value < 0.05:
        results.finding(
            f"finding.not_proportional.{one.name}",
            "warning",
            "The hazards of the arms are not "
            f"proportional ({one.sample.endpoint.outcome.label}, p = {test.p_value:.2g}): one hazard ratio does not "
            "describe all of the follow-up; look at the curves and at the restricted means.",
        )


def _restricted_naive(results: Results, comparison: Comparison, one: Analyzed, estimation: Estimation) -> None:
    key, arms = f"rmst.{one.key}", arms_of(comparison)
    words = {"outcome": one.name, "unit": "days"}
    try:
        horizon = _horizon(one, estimation)
        means, difference, ratio = compare_restricted_means(
            one.sample.times(), one.sample.treated.astype(np.int64), horizon, level=estimation.level
        )
    except (FitError, InputError) as error:
        for part in (*arms, "difference", "ratio"):
            results.number(f"{key}.{part}", "days", None, "Restricted mean", why=str(error), **words)
        return
    for arm, mean in zip(arms, reversed(means), strict=True):
        results.number(f"{key}.{arm}", "days", mean.days, f"Restricted mean to {horizon:g} days", arm=arm, n=mean.n,
                       events=mean.events, method="area under the Kaplan-Meier curve", **words)  # fmt: skip
    results.effect(f"{key}.difference", difference, label="Difference of restricted means", **words)
    results.effect(f"{key}.ratio", ratio, label="Ratio of restricted means", outcome=one.name)


def _restricted_adjusted(
    results: Results, comparison: Comparison, one: Analyzed, estimation: Estimation, boot: Replicates | None
) -> None:
    """Add restricted means of the adjusted curves; the interval of their difference comes from the bootstrap."""
    key, arms = f"rmst.{one.key}", arms_of(comparison)
    words = {"outcome": one.name, "unit": "days"}
    try:
        horizon = _horizon(one, estimation)
        means = [restricted_area(one.sample.arm(arm), horizon) for arm in (True, False)]
    except (FitError, InputError) as error:
        for part in (*arms, "difference", "ratio"):
            results.number(f"{key}.{part}", "days", None, "Restricted mean", why=str(error), **words)
        return
    for arm, mean in zip(arms, means, strict=True):
        results.number(f"{key}.{arm}", "days", mean, f"Restricted mean to {horizon:g} days", arm=arm,
                       method="area under the adjusted Kaplan-Meier curve", **words)  # fmt: skip
    interval: dict[str, Any] = {"method": "no interval: it needs the bootstrap of the whole analysis"}
    if boot is not None and not isinstance(boot.rmst, str):
        low, high = boot.rmst.percentile(level=estimation.level)
        gap = means[0] - means[1]
        interval = {"low": min(low, gap), "high": max(high, gap), "level": estimation.level,
                    "method": "percentiles of the bootstrap of the whole analysis"}  # fmt: skip
    results.number(f"{key}.difference", "difference", means[0] - means[1], "Difference of restricted means", **interval,
                   **words)  # fmt: skip
    results.number(f"{key}.ratio", "ratio", means[0] / means[1], "Ratio of restricted means", outcome=one.name,
                   method="without an interval")  # fmt: skip


def _horizon(one: Analyzed, estimation: Estimation) -> float:
    """Return the declared horizon; raises as `restricted_area` where there is none."""
    if one.sample.endpoint.outcome.competing is not None:
        raise BadSetting(f"No restricted mean: {COMPETING}.")
    restricted_area(one.sample.arm(True), estimation.rmst_days)
    assert estimation.rmst_days is not None
    return estimation.rmst_days
