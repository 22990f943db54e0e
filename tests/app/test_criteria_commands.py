"""`isotherm criteria`: the open question first, answers with source and reason, documents that hold to their schema."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from isotherm.app import criteria_commands
from isotherm.app.criteria_form import form_text
from isotherm.app.criteria_terminal import check_text
from isotherm.app.criteria_words import RESEARCH, age_words, weight_words
from isotherm.clinical.vocabulary import CASE_FACTS, LESION_FACTS
from isotherm.criteria.library import guideline, guidelines, rules
from isotherm.exchange.case_files import case_from
from tests.app.made_up_guideline import MADE_UP
from tests.app.on_disk import FAST, MARGIN_MM, Command, Ran

ROOT = Path(__file__).parents[2]
LIVER = ROOT / "tests" / "data" / "criteria" / "liver.toml"
SCHEMA = json.loads((ROOT / "src/isotherm/app/schemas/criteria-1.schema.json").read_text(encoding="utf-8"))
MADE = ("--guideline", "made-up-2025")

CASE = """\
on = 2025-03-01
lesions_complete = true
[patient]
organ = "liver"
primary = "colorectal"
[[lesion]]
id = "1"
target = true
diameter_mm = { value = 24, on = 2025-02-20, origin = "image" }
"""


@pytest.fixture(autouse=True)
def _made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "isotherm.app.criteria_tasks.guideline", lambda one: MADE_UP if one == MADE_UP.id else guideline(one)
    )


@pytest.fixture
def case(tmp_path: Path) -> Path:
    file = tmp_path / "case.toml"
    file.write_text(CASE, encoding="utf-8")
    return file


def document(ran: Ran) -> dict[str, Any]:
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    Draft202012Validator(SCHEMA).validate(found)
    return found


def answers(found: dict[str, Any]) -> dict[str, str]:
    return {one["rule"]["id"]: one["answer"] for guideline in found["guidelines"] for one in guideline["findings"]}


def test_the_open_question_stands_first_with_what_its_values_would_change(isotherm: Command, case: Path) -> None:
    ran = isotherm("criteria", "check", case, *MADE)
    lines = ran.out.splitlines()
    assert ran.code == 0
    place = next(n for n, line in enumerate(lines) if line.startswith("OPEN QUESTIONS"))
    assert lines[place + 1].startswith("1. Minimal ablation margin of lesion 1? (not noted)")
    assert "at least 10 mm: met" in lines[place + 2]
    assert "below 5 mm: not met" in lines[place + 2]
    assert place < next(n for n, line in enumerate(lines) if "[made-up-2025]" in line)
    assert "largest diameter: 24 mm (at most 25 mm asked)" in ran.out
    assert "Newer editions may exist." in ran.out
    assert lines[-1] == RESEARCH


def test_every_answer_has_its_rule_grade_source_facts_and_gaps(isotherm: Command, case: Path) -> None:
    found = document(isotherm("criteria", "check", case, *MADE, "--json", "-"))
    assert answers(found) == {
        "made-up-2025.number": "MET",
        "made-up-2025.size": "MET",
        "made-up-2025.margin": "UNKNOWN",
        "made-up-2025.bridging": "UNKNOWN",
    }
    size, margin = found["guidelines"][0]["findings"][1:3]
    assert size["grade"] == {"scheme": "trial protocol", "native": None, "level": None, "strength": None,
                             "text": "trial protocol: none printed"}  # fmt: skip
    assert size["source"]["identifiers"]["doi"] == "10.5555/made.up"
    used = {one["name"]: one for one in size["facts_used"]}
    assert (used["diameter_mm"]["value"], used["diameter_mm"]["unit"], used["diameter_mm"]["on"]) == (
        24.0,
        "mm",
        "2025-02-20",
    )
    assert used["diameter_mm"]["origin"] == "image"
    assert [one["name"] for one in margin["missing"]] == ["minimal_margin_mm"]
    assert found["guidelines"][0]["combined"][0]["answer"] == "MET"


def test_all_guidelines_that_ship_give_a_document_that_holds_to_its_schema(isotherm: Command) -> None:
    found = document(isotherm("criteria", "check", LIVER, "--json", "-"))
    assert [one["id"] for one in found["guidelines"]] == [one.id for one in guidelines()]
    predictors = {one for one, (_, rule) in rules().items() if not rule.is_criterion}
    assert all(answer in ("PRESENT", "ABSENT", "UNKNOWN", "NOT_APPLICABLE")
               for one, answer in answers(found).items() if one in predictors)  # fmt: skip
    assert all(answer not in ("PRESENT", "ABSENT") for one, answer in answers(found).items() if one not in predictors)
    assert all(re.search("newer (edition|version)", one["note"].lower()) for one in found["guidelines"])


def test_a_day_before_a_rule_keeps_it_out_of_the_questions_and_says_so(isotherm: Command, case: Path) -> None:
    ran = isotherm("criteria", "check", case, *MADE, "--as-of", "2016-01-01")
    assert "by the rules of 2016-01-01" in ran.out
    assert "not in force on 2016-01-01, today in force (printed: from 2025)" in ran.out
    assert "OPEN QUESTIONS: none" in ran.out
    found = document(isotherm("criteria", "check", case, *MADE, "--as-of", "2016-01-01", "--json", "-"))
    assert found["guidelines"][0]["findings"][1]["in_force"] == {"as_of": False, "today": True}
    cells = [one for row in found["matrix"]["rows"] for cell in row["cells"] for one in cell["findings"]]
    assert {(one["in_force"]["as_of"], one["in_force"]["today"]) for one in cells} == {(False, True)}, (
        "today's beside it"
    )


def test_a_year_alone_does_not_tell_whether_a_rule_held_within_it(isotherm: Command, case: Path) -> None:
    found = document(isotherm("criteria", "check", case, *MADE, "--as-of", "2025-06-01", "--json", "-"))
    assert found["guidelines"][0]["findings"][0]["in_force"]["as_of"] is None


def test_later_facts_are_told_and_not_used_and_old_imaging_is_flagged(isotherm: Command, tmp_path: Path) -> None:
    file = tmp_path / "case.toml"
    file.write_text(CASE.replace("2025-02-20", "2025-04-01") + "to_bowel_mm = { value = 9, on = 2024-06-01 }\n")
    ran = isotherm("criteria", "check", file, *MADE)
    assert "Largest diameter of lesion 1 is of 2025-04-01, after the day asked about, and was not used." in ran.out
    assert "of lesion 1: read off images 273 days old (2024-06-01)." in ran.out
    assert "273 days old" not in isotherm("criteria", "check", file, *MADE, "--imaging-age", "300").out
    found = document(isotherm("criteria", "check", file, *MADE, "--json", "-"))
    assert answers(found)["made-up-2025.size"] == "UNKNOWN"
    assert [one["on"] for one in found["later"]] == ["2025-04-01"]


def test_a_measured_margin_is_taken_in_by_the_lesions_label(isotherm: Command, case: Path, tmp_path: Path) -> None:
    lesion = {
        "label": "1", "status": "measured", "minimal_margin_mm": 12.0, "interval_mm": None, "vessels": [],
        "structures_mm": {"spleen": {"from_tumor_mm": 3.0, "from_ablation_mm": 1.0}},
        "tumor": {"recist_mm": 24.0, "depth_below_capsule_mm": None},
    }  # fmt: skip
    margin = {"schema": "isotherm.margin/1", "inputs": [], "lesions": [lesion],
              "settings": {"days_after_ablation": None, "modality": None}}  # fmt: skip
    file = tmp_path / "margin.json"
    file.write_text(json.dumps(margin))
    ran = isotherm("criteria", "check", case, *MADE, "--margin", file, "--margin-on", "2025-02-28", "--json", "-")
    found = document(ran)
    assert answers(found)["made-up-2025.margin"] == "MET"
    assert found["notes"][0] == "structure spleen of margin.json stands for no fact"
    assert isotherm("criteria", "check", case, "--margin-on", "2025-02-28").code == 2


def test_what_isotherm_margin_writes_is_taken_in_as_it_is(
    isotherm: Command, files: tuple[str, ...], case: Path, tmp_path: Path
) -> None:
    file = tmp_path / "margin.json"
    assert isotherm("margin", *files, "--json", file, "--modality", "MWA", *FAST).code == 0
    found = document(isotherm("criteria", "check", case, *MADE, "--margin", file, "--json", "-"))
    facts = {one["name"]: one for one in found["facts"] if one["lesion"] == "1"}
    margin = facts["minimal_margin_mm"]
    assert margin["value"] == pytest.approx(MARGIN_MM, abs=0.3)
    assert margin["low"] < margin["value"] < margin["high"]
    assert margin["source"].startswith("isotherm margin, lesion 1: 90 % ")
    assert facts["ablation_modality"]["value"] == "MWA"
    assert facts["diameter_mm"]["value"] == 24.0, "the case's own dated value counts"
    assert answers(found)["made-up-2025.margin"] in ("NOT_MET", "UNKNOWN")


def test_cards_are_information_with_their_source(isotherm: Command, tmp_path: Path) -> None:
    file = tmp_path / "cards.json"
    assert isotherm("criteria", "check", LIVER, "--cards", file).code == 0
    content = json.loads(file.read_text(encoding="utf-8"))
    assert list(content) == ["cards"]
    assert content["cards"]
    for card in content["cards"]:
        assert card.keys() == {"summary", "indicator", "detail", "source"}
        assert 0 < len(card["summary"]) < 140
        assert card["indicator"] == "info"
        assert card["source"]["label"]
        assert card["source"]["topic"].keys() == {"system", "code", "display"}
        assert re.fullmatch(r"https://\S+", card["source"].get("url", "https://none"))
        assert RESEARCH in card["detail"]


def test_a_card_tells_an_unknown_and_what_is_missing(isotherm: Command, case: Path, tmp_path: Path) -> None:
    isotherm("criteria", "check", case, *MADE, "--cards", tmp_path / "cards.json")
    cards = json.loads((tmp_path / "cards.json").read_text(encoding="utf-8"))["cards"]
    assert cards[2]["summary"] == (
        "UNKNOWN: margin of at least 5 mm (Made up 2025); missing: minimal ablation margin of lesion 1"
    )
    assert cards[1]["summary"].startswith("MET: ")


def test_nothing_says_what_to_do(isotherm: Command, tmp_path: Path) -> None:
    texts = [isotherm("criteria", "check", LIVER, "--out", tmp_path).out, isotherm("criteria", "list").out,
             (tmp_path / "criteria.html").read_text(encoding="utf-8")]  # fmt: skip
    for text in texts:
        assert not re.search(
            r"\b(you should|treat this|recommended treatment|must be treated|treat the)\b", text.lower()
        )


def test_lines_are_fitted_to_a_narrow_terminal(isotherm: Command) -> None:
    found = document(isotherm("criteria", "check", LIVER, "--json", "-"))
    assert max(len(line) for line in check_text(found, 60).splitlines()) <= 60
    assert max(len(line) for line in check_text(found).splitlines()) > 60


def test_a_table_gives_a_column_per_rule_for_an_eligibility_flow(isotherm: Command, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(
        "id,on,organ,primary,n_lesions,largest_target_mm,site\n"
        "=P1,2025-03-01,liver,colorectal,2,24,a\nP2,2025-03-01,liver,colorectal,4,-999,a\nP3,2025-03-01,lung,,1,,b\n"
    )
    out = tmp_path / "answers.csv"
    ran = isotherm("criteria", "table", tmp_path / "cases.csv", "--out", out, "--missing", "-999", *MADE)
    assert ran.code == 0, ran.err
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["made-up-2025.number"] for row in rows] == ["MET", "NOT_MET", "NOT_APPLICABLE"]
    assert [row["made-up-2025.size"] for row in rows] == ["MET", "UNKNOWN", "NOT_APPLICABLE"]
    assert [row["made-up-2025.entry"] for row in rows] == ["MET", "NOT_MET", "NOT_APPLICABLE"]
    assert rows[0]["id"] == "'=P1", "no spreadsheet takes an id for a formula"
    assert "made-up-2025.size: 1 met, 1 not applicable, 1 unknown" in ran.out
    assert "were not used: site" in ran.out


def test_answers_of_a_table_are_what_check_answers(isotherm: Command, tmp_path: Path) -> None:
    content = tomllib.loads(CASE)
    (tmp_path / "cases.csv").write_text("id,on,organ,primary,lesions_complete\nA,2025-03-01,liver,colorectal,true\n")
    (tmp_path / "lesions.csv").write_text("case,id,target,diameter_mm\nA,1,true,24\n")
    (tmp_path / "case.toml").write_text(CASE)
    out = tmp_path / "answers.csv"
    assert (
        isotherm("criteria", "table", tmp_path / "cases.csv", "--lesions", tmp_path / "lesions.csv", "--out", out).code
        == 0
    )
    with out.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    one = answers(document(isotherm("criteria", "check", tmp_path / "case.toml", "--json", "-")))
    assert {name: row[name] for name in one} == one
    assert content["on"] == date(2025, 3, 1)


def test_the_form_reads_back_as_a_case_of_which_nothing_is_known_and_holds_every_fact(
    isotherm: Command, tmp_path: Path
) -> None:
    file = tmp_path / "case.toml"
    assert isotherm("criteria", "init", "--out", file).code == 0
    text = file.read_text(encoding="utf-8")
    empty = case_from(text, today=date.max)
    assert (empty.facts, empty.lesions) == ({}, ())
    filled = case_from(
        re.sub(r"(?m)^# (?=\w+ = |\[\[lesion)", "", text.replace('id = "A-17"', 'id = "A"', 1)), today=date.max
    )
    assert set(filled.facts) == set(CASE_FACTS)
    assert set(filled.lesions[0].facts) == set(LESION_FACTS)
    assert isotherm("criteria", "init", "--out", file).code == 2
    assert form_text(date(2025, 3, 1)).count("\n[patient]\n") == 1


def test_list_and_show_tell_sources(isotherm: Command) -> None:
    listed = isotherm("criteria", "list").out
    assert all(one.id in listed for one in guidelines())
    shown = isotherm("criteria", "show", "acclaim-2025.margin").out
    assert all(words in shown for words in ("applies if", "holds if", "every lesion to be ablated:",
                                            "minimal ablation margin: at least 5 mm", "10.1186/s13063-025-09006-2",
                                            "Newer editions may exist."))  # fmt: skip
    assert "acclaim-2025.entry" in isotherm("criteria", "show", "acclaim-2025").out
    for name in [*rules(), *(one.id for one in guidelines())]:
        assert isotherm("criteria", "show", name).code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("check", "none.toml"), "cannot be read"),
        (("check", LIVER, "--guideline", "nobody"), 'no guideline "nobody"'),
        (("check", LIVER, "--as-of", "tomorrow"), "--as-of came with something that is no day"),
        (("check", LIVER, "--imaging-age", "-1"), "days from 0"),
        (("check", LIVER, "--margin", LIVER), "is no result of the form"),
        (("check", LIVER, "--margin", LIVER, "--margin-on", "2999-01-01"), "after today"),
        (("check", LIVER, "--json", "nowhere/answers.json"), "cannot be written"),
        (("show", "acclaim-2025.sise"), 'near it: "acclaim-2025.size"'),
        (("table", LIVER, "--out", "answers.csv"), "a table is one of"),
    ],
)
def test_what_cannot_be_used_is_answered_in_one_line_with_exit_code_2(
    isotherm: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str | Path, ...], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = isotherm("criteria", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert ran.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_result_never_takes_the_place_of_what_came_in(isotherm: Command, case: Path) -> None:
    for option in ("--json", "--cards"):
        assert isotherm("criteria", "check", case, option, case).code == 2
    assert case.read_text(encoding="utf-8") == CASE


def test_help_documents_every_command_and_so_does_the_page(isotherm: Command) -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    told = isotherm("criteria", "--help").out
    for command in ("check", "table", "list", "show", "init"):
        assert command in told
        assert f"isotherm criteria {command}" in page
        assert criteria_commands.EXIT_CODES.splitlines()[1].strip() in isotherm("criteria", command, "--help").out


@pytest.mark.parametrize(
    ("decides", "can_settle", "with_others", "words"),
    [
        (1, 0, 0, "1 open answer hangs on it alone"),
        (0, 2, 0, "2 open answers hang on it alone"),
        (3, 12, 7, "15 open answers hang on it alone, 7 more on it and other missing facts"),
        (0, 0, 2, "2 open answers hang on it and other missing facts"),
    ],
)
def test_what_hangs_on_a_fact_is_said_in_one_sentence(
    decides: int, can_settle: int, with_others: int, words: str
) -> None:
    question = {"decides": decides, "can_settle": can_settle, "with_others": with_others}
    assert weight_words(question) == words


def test_a_day_asked_about_is_old_after_half_a_year() -> None:
    assert age_words("2025-03-01", "2026-11-25") == "21 months ago"
    assert age_words("2026-09-01", "2026-11-25") == ""
