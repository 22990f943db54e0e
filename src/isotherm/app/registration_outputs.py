"""What a registration leaves behind: registration.json, each lesion's transform and pictures; whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isotherm.app.outputs import all_or_nothing, file_names, json_text
from isotherm.app.pair import Pair
from isotherm.app.places import new_folder, unusable
from isotherm.app.registering import Registered
from isotherm.exchange.atomic import leftovers, write_text
from isotherm.exchange.transform_files import write_transform

RESULT = "registration.json"

KINDS = ("transform.h5",)
"""How the names of a lesion's files end."""


def registration_in(folder: Path) -> list[Path]:
    """Return the files of a folder that a new registration would overwrite or take away."""
    return [path for pattern in (RESULT, *(f"lesion-*-{kind}" for kind in KINDS)) for path in folder.glob(pattern)]


def write_registration(folder: Path, pair: Pair, registered: Sequence[Registered], document: Mapping[str, Any]) -> None:
    """Write everything of one registration into a folder, which is made, or nothing.

    Raises
    ------
    OutputError
    """
    with new_folder(str(folder)), all_or_nothing() as put:
        clear(folder)
        names = file_names([one.lesion.label for one in registered])
        for name, one in zip(names, registered, strict=True):
            write_transform(one.used, put(folder / f"{name}-transform.h5"))
        # Last, since its presence says that the rest is complete.
        write_text(put(folder / RESULT), json_text(document))


def clear(folder: Path) -> None:
    """Take away what an earlier registration wrote: a transform of other scans would be believed.

    Raises
    ------
    OutputError
    """
    try:
        for path in [*registration_in(folder), *leftovers(folder)]:
            path.unlink()
    except OSError as error:
        raise unusable(folder, error.strerror) from None
