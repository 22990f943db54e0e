"""The tables of a registry, made from the kinds of record: one for each, one for the audit, one for itself."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

from isotherm.clinical.record import PATIENT_KEY, Field, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS

METADATA = MetaData()

UNKNOWN, REVISION, WITHDRAWN = "unknown", "revision", "withdrawn"
"""Columns of every record beside its fields: names of the fields that nobody could tell, how often it was written, and
whether it counts no more."""

_TYPES: Mapping[str, type[TypeEngine[Any]]] = {
    "number": Float, "whole": Integer, "yes or no": Boolean, "date": Date, "choice": Text, "text": Text, "key": Text,
}  # fmt: skip


def _column(field: Field) -> Column[Any]:
    return Column(field.name, _TYPES[field.form](), nullable=not field.needed)


def _references(kind: RecordKind) -> list[ForeignKeyConstraint]:
    """Return what ties a record to its patient, and to the other records of the same patient that it names."""
    # Deferred to the end of a transaction: records may come in any order.
    ties = [(PATIENT_KEY, RECORD_KINDS["patient"], "patient")] if kind.name != "patient" else []
    ties += [(field.name, RECORD_KINDS[field.refers], field.name) for field in kind.fields if field.refers]
    return [
        ForeignKeyConstraint(
            list(dict.fromkeys((PATIENT_KEY, column))), [f"{target.name}.{key}" for key in target.keys],
            name=f"{kind.name}_{named}", deferrable=True, initially="DEFERRED",
        )
        for column, target, named in ties
    ]  # fmt: skip


def _table(kind: RecordKind) -> Table:
    return Table(
        kind.name, METADATA,
        *(Column(key, Text, nullable=False) for key in kind.keys),
        *(_column(field) for field in kind.fields),
        Column(UNKNOWN, Text, nullable=False),
        Column(REVISION, Integer, nullable=False),
        Column(WITHDRAWN, Boolean, nullable=False),
        PrimaryKeyConstraint(*kind.keys, name=f"{kind.name}_key"),
        CheckConstraint("revision >= 1", name=f"{kind.name}_revision"),
        *_references(kind),
        sqlite_with_rowid=False,  # all records of a patient lie side by side in the file
    )  # fmt: skip


RECORD_TABLES: Mapping[str, Table] = MappingProxyType({name: _table(kind) for name, kind in RECORD_KINDS.items()})
"""One table for each kind of record, under its name."""

AUDIT = Table(
    "audit", METADATA,
    Column("entry", Integer, nullable=False, autoincrement=False),
    Column("transaction_id", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("patient_id", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("old", Text),
    Column("new", Text),
    Column("why", Text, nullable=False),
    Column("hash", Text, nullable=False),
    PrimaryKeyConstraint("entry", name="audit_key"),
    Index("audit_record", "patient_id", "kind", "record_id", "revision", unique=True),
)  # fmt: skip
"""What was done, never changed: `old` and `new` are the record as JSON, null in it what nobody could tell."""

REGISTRY = Table(
    "registry", METADATA,
    Column("registry_id", Text, nullable=False),
    Column("made_at", Text, nullable=False),
    Column("made_with", Text, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    PrimaryKeyConstraint("registry_id", name="registry_key"),
)  # fmt: skip
"""One row: which registry this is, and the last link of the audit's chain. Whoever writes holds it locked."""
