"""The worklist: what a line says, who is due, sorted, searched, page by page; and that it follows the registry."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bench.registry_data import made_up_records
from isotherm.app.web.worklist_table import AT_ONCE, Only, Wanted, WorklistTable
from isotherm.app.web.workspace import workspace_at
from isotherm.app.worklist import Line, lines_of
from isotherm.clinical.questions import different, open_questions
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.registry.store import open_store
from tests.app.web.conftest import PATIENTS

TODAY = date(2026, 3, 1)


def of(kind: str, key: str = "", patient: str = "P1", **values: object) -> Record:
    return Record(kind=RECORD_KINDS[kind], patient_id=patient, id=key, values=values)  # pyright: ignore[reportArgumentType]


def line(*records: Record) -> Line:
    (found,) = lines_of(records)
    return found


def test_a_line_counts_lesions_and_margins_and_tells_the_latest_days() -> None:
    found = line(
        of("patient"), of("lesion", "1", organ="liver"), of("lesion", "2", organ="liver"),
        of("session", "1", ablated_on=date(2025, 1, 5)), of("session", "2", ablated_on=date(2025, 3, 5)),
        of("follow_up", "1", seen_on=date(2025, 6, 1)), of("follow_up", "2", seen_on=date(2025, 2, 1)),
        of("scan", "1", scanned_on=date(2025, 1, 5)),
        of("margin", "1", lesion_id="1", scan_id="1", status="measured", minimal_margin_mm=3.0),
        of("margin", "2", lesion_id="2", scan_id="1", status="measured", minimal_margin_mm=3.0, reader="ada"),
    )  # fmt: skip

    assert (found.lesions, found.ablated_on, found.last_on, found.died_on) == (2, "2025-03-05", "2025-06-01", "")
    assert (found.margins, found.to_accept) == (2, 1)


def test_open_questions_are_those_that_the_command_line_counts() -> None:
    records = list(made_up_records(20, seed=3))

    for one in lines_of(records):
        own = [record for record in records if record.patient_id == one.patient]
        assert one.questions == different(open_questions(own))


def test_the_order_of_records_does_not_matter() -> None:
    records = list(made_up_records(3, seed=3))

    assert {*lines_of(records)} == {*lines_of(records[::-1])}


@pytest.fixture
def table(registry: str, tmp_path: Path) -> WorklistTable:
    found = WorklistTable(workspace_at(tmp_path / "workspace"), registry)
    found.read_all()
    return found


def wanted(days: int = 180, **others: object) -> Wanted:
    return Wanted(days=days, today=TODAY, **others)  # pyright: ignore[reportArgumentType]


def test_all_patients_are_there_page_by_page_and_none_twice(table: WorklistTable) -> None:
    pages = [table.find(wanted(page=number, size=7)) for number in range(1, 7)]

    patients = [one.patient for found in pages for one in found.lines]
    assert len(patients) == len(set(patients)) == PATIENTS == pages[0].patients
    assert pages[5].lines == ()


@pytest.mark.parametrize(("sort", "key"), [("patient", "patient"), ("last", "last_on")])
def test_lines_are_sorted_as_asked(table: WorklistTable, sort: str, key: str) -> None:
    found = [getattr(one, key) for one in table.find(wanted(sort=sort)).lines if not one.died_on]

    assert found == sorted(found)


@pytest.mark.parametrize(("sort", "key"), [("lesions", "lesions"), ("ablated", "ablated_on"),
                                           ("accept", "to_accept")])  # fmt: skip
def test_what_there_is_more_of_comes_first(table: WorklistTable, sort: str, key: str) -> None:
    found = [getattr(one, key) for one in table.find(wanted(sort=sort)).lines]

    assert found == sorted(found, reverse=True)


def test_whose_open_questions_criteria_ask_for_comes_first_and_the_dead_last(table: WorklistTable) -> None:
    found = [
        (one.died_on != "", -one.for_criteria, -one.questions) for one in table.find(wanted(sort="questions")).lines
    ]

    assert found == sorted(found)


def test_of_open_questions_those_are_told_apart_that_a_criterion_asks_for() -> None:
    answered = of("patient", sex="male", born_on=date(1950, 1, 1))
    (before,), (after,) = lines_of([of("patient")]), lines_of([answered])

    assert (before.questions - after.questions, before.for_criteria - after.for_criteria) == (2, 2)
    (session,) = lines_of([of("session", "1", ablated_on=date(2025, 1, 1))])
    (told,) = lines_of([of("session", "1", ablated_on=date(2025, 1, 1), approach="open")])
    assert (session.questions - told.questions, session.for_criteria - told.for_criteria) == (1, 0)
    assert before.asks.startswith("sex, date of birth")


@pytest.mark.parametrize("only", ["questions", "criteria"])
def test_questions_are_counted_of_the_living(registry: str, table: WorklistTable, only: Only) -> None:
    before = table.find(wanted(only=only, size=1000))
    patient = before.lines[0].patient
    with open_store(registry) as store:
        store.add([of("death", patient=patient, died_on=date(2026, 1, 1))], by="test", why="test")

    found = table.find(wanted(only=only, size=1000))

    assert found.count == before.count - 1
    assert patient not in {one.patient for one in found.lines}
    assert found.criteria <= found.questions < found.patients


def test_a_search_is_of_letters_and_no_pattern(table: WorklistTable) -> None:
    assert table.find(wanted(search="p0")).count == 9
    for nothing in ("%", "_", "' OR 1=1 --", "*"):
        assert table.find(wanted(search=nothing)).count == 0


@pytest.mark.parametrize("only", ["", "due", "questions", "criteria", "accept"])
def test_the_number_beside_a_filter_is_how_many_it_shows(table: WorklistTable, only: Only) -> None:
    found = table.find(wanted(only=only, size=1000))

    assert len(found.lines) == found.count == (getattr(found, only) if only else found.patients)


def test_who_died_or_was_never_ablated_is_not_due(registry: str, table: WorklistTable) -> None:
    with open_store(registry) as store:
        store.add([of("patient", patient="N1"), of("patient", patient="N2"), of("patient", patient="N3"),
                   *(of("session", "1", patient=name, ablated_on=date(2020, 1, 1)) for name in ("N2", "N3")),
                   of("death", patient="N3", died_on=date(2021, 1, 1))], by="test", why="test")  # fmt: skip

    due = {one.patient for one in table.find(wanted(only="due", size=1000)).lines}

    assert {"N1", "N2", "N3"} & due == {"N2"}


def test_what_is_written_is_on_the_next_page(registry: str, table: WorklistTable) -> None:
    before = table.find(wanted(size=1000))
    with open_store(registry) as store:
        kept = store.patient("P01")[0]
        store.withdraw("patient", "P01", "", revision=kept.revision, by="test", why="test")
        store.add([of("patient", patient="NEW")], by="test", why="test")

    found = table.find(wanted(size=1000))

    assert {one.patient for one in found.lines} ^ {one.patient for one in before.lines} == {"P01", "NEW"}
    assert found.is_whole


def test_following_the_registry_says_what_reading_it_anew_says(registry: str, table: WorklistTable) -> None:
    with open_store(registry) as store:
        store.add(made_up_records(9, seed=5, prefix="Q"), by="test", why="test")
    followed = table.find(wanted(size=1000))

    table.read_all()

    assert table.find(wanted(size=1000)).lines == followed.lines


def test_another_registry_in_the_same_workspace_is_read_anew(tmp_path: Path, table: WorklistTable) -> None:
    other = str(tmp_path / "other.registry")
    with open_store(other, create=True) as store:
        store.add([of("patient", patient="OTHER")], by="test", why="test")
    found = WorklistTable(workspace_at(tmp_path / "workspace"), other)

    found.find(wanted())
    found.read_all()

    assert [one.patient for one in found.find(wanted()).lines] == ["OTHER"]


def test_much_that_came_at_once_is_read_in_the_background_and_the_list_stays_as_it_was_meanwhile(
    registry: str, table: WorklistTable, tmp_path: Path
) -> None:
    with open_store(registry) as store:
        store.add(made_up_records(AT_ONCE // 8, seed=5, prefix="Q"), by="test", why="test")
        entries = int(store.identity()["entries"])
    hasty = WorklistTable(workspace_at(tmp_path / "workspace"), registry, patience_s=0.0)

    found = hasty.find(wanted())
    assert not found.is_whole
    assert AT_ONCE < found.behind < entries
    assert found.patients in (PATIENTS, PATIENTS + AT_ONCE // 8)
    hasty.read_all()
    assert hasty.find(wanted()).patients == PATIENTS + AT_ONCE // 8


def test_a_registry_that_is_read_in_a_moment_is_waited_for(registry: str, tmp_path: Path) -> None:
    found = WorklistTable(workspace_at(tmp_path / "workspace"), registry, patience_s=60.0).find(wanted())

    assert (found.is_whole, found.patients) == (True, PATIENTS)


def test_a_page_that_did_not_wait_long_enough_says_why_its_list_is_old_and_asks_again_for_the_same(
    client: TestClient, app: FastAPI, registry: str
) -> None:
    app.state.worklist.read_all()
    with open_store(registry) as store:
        store.add(made_up_records(AT_ONCE // 8, seed=5, prefix="Q"), by="test", why="test")
    app.state.worklist = WorklistTable(app.state.web.workspace, registry, patience_s=0.0)

    page = client.get("/worklist?search=P01&only=questions").text

    assert "entries of the registry came since this list was read" in page
    assert 'hx-get="/worklist?search=P01&amp;only=questions' in page
    assert 'href="/patients/P01"' in page


def test_the_page_shows_lines_and_where_they_lead(client: TestClient, app: FastAPI) -> None:
    app.state.worklist.read_all()
    page = client.get("/worklist?sort=patient").text

    assert 'href="/patients/P01"' in page
    assert "follow-up due" in page
    assert page.count("<tr data-row") == PATIENTS


def test_each_line_says_in_words_whether_the_patient_lives(client: TestClient, app: FastAPI, registry: str) -> None:
    with open_store(registry) as store:
        store.add([
            of("patient", patient="DIED"), of("session", "1", patient="DIED", ablated_on=date(2025, 1, 1)),
            of("death", patient="DIED", died_on=date(2025, 2, 3)),
            of("patient", patient="SEEN"), of("session", "1", patient="SEEN", ablated_on=date(2025, 1, 1)),
            of("patient", patient="NEVER"),
        ], by="test", why="test")  # fmt: skip
    app.state.worklist.read_all()

    for key, says in (("DIED", ">died 2025-02-03<"), ("SEEN", ">alive 2025-01-01<"), ("NEVER", ">none<")):
        page = client.get(f"/worklist?search={key}").text
        assert says in page
        assert ("of the past" in page) == (key == "DIED")


def test_while_a_registry_is_read_for_the_first_time_no_page_says_that_nobody_is_in_it(
    reader: TestClient, app: FastAPI, registry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.state.worklist = WorklistTable(app.state.web.workspace, registry, patience_s=0.0)
    monkeypatch.setattr(app.state.worklist, "_carry_on", lambda: 40)
    for path in ("/worklist", "/worklist?search=P01"):
        page = reader.get(path).text
        assert "is being read for the first time" in page
        assert "Nobody fits" not in page
        assert "<b>0</b>" not in page


@pytest.mark.parametrize("query", ["sort=nothing", "page=0", "days=-1", "days=x", "only=all", "search=" + "x" * 65])
def test_what_makes_no_sense_in_an_address_is_a_sentence(client: TestClient, query: str) -> None:
    answer = client.get(f"/worklist?{query}")

    assert answer.status_code == 400
    assert "start again from the worklist" in answer.text


def test_what_is_searched_for_is_text_on_the_page(client: TestClient) -> None:
    page = client.get("/worklist", params={"search": '"><script>alert(1)</script>'}).text

    assert "<script>alert" not in page


def test_margins_of_who_died_and_withheld_ones_wait_for_nobody(ada: TestClient, app: FastAPI, registry: str) -> None:
    scan = {"lesion_id": "1", "scan_id": "1", "status": "measured", "minimal_margin_mm": 3.0}
    with open_store(registry) as store:
        for patient, status, more in (("X-lives", "measured", ()), ("X-withheld", "withheld", ()),
                                      ("X-died", "measured", ("death",))):  # fmt: skip
            told = scan if status == "measured" else {"lesion_id": "1", "scan_id": "1", "status": status}
            store.add([of("patient", patient=patient), of("lesion", "1", patient, organ="liver"),
                       of("scan", "1", patient, scanned_on=date(2025, 1, 5)), of("margin", "1", patient, **told),
                       *(of(kind, "", patient, died_on=date(2025, 6, 1)) for kind in more)],
                      by="test", why="test")  # fmt: skip
    app.state.worklist.read_all()

    page = ada.get("/worklist?only=accept&search=X-").text

    assert '<a href="/patients/X-lives#margins">X-lives</a>' in page
    assert "Margins to accept <b>1</b>" in page
    assert "X-died" not in page
    assert "X-withheld" not in page
    assert "1 of 1, of the past" in ada.get("/worklist?search=X-died").text
