"""Courses are valid from birth: what cannot have happened is refused, with a count and without a value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isotherm.errors import BadColumn
from isotherm.study.designs.courses import Courses, Measurements, courses_from_calendar
from tests.study.designs.made import NAN, courses

PLAIN = (100.0, 1.0, 0.0, 20.0, 50.0, NAN)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((0.0, 0.0, NAN, NAN, NAN, NAN), "last_days is not after time zero in 1 of 2 rows"),
        ((NAN, 0.0, NAN, NAN, NAN, NAN), "last_days is missing or infinite"),
        ((50_000.0, 0.0, NAN, NAN, NAN, NAN), "longer than any human life"),
        ((100.0, 2.0, NAN, NAN, NAN, NAN), "died is neither 0 nor 1 in 1 of 2 rows"),
        ((100.0, NAN, NAN, NAN, NAN, NAN), "died is missing"),
        ((100.0, 1.0, 101.0, NAN, NAN, NAN), "systemic_days is after the end of observation in 1 of 2 rows"),
        ((100.0, 1.0, NAN, -3.0, NAN, NAN), "ablation_days is before time zero"),
        ((100.0, 1.0, NAN, -99.0, NAN, NAN), "a code for what is not known"),
        ((100.0, 1.0, NAN, np.inf, NAN, NAN), "ablation_days is infinite"),
        ((100.0, 1.0, NAN, NAN, 0.0, NAN), "progression_days is on day 0"),
        ((100.0, 1.0, NAN, NAN, NAN, 200.0), "contraindication_days is after the end"),
    ],
)
def test_what_cannot_be_is_refused(row: tuple[float, ...], words: str) -> None:
    with pytest.raises(BadColumn, match=words):
        courses(PLAIN, row)


def test_no_patient_is_refused() -> None:
    with pytest.raises(BadColumn, match="at least one patient"):
        Courses([], [], [], [], [])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"patient": ["a", "a"]}, "patient repeats in 1 of 2 rows"),
        ({"baseline": [[1.0], [NAN]], "baseline_names": ("age",)}, "baseline is missing or infinite in 1 of 2"),
        ({"baseline": [[1.0], [np.inf]], "baseline_names": ("age",)}, "baseline is missing or infinite in 1 of 2"),
        ({"baseline": [[1.0], [2.0]], "baseline_names": ("age", "sex")}, "shape"),
        ({"changing": Measurements(("cea",), [0], [0.0], [[1.0]])}, "cea is not known at time zero in 1 of 2"),
        ({"changing": Measurements(("cea",), [0, 1, 2], [0.0] * 3, [[1.0]] * 3)}, "beyond the last patient"),
        ({"zero": "first treatment"}, "time zero is not the first treatment in 1 of 2"),
    ],
)
def test_what_comes_with_the_days_is_checked(more: dict[str, Any], words: str) -> None:
    with pytest.raises(BadColumn, match=words):
        courses(PLAIN, (100.0, 1.0, NAN, NAN, NAN, NAN), **more)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (([0, 0], [0.0], [[1.0]]), "2 rows and 1 days"),
        (([-1], [0.0], [[1.0]]), "negative"),
        (([0], [90_000.0], [[1.0]]), "longer than any human life"),
        (([0, 0], [5.0, 5.0], [[1.0], [2.0]]), "another measurement"),
        (([0], [0.0], [["low"]]), "text"),
    ],
)
def test_measurements_are_checked(parts: tuple[Any, Any, Any], words: str) -> None:
    with pytest.raises(BadColumn, match=words):
        Measurements(("cea",), *parts)


def test_only_what_was_measured_before_a_day_is_known_then_and_time_zero_always_is() -> None:
    measured = Measurements(
        ("cea",), [1, 0, 0, 1, 0], [0.0, -4.0, 30.0, 10.0, 0.0], [[9.0], [1.0], [3.0], [8.0], [2.0]]
    )
    known = measured.known_before(np.array([0, 0, 0, 1, 1, 1]), np.array([0.0, 30.0, 30.5, 0.0, 10.0, 11.0]))
    assert known[:, 0].tolist() == [2.0, 2.0, 3.0, 9.0, 9.0, 8.0]


def test_a_patient_may_be_drawn_twice_with_all_measurements() -> None:
    measured = Measurements(("cea",), [0, 0, 1], [0.0, 30.0, 0.0], [[1.0], [2.0], [9.0]])
    made = courses(PLAIN, (200.0, 0.0, 5.0, NAN, NAN, 40.0), changing=measured)
    drawn = made.take(np.array([1, 0, 0]))
    assert len(drawn) == 3
    assert drawn.last_days.tolist() == [200.0, 100.0, 100.0]
    assert drawn.known_before(np.arange(3), np.full(3, 99.0))[:, 0].tolist() == [9.0, 2.0, 2.0]


def test_baseline_stands_before_what_changes() -> None:
    made = courses(
        PLAIN, baseline=[[7.0]], baseline_names=("age",), changing=Measurements(("cea",), [0], [0.0], [[1.0]])
    )
    assert made.known_before(np.array([0]), np.array([3.0])).tolist() == [[7.0, 1.0]]
    assert courses(PLAIN).known_before(np.array([0]), np.array([3.0])).shape == (1, 0)


def test_progression_counts_as_event_of_one_endpoint_and_death_of_both() -> None:
    made = courses(PLAIN, (200.0, 1.0, NAN, NAN, NAN, NAN), (300.0, 0.0, NAN, NAN, NAN, NAN))
    days, event = made.outcome("progression-free survival")
    assert (days.tolist(), event.tolist()) == ([50.0, 200.0, 300.0], [True, True, False])
    days, event = made.outcome("overall survival")
    assert (days.tolist(), event.tolist()) == ([100.0, 200.0, 300.0], [True, True, False])


def test_release_is_the_first_of_progression_contraindication_and_death() -> None:
    made = courses(PLAIN, (200.0, 1.0, NAN, NAN, NAN, NAN), (300.0, 0.0, NAN, NAN, 90.0, 30.0), (9.0, 0.0, *[NAN] * 4))
    assert made.excused_days.tolist() == [50.0, 200.0, 30.0, np.inf]


def test_days_of_a_calendar_are_counted_from_the_decision_or_from_the_first_treatment() -> None:
    calendar = {"last_day": [1100.0], "systemic_day": [1020.0], "ablation_day": [1090.0], "progression_day": [NAN]}
    decided = courses_from_calendar([1000.0], calendar, died=[1])
    assert (decided.zero, decided.systemic_days[0], decided.ablation_days[0]) == ("decision", 20.0, 90.0)
    treated = courses_from_calendar(None, calendar, died=[1])
    assert (treated.zero, treated.systemic_days[0], treated.ablation_days[0]) == ("first treatment", 0.0, 70.0)
    with pytest.raises(BadColumn, match="the first treatment is missing in 1 of 1"):
        courses_from_calendar(None, calendar | {"systemic_day": [NAN], "ablation_day": [NAN]}, died=[1])
    with pytest.raises(BadColumn, match="decision_day is missing"):
        courses_from_calendar([NAN], calendar, died=[1])


def test_courses_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        courses(PLAIN).last_days[0] = 3.0
