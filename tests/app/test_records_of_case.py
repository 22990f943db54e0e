"""A case into a registry and out again: every fact comes back with its day and origin; nothing is written twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.app.board_kept import shown_of_records
from isotherm.app.board_measure import MeasuredCourse
from isotherm.app.case_from_records import case_from_records
from isotherm.app.course_from_records import course_from_records
from isotherm.app.facts_of_records import read_facts
from isotherm.app.records_of_case import key_for, margin_values, records_of
from isotherm.clinical.case import Case, Lesion
from isotherm.clinical.course import Course, DrawnScan, Session, SystemicLine
from isotherm.clinical.fact import Fact
from isotherm.clinical.picture import picture_of
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadCase, BadRecord
from isotherm.exchange.case_files import read_case_file
from isotherm.registry.store import Store, open_store

LIVER = Path(__file__).parents[1] / "data" / "criteria" / "liver.toml"
TODAY = date(2025, 6, 1)


def record(kind: str, own: str = "", **values: object) -> Record:
    return Record(kind=RECORD_KINDS[kind], patient_id="P1", id=own, values=values)  # pyright: ignore[reportArgumentType]


def course() -> Course:
    return Course(
        patient_id="A-17", sessions=(Session(id="S1", on=date(2025, 1, 10), lesions=("1", "2"), modality="MWA"),),
        systemic=(SystemicLine(started_on=date(2024, 9, 1), regimen="FOLFOX", stopped_on=date(2024, 12, 15)),
                  SystemicLine(started_on=date(2024, 9, 1), regimen="bevacizumab")),
        scans=(DrawnScan(id="B", on=date(2025, 1, 2), image="", modality="CT"),),
    )  # fmt: skip


def noted() -> tuple[Record, ...]:
    case = read_case_file(LIVER, today=TODAY)
    return records_of(case, MeasuredCourse(course(), (), (), {}), {})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(str(tmp_path / "registry.sqlite"), create=True) as made:
        yield made


def test_every_fact_of_a_case_comes_back_with_its_day_origin_and_limits(store: Store) -> None:
    store.put(noted(), by="test", why="test")
    case = read_case_file(LIVER, today=TODAY)
    back = case_from_records([one.record for one in store.patient("A-17")], patient_id="A-17", on=case.on)
    for name, facts in case.facts.items():
        assert set(facts) <= set(back.facts[name]), name
    for lesion, own in zip(case.lesions, back.lesions, strict=True):
        assert lesion.id == own.id
        for name, facts in lesion.facts.items():
            assert set(facts) <= set(own.facts[name]), name


def test_the_same_again_adds_nothing_and_a_changed_value_is_a_revision(store: Store) -> None:
    first = store.put(noted(), by="test", why="test")
    assert len(first.added) == len(noted())
    assert (first.revised, first.same) == ((), 0)
    again = store.put(noted(), by="test", why="test")
    assert (again.added, again.revised, again.same) == ((), (), len(noted()))
    changed = record_of_session("laparoscopic")
    third = store.put([changed], by="test", why="test")
    assert third.revised == ((("session", "A-17", "S1"), ("approach",)),)


def record_of_session(approach: str) -> Record:
    return Record(kind=RECORD_KINDS["session"], patient_id="A-17", id="S1",
                  values={"ablated_on": date(2025, 1, 10), "approach": approach})  # fmt: skip


def test_what_somebody_else_noted_stays(store: Store) -> None:
    store.put(noted(), by="test", why="test")
    kept = next(one for one in store.patient("A-17") if one.record.kind.name == "session")
    store.revise("session", "A-17", "S1", {"anesthesia": "general"}, revision=kept.revision, by="nurse", why="noted")
    store.put(noted(), by="test", why="test")
    found = next(one.record for one in store.patient("A-17") if one.record.kind.name == "session")
    assert found.get("anesthesia") == "general"


def test_all_or_nothing_is_written(store: Store) -> None:
    lost = Record(kind=RECORD_KINDS["margin"], patient_id="A-17", id="M",
                  values={"lesion_id": "9", "scan_id": "B", "status": "measured"})  # fmt: skip
    with pytest.raises(BadRecord):
        store.put([*noted(), lost], by="test", why="test")
    assert store.patient("A-17") == ()


def test_a_withdrawn_record_is_not_written_again_by_a_program(store: Store) -> None:
    store.put(noted(), by="test", why="test")
    kept = next(one for one in store.patient("A-17") if one.record.kind.name == "fact")
    store.withdraw("fact", "A-17", kept.record.id, revision=kept.revision, by="nurse", why="wrong")
    with pytest.raises(BadRecord, match="this fact was withdrawn"):
        store.put(noted(), by="test", why="test")


def test_findings_and_complications_are_never_written_by_machine() -> None:
    assert not {one.kind.name for one in noted()} & {"finding", "complication", "follow_up", "death", "decision"}


def test_a_lesion_keeps_what_it_is_called_in_dicom() -> None:
    case = read_case_file(LIVER, today=TODAY)
    found = records_of(case, MeasuredCourse(course(), (), (), {}), {"2": "1.2.3"})
    made = {one.id: one.get("tracking_uid") for one in found if one.kind.name == "lesion"}
    assert made["2"] == "1.2.3"
    assert str(made["1"]).startswith("2.25.")
    assert next(one.get("tracking_uid") for one in noted() if one.kind.name == "lesion") == made["1"]


def test_without_an_organ_no_lesion_is_written() -> None:
    case = Case(on=TODAY, lesions=(Lesion("1"),))
    with pytest.raises(BadCase, match=r"note patient\.organ"):
        records_of(case, MeasuredCourse(course(), (), (), {}), {})


def test_records_become_facts_of_their_own_days() -> None:
    case = case_from_records(
        [
            record("patient", born_on=date(1960, 6, 1)), record("primary", "1", primary="colorectal", n_stage="N1"),
            record("decision", "D1", decided_on=date(2025, 1, 5), organ="liver", ecog=1, tumor_board=True),
            record("lesion", "1", organ="liver"), record("scan", "B", scanned_on=date(2025, 1, 2), modality="CT"),
            record("scan", "F1", scanned_on=date(2025, 1, 11), modality="PET/CT"),
            record("reading", "B.1", lesion_id="1", scan_id="B", diameter_mm=18.0, to_vessel_mm=4.0),
            record("session", "S1", ablated_on=date(2025, 1, 10)),
            record("ablation", "S1.1", session_id="S1", lesion_id="1", modality="MWA"),
            record("margin", "S1.1", lesion_id="1", scan_id="F1", ablation_id="S1.1", status="measured",
                   minimal_margin_mm=4.0, low_mm=2.9, high_mm=5.2, level_percent=90.0),
            record("systemic", "1", started_on=date(2024, 9, 1), stopped_on=date(2024, 12, 15)),
        ],
        patient_id="P1", on=TODAY,
    )  # fmt: skip
    picture = picture_of(case)
    told = {name: reading.value for name, reading in picture.patient.items()}
    assert (told["age_years"], told["primary"], told["n_stage"], told["ecog"]) == (65.0, "colorectal", "N1", 1)
    assert (told["last_chemotherapy"], told["ablation_date"]) == (date(2024, 12, 15), date(2025, 1, 10))
    own = picture.lesions["1"]
    assert (own["minimal_margin_mm"].low, own["minimal_margin_mm"].high) == (2.9, 5.2)
    wanted = {"diameter_mm": 18.0, "ablation_modality": "MWA", "days_after_ablation": 1, "margin_scan": "CT"}
    assert {name: own[name].value for name in wanted} == wanted
    before = case_from_records([], patient_id="P1", on=TODAY)
    assert before.facts == {}


def test_what_came_later_is_not_known_on_an_earlier_day() -> None:
    records = [
        record("systemic", "1", started_on=date(2025, 3, 1)),
        record("session", "S", ablated_on=date(2025, 4, 1)),
    ]
    picture = picture_of(case_from_records(records, patient_id="P1", on=date(2025, 2, 1)))
    assert not {"chemotherapy_before", "systemic_start", "ablation_date"} & picture.patient.keys()


@pytest.mark.parametrize(
    ("status", "value", "low"),
    [("withheld", None, None), ("not_assessable", None, None), ("bounded", 2.0, -100.0), ("measured", 2.0, 2.0)],
)
def test_a_margin_that_is_no_number_never_becomes_one(status: str, value: float | None, low: float | None) -> None:
    told = {"minimal_margin_mm": 2.0} if value is not None else {}
    records = [record("lesion", "1", organ="liver"), record("scan", "F", scanned_on=date(2025, 1, 1)),
               record("margin", "M", lesion_id="1", scan_id="F", status=status, **told)]  # fmt: skip
    case = case_from_records(records, patient_id="P1", on=TODAY)
    reading = picture_of(case).lesions["1"]["minimal_margin_mm"]
    assert reading.value == value
    if low is not None:
        assert reading.low == low


def test_a_fact_record_that_no_case_file_would_hold_is_left_out_and_told_without_its_value() -> None:
    for name, value in (("ecog", "77"), ("ecog", '"x'), ("diameter_mm", "3"), ("resectable", "not resectable")):
        bad, good = record("fact", "F", name=name, value=value), record("fact", "G", name="asa", value="2")
        case = case_from_records([bad, good], patient_id="P1", on=TODAY)
        assert set(case.facts) == {"asa"}
        (unread,) = read_facts([good, bad]).unread
        assert unread.key == "F"
        assert unread.words.startswith("the record “Fact that criteria ask about F” cannot be read and is left out")
        assert value not in unread.words.removesuffix("; correct the record").replace("“resectable”", "")


def test_only_whose_sex_is_recorded_as_male_is_not_pregnant() -> None:
    def pregnant(*records: Record) -> object:
        known = picture_of(case_from_records(records, patient_id="P1", on=TODAY)).patient.get("pregnant")
        return "not known" if known is None else known.value

    assert pregnant(record("patient", sex="male")) is False
    for others in (record("patient", sex="female"), record("patient", sex="other"), record("patient")):
        assert pregnant(others) == "not known"
    told = record("fact", "1", name="pregnant", value="true")
    assert pregnant(record("patient", sex="male"), told) is None  # they contradict each other


def test_a_course_comes_back_with_lines_sessions_and_what_was_drawn(store: Store) -> None:
    store.put(noted(), by="test", why="test")
    back = course_from_records([one.record for one in store.patient("A-17")], patient_id="A-17")
    assert back.sessions == course().sessions
    assert set(back.systemic) == set(course().systemic)
    assert [(one.id, one.on, one.modality) for one in back.scans] == [("B", date(2025, 1, 2), "CT")]


def test_zones_of_a_registry_are_followed_by_their_volumes_and_no_growth_is_made_up() -> None:
    shown = shown_of_records([
        record("lesion", "1", organ="liver"), record("session", "S1", ablated_on=date(2025, 1, 10)),
        record("ablation", "S1.1", session_id="S1", lesion_id="1"),
        *(record("scan", name, scanned_on=day) for name, day in (("F1", date(2025, 1, 11)), ("F2", date(2025, 4, 12)))),
        *(record("reading", name, lesion_id="1", scan_id=name, zone_volume_ml=ml) for name, ml in (("F1", 10.0),
                                                                                                   ("F2", 7.0))),
    ], patient_id="P1", on=TODAY)  # fmt: skip
    (zone,) = shown.follow_up
    assert [one["share"] for one in zone["scans"]] == [1.0, 0.7]
    assert [one["growth"] for one in zone["scans"]] == [None, None]
    assert zone["scans"][1]["ml_per_month"] == pytest.approx(-3.0 * 30.4375 / 91, abs=1e-3)


def treated_twice(**margin: str) -> list[Record]:
    """Return a lesion that was ablated twice, found with tumor again, and a margin on a scan after the second time."""
    return [
        record("lesion", "1", organ="liver"), record("session", "S1", ablated_on=date(2025, 1, 10)),
        record("session", "S2", ablated_on=date(2025, 5, 10)), record("session", "S3", ablated_on=date(2025, 9, 1)),
        *(record("ablation", name, session_id=name, lesion_id="1", modality=kind)
          for name, kind in (("S1", "RFA"), ("S2", "MWA"), ("S3", "IRE"))),
        record("scan", "F", scanned_on=date(2025, 5, 11)),
        record("margin", "M", lesion_id="1", scan_id="F", status="measured", minimal_margin_mm=4.0, **margin),
        record("follow_up", "1", seen_on=date(2025, 4, 1), new_elsewhere=False, new_in_organ=True),
        record("follow_up", "2", seen_on=date(2026, 1, 1)),
        record("finding", "1", follow_up_id="1", lesion_id="1", state="local tumor progression"),
        record("finding", "2", follow_up_id="2", lesion_id="1", state="completely ablated"),
        record("death", died_on=date(2026, 2, 1)),
    ]  # fmt: skip


def test_a_margin_that_names_no_ablation_is_of_the_last_one_before_its_scan() -> None:
    for told, expected in (({}, ("S2", "MWA", 1)), ({"ablation_id": "S1"}, ("S1", "RFA", 121))):
        (margin,) = shown_of_records(treated_twice(**told), patient_id="P1", on=TODAY).margins
        assert (margin["session"], margin["modality"], margin["days_after"]) == expected


@pytest.mark.parametrize(("on", "count"), [(date(2025, 3, 1), 0), (date(2025, 12, 1), 2), (date(2026, 2, 2), 4)])
def test_what_people_found_up_to_the_day_is_on_the_sheet(on: date, count: int) -> None:
    found = shown_of_records(treated_twice(), patient_id="P1", on=on).found
    assert [(one["lesion"], one["says"]) for one in found] == [
        ("1", "local tumor progression"), (None, "new tumor elsewhere in the organ"), ("1", "completely ablated"),
        (None, "died"),
    ][:count]  # fmt: skip


@given(st.lists(st.text("abc.", min_size=1, max_size=60), min_size=1, max_size=4))
def test_keys_of_several_parts_fit_and_stay_apart(parts: list[str]) -> None:
    assert len(key_for(*parts)) <= 64
    assert key_for(*parts) == key_for(*parts)
    assert key_for("x" * 60, "1234567") != key_for("x" * 60, "1234568")


def test_facts_with_sources_and_dates_are_written_as_a_case_file_has_them() -> None:
    case = Case(on=TODAY, facts={"organ": (Fact(value="liver"),), "ct_date": (Fact(value=date(2025, 1, 2)),),
                                 "inr": (Fact(value=1.1, source='a "quoted" word'), Fact(value=None))})  # fmt: skip
    found = records_of(case, MeasuredCourse(Course(patient_id="P1"), (), (), {}), {})
    made = {one.id: one.get("value") for one in found if one.kind.name == "fact"}
    assert made["organ.undated"] == '"liver"'
    assert made["ct_date.undated"] == "2025-01-02"
    assert made["inr.undated"] == '{ value = 1.1, source = "a \\"quoted\\" word" }'
    assert made["inr.undated.2"] == '"not assessable"'


def test_what_a_margin_keeps_of_its_chance_place_and_correction_is_on_the_sheet_and_older_ones_know_nothing() -> None:
    own = {"lesion_id": "1", "scan_id": "F", "status": "measured", "minimal_margin_mm": 3.0, "low_mm": 1.8,
           "high_mm": 4.4, "level_percent": 90.0}  # fmt: skip
    newer = {"calibrated": True, "at_least_5_percent": 0.8, "thinnest_direction": "left",
             "correction": "The tumor was corrected by hand: 1 stroke."}  # fmt: skip
    places = [record("lesion", "1", organ="liver"), record("scan", "F", scanned_on=date(2025, 1, 1))]
    (old,), (new,) = (
        shown_of_records([*places, record("margin", "M", **own, **more)], patient_id="P1", on=TODAY).margins
        for more in ({}, newer)
    )
    names = ("at_least_5_mm", "thinnest_direction", "correction")
    assert [new[name] for name in names] == [pytest.approx(0.008), "left", newer["correction"]]
    assert [old[name] for name in names] == [None, None, None]
    assert (new["interval_mm"]["calibrated"], old["interval_mm"]["calibrated"]) == (True, False)


def test_the_chance_of_5_mm_and_what_was_corrected_are_read_off_a_result() -> None:
    told = ["A scan is thick.", "The ablation zone was corrected by hand: 2 strokes, 0.00 ml added and 0.03 ml erased."]
    lesion = {"status": "measured", "minimal_margin_mm": 3.0, "interval_mm": None, "vessels": [],
              "probability": {"below_5_mm": 0.992}, "thinnest_direction": "left", "residual_volume_ml": 0.0,
              "surface_fraction": {"below_0_mm": 0.0, "0_to_5_mm": 0.2, "5_to_10_mm": 0.8}, "ablation_volume_ml": 9.0,
              "registration": {"method": "deformable", "error_mm": 0.5, "verdict": "pass"}}  # fmt: skip
    document = {"warnings": told, "inputs": [], "software": {"isotherm": "1"}, "settings": {}}
    values = margin_values(document, lesion, folder="assess/x")
    assert (values["at_least_5_percent"], values["correction"]) == (pytest.approx(0.8), told[1])
    none = margin_values(document | {"warnings": told[:1]}, lesion | {"probability": None}, folder="assess/x")
    assert (none["at_least_5_percent"], none["correction"]) == (None, None)
