"""Masks to a DICOM SEG on the planes of the image they belong to: inside or not, or the share of each pixel."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import highdicom
import numpy as np
import numpy.typing as npt
from highdicom.seg import (
    SegmentAlgorithmTypeValues,
    Segmentation,
    SegmentationFractionalTypeValues,
    SegmentationTypeValues,
    SegmentDescription,
)
from pydicom.uid import ExplicitVRLittleEndian

from isotherm import __version__
from isotherm.errors import EmptyMask, OutputError
from isotherm.exchange.atomic import replacing
from isotherm.exchange.dicom_codes import ABNORMAL, Word, declare_scheme
from isotherm.exchange.dicom_item import quietly
from isotherm.exchange.dicom_source import Source
from isotherm.exchange.dicom_synthetic import mark_synthetic
from isotherm.imaging.volume import Grid, Mask

MAKER = "isotherm"
SERIAL = "0"
"""A program has no serial number; the attribute must not be empty."""

ON_GRID = 1e-2
"""Voxels off a grid by at most this share of a voxel lie on it."""

LEVELS = 255
"""Steps between a share of 0 and of 1: as many as a byte holds."""

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class NamedSegment:
    """One segment to be written.

    Parameters
    ----------
    name : str
        Label of the segment, at most 64 letters.
    word : Word
        What it is.
    mask : Mask
    tracking_id, tracking_uid : str
        Of the lesion, the same in all objects and over time.
    drawn : bool
        Whether a person drew it, or the program worked it out.
    """

    name: str
    word: Word
    mask: Mask
    tracking_id: str
    tracking_uid: str
    drawn: bool


def segmentation_of(segments: Sequence[NamedSegment], source: Source, *, series_number: int = 900) -> Any:
    """Return segments that are not empty as a binary SEG.

    A mask on the planes and pixels of the image is written voxel by voxel; any other one is sampled at its pixels.

    Raises
    ------
    EmptyMask
        Not one segment has a voxel on the image.
    OutputError
        The image's header lacks what a SEG takes over from it.
    """
    drawn = [(one, onto(one.mask, source.grid)) for one in segments]
    drawn = [(one, voxels) for one, voxels in drawn if voxels.any()]
    if not drawn:
        raise EmptyMask("No mask has a voxel on the DICOM image, so that there is nothing to write; check the image.")
    pixels = np.stack([voxels for _, voxels in drawn], axis=-1).astype(np.uint8)
    return _made(pixels, [one for one, _ in drawn], source, series_number, "Ablation margin: segments")


def outline_segment(one: NamedSegment, source: Source, *, note: str, series_number: int = 901) -> Any:
    """Return a mask of shares on the image's own pixels as a fractional SEG (occupancy), true to half of 1/255.

    Parameters
    ----------
    note : str
        What is said of the segment, such as how sure its outline is.

    Raises
    ------
    EmptyMask
        It has no voxel on the image.
    OutputError
        The image's header lacks what a SEG takes over from it.
    """
    shares = one.mask.on(source.grid).voxels.astype(np.float32)
    if not shares.any():
        raise EmptyMask("The outline has no voxel on the DICOM image, so that there is nothing to write.")
    seg = _made(shares[..., None], [one], source, series_number, "Outline")
    (told,) = seg.SegmentSequence
    told.SegmentDescription, told.SegmentAlgorithmType = note, "SEMIAUTOMATIC"  # somebody has clicked
    return seg


def new_uid() -> str:
    """Return a UID that nothing else has."""
    return str(highdicom.UID())


def write_object(path: str | os.PathLike[str], dataset: Any) -> None:
    """Write a DICOM object, whole or not at all.

    Raises
    ------
    OutputError
        The place cannot be written to.
    """
    with replacing(path) as temporary, quietly():
        dataset.save_as(temporary, enforce_file_format=True)


def _made(pixels: Any, segments: Sequence[NamedSegment], source: Source, series_number: int, title: str) -> Any:
    """Return a SEG of pixels (k, j, i, segment): a fractional one of floats, else a binary one."""
    planes = np.flatnonzero(pixels.any(axis=(1, 2, 3)))
    low, high = int(planes[0]), int(planes[-1]) + 1
    pixels = pixels[low:high]
    headers = list(source.headers[low:high])
    if len(source.headers) == 1:
        # Of an image of several frames, only those with a segment: their places say which they are.
        headers = list(source.headers)
        grid = source.grid.window((low, 0, 0), (high - low, *source.grid.shape_kji[1:]))
        channels: Any = {"SegmentNumber": range(1, pixels.shape[-1] + 1)}
        pixels = highdicom.Volume(pixels, grid.kji_to_lps, "PATIENT", source.frame_uid, channels=channels)
    fractional = pixels.dtype.kind == "f"
    kinds = SegmentationTypeValues
    try:
        with quietly():
            seg = Segmentation(
                source_images=headers,
                pixel_array=pixels,
                segmentation_type=kinds.FRACTIONAL if fractional else kinds.BINARY,
                fractional_type=SegmentationFractionalTypeValues.OCCUPANCY,
                max_fractional_value=LEVELS,
                segment_descriptions=[_described(number, one) for number, one in enumerate(segments, start=1)],
                series_instance_uid=highdicom.UID(),
                series_number=series_number,
                sop_instance_uid=highdicom.UID(),
                instance_number=1,
                manufacturer=MAKER,
                manufacturer_model_name=MAKER,
                software_versions=__version__,
                device_serial_number=SERIAL,
                transfer_syntax_uid=ExplicitVRLittleEndian,
                series_description=title,
                content_label="OUTLINE" if fractional else "ABLATION_MARGIN",
                omit_empty_frames=True,
            )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise OutputError(
            "No SEG can be made beside the DICOM image, whose header lacks or contradicts what it takes over; leave "
            "out --dicom."
        ) from error
    declare_scheme(seg)
    mark_synthetic(seg, source.simulated)
    return seg


def _described(number: int, one: NamedSegment) -> SegmentDescription:
    kind = SegmentAlgorithmTypeValues.MANUAL if one.drawn else SegmentAlgorithmTypeValues.AUTOMATIC
    return SegmentDescription(
        segment_number=number,
        segment_label=one.name[:64],
        segmented_property_category=ABNORMAL.concept,
        segmented_property_type=one.word.concept,
        algorithm_type=kind,
        algorithm_identification=None if one.drawn else algorithm(),
        tracking_uid=one.tracking_uid,
        tracking_id=one.tracking_id[:64],
    )


def algorithm() -> highdicom.AlgorithmIdentificationSequence:
    """Name the program and its version."""
    family = highdicom.sr.CodedConcept("123104", "DCM", "Morphological Operations")
    return highdicom.AlgorithmIdentificationSequence(name=MAKER, family=family, version=__version__)


def onto(mask: Mask, grid: Grid) -> Bools:
    """Return a mask on another grid, shape (k, j, i): voxel by voxel where they agree, else sampled at the centers."""
    steps = mask.grid.direction_lps * mask.grid.spacing_kji_mm - grid.direction_lps * grid.spacing_kji_mm
    at = grid.to_kji([mask.grid.origin_lps_mm])[0]
    if np.abs(steps).max() <= ON_GRID * min(grid.spacing_kji_mm) / max(mask.grid.shape_kji) and (
        np.abs(at - np.rint(at)).max() <= ON_GRID
    ):
        return mask.on(grid).inside
    out = np.zeros(grid.shape_kji, dtype=np.bool_)
    box = mask.box()
    if box is None:
        return out
    corners = mask.grid.to_lps([[k, j, i] for k in _ends(box[0]) for j in _ends(box[1]) for i in _ends(box[2])])
    start, shape = grid.box_around(corners, reach_mm=max(mask.grid.spacing_kji_mm))
    low = np.clip(start, 0, grid.shape_kji)
    high = np.clip(np.array(start) + shape, 0, grid.shape_kji)
    size = (high - low).tolist()
    if min(size) > 0:
        window = grid.window((int(low[0]), int(low[1]), int(low[2])), (size[0], size[1], size[2]))
        inside = mask.holds(window.centers_lps_mm()).reshape(size)
        out[low[0] : high[0], low[1] : high[1], low[2] : high[2]] = inside
    return out


def _ends(side: slice) -> tuple[int, int]:
    return side.start, side.stop - 1
