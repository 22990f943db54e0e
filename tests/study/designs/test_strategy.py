"""Strategies: the first day that contradicts one, both treatments counted, unless the patient is excused first."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from isotherm.errors import BadSetting
from isotherm.study.designs.strategy import (
    EARLY_ABLATION,
    EARLY_SYSTEMIC,
    FOLLOWED,
    NEVER,
    NO_ABLATION,
    NO_SYSTEMIC,
    Strategy,
    Window,
    arms_by_treatment,
    check_strategies,
    deviations,
)
from tests.study.designs.made import BOTH, DELAYED, NAN, UPFRONT, courses

THEN_SYSTEMIC = Strategy("upfront", Window(0.0, 28.0), Window(14.0, 28.0, "ablation"))
SYSTEMIC_FIRST = Strategy("delayed", Window(60.0, 90.0, "systemic"), Window(0.0, 28.0))


def left(strategy: Strategy, *row: float) -> tuple[float, int]:
    found = deviations(courses(row), strategy)
    return float(found.day[0]), int(found.reason[0])


@pytest.mark.parametrize(
    ("strategy", "row", "expected"),
    [
        (UPFRONT, (500, 0, 0, 28, NAN, NAN), (math.inf, FOLLOWED)),
        (UPFRONT, (500, 0, 0, 29, NAN, NAN), (28.0, NO_ABLATION)),
        (UPFRONT, (500, 0, 0, NAN, NAN, NAN), (28.0, NO_ABLATION)),
        (UPFRONT, (500, 0, 0, NAN, 28, NAN), (math.inf, FOLLOWED)),
        (UPFRONT, (500, 0, 0, NAN, 29, NAN), (28.0, NO_ABLATION)),
        (UPFRONT, (500, 0, 0, NAN, NAN, 10), (math.inf, FOLLOWED)),
        (UPFRONT, (20, 1, 0, NAN, NAN, NAN), (math.inf, FOLLOWED)),
        (UPFRONT, (20, 0, 0, NAN, NAN, NAN), (math.inf, FOLLOWED)),
        (UPFRONT, (28, 0, 0, NAN, NAN, NAN), (28.0, NO_ABLATION)),
        (DELAYED, (500, 0, 0, 0, NAN, NAN), (0.0, EARLY_ABLATION)),
        (DELAYED, (500, 0, 0, 59, NAN, NAN), (59.0, EARLY_ABLATION)),
        (DELAYED, (500, 0, 0, 59, 59, NAN), (math.inf, FOLLOWED)),
        (DELAYED, (500, 0, 0, 59, 58, NAN), (math.inf, FOLLOWED)),
        (DELAYED, (500, 0, 0, 60, NAN, NAN), (math.inf, FOLLOWED)),
        (DELAYED, (500, 0, 0, NAN, 80, NAN), (math.inf, FOLLOWED)),
        (DELAYED, (500, 0, 0, 95, NAN, NAN), (90.0, NO_ABLATION)),
        (THEN_SYSTEMIC, (500, 0, 30, 10, NAN, NAN), (math.inf, FOLLOWED)),
        (THEN_SYSTEMIC, (500, 0, 20, 10, NAN, NAN), (20.0, EARLY_SYSTEMIC)),
        (THEN_SYSTEMIC, (500, 0, 39, 10, NAN, NAN), (38.0, NO_SYSTEMIC)),
        (THEN_SYSTEMIC, (500, 0, NAN, 10, 30, NAN), (math.inf, FOLLOWED)),
        (THEN_SYSTEMIC, (500, 0, 5, 10, NAN, NAN), (5.0, EARLY_SYSTEMIC)),
        (THEN_SYSTEMIC, (500, 0, NAN, NAN, NAN, NAN), (28.0, NO_ABLATION)),
        (SYSTEMIC_FIRST, (500, 0, 20, 85, NAN, NAN), (math.inf, FOLLOWED)),
        (SYSTEMIC_FIRST, (500, 0, 20, 75, NAN, NAN), (75.0, EARLY_ABLATION)),
        (SYSTEMIC_FIRST, (500, 0, 20, NAN, NAN, NAN), (110.0, NO_ABLATION)),
        (SYSTEMIC_FIRST, (500, 0, NAN, NAN, NAN, NAN), (28.0, NO_SYSTEMIC)),
        (SYSTEMIC_FIRST, (500, 0, NAN, 12, NAN, NAN), (12.0, EARLY_ABLATION)),
        (Strategy("ablation only", Window(0, 28), NEVER), (500, 0, 300, 10, NAN, NAN), (300.0, EARLY_SYSTEMIC)),
        (Strategy("ablation only", Window(0, 28), NEVER), (500, 0, NAN, 10, NAN, NAN), (math.inf, FOLLOWED)),
    ],
)
def test_the_first_day_that_contradicts_a_strategy(
    strategy: Strategy, row: tuple[float, ...], expected: tuple[float, int]
) -> None:
    assert left(strategy, *row) == expected


def test_a_static_strategy_does_not_release_those_who_progress() -> None:
    static = replace(UPFRONT, dynamic=False)
    assert left(static, 500, 0, 0, NAN, 10, NAN) == (28.0, NO_ABLATION)
    assert left(static, 20, 1, 0, NAN, 10, NAN) == (math.inf, FOLLOWED)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Window(-1.0, 5.0), "window from day -1"),
        (lambda: Window(6.0, 5.0), "does not end before"),
        (lambda: Window(NAN, 5.0), "window from day nan"),
        (lambda: Strategy(" ", Window(0.0, 5.0)), "without a name"),
        (lambda: Strategy("a", None), "without a window"),
        (lambda: Strategy("a", Window(0, 5, "ablation")), "wait for each other"),
        (lambda: Strategy("a", None, Window(0, 5, "systemic")), "wait for each other"),
        (lambda: Strategy("a", Window(0, 5, "systemic"), Window(0, 5, "ablation")), "wait for each other"),
        (lambda: check_strategies([UPFRONT]), "1 strategies"),
        (lambda: check_strategies([UPFRONT, UPFRONT]), "1 names"),
    ],
)
def test_strategies_without_meaning_are_refused(make: Any, words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        make()


def test_the_end_of_a_strategy_is_the_last_day_a_window_can_end() -> None:
    assert UPFRONT.end_days == 28.0
    assert THEN_SYSTEMIC.end_days == 56.0
    assert Strategy("both", Window(0, 28), Window(0, 40)).end_days == 40.0
    assert Strategy("none", NEVER).end_days == 0.0


def test_arms_are_what_treatments_fulfil_and_others_are_never_forced_into_one() -> None:
    made = courses(
        (500, 0, 0, 10, NAN, NAN), (500, 0, 0, 40, NAN, NAN), (500, 0, 0, 70, NAN, NAN), (500, 0, *[NAN] * 4)
    )
    assert arms_by_treatment(made, BOTH).tolist() == [0, -1, 1, -1]
    assert arms_by_treatment(made, BOTH, by_day=60.0).tolist() == [0, -1, -1, -1]
    assert arms_by_treatment(made, (*BOTH, Strategy("no ablation", NEVER))).tolist() == [0, -1, 1, 2]


def test_an_arm_without_a_treatment_is_judged_by_what_came_up_to_the_day() -> None:
    made = courses((500, 0, 300, 10, NAN, NAN), (500, 0, NAN, 10, NAN, NAN))
    arms = (Strategy("ablation only", Window(0, 28), NEVER), Strategy("systemic within a month", None, Window(0, 30)))
    assert arms_by_treatment(made, arms).tolist() == [-1, 0]
    assert arms_by_treatment(made, arms, by_day=100.0).tolist() == [0, 0]


def test_strategies_that_one_course_fulfils_both_are_refused() -> None:
    with pytest.raises(BadSetting, match="1 patients fulfil"):
        arms_by_treatment(courses((500, 0, 0, 10, NAN, NAN)), (UPFRONT, Strategy("early", Window(5, 15))))


def test_deviations_do_not_depend_on_the_order_of_rows() -> None:
    rows = [(500, 0, 0, 10, NAN, NAN), (500, 0, 0, 40, 300, NAN), (45, 1, 0, NAN, NAN, NAN)]
    forth, back = deviations(courses(*rows), DELAYED), deviations(courses(*rows[::-1]), DELAYED)
    assert np.array_equal(forth.day, back.day[::-1])
    assert np.array_equal(forth.reason, back.reason[::-1])
