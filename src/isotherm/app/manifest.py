"""The list of cases that `isotherm margins` measures: a CSV file, its slips told by line and column."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from isotherm.app.case import Request
from isotherm.app.outputs import safe_name
from isotherm.app.settings import Facts, Settings
from isotherm.errors import BadManifest, IsothermError

FILES = ("tumor", "ablation", "organ", "vessels", "structure", "old_scar", "image", "image_before")
FACTS = ("drawn_boundary", "days_after_ablation", "modality", "reader")
COLUMNS = ("case", *FILES, "confirm_pair", "registration_error_mm", *FACTS)
NEEDED = ("case", "tumor", "ablation")
SEPARATOR = ";"


@dataclass(frozen=True, slots=True)
class Row:
    """One case of a list, with its own settings and facts."""

    name: str
    request: Request
    settings: Settings
    facts: Facts


def read_manifest(manifest: str, settings: Settings, facts: Facts) -> list[Row]:
    """Read a list of cases; paths in it are relative to its own folder.

    Raises
    ------
    BadManifest
        Says the line and the column: a slip in a list is mended before hours are spent on the rest of it.
    """
    path = Path(manifest)
    lines = _lines(path)
    columns = _columns(path, lines[0][1] if lines else [])
    found: list[Row] = []
    folders: dict[str, int] = {}
    for line, cells in lines[1:]:
        if not any(cells):
            continue
        where = f"Line {line} of {path.name}"
        if any(cells[len(columns) :]):
            raise BadManifest(
                f"{where} has more cells than the list has columns; put cells that hold a comma in quotes."
            )
        told = {column: cell for column, cell in zip(columns, cells, strict=False) if column}
        if missing := [name for name in NEEDED if not told.get(name)]:
            raise BadManifest(f"{where}: the column {missing[0]} is empty; fill it in, or take the line out.")
        # Names of folders: on some systems they are the same in upper and in lower case.
        home = safe_name(told["case"]).casefold()
        if home in folders:
            raise BadManifest(
                f"Lines {folders[home]} and {line} of {path.name} name cases that cannot be told apart as folders; "
                "give each case a name of its own, in letters, digits, dots and dashes."
            )
        folders[home] = line
        try:
            found.append(_row(told, path.parent.resolve(), settings, facts))
        except IsothermError as error:
            raise BadManifest(f"{where}: {error}") from None
    if not found:
        raise BadManifest(f"The list {path.name} holds no case; write one line for each case under the columns' names.")
    return found


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Return the number and the cells of every line that has any; a quoted cell may reach over several lines."""
    if path.is_dir():
        raise BadManifest("A folder came as the list, which cannot be read; give a CSV file.")
    lines: list[tuple[int, list[str]]] = []
    first = 1
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            for cells in reader:
                if any("\0" in cell for cell in cells):
                    raise csv.Error("a byte of zero, which no text holds")
                if cells:
                    lines.append((first, [cell.strip() for cell in cells]))
                first = reader.line_num + 1
    except OSError as error:
        raise BadManifest(
            f"The list {path.name} cannot be read ({(error.strerror or 'unknown').lower()}); give a CSV file."
        ) from None
    except UnicodeDecodeError:
        raise BadManifest(
            f"The list {path.name} is not a CSV file in UTF-8; save it as such (in a spreadsheet: CSV UTF-8)."
        ) from None
    except csv.Error:
        raise BadManifest(
            f"The list {path.name} is no table from line {first} on; look for a quote that is not closed, or save it "
            "as a CSV file anew."
        ) from None
    return lines


def _columns(path: Path, names: list[str]) -> list[str]:
    """Return the columns' names as they are written here; those of the options pass, and so do empty columns."""
    columns = [name.lower().removeprefix("--").replace("-", "_") for name in names]
    if len(columns) == 1 and any(sign in columns[0] for sign in ";\t"):
        raise BadManifest(f"The list {path.name} has its cells separated by ; or tabs; save it with commas.")
    if missing := [name for name in NEEDED if name not in columns]:
        raise BadManifest(f"The list {path.name} has no column {missing[0]}; {', '.join(NEEDED)} are needed.")
    if unknown := [name for name, known in zip(names, columns, strict=True) if known and known not in COLUMNS]:
        raise BadManifest(f"The list {path.name} has a column {unknown[0]!r}; known are {', '.join(COLUMNS)}.")
    if twice := [name for name in COLUMNS if columns.count(name) > 1]:
        raise BadManifest(
            f"The list {path.name} has the column {twice[0]} twice; several files go into one cell, with ;."
        )
    return columns


def _row(cells: Mapping[str, str], home: Path, settings: Settings, facts: Facts) -> Row:
    def paths(column: str) -> tuple[str, ...]:
        return tuple(_at(home, spec.strip()) for spec in cells.get(column, "").split(SEPARATOR) if spec.strip())

    def one(column: str) -> str | None:
        found = paths(column)
        if len(found) > 1:
            raise BadManifest(f"the column {column} holds {len(found)} files; one is wanted.")
        return found[0] if found else None

    structures: list[tuple[str, str]] = []
    for spec in cells.get("structure", "").split(SEPARATOR):
        if spec.strip():
            label, _, file = (part.strip() for part in spec.partition("="))
            if not (label and file):
                raise BadManifest(f"the column structure holds {_short(spec)!r}; NAME=FILE is wanted.")
            structures.append((label, _at(home, file)))
    if error := cells.get("registration_error_mm"):
        settings = replace(settings, registration_error_mm=_float(error, "registration_error_mm"))
    told: dict[str, Any] = {key: cells[key] for key in FACTS if cells.get(key)}
    if "days_after_ablation" in told:
        told["days_after_ablation"] = _float(told["days_after_ablation"], "days_after_ablation")
    confirmed = _yes(cells.get("confirm_pair", ""))
    request = Request(paths("tumor"), paths("ablation"), one("organ"), paths("vessels"), tuple(structures),
                      paths("old_scar"), one("image"), one("image_before"), confirmed)  # fmt: skip
    return Row(cells["case"], request, settings, replace(facts, **told))


def _at(home: Path, spec: str) -> str:
    return spec if Path(spec).is_absolute() else str(home / spec)


def _yes(text: str) -> bool:
    if text.casefold() not in ("", "yes", "no"):
        raise BadManifest(f"the column confirm_pair holds {_short(text)!r}; yes or no is wanted.")
    return text.casefold() == "yes"


def _float(text: str, column: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadManifest(f"the column {column} holds {_short(text)!r}; a number is wanted, as in 1.5.") from None


def _short(text: str) -> str:
    """Return the end of a cell for a message: a path's folders say who the patient is more often than its name."""
    return text.strip().replace("\\", "/").rsplit("/", 1)[-1][:60]
