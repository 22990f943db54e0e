"""Looked: who looked at which patient, and when; a log that only grows, beside the registry's audit of writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request

from isotherm.app.web.admission import person_of
from isotherm.app.web.context import web_of
from isotherm.app.web.context_time import stamp
from isotherm.app.web.workspace import Workspace

NOT_NAMED = "somebody on this machine"


@dataclass(frozen=True, slots=True)
class Look:
    """One look: who looked at what of which patient, and when (UTC)."""

    entry: int
    at: str
    who: str
    patient: str
    what: str


def looked_at(request: Request, patient: str, what: str) -> None:
    """Note that somebody looks at a patient, before anything is shown.

    Parameters
    ----------
    request : Request
    patient : str
    what : str
        The page, or the file: "patient page", "board sheet".
    """
    who = person_of(request).name or NOT_NAMED
    with web_of(request).workspace.connected() as connection:
        connection.execute("INSERT INTO looked (at, who, patient, what) VALUES (?, ?, ?, ?)",
                           (stamp(), who, patient, what))  # fmt: skip


def looks(workspace: Workspace, *, patient: str = "", last: int = 200) -> Sequence[Look]:
    """Return who looked at whom, the latest first; at one patient where one is named."""
    where, told = ("WHERE patient = ?", (patient,)) if patient else ("", ())
    with workspace.connected() as connection:
        rows = connection.execute(
            f"SELECT entry, at, who, patient, what FROM looked {where} ORDER BY entry DESC LIMIT ?", (*told, last)
        ).fetchall()
    return [Look(**{name: row[name] for name in row.keys()}) for row in rows]
