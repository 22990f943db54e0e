"""Looked: who looked at which patient, and when; a log that only grows, beside the registry's audit of writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import Request

from isotherm.app.web.admission import person_of
from isotherm.app.web.context import web_of
from isotherm.app.web.context_time import stamp
from isotherm.app.web.workspace import Workspace

NOT_NAMED = "somebody on this machine"

CLEARED = "cleared "
"""Begins what is noted of somebody who cleared a kept file."""

WHERE = ", where "
"""Before the condition of a cohort that somebody looked at."""

TOGETHER = timedelta(minutes=10)
"""Looks no further apart are shown as one line."""

READ = 5000
"""Looks that are read: a form that is changed leaves one each time."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look: who looked at what of which patient, and when (UTC)."""

    entry: int
    at: str
    who: str
    patient: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Looks of one person at the same thing within some minutes, as they are shown; the log keeps each.

    Parameters
    ----------
    first_at, last_at : str
        UTC.
    who, patient, thing : str
    times : int
    conditions : tuple of str
        Of cohorts, each once, in their order.
    """

    first_at: str
    last_at: str
    who: str
    patient: str
    thing: str
    times: int
    conditions: tuple[str, ...]


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


def looks(workspace: Workspace, *, patient: str | None = None, last: int = READ) -> Sequence[Look]:
    """Return who looked at whom, the latest first; at one patient where one is named, at many at once for ""."""
    where, told = _which(patient)
    with workspace.connected(reads=True) as connection:
        rows = connection.execute(
            f"SELECT entry, at, who, patient, what FROM looked {where} ORDER BY entry DESC LIMIT ?", (*told, last)
        ).fetchall()
    return [Look(**{name: row[name] for name in row.keys()}) for row in rows]


def count_looks(workspace: Workspace, *, patient: str | None = None) -> int:
    """Return how many looks there are, as `looks` takes them."""
    where, told = _which(patient)
    with workspace.connected(reads=True) as connection:
        return int(connection.execute(f"SELECT COUNT(*) FROM looked {where}", told).fetchone()[0])


def _which(patient: str | None) -> tuple[str, tuple[str, ...]]:
    if patient is None:
        return "", ()
    # What was cleared is noted beside looks, and showed nobody.
    return "WHERE patient = ? AND (patient != '' OR what NOT LIKE ?)", (patient, f"{CLEARED}%")


def in_lines(looks: Iterable[Look]) -> Iterator[Line]:
    """Yield looks as lines; of looks that follow each other, those of one person at one thing are one line.

    Parameters
    ----------
    looks : iterable of Look
        The latest first.
    """
    own: list[Look] = []
    for one in looks:
        if own and not _goes_on(own[-1], one):
            yield _line(own)
            own = []
        own.append(one)
    if own:
        yield _line(own)


def _goes_on(later: Look, one: Look) -> bool:
    """Return whether a look and the one after it are shown as one line."""
    apart = datetime.fromisoformat(later.at) - datetime.fromisoformat(one.at)
    return (later.who, later.patient, _thing(later)) == (one.who, one.patient, _thing(one)) and apart <= TOGETHER


def _thing(one: Look) -> str:
    return one.what.partition(WHERE)[0]


def _line(own: Sequence[Look]) -> Line:
    conditions = dict.fromkeys(one.what.partition(WHERE)[2] for one in reversed(own))
    return Line(first_at=own[-1].at, last_at=own[0].at, who=own[0].who, patient=own[0].patient, thing=_thing(own[0]),
                times=len(own), conditions=tuple(one for one in conditions if one))  # fmt: skip
