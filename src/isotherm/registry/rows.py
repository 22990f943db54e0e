"""Record ↔ row of its table, and Record ↔ its state as JSON in the audit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from isotherm.clinical.kinds import Value
from isotherm.clinical.record import PATIENT_KEY, Record, RecordKind
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


def row_of(record: Record, *, revision: int = 1, withdrawn: bool = False) -> dict[str, Any]:
    """Return every column of a record's table."""
    kind, values = record.kind, record.values
    row: dict[str, Any] = {PATIENT_KEY: record.patient_id}
    if kind.several:
        row[kind.key] = record.id
    for field in kind.fields:
        row[field.name] = values.get(field.name)
    row[UNKNOWN] = " ".join(sorted(record.unknown))
    row[REVISION], row[WITHDRAWN] = revision, withdrawn
    return row


def kept_of(kind: RecordKind, row: Row) -> Kept:
    """Return what a row holds.

    Raises
    ------
    ValueError
        It holds what no record can; the message names the field, never a value.
    """
    values: dict[str, Value] = {field.name: row[field.name] for field in kind.fields if row[field.name] is not None}
    record = Record(kind=kind, patient_id=row[PATIENT_KEY], id=row[kind.key] if kind.several else "", values=values,
                    unknown=frozenset(row[UNKNOWN].split()))  # fmt: skip
    return Kept(record, row[REVISION], bool(row[WITHDRAWN]))


def state_of(record: Record) -> str:
    """Return what a record says as JSON: null for a field that nobody could tell, no key for one never filled."""
    return _ENCODER.encode({**record.values, **dict.fromkeys(record.unknown)})


def record_of(kind: RecordKind, patient_id: str, record_id: str, state: str) -> Record:
    """Return the record that a state was made of."""
    told: dict[str, Any] = json.loads(state)
    dates = {field.name for field in kind.fields if field.form == "date"}
    values: dict[str, Value] = {
        name: date.fromisoformat(value) if name in dates else value for name, value in told.items() if value is not None
    }
    unknown = frozenset(name for name, value in told.items() if value is None)
    return Record(kind=kind, patient_id=patient_id, id=record_id, values=values, unknown=unknown)


def _date_text(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a record")


_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_date_text
)
