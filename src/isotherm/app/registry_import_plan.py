"""What an import would do to a registry: what is new, what is there already, what differs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import repeat

from isotherm.clinical.kinds import Value
from isotherm.clinical.record import PATIENT_KEY, Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import Overtaken
from isotherm.exchange.record_check import RecordKey, key_of
from isotherm.exchange.record_intake import Noted
from isotherm.registry.rows import Kept
from isotherm.registry.store import Store

ASKED_ONE_BY_ONE = 200
"""Up to so many patients are asked for by their keys; for more, the whole registry is read once."""


@dataclass(frozen=True, slots=True)
class Change:
    """A record of the registry of which a table tells something else.

    Parameters
    ----------
    noted : Noted
        What the table tells, and where.
    revision : int
        Of the record that it was held against.
    values : mapping of str to value
        Fields that would get another value.
    unknown : frozenset of str
        Fields that would become unknown.
    """

    noted: Noted
    revision: int
    values: Mapping[str, Value]
    unknown: frozenset[str]

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that would change."""
        return tuple(sorted((*self.values, *self.unknown)))


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do.

    Parameters
    ----------
    new : tuple of Record
    same : int
        Records that the registry holds already as they are.
    changes : tuple of Change
    """

    new: tuple[Record, ...]
    same: int
    changes: tuple[Change, ...]

    def count(self, kind: str) -> int:
        """Return how many records of a kind are new."""
        return sum(one.kind.name == kind for one in self.new)

    @property
    def mark(self) -> str:
        """Of what is kept that would change: another one as soon as somebody else changes any of it."""
        told = sorted([*key_of(one.noted.record), one.revision, *one.fields] for one in self.changes)
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def keys_there(store: Store, patients: Collection[str]) -> set[RecordKey]:
    """Return the keys of everything that a registry holds of some patients; of many, those of all patients."""
    found: set[RecordKey] = set()
    asked = patients if len(patients) <= ASKED_ONE_BY_ONE else None
    for name, kind in RECORD_KINDS.items():
        keys = store.columns(name, asked, without=[field.name for field in kind.fields])
        own = keys[kind.key] if kind.several else repeat("")
        found.update(zip(repeat(name), keys[PATIENT_KEY], own, strict=False))
    return found


def plan(noted: Iterable[Noted], store: Store, there: Collection[RecordKey]) -> Plan:
    """Compare what was read with what the registry holds.

    A table that has no column for a field, or an empty cell, says nothing about it, and "unknown" takes nothing away
    from what somebody else knew: an import never empties a field.

    Parameters
    ----------
    noted : iterable of Noted
    store : Store
    there : set
        Keys that the registry holds; see `keys_there`.
    """
    known, new = list[Noted](), list[Record]()
    for one in noted:
        if key_of(one.record) in there:
            known.append(one)
        else:
            new.append(one.record)
    kept = _kept(store, {key_of(one.record) for one in known})
    if any(key_of(one.record) not in kept for one in known):
        raise Overtaken(
            "Somebody else has withdrawn records of these patients while this was read; nothing was written."
        )
    changes = [change for one in known if (change := _change(one, kept[key_of(one.record)])) is not None]
    return Plan(tuple(new), len(known) - len(changes), tuple(changes))


def _kept(store: Store, wanted: set[RecordKey]) -> dict[RecordKey, Kept]:
    patients = {patient for _, patient, _ in wanted}
    if len(patients) <= ASKED_ONE_BY_ONE:
        found = (kept for patient in sorted(patients) for kept in store.patient(patient))
    else:
        found = store.kept()
    return {key: one for one in found if (key := key_of(one.record)) in wanted}


def _change(noted: Noted, kept: Kept) -> Change | None:
    told, there = noted.record, kept.record
    values = {name: value for name, value in told.values.items() if there.values.get(name) != value}
    unknown = told.unknown - there.unknown - there.values.keys()
    return Change(noted, kept.revision, values, unknown) if values or unknown else None
