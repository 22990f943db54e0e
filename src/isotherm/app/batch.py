"""Many cases from one list: a row each, resumable, and one bad case never stops the rest."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from isotherm import __version__
from isotherm.app.case import Request, read_case
from isotherm.app.outputs import csv_text, folder_for, safe_name, write_results
from isotherm.app.settings import Facts, Settings
from isotherm.app.tasks import assess_margin
from isotherm.errors import BadManifest, IsothermError
from isotherm.exchange.atomic import write_text

FILES = ("tumor", "ablation", "organ", "vessels", "structure", "old_scar", "image", "image_before")
FACTS = ("drawn_boundary", "days_after_ablation", "modality", "reader")
COLUMNS = ("case", *FILES, "registration_error_mm", *FACTS)
NEEDED = ("case", "tumor", "ablation")
SEPARATOR = ";"


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
        lines = [f"{self.measured} cases measured, {self.kept} kept from an earlier run, {len(self.failed)} failed."]
        lines += [f"  {name}: {why}" for name, why in self.failed]
        return "\n".join([*lines, f"Table: {self.table}"])


def run_manifest(
    manifest: str, out: str, settings: Settings, facts: Facts, *, progress: Callable[[str], None]
) -> Summary:
    """Measure every case of a list.

    Raises
    ------
    BadManifest
        The list cannot be used at all.
    OutputError
    """
    rows = read_manifest(manifest, settings, facts)
    folder = folder_for(out)
    failed: list[tuple[str, str]] = []
    measured = kept = 0
    for number, row in enumerate(rows):
        home = folder / "cases" / safe_name(row.name)
        print_key = row.fingerprint()
        if _finished(home, print_key):
            kept += 1
            continue
        try:
            folder_for(str(home))
            (home / "margin.json").unlink(missing_ok=True)
            case = read_case(row.request, facts=row.facts)
            told = f"case {row.name} ({number + 1} of {len(rows)}): "
            assessment = assess_margin(case, row.settings, progress=lambda doing, told=told: progress(told + doing))
            write_results(home, assessment)
            write_text(home / "fingerprint.txt", print_key + "\n")
            measured += 1
        except IsothermError as error:
            failed.append((row.name, str(error)))
        except Exception as error:  # one bad case never stops the rest; its name and kind are told
            failed.append((row.name, f"unforeseen {type(error).__name__}; run this case alone with `isotherm margin`"))
        _write_tables(folder, rows, failed)
    _write_tables(folder, rows, failed)
    return Summary(measured, kept, tuple(failed), folder / "margins.csv")


def read_manifest(manifest: str, settings: Settings, facts: Facts) -> list[Row]:
    """Read a list of cases; paths in it are relative to its own folder."""
    path = Path(manifest)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = [(name or "").strip() for name in reader.fieldnames or ()]
            reader.fieldnames = columns
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadManifest(f"The list {path.name} cannot be read as a CSV file ({type(error).__name__}).") from None
    if missing := [name for name in NEEDED if name not in columns]:
        raise BadManifest(f"The list {path.name} has no column {', '.join(missing)}; {', '.join(NEEDED)} are needed.")
    if unknown := [name for name in columns if name not in COLUMNS]:
        raise BadManifest(f"The list {path.name} has a column {unknown[0]!r}; known are {', '.join(COLUMNS)}.")
    found: list[Row] = []
    seen: dict[str, int] = {}
    for line, row in rows:
        cells = {name: (value or "").strip() for name, value in row.items() if isinstance(value, str | None) and name}
        if not any(cells.values()):
            continue
        name = cells.get("case", "")
        if not name:
            raise BadManifest(f"Line {line} of {path.name} names no case; give each case a name of its own.")
        if safe_name(name) in seen:
            raise BadManifest(f"Lines {seen[safe_name(name)]} and {line} of {path.name} name the same case.")
        seen[safe_name(name)] = line
        try:
            found.append(_row(name, cells, path.parent, settings, facts))
        except (IsothermError, ValueError) as error:
            raise BadManifest(f"Line {line} of {path.name}: {error}") from None
    if not found:
        raise BadManifest(f"The list {path.name} holds no case.")
    return found


def _row(name: str, cells: Mapping[str, str], home: Path, settings: Settings, facts: Facts) -> Row:
    def paths(column: str) -> tuple[str, ...]:
        return tuple(_at(home, spec.strip()) for spec in cells.get(column, "").split(SEPARATOR) if spec.strip())

    def one(column: str) -> str | None:
        found = paths(column)
        if len(found) > 1:
            raise BadManifest(f"{column} holds {len(found)} files; one is wanted.")
        return found[0] if found else None

    structures: list[tuple[str, str]] = []
    for spec in cells.get("structure", "").split(SEPARATOR):
        if spec.strip():
            label, found, file = spec.strip().partition("=")
            if not found:
                raise BadManifest("structure holds no NAME=FILE.")
            structures.append((label, _at(home, file)))
    if error := cells.get("registration_error_mm"):
        settings = replace(settings, registration_error_mm=_float(error, "registration_error_mm"))
    told: dict[str, Any] = {key: cells[key] for key in FACTS if cells.get(key)}
    if "days_after_ablation" in told:
        told["days_after_ablation"] = _float(told["days_after_ablation"], "days_after_ablation")
    request = Request(paths("tumor"), paths("ablation"), one("organ"), paths("vessels"), tuple(structures),
                      paths("old_scar"), one("image"), one("image_before"))  # fmt: skip
    return Row(name, request, settings, replace(facts, **told))


def _at(home: Path, spec: str) -> str:
    return spec if Path(spec).is_absolute() else str(home / spec)


def _float(text: str, column: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadManifest(f"{column} holds {text!r}; a number is wanted.") from None


def _stamp(spec: str) -> tuple[int, int]:
    """Return size and time of a file named as FILE or FILE:LABEL; zeros where there is none."""
    for path in (spec, spec.rpartition(":")[0]):
        if path and Path(path).is_file():
            told = Path(path).stat()
            return told.st_size, told.st_mtime_ns
    return 0, 0


def _finished(home: Path, fingerprint: str) -> bool:
    try:
        return (home / "margin.json").is_file() and (home / "fingerprint.txt").read_text().strip() == fingerprint
    except OSError:
        return False


def _write_tables(folder: Path, rows: list[Row], failed: list[tuple[str, str]]) -> None:
    """Write the tables of what is there so far, so that a run that is killed leaves them complete."""
    done: list[tuple[str, Mapping[str, Any]]] = []
    for row in rows:
        path = folder / "cases" / safe_name(row.name) / "margin.json"
        if path.is_file():
            done.append((row.name, json.loads(path.read_text(encoding="utf-8"))))
    write_text(folder / "margins.csv", csv_text(done))
    lines = [
        "case,why",
        *(f'"{name.replace(chr(34), chr(39))}","{why.replace(chr(34), chr(39))}"' for name, why in failed),
    ]
    write_text(folder / "failed.csv", "\n".join(lines) + "\n")
