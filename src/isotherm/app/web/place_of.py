"""What is read of an upload: its only file, the folder of its DICOM, or a header with the voxels that came with it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from isotherm.app.web.uploads import Uploaded
from isotherm.errors import BadSetting, UnreadableFile
from isotherm.exchange.detached_files import name_voxels, voxels_named
from isotherm.exchange.image_endings import HEADED, IMAGES

ALONE = (
    "A file of voxels came without its header; choose both at once (.mhd with .raw or .zraw, .nhdr with .raw), or save "
    "the image as .nii.gz, .nrrd or .mha."
)
LACKS = (
    "A header came without the file of voxels that it names; choose both at once (.mhd with .raw or .zraw, .nhdr with "
    ".raw), or save the image as .nii.gz, .nrrd or .mha."
)
UNCLEAR = "The header of an image does not say for sure where its voxels are; save it as .nii.gz, .nrrd or .mha."
SEVERAL = "Several images came at once, each a file of its own; drop the one that is meant onto each box."
WHICH = "Several images came at once, and none of them is named; choose from the list which one it is."
MORE = "An image of two files, header and voxels, came with other files; choose these two alone."


def place_of(files: Sequence[Uploaded]) -> Path:
    """Return what is read of an upload.

    A header with a file of its own for the voxels is made to name that file as it lies here: what a header says is no
    path, and nothing but what came with it is read.

    Raises
    ------
    BadSetting
        Header and voxels do not belong together, or several images came.
    """
    headers = [one for one in files if one.path.name.endswith(HEADED)]
    apart = [(one, named) for one in headers if (named := _named(one)) is not None]
    images = [one for one in files if one.path.name.endswith(IMAGES)]
    if len(images) > 1 and (apart or len(images) == len(files)):
        raise BadSetting(SEVERAL)
    if not apart:
        if len(files) == 1 and files[0].path.name.endswith(".raw"):
            raise BadSetting(ALONE)
        return files[0].path if len(files) == 1 else files[0].path.parent
    header, named = apart[0]
    others = [one for one in files if one is not header]
    voxels = [one for one in others if _last(named) in (_last(one.name), one.path.name)]
    if len(voxels) != 1:
        raise BadSetting(LACKS)
    if len(others) > 1:
        raise BadSetting(MORE)
    if named != voxels[0].path.name:
        name_voxels(header.path, voxels[0].path.name)
    return header.path


def images_alone(files: Sequence[Uploaded]) -> dict[str, Uploaded]:
    """Return several images that came at once, each a file of its own, by what each is called; else none.

    Files of one name in one upload are none: nobody could tell them apart.
    """
    if len(files) < 2 or not all(one.path.name.endswith(IMAGES) for one in files):
        return {}
    if any(_named(one) is not None for one in files if one.path.name.endswith(HEADED)):
        return {}
    named = {one.name: one for one in files}
    return named if len(named) == len(files) else {}


def one_of(files: Sequence[Uploaded], label: str) -> tuple[Sequence[Uploaded], str]:
    """Return the files that a label means, and what is left of it: of several images FILE or FILE:LABEL.

    Raises
    ------
    BadSetting
        Several images came, and the label names none of them.
    """
    images = images_alone(files)
    if not images:
        return files, label
    for name in sorted(images, key=len, reverse=True):
        if label == name or label.startswith(f"{name}:"):
            return (images[name],), label[len(name) + 1 :]
    raise BadSetting(WHICH)


def _named(header: Uploaded) -> str | None:
    try:
        return voxels_named(header.path)
    except UnreadableFile:
        raise BadSetting(UNCLEAR) from None


def _last(name: str) -> str:
    """Return the last part of a name, as two systems may write it."""
    return unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
