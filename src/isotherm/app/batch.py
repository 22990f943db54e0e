"""Many cases from one list: a row each, resumable, and one bad case never stops the rest."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from isotherm import __version__
from isotherm.app.case import Request, read_case
from isotherm.app.outputs import RESULT, csv_text, folder_for, safe_name, table_text, write_results
from isotherm.app.settings import Facts, Settings
from isotherm.app.tasks import assess_margin
from isotherm.errors import BadManifest, IsothermError
from isotherm.exchange.atomic import write_text
from isotherm.exchange.segments import split_spec
from isotherm.exchange.voxel_source import printable

FILES = ("tumor", "ablation", "organ", "vessels", "structure", "old_scar", "image", "image_before")
FACTS = ("drawn_boundary", "days_after_ablation", "modality", "reader")
COLUMNS = ("case", *FILES, "registration_error_mm", *FACTS)
NEEDED = ("case", "tumor", "ablation")
SEPARATOR = ";"
FINGERPRINT = "fingerprint.txt"


@dataclass(frozen=True, slots=True)
class Row:
    """One case of a list, with its own settings and facts."""

    name: str
    request: Request
    settings: Settings
    facts: Facts

    def fingerprint(self) -> str:
        """Return what a finished result depends on: files by size and time, settings, facts, version."""
        paths = [*self.request.tumors, *self.request.ablations, *self.request.vessels, *self.request.old_scars,
                 *(spec for _, spec in self.request.structures),
                 *(p for p in (self.request.organ, self.request.image, self.request.image_before) if p)]  # fmt: skip
        stamps = [[spec, *_stamp(spec)] for spec in paths]
        told = [__version__, stamps, asdict(self.settings), asdict(self.facts), asdict(self.request)]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of a list of cases."""

    measured: int
    kept: int
    failed: tuple[tuple[str, str], ...]
    table: Path

    def text(self) -> str:
        """Return the summary for a terminal."""
        cases = "case" if self.measured == 1 else "cases"
        lines = [f"{self.measured} {cases} measured, {self.kept} kept from an earlier run, {len(self.failed)} failed."]
        lines += [f"  {name}: {why}" for name, why in self.failed]
        return "\n".join(printable(line) for line in [*lines, f"Table: {self.table}"])


def run_manifest(
    manifest: str, out: str, settings: Settings, facts: Facts, *, progress: Callable[[str], None]
) -> Summary:
    """Measure every case of a list, but for those that an earlier run has measured from the same files.

    Raises
    ------
    BadManifest
        The list cannot be used at all.
    OutputError
    """
    rows = read_manifest(manifest, settings, facts)
    folder = folder_for(out)
    done: dict[str, Mapping[str, Any]] = {}
    failed: list[tuple[str, str]] = []
    kept = 0
    for number, row in enumerate(rows):
        home = folder / "cases" / safe_name(row.name)
        told = f"case {row.name} ({number + 1} of {len(rows)}): "
        progress(told + "reading")
        try:
            key = row.fingerprint()
            if (finished := _finished(home, key)) is not None:
                done[row.name] = finished
                kept += 1
                continue
            case = read_case(row.request, facts=row.facts)
            assessment = assess_margin(case, row.settings, progress=lambda doing, told=told: progress(told + doing))
            write_results(home, assessment)
            write_text(home / FINGERPRINT, key + "\n")
            done[row.name] = assessment.document
        except IsothermError as error:
            failed.append((row.name, str(error)))
        except Exception as error:  # one bad case never stops the rest; its name and kind are told
            failed.append((row.name, f"unforeseen {type(error).__name__}; run this case alone with `isotherm margin`"))
        # After each case, so that a run that is killed leaves whole tables of what it has done.
        _write_tables(folder, done, failed)
    _write_tables(folder, done, failed)
    return Summary(len(done) - kept, kept, tuple(failed), folder / "margins.csv")


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
            found.append(_row(told, path.parent, settings, facts))
        except IsothermError as error:
            raise BadManifest(f"{where}: {error}") from None
    if not found:
        raise BadManifest(f"The list {path.name} holds no case; write one line for each case under the columns' names.")
    return found


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Return the number and the cells of every line that has any; a quoted cell may reach over several lines."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            lines: list[tuple[int, list[str]]] = []
            first = 1
            for cells in reader:
                if cells:
                    lines.append((first, [cell.strip() for cell in cells]))
                first = reader.line_num + 1
    except OSError as error:
        raise BadManifest(
            f"The list {path.name} cannot be read ({(error.strerror or 'unknown').lower()}); give a CSV file."
        ) from None
    except (UnicodeDecodeError, csv.Error):
        raise BadManifest(
            f"The list {path.name} is not a CSV file in UTF-8; save it as such (in a spreadsheet: CSV UTF-8)."
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
    request = Request(paths("tumor"), paths("ablation"), one("organ"), paths("vessels"), tuple(structures),
                      paths("old_scar"), one("image"), one("image_before"))  # fmt: skip
    return Row(cells["case"], request, settings, replace(facts, **told))


def _at(home: Path, spec: str) -> str:
    return spec if Path(spec).is_absolute() else str(home / spec)


def _float(text: str, column: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadManifest(f"the column {column} holds {_short(text)!r}; a number is wanted, as in 1.5.") from None


def _short(text: str) -> str:
    """Return the end of a cell for a message: a path's folders say who the patient is more often than its name."""
    return text.strip().replace("\\", "/").rsplit("/", 1)[-1][:60]


def _stamp(spec: str) -> tuple[int, int]:
    """Return size and time of a file named as FILE or FILE:LABEL; zeros where there is none."""
    path = Path(split_spec(spec)[0])
    if not path.is_file():
        return 0, 0
    told = path.stat()
    return told.st_size, told.st_mtime_ns


def _finished(home: Path, key: str) -> Mapping[str, Any] | None:
    """Return the result of an earlier run of the same case, or None where there is none, or only a damaged one."""
    try:
        if (home / FINGERPRINT).read_text(encoding="utf-8").strip() != key:
            return None
        document: Mapping[str, Any] = json.loads((home / RESULT).read_text(encoding="utf-8"))
        csv_text([("", document)])
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return document


def _write_tables(folder: Path, done: Mapping[str, Mapping[str, Any]], failed: Sequence[tuple[str, str]]) -> None:
    write_text(folder / "margins.csv", csv_text(list(done.items())))
    write_text(folder / "failed.csv", table_text(("case", "why"), failed))
