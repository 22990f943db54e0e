"""E-values: the check values of the R package EValue 4.1.4 and of the papers."""

from __future__ import annotations

import math

import pytest

from isotherm.effect import Effect
from isotherm.errors import BadSetting
from isotherm.study.evalue import e_value


def effect(
    measure: str, estimate: float, low: float, high: float, *, n: int | None = None, events: int | None = None
) -> Effect:
    return Effect(measure=measure, estimate=estimate, low=low, high=high, n=n, events=events)


@pytest.mark.parametrize(
    ("given", "rare", "ratio", "estimate", "limit"),
    [
        (effect("hazard ratio", 0.65, 0.5, 0.90), False, 0.7423, 2.031, 1.361),
        (effect("hazard ratio", 0.65, 0.5, 0.90), True, 0.65, 2.449, 1.462),
        (effect("hazard ratio", 1.5, 1.1, 2.0), False, 1.3238, 1.979, 1.338),
        # VanderWeele and Ding 2017: a risk ratio of 3.9 (1.8 to 8.7).
        (effect("risk ratio", 3.9, 1.8, 8.7), None, 3.9, 7.263, 3.0),
    ],
)
def test_check_values_reproduce(given: Effect, rare: bool | None, ratio: float, estimate: float, limit: float) -> None:
    found = e_value(given, rare=rare)
    assert found.risk_ratio == pytest.approx(ratio, abs=1e-4)
    assert found.estimate == pytest.approx(estimate, abs=1e-3)
    assert found.limit == pytest.approx(limit, abs=1e-3)


def test_an_interval_that_holds_no_effect_needs_no_confounder() -> None:
    assert e_value(effect("hazard ratio", 0.9, 0.7, 1.2), rare=False).limit == 1.0


def test_an_odds_ratio_of_a_common_outcome_counts_by_its_root_and_the_numbers_say_which_it_is() -> None:
    common = e_value(effect("odds ratio", 4.0, 2.0, 8.0, n=100, events=40))
    assert common.risk_ratio == pytest.approx(2.0)
    assert "common" in common.method
    assert e_value(effect("odds ratio", 4.0, 2.0, 8.0, n=100, events=4)).risk_ratio == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (effect("RMST difference", 4.0, 2.0, 8.0), "RMST difference came"),
        (effect("odds ratio", math.inf, 2.0, math.inf), "finite ratio"),
        (effect("hazard ratio", 2.0, 1.0, 3.0), "without its numbers"),
    ],
)
def test_what_has_no_e_value_is_refused(given: Effect, words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        e_value(given)
