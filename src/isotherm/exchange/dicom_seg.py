"""DICOM SEG (binary, fractional, label map) to voxels of the segments that are meant, on the grid of its planes.

A SEG holds only planes with something in them, in any order; where they lie is read from each plane's own position.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isotherm.errors import BadGeometry, BadVoxels
from isotherm.exchange.dicom_decode import Decoder
from isotherm.exchange.dicom_frames import FRAME_TAGS, Frame, frames_of
from isotherm.exchange.dicom_item import Item, read_item
from isotherm.exchange.dicom_pixels import PIXEL_TAGS, stored
from isotherm.exchange.dicom_series import LABEL_MAP, Instance
from isotherm.exchange.dicom_stack import OFF_LINE_MM, OFF_LINE_SHARE, SAME_PLACE_MM, parallel
from isotherm.exchange.voxel_source import (
    ImageFile,
    Segment,
    Voxels,
    grid_of,
    noted_outline_error_mm,
    refuse_impossible_size,
)
from isotherm.imaging.volume import Grid

SEG_TAGS = (*FRAME_TAGS, *PIXEL_TAGS, "SegmentSequence", "SegmentationType", "MaximumFractionalValue",
            "ReferencedSeriesSequence", "SliceThickness")  # fmt: skip

MOST_PLANES = 20_000
"""Planes from the lowest to the highest one; more are taken for a broken position."""


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """A SEG whose header has been read and checked.

    Parameters
    ----------
    instance : Instance
    frames : tuple of Frame
    planes : tuple of int
        The plane of `grid` that each frame lies on.
    grid : Grid
    segments : tuple of Segment
    kind : {"BINARY", "FRACTIONAL", "LABELMAP"}
    full : float
        Stored number that stands for a share of 1.
    source_uids : tuple of str
        Series that it was drawn on.
    outline_errors_mm : mapping
        How sure the outlines are of which it is said, by the number of the segment.
    """

    instance: Instance
    frames: tuple[Frame, ...]
    planes: tuple[int, ...]
    grid: Grid
    segments: tuple[Segment, ...]
    kind: str
    full: float
    source_uids: tuple[str, ...]
    outline_errors_mm: Mapping[int, float]

    def slabs(self, chosen: Sequence[Segment]) -> Iterator[Voxels]:
        """Give the planes of segments taken together, each of shape (1, j, i): 0 and 1, or shares."""
        values = {segment.value for segment in chosen}
        item = read_item(self.instance.place, tags=SEG_TAGS, pixels=True)
        used = [n for n, frame in enumerate(self.frames) if self.kind == "LABELMAP" or frame.segment in values]
        on: dict[int, list[int]] = {}
        for n in used:
            on.setdefault(self.planes[n], []).append(n)
        wanted = [self.frames[n].number for k in sorted(on) for n in on[k]]
        empty = np.zeros(self.instance.shape_ji, np.float32 if self.kind == "FRACTIONAL" else np.uint8)
        with Decoder() as decoder:
            pixels = stored(item, wanted, self.instance.shape_ji, decoder)
            for k in range(self.grid.shape_kji[0]):
                plane = empty
                for _ in on.get(k, ()):
                    plane = np.maximum(plane, self._inside(next(pixels), values))
                yield plane[None]

    def _inside(self, pixels: Voxels, values: set[int]) -> Voxels:
        if self.kind == "LABELMAP":
            return np.isin(pixels, list(values)).astype(np.uint8)
        if self.kind == "FRACTIONAL":
            return np.clip(pixels / np.float32(self.full), 0.0, 1.0).astype(np.float32)
        return (pixels > 0).astype(np.uint8)


def open_segmentation(instance: Instance) -> Segmentation:
    """Read and check the header of a SEG.

    Raises
    ------
    BadGeometry, BadVoxels, UnreadableFile
    """
    file = instance.place.file
    item = read_item(instance.place, tags=SEG_TAGS)
    kind = "LABELMAP" if instance.sop_class == LABEL_MAP else item.text("SegmentationType")
    full = item.number("MaximumFractionalValue") if kind == "FRACTIONAL" else 1.0
    if kind not in ("BINARY", "FRACTIONAL", "LABELMAP") or full is None or full <= 0.0:
        raise BadVoxels(f"{file.start} is a segmentation of no known kind; export it as BINARY or FRACTIONAL.")
    found = frames_of(item)
    frames = tuple(frame for frame in found if frame is not None)
    if not frames or len(frames) < len(found):
        raise BadGeometry(
            f"{file.start} has {len(found) - len(frames)} of {len(found)} planes without a place in the patient; "
            "export it anew."
        )
    if kind != "LABELMAP" and any(frame.segment is None for frame in frames):
        raise BadVoxels(f"{file.start} has planes that belong to no segment; export it anew.")
    grid, planes = _grid(item, frames, instance.shape_ji, file)
    return Segmentation(instance, frames, planes, grid, _segments(item, file), kind, full, _sources(item),
                        _outline_errors_mm(item))  # fmt: skip


def _segments(item: Item, file: ImageFile) -> tuple[Segment, ...]:
    found: list[Segment] = []
    for one in item.items("SegmentSequence"):
        number = one.whole("SegmentNumber")
        if number is not None and number > 0:
            found.append(
                Segment(number, name=one.text("SegmentLabel")[:64] or None, id=one.text("TrackingUID")[:64] or None)
            )
    if not found:
        raise BadVoxels(f"{file.start} names no segment; export it anew.")
    return tuple(found)


def _outline_errors_mm(item: Item) -> dict[int, float]:
    """Return how sure the outlines are of which it is said, by the number of the segment."""
    told = {one.whole("SegmentNumber"): noted_outline_error_mm(one.text("SegmentDescription"))
            for one in item.items("SegmentSequence")}  # fmt: skip
    return {number: error for number, error in told.items() if number is not None and error is not None}


def _sources(item: Item) -> tuple[str, ...]:
    return tuple(uid for one in item.items("ReferencedSeriesSequence") if (uid := one.text("SeriesInstanceUID")))


def _grid(
    item: Item, frames: Sequence[Frame], shape_ji: tuple[int, int], file: ImageFile
) -> tuple[Grid, tuple[int, ...]]:
    """Return the grid of all planes from the lowest to the highest, and which one of them each frame lies on."""
    try:
        stack = parallel(frames, shape_ji)
    except BadGeometry as error:
        raise BadGeometry(f"{file.start}: {error}") from error
    normal, first = frames[0].normal_lps, stack.positions_lps_mm[0]
    steps = stack.steps_mm[stack.steps_mm >= SAME_PLACE_MM]
    said = _said_step(item)
    tried = [step for step in (said, float(steps.min()) if len(steps) else None) if step]
    for step in tried:
        off = np.array([frame.position_lps_mm for frame in frames]) - first
        at = off @ normal / step
        planes = np.rint(at)
        even = first + planes[:, None] * step * normal
        lost = np.linalg.norm(off + first - even, axis=1).max()
        if lost <= max(OFF_LINE_MM, OFF_LINE_SHARE * step) and planes.max() < MOST_PLANES:
            count = int(planes.max()) + 1
            refuse_impossible_size(count * shape_ji[0] * shape_ji[1], None, file)
            return _upright(frames[0], first, step, (count, *shape_ji), file), tuple(int(k) for k in planes)
    raise BadGeometry(
        f"{file.start} has planes at uneven distances, or shifted against each other; draw it on an even image."
    )


def _said_step(item: Item) -> float | None:
    """Return the distance between planes that the header states; the only source where there is one plane."""
    shared = item.first("SharedFunctionalGroupsSequence")
    own = item.first("PerFrameFunctionalGroupsSequence")
    for layer in (shared, own):
        measures = layer.first("PixelMeasuresSequence") if layer else None
        for name in ("SpacingBetweenSlices", "SliceThickness"):
            if measures is not None and (step := measures.number(name)) and step > SAME_PLACE_MM:
                return step
    return None


def _upright(frame: Frame, first: Voxels, step: float, shape: tuple[int, int, int], file: ImageFile) -> Grid:
    affine = np.eye(4)
    affine[:3, :3] = np.stack([frame.normal_lps * step, frame.column_lps * frame.spacing_ji_mm[0],
                               frame.row_lps * frame.spacing_ji_mm[1]], axis=1)  # fmt: skip
    affine[:3, 3] = first
    return grid_of(file, shape, lambda shape: Grid.from_affine(shape, affine))
