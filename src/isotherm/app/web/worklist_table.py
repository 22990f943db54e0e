"""WorklistTable: the lines of the worklist, kept in the workspace and carried on by what the registry's audit tells."""

from __future__ import annotations

import sqlite3
import threading
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

Only = Literal["", "due", "questions", "accept"]

SORTS = {
    "patient": "patient", "lesions": "lesions DESC, patient", "ablated": "ablated_on DESC, patient",
    "last": "died_on != '', last_on, patient", "questions": "questions DESC, patient",
    "accept": "to_accept DESC, patient",
}  # fmt: skip
"""What can be sorted by, and how; who is alive comes before who is not where it is asked whom to see."""

AT_ONCE = 2_000
"""So many entries of the audit are followed while a page waits; more, and all is read anew in the background."""

PUT_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines of the worklist are wanted.

    Parameters
    ----------
    search : str
        Part of the patient's key.
    only : {"", "due", "questions", "accept"}
        Those who were not seen for long, of whom questions are open, whose margins nobody has accepted.
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
    """Lines of one page, how many there are of each kind, and whether all of the registry has been read."""

    lines: tuple[Line, ...]
    count: int
    patients: int
    due: int
    questions: int
    accept: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Keys:
    """Some keys of patients, how many more there are like them, and whether all of the registry has been read."""

    patients: tuple[str, ...]
    count: int
    is_whole: bool


class WorklistTable:
    """The worklist of a registry."""

    def __init__(self, workspace: Workspace, address: str) -> None:
        self._workspace, self._address = workspace, address
        self._reading = threading.Lock()

    def find(self, wanted: Wanted) -> Found:
        """Return a page of it, as the registry is now; as it was, where much has come since and is being read.

        Raises
        ------
        StoreError, NoAnswer
        """
        is_whole = self._carry_on()
        with self._workspace.connected(reads=True) as connection:
            return _found(connection, wanted, is_whole)

    def keys(self, part: str, *, most: int) -> Keys:
        """Return keys that hold a part, at most so many: those first that begin with it, short ones before long ones.

        Raises
        ------
        StoreError, NoAnswer
        """
        is_whole = self._carry_on()
        told = {"part": part.lower(), "most": most}
        with self._workspace.connected(reads=True) as connection:
            count = connection.execute(
                "SELECT COUNT(*) FROM line WHERE :part = '' OR instr(lower(patient), :part) > 0", told
            ).fetchone()[0]
            rows = connection.execute(
                "SELECT patient FROM line WHERE :part = '' OR instr(lower(patient), :part) > 0 "
                "ORDER BY instr(lower(patient), :part), length(patient), patient LIMIT :most", told,
            ).fetchall()  # fmt: skip
        return Keys(tuple(str(row["patient"]) for row in rows), int(count), is_whole)

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

    def _in_background(self, read: Callable[[], object]) -> None:
        threading.Thread(target=self._quietly, args=(read,), name="worklist", daemon=True).start()

    def _quietly(self, read: Callable[[], object]) -> None:
        with suppress(IsothermError, sqlite3.Error, OSError):  # the next page asks for it again, and says what is wrong
            read()

    def _carry_on(self) -> bool:
        """Follow what was done since; return whether the lines are as the registry is now."""
        with open_store(self._address) as store:
            now = store.identity()
            with self._workspace.connected(reads=True) as connection:
                noted = connection.execute("SELECT registry_id, entries FROM lines_are_of").fetchone()
            behind = int(now["entries"]) - (int(noted["entries"]) if noted else 0)
            if noted is None or noted["registry_id"] != now["registry_id"] or not 0 <= behind <= AT_ONCE:
                if not self._reading.locked():  # else somebody reads it already
                    self._in_background(self.read_all)
                return False
            if behind:
                self._follow(store, str(now["registry_id"]), int(now["entries"]), behind)
        return True

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
        connection.executemany("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", some)


def _note(connection: sqlite3.Connection, registry_id: str, entries: int) -> None:
    connection.execute("DELETE FROM lines_are_of")
    connection.execute("INSERT INTO lines_are_of VALUES (?, ?)", (registry_id, entries))


DUE = "died_on = '' AND ablated_on != '' AND last_on < :before"
CONDITIONS: dict[Only, str] = {"": "TRUE", "due": DUE, "questions": "questions > 0", "accept": "to_accept > 0"}


def _found(connection: sqlite3.Connection, wanted: Wanted, is_whole: bool) -> Found:
    told = {"before": wanted.seen_before, "search": wanted.search.lower(), "size": wanted.size,
            "skip": (wanted.page - 1) * wanted.size}  # fmt: skip
    matches = "(:search = '' OR instr(lower(patient), :search) > 0)"
    counts = connection.execute(
        f"SELECT COUNT(*) AS patients, COALESCE(SUM({DUE}), 0) AS due, COALESCE(SUM(questions > 0), 0) AS questions, "
        f"COALESCE(SUM(to_accept > 0), 0) AS accept, COALESCE(SUM({CONDITIONS[wanted.only]}), 0) AS count "
        f"FROM line WHERE {matches}", told,
    ).fetchone()  # fmt: skip
    # Keys alone are put in order, out of an index that holds all that is asked for; whole lines are read of one page.
    rows = connection.execute(
        f"SELECT * FROM line WHERE patient IN (SELECT patient FROM line WHERE {matches} AND {CONDITIONS[wanted.only]} "
        f"ORDER BY {SORTS[wanted.sort]} LIMIT :size OFFSET :skip) ORDER BY {SORTS[wanted.sort]}", told,
    ).fetchall()  # fmt: skip
    lines = tuple(Line(**dict(zip(row.keys(), row, strict=True))) for row in rows)
    return Found(lines=lines, is_whole=is_whole, **{name: int(counts[name]) for name in counts.keys()})
