"""`isotherm study check`: the audit of a design as a terminal shows it, and whether a sound design is left."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from isotherm.app.software import versions
from isotherm.app.study_data import StudyData
from isotherm.app.terminal import NARROW
from isotherm.printable import printable
from isotherm.study.cohort import Cohort
from isotherm.study.finding import Finding
from isotherm.study.guard.audit import findings_of
from isotherm.study.guard.document import audit_document

NOTHING = "Nothing was found that speaks against the design."

NO_DESIGN = 2
"""Exit code where every design is barred."""


MOST_GROUPS = 20
"""Groups of rows that are named; a table that holds more is compared by the columns that a finding names."""


def check_study(data: StudyData, cohort: Cohort, *, released: bool = False) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the document of the audit of a study's cohort, and the rows to compare, which no document holds.

    A release tells none, nor does a registry, of which nobody holds the table.
    """
    findings = findings_of(cohort)
    document = audit_document(cohort, findings, versions("numpy", "pandas", "scipy"), released=released)
    return document, {} if released or data.registry else rows_told(findings, data.protocol.data.file)


def rows_told(findings: Iterable[Finding], file: str) -> dict[str, str]:
    """Return which rows of the table are to be compared, in words, by the id of the finding; for no document.

    Parameters
    ----------
    findings : iterable of Finding
    file : str
        What the table is called.
    """
    return {one.key: _rows_words(one, file) for one in findings if one.compare}


def _rows_words(finding: Finding, file: str) -> str:
    groups = [
        f"{', '.join(str(row + 2) for row in one[:-1])} and {one[-1] + 2}" for one in finding.compare[:MOST_GROUPS]
    ]
    left = len(finding.compare) - len(groups)
    more = f"; and {left} more" if left else ""
    return f"Rows of {file}, its head being row 1 and empty rows not counted: {'; '.join(groups)}{more}."


def exit_code(document: Mapping[str, Any]) -> int:
    """Return 0 where a design is left, and 2 where all are barred."""
    return 0 if document["open"] else NO_DESIGN


def check_text(document: Mapping[str, Any], width: int | None = None, rows: Mapping[str, str] | None = None) -> str:
    """Return an audit as text: the findings, the gravest first, then every design with what bars it.

    Parameters
    ----------
    document : mapping
        As `audit_document` returns it.
    width : int or None
    rows : mapping, optional
        As `rows_told` returns it.
    """
    head = document["protocol"]
    lines = [*_broken(head["title"], width), f"protocol {head['hash'][:12]}", ""]
    for one in document["findings"]:
        lines += _item(f"{one['level']:<5}", f"{one['id']}: {one['says']}", width)
        lines += _item("", f"-> {one['do']}", width) if one["do"] else []
        lines += _item("", rows[one["id"]], width) if rows and one["id"] in rows else []
    for one in document["overrides"]:
        lines += _item("warn ", f"override: {one['what']}: {one['problem']}. Reason: {one['reason']}", width)
    lines += [] if document["findings"] or document["overrides"] else [NOTHING]
    lines += ["", "Designs:"]
    widest = max(len(one["name"]) for one in document["designs"])
    for one in document["designs"]:
        lines += _item(f"{one['name']:<{widest}}", _standing(one), width)
    return "\n".join([*lines, "", *_broken(verdict(document), width)])


def why_not(name: str) -> str:
    """Say what a design that is not possible lacks."""
    others = {"censoring_weights": "it needs a course whose time zero is the first treatment",
              "clone_censor_weight": "it needs dates of treatment, and a time zero before them"}  # fmt: skip
    return others.get(name, "the protocol names no date of treatment")


def _standing(design: Mapping[str, Any]) -> str:
    """Say whether a design is open, in words."""
    if design["barred_by"]:
        return f"barred by {', '.join(design['barred_by'])}"
    return f"open: {design['says']}" if design["possible"] else f"not possible: {why_not(design['name'])}"


def verdict(document: Mapping[str, Any]) -> str:
    """Say in a sentence or two what a run will answer by."""
    if not document["open"]:
        return "No design is left that can answer the question with these records."
    sound, barred = _planned(document)
    if not sound:
        return (
            f"`isotherm study run` refuses this protocol: what it asks for ({', '.join(barred)}) is barred. Give a "
            "[course] and a [[design]] that is open."
        )
    if not barred:
        return "No planned design is barred."
    return f"`isotherm study run` answers by {', '.join(sound)}; {_of_barred(barred)}."


def stops_told(document: Mapping[str, Any]) -> str:
    """Say how many findings stop, which planned designs they bar, and what a run gives then; empty without a stop."""
    stops = sum(one["level"] == "stop" for one in document["findings"])
    if not stops:
        return ""
    sound, barred = _planned(document)
    start = f"{stops} {'finding' if stops == 1 else 'findings'} to stop at"
    they = "it bars" if stops == 1 else "they bar"
    if not barred:
        return f"{start}: {they} no design that this protocol asks for."
    if not sound:
        return f"{start}: {they} every design of this protocol ({', '.join(barred)}), so a run would be refused."
    return f"{start}: {they} {', '.join(barred)}; a run answers by {', '.join(sound)}."


def is_refused(document: Mapping[str, Any]) -> bool:
    """Whether a run would be refused, since every planned design is barred."""
    return not _planned(document)[0]


def _planned(document: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the names of the planned designs that are sound, and of those that are barred."""
    planned = [one for one in document["designs"] if one["planned"]]
    return ([one["name"] for one in planned if not one["barred_by"]],
            [one["name"] for one in planned if one["barred_by"]])  # fmt: skip


def _of_barred(barred: Sequence[str]) -> str:
    """Say what becomes of barred designs in a run: the naive alone is carried out, to stand beside the answer."""
    others = [name for name in barred if name != "naive"]
    found = ["naive is barred as an answer, and stands beside it"] if "naive" in barred else []
    are = "is" if len(others) == 1 else "are"
    return "; ".join([*found, *([f"{', '.join(others)} {are} barred, and not carried out"] if others else [])])


def _item(mark: str, words: str, width: int | None) -> list[str]:
    """Return words with a mark before their first line, in lines of at most `width` columns where one is given."""
    start, rest = f"  {mark:<5}  ", " " * (len(f"  {mark:<5}  "))
    return _broken(words, width, start, rest)


def _broken(words: str, width: int | None, start: str = "", rest: str = "") -> list[str]:
    """Return words as lines of at most `width` columns, each with what stands before it."""
    words = printable(words)
    if width is None:
        return [f"{start}{words}"]
    return textwrap.wrap(
        words, max(width, NARROW), initial_indent=start, subsequent_indent=rest, break_on_hyphens=False
    )
