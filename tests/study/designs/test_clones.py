"""Clones: who is censored when, and weights that can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from isotherm.errors import BadSetting, NoOverlap, NotConverged, NothingToCompare, OutOfReach
from isotherm.study.designs import censoring
from isotherm.study.designs.censoring import MOST_LEVELS, censoring_factors
from isotherm.study.designs.clone_estimates import estimate_clones
from isotherm.study.designs.clones import Clones, clone, together, truncated
from isotherm.study.designs.courses import Courses, Measurements
from isotherm.study.designs.spans import spans
from isotherm.study.designs.strategy import NEVER, Strategy, Window, deviations, due
from isotherm.study.survival.kaplan_meier import kaplan_meier
from tests.study.designs.made import BOTH, DELAYED, NAN, UPFRONT, courses, random_courses

OS, PFS = "overall survival", "progression-free survival"

FIVE = (
    (500.0, 1.0, 0.0, 10.0, NAN, NAN),  # ablated in the window
    (400.0, 1.0, 0.0, 20.0, 15.0 + 10.0, NAN),  # ablated in the window, progressed within it
    (300.0, 1.0, 0.0, NAN, 12.0, NAN),  # excused by progression
    (350.0, 1.0, 0.0, NAN, NAN, NAN),  # obliged, not ablated
    (450.0, 0.0, 0.0, 27.0, NAN, NAN),  # ablated in the window
)
SIX = (*FIVE, (500.0, 1.0, 0.0, 75.0, NAN, NAN))  # ablated in the late window, so obliged in the early one


def factors(made: Courses, strategy: Strategy, period_days: float = 7.0) -> dict[int, list[tuple[float, float]]]:
    left = deviations(made, strategy)
    found = censoring_factors(made, due(made, strategy), left, made.last_days, period_days=period_days)
    out: dict[int, list[tuple[float, float]]] = {}
    for patient, day, factor in zip(found.patient.tolist(), found.day.tolist(), found.factor.tolist(), strict=True):
        out.setdefault(patient, []).append((day, factor))
    return out


def test_at_the_end_of_a_window_those_treated_stand_for_all_who_were_obliged() -> None:
    # Obliged on day 28: patients 0, 3, 4, of whom 2 were ablated. 1 and 2 had progressed: nothing is asked of them.
    found = factors(courses(*FIVE), UPFRONT)
    assert set(found) == {0, 4}
    for rows in found.values():
        assert rows == [(28.0, pytest.approx(1.5, rel=1e-9))]


def test_before_a_window_the_chance_is_a_product_over_steps_and_ends_with_release() -> None:
    # Early ablations on days 10 (period 1), 20 (period 2), 27 (period 3). Patient 2 is excused on day 12, in period 1.
    made = courses(*FIVE)
    found = factors(made, Strategy("delayed", Window(60.0, 1000.0)))
    periods = [pytest.approx(5 / 4, rel=1e-9), pytest.approx(3 / 2, rel=1e-9), pytest.approx(2, rel=1e-9)]
    assert found[3] == [(14.0, periods[0]), (21.0, periods[1]), (28.0, periods[2])]
    assert found[2] == [(14.0, periods[0])]


def test_a_step_ends_where_the_window_opens() -> None:
    made = courses((500, 0, 0, 9, NAN, NAN), (500, 0, 0, 40, NAN, NAN), (500, 0, 0, 41, NAN, NAN))
    assert factors(made, Strategy("late", Window(10.0, 90.0)))[1] == [(10.0, pytest.approx(1.5))]


def test_the_weights_of_clones_add_up_to_the_clones_that_they_stand_for() -> None:
    made = courses(*SIX)
    clones, _ = clone(made, BOTH, endpoint=OS, period_days=7.0)
    after = (clones.start_days <= 28.0) & (clones.stop_days > 28.0)
    by_patient = dict(zip(clones.patient[after].tolist(), clones.weight[after].tolist(), strict=True))
    # Of 4 obliged 2 were ablated, who weigh twice as much as the excused 1 and 2: all six are stood for.
    assert by_patient[0] / by_patient[1] == pytest.approx(2.0)
    assert by_patient[4] == pytest.approx(by_patient[0])
    assert by_patient[2] == pytest.approx(by_patient[1])
    assert sum(by_patient.values()) / by_patient[1] == pytest.approx(6.0)
    days = clones.stop_days - clones.start_days
    assert float(clones.weight @ days / days.sum()) == pytest.approx(1.0)


def test_the_weighted_curve_is_the_product_worked_out_by_hand() -> None:
    clones, _ = clone(courses(*SIX), BOTH, endpoint=OS, period_days=7.0)
    outcome, arm = together([clones])
    curve = kaplan_meier(outcome, robust=True)
    assert arm.tolist() == [0] * len(outcome)
    assert curve.survival_at(300.0) == pytest.approx(5 / 6)
    assert curve.survival_at(400.0) == pytest.approx(5 / 6 * 4 / 5)


def test_a_stabilizer_for_those_who_can_deviate_only_would_undo_the_weights() -> None:
    weighted, plain = (clone(courses(*SIX), BOTH, endpoint=OS, period_days=7.0, weighted=w)[0] for w in (True, False))
    assert np.unique(plain.weight).tolist() == [1.0]
    assert np.ptp(weighted.weight) > 0.1


def test_an_event_before_any_deviation_counts_in_every_clone() -> None:
    made = courses(*SIX, (5.0, 1.0, 0.0, NAN, NAN, NAN))
    one, other = clone(made, BOTH, endpoint=OS, period_days=7.0)
    assert one.event[6]
    assert other.event[6]
    assert (other.event[0], other.end_days[0]) == (False, 10.0)


def test_clones_that_deviate_on_day_0_are_counted_and_have_no_time_at_risk() -> None:
    made = courses(*SIX, (500, 0, 0, 0, NAN, NAN))
    _, delayed = clone(made, BOTH, endpoint=OS, period_days=7.0)
    assert delayed.end_days[6] == 0.0
    assert 6 not in delayed.patient
    with pytest.raises(NothingToCompare, match="deviate on day 0"):
        clone(courses((500, 0, 0, 0, NAN, NAN)), BOTH, endpoint=OS, period_days=7.0, weighted=False)


def test_nobody_who_follows_a_strategy_is_no_overlap() -> None:
    with pytest.raises(NoOverlap, match="no ablation by the end of its window"):
        clone(courses(FIVE[2], FIVE[3]), BOTH, endpoint=OS, period_days=7.0)


def test_a_chance_that_is_none_is_no_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(censoring, "SURE", 0.9)
    with pytest.raises(NoOverlap, match="had no chance"):
        clone(courses(*SIX), BOTH, endpoint=OS, period_days=7.0)


def test_a_model_without_any_fit_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(censoring, "fit_logistic", lambda *_: (1, 0, 0.0))
    with pytest.raises(NotConverged, match="use fewer covariates"):
        clone(courses(*SIX), BOTH, endpoint=OS, period_days=7.0)


def test_covariates_that_tell_deviations_apart_are_fitted_with_a_penalty_and_counted() -> None:
    told = [[0.0], [0.0], [1.0], [1.0], [0.0], [1.0]]
    made = courses(*SIX, baseline=told, baseline_names=("told",))
    clones, _ = clone(made, BOTH, endpoint=OS, period_days=7.0)
    assert clones.penalized == 1


@pytest.mark.parametrize("period_days", [0.0, -7.0, NAN, np.inf])
def test_steps_have_a_length(period_days: float) -> None:
    with pytest.raises(BadSetting, match="Periods of"):
        clone(courses(*SIX), BOTH, endpoint=OS, period_days=period_days)


def test_who_is_known_by_the_first_treatment_only_cannot_be_cloned() -> None:
    with pytest.raises(OutOfReach, match="adjust at baseline and weight for censoring"):
        clone(courses(*SIX, zero="first treatment"), BOTH, endpoint=OS, period_days=7.0)


def test_both_treatments_outside_of_their_windows_censor() -> None:
    strict = (
        Strategy("upfront", Window(0, 28), Window(14, 28, "ablation")),
        Strategy("delayed", Window(60, 90, "systemic"), Window(0, 28)),
    )
    rows = [(500, 0, 30, 10, NAN, NAN), (500, 0, 39, 10, NAN, NAN), (500, 0, 12, 10, NAN, NAN),
            (500, 0, 3, 70, NAN, NAN), (500, 0, 3, NAN, NAN, NAN), (500, 0, NAN, NAN, NAN, NAN)]  # fmt: skip
    first, second = clone(courses(*rows), strict, endpoint=OS, period_days=7.0)
    assert first.end_days.tolist() == [500.0, 38.0, 12.0, 3.0, 3.0, 28.0]
    assert second.end_days.tolist() == [10.0, 10.0, 10.0, 500.0, 93.0, 28.0]


def test_a_hazard_over_many_steps_is_one_number_for_several() -> None:
    rows = [(500, 0, 0, 10.0 * k + 5, NAN, NAN) for k in range(30)] + [(500, 0, 0, NAN, NAN, NAN)] * 10
    made = courses(*rows)
    left = deviations(made, Strategy("none", NEVER))
    (one,) = due(made, Strategy("none", NEVER))
    periods = censoring.early_periods(one, left, made.last_days, 10.0)
    assert int(periods.level.max()) + 1 == MOST_LEVELS
    assert np.bincount(periods.level[~periods.stays]).min() >= 2
    assert (np.diff(periods.level[periods.patient == 39]) >= 0).all()


def test_many_deviations_in_one_step_leave_no_level_empty() -> None:
    rows = [(500, 0, 0, 5.0, NAN, NAN)] * 60 + [(500, 0, 0, 10.0 * k + 5, NAN, NAN) for k in range(1, 15)]
    made = courses(*rows, (500, 0, 0, NAN, NAN, NAN))
    none = Strategy("none", NEVER)
    periods = censoring.early_periods(due(made, none)[0], deviations(made, none), made.last_days, 10.0)
    assert (np.bincount(periods.level[~periods.stays]) > 0).all()
    assert len(clone(made, (none, Strategy("late", Window(0, 500))), endpoint=OS, period_days=10.0)) == 2


def test_what_is_known_before_a_step_decides_its_chance() -> None:
    # Those who declined on day 5 are never ablated early; the others are in half of all cases, within period 1.
    rows = [(500, 0, 0, 10.0 if k < 4 else NAN, NAN, NAN) for k in range(12)]
    declined = Measurements(
        ("declined",), [*range(12), 8, 9, 10, 11], [0.0] * 12 + [5.0] * 4, [[0.0]] * 12 + [[1.0]] * 4
    )
    found = factors(courses(*rows, changing=declined), Strategy("delayed", Window(60.0, 1000.0)))
    assert found[4][0][1] > 1.8
    assert found[9][0][1] < 1.2
    late = replace_days(declined, 7.0)  # on the first day of the period: not before it
    found = factors(courses(*rows, changing=late), Strategy("delayed", Window(60.0, 1000.0)))
    assert found[4][0][1] == pytest.approx(found[9][0][1])


def replace_days(measured: Measurements, day: float) -> Measurements:
    days = np.where(measured.day > 0.0, day, measured.day)
    return Measurements(measured.names, measured.row, days, measured.values)


def test_a_static_strategy_counts_only_those_still_at_risk_at_the_end_of_a_window() -> None:
    static = (replace(UPFRONT, dynamic=False), replace(DELAYED, dynamic=False))
    made = random_courses(60, 3)
    for strict, loose in zip(
        clone(made, static, endpoint=PFS, period_days=7.0),
        clone(made, BOTH, endpoint=PFS, period_days=7.0),
        strict=True,
    ):
        assert np.array_equal(strict.end_days, loose.end_days)
        assert strict.weight == pytest.approx(loose.weight)


def test_estimates_turn_their_sign_with_the_reference() -> None:
    made = random_courses(80, 5)
    forth = estimate_clones(clone(made, BOTH, endpoint=OS, period_days=7.0), 300.0).contrasts
    back = estimate_clones(clone(made, BOTH[::-1], endpoint=OS, period_days=7.0), 300.0).contrasts
    assert forth == pytest.approx(-back)


def test_estimates_do_not_depend_on_the_order_of_patients() -> None:
    made = random_courses(80, 5)
    turned = made.take(np.random.default_rng(0).permutation(80))
    one, other = (estimate_clones(clone(c, BOTH, endpoint=OS, period_days=7.0), 300.0) for c in (made, turned))
    assert one.contrasts == pytest.approx(other.contrasts, rel=1e-7)


def test_patients_who_all_stay_in_every_strategy_give_no_difference() -> None:
    made = courses(*[(float(10 + k), 1.0, 0.0, NAN, NAN, NAN) for k in range(10)], (400, 0, 0, NAN, 5, NAN))
    found = estimate_clones(clone(made, BOTH, endpoint=OS, period_days=7.0), 19.0)
    assert found.contrasts == pytest.approx(np.zeros((3, 1)), abs=1e-9)
    assert found.risk == pytest.approx([10 / 11, 10 / 11])
    with pytest.raises(NothingToCompare, match="horizon is day 500"):
        estimate_clones(clone(made, BOTH, endpoint=OS, period_days=7.0), 500.0)


def test_truncated_weights_stay_within_their_percentiles() -> None:
    (one, _) = clone(random_courses(80, 5), BOTH, endpoint=OS, period_days=7.0)
    cut = truncated(one, (0.05, 0.9))
    low, high = np.quantile(one.weight, [0.05, 0.9])
    assert (cut.min(), cut.max()) == (pytest.approx(low), pytest.approx(high))
    assert isinstance(one, Clones)


def test_spans_cover_the_time_at_risk_without_gap_or_overlap() -> None:
    end = np.array([10.0, 0.0, 5.0])
    cuts = (np.array([0, 0, 0, 0, 2, 2, 2, 1]), np.array([3.0, 3.0, 12.0, np.inf, -1.0, 0.0, 4.999, 1.0]))
    who, start, stop, last = spans(end, cuts)
    assert who.tolist() == [0, 0, 2]
    assert start.tolist() == [0.0, 3.0, 0.0]
    assert stop.tolist() == [3.0, 10.0, 5.0]
    assert last.tolist() == [False, True, True]
    assert [len(part) for part in spans(np.zeros(3), cuts)] == [0, 0, 0, 0]


def test_a_clone_that_ends_seconds_after_time_zero_is_no_row_without_length() -> None:
    made = courses(*SIX, (500.0, 0.0, 0.0, 1e-7, NAN, NAN), (1e-7, 1.0, 0.0, NAN, NAN, NAN))
    clones = clone(made, BOTH, endpoint=OS, period_days=7.0)
    assert float(clones[1].stop_days[clones[1].patient == 6][0]) == 1.0 / 64.0
    assert [int(one.dies.sum()) for one in clones] == [int(one.event.sum()) for one in clones]
    assert estimate_clones(clones, 300.0).risk[0] > 0.0
