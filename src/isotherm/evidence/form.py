"""One publication's TOML → Paper, results, checks: a mistake is answered with file, line, key and what is allowed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from isotherm.errors import BadEvidence
from isotherm.evidence.check import Check, Operand
from isotherm.evidence.paper import Paper
from isotherm.evidence.result import PublishedResult
from isotherm.evidence.result_parts import Discrepancy
from isotherm.evidence.shapes import CHECK_KEYS, PAPER, RESULT_KEYS, SCHEMA
from isotherm.toml_form import Document, Shape, Wrong, parsed
from isotherm.toml_lines import Path

TABLES = ("schema", "paper", "group", "check")
ROWS = "results"
"""Key of a group under which its results stand; the group's other keys are what they share."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file whose publication has been read, and whose results have not."""

    document: Document
    table: Mapping[str, Any]
    paper: Paper


def opened(text: str, name: str) -> Opened:
    """Parse a file and read its publication.

    Raises
    ------
    BadEvidence
        Every problem that was found, one line each.
    """
    table, document = parsed(text, name, BadEvidence, parse_float=Decimal)
    for key in table:
        if key not in TABLES:
            document.problem((key,), f"no such table; allowed: {', '.join(TABLES)}.")
    if table.get("schema") != SCHEMA:
        document.problem(("schema",), f"{table.get('schema', 'nothing')} came; allowed: {SCHEMA}.")
    try:
        paper = document.noun(PAPER, table.get("paper"), ("paper",))
    except Wrong:
        document.problem(("paper",), "it is missing; give the table [paper] of the publication.")
        paper = None
    if paper is not None and name != f"{paper.id}.toml":
        document.problem(("paper", "id"), f'"{paper.id}" came; the file is called {name}, and both are alike.')
    document.refuse()
    return Opened(document, table, cast("Paper", paper))


def results_of(file: Opened, papers: Mapping[str, Paper]) -> tuple[list[PublishedResult], list[Check]]:
    """Read the results and the checks of a file, given all publications.

    Raises
    ------
    BadEvidence
        Every problem that was found, one line each.
    """
    document, results = file.document, list[PublishedResult]()
    for place, group in enumerate(_tables(file, "group")):
        results += _group(file, papers, group, ("group", place))
    checks = [
        document.noun(Shape(_CheckOf(file.paper), CHECK_KEYS), one, ("check", place))
        for place, one in enumerate(_tables(file, "check"))
    ]
    document.refuse()
    return results, checks


def _tables(file: Opened, name: str) -> list[Any]:
    tables = file.table.get(name, [])
    if not isinstance(tables, list):
        file.document.problem((name,), f"one table came; write [[{name}]].")
        return []
    return [one for one in cast("list[Any]", tables) if isinstance(one, dict)]


def _group(file: Opened, papers: Mapping[str, Paper], group: Mapping[str, Any], path: Path) -> list[PublishedResult]:
    shape = Shape(_ResultOf(file.paper, papers), RESULT_KEYS)
    shared = {key: value for key, value in group.items() if key != ROWS}
    paper = file.paper
    inherited = {"organ": paper.organ, "modality": paper.modality, "population": paper.population}
    inherited |= file.document.given(shape, shared, path)
    rows = group.get(ROWS)
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in cast("list[Any]", rows)):
        file.document.problem((*path, ROWS), "a list of results is wanted, one table for each printed value.")
        return []
    made = [
        file.document.noun(shape, row, (*path, ROWS, place), inherited)
        for place, row in enumerate(cast("list[Any]", rows))
    ]
    return [one for one in made if one is not None]


@dataclass(frozen=True, slots=True)
class _ResultOf:
    """Makes results of one publication: names get its id before them, places become citations."""

    paper: Paper
    papers: Mapping[str, Paper]

    def __call__(self, *, where: str, as_shown_in: str = "", **values: Any) -> PublishedResult:
        document = self.papers.get(as_shown_in or self.paper.id)
        if document is None:
            raise BadEvidence(("as_shown_in", f'"{as_shown_in}" came; no publication has this id.'))
        self._check(values, shown_elsewhere=bool(as_shown_in))
        made: dict[str, Any] = {
            **values,
            "id": full_id(values["id"], self.paper.id),
            "paper": self.paper.id,
            "source": document.citation(where),
            "parents": tuple(full_id(one, self.paper.id) for one in values.get("parents", ())),
            "discrepancies": tuple(self._full(note) for note in values.get("discrepancies", ())),
        }
        return PublishedResult(**made)

    def _check(self, values: Mapping[str, Any], *, shown_elsewhere: bool) -> None:
        """Refuse an arm that is not there, and results of a recalled publication that claim to be published."""
        arm = values.get("arm", "")
        if arm and self.paper.arm(arm) is None:
            names = ", ".join(arm.id for arm in self.paper.arms) or "none"
            raise BadEvidence(("arm", f'"{arm}" came; arms of this publication: {names}.'))
        recalled = self.paper.identification == "recalled" and not shown_elsewhere
        if recalled and values.get("status", "published") == "published":
            raise BadEvidence(("status", "the publication itself is recalled, so its results are recalled or derived."))

    def _full(self, note: Discrepancy) -> Discrepancy:
        against = tuple(full_id(one, self.paper.id) for one in note.against)
        check = note.check and full_id(note.check, self.paper.id)
        return dataclasses.replace(note, against=against, check=check)


@dataclass(frozen=True, slots=True)
class _CheckOf:
    """Makes checks of one publication."""

    paper: Paper

    def __call__(self, *, of: tuple[str | Decimal, ...], target: str | Decimal, **values: Any) -> Check:
        values["id"] = full_id(values["id"], self.paper.id)
        return Check(of=tuple(self._operand(one) for one in of), target=self._operand(target), **values)

    def _operand(self, one: str | Decimal) -> Operand:
        return Operand.of(full_id(one, self.paper.id) if isinstance(one, str) else one)


def full_id(name: str, paper: str) -> str:
    """Return an id with its publication before it; one that names a publication stays as it is."""
    return name if "." in name else f"{paper}.{name}"
