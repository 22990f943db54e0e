"""Tasks on a registry, one for each command: open it, do one thing, say what came of it."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import takewhile
from pathlib import Path

from isotherm.app.places import new_file
from isotherm.app.registry_findings import findings_apart, findings_at, next_key
from isotherm.app.registry_history import Act, acts_of
from isotherm.clinical.kinds import Value
from isotherm.clinical.record import Record, RecordKind
from isotherm.clinical.record_kinds import FACT, RECORD_KINDS
from isotherm.errors import BadRecord, BadSetting
from isotherm.exchange.atomic import replacing
from isotherm.exchange.case_facts import NOT_ASSESSABLE
from isotherm.exchange.fact_values import YES_NO, fact_fields
from isotherm.exchange.record_cells import value_of
from isotherm.printable import printable
from isotherm.registry.address import address_of
from isotherm.registry.audit import Entry
from isotherm.registry.backup import bring_up_to_date
from isotherm.registry.backup import restore as restore_into
from isotherm.registry.rows import Kept
from isotherm.registry.store import Store, open_store
from isotherm.registry.verifying import Verified

UNKNOWN = "unknown"
"""What is written for a field that somebody was asked for and could not tell."""


@dataclass(frozen=True, slots=True)
class Which:
    """Which record a command is about; `id` is empty where a patient has only one of its kind, or a new one is made."""

    kind: RecordKind
    patient_id: str
    id: str


@dataclass(frozen=True, slots=True)
class Told:
    """What was written behind a record: values, emptied fields (None), and fields that nobody can tell."""

    values: dict[str, Value | None]
    unknown: frozenset[str]


def which(patient: str, kind: str, key: str) -> Which:
    """Return the record that a command names."""
    if kind not in RECORD_KINDS:
        raise BadSetting(f"No such kind of record; it is one of {', '.join(RECORD_KINDS)}.")
    if key and not RECORD_KINDS[kind].several:
        raise BadSetting(f"A patient has one {kind}, which has no key of its own; leave it out.")
    return Which(RECORD_KINDS[kind], patient, key)


def told(kind: RecordKind, written: Sequence[str], *, today: date) -> Told:
    """Read FIELD=VALUE, FIELD=unknown and FIELD= (which empties a field).

    Records tell what has happened: a day after `today` is refused.

    Raises
    ------
    BadSetting
        With the name of the field and what is wanted, never a value.
    """
    values: dict[str, Value | None] = {}
    unknown: set[str] = set()
    for one in written:
        name, sign, text = one.partition("=")
        if not sign:
            raise BadSetting("Fields are written as NAME=VALUE, as in organ=liver; NAME=unknown if nobody can tell.")
        if name not in {field.name for field in kind.fields}:
            names = ", ".join(field.name for field in kind.fields)
            raise BadSetting(f"'{printable(name)}' is no field of a {kind.name}; its fields are {names}.")
        if name in values or name in unknown:
            raise BadSetting(f"{name} came twice; give it once.")
        if text == UNKNOWN and kind is FACT and name == "value":
            values[name] = NOT_ASSESSABLE  # a fact of which nobody can tell is one, and a case knows it
        elif text == UNKNOWN and UNKNOWN not in kind.field(name).choices:
            unknown.add(name)
        else:
            values[name] = _value(kind, name, text) if text else None
            if isinstance(value := values[name], date) and value > today:
                raise BadSetting(f"{name} of a {kind.name} is a day after today; a registry keeps what has happened.")
    return Told(values, frozenset(unknown))


def _value(kind: RecordKind, name: str, text: str) -> Value:
    field = kind.field(name)
    try:
        return value_of(YES_NO.get(text, text) if field.form == "yes or no" else text, field)
    except ValueError:
        wanted = "yes or no" if field.form == "yes or no" else field.wanted
        raise BadSetting(f"{name} of a {kind.name} is {wanted}, or unknown.") from None


def me(by: str | None) -> str:
    """Return who writes: as told, or the system's name of the user."""
    if by is not None:
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise BadSetting("The system does not say who you are; name yourself with --by.") from None


def make(address: str, *, simulated_by: str | None = None) -> str:
    """Make a registry; return what it is called. `simulated_by` says that nobody in it will ever have lived."""
    with open_store(address, create=True, simulated_by=simulated_by) as store:
        return store.address.shown


def add(address: str, one: Which, written: Sequence[str], *, today: date, by: str, why: str) -> str:
    """Add a record; return its own key, which is the next free number where none was given.

    With a follow-up come the findings of lesions at it, written as lesion.ID=STATE: all or nothing.
    """
    own, states = findings_apart(one.kind, written)
    given = told(one.kind, own, today=today)
    with open_store(address) as store:
        noted = [kept.record for kept in store.patient(one.patient_id, withdrawn=True)]
        key = one.id or next_key(one.kind, noted)
        values = {name: value for name, value in given.values.items() if value is not None}
        try:
            record = Record(kind=one.kind, patient_id=one.patient_id, id=key, unknown=given.unknown,
                            values=fact_fields(one.kind, values))  # fmt: skip
            found = tuple(findings_at(record, states, noted))
        except ValueError as error:
            raise BadRecord(f"Nothing was added: {error}.") from None
        store.add([record, *found], by=by, why=why)
    return key


def change(address: str, one: Which, written: Sequence[str], *, revision: int | None, today: date, by: str,
           why: str) -> bool:  # fmt: skip
    """Change a record; return whether that made a difference."""
    given = told(one.kind, written, today=today)
    with open_store(address) as store:
        read = revision if revision is not None else _kept(store, one).revision
        try:
            if one.kind is FACT:
                given = _fact_anew(_kept(store, one).record, given)
            now = store.revise(one.kind.name, one.patient_id, one.id, given.values, revision=read,
                               unknown=given.unknown, by=by, why=why)  # fmt: skip
        except ValueError as error:
            raise BadRecord(f"Nothing was changed: {error}.") from None
    return now != read


def _fact_anew(kept: Record, given: Told) -> Told:
    """Return what is changed of a fact with its value as it is written; it is judged by the fact that it is then of."""
    after = {name: value for name, value in {**kept.values, **given.values}.items() if value is not None}
    fields = fact_fields(kept.kind, after)
    return Told({**given.values, "value": fields.get("value")}, given.unknown)


def withdraw(address: str, one: Which, *, undo: bool, revision: int | None, by: str, why: str) -> int:
    """Withdraw a record, or take that back; return how many records that were."""
    with open_store(address) as store:
        read = revision if revision is not None else _kept(store, one).revision
        if undo:
            store.reinstate(one.kind.name, one.patient_id, one.id, revision=read, by=by, why=why)
            return 1
        return store.withdraw(one.kind.name, one.patient_id, one.id, revision=read, by=by, why=why)


def _kept(store: Store, one: Which) -> Kept:
    if one.kind.several and not one.id:
        raise BadSetting(f"Which {one.kind.name}? Write its key behind the kind, as in: {one.kind.name} 1.")
    for kept in store.patient(one.patient_id, withdrawn=True):
        if kept.record.kind is one.kind and kept.record.id == one.id:
            return kept
    raise BadRecord(f"There is no such {one.kind.name}; isotherm registry show lists what there is.")


def patient(address: str, patient_id: str, *, withdrawn: bool = False) -> tuple[Kept, ...]:
    """Return everything about a patient.

    Raises
    ------
    BadRecord
        There is no such patient.
    """
    with open_store(address) as store:
        found = store.patient(patient_id, withdrawn=withdrawn)
    if not found:
        more = "" if withdrawn else "; what was withdrawn is shown with --withdrawn"
        raise BadRecord(f"The registry holds nothing about such a patient{more}.")
    return found


def history(address: str, *, patient_id: str | None, kind: str | None, key: str | None,
            last: int) -> tuple[tuple[Entry, ...], bool]:  # fmt: skip
    """Return the latest entries of the audit, and whether there are earlier ones."""
    if last < 1:
        raise BadSetting(f"--last {last} came; 1 or more is wanted.")
    if kind is not None and kind not in RECORD_KINDS:
        raise BadSetting(f"No such kind of record; it is one of {', '.join(RECORD_KINDS)}.")
    with open_store(address) as store:
        entries = store.history(patient_id=patient_id, kind_name=kind, record_id=key, last=last + 1)
    return entries[-last:], len(entries) > last


def acts(address: str, *, patient_id: str | None, kind: str | None, key: str | None,
         last: int) -> tuple[tuple[Act, ...], bool]:  # fmt: skip
    """Return what was done as acts, the latest first, from the latest entries; and whether there are earlier ones.

    The earliest of them is counted whole, however many of its entries are read.
    """
    entries, is_cut = history(address, patient_id=patient_id, kind=kind, key=key, last=last)
    if not is_cut:
        return acts_of(entries), False
    *_, end = takewhile(lambda one: one.transaction_id == entries[0].transaction_id, entries)
    with open_store(address) as store:
        return acts_of(entries, store.counted(end, patient_id=patient_id, kind_name=kind, record_id=key)), True


def back_up(address: str, out: str) -> Path:
    """Write a backup, whole or not at all, to where nothing is yet."""
    file = new_file(out)
    with open_store(address) as store, replacing(file) as temporary:
        store.backup(temporary)
    return file


def restore(backup: str, address: str) -> None:
    """Make a registry out of a backup, where nothing is yet."""
    restore_into(backup, address)


def verify(address: str, *, noted: str = "") -> Verified:
    """Look at everything in a registry."""
    with open_store(address) as store:
        return store.verify(noted=noted)


def upgrade(address: str, backup: str | None) -> Path | None:
    """Bring an older registry up to date; return its backup, None where there was nothing to do."""
    place = address_of(address)
    if backup is None and place.file is None:
        raise BadSetting("Name the file for a backup with --backup: tables in PostgreSQL are about to be changed.")
    file = new_file(backup or f"{place.file}.before-upgrade")
    return file if bring_up_to_date(address, file) is not None else None
