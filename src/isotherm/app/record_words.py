"""Records in plain words: a field's value, a record's name, what one sees of a record at a glance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from isotherm.clinical.kinds import Value
from isotherm.clinical.record import Field, Record, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.printable import printable

NOT_TOLD = "nobody could tell"

AT_A_GLANCE = 3
"""Values that a record is told by in a list."""


def value_words(field: Field, value: Value) -> str:
    """Return a value as people say it, with its unit; a key with the kind of record that it points to."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g} {field.unit}".rstrip()
    if isinstance(value, date | int):
        return f"{value} {field.unit}".rstrip()
    if field.refers:
        return f"{RECORD_KINDS[field.refers].label.lower()} {value}"
    return printable(value.replace("\n", " / "))


def state_words(field: Field, state: Mapping[str, Any]) -> str:
    """Return what a record's state says of a field (null: nobody could tell); empty where it was never filled."""
    if field.name not in state:
        return ""
    return NOT_TOLD if state[field.name] is None else value_words(field, state[field.name])


def record_name(kind: RecordKind, key: str) -> str:
    """Return what a record is called: "Lesion 2", "Death"."""
    return printable(f"{kind.label} {key}".rstrip())


def told_fields(record: Record) -> Iterator[tuple[Field, str]]:
    """Yield each field that says something, in the order of the form, and what it says."""
    told = {**record.values, **dict.fromkeys(record.unknown)}
    for field in record.kind.fields:
        if words := state_words(field, told):
            yield field, words


def at_a_glance(record: Record) -> str:
    """Return the first values of a record, by which one tells it from others; a yes says nothing by itself."""
    told = [value_words(field, record.values[field.name]) for field in record.kind.fields
            if field.name in record.values and field.form != "yes or no"]  # fmt: skip
    return ", ".join(told[:AT_A_GLANCE])


def plain(value: Value | None) -> str:
    """Return a value as it is typed into a form; reading it again gives the same value. Empty for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)
