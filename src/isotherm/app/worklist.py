"""The worklist: of each patient one line with what was done, when anybody last saw him or her, and what is open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from isotherm.app.facts_told import TELLS
from isotherm.app.margin_to_accept import nobody_accepted
from isotherm.clinical.questions import IF_ANY, questions_of
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.criteria.expression import names
from isotherm.criteria.library import guidelines

NAMED = 3
"""How many open questions a line names."""

QUESTIONS = tuple((kind.name, one.name, one.label) for kind in RECORD_KINDS.values() for one in questions_of(kind))
"""Every question, in the order of the form."""

PLACES = {(kind, name): place for place, (kind, name, _) in enumerate(QUESTIONS)}

OF_KIND: Mapping[str, int] = {
    kind: sum(1 << place for (of, _), place in PLACES.items() if of == kind) for kind in RECORD_KINDS
}
"""The questions of each kind, a bit each."""

OF_ALL = sum(bits for kind, bits in OF_KIND.items() if kind not in IF_ANY)
"""What is open of a patient of whom nothing is noted."""


@cache
def asked_by_criteria() -> int:
    """Return the questions whose answer is, or gives, a fact that a criterion of some guideline asks for."""
    asked = {name for one in guidelines() for rule in one.rules if rule.is_criterion for expression in rule.expressions
             for name in names(expression)}  # fmt: skip
    return sum(1 << place for question, place in PLACES.items() if TELLS.get(question) in asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What the worklist says of a patient.

    Parameters
    ----------
    patient : str
    lesions : int
    ablated_on : str
        Day of the latest session, as 2026-03-01; empty where there is none.
    last_on : str
        The latest day on which the patient was ablated or seen.
    died_on : str
    questions : int
        How many of the questions that are asked of a person are open.
    for_criteria : int
        How many of them a criterion asks for.
    asks : str
        The first of them in words, those that a criterion asks for before the others.
    margins : int
        How many margins are noted.
    to_accept : int
        How many of them nobody has accepted yet.
    """

    patient: str
    lesions: int
    ablated_on: str
    last_on: str
    died_on: str
    questions: int
    for_criteria: int
    asks: str
    margins: int
    to_accept: int


@dataclass(slots=True)
class _Tally:
    """What has been seen of a patient's records so far."""

    lesions: int = 0
    ablated_on: str = ""
    seen_on: str = ""
    died_on: str = ""
    margins: int = 0
    to_accept: int = 0
    open: int = 0
    noted: int = field(default=0)

    def add(self, record: Record) -> None:
        """Count one record in."""
        kind = record.kind.name
        self.noted |= OF_KIND[kind]
        for one in questions_of(record.kind):
            if one.name not in record.values and one.name not in record.unknown:
                self.open |= 1 << PLACES[kind, one.name]
        match kind:
            case "lesion":
                self.lesions += 1
            case "session":
                self.ablated_on = max(self.ablated_on, str(record.values["ablated_on"]))
            case "follow_up":
                self.seen_on = max(self.seen_on, str(record.values["seen_on"]))
            case "death":
                self.died_on = str(record.values["died_on"])
            case "margin":
                self.margins += 1
                self.to_accept += nobody_accepted(record)
            case _:
                pass

    def line(self, patient: str) -> Line:
        """Return the line, when all records of the patient have been counted."""
        asked = self.open | (OF_ALL & ~self.noted)
        needed = asked & asked_by_criteria()
        first = [label for bits in (needed, asked & ~needed) for place, (_, _, label) in enumerate(QUESTIONS)
                 if bits >> place & 1][:NAMED]  # fmt: skip
        return Line(patient=patient, lesions=self.lesions, ablated_on=self.ablated_on,
                    last_on=max(self.ablated_on, self.seen_on), died_on=self.died_on, questions=asked.bit_count(),
                    for_criteria=needed.bit_count(),
                    asks=", ".join(first), margins=self.margins, to_accept=self.to_accept)  # fmt: skip


def lines_of(records: Iterable[Record]) -> Iterator[Line]:
    """Yield the line of each patient of whom there are records, which may come in any order."""
    tallies: dict[str, _Tally] = {}
    for record in records:
        tallies.setdefault(record.patient_id, _Tally()).add(record)
    while tallies:
        patient, tally = tallies.popitem()
        yield tally.line(patient)
