"""Library: the published results that come with isotherm, read from the package's own files, found by question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files

from isotherm.errors import BadEvidence, BadSetting
from isotherm.evidence.check import Check, carried
from isotherm.evidence.form import Opened, opened, results_of
from isotherm.evidence.paper import Paper
from isotherm.evidence.result import PublishedResult


@dataclass(frozen=True, slots=True)
class Library:
    """Publications, their results and the checks between them, each under its id, in the order of their files.

    Raises
    ------
    BadEvidence
        An id came twice, or something points to a publication, a result or a check that is not there.
    """

    papers: Mapping[str, Paper]
    results: Mapping[str, PublishedResult]
    checks: tuple[Check, ...]

    def __post_init__(self) -> None:
        problems = [*self._broken_links(), *self._unknown_checks()]
        if problems:
            raise BadEvidence(*(("", sentence) for sentence in problems))

    def result(self, name: str) -> PublishedResult:
        """Return the result of an id.

        Raises
        ------
        BadSetting
            There is none; the sentence names the nearest.
        """
        if name not in self.results:
            near = get_close_matches(name, list(self.results), n=1, cutoff=0.4)
            hint = f'; near it: "{near[0]}"' if near else ""
            raise BadSetting(f'No published result has the id "{name}"{hint}; `isotherm evidence list` shows all.')
        return self.results[name]

    def overlapping(self, name: str) -> frozenset[str]:
        """Return the publications that very likely share patients with one, whichever of the two says so."""
        there = self.papers[name].overlaps_with
        back = (other.id for other in self.papers.values() if name in other.overlaps_with)
        return frozenset((*there, *back))

    def all_checks(self) -> tuple[Check, ...]:
        """Return the declared checks and those that records bring along."""
        return (*self.checks, *(check for record in self.results.values() for check in carried(record)))

    def _broken_links(self) -> list[str]:
        problems: list[str] = []
        for paper in self.papers.values():
            for other in (*paper.overlaps_with, *paper.shares_authors_with):
                if other not in self.papers:
                    problems.append(f'{paper.id} points to the publication "{other}", which is not there.')
        for record in self.results.values():
            linked = [*record.parents, *(other for note in record.discrepancies for other in note.against)]
            problems += [f'{record.id} points to "{other}", which is not there.' for other in linked
                         if other not in self.results]  # fmt: skip
        for check in self.checks:
            problems += [f'The check {check.id} compares "{other}", which is not there.' for other in check.records
                         if other not in self.results]  # fmt: skip
        return problems

    def _unknown_checks(self) -> list[str]:
        known = {check.id for check in self.all_checks()}
        return [
            f'{record.id} explains the check "{note.check}", which is not there.'
            for record in self.results.values()
            for note in record.discrepancies
            if note.check and note.check not in known
        ]


def library_of(texts: Mapping[str, str]) -> Library:
    """Read a library from the texts of its files, by their names.

    Raises
    ------
    BadEvidence
        Every problem of the files, one line each: file, line, key, what came, what is allowed.
    """
    problems: list[tuple[str, str]] = []
    open_files: list[Opened] = []
    for name, text in texts.items():
        try:
            open_files.append(opened(text, name))
        except BadEvidence as error:
            problems += error.problems
    papers = {file.paper.id: file.paper for file in open_files}
    results: list[PublishedResult] = []
    checks: list[Check] = []
    for file in open_files if not problems else ():
        try:
            more = results_of(file, papers)
            results += more[0]
            checks += more[1]
        except BadEvidence as error:
            problems += error.problems
    problems += _twice(record.id for record in results) + _twice(check.id for check in checks)
    if problems:
        raise BadEvidence(*problems)
    return Library(papers, {record.id: record for record in results}, tuple(checks))


def bundled() -> dict[str, str]:
    """Return the texts of the files that come with isotherm, by their names, in the order of these."""
    folder = files("isotherm.evidence") / "papers"
    texts = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".toml")}
    return dict(sorted(texts.items()))


def read_library() -> Library:
    """Read the library that comes with isotherm.

    Raises
    ------
    BadEvidence
    """
    return library_of(bundled())


def _twice(names: Iterable[str]) -> list[tuple[str, str]]:
    seen: set[str] = set()
    problems: list[tuple[str, str]] = []
    for name in names:
        if name in seen:
            problems.append(("", f'The id "{name}" came twice; every record and every check has its own.'))
        seen.add(name)
    return problems
