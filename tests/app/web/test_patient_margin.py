"""Accept a margin that the registry has and nobody accepted: found from the worklist, signed by who works, audited."""

from __future__ import annotations

import html
import re
from datetime import date

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.registry.audit import Entry
from isotherm.registry.store import open_store
from tests.app.web.conftest import post


def of(kind: str, key: str = "", **values: object) -> Record:
    return Record(kind=RECORD_KINDS[kind], patient_id="X1", id=key, values=values)  # pyright: ignore[reportArgumentType]


def margin(key: str, scan: str, **values: object) -> Record:
    return of("margin", key, lesion_id="1", scan_id=scan, status="measured", **values)


@pytest.fixture
def x1(registry: str) -> str:
    """A patient with two margins of one lesion that came out of a table; return the address of the registry."""
    with open_store(registry) as store:
        store.add([of("patient"), of("lesion", "1", organ="liver"), of("scan", "s1", scanned_on=date(2025, 1, 5)),
                   of("scan", "s2", scanned_on=date(2025, 6, 5)), margin("m1", "s1", minimal_margin_mm=2.0),
                   margin("m2", "s2", minimal_margin_mm=5.0, low_mm=3.5, high_mm=6.0, level_percent=95.0,
                          software="another program 2")], by="import", why="table of the clinic")  # fmt: skip
    return registry


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def record(registry: str, key: str) -> Record:
    with open_store(registry) as store:
        return next(one.record for one in store.patient("X1") if one.record.id == key)


def last(registry: str) -> Entry:
    with open_store(registry) as store:
        return store.history(last=1)[0]


def waiting(ada: TestClient) -> bool:
    return "/patients/X1#margins" in ada.get("/worklist?only=accept&search=X1").text


def test_a_margin_that_nobody_accepted_says_so_and_leads_to_a_form_that_asks_only_why(ada: TestClient, x1: str) -> None:
    page = ada.get("/patients/X1").text
    margins = page.partition('id="margins"')[2].partition("</section>")[0]

    assert margins.count("not accepted by anybody") == 2, "the latest one, and the earlier one below"
    assert 'href="/patients/X1/margin?key=m2"' in margins
    assert "Earlier margins that nobody has accepted: 1" in text_of(margins)
    form = ada.get("/patients/X1/margin?key=m2").text
    said = text_of(form)
    assert "minimal ablation margin 5.0 mm , 95 % robustness interval 3.5 to 6.0 mm" in said
    assert "by import: table of the clinic" in said
    assert "software and version: another program 2" in said
    asked = re.findall(
        r'name="([^"]+)"', form.partition('<form method="post" class="form">')[2].partition("</form>")[0]
    )
    assert asked == ["csrf_token", "form_number", "key", "revision", "why"], "who is never typed"


def test_who_works_accepts_it_in_the_audit_and_it_leaves_the_worklist(ada: TestClient, app: FastAPI, x1: str) -> None:
    app.state.worklist.read_all()
    assert waiting(ada)

    for key in ("m1", "m2"):
        answer = post(ada, "/patients/X1/margin", key=key, revision="1", why="looked at both scans",
                      reader="Prof. Somebody Else")  # fmt: skip
        assert answer.headers["location"] == f"/patients/X1?noted=accepted&kind=margin&key={key}"

    assert (record(x1, "m2").get("reader"), record(x1, "m2").get("minimal_margin_mm")) == ("ada", 5.0)
    assert (last(x1).who, last(x1).why, last(x1).record_id) == ("ada", "looked at both scans", "m2")
    assert not waiting(ada)
    page = text_of(ada.get(answer.headers["location"]).text)
    assert "Margin of one lesion on one scan m2 is accepted, with your name and the time." in page
    assert "accepted by ada" in page
    assert "not accepted by anybody" not in page


@pytest.mark.parametrize(("told", "status", "says"), [
    ({"revision": "1", "why": " "}, 400, "Say why it is accepted"),
    ({"revision": "7", "why": "seen"}, 409, "Nothing was written"),
])  # fmt: skip
def test_without_a_reason_or_after_a_change_nothing_is_accepted(
    ada: TestClient, x1: str, told: dict[str, str], status: int, says: str
) -> None:
    answer = post(ada, "/patients/X1/margin", key="m2", **told)

    assert answer.status_code == status
    assert says in text_of(answer.text)
    assert record(x1, "m2").get("reader") is None


def test_what_is_accepted_or_withheld_or_not_there_is_not_accepted(ada: TestClient, x1: str) -> None:
    with open_store(x1) as store:
        store.add([margin("m3", "s1", reader="berta"), of("margin", "m4", lesion_id="1", scan_id="s1",
                                                          status="withheld")], by="test", why="test")  # fmt: skip
    for key, says in (("m3", "accepted by berta already"), ("m4", "nobody can accept it")):
        answer = post(ada, "/patients/X1/margin", key=key, revision="1", why="seen")
        assert answer.status_code == 400
        assert says in answer.text
        assert 'class="form"' not in ada.get(f"/patients/X1/margin?key={key}").text
    assert record(x1, "m3").get("reader") == "berta"
    assert ada.get("/patients/X1/margin?key=m9").status_code == 404
    assert post(ada, "/patients/X1/margin", key="m9", revision="1", why="seen").status_code == 404


def test_no_form_of_a_record_takes_the_name_of_somebody_else(ada: TestClient, x1: str) -> None:
    assert "field.reader" not in ada.get("/patients/X1/record?kind=margin&key=m2").text
    assert "field.reader" not in ada.get("/patients/X1/add?kind=margin").text

    told = {"field.reader": "Prof. Somebody Else", "why": "seen"}
    corrected = post(ada, "/patients/X1/record", kind="margin", key="m2", revision="1", **told)
    added = post(ada, "/patients/X1/add", kind="margin", key="m3",
                 **{"field.lesion_id": "1", "field.scan_id": "s1", "field.status": "measured"}, **told)  # fmt: skip
    answered = post(ada, "/patients/X1/answers", kind="margin", key="m2", revision="1",
                    **{"answer.reader": "Prof. Somebody Else"})  # fmt: skip

    for answer in (corrected, added, answered):
        assert answer.status_code == 400
        assert "is whoever works and is never typed" in text_of(answer.text)
    assert record(x1, "m2").get("reader") is None


def test_an_acceptance_can_be_taken_back_by_a_correction(ada: TestClient, x1: str) -> None:
    post(ada, "/patients/X1/margin", key="m2", revision="1", why="looked at both scans")
    assert '<option value="ada" selected>ada</option>' in ada.get("/patients/X1/record?kind=margin&key=m2").text

    post(ada, "/patients/X1/record", kind="margin", key="m2", revision="2", why="wrong lesion", **{"field.reader": ""})

    assert record(x1, "m2").get("reader") is None
    assert "not accepted by anybody" in ada.get("/patients/X1").text
