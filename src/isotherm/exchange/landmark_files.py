"""Landmarks from files: one CSV of pairs, or two lists of points as 3D Slicer and elastix write them.

No frame is ever guessed: left-posterior-superior (LPS: DICOM, ITK, elastix) and right-anterior-superior (RAS: NIfTI,
3D Slicer's screen) differ in two signs, and a wrong one mirrors the patient. A CSV says it in a line of its own above
its header, `# frame: LPS`.
"""

from __future__ import annotations

import csv
import json
import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from isotherm.errors import BadLandmarks, UnreadableFile
from isotherm.exchange.text_files import text_of
from isotherm.imaging.geometry import Float
from isotherm.imaging.landmarks import Landmarks
from isotherm.printable import printable

Frame = Literal["LPS", "RAS"]

TO_LPS: dict[str, tuple[float, float, float]] = {"LPS": (1.0, 1.0, 1.0), "RAS": (-1.0, -1.0, 1.0)}

SLICER_FRAMES = {"0": "RAS", "RAS": "RAS", "1": "LPS", "LPS": "LPS"}
"""What .fcsv calls its frames, by number until version 4.10 of Slicer."""

COLUMNS = [f"{side}_{axis}" for side in ("after", "before") for axis in "xyz"]
"""What a CSV of pairs has to have; `name` may stand beside."""

LONGEST_NAME = 64


@dataclass(frozen=True, slots=True, eq=False)
class _Points:
    names: tuple[str, ...]
    points_lps_mm: Float


def read_landmarks(
    path: str | os.PathLike[str], before: str | os.PathLike[str] | None = None, *, frame: Frame | None = None
) -> Landmarks:
    """Read landmarks of the scan after and the scan before.

    Parameters
    ----------
    path : str or path
        A CSV with the columns name, after_x, after_y, after_z, before_x, before_y, before_z, in mm; or, together with
        `before`, the points on the scan after.
    before : str or path, optional
        The points on the scan before. Both files may be of 3D Slicer (.mrk.json, .fcsv) or of elastix (.txt, .pts,
        with `point` in its first line). Points of the same name are a pair; where the files share no name, the order
        pairs them.
    frame : {"LPS", "RAS"}, optional
        Of files that do not say it themselves; one that says another is refused.

    Raises
    ------
    UnreadableFile
        Missing, damaged or of no known kind.
    BadLandmarks
        The points do not pair, or nothing says in which frame they are.
    """
    if frame is not None and frame not in TO_LPS:
        raise BadLandmarks(f"Landmarks of the frame '{printable(str(frame))}' came; LPS and RAS are known.")
    if before is None:
        return _pairs(Path(path), frame)
    return _matched(_points(Path(path), frame), _points(Path(before), frame))


def _points(file: Path, frame: Frame | None) -> _Points:
    name = file.name.lower()
    readers: dict[str, Callable[[Path, Frame | None], _Points]] = {
        ".fcsv": _fcsv, ".json": _markups, ".txt": _elastix, ".pts": _elastix,
    }  # fmt: skip
    reader = next((read for end, read in readers.items() if name.endswith(end)), None)
    if reader is None:
        raise UnreadableFile(
            f"The landmark file '{printable(file.name)}' is of no known kind for the points of one scan; .mrk.json and "
            ".fcsv of 3D Slicer and .txt of elastix are known, or one .csv with both scans."
        )
    return reader(file, frame)


def _pairs(file: Path, frame: Frame | None) -> Landmarks:
    if not file.name.lower().endswith((".csv", ".tsv")):
        raise UnreadableFile(
            f"The landmark file '{printable(file.name)}' holds the points of one scan at most; give that of the other "
            "scan as well, or one .csv with both."
        )
    text = _text(file)
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    said = re.findall(r"^#\s*frame\s*[:=]\s*(\S+)", text, re.MULTILINE | re.IGNORECASE)
    signs = _signs(said[0].upper() if said else None, frame, file)
    separator = max(",;\t", key=lambda one: lines[0].count(one)) if lines else ","
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=separator)]
    header = [name.lower().removesuffix("_mm") for name in rows[0]] if rows else []
    if any(header.count(name) != 1 for name in COLUMNS):
        raise BadLandmarks(
            f"The landmark file '{printable(file.name)}' lacks one of the columns {', '.join(COLUMNS)}, or has it "
            "twice; name them so in its first line."
        )
    if any(len(row) != len(header) for row in rows):
        raise BadLandmarks(f"The landmark file '{printable(file.name)}' has rows of different lengths; write it anew.")
    numbers = _numbers([[row[header.index(name)] for name in COLUMNS] for row in rows[1:]], file)
    names = [row[header.index("name")] for row in rows[1:]] if "name" in header else [""] * (len(rows) - 1)
    return Landmarks(numbers[:, :3] * signs, numbers[:, 3:] * signs, _named(names))


def _fcsv(file: Path, frame: Frame | None) -> _Points:
    text = _text(file)
    said = re.findall(r"^#\s*CoordinateSystem\s*=\s*(\S+)", text, re.MULTILINE)
    signs = _signs(SLICER_FRAMES.get(said[0].upper(), said[0]) if said else None, frame, file)
    columns = re.findall(r"^#\s*columns\s*=\s*(.+?)\s*$", text, re.MULTILINE)
    header = columns[0].split(",") if columns else ["id", "x", "y", "z"]
    rows = list(csv.reader(line for line in text.splitlines() if line.strip() and not line.startswith("#")))
    wanted = [header.index(axis) for axis in "xyz" if axis in header]
    if len(wanted) != 3 or any(len(row) <= max(wanted) for row in rows):
        raise BadLandmarks(f"The landmark file '{printable(file.name)}' has points without x, y and z; save it anew.")
    numbers = _numbers([[row[at] for at in wanted] for row in rows], file)
    at = header.index("label") if "label" in header else len(header)
    return _Points(_named([row[at] if at < len(row) else "" for row in rows]), numbers * signs)


def _markups(file: Path, frame: Frame | None) -> _Points:
    try:
        whole: Any = json.loads(_text(file))
        (list_of_points,) = [one for one in whole["markups"] if one.get("controlPoints")]
        points = cast("list[dict[str, Any]]", list_of_points["controlPoints"])
        said, unit = list_of_points.get("coordinateSystem"), list_of_points.get("coordinateUnits", "mm")
        placed = all(point.get("positionStatus", "defined") == "defined" for point in points)
        cells = [[str(value) for value in point["position"]] for point in points]
        names = [str(point.get("label", "")) for point in points]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableFile(
            f"The landmark file '{printable(file.name)}' is not one list of points of 3D Slicer; save one list in it."
        ) from error
    if unit not in ("mm", ["mm", "mm", "mm"]):
        raise BadLandmarks(f"The landmark file '{printable(file.name)}' is not in mm; save it in mm.")
    if not placed or any(len(row) != 3 for row in cells):
        raise BadLandmarks(f"The landmark file '{printable(file.name)}' has points that were not placed; remove them.")
    signs = _signs(None if said is None else str(said).upper(), frame, file)
    return _Points(_named(names), _numbers(cells, file) * signs)


def _elastix(file: Path, frame: Frame | None) -> _Points:
    words = _text(file).split()
    if words[:1] != ["point"]:
        raise BadLandmarks(
            f"The landmark file '{printable(file.name)}' does not begin with 'point' as elastix writes points in mm; "
            "voxel indices are not read."
        )
    signs = _signs("LPS", frame, file)
    cells = words[2:]
    if len(words) < 2 or not words[1].isdecimal() or len(cells) != 3 * int(words[1][:9]):
        raise UnreadableFile(
            f"The landmark file '{printable(file.name)}' holds another number of points than it says; it is cut short, "
            "or damaged."
        )
    numbers = _numbers([cells[at : at + 3] for at in range(0, len(cells), 3)], file)
    return _Points(_named([""] * len(numbers)), numbers * signs)


def _text(file: Path) -> str:
    return text_of(file, called="landmark file", example="points that were drawn")


def _signs(said: str | None, frame: Frame | None, file: Path) -> Float:
    if said is None and frame is None:
        raise BadLandmarks(
            f"The landmark file '{printable(file.name)}' does not say in which frame its points are; write "
            "'# frame: LPS' or '# frame: RAS' in its first line, or name the frame beside it."
        )
    if said is not None and said not in TO_LPS:
        raise BadLandmarks(
            f"The landmark file '{printable(file.name)}' is in no frame of a patient; LPS or RAS is wanted."
        )
    if said is not None and frame is not None and said != frame:
        raise BadLandmarks(f"The landmark file '{printable(file.name)}' says {said} where {frame} was named; check it.")
    return np.array(TO_LPS[said or str(frame)])


def _numbers(cells: list[list[str]], file: Path) -> Float:
    if not cells:
        raise BadLandmarks(f"The landmark file '{printable(file.name)}' holds no point; point out at least one place.")
    bad = sum(any(not _is_number(cell) for cell in row) for row in cells)
    if bad:
        raise BadLandmarks(
            f"The landmark file '{printable(file.name)}' has {bad} of {len(cells)} points whose coordinates are not "
            "numbers (with a decimal point, in mm); correct them."
        )
    return np.array(cells, dtype=np.float64)


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _named(names: list[str]) -> tuple[str, ...]:
    """Return names fit to be shown; points without one are numbered."""
    return tuple(printable(name.strip())[:LONGEST_NAME] or str(n) for n, name in enumerate(names, start=1))


def _matched(after: _Points, before: _Points) -> Landmarks:
    """Pair points of the same name; where the files share no name, in their order."""
    one, other = after.names, before.names
    shared = set(one) & set(other)
    if len(set(one)) == len(one) and set(one) == set(other) and len(one) == len(other):
        order = [other.index(name) for name in one]
        return Landmarks(after.points_lps_mm, before.points_lps_mm[order], one)
    if shared or len(one) != len(other):
        raise BadLandmarks(
            f"Landmarks that do not pair came, {len(one)} on the scan after and {len(other)} on the scan before; give "
            "the same places the same names."
        )
    return Landmarks(after.points_lps_mm, before.points_lps_mm, one)
