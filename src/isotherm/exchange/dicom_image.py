"""A DICOM series to voxels in LPS: planes in order, values scaled, a tilted or uneven stack laid onto a grid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from isotherm.exchange.dicom_decode import Decoder
from isotherm.exchange.dicom_frames import Frame
from isotherm.exchange.dicom_item import Item, read_item
from isotherm.exchange.dicom_pixels import LOSSY, PIXEL_TAGS, stored
from isotherm.exchange.dicom_series import Instance, Series
from isotherm.exchange.dicom_straighten import Straightened, straightened
from isotherm.exchange.voxel_source import (
    ImageFile,
    Voxels,
    VoxelSource,
    cut_short,
    grid_of,
    refuse_impossible_size,
)
from isotherm.imaging.volume import Grid

HOUNSFIELD = ("CT", "enhanced CT", "converted CT", "cone-beam CT")
"""Kinds of images whose scaled values are HU."""


@dataclass(frozen=True, slots=True, eq=False)
class _Plane:
    frame: Frame
    instance: Instance


def open_series(series: Series, file: ImageFile) -> VoxelSource:
    """Return the image of a series that `choose_image` chose; voxels are read when they are wanted.

    Planes at uneven distances, and those of a tilted gantry, are laid onto an even, right-angled grid by linear
    interpolation, which a warning says.

    Raises
    ------
    BadGeometry
        Voxels of an absurd size.
    """
    stack = series.stack
    assert stack is not None  # a series without one is never chosen
    planes = [_Plane(stack.frames[n], series.instances[n]) for n in stack.order]
    warnings = [*_scaling(series, planes), *_compression(planes)]
    shape = (len(planes), *stack.shape_ji)
    refuse_impossible_size(int(np.prod(shape, dtype=np.int64)) * 2, None, file)
    if stack.even:
        grid: Grid = grid_of(file, shape, lambda _: stack.grid())
        return VoxelSource(file=file, grid=grid, slabs=lambda _: _values(planes), warnings=tuple(warnings),
                           origin=series.origin, unit=_unit(series), simulated=series.simulated)  # fmt: skip
    plan: Straightened = straightened(stack, file)
    return VoxelSource(
        file=file,
        grid=plan.grid,
        slabs=lambda _: plan.laid(_values(planes), cut_short(file)),
        warnings=(*warnings, f"{file.of}: {plan.told}"),
        origin=series.origin,
        unit=_unit(series),
        simulated=series.simulated,
    )


def _unit(series: Series) -> str:
    return "HU" if series.kind in HOUNSFIELD else "signal"


def _values(planes: Sequence[_Plane]) -> Iterator[Voxels]:
    """Give the scaled planes in their order, each of shape (1, j, i); neighbors of one file are read together."""
    with Decoder() as decoder:
        for _, group in groupby(planes, key=lambda plane: id(plane.instance.place)):
            several = list(group)
            item = read_item(several[0].instance.place, tags=PIXEL_TAGS, pixels=True)
            yield from _of_one(item, several, decoder)


def _of_one(item: Item, planes: Sequence[_Plane], decoder: Decoder) -> Iterator[Voxels]:
    numbers = [plane.frame.number for plane in planes]
    for plane, pixels in zip(planes, stored(item, numbers, planes[0].instance.shape_ji, decoder), strict=True):
        yield _scaled(pixels, plane.frame)[None]


def _scaled(pixels: Voxels, frame: Frame) -> Voxels:
    """Return values: whole numbers where the scale is whole, else floats."""
    slope, intercept = frame.slope, frame.intercept
    if slope == 1.0 and intercept == 0.0:
        return pixels
    if slope == int(slope) and intercept == int(intercept) and max(abs(slope), abs(intercept)) < 2**15:
        ends = [int(end) * int(slope) + int(intercept) for end in (pixels.min(), pixels.max())]
        if pixels.dtype.itemsize == 2 and -(2**15) <= min(ends) and max(ends) < 2**15:
            # Where the values fit, 16 bits are exact, though numbers on the way may wrap around.
            turned = pixels.astype(np.int16)
            turned *= np.int16(slope)
            turned += np.int16(intercept)
            return turned
        return pixels.astype(np.int64 if pixels.dtype.itemsize > 2 else np.int32) * int(slope) + int(intercept)
    return pixels * np.float64(slope) + intercept


def _scaling(series: Series, planes: Sequence[_Plane]) -> list[str]:
    if _unit(series) == "HU" and not all(plane.frame.scaled for plane in planes):
        return ["image: the header has no rescale slope and intercept; the stored numbers were taken for HU"]
    return []


def _compression(planes: Sequence[_Plane]) -> list[str]:
    lossy = any(plane.instance.header.syntax in LOSSY for plane in planes)
    return ["image: it was compressed with losses"] if lossy else []
