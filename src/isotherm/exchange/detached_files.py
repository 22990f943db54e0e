"""Detached: headers of MetaImage and NRRD that name a file of their own for the voxels, and which one that is.

ITK opens whatever a header names, by any path, and whatever the header's own name ends in. Who did not write the header
himself has to look before anything is read.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from isotherm.errors import UnreadableFile
from isotherm.exchange.atomic import write_bytes
from isotherm.printable import printable

HEADER_BYTES = 2**20
"""How much of a file's start is searched; no header of an image is longer."""

META = re.compile(rb"^[ \t]*ElementDataFile[ \t]*[=:][ \t]*(\S(?:[^\r\n]*\S)?)", re.MULTILINE)

NRRD = re.compile(rb"^[ \t]*data ?file[ \t]*:(?!=)[ \t]*(\S(?:[^\r\n]*\S)?)", re.MULTILINE | re.IGNORECASE)

MAGIC = re.compile(rb"NRRD00(0\d|\.01)(\r?\n|\r)")
"""The first line of NRRD. MetaIO passes over any first line that it does not know, and goes on to its own fields."""

END_OF_HEADER = rb"\r\n\r\n|\n\n|\r\r"
"""Of NRRD, whatever its lines end with."""

SEVERAL = re.compile(r"LIST\b|.*%", re.IGNORECASE)
"""How both formats name one file for each slice."""


def voxels_named(path: str | os.PathLike[str]) -> str | None:
    """Return what a header calls the file of its voxels; None where they follow in the same file, and for other files.

    Raises
    ------
    UnreadableFile
        The header names several files, or none that could be told for sure.
    """
    with open(path, "rb") as opened:
        head = opened.read(HEADER_BYTES)
    found = _named_in(head, Path(path).name)
    if found is None:
        return None
    named = os.fsdecode(found[1])
    if SEVERAL.match(named):
        raise UnreadableFile(
            f"The image file '{printable(Path(path).name)}' has its voxels in several files; save it as one .nii.gz, "
            ".nrrd or .mha."
        )
    return named


def data_file(path: str) -> Path | None:
    """Return the file that holds the voxels of a header of its own (.nhdr, .mhd), or None where there is none such."""
    if not (path.lower().endswith((".nhdr", ".mhd")) and os.path.isfile(path)):
        return None
    try:
        named = voxels_named(path)
    except UnreadableFile:  # which is said where it is read
        return None
    return None if named is None else Path(path).parent / named


def name_voxels(path: str | os.PathLike[str], name: str) -> None:
    """Let a header name another file of voxels, beside it; nothing else of it changes.

    Raises
    ------
    OutputError
    """
    whole = Path(path).read_bytes()
    found = _named_in(whole[:HEADER_BYTES], Path(path).name)
    assert found is not None, "it names none"
    write_bytes(path, whole[: found.start(1)] + name.encode("ascii") + whole[found.end(1) :])


def _named_in(head: bytes, name: str) -> re.Match[bytes] | None:
    if head.startswith(b"NRRD"):
        if not MAGIC.match(head) or b"ElementDataFile" in head:
            raise _unsure(name)
        fields, *voxels = re.split(END_OF_HEADER, head, maxsplit=1)
        every = list(NRRD.finditer(fields))
        if len(every) > 1 or (not voxels and len(head) == HEADER_BYTES):
            raise _unsure(name)
        return every[0] if every else None
    if b"NDims" not in head:
        return None
    # MetaIO reads up to this field; what stands behind it may be voxels. In another place it would be read otherwise.
    at = head.find(b"ElementDataFile")
    found = META.search(head)
    if found is None or at != found.start() + len(found[0]) - len(found[0].lstrip()):
        raise _unsure(name)
    return None if found[1].upper() == b"LOCAL" else found


def _unsure(name: str) -> UnreadableFile:
    return UnreadableFile(
        f"The image file '{printable(name)}' has a header that does not say for sure where its voxels are; save it as "
        ".nii.gz, .nrrd or .mha."
    )
