"""From interval to p value and back, with the published figures of which both are known."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from isotherm.evidence.interval import interval_from_p, over_corners, p_from_interval


@pytest.mark.parametrize(
    ("estimate", "low", "high", "p_value"),
    [
        (0.131, 0.016, 1.064, 0.058),
        (0.092, 0.011, 0.735, 0.026),
        (0.58, 0.38, 0.88, 0.011),
        (1.042, 0.689, 1.576, 0.845),
    ],
)
def test_published_intervals_give_their_p_values(estimate: float, low: float, high: float, p_value: float) -> None:
    assert p_from_interval(level=0.95, ratio=True)(estimate, low, high) == pytest.approx(p_value, abs=6e-4)


@given(st.floats(0.05, 20.0), st.floats(1e-6, 0.9), st.sampled_from([0.9, 0.95, 0.99]))
def test_an_interval_made_from_a_p_value_gives_it_back(estimate: float, p_value: float, level: float) -> None:
    if abs(math.log(estimate)) > 1e-3:
        low, high = interval_from_p(estimate, p_value, level)
        assert p_from_interval(level=level, ratio=True)(estimate, low, high) == pytest.approx(p_value, rel=1e-6)


def test_differences_are_not_taken_on_the_logarithmic_scale() -> None:
    z = -float(ndtri(0.025))
    assert p_from_interval(level=0.95, ratio=False)(z, 0.0, 2 * z) == pytest.approx(0.05)


@pytest.mark.parametrize(("estimate", "low", "high"), [(0.0, 0.0, 1.0), (1.0, -1.0, 2.0), (1.0, 1.0, 1.0)])
def test_where_nothing_follows_the_answer_is_nan(estimate: float, low: float, high: float) -> None:
    assert math.isnan(p_from_interval(level=0.95, ratio=True)(estimate, low, high))


@pytest.mark.parametrize("p_value", [0.0, 1.0])
def test_a_p_value_of_0_or_1_has_no_interval(p_value: float) -> None:
    assert all(math.isnan(limit) for limit in interval_from_p(2.0, p_value, 0.95))


def test_corners_without_a_value_are_left_out_and_none_at_all_is_nan() -> None:
    assert over_corners(lambda x: math.nan if x < 0 else x, [(-1.0, 1.0)]) == (0.0, 1.0)
    assert all(math.isnan(end) for end in over_corners(lambda _: math.nan, [(0.0, 1.0)]))
