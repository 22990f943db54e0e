"""Cohorts: what follows from records, the first valid margin, one row each, and every gap with its reason."""

from __future__ import annotations

from datetime import date
from typing import Any, get_args

import pandas as pd
import pytest
from hypothesis import given, settings

from isotherm.clinical.derive import derive as derive_case
from isotherm.clinical.fact import exact
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.clinical.scores import TumorBurdenScore
from isotherm.clinical.vocabulary import CASE_FACTS
from isotherm.errors import BadSetting
from isotherm.registry.cohort import UNUSED, Cohort, cohort
from isotherm.registry.derive import Windows
from isotherm.registry.endpoints_kinds import Unit
from tests.registry.muddled import Made, day, joined, patient, registries, tables_of


def of(made: Made, per: Any = "patient", **windows: Any) -> dict[str, Any]:
    """Return the first row of a cohort."""
    table = made_cohort(made, per, **windows).table
    return {str(name): table[name].iloc[0] for name in table.columns}


def made_cohort(made: Made, per: Any = "patient", **windows: Any) -> Cohort:
    return cohort(tables_of(made), per, windows=Windows(**windows))


def reasons(row: dict[str, Any]) -> dict[str, str]:
    told = row["unknown_because"]
    return {} if pd.isna(told) else dict(part.split(": ", 1) for part in told.split("; "))


def whole(**others: Any) -> Made:
    """Return a patient with all that scores need: lesions of 12 and 36 mm on a scan six days before the decision."""
    return patient(
        **{
            "patient": {"sex": "female", "born_on": date(1960, 1, 1), "center_id": "C1"},
            "primary": [
                {"primary": "colorectal", "diagnosed_on": day(-500), "resected_on": day(-490), "n_stage": "N1"}
            ],
            "decision": [{"decided_on": day(0), "cea_ug_l": 12.0, "organ": "liver"}],
            "lesion": [{"organ": "liver", "found_on": day(-60)}, {"organ": "liver", "found_on": day(-60)}],
            "scan": [{"scanned_on": day(-90)}, {"scanned_on": day(-6)}, {"scanned_on": day(40)}],
            "reading": [
                {"lesion_id": "1", "scan_id": "1", "diameter_mm": 50.0},
                {"lesion_id": "1", "scan_id": "2", "diameter_mm": 12.0},
                {"lesion_id": "2", "scan_id": "2", "diameter_mm": 36.0},
                {"lesion_id": "2", "scan_id": "3", "diameter_mm": 70.0},
            ],
            "session": [{"ablated_on": day(20)}],
            "ablation": [{"session_id": "1", "lesion_id": "1"}, {"session_id": "1", "lesion_id": "2"}],
            "systemic": [{"started_on": day(-200)}, {"started_on": day(41)}],
            **others,
        }
    )  # fmt: skip


def test_scores_are_those_of_the_criteria_and_read_off_the_scan_before_the_decision() -> None:
    row = of(whole())
    assert (row["n_lesions"], row["largest_lesion_mm"]) == (2.0, 36.0)
    assert row["tumor_burden_score"] == TumorBurdenScore(36.0, 2, "imaging").value
    assert row["age_years"] == pytest.approx(60.0, abs=0.01)
    assert not row["synchronous"]
    assert row["disease_free_interval_months"] == pytest.approx(14.1, abs=0.1)
    assert row["fong_score"] == 2.0  # positive nodes, more than one lesion
    known = {"disease_free_interval_months": 14.0, "n_lesions": 2, "largest_lesion_mm": 36.0, "cea_ug_l": 12.0}
    facts: dict[str, Any] = {name: exact(CASE_FACTS[name], value) for name, value in known.items()}
    facts["n_stage"] = exact(CASE_FACTS["n_stage"], "N1")
    found = derive_case(day(0), facts, {}, complete=False)
    assert found["fong_score"].value == row["fong_score"]
    assert found["tumor_burden_score"].value == row["tumor_burden_score"]


@pytest.mark.parametrize("noted", [True, False])
def test_without_dates_metastases_came_with_the_primary_as_it_was_noted(noted: bool) -> None:
    row = of(whole(primary=[{"primary": "colorectal"}], decision=[{"decided_on": day(0), "synchronous": noted}]))
    assert row["synchronous"] == noted
    assert reasons(row).get("disease_free_interval_months", row["disease_free_interval_months"]) == (
        0.0 if noted else "no day of the primary tumor's resection"
    )


@pytest.mark.parametrize(
    ("others", "column", "expected"),
    [
        ({"decision": [{"decided_on": day(0), "n_lesions": 5, "largest_lesion_mm": 36.0}]}, "n_lesions", 5.0),
        ({"decision": [{"decided_on": day(0), "n_lesions": 1}]}, "n_lesions",
         "what is noted contradicts what was read"),
        ({"reading": []}, "n_lesions", "neither noted nor read off a scan by the decision"),
        ({"reading": [{"lesion_id": "1", "scan_id": "2", "diameter_mm": 12.0}]}, "tumor_burden_score",
         "a lesion that was there is not read on the scan before the decision"),
        ({"reading": [{"lesion_id": "1", "scan_id": "2"}, {"lesion_id": "2", "scan_id": "2", "diameter_mm": 9.0}]},
         "largest_lesion_mm", "a lesion on the scan before the decision has no diameter"),
        ({"decision": []}, "age_years", "no day of a decision"),
        ({"patient": {}}, "age_years", "no date of birth"),
        ({"patient": {"born_on": day(400)}}, "age_years", "born after the decision"),
        ({"primary": []}, "synchronous", "more than one primary tumor, or none"),
        ({"primary": [{"primary": "colorectal", "diagnosed_on": day(-70)}]}, "disease_free_interval_months", 0.0),
        ({"primary": [{"primary": "colorectal", "diagnosed_on": day(-700)}]}, "disease_free_interval_months",
         "no day of the primary tumor's resection"),
        ({"primary": [{"primary": "colorectal", "diagnosed_on": day(-70)}]}, "fong_score",
         "an item of the score that decides is not known"),
        ({"session": [], "ablation": []}, "decision_to_ablation_days", "no ablation"),
        ({"lesion": [{"organ": "liver", "found_on": day(-60)}, {"organ": "lung", "found_on": day(-60)}]},
         "n_lesions", 1.0),
        ({"lesion": [{"organ": "liver", "found_on": day(-60)}, {"organ": "lung", "found_on": day(-60)}],
          "decision": [{"decided_on": day(0)}]}, "n_lesions",
         "lesions in several organs, and no organ noted at the decision"),
    ],
)  # fmt: skip
def test_what_is_missing_is_unknown_with_its_reason(others: dict[str, Any], column: str, expected: object) -> None:
    row = of(whole(**others))
    assert reasons(row).get(column, row[column]) == expected
    assert isinstance(expected, float) or pd.isna(row[column])


@pytest.mark.parametrize(
    ("ablated", "systemic", "timing"),
    [(20, 34, "upfront"), (20, 48, "upfront"), (20, 33, "other"), (20, 49, "other"), (70, 10, "delayed"),
     (100, 10, "delayed"), (69, 10, "other"), (20, None, "ablation only"), (None, 5, "systemic only"),
     (None, None, "neither"), (20, -5, "ablation only")],
)  # fmt: skip
def test_timing_follows_from_dates_after_the_decision_and_fits_a_window_or_none(
    ablated: int | None, systemic: int | None, timing: str
) -> None:
    made = whole(
        session=[] if ablated is None else [{"ablated_on": day(ablated)}], ablation=[],
        systemic=[] if systemic is None else [{"started_on": day(systemic)}],
    )  # fmt: skip
    row = of(made)
    assert row["timing"] == timing
    assert of(made, upfront=(0.0, 1.0), delayed=(1.0, 2.0))["timing"] == (timing if " " in timing or timing == "neither"
                                                                          else "other")  # fmt: skip


def test_intervals_and_the_day_on_which_timing_is_known() -> None:
    row = of(whole())
    assert row["decision_to_ablation_days"] == 20.0
    assert row["baseline_scan_to_ablation_days"] == 26.0
    assert row["systemic_to_ablation_days"] == -21.0
    assert row["timing_known_on"] == pd.Timestamp(day(41))


def test_what_is_counted_over_sessions_is_known_on_the_last_day_from_which_a_tumor_counts() -> None:
    sessions = [{"ablated_on": day(one)} for one in (20, 80, 200)]
    treated = [("1", "1"), ("2", "2"), ("3", "1")]  # the first lesion once more: it is counted already
    made = whole(session=sessions, ablation=[{"session_id": one, "lesion_id": lesion} for one, lesion in treated])
    row = of(made)
    assert (row["ablated_lesions"], row["ablated_on"]) == (2.0, pd.Timestamp(day(20)))
    assert row["last_lesion_ablated_on"] == pd.Timestamp(day(80))
    assert pd.isna(of(whole(session=[], ablation=[]))["last_lesion_ablated_on"])


@pytest.mark.parametrize("wrong", [{"upfront": (5.0, 1.0)}, {"delayed": (-1.0, 1.0)}, {"synchronous": float("inf")}])
def test_a_window_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadSetting, match="came; "):
        Windows(**wrong)


def margins(*rows: tuple[int, str, float | None], again: int | None = None) -> Made:
    """Return a lesion ablated on day 20 with margins on scans of some days."""
    sessions = [{"ablated_on": day(20)}, *([] if again is None else [{"ablated_on": day(again)}])]
    return whole(
        lesion=[{"organ": "liver", "found_on": day(-60)}],
        reading=[],
        session=sessions,
        ablation=[{"session_id": str(place), "lesion_id": "1"} for place in range(1, len(sessions) + 1)],
        scan=[{"scanned_on": day(one)} for one, _, _ in rows],
        margin=[
            {"lesion_id": "1", "scan_id": str(place), "status": status, "minimal_margin_mm": mm}
            for place, (_, status, mm) in enumerate(rows, start=1)
        ],
    )


@pytest.mark.parametrize(
    ("rows", "again", "expected"),
    [
        ([(21, "measured", 4.0), (60, "measured", 2.0)], None, (4.0, 1.0)),
        ([(21, "withheld", None), (60, "measured", 2.0)], None, (2.0, 40.0)),
        ([(10, "measured", 9.0), (20, "bounded", 2.0)], None, (2.0, 0.0)),
        ([(21, "measured", 4.0), (21, "measured", 3.0)], None, (3.0, 1.0)),
        ([(60, "measured", 4.0)], 50, "no margin on a scan after the ablation"),
        ([(10, "measured", 9.0)], None, "no margin on a scan after the ablation"),
        ([(21, "not_assessable", None)], None, "no margin after the ablation could be told"),
        ([], None, "no margin on a scan after the ablation"),
    ],
)
def test_the_margin_is_the_first_valid_one_after_the_ablation(
    rows: list[tuple[int, str, float | None]], again: int | None, expected: object
) -> None:
    row = of(margins(*rows, again=again), "tumor")
    why = reasons(row).get("minimal_margin_mm")
    assert (why or (row["minimal_margin_mm"], row["margin_after_days"])) == expected
    smallest = of(margins(*rows, again=again))
    assert pd.isna(smallest["smallest_margin_mm"]) == (why is not None)


def test_impossible_dates_are_listed_by_patient_and_field_and_none_is_dropped() -> None:
    made = joined(
        margins((10, "measured", 9.0)),
        patient("P2", session=[{"ablated_on": day(5), "discharged_on": day(1)}], death=[{"died_on": day(0)}],
                follow_up=[{"seen_on": day(-1)}, {"seen_on": day(3)}], lesion=[{"organ": "liver", "found_on": day(9)}],
                ablation=[{"session_id": "1", "lesion_id": "1"}, {"session_id": "7", "lesion_id": "1"}],
                finding=[{"follow_up_id": "1", "lesion_id": "1", "state": "local tumor progression"}]),
    )  # fmt: skip
    made["death"].append({"patient_id": "P9", "died_on": day(0)})
    found = made_cohort(made).problems
    assert found[["patient_id", "kind", "record_id", "field", "problem"]].to_numpy().tolist() == [
        ["P1", "margin", "1", "scan_id", "a scan before the ablation"],
        ["P2", "ablation", "2", "session_id", "points to no session of the patient"],
        ["P2", "follow_up", "2", "seen_on", "after the day of death"],
        ["P2", "session", "1", "ablated_on", "after the day of death"],
        ["P2", "session", "1", "discharged_on", "after the day of death"],
        ["P2", "session", "1", "discharged_on", "before ablated_on"],
        ["P9", "death", "", "patient_id", "the registry has no such patient"],
    ]


@settings(max_examples=12, deadline=None)
@given(made=registries)
def test_each_row_is_one_and_each_gap_in_what_follows_has_a_reason(made: Made) -> None:
    kinds: dict[Unit, str] = {"patient": "patient", "tumor": "lesion", "session": "session"}
    for per, kind in kinds.items():
        found = cohort(tables_of(made), per)
        assert len(found.table) == len(made.get(kind, []))
        for place in range(len(found.table)):
            row: dict[str, Any] = {str(name): found.table[name].iloc[place] for name in found.table.columns}
            why = reasons(row)
            for column in found.reasoned:
                name = column.removesuffix("_days").removesuffix("_event")
                assert pd.isna(row[column]) == bool({column, name} & why.keys()), column


@pytest.mark.parametrize("per", ["patient", "session", "tumor"])
def test_a_cohort_of_nobody_and_of_one_have_the_same_columns(per: Any) -> None:
    nobody, one = made_cohort({}, per).table, made_cohort(whole(), per).table
    assert len(nobody) == 0
    assert len(one) >= 1
    assert nobody.dtypes.astype(str).to_dict() == one.dtypes.astype(str).to_dict()


@given(made=registries)
@settings(max_examples=15, deadline=None)
def test_a_cohort_is_the_same_where_fields_that_make_no_column_are_not_read(made: Made) -> None:
    tables = tables_of(made)
    assert all(set(names) <= {field.name for field in RECORD_KINDS[kind].fields} for kind, names in UNUSED.items())
    few = {kind: table.drop(columns=list(UNUSED.get(kind, ()))) for kind, table in tables.items()}
    for per in get_args(Unit):
        whole, spared = cohort(tables, per), cohort(few, per)
        pd.testing.assert_frame_equal(whole.table, spared.table)
        pd.testing.assert_frame_equal(whole.problems, spared.problems)
