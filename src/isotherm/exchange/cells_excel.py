"""Cells of an Excel book, row by row: merged cells and formulas without a result are refused, bombs never unpacked."""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell.cell import ERROR_CODES

from isotherm.errors import BadTable, UnreadableFile
from isotherm.exchange.tables_in import near_sheet
from isotherm.printable import printable

LARGEST_BYTES = 1_000_000_000
"""A book that unpacks to more holds no table of patients."""

NOT_COMPUTED = "#FORMULA!"
"""Stands for a formula whose result the book does not hold; no spreadsheet writes this word itself."""

ERRORS = frozenset((*ERROR_CODES, NOT_COMPUTED))
"""Cells that hold what a spreadsheet could not work out."""

LAST_ROW = 1_048_576
ROWS_AT_ONCE = 1000

_MERGED = re.compile(rb'<mergeCell ref="([A-Z0-9:]+)"')
_FORMULA = re.compile(rb"<f[ >/]")
_CHUNK, _OVERLAP = 1 << 20, 64
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class Book:
    """An open Excel book.

    Parameters
    ----------
    file : Path
    values : openpyxl.Workbook
        Read-only, with the results of formulas.
    """

    file: Path
    values: Any

    @property
    def visible(self) -> tuple[str, ...]:
        """The sheets that a person sees."""
        return tuple(one.title for one in self.values.worksheets if one.sheet_state == "visible")

    def chosen(self, sheet: str | None) -> str:
        """Return the sheet that is meant.

        Raises
        ------
        UnreadableFile
            There is none of that name, or several of which none is named.
        """
        if sheet is not None:
            if sheet not in [one.title for one in self.values.worksheets]:
                raise UnreadableFile(near_sheet(self.file.name, sheet, self.visible))
            return sheet
        if len(self.visible) != 1:
            raise UnreadableFile(
                f"'{self.file.name}' has {len(self.visible)} sheets ({', '.join(map(printable, self.visible))}); "
                "name the one that is meant."
            )
        return self.visible[0]


@contextmanager
def open_book(file: Path) -> Generator[Book]:
    """Open an Excel book.

    Raises
    ------
    UnreadableFile
        It is none, or it would unpack to more than any table needs.
    """
    _check_size(file)
    values = _load(file, results=True)
    try:
        yield Book(file, values)
    finally:
        values.close()


def excel_rows(book: Book, name: str) -> Iterator[Sequence[Any]]:
    """Give the cells of a sheet row by row.

    Raises
    ------
    BadTable
        Merged cells: which of the rows they mean is not written anywhere.
    """
    page = book.values[name]
    found = _marks(book.file, page)
    if found.merged:
        raise BadTable(f"In '{book.file.name}', sheet '{printable(name)}', cells {found.merged} are merged; unmerge "
                       "them, and fill each one.")  # fmt: skip
    rows = _read(book.file, page.iter_rows(values_only=True))
    width = 0
    for number, row in enumerate(_with_formulas(book.file, name, rows) if found.formulas else rows):
        if number >= LAST_ROW:
            raise BadTable(f"'{book.file.name}' names rows that no spreadsheet has; save it anew.")
        width = width or len(row)
        yield row if len(row) >= width else [*row, *(None,) * (width - len(row))]


def _read(file: Path, rows: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """Give rows in which texts are as their writer meant them; what is wrong within the book's XML is one sentence."""
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a number that is no date comes as #VALUE!, which is told by its row
                some = list(islice(rows, ROWS_AT_ONCE))
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, IndexError, ValueError, SyntaxError) as error:
            raise UnreadableFile(f"'{file.name}' is not an Excel file (.xlsx); save it anew.") from error
        if not some:
            return
        for row in some:
            yield [unescaped(cell) if isinstance(cell, str) else cell for cell in row]


def unescaped(text: str) -> str:
    """Return a text of a cell with the letters that XML cannot hold, which Excel writes as _x000D_."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _with_formulas(file: Path, name: str, rows: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """Give rows in which a formula without a result is marked: read as empty, it would be lost without a word."""
    formulas = _load(file, results=False)
    try:
        written = _read(file, formulas[name].iter_rows(values_only=True))
        for row, source in zip(rows, written, strict=True):
            yield [NOT_COMPUTED if cell is None and one is not None else cell
                   for cell, one in zip(row, source, strict=True)]  # fmt: skip
    finally:
        formulas.close()


def _load(file: Path, *, results: bool) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions of a book, which hold no cell
            return openpyxl.load_workbook(file, read_only=True, data_only=results)
    except (zipfile.BadZipFile, KeyError, ValueError, SyntaxError) as error:
        raise UnreadableFile(f"'{file.name}' is not an Excel file (.xlsx); save it anew.") from error


def _check_size(file: Path) -> None:
    try:
        with zipfile.ZipFile(file) as packed:
            size = sum(one.file_size for one in packed.infolist())
    except zipfile.BadZipFile as error:
        raise UnreadableFile(f"'{file.name}' is not an Excel file (.xlsx); save it anew.") from error
    if size > LARGEST_BYTES:
        raise UnreadableFile(f"'{file.name}' unpacks to {size / 1e9:.1f} GB, more than a table of patients can be; "
                             "save its cells as CSV.")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Marks:
    merged: str
    formulas: bool


def _marks(file: Path, page: Any) -> _Marks:
    """Return the first merged cells of a sheet, and whether it has formulas, by a look at its XML."""
    formulas, tail = False, b""
    with zipfile.ZipFile(file) as packed, packed.open(page._worksheet_path) as xml:
        while chunk := xml.read(_CHUNK):
            text = tail + chunk
            formulas = formulas or _FORMULA.search(text) is not None
            found = _MERGED.search(text)
            if found is not None:
                return _Marks(found[1].decode("ascii"), formulas)
            tail = text[-_OVERLAP:]
    return _Marks("", formulas)
