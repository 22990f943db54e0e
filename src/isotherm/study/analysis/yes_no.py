"""Yes/no outcomes as records: risks, their difference and ratio, tests with their correction named, pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from isotherm.effect import Effect
from isotherm.errors import FitError, InputError
from isotherm.study.analysis.compare import Comparison, arms_of
from isotherm.study.analysis.curves import Analyzed, both_analyses
from isotherm.study.analysis.effects import pairs_behind
from isotherm.study.analysis.estimate import (
    Sample,
    members_of_whole_pairs,
    two_arms_of,
    weighted_risk_ratio,
    whole_pairs,
)
from isotherm.study.binary import CountTest, TwoArms, chi_square, risk, risk_difference, risk_ratio
from isotherm.study.clustered import clustered_comparison, clustered_risk
from isotherm.study.fisher import fisher
from isotherm.study.paired import Pairs, mcnemar
from isotherm.study.protocol_methods import Estimation
from isotherm.study.result import Kind, Results

CLUSTERED = "tumors of one patient are not independent"
NO_RATIO = f"Not computed: {CLUSTERED}; the odds ratio and the difference from GEE take its place."


def add_yes_no(results: Results, comparison: Comparison, name: str, estimation: Estimation) -> None:
    """Add everything about a yes/no outcome but its main effects."""
    adjusted, naive = both_analyses(comparison, name)
    _crude(results, comparison, naive, estimation)
    _adjusted(results, comparison, adjusted, estimation)


def _crude(results: Results, comparison: Comparison, one: Analyzed, estimation: Estimation) -> None:
    if one.sample.endpoint.per_tumor:
        _crude_tumors(results, comparison, one, estimation)
        return
    behind = [f"events.{one.name}.{arm}.events" for arm in arms_of(comparison)]
    key = f"binary.{one.key}"

    def counted() -> TwoArms:
        return two_arms_of(one.sample)

    def add(part: str, kind: str, label: str, make: Callable[[TwoArms], Effect]) -> None:
        results.attempt(f"{key}.{part}", "ratio" if kind == "ratio" else "difference", label, lambda: make(counted()),
                        rests_on=behind, outcome=one.name)  # fmt: skip

    level = estimation.level
    for arm, value in zip(arms_of(comparison), (True, False), strict=True):
        part = one.sample.arm(value)
        _risk(results, f"{key}.risk.{arm}", int(part.event.sum()), len(part), arm, one.name, level)
    add("difference", "difference", "Risk difference", lambda arms: risk_difference(arms, level=level))
    add("ratio", "ratio", "Risk ratio", lambda arms: risk_ratio(arms, level=level))
    add("odds_ratio", "ratio", "Odds ratio", lambda arms: fisher(arms, level=level))
    for suffix, correction in (("", False), ("_corrected", True)):
        words = f"Chi-square test, {'with Yates correction' if correction else 'uncorrected'}"
        _test(results, f"{key}.chi_square{suffix}", words,
              lambda correction=correction: chi_square(counted(), correction=correction), one.name, behind)  # fmt: skip


def _crude_tumors(results: Results, comparison: Comparison, one: Analyzed, estimation: Estimation) -> None:
    """Add risks and comparisons of tumors that respect patients, and the p value that does not, with these words."""
    key, sample = f"binary.{one.key}", one.sample
    behind = [f"events.{one.name}.{arm}.{part}" for arm in arms_of(comparison) for part in ("n", "events")]
    for arm, value in zip(arms_of(comparison), (True, False), strict=True):
        _clustered_risk(results, f"{key}.risk.{arm}", sample.arm(value), arm, estimation, behind)
    parts = {"difference": ("difference", "Risk difference"), "odds_ratio": ("ratio", "Odds ratio")}
    try:
        assert sample.cluster is not None
        found = clustered_comparison(sample.event, sample.treated, sample.cluster, level=estimation.level)
    except (FitError, InputError) as error:
        for part, (kind, label) in parts.items():
            results.number(f"{key}.{part}", cast("Kind", kind), None, label, why=str(error), outcome=one.name)
        results.number(f"{key}.unclustered", "p", None, "Fisher's test", why=str(error), outcome=one.name)
    else:
        for part, (kind, label) in parts.items():
            effect, why = getattr(found, part), getattr(found, f"{part}_why")
            if effect is None:
                results.number(f"{key}.{part}", cast("Kind", kind), None, label, why=why, outcome=one.name)
            else:
                results.effect(f"{key}.{part}", effect, label=label, outcome=one.name, rests_on=behind)
        results.number(f"{key}.unclustered", "p", found.unclustered.p_value, "Fisher's test, ignores clustering",
                       p=found.unclustered.p_value, method=found.unclustered.method, outcome=one.name,
                       rests_on=behind)  # fmt: skip
    results.number(f"{key}.ratio", "ratio", None, "Risk ratio", why=NO_RATIO, outcome=one.name)
    for suffix in ("", "_corrected"):
        results.number(f"{key}.chi_square{suffix}", "number", None, "Chi-square test", why=NO_RATIO, outcome=one.name)


def _clustered_risk(results: Results, key: str, part: Sample, arm: str, estimation: Estimation,
                    behind: list[str]) -> None:  # fmt: skip
    outcome = part.endpoint.outcome.name
    try:
        assert part.cluster is not None
        found = clustered_risk(part.event, part.cluster, level=estimation.level).effect
    except (FitError, InputError) as error:
        results.number(key, "probability", None, "Risk", why=str(error), arm=arm, outcome=outcome)
        return
    results.number(key, "probability", found.estimate, "Risk", low=found.low, high=found.high, level=estimation.level,
                   n=found.n, events=found.events, method=found.method, arm=arm, outcome=outcome,
                   rests_on=behind)  # fmt: skip


def _share(results: Results, key: str, label: str, part: Sample, arm: str, method: str, kind: str) -> None:
    """Add the weighted share of an arm that had the event, without an interval."""
    total, outcome = float(part.weights.sum()), part.endpoint.outcome.name
    share = float(part.weights @ part.event / total) if total else None
    results.number(key, "probability", share, label, arm=arm, outcome=outcome, method=method,
                   why="nobody in this arm has a known outcome",
                   rests_on=[f"events.{outcome}.{kind}{arm}.events", f"events.{outcome}.{kind}{arm}.n"])  # fmt: skip


def _risk(results: Results, key: str, events: int, n: int, arm: str, outcome: str, level: float) -> None:
    try:
        found = risk(events, n, level=level)
    except InputError as error:
        results.number(key, "probability", None, "Risk", why=str(error), arm=arm, outcome=outcome)
        return
    results.number(key, "probability", found.estimate, "Risk", low=found.low, high=found.high, level=level, n=n,
                   events=events, method=found.method, arm=arm, outcome=outcome,
                   rests_on=[f"events.{outcome}.{arm}.events", f"events.{outcome}.{arm}.n"])  # fmt: skip


def _test(
    results: Results, key: str, label: str, make: Callable[[], CountTest], outcome: str, behind: list[str]
) -> None:
    try:
        test = make()
    except (FitError, InputError) as error:
        results.number(key, "number", None, label, why=str(error), outcome=outcome)
        return
    if test.statistic is None:
        results.number(key, "p", test.p_value, label, p=test.p_value, method=test.method, outcome=outcome,
                       rests_on=behind)  # fmt: skip
        return
    results.number(key, "number", test.statistic, label, p=test.p_value, unit="chi-square, 1 df", method=test.method,
                   outcome=outcome, rests_on=behind)  # fmt: skip


def _adjusted(results: Results, comparison: Comparison, one: Analyzed, estimation: Estimation) -> None:
    """Add weighted risks, and after 1:1 matching the pairs with McNemar's test."""
    made = comparison.first.made is not None
    kind, label = ("adjusted.", "Risk, adjusted") if made else ("", "Risk, not adjusted")
    method = f"weighted share{comparison.of_first}" if made else "share"
    for arm, value in zip(arms_of(comparison), (True, False), strict=True):
        _share(results, f"binary.{one.key}.risk.{arm}", label, one.sample.arm(value), arm, method, kind)
    paired = comparison.first.paired and not one.sample.endpoint.per_tumor
    if made:
        compared = members_of_whole_pairs(one.sample) if paired else one.sample
        behind = [f"events.{one.name}.adjusted.{arm}.{part}" for arm in arms_of(comparison) for part in ("n", "events")]
        results.attempt(f"binary.{one.key}.ratio", "ratio", f"Risk ratio, adjusted{comparison.of_first}",
                        lambda: weighted_risk_ratio(compared, estimation), outcome=one.name,
                        rests_on=[*behind, *pairs_behind(comparison, one.name)])  # fmt: skip
    if not paired:
        return
    try:
        pairs: Pairs = whole_pairs(one.sample)
    except (FitError, InputError) as error:
        results.number(f"binary.{one.key}.mcnemar", "p", None, "McNemar's test", why=str(error), outcome=one.name)
        return
    keys = pairs_behind(comparison, one.name)
    values = (pairs.both, pairs.first_only, pairs.second_only, pairs.neither)
    words = ("both", "only the treated", "only the reference patient", "neither")
    for key, value, label in zip(keys, values, words, strict=True):
        results.count(key, value, f"Pairs in which {label} had the event", worth=1, outcome=one.name)
    _pairs_add_up(results, comparison, one.name, pairs, keys)
    _test(results, f"binary.{one.key}.mcnemar", "McNemar's test", lambda: mcnemar(pairs), one.name, keys)


def _pairs_add_up(results: Results, comparison: Comparison, name: str, pairs: Pairs, keys: list[str]) -> None:
    """Say that matched sets are whole pairs and others, and patients those of whole pairs and those alone."""
    whole, broken = f"binary.{name}.whole_pairs", f"binary.{name}.broken_pairs"
    results.unprinted(whole, pairs.n)
    results.total(whole, keys)
    results.unprinted(broken, results.counts["matching.sets"].value - pairs.n)
    results.total("matching.sets", [whole, broken])
    for arm, only in zip(arms_of(comparison), (1, 2), strict=True):
        own, alone = f"events.{name}.adjusted.{arm}", f"binary.{name}.alone.{arm}"
        n, events = (results.counts[f"{own}.{part}"].value for part in ("n", "events"))
        of_pairs = results.counts[keys[0]].value + results.counts[keys[only]].value
        results.unprinted(f"{alone}.events", events - of_pairs)
        results.unprinted(f"{alone}.without", n - pairs.n - (events - of_pairs))
        results.total(f"{own}.events", [keys[0], keys[only], f"{alone}.events"])
        results.total(f"{own}.n", [whole, f"{alone}.events", f"{alone}.without"])
