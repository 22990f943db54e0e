"""The two tables of a list of cases: cases.csv says what became of each case, margins.csv has a row for each lesion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from isotherm.app.batch_task import Task
from isotherm.app.case import Request
from isotherm.app.outputs import COLUMNS, REPORT, rows_of, safe_name

CASES, HOMES = "cases.csv", "cases"
"""The table of cases, and the folder of a folder for each."""

CASE_COLUMNS = ("case", "patient", "session", "kind", "status", "lesions", "why", "report")
CASES_HEAD = "case,patient,session,kind,"

LESION_COLUMNS = ("case", "patient", "session", "lesion", "days_after_ablation", "modality", *COLUMNS[1:],
                  "isotherm_version")  # fmt: skip
"""What a study needs of a lesion: who and when, then what `isotherm margin` tells of it, then by which version."""

REFUSED = "refused"

GRAVEST = ("withheld", "not_assessable", "bounded", "not_ablated", "measured")
"""The status of a case is that of its lesion which comes first here."""


@dataclass(frozen=True, slots=True)
class Told:
    """What both tables say of one case.

    Parameters
    ----------
    case : tuple
        Cells of `CASE_COLUMNS`.
    lesions : tuple of tuple
        Cells of `LESION_COLUMNS`.
    statuses : tuple of str
        Of its lesions; empty for a case that was refused.
    """

    case: tuple[Any, ...]
    lesions: tuple[tuple[Any, ...], ...]
    statuses: tuple[str, ...]

    @property
    def refused(self) -> bool:
        """Whether nothing was measured."""
        return self.case[CASE_COLUMNS.index("status")] == REFUSED

    @property
    def incomplete(self) -> bool:
        """Whether a margin is missing that a person has to see to."""
        return self.refused or "withheld" in self.statuses


def told_of(task: Task, document: Mapping[str, Any]) -> Told:
    """Return what the tables say of a case that was measured.

    Raises
    ------
    LookupError, TypeError, ValueError
        The document is none.
    """
    rows: list[list[Any]] = rows_of(document)
    version = str(document["software"]["isotherm"])
    statuses = tuple(str(lesion["status"]) for lesion in document["lesions"])
    names = task.lesions or tuple(str(row[0]) for row in rows)
    lesions = tuple(
        (*_who(task), name, task.facts.days_after_ablation, task.facts.modality, *row[1:], version)
        for name, row in zip(names, rows, strict=True)
    )
    gravest = next(status for status in GRAVEST if status in statuses)
    why = [
        (f"{name}: " if len(names) > 1 else "") + "; ".join(lesion["reasons"])
        for name, lesion in zip(names, document["lesions"], strict=True)
        if lesion["status"] != "measured"
    ]
    report = f"{HOMES}/{safe_name(task.name)}/{REPORT}"
    return Told((*_who(task), _kind(task), gravest, len(rows), " ".join(why), report), lesions, statuses)


def told_of_refused(task: Task, why: str) -> Told:
    """Return what the tables say of a case that could not be measured: its lesions are missing, and not forgotten."""
    empty = dict.fromkeys(LESION_COLUMNS) | {
        "days_after_ablation": task.facts.days_after_ablation, "modality": task.facts.modality, "status": REFUSED,
        "reasons": why,
    }  # fmt: skip
    lesions = tuple(
        tuple((empty | dict(zip(("case", "patient", "session"), _who(task), strict=True)) | {"lesion": name}).values())
        for name in task.lesions or (None,)
    )
    return Told((*_who(task), _kind(task), REFUSED, len(task.lesions) or None, why, None), lesions, ())


def _who(task: Task) -> tuple[str, str, str]:
    return task.name, task.patient, task.session


def _kind(task: Task) -> str:
    return "masks" if isinstance(task.asked, Request) else "scans"
