"""The table of what a DICOM folder holds, for a terminal and as JSON."""

from __future__ import annotations

import json
from typing import Any

from isotherm.exchange.dicom_series import Folder, Series, scan
from isotherm.exchange.voxel_source import ImageFile, printable

HEAD = ("series", "kind", "planes", "rows x columns", "voxel mm", "day", "description")

LONGEST = 40
"""Letters of a description that the table shows."""


def list_folder(path: str) -> Folder:
    """Read the headers of a folder, an archive or a file."""
    return scan(ImageFile(path, "DICOM"))


def list_text(folder: Folder) -> str:
    """Return the table for a terminal, and why some series cannot be read."""
    rows = [HEAD, *(_row(one) for one in folder.series)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * size for size in widths))
    lines += [f"  series {one.label} {one.problem}" for one in folder.series if one.problem and one.stack]
    passed = [f"{folder.not_dicom} files are not DICOM"] if folder.not_dicom else []
    passed += [f"{folder.damaged} are damaged"] if folder.damaged else []
    lines += [f"  {' and '.join(passed)}; they were passed over"] if passed else []
    return "\n".join(printable(line) for line in lines)


def list_json(folder: Folder) -> str:
    """Return the table as JSON."""
    told = {
        "schema": "isotherm.dicom-list/1",
        "series": [_told(one) for one in folder.series],
        "not_dicom": folder.not_dicom,
        "damaged": folder.damaged,
    }
    return json.dumps(told, indent=1, allow_nan=False)


def _row(one: Series) -> tuple[str, ...]:
    told = _told(one)
    shape, spacing = told["shape_kji"], told["spacing_kji_mm"]
    return (
        one.label,
        one.kind,
        "-" if shape is None else str(shape[0]),
        "-" if shape is None else f"{shape[1]} x {shape[2]}",
        "-" if spacing is None or not spacing[0] else " x ".join(f"{size:.4g}" for size in spacing),
        told["study_day"] or "-",
        one.description[:LONGEST],
    )


def _told(one: Series) -> dict[str, Any]:
    stack = one.stack
    return {
        "label": one.label,
        "kind": one.kind,
        "readable_as": "image" if one.is_image else "mask" if one.is_mask else None,
        "problem": one.problem or None,
        "shape_kji": None if stack is None else [len(stack.frames), *stack.shape_ji],
        "spacing_kji_mm": None if stack is None else [round(stack.step_mm, 4), *stack.frames[0].spacing_ji_mm],
        "tilt_degrees": None if stack is None or one.problem else round(stack.tilt_degrees, 2) + 0.0,
        "even": None if stack is None or one.problem else stack.even,
        "study_day": None if one.origin.day is None else one.origin.day.isoformat(),
        "description": one.description or None,
        "series_uid": one.uid,
    }
