"""Fifteen vignettes: patients in plain words, judged by hand from the sources, and the rules answer the same."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from isotherm.answer import Answer
from isotherm.clinical.case import Case
from isotherm.clinical.picture import picture_of
from isotherm.criteria.judge import Finding, combined_answer, finding
from isotherm.criteria.library import guidelines, rules
from isotherm.criteria.rule import Combination, Guideline
from isotherm.exchange.case_files import case_from

VIGNETTES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "vignettes.toml").read_text(encoding="utf-8"))[
    "vignette"
]
WRITTEN_ON = date(2026, 12, 31)
THEMES = {
    "colorectal liver", "neuroendocrine", "breast", "lung", "resectable", "not resectable", "near a bile duct",
    "near bowel", "near a vessel", "MRI missing", "over 3 cm", "before 2025", "2025 or later",
}  # fmt: skip
IN_FORCE = {True: True, False: False, "not printed": None}
COMBINATIONS: dict[str, tuple[Guideline, Combination]] = {
    combination.id: (one, combination) for one in guidelines() for combination in one.combinations
}
JUDGED = [
    pytest.param(vignette["case"], answer, id=f"{vignette['id']}: {answer['rule']}")
    for vignette in VIGNETTES
    for answer in vignette["answer"]
]


def read_case(table: dict[str, Any]) -> Case:
    """Read a case as users do: from its text."""
    return case_from(json.dumps(table, default=date.isoformat), today=WRITTEN_ON, form="json")


def findings_of(rule: str, case: Case) -> tuple[Answer, tuple[Finding, ...]]:
    """Return the answer of a rule or of a combination, with the findings behind it."""
    picture = picture_of(case)
    if rule in COMBINATIONS:
        one, combination = COMBINATIONS[rule]
        behind = tuple(finding(one.rule(part), picture, on=case.on) for part in combination.of)
        return combined_answer(combination, one, picture), behind
    found = finding(rules()[rule][1], picture, on=case.on)
    return found.answer, (found,)


@pytest.mark.parametrize(("table", "judged"), JUDGED)
def test_a_rule_answers_as_it_was_judged_by_hand(table: dict[str, Any], judged: dict[str, Any]) -> None:
    case = read_case(table)
    answer, behind = findings_of(judged["rule"], case)

    assert answer is Answer[judged["expect"]]
    open_ones = [found for found in behind if found.answer is Answer.UNKNOWN]
    assert set(judged.get("missing", ())) <= {fact.name for found in open_ones for fact in found.missing}
    if judged.get("silent", False):
        assert any(found.silences for found in open_ones)
        assert not any(found.missing for found in open_ones), "only the source leaves it open, no fact does"
    if "in_force" in judged:
        assert {found.in_force for found in behind} == {IN_FORCE[judged["in_force"]]}


def test_there_are_fifteen_vignettes_and_they_span_what_tumor_boards_see() -> None:
    assert len(VIGNETTES) == 15
    assert len({vignette["id"] for vignette in VIGNETTES}) == 15
    assert {theme for vignette in VIGNETTES for theme in vignette["about"]} == THEMES
    for vignette in VIGNETTES:
        early = vignette["case"]["on"] < date(2025, 1, 1)
        assert ("before 2025" in vignette["about"]) == early
        assert ("2025 or later" in vignette["about"]) != early


@pytest.mark.parametrize("vignette", VIGNETTES, ids=[vignette["id"] for vignette in VIGNETTES])
def test_each_answer_has_its_reasoning_and_says_why_it_is_open(vignette: dict[str, Any]) -> None:
    assert vignette["patient"].strip()
    assert vignette["case"]["lesion"]
    assert vignette.keys() == {"id", "about", "patient", "case", "answer"}
    asked = [answer["rule"] for answer in vignette["answer"]]
    assert len(set(asked)) == len(asked) >= 4
    for answer in vignette["answer"]:
        assert answer.keys() <= {"rule", "expect", "because", "missing", "silent", "in_force"}
        assert answer["because"].strip()
        combined = answer["rule"] in COMBINATIONS
        told = "missing" in answer or "silent" in answer
        assert told == (answer["expect"] == "UNKNOWN") or (combined and answer["expect"] == "UNKNOWN")
