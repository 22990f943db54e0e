"""CSV, Parquet and Excel → a DataFrame: only the columns asked for, with their missing codes and types."""

from __future__ import annotations

import csv
import os
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast

import openpyxl
import pandas as pd
import pyarrow as pa  # pyright: ignore[reportMissingTypeStubs]
import pyarrow.parquet as pq  # pyright: ignore[reportMissingTypeStubs]

from isotherm.errors import BadColumn, BadTable, UnreadableFile
from isotherm.exchange.table_columns import Codes, Wanted, column_of, is_missing
from isotherm.study.predicate import near
from isotherm.study.protocol import Protocol

SEPARATORS = (",", ";", "\t", "|")
"""Tried in this order: the one that cuts the first line into most columns separates a CSV file, unless one is named."""

Form = Literal["csv", "parquet", "excel"]
FORMS: dict[str, Form] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet", ".xlsx": "excel",
    ".xlsm": "excel",
}  # fmt: skip


def read_table(
    path: str | os.PathLike[str],
    *,
    columns: Sequence[str] | None = None,
    wanted: Mapping[str, Wanted] | None = None,
    missing: Iterable[float | str | bool] = (),
    separator: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
) -> pd.DataFrame:
    """Read a table.

    CSV files are UTF-8 (or UTF-16 with its mark) unless an encoding is named. Empty cells and the `missing` codes are
    missing, nothing else: "NA" is text until it is named. Blanks around a value do not count. A date is written
    YYYY-MM-DD; its time of day is dropped.

    Parameters
    ----------
    path : path
        .csv, .tsv, .txt, .parquet, .xlsx.
    columns : sequence of str, optional
        Only these are kept; the values of all other ones are never put into memory as a column.
    wanted : mapping, optional
        Columns that have to hold numbers, dates or text. The others are numbers if every value is one, else dates, else
        true and false, else text.
    missing : iterable
        Codes for "not known", in every column.
    separator, encoding, sheet : str, optional
        Of a CSV file; sheet of an Excel file (the first unless named).

    Returns
    -------
    DataFrame
        Rows in the order of the file, numbered from 0; numbers as float64, dates as datetime64, text as str.

    Raises
    ------
    UnreadableFile
        Missing, not a table, or in another encoding.
    BadTable
        Without rows, with rows of different lengths, or with two columns of one name.
    BadColumn
        A column that is not there, or values that are not what is wanted: with the number of rows, never a value.
    """
    file = Path(path)
    form = _form(file, {"separator": separator, "encoding": encoding}, sheet)
    try:
        if form == "csv":
            names, raw = _csv(file, columns, separator, encoding)
        elif form == "excel":
            names, raw = _excel(file, columns, sheet)
        else:
            names, raw = _parquet(file, columns)
    except OSError as error:
        reason = (error.strerror or "it is damaged, or not what its name says").lower()
        raise UnreadableFile(f"The table '{file.name}' cannot be read: {reason}.") from error
    if not raw or len(next(iter(raw.values()))) == 0:
        raise BadTable(f"The table '{file.name}' has no rows; give a file with a header and a row per patient.")
    codes = Codes.of(missing)
    kinds = wanted or {}
    kept = names if columns is None else columns
    return pd.DataFrame({name: column_of(raw[name], name, kinds.get(name, "any"), codes) for name in kept})


def column_names(path: str | os.PathLike[str], *, separator: str | None = None, sheet: str | None = None) -> list[str]:
    """Return the names of a table's columns; see `read_table`."""
    return [str(name) for name in read_table(path, separator=separator, sheet=sheet).columns]


def read_records(protocol: Protocol, folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the table of a protocol: the columns it uses, and none of an outcome while outcomes are blinded.

    Parameters
    ----------
    protocol : Protocol
    folder : path
        The protocol's own folder: its data file is named from there.

    Raises
    ------
    UnreadableFile, BadTable, BadColumn
        See `read_table`.
    """
    data = protocol.data
    columns = protocol.columns
    return read_table(
        Path(folder) / data.file,
        columns=columns,
        wanted={name: kind for name, kind in _wanted(protocol).items() if name in columns},
        missing=data.missing,
        separator=data.separator,
        encoding=data.encoding,
        sheet=data.sheet,
    )


def _wanted(protocol: Protocol) -> dict[str, Wanted]:
    """Return what each column has to hold; a category keeps what it is, so that conditions can name its codes."""
    data = protocol.data
    ids = [name for name in (data.patient, data.site, data.tumor) if name is not None]
    numbers = [covariate.column for covariate in protocol.covariates if covariate.kind == "number"]
    numbers += [outcome.time for outcome in protocol.outcomes if outcome.time is not None]
    indicators = [covariate.column for covariate in protocol.covariates if covariate.kind == "yes/no"]
    for outcome in protocol.outcomes:
        numbers += [outcome.event] if outcome.competing_events else []
        indicators += [] if outcome.competing_events else [outcome.event]
        indicators += [] if outcome.competing is None else [outcome.competing]
    numbers += [] if protocol.course is None else protocol.course.changing_columns
    numbers += [name for one in protocol.serial for name in one.columns]
    by_kind: list[tuple[Wanted, Iterable[str]]] = [
        ("number", numbers), ("indicator", indicators), ("text", ids), ("date", protocol.date_columns)
    ]  # fmt: skip
    return {name: kind for kind, names in by_kind for name in names}


Raw = tuple[list[str], dict[str, Sequence[Any]]]
"""All names of the table, and the raw values of the columns asked for."""


def _form(file: Path, of_csv: Mapping[str, str | None], sheet: str | None) -> Form:
    form = FORMS.get(file.suffix.lower())
    if form is None:
        raise UnreadableFile(f"'{file.name}' came; a table is one of: {', '.join(FORMS)}.")
    named = [name for name, value in of_csv.items() if value is not None]
    if named and form != "csv":
        raise UnreadableFile(f"'{file.name}' is no CSV file, so it has no {named[0]}; leave it out.")
    if sheet is not None and form != "excel":
        raise UnreadableFile(f"'{file.name}' is no Excel file, so it has no sheet; leave it out.")
    return form


def _places(file: Path, names: Sequence[str], columns: Sequence[str] | None) -> dict[str, int]:
    """Return where the columns asked for stand."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadTable(f"The table '{file.name}' has two columns named '{twice[0]}'; rename one.")
    for name in names if columns is None else columns:
        if name not in names:
            raise BadColumn(f"The table '{file.name}' has no column '{name}'{near(name, tuple(names))}.")
    return {name: names.index(name) for name in (names if columns is None else columns)}


def _csv(file: Path, columns: Sequence[str] | None, separator: str | None, encoding: str | None) -> Raw:
    with file.open("rb") as raw:
        start = raw.read(2)
    written = encoding or ("utf-16" if start in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    try:
        with file.open(encoding=written, newline="") as text:
            first = text.readline()
            text.seek(0)
            sign = separator or max(SEPARATORS, key=first.count)
            return _rows(file, csv.reader(text, delimiter=sign, strict=True), columns)
    except (UnicodeError, LookupError) as error:
        raise UnreadableFile(f"'{file.name}' is not {written} text; save it as UTF-8, or name its encoding.") from error
    except csv.Error as error:
        raise BadTable(f"The table '{file.name}' cannot be cut into cells: {error}.") from error


def _rows(file: Path, rows: Iterable[Sequence[Any]], columns: Sequence[str] | None) -> Raw:
    """Take the columns asked for out of rows of cells; blank rows are no rows."""
    found = iter(rows)
    header: Sequence[Any] = next(found, ())
    names = [str(name).strip() if name is not None else "" for name in header]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise BadTable(
            f"The table '{file.name}' is empty: it has no rows; give a file with a header and a row per patient."
        )
    places = _places(file, names, columns)
    kept: dict[str, list[Any]] = {name: [] for name in places}
    uneven = 0
    for row in found:
        if all(is_missing(cell) for cell in row):
            continue
        uneven += len(row) < len(names) or any(not is_missing(cell) for cell in row[len(names) :])
        for name, place in places.items():
            kept[name].append(row[place] if place < len(row) else None)
    if uneven:
        raise BadTable(f"In '{file.name}', {uneven} rows have more or fewer cells than the header names; mend them.")
    return names, dict(kept)


def _excel(file: Path, columns: Sequence[str] | None, sheet: str | None) -> Raw:
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise UnreadableFile(f"'{file.name}' is not an Excel file (.xlsx); save it anew.") from error
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise UnreadableFile(near_sheet(file.name, sheet, book.sheetnames))
        page = book[sheet or book.sheetnames[0]]
        width = page.max_column or 0
        rows = page.iter_rows(values_only=True)
        return _rows(file, (tuple(row) + (None,) * (width - len(row)) for row in rows), columns)
    finally:
        book.close()


def near_sheet(file: str, sheet: str, there: Sequence[str]) -> str:
    """Return what is said where a book has no such sheet."""
    return f"'{file}' has no sheet '{sheet}'; it has: {', '.join(there)}."


def _parquet(file: Path, columns: Sequence[str] | None) -> Raw:
    arrow, files = cast("Any", pa), cast("Any", pq)
    try:
        names = [str(name) for name in files.read_schema(file).names]
        places = _places(file, names, columns)
        table = files.read_table(file, columns=list(places))
    except (arrow.ArrowInvalid, arrow.ArrowNotImplementedError) as error:
        raise UnreadableFile(f"'{file.name}' is not a Parquet file; save it anew.") from error
    return names, {name: cast("Sequence[Any]", table.column(name).to_pylist()) for name in places}
