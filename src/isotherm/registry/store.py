"""Store: the verbs of a registry, over SQLite or PostgreSQL."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from sqlalchemy import URL, Engine, false, select

from isotherm.clinical.kinds import Value, ValueKind
from isotherm.clinical.record import Record, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadSetting
from isotherm.registry.adding import add_all
from isotherm.registry.address import Address, address_of, connected
from isotherm.registry.audit import Act, Counted, Entry, Since, act
from isotherm.registry.changing import Changed, Target, reinstate, revise, withdraw
from isotherm.registry.opening import check, make
from isotherm.registry.putting import Put, put_all
from isotherm.registry.reading import after, counted, entry_of, history, raw_columns
from isotherm.registry.rows import Kept, kept_of
from isotherm.registry.sessions import read, write
from isotherm.registry.simulated import NOT_AFTERWARDS, WHY, is_marked
from isotherm.registry.tables import RECORD_TABLES, REGISTRY, WITHDRAWN
from isotherm.registry.verifying import Verified, verify

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def open_store(address: str, *, create: bool = False, simulated_by: str | None = None, clock: Clock = utc_now) -> Store:
    """Open a registry; close it again, or use it as a context.

    Parameters
    ----------
    address : str
        The path of a file (SQLite), or postgresql://USER@HOST/DATABASE.
    create : bool
        Make it; refused where there is one.
    simulated_by : str, optional
        Who says that nobody in it will ever have lived: that marks the registry that is made, for good.
    clock : callable
        Tells the time for the audit.

    Raises
    ------
    NoRegistry
        Nothing is there, or something else.
    OtherRevision
        It is of an older or a newer isotherm.
    NoAnswer, NotAdmitted, OutputError, DamagedRegistry, BadSetting
    """
    place = address_of(address)
    if simulated_by is not None and not create:
        raise BadSetting(NOT_AFTERWARDS.format(place.shown))
    held = _SHARED.get((os.getpid(), place.url))
    if held is not None and not create:
        check(held, place)
        return Store(held, place, clock, owns=False)
    engine = connected(place)
    try:
        if create:
            now = clock()
            make(engine, place, now, simulated=None if simulated_by is None else _act(simulated_by, WHY, now))
        else:
            check(engine, place)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, place, clock)


@contextmanager
def shared(address: str) -> Generator[None]:
    """Let everybody in this process who opens a registry use the same connections, for as long as the block lasts.

    For a server: whoever opens a registry for a moment alone makes connections and compiles statements each time, and
    whoever closes the last connection of SQLite tidies up while all others wait.

    Raises
    ------
    StoreError, NoAnswer, NotAdmitted, OutputError, BadSetting
        As `open_store`.
    """
    place = address_of(address)
    engine, key = connected(place), (os.getpid(), place.url)
    try:
        check(engine, place)
        _SHARED[key] = engine
        yield
    finally:
        if _SHARED.get(key) is engine:
            del _SHARED[key]
        engine.dispose()


_SHARED: dict[tuple[int, URL], Engine] = {}
"""Engines that are shared; a process that was forked has connections of its own."""


class Store:
    """A registry that is open: add, revise, withdraw and look; nothing is ever deleted."""

    def __init__(self, engine: Engine, address: Address, clock: Clock, *, owns: bool = True) -> None:
        self._engine, self.address, self._clock, self._owns = engine, address, clock, owns

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database, unless others use the same connections (`shared`)."""
        if self._owns:
            self._engine.dispose()

    def add(self, records: Iterable[Record], *, by: str, why: str) -> int:
        """Add records, all or none, in one transaction.

        Parameters
        ----------
        records : iterable of Record
            In any order; what they point to may come later in the same call.
        by, why : str
            For the audit.

        Returns
        -------
        int
            How many.

        Raises
        ------
        BadRecord
            Some are there already, come twice, or point to a record that is not there or is withdrawn; `places` says
            which.
        """
        with write(self._engine, self.address, self._act(by, why)) as writing:
            return add_all(writing, records)

    def put(self, records: Iterable[Record], *, by: str, why: str) -> Put:
        """Add records that are new and revise those that differ, all or none, in one transaction.

        The same records again change nothing. Fields that a record does not tell keep what somebody noted.

        Raises
        ------
        BadRecord
            One of them was withdrawn, comes twice, or points to a record that is not there.
        """
        with write(self._engine, self.address, self._act(by, why)) as writing:
            return put_all(writing, list(records))

    def revise(self, kind_name: str, patient_id: str, record_id: str, values: Mapping[str, Value | None], *,
               revision: int, by: str, why: str, unknown: Collection[str] = ()) -> int:  # fmt: skip
        """Change a record.

        Parameters
        ----------
        kind_name, patient_id, record_id : str
            Which record; `record_id` is empty where a patient has only one of its kind.
        values : mapping of str to value
            The fields that change; None empties a field.
        revision : int
            The one that was read: if somebody has changed the record since, nothing happens.
        unknown : collection of str
            Fields that somebody was asked and could not tell.

        Returns
        -------
        int
            The record's new revision; the same one if nothing changed.

        Raises
        ------
        BadRecord
            There is no such record, it is withdrawn, or it would point to nothing.
        Overtaken
            It has another revision by now; the message says by whom and when.
        ValueError
            The record would make no sense; the message names the field, never a value.
        """
        target = Target(_kind(kind_name), patient_id, record_id, revision)
        with write(self._engine, self.address, self._act(by, why)) as writing:
            return revise(writing, target, values, frozenset(unknown))

    def import_all(self, records: Iterable[Record], changes: Iterable[Changed], *, by: str, why: str) -> int:
        """Add records and change others, all or nothing, in one transaction; return how many were added.

        Parameters
        ----------
        records : iterable of Record
        changes : iterable of Changed
        by, why : str
            For the audit.

        Raises
        ------
        BadRecord, Overtaken
            See `add` and `revise`.
        """
        with write(self._engine, self.address, self._act(by, why)) as writing:
            added = add_all(writing, records)
            for one in changes:
                revise(writing, one.target, one.values, one.unknown)
        return added

    def withdraw(self, kind_name: str, patient_id: str, record_id: str, *, revision: int, by: str, why: str) -> int:
        """Let a record count no more; a patient with everything that is kept of him or her.

        Returns
        -------
        int
            How many records were withdrawn.

        Raises
        ------
        BadRecord
            There is no such record, it is withdrawn already, or another record points to it.
        Overtaken
        """
        target = Target(_kind(kind_name), patient_id, record_id, revision)
        with write(self._engine, self.address, self._act(by, why)) as writing:
            return withdraw(writing, target)

    def reinstate(self, kind_name: str, patient_id: str, record_id: str, *, revision: int, by: str, why: str) -> int:
        """Let a withdrawn record count again; return its new revision.

        Raises
        ------
        BadRecord
            There is no such record, it is not withdrawn, or what it points to is.
        Overtaken
        """
        target = Target(_kind(kind_name), patient_id, record_id, revision)
        with write(self._engine, self.address, self._act(by, why)) as writing:
            return reinstate(writing, target)

    def patient(self, patient_id: str, *, withdrawn: bool = False) -> tuple[Kept, ...]:
        """Return everything about a patient, in the order of the kinds and of the records' keys.

        Parameters
        ----------
        withdrawn : bool
            Whether to return what was withdrawn, too.
        """
        found: list[Kept] = []
        with read(self._engine, self.address) as connection:
            for name, kind in RECORD_KINDS.items():
                table = RECORD_TABLES[name]
                asked = select(table).where(table.c.patient_id == patient_id)
                asked = asked if withdrawn else asked.where(table.c[WITHDRAWN] == false())
                rows = connection.execute(asked).mappings()
                found += sorted((kept_of(kind, row) for row in rows), key=lambda one: natural(one.record.id))
        return tuple(found)

    def records(self, kind_name: str | None = None) -> Iterator[Record]:
        """Yield every record that counts, kind after kind, of one moment."""
        return (one.record for one in self.kept(kind_name))

    def kept(self, kind_name: str | None = None) -> Iterator[Kept]:
        """Yield every record that counts with its revision, kind after kind, of one moment."""
        kinds = RECORD_KINDS.values() if kind_name is None else (_kind(kind_name),)
        with read(self._engine, self.address) as connection:
            for kind in kinds:
                table = RECORD_TABLES[kind.name]
                asked = (
                    select(table).where(table.c[WITHDRAWN] == false()).order_by(*(table.c[key] for key in kind.keys))
                )
                with connection.execute(asked.execution_options(yield_per=1000)) as found:
                    yield from (kept_of(kind, row) for row in found.mappings())

    def columns(
        self, kind_name: str, patients: Collection[str] | None = None, *, without: Collection[str] = ()
    ) -> dict[str, list[Any]]:
        """Return the records of a kind that count, as fast as the database gives them.

        Parameters
        ----------
        kind_name : str
        patients : collection of str, optional
            Only these.
        without : collection of str
            Fields that nobody will look at.

        Returns
        -------
        dict of str to list
            Keys and fields by name, with a cell for each record, in no certain order. As the driver has them: dates are
            ISO text and yes or no is 1 or 0 in SQLite, date and bool in PostgreSQL; None where nothing is known.
        """
        with read(self._engine, self.address) as connection:
            return raw_columns(connection, _kind(kind_name), patients, without=without)

    def history(self, *, patient_id: str | None = None, kind_name: str | None = None, record_id: str | None = None,
                last: int | None = None) -> tuple[Entry, ...]:  # fmt: skip
        """Return what was done, in order: to everything, or to a patient, a kind of record, one record.

        Parameters
        ----------
        last : int, optional
            Only so many, the latest ones.
        """
        with read(self._engine, self.address) as connection:
            return history(connection, patient_id=patient_id, kind_name=kind_name, record_id=record_id, last=last)

    def counted(self, last: Entry, *, patient_id: str | None = None, kind_name: str | None = None,
                record_id: str | None = None) -> Counted:  # fmt: skip
        """Return how much was done together with an entry, up to it: to everything, a patient, a kind, one record."""
        with read(self._engine, self.address) as connection:
            return counted(connection, last, patient_id=patient_id, kind_name=kind_name, record_id=record_id)

    def since(self, entry: int) -> Since:
        """Return what was done after an entry of the audit, and the hash of that entry."""
        with read(self._engine, self.address) as connection:
            return after(connection, entry)

    def entry_of(self, transaction_id: str) -> Entry | None:
        """Return the first entry of what was done under an id (`written_as`); None where nothing was."""
        with read(self._engine, self.address) as connection:
            return entry_of(connection, transaction_id)

    def identity(self) -> Mapping[str, Any]:
        """Return which registry this is, and where the audit's chain ends."""
        with read(self._engine, self.address) as connection:
            return dict(connection.execute(select(REGISTRY)).mappings().one())

    def simulated(self) -> bool:
        """Return whether nobody in it ever lived: its mark, which it has since it was made, or never gets."""
        with read(self._engine, self.address) as connection:
            return is_marked(connection)

    def backup(self, path: str | os.PathLike[str]) -> None:
        """Write everything into a new file, a registry in SQLite itself, while others go on; see `restore`.

        Raises
        ------
        OutputError
            Something is there already, or the place cannot be written to.
        """
        from isotherm.registry.backup import back_up

        back_up(self._engine, self.address, path)

    def verify(self, *, noted: str = "") -> Verified:
        """Look at everything: the file, what records point to, the audit's chain, each record beside the audit.

        Parameters
        ----------
        noted : str
            The hash of an entry, noted earlier: it must be in the chain still.
        """
        with read(self._engine, self.address) as connection:
            return verify(connection, noted=noted)

    def _act(self, by: str, why: str) -> Act:
        return _act(by, why, self._clock())


def _act(by: str, why: str, now: datetime) -> Act:
    for name, told in (("by", by), ("why", why)):
        try:
            ValueKind(name=name, form="text", label=name).checked(told)
        except ValueError as error:
            raise BadSetting(f"Who writes and why stand in the audit: {error}.") from None
    return act(by, why, now)


def natural(key: str) -> tuple[tuple[int, int, str], ...]:
    """Return what sorts keys as people do: 2 before 10."""
    parts: list[tuple[int, int, str]] = []
    for part in re.findall(r"\d+|\D+", key):
        parts.append((0, int(part), part) if part.isdigit() else (1, 0, part))
    return tuple(parts)


def _kind(name: str) -> RecordKind:
    if name not in RECORD_KINDS:
        raise BadSetting(f"No such kind of record: a registry keeps {', '.join(RECORD_KINDS)}.")
    return RECORD_KINDS[name]
