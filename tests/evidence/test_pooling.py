"""Pooling: R's numbers on the BCG trials, what must hold for any studies, and what cannot be pooled."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.parity_case import worst
from bench.parity_pooling import FAMILIES
from isotherm.errors import CannotPool, OutOfReach
from isotherm.evidence.funnel import funnel
from isotherm.evidence.pooling import MetaAnalysis, leave_one_out, pool
from tests.evidence.bcg import REFERENCE, bcg, studies

METHODS = ("DerSimonian-Laird", "REML", "Paule-Mandel")
ROWS = st.lists(st.tuples(st.floats(-3.0, 3.0), st.floats(0.001, 2.0)), min_size=2, max_size=12)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_number_equals_metafor_to_eight_decimals(family: Any) -> None:
    assert family.limit <= 1e-8
    count, largest, where = worst(family)
    assert count > 0
    assert largest <= family.limit, where


def test_two_studies_pool_to_what_pencil_and_paper_give() -> None:
    found = pool(studies([1.0, 3.0], [1.0, 1.0]), tau2_method="DerSimonian-Laird", interval="normal")
    # Q = 2, C = 2 - 2/2 = 1, tau2 = (2 - 1) / 1; REML and Paule-Mandel agree for equal variances.
    assert found.common.value == pytest.approx(2.0)
    assert found.common.std_error == pytest.approx(math.sqrt(0.5))
    assert found.heterogeneity.q == pytest.approx(2.0)
    assert found.heterogeneity.tau2 == pytest.approx(1.0)
    assert found.random.std_error == pytest.approx(1.0)
    assert found.heterogeneity.i2 == pytest.approx(0.5)
    assert found.heterogeneity.h2 == pytest.approx(2.0)


def test_ratios_come_back_as_ratios_and_differences_as_differences() -> None:
    ratios, differences = pool(bcg("RR_95")), pool(bcg("RD_95"))
    effect = ratios.random_effect
    assert effect.measure == "risk ratio"
    assert (effect.estimate, effect.null) == (pytest.approx(math.exp(ratios.random.value)), 1.0)
    assert (effect.name, effect.endpoint) == ("BCG v no BCG", "tuberculosis")
    assert "REML" in effect.method
    assert "13 studies" in effect.method
    assert differences.common_effect.estimate == differences.common.value
    assert ratios.prediction is not None
    assert 0.0 < ratios.prediction[0] < effect.low < effect.high < ratios.prediction[1]


def test_two_studies_have_no_prediction_interval_of_k_minus_2_degrees() -> None:
    assert pool(bcg("RR_two_95")).prediction is None
    assert pool(bcg("RR_two_95"), prediction="as the interval").prediction is not None


def test_studies_that_agree_better_than_any_tau2_have_an_empty_interval_for_it() -> None:
    found = pool(studies([0.1] * 8, [1.0] * 8)).heterogeneity
    assert found.tau2 == 0.0
    assert found.tau2_limits is None
    assert found.i2_limits is None
    assert found.h2_limits is None


def test_the_modified_hartung_knapp_interval_is_never_narrower_than_the_normal_one() -> None:
    alike = studies([0.1, 0.11, 0.1, 0.09], [0.2, 0.3, 0.1, 0.2])
    plain, modified, normal = (
        pool(alike, interval=kind).random for kind in ("Hartung-Knapp", "modified Hartung-Knapp", "normal")
    )
    assert plain.high - plain.low < normal.high - normal.low < modified.high - modified.low
    assert plain.scale is not None
    assert plain.scale < 1.0
    assert modified.scale == 1.0


def test_equal_estimates_have_no_hartung_knapp_interval() -> None:
    with pytest.raises(OutOfReach, match="modified Hartung-Knapp"):
        pool(studies([0.5, 0.5, 0.5], [0.1, 0.2, 0.3]), interval="Hartung-Knapp")


@given(ROWS, st.randoms(use_true_random=False), st.sampled_from(METHODS))
def test_the_order_of_studies_does_not_matter(rows: list[tuple[float, float]], random: Any, method: Any) -> None:
    mixed = random.sample(rows, len(rows))
    a, b = (pool(studies(*zip(*some, strict=True)), tau2_method=method) for some in (rows, mixed))
    assert a.random.value == pytest.approx(b.random.value, abs=1e-9)
    assert a.random.std_error == pytest.approx(b.random.std_error, rel=1e-8)
    assert a.heterogeneity.tau2 == pytest.approx(b.heterogeneity.tau2, abs=1e-9)


@given(ROWS, st.sampled_from(METHODS))
def test_without_heterogeneity_random_effects_are_the_common_effect(
    rows: list[tuple[float, float]], method: Any
) -> None:
    found = pool(studies(*zip(*rows, strict=True)), tau2_method=method, interval="normal")
    if found.heterogeneity.tau2 == 0.0:
        assert found.random.value == found.common.value
        assert found.random.std_error == found.common.std_error
    else:
        assert found.random.std_error > found.common.std_error
    assert sum(found.random.weights) == pytest.approx(1.0)


@given(ROWS, st.floats(0.01, 100.0), st.floats(-5.0, 5.0), st.sampled_from(METHODS))
def test_another_unit_and_another_origin_change_the_numbers_and_nothing_else(
    rows: list[tuple[float, float]], factor: float, shift: float, method: Any
) -> None:
    y, v = (np.array(part) for part in zip(*rows, strict=True))
    a = pool(studies(y, v, measure="mean difference"), tau2_method=method)
    b = pool(studies(factor * y + shift, factor**2 * v, measure="mean difference"), tau2_method=method)
    scale = factor * (1.0 + abs(y).max())
    assert b.random.value == pytest.approx(factor * a.random.value + shift, abs=1e-7 * scale + 1e-9)
    assert b.heterogeneity.tau2 == pytest.approx(factor**2 * a.heterogeneity.tau2, abs=1e-6 * factor**2)
    assert b.heterogeneity.q == pytest.approx(a.heterogeneity.q, rel=1e-6, abs=1e-9)


@given(ROWS, st.sampled_from(METHODS))
def test_turning_every_study_turns_the_answer(rows: list[tuple[float, float]], method: Any) -> None:
    one = studies(*zip(*rows, strict=True))
    a, b = pool(one, tau2_method=method), pool([study.turned() for study in one], tau2_method=method)
    assert b.random.value == pytest.approx(-a.random.value, abs=1e-9)
    assert b.random_effect.name == "no BCG v BCG"


@given(ROWS)
def test_reml_stands_at_the_highest_point_of_its_likelihood(rows: list[tuple[float, float]]) -> None:
    y, v = (np.array(part) for part in zip(*rows, strict=True))
    tau2 = pool(studies(y, v)).heterogeneity.tau2

    def likelihood(t: float) -> float:
        w = 1.0 / (v + t)
        mean = (w * y).sum() / w.sum()
        return float(-0.5 * (np.log(v + t).sum() + np.log(w.sum()) + (w * (y - mean) ** 2).sum()))

    best = max(likelihood(t) for t in np.concatenate([[0.0], np.geomspace(1e-6, 50.0, 400)]))
    assert likelihood(tau2) >= best - 1e-9


def test_reml_finds_the_higher_of_two_peaks() -> None:
    # Two precise studies that agree and a crowd of vague ones that scatter: the likelihood has a peak at 0 and another.
    y, v = [0.0, 0.01, 4.0, -4.0, 5.0, -5.0], [1e-4, 1e-4, 0.5, 0.5, 0.5, 0.5]
    assert pool(studies(y, v)).heterogeneity.tau2 > 1.0


def test_leaving_out_each_study_gives_what_pooling_the_others_gives() -> None:
    all_of_them = pool(bcg(), tau2_method="Paule-Mandel", interval="normal", level=0.9)
    left = leave_one_out(all_of_them)
    assert list(left) == [study.name for study in all_of_them.studies]
    again = pool(bcg()[1:], tau2_method="Paule-Mandel", interval="normal", level=0.9)
    assert left["trial 1"].random == again.random


def test_two_studies_cannot_lose_one() -> None:
    with pytest.raises(CannotPool, match="three"):
        leave_one_out(pool(bcg("RR_two_95")))


def test_a_funnel_holds_each_study_and_widens_downward() -> None:
    found = pool(bcg())
    drawn = funnel(found)
    assert drawn.center == found.common.value
    assert drawn.std_errors.tolist() == [math.sqrt(study.variance) for study in found.studies]
    low, high = drawn.limits([0.0, 0.5])
    assert low.tolist() == pytest.approx([drawn.center, drawn.center - 0.5 * 1.959963984540054])
    assert high.tolist() == pytest.approx([drawn.center, drawn.center + 0.5 * 1.959963984540054])
    assert funnel(found, around="random effects").center == found.random.value
    with pytest.raises(ValueError, match="read-only"):
        drawn.values[0] = 0.0


def test_the_reference_is_of_a_fully_converged_fit() -> None:
    """The optimum of REML and Paule-Mandel in the file solves their equations to twelve digits."""
    entry = REFERENCE["RR_95"]
    y, v = np.array(entry["yi"]), np.array(entry["vi"])

    def weighted(t: float) -> tuple[Any, float]:
        w = 1.0 / (v + t)
        return w, float((w * y).sum() / w.sum())

    w, mean = weighted(entry["PM"]["tau2"])
    assert (w * (y - mean) ** 2).sum() == pytest.approx(12.0, abs=1e-11)
    w, mean = weighted(entry["REML"]["tau2"])
    score = (w**2 * (y - mean) ** 2).sum() - w.sum() + (w**2).sum() / w.sum()
    assert score == pytest.approx(0.0, abs=1e-11)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"tau2_method": "Hedges"}, "Hedges"),
        ({"interval": "Wald"}, "Wald"),
        ({"prediction": "none"}, "none"),
        ({"level": 1.0}, "level 1"),
        ({"level": math.nan}, "level nan"),
        ({"despite": {"weather": "it rained"}}, "weather"),
        ({"despite": {"overlap": "no reason needed"}}, "nothing to set aside"),
        ({"despite": {"overlap": " "}}, "reason"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(Exception, match=words) as caught:
        pool(bcg(), **settings)
    assert type(caught.value).__name__ in {"BadSetting", "CannotPool"}


def test_one_study_is_refused() -> None:
    with pytest.raises(CannotPool, match="1 study came"):
        pool(bcg()[:1])
    with pytest.raises(CannotPool, match="0 studies came"):
        pool([])


def test_numbers_at_the_edge_of_what_floats_hold_stay_finite() -> None:
    extreme: MetaAnalysis = pool(studies([1e9, -1e9, 3.0], [1e-12, 1e12, 1.0], measure="mean difference"))
    assert math.isfinite(extreme.random.value)
    assert math.isfinite(extreme.random.high)
    tiny = pool(studies([1e-9, 3e-9], [1e-20, 1e-20], measure="mean difference"))
    assert tiny.heterogeneity.tau2 == pytest.approx(2e-18 - 1e-20, rel=1e-9)
