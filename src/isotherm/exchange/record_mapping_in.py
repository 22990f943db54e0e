"""A hospital's tables and a RecordMapping → an Intake of records, with every problem by row and column."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from isotherm.clinical.kinds import Value
from isotherm.errors import BadTable
from isotherm.exchange.cells_excel import ERRORS
from isotherm.exchange.cells_in import Sheet, open_sheet
from isotherm.exchange.record_cells import cell_text, value_of, wanted
from isotherm.exchange.record_days import EARLIEST, ISO, day_reader
from isotherm.exchange.record_intake import Intake
from isotherm.exchange.record_mapping import PLACE, FieldSource, RecordMapping, TableMapping
from isotherm.exchange.record_tables_in import FUTURE
from isotherm.exchange.simulated_mark import is_marked, marked_at
from isotherm.exchange.table_columns import number_in
from isotherm.printable import printable
from isotherm.study.predicate import near

YES, NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})

CALCULATED = "the cell holds an error, or a formula that was never calculated; write its value"
OLD = f"the day lies before {EARLIEST.year}; name what stands for days that are not known as missing"


def read_mapped(path: str | os.PathLike[str], mapping: RecordMapping, *, today: date) -> Intake:
    """Read records from tables that are not our own.

    Parameters
    ----------
    path : path
        The table of all parts of the mapping that name no file, beside which the files lie that they name; or a folder.
    mapping : RecordMapping
    today : date
        A later day is a slip of the pen.

    Raises
    ------
    UnreadableFile, BadTable
        A table that cannot be read, or lacks a column that the mapping names.
    """
    place, intake = Path(path), Intake()
    folder = place if place.is_dir() else place.parent
    for one in mapping.tables:
        if not one.file and place.is_dir():
            raise BadTable(
                f"The mapping of {one.kind.name} names no file, and '{place.name}' is a folder; give a file."
            )
        file = folder / one.file if one.file else place
        with open_sheet(file, separator=one.separator or None, encoding=one.encoding or None,
                        sheet=one.sheet or None) as sheet:  # fmt: skip
            _read(one, sheet, intake, today)
    return intake


@dataclass(frozen=True, slots=True)
class _Turn:
    """One of the records that a row may make: where its key and its fields stand."""

    key: int | None
    key_is: str
    sources: tuple[tuple[int | None, FieldSource, Callable[[str], Value]], ...]
    columns: Mapping[str, str]


def _read(mapping: TableMapping, sheet: Sheet, intake: Intake, today: date) -> None:
    turns = [_turn(mapping, sheet, one) for one in mapping.repeat or ("",)]
    patient_at = sheet.columns.index(mapping.patient)
    where = [(sheet.columns.index(name), words) for name, words in mapping.where.items()]
    filled = None if not mapping.filled else sheet.columns.index(mapping.filled)
    marked = marked_at(sheet.columns)
    width, numbers = len(sheet.columns), dict[str, int]()
    intake.rows[sheet.name] = 0  # a table that is read for several kinds has its rows once
    for number, cells in sheet.rows:
        intake.counted(sheet.name)
        place = (sheet.name, number)
        if len(cells) != width:
            intake.problem(*place, "", "it has more or fewer cells than the header")
            continue
        intake.simulated |= marked is not None and is_marked(cells[marked])
        if any(cell_text(cells[at]).strip().casefold() not in words for at, words in where):
            continue
        if filled is not None and not cell_text(cells[filled]).strip():
            continue
        patient = cell_text(cells[patient_at]).strip()
        for turn in turns:
            _record(mapping, turn, cells, patient, numbers, intake, place, today)


def _record(
    mapping: TableMapping, turn: _Turn, cells: Sequence[Any], patient: str, numbers: dict[str, int], intake: Intake,
    place: tuple[str, int], today: date,
) -> None:  # fmt: skip
    """Take one record out of a row, if the row says anything about it."""
    before = len(intake.problems)
    values: dict[str, Value] = {}
    unknown: set[str] = set()
    filled = turn.key is not None and bool(cell_text(cells[turn.key]).strip())
    asked = False
    for at, source, read in turn.sources:
        if at is None:
            values[source.field.name] = read("")
            continue
        asked, text = True, _cell(cells[at], source)
        if not text or text.casefold() in source.empty:
            continue
        filled = filled or not mapping.repeat or PLACE in source.column  # what all turns share tells of none
        if text.casefold() in source.unknown:
            unknown.add(source.field.name)
            continue
        try:
            values[source.field.name] = _dated(read(text), today)
        except _Refused as refused:
            intake.problem(*place, turn.columns[source.field.name], str(refused), patient)
        except ValueError:
            intake.problem(*place, turn.columns[source.field.name], _wanted(source), patient)
    if not filled and (asked or mapping.repeat):
        return
    if mapping.numbered:
        numbers[patient] = numbers.get(patient, 0) + 1
    key = str(numbers[patient]) if mapping.numbered else turn.key_is or _key(turn, cells)
    if len(intake.problems) == before:
        intake.take(mapping.kind, (patient, key if mapping.kind.several else ""), values, frozenset(unknown),
                    place=place, columns=turn.columns)  # fmt: skip


def _key(turn: _Turn, cells: Sequence[Any]) -> str:
    return "" if turn.key is None else cell_text(cells[turn.key]).strip()


class _Refused(ValueError):
    """A value that is well written and cannot be."""


def _dated(value: Value, today: date) -> Value:
    if isinstance(value, date) and value > today:
        raise _Refused(FUTURE)
    if isinstance(value, date) and value < EARLIEST:
        raise _Refused(OLD)
    return value


def _turn(mapping: TableMapping, sheet: Sheet, turn: str) -> _Turn:
    for name in mapping.columns(turn):
        if name not in sheet.columns:
            raise BadTable(f"The table '{printable(sheet.name)}' has no column '{printable(name)}'"
                           f"{near(name, sheet.columns)}; the mapping of {mapping.kind.name} names it.")  # fmt: skip
    at = {name: number for number, name in enumerate(sheet.columns)}
    sources = tuple((at[one.column.replace(PLACE, turn)] if one.column else None, one, _reader(one, turn))
                    for one in mapping.sources)  # fmt: skip
    columns = {one.field.name: one.column.replace(PLACE, turn) for one in mapping.sources}
    columns |= {mapping.kind.key: mapping.key.replace(PLACE, turn), "patient_id": mapping.patient}
    key = mapping.key.replace(PLACE, turn)
    return _Turn(at[key] if key else None, mapping.key_is.replace(PLACE, turn), sources, columns)


def _reader(source: FieldSource, turn: str) -> Callable[[str], Value]:
    """Return what reads the cells of one source."""
    field, constant = source.field, source.constant
    if constant is not None:
        fixed = field.checked(constant.replace(PLACE, turn)) if isinstance(constant, str) else constant
        return lambda _: fixed
    plain = _plain(source)

    def read(text: str) -> Value:
        if text in ERRORS:
            raise _Refused(CALCULATED)
        known = source.values.get(text.casefold())
        return plain(text) if known is None else known

    return read


def _plain(source: FieldSource) -> Callable[[str], Value]:
    field = source.field
    match field.form:
        case "date":
            days = day_reader(source.days)
            return lambda text: field.checked(days(text))
        case "yes or no":
            return lambda text: field.checked(True if text.casefold() in YES else
                                              False if text.casefold() in NO else None)  # fmt: skip
        case "choice":
            folded = {one.casefold(): one for one in field.choices}
            return lambda text: field.checked(folded.get(text.casefold()))
        case "number":
            return lambda text: field.checked(_measured(_point(text, source.decimal), source.factor))
        case "whole":
            return lambda text: value_of(_point(text, source.decimal), field)
        case _:
            return lambda text: value_of(text, field)


def _measured(text: str, factor: float) -> float | None:
    """Return a number in the unit of its field; 1.1 cm are 11 mm, not 11.000000000000002."""
    number = number_in(text)
    return number if number is None or factor == 1.0 else float(Decimal(text) * Decimal(factor))


def _point(text: str, decimal: str) -> str:
    """Return a number with a point; a sign between thousands is none."""
    if decimal == ",":
        return "" if "." in text else text.replace(",", ".")
    return text


def _cell(cell: Any, source: FieldSource) -> str:
    """Return a cell as text; what a spreadsheet keeps as a number has no sign of its own before the tenths."""
    text = cell_text(cell).strip()
    is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
    return text.replace(".", source.decimal) if is_number and source.field.is_number else text


def _wanted(source: FieldSource) -> str:
    """Return what a cell has to hold, and how a mapping could say more."""
    match source.field.form:
        case "date" if source.days == ISO:
            return (
                f'{wanted(source.field)}; where days are written otherwise, the mapping says how (dates = "DD.MM.YYYY")'
            )
        case "date":
            return f"a day written {source.days} is wanted"
        case "choice" | "yes or no":
            return f"{wanted(source.field)}, or a word that the mapping explains (values)"
        case "number" if source.factor != 1.0:
            return f"{wanted(source.field)}, here in {source.unit}"
        case _:
            return wanted(source.field)
