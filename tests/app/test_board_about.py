"""Whom a tumor board's sheet is about, and its course in the order of time; local progression has its own mark."""

from __future__ import annotations

from datetime import date
from typing import Any

from isotherm.app.board_about import about_lines
from isotherm.app.board_course import course_rows, found_rows, joined_found, room_for_found
from isotherm.app.board_kept import shown_of_records
from isotherm.app.board_view import board_view
from isotherm.app.criteria_words import sources_say
from isotherm.app.page import linked
from isotherm.app.timeline import timeline_of
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from tests.app.made_up_board import board, margin

DAYS = ("2020-01-10", "2020-03-01", "2020-06-01")


def of(kind: str, key: str = "", **values: Any) -> Record:
    return Record(kind=RECORD_KINDS[kind], patient_id="X1", id=key, values=values)


def about(**others: Any) -> dict[str, str]:
    return {one["label"]: one["words"].replace("\u00a0", " ")
            for one in about_lines(board(margin("1")) | others, crowded=False)}  # fmt: skip


def test_the_sheet_tells_what_the_record_has_and_what_is_not_noted_only_where_a_board_asks() -> None:
    known = about(patient={"sex": "female", "ras": "mutated", "braf": None})
    assert known["Patient"] == "female · colorectal primary · RAS mutated · CEA not noted"
    assert known["Lesions"] == "1: 21 mm, ablated 2025-01-10; 2: 21 mm, ablated 2025-01-10"
    assert known["Systemic therapy"] == "none is noted"
    assert about()["Patient"] == "colorectal primary · RAS not noted · CEA not noted"


def test_what_is_of_a_later_day_than_the_one_asked_about_is_not_told() -> None:
    lines = [{"regimen": "FOLFOX", "started_on": "2025-02-01", "stopped_on": "2026-01-01"},
             {"regimen": "FOLFIRI", "started_on": "2026-02-01", "stopped_on": None}]  # fmt: skip
    document = board(margin("1"))
    told = about(course=document["course"] | {"systemic": lines})
    assert told["Systemic therapy"] == "FOLFOX, from 2025-02-01 on, no end is noted"
    assert "ablated" not in about(on="2025-01-09")["Lesions"]


def test_sex_and_genes_are_taken_of_a_registry_where_its_primary_tumors_agree() -> None:
    records = [of("patient", sex="male"), of("primary", "a", primary="colorectal", ras="mutated", braf="wild type"),
               of("primary", "b", primary="other", ras="wild type", braf="wild type")]  # fmt: skip
    shown = shown_of_records(records, patient_id="X1", on=date(2020, 1, 1))
    assert shown.patient == {"sex": "male", "ras": None, "braf": "wild type"}


def test_a_margin_of_a_registry_waits_for_somebody_until_a_reader_accepted_it() -> None:
    records = [of("margin", key, lesion_id="1", scan_id="b", status=status, **reader)
               for key, status, reader in (("a", "measured", {}), ("b", "measured", {"reader": "Dr. Kim"}),
                                           ("c", "withheld", {}))]  # fmt: skip
    margins = shown_of_records(records, patient_id="X1", on=date(2020, 1, 1)).margins
    assert [(one["to_accept"], one["accepted_by"]) for one in margins] == [
        (True, None), (False, "Dr. Kim"), (False, None)]  # fmt: skip


FOUND = [{"on": DAYS[2], "lesion": "1", "says": "local tumor progression"},
         *({"on": DAYS[2], "lesion": str(n), "says": "completely ablated"} for n in range(2, 8)),
         {"on": DAYS[0], "lesion": None, "says": "new tumor elsewhere in the organ"}]  # fmt: skip


def test_the_course_is_in_the_order_of_time_and_progression_has_its_mark() -> None:
    course = {"sessions": [{"id": "S", "on": DAYS[1], "lesions": ["1"], "approach": None, "modality": "MWA"}],
              "systemic": [{"regimen": None, "started_on": DAYS[0], "stopped_on": None}],
              "scans": [{"id": "b", "on": DAYS[2], "modality": "CT", "tumors": [], "zones": ["1"]}]}  # fmt: skip
    rows = course_rows(course, FOUND)
    assert [one["on"] for one in rows] == sorted(one["on"] for one in rows)
    assert [one["what"] for one in rows[:4]] == ["Systemic therapy", "Found", "Session S", "Scan b"]
    assert [one["more"] for one in rows if one["mark"] == "▲"] == ["local tumor progression"]
    assert course_rows(None, FOUND)[0]["on"] == DAYS[0]


def test_local_progression_stands_first_and_findings_of_one_kind_are_one_row() -> None:
    outside = [{"on": day, "lesion": None, "says": "new tumor outside of the organ"} for day in ("2020-09-01", *DAYS)]
    ablated = [{"on": day, "lesion": "1", "says": "completely ablated"} for day in DAYS[:2]]
    rows = joined_found(found_rows([*FOUND, *outside, *ablated]))
    assert [(one["what"], one["says"], one["on"], one["times"]) for one in rows[:4]] == [
        ("Lesion 1", "local tumor progression", DAYS[2], ""),
        ("Patient", "new tumor outside of the organ", f"{DAYS[0]} to 2020-09-01", ", 4 times"),
        ("Patient", "new tumor elsewhere in the organ", DAYS[0], ""),
        ("Lesion 2", "completely ablated", DAYS[2], "")]  # fmt: skip
    assert ("Lesion 1", f"{DAYS[0]} to {DAYS[1]}") in [(one["what"], one["on"]) for one in rows]


def test_local_progression_of_every_lesion_stands_on_the_sheet_however_crowded_it_is() -> None:
    progressed = [{"on": DAYS[2], "lesion": str(n), "says": "local tumor progression"} for n in range(1, 6)]
    assert room_for_found(joined_found(found_rows([*FOUND, *progressed])), most=2) == 5
    assert room_for_found(joined_found(found_rows(FOUND)), most=2) == 2


def test_a_follow_up_with_local_progression_is_another_event_of_the_timeline() -> None:
    seen = [of("follow_up", key, seen_on=date.fromisoformat(day)) for key, day in (("a", DAYS[1]), ("b", DAYS[2]))]
    found = [of("finding", "1", follow_up_id="b", lesion_id="2", state="completely ablated"),
             of("finding", "2", follow_up_id="b", lesion_id="1", state="local tumor progression")]  # fmt: skip
    events = timeline_of([*seen, *found]).events
    assert [one.local_progression for one in events] == [False, True]
    assert "lesion 1 local tumor progression, lesion 2 completely ablated" in events[1].words


def test_a_doi_is_a_link_that_only_the_reader_opens_and_all_else_is_text() -> None:
    link = '<a href="https://doi.org/10.2214/AJR.13.10747" rel="noreferrer noopener">doi 10.2214/AJR.13.10747</a>'
    assert linked("<b>J 2014; doi 10.2214/AJR.13.10747; pmid 1") == f"&lt;b&gt;J 2014; {link}; pmid 1"
    assert 'href="https://doi.org/10.1/' not in linked('doi 10.1/"><script>')
    assert "<script>" not in linked('doi 10.1000/"><script>')


def test_what_was_not_read_in_the_source_is_told_beside_it_with_what_that_means() -> None:
    view = board_view(board(margin("1")))
    kinds = {one["source"]: one["kind"] for one in view["sources"]}
    assert kinds["NCCN colon"] == "guideline, second-hand"
    assert "not in the source itself" in view["sources_say"]
    assert "to be confirmed" in sources_say(["guideline, from memory"])
    assert "Second-hand" not in sources_say(["trial"])
