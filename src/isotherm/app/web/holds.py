"""What an upload holds: the task behind `isotherm dicom list`, run in a process of its own that can be given up."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from isotherm import __version__
from isotherm.app.web.apart import USERS_ERROR, GivenUp, told_apart
from isotherm.app.web.place_of import images_alone, place_of
from isotherm.app.web.turns import Turns
from isotherm.app.web.uploads import Uploaded
from isotherm.errors import BadSetting, OutputError
from isotherm.exchange.atomic import write_text
from isotherm.exchange.image_endings import IMAGES
from isotherm.printable import printable

PROGRAM = ("-c", "import sys; from isotherm.app.cli import main; sys.exit(main())", "dicom", "list", "--json")

MOST_S, MOST_AT_ONCE = 120.0, 2
"""A listing that takes longer is given up; so many are made side by side."""

LISTING = Turns(
    MOST_AT_ONCE, "Other files are being listed; try again in a minute, or name series and segment yourself."
)

SEVERAL_PATIENTS = "The files are of {} patients; take all from one, and leave the files of the others out."

NOT_LISTED = "What is in these files could not be listed; name series and segment yourself, or send them again."


class NotListed(BadSetting):
    """Listing took too long or broke off; of the same files it would again."""


def held_by_upload(files: Sequence[Uploaded], listing: Path) -> dict[str, Any]:
    """Return what an upload holds, as it was listed once for as long as its files stay what they were.

    Parameters
    ----------
    files : sequence of Uploaded
    listing : Path
        Where the list is kept.

    Raises
    ------
    NotListed
        It could not be listed, which is kept: no second try takes as long.
    BadSetting
        Nothing in it can be used; that is not kept.
    Busy
        Too many are being listed.
    """
    if images := images_alone(files):
        told = [{"value": name, "says": name.rpartition("/")[2]} for name in images]
        return {"images": told, "masks": told, "notes": []}  # which is a mask only the voxels know
    place = place_of(files)  # which may write into a header
    mark = _mark_of(files)
    kept: dict[str, Any] | None = _kept(listing, mark)
    if kept is None:
        kept = {"of": mark, "holds": None}
        with suppress(NotListed):
            kept["holds"] = held_by(place)
        if _mark_of(files) == mark:  # else files came while they were listed
            with suppress(OutputError):  # a full disk: it is listed again
                write_text(listing, json.dumps(kept))
    if kept["holds"] is None:
        raise NotListed(NOT_LISTED)
    return kept["holds"]


def _kept(listing: Path, mark: list[object]) -> dict[str, Any] | None:
    """Return what was kept of the same files; None where there is nothing, or nothing that can be used."""
    try:
        kept = json.loads(listing.read_text(encoding="utf-8"))
        return kept if kept["of"] == mark and "holds" in kept else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _mark_of(files: Sequence[Uploaded]) -> list[object]:
    """Return what changes with the files, and with the program that lists them."""
    return [__version__, *([one.path.name, *_state_of(one.path)] for one in files)]


def _state_of(file: Path) -> tuple[int, int]:
    try:
        told = file.stat()
    except OSError:  # whoever lists it says what is wrong
        return -1, -1
    return told.st_size, told.st_mtime_ns


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
    NotListed
        It took too long, or broke off.
    BadSetting
        Nothing in it can be used, in the words of the command line.
    Busy
        Too many are being listed, or the server is being stopped.
    """
    if place.name.endswith(IMAGES):  # nothing to choose but labels, which only the voxels know
        return {"images": [], "masks": [], "notes": []}
    code, out, error = _listed(place)
    if code != 0:
        said = _said(error.decode("utf-8", "replace"), place)
        raise BadSetting(said) if code == USERS_ERROR and said else NotListed(NOT_LISTED)
    told: dict[str, Any] = json.loads(out)
    return _choices(told | {"not_dicom": told["not_dicom"] - ours})


def _listed(place: Path) -> tuple[int, bytes, bytes]:
    """Run the program that lists; return its exit code and what it wrote on both streams."""
    try:
        with LISTING:
            return told_apart((*PROGRAM, str(place)), most_s=MOST_S)
    except GivenUp:
        raise NotListed(NOT_LISTED) from None


def _said(told: str, place: Path) -> str:
    """Return what the command line said, of what came and without the number that it lies under."""
    said = printable(told.strip()).removeprefix("isotherm: ")
    for called, plain in (("The DICOM file", "What came"), ("the DICOM file", "what came")):
        said = said.replace(f"{called} '{place.name}'", plain)
    return said.replace(place.name, "upload")


def _choices(told: Mapping[str, Any]) -> dict[str, Any]:
    rows: list[Mapping[str, Any]] = told["series"]
    whose = _whose(told["patients"])
    images = [{"value": row["label"], "says": _image_words(row) + whose.get(row["label"], "")}
              for row in rows if row["readable_as"] == "image"]  # fmt: skip
    objects = [row for row in rows if row["readable_as"] == "mask"]
    masks = [{"value": str(one["number"]) if len(objects) == 1 else f"{row['label']}:{one['number']}",
              "says": _segment_words(row, one) + whose.get(row["label"], "")}
             for row in objects for one in row["segments"]]  # fmt: skip
    notes = [SEVERAL_PATIENTS.format(len(told["patients"]))] if whose else []
    notes += [_problem_words(row) for row in rows if row["readable_as"] is None and row["problem"]]
    notes += _passed_over(told["damaged"], "damaged") + _passed_over(told["not_dicom"], "not DICOM")
    return {"images": images, "masks": masks, "notes": notes}


def _whose(patients: Sequence[Sequence[str]]) -> dict[str, str]:
    """Return of which patient each series is, where they are of several."""
    if len(patients) < 2:
        return {}
    return {label: f", patient {number}" for number, labels in enumerate(patients, start=1) for label in labels}


def _problem_words(row: Mapping[str, Any]) -> str:
    """Say why a series cannot be used: a sentence of its own, or what goes on from the series."""
    series, problem = f"Series {row['label']} ({row['kind']})", printable(row["problem"])
    return f"{series} cannot be used: {problem}" if problem[:1].isupper() else f"{series} is left out: it {problem}."


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
