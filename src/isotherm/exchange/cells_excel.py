"""Cells of an Excel book, row by row: merged cells and formulas without a result are refused, bombs never unpacked."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell.cell import ERROR_CODES

from isotherm.errors import BadTable, UnreadableFile
from isotherm.printable import printable

LARGEST_BYTES = 400_000_000
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

    def chosen(self, sheet: str | None, *, first: bool = False) -> str:
        """Return the sheet that is meant.

        Raises
        ------
        UnreadableFile
            There is none of that name, or several of which none is named.
        """
        if sheet is not None:
            if sheet not in [one.title for one in self.values.worksheets]:
                there = ", ".join(map(printable, self.visible))
                raise UnreadableFile(f"'{self.file.name}' has no sheet '{printable(sheet)}'; it has: {there}.")
            return sheet
        if first and self.visible:
            return self.visible[0]
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
    with _loaded(file, results=True) as values:
        yield Book(file, values)


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
        with _sound(file):
            some = list(islice(rows, ROWS_AT_ONCE))
        if not some:
            return
        for row in some:
            yield [unescaped(cell) if isinstance(cell, str) else cell for cell in row]


def unescaped(text: str) -> str:
    """Return a text of a cell with the letters that XML cannot hold, which Excel writes as _x000D_."""
    return _ESCAPED.sub(_letter, text) if "_x" in text else text


def _letter(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return found[0] if 0xD800 <= code <= 0xDFFF else chr(code)  # half a letter stays as it is written


def _with_formulas(file: Path, name: str, rows: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """Give rows in which a formula without a result is marked: read as empty, it would be lost without a word."""
    with _loaded(file, results=False) as formulas:
        written = _read(file, formulas[name].iter_rows(values_only=True))
        for row, source in zip(rows, written, strict=True):
            yield [NOT_COMPUTED if cell is None and one is not None else cell
                   for cell, one in zip(row, source, strict=True)]  # fmt: skip


@contextmanager
def _loaded(file: Path, *, results: bool) -> Generator[Any]:
    """Open a book with the results of its formulas, or with the formulas; its file is ours, and closed in any case."""
    with file.open("rb") as stream:
        with _sound(file):
            book = openpyxl.load_workbook(stream, read_only=True, data_only=results)
        yield book


@contextmanager
def _sound(file: Path) -> Generator[None]:
    """Turn what a spoiled book makes zipfile, expat and openpyxl raise, which is almost anything, into one refusal.

    Their warnings are about styles, extensions, and numbers that are no days; those come as #VALUE!, told by their row.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (OSError, MemoryError):
        raise
    except Exception as error:
        raise UnreadableFile(f"'{file.name}' is not an Excel file (.xlsx), or damaged; save it anew.") from error


def _check_size(file: Path) -> None:
    with _sound(file), zipfile.ZipFile(file) as packed:
        size = sum(one.file_size for one in packed.infolist())
    if size > LARGEST_BYTES:
        raise UnreadableFile(f"'{file.name}' unpacks to {size / 1e6:,.0f} MB, more than a table of patients can be; "
                             "save its cells as CSV.")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Marks:
    merged: str
    formulas: bool


def _marks(file: Path, page: Any) -> _Marks:
    """Return the first merged cells of a sheet, and whether it has formulas, by a look at its XML."""
    formulas, tail = False, b""
    with _sound(file), zipfile.ZipFile(file) as packed, packed.open(page._worksheet_path) as xml:
        while chunk := xml.read(_CHUNK):
            text = tail + chunk
            formulas = formulas or _FORMULA.search(text) is not None
            found = _MERGED.search(text)
            if found is not None:
                return _Marks(found[1].decode("ascii"), formulas)
            tail = text[-_OVERLAP:]
    return _Marks("", formulas)
