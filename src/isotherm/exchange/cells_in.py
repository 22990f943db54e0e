"""Sheet: the cells of a CSV, Excel or Parquet table, row by row, as they stand; nothing is guessed about them."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Literal, TextIO, cast

import pyarrow as pa  # pyright: ignore[reportMissingTypeStubs]
import pyarrow.parquet as pq  # pyright: ignore[reportMissingTypeStubs]

from isotherm.errors import BadTable, UnreadableFile
from isotherm.exchange.cells_excel import excel_rows, open_book
from isotherm.printable import printable

SEPARATORS = (",", ";", "\t", "|")
"""Tried in this order: the one that cuts the first line into most columns separates a CSV file, unless one is named."""

Form = Literal["csv", "parquet", "excel"]
FORMS: dict[str, Form] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet", ".xlsx": "excel",
    ".xlsm": "excel",
}  # fmt: skip

SNIFFED = 65_536
"""Letters at the head of a CSV file among which the separator is looked for."""

LONGEST_LINE = 1_000_000
"""A longer line is no row that anybody wrote; reading goes no further."""

DESCRIBED = (4, 5)
"""Lines of description above the header of a clinical file of cBioPortal (docs.cbioportal.org, file formats)."""

TYPES = {"STRING", "NUMBER", "BOOLEAN"}
"""The third of those lines says with these words what each column holds; by that they are known."""

Rows = Iterator[tuple[int, Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table under reading.

    Parameters
    ----------
    name : str
        What messages call it: the file, and the sheet of a book.
    columns : tuple of str
        Names without blanks around them, each once; nameless columns at the end are none.
    rows : iterator of (int, sequence)
        The number of each row, as a spreadsheet counts, and its cells: text of CSV, values of Excel and Parquet. Rows
        without anything in them are left out.
    """

    name: str
    columns: tuple[str, ...]
    rows: Rows


@contextmanager
def open_sheet(
    path: str | os.PathLike[str], *, separator: str | None = None, encoding: str | None = None,
    sheet: str | None = None, first: bool = False,
) -> Generator[Sheet]:  # fmt: skip
    """Open a table for reading, a row at a time.

    CSV is UTF-8 (or UTF-16 with its mark) unless an encoding is named: nothing is guessed where letters could be wrong.
    Of a clinical file of cBioPortal the lines that describe its columns are passed over.

    Parameters
    ----------
    path : path
        .csv, .tsv, .txt, .xlsx, .xlsm, .parquet.
    separator, encoding : str, optional
        Of a CSV file.
    sheet : str, optional
        Of a book; the only one that can be seen unless named.
    first : bool
        Takes the first one that can be seen in place of asking for a name.

    Raises
    ------
    UnreadableFile
        Missing, not a table, in another encoding, or unpacked far larger than a table can be.
    BadTable
        No header, two columns of one name, merged cells, a line without end.
    """
    file = Path(path)
    form = FORMS.get(file.suffix.lower())
    try:
        if form == "csv":
            with _csv_text(file, encoding) as (text, written):
                yield _sheet(file.name, _csv_rows(file.name, text, separator, written))
        elif form == "excel":
            with open_book(file) as book:
                name = book.chosen(sheet, first=first)
                yield _sheet(sheet_name(file, name), excel_rows(book, name))
        elif form == "parquet":
            yield _sheet(file.name, _parquet_rows(file))
        else:
            raise UnreadableFile(f"'{file.name}' came; a table is one of: {', '.join(FORMS)}.")
    except OSError as error:
        raise unreadable(file, error) from error


def sheet_name(file: Path, sheet: str) -> str:
    """Return what messages call a sheet of a book."""
    return f"{file.name} [{sheet}]"


def unreadable(file: Path, error: OSError) -> UnreadableFile:
    """Return the refusal of a table that the system does not give out."""
    reason = (error.strerror or "it is damaged, or not what its name says").lower()
    return UnreadableFile(f"The table '{file.name}' cannot be read: {reason}.")


def _sheet(name: str, rows: Iterator[Sequence[Any]]) -> Sheet:
    """Take the header off rows of cells."""
    numbered = ((number, row) for number, row in enumerate(rows, start=1) if not _is_blank(row))
    (_, header), numbered = _described(numbered)
    names = ["" if one is None else str(one).strip() for one in header]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise BadTable(f"The table '{name}' is empty: it has no rows; give a file with a header and rows below.")
    refuse_twins(name, [one for one in names if one])
    return Sheet(name, tuple(names), ((number, _fitted(row, len(names))) for number, row in numbered))


def _described(numbered: Rows) -> tuple[tuple[int, Sequence[Any]], Rows]:
    """Return the header and the rows below it; lines of description that stand above it are no rows."""
    head: list[tuple[int, Sequence[Any]]] = []
    for one in numbered:
        head.append(one)
        if not _is_remark(one[1]) or len(head) > DESCRIBED[-1]:
            break
    above = len(head) - 1
    if above in DESCRIBED and not _is_remark(head[-1][1]) and {str(one).strip("# ") for one in head[2][1]} <= TYPES:
        return head[-1], numbered
    first, *others = head or [(0, ())]
    return first, chain(others, numbered)


def _is_remark(row: Sequence[Any]) -> bool:
    return str(row[0]).startswith("#")


def refuse_twins(table: str, names: Iterable[str]) -> None:
    """Refuse a table with two columns of one name.

    Raises
    ------
    BadTable
    """
    twice = min((name for name, times in Counter(names).items() if times > 1), default=None)
    if twice is not None:
        raise BadTable(f"The table '{table}' has two columns named '{printable(twice)}'; rename one.")


def _fitted(row: Sequence[Any], width: int) -> Sequence[Any]:
    """Return a row without the empty cells that stand beyond the header."""
    return row[:width] if len(row) > width and _is_blank(row[width:]) else row


def _is_blank(row: Sequence[Any]) -> bool:
    return not any(cell is not None and (not isinstance(cell, str) or cell.strip()) for cell in row)


@contextmanager
def _csv_text(file: Path, encoding: str | None) -> Generator[tuple[TextIO, str]]:
    with file.open("rb") as raw:
        start = raw.read(2)
    written = encoding or ("utf-16" if start in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    try:
        with file.open(encoding=written, newline="") as text:
            yield text, written
    except LookupError as error:
        raise _other_letters(file.name, written) from error


def _csv_rows(name: str, text: TextIO, separator: str | None, written: str) -> Iterator[Sequence[Any]]:
    begun = 0
    try:
        first = text.read(SNIFFED).split("\n", 1)[0]
        text.seek(0)
        sign = separator or max(SEPARATORS, key=first.count)
        rows = csv.reader(_lines(name, text), delimiter=sign, strict=True)
        for row in rows:
            yield row
            begun = rows.line_num
    except UnicodeError as error:
        raise _other_letters(name, written) from error
    except csv.Error as error:
        raise BadTable(f"The table '{name}' cannot be cut into cells from line {begun + 1} on: {error}.") from error


def _other_letters(name: str, written: str) -> UnreadableFile:
    return UnreadableFile(f"'{name}' is not {written} text; save it as UTF-8, or name its encoding.")


def _lines(name: str, text: TextIO) -> Iterable[str]:
    """Give the lines of a text; one that does not end is refused before it fills the memory."""
    while line := text.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise BadTable(f"The table '{name}' has a line of more than {LONGEST_LINE:,} letters; it is no table.")
        yield line


def _parquet_rows(file: Path) -> Iterator[Sequence[Any]]:
    arrow, files = cast("Any", pa), cast("Any", pq)
    try:
        with files.ParquetFile(file) as table:
            yield [str(name) for name in table.schema_arrow.names]
            for batch in table.iter_batches():
                yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
    except (arrow.ArrowInvalid, arrow.ArrowNotImplementedError) as error:
        raise UnreadableFile(f"'{file.name}' is not a Parquet file; save it anew.") from error
