"""Record ↔ row of its table, and Record ↔ its state as JSON in the audit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from json.encoder import encode_basestring
from typing import Any, TypeAlias

from isotherm.clinical.kinds import Value
from isotherm.clinical.record import PATIENT_KEY, Record, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import DamagedRegistry
from isotherm.registry.tables import REVISION, UNKNOWN, WITHDRAWN

Row: TypeAlias = Mapping[Any, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A record as the registry keeps it.

    Parameters
    ----------
    record : Record
    revision : int
        How often it was written: 1 when it was added; a change has to name the revision that it changes.
    withdrawn : bool
        Whether it counts no more; it is kept all the same.
    """

    record: Record
    revision: int
    withdrawn: bool = False


def row_of(record: Record, *, revision: int = 1, withdrawn: bool = False) -> list[Any]:
    """Return a cell for each column of a record's table, in its order."""
    values = record.values
    keys = (record.patient_id, record.id) if record.kind.several else (record.patient_id,)
    return [*keys, *map(values.get, _FIELDS[record.kind.name]), " ".join(sorted(record.unknown)), revision, withdrawn]


def kept_of(kind: RecordKind, row: Row) -> Kept:
    """Return what a row holds.

    Raises
    ------
    DamagedRegistry
        It holds what no record can.
    """
    values: dict[str, Value] = {field.name: row[field.name] for field in kind.fields if row[field.name] is not None}
    unknown = frozenset(row[UNKNOWN].split())
    try:
        record = Record(kind=kind, patient_id=row[PATIENT_KEY], id=row[kind.key] if kind.several else "",
                        values=values, unknown=unknown)  # fmt: skip
    except ValueError as error:
        raise DamagedRegistry(f"A record of kind {kind.name} holds what none can ({error}): it was changed without "
                              "isotherm, or the file is damaged. See isotherm registry verify.") from None  # fmt: skip
    return Kept(record, row[REVISION], bool(row[WITHDRAWN]))


def state_of(record: Record) -> str:
    """Return what a record says as JSON: null for a field that nobody could tell, no key for one never filled."""
    told = {**record.values, **dict.fromkeys(record.unknown)}
    return "{" + ",".join([f'"{name}":{_json(told[name])}' for name in sorted(told)]) + "}"


def record_of(kind: RecordKind, patient_id: str, record_id: str, state: str) -> Record:
    """Return the record that a state was made of."""
    told: dict[str, Any] = json.loads(state)
    dates = {field.name for field in kind.fields if field.form == "date"}
    values: dict[str, Value] = {
        name: date.fromisoformat(value) if name in dates else value for name, value in told.items() if value is not None
    }
    unknown = frozenset(name for name, value in told.items() if value is None)
    return Record(kind=kind, patient_id=patient_id, id=record_id, values=values, unknown=unknown)


def _json(value: Value | None) -> str:
    """Return what `json.dumps` does, in a fifth of the time: a registry of 100,000 patients has millions of values."""
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true" if value else "false"
    return f'"{value.isoformat()}"' if isinstance(value, date) else repr(value)


_FIELDS = {name: tuple(field.name for field in kind.fields) for name, kind in RECORD_KINDS.items()}
