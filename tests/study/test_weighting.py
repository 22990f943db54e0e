"""Weights: their formulas, the exact balance of overlap weights, trimming, and weights that run off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from isotherm.errors import BadSetting, NoOverlap
from isotherm.study.balance import balance
from isotherm.study.design_matrix import design_matrix
from isotherm.study.propensity import Propensity, propensity
from isotherm.study.weighting import Weighted, effective_sample_size, weighted
from tests.study import lalonde

E = lalonde.scores().probability
A = lalonde.scores().treated


@pytest.mark.parametrize(
    ("estimand", "expected"),
    [
        ("ATE", np.where(A, 1 / E, 1 / (1 - E))),
        ("ATT", np.where(A, 1.0, E / (1 - E))),
        ("ATC", np.where(A, (1 - E) / E, 1.0)),
        ("overlap", np.where(A, 1 - E, E)),
        ("matching", np.minimum(E, 1 - E) / np.where(A, E, 1 - E)),
    ],
)
def test_weights_follow_their_formulas(estimand: Any, expected: Any) -> None:
    found = weighted(lalonde.scores(), estimand)
    assert np.allclose(found.weight, expected, rtol=1e-12)
    assert found.left_out == ()


def test_stabilized_weights_are_times_the_share_of_the_arm() -> None:
    plain, stable = weighted(lalonde.scores()), weighted(lalonde.scores(), stabilized=True)
    assert np.allclose(stable.weight, plain.weight * np.where(A, A.mean(), 1 - A.mean()))
    assert stable.method.startswith("stabilized")


def test_overlap_weights_balance_every_covariate_of_the_model_to_rounding() -> None:
    table = balance(lalonde.design(), weighted(lalonde.scores(), "overlap"))
    assert max(abs(row.after.smd) for row in table.rows) < 1e-10
    assert table.denominator == "weighted"


def test_weights_for_the_treated_leave_them_at_one() -> None:
    found = weighted(lalonde.scores(), "ATT")
    assert (found.weight[A] == 1.0).all()
    assert found.target == "the treated (ATT)"


def test_trimmed_units_are_left_out_and_told() -> None:
    found = weighted(lalonde.scores(), trim=(0.05, 0.7))
    out = (E < 0.05) | (E > 0.7)
    assert (found.weight[out] == 0.0).all()
    expected = [(True, int((out & A).sum())), (False, int((out & ~A).sum()))]
    assert [(part.treated, part.n) for part in found.left_out] == expected
    assert found.left_out[0].reason == "propensity below 0.05 or above 0.7"
    assert found.target == f"everybody (ATE), among {int((~out).sum())} of 614 units"
    assert "propensity not fitted again" in found.method
    share = A[~out].mean()
    stable = weighted(lalonde.scores(), trim=(0.05, 0.7), stabilized=True)
    assert np.allclose(stable.weight, found.weight * np.where(A, share, 1 - share))


def test_truncated_weights_stay_within_their_quantiles_and_nobody_is_lost() -> None:
    plain = weighted(lalonde.scores()).weight
    found = weighted(lalonde.scores(), truncate=(0.01, 0.99))
    low, high = np.quantile(plain, (0.01, 0.99))
    assert np.array_equal(found.weight, np.clip(plain, low, high))
    assert f"({low:.4g} and {high:.4g})" in found.method


def scores(logit: Any, treated: Any) -> Propensity:
    logit = np.array(logit, dtype=float)
    return Propensity(np.array(treated, dtype=bool), logit, np.arange(len(logit)), len(logit), ())


def test_infinite_weights_are_refused_with_their_count() -> None:
    far = scores([-800.0, -900.0, 0.0, 0.0], [1, 1, 0, 0])
    with pytest.raises(NoOverlap, match="2 of 4 weights are infinite"):
        weighted(far)
    assert np.allclose(weighted(far, "overlap").weight, [1.0, 1.0, 0.5, 0.5])


def test_one_unit_that_outweighs_its_arm_is_refused_and_truncation_is_a_way_out() -> None:
    lone = scores([-9.0, 0.0, 0.0, 0.1, 0.0, 0.1], [1, 1, 1, 0, 0, 0])
    with pytest.raises(NoOverlap, match="One of 3 treated carries 100% of"):
        weighted(lone)
    assert weighted(lone, truncate=(0.0, 0.5)).largest_share(treated=True) < 0.5
    assert weighted(lone, trim=(0.1, 0.9)).weight[0] == 0.0
    with pytest.raises(NoOverlap, match="One of 3 controls"):
        weighted(scores([0.0, 0.0, 0.0, 9.0, 0.0, 0.1], [1, 1, 1, 0, 0, 0]))


def test_trimming_that_empties_an_arm_is_refused() -> None:
    with pytest.raises(NoOverlap, match="nobody in one of the arms"):
        weighted(scores([2.0, 2.0, -2.0, -2.0], [1, 1, 0, 0]), trim=(0.5, 1.0))


def test_separated_arms_have_finite_scores_and_weights_that_show_it() -> None:
    table = pd.DataFrame({"x": np.arange(40.0), "treat": np.repeat([0, 1], 20)})
    found = propensity(design_matrix(table, ["x"]), table["treat"])
    assert found.warnings
    assert effective_sample_size(weighted(found, "overlap").weight) < 10


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"estimand": "ATX"}, "'ATX'"),
        ({"estimand": "ATT", "stabilized": True}, "only those for the ATE"),
        ({"trim": (0.9, 0.1)}, "'trim' must rise"),
        ({"truncate": (0.5, 1.5)}, "'truncate' must rise"),
        ({"trim": (np.nan, 0.5)}, "'trim' must rise"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: Any, says: str) -> None:
    with pytest.raises(BadSetting, match=says):
        weighted(lalonde.scores(), **settings)


def test_the_effective_sample_size_is_the_number_of_equal_weights_and_falls_with_unequal_ones() -> None:
    assert effective_sample_size(np.full(7, 3.0)) == pytest.approx(7.0)
    assert effective_sample_size(np.array([1.0, 0.0, 0.0])) == 1.0
    assert effective_sample_size(np.zeros(3)) == 0.0


def test_a_weight_is_finite_and_a_unit_is_independent() -> None:
    arm, rows = np.array([True, False]), np.arange(2)
    with pytest.raises(ValueError, match="finite"):
        Weighted(arm, rows, "ATE", np.array([1.0, np.inf]), np.zeros(2), "", ())
    assert np.array_equal(weighted(lalonde.scores()).cluster, np.arange(614))
