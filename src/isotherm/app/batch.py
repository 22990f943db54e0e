"""Many cases from one list: a row each, resumable, and one bad case never stops the rest."""

from __future__ import annotations

import errno
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from isotherm import __version__
from isotherm.app.case import read_case
from isotherm.app.manifest import Row, read_manifest
from isotherm.app.outputs import (
    RESULT,
    TABLE,
    TABLE_HEADS,
    csv_text,
    keep_tables,
    results_in,
    safe_name,
    table_text,
    write_results,
)
from isotherm.app.places import keep_inputs, new_folder
from isotherm.app.settings import Facts, Settings
from isotherm.app.tasks import assess_margin
from isotherm.app.terminal import folded
from isotherm.errors import IsothermError
from isotherm.exchange.atomic import leftovers, write_text
from isotherm.exchange.itk_files import data_file
from isotherm.printable import printable

FAILED = "failed.csv"
FINGERPRINT = "fingerprint.txt"

MOST_FAILURES = 10
"""Failures that a summary lists; all of them are in failed.csv."""

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""Failures of a disk that would meet every case."""

Progress = Callable[[str], None]


@dataclass(slots=True)
class Summary:
    """What became of a list of cases so far, and where it is written down."""

    folder: Path
    total: int
    measured: int = 0
    kept: int = 0
    done: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    failed: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    started_s: float = field(default_factory=time.monotonic)

    def write(self) -> None:
        """Write both tables, whole."""
        write_text(self.folder / TABLE, csv_text(list(self.done.items())))
        write_text(self.folder / FAILED, table_text(("case", "why"), self.failed))

    def ahead(self) -> str:
        """Return how far the list is, for a progress line: "3 of 200, 1 failed, 25 min left"."""
        past = self.measured + self.kept + len(self.failed)
        told = f"{past + 1} of {self.total}"
        if self.failed:
            told += f", {len(self.failed)} failed"
        if self.measured:
            left_s = (time.monotonic() - self.started_s) / (past - self.kept) * (self.total - past)
            told += f", {left_s / 60.0:.0f} min left" if left_s >= 90.0 else f", {left_s:.0f} s left"
        return told

    def text(self, width: int | None = None) -> str:
        """Return the summary for a terminal, its sentences in lines of at most `width` columns where one is given."""
        cases = "case" if self.measured == 1 else "cases"
        lines = [f"{self.measured} {cases} measured, {self.kept} kept from an earlier run, {len(self.failed)} failed."]
        statuses = Counter(str(lesion["status"]) for document in self.done.values() for lesion in document["lesions"])
        if statuses:
            lines.append(f"Lesions: {', '.join(f'{count} {status}' for status, count in statuses.most_common())}.")
        lines += [line for name, why in self.failed[:MOST_FAILURES] for line in folded(f"{name}: {why}", width)]
        if (rest := len(self.failed) - MOST_FAILURES) > 0:
            lines.append(f"  and {rest} more")
        if self.failed:
            lines.append(f"Failures: {self.folder / FAILED}")
        return "\n".join(printable(line) for line in [*lines, f"Table: {self.folder / TABLE}"])


def run_manifest(manifest: str, out: str, settings: Settings, facts: Facts, *, progress: Progress) -> Summary:
    """Measure every case of a list, but for those that an earlier run has measured from the same files.

    Raises
    ------
    BadManifest
        The list cannot be used at all.
    OutputError
        The folder cannot be written to, or the list lies where its results would go.
    """
    rows = read_manifest(manifest, settings, facts)
    keep_inputs([Path(out) / TABLE, Path(out) / FAILED], [manifest])
    keep_tables(Path(out), {TABLE: TABLE_HEADS, FAILED: ["case,why"]})
    with new_folder(out) as folder:
        summary = Summary(folder, len(rows))
        for path in leftovers(folder):
            path.unlink(missing_ok=True)
        for row in rows:
            _run(row, summary, progress)
            # After each case, so that a run that is killed leaves whole tables of what it has done.
            summary.write()
    return summary


def _run(row: Row, summary: Summary, progress: Progress) -> None:
    """Measure one case, or keep what an earlier run has measured, or note why neither can be done."""
    home = summary.folder / "cases" / safe_name(row.name)
    ahead = summary.ahead()

    def tell(doing: str) -> None:
        progress(f"case {ahead}: {row.name}: {doing}")

    tell("reading")
    try:
        key = fingerprint(row)
        if (finished := _finished(home, key)) is not None:
            summary.done[row.name] = finished
            summary.kept += 1
            return
        keep_inputs(results_in(home), row.request.files)
        case = read_case(row.request, facts=row.facts)
        assessment = assess_margin(case, row.settings, progress=tell)
        tell("writing the report")
        write_results(home, assessment)
        write_text(home / FINGERPRINT, key + "\n")
        summary.done[row.name] = assessment.document
        summary.measured += 1
    except IsothermError as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno in NO_ROOM:
            raise  # all other cases would be measured for nothing
        summary.failed.append((row.name, str(error)))
    except Exception as error:  # one bad case never stops the rest; its name and kind are told
        why = f"unforeseen {type(error).__name__}; run this case alone with `isotherm margin`"
        summary.failed.append((row.name, why))


def fingerprint(row: Row) -> str:
    """Return what a finished result depends on: files by size and time, settings, facts, version."""
    stamps = [[spec, *_stamp(file)] for spec, file in zip(row.request.specs, row.request.files, strict=True)]
    told = [__version__, stamps, asdict(row.settings), asdict(row.facts), asdict(row.request)]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _stamp(file: str) -> list[int]:
    """Return size and time of a file, and of the file of voxels that its header may name; zeros where there is none.

    Of a folder, whose files are a DICOM series: how many they are, their size together and the latest time.
    """
    if Path(file).is_dir():
        stats = [path.stat() for path in Path(file).rglob("*") if path.is_file()]
        return [len(stats), sum(one.st_size for one in stats), max((one.st_mtime_ns for one in stats), default=0)]
    found: list[int] = []
    for path in (Path(file), data_file(file)):
        told = path.stat() if path is not None and path.is_file() else None
        found += [0, 0] if told is None else [told.st_size, told.st_mtime_ns]
    return found


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
