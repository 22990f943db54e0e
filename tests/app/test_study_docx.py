"""The document of a study: the same content as the page, numbers bound to result.json, the same bytes every time."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from typing import Any
from xml.etree import ElementTree

import pytest
from docx import Document

from isotherm.app.study_docx import docx_of
from isotherm.app.study_docx_bound import NAMESPACE, STORE
from isotherm.app.study_report_content import sections_of
from isotherm.app.study_report_headline import headline_of
from isotherm.app.study_report_parts import bound, prose, text_of
from tests.app.made_up_study import HOSTILE, result_of
from tests.app.test_study_report import Seen, drawn, page

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
NAMES = ["real", "real released", "pairs", "weights released", "blinded", "unadjusted", "hostile", "designs", "several"]


@cache
def docx(name: str) -> bytes:
    result = result_of(name)
    return docx_of(result, headline_of(result), sections_of(result, drawn(name)))


def part(name: str, inside: str) -> ElementTree.Element:
    with zipfile.ZipFile(io.BytesIO(docx(name))) as package:
        return ElementTree.fromstring(package.read(inside))


def controls(name: str) -> dict[str, str]:
    """Return the text of each content control by its tag."""
    found: dict[str, str] = {}
    for control in part(name, "word/document.xml").iter(f"{W}sdt"):
        properties = control.find(f"{W}sdtPr")
        assert properties is not None
        tag, store = properties.find(f"{W}tag"), properties.find(f"{W}dataBinding")
        assert tag is not None
        assert store is not None
        assert store.attrib[f"{W}storeItemID"] == STORE
        found[tag.attrib[f"{W}val"]] = "".join(text.text or "" for text in control.iter(f"{W}t"))
    return found


def numbers(name: str) -> list[dict[str, str]]:
    return [one.attrib | {"text": one.text or ""} for one in part(name, "customXml/item2.xml")
            if one.tag == f"{{{NAMESPACE}}}number"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_number_resolves_to_its_record_in_result_json(name: str) -> None:
    result, shown, told = result_of(name), controls(name), numbers(name)

    assert len(shown) == len(told) > 60
    for one in told:
        number = bound(result, one["id"], one["field"])
        texts = {_plain(number.text), _plain(prose(number))}
        assert one["text"] in texts
        assert shown[one["key"]] in texts


def _plain(text: str) -> str:
    return text.replace("\x0b", "\ufffd")


@pytest.mark.parametrize("name", NAMES)
def test_the_document_shows_the_same_numbers_as_the_page(name: str) -> None:
    on_page = {(key, field) for key, field, _ in Seen(page(name)).numbers}

    assert {(one["id"], one["field"]) for one in numbers(name)} == on_page


@pytest.mark.parametrize("name", ["real", "pairs"])
def test_the_same_result_gives_the_same_bytes(name: str) -> None:
    result = result_of(name)

    assert docx_of(result, headline_of(result), sections_of(result, drawn(name))) == docx(name)


@pytest.mark.parametrize("name", ["real", "designs", "several"])
def test_how_the_interval_came_about_stands_below_it_as_on_the_page(name: str) -> None:
    document: Any = Document(io.BytesIO(docx(name)))
    styles = [one.style.name for one in document.paragraphs]
    below = document.paragraphs[styles.index("Interval") + 1]._p

    how = text_of(headline_of(result_of(name)).how)
    assert "".join(one.text or "" for one in below.iter(f"{W}t")) == how
    assert how[:17] in " ".join(Seen(page(name)).words["answer"].split())


def test_no_author_clock_or_place_of_the_machine_is_in_it() -> None:
    core: Any = Document(io.BytesIO(docx("real"))).core_properties

    assert (core.author, core.last_modified_by) == ("", "")
    assert core.created.year == core.modified.year == 2000
    with zipfile.ZipFile(io.BytesIO(docx("real"))) as package:
        assert {one.date_time for one in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert len(package.namelist()) == len(set(package.namelist()))


def test_tables_repeat_their_head_and_keep_their_rows_whole() -> None:
    tables = list(part("real", "word/document.xml").iter(f"{W}tbl"))

    assert len(tables) >= 15
    for table in tables:
        rows = list(table.iter(f"{W}tr"))
        assert rows[0].find(f"{W}trPr/{W}tblHeader") is not None
        assert all(row.find(f"{W}trPr/{W}cantSplit") is not None for row in rows)


def test_the_parts_of_a_table_stand_in_the_order_that_word_asks_for() -> None:
    order = ["tblStyle", "tblW", "jc", "tblBorders", "tblLayout", "tblCellMar", "tblLook"]

    for properties in part("real", "word/document.xml").iter(f"{W}tblPr"):
        names = [one.tag.removeprefix(W) for one in properties]
        assert names == sorted(names, key=order.index)


def test_every_figure_has_alternative_text_a_caption_and_fits_the_page() -> None:
    document: Any = Document(io.BytesIO(docx("real")))
    words = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Caption"]

    assert len(document.inline_shapes) == 12
    for k, shape in enumerate(document.inline_shapes, start=1):
        assert len(shape._inline.docPr.get("descr")) > 20
        assert shape.width.mm <= 174.1
        assert shape.height.mm <= 215.1
        assert any(caption.startswith(f"Figure {k}.") for caption in words)


def test_headings_go_from_methods_to_results_to_what_they_rest_on() -> None:
    document: Any = Document(io.BytesIO(docx("real")))

    found = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Heading 1"]

    assert found[:4] == ["Methods", "Results in words", "Overrides and warnings", "Flow of patients"]
    assert found[-1] == "Settings and software"


def test_names_in_the_protocol_stay_text_and_what_no_document_can_hold_is_replaced() -> None:
    text = "".join(one.text or "" for one in part("hostile", "word/document.xml").iter(f"{W}t"))

    assert HOSTILE.replace("\x0b", "\ufffd") in text


def test_a_short_table_stays_on_one_page_and_a_long_one_breaks_after_no_head() -> None:
    for table in part("real", "word/document.xml").iter(f"{W}tbl"):
        rows = list(table.iter(f"{W}tr"))
        kept = [row.find(f".//{W}keepNext") is not None for row in rows]
        assert kept[0]
        assert not kept[-1]
        assert all(kept[:-1]) or len(rows) > 15


def test_the_arms_stand_under_the_main_estimate_and_heads_of_groups_fill_their_row() -> None:
    document: Any = Document(io.BytesIO(docx("real")))
    first, survival = document.tables[0], next(
        table for table in document.tables if table.cell(1, 0).text == "Overall survival, adjusted"
    )  # fmt: skip

    assert [cell.text for cell in first.rows[0].cells][:4] == ["", "Patients", "Effective sample size", "Deaths"]
    assert survival.cell(1, 0).text == survival.cell(1, 5).text
    assert survival.cell(2, 0).text == "Chemotherapy before resection"
