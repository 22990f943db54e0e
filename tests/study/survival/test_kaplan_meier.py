"""Kaplan-Meier and its kin: exact fractions, the empirical curve, identities of weights, edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.errors import BadColumn, BadSetting
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.kaplan_meier import (
    kaplan_meier,
    kaplan_meier_arms,
    median_follow_up,
    number_at_risk,
    quantile,
)
from isotherm.study.survival.limits import limits
from isotherm.study.survival.nelson_aalen import hazard_of_each, nelson_aalen
from tests.study.survival.made import cohort


def test_six_patients_give_the_fractions_of_the_hand() -> None:
    curve = kaplan_meier(TimeToEvent([1, 2, 2, 3, 4, 5], [1, 1, 0, 0, 1, 0]))
    assert curve.survival == pytest.approx([5 / 6, 5 / 6 * 4 / 5, 2 / 3, 1 / 3, 1 / 3])
    assert curve.at_risk.tolist() == [6, 5, 3, 2, 1]
    assert curve.events.tolist() == [1, 1, 0, 1, 0]
    assert curve.censored.tolist() == [0, 1, 1, 0, 1]
    assert curve.std_error[0] == pytest.approx(5 / 6 * np.sqrt(1 / 30))


@given(st.lists(st.integers(1, 20), min_size=1, max_size=40))
def test_without_censoring_it_is_the_empirical_curve(days: list[int]) -> None:
    curve = kaplan_meier(TimeToEvent(days, np.ones(len(days))))
    expected = [np.mean(np.array(days) > t) for t in curve.times_days]
    assert curve.survival == pytest.approx(expected, abs=1e-12)
    assert np.isnan(curve.low[-1])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("interval", ["log", "log-log", "plain", "logit", "arcsin"])
def test_it_falls_within_zero_and_one_and_limits_hold_it(seed: int, interval: str) -> None:
    curve = kaplan_meier(cohort(seed, start_days=True)[0], interval=interval)  # type: ignore[arg-type]
    known = ~np.isnan(curve.low)
    assert (np.diff(curve.survival) <= 0.0).all()
    assert ((curve.low[known] <= curve.survival[known]) & (curve.survival[known] <= curve.high[known])).all()
    assert curve.survival.min() >= 0.0


@pytest.mark.parametrize("seed", range(3))
def test_whole_weights_are_patients_and_weights_of_any_unit_give_one_curve(seed: int) -> None:
    outcome, _ = cohort(seed)
    counts = np.random.default_rng(seed).integers(1, 4, size=len(outcome))
    weighted = kaplan_meier(TimeToEvent(outcome.time_days, outcome.event, weight=counts))
    copied = kaplan_meier(outcome.take(np.repeat(np.arange(len(outcome)), counts)))
    assert weighted.survival == pytest.approx(copied.survival, abs=1e-13)
    assert weighted.std_error == pytest.approx(copied.std_error, abs=1e-13, nan_ok=True)
    a, b = (kaplan_meier(TimeToEvent(outcome.time_days, outcome.event, weight=c * counts)) for c in (0.37, 3.7))
    assert a.variance == "infinitesimal jackknife"
    assert a.std_error == pytest.approx(b.std_error, abs=1e-12, nan_ok=True)


def test_the_jackknife_of_whole_patients_does_not_see_how_their_time_was_split() -> None:
    outcome, _ = cohort(1, weight=True)
    cut = 3.0
    late = outcome.time_days > cut
    ids = np.arange(len(outcome))
    split = TimeToEvent(
        np.concatenate([np.minimum(outcome.time_days, cut), outcome.time_days[late]]),
        np.concatenate([np.where(late, 0, outcome.event), outcome.event[late]]),
        np.concatenate([np.zeros(len(outcome)), np.full(late.sum(), cut)]),
        np.concatenate([outcome.weights, outcome.weights[late]]),
        np.concatenate([ids, ids[late]]),
    )
    whole, parts = kaplan_meier(outcome), kaplan_meier(split)
    for day in (2.0, 3.0, 8.0, 15.0):
        i, j = whole.row_at(day), parts.row_at(day)
        assert parts.survival[j] == pytest.approx(whole.survival[i], abs=1e-12)
        assert parts.std_error[j] == pytest.approx(whole.std_error[i], abs=1e-12)


def test_quantiles_take_the_middle_of_a_flat_step_and_none_where_the_curve_stays_above() -> None:
    curve = kaplan_meier(TimeToEvent([1, 2, 3, 4], [1, 1, 0, 0]), interval="plain")
    assert quantile(curve, 0.5) == (3.0, 1.0, None)
    assert quantile(curve, 0.9)[0] is None
    with pytest.raises(BadSetting, match="above 0"):
        quantile(curve, 0.0)


def test_follow_up_and_numbers_at_risk() -> None:
    outcome = TimeToEvent([0, 5, 10, 10, 20], [0, 1, 0, 1, 0], weight=[1, 1, 2, 1, 1])
    # At day 10 half of those still watched leave, and the curve lies on one half up to day 20.
    assert median_follow_up(outcome)[0] == 15.0
    assert median_follow_up(outcome.take(outcome.time_days > 0))[0] == 15.0
    assert number_at_risk(outcome, [0, 5, 5.5, 10, 21]).tolist() == [6, 5, 4, 4, 0]
    assert number_at_risk(TimeToEvent([5, 9], [1, 0], [0, 5]), [0, 5, 6]).tolist() == [1, 1, 1]


def test_arms_are_curves_of_their_own_rows_and_zero_weights_are_not_there() -> None:
    outcome, x = cohort(5)
    arms = kaplan_meier_arms(outcome, x[:, 1].astype(int))
    assert [curve.label for curve in arms] == ["0", "1"]
    assert arms[1].survival == pytest.approx(kaplan_meier(outcome.take(x[:, 1] == 1)).survival)
    left_out = kaplan_meier(TimeToEvent(outcome.time_days, outcome.event, weight=x[:, 1]))
    assert left_out.n == int(x[:, 1].sum())
    assert left_out.survival == pytest.approx(arms[1].survival)


def test_after_everybody_has_failed_nothing_is_claimed() -> None:
    curve = kaplan_meier(TimeToEvent([1, 2, 5], [1, 1, 0], [0, 0, 3], cluster=[0, 1, 2]))
    assert curve.survival.tolist() == [0.5, 0.0, 0.0]
    assert np.isnan(curve.high[1:]).all()


def test_arms_share_one_kind_of_variance_and_an_arm_without_weight_is_refused() -> None:
    halves = TimeToEvent([1, 2, 3, 4], [1, 0, 1, 1], weight=[1.0, 1.0, 0.5, 1.5])
    curves = kaplan_meier_arms(halves, ["a", "a", "b", "b"])
    assert {curve.variance for curve in curves} == {"infinitesimal jackknife"}
    gone = TimeToEvent([1, 2, 3], [1, 0, 1], weight=[0.0, 0.0, 1.0])
    with pytest.raises(BadColumn, match="weight is 0 in all rows of 1 arm"):
        kaplan_meier_arms(gone, ["a", "a", "b"])


def test_where_all_weight_at_risk_fails_the_curve_is_zero_though_others_enter_later() -> None:
    weight = np.array([0.1, 0.2, 0.7, 0.3, 1.1, 0.6])
    outcome = TimeToEvent([1, 1, 1, 5, 6, 7], np.ones(6), [0, 0, 0, 1, 2, 1], weight, cluster=range(6))
    curve = kaplan_meier(outcome)
    assert curve.survival.tolist() == [0.0] * 4
    assert curve.at_risk == pytest.approx([1.0, 2.0, 1.7, 0.6])


@pytest.mark.parametrize("interval", ["log", "log-log", "plain", "logit", "arcsin"])
def test_an_error_beyond_all_bounds_leaves_the_whole_range(interval: Any) -> None:
    low, high = limits(np.array([1e-9]), np.array([1.0]), interval=interval)
    assert 0.0 <= low[0] <= 1e-9 <= high[0] <= 1.0


def test_what_has_no_meaning_is_refused() -> None:
    late = TimeToEvent([2, 3], [1, 1], [0, 1])
    with pytest.raises(BadSetting, match="without cluster"):
        kaplan_meier(late, robust=True)
    with pytest.raises(BadSetting, match="without cluster"):
        nelson_aalen(late, robust=True)
    with pytest.raises(BadSetting, match="level 95"):
        kaplan_meier(late, level=95.0)
    with pytest.raises(BadSetting, match='"logg" came'):
        limits(np.ones(1), np.ones(1), interval="logg")  # type: ignore[arg-type]
    with pytest.raises(BadColumn, match="neither 0 nor 1"):
        kaplan_meier(TimeToEvent([1, 2], [1, 2]))


def test_nelson_aalen_adds_up_the_shares_that_fail() -> None:
    outcome = TimeToEvent([1, 2, 2, 4], [1, 1, 1, 0])
    hazard = nelson_aalen(outcome)
    assert hazard.hazard == pytest.approx([1 / 4, 1 / 4 + 2 / 3, 1 / 4 + 2 / 3])
    assert hazard.std_error[1] == pytest.approx(np.sqrt(1 / 16 + 2 / 9))
    assert hazard_of_each(outcome) == pytest.approx([1 / 4, 11 / 12, 11 / 12, 11 / 12])
    robust = nelson_aalen(outcome, robust=True)
    assert robust.hazard == pytest.approx(hazard.hazard)
    assert (robust.low <= robust.hazard).all()


def test_fractions_of_a_day_are_ranked_too() -> None:
    outcome, _ = cohort(2, whole=False)
    scaled = TimeToEvent(outcome.time_days * 30.4375, outcome.event)
    assert kaplan_meier(outcome).survival == pytest.approx(kaplan_meier(scaled).survival)
