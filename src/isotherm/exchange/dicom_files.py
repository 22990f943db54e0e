"""The door to DICOM: says what is DICOM, and opens an image of it, or the masks in it."""

from __future__ import annotations

import os
from collections.abc import Sequence

from isotherm.exchange.dicom_image import open_series
from isotherm.exchange.dicom_masks import MaskObject, open_mask_object, scanned
from isotherm.exchange.dicom_place import MAGIC, PREAMBLE_BYTES, is_archive
from isotherm.exchange.dicom_series import choose_image, scan
from isotherm.exchange.segments import SEVERAL, choose
from isotherm.exchange.voxel_source import ImageFile, Segment, VoxelSource
from isotherm.imaging.volume import Role


def is_dicom(path: str) -> bool:
    """Say whether a path is looked at as DICOM: a folder, a ZIP archive, or a file with DICOM's mark or name."""
    if os.path.isdir(path):
        return True
    if not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as stream:
            marked = stream.read(PREAMBLE_BYTES + len(MAGIC))[PREAMBLE_BYTES:] == MAGIC
    except OSError:
        return False  # whoever opens it to read it says why it cannot be
    return marked or path.lower().endswith((".dcm", ".ima")) or is_archive(path)


def open_dicom_image(file: ImageFile, wanted: str | None) -> VoxelSource:
    """Open the image that `FOLDER[:SERIES]` means.

    Raises
    ------
    UnreadableFile, BadGeometry, BadVoxels, NoSuchSeries
    """
    return open_series(choose_image(scan(file), wanted), file)


def open_dicom_masks(
    file: ImageFile, wanted: str | None, of: Role, beside: Sequence[str]
) -> tuple[tuple[tuple[Segment, ...], VoxelSource], ...]:
    """Open the masks that `FILE[:SEGMENT]` means: one for each lesion or vessel, exactly one for all other roles.

    Parameters
    ----------
    beside : sequence of str
        Places where the image may lie that an organ was drawn on; the mask's own folder is looked through, too.

    Returns
    -------
    tuple of (segments, source)
        The segments that were taken together, and their mask with the label 1, or as shares.

    Raises
    ------
    UnreadableFile, BadGeometry, BadVoxels, NoSuchSeries, NoSuchLabel
    """
    folder = scan(file)
    found, rest = open_mask_object(folder, wanted)
    chosen = choose(rest, found.segments, of=of, file=file)
    groups = [(one,) for one in chosen] if of in SEVERAL else [chosen]
    return tuple((group, _opened(found, group, file, of, beside)) for group in groups)


def _opened(
    found: MaskObject, group: Sequence[Segment], file: ImageFile, of: Role, beside: Sequence[str]
) -> VoxelSource:
    # Only for an organ does it matter whether its mask ends with the image; looking for the image takes a while.
    own = [file.path if os.path.isdir(file.path) or is_archive(file.path) else os.path.dirname(file.path) or "."]
    return found.opened(group, file, scanned([*beside, *own], of) if of == "organ" else [])
