"""A publication's file: what comes back from it, and how each mistake is answered with file, line and key."""

from __future__ import annotations

import re
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.errors import BadEvidence, BadSetting
from isotherm.evidence.library import bundled, library_of, read_library
from isotherm.evidence.reproduce import reproduce
from isotherm.evidence.shapes import CHECK_KEYS, RESULT_KEYS
from isotherm.evidence.shapes import PAPER as PAPER_SHAPE
from tests.evidence.files import NAME, PAPER, changed, library


def test_a_group_hands_its_keys_down_and_digits_are_kept() -> None:
    record = library().result("smith_2020.thin")
    assert (record.estimate, str(record.estimate), record.events, record.n) == (Decimal("30.0"), "30.0", 12, 40)
    assert (record.source.where, record.source.doi, record.organ) == ("Table 2", "10.1000/xyz", "liver")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("estimate = 3.0", "estimate = 8.0", r"line 30, group\[2\].results\[1\].estimate: 8.0 lies outside"),
        ("7.5, p = 0.02", "7.5, p = 0.9", r"line 30, group\[2\].results\[1\].p: p = 0.9 came beside"),
        ('where = "Table 2"\n', "", r"line 19, group\[1\].results\[1\].where: it is missing"),
        ('where = "Table 2"', 'where = ""', "does not say where"),
        ('doi = "10.1000/xyz"\n', "", "line 3, paper: .* cannot be found"),
        ("events = 12", "evnts = 12", r"results\[1\].evnts: no such key \(near it: \"events\"\); allowed:"),
        ("events = 12", "events = 1.5", "1.5 came; allowed: a whole number"),
        ("estimate = 30.0", 'estimate = "30"', '"30" came; allowed: a number'),
        ("estimate = 30.0", "estimate = nan", "neither NaN nor infinite"),
        ("estimate = 30.0", "estimate = true", "true came; allowed: a number"),
        ('arm = "thin"', 'arm = "thinn"', '"thinn" came; arms of this publication: thin, thick'),
        ("schema = 1", "schema = 2", "line 1, schema: 2 came; allowed: 1"),
        ('id = "smith_2020"', 'id = "smith_2021"', "both are alike"),
        ('measure = "percentage"', 'measure = "percent"', 'allowed: "hazard ratio"'),
        ('design = "retrospective cohort"', 'design = "cohort"', "paper.design"),
        ('kind = "two proportions"', 'kind = "three proportions"', '"three proportions" came; allowed: percentage'),
        ('"thin#events", ', "", "3 numbers came; a check of this kind takes 4"),
        ('unit = "tumor"', 'unit = "tumor"\nmargin = { method = "2D", days_after = [28] }', "two numbers of days"),
        ('"two proportions"', '"two-way table"\narms = 3', "4 counts cannot be cut into 3 arms"),
        ("thin#events", "thin#deaths", "record#field with one of estimate"),
        ("[[check]]", "[check]", r"check: one table came; write \[\[check\]\]"),
        ("[[check]]", "[[checks]]", "checks: no such table"),
        ("results = [\n    { id = \"margin\"", "rows = [\n    { id = \"margin\"", "no such key"),
        ('"thin#n"', '"thick2#n"', 'compares "smith_2020.thick2", which is not there'),
        ('id = "thick", label', 'id = "thin", label', 'The id "smith_2020.thin" came twice'),
        ('reference = "margin of 5 mm or more"\n', "", "a ratio needs what it compares with"),
        ('where = "Table 3"', 'where = "Table 3"\nas_shown_in = "nobody"', '"nobody" came; no publication has this id'),
        ("year = 2020", 'year = 2020\noverlaps_with = ["nobody"]', 'the publication "nobody", which is not there'),
        ("year = 2020", 'year = 2020\nidentification = "recalled"', "its results are recalled or derived"),
    ],
)  # fmt: skip
def test_each_mistake_is_answered_where_it_stands(old: str, new: str, complaint: str) -> None:
    with pytest.raises(BadEvidence, match=complaint):
        library(changed(old, new))


@pytest.mark.parametrize(
    "text", ["", "schema = 1", "schema = [", "paper = 3", "\ufeff?", "[paper]\n" + "x = " + "[" * 2000]
)
def test_what_is_no_publication_is_refused(text: str) -> None:
    with pytest.raises(BadEvidence, match=NAME):
        library(text)


@given(st.integers(0, len(PAPER) - 1), st.sampled_from(["", "]", "[", '"', "=", "0", "-", "é", "\n", "{"]))
def test_a_slip_anywhere_is_read_or_refused_and_never_a_crash(at: int, slip: str) -> None:
    with suppress(BadEvidence):
        library(PAPER[:at] + slip + PAPER[at + 1 :])


def test_all_mistakes_of_all_files_come_at_once() -> None:
    with pytest.raises(BadEvidence) as refused:
        library_of({NAME: PAPER.replace("year", "yeer"), "jones_2021.toml": "schema = 1"})
    assert {line.split(",")[0] for line in str(refused.value).splitlines()} == {NAME, "jones_2021.toml"}


def test_an_unknown_id_is_answered_with_the_nearest() -> None:
    with pytest.raises(BadSetting, match=r'near it: "smith_2020\.margin"'):
        library().result("smith_2020.margins")


def test_a_note_on_a_check_that_is_not_there_is_refused() -> None:
    note = 'discrepancy = [{ note = "Odd.", check = "nothing", computed = 1 }]'
    with pytest.raises(BadEvidence, match=r'explains the check "smith_2020\.nothing", which is not there'):
        library(changed('arm = "thin"', f'arm = "thin", {note}'))


def test_overlap_holds_in_both_directions() -> None:
    whole = read_library()
    assert "li_2023" in whole.overlapping("liang_2022")
    assert "liang_2022" in whole.overlapping("li_2023")
    assert "unidentified_crlom" in whole.overlapping("li_2023")


def test_the_files_that_come_along_are_read_under_their_names() -> None:
    texts = bundled()
    assert list(texts) == sorted(texts)
    assert set(read_library().papers) == {name.removesuffix(".toml") for name in texts}


def test_the_example_of_the_manual_is_read_and_reproduced() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "evidence-file.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    assert {row.outcome for row in reproduce(library(example))} <= {"match", "rounding"}
    keys = {*PAPER_SHAPE.keys, *RESULT_KEYS, *CHECK_KEYS} - {"arm"}
    assert [key for key in keys if not re.search(rf"\b{key}\b", page)] == []
