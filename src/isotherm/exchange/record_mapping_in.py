"""A hospital's tables and a RecordMapping → an Intake of records, with every problem by row and column."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from isotherm.clinical.kinds import Value
from isotherm.errors import BadTable, UnreadableFile
from isotherm.exchange.cells_in import Sheet, open_sheet
from isotherm.exchange.record_cells import cell_text
from isotherm.exchange.record_intake import Intake
from isotherm.exchange.record_mapping import FILL_IN, PLACE, FieldSource, RecordMapping, TableMapping, Waiting
from isotherm.exchange.record_passed import UNREAD, MadeNone, PassedOver, Reading, files_left
from isotherm.exchange.record_source import Read, Refused, cell_in, reader, value_in
from isotherm.exchange.simulated_mark import is_marked, marked_at
from isotherm.printable import printable
from isotherm.study.predicate import near


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
    place, intake, reading = Path(path), Intake(), Reading()
    files = [_file(one, place) for one in mapping.tables]
    for one, file in zip(mapping.tables, files, strict=True):
        alike = [its for its, of in zip(mapping.tables, files, strict=True) if (of, its.sheet) == (file, one.sheet)]
        used = {name for its in alike for turn in its.repeat or ("",) for name in its.columns(turn)}
        with _opened(file, one) as sheet:
            intake.columns[sheet.name] = tuple(sheet.columns)
            rows = _read(one, reading.counted(sheet, used), intake, today)
            reading.made_none(sheet.name, one.kind.name, rows)
    intake.passed += reading.passed()
    intake.passed += reading.sheets_left(dict.fromkeys(files))
    waits = [(_beside(place, one.file), one) for one in mapping.waiting]
    for file, one in waits:
        with suppress(BadTable, UnreadableFile), _opened(file, one) as sheet:  # refused once it is read
            intake.columns[sheet.name] = tuple(sheet.columns)
    intake.passed += files_left(place, [*files, *(file for file, _ in waits)], UNREAD) if place.is_dir() else ()
    intake.passed += (PassedOver(table=file.name, why=f"no {one.kind.name}: {_why(one)}") for file, one in waits)
    return intake


def _opened(file: Path, one: TableMapping | Waiting) -> AbstractContextManager[Sheet]:
    return open_sheet(file, separator=one.separator or None, encoding=one.encoding or None, sheet=one.sheet or None)


def _why(one: Waiting) -> str:
    """Return why a table waits."""
    if one.points_to:
        return f"it points to a {one.points_to}, and none is read yet"
    return f'the mapping has "{FILL_IN}" where a value has to be filled in'


def _file(one: TableMapping, place: Path) -> Path:
    if not one.file and place.is_dir():
        raise BadTable(f"The mapping of {one.kind.name} names no file, and '{place.name}' is a folder; give a file.")
    return _beside(place, one.file)


def _beside(place: Path, file: str) -> Path:
    return (place if place.is_dir() else place.parent) / file if file else place


@dataclass(frozen=True, slots=True)
class _Turn:
    """One of the records that a row may make: where its key and its fields stand."""

    key: int | None
    key_is: str
    sources: tuple[tuple[int | None, FieldSource, Read], ...]
    columns: Mapping[str, str]
    factors: Mapping[str, float]


def _read(mapping: TableMapping, sheet: Sheet, intake: Intake, today: date) -> Mapping[int, MadeNone]:
    """Take the records out of a table; return the rows that make none, and why."""
    turns = [_turn(mapping, sheet, one) for one in mapping.repeat or ("",)]
    patient_at = sheet.columns.index(mapping.patient)
    passed: dict[int, MadeNone] = {}
    nothing = MadeNone("nothing of one stands there", stated=mapping.stated)
    where = [(name, sheet.columns.index(name), words) for name, words in mapping.where.items()]
    filled = None if not mapping.filled else sheet.columns.index(mapping.filled)
    marked = marked_at(sheet.columns)
    width, numbers, met = len(sheet.columns), dict[str, int](), set[str]()
    intake.one_each.setdefault(sheet.name, True)
    intake.rows[sheet.name] = 0  # a table that is read for several kinds has its rows once
    for number, cells in sheet.rows:
        intake.counted(sheet.name)
        place = (sheet.name, number)
        if len(cells) != width:
            intake.problem(*place, "", "it has more or fewer cells than the header")
            continue
        intake.simulated |= marked is not None and is_marked(cells[marked])
        other = next((name for name, at, words in where if cell_text(cells[at]).strip().casefold() not in words), None)
        if other is not None:
            passed[number] = MadeNone("another word stands there than the mapping takes (where)", other)
            continue
        patient = cell_text(cells[patient_at]).strip()
        intake.one_each[sheet.name] &= patient not in met
        met.add(patient)
        if filled is not None and not cell_text(cells[filled]).strip():
            passed[number] = MadeNone("nothing stands there (filled)", mapping.filled)
            continue
        told = [_record(mapping, turn, cells, patient, numbers, intake, place, today) for turn in turns]
        if not any(told):
            passed[number] = nothing
    return passed


def _record(
    mapping: TableMapping, turn: _Turn, cells: Sequence[Any], patient: str, numbers: dict[str, int], intake: Intake,
    place: tuple[str, int], today: date,
) -> bool:  # fmt: skip
    """Take one record out of a row; return whether the row says anything about it."""
    before = len(intake.problems)
    values: dict[str, Value] = {}
    unknown: set[str] = set()
    filled = mapping.is_of_every_row or (turn.key is not None and bool(cell_text(cells[turn.key]).strip()))
    asked = False
    for at, source, read in turn.sources:
        if at is None:
            values[source.field.name] = read("")
            continue
        asked, text = True, cell_in(cells[at], source)
        if not text or text.casefold() in source.empty:
            continue
        filled = filled or not mapping.repeat or PLACE in source.column  # what all turns share tells of none
        if text.casefold() in source.unknown:
            unknown.add(source.field.name)
            continue
        try:
            values[source.field.name] = value_in(text, source, read, today)
        except Refused as refused:
            intake.problem(*place, turn.columns[source.field.name], str(refused), patient)
    if not filled and (asked or mapping.repeat):
        return len(intake.problems) > before
    if mapping.numbered:
        numbers[patient] = numbers.get(patient, 0) + 1
    key = str(numbers[patient]) if mapping.numbered else turn.key_is or _key(turn, cells)
    if len(intake.problems) == before:
        intake.take(mapping.kind, (patient, key if mapping.kind.several else ""), values, frozenset(unknown),
                    place=place, columns=turn.columns, factors=turn.factors)  # fmt: skip
    return True


def _key(turn: _Turn, cells: Sequence[Any]) -> str:
    return "" if turn.key is None else cell_text(cells[turn.key]).strip()


def _turn(mapping: TableMapping, sheet: Sheet, turn: str) -> _Turn:
    for name in mapping.columns(turn):
        if name not in sheet.columns:
            raise BadTable(f"The table '{printable(sheet.name)}' has no column '{printable(name)}'"
                           f"{near(name, sheet.columns)}; the mapping of {mapping.kind.name} names it.")  # fmt: skip
    at = {name: number for number, name in enumerate(sheet.columns)}
    sources = tuple((at[one.column.replace(PLACE, turn)] if one.column else None, one, reader(one, turn))
                    for one in mapping.sources)  # fmt: skip
    columns = {one.field.name: one.column.replace(PLACE, turn) for one in mapping.sources}
    columns |= {mapping.kind.key: mapping.key.replace(PLACE, turn), "patient_id": mapping.patient}
    key = mapping.key.replace(PLACE, turn)
    return _Turn(at[key] if key else None, mapping.key_is.replace(PLACE, turn), sources, columns,
                 {one.field.name: one.factor for one in mapping.sources})  # fmt: skip
