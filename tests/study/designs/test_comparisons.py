"""Naive, landmark and time-dependent designs: who is in them, from which day on, and what their words say."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from isotherm.errors import BadSetting, NotConverged, NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study.designs.contrast import contrast, horizon_within
from isotherm.study.designs.courses import Courses, Measurements
from isotherm.study.designs.landmark import landmark
from isotherm.study.designs.naive import naive
from isotherm.study.designs.result import DesignResult
from isotherm.study.designs.strategy import NEVER, Strategy, Window
from isotherm.study.designs.time_dependent import NOT_YET, time_dependent
from isotherm.study.survival.cox import cox
from isotherm.study.survival.kaplan_meier import kaplan_meier
from tests.study.designs.made import BOTH, NAN, courses, random_courses

OS, PFS = "overall survival", "progression-free survival"


def adds_up(result: DesignResult, patients: int) -> bool:
    return sum(arm.n for arm in result.arms) + sum(count for _, count in result.left_out) == patients


@pytest.mark.parametrize("clock", ["time zero", "systemic", "ablation"])
@pytest.mark.parametrize("endpoint", [OS, PFS])
def test_the_naive_comparison_counts_everybody_and_answers_nothing(endpoint: Any, clock: Any) -> None:
    made = random_courses(150, 1)
    found = naive(made, BOTH, endpoint=endpoint, clock=clock, horizon_days=200.0)
    assert adds_up(found, 150)
    assert found.target.startswith("No question of treatment")
    assert "Immortal time" in found.remaining_bias[0]
    assert [curve.label for curve in found.curves] == ["upfront", "delayed"]


def test_the_naive_clock_starts_where_it_is_said_to() -> None:
    made = courses(
        *[(300.0 + k, 1, 5, 10, NAN, NAN) for k in range(5)],
        *[(302.5 + 15 * k, 1, 5, 70, NAN, NAN) for k in range(5)],
        (300, 1, NAN, 20, NAN, NAN),
        (400, 1, 3, NAN, NAN, NAN),
    )
    systemic = naive(made, BOTH, endpoint=OS, clock="systemic", horizon_days=200.0)
    assert systemic.curves[0].times_days[0] == 295.0
    assert [arm.n for arm in systemic.arms] == [5, 5]
    assert [count for _, count in systemic.left_out] == [1, 1]
    assert naive(made, BOTH, endpoint=OS, clock="ablation", horizon_days=200.0).curves[1].times_days[0] == 232.5
    assert naive(made, BOTH, endpoint=OS, horizon_days=200.0).curves[0].times_days[0] == 300.0


def test_the_landmark_of_the_progression_free_leaves_out_the_progressed_and_starts_its_clock_there() -> None:
    made = random_courses(200, 2)
    found = landmark(made, BOTH, endpoint=OS, day=91.0, horizon_days=300.0, adjust=False)
    assert adds_up(found, 200)
    free = (made.last_days > 91.0) & ~(made.progression_days <= 91.0)
    early = free & (made.ablation_days <= 28.0)
    by_hand = kaplan_meier(TimeToEvent(made.last_days[early] - 91.0, made.died[early].astype(int)))
    assert np.array_equal(found.curves[0].survival, by_hand.survival)
    assert "progression-free 91 days after time zero" in found.target
    risk = found.risk_differences[0]
    assert risk.estimate == pytest.approx(found.curves[0].survival_at(209.0) - found.curves[1].survival_at(209.0))
    assert risk.at_days == 209.0
    living = landmark(made, BOTH, endpoint=OS, day=91.0, among="living", horizon_days=300.0, adjust=False)
    assert adds_up(living, 200)
    assert living.arms[0].n > found.arms[0].n
    assert any("Selection" in words for words in living.remaining_bias)


def test_an_earlier_landmark_tells_how_many_are_treated_after_it() -> None:
    made = random_courses(200, 2)
    found = landmark(made, BOTH, endpoint=OS, day=75.0, horizon_days=300.0)
    after = ((made.ablation_days > 75.0) & (made.ablation_days <= 90.0)).sum()
    assert f"{after} patients were treated after day 75" in found.remaining_bias[-1]
    assert adds_up(found, 200)


def test_the_landmark_is_adjusted_for_what_was_known_at_time_zero() -> None:
    made = random_courses(200, 2)
    plain, adjusted = (
        landmark(made, BOTH, endpoint=OS, day=91.0, horizon_days=300.0, adjust=a).hazard_ratios[0].estimate
        for a in (False, True)
    )
    assert plain != pytest.approx(adjusted)
    assert landmark(bare(made), BOTH, endpoint=OS, day=91.0, horizon_days=300.0).hazard_ratios[
        0
    ].estimate == pytest.approx(plain)


def test_a_covariate_that_follows_from_others_is_named_as_the_protocol_calls_it() -> None:
    made = random_courses(200, 2)
    twice = Courses(made.last_days, made.died, made.systemic_days, made.ablation_days, made.progression_days,
                    baseline=np.hstack([made.baseline[:, :1]] * 2), baseline_names=("Age", "RAS: mutated"))  # fmt: skip
    found = landmark(twice, BOTH, endpoint=OS, day=91.0, horizon_days=300.0)
    assert found.remarks[0].startswith("There is no hazard ratio. RAS: mutated follows from the covariates before it")
    with pytest.raises(NotConverged, match="RAS: mutated follows"):
        time_dependent(twice, BOTH, endpoint=OS)


def bare(made: Courses) -> Courses:
    return Courses(made.last_days, made.died, made.systemic_days, made.ablation_days, made.progression_days)


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"endpoint": PFS, "among": "living"}, BadSetting, "use the progression-free"),
        ({"day": 0.0}, BadSetting, "a day after time zero"),
        ({"day": NAN}, BadSetting, "a day after time zero"),
        ({"day": np.inf}, BadSetting, "a day after time zero"),
        ({"day": 400.0}, NothingToCompare, "is not after day 400"),
        ({"horizon_days": 5000.0}, NothingToCompare, "observed for"),
    ],
)
def test_landmarks_without_meaning_are_refused(settings: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        landmark(random_courses(150, 1), BOTH, **({"endpoint": OS, "day": 91.0, "horizon_days": 300.0} | settings))


def test_an_empty_arm_is_said_so() -> None:
    never = Strategy("in the second year", Window(400, 700))
    with pytest.raises(NothingToCompare, match='No patient is in the arm "in the second year"'):
        naive(random_courses(100, 1), (BOTH[0], never), endpoint=OS, horizon_days=100.0)


def test_four_arms_are_compared_with_the_first() -> None:
    made = random_courses(300, 4)
    four = (*BOTH, Strategy("in between", Window(29, 59)), Strategy("no ablation", NEVER))
    three = (four[3], *BOTH)
    found = naive(made, three, endpoint=OS, horizon_days=200.0)
    assert [effect.name for effect in found.risk_differences] == ["upfront v no ablation", "delayed v no ablation"]
    assert len(found.hazard_ratios) == len(found.rmst_differences) == 2
    with pytest.raises(NothingToCompare, match="in between"):
        naive(made, four, endpoint=OS, horizon_days=200.0)


def test_arms_without_an_event_by_the_horizon_have_no_p_value() -> None:
    days = np.array([50.0, 60.0, 70.0, 55.0, 65.0, 75.0])
    found = contrast(days, np.ones(6, bool), np.repeat([0, 1], 3), ("a", "b"), endpoint=OS, horizon_days=40.0)
    assert found.risk_differences[0].estimate == 0.0
    assert found.risk_differences[0].p_value is None
    all_dead = contrast(days, np.ones(6, bool), np.repeat([0, 1], 3), ("a", "b"), endpoint=OS, horizon_days=70.0)
    assert all_dead.risk_differences[0].estimate == pytest.approx(2 / 3 - 1)


def test_without_a_hazard_ratio_the_risks_still_stand_and_the_reason_is_said() -> None:
    rows = [*[(300.0 + k, 1, 0, 10, NAN, NAN) for k in range(5)], *[(200.0 + k, 1, 0, 70, NAN, NAN) for k in range(5)]]
    found = naive(courses(*rows), BOTH, endpoint=OS, horizon_days=203.0)
    assert found.risk_differences[0].estimate == pytest.approx(0.8)
    assert found.hazard_ratios == ()
    assert found.remarks[0].startswith("There is no hazard ratio. The partial likelihood rises without end")


def test_a_horizon_lies_after_the_start_of_the_clock_and_within_observation() -> None:
    made = random_courses(20, 1)
    assert horizon_within(made, 300.0, 91.0) == 209.0
    with pytest.raises(NothingToCompare, match="all patients"):
        horizon_within(made, 9000.0)


def test_patients_count_as_treated_from_the_day_of_ablation_on() -> None:
    made = bare(random_courses(120, 6))
    found = time_dependent(made, BOTH, endpoint=OS)
    ablated = np.where(np.isnan(made.ablation_days), np.inf, made.ablation_days)
    rows: list[tuple[float, float, int, int, float, float]] = []
    for i in range(len(made)):
        treated = (float(ablated[i] <= 28.0), float(28.0 < ablated[i] < 100.0))
        if 0.0 < ablated[i] < made.last_days[i]:
            rows.append((0.0, ablated[i], 0, i, 0.0, 0.0))
        start = ablated[i] if ablated[i] < made.last_days[i] else 0.0
        rows.append((start, made.last_days[i], int(made.died[i]), i, *treated))
    start, stop, event, patient, early, late = np.array(rows).T
    by_hand = cox(TimeToEvent(stop, event, start, cluster=patient), np.column_stack([early, late]), names=["e", "l"])
    assert [effect.estimate for effect in found.hazard_ratios] == pytest.approx(np.exp(by_hand.coefficients).tolist())
    assert [effect.high for effect in found.hazard_ratios] == pytest.approx([e.high for e in by_hand.effects()])
    assert [arm.name for arm in found.arms] == [NOT_YET, "upfront", "delayed"]
    assert sum(arm.events for arm in found.arms) == made.died.sum()
    assert found.curves == ()
    assert "flatters ablation" in found.remaining_bias[-1]


def test_an_ablation_outside_of_all_windows_is_a_group_of_its_own() -> None:
    made = random_courses(150, 7)
    windows = (Strategy("first weeks", Window(0, 14)), Strategy("delayed", Window(60, 90)))
    found = time_dependent(made, windows, endpoint=PFS)
    assert found.arms[-1].name == "ablation outside of all windows"
    assert len(found.remaining_bias) == 1


def test_changing_covariates_and_progression_are_adjusted_for_from_their_day_on() -> None:
    made = random_courses(150, 7)
    n = len(made)
    seen = np.flatnonzero(made.last_days > 50.0)
    marker = Measurements(
        ("marker",),
        np.concatenate([np.arange(n), seen]),
        np.concatenate([np.zeros(n), np.full(len(seen), 50.0)]),
        np.concatenate([np.zeros(n), seen % 2])[:, None],
    )
    changing = Courses(
        made.last_days, made.died, made.systemic_days, made.ablation_days, made.progression_days, changing=marker
    )
    kinds = [
        time_dependent(changing, BOTH, endpoint=OS, adjust=False),
        time_dependent(changing, BOTH, endpoint=OS),
        time_dependent(changing, BOTH, endpoint=OS, adjust_progression=True),
        time_dependent(changing, BOTH, endpoint=OS, adjust=False, adjust_progression=True),
    ]
    estimates = [kind.hazard_ratios[1].estimate for kind in kinds]
    assert len({round(value, 6) for value in estimates}) == 4


def test_without_anybody_ablated_there_is_nothing_to_compare() -> None:
    made = courses((100, 1, 0, NAN, NAN, NAN), (200, 1, 0, NAN, NAN, NAN))
    with pytest.raises(NothingToCompare, match="Nobody was ablated"):
        time_dependent(made, BOTH, endpoint=OS)
    with pytest.raises(NothingToCompare, match="Nobody was ablated"):
        time_dependent(courses((100, 1, 0, 0, NAN, NAN), (200, 1, 0, 0, NAN, NAN)), BOTH, endpoint=OS)
    with pytest.raises(NothingToCompare, match="1 strategies ask for an ablation window"):
        time_dependent(made, (BOTH[0], Strategy("systemic", None, Window(0, 9))), endpoint=OS)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda made: naive(made, BOTH, endpoint=cast("Any", "os"), horizon_days=200.0), 'endpoint "os"'),
        (
            lambda made: naive(made, BOTH, endpoint=OS, clock=cast("Any", "surgery"), horizon_days=200.0),
            'clock "surgery"',
        ),
        (
            lambda made: landmark(made, BOTH, endpoint=OS, day=91.0, among=cast("Any", "alive"), horizon_days=300.0),
            'group "alive"',
        ),
        (lambda made: time_dependent(made, BOTH, endpoint=cast("Any", "PFS")), 'endpoint "PFS"'),
        (lambda _: Window(0.0, 28.0, cast("Any", "surgery")), 'anchor "surgery"'),
        (lambda _: random_courses(20, 1, zero="birth"), 'time zero "birth"'),
    ],
)
def test_a_word_that_is_not_known_is_never_taken_for_another(call: Any, words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        call(random_courses(150, 1))
