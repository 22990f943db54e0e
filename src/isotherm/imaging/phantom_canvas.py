"""The canvas of the demo case: a real CT and its liver, brought to voxels of about 1 mm, and what is drawn on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.interpolate import CubicSpline

from isotherm.imaging.geometry import Float
from isotherm.imaging.phantom_paint import Image
from isotherm.imaging.volume import Grid, Mask, Volume

AROUND_LIVER_MM = 15.0
"""Room kept around the liver."""

SMOOTHING_VOXELS = 0.7
"""Width of the Gauss filter, in voxels of the input, that takes the steps off the liver's outline."""


@dataclass(slots=True)
class Canvas:
    """What is drawn on, lesion by lesion (the one thing here that changes); all arrays are of the grid's shape."""

    grid: Grid
    ct: Image
    before: Image
    after: Image
    liver_share: Image
    tumors: npt.NDArray[np.uint8]
    ablations: npt.NDArray[np.uint8]
    vessels: npt.NDArray[np.bool_]

    @property
    def voxel_mm(self) -> float:
        """The finest spacing."""
        return min(self.grid.spacing_kji_mm)

    def box_around(self, points_lps_mm: Float, room_mm: float) -> tuple[tuple[slice, slice, slice], Grid]:
        """Return the voxels within `room_mm` of the points' box, and their grid."""
        at = self.grid.to_kji(points_lps_mm)
        room = room_mm / np.array(self.grid.spacing_kji_mm)
        low = np.clip(np.floor(at.min(axis=0) - room), 0, self.grid.shape_kji).astype(int).tolist()
        high = np.clip(np.ceil(at.max(axis=0) + room) + 1, 0, self.grid.shape_kji).astype(int).tolist()
        k, j, i = (slice(a, b) for a, b in zip(low, high, strict=True))
        return (k, j, i), _part_of(self.grid, (k, j, i))


def canvas_of(ct: Volume, liver: Mask, box: tuple[slice, slice, slice]) -> Canvas:
    """Bring the CT and the liver's smoothed outline to voxels of about 1 mm, around the liver."""
    spacing = ct.grid.spacing_kji_mm
    room = [round(AROUND_LIVER_MM / s) for s in spacing]
    k, j, i = (
        slice(max(0, b.start - r), min(n, b.stop + r)) for b, r, n in zip(box, room, ct.grid.shape_kji, strict=True)
    )
    finer = max(1, round(spacing[0])), max(1, round(spacing[1])), max(1, round(spacing[2]))
    grid = _part_of(ct.grid, (k, j, i)).refined(finer)
    outline = ndimage.gaussian_filter(liver.voxels[k, j, i].astype(np.float32), SMOOTHING_VOXELS, mode="nearest")
    fine_ct = _refined(ct.voxels[k, j, i].astype(np.float32), grid)
    return Canvas(
        grid=grid,
        ct=fine_ct,
        before=fine_ct.copy(),
        after=fine_ct.copy(),
        liver_share=np.clip(_refined(outline, grid), 0.0, 1.0),
        tumors=np.zeros(grid.shape_kji, dtype=np.uint8),
        ablations=np.zeros(grid.shape_kji, dtype=np.uint8),
        vessels=np.zeros(grid.shape_kji, dtype=bool),
    )


def _part_of(grid: Grid, part: tuple[slice, slice, slice]) -> Grid:
    k, j, i = part
    return grid.window((k.start, j.start, i.start), (k.stop - k.start, j.stop - j.start, i.stop - i.start))


def _refined(coarse: Image, grid: Grid) -> Image:
    """Interpolate by cubic splines, axis by axis; the first and last voxel centers of both grids are the same."""
    fine = coarse
    for axis in range(3):
        old, new = int(coarse.shape[axis]), grid.shape_kji[axis]
        there: Float = np.linspace(0.0, float(old - 1), new)
        weights: Float = CubicSpline(np.arange(old), np.eye(old))(there)
        fine = np.moveaxis(np.tensordot(weights.astype(np.float32), fine, axes=(1, axis)), 0, axis)
    return np.ascontiguousarray(fine)
