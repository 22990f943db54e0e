"""CSV, Parquet and Excel → a DataFrame: only the columns asked for, with their missing codes and types."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pyarrow as pa  # pyright: ignore[reportMissingTypeStubs]
import pyarrow.parquet as pq  # pyright: ignore[reportMissingTypeStubs]

from isotherm.errors import BadColumn, BadTable, UnreadableFile
from isotherm.exchange.cells_in import FORMS, Form, Sheet, open_sheet, refuse_twins, unreadable
from isotherm.exchange.table_columns import Codes, Wanted, column_of
from isotherm.study.predicate import near
from isotherm.study.protocol import Protocol


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
        Of a CSV file; sheet of an Excel file (the first that can be seen unless named).

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
    if form == "parquet":
        names, raw = _parquet(file, columns)
    else:
        with open_sheet(file, separator=separator, encoding=encoding, sheet=sheet, first=True) as opened:
            names, raw = _rows(file, opened, columns)
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
    numbers += protocol.time_columns
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
    refuse_twins(file.name, names)
    places = {name: place for place, name in enumerate(names)}
    wanted = names if columns is None else columns
    for name in wanted:
        if name not in places:
            raise BadColumn(f"The table '{file.name}' has no column '{name}'{near(name, tuple(names))}.")
    return {name: places[name] for name in wanted}


def _rows(file: Path, sheet: Sheet, columns: Sequence[str] | None) -> Raw:
    """Take the columns asked for out of rows of cells."""
    names = list(sheet.columns)
    places = _places(file, names, columns)
    kept: dict[str, list[Any]] = {name: [] for name in places}
    uneven = 0
    for _, row in sheet.rows:
        uneven += len(row) != len(names)
        for name, place in places.items():
            kept[name].append(row[place] if place < len(row) else None)
    if uneven:
        raise BadTable(f"In '{file.name}', {uneven} rows have more or fewer cells than the header names; mend them.")
    return names, dict(kept)


def _parquet(file: Path, columns: Sequence[str] | None) -> Raw:
    arrow, files = cast("Any", pa), cast("Any", pq)
    try:
        names = [str(name) for name in files.read_schema(file).names]
        places = _places(file, names, columns)
        table = files.read_table(file, columns=list(places))
    except OSError as error:
        raise unreadable(file, error) from error
    except (arrow.ArrowInvalid, arrow.ArrowNotImplementedError) as error:
        raise UnreadableFile(f"'{file.name}' is not a Parquet file; save it anew.") from error
    return names, {name: cast("Sequence[Any]", table.column(name).to_pylist()) for name in places}
