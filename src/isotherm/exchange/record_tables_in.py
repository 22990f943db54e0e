"""Tables in the registry's own column names → an Intake of records, with every problem by row and column."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from isotherm.clinical.kinds import Value
from isotherm.clinical.record import PATIENT_KEY, Field, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadTable, UnreadableFile
from isotherm.exchange.cells_excel import ERRORS, open_book
from isotherm.exchange.cells_in import FORMS, Sheet, open_sheet, sheet_name
from isotherm.exchange.record_cells import cell_text, value_of, wanted
from isotherm.exchange.record_intake import Intake
from isotherm.exchange.record_passed import PassedOver, files_left
from isotherm.exchange.record_tables_out import UNKNOWN, table_columns
from isotherm.exchange.simulated_mark import is_marked, marked_at
from isotherm.exchange.spreadsheet_text import unguarded
from isotherm.printable import printable
from isotherm.study.predicate import near
from isotherm.study.simulate.synthetic import COLUMN

FUTURE = "the day lies in the future"


def read_tables(path: str | os.PathLike[str], *, today: date) -> Intake:
    """Read records from the registry's own tables.

    Parameters
    ----------
    path : path
        A folder with files named after kinds (lesion.csv, lesion.parquet), a book with sheets named so, or one such
        file.
    today : date
        A later day is a slip of the pen.

    Returns
    -------
    Intake
        An empty cell says nothing; a field named in the column `unknown` was asked about, and not told.

    Raises
    ------
    UnreadableFile, BadTable
        A file that is no table of a kind, or that has columns which are no field of it.
    """
    place, intake = Path(path), Intake()
    for kind, opened in _sheets(place):
        with opened() as sheet:
            _read(kind, sheet, intake, today=today, guard=not sheet.name.endswith((".parquet", ".pq")))
    intake.passed += _left(place, intake.rows)
    return intake


def _left(place: Path, read: Collection[str]) -> Iterator[PassedOver]:
    """Yield the files of a folder that are no tables of ours, and the sheets of a book that nobody sees."""
    if place.is_dir():
        yield from files_left(place, [place / name for name in read], "of a folder, tables in CSV and Parquet are read")
    elif FORMS.get(place.suffix.lower()) == "excel":
        with open_book(place) as book:
            hidden = [one.title for one in book.values.worksheets if one.title not in book.visible]
        yield from (PassedOver(table=sheet_name(place, one), why="it is hidden") for one in hidden)


Opened = Callable[[], Any]


def _sheets(path: Path) -> Iterator[tuple[RecordKind, Opened]]:
    """Give the tables of a place, in the order of kinds."""
    if FORMS.get(path.suffix.lower()) == "excel":
        yield from _sheets_of_book(path)
        return
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    tables = [one for one in files if FORMS.get(one.suffix.lower()) in ("csv", "parquet")]
    named = {one.stem: one for one in tables}
    if len(named) < len(tables):
        twice = next(one.stem for one in tables if named[one.stem] is not one)
        raise BadTable(f"'{path.name}' has two tables named '{printable(twice)}'; take one out of the folder.")
    if not path.is_dir() and path.stem not in RECORD_KINDS:
        raise UnreadableFile(f"'{path.name}' is named after no kind of record{near(path.stem, tuple(RECORD_KINDS))}; "
                             "name it as in lesion.csv, or give a mapping.")  # fmt: skip
    if not set(named) & set(RECORD_KINDS):
        raise UnreadableFile(f"'{path.name}' holds no table of a kind of record, as in lesion.csv; give its folder.")
    if strange := sorted(set(named) - set(RECORD_KINDS)):
        raise UnreadableFile(f"'{printable(strange[0])}' in '{path.name}' is no kind of record"
                             f"{near(strange[0], tuple(RECORD_KINDS))}; take it out of the folder.")  # fmt: skip
    for name, kind in RECORD_KINDS.items():
        if name in named:
            yield kind, lambda file=named[name]: open_sheet(file)


def _sheets_of_book(path: Path) -> Iterator[tuple[RecordKind, Opened]]:
    with open_book(path) as book:
        seen = book.visible
        hidden = [one.title for one in book.values.worksheets if one.title not in seen]
    if lost := [name for name in hidden if name in RECORD_KINDS]:
        raise BadTable(f"The sheet '{lost[0]}' of '{path.name}' is hidden; show it, or take it out.")
    if strange := [name for name in seen if name not in RECORD_KINDS]:
        raise BadTable(f"The sheet '{printable(strange[0])}' of '{path.name}' is no kind of record"
                       f"{near(strange[0], tuple(RECORD_KINDS))}; rename it, or give a mapping.")  # fmt: skip
    for name, kind in RECORD_KINDS.items():
        if name in seen:
            yield kind, lambda name=name: open_sheet(path, sheet=name)


@dataclass(frozen=True, slots=True)
class _Column:
    place: int
    field: Field
    words: bool


def _read(kind: RecordKind, sheet: Sheet, intake: Intake, *, today: date, guard: bool) -> None:
    places = _places(kind, sheet)
    marked = marked_at(sheet.columns)
    columns = [
        _Column(places[one.name], one, guard and one.form == "text") for one in kind.fields if one.name in places
    ]
    names = {one: one for one in table_columns(kind)}
    width, fields = len(sheet.columns), frozenset(one.name for one in kind.fields)
    intake.rows.setdefault(sheet.name, 0)
    for number, cells in sheet.rows:
        intake.counted(sheet.name)
        if len(cells) != width:
            intake.problem(sheet.name, number, "", "it has more or fewer cells than the header")
            continue
        intake.simulated |= marked is not None and is_marked(cells[marked])
        patient = cell_text(cells[places[PATIENT_KEY]]).strip()
        own = cell_text(cells[places[kind.key]]).strip() if kind.several else ""
        before = len(intake.problems)
        values = _values(columns, cells, intake, (sheet.name, number), patient, today)
        unknown = frozenset(cell_text(cells[places[UNKNOWN]]).split()) if UNKNOWN in places else frozenset[str]()
        if not unknown <= fields:
            intake.problem(sheet.name, number, UNKNOWN, "it names something that is no field", patient)
        if len(intake.problems) == before:
            intake.take(kind, (patient, own), values, unknown, place=(sheet.name, number), columns=names)


def _values(
    columns: Sequence[_Column], cells: Sequence[Any], intake: Intake, place: tuple[str, int], patient: str, today: date
) -> Mapping[str, Value]:
    values: dict[str, Value] = {}
    for one in columns:
        text = cell_text(cells[one.place])
        if not text or (text.isspace() and (one.words or one.field.form != "text")):
            continue
        try:
            if one.words and text in ERRORS:
                raise ValueError
            value = value_of(unguarded(text) if one.words else text, one.field)
        except ValueError:
            intake.problem(*place, one.field.name, wanted(one.field), patient)
            continue
        if isinstance(value, date) and value > today:
            intake.problem(*place, one.field.name, FUTURE, patient)
        values[one.field.name] = value
    return values


def _places(kind: RecordKind, sheet: Sheet) -> dict[str, int]:
    """Return where the columns of a kind stand; what is no column of it is refused, not skipped."""
    known = table_columns(kind)
    for name in sheet.columns:
        if name not in (*known, COLUMN):
            raise BadTable(f"The table '{sheet.name}' has a column '{printable(name)}', which is no field of a "
                           f"{kind.name}{near(name, known)}; take it out, or give a mapping.")  # fmt: skip
    for name in (*kind.keys, *(one.name for one in kind.fields if one.needed)):
        if name not in sheet.columns:
            raise BadTable(f"The table '{sheet.name}' has no column '{name}'; a {kind.name} needs it.")
    return {name: place for place, name in enumerate(sheet.columns)}
