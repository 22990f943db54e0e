"""Planes that are uneven or shifted against each other, laid onto an even, right-angled grid."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from isotherm.errors import BadGeometry, UnreadableFile
from isotherm.exchange.dicom_stack import SAME_PLACE_MM, Stack
from isotherm.exchange.voxel_source import ImageFile, Voxels, grid_of
from isotherm.imaging.geometry import Float
from isotherm.imaging.volume import Grid

OUTSIDE_HU = -1024
"""Value of what no plane covers; of air in CT, and dark everywhere else."""

MOST_DEGREES = 45.0
"""No gantry tilts as far as this: such planes are no scan."""

LARGEST_GROWTH = 3.0
"""A tilted stack that takes more than so many times its room is taken for a broken header."""


@dataclass(frozen=True, slots=True, eq=False)
class Straightened:
    """How a stack is laid onto a grid.

    Parameters
    ----------
    grid : Grid
        Even and right-angled; it holds every pixel of every plane.
    along_mm : array, shape (n,)
        Place of each plane along the normal, from the first one.
    shift_ji : array, shape (n, 2)
        Where the first pixel of each plane lies in the grid's own plane, in pixels.
    told : str
        What was done, for a report.
    """

    grid: Grid
    along_mm: Float
    shift_ji: Float
    told: str

    def laid(self, planes: Iterator[Voxels], too_few: UnreadableFile) -> Iterator[Voxels]:
        """Give the planes of the grid, each of shape (1, j, i), from those of the stack, one after the other."""
        nk = self.grid.shape_kji[0]
        at_mm = np.arange(nk) * self.grid.spacing_kji_mm[0]
        low = np.clip(np.searchsorted(self.along_mm, at_mm, side="right") - 1, 0, len(self.along_mm) - 2)
        held: dict[int, Voxels] = {}
        count, whole = 0, True
        for k in range(nk):
            below = int(low[k])
            while count <= below + 1:
                plane = next(planes, None)
                if plane is None:
                    raise too_few
                whole &= plane.dtype.kind != "f"
                held[count] = self._moved(plane[0], count)
                count += 1
                held.pop(below - 1, None)
            share = (at_mm[k] - self.along_mm[below]) / (self.along_mm[below + 1] - self.along_mm[below])
            share = float(np.clip(share, 0.0, 1.0))
            mixed: Voxels = (1.0 - share) * held[below] + share * held[below + 1]
            yield (np.rint(mixed) if whole else mixed)[None]

    def _moved(self, plane: Voxels, number: int) -> Voxels:
        """Return a plane on the grid's rows and columns."""
        _, nj, ni = self.grid.shape_kji
        offset = -self.shift_ji[number]
        moved: Voxels = ndimage.affine_transform(
            plane.astype(np.float32), np.ones(2), offset, (nj, ni), order=1, mode="constant", cval=OUTSIDE_HU
        )
        return moved


def straightened(stack: Stack, file: ImageFile) -> Straightened:
    """Plan how to lay a stack onto a grid.

    Raises
    ------
    BadGeometry
        Planes whose line leans more than `MOST_DEGREES`, or drift so far that hardly any two lie above each other.
    """
    frame, tilt = stack.frames[0], stack.tilt_degrees
    if tilt > MOST_DEGREES:
        raise BadGeometry(
            f"{file.start} has planes that lean by {tilt:.0f} degrees, as no gantry does; export it anew."
        )
    spacing_ji = np.array(frame.spacing_ji_mm)
    off = stack.positions_lps_mm - stack.positions_lps_mm[0]
    along = off @ frame.normal_lps
    shift = np.stack([off @ frame.column_lps, off @ frame.row_lps], axis=1) / spacing_ji
    low, high = np.floor(shift.min(axis=0)), np.ceil(shift.max(axis=0))
    step = stack.step_mm
    size = [n + round(float(more)) for n, more in zip(stack.shape_ji, high - low, strict=True)]
    nk = math.floor(float(along[-1]) / step + SAME_PLACE_MM) + 1
    if nk * math.prod(size) > LARGEST_GROWTH * len(stack.frames) * math.prod(stack.shape_ji):
        raise BadGeometry(f"{file.start} has planes that drift away from each other; export it anew.")
    origin = (stack.positions_lps_mm[0] + frame.column_lps * low[0] * spacing_ji[0]
              + frame.row_lps * low[1] * spacing_ji[1])  # fmt: skip
    affine = np.eye(4)
    affine[:3, :3] = np.stack([frame.normal_lps * step, frame.column_lps * spacing_ji[0],
                               frame.row_lps * spacing_ji[1]], axis=1)  # fmt: skip
    affine[:3, 3] = origin
    shape = (nk, size[0], size[1])
    grid = grid_of(file, shape, lambda shape: Grid.from_affine(shape, affine))
    return Straightened(grid, along, shift - low, _told(stack))


def _told(stack: Stack) -> str:
    steps = stack.steps_mm
    tilt = stack.tilt_degrees
    what = f"the gantry was tilted by {tilt:.1f} degrees" if tilt > 0.1 else (
        f"the planes lie at uneven distances ({steps.min():.2f} to {steps.max():.2f} mm)")  # fmt: skip
    return f"{what}; they were laid onto an even grid by linear interpolation"
