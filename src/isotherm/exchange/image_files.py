"""Image files to Volume and Mask, and masks to files: the one door for NIfTI, NRRD, MetaImage, Slicer and DICOM.

A mask is read as it is meant:

* whole numbers are labels; 0 is background. A file with a single label is a binary mask, be it 1 or 255;
* numbers between 0 and 1 are shares of a voxel (partial volume, probability) and are kept;
* anything else (an image, percent, an interpolated label map) is refused.

`FILE:LABEL` picks by value, name or Slicer's ID. Without it, all labels of a tumor file are lesions and all labels of a
vessel file are vessels, each for itself; the labels of an ablation file are united, with a warning; an organ or a
structure with several labels is refused; and so are, for all of them, segments of different names in one file.

DICOM comes as a folder, a ZIP archive or a file: an image as `FOLDER:SERIES` where it holds several, masks as segments
of a SEG or structures of an RTSTRUCT.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import numpy.typing as npt

from isotherm.errors import BadVoxels, EmptyMask, NoSuchLabel, UnreadableFile
from isotherm.exchange.dicom_files import is_dicom, open_dicom_image, open_dicom_masks
from isotherm.exchange.image_endings import META, NIFTI, NRRD
from isotherm.exchange.itk_files import open_meta, open_nrrd
from isotherm.exchange.nifti_files import open_nifti, write_nifti
from isotherm.exchange.origin import Origin
from isotherm.exchange.segments import SEVERAL, choose, split_spec
from isotherm.exchange.voxel_source import (
    IMAGE_TYPES,
    MASK_TYPES,
    SIMULATED_NOTE,
    ImageFile,
    Segment,
    Voxels,
    VoxelSource,
    gather,
    refuse_absent,
    snapped,
)
from isotherm.imaging.volume import Grid, Mask, Role, Volume

FORMATS = {**dict.fromkeys(NIFTI, open_nifti), **dict.fromkeys(NRRD, open_nrrd), **dict.fromkeys(META, open_meta)}
"""What opens a file, by the end of its name."""

WHITE = 255
"""A single label of this value is 8-bit white, and called 1."""

RIM = 2
"""Voxels left around a lesion that is cut out of a file of several."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadVolume:
    """An image, what had to be assumed to read it, whom and when it is of, and whether the file calls it simulated."""

    volume: Volume
    warnings: tuple[str, ...]
    origin: Origin | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ReadMask:
    """A mask and what the file says about it.

    Parameters
    ----------
    mask : Mask
        On the file's grid; where a file gives several masks, each on the part of it that it takes up.
    label : str
        Its name in the file, else its value; "1" for a file of shares. Not unique over several files.
    name : str or None
        Its name in the file, if it has one.
    grid : Grid
        The whole grid of the file, also where `mask` is a part of it.
    warnings : tuple of str
        What had to be assumed; without file names, fit for a report.
    origin : Origin or None
        Whom and when it is of, where the format says so.
    outline_error_mm : float or None
        Standard deviation of the outline along its normal, where the file says it (`isotherm segment` writes it).
    simulated : bool
        Whether the file says that it was simulated, and is of no patient.
    """

    mask: Mask
    label: str
    name: str | None
    grid: Grid
    warnings: tuple[str, ...]
    origin: Origin | None = None
    outline_error_mm: float | None = None
    simulated: bool = False


def read_volume(spec: str | os.PathLike[str], *, of: str = "image") -> ReadVolume:
    """Read an image, in HU.

    Parameters
    ----------
    spec : str or path
        NIfTI (.nii, .nii.gz), NRRD (.nrrd, .nhdr), MetaImage (.mha, .mhd), or DICOM: a folder, a ZIP archive or a
        multi-frame file, with `:SERIES` (number, UID, description, "thinnest" or "largest") where it holds several.
    of : str
        What it is, for messages ("earlier image").

    Returns
    -------
    ReadVolume
        Voxels int16 where all values fit, else float32.

    Raises
    ------
    UnreadableFile, BadGeometry, BadVoxels
    NoSuchSeries
        The DICOM folder does not hold the series, or one must be named.
    """
    path, wanted = split_spec(os.fspath(spec))
    if is_dicom(path):
        source = open_dicom_image(ImageFile(path, of), wanted)
    else:
        source = _open(ImageFile(os.fspath(spec), of))
    if source.layers > 1:
        raise BadVoxels(f"{source.file.start} is a segmentation of several layers; an image is wanted.")
    voxels = gather(source, 0, IMAGE_TYPES)
    _refuse_not_finite(voxels, source.file)
    return ReadVolume(Volume(voxels, source.grid, source.unit), source.warnings, source.origin, source.simulated)


def read_masks(spec: str | os.PathLike[str], *, of: Role, beside: Sequence[str] = ()) -> tuple[ReadMask, ...]:
    """Read the masks that `FILE[:LABEL]` means; see the head of this file for what it means.

    Parameters
    ----------
    spec : str or path
        A file, or a file and a label: value, name, Slicer's ID, or several of them with commas.
    of : {"tumor", "ablation", "organ", "vessel", "structure"}
        What is segmented.
    beside : sequence of str
        DICOM images that may be those an organ's segmentation was drawn on: they say where the field of view ends.

    Returns
    -------
    tuple of ReadMask
        One for each lesion or vessel, in the order of the labels (or as named); exactly one for all other roles.
        An ablation, a vessel or a structure may be empty; a warning says so.

    Raises
    ------
    UnreadableFile, BadGeometry, BadVoxels
    NoSuchLabel
        The label is not there, or one must be named.
    EmptyMask
        A tumor or an organ without a voxel.
    """
    path, wanted = split_spec(os.fspath(spec))
    if is_dicom(path):
        return _dicom_masks(ImageFile(path, of), wanted, of, beside)
    source = _open(ImageFile(path, of))
    if source.layers == 1:
        voxels = _gather_mask(source, 0)
        if voxels.dtype == np.float32:
            return (_shares(voxels, wanted, source, of),)
        labels = {0: voxels}
        chosen = choose(wanted, _with_values(source.segments, _values(voxels)), of=of, file=source.file)
    else:
        chosen = choose(wanted, source.segments, of=of, file=source.file)
        labels = {layer: _labels(source, layer) for layer in sorted({s.layer for s in chosen})}
    told: list[str] = []
    if wanted is None and len(chosen) > 1:
        chosen, told = _drop_empty(chosen, labels, of)
    if of in SEVERAL and len(chosen) > 1:
        return tuple(_one(labels, (s,), source, of, told, cut_out=True) for s in chosen)
    if wanted is None and len(chosen) > 1:
        told.append(
            f"{of}: labels {', '.join(s.label for s in chosen)} were united; name one (FILE:LABEL) to use it alone"
        )
    return (_one(labels, chosen, source, of, told, cut_out=False),)


def write_mask(path: str | os.PathLike[str], mask: Mask, *, simulated: bool = False) -> None:
    """Write a mask as NIfTI (.nii.gz or .nii): uint8 of 0 and 1, or float32 for shares, with its place in the patient.

    Where it was `simulated`, the file says so, and whoever reads it with us is told.

    Raises
    ------
    OutputError
        The place cannot be written to.
    """
    write_nifti(path, mask.voxels, mask.grid, note=SIMULATED_NOTE if simulated else "")


def write_volume(path: str | os.PathLike[str], volume: Volume, *, simulated: bool = False) -> None:
    """Write an image or a label map as NIfTI (.nii.gz or .nii) in its own number type, with its place in the patient.

    Where it was `simulated`, the file says so, and whoever reads it with us is told.

    Raises
    ------
    OutputError
        The place cannot be written to.
    """
    write_nifti(path, volume.voxels, volume.grid, note=SIMULATED_NOTE if simulated else "")


def _open(file: ImageFile) -> VoxelSource:
    """Open a file of any format that is known; refuse whatever is none, each with its own sentence."""
    refuse_absent(file)
    ending = next((e for e in sorted(FORMATS, key=len, reverse=True) if file.path.lower().endswith(e)), None)
    if ending is None:
        raise UnreadableFile(
            f"{file.start} is of no known format; NIfTI (.nii, .nii.gz), NRRD (.nrrd, .nhdr, .seg.nrrd) or MetaImage "
            "(.mha, .mhd) or DICOM is wanted: convert it, for example in 3D Slicer."
        )
    try:
        return FORMATS[ending](file)
    except PermissionError as error:
        raise UnreadableFile(f"{file.start} may not be read; ask for permission to read it.") from error
    except OSError as error:
        raise UnreadableFile(f"{file.start} cannot be read; check the disk it lies on.") from error


def _labels(source: VoxelSource, layer: int) -> Voxels:
    labels = _gather_mask(source, layer)
    if labels.dtype == np.float32:
        raise BadVoxels(f"{source.file.start} has layers of other values than labels; export it once more.")
    return labels


def _gather_mask(source: VoxelSource, layer: int) -> Voxels:
    """Read a layer as labels (uint8 or uint16) or as shares from 0 to 1 (float32), or refuse it."""
    voxels = gather(source, layer, MASK_TYPES, snapped)
    if voxels.dtype == np.float32:
        _refuse_not_finite(voxels, source.file)
        low, high = float(voxels.min()), float(voxels.max())
        if low < 0.0 or high > 1.0:
            raise BadVoxels(
                f"{source.file.start} has values from {low:.6g} to {high:.6g}, as an image or an interpolated label "
                "map has; a mask holds whole labels from 0 to 65535, or shares from 0 to 1."
            )
    return voxels


def _refuse_not_finite(voxels: Voxels, file: ImageFile) -> None:
    # Extremes instead of a full array of flags: NaN passes through min and max, and no memory is taken.
    if voxels.dtype.kind == "f" and not (np.isfinite(voxels.min()) and np.isfinite(voxels.max())):
        raise BadVoxels(f"{file.start} has voxels that are not numbers (NaN or infinite); write it anew without them.")


def _values(labels: Voxels) -> tuple[int, ...]:
    """Return the labels that have a voxel, in their order."""
    seen: set[int] = set()
    for plane in labels:
        top = int(plane.max())
        if top <= 1:  # by far the most: counted only where there is something to tell apart
            seen.add(top)
        else:
            seen.update(np.flatnonzero(np.bincount(plane.ravel())).tolist())
    return tuple(sorted(seen - {0}))


def _with_values(named: tuple[Segment, ...], values: tuple[int, ...]) -> tuple[Segment, ...]:
    """Return the segments of the header and, for values that it does not name, segments without a name."""
    known = {s.value for s in named}
    segments = (*named, *(Segment(v) for v in values if v not in known))
    return segments if named else tuple(sorted(segments, key=lambda s: s.value))


def _drop_empty(
    chosen: tuple[Segment, ...], labels: dict[int, Voxels], of: Role
) -> tuple[tuple[Segment, ...], list[str]]:
    """Leave out segments that the header names and no voxel has, unless that is all of them; say which."""
    empty = [s for s in chosen if not _inside(labels[s.layer], [s.value]).any()]
    if len(empty) == len(chosen):
        return chosen, []
    return tuple(s for s in chosen if s not in empty), [f"{of}: segment '{s.label}' is empty, left out" for s in empty]


def _one(
    labels: dict[int, Voxels],
    chosen: tuple[Segment, ...],
    source: VoxelSource,
    of: Role,
    told: list[str],
    *,
    cut_out: bool,
) -> ReadMask:
    """Make one mask of all chosen segments."""
    parts = [
        _inside(labels[layer], [s.value for s in chosen if s.layer == layer])
        for layer in sorted({s.layer for s in chosen})
    ]
    inside = reduce(np.logical_or, parts) if parts else np.zeros(source.grid.shape_kji, dtype=np.bool_)
    mask = Mask(inside, source.grid, of)
    box = mask.box()
    warnings = (*source.warnings, *told)
    if box is None:
        if of in ("tumor", "organ"):
            raise EmptyMask(
                f"{source.file.start} has no voxel of {of} in it; check that it is the right file or label."
            )
        warnings = (*warnings, f"{of}: the mask is empty")
    elif cut_out:
        start = [max(0, side.start - RIM) for side in box]
        stop = [min(n, side.stop + RIM) for n, side in zip(source.grid.shape_kji, box, strict=True)]
        size = [b - a for a, b in zip(start, stop, strict=True)]
        mask = mask.windowed((start[0], start[1], start[2]), (size[0], size[1], size[2]))
    names = [s.name for s in chosen if s.name]
    only_white = len(chosen) == 1 and chosen[0].label == str(WHITE)
    return ReadMask(
        mask=mask,
        label="1" if only_white or not chosen else ",".join(s.label for s in chosen),
        name=", ".join(names) or None,
        grid=source.grid,
        warnings=warnings,
        outline_error_mm=source.outline_error_mm,
        simulated=source.simulated,
    )


def _inside(labels: Voxels, values: list[int]) -> npt.NDArray[np.bool_]:
    if values == [1] and labels.dtype == np.uint8 and int(labels.max()) <= 1:
        return labels.view(np.bool_)  # the common case costs nothing
    if len(values) == 1:
        return labels == values[0]
    chosen = np.zeros(int(np.iinfo(labels.dtype).max) + 1, dtype=np.bool_)
    chosen[[v for v in values if v < len(chosen)]] = True
    return chosen[labels]


def _dicom_masks(file: ImageFile, wanted: str | None, of: Role, beside: Sequence[str]) -> tuple[ReadMask, ...]:
    """Read each group of segments that is meant as a mask of its own."""
    read: list[ReadMask] = []
    opened = open_dicom_masks(file, wanted, of, beside)
    for segments, source in opened:
        voxels = gather(source, 0, MASK_TYPES)
        told: list[str] = []
        if wanted is None and len(segments) > 1:
            united = ", ".join(s.label for s in segments)
            told.append(f"{of}: segments {united} were united; name one (FILE:SEGMENT) to use it alone")
        if voxels.dtype == np.float32:
            mask = _refuse_nothing(Mask(voxels, source.grid, of), file)
            one = ReadMask(mask, "1", None, source.grid, (*source.warnings, *told),
                           outline_error_mm=source.outline_error_mm, simulated=source.simulated)  # fmt: skip
        else:
            one = _one({0: voxels}, (Segment(1),), source, of, told, cut_out=len(opened) > 1)
        names = [s.name for s in segments if s.name]
        label, name = ",".join(s.label for s in segments), ", ".join(names) or None
        warnings = (*one.warnings, *_cut_off(voxels, source, of))
        read.append(replace(one, label=label, name=name, warnings=warnings, origin=source.origin))
    return tuple(read)


def _refuse_nothing(mask: Mask, file: ImageFile) -> Mask:
    if mask.of in ("tumor", "organ") and not mask.voxels.any():
        raise EmptyMask(f"{file.start} has no voxel of {mask.of} in it; check that it is the right file or segment.")
    return mask


def _cut_off(voxels: Voxels, source: VoxelSource, of: Role) -> tuple[str, ...]:
    """Say that an organ ends with the planes of its file, of which nobody knows whether its image ended there."""
    if of != "organ" or not source.partial or not (voxels[0].any() or voxels[-1].any()):
        return ()
    return (
        "organ: the file holds only the planes that the organ takes up, and the image it was drawn on was not found; "
        "the organ is taken to go on beyond them: give that image to say where it ends",
    )


def _shares(voxels: Voxels, wanted: str | None, source: VoxelSource, of: Role) -> ReadMask:
    if wanted is not None:
        raise NoSuchLabel(f"{source.file.start} holds shares from 0 to 1 and no labels; give it without ':{wanted}'.")
    return ReadMask(Mask(voxels, source.grid, of), "1", None, source.grid, source.warnings,
                    outline_error_mm=source.outline_error_mm, simulated=source.simulated)  # fmt: skip
