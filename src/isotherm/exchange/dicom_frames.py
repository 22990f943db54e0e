"""The frames of a DICOM image: where each plane lies in the patient, how its values are scaled, what tells it apart.

A classic object holds one frame and says everything once. A multi-frame object (enhanced CT or MR, segmentation) says
what all frames share in one place and what differs in another; both are read alike here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from isotherm.exchange.dicom_item import Item
from isotherm.imaging.geometry import Float

FRAME_TAGS = ("PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient", "RescaleSlope", "RescaleIntercept",
              "NumberOfFrames", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
              "AcquisitionNumber", "EchoTime", "TemporalPositionIdentifier", "DiffusionBValue", "ImageType",
              "TriggerTime", "AcquisitionTime", "SpacingBetweenSlices")  # fmt: skip
"""What has to be read of a file for `frames_of`."""

APART_BY = (
    (None, "AcquisitionNumber"),
    ("MREchoSequence", "EffectiveEchoTime"),
    (None, "EchoTime"),
    ("FrameContentSequence", "TemporalPositionIndex"),
    (None, "TemporalPositionIdentifier"),
    ("MRDiffusionSequence", "DiffusionBValue"),
    (None, "DiffusionBValue"),
    (None, "TriggerTime"),
    (None, "ImageType"),
    (None, "AcquisitionTime"),
)
"""Attributes by which images of one place in one series differ: phases, echoes, times; each with its sequence."""

MOST_FRAMES = 20_000
"""More frames than this are taken for a broken header."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One plane of pixels.

    Parameters
    ----------
    number : int
        Place in its object, from 0.
    position_lps_mm : array, shape (3,)
        Center of the first pixel.
    row_lps, column_lps : array, shape (3,)
        Unit vectors along which the column index, and the row index, grow.
    spacing_ji_mm : tuple of float
        Distance between rows, and between columns.
    slope, intercept : float
        What turns a stored number into a value.
    scaled : bool
        Whether slope and intercept were there.
    segment : int or None
        Number of the segment that a frame of a segmentation shows.
    layers : tuple of Item
        Where everything else about the frame is said, the frame's own first.
    """

    number: int
    position_lps_mm: Float
    row_lps: Float
    column_lps: Float
    spacing_ji_mm: tuple[float, float]
    slope: float
    intercept: float
    scaled: bool
    segment: int | None
    layers: tuple[Item, ...] = field(repr=False)

    @property
    def normal_lps(self) -> Float:
        """Unit vector across the plane, right-handed with rows and columns."""
        return np.cross(self.row_lps, self.column_lps)

    def apart(self, which: int) -> str:
        """Return the value of one of `APART_BY`."""
        return _text(self.layers, *APART_BY[which])


def frames_of(item: Item) -> tuple[Frame | None, ...]:
    """Return the frames of an object in their order, None for each one whose place in the patient is not known."""
    count = item.whole("NumberOfFrames") or 1
    if not 1 <= count <= MOST_FRAMES:
        return ()
    shared, own = item.first("SharedFunctionalGroupsSequence"), item.items("PerFrameFunctionalGroupsSequence")
    if not own and shared is None:
        return (_frame(item, 0, (item,)),) if count == 1 else (None,) * count
    layers = [tuple(one for one in (mine, shared) if one is not None) for mine in own[:count]]
    layers += [()] * (count - len(layers))
    return tuple(_frame(item, number, layer) for number, layer in enumerate(layers))


def _frame(item: Item, number: int, layers: tuple[Item, ...]) -> Frame | None:
    position = _numbers(layers, "PlanePositionSequence", "ImagePositionPatient", 3)
    turned = _numbers(layers, "PlaneOrientationSequence", "ImageOrientationPatient", 6)
    spacing = _numbers(layers, "PixelMeasuresSequence", "PixelSpacing", 2)
    if position is None or turned is None or spacing is None or min(spacing) <= 0.0:
        return None
    row, column = np.array(turned[:3]), np.array(turned[3:])
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if not all(0.9 < length < 1.1 for length in lengths):
        return None
    slope = _numbers(layers, "PixelValueTransformationSequence", "RescaleSlope", 1)
    intercept = _numbers(layers, "PixelValueTransformationSequence", "RescaleIntercept", 1)
    known = slope is not None and intercept is not None and slope[0] != 0.0
    return Frame(
        number=number,
        position_lps_mm=np.array(position),
        row_lps=row / lengths[0],
        column_lps=column / lengths[1],
        spacing_ji_mm=(spacing[0], spacing[1]),
        slope=slope[0] if known and slope else 1.0,
        intercept=intercept[0] if known and intercept else 0.0,
        scaled=known,
        segment=_segment(layers) if layers[0] is not item else None,
        layers=layers if item in layers else (*layers, item),
    )


def _within(layers: tuple[Item, ...], sequence: str | None) -> Iterator[Item]:
    """Give the items that may hold an attribute: the functional group of each layer, and the layer itself."""
    for layer in layers:
        yield layer  # of a classic object: everything stands there
        if sequence and (group := layer.first(sequence)) is not None:
            yield group


def _numbers(layers: tuple[Item, ...], sequence: str, keyword: str, count: int) -> tuple[float, ...] | None:
    return next((n for one in _within(layers, sequence) if (n := one.numbers(keyword, count)) is not None), None)


def _text(layers: tuple[Item, ...], sequence: str | None, keyword: str) -> str:
    return next((text for one in _within(layers, sequence) if (text := one.text(keyword))), "")


def _segment(layers: tuple[Item, ...]) -> int | None:
    for one in _within(layers, "SegmentIdentificationSequence"):
        if (number := one.whole("ReferencedSegmentNumber")) is not None:
            return number
    return None
