"""What an upload holds: the task behind `isotherm dicom list`, run in a process of its own that can be given up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isotherm.app.one_thread import ONE_THREAD
from isotherm.errors import BadSetting
from isotherm.printable import printable

PROGRAM = ("-c", "import sys; from isotherm.app.cli import main; sys.exit(main())", "dicom", "list", "--json")

MOST_S, MOST_AT_ONCE = 120.0, 2
"""A listing that takes longer is given up; so many are made side by side."""

OTHER_FORMATS = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
"""Files that are one image or one mask each: there is nothing to choose but labels, which only the voxels know."""

USERS_ERROR = 2
"""The exit code of what can be said in a sentence."""

LISTING = threading.Semaphore(MOST_AT_ONCE)

NOT_LISTED = "What is in these files could not be listed; name series and segment yourself, or send them again."


def held_by(place: Path, *, ours: int = 0) -> dict[str, Any]:
    """Return what a file or a folder holds: images and masks to choose from, and what cannot be used.

    Parameters
    ----------
    place : Path
    ours : int
        Files that we have laid there, which are no DICOM.

    Returns
    -------
    dict
        `images` and `masks`: lists of {"value", "says"}, where `value` is what stands behind the colon on the command
        line; `notes`: sentences.

    Raises
    ------
    BadSetting
        Nothing in it can be used, in the words of the command line.
    """
    if place.name.endswith(OTHER_FORMATS):
        return {"images": [], "masks": [], "notes": []}
    with LISTING:
        try:
            ran = subprocess.run([sys.executable, *PROGRAM, str(place)], capture_output=True, timeout=MOST_S,
                                 env=os.environ | ONE_THREAD, check=False, stdin=subprocess.DEVNULL)  # fmt: skip
        except subprocess.TimeoutExpired:
            raise BadSetting(NOT_LISTED) from None
    if ran.returncode != 0:
        said = printable(ran.stderr.decode("utf-8", "replace").strip()).replace(place.name, "upload")
        raise BadSetting(said if ran.returncode == USERS_ERROR and said else NOT_LISTED)
    told: dict[str, Any] = json.loads(ran.stdout)
    return _choices(told | {"not_dicom": told["not_dicom"] - ours})


def _choices(told: Mapping[str, Any]) -> dict[str, Any]:
    rows: list[Mapping[str, Any]] = told["series"]
    images = [{"value": row["label"], "says": _image_words(row)} for row in rows if row["readable_as"] == "image"]
    objects = [row for row in rows if row["readable_as"] == "mask"]
    masks = [{"value": str(one["number"]) if len(objects) == 1 else f"{row['label']}:{one['number']}",
              "says": _segment_words(row, one)} for row in objects for one in row["segments"]]  # fmt: skip
    notes = [f"Series {row['label']} ({row['kind']}) cannot be used: {printable(row['problem'])}"
             for row in rows if row["readable_as"] is None and row["problem"]]  # fmt: skip
    notes += _passed_over(told["damaged"], "damaged") + _passed_over(told["not_dicom"], "not DICOM")
    return {"images": images, "masks": masks, "notes": notes}


def _passed_over(count: int, why: str) -> list[str]:
    if count <= 0:
        return []
    return [f"1 file is {why} and was passed over." if count == 1 else f"{count} files are {why} and were passed over."]


def _image_words(row: Mapping[str, Any]) -> str:
    planes, step = row["shape_kji"][0], row["spacing_kji_mm"][0]
    words = [f"{row['label']}: {row['kind']}", f"{planes} planes of {step:.4g} mm", row["study_day"],
             printable(row["description"] or "")[:60]]  # fmt: skip
    return ", ".join(one for one in words if one)


def _segment_words(row: Mapping[str, Any], segment: Mapping[str, Any]) -> str:
    name = printable(segment["name"] or f"segment {segment['number']}")
    return f"{name} ({row['kind']} {row['label']})"
