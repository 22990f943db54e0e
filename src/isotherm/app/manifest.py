"""The list of cases that `isotherm batch` measures: a table, its slips told by line and column."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from isotherm.app.batch_task import Task
from isotherm.app.manifest_row import COLUMNS, NEEDED, task_of
from isotherm.app.outputs import safe_name
from isotherm.app.settings import Facts, Settings
from isotherm.errors import BadManifest, IsothermError
from isotherm.exchange.cells_in import SEPARATORS
from isotherm.exchange.tables_in import FORMS, column_names, read_table
from isotherm.printable import printable

Lines = list[tuple[int, list[str]]]
"""The number and the cells of every line that has any."""


def read_manifest(manifest: str, settings: Settings, facts: Facts) -> list[Task]:
    """Read a list of cases; paths in it are relative to its own folder.

    Parameters
    ----------
    manifest : str
        CSV in UTF-8 (commas, semicolons or tabs), Excel or Parquet.
    settings, facts
        Of every case, where its row says nothing else.

    Raises
    ------
    BadManifest
        Says the line and the column: a slip in a list is mended before hours are spent on the rest of it.
    """
    path = Path(manifest)
    lines = _lines(path)
    columns = _columns(path, lines[0][1] if lines else [])
    home = Path(os.path.abspath(path.parent))  # not resolved: on other machines links may lead elsewhere
    found: list[Task] = []
    folders: dict[str, int] = {}
    unnamed: dict[str, tuple[int, bool]] = {}
    for line, cells in lines[1:]:
        if not any(cells):
            continue
        where = f"Line {line} of {_name(path)}"
        if any(cells[len(columns) :]):
            raise BadManifest(
                f"{where} has more cells than the list has columns; put cells that hold a comma in quotes."
            )
        told = {column: cell for column, cell in zip(columns, cells, strict=False) if column and cell}
        if missing := [name for name in NEEDED if name not in told]:
            raise BadManifest(f"{where}: the column {missing[0]} is empty; fill it in, or take the line out.")
        # Names of folders: on some systems they are the same in upper and in lower case.
        folder = safe_name(told["case"]).casefold()
        if folder in folders:
            raise BadManifest(
                f"Lines {folders[folder]} and {line} of {_name(path)} name cases that cannot be told apart as folders; "
                "give each case a name of its own, in letters, digits, dots and dashes."
            )
        folders[folder] = line
        try:
            found.append(task_of(told, home, settings, facts))
        except IsothermError as error:
            raise BadManifest(f"{where}: {error}") from None
        first, named = unnamed.setdefault(found[-1].patient, (line, bool(found[-1].lesions)))
        if first != line and not (named and found[-1].lesions):
            raise BadManifest(
                f"Lines {first} and {line} of {_name(path)} are of one patient; name the lesions of both (lesion), so "
                "that tables tell which of them are the same."
            )
    if not found:
        raise BadManifest(f"The list {_name(path)} holds no case; write one line for each under the columns' names.")
    return found


def _lines(path: Path) -> Lines:
    if path.is_dir():
        raise BadManifest("A folder came as the list, which cannot be read; give a CSV, Excel or Parquet file.")
    if FORMS.get(path.suffix.lower(), "csv") != "csv":
        return _table(path)
    first = 1
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            # In a spreadsheet's own language, semicolons may separate cells: the names of the columns hold none.
            sign = max(SEPARATORS, key=file.readline().count)
            file.seek(0)
            lines: Lines = []
            for first, cells in _rows(file, sign):
                lines.append((first, cells))
            return lines
    except OSError as error:
        raise BadManifest(
            f"The list {_name(path)} cannot be read ({(error.strerror or 'unknown').lower()}); give a CSV file."
        ) from None
    except UnicodeDecodeError:
        raise BadManifest(
            f"The list {_name(path)} is not a CSV file in UTF-8; save it as such (in a spreadsheet: CSV UTF-8)."
        ) from None
    except _NoTable as error:
        raise BadManifest(
            f"The list {_name(path)} is no table from line {error.line} on; look for a quote that is not closed, or "
            "save it as a CSV file anew."
        ) from None


class _NoTable(Exception):
    """A line that cannot be cut into cells."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def _rows(file: Iterator[str], sign: str) -> Iterator[tuple[int, list[str]]]:
    """Return the number and the cells of each line that has any; a quoted cell may reach over several lines."""
    reader = csv.reader(file, delimiter=sign, strict=True)
    first = 1
    try:
        for cells in reader:
            if any("\0" in cell for cell in cells):
                raise _NoTable(first)  # a byte of zero, which no text holds
            if cells:
                yield first, [cell.strip() for cell in cells]
            first = reader.line_num + 1
    except csv.Error:
        raise _NoTable(first) from None


def _table(path: Path) -> Lines:
    """Read an Excel or Parquet file, every cell as text; blank rows are not counted."""
    try:
        names = column_names(path)
        table = read_table(path, wanted=dict.fromkeys(names, "text"))
    except IsothermError as error:
        raise BadManifest(f"The list cannot be used. {error}") from None
    rows: list[list[Any]] = table.astype(object).where(table.notna(), "").to_numpy().tolist()
    return [(1, names), *((line, [str(cell) for cell in row]) for line, row in enumerate(rows, start=2))]


def _columns(path: Path, names: Sequence[str]) -> list[str]:
    """Return the columns' names as they are written here; those of the options pass, and so do empty columns."""
    columns = [name.lower().removeprefix("--").replace("-", "_") for name in names]
    if missing := [name for name in NEEDED if name not in columns]:
        raise BadManifest(f"The list {_name(path)} has no column {missing[0]}; {', '.join(NEEDED)} are needed.")
    if unknown := [name for name, known in zip(names, columns, strict=True) if known and known not in COLUMNS]:
        raise BadManifest(
            f"The list {_name(path)} has a column {printable(unknown[0])[:60]!r}; known are {', '.join(COLUMNS)}."
        )
    if twice := [name for name in COLUMNS if columns.count(name) > 1]:
        raise BadManifest(
            f"The list {_name(path)} has the column {twice[0]} twice; several files go into one cell, with ;."
        )
    return columns


def _name(path: Path) -> str:
    return printable(path.name)[:60]
