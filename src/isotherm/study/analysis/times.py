"""Outcomes in time as records: tests, restricted means and follow-up, beside their curves."""

from __future__ import annotations

from typing import Any

import numpy as np

from isotherm.errors import BadSetting, FitError, InputError
from isotherm.outcome import TimeToEvent
from isotherm.study.analysis.boot import Replicates, restricted_area
from isotherm.study.analysis.compare import Comparison, arms_of
from isotherm.study.analysis.competing import Compared, add_competing
from isotherm.study.analysis.curves import COMPETING, Analyzed, add_curves, arms_in, both_analyses, quantile_record
from isotherm.study.analysis.effects import first_in_pairs_of
from isotherm.study.analysis.estimate import hazard_ratio_fit
from isotherm.study.analysis.failed import add_many_failed, behind_failures
from isotherm.study.protocol_methods import Estimation
from isotherm.study.result import Results
from isotherm.study.survival.cox import CoxFit
from isotherm.study.survival.kaplan_meier import median_follow_up
from isotherm.study.survival.logrank import logrank
from isotherm.study.survival.proportional_hazards import proportional_hazards
from isotherm.study.survival.rmst import compare_restricted_means

NO_LOG_RANK = "{}, and the log-rank test counts patients; the robust test of the Cox model (effect.{}) takes its place"


def add_times(
    results: Results, comparison: Comparison, name: str, estimation: Estimation, boot: Replicates | None
) -> None:
    """Add everything about one outcome in time but its effects."""
    outcome = comparison.units.endpoints[name].outcome
    for one in both_analyses(comparison, name):
        add_curves(results, comparison, one, estimation)
        _rank_test(results, comparison, one)
        _proportional(results, one, estimation)
        if outcome.competes and (one.analysis == "naive" or comparison.first.made is not None):
            labels = {arm.name: arm.label for arm in comparison.units.cohort.protocol.arms.arms}
            arms = arms_of(comparison)
            code = np.where(one.sample.treated, 0, 1)
            words = "not adjusted" if comparison.first.made is None else one.analysis
            shown = Compared(one, arms, tuple(labels[arm] for arm in arms), code, words)
            add_competing(results, shown, estimation)
    adjusted, naive = both_analyses(comparison, name)
    _restricted_naive(results, comparison, naive, estimation)
    if adjusted.sample.weight is None and adjusted.sample.cluster is None:
        _restricted_naive(results, comparison, adjusted, estimation)
    else:
        _restricted_adjusted(results, comparison, adjusted, estimation, boot)
    for arm, part in (*arms_in(comparison, naive), ("all", naive.sample)):
        quantile_record(results, f"followup.{name}.{arm}", f"{outcome.label}: median follow-up",
                            lambda part=part: median_follow_up(part.times(), level=estimation.level),
                            estimation, arm=arm, outcome=name, method="reverse Kaplan-Meier")  # fmt: skip


def _rank_test(results: Results, comparison: Comparison, one: Analyzed) -> None:
    key, words = f"logrank.{one.key}", {"outcome": one.name}
    behind = [f"events.{one.name}.{arm}.events" for arm in arms_of(comparison)]
    if one.analysis == "adjusted" and comparison.first.paired:
        behind += first_in_pairs_of(comparison, one.name)
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
            f"proportional ({one.sample.endpoint.outcome.label}, by the test of it): one hazard ratio does not "
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
    adjusted = "" if comparison.first.made is None else "adjusted "
    try:
        horizon = _horizon(one, estimation)
        means = [restricted_area(one.sample.arm(arm), horizon) for arm in (True, False)]
    except (FitError, InputError) as error:
        for part in (*arms, "difference", "ratio"):
            results.number(f"{key}.{part}", "days", None, "Restricted mean", why=str(error), **words)
        return
    for arm, mean in zip(arms, means, strict=True):
        results.number(f"{key}.{arm}", "days", mean, f"Restricted mean to {horizon:g} days", arm=arm,
                       method=f"area under the {adjusted}Kaplan-Meier curve{comparison.of_first}", **words)  # fmt: skip
    interval: dict[str, Any] = {"method": "no interval: it needs the bootstrap of the whole analysis"}
    if boot is not None and not isinstance(boot.rmst, str):
        low, high = boot.rmst.percentile(level=estimation.level)
        gap = means[0] - means[1]
        interval = {"low": min(low, gap), "high": max(high, gap), "level": estimation.level,
                    "method": "percentiles of the bootstrap of the whole analysis"}  # fmt: skip
        add_many_failed(results, f"{key}.many_failed", boot.rmst, outcome=one.name, rests_on=behind_failures(results))
    results.number(f"{key}.difference", "difference", means[0] - means[1], "Difference of restricted means", **interval,
                   **words)  # fmt: skip
    results.number(f"{key}.ratio", "ratio", means[0] / means[1], "Ratio of restricted means", outcome=one.name,
                   method="without an interval")  # fmt: skip


def _horizon(one: Analyzed, estimation: Estimation) -> float:
    """Return the declared horizon; raises as `restricted_area` where there is none."""
    if one.sample.endpoint.outcome.competes:
        raise BadSetting(f"No restricted mean: {COMPETING}.")
    restricted_area(one.sample.arm(True), estimation.rmst_days)
    assert estimation.rmst_days is not None
    return estimation.rmst_days
