"""Worked cases: TOML files in tests/cases, one for each guideline, that a clinician can read."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from isotherm.answer import Answer
from isotherm.clinical.case import Case, Lesion, Picture, noted
from isotherm.clinical.picture import picture_of
from isotherm.clinical.vocabulary import CASE_FACTS, LESION_FACTS

FOLDER = Path(__file__).parents[1] / "cases"
DAY = date(2026, 1, 15)
KEYS = {"rule", "title", "patient", "lesion", "lesions_complete", "expect", "missing", "silent"}


@dataclass(frozen=True)
class Worked:
    """One worked case: what is known, and what the rule has to answer."""

    rule: str
    title: str
    case: Case
    expect: Answer
    missing: frozenset[str]
    silent: bool

    @property
    def picture(self) -> Picture:
        return picture_of(self.case)

    def values(self, name: str) -> set[float]:
        """The numbers that this case gives a fact, of the patient or of any lesion."""
        picture = self.picture
        every = [picture.patient, *picture.lesions.values()]
        return {
            reading.value for known in every if (reading := known.get(name)) and isinstance(reading.value, int | float)
        }


@cache
def worked_cases(guideline: str) -> tuple[Worked, ...]:
    """Return the worked cases of a guideline."""
    content = tomllib.loads((FOLDER / f"{guideline}.toml").read_text(encoding="utf-8"))
    assert content.keys() <= {"common", "case"}
    return tuple(_worked(content.get("common", {}), one) for one in content["case"])


def _worked(common: dict[str, Any], one: dict[str, Any]) -> Worked:
    assert one.keys() <= KEYS, f"{one.keys() - KEYS} in the case {one.get('title')}"
    patient = {**common, **one.get("patient", {})}
    gone = [name for name, value in patient.items() if value == "nothing is known"]
    facts = {name: CASE_FACTS[name].checked(value) for name, value in patient.items() if name not in gone}
    lesions = tuple(_lesion(str(number), facts) for number, facts in enumerate(one.get("lesion", ()), start=1))
    case = Case(on=DAY, facts=noted(facts), lesions=lesions, lesions_complete=one.get("lesions_complete", False))
    expect = Answer[one["expect"]]
    return Worked(one["rule"], one["title"], case, expect, frozenset(one.get("missing", ())), one.get("silent", False))


def _lesion(name: str, facts: dict[str, Any]) -> Lesion:
    return Lesion(name, noted({name: LESION_FACTS[name].checked(value) for name, value in facts.items()}))
