"""Published results and checks as JSON and CSV: every field under its name, and the value as it was printed."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from isotherm.app.evidence_words import flag_words, standing_words, value_words
from isotherm.evidence.library import Library
from isotherm.evidence.paper import Paper
from isotherm.evidence.reproduce import Reproduced
from isotherm.evidence.result import PublishedResult

RESULT_COLUMNS = (
    "id", "paper", "label", "endpoint", "measure", "unit", "printed", "estimate", "operator", "low", "high", "level",
    "limits_of", "sd", "p_value", "p_operator", "events", "n", "number_unit", "arm", "reference", "orientation", "at",
    "time_zero", "per", "class", "adjusted", "analysis", "organ", "modality", "population", "margin", "grade", "status",
    "status_says", "corrected", "direction_suspect", "unit_suspect", "flags", "parents", "note", "source",
)  # fmt: skip
PAPER_COLUMNS = (
    "id", "short", "title", "year", "doi", "pmid", "pmcid", "trial", "journal", "identification", "design", "organ",
    "modality", "population", "accrual_start", "accrual_end", "centers", "results", "overlaps_with",
    "shares_authors_with", "note",
)  # fmt: skip
CHECK_COLUMNS = ("outcome", "check", "kind", "printed", "computed", "how", "note", "records", "says")


def result_fields(record: PublishedResult, paper: Paper) -> dict[str, Any]:
    """Return a result as a table of plain values; numbers as numbers, and as printed beside.

    `status` is the key that was noted of the result itself; `status_says` has it in words, and says "recalled" of each
    result of a publication that is.
    """
    fields = {name: getattr(record, name) for name in RESULT_COLUMNS if hasattr(record, name)}
    said = {"level": record.level if record.has_interval else None, "printed": value_words(record),
            "status_says": standing_words(record, paper), "flags": list(flag_words(record)),
            "source": str(record.source),
            "class": None if record.mm_class is None else str(record.mm_class),
            "margin": None if record.margin is None else str(record.margin),
            "grade": None if record.grade is None else f"{record.grade.scheme}: {record.grade.native}"}  # fmt: skip
    return {name: _plain({**fields, **said}[name]) for name in RESULT_COLUMNS}


def paper_fields(paper: Paper, library: Library) -> dict[str, Any]:
    """Return a publication as a table of plain values."""
    fields = {name: getattr(paper, name) for name in PAPER_COLUMNS if hasattr(paper, name)}
    count = sum(record.paper == paper.id for record in library.results.values())
    more = {"accrual_start": paper.accrual.start, "accrual_end": paper.accrual.end, "centers": paper.accrual.centers,
            "results": count, "overlaps_with": sorted(library.overlapping(paper.id))}  # fmt: skip
    return {name: _plain({**fields, **more}[name]) for name in PAPER_COLUMNS}


def paper_with_arms(paper: Paper, library: Library) -> dict[str, Any]:
    """Return a publication with its arms and its matching."""
    arms = [{**dataclasses.asdict(arm), "window": arm.window and str(arm.window)} for arm in paper.arms]
    matching = None if paper.matching is None else dataclasses.asdict(paper.matching)
    return {**paper_fields(paper, library), "arms": arms, "matching": matching}


def check_fields(row: Reproduced) -> dict[str, Any]:
    """Return a check and what came of it as a table of plain values."""
    check = row.check
    return {"outcome": row.outcome, "check": check.id, "kind": check.kind, "printed": row.printed,
            "computed": row.computed, "how": row.how, "note": row.note, "records": list(check.records),
            "says": check.says}  # fmt: skip


def json_text(document: Mapping[str, Any]) -> str:
    """Return a document as JSON."""
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def csv_text(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return rows as CSV; lists are joined by semicolons, and what is not known is left empty."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    for row in rows:
        table.writerow([_cell(row.get(name)) for name in columns])
    return text.getvalue()


def _cell(value: object) -> object:
    return "; ".join(map(str, cast("list[object]", value))) if isinstance(value, list) else value


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value) if "." in str(value) else int(value)
    return list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value
