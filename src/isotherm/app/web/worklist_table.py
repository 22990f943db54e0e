"""WorklistTable: the lines of the worklist, kept in the workspace and carried on by what the registry's audit tells."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Literal

from isotherm.app.web.workspace import Workspace
from isotherm.app.worklist import Line, lines_of
from isotherm.errors import IsothermError
from isotherm.registry.store import Store, open_store

Only = Literal["", "due", "questions", "criteria", "accept"]

SORTS = {
    "patient": "patient", "lesions": "lesions DESC, patient", "ablated": "ablated_on DESC, patient",
    "last": "died_on != '', last_on, patient", "questions": "died_on != '', for_criteria DESC, questions DESC, patient",
    "accept": "died_on != '', to_accept DESC, patient",
}  # fmt: skip
"""What can be sorted by, and how; who is alive comes before who is not where it is asked whom to see."""

AT_ONCE = 2_000
"""So many entries of the audit are followed while a page waits; more, and all is read anew in the background."""

PUT_AT_ONCE = 5_000

PATIENCE_S = 2.0
"""A page waits so long for a registry that is being read: one of a few thousand records is read by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines of the worklist are wanted.

    Parameters
    ----------
    search : str
        Part of the patient's key.
    only : {"", "due", "questions", "criteria", "accept"}
        Of those who live: who were not seen for long, of whom questions are open, of whom questions are open that a
        criterion asks for, whose margins nobody has accepted.
    days : int
        What "for long" is.
    today : date
    sort : str
        One of `SORTS`.
    page : int
        From 1.
    size : int
        Lines of a page.
    """

    search: str = ""
    only: Only = ""
    days: int
    today: date
    sort: str = "last"
    page: int = 1
    size: int = 50

    @property
    def seen_before(self) -> str:
        """The day before which somebody was last seen who is due."""
        return (self.today - timedelta(days=self.days)).isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Lines of one page, how many there are of each kind, and how much of the registry's audit they do not tell yet.

    `behind` counts entries that came since the lines were read; they are being read.
    """

    lines: tuple[Line, ...]
    count: int
    patients: int
    due: int
    questions: int
    criteria: int
    accept: int
    behind: int

    @property
    def is_whole(self) -> bool:
        """Whether all of the registry has been read."""
        return self.behind == 0


@dataclass(frozen=True, slots=True)
class Keys:
    """Some keys of patients, how many more there are like them, and whether all of the registry has been read."""

    patients: tuple[str, ...]
    count: int
    is_whole: bool


class WorklistTable:
    """The worklist of a registry."""

    def __init__(self, workspace: Workspace, address: str, *, patience_s: float = PATIENCE_S) -> None:
        self._workspace, self._address, self._patience_s = workspace, address, patience_s
        self._reading, self._beginning = threading.Lock(), threading.Lock()
        self._reader: threading.Thread | None = None

    def find(self, wanted: Wanted) -> Found:
        """Return a page of it, as the registry is now; as it was, where much has come since and is being read.

        Raises
        ------
        StoreError, NoAnswer
        """
        behind = self._carry_on()
        if behind and self._is_read_soon():
            behind = self._carry_on()
        with self._workspace.connected(reads=True) as connection:
            return _found(connection, wanted, behind)

    def _is_read_soon(self) -> bool:
        """Wait a little for the reading that goes on, since nobody likes an old list; return whether it ended."""
        until = time.monotonic() + self._patience_s
        while time.monotonic() < until:
            if (reading := self._reader) is None or not reading.is_alive():
                return True
            reading.join(min(0.1, self._patience_s))
        return False

    def keys(self, part: str, *, most: int) -> Keys:
        """Return keys that hold a part, at most so many: those first that begin with it, short ones before long ones.

        Raises
        ------
        StoreError, NoAnswer
        """
        behind = self._carry_on()
        told = {"part": part.lower(), "most": most}
        with self._workspace.connected(reads=True) as connection:
            count = connection.execute(
                "SELECT COUNT(*) FROM line WHERE :part = '' OR instr(lower(patient), :part) > 0", told
            ).fetchone()[0]
            rows = connection.execute(
                "SELECT patient FROM line WHERE :part = '' OR instr(lower(patient), :part) > 0 "
                "ORDER BY instr(lower(patient), :part), length(patient), patient LIMIT :most", told,
            ).fetchall()  # fmt: skip
        return Keys(tuple(str(row["patient"]) for row in rows), int(count), behind == 0)

    def open(self) -> None:
        """Begin to read, in the background, what has not been read."""
        self._in_background(self._carry_on)

    def read_all(self) -> None:
        """Read the registry, all of it."""
        with self._reading:
            with open_store(self._address) as store:
                at = store.identity()
                lines = sorted(lines_of(store.records()), key=lambda line: line.patient)
            with self._workspace.connected() as connection:
                connection.execute("DELETE FROM line")
                _put(connection, lines)
                _note(connection, str(at["registry_id"]), int(at["entries"]))

    def _in_background(self, read: Callable[[], object]) -> threading.Thread:
        thread = threading.Thread(target=self._quietly, args=(read,), name="worklist", daemon=True)
        thread.start()
        return thread

    def _quietly(self, read: Callable[[], object]) -> None:
        with suppress(IsothermError, sqlite3.Error, OSError):  # the next page asks for it again, and says what is wrong
            read()

    def _begin(self) -> None:
        """Read everything in the background, unless somebody does already."""
        with self._beginning:
            if self._reader is None or not self._reader.is_alive():
                self._reader = self._in_background(self.read_all)

    def _carry_on(self) -> int:
        """Follow what was done since; return how many entries the lines are behind the registry as it is now."""
        with open_store(self._address) as store:
            now = store.identity()
            with self._workspace.connected(reads=True) as connection:
                noted = connection.execute("SELECT registry_id, entries FROM lines_are_of").fetchone()
            known = int(noted["entries"]) if noted and noted["registry_id"] == now["registry_id"] else None
            behind = int(now["entries"]) - (known or 0)
            if known is None or not 0 <= behind <= AT_ONCE:
                self._begin()
                return max(1, behind)  # a backup that was restored has fewer
            if behind:
                self._follow(store, str(now["registry_id"]), int(now["entries"]), behind)
        return 0

    def _follow(self, store: Store, registry_id: str, entries: int, behind: int) -> None:
        touched = sorted({entry.patient_id for entry in store.history(last=behind)})
        with self._workspace.connected() as connection:
            for patient in touched:
                connection.execute("DELETE FROM line WHERE patient = ?", (patient,))
                _put(connection, lines_of(kept.record for kept in store.patient(patient)))
            _note(connection, registry_id, entries)


def _put(connection: sqlite3.Connection, lines: Iterable[Line]) -> None:
    coming = iter(lines)
    while some := [astuple(line) for line in islice(coming, PUT_AT_ONCE)]:
        connection.executemany("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", some)


def _note(connection: sqlite3.Connection, registry_id: str, entries: int) -> None:
    connection.execute("DELETE FROM lines_are_of")
    connection.execute("INSERT INTO lines_are_of VALUES (?, ?)", (registry_id, entries))


DUE = "died_on = '' AND ablated_on != '' AND last_on < :before"
TO_ACCEPT = "died_on = '' AND to_accept > 0"
QUESTIONS = "died_on = '' AND questions > 0"
CRITERIA = "died_on = '' AND for_criteria > 0"
CONDITIONS: dict[Only, str] = {
    "": "TRUE",
    "due": DUE,
    "questions": QUESTIONS,
    "criteria": CRITERIA,
    "accept": TO_ACCEPT,
}


def _found(connection: sqlite3.Connection, wanted: Wanted, behind: int) -> Found:
    told = {"before": wanted.seen_before, "search": wanted.search.lower(), "size": wanted.size,
            "skip": (wanted.page - 1) * wanted.size}  # fmt: skip
    matches = "(:search = '' OR instr(lower(patient), :search) > 0)"
    counts = connection.execute(
        f"SELECT COUNT(*) AS patients, COALESCE(SUM({DUE}), 0) AS due, COALESCE(SUM({QUESTIONS}), 0) AS questions, "
        f"COALESCE(SUM({CRITERIA}), 0) AS criteria, "
        f"COALESCE(SUM({TO_ACCEPT}), 0) AS accept, COALESCE(SUM({CONDITIONS[wanted.only]}), 0) AS count "
        f"FROM line WHERE {matches}", told,
    ).fetchone()  # fmt: skip
    # Keys alone are put in order, out of an index that holds all that is asked for; whole lines are read of one page.
    rows = connection.execute(
        f"SELECT * FROM line WHERE patient IN (SELECT patient FROM line WHERE {matches} AND {CONDITIONS[wanted.only]} "
        f"ORDER BY {SORTS[wanted.sort]} LIMIT :size OFFSET :skip) ORDER BY {SORTS[wanted.sort]}", told,
    ).fetchall()  # fmt: skip
    lines = tuple(Line(**dict(zip(row.keys(), row, strict=True))) for row in rows)
    return Found(lines=lines, behind=behind, **{name: int(counts[name]) for name in counts.keys()})
