"""Restricted means: areas that can be drawn, differences, horizons out of reach."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.errors import BadSetting, NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.rmst import compare_restricted_means, restricted_mean


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30), st.floats(0.01, 1.0))
def test_without_censoring_it_is_the_mean_of_the_time_within_the_horizon(days: list[int], share: float) -> None:
    horizon = share * max(days)
    mean = restricted_mean(TimeToEvent(days, np.ones(len(days))), horizon)
    assert mean.days == pytest.approx(np.minimum(days, horizon).mean())
    assert mean.lost_days == pytest.approx(horizon - mean.days)
    # Greenwood's variance of an uncensored mean is that of the mean itself.
    assert mean.std_error == pytest.approx(np.minimum(days, horizon).std() / np.sqrt(len(days)), abs=1e-9)


def test_two_arms_are_compared_by_difference_and_ratio() -> None:
    days, died, arm = [1, 2, 3, 4, 2, 4, 6, 8], [1, 1, 1, 1, 1, 1, 0, 0], list("aaaabbbb")
    (first, second), difference, ratio = compare_restricted_means(TimeToEvent(days, died), arm, 4.0)
    assert (first.days, second.days) == pytest.approx((2.5, 3.5))
    assert difference.estimate == pytest.approx(1.0)
    assert ratio.estimate == pytest.approx(1.4)
    assert difference.low < 1.0 < difference.high
    assert (difference.name, difference.at_days, difference.events) == ("b v a", 4.0, 6)
    assert 0.0 < ratio.p_value < 1.0  # type: ignore[operator]


def test_where_nobody_fails_there_is_no_difference() -> None:
    _, difference, _ = compare_restricted_means(TimeToEvent([5, 5, 6, 6], [0, 0, 0, 1]), list("abab"), 4.0)
    assert (difference.estimate, difference.low, difference.high, difference.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_a_difference_without_any_variance_is_certain() -> None:
    _, difference, _ = compare_restricted_means(TimeToEvent([2, 2, 6, 6], [1, 1, 0, 0]), list("aabb"), 2.0)
    assert difference.p_value == 1.0
    outcome = TimeToEvent([2, 2, 6, 6, 3, 3], [1, 1, 0, 0, 0, 0])
    _, difference, _ = compare_restricted_means(outcome, list("aabbaa"), 3.0)
    assert 0.0 < difference.p_value < 1.0  # type: ignore[operator]
    _, difference, _ = compare_restricted_means(TimeToEvent([1, 1, 3, 3], [1, 1, 0, 0]), list("aabb"), 1.0)
    assert difference.p_value == 1.0


@pytest.mark.parametrize(
    ("outcome", "arm", "horizon", "error", "words"),
    [
        (TimeToEvent([5, 9], [1, 1]), "ab", 9.0, BadSetting, "longest observation has 5"),
        (TimeToEvent([5, 9], [1, 1]), "ab", 0.0, BadSetting, "horizon of 0"),
        (TimeToEvent([5, 9], [1, 1]), "aa", 5.0, NothingToCompare, "1 arms came"),
        (TimeToEvent([5, 9], [1, 1], weight=[0.5, 1.5]), "ab", 5.0, BadSetting, "bootstrap"),
    ],
)
def test_what_has_no_answer_is_refused(
    outcome: TimeToEvent, arm: str, horizon: float, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        compare_restricted_means(outcome, list(arm), horizon)
