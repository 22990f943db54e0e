"""The table of what a DICOM folder holds, for a terminal and as JSON."""

from __future__ import annotations

import json
from typing import Any

from isotherm.errors import IsothermError
from isotherm.exchange.dicom_masks import open_mask
from isotherm.exchange.dicom_series import Folder, Series, scan
from isotherm.exchange.voxel_source import ImageFile, Segment, printable

HEAD = ("series", "kind", "planes", "rows x columns", "voxel mm", "day", "description")

LONGEST = 40
"""Letters of a description that the table shows."""

MOST_SEGMENTS = 20
"""Segments of one mask that the table names; --json names all."""


def list_folder(path: str) -> Folder:
    """Read the headers of a folder, an archive or a file."""
    return scan(ImageFile(path, "DICOM"))


def list_text(folder: Folder) -> str:
    """Return the table for a terminal, and why some series cannot be read."""
    rows = [HEAD, *(_row(one) for one in folder.series)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * size for size in widths))
    for one in folder.series:
        if one.simulated:
            lines.append(f"  series {one.label} says of itself that it is simulated")
        segments, problem = segments_of(one)
        if segments:
            more = f" and {len(segments) - MOST_SEGMENTS} more" if len(segments) > MOST_SEGMENTS else ""
            names = ", ".join(f"{each.label} [{each.value}]" for each in segments[:MOST_SEGMENTS])
            lines.append(f"  series {one.label} holds {names}{more}")
        elif problem or (one.problem and one.stack):
            lines.append(f"  series {one.label} {one.problem or f'cannot be used: {problem}'}")
    passed = [f"{folder.not_dicom} files are not DICOM"] if folder.not_dicom else []
    passed += [f"{folder.damaged} are damaged"] if folder.damaged else []
    lines += [f"  {' and '.join(passed)}; they were passed over"] if passed else []
    lines += [f"  {patients_words(folder)}"] if len(folder.patients) > 1 else []
    return "\n".join(printable(line) for line in lines)


def patients_words(folder: Folder) -> str:
    """Return which series are of which patient, who are only numbered."""
    each = (f"patient {number}: {', '.join(labels)}" for number, labels in enumerate(folder.patients, start=1))
    return f"the series are of {len(folder.patients)} patients ({'; '.join(each)})"


def segments_of(one: Series) -> tuple[tuple[Segment, ...], str]:
    """Return the segments of a SEG or an RTSTRUCT, none for anything else; and why a mask cannot be used, or ""."""
    if not one.is_mask:
        return (), ""
    try:
        return open_mask(one).segments, ""
    except IsothermError as error:
        return (), str(error)


def list_json(folder: Folder) -> str:
    """Return the table as JSON."""
    told = {
        "schema": "isotherm.dicom-list/1",
        "series": [_told(one) for one in folder.series],
        "patients": [list(labels) for labels in folder.patients],
        "not_dicom": folder.not_dicom,
        "damaged": folder.damaged,
    }
    return json.dumps(told, indent=1, allow_nan=False)


def _row(one: Series) -> tuple[str, ...]:
    stack, day = one.stack, one.origin.day
    return (
        one.label,
        one.kind,
        "-" if stack is None else str(len(stack.frames)),
        "-" if stack is None else " x ".join(map(str, stack.shape_ji)),
        "-"
        if stack is None or not round(stack.step_mm, 4)
        else " x ".join(f"{size:.4g}" for size in (round(stack.step_mm, 4), *stack.frames[0].spacing_ji_mm)),
        "-" if day is None else day.isoformat(),
        one.description[:LONGEST],
    )


def _told(one: Series) -> dict[str, Any]:
    stack = one.stack
    segments, problem = segments_of(one)
    return {
        "label": one.label,
        "kind": one.kind,
        "readable_as": "image" if one.is_image else "mask" if one.is_mask and not problem else None,
        "problem": one.problem or problem or None,
        "segments": [{"number": each.value, "name": each.name} for each in segments] if one.is_mask else None,
        "shape_kji": None if stack is None else [len(stack.frames), *stack.shape_ji],
        "spacing_kji_mm": None if stack is None else [round(stack.step_mm, 4), *stack.frames[0].spacing_ji_mm],
        "tilt_degrees": None if stack is None or one.problem else round(stack.tilt_degrees, 2) + 0.0,
        "even": None if stack is None or one.problem else stack.even,
        "study_day": None if one.origin.day is None else one.origin.day.isoformat(),
        "description": one.description or None,
        "series_uid": one.uid,
        "simulated": one.simulated,
    }
