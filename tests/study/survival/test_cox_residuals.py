"""Residuals, the test of proportional hazards, baseline and concordance: what must add up, and what is refused."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from isotherm.errors import BadSetting, NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.baseline import baseline
from isotherm.study.survival.concordance import concordance
from isotherm.study.survival.cox import cox
from isotherm.study.survival.cox_residuals import deviance, dfbeta, martingale, schoenfeld
from isotherm.study.survival.kaplan_meier import kaplan_meier
from isotherm.study.survival.proportional_hazards import proportional_hazards
from tests.study.survival.made import cohort, cut_at

OPTIONS = [{}, {"weight": True}, {"strata": True}, {"start_days": True}, {"weight": True, "strata": True,
           "start_days": True}]  # fmt: skip


@pytest.mark.parametrize(("ties", "options"), list(product(["efron", "breslow"], OPTIONS)))
def test_residuals_add_up_to_nothing(ties: Any, options: dict[str, Any]) -> None:
    outcome, x = cohort(31, **options)
    fit = cox(outcome, x, ties=ties, robust=False)
    assert martingale(fit) @ outcome.weights == pytest.approx(0.0, abs=1e-9)
    assert dfbeta(fit).sum(axis=0) == pytest.approx([0.0, 0.0], abs=1e-9)
    found = schoenfeld(fit)
    # Under Efron's rule a tied time counts with the mean weight of its deaths: only equal weights add up row by row.
    if "weight" not in options:
        assert found.residuals.sum(axis=0) == pytest.approx([0.0, 0.0], abs=1e-8)
        assert found.scaled.mean(axis=0) == pytest.approx(fit.coefficients)
    assert (outcome.event[found.row] == 1).all()
    assert len(found.time_days) == fit.events
    signs = np.sign(deviance(fit)) == np.sign(martingale(fit))
    assert signs.all()


def test_the_influence_of_a_row_is_what_leaving_it_out_changes() -> None:
    outcome, x = cohort(32, 400, whole=False)
    fit = cox(outcome, x)
    found = dfbeta(fit)
    far = np.argsort(-np.abs(found[:, 0]))[:5]
    for row in far:
        keep = np.arange(len(x)) != row
        gone = fit.coefficients - cox(outcome.take(keep), x[keep]).coefficients
        assert found[row] == pytest.approx(gone, rel=0.15, abs=5e-4)
    assert found.T @ found == pytest.approx(cox(outcome, x, robust=True).covariance)


@pytest.mark.parametrize("transform", ["km", "identity", "log", "rank"])
def test_the_test_of_proportional_hazards_sees_them_cross(transform: Any) -> None:
    rng = np.random.default_rng(1)
    x = np.repeat([0.0, 1.0], 250)
    days = np.where(x == 1, rng.weibull(3.0, size=500), rng.weibull(0.7, size=500)) * 400 + 1
    fit = cox(TimeToEvent(days, np.ones(500)), np.column_stack([x, rng.normal(size=500)]), names=["arm", "age"])
    arm, age, every = proportional_hazards(fit, transform=transform)
    assert (arm.term, every.term, every.df, arm.transform) == ("arm", "GLOBAL", 2, transform)
    assert arm.p_value < 1e-6
    assert age.p_value > 0.001
    both = proportional_hazards(fit, transform=transform, terms={"both": ["arm", "age"]})
    assert both[0].chi_square == pytest.approx(every.chi_square)


def test_the_test_does_not_see_a_shifted_scale_or_a_split_row() -> None:
    outcome, x = cohort(33, 60)
    fit = cox(outcome, x)
    moved = cox(outcome, x * [1000.0, -2.0] + [5.0, 7.0])
    split, rows = cut_at(outcome, 4.0)
    again = cox(split, x[rows], robust=False)
    for transform in ("km", "identity", "log"):
        expected = [test.chi_square for test in proportional_hazards(fit, transform=transform)]
        assert [test.chi_square for test in proportional_hazards(moved, transform=transform)] == pytest.approx(expected)
        assert [test.chi_square for test in proportional_hazards(again, transform=transform)] == pytest.approx(expected)


def test_a_baseline_without_effect_is_the_curve_of_all() -> None:
    outcome, x = cohort(34, 80, whole=False)
    fit = cox(outcome, x, ties="breslow")
    found = baseline(fit)
    at = found.survival_at(10.0, x)
    assert at.mean() == pytest.approx(kaplan_meier(outcome).survival_at(10.0), abs=0.03)
    assert found.survival_at(0.0, x[0]) == pytest.approx(1.0)
    assert (np.diff(found.hazard) > 0).all()
    strata = cox(TimeToEvent(outcome.time_days, outcome.event, strata=np.arange(80) % 2), x)
    own = baseline(strata)
    assert own.survival_at(5.0, x[:3], stratum=1).shape == (3,)
    assert own.hazard[own.stratum == 1][0] < own.hazard[own.stratum == 0][-1]


def brute_concordance(outcome: TimeToEvent, score: np.ndarray) -> float:
    good = total = 0.0
    start = np.zeros(len(score)) if outcome.start_days is None else outcome.start_days
    strata = np.zeros(len(score)) if outcome.strata is None else outcome.strata
    time, event, weight = outcome.time_days, outcome.event, outcome.weights
    for i in range(len(score)):
        for j in range(len(score)):
            later = time[j] > time[i] or (time[j] == time[i] and not event[j])
            if event[i] and later and start[j] < time[i] and strata[i] == strata[j]:
                pair = weight[i] * weight[j]
                total += pair
                good += pair * (1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0)
    return good / total


@pytest.mark.parametrize("options", OPTIONS)
def test_concordance_counts_every_pair_whose_order_is_known(options: dict[str, Any]) -> None:
    outcome, x = cohort(35, 30, **options)
    x = np.round(x)
    fit = cox(outcome, x, robust=False)
    assert concordance(fit) == pytest.approx(brute_concordance(outcome, np.round(x @ fit.coefficients, 10)))


def test_a_concordance_without_a_known_pair_is_refused() -> None:
    fit = cox(TimeToEvent([3, 3, 3], [1, 1, 1]), [1.0, 2.0, 4.0], ties="breslow")
    with pytest.raises(NothingToCompare, match="No two patients"):
        concordance(fit)


def test_what_is_not_defined_is_refused() -> None:
    outcome, x = cohort(36)
    exact, efron = cox(outcome, x, ties="exact"), cox(outcome, x)
    for question in (martingale, dfbeta, schoenfeld, deviance, baseline, proportional_hazards):
        with pytest.raises(BadSetting, match="Efron"):
            question(exact)
    with pytest.raises(BadSetting, match='"KM" came'):
        proportional_hazards(efron, transform="KM")  # type: ignore[arg-type]
    for terms in ({"a": ["x1"]}, {"a": ["x1", "x2"], "b": ["x2"]}, {"a": ["x1", "x3"]}):
        with pytest.raises(BadSetting, match="each covariate once"):
            proportional_hazards(efron, terms=terms)
    with pytest.raises(BadSetting, match="3 covariates came"):
        baseline(efron).survival_at(3.0, [1, 2, 3])
    for names in ([], ["x9"]):
        with pytest.raises(BadSetting, match="are in the model"):
            efron.wald_p_value(names)
    with pytest.raises(BadSetting, match="center the covariates"):
        baseline(cox(outcome, x + np.array([1e6, 0.0])))
