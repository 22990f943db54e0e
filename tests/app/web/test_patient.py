"""The page of a patient: what it shows, what is asked, answers written with who and why."""

from __future__ import annotations

import html as entities
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from isotherm.app.board_page import board_html, board_page
from isotherm.app.board_registry import PatientAsked, board_of_registry
from isotherm.app.patient_view import patient_view
from isotherm.app.timeline import timeline_of
from isotherm.app.web.application import create_app
from isotherm.app.web.looked import looks
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.registry.store import open_store
from tests.app.web.conftest import NOW, made_up_registry, post

PAGES = ("worklist", "assess", "cohort", "study", "evidence", "exchange", "jobs", "looked", "patients/P01")

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}'


def of(kind: str, key: str = "", **values: object) -> Record:
    return Record(kind=RECORD_KINDS[kind], patient_id="X1", id=key, values=values)  # pyright: ignore[reportArgumentType]


def add(registry: str, *records: Record) -> None:
    with open_store(registry) as store:
        store.add(records, by="test", why="test")


def test_a_page_shows_lesions_timeline_and_what_is_asked(ada: TestClient) -> None:
    page = ada.get("/patients/P01").text

    assert page.count('<th scope="row">') >= 3
    assert "Ablation session 1: percutaneous" in page
    assert "Open questions" in page


@pytest.mark.parametrize("key", ["NOBODY", "%2e%2e%2f", "a%20b", "x" * 65, "'--", "%3Cscript%3E"])
@pytest.mark.parametrize("tail", ["", "/criteria", "/board.html", "/board.pdf"])
def test_a_patient_that_is_none_is_a_sentence_and_no_look(ada: TestClient, app: FastAPI, key: str, tail: str) -> None:
    answer = ada.get(f"/patients/{key}{tail}")

    assert answer.status_code == 404
    assert "<script>" not in answer.text.replace("<script src", "")
    assert looks(app.state.web.workspace) == []


def test_each_look_at_a_patient_is_noted_before_anything_is_shown(ada: TestClient, app: FastAPI) -> None:
    ada.get("/patients/P01")
    ada.get("/patients/P02/board.html")

    found = looks(app.state.web.workspace)
    assert [(one.who, one.patient, one.what) for one in found] == [
        ("ada", "P02", "board sheet"), ("ada", "P01", "patient page")]  # fmt: skip
    assert "P02" in ada.get("/looked").text
    assert "P02" not in ada.get("/looked?patient=P01").text.partition("<tbody>")[2].partition("</tbody>")[0]


def test_a_look_at_no_single_patient_leads_nowhere(ada: TestClient) -> None:
    ada.get("/cohort")

    told = ada.get("/looked").text
    assert "no single one" in told
    assert 'href="/patients/"' not in told


def test_text_of_the_registry_is_never_markup(ada: TestClient, registry: str) -> None:
    add(registry, of("patient"), of("lesion", "1", organ="liver", note=HOSTILE),
        of("systemic", "1", started_on=date(2025, 1, 1), regimen=HOSTILE),
        of("complication", "1", description=HOSTILE, began_on=date(2025, 2, 1)))  # fmt: skip

    for path in ("/patients/X1", "/patients/X1/criteria", "/patients/X1/board.html"):
        text = ada.get(path).text
        assert "<script>alert" not in text, path
        assert "<img src=x" not in text, path
    assert "{{ 7*7 }}" in ada.get("/patients/X1").text


def test_the_board_sheet_is_in_a_sandbox_and_also_there_on_paper(ada: TestClient) -> None:
    sheet, paper = ada.get("/patients/P01/board.html"), ada.get("/patients/P01/board.pdf")

    assert "sandbox" in sheet.headers["content-security-policy"]
    assert "script-src 'none'" in sheet.headers["content-security-policy"]
    assert paper.content.startswith(b"%PDF")
    assert paper.headers["content-disposition"] == 'inline; filename="board-P01.pdf"'


def test_the_board_sheet_leads_back_and_what_is_printed_or_given_away_does_not(ada: TestClient, registry: str) -> None:
    sheet = ada.get("/patients/P01/board.html")
    asked = PatientAsked(address=registry, patient_id="P01", today=NOW.date())

    address = entities.unescape(re.findall(r'<nav class="back" aria-label="Back"><a href="([^"]+)">', sheet.text)[0])
    ada.cookies.clear()  # a document in a sandbox brings none
    leads = ada.get(address)
    assert 'content="0; url=/patients/P01"' in leads.text
    assert "set-cookie" not in leads.headers
    assert re.search(r"@media print {.*\n  nav, [^{]*{ display: none; }", sheet.text, re.DOTALL)
    assert 'class="back"' not in board_html(board_page(board_of_registry(asked)))


@pytest.mark.parametrize(
    "query", ["", "?to=/patients/P01", "?to=/patients/P01&mark=0", "?to=//elsewhere.org&mark=\u00e4"]
)
def test_nobody_else_can_make_a_way_back(client: TestClient, query: str) -> None:
    answer = client.get(f"/back{query}")
    assert answer.status_code == 404
    assert "refresh" not in answer.text


@pytest.mark.parametrize("by", ["test", None])
def test_what_the_registry_says_of_itself_is_on_every_page_and_on_the_sheet(
    settings: ServeSettings, tmp_path: Path, by: str | None
) -> None:
    registry = made_up_registry(tmp_path / "other.registry", simulated_by=by)
    with TestClient(create_app(replace(settings, registry=registry)), base_url="http://127.0.0.1") as client:
        sheet, pages = client.get("/patients/P01/board.html").text, [client.get(f"/{one}").text for one in PAGES]
    assert ("Simulated patient: nobody in this registry ever lived." in sheet) is (by is not None)
    assert {"Nobody in this registry ever lived." in text for text in pages} == {by is not None}


def test_as_many_questions_are_listed_as_are_said_to_be_open(ada: TestClient, registry: str) -> None:
    add(registry, of("patient"), of("lesion", "1", organ="liver"), of("lesion", "2", organ="liver"),
        *(of("follow_up", str(k), seen_on=date(2025, 1, k)) for k in range(1, 8)))  # fmt: skip
    with open_store(registry) as store:
        view = patient_view(store.patient("X1"))
    assert sum(len(kind.labels) for kind in view.asked) == view.open
    assert sum(len(kind.asked) for kind in view.asked) == view.forms > len(view.asked)

    page = ada.get("/patients/X1").text

    assert f"Open questions: {view.open} of {view.of}" in page
    assert f"{view.forms} records in all" in page
    assert page.count('<form method="post" action="/patients/X1/answers"') == view.forms
    assert "Follow-up: 7 records" in page
    names = re.findall(r'\bid="([^"]+)"', page)
    assert len(names) == len(set(names))


def form_on(page: str, kind: str) -> dict[str, str]:
    """Return the hidden fields of the form about a kind of record."""
    form = next(one for one in page.split("<form")[1:] if f'name="kind" value="{kind}"' in one)
    return dict(re.findall(r'<input type="hidden" name="(kind|key|revision)" value="([^"]*)"', form))


def record(registry: str, patient: str, kind: str) -> Any:
    with open_store(registry) as store:
        return next(one for one in store.patient(patient) if one.record.kind.name == kind)


def test_an_answer_is_in_the_registry_with_who_and_why(ada: TestClient, registry: str) -> None:
    fields = form_on(ada.get("/patients/P01").text, "decision")

    answer = post(ada, "/patients/P01/answers", **fields, **{"answer.strategy": "ablation first", "why": "letter"})

    assert re.fullmatch(r"/patients/P01\?saved=\w+#questions", answer.headers["location"])
    assert record(registry, "P01", "decision").record.values["strategy"] == "ablation first"
    with open_store(registry) as store:
        last = store.history(patient_id="P01")[-1]
    assert (last.who, last.why) == ("ada", "letter")


def test_of_what_nobody_can_tell_it_is_not_asked_again(ada: TestClient, registry: str) -> None:
    add(registry, of("patient"), of("lesion", "1", organ="liver"))
    fields = form_on(ada.get("/patients/X1").text, "lesion")

    post(ada, "/patients/X1/answers", **fields, **{"answer.place": "unknown"})

    assert record(registry, "X1", "lesion").record.unknown == {"place"}
    assert 'name="kind" value="lesion"' not in ada.get("/patients/X1").text


def test_a_record_that_is_not_there_yet_is_added(ada: TestClient, registry: str) -> None:
    add(registry, of("patient"))
    fields = form_on(ada.get("/patients/X1").text, "session")
    assert "revision" not in fields

    post(ada, "/patients/X1/answers", **fields, **{"answer.ablated_on": "2025-03-01"})

    assert record(registry, "X1", "session").record.values["ablated_on"] == date(2025, 3, 1)


def test_who_was_slower_overwrites_nothing_and_is_told_so(ada: TestClient, registry: str) -> None:
    add(registry, of("patient"))
    seen = form_on(ada.get("/patients/X1").text, "patient")
    post(ada, "/patients/X1/answers", **seen, **{"answer.sex": "female"})

    late = post(ada, "/patients/X1/answers", **seen, **{"answer.sex": "male"})

    assert late.status_code == 409
    assert "ada" in late.text
    assert record(registry, "X1", "patient").record.values["sex"] == "female"


@pytest.mark.parametrize(("fields", "said"), [
    ({"kind": "patient", "revision": "1"}, "No answer came"),
    ({"kind": "nothing", "revision": "1", "answer.sex": "male"}, "No such kind of record"),
    ({"kind": "patient", "revision": "1", "answer.sex": "blue"}, "sex of a patient is"),
    ({"kind": "patient", "revision": "1", "answer.born_on": "2050-01-01"}, "a day after today"),
    ({"kind": "patient", "revision": "1", "answer.nothing": "1"}, "is no field of a patient"),
    ({"kind": "patient", "revision": "x", "answer.sex": "male"}, "cannot be asked for like this"),
    ({"kind": "session", "key": "99", "revision": "1", "answer.approach": "open"}, "no such"),
    ({"kind": "patient", "revision": "1", "answer.sex": "male", "why": "x" * 3000}, "why"),
])  # fmt: skip
def test_an_answer_that_makes_no_sense_changes_nothing_and_says_why(
    ada: TestClient, registry: str, fields: dict[str, str], said: str
) -> None:
    add(registry, of("patient"))

    answer = post(ada, "/patients/X1/answers", **fields)

    assert answer.status_code in (400, 404)
    assert said in answer.text
    assert record(registry, "X1", "patient").revision == 1


def test_the_name_of_who_works_is_asked_before_anything_is_written(client: TestClient, registry: str) -> None:
    add(registry, of("patient"))

    answer = post(client, "/patients/X1/answers", kind="patient", revision="1", **{"answer.sex": "male"})

    assert "Who is working?" in answer.text
    assert record(registry, "X1", "patient").revision == 1


def test_the_timeline_is_in_order_within_its_ends_and_open_therapy_goes_on_to_death() -> None:
    found = timeline_of([
        of("session", "1", ablated_on=date(2024, 6, 1)), of("scan", "1", scanned_on=date(2024, 1, 1)),
        of("systemic", "1", started_on=date(2024, 3, 1)), of("death", died_on=date(2026, 1, 1)),
        of("systemic", "2", started_on=date(2024, 3, 1), stopped_on=date(2024, 9, 1)),
    ])  # fmt: skip

    assert [one.on for one in found.events] == sorted(one.on for one in found.events)
    assert all(0 <= one.place <= one.place + one.width <= 1 for one in found.events)
    ends = {one.until: one.place + one.width for one in found.events if one.lane == "Systemic therapy"}
    assert ends[None] == 1.0
    assert [words for words, _ in found.years] == ["2025", "2026"]
    assert found.lanes[-1] == "Death"


@pytest.mark.parametrize(("others", "end"), [
    ([], date(2024, 9, 1)),  # up to the last contact, and not to the last scan
    ([of("death", died_on=date(2024, 12, 1))], date(2024, 12, 1)),
    ([of("death", died_on=date(2024, 6, 1))], date(2024, 6, 1)),  # and a contact after it, which does not fit
    ([of("follow_up", "2", seen_on=date(2025, 1, 1))], date(2025, 1, 1)),
])  # fmt: skip
def test_a_therapy_without_an_end_is_drawn_as_far_as_anybody_saw_the_patient(others: list[Record], end: date) -> None:
    found = timeline_of([
        of("session", "1", ablated_on=date(2024, 1, 1)), of("systemic", "1", started_on=date(2024, 3, 1)),
        of("follow_up", "1", seen_on=date(2024, 9, 1)), of("scan", "1", scanned_on=date(2025, 6, 1)), *others,
    ])  # fmt: skip
    (one,) = (each for each in found.events if each.is_open)
    days = (date(2025, 6, 1) - date(2024, 1, 1)).days
    assert one.until is None
    assert one.place + one.width == pytest.approx((end - date(2024, 1, 1)).days / days)


def test_a_therapy_that_began_after_the_last_contact_or_of_somebody_never_seen_is_nothing_wide() -> None:
    after = of("systemic", "1", started_on=date(2024, 3, 1))
    for others in ([of("session", "1", ablated_on=date(2023, 1, 1))], [of("scan", "1", scanned_on=date(2025, 1, 1))]):
        (one,) = (each for each in timeline_of([after, *others]).events if each.is_open)
        assert one.width == 0.0


def test_an_open_end_and_a_death_are_drawn_with_their_words(ada: TestClient, registry: str) -> None:
    add(registry, of("patient"), of("session", "1", ablated_on=date(2024, 1, 1)),
        of("systemic", "1", started_on=date(2024, 2, 1), regimen="FOLFOX"))  # fmt: skip
    lives = ada.get("/patients/X1").text
    assert '<text class="open"' in lives
    assert "2024-02-01, end not recorded: FOLFOX" in lives
    assert "It is drawn up to the last contact, and nothing says that it ended there." in lives
    assert 'class="death"' not in lives

    add(registry, of("death", died_on=date(2026, 1, 5)))
    died = ada.get("/patients/X1").text
    assert 'class="death"' in died
    assert 'text-anchor="end">died 2026-01-05</text>' in died
    assert 'text-anchor="end">end not recorded</text>' in died
    assert "It is drawn up to the day of death" in died


def test_of_somebody_who_died_no_question_is_the_next_thing_to_do(ada: TestClient, registry: str) -> None:
    add(registry, of("patient"), of("session", "1", ablated_on=date(2024, 1, 1)))
    lives = ada.get("/patients/X1").text
    assert re.search(r'class="button main" href="#questions">Answer \d+ open questions<', lives)
    assert '<details class="asks" open>' in lives

    add(registry, of("death", died_on=date(2026, 1, 5)))
    died = ada.get("/patients/X1").text
    assert "Answer" not in died
    assert re.search(r'class="button" href="#questions">\d+ open questions<', died)
    assert "none of these is to be done" in died
    assert '<details class="asks" open>' not in died


def test_the_axis_of_a_timeline_is_never_without_a_day() -> None:
    one = of("scan", "1", scanned_on=date(2024, 3, 1))
    short = timeline_of([one, of("death", died_on=date(2024, 9, 1))])
    assert short.years == (("2024-03-01", 0.0), ("2024-09-01", 1.0))
    assert timeline_of([one, of("scan", "2", scanned_on=date(2024, 3, 2))]).years == (("2024-03-01", 0.0),)


def test_a_timeline_of_nothing_or_of_one_day_is_none_or_a_mark() -> None:
    assert timeline_of([of("patient")]).events == ()
    (one,) = timeline_of([of("scan", "1", scanned_on=date(2024, 1, 1))]).events
    assert (one.place, one.width) == (0.0, 0.0)


def test_today_is_told_by_the_clock_of_the_server(ada: TestClient) -> None:
    assert f"made {NOW.date()}" in ada.get("/patients/P01/board.html").text


def test_the_sheet_leads_to_paper_with_and_without_its_annex(ada: TestClient) -> None:
    sheet = ada.get("/patients/P01/board.html").text
    addresses = [entities.unescape(one) for one in re.findall(r'<a class="print" href="([^"]+)">', sheet)]
    pages = [re.findall(r'content="0; url=([^"]+)"', ada.get(one).text)[0] for one in addresses]
    assert pages == ["/patients/P01/board.pdf?annex=false", "/patients/P01/board.pdf"]
    alone, whole = (ada.get(one).content for one in pages)
    assert alone.startswith(b"%PDF")
    assert len(alone) < len(whole)
