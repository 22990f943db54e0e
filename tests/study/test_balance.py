"""Balance: R's figures on LaLonde's data, every denominator by its formula, and covariates that do not vary."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from isotherm.errors import BadSetting
from isotherm.study.balance import (
    DENOMINATORS,
    Balance,
    Denominator,
    balance,
    difference,
    largest_gap,
    standard_deviation,
)
from isotherm.study.coarsened import match_coarsened
from isotherm.study.design_matrix import design_matrix
from isotherm.study.matched import Matched
from isotherm.study.matching import match_mahalanobis, match_nearest
from isotherm.study.weighting import Weighted, weighted
from tests.study import lalonde
from tests.study.test_matching import SETTINGS

TREAT = lalonde.table()["treat"]


def of(name: str) -> Balance:
    """The balance table of a golden match."""
    if name in SETTINGS:
        return balance(lalonde.design(), match_nearest(lalonde.scores(), **SETTINGS[name]))
    if name == "cem":
        return balance(lalonde.design(), match_coarsened(lalonde.design(), TREAT))
    return balance(lalonde.design(), match_mahalanobis(lalonde.design(), TREAT))


@pytest.mark.parametrize("name", [*SETTINGS, "cem", "mahalanobis"])
def test_differences_ratios_and_ks_are_those_of_r(name: str) -> None:
    golden, table = lalonde.reference()[name], of(name)
    ours: dict[str, list[float | None]] = {
        "smd_all": [row.before.smd for row in table.rows],
        "smd_matched": [row.after.smd for row in table.rows],
        "vr_matched": [row.after.variance_ratio for row in table.rows],
        "ks_matched": [row.after.ks for row in table.rows],
    }
    for key, values in ours.items():
        theirs = [value for label, value in golden[key].items() if label != "distance"]
        assert [value is None for value in values] == [value is None for value in theirs]
        both = [(one, other) for one, other in zip(values, theirs, strict=True) if one is not None]
        assert max(abs(one - other) for one, other in both) < 1e-13
    ess = golden["n_matched"]["values"][golden["n_matched"]["rows"].index("Matched (ESS)")]
    assert table.size_after == pytest.approx((ess[1], ess[0]))
    assert table.denominator == "treated"


def test_the_score_itself_can_be_a_row_and_is_that_of_r_but_for_where_its_glm_stops() -> None:
    golden = lalonde.reference()["nn_cal02_logit"]
    table = balance(lalonde.design(), match_nearest(lalonde.scores()), scores=lalonde.scores())
    row = table.rows[0]
    assert row.name == "logit of the propensity score"
    # The scores differ by 3e-8 where R has stopped.
    assert row.before.smd == pytest.approx(golden["smd_all"]["distance"], abs=1e-8)
    assert row.after.ks == pytest.approx(golden["ks_matched"]["distance"], abs=1e-12)
    theirs = lalonde.by_row(golden["ps"])
    arm = lalonde.scores().treated
    sd = standard_deviation(theirs, arm, "treated", np.ones(614))
    assert difference(theirs, arm, np.ones(614), sd).smd == pytest.approx(golden["smd_all"]["distance"], abs=1e-13)


def test_every_denominator_follows_its_formula() -> None:
    x = lalonde.design().x[:, 0]
    arm = lalonde.scores().treated
    w = weighted(lalonde.scores(), "overlap").weight
    s1, s0 = x[arm].std(ddof=1), x[~arm].std(ddof=1)
    mean = np.average(x, weights=w)
    expected: dict[Denominator, float] = {
        "treated": s1,
        "control": s0,
        "pooled": np.sqrt((s1**2 + s0**2) / 2),
        "all": x.std(ddof=1),
        "weighted": np.sqrt(np.sum(w * (x - mean) ** 2) / (w.sum() - np.sum(w**2) / w.sum())),
        "hedges": np.sqrt((184 * s1**2 + 428 * s0**2) / 612) / (1 - 3 / (4 * 612 - 1)),
    }
    assert set(expected) == set(DENOMINATORS)
    for name, sd in expected.items():
        assert standard_deviation(x, arm, name, w) == pytest.approx(sd, rel=1e-12)


def test_the_sd_of_a_binary_covariate_is_that_of_its_share() -> None:
    x, arm = np.array([1.0, 1, 0, 0, 1, 0, 0, 0]), np.arange(8) < 4
    assert standard_deviation(x, arm, "treated", np.ones(8)) == 0.5
    assert standard_deviation(x, arm, "pooled", np.ones(8)) == pytest.approx(np.sqrt((0.25 + 0.1875) / 2))
    found = difference(x, arm, np.ones(8), 0.5)
    assert (found.smd, found.variance_ratio, found.ks) == (0.5, None, 0.25)


def test_the_usual_denominator_follows_the_estimand() -> None:
    def denominator(adjusted: Matched | Weighted) -> str:
        return balance(lalonde.design(), adjusted).denominator

    assert denominator(match_nearest(lalonde.scores())) == "treated"
    assert denominator(weighted(lalonde.scores(), "ATC")) == "control"
    assert denominator(weighted(lalonde.scores(), "ATE")) == "pooled"
    assert denominator(weighted(lalonde.scores(), "matching")) == "weighted"


def test_a_covariate_that_does_not_vary_in_an_arm_differs_by_nothing_or_without_bound() -> None:
    arm, even = np.array([True, True, False, False]), np.ones(4)
    same = difference(np.array([2.0, 2.0, 1.0, 3.0]), arm, even, 0.0)
    assert (same.smd, same.variance_ratio) == (0.0, None)
    assert difference(np.array([2.0, 2.0, 3.0, 3.5]), arm, even, 0.0).smd == -np.inf


def test_the_largest_gap_without_weights_is_that_of_kolmogorov_and_smirnov() -> None:
    x, arm = lalonde.design().x[:, 0], lalonde.scores().treated
    assert largest_gap(x, arm, np.ones(614)) == pytest.approx(stats.ks_2samp(x[arm], x[~arm]).statistic, abs=1e-14)


def test_one_unit_per_arm_has_no_variance() -> None:
    table = pd.DataFrame({"x": [1.5, 2.5], "treat": [1, 0]})
    arm = np.array([True, False])
    one = Weighted(arm, np.arange(2), "ATE", np.ones(2), np.full(2, 0.5), "", ())
    row = balance(design_matrix(table, ["x"]), one, denominator="hedges").rows[0]
    assert (row.before.smd, row.before.variance_ratio, row.before.ks) == (-np.inf, None, 1.0)


def test_the_worst_row_is_the_one_with_the_largest_difference_left() -> None:
    table = of("nn_cal02")
    assert abs(table.worst.after.smd) == max(abs(row.after.smd) for row in table.rows)


def test_a_denominator_must_exist() -> None:
    with pytest.raises(BadSetting, match="'sd' does not exist"):
        balance(lalonde.design(), match_nearest(lalonde.scores()), denominator="sd")  # pyright: ignore[reportArgumentType]


def test_weights_of_other_rows_are_refused() -> None:
    fewer = lalonde.table().iloc[:500]
    with pytest.raises(BadSetting, match="other rows"):
        balance(design_matrix(fewer, ["age"]), match_nearest(lalonde.scores()))
