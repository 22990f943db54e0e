"""What a registration leaves behind: registration.json, each lesion's transform and pictures; whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isotherm.app.carried import why_withheld
from isotherm.app.outputs import all_or_nothing, file_names, json_text
from isotherm.app.pair import Pair, PairRequest
from isotherm.app.places import new_folder, unusable
from isotherm.app.registering import Registered
from isotherm.app.registration_pictures import PICTURES, registration_pictures
from isotherm.errors import BadGeometry
from isotherm.exchange.atomic import leftovers, write_bytes, write_text
from isotherm.exchange.dicom_files import is_dicom
from isotherm.exchange.dicom_registration_out import Method, registration_of
from isotherm.exchange.dicom_seg_out import write_object
from isotherm.exchange.dicom_source import read_source
from isotherm.exchange.segments import split_spec
from isotherm.exchange.transform_files import write_transform

RESULT, TRANSFORM, OBJECT = "registration.json", "transform.h5", "registration.dcm"

KINDS = (TRANSFORM, OBJECT, *PICTURES)
"""How the names of a lesion's files end."""


def registration_in(folder: Path) -> list[Path]:
    """Return the files of a folder that a new registration would overwrite or take away."""
    return [path for pattern in (RESULT, *(f"lesion-*-{kind}" for kind in KINDS)) for path in folder.glob(pattern)]


def objects_in(folder: Path) -> list[Path]:
    """Return the registrations in DICOM of a folder."""
    return list(folder.glob(f"lesion-*-{OBJECT}"))


def write_registration(
    folder: Path, pair: Pair, registered: Sequence[Registered], document: Mapping[str, Any], *,
    pictures_of: str | None = None,
) -> None:  # fmt: skip
    """Write everything of one registration into a folder, which is made, or nothing.

    Parameters
    ----------
    folder : Path
    pair : Pair
    registered : sequence of Registered
    document : mapping
        The content of registration.json.
    pictures_of : str, optional
        The organ whose gray values pictures show; without it there are none.

    Raises
    ------
    OutputError
    """
    with new_folder(str(folder)), all_or_nothing() as put:
        _clear(folder)
        names = file_names([one.lesion.label for one in registered])
        for name, one in zip(names, registered, strict=True):
            write_transform(one.used, put(folder / f"{name}-{TRANSFORM}"))
        if pictures_of is not None:
            drawn = registration_pictures(pair, registered, organ_name=pictures_of)
            for name, pictures in zip(names, drawn, strict=True):
                for kind, drawing in pictures.items():
                    write_bytes(put(folder / f"{name}-{kind}"), drawing.png)
        # Last, since its presence says that the rest is complete.
        write_text(put(folder / RESULT), json_text(document))


def write_registration_objects(folder: Path, request: PairRequest, registered: Sequence[Registered]) -> str:
    """Write each registration that may be told as a DICOM object; return why there is none, or "".

    Raises
    ------
    OutputError
    """
    for path in objects_in(folder):
        path.unlink()  # one that is withheld now must not be believed
    if not all(is_dicom(split_spec(spec)[0]) for spec in (request.before, request.after)):
        return "both scans must come as DICOM"
    try:
        after, before = read_source(request.after), read_source(request.before)
    except BadGeometry:
        return "a scan has uneven or tilted planes, or no frame of reference"
    names = file_names([one.lesion.label for one in registered])
    with new_folder(str(folder)) as home:
        for name, one in zip(names, registered, strict=True):
            if not why_withheld(one):
                made = registration_of(one.used, after, before, method=_made_from(one))
                write_object(home / f"{name}-{OBJECT}", made)
    return ""


def _made_from(one: Registered) -> Method:
    if "nudged" in one.by_hand:
        return "visual"
    return "landmarks" if one.method == "landmarks" else "images"


def _clear(folder: Path) -> None:
    """Take away what an earlier registration wrote: a transform of other scans would be believed."""
    try:
        for path in [*registration_in(folder), *leftovers(folder)]:
            path.unlink()
    except OSError as error:
        raise unusable(folder, error.strerror) from None
