"""A release of a study in which an arm has two events: nothing that it gives away tells that it is two."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import Any

import numpy as np
import pandas as pd
import pytest
from docx import Document as Docx

from isotherm.app.study_docx import docx_of
from isotherm.app.study_page import page_of
from isotherm.app.study_report_content import sections_of
from isotherm.app.study_report_drawn import drawings_of
from isotherm.app.study_report_headline import headline_of
from isotherm.study.analysis.run import analyze
from isotherm.study.disclosure import WITHHELD, release
from isotherm.study.document import document_of, document_text, table_rows
from isotherm.study.protocol_designs import Landmark, Naive
from isotherm.study.result import StudyResult
from tests.study.cohorts import WEIGHTS, people, study
from tests.study.registry import CLONES, registry, timing

SMALL = re.compile(
    r"(?<![\d.,-])(?:[1-9]|two|three)(?: of (?:the )?\d+)? (?:\w+ )?"
    r"(?:patients?|events?|deaths?|progressions|died|replicates|rows|tumors|clones|failed)\b"
)
"""A small count of people, events or replicates, as a sentence or a cell tells it."""


def two_left(table: pd.DataFrame, arm: Any) -> pd.DataFrame:
    """Return the patients of whom all but two of an arm live."""
    spared = table.index[np.flatnonzero(np.asarray(arm) & (table["dead"].to_numpy() == 1.0))[2:]]
    days = {"died_on": pd.NaT} if "died_on" in table else {"died_before": 0.0}
    return table.assign(**{name: table[name].mask(table.index.isin(spared), value)
                           for name, value in {"dead": 0.0, **days}.items()})  # fmt: skip


def weights() -> StudyResult:
    table = people(200, seed=3)
    return analyze(study(methods=replace(WEIGHTS, bootstrap=22)), two_left(table, table["drug"] == 0.0))


def designs() -> StudyResult:
    table = registry(120)
    upfront = (table["ablated_on"] - table["decided_on"]).dt.days <= 28
    return analyze(timing(designs=(CLONES, Landmark(day=90.0), Naive())), two_left(table, upfront))


@pytest.fixture(scope="module", params=[weights, designs])
def local(request: pytest.FixtureRequest) -> StudyResult:
    return request.param()


@pytest.fixture(scope="module")
def released(local: StudyResult) -> dict[str, Any]:
    return json.loads(document_text(document_of(release(local), {"isotherm": "0"})))


def texts_of(result: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield every text that is given away: of the page with its figures, the document, tables and the file itself."""
    drawings = drawings_of(result)
    head, sections = headline_of(result), sections_of(result, drawings)
    html = re.sub(r"<(script|style).*?</\1>", " ", page_of(result, head, sections, drawings), flags=re.DOTALL)
    yield "page", unescape(re.sub(r"<[^>]+>", " ", html))
    docx = Docx(io.BytesIO(docx_of(result, head, sections)))
    yield "document", "\n".join(one.text for one in docx.paragraphs)
    yield "document", "\n".join(cell.text for table in docx.tables for row in table.rows for cell in row.cells)
    for name, drawing in drawings.items():
        yield name, unescape(re.sub(r"<[^>]+>", " ", drawing.svg.decode()))
    for name in result["tables"]:
        yield name, "\n".join(" ".join(map(str, row)) for row in table_rows(result, name))
    for key, one in result["results"].items():
        yield key, " ".join((one["text"] or "", one["method"], one["why"]))
    yield "findings", "\n".join(one["says"] for one in result["findings"])


def test_no_text_tells_a_small_count(released: dict[str, Any]) -> None:
    told = [(name, found.group()) for name, text in texts_of(released)
            for found in SMALL.finditer(re.sub(r"\s+", " ", text.replace("\u00a0", " ")))]  # fmt: skip
    assert not told


def test_no_number_is_left_that_rests_on_the_two(local: StudyResult, released: dict[str, Any]) -> None:
    arm = "none" if "events.os.none.events" in local.results.counts else "upfront"
    assert local.results.counts[f"events.os.{arm}.events"].value == 2
    made_of = ("effect.os.", "bootstrap.os", "evalue.os.", "logrank.os.", "proportional_hazards.os.", "rmst.os.",
               "followup.os.", "headline.effect", "headline.naive", "headline.many_failed", "cox.os.",
               "subgroup.age.interaction.os", f"curve.os.naive.{arm}", f"curve.os.adjusted.{arm}")  # fmt: skip
    for key, one in released["results"].items():
        assert one["kind"] != "count" or one["value"] is None or not 0 < one["value"] < 10, key
        if key.startswith(made_of):
            assert (one["value"], one["text"], one["why"]) == (None, None, WITHHELD), key
            assert not one["method"], key
    for key, curve in released["curves"].items():
        if key.startswith("survival.os.") and key.endswith(f".{arm}"):
            assert curve["days"] == curve["survival"] == []


def test_events_of_the_levels_of_a_subgroup_do_not_give_those_of_an_arm(
    local: StudyResult, released: dict[str, Any]
) -> None:
    parts = [key for key in released["results"] if re.fullmatch(r"subgroup\.age\.\d\.os\.events", key)]
    arms = [key for key in local.results.counts if re.fullmatch(r"events\.os\.(adjusted\.)?drug\.events", key)]
    if parts:
        told = [released["results"][key]["value"] is not None for key in parts]
        assert not (all(told) and any(released["results"][key]["value"] is not None for key in arms))


def test_how_many_replicates_failed_is_told_of_no_run_or_of_none_with_so_few(released: dict[str, Any]) -> None:
    failed = [one for key, one in released["results"].items() if ".os" in key and key.endswith("failed")]
    assert failed
    assert {one["why"] for one in failed} == {WITHHELD}
