"""Reconstruction: printed curves and numbers at risk back into data, what they cannot be, and how far they are off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.evidence_reconstruct import TRIALS, digitized, log_hazard_ratio
from isotherm.columns import Float, Int
from isotherm.errors import BadCurve
from isotherm.evidence.printed_curve import DigitizedCurve, NumbersAtRisk
from isotherm.evidence.reconstruct import Reconstruction, reconstruct
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.kaplan_meier import kaplan_meier

COLLISION_MONTHS = (0, 12, 24, 36, 48, 60, 72)
"""Local control including repeat treatments: numbers at risk and cumulative events, as COLLISION presented them in 2024
(Meijerink et al., ASCO annual meeting; the trial is NCT03088150)."""

COLLISION: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "resection, per patient": ((148, 109, 74, 47, 31, 13, 3), (0, 5, 5, 7, 7, 7, 7)),
    "ablation, per patient": ((148, 121, 83, 56, 33, 14, 5), (0, 0, 1, 1, 1, 1, 1)),
    "resection, per tumor": ((304, 220, 125, 70, 45, 16, 5), (0, 6, 6, 8, 8, 8, 8)),
    "ablation, per tumor": ((349, 295, 208, 129, 74, 40, 16), (0, 0, 1, 1, 1, 1, 1)),
}


def at_risk(outcome: TimeToEvent, days: Any) -> list[int]:
    return [int((outcome.time_days >= day).sum()) for day in days]


def collision(arm: str) -> Reconstruction:
    left, events = COLLISION[arm]
    days = [month * 365.25 / 12 for month in COLLISION_MONTHS]
    return reconstruct(NumbersAtRisk(days, left, events))


@pytest.mark.parametrize("arm", COLLISION)
def test_the_collision_table_comes_back_within_one_patient_and_one_event(arm: str) -> None:
    left, events = COLLISION[arm]
    found = collision(arm)
    days = np.array(COLLISION_MONTHS) * 365.25 / 12
    outcome = found.outcome
    assert len(outcome) == left[0]
    assert max(abs(np.subtract(at_risk(outcome, days), left))) <= 1
    by_then = [int(outcome.event[outcome.time_days <= day].sum()) for day in days]
    assert max(abs(np.subtract(by_then, events))) <= 1
    # The reconstruction keeps the table exactly, which its report says.
    assert found.report.at_risk_apart == (0,) * 7
    assert found.report.events == events[-1]
    assert found.report.rmse is None


@pytest.mark.parametrize(("per", "printed"), [("patient", (0.131, 0.016, 1.064)), ("tumor", (0.092, 0.011, 0.735))])
def test_the_printed_hazard_ratios_of_collision_come_back(per: str, printed: tuple[float, float, float]) -> None:
    """Where in a year an event happened is not printed; the table alone gives them to two digits."""
    arms = (collision(f"{arm}, per {per}").outcome for arm in ("resection", "ablation"))
    log_ratio, error = log_hazard_ratio(*arms)
    limits = np.exp(log_ratio + np.array([0.0, -1.0, 1.0]) * 1.959963984540054 * error)
    assert limits == pytest.approx(printed, rel=0.05)


@st.composite
def cohorts(draw: Any) -> tuple[Float, Int]:
    n = draw(st.integers(3, 40))
    days = draw(st.lists(st.integers(1, 60), min_size=n, max_size=n))
    events = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    return np.array(days, dtype=float), np.array(events)


@given(cohorts())
def test_without_noise_and_with_a_full_table_the_curve_comes_back(cohort: tuple[Float, Int]) -> None:
    days, events = cohort
    curve = kaplan_meier(TimeToEvent(days, events))
    table = np.concatenate([[0.0], curve.times_days])
    printed = NumbersAtRisk(table, [(days >= day).sum() for day in table])
    steps = np.concatenate([[0.0], curve.times_days])
    found = reconstruct(printed, DigitizedCurve(steps, np.concatenate([[1.0], curve.survival]), reading="steps"))
    again = kaplan_meier(found.outcome)
    assert [again.survival_at(day) for day in curve.times_days] == pytest.approx(curve.survival, abs=1e-9)
    assert found.report.largest == pytest.approx(0.0, abs=1e-9)
    assert found.report.at_risk_apart == (0,) * len(table)
    assert found.report.events == events.sum()


@given(cohorts(), st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=60)
def test_whatever_the_noise_the_table_is_kept_and_the_data_are_whole(
    cohort: tuple[Float, Int], seed: int, known: bool
) -> None:
    days, events = cohort
    rng = np.random.default_rng(seed)
    table = np.array([0.0, 10.0, 20.0, 30.0])
    table = table[table < days.max()]
    printed = NumbersAtRisk(table, [(days >= day).sum() for day in table])
    read = digitized(TimeToEvent(days, events), 40, rng)
    found = reconstruct(printed, read, total_events=int(events.sum()) if known else None)
    assert len(found.outcome) == len(days)
    assert at_risk(found.outcome, table) == list(printed.at_risk)
    assert found.report.at_risk_apart == (0,) * len(table)
    assert found.report.events == found.outcome.event.sum()
    assert found.report.events_apart == (found.report.events - events.sum() if known else None)


def test_points_that_stray_are_drawn_to_a_falling_curve_without_pulling_it_down() -> None:
    rng = np.random.default_rng(1)
    days = np.arange(1.0, 401.0)
    truth = 1.0 - 0.0005 * np.floor(days / 40.0)
    noisy = truth + rng.normal(size=400) * 0.005
    table = NumbersAtRisk([0.0], [10_000])
    found = reconstruct(table, DigitizedCurve(days, noisy))
    # Always taking the lower of two neighbors would end 0.015 too low.
    assert found.report.events / 10_000 == pytest.approx(1.0 - truth[-1], abs=0.003)


def test_the_total_of_events_says_how_many_left_without_one_after_the_last_number_at_risk() -> None:
    trial = TRIALS["colon, deaths"]
    arm = trial.arms[0]
    table = NumbersAtRisk([0.0, 365.0], at_risk(arm, [0.0, 365.0]))
    read = digitized(arm, 101, np.random.default_rng(0))
    found = reconstruct(table, read, total_events=int(arm.event.sum()))
    assert found.report.events == arm.event.sum()
    assert found.report.events_apart == 0


def test_a_total_that_the_curve_excludes_is_reported_not_forced() -> None:
    flat = DigitizedCurve([0.0, 300.0], [1.0, 1.0])
    held = reconstruct(NumbersAtRisk([0.0], [10]), flat, total_events=3)
    assert (held.report.events, held.report.events_apart) == (0, -3)


def test_events_printed_under_the_axis_are_kept_and_the_curve_says_where() -> None:
    table = NumbersAtRisk([0.0, 100.0, 200.0], [100, 80, 60], [0, 15, 20])
    days = np.array([0.0, 30.0, 60.0, 99.0, 150.0, 220.0])
    found = reconstruct(table, DigitizedCurve(days, [1.0, 0.99, 0.86, 0.85, 0.80, 0.80], reading="steps"))
    died = found.outcome.time_days[found.outcome.event == 1]
    assert (died <= 100.0).sum() == 15
    assert (died <= 200.0).sum() == 20
    assert (died == 60.0).sum() >= 12


def test_events_under_the_axis_and_the_total_settle_every_stretch() -> None:
    table = NumbersAtRisk([0.0, 100.0, 200.0], [100, 80, 60], [0, 15, 20])
    curve = DigitizedCurve([0.0, 30.0, 60.0, 99.0, 150.0, 250.0, 400.0], [1.0, 0.99, 0.86, 0.85, 0.80, 0.7, 0.6])
    for total in (24, 30):
        report = reconstruct(table, curve, total_events=total).report
        assert (report.events, report.events_apart) == (total, 0)
        assert report.events_by_table_apart == (0, 0, 0)
    with pytest.raises(BadCurve, match="20 to 80"):
        reconstruct(table, curve, total_events=90)
    ended = NumbersAtRisk([0.0, 100.0, 200.0, 450.0], [100, 80, 60, 0], [0, 15, 20, 33])
    assert reconstruct(ended, curve).report.events == 33


def test_times_come_in_days_with_nobody_on_day_zero_and_a_reading_before_it_is_moved() -> None:
    read = DigitizedCurve([-1.0, 0.0, 50.0, 100.0], [1.004, 0.997, 0.9, 0.8])
    found = reconstruct(NumbersAtRisk([0.0], [50]), read)
    assert found.outcome.time_days.min() > 0.0
    assert found.outcome.time_days.max() == 100.0


def test_a_curve_that_reaches_zero_leaves_nobody() -> None:
    read = DigitizedCurve([0.0, 10.0, 20.0, 30.0], [1.0, 0.5, 0.25, 0.0], reading="steps")
    found = reconstruct(NumbersAtRisk([0.0], [4]), read)
    assert found.outcome.event.tolist() == [1, 1, 1, 1]
    assert sorted(found.outcome.time_days) == [10.0, 10.0, 20.0, 30.0]


def test_a_curve_cut_off_before_the_end_leaves_those_who_were_still_watched() -> None:
    read = ([0.0, 100.0, 200.0, 300.0], [1.0, 0.9, 0.8, 0.7])
    table = NumbersAtRisk([0.0, 100.0], [100, 90])
    cut = reconstruct(table, DigitizedCurve(*read, cut=True)).outcome
    whole = reconstruct(table, DigitizedCurve(*read)).outcome
    # Nobody was lost in the first 100 days, so nobody is before the cut; a whole curve ends with its last patient.
    assert (cut.time_days[cut.event == 0] == 300.0).all()
    assert (whole.time_days[whole.event == 0] < 300.0).sum() > 40


@pytest.mark.parametrize(
    ("days", "survival", "words"),
    [
        ([0.0], [1.0], "1 point"),
        ([], [], "0 points"),
        ([0.0, 10.0], [1.0], "2 times and 1"),
        ([0.0, 10.0], [1.0, np.nan], "NaN"),
        ([0.0, np.inf], [1.0, 0.9], "NaN"),
        ([0.0, 10.0], [100.0, 95.0], "percent"),
        ([0.0, 10.0], [1.0, -0.2], "outside"),
        ([0.0, 10.0], [1.2, 0.9], "outside"),
        ([0.0, 100.0, 50.0, 200.0], [1.0, 0.9, 0.8, 0.7], "back"),
        ([-50.0, 10.0], [1.0, 0.9], "before day 0"),
        ([0.0, 10.0, 20.0], [0.0, 0.1, 0.4], "1 minus"),
        ([0.0, 0.0], [1.0, 0.9], "one day"),
        ([0.0, 1e6], [1.0, 0.9], "days"),
        (["a", "b"], [1.0, 0.9], "numbers"),
        ([[0.0, 10.0]], [[1.0, 0.9]], "2 dimensions"),
    ],
)
def test_curves_that_cannot_be_are_refused(days: Any, survival: Any, words: str) -> None:
    with pytest.raises(BadCurve, match=words):
        DigitizedCurve(days, survival)


def test_a_reading_is_one_of_two() -> None:
    with pytest.raises(BadCurve, match="steps"):
        DigitizedCurve([0.0, 10.0], [1.0, 0.9], reading="dots")  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("days", "left", "events", "words"),
    [
        ([], [], None, "no number"),
        ([0.0, 10.0], [10], None, "2 times and 1"),
        ([0.0, 10.0], [10, 12], None, "rise"),
        ([0.0, 10.0, 10.0], [10, 8, 6], None, "times"),
        ([5.0, 10.0], [10, 8], None, "day 0"),
        ([0.0, 10.0], [10, 8.5], None, "whole"),
        ([0.0, 10.0], [0, 0], None, "nobody"),
        ([0.0, 10.0], [10, -1], None, "negative"),
        ([0.0, np.nan], [10, 8], None, "NaN"),
        ([0.0, 10.0], [10, 8], [0, 3], "more events"),
        ([0.0, 10.0, 20.0], [10, 8, 5], [0, 2, 1], "fall"),
        ([0.0, 10.0], [10, 8], [1, 2], "start"),
        ([0.0, 10.0], [10, 8], [0], "2 times and 1"),
        ([0.0, 1e6], [10, 8], None, "days"),
    ],
)
def test_tables_that_cannot_be_are_refused(days: Any, left: Any, events: Any, words: str) -> None:
    with pytest.raises(BadCurve, match=words):
        NumbersAtRisk(days, left, events)


CURVE = DigitizedCurve([0.0, 50.0, 100.0], [1.0, 0.8, 0.6])


@pytest.mark.parametrize(
    ("table", "curve", "total", "words"),
    [
        (NumbersAtRisk([0.0, 50.0, 200.0], [10, 8, 3]), CURVE, None, "ends on day 100"),
        (NumbersAtRisk([0.0, 50.0], [10, 0]), CURVE, None, "nobody"),
        (NumbersAtRisk([0.0, 90.0], [10, 10]), CURVE, None, "belong"),
        (NumbersAtRisk([0.0, 50.0], [10, 8]), None, None, "events"),
        (NumbersAtRisk([0.0, 50.0], [10, 8]), CURVE, 11, "11 events"),
        (NumbersAtRisk([0.0, 50.0], [10, 8]), CURVE, -1, "-1 events"),
        (NumbersAtRisk([0.0, 50.0], [10, 8]), CURVE, 2.5, "2.5 events"),
        (NumbersAtRisk([0.0, 50.0], [10, 8], [0, 2]), CURVE, 1, "1 events"),
        (NumbersAtRisk([0.0, 50.0], [10, 8], [0, 2]), None, 4, "curve after"),
    ],
)
def test_a_curve_and_a_table_that_contradict_each_other_are_refused(
    table: NumbersAtRisk, curve: DigitizedCurve | None, total: Any, words: str
) -> None:
    with pytest.raises(BadCurve, match=words):
        reconstruct(table, curve, total_events=total)


@pytest.mark.parametrize("trial", TRIALS.values(), ids=str)
def test_a_reading_with_realistic_noise_gives_the_hazard_ratio_back(trial: Any) -> None:
    """Five readings of each; the bench has the 200 that its limit is about."""
    for seed in range(5):
        assert abs(trial.error(trial.table_days, seed)) < 0.05
