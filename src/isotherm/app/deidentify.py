"""De-identification of a folder, and of a table beside it, with a report of what was done to which attribute."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isotherm import __version__
from isotherm.app.places import new_folder, usable_folder
from isotherm.errors import BadSetting, OutputError
from isotherm.exchange.atomic import write_text
from isotherm.exchange.deid_folder import Deidentified, deidentify_folder
from isotherm.exchange.deid_secret import read_or_make_key
from isotherm.exchange.deid_table import deidentify_table
from isotherm.exchange.deid_walk import CODES

REPORT, TABLE = "deidentification.json", "table.csv"


@dataclass(frozen=True, slots=True)
class TableRequest:
    """A table that is moved with the images, and which columns of it are what."""

    path: str
    patient: str
    days: tuple[str, ...]


def deidentify(source: str, out: str, key: str, table: TableRequest | None = None) -> list[str]:
    """De-identify a folder into another one; return what to tell, in lines.

    Raises
    ------
    InputError, OutputError
    """
    target = usable_folder(out)
    _keep_apart(Path(source), target, Path(key))
    secret, new = read_or_make_key(key)
    with new_folder(out) as folder:
        rows = None
        if table is not None:
            rows = deidentify_table(table.path, folder / TABLE, secret, patient=table.patient, days=table.days)
        told = deidentify_folder(source, folder, secret)
        write_text(folder / REPORT, json.dumps(report_of(told, rows), indent=1) + "\n")
    return _lines(told, rows, target, new_key=new)


def _keep_apart(source: Path, target: Path, key: Path) -> None:
    if target.exists() and any(target.iterdir()):
        raise OutputError("The output folder is not empty; name a new one, so that nothing else is taken for cleaned.")
    inside = target.resolve()
    if source.exists() and (inside == source.resolve() or source.resolve() in inside.parents):
        raise OutputError("The output folder lies in the folder that came in; name one outside of it.")
    if inside in key.resolve().parents or inside == key.resolve():
        raise BadSetting("The key would lie among what goes out; name a place for it that stays with you.")


def report_of(told: Deidentified, rows: int | None) -> dict[str, Any]:
    """Return what was done to which attribute, before and after; it holds no value of a patient."""
    return {
        "schema": "isotherm.deidentification/1",
        "software": f"isotherm {__version__}",
        "profile": [{"code": value, "meaning": meaning} for value, meaning in CODES],
        "patients": len(told.patients),
        "objects": dict(sorted(told.written.items())),
        "quarantined": [{"reason": reason, "objects": count} for reason, count in sorted(told.quarantined.items())],
        "not_dicom": told.not_dicom,
        "table_rows": rows,
        "attributes": [
            {"attribute": path, "action": action, "objects": count}
            for (path, action), count in sorted(told.tally.done.items())
        ],
    }


def _lines(told: Deidentified, rows: int | None, folder: Path, *, new_key: bool) -> list[str]:
    written = sum(told.written.values())
    lines = [f"{written} objects of {len(told.patients)} patients without their names; {folder / REPORT} says how."]
    lines += [f"  {count} stay behind: {reason}" for reason, count in sorted(told.quarantined.items())]
    lines += [f"  {told.not_dicom} files are not DICOM and stay behind"] if told.not_dicom else []
    lines += [f"  {rows} rows of the table moved by the same days: {folder / TABLE}"] if rows is not None else []
    if new_key:
        lines.append("A new key was made. Keep it: only with it do later examinations fit these. Never give it away.")
    lines.append("Look before you share: nobody has read the pixels, nor columns of a table that were not named.")
    return lines


def split_names(text: str | None) -> Sequence[str]:
    """Return names that were given with commas."""
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())
