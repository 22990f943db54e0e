"""Tumors inside patients: GEE by its equations and its corrections by their definition, proportions, comparisons."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import fractional_matrix_power

from bench.parity_case import Family, worst
from bench.parity_clustered import FAMILIES
from isotherm.errors import BadColumn, BadSetting, NotConverged, NothingToCompare
from isotherm.study.binary import risk
from isotherm.study.clustered import cluster_variance, clustered_comparison, clustered_risk
from isotherm.study.gee import gee
from isotherm.study.gee_sandwich import Pieces, sandwich


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_families_of_parity_keep_their_limits(family: Family) -> None:
    count, largest, where = worst(family)
    assert largest <= family.limit, where
    assert count > 15


def tumors(seed: int, patients: int = 24) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make tumors of patients who share a tendency; two covariates, one of the tumor and one of the patient."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), rng.integers(1, 5, size=patients))
    x = np.column_stack([rng.normal(size=len(patient)), rng.integers(0, 2, size=patients)[patient]])
    shared = rng.normal(size=patients)[patient]
    had = 1 * (rng.uniform(size=len(patient)) < 1.0 / (1.0 + np.exp(-0.3 + x @ [0.7, -0.5] - shared)))
    return had, x, patient


@pytest.mark.parametrize(("link", "family"), [("logit", sm.families.Binomial()), ("log", sm.families.Poisson()),
                                              ("identity", sm.families.Gaussian())])  # fmt: skip
def test_independence_is_that_of_statsmodels_and_so_is_its_bias_reduced_sandwich(link: Any, family: Any) -> None:
    had, x, patient = tumors(1)
    theirs = sm.GEE(had, sm.add_constant(x), patient, family=family, cov_struct=sm.cov_struct.Independence())
    plain: Any
    reduced: Any
    plain, reduced = theirs.fit(ctol=1e-12), theirs.fit(cov_type="bias_reduced", ctol=1e-12)
    fit = gee(had, x, patient, link=link, working="independence")
    assert fit.coefficients == pytest.approx(plain.params, rel=1e-7)
    # Its bias-reduced sandwich is Mancl and DeRouen's, times its own scale where the family has one.
    assert fit.std_errors == pytest.approx(np.sqrt(np.diag(reduced.cov_robust_bc)), rel=1e-7)


@pytest.mark.parametrize("power", [("Mancl-DeRouen", -1.0), ("Kauermann-Carroll", -0.5)])
def test_corrections_are_powers_of_one_less_the_leverage_of_each_cluster(power: tuple[Any, float]) -> None:
    rng = np.random.default_rng(5)
    codes, correlation = np.repeat(np.arange(8), 3), 0.3
    design, residual = rng.normal(size=(24, 2)), rng.normal(size=24)
    inverse = np.linalg.inv((1.0 - correlation) * np.eye(3) + correlation)
    blocks = [(design[codes == k], residual[codes == k]) for k in range(8)]
    bread = np.linalg.inv(sum(d.T @ inverse @ d for d, _ in blocks))
    middle = np.zeros((2, 2))
    for d, r in blocks:
        left = np.eye(3) - d @ bread @ d.T @ inverse
        score = d.T @ inverse @ np.real(fractional_matrix_power(left, power[1])) @ r
        middle += np.outer(score, score)
    found = sandwich(Pieces.of(design, residual, codes, correlation), power[0])
    assert found == pytest.approx(bread @ middle @ bread, rel=1e-9)


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_corrections_widen_and_order_and_unit_do_not_matter(seed: int) -> None:
    had, x, patient = tumors(seed, 30)
    try:
        plain, half, full = (
            gee(had, x, patient, correction=name) for name in ("none", "Kauermann-Carroll", "Mancl-DeRouen")
        )
        morel = gee(had, x, patient, correction="Morel")
    except (NotConverged, NothingToCompare):
        return
    assert (plain.std_errors < half.std_errors).all()
    assert (half.std_errors < full.std_errors).all()
    assert (morel.std_errors > plain.std_errors).all()
    mixed = np.random.default_rng(seed).permutation(len(had))
    again = gee(had[mixed], x[mixed] * [1000.0, 1.0] + [5.0, 0.0], patient[mixed])
    assert again.coefficients[1:] * [1000.0, 1.0] == pytest.approx(full.coefficients[1:], rel=1e-6, abs=1e-8)
    assert again.std_errors[1:] * [1000.0, 1.0] == pytest.approx(full.std_errors[1:], rel=1e-6)
    assert (plain.df, full.df) == (None, 27)


def test_patients_of_one_tumor_have_no_correlation_and_effects_are_named_by_their_link() -> None:
    had, x, _ = tumors(3, 40)
    alone = gee(had, x, np.arange(len(had)), names=["size", "site"])
    assert alone.correlation == 0.0
    odds, _ = alone.effects(endpoint="local tumor progression")
    assert (odds.measure, odds.per, odds.name, odds.events) == ("odds ratio", "tumor", "size", int(had.sum()))
    assert odds.estimate == pytest.approx(math.exp(alone.coefficients[1]))
    assert "sandwich corrected by Mancl-DeRouen, t test with" in odds.method
    names = [gee(had, x, np.arange(len(had)), link=link).effects()[0].measure for link in ("log", "identity")]
    assert names == ["risk ratio", "risk difference"]
    number = gee(x[:, 0], had, np.arange(len(had)), link="identity", correction="none").effects()[0]
    assert (number.measure, number.events) == ("mean difference", None)
    assert "plain sandwich, z test" in number.method


@pytest.mark.parametrize(
    ("question", "error", "words"),
    [
        (lambda y, x, c: gee(y, x, c, link="probit"), BadSetting, '"probit" came'),  # type: ignore[arg-type]
        (lambda y, x, c: gee(y, x, c, working="AR"), BadSetting, '"AR" came'),  # type: ignore[arg-type]
        (lambda y, x, c: gee(y, x, c, correction="HC3"), BadSetting, '"HC3" came'),  # type: ignore[arg-type]
        (lambda y, x, c: gee(x[:, 0], x[:, 1], c), BadColumn, "neither 0 nor 1"),
        (lambda y, x, c: gee(0 * y, x, c), NothingToCompare, "One value of the outcome"),
        (lambda y, x, c: gee([], np.zeros((0, 1)), []), NothingToCompare, "in 0 rows"),
        (
            lambda y, x, c: gee(y, x, c % 3),
            NothingToCompare,
            "3 clusters came for an intercept and the coefficients of x1, x2; give more clusters",
        ),
        (lambda y, x, c: gee(y, np.ones(len(y)), c), BadColumn, "x1 is the same in all"),
        (lambda y, x, c: gee(y, np.column_stack([x, x.sum(axis=1)]), c), BadColumn, "x3 follows from"),
        (lambda y, x, c: gee(y, 1.0 * y, c), NotConverged, "separation"),
        (lambda y, x, c: gee(y, 1.0 * y, c, link="log"), NotConverged, "separation"),
        (lambda y, x, c: gee(y, 1.0 * (c == 0), c, working="independence"), NothingToCompare, "alone decides"),
        (lambda y, x, c: gee(np.tile([0, 1], 20), np.arange(40) % 7, np.arange(40) // 2), NotConverged, "at -0.99"),
        (lambda y, x, c: gee(np.where(y, 1.0, np.nan), x, c), BadColumn, "missing"),
    ],
)
def test_models_without_an_answer_are_refused(question: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        question(*tumors(2))


def test_steps_that_do_not_settle_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isotherm.study.gee.MOST_STEPS", 2)
    with pytest.raises(NotConverged, match="not solved in 2 steps"):
        gee(*tumors(2))


def test_a_cluster_that_decides_alone_still_has_morels_sandwich() -> None:
    had, _, patient = tumors(2)
    fit = gee(had, 1.0 * (patient == 0), patient, link="identity", working="independence", correction="Morel")
    assert np.isfinite(fit.std_errors).all()


def test_a_proportion_of_lone_tumors_is_nearly_wilsons_and_copies_of_tumors_say_nothing_new() -> None:
    event = np.tile([1, 0, 0, 1, 0], 60)
    alone = clustered_risk(event, np.arange(300))
    plain = risk(120, 300)
    assert alone.effect.low == pytest.approx(plain.low, abs=2e-3)
    assert alone.design_effect == pytest.approx(300 / 299)
    doubled = clustered_risk(np.repeat(event, 2), np.repeat(np.arange(300), 2))
    assert doubled.design_effect == pytest.approx(2 * 300 / 299)
    assert (doubled.effect.low, doubled.effect.high) == pytest.approx((alone.effect.low, alone.effect.high))
    assert doubled.effect.n == 600


def test_none_all_and_one_patient_count_patients() -> None:
    for event, at in ((np.zeros(6), "low"), (np.ones(6), "high")):
        found = clustered_risk(event, [1, 1, 1, 2, 2, 3])
        assert getattr(found.effect, at) == event[0]
        assert found.effect.high - found.effect.low > 0.6
        assert found.design_effect is None
    lone = clustered_risk([1, 0, 1], [1, 1, 1])
    assert (lone.effect.low, lone.effect.high) == pytest.approx((0.0942, 0.9747), abs=1e-4)  # Wilson, n = 1
    assert "not known" in lone.effect.method
    assert math.isnan(cluster_variance(np.array([0.5, -0.5]), np.array([0, 0]))[0])


def test_a_comparison_is_that_of_the_fourfold_table_with_a_variance_of_patients() -> None:
    had = np.array([1] * 11 + [0] * 3 + [1] * 9 + [0] * 31)
    event = np.array([1] * 14 + [0] * 40)
    patient = np.arange(54) // 2
    found = clustered_comparison(event, had, patient, name="bridging vessel")
    assert found.odds_ratio is not None
    assert found.difference is not None
    assert found.odds_ratio.estimate == pytest.approx((11 * 31) / (3 * 9))
    assert found.difference.estimate == pytest.approx(11 / 20 - 3 / 34)
    assert found.p_value == found.odds_ratio.p_value
    assert round(found.unclustered.p_value, 5) == 0.00033
    assert "ignores clustering" in found.unclustered.method
    assert found.odds_ratio.name == "bridging vessel"
    assert found.clusters == 27


def test_a_separated_table_has_a_difference_and_a_reason() -> None:
    found = clustered_comparison([1, 0, 1, 0] * 6 + [0] * 20, [1] * 24 + [0] * 20, np.arange(44) // 2)
    assert found.odds_ratio is None
    assert "separation" in found.odds_ratio_why
    assert found.difference is not None
    assert found.p_value == found.difference.p_value
    few = clustered_comparison([1, 0, 1, 0], [1, 1, 0, 0], [1, 1, 2, 2])
    assert few.p_value is None
    assert "2 clusters came" in few.difference_why


@pytest.mark.parametrize(
    ("question", "error", "words"),
    [
        (lambda: clustered_risk([], []), NothingToCompare, "No row"),
        (lambda: clustered_risk([2, 0], [1, 2]), BadColumn, "neither 0 nor 1"),
        (lambda: clustered_risk([1, 0], [1.0, np.nan]), BadColumn, "cluster is missing"),
        (lambda: clustered_risk([1, 0], [1, 2], level=95), BadSetting, "level 95"),
        (lambda: clustered_comparison([1, 1], [1, 0], [1, 2]), NothingToCompare, "two arms"),
        (lambda: clustered_comparison([1, 0], [1, 0, 1], [1, 2]), BadColumn, "2 rows"),
    ],
)
def test_proportions_and_comparisons_without_an_answer_are_refused(
    question: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        question()
