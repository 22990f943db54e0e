"""New records into a registry, many at a time: which are there already, what they point to, rows and audit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeAlias

from sqlalchemy import Connection, select

from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadRecord
from isotherm.registry.audit import sealed
from isotherm.registry.inserting import insert_rows
from isotherm.registry.rows import row_of, state_of
from isotherm.registry.sessions import Writing
from isotherm.registry.simulated import refuse_simulated
from isotherm.registry.tables import AUDIT, RECORD_TABLES, WITHDRAWN

Key: TypeAlias = tuple[str, str, str]
"""Kind, patient and the record's own key, which is empty where a patient has only one."""

AT_ONCE = 5000
"""Records that are held in memory and sent together."""

ASKED_AT_ONCE = 5000
"""Patients in one question to the database."""

Found: TypeAlias = dict[Key, bool]
"""Records that are there, and whether they are withdrawn."""


def add_all(writing: Writing, records: Iterable[Record]) -> int:
    """Add records in any order; return how many.

    Raises
    ------
    BadRecord
        Some are there already, come twice, point to a record that is not there or is withdrawn, or were measured on
        simulated images where patients are kept.
    """
    counted, pending = 0, dict[Key, list[int]]()
    for batch in _batches(records):
        _add(writing, batch, pending, first=counted)
        counted += len(batch)
    if pending:
        places = {place for some in pending.values() for place in some}
        raise _refused(places, "point to a record that is not there; add that one first, or with them")
    return counted


def key_of(record: Record) -> Key:
    """Return what finds a record."""
    return record.kind.name, record.patient_id, record.id


def targets(record: Record) -> Iterator[Key]:
    """Yield what a record points to: its patient, and other records of the same patient."""
    if record.kind.name != "patient":
        yield "patient", record.patient_id, ""
    for name, kind in _POINTS_TO[record.kind.name]:
        value = record.values.get(name)
        if isinstance(value, str):
            yield kind, record.patient_id, value


def find(connection: Connection, keys: Iterable[Key]) -> Found:
    """Return which records of the same kinds and patients are there."""
    wanted: dict[str, set[str]] = {}
    for kind, patient, _ in keys:
        wanted.setdefault(kind, set()).add(patient)
    return {key: gone for kind, patients in wanted.items() for key, gone in _of_kind(connection, kind, patients)}


def _of_kind(connection: Connection, kind: str, patients: Collection[str]) -> Iterator[tuple[Key, bool]]:
    table, several = RECORD_TABLES[kind], RECORD_KINDS[kind].several
    columns = [table.c[key] for key in RECORD_KINDS[kind].keys]
    asked = iter(sorted(patients))
    while some := list(islice(asked, ASKED_AT_ONCE)):
        for row in connection.execute(select(*columns, table.c[WITHDRAWN]).where(table.c.patient_id.in_(some))):
            told = tuple(row)
            yield (kind, told[0], told[1] if several else ""), told[-1]


def _add(writing: Writing, batch: Sequence[Record], pending: dict[Key, list[int]], *, first: int) -> None:
    keys = [key_of(record) for record in batch]
    pointed = _pointed(batch, first)
    found = find(writing.connection, [*keys, *pointed])
    more = len(batch) == AT_ONCE  # those that come after it were not looked at
    _refuse_known(keys, found, first, more=more)
    refuse_simulated(writing.connection, batch, first)
    new = set(keys)
    gone = {place for target, places in pointed.items() if target not in new and found.get(target) for place in places}
    if gone:
        raise _refused(gone, "point to a record that was withdrawn; reinstate that one first", more=more)
    for key in keys:
        pending.pop(key, None)
    for target, places in pointed.items():
        if target not in new and target not in found:
            pending.setdefault(target, []).extend(places)
    _insert(writing, batch, keys)


def _pointed(batch: Sequence[Record], first: int) -> dict[Key, list[int]]:
    """Return what a batch points to, and the places of the records that do."""
    pointed: dict[Key, list[int]] = {}
    for place, record in enumerate(batch, first):
        for target in targets(record):
            pointed.setdefault(target, []).append(place)
    return pointed


def _insert(writing: Writing, batch: Sequence[Record], keys: Sequence[Key]) -> None:
    rows: dict[str, list[list[Any]]] = {}
    entries: list[tuple[Any, ...]] = []
    for record, key in zip(batch, keys, strict=True):
        rows.setdefault(key[0], []).append(row_of(record))
        entries.append(sealed(writing.chain, writing.act, "added", key, revision=1, new=state_of(record)))
    for kind, some in rows.items():
        insert_rows(writing.connection, RECORD_TABLES[kind], some)
    insert_rows(writing.connection, AUDIT, entries)


def _refuse_known(keys: Sequence[Key], found: Found, first: int, *, more: bool) -> None:
    seen, twice, there, gone = set[Key](), list[int](), list[int](), list[int]()
    for place, key in enumerate(keys, first):
        if key in found:
            (gone if found[key] else there).append(place)
        elif key in seen:
            twice.append(place)
        seen.add(key)
    if there:
        raise _refused(there, "are in the registry already; change one with isotherm registry set", more=more)
    if gone:
        raise _refused(gone, "were withdrawn; bring one back with isotherm registry withdraw --undo", more=more)
    if twice:
        raise _refused(twice, "come twice; give each record a key of its own", more=more)


def _refused(places: Collection[int], why: str, *, more: bool = False) -> BadRecord:
    verb, rest = why.split(" ", 1)
    told = f"1 of the new records {_SINGULAR[verb]}" if len(places) == 1 else f"{len(places)} of the new records {verb}"
    return BadRecord(f"Nothing was added: {'at least ' * more}{told} {rest}.", places=tuple(sorted(places)))


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    rest = iter(records)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch


_SINGULAR = {"point": "points", "are": "is", "were": "was", "come": "comes"}

_POINTS_TO = {
    name: tuple((field.name, field.refers) for field in kind.fields if field.refers)
    for name, kind in RECORD_KINDS.items()
}
