"""Endpoints of single patients, told as stories whose answer can be counted on fingers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from isotherm.errors import BadSetting, BadTable
from isotherm.registry.endpoints import Endpoints, endpoints
from isotherm.registry.endpoints_kinds import Choices
from isotherm.registry.endpoints_patient import MEANWHILE
from isotherm.registry.timed import Timed, Told
from tests.registry.muddled import Made, day, joined, patient, tables_of


def measured(made: Made, **choices: Any) -> Endpoints:
    return endpoints(tables_of(made), Choices(**choices))


def told(one: Timed | Told, row: int = 0) -> tuple[float, float] | float | str:
    """Return days and event, or a value, or why there is none."""
    if one.why[row]:
        return one.why[row]
    return float(one.values[row]) if isinstance(one, Told) else (float(one.time_days[row]), float(one.event[row]))


def story(*findings: tuple[int, str], ablated: tuple[int, ...] = (0,), died: int | None = None, **others: Any) -> Made:
    """Return a patient with one lesion, ablated on some days and looked at on others."""
    return patient(
        decision=[{"decided_on": day(-10)}],
        lesion=[{"organ": "liver"}],
        session=[{"ablated_on": day(one)} for one in ablated],
        ablation=[{"session_id": str(place), "lesion_id": "1"} for place in range(1, len(ablated) + 1)],
        follow_up=[{"seen_on": day(one), "new_in_organ": False} for one, _ in findings],
        finding=[
            {"follow_up_id": str(place), "lesion_id": "1", "state": state}
            for place, (_, state) in enumerate(findings, start=1)
        ],
        death=[] if died is None else [{"died_on": day(died)}],
        **others,
    )


FREE, RESIDUAL, LTP, RESECTED = "completely ablated", "residual tumor", "local tumor progression", "resected"


@pytest.mark.parametrize(
    ("findings", "ablated", "died", "expected"),
    [
        ([(30, FREE), (120, LTP)], (0,), 400, (120, 1)),
        ([(30, FREE), (120, FREE)], (0,), None, (120, 0)),
        ([(30, FREE), (120, FREE)], (0,), 400, (400, 2)),
        ([(30, FREE), (120, RESECTED)], (0,), 400, (120, 2)),
        ([(30, FREE), (120, LTP)], (0,), 120, (120, 1)),
        ([(30, FREE), (120, RESIDUAL)], (0,), None, (120, 1)),
        ([(90, LTP)], (0,), None, (90, 1)),
        ([(30, RESIDUAL), (80, FREE), (200, LTP)], (0, 40), None, (200, 1)),
        ([], (0,), None, (0, 0)),
        ([], (0,), 50, (50, 2)),
        ([(30, "not assessable")], (0,), None, (0, 0)),
        ([(30, RESIDUAL)], (0,), None, "residual tumor, and no finding of complete ablation after it"),
        ([(30, RESIDUAL), (90, LTP)], (0,), None, "residual tumor, and no finding of complete ablation after it"),
        ([(0, LTP)], (0,), None, "a finding speaks of an ablation before the first one"),
        ([(-5, FREE)], (0,), None, "a finding speaks of an ablation before the first one"),
        ([(30, FREE)], (), None, "never ablated"),
        ([(30, FREE)], (0,), -3, "a date after the day of death"),
    ],
)
def test_local_tumor_progression_competes_with_death_and_resection(
    findings: list[tuple[int, str]], ablated: tuple[int, ...], died: int | None, expected: object
) -> None:
    assert told(measured(story(*findings, ablated=ablated, died=died)).tumor_times["ltp"]) == expected


@pytest.mark.parametrize(
    ("choices", "ltp"),
    [({}, (300, 1)), ({"local_from": "last"}, (260, 1)), ({"repeat": "counts"}, (200, 1)),
     ({"repeat": "censors"}, (200, 0)), ({"repeat": "censors", "local_from": "last"}, (160, 0))],
)  # fmt: skip
def test_where_local_time_begins_and_what_a_repeat_does_is_chosen(
    choices: Mapping[str, str], ltp: tuple[float, float]
) -> None:
    made = story((30, RESIDUAL), (70, FREE), (300, LTP), ablated=(0, 40, 200))
    assert told(measured(made, **choices).tumor_times["ltp"]) == ltp


def test_the_event_lies_between_the_last_day_free_and_the_first_day_not() -> None:
    one = measured(story((30, FREE), (90, FREE), (200, LTP))).tumor_times["ltp"]
    days = one.free_day - one.start_day, one.found_day - one.start_day
    assert [float(part[0]) for part in days] == [90.0, 200.0]


def test_a_finding_after_the_end_moves_no_day() -> None:
    one = measured(story((30, RESECTED), (60, FREE))).tumor_times["ltp"]
    assert told(one) == (30, 2)
    assert float(one.free_day[0] - one.start_day[0]) == 30.0


def test_two_ablations_of_a_lesion_on_one_day_are_one_and_no_repeat() -> None:
    made = story((30, FREE), ablated=(0, 0))
    found = measured(made, repeat="counts")
    assert told(found.tumor_times["ltp"]) == (30, 0)
    assert told(found.tumor_answers["primary_efficacy"]) == 1.0


@pytest.mark.parametrize(
    ("findings", "ablated", "residual", "primary", "assisted"),
    [
        ([(30, FREE)], (0,), 0.0, 1.0, 1.0),
        ([(30, RESIDUAL), (80, FREE)], (0, 40), 1.0, 0.0, 1.0),
        ([(30, RESIDUAL)], (0,), 1.0, 0.0, 0.0),
        ([(200, FREE)], (0,), 0.0, *["the first finding came too late to tell"] * 2),
        ([(80, FREE)], (0, 40), "ablated again before any finding", "ablated again before any finding", 1.0),
        ([(90, LTP)], (0,), *["the first finding is of progression"] * 3),
        ([], (0,), *["no finding after the ablation"] * 3),
        ([(0, RESIDUAL), (0, FREE)], (0,), 1.0, 0.0, 0.0),
    ],
)  # fmt: skip
def test_what_only_a_repeat_made_complete_is_assisted_not_primary_efficacy(
    findings: list[tuple[int, str]], ablated: tuple[int, ...], residual: object, primary: object, assisted: object
) -> None:
    answers = measured(story(*findings, ablated=ablated)).tumor_answers
    found = [told(answers[name]) for name in ("residual_tumor", "primary_efficacy", "assisted_efficacy")]
    assert found == [residual, primary, assisted]


def test_a_rescued_progression_is_no_failure_of_local_control() -> None:
    rescued = measured(story((30, FREE), (120, LTP), (200, FREE), ablated=(0, 150)))
    assert told(rescued.tumor_times["ltp"]) == (120, 1)
    assert told(rescued.tumor_times["local_failure"]) == (200, 0)
    failed = measured(story((30, FREE), (120, LTP), (200, RESIDUAL), ablated=(0, 150)))
    assert told(failed.tumor_times["local_failure"]) == (120, 1)


def free_patient(**others: Any) -> Made:
    """Return a patient who is free of disease on day 60: two lesions, the primary tumor resected before."""
    return patient(
        **{
            "primary": [{"primary": "colorectal", "diagnosed_on": day(-400), "resected_on": day(-380)}],
            "decision": [{"decided_on": day(-10), "extrahepatic_disease": False}],
            "lesion": [{"organ": "liver", "found_on": day(-20)}, {"organ": "liver", "found_on": day(-20)}],
            "session": [{"ablated_on": day(0)}],
            "ablation": [{"session_id": "1", "lesion_id": "1"}, {"session_id": "1", "lesion_id": "2"}],
            "follow_up": [{"seen_on": day(30), "new_in_organ": False}, {"seen_on": day(60), "new_in_organ": False},
                          {"seen_on": day(150), "new_in_organ": True}],
            "finding": [{"follow_up_id": "1", "lesion_id": "1", "state": FREE},
                        {"follow_up_id": "2", "lesion_id": "2", "state": FREE}],
            **others,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ({}, (90, 1)),
        ({"primary": [{"primary": "colorectal", "resected_on": day(100)}]}, (50, 1)),
        ({"primary": [{"primary": "colorectal"}]}, "no day of the primary tumor's resection"),
        ({"decision": [{"decided_on": day(-10)}]}, "disease outside of the organ at the decision is not known"),
        ({"decision": [{"decided_on": day(-10), "extrahepatic_disease": True}]},
         "disease outside of the organ at the decision"),
        ({"finding": [{"follow_up_id": "1", "lesion_id": "1", "state": FREE}]}, "not found free of disease"),
        ({"follow_up": [{"seen_on": day(30), "untreatable": True}, {"seen_on": day(60)}]}, "not found free of disease"),
        ({"follow_up": [{"seen_on": day(30)}, {"seen_on": day(60)}, {"seen_on": day(-5), "new_elsewhere": True}]},
         MEANWHILE),
        ({"follow_up": [{"seen_on": day(30)}, {"seen_on": day(60)}, {"seen_on": day(0), "untreatable": True}]},
         MEANWHILE),
        ({"follow_up": [{"seen_on": day(30)}, {"seen_on": day(60)}, {"seen_on": day(-15), "new_elsewhere": True}]},
         (0, 0)),
        ({"death": [{"died_on": day(160)}]}, (90, 1)),
    ],
)  # fmt: skip
def test_disease_free_survival_counts_from_a_day_free_of_disease(others: dict[str, Any], expected: object) -> None:
    assert told(measured(free_patient(**others)).patients.times["dfs"]) == expected


def test_survival_of_a_patient_from_each_anchor() -> None:
    made = free_patient(death=[{"died_on": day(500)}])
    for anchor, start in (("decision", -10), ("ablation", 0), ("diagnosis", -400), ("metastases", -20)):
        times = measured(made, anchor=anchor).patients.times
        assert told(times["os"]) == (500 - start, 1)
        assert told(times["pfs"]) == (150 - start, 1)
        assert told(times["ttup"]) == (500 - start, 2)


def test_residual_tumor_ends_event_free_but_not_progression_free_survival() -> None:
    times = measured(story((30, RESIDUAL), (100, FREE), ablated=(0, 40))).patients.times
    assert told(times["efs"]) == (40, 1)
    assert told(times["pfs"]) == (110, 0)


def test_a_lesion_first_seen_after_the_first_ablation_is_progression_and_one_seen_before_it_is_not() -> None:
    lesions = [{"organ": "liver"}, {"organ": "liver", "found_on": day(-5)}, {"organ": "liver", "found_on": day(70)}]
    made = story((30, FREE), (90, FREE)) | {"lesion": patient(lesion=lesions)["lesion"]}
    assert told(measured(made).patients.times["pfs"]) == (80, 1)


def test_a_death_without_a_day_hides_what_death_decides_and_nothing_else() -> None:
    made = story((30, FREE), (120, LTP)) | {"death": [{"patient_id": "P1"}]}
    found = measured(made)
    assert told(found.patients.times["os"]) == "died on a day that is not known"
    assert told(found.patients.times["pfs"]) == (130, 1)
    assert told(found.tumor_times["ltp"]) == (120, 1)
    assert told(found.patients.answers["died_90d"]) == 0.0
    quiet = measured(story((30, FREE)) | {"death": [{"patient_id": "P1"}]})
    assert told(quiet.tumor_times["ltp"]) == "died on a day that is not known"


def test_a_patient_with_nothing_has_a_reason_for_everything() -> None:
    found = measured(patient())
    assert {name: told(one) for name, one in found.patients.times.items()} == {
        **dict.fromkeys(("os", "pfs", "efs", "dpfs", "ttp", "ttup"), "no day of a decision"),
        "dfs": "never ablated",
        "ltp": "never ablated",
    }


@pytest.mark.parametrize("made", [{}, joined()])
def test_a_registry_of_nobody_gives_nothing(made: Made) -> None:
    found = measured(made)
    assert len(found.patients.times["os"]) == len(found.tumor_times["ltp"]) == len(found.sessions.day) == 0


def test_where_all_days_are_unknown_nothing_is_told() -> None:
    found = measured(
        patient(decision=[{}], lesion=[{"organ": "liver"}], session=[{}],
                ablation=[{"session_id": "1", "lesion_id": "1"}], follow_up=[{"new_in_organ": True}],
                finding=[{"follow_up_id": "1", "lesion_id": "1", "state": LTP}], death=[{}])
    )  # fmt: skip
    assert np.isnan([one.time_days[0] for one in found.patients.times.values()]).all()
    assert told(found.tumor_times["ltp"]) == "an ablation without a day"
    assert told(found.sessions.answers["died_30d"]) == "no day of the session"


@pytest.mark.parametrize(
    ("died", "seen", "within_30", "within_90"),
    [(20, 10, 1.0, 1.0), (30, 10, 1.0, 1.0), (31, 10, 0.0, 1.0), (None, 29, *["not seen that long"] * 2),
     (None, 90, 0.0, 0.0), (200, 10, 0.0, 0.0)],
)  # fmt: skip
def test_early_death_needs_somebody_to_have_been_seen_that_long(
    died: int | None, seen: int, within_30: object, within_90: object
) -> None:
    made = story((seen, FREE), died=died)
    answers = measured(made).patients.answers
    assert [told(answers[name]) for name in ("died_30d", "died_90d")] == [within_30, within_90]


def test_a_session_succeeds_if_each_of_its_tumors_does() -> None:
    made = free_patient(complication=[
        {"description": "fever", "began_on": day(2), "ctcae_grade": 1, "cirse_grade": "1b"},
        {"description": "abscess", "session_id": "1", "ctcae_grade": 3, "cirse_grade": "3"},
        {"description": "fall", "began_on": day(200), "ctcae_grade": 4},
    ])  # fmt: skip
    found = measured(made).sessions
    assert told(found.answers["efficacy"]) == 1.0
    assert told(found.answers["residual_tumor"]) == 0.0
    assert told(found.answers["technical_success"]) == "not noted for every ablation"
    assert float(found.complications[0]) == 2.0
    assert [found.grades[name][0] for name in ("ctcae_grade", "cirse_grade", "sir_grade")] == ["3", "3", None]


def test_two_records_with_the_same_keys_are_refused() -> None:
    with pytest.raises(BadTable, match="1 records of kind 'patient' have the keys of another one"):
        measured(joined(patient(), patient()))


@pytest.mark.parametrize("wrong", [{"anchor": "birth"}, {"local_from": "middle"}, {"repeat": "x"},
                                   {"efficacy_days": 0.0}, {"complication_days": float("nan")}])  # fmt: skip
def test_a_choice_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadSetting, match="came; "):
        Choices(**wrong)
