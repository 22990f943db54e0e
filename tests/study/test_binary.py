"""Binary outcomes: tables of R and of the textbooks, exact limits by their definition, refusals."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.errors import BadColumn, BadSetting, NothingToCompare
from isotherm.study.binary import TwoArms, chi_square, risk, risk_difference, risk_ratio
from isotherm.study.fisher import fisher
from isotherm.study.paired import Pairs, mcnemar, paired_risk_difference, pairs_of
from tests.study.conftest import GOLDEN

WEIGHTED: dict[str, Any] = json.loads((GOLDEN / "ref_weighted.json").read_text())
REFERENCE: dict[str, Any] = json.loads((GOLDEN / "ref_tests.json").read_text())


def arms_of(table: list[list[int]]) -> TwoArms:
    (a, b), (c, d) = table
    return TwoArms(a, a + b, c, c + d)


def at_most_one(odds: float) -> float:
    return 1.0 / odds if odds > 1.0 else odds


@pytest.mark.parametrize("row", WEIGHTED["binary"], ids=lambda row: str(row["table"]))
def test_tests_of_two_by_two_tables_are_those_of_r(row: dict[str, Any]) -> None:
    arms = arms_of(row["table"])
    assert chi_square(arms, correction=False).statistic == pytest.approx(row["chisq"], abs=1e-10)
    assert chi_square(arms, correction=True).statistic == pytest.approx(row["chisq_yates"], abs=1e-10)
    exact = fisher(arms)
    assert exact.p_value == pytest.approx(row["p"], abs=1e-10)
    # R looks for the odds ratio and its limits, or for their inverse above 1, to about 1e-4 only.
    for ours, theirs in ((exact.estimate, "odds_ratio"), (exact.low, "low"), (exact.high, "high")):
        known = row[theirs] if isinstance(row[theirs], int | float) else math.inf
        assert min(ours, 1.0 / ours if ours else 1.0) == pytest.approx(
            min(known, 1.0 / known if known else 1.0), abs=2e-4
        )


@pytest.mark.parametrize("name", ["fisher_seed_ablation_margin", "fisher_seed_vessel"])
def test_the_tables_of_the_cryoablation_paper_reproduce(name: str) -> None:
    row = REFERENCE[name]
    exact = fisher(arms_of(row["table"]))
    assert exact.p_value == pytest.approx(row["p"], abs=1e-10)
    assert exact.estimate == pytest.approx(row["or"], rel=1e-3)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
def test_exact_limits_are_where_one_tail_has_two_and_a_half_percent(a: int, b: int, c: int, d: int) -> None:
    exact = fisher(TwoArms(a, a + b, c, c + d))
    support = range(max(0, a - d), min(a + b, a + c) + 1)

    def chances(odds: float) -> list[float]:
        weights = [math.comb(a + b, k) * math.comb(c + d, a + c - k) * odds ** (k - a) for k in support]
        return [weight / math.fsum(weights) for weight in weights]

    assert exact.low < exact.estimate < exact.high
    if support[0] < a < support[-1]:
        mean = math.fsum(k * chance for k, chance in zip(support, chances(exact.estimate), strict=True))
        assert mean == pytest.approx(a, rel=1e-9)
    if support[0] < a:
        beyond = [chance for k, chance in zip(support, chances(exact.low), strict=True) if k >= a]
        assert math.fsum(beyond) == pytest.approx(0.025, rel=1e-9)
    if a < support[-1]:
        up_to = [chance for k, chance in zip(support, chances(exact.high), strict=True) if k <= a]
        assert math.fsum(up_to) == pytest.approx(0.025, rel=1e-9)


@pytest.mark.parametrize(("counts", "theirs"), list(zip([(0, 10), (3, 17), (10, 10)], WEIGHTED["wilson"], strict=True)))
def test_wilson_intervals_are_those_of_r(counts: tuple[int, int], theirs: list[float]) -> None:
    found = risk(*counts)
    assert (found.low, found.high) == pytest.approx(theirs, abs=1e-12)


def test_newcombe_and_katz_give_the_numbers_of_their_papers() -> None:
    # Newcombe 1998, table II, example (a): 56/70 v 48/80, method 10.
    difference = risk_difference(TwoArms(56, 70, 48, 80))
    assert (difference.estimate, difference.low, difference.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    ratio = risk_ratio(TwoArms(56, 70, 48, 80))
    se = math.sqrt(1 / 56 - 1 / 70 + 1 / 48 - 1 / 80)
    assert ratio.low == pytest.approx(4 / 3 * math.exp(-1.959963984540054 * se))
    assert difference.p_value == pytest.approx(ratio.p_value)


def test_nobody_and_everybody_are_results_of_a_difference() -> None:
    none = risk_difference(TwoArms(0, 10, 0, 10))
    assert (none.estimate, none.p_value) == (0.0, 1.0)
    assert risk_difference(TwoArms(10, 10, 0, 10)).estimate == 1.0


def test_mcnemar_names_its_rule() -> None:
    pairs = Pairs(794, 86, 150, 570)
    corrected, plain = mcnemar(pairs), mcnemar(pairs, rule="uncorrected")
    assert corrected.statistic == pytest.approx(REFERENCE["mcnemar_approval"]["chisq"])
    assert corrected.p_value == pytest.approx(REFERENCE["mcnemar_approval"]["p"])
    assert plain.statistic == pytest.approx(WEIGHTED["mcnemar"]["plain"])
    assert "continuity correction" in corrected.method
    few = mcnemar(Pairs(5, 3, 12, 9))
    assert few.p_value == pytest.approx(WEIGHTED["mcnemar"]["exact_p"])
    assert "fewer than 25" in few.method
    assert mcnemar(Pairs(5, 3, 12, 9), rule="exact").method == "McNemar's test, exact binomial"
    assert mcnemar(Pairs(5, 20, 20, 9)).statistic == 0.0
    assert mcnemar(Pairs(5, 0, 0, 9)).p_value == 1.0


def test_pairs_are_counted_from_rows_and_differ_by_their_discordant_share() -> None:
    pairs = pairs_of([1, 0, 1, 1, 0, 0, 0, 1], [1, 0, 1, 0, 1, 0, 1, 0], list("aabbccdd"))
    assert pairs == Pairs(1, 1, 1, 1)
    effect = paired_risk_difference(Pairs(10, 12, 4, 30), name="upfront v delayed")
    assert effect.estimate == pytest.approx(8 / 56)
    se = math.sqrt((16 / 56 - (8 / 56) ** 2) / 56)
    assert effect.high - effect.low == pytest.approx(2 * 1.959963984540054 * se)
    assert (effect.n, effect.events) == (112, 36)
    assert "exact binomial" in effect.method


@pytest.mark.parametrize(
    ("question", "error", "words"),
    [
        (lambda: TwoArms(3, 2, 0, 5), BadSetting, "3 events of 2"),
        (lambda: TwoArms(0, 0, 0, 5), NothingToCompare, "without patients"),
        (lambda: risk(1, 0), BadSetting, "1 events of 0"),
        (lambda: risk(1, 2, level=95), BadSetting, "level 95"),
        (lambda: risk(1, 2, interval="Wald"), BadSetting, '"Wald" came'),  # type: ignore[arg-type]
        (lambda: risk_ratio(TwoArms(0, 9, 3, 9)), NothingToCompare, "without an event"),
        (lambda: chi_square(TwoArms(0, 9, 0, 9), correction=True), NothingToCompare, "nothing to compare"),
        (lambda: fisher(TwoArms(9, 9, 9, 9)), NothingToCompare, "nothing to compare"),
        (lambda: fisher(TwoArms(1, 9, 2, 9), level=0), BadSetting, "level 0"),
        (lambda: Pairs(1, -1, 0, 0), BadSetting, "negative number"),
        (lambda: Pairs(0, 0, 0, 0), NothingToCompare, "No pair"),
        (lambda: mcnemar(Pairs(1, 1, 1, 1), rule="mid-p"), BadSetting, '"mid-p" came'),  # type: ignore[arg-type]
        (lambda: paired_risk_difference(Pairs(1, 1, 1, 1), level=1), BadSetting, "level 1"),
        (lambda: pairs_of([1, 0, 1], [1, 0, 0], list("aab")), BadColumn, "not a pair"),
        (lambda: pairs_of([1, 0], [1, 1], list("aa")), BadColumn, "not a pair"),
        (lambda: pairs_of([2, 0], [1, 0], list("aa")), BadColumn, "event is neither"),
        (lambda: pairs_of([1, 0], [1, 2], list("aa")), BadColumn, "treated is neither"),
    ],
)
def test_impossible_tables_are_refused(question: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        question()
