"""Records → tables in the registry's own column names: a CSV or Parquet file per kind, or a book with a sheet each."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

import openpyxl
import pyarrow as pa  # pyright: ignore[reportMissingTypeStubs]
import pyarrow.parquet as pq  # pyright: ignore[reportMissingTypeStubs]

from isotherm.clinical.kinds import Value, ValueKind
from isotherm.clinical.record import Record, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import OutputError
from isotherm.exchange.atomic import replacing
from isotherm.exchange.cells_excel import LAST_ROW
from isotherm.exchange.record_cells import text_of
from isotherm.exchange.spreadsheet_text import guarded
from isotherm.study.simulate.synthetic import COLUMN, SYNTHETIC

TableForm = Literal["csv", "excel", "parquet"]

UNKNOWN = "unknown"
"""The column that names the fields which somebody was asked about and could not tell, with blanks between them."""

NOT_IN_XML = re.compile("[\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def table_columns(kind: RecordKind) -> tuple[str, ...]:
    """Return the columns of a kind's own table: its keys, its fields, and what is unknown."""
    return (*kind.keys, *(one.name for one in kind.fields), UNKNOWN)


def write_tables(
    records: Iterable[Record], out: str | os.PathLike[str], *, form: TableForm, simulated: bool = False
) -> dict[str, int]:  # fmt: skip
    """Write records as tables; `record_tables_in.read_tables` gives them back.

    Parameters
    ----------
    records : iterable of Record
    out : path
        A folder that gets a file for each kind that occurs, or the name of an Excel book.
    form : {"csv", "excel", "parquet"}
    simulated : bool
        Whether nobody of them ever lived, which each row then says first.

    Returns
    -------
    dict of str to int
        Rows written, by kind.

    Raises
    ------
    OutputError
        The place cannot be written to, or a sheet would have more rows than a book can hold.
    """
    sorted_out: dict[str, list[Record]] = {}
    for one in records:
        sorted_out.setdefault(one.kind.name, []).append(one)
    tables = {name: sorted_out[name] for name in RECORD_KINDS if name in sorted_out}
    first = ((COLUMN, SYNTHETIC),) if simulated else ()
    if form == "excel":
        _write_book(tables, Path(out), first)
    else:
        folder = _folder(Path(out))
        for name, rows in tables.items():
            (_write_csv if form == "csv" else _write_parquet)(RECORD_KINDS[name], rows, folder, first)
    return {name: len(rows) for name, rows in tables.items()}


def _folder(out: Path) -> Path:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or "the system refused").lower()
        raise OutputError(f"The folder '{out.name}' cannot be made: {reason}; choose another place.") from error
    return out


First: TypeAlias = tuple[tuple[str, str], ...]
"""Columns before those of a kind, each with what it says in every row."""


def _header(kind: RecordKind, first: First) -> list[str]:
    return [*(name for name, _ in first), *table_columns(kind)]


def _cells(record: Record, first: First) -> Iterator[Value | None]:
    """Give the cells of a record in the order of its columns."""
    yield from (says for _, says in first)
    yield record.patient_id
    if record.kind.several:
        yield record.id
    for one in record.kind.fields:
        yield record.values.get(one.name)
    yield " ".join(one.name for one in record.kind.fields if one.name in record.unknown) or None


def _safe(kind: RecordKind, first: First) -> list[bool]:
    """Say of each column whether people write words in it, which a spreadsheet might take for a formula."""
    return [False] * (len(first) + len(kind.keys)) + [one.form == "text" for one in kind.fields] + [False]


def _write_csv(kind: RecordKind, records: Sequence[Record], folder: Path, first: First) -> None:
    words = _safe(kind, first)
    with (
        replacing(folder / f"{kind.name}.csv") as temporary,
        temporary.open("w", encoding="utf-8-sig", newline="") as text,
    ):  # with a mark, so that Excel reads its letters right
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(_header(kind, first))
        for record in records:
            rows.writerow(
                "" if cell is None else guarded(str(cell)) if is_words else text_of(cell)
                for cell, is_words in zip(_cells(record, first), words, strict=True)
            )


def _write_book(tables: dict[str, list[Record]], file: Path, first: First) -> None:
    book = cast("Any", openpyxl.Workbook(write_only=True))
    for name, records in tables.items():
        if len(records) >= LAST_ROW:
            raise OutputError(f"{len(records):,} rows of '{name}' are more than a book can hold; write CSV or Parquet.")
        page, kind = book.create_sheet(name), RECORD_KINDS[name]
        words = _safe(kind, first)
        page.append(_header(kind, first))
        for record in records:
            cells = zip(_cells(record, first), words, strict=True)
            page.append([_excel(cell, words=is_words) for cell, is_words in cells])
    if not tables:
        book.create_sheet("patient").append(_header(RECORD_KINDS["patient"], first))
    with replacing(file, suffix=".xlsx") as temporary:
        book.save(temporary)


def _excel(cell: Value | None, *, words: bool) -> Value | None:
    """Return a cell of a book.

    Days are ISO text, since a book's own days begin in 1900 or in 1904; a number that needs more than the 16 digits
    that are written of it is text as well.
    """
    if isinstance(cell, float) and float(f"{cell:.16g}") != cell:
        return text_of(cell)
    if isinstance(cell, str) and words:
        return NOT_IN_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", guarded(cell))
    return cell if cell is None or isinstance(cell, bool | int | float) else text_of(cell)


def _write_parquet(kind: RecordKind, records: Sequence[Record], folder: Path, first: First) -> None:
    arrow, files = cast("Any", pa), cast("Any", pq)
    columns = zip(*(_cells(record, first) for record in records), strict=True)
    types = [arrow.string()] * (len(first) + len(kind.keys)) + [_arrow(one) for one in kind.fields] + [arrow.string()]
    arrays = [arrow.array(column, of) for column, of in zip(columns, types, strict=True)]
    with replacing(folder / f"{kind.name}.parquet") as temporary:
        files.write_table(arrow.Table.from_arrays(arrays, _header(kind, first)), temporary)


def _arrow(kind: ValueKind) -> Any:
    arrow = cast("Any", pa)
    match kind.form:
        case "number":
            return arrow.float64()
        case "whole":
            return arrow.int64()
        case "yes or no":
            return arrow.bool_()
        case "date":
            return arrow.date32()
        case _:
            return arrow.string()
