"""Records by hand on a patient's pages: added, corrected, withdrawn, brought back; and who did what, told in words."""

from __future__ import annotations

import html
import re
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from isotherm.app.web.looked import looks
from isotherm.app.web.pages_patient_history import ACTS
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.registry.store import open_store
from tests.app.web.conftest import post

HOSTILE = '"><script>alert(1)</script>{{ 7*7 }}'


def of(kind: str, key: str = "", **values: object) -> Record:
    return Record(kind=RECORD_KINDS[kind], patient_id="X1", id=key, values=values)  # pyright: ignore[reportArgumentType]


@pytest.fixture
def x1(registry: str) -> str:
    """A patient with two lesions that were ablated long ago; return the address of the registry."""
    with open_store(registry) as store:
        store.add([of("patient"), of("lesion", "1", organ="liver", place="VI"), of("lesion", "2", organ="liver"),
                   of("session", "1", ablated_on=date(2020, 1, 5)),
                   of("follow_up", "1", seen_on=date(2020, 6, 1))], by="import", why="came in")  # fmt: skip
    return registry


def kept(registry: str, kind: str, key: str = "") -> Any:
    with open_store(registry) as store:
        every = store.patient("X1", withdrawn=True)
    return next((one for one in every if (one.record.kind.name, one.record.id) == (kind, key)), None)


def text_of(page: str) -> str:
    """Return what a page says, without its tags."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_a_death_is_entered_by_hand_and_ends_what_is_due(ada: TestClient, app: FastAPI, x1: str) -> None:
    app.state.worklist.read_all()
    assert 'href="/patients/X1"' in ada.get("/worklist?only=due").text
    assert "Alive when last seen, 2020-06-01" in ada.get("/patients/X1").text
    assert 'href="/patients/X1/add?kind=death"' in ada.get("/patients/X1").text

    answer = post(ada, "/patients/X1/add", kind="death", why="letter of the family",
                  **{"field.died_on": "2020-07-01", "field.cause": "tumor"})  # fmt: skip
    page = ada.get(answer.headers["location"]).text

    assert kept(x1, "death").record.values == {"died_on": date(2020, 7, 1), "cause": "tumor"}
    assert "Death is noted, with your name and the time." in page
    assert "Died 2020-07-01, of: tumor" in page
    assert 'href="/patients/X1"' not in ada.get("/worklist?only=due").text
    assert "died 2020-07-01" in ada.get("/worklist?search=X1").text


def test_a_patient_dies_once_and_who_asks_again_is_led_to_the_record(ada: TestClient, x1: str) -> None:
    post(ada, "/patients/X1/add", kind="death", **{"field.died_on": "2020-07-01"})

    assert "add?kind=death" not in ada.get("/patients/X1").text
    assert ada.get("/patients/X1/add?kind=death").headers["location"] == "/patients/X1/record?kind=death"
    again = post(ada, "/patients/X1/add", kind="death", **{"field.died_on": "2021-07-01"})
    assert again.status_code == 400
    assert "in the registry already" in again.text
    assert kept(x1, "death").record.values["died_on"] == date(2020, 7, 1)


def test_a_follow_up_comes_with_what_was_found_of_its_lesions_in_one_act(ada: TestClient, x1: str) -> None:
    form = ada.get("/patients/X1/add?kind=follow_up").text
    assert "liver, VI" in form

    answer = post(ada, "/patients/X1/add", kind="follow_up", **{
        "field.seen_on": "2020-09-01", "field.new_in_organ": "no",
        "field.lesion.1": "completely ablated", "field.lesion.2": "local tumor progression"})  # fmt: skip

    assert answer.headers["location"] == "/patients/X1?noted=added&kind=follow_up&key=2"
    assert kept(x1, "follow_up", "2").record.values["new_in_organ"] is False
    assert dict(kept(x1, "finding", "2").record.values) == {
        "follow_up_id": "2", "lesion_id": "2", "state": "local tumor progression"}  # fmt: skip
    course = ada.get("/patients/X1").text
    assert "Follow-up 2: lesion 2 local tumor progression, lesion 1 completely ablated" in course
    assert "Follow-up 1: nothing is noted of what was found" in course
    assert "added 3 records" in text_of(ada.get("/patients/X1/history").text)


@pytest.mark.parametrize(("fields", "said"), [
    ({"field.lesion.1": "completely ablated"}, "day of the contact is missing; a follow-up needs it"),
    ({"field.seen_on": "2999-01-01", "field.lesion.1": "completely ablated"}, "a day after today"),
    ({"field.seen_on": "2020-09-01", "field.lesion.1": "gone"}, "state is one of"),
    ({"field.seen_on": "2020-09-01", "field.lesion.9": "resected"}, "points to a record that is not there"),
    ({"field.seen_on": "2020-09-01", "field.lesion.": "resected"}, "lesion is a short name"),
    ({"field.seen_on": "2020-09-01", "key": "../../x"}, "follow-up is a short name"),
    ({"field.seen_on": "2020-09-01", "key": "1"}, "in the registry already"),
    ({"field.seen_on": "2020-09-01", "field.blood": "red"}, "is no field of a follow-up"),
    ({}, "Nothing was filled in"),
])  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence_and_keeps_what_was_typed(
    ada: TestClient, x1: str, fields: dict[str, str], said: str
) -> None:
    typed = {"field.quality_of_life_instrument": HOSTILE} if fields else {}
    answer = post(ada, "/patients/X1/add", kind="follow_up", why="clinic " + HOSTILE, **fields, **typed)

    assert answer.status_code == 400
    assert said in html.unescape(answer.text)
    assert kept(x1, "follow_up", "2") is None
    assert kept(x1, "finding", "1") is None
    assert "<script>alert" not in answer.text
    assert f"clinic {HOSTILE}" in html.unescape(answer.text)
    for text in [text for name, text in fields.items() if name == "field.seen_on"] + list(typed.values()):
        assert text in html.unescape(answer.text)


@pytest.mark.parametrize("kind", [name for name in RECORD_KINDS if name not in ("patient", "death")])
def test_every_kind_of_record_has_a_form_with_every_field_of_the_registry(ada: TestClient, x1: str, kind: str) -> None:
    with open_store(x1) as store:
        store.add([of("scan", "1", scanned_on=date(2020, 1, 1)), of("ablation", "1", session_id="1", lesion_id="1")],
                  by="test", why="test")  # fmt: skip
    chosen = "&name=diameter_mm" if kind == "fact" else ""  # which fact is chosen first
    labels = {"value": "largest diameter"} if kind == "fact" else {}
    page = ada.get(f"/patients/X1/add?kind={kind}{chosen}").text

    for field in (one for one in RECORD_KINDS[kind].fields if one.by != "signature"):
        assert f'name="field.{field.name}"' in page, field.name
        label = labels.get(field.name, field.label)
        assert html.escape(label) in page or label in page
    names = re.findall(r'\bid="([^"]+)"', page)
    assert len(names) == len(set(names))


def test_an_open_question_about_a_record_that_is_not_there_asks_what_it_belongs_to(ada: TestClient, x1: str) -> None:
    form = next(one for one in ada.get("/patients/X1").text.split("<form") if 'name="kind" value="ablation"' in one)
    assert {'name="answer.session_id"', 'name="answer.lesion_id"', 'name="answer.modality"'} <= {*re.findall(
        r'name="answer\.\w+"', form)}  # fmt: skip

    post(ada, "/patients/X1/answers", kind="ablation", **{
        "answer.session_id": "1", "answer.lesion_id": "2", "answer.modality": "MWA"})  # fmt: skip

    assert kept(x1, "ablation", "1").record.values["lesion_id"] == "2"


def test_what_belongs_to_a_record_that_is_not_there_leads_to_that_one_first(ada: TestClient, x1: str) -> None:
    page = ada.get("/patients/X1/add?kind=ablation").text
    assert 'name="field.session_id"' in page

    with open_store(x1) as store:
        store.withdraw("session", "X1", "1", revision=1, by="test", why="test")
    page = ada.get("/patients/X1/add?kind=ablation").text

    assert 'href="/patients/X1/add?kind=session"' in page
    assert 'action="/patients/X1/add"' not in page


def test_days_that_cannot_be_are_kept_and_shown_beside_what_was_noted(ada: TestClient, x1: str) -> None:
    answer = post(ada, "/patients/X1/add", kind="death", **{"field.died_on": "2020-03-01"})

    page = text_of(ada.get(answer.headers["location"]).text)
    assert "This does not fit together" in page
    assert "Follow-up 1 : day of the contact: after the day of death" in page
    assert "after the day of death" in ada.get("/patients/X1/records").text


def test_what_does_not_fit_is_on_the_page_of_a_patient_whoever_opens_it(ada: TestClient, x1: str) -> None:
    assert 'hx-get="/patients/X1/misfits" hx-trigger="load"' in ada.get("/patients/X1").text
    assert "This does not fit together" not in ada.get("/patients/X1/misfits").text

    post(ada, "/patients/X1/add", kind="death", **{"field.died_on": "2020-03-01"})

    assert "Follow-up 1 : day of the contact: after the day of death" in text_of(ada.get("/patients/X1/misfits").text)


def test_a_decision_of_another_size_than_was_corrected_leads_to_both_records(ada: TestClient, x1: str) -> None:
    with open_store(x1) as store:
        store.add([of("scan", "1", scanned_on=date(2020, 1, 1)),
                   of("decision", "1", decided_on=date(2020, 1, 10), largest_lesion_mm=31.0, organ="liver"),
                   of("reading", "1", lesion_id="1", scan_id="1", diameter_mm=20.0),
                   of("reading", "2", lesion_id="2", scan_id="1", diameter_mm=31.0)],
                  by="test", why="test")  # fmt: skip
    assert "This does not fit together" not in ada.get("/patients/X1/misfits").text

    answer = post(ada, "/patients/X1/record", kind="reading", key="2", revision="1", why="measured again",
                  **{"field.diameter_mm": "28"})  # fmt: skip

    for page in (answer.headers["location"], "/patients/X1/misfits", "/patients/X1/records"):
        told = ada.get(page).text.partition("This does not fit together")[2].partition("</div>")[0]
        assert "31 mm, and the largest by that day is lesion 2 with 28 mm" in told
        assert 'href="/patients/X1/record?kind=decision&amp;key=1"' in told
        assert 'href="/patients/X1/record?kind=reading&amp;key=2"' in told


def form_of(page: str) -> dict[str, str]:
    """Return every field of the first form of a record's page, as a browser sends it."""
    form = page.partition('action="/patients/X1/record"')[2].partition("</form>")[0]
    fields = {name: html.unescape(text) for name, text in
              re.findall(r'<input (?:type="hidden" |id="[^"]*" )name="([^"]+)" value="([^"]*)"', form)}  # fmt: skip
    for name, options in re.findall(r'<select id="[^"]*" name="([^"]+)"[^>]*>(.*?)</select>', form):
        fields[name] = next(iter(re.findall(r'value="([^"]*)" selected', options)), "")
    for name, text in re.findall(r'<textarea id="[^"]*" name="([^"]+)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL):
        fields[name] = html.unescape(text)
    return fields


def test_a_form_sent_as_it_came_changes_nothing_whatever_the_record_says(ada: TestClient, x1: str) -> None:
    lesion = Record(kind=RECORD_KINDS["lesion"], patient_id="X1", id="7", unknown=frozenset({"place"}),
                    values={"organ": "liver", "note": " first line\n\nthird, with spaces  ", "perihilar": True,
                            "found_on": date(2019, 2, 3)})  # fmt: skip
    scan = of("scan", "s.1", scanned_on=date(2020, 1, 1), slice_thickness_mm=0.1 + 0.2)
    with open_store(x1) as store:
        store.add([lesion, scan], by="test", why="test")

    for kind, key in (("lesion", "7"), ("scan", "s.1")):
        fields = form_of(ada.get(f"/patients/X1/record?kind={kind}&key={key}").text)
        answer = post(ada, "/patients/X1/record", **(fields | {"why": "looked at again"}))
        assert answer.status_code == 400
        assert "every field says what the registry has" in answer.text
    assert kept(x1, "lesion", "7").record == lesion
    assert kept(x1, "scan", "s.1").record == scan


def test_a_correction_is_told_from_what_to_what_by_whom_and_why(ada: TestClient, x1: str) -> None:
    fields = form_of(ada.get("/patients/X1/record?kind=lesion&key=1").text)

    answer = post(ada, "/patients/X1/record",
                  **(fields | {"field.place": "VII", "field.perihilar": "unknown", "why": "read again"}))  # fmt: skip

    assert answer.headers["location"] == "/patients/X1?noted=corrected&kind=lesion&key=1"
    record = kept(x1, "lesion", "1").record
    assert (record.values["place"], record.unknown) == ("VII", {"perihilar"})
    page = text_of(ada.get("/patients/X1/history?kind=lesion&key=1").text)
    assert re.search(r"ada changed lesion 1 .*segment of the liver or lobe of the lung: VI → VII", page)
    assert "next to the hilum: empty → nobody could tell" in page
    assert "read again" in page
    assert page.index("read again") < page.index("came in"), "the latest first"


def test_a_field_that_a_form_did_not_ask_for_stays(ada: TestClient, x1: str) -> None:
    post(ada, "/patients/X1/record", kind="lesion", key="1", revision="1", why="read again",
         **{"field.perihilar": "no"})  # fmt: skip

    assert kept(x1, "lesion", "1").record.values == {"organ": "liver", "place": "VI", "perihilar": False}


def test_an_emptied_field_says_nothing_any_more_and_one_that_is_needed_stays(ada: TestClient, x1: str) -> None:
    fields = form_of(ada.get("/patients/X1/record?kind=lesion&key=1").text)

    post(ada, "/patients/X1/record", **(fields | {"field.place": "", "why": "not known"}))
    assert "place" not in kept(x1, "lesion", "1").record.values

    fields = form_of(ada.get("/patients/X1/record?kind=lesion&key=1").text)
    answer = post(ada, "/patients/X1/record", **(fields | {"field.organ": "", "why": "not known"}))
    assert answer.status_code == 400
    assert "organ is missing" in answer.text
    assert kept(x1, "lesion", "1").record.values["organ"] == "liver"


def test_who_was_slower_sees_what_is_there_now_beside_what_was_typed_and_overwrites_nothing(
    ada: TestClient, x1: str
) -> None:
    seen = form_of(ada.get("/patients/X1/record?kind=lesion&key=1").text)
    post(ada, "/patients/X1/record", **(seen | {"field.place": "VII", "why": "read again"}))

    late = post(ada, "/patients/X1/record", **(seen | {"field.perihilar": "yes", "why": "seen on MRI"}))

    assert late.status_code == 409
    assert "ada" in late.text
    assert "next to the hilum: yes" in text_of(late.text)
    assert form_of(late.text)["field.place"] == "VII"
    assert kept(x1, "lesion", "1").revision == 2


def test_a_record_is_withdrawn_with_a_reason_told_with_what_it_said_and_brought_back(ada: TestClient, x1: str) -> None:
    post(ada, "/patients/X1/add", kind="death", **{"field.died_on": "2020-07-01"})
    post(ada, "/patients/X1/withdraw", kind="death", revision="1", why="it was somebody else")

    assert kept(x1, "death").withdrawn
    assert "Alive when last seen" in ada.get("/patients/X1").text
    history = text_of(ada.get("/patients/X1/history").text)
    assert re.search(r"withdrew death .*day of death: 2020-07-01", history)
    assert "This record was withdrawn" in ada.get("/patients/X1/record?kind=death").text
    assert 'class="tag">withdrawn' in ada.get("/patients/X1/records").text

    answer = post(ada, "/patients/X1/withdraw", kind="death", revision="2", undo="true", why="it was not")
    assert "Death counts again" in ada.get(answer.headers["location"]).text
    assert "reinstated death" in text_of(ada.get("/patients/X1/history").text)


@pytest.mark.parametrize(("fields", "status", "said"), [
    ({"kind": "lesion", "key": "1", "revision": "1", "why": " "}, 400, "Say why"),
    ({"kind": "lesion", "key": "9", "revision": "1", "why": "x"}, 404, "no such record"),
    ({"kind": "tumor", "key": "1", "revision": "1", "why": "x"}, 400, "No such kind"),
    ({"kind": "lesion", "key": "1", "revision": "7", "why": "x"}, 409, "revision"),
    ({"kind": "lesion", "key": "1", "revision": "x", "why": "x"}, 400, "cannot be asked for like this"),
])  # fmt: skip
@pytest.mark.parametrize("path", ["record", "withdraw"])
def test_a_change_that_makes_no_sense_changes_nothing(
    ada: TestClient, x1: str, path: str, fields: dict[str, str], status: int, said: str
) -> None:
    answer = post(ada, f"/patients/X1/{path}", **fields, **{"field.organ": "lung"})

    assert answer.status_code == status
    assert said in answer.text
    assert (kept(x1, "lesion", "1").revision, kept(x1, "lesion", "1").withdrawn) == (1, False)


def test_what_others_point_to_is_not_withdrawn_before_them(ada: TestClient, x1: str) -> None:
    with open_store(x1) as store:
        store.add([of("ablation", "1", session_id="1", lesion_id="1")], by="test", why="test")

    answer = post(ada, "/patients/X1/withdraw", kind="lesion", key="1", revision="1", why="never was")

    assert answer.status_code == 400
    assert "other records point to it (1 of kind ablation)" in answer.text
    assert 'value="never was"' in answer.text


def test_a_patient_is_withdrawn_with_everything_and_the_history_still_tells_it(ada: TestClient, x1: str) -> None:
    answer = post(ada, "/patients/X1/withdraw", kind="patient", revision="1", why="no consent")

    assert answer.headers["location"] == "/patients/X1/history"
    assert ada.get("/patients/X1").status_code == 404
    history = text_of(ada.get("/patients/X1/history").text)
    assert "withdrew 5 records" in history
    assert "no consent" in history


def test_an_import_is_one_line_that_opens_and_a_long_history_is_paged(ada: TestClient, x1: str) -> None:
    with open_store(x1) as store:
        for number in range(ACTS):
            store.add([of("fact", str(number), name="ecog", value="1")], by="ward", why=f"call {number}")
    first, last = (ada.get(f"/patients/X1/history{query}").text for query in ("", "?page=2"))

    assert f"call {ACTS - 1}" in first
    assert "came in" not in first
    assert first.count('<tr><td class="whole">') == ACTS
    assert "added 5 records" in text_of(last)
    assert "patient (1), lesion (2), session (1), follow-up (1)" in text_of(last).replace("ablation session", "session")
    assert last.count("<details>") == 1
    assert ada.get("/patients/X1/history?page=99").status_code == 200


@pytest.mark.parametrize("path", ["history", "records", "add?kind=death", "record?kind=lesion&key=1"])
def test_a_look_at_records_or_their_history_is_noted(ada: TestClient, app: FastAPI, x1: str, path: str) -> None:
    assert ada.get(f"/patients/X1/{path}").status_code == 200

    (found,) = looks(app.state.web.workspace)
    assert (found.who, found.patient) == ("ada", "X1")


@pytest.mark.parametrize("path", ["history", "records", "add?kind=death", "record?kind=death"])
@pytest.mark.parametrize("key", ["NOBODY", "a%20b", "%3Cscript%3E", "x" * 65])
def test_a_patient_that_is_none_has_none(ada: TestClient, app: FastAPI, path: str, key: str) -> None:
    assert ada.get(f"/patients/{key}/{path}").status_code == 404
    assert looks(app.state.web.workspace) == []


@pytest.mark.parametrize(("path", "status"), [
    ("history?kind=tumor", 400), ("history?page=0", 400), ("record?kind=lesion&key=9", 404), ("record?kind=x", 400),
    ("record?kind=lesion", 404), ("add?kind=x", 400), ("add", 400), ("record?kind=death&key=1", 400),
])  # fmt: skip
def test_an_address_that_makes_no_sense_is_a_sentence(ada: TestClient, x1: str, path: str, status: int) -> None:
    assert ada.get(f"/patients/X1/{path}").status_code == status


def test_texts_of_records_and_reasons_are_text_on_every_page(ada: TestClient, x1: str) -> None:
    post(ada, "/patients/X1/add", kind="complication", why=HOSTILE, **{"field.description": HOSTILE})

    for path in ("history", "records", "record?kind=complication&key=1", "add?kind=complication"):
        page = ada.get(f"/patients/X1/{path}").text
        assert "<script>alert" not in page
    assert HOSTILE in text_of(ada.get("/patients/X1/history").text.replace("&gt;", "&amp;gt;")).replace("&gt;", ">")


def test_the_name_is_asked_before_a_record_is_written_and_what_was_typed_is_kept(client: TestClient, x1: str) -> None:
    answer = post(client, "/patients/X1/add", kind="death", **{"field.died_on": "2020-07-01"})

    assert "Who is working?" in answer.text
    assert "2020-07-01" in answer.text
    assert kept(x1, "death") is None


@pytest.mark.parametrize("query", ["noted=erased&kind=lesion&key=1", "noted=added&kind=tumor&key=1"])
def test_an_address_cannot_make_a_page_say_what_was_not_done(ada: TestClient, x1: str, query: str) -> None:
    assert "with your name and the time" not in ada.get(f"/patients/X1?{query}").text


def test_the_history_of_the_whole_registry_names_whose_record_it_was_and_an_import_is_one_line(
    ada: TestClient, app: FastAPI, x1: str
) -> None:
    post(ada, "/patients/X1/add", kind="death", why="letter", **{"field.died_on": "2020-07-01"})

    page = ada.get("/history").text

    assert re.search(r"ada added death of X1 .*day of death: 2020-07-01", text_of(page))
    assert re.search(r"added [\d,]+ records of 30 patients", text_of(page))
    assert 'href="/patients/X1/history"' in page
    assert looks(app.state.web.workspace)[0].what == "who did what, page 1"
    assert "the earliest act here may have done more" not in page


def test_an_import_of_more_than_is_shown_says_how_much_is_left_out(ada: TestClient, x1: str) -> None:
    with open_store(x1) as store:
        store.add((of("fact", str(n), name="ecog", value="1") for n in range(2500)), by="ward", why="all of it")

    page = text_of(ada.get("/history").text)

    assert "added 2,500 records of 1 patient" in page
    assert "(2,500)" in page
    assert "and 2,400 more" in page
    assert "of the earliest act here all is counted, and not all is listed" in page
    assert "at least" not in page


def test_what_comes_after_a_large_act_does_not_change_how_much_that_did(ada: TestClient, x1: str) -> None:
    with open_store(x1) as store:
        store.add((of("fact", str(n), name="ecog", value="1") for n in range(2500)), by="ward", why="all of it")
    post(ada, "/patients/X1/add", kind="death", **{"field.died_on": "2020-07-01"})

    assert "added 2,500 records of 1 patient" in text_of(ada.get("/history").text)


def test_a_margin_that_was_not_measured_here_leads_to_its_record(ada: TestClient, x1: str) -> None:
    with open_store(x1) as store:
        store.add([of("scan", "1", scanned_on=date(2020, 2, 1)), of("scan", "2", scanned_on=date(2020, 3, 1)),
                   of("margin", "a", lesion_id="1", scan_id="1", status="measured", minimal_margin_mm=3.0),
                   of("margin", "b", lesion_id="1", scan_id="2", status="not_ablated"),
                   of("margin", "c", lesion_id="2", scan_id="1", status="measured", minimal_margin_mm=3.0)],
                  by="test", why="test")  # fmt: skip

    margins = ada.get("/patients/X1").text.partition('id="margins"')[2]

    rows = re.findall(r'<th scope="row">(\d)</th><td><a href="[^"]+kind=margin&amp;key=(\w)"', margins)
    assert sorted(rows) == [("1", "b"), ("2", "c")]


def test_an_administrator_is_led_to_who_looked(ada: TestClient, x1: str) -> None:
    assert 'href="/looked?patient=X1"' in ada.get("/patients/X1/history").text
