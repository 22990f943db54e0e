"""result.json: every number of a study under its id, as dicts and lists of a fixed order; see docs/study-result.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from isotherm.study.checklist import checklist
from isotherm.study.result import StudyResult, rounded

SCHEMA = "isotherm.study/1"


def document_of(result: StudyResult, software: Mapping[str, str]) -> dict[str, Any]:
    """Return the document of a result.

    Parameters
    ----------
    result : StudyResult
    software : mapping of str to str
        Versions of what the numbers depend on.

    Raises
    ------
    BadSetting
        A result answers no item of a checklist.
    """
    results, head = result.results, result.head
    settings = {"release": False, "smallest_cell": None} | dict(head["settings"])
    return {
        "schema": SCHEMA,
        "software": dict(software),
        "protocol": _rounded(head["protocol"]),
        "data": _rounded(head["data"]),
        "settings": _rounded(settings),
        "caveats": list(head["caveats"]),
        "findings": [dict(one) for one in results.findings],
        "results": {key: record.plain() for key, record in results.records.items()},
        "tables": {name: dict(table) for name, table in results.tables.items()},
        "curves": _rounded(results.curves),
        "flow": dict(result.flow),
        "checklist": [
            {"statement": one.item.statement, "number": one.item.number, "asks": one.item.asks, "status": one.status,
             "ids": list(one.ids)}
            for one in checklist(results.records)
        ],
    }  # fmt: skip


def document_text(document: Mapping[str, Any]) -> str:
    """Return the exact text of result.json; a number that is not finite would be a fault and raises."""
    return json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def _rounded(value: Any) -> Any:
    """Return nested dicts and lists with their numbers rounded."""
    if isinstance(value, Mapping):
        return {key: _rounded(part) for key, part in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_rounded(part) for part in cast("list[Any]", value)]
    return rounded(value)


def table_rows(document: Mapping[str, Any], name: str) -> list[list[object]]:
    """Return a table of a document as rows of texts and numbers, the head first: what its CSV file holds.

    A record takes as many columns as it has parts: its value, and its limits in the columns that follow.
    """
    table = document["tables"][name]
    wide = _with_limits(document, table)
    head: list[object] = []
    for column, limits in zip(table["columns"], wide, strict=True):
        head += [column, *([f"{column}, lower limit", f"{column}, upper limit"] if limits else [])]
    rows = [head]
    for row in table["rows"]:
        cells: list[object] = []
        for part, limits in zip(row, wide, strict=True):
            cells += _cells(document, part, limits=limits)
        rows.append(cells)
    return rows


def _with_limits(document: Mapping[str, Any], table: Mapping[str, Any]) -> list[bool]:
    """Say which columns hold a record with an interval."""
    found = [False] * len(table["columns"])
    for row in table["rows"]:
        for place, part in enumerate(row):
            if not isinstance(part, str) and part["field"] == "value":
                record = document["results"][part["id"]]
                found[place] |= record["low"] is not None or record["high"] is not None
    return found


def _cells(document: Mapping[str, Any], part: str | Mapping[str, str], *, limits: bool) -> list[object]:
    if isinstance(part, str):
        return [part, *([None, None] if limits else [])]
    record = document["results"][part["id"]]
    shown = record[part["field"]]
    if shown is None and part["field"] == "value":
        shown = record["text"] or record["why"]
    return [shown, *([record["low"], record["high"]] if limits else [])]
