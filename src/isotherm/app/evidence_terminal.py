"""Published results as a terminal shows them: the number first, its words below, its warnings last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from isotherm.app.evidence_tasks import outcomes
from isotherm.app.evidence_words import (
    STATUSES,
    context_words,
    flag_words,
    paper_words,
    standing_words,
    standings,
    value_words,
)
from isotherm.app.terminal import folded
from isotherm.evidence.library import Library
from isotherm.evidence.paper import Paper
from isotherm.evidence.reproduce import Reproduced
from isotherm.evidence.result import PublishedResult
from isotherm.printable import printable

FOOT = "Printed by others, as they printed it; what was computed here says derived. Research use only."


def list_text(library: Library, records: Sequence[PublishedResult], width: int | None) -> str:
    """Return the publications of some results, each with how many of these it has."""
    lines: list[str] = []
    for paper in library.papers.values():
        own = [record for record in records if record.paper == paper.id]
        if own:
            odd = sum(bool(flag_words(record)) for record in own)
            count = f"{len(own)} result{'' if len(own) == 1 else 's'}" + (f", {odd} with a discrepancy" if odd else "")
            lines += [f"{paper.id}  ({count})", *folded(paper_words(paper), width)]
    return _ended(lines, f"{len(records)} results in all.")


def table_text(library: Library, records: Sequence[PublishedResult], width: int | None) -> str:
    """Return results one below the other: id and value, then what it is and where it stands."""
    lines: list[str] = []
    for record in records:
        paper = library.papers[record.paper]
        lines += [printable(f"{record.id}  {value_words(record)}"), *folded(context_words(record, paper), width)]
        warnings = [STATUSES[one] for one in standings(record, paper)]
        lines += [line for said in (*warnings, *flag_words(record)) for line in folded(f"! {said}", width)]
    if not records:
        return "No published result is like this; `isotherm evidence list` shows all publications.\n"
    return _ended(lines, f"{len(records)} results; publications: {len({one.paper for one in records})}.")


def paper_text(library: Library, paper: Paper, width: int | None) -> str:
    """Return everything about a publication, and its results."""
    said = [("source", str(paper.citation("whole publication"))), ("design", paper.design), ("organ", paper.organ),
            ("modality", paper.modality), ("population", paper.population), *_arms(paper),
            ("overlaps with", ", ".join(sorted(library.overlapping(paper.id)))),
            ("shares authors with", ", ".join(paper.shares_authors_with)), ("note", paper.note)]  # fmt: skip
    own = [record for record in library.results.values() if record.paper == paper.id]
    head = [f"{paper.id}  {printable(paper_words(paper))}", *_facts(said, width), ""]
    return "\n".join(head) + "\n" + table_text(library, own, width)


def result_text(library: Library, record: PublishedResult, checks: Sequence[Reproduced], width: int | None) -> str:
    """Return everything about a result, and what can be recomputed from it."""
    paper = library.papers[record.paper]
    said = [("what", record.label), ("endpoint", record.endpoint), ("measure", record.measure), ("unit", record.unit),
            ("arm", record.arm), ("reference", record.reference), ("orientation", record.orientation),
            ("at", record.at), ("time zero", record.time_zero), ("per", record.per), ("analysis", record.analysis),
            ("adjusted", {None: "not printed", True: "yes", False: "no"}[record.adjusted]),
            ("margin", "" if record.margin is None else str(record.margin)), ("organ", record.organ),
            ("modality", record.modality), ("population", record.population),
            ("grade", "" if record.grade is None else f"{record.grade.scheme}: {record.grade.native}"),
            ("status", standing_words(record, paper)), ("computed from", ", ".join(record.parents)),
            ("note", record.note), ("of", paper_words(paper)), ("source", str(record.source))]  # fmt: skip
    lines = [printable(f"{record.id}  {value_words(record)}"), *_facts(said, width)]
    lines += [line for flag in flag_words(record) for line in folded(f"! {flag}", width)]
    lines += [line for check in checks for line in _check_lines(check, width)]
    return _ended(lines)


def _arms(paper: Paper) -> Iterator[tuple[str, str]]:
    """Yield when patients came in, which arms there are and how they were matched, each with its name."""
    accrual = " to ".join(month for month in (paper.accrual.start, paper.accrual.end) if month)
    yield "accrual", accrual + (f", {paper.accrual.centers} centers" if paper.accrual.centers else "")
    for arm in paper.arms:
        window = "" if arm.window is None else f"; {arm.window}, counted from: {arm.anchor_event}"
        yield f"arm {arm.id}", f"{arm.name}{window}"
    if paper.matching is not None:
        said = paper.matching
        yield "matching", f"{said.method}; ratio {said.ratio}; caliper {said.caliper}; covariates {said.covariates}"


def reproduce_text(rows: Sequence[Reproduced], width: int | None) -> str:
    """Return every check: its outcome, both numbers, which test it is, the records, and what explains a mismatch."""
    lines = [line for row in rows for line in _check_lines(row, width)]
    counts = outcomes(rows)
    names = ("match", "rounding", "explained", "MISMATCH")
    return _ended(lines, f"{len(rows)} checks: " + ", ".join(f"{counts[name]} {name}" for name in names) + ".")


def _check_lines(row: Reproduced, width: int | None) -> Iterator[str]:
    said = f"{row.check.kind}: {row.how}" if row.how else row.check.kind
    yield printable(f"{row.outcome:<9}  printed {row.printed}, computed {row.computed}  [{row.check.id}]")
    yield from folded("; ".join(part for part in (said, row.check.says.rstrip(".")) if part), width)
    yield from folded("compares " + ", ".join(row.check.records), width)
    if row.note:
        yield from folded(f"! {row.note}", width)


def _facts(said: Sequence[tuple[str, str]], width: int | None) -> list[str]:
    return [line for name, value in said if value for line in folded(f"{name}: {value}", width)]


def _ended(lines: Sequence[str], *last: str) -> str:
    return "\n".join([*lines, *last, FOOT]) + "\n"
