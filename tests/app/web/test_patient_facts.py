"""Facts on a patient's pages: what is missing leads to where it is said; what cannot be read stops no page."""

from __future__ import annotations

import html
import re

import pytest
from fastapi.testclient import TestClient

from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.registry.store import open_store
from tests.app.web.conftest import post


def of(kind: str, key: str = "", **values: object) -> Record:
    return Record(kind=RECORD_KINDS[kind], patient_id="X1", id=key, values=values)  # pyright: ignore[reportArgumentType]


@pytest.fixture
def x1(registry: str) -> str:
    """A patient of whom most is missing; return the address of the registry."""
    add(registry, of("patient", sex="male"), of("primary", "1", primary="colorectal"),
        of("lesion", "1", organ="liver", place="VI"), of("lesion", "2", organ="liver"))  # fmt: skip
    return registry


def add(registry: str, *records: Record) -> None:
    with open_store(registry) as store:
        store.add(records, by="test", why="test")


def value_of(registry: str, key: str) -> object:
    with open_store(registry) as store:
        kept = [one.record for one in store.patient("X1")]
    return next((one.get("value") for one in kept if (one.kind.name, one.id) == ("fact", key)), None)


def test_what_is_missing_leads_to_the_form_of_that_fact(ada: TestClient, x1: str) -> None:
    part = html.unescape(ada.get("/patients/X1/criteria").text)
    links = re.findall(r'href="(/patients/X1/add\?kind=fact&name=\w+(?:&lesion_id=\d)?)"', part)

    assert len(links) > 5
    for link in links:
        form = ada.get(link)
        assert form.status_code == 200
        assert "Which fact" not in form.text
    assert 'href="/patients/X1/add?kind=fact&name=resectable"' in part


def test_the_form_offers_facts_in_words_and_in_the_order_of_the_alphabet(ada: TestClient, x1: str) -> None:
    words = re.findall(
        r'<option value="\w+">([^<]+)</option>', html.unescape(ada.get("/patients/X1/add?kind=fact").text)
    )

    assert {"future liver remnant", "resectable", "lesion: largest diameter"} <= set(words)
    assert words == sorted(words, key=str.casefold)
    assert ada.get("/patients/X1/add?kind=fact&name=nonsense").text.count("<select") == 1


def test_a_chosen_fact_says_what_may_be_said_and_is_written(ada: TestClient, x1: str) -> None:
    form = html.unescape(ada.get("/patients/X1/add?kind=fact&name=resectable").text)
    assert (
        '<option value="yes">yes</option><option value="no">no</option><option value="unknown">nobody can tell' in form
    )
    assert "field.lesion_id" not in form
    number = html.unescape(ada.get("/patients/X1/add?kind=fact&name=flr_percent").text)
    assert "a number from 0 to 100 %, or not assessable" in number
    of_lesion = html.unescape(ada.get("/patients/X1/add?kind=fact&name=diameter_mm&lesion_id=2").text)
    assert '<option value="2" selected>' in of_lesion

    answer = post(ada, "/patients/X1/add", kind="fact", **{"field.name": "resectable", "field.value": "no"})
    assert "is noted" in ada.get(answer.headers["location"]).text
    post(ada, "/patients/X1/add", kind="fact", **{"field.name": "flr_percent", "field.value": "unknown"})
    post(ada, "/patients/X1/add", kind="fact", **{"field.name": "organ", "field.value": "Liver"})
    assert [value_of(x1, key) for key in "123"] == ["false", '"not assessable"', '"liver"']
    kept = html.unescape(ada.get("/patients/X1/record?kind=fact&key=1").text)
    assert '<option value="no" selected>' in kept
    assert '<option value="resectable" selected>' in kept


def test_a_value_that_is_none_is_refused_in_a_sentence_before_it_is_written(ada: TestClient, x1: str) -> None:
    answer = post(ada, "/patients/X1/add", kind="fact",
                  **{"field.name": "resectable", "field.value": "not resectable"})  # fmt: skip

    assert answer.status_code == 400
    assert "value of “resectable” is yes or no, or not assessable" in html.unescape(answer.text)
    assert "not resectable" in answer.text
    assert value_of(x1, "1") is None


def test_a_fact_is_corrected_by_what_may_be_said_of_it(ada: TestClient, x1: str) -> None:
    add(x1, of("fact", "1", name="resectable", value="true"))
    change = {"kind": "fact", "key": "1", "revision": "1", "why": "slip", "field.name": "resectable"}

    assert post(ada, "/patients/X1/record", **change, **{"field.value": "maybe"}).status_code == 400
    assert value_of(x1, "1") == "true"
    assert "Nothing was changed" in post(ada, "/patients/X1/record", **change, **{"field.value": "yes"}).text
    assert post(ada, "/patients/X1/record", **change, **{"field.value": ""}).status_code == 400
    assert post(ada, "/patients/X1/record", **change, **{"field.value": "no"}).status_code == 303
    assert value_of(x1, "1") == "false"


def test_a_fact_that_cannot_be_read_is_told_with_its_record_and_stops_neither_page_nor_sheet(
    ada: TestClient, x1: str
) -> None:
    add(x1, of("fact", "7", name="resectable", value="not resectable"), of("fact", "8", name="ecog", value="1"))

    part = ada.get("/patients/X1/criteria")
    assert part.status_code == 200
    assert 'href="/patients/X1/record?kind=fact&amp;key=7"' in part.text
    assert html.unescape(part.text).count("value of “resectable” is yes or no") == 1
    sheet = ada.get("/patients/X1/board.html")
    assert sheet.status_code == 200
    assert "“Fact that criteria ask about 7” cannot be read" in html.unescape(sheet.text)
    assert ada.get("/patients/X1/board.pdf").content.startswith(b"%PDF")

    shown = ada.get("/patients/X1/record?kind=fact&key=7")
    assert '<option value="not resectable" selected>' in shown.text
    mended = post(ada, "/patients/X1/record", kind="fact", key="7", revision="1", why="slip",
                  **{"field.name": "resectable", "field.value": "no"})  # fmt: skip
    assert mended.status_code == 303
    assert "cannot be read" not in ada.get("/patients/X1/criteria").text


def test_a_man_is_not_asked_whether_he_is_pregnant(ada: TestClient, x1: str) -> None:
    sheet = html.unescape(ada.get("/patients/X1/board.html").text)

    assert "not pregnant" in sheet
    assert "pregnant: not known" not in sheet
