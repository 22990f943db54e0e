"""Yes/no outcomes as records: risks, their difference and ratio, tests with their correction named, pairs."""

from __future__ import annotations

from collections.abc import Callable

from isotherm.effect import Effect
from isotherm.errors import BadSetting, FitError, InputError
from isotherm.study.analysis.compare import Comparison, arms_of
from isotherm.study.analysis.estimate import two_arms_of, whole_pairs
from isotherm.study.analysis.times import Analyzed, both_analyses
from isotherm.study.binary import CountTest, TwoArms, chi_square, risk, risk_difference, risk_ratio
from isotherm.study.fisher import fisher
from isotherm.study.paired import Pairs, mcnemar
from isotherm.study.protocol_methods import Estimation
from isotherm.study.result import Results

TUMORS = "tumors of one patient are not independent; the clustered estimate is effect.*.adjusted and effect.*.naive"


def add_yes_no(results: Results, comparison: Comparison, name: str, estimation: Estimation) -> None:
    """Add everything about a yes/no outcome but its main effects."""
    adjusted, naive = both_analyses(comparison, name)
    _crude(results, comparison, naive, estimation)
    _adjusted(results, comparison, adjusted, estimation)


def _crude(results: Results, comparison: Comparison, one: Analyzed, estimation: Estimation) -> None:
    behind = [f"events.{one.name}.{arm}.events" for arm in arms_of(comparison)]
    key = f"binary.{one.key}"

    def counted() -> TwoArms:
        if one.sample.endpoint.per_tumor:
            raise BadSetting(f"Not computed: {TUMORS}.")
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
    kind = "" if comparison.first.made is None else "adjusted."
    for arm, value in zip(arms_of(comparison), (True, False), strict=True):
        part = one.sample.arm(value)
        total = float(part.weights.sum())
        share = float(part.weights @ part.event / total) if total else None
        results.number(
            f"binary.{one.key}.risk.{arm}",
            "probability",
            share,
            "Risk, adjusted",
            arm=arm,
            outcome=one.name,
            method="weighted share",
            why="nobody in this arm has a known outcome",
            rests_on=[f"events.{one.name}.{kind}{arm}.events"],
        )
    if not comparison.first.paired or one.sample.endpoint.per_tumor:
        return
    try:
        pairs: Pairs = whole_pairs(one.sample)
    except (FitError, InputError) as error:
        results.number(f"binary.{one.key}.mcnemar", "p", None, "McNemar's test", why=str(error), outcome=one.name)
        return
    keys = [f"binary.{one.name}.pairs.{part}" for part in ("both", "first_only", "second_only", "neither")]
    values = (pairs.both, pairs.first_only, pairs.second_only, pairs.neither)
    words = ("both", "only the treated", "only the reference patient", "neither")
    for key, value, label in zip(keys, values, words, strict=True):
        results.count(key, value, f"Pairs in which {label} had the event", worth=1, outcome=one.name)
    results.unprinted(f"binary.{one.name}.pairs", pairs.n)
    results.total(f"binary.{one.name}.pairs", keys)
    treated, reference = (f"events.{one.name}.adjusted.{arm}.events" for arm in arms_of(comparison))
    if len(one.sample) == int((comparison.first.weight > 0.0).sum()):
        results.total("matching.sets", [f"binary.{one.name}.pairs"])
        results.total(treated, [keys[0], keys[1]])
        results.total(reference, [keys[0], keys[2]])
    _test(results, f"binary.{one.key}.mcnemar", "McNemar's test", lambda: mcnemar(pairs), one.name, keys)
