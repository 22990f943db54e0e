"""`isotherm evidence`: what it prints, as text, JSON and CSV; what it refuses; and when it ends with 1."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from isotherm.app.evidence_commands import MODALITIES, ORGANS, STATUSES
from isotherm.evidence.library import bundled, read_library
from isotherm.evidence.result import CONFIRM
from tests.app.on_disk import Command
from tests.evidence.files import NAME, PAPER, changed

LIBRARY = read_library()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / NAME).write_text(PAPER)
    return folder


def test_the_filters_offer_every_word_that_results_use() -> None:
    results = LIBRARY.results.values()
    assert {record.modality for record in results} <= set(MODALITIES)
    assert {record.status for record in results} == set(STATUSES)
    assert all(any(organ in record.organ for record in results) for organ in ORGANS)


def test_list_shows_every_publication_and_how_many_results_it_has(isotherm: Command) -> None:
    ran = isotherm("evidence", "list")
    assert ran.code == 0
    assert all(f"\n{name}  (" in f"\n{ran.out}" for name in LIBRARY.papers)
    assert f"{len(LIBRARY.results)} results in all." in ran.out


def test_table_narrows_down_and_shows_sources_of_doubt(isotherm: Command) -> None:
    ran = isotherm("evidence", "table", "--organ", "lung", "--endpoint", "overall")
    assert "fan_2026.os-systemic  0.211" in ran.out
    assert "v not printed" in ran.out
    assert "liver" not in ran.out.split("results;")[0].replace("liver metastases", "")
    veltri = isotherm("evidence", "table", "--paper", "hsu_2024").out
    assert "! The numbers cannot be what the table says they are." in veltri


def test_what_was_recalled_says_so_in_every_form(isotherm: Command) -> None:
    record = "van_der_lei_2025.os-interval"
    assert f"! {CONFIRM}" in isotherm("evidence", "search", "collision", "overall", "--status", "recalled").out
    assert f"status: {CONFIRM}" in isotherm("evidence", "show", record).out
    assert json.loads(isotherm("evidence", "show", record, "--json").out)["status_says"] == CONFIRM
    assert CONFIRM in isotherm("evidence", "table", "--status", "recalled", "--csv").out


def test_show_gives_a_publication_with_its_arms_and_a_result_with_its_checks(isotherm: Command) -> None:
    paper = isotherm("evidence", "show", "li_2023").out
    assert "arm upfront: ablation first, then systemic therapy; 2 to 4 weeks, counted from:" in paper
    assert "overlaps with: liang_2022, unidentified_crlom" in paper
    result = isotherm("evidence", "show", "li_2023.complications-upfront").out
    assert "chi-square without correction (of Fisher's exact test 1, chi-square without correction 0.756" in result


def test_search_wants_all_words_and_an_empty_answer_is_an_answer(isotherm: Command) -> None:
    found = json.loads(isotherm("evidence", "search", "vessel", "CRYO", "--json").out)["results"]
    assert found
    assert {one["paper"] for one in found} == {"shyn_2014"}
    nothing = isotherm("evidence", "search", "vessel", "unicorn")
    assert (nothing.code, "No published result is like this" in nothing.out) == (0, True)


def test_csv_and_json_hold_the_same_results_with_numbers_as_numbers(isotherm: Command, tmp_path: Path) -> None:
    file = tmp_path / "results.csv"
    assert isotherm("evidence", "table", "--paper", "ruers_2017", "--csv", file).out == ""
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    results = json.loads(isotherm("evidence", "table", "--paper", "ruers_2017", "--json").out)["results"]
    assert [row["id"] for row in rows] == [one["id"] for one in results]
    survival = next(one for one in results if one["id"] == "ruers_2017.os")
    assert (survival["estimate"], survival["low"], survival["high"], survival["p_value"]) == (0.58, 0.38, 0.88, 0.01)


def test_reproduce_is_green_and_names_tests_numbers_and_records(isotherm: Command) -> None:
    ran = isotherm("evidence", "reproduce")
    assert ran.code == 0
    assert "match      printed 0.012, computed 0.0124  [shyn_2014.margin-printed-p]" in ran.out
    assert "Fisher's exact test (of" in ran.out
    assert "compares shyn_2014.margin-progressed, shyn_2014.margin-free" in ran.out
    assert ran.out.splitlines()[-2].endswith(" 0 MISMATCH.")
    counts = json.loads(isotherm("evidence", "reproduce", "--json").out)["counts"]
    assert set(counts) == {"match", "rounding", "explained"}


def test_an_altered_record_turns_reproduce_red(isotherm: Command, own: Path) -> None:
    text = bundled()["shyn_2014.toml"]
    assert isotherm("evidence", "reproduce", "--papers", own).code == 0
    (own / "shyn_2014.toml").write_text(text.replace("events = 11, n = 14", "events = 10, n = 14", 1))
    ran = isotherm("evidence", "reproduce", "--papers", own)
    assert ran.code == 1
    assert "MISMATCH   printed 78.6, computed 71.43" in ran.out


def test_publications_of_ones_own_stand_beside_the_others(isotherm: Command, own: Path) -> None:
    assert (
        "smith_2020.margin  3.0 (95 % interval 1.2 to 7.5), p = 0.02"
        in isotherm("evidence", "table", "--paper", "smith_2020", "--papers", own).out
    )


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("events = 12", "evnts = 12", "no such key"),
        ("estimate = 3.0", "estimate = 9.0", "lies outside of its limits"),
        ("7.5, p = 0.02", "7.5, p = 0.9", "beside an interval that means"),
        ('doi = "10.1000/xyz"\n', "", "cannot be found; give a DOI"),
        ('where = "Table 3"\n', "", "it is missing; give it"),
    ],
)
def test_bad_input_gives_one_sentence_and_2(isotherm: Command, own: Path, old: str, new: str, complaint: str) -> None:
    (own / NAME).write_text(changed(old, new))
    ran = isotherm("evidence", "list", "--papers", own)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"isotherm: {NAME}, line ")
    assert complaint in ran.err
    assert "Traceback" not in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("show", "wang_2013.margin-slop"), 'near it: "wang_2013.margin-slope"'),
        (("table", "--paper", "wang"), "near it: wang_2013"),
        (("table", "--endpoint", "happiness"), 'the endpoint "happiness"'),
        (("table", "--organ", "kidney"), "invalid choice"),
        (("table", "--papers", "nowhere"), "cannot be read"),
        (("table", "--json", "nowhere/x.json"), "its folder does not exist"),
        (("table", "--json", "--csv"), "not allowed with"),
        (("search",), "required"),
        ((), "required"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_sentence(
    isotherm: Command, arguments: tuple[str, ...], complaint: str
) -> None:
    ran = isotherm("evidence", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert complaint in ran.err
    assert len(ran.err.splitlines()) == 1


def test_exports_say_in_words_what_pages_say_of_a_status(isotherm: Command) -> None:
    rows = json.loads(isotherm("evidence", "table", "--status", "recalled", "--json").out)["results"]
    assert {row["status"] for row in rows} == set(STATUSES)  # the key of the result; its publication may be recalled
    assert all("recalled: confirm in the publication before use" in row["status_says"] for row in rows)
    (row,) = csv.DictReader(io.StringIO(isotherm("evidence", "show", "li_2023.os-ratio", "--csv").out))
    assert row["status"] == "derived"
    assert row["status_says"] == "derived: computed here, never published by the authors"
