"""Records → rows as REDCap imports them: a row per patient, and one per instance of each repeating instrument."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from isotherm.clinical.kinds import Value
from isotherm.clinical.record import Field, Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.exchange.atomic import replacing
from isotherm.exchange.redcap_names import (
    CODES,
    INSTANCE,
    INSTRUMENT,
    RECORD_ID,
    UNKNOWN_CODE,
    choice_code,
    completeness,
    variables,
)
from isotherm.exchange.spreadsheet_text import guarded

COMPLETE = "2"
"""What REDCap writes for an instrument that is complete."""


def redcap_columns() -> tuple[str, ...]:
    """Return the columns of an export."""
    forms = ((*(one.name for one in variables(kind)), completeness(kind)) for kind in RECORD_KINDS.values())
    return (RECORD_ID, INSTRUMENT, INSTANCE, *(name for names in forms for name in names))


def write_redcap(records: Iterable[Record], path: str | os.PathLike[str]) -> dict[str, int]:
    """Write records as a CSV file for REDCap's data import; `redcap_in.read_redcap` gives them back.

    Returns
    -------
    dict of str to int
        Records written, by kind.

    Raises
    ------
    OutputError
    """
    counts: dict[str, int] = {}
    by_patient: dict[str, list[Record]] = {}
    for one in records:
        by_patient.setdefault(one.patient_id, []).append(one)
        counts[one.kind.name] = counts.get(one.kind.name, 0) + 1
    columns = redcap_columns()
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as text:
        rows = csv.DictWriter(text, columns, restval="", lineterminator="\n")
        rows.writeheader()
        for patient_id, kept in by_patient.items():
            rows.writerows(_rows(patient_id, kept))
    return counts


def _rows(patient_id: str, records: Iterable[Record]) -> Iterator[dict[str, str]]:
    """Give the rows of a patient: what there is once in the first one, then the instances."""
    once, instances = dict[str, str](), list[dict[str, str]]()
    numbers: dict[str, int] = {}
    for one in records:
        if not one.kind.several:
            once |= _cells(one)
            continue
        number = numbers[one.kind.name] = numbers.get(one.kind.name, 0) + 1
        instances.append({INSTRUMENT: one.kind.name, INSTANCE: str(number), **_cells(one)})
    if once:
        yield {RECORD_ID: patient_id, **once}
    for row in instances:
        yield {RECORD_ID: patient_id, **row}


def _cells(record: Record) -> dict[str, str]:
    cells = {completeness(record.kind): COMPLETE}
    for one in variables(record.kind):
        if one.field is None:
            cells[one.name] = record.id
        elif one.field.name in record.unknown:
            cells[one.name] = UNKNOWN_CODE
        elif one.field.name in record.values:
            cells[one.name] = redcap_text(record.values[one.field.name], one.field)
    return cells


def redcap_text(value: Value, field: Field) -> str:
    """Return a value as REDCap takes it: choices by code, yes as 1, numbers without an exponent.

    A text or a key that reads like a missing data code has an apostrophe before it, as what could begin a formula has.
    """
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return choice_code(value) if field.form == "choice" else f"'{value}" if value in CODES else guarded(value)
    return format(Decimal(str(value)), "f")
