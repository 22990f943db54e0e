"""Agreement and accuracy of readers: published tables, definitions, perfect and hopeless readers, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import aggregate_raters
from statsmodels.stats.inter_rater import fleiss_kappa as theirs_fleiss

from isotherm.errors import BadColumn, BadSetting, NothingToCompare
from isotherm.study.accuracy import NAMES, accuracy, area_under_curve
from isotherm.study.agreement import cohen_kappa, fleiss_kappa, percent_agreement, ratings
from isotherm.study.rank_sum import rank_sum

FLEISS_1971 = (0.430, 30, 6)
"""Kappa, patients and raters of the psychiatric diagnoses in Fleiss' paper."""


def spread(counts: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return two readers' codes from a table of counts."""
    first, second = (np.repeat(part.ravel(), np.array(counts).ravel()) for part in np.indices(np.shape(counts)))
    return first, second


def test_kappa_of_a_textbook_table_and_its_table_of_counts() -> None:
    counts = [[20, 5], [10, 15]]
    first, second = spread(counts)
    found = cohen_kappa(first, second)
    assert (found.measure, found.null) == ("kappa", 0.0)
    assert found.estimate == pytest.approx(0.4)
    assert ratings(first, second).counts.tolist() == counts
    agreed = percent_agreement(ratings(first, second))
    assert (agreed.estimate, agreed.n, agreed.per) == (pytest.approx(0.7), 50, "tumor")


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from(["none", "linear", "quadratic"]))
def test_kappa_is_symmetric_and_lone_patients_are_tumors(seed: int, weights: Any) -> None:
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 4, size=40)
    second = np.where(rng.uniform(size=40) < 0.5, first, rng.integers(0, 4, size=40))
    one = cohen_kappa(first, second, weights=weights)
    other = cohen_kappa(second, first, weights=weights)
    assert (one.estimate, one.low) == pytest.approx((other.estimate, other.low))
    lone = cohen_kappa(first, second, weights=weights, cluster=np.arange(40))
    assert lone.estimate == pytest.approx(one.estimate)
    # A factor of 40 / 39 in the variance, and t with 39 degrees of freedom.
    wide = np.sqrt(40 / 39) * 2.0226909 / 1.9599640
    assert lone.estimate - max(lone.low, -1.0) == pytest.approx(
        min(wide * (one.estimate - one.low), one.estimate + 1.0), rel=1e-6
    )
    doubled = cohen_kappa(np.tile(first, 2), np.tile(second, 2), weights=weights, cluster=np.tile(np.arange(40), 2))
    assert (doubled.estimate, doubled.low) == pytest.approx((lone.estimate, lone.low))


def test_weights_take_the_order_that_is_named_and_texts_need_one() -> None:
    first = ["poor", "good", "fair", "good", "poor", "fair"]
    second = ["fair", "good", "fair", "good", "poor", "good"]
    named = cohen_kappa(first, second, weights="linear", order=["poor", "fair", "good"])
    coded = cohen_kappa([0, 2, 1, 2, 0, 1], [1, 2, 1, 2, 0, 2], weights="linear")
    assert named.estimate == pytest.approx(coded.estimate)
    wider = cohen_kappa([0, 2, 1, 2, 0, 1], [1, 2, 1, 2, 0, 2], weights="linear", order=range(4))
    assert wider.estimate == pytest.approx(named.estimate)  # linear weights do not mind a category at the end
    apart = [0, 4, 1, 4, 0, 1], [1, 4, 1, 4, 0, 4]
    gap, closed = (cohen_kappa(*apart, weights="quadratic", order=order) for order in (range(5), (0, 1, 4)))
    assert gap.estimate != pytest.approx(closed.estimate)
    with pytest.raises(BadSetting, match="name the categories in their order"):
        cohen_kappa(first, second, weights="quadratic")


def test_perfect_agreement_is_not_certain() -> None:
    found = cohen_kappa([1, 0, 1, 0, 0, 1, 0, 0], [1, 0, 1, 0, 0, 1, 0, 0])
    assert (found.estimate, found.high) == (1.0, 1.0)
    assert found.low < 0.5
    assert "no disagreement" in found.method
    hopeless = cohen_kappa([1, 0], [0, 1])
    assert hopeless.estimate == pytest.approx(-1.0)
    assert hopeless.high > 0.0
    by_patient = cohen_kappa([1, 0, 1, 0], [1, 0, 1, 0], cluster=[1, 1, 2, 2])
    assert by_patient.low < found.low


def test_fleiss_kappa_is_that_of_statsmodels_and_of_its_paper() -> None:
    rng = np.random.default_rng(4)
    readers = [rng.integers(0, 3, size=25) for _ in range(4)]
    readers[1:] = [np.where(rng.uniform(size=25) < 0.6, readers[0], one) for one in readers[1:]]
    found = fleiss_kappa(ratings(*readers))
    assert found.estimate == pytest.approx(theirs_fleiss(aggregate_raters(np.array(readers).T)[0]))
    assert "4 readers" in found.method
    # Fleiss 1971, table 1: numbers of six raters per patient in five categories.
    table = """0 0 0 6 0|0 3 0 0 3|0 1 4 0 1|0 0 0 0 6|0 3 0 3 0|2 0 4 0 0|0 0 4 0 2|2 0 3 1 0|2 0 0 4 0|0 0 0 0 6
               1 0 0 5 0|1 1 0 4 0|0 3 3 0 0|1 0 0 5 0|0 2 0 3 1|0 0 5 0 1|3 0 0 1 2|5 1 0 0 0|0 2 0 4 0|1 0 2 0 3
               0 0 0 0 6|0 1 0 5 0|0 2 0 1 3|2 0 0 4 0|1 0 0 4 1|0 5 0 1 0|4 0 0 0 2|0 2 0 4 0|1 0 5 0 0|0 0 0 0 6"""
    rows = [list(map(int, row.split())) for line in table.split("\n") for row in line.split("|")]
    kappa, patients, raters = FLEISS_1971
    said = np.array([np.repeat(np.arange(5), row) for row in rows])
    assert said.shape == (patients, raters)
    assert round(fleiss_kappa(ratings(*said.T)).estimate, 3) == kappa


def test_the_variance_of_fleiss_kappa_is_that_of_leaving_out_tumors() -> None:
    rng = np.random.default_rng(7)
    first = rng.integers(0, 2, size=400)
    others = [np.where(rng.uniform(size=400) < 0.7, first, rng.integers(0, 2, size=400)) for _ in range(2)]
    readers = np.array([first, *others])
    whole = fleiss_kappa(ratings(*readers))
    left = [fleiss_kappa(ratings(*np.delete(readers, k, axis=1))).estimate for k in range(400)]
    error = np.sqrt(399 / 400 * ((np.array(left) - np.mean(left)) ** 2).sum())
    assert (whole.high - whole.low) / 2.0 / 1.9599640 == pytest.approx(error, rel=0.01)
    grouped = fleiss_kappa(ratings(*readers), cluster=np.arange(400) // 2)
    assert "200 patients" in grouped.method


@pytest.mark.parametrize(
    ("question", "error", "words"),
    [
        (lambda: ratings([1, 0]), NothingToCompare, "1 readers"),
        (lambda: ratings([], []), NothingToCompare, "2 readers"),
        (lambda: ratings([1, 0], [1]), BadColumn, "different numbers"),
        (lambda: ratings([1.0, np.nan], [1, 0]), BadColumn, "missing"),
        (lambda: ratings([1, 2], [1, 0], order=[0, 1]), BadColumn, "none of the named"),
        (lambda: cohen_kappa([1, 0], [1, 1]), NothingToCompare, "always said the same"),
        (lambda: cohen_kappa([1, 1], [1, 1]), NothingToCompare, "always said the same"),
        (lambda: fleiss_kappa(ratings([1, 1], [1, 1], [1, 1])), NothingToCompare, "always said the same"),
        (lambda: cohen_kappa([1, 0], [1, 0], weights="cubic"), BadSetting, '"cubic" came'),  # type: ignore[arg-type]
        (lambda: cohen_kappa([1, 0], [1, 0], level=95), BadSetting, "level 95"),
        (lambda: rank_sum([1, 2], [1, 1]), NothingToCompare, "two arms"),
        (lambda: rank_sum([1, np.nan], [1, 0]), BadColumn, "missing"),
        (lambda: area_under_curve([1, 2, 3], [1, 0, 0]), NothingToCompare, "1 patients"),
        (lambda: area_under_curve([1, 2, 3, 4], [1, 1, 0, 0], cluster=[1, 1, 2, 3]), NothingToCompare, "1 patients"),
        (lambda: accuracy([1, 2], [1, 0]), BadColumn, "neither 0 nor 1"),
        (lambda: accuracy([1, 0], [1, 0, 1]), BadColumn, "3 rows"),
    ],
)
def test_readers_without_an_answer_are_refused(question: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        question()


def test_accuracy_is_read_off_the_fourfold_table_by_tumor_and_by_patient() -> None:
    sign, event = np.array([1] * 11 + [0] * 3 + [1] * 15 + [0] * 25), np.array([1] * 14 + [0] * 40)
    found = accuracy(sign, event)
    shares = [(effect.events, effect.n) for effect in found.values() if effect is not None]
    assert shares == [(11, 14), (25, 40), (11, 26), (25, 28)]
    assert all("ignores clustering" in effect.method for effect in found.values() if effect is not None)
    exact = accuracy(sign, event, interval="Clopper-Pearson")["sensitivity"]
    assert exact is not None
    assert (exact.low, exact.high) == pytest.approx((0.492, 0.953), abs=1e-3)
    by_patient = accuracy(sign, event, cluster=np.arange(54) // 3)["specificity"]
    assert by_patient is not None
    assert "design effect" in by_patient.method
    assert by_patient.estimate == pytest.approx(25 / 40)
    nobody = accuracy([0, 0, 0], [1, 0, 0])
    assert [nobody[name] is None for name in NAMES] == [False, False, True, False]


def test_the_area_is_the_share_of_pairs_in_order_and_copies_of_patients_say_nothing_new() -> None:
    rng = np.random.default_rng(3)
    event = np.array([1] * 12 + [0] * 18)
    values = np.round(rng.normal(size=30) + event, 1)
    area = area_under_curve(values, event)
    pairs = np.subtract.outer(values[:12], values[12:])
    assert area.estimate == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())
    assert area.estimate == pytest.approx(rank_sum(values, event).statistic / (12 * 18))
    lone = area_under_curve(values, event, cluster=np.arange(30))
    assert lone.std_error == pytest.approx(area.std_error)
    doubled = area_under_curve(np.tile(values, 2), np.tile(event, 2), cluster=np.tile(np.arange(30), 2))
    assert doubled.std_error == pytest.approx(lone.std_error)
    effect = doubled.effect()
    assert (effect.null, effect.holds_null) == (0.5, effect.low <= 0.5)
    assert effect.low < effect.estimate < effect.high
    assert "t with 29 df" in effect.method
    assert "ignores clustering" in area.effect().method
    flipped = area_under_curve(-values, event)
    assert (flipped.estimate, flipped.std_error) == pytest.approx((1.0 - area.estimate, area.std_error))


def test_an_area_of_one_is_not_certain() -> None:
    found = area_under_curve([5, 6, 7, 1, 2, 3], [1, 1, 1, 0, 0, 0]).effect()
    assert (found.estimate, found.high, found.p_value) == (1.0, 1.0, None)
    assert found.low == pytest.approx(0.4385, abs=1e-4)  # Wilson, 3 of 3
    assert "no variance" in found.method


def test_equal_values_decide_nothing() -> None:
    found = rank_sum([2, 2, 2, 2], [1, 1, 0, 0])
    assert (found.p_value, found.statistic) == (1.0, 2.0)
    assert area_under_curve([2, 2, 2, 2], [1, 1, 0, 0]).effect().p_value is None
