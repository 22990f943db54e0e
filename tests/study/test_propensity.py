"""The propensity score: R's glm, analytic truths of Firth's penalty, separation, sites, and fits that fail."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from isotherm.errors import BadColumn, NotConverged, NothingToCompare
from isotherm.study import propensity as module
from isotherm.study.design_matrix import design_matrix
from isotherm.study.logistic_kernels import CONVERGED, OUT_OF_STEPS, SINGULAR, fit_logistic
from isotherm.study.propensity import Propensity, propensity, propensity_within_sites, separated
from tests.study import lalonde


def r_glm(x: Any, y: Any) -> tuple[Any, Any]:
    """R's glm.fit: least squares until the deviance changes by less than 1e-8 of itself; its SE is one step behind."""
    z = np.column_stack([np.ones(len(x)), x])
    mu = (y + 0.5) / 2.0
    eta, old = np.log(mu / (1 - mu)), math.inf
    while True:
        w = mu * (1 - mu)
        q, r = np.linalg.qr(z * np.sqrt(w)[:, None])
        beta = np.linalg.solve(r, q.T @ (np.sqrt(w) * (eta + (y - mu) / w)))
        eta = z @ beta
        mu = 1 / (1 + np.exp(-eta))
        deviance = -2 * np.sum(y * np.log(mu) + (1 - y) * np.log1p(-mu))
        if abs(deviance - old) / (abs(deviance) + 0.1) < 1e-8:
            inverse = np.linalg.inv(r)
            return beta, np.sqrt(np.diag(inverse @ inverse.T))
        old = deviance


def test_scores_equal_those_of_r() -> None:
    reference = lalonde.by_row(lalonde.reference()["nn_greedy"]["ps"])
    assert np.abs(lalonde.scores().probability - reference).max() < 1e-8
    logit = lalonde.by_row(lalonde.reference()["nn_cal02_logit"]["ps"])
    assert np.abs(lalonde.scores().logit - logit).max() < 5e-8


def test_coefficients_differ_from_those_of_r_only_by_where_r_stops() -> None:
    golden = lalonde.reference()["glm"]
    coefficients, errors = (np.array(list(golden[name].values())) for name in ("coef", "se"))
    y = lalonde.table()["treat"].to_numpy(dtype=float)
    stopped, stopped_errors = r_glm(lalonde.design().x, y)
    assert np.abs(stopped - coefficients).max() < 1e-10
    assert np.abs(stopped_errors - errors).max() < 1e-10
    fit = lalonde.scores().fits[0]
    assert np.abs(fit.coefficients - coefficients).max() < 2e-8
    assert np.abs(fit.standard_errors - errors).max() < 2e-5
    # Our own is the maximum itself: the score is zero there.
    z = np.column_stack([np.ones(614), lalonde.design().x])
    score = z.T @ (y - lalonde.scores().probability)
    assert np.abs(score / np.abs(z).sum(axis=0)).max() < 1e-12
    assert (fit.method, fit.n, fit.names[0]) == ("maximum likelihood", 614, "intercept")


def test_the_maximum_is_the_same_wherever_the_steps_start() -> None:
    y = lalonde.table()["treat"].to_numpy(dtype=float)
    whole = lalonde.scores().fits[0].coefficients
    _, other = fit(lalonde.design().x[:300], y[:300], firth=False)
    status, again = fit(lalonde.design().x, y, firth=False, start=other)
    assert status == CONVERGED
    assert np.allclose(again, whole, rtol=1e-9)
    x = np.column_stack([lalonde.design().x, lalonde.design().x[:, 0]])
    status, twice = fit(x, y, firth=False, start=[*other, 1.0])
    assert status == CONVERGED
    assert np.allclose(twice, [*whole, 0.0], rtol=1e-9)


def test_both_scales_are_one_score() -> None:
    scores = lalonde.scores()
    assert scores.score("logit") is scores.logit
    assert np.allclose(scores.score("probability"), 1 / (1 + np.exp(-scores.logit)), rtol=1e-14)


def fit(x: Any, y: Any, *, firth: bool, start: Any = None) -> tuple[int, Any]:
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    q = x.shape[1] + 1
    coefficients = np.zeros(q) if start is None else np.array(start)
    status, _, _ = fit_logistic(
        x, y, firth, coefficients, np.empty((q, q)), np.zeros(q, dtype=np.bool_), np.empty(len(x))
    )
    return status, coefficients


@given(st.tuples(*[st.integers(0, 6)] * 4).filter(lambda n: n[0] + n[1] > 0 and n[2] + n[3] > 0))
def test_firth_in_a_two_by_two_table_adds_half_a_patient_to_each_cell(cells: tuple[int, ...]) -> None:
    a, b, c, d = cells
    x = np.repeat([1.0, 1.0, 0.0, 0.0], cells)[:, None]
    y = np.repeat([1.0, 0.0, 1.0, 0.0], cells)
    status, (intercept, slope) = fit(x, y, firth=True)
    assert status == CONVERGED
    assert intercept == pytest.approx(math.log((c + 0.5) / (d + 0.5)), abs=1e-8)
    assert slope == pytest.approx(math.log((a + 0.5) / (b + 0.5)) - math.log((c + 0.5) / (d + 0.5)), abs=1e-8)


def test_firth_is_used_with_a_warning_where_a_covariate_separates_the_arms() -> None:
    table = pd.DataFrame({"size_mm": np.arange(20.0), "treat": np.repeat([0, 1], 10)})
    scores = propensity(design_matrix(table, ["size_mm"]), table["treat"])
    assert scores.fits[0].method == "Firth's penalized likelihood"
    assert "separate the arms" in scores.warnings[0]
    assert np.isfinite(scores.logit).all()
    assert scores.logit[0] == pytest.approx(-scores.logit[-1])


def test_separation_up_to_ties_is_separation() -> None:
    x = np.array([[0.0], [1.0], [1.0], [2.0]])
    assert separated(x, np.array([False, False, True, True]))
    assert not separated(x, np.array([True, False, False, True]))
    assert separated(np.array([[0.0, 5.0], [1.0, 5.0]]), np.array([False, True]))


def test_a_fit_that_does_not_converge_is_an_error_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    for status, says in ((OUT_OF_STEPS, "still moved after 50 steps"), (SINGULAR, "became singular")):
        monkeypatch.setattr(module, "fit_logistic", lambda *_, status=status: (status, 50, 0.0))
        with pytest.raises(NotConverged, match=says):
            propensity(lalonde.design(), lalonde.table()["treat"])


def test_a_covariate_that_is_a_combination_of_others_is_refused() -> None:
    table = lalonde.table().assign(both=lambda t: t["re74"] + t["re75"])
    design = design_matrix(table, ["re74", "re75", "both"])
    with pytest.raises(BadColumn, match="'both' is a combination"):
        propensity(design, table["treat"])


@pytest.mark.parametrize(("seed", "status"), [(14, SINGULAR), (59, CONVERGED)])
def test_heavy_tails_end_in_a_maximum_or_in_a_reason(seed: int, status: int) -> None:
    random = np.random.default_rng(seed)
    n, p = random.integers(3, 12), random.integers(1, 3)
    x = np.exp(random.normal(size=(n, p)) * random.choice([1, 3, 6, 10]))
    y = (random.random(n) < 0.5).astype(float)
    found, coefficients = fit(x, y, firth=False)
    assert found == status
    if status == CONVERGED:
        z = np.column_stack([np.ones(n), x])
        chance = expit(z @ coefficients)
        assert np.abs(z.T @ (y - chance) / np.abs(z).sum(axis=0)).max() < 1e-8


def sites(n: int = 614) -> Any:
    return np.array(["north", "south", "west"])[np.arange(n) % 3]


def test_site_terms_equal_a_fit_with_the_site_as_a_category() -> None:
    table = lalonde.table().assign(site=sites())
    with_terms = propensity(design_matrix(table, ["age", "race"]), table["treat"], site=table["site"])
    as_category = propensity(design_matrix(table, ["age", "race", "site"]), table["treat"])
    assert np.allclose(with_terms.logit, as_category.logit, atol=1e-10)
    assert with_terms.fits[0].names[-2:] == ("site=south", "site=west")


def test_within_sites_each_site_is_a_fit_of_its_own() -> None:
    table = lalonde.table().assign(site=sites())
    whole = propensity_within_sites(design_matrix(table, ["age", "educ"]), table["treat"], table["site"])
    assert [fit.site for fit in whole.fits] == ["north", "south", "west"]
    here = table[table["site"] == "south"]
    alone = propensity(design_matrix(here, ["age", "educ"]), here["treat"])
    assert np.array_equal(whole.logit[(table["site"] == "south").to_numpy()], alone.logit)


def test_within_sites_a_covariate_that_is_constant_at_a_site_is_silent_there_and_named() -> None:
    table = lalonde.table().assign(site=sites())
    table.loc[table["site"] == "west", "married"] = 1
    scores = propensity_within_sites(design_matrix(table, ["age", "married"]), table["treat"], table["site"])
    assert scores.warnings == ("At site 'west' these columns have no effect of their own: married.",)
    assert scores.fits[2].coefficients[2] == 0.0
    assert scores.fits[2].standard_errors[2] == 0.0


def test_a_separated_site_is_named() -> None:
    table = pd.DataFrame({"x": [*np.arange(10.0), *([0.0, 1.0] * 10)], "site": ["a"] * 10 + ["b"] * 20})
    table["treat"] = [*np.repeat([0, 1], 5), *([0, 0, 1, 1] * 5)]
    table["y"] = [*([1.0] * 10), *([0.0, 0.0, 0.0, 1.0, 1.0] * 4)]
    scores = propensity_within_sites(design_matrix(table, ["x", "y"]), table["treat"], table["site"])
    assert "at site 'a'" in scores.warnings[0]
    assert scores.warnings[1:] == ("At site 'a' these columns have no effect of their own: y.",)


def test_a_site_with_one_arm_cannot_be_fitted_by_itself() -> None:
    site = np.where(lalonde.table()["treat"] == 1, "a", sites())
    with pytest.raises(NothingToCompare, match=r"4 of 4 sites"):
        propensity_within_sites(lalonde.design(), lalonde.table()["treat"], site)


def test_a_missing_site_and_a_vector_of_the_wrong_length_are_refused() -> None:
    treat = lalonde.table()["treat"]
    site = sites().astype(object)
    site[:2] = None
    with pytest.raises(BadColumn, match="missing in 2 of 614"):
        propensity(lalonde.design(), treat, site=site)
    with pytest.raises(BadColumn, match="614 rows"):
        propensity(lalonde.design(), treat[:10])


def test_incomplete_rows_have_no_score_and_the_others_know_their_place() -> None:
    table = lalonde.table().copy()
    table.loc[[3, 5], "educ"] = np.nan
    scores = propensity(design_matrix(table, lalonde.COVARIATES), table["treat"])
    assert len(scores.logit) == 612
    assert 3 not in scores.rows


def test_a_score_is_finite_and_has_one_value_per_row() -> None:
    arm, rows = np.array([True, False]), np.arange(2)
    with pytest.raises(ValueError, match="finite"):
        Propensity(arm, np.array([0.0, np.inf]), rows, 2, ())
    with pytest.raises(ValueError, match="per row"):
        Propensity(arm, np.array([0.0]), rows, 2, ())
