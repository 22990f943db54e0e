"""Lumen: the inside of vessels near a lesion as a field on cubic voxels, whatever grid the vessels were drawn on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.measure import marching_cubes  # pyright: ignore[reportUnknownVariableType]

from isotherm.imaging.geometry import Float
from isotherm.imaging.proximity import Body, Point
from isotherm.imaging.volume import Grid, Mask

VOXEL_RANGE_MM = (0.5, 1.0)
"""Size of the cubic voxels: as fine as the finest spacing of the mask, within this range."""

SMALLEST_MM3 = 20.0
"""Separate pieces smaller than this are left out: a vessel 3 mm wide and as long as it is wide holds 21 mm3."""

SMOOTHING_MM = 0.4
"""Width of the Gauss filter on the field: it takes steps off the wall, and 0.05 mm off the radius of a 3 mm vessel."""

TOUCHING = np.ones((3, 3, 3), dtype=bool)
"""Voxels touch at their faces, edges and corners."""

NEUTRAL_BORDER_MM = 10.0
"""How far beyond the zone lumina are taken out of the untreated tissue; what is farther away does not end a margin."""


@dataclass(frozen=True, slots=True, eq=False)
class Lumen:
    """The inside of vessels within reach of a lesion.

    Parameters
    ----------
    field_mm : array of float32, shape (k, j, i)
        About the distance to the wall in mm, positive inside; for a probability map, the share above one half.
    share : array of float32, shape (k, j, i)
        How much of each voxel is vessel: interpolated straight from the mask, so that volumes stay as drawn.
    grid : Grid
        Of cubic voxels, with the axes of the vessel mask.
    """

    field_mm: npt.NDArray[np.float32]
    share: npt.NDArray[np.float32]
    grid: Grid

    def __post_init__(self) -> None:
        self.share.setflags(write=False)
        self.field_mm.setflags(write=False)

    @property
    def voxel_mm(self) -> float:
        """Edge of a voxel in mm."""
        return self.grid.spacing_kji_mm[0]

    @property
    def inside(self) -> npt.NDArray[np.bool_]:
        """Voxels inside, shape (k, j, i)."""
        return self.field_mm > 0

    def at(self, points_lps_mm: Float) -> Float:
        """Return the field at points, shape (n, 3), LPS mm; shape (n,). Only its sign is exact."""
        where = self.grid.to_kji(points_lps_mm).T
        return ndimage.map_coordinates(self.field_mm, where, order=1, mode="constant", cval=float(self.field_mm.min()),
                                       output=np.float64)  # fmt: skip

    def body(self) -> Body:
        """Return the vessels with their wall as triangles; its `signed_mm` is a distance in mm everywhere."""
        # A copy, since scikit-image refuses arrays that are read-only.
        found = cast(Any, marching_cubes(self.field_mm.copy(), 0.0, allow_degenerate=False))
        return Body(self.grid.to_lps(found[0]), found[1], self.at)


def lumen_near(vessels: Mask, near_lps_mm: Point, radius_mm: float) -> Lumen | None:
    """Cut out the vessels within a ball and put them on cubic voxels; None where there are none.

    Parameters
    ----------
    vessels : Mask
        On its own grid, which may be oblique, coarse or anisotropic.
    near_lps_mm : tuple of float
        Center of the ball, LPS mm.
    radius_mm : float
        Its radius. Where the ball cuts a vessel, the cut is an end like any other.
    """
    low, high = VOXEL_RANGE_MM
    spacing = np.array(vessels.grid.spacing_kji_mm)
    voxel_mm = float(np.clip(spacing.min(), low, high))
    # Background all around: a vessel that touches the end of its grid ends there, and no cubic voxel at the edge is in.
    border = np.ceil(2 * np.maximum(voxel_mm, spacing) / spacing).astype(int)
    box = _box_in_ball(vessels, near_lps_mm, radius_mm, border)
    if box is None:
        return None
    step = voxel_mm / spacing
    # Cubic voxels are counted from the mask's own origin: where the ball lies does not shift them.
    begins = np.rint(vessels.grid.to_kji([box.grid.origin_lps_mm])[0])
    first = np.ceil(begins / step)
    inward = first * step - begins
    shape = _triple(((np.array(box.grid.shape_kji) - 1 - inward) / step).astype(int) + 1)
    x, y, z = vessels.grid.to_lps([first * step])[0].tolist()
    grid = Grid(shape, (voxel_mm, voxel_mm, voxel_mm), (x, y, z), box.grid.direction_lps)
    resampling = _Resampling(step, inward, shape)
    share = resampling(box.voxels.astype(np.float32))
    field = resampling(_field(box, voxel_mm))
    if not box.is_probability:
        field = ndimage.gaussian_filter(field, SMOOTHING_MM / voxel_mm, mode="nearest")
    torn = _torn(box, field > 0, resampling)
    if torn.any():
        half = np.float32(voxel_mm / 2)
        beside = ndimage.binary_dilation(torn, TOUCHING)
        field[beside] = np.maximum(field[beside], np.where(torn[beside], half, -half))
    ball = _ball(grid, near_lps_mm, radius_mm)
    field = np.minimum(field, ball)
    share[ball < 0] = 0.0
    # A cavity inside a vessel (a clot, a hole in the drawing) would turn its centerline into a shell.
    cavity = ndimage.binary_fill_holes(field > 0) & (field <= 0)
    field[cavity] = voxel_mm / 2
    return Lumen(field, share, grid) if (field > 0).any() else None


def _box_in_ball(vessels: Mask, near_lps_mm: Point, radius_mm: float, border: npt.NDArray[np.int_]) -> Mask | None:
    spacing = np.array(vessels.grid.spacing_kji_mm)
    center = vessels.grid.to_kji([near_lps_mm])[0]
    low = np.maximum(np.floor(center - radius_mm / spacing), 0).astype(int)
    high = np.minimum(np.ceil(center + radius_mm / spacing) + 1, vessels.grid.shape_kji).astype(int)
    if (high <= low).any():
        return None
    cropped = vessels.windowed(_triple(low), _triple(high - low))
    if (found := cropped.box()) is None:
        return None
    start = np.array([s.start for s in found]) - border
    return _without_specks(
        cropped.windowed(_triple(start), _triple(np.array([s.stop for s in found]) + border - start))
    )


def _without_specks(vessels: Mask) -> Mask | None:
    """Remove pieces too small to be a vessel, and, in a probability map, whatever does not touch one that is left."""
    labels, count = ndimage.label(vessels.inside, TOUCHING)
    volumes = np.bincount(labels.ravel(), minlength=count + 1) * vessels.grid.voxel_volume_ml * 1000.0
    large = volumes >= SMALLEST_MM3
    large[0] = False
    if not large.any():
        return None
    kept = large[labels]
    if not vessels.is_probability:
        return Mask(kept, vessels.grid, vessels.of)
    near = ndimage.binary_dilation(kept, TOUCHING)
    return Mask(np.where(near, vessels.voxels, 0).astype(np.float32), vessels.grid, vessels.of)


def _field(box: Mask, voxel_mm: float) -> npt.NDArray[np.float32]:
    if box.is_probability:
        return box.voxels.astype(np.float32) - np.float32(0.5)
    inside = box.inside
    spacing = box.grid.spacing_kji_mm
    if max(spacing) <= 1.2 * voxel_mm:
        # Already almost cubic and fine: the drawing itself, smoothed a little later on, is the better field.
        return (inside.astype(np.float32) - np.float32(0.5)) * np.float32(2 * voxel_mm)
    # Distances are interpolated between thick slices, so that a slanting vessel does not become a staircase.
    depth = ndimage.distance_transform_edt(inside, sampling=spacing)
    away = ndimage.distance_transform_edt(~inside, sampling=spacing)
    return (depth - away).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Resampling:
    """Carries an array from a mask's voxels to cubic ones."""

    step: Float
    inward: Float
    shape: tuple[int, int, int]

    def __call__(self, values: npt.NDArray[Any], *, order: Literal[0, 1] = 1) -> npt.NDArray[Any]:
        return ndimage.affine_transform(
            values, self.step, offset=self.inward, order=order, output_shape=self.shape, mode="nearest"
        )


def _torn(box: Mask, inside: npt.NDArray[np.bool_], resampling: _Resampling) -> npt.NDArray[np.bool_]:
    """Return the voxels of those pieces of the drawing that interpolation has torn apart or shortened.

    On thick slices a thin slanting vessel does. A torn vessel would seem to end, so it is taken as it was drawn.
    """
    drawn, count = ndimage.label(box.inside, TOUCHING)
    pieces = resampling(drawn, order=0)
    now = ndimage.label(inside, TOUCHING)[0]
    found = np.unique(np.stack([pieces[inside], now[inside]]), axis=1)[0]
    torn = np.bincount(found, minlength=count + 1) != 1
    lost = np.argwhere((pieces > 0) & ~inside)
    if len(lost) and inside.any():
        voxels_away = np.asarray(cKDTree(np.argwhere(inside)).query(lost)[0])
        # One slice is the roundness that interpolation gives to the end of a vessel; more is a part that is gone.
        gone = lost[voxels_away > 1 + (1 / resampling.step).max()]
        torn[pieces[gone[:, 0], gone[:, 1], gone[:, 2]]] = True
    torn[0] = False
    return torn[pieces]


def _ball(grid: Grid, near_lps_mm: Point, radius_mm: float) -> npt.NDArray[np.float32]:
    center = grid.to_kji([near_lps_mm])[0]
    square = [
        ((np.arange(n) - c) * s) ** 2 for n, c, s in zip(grid.shape_kji, center, grid.spacing_kji_mm, strict=True)
    ]
    away = np.sqrt(square[0][:, None, None] + square[1][None, :, None] + square[2][None, None, :])
    return (radius_mm - away).astype(np.float32)


def _triple(values: npt.NDArray[np.int_]) -> tuple[int, int, int]:
    k, j, i = (int(v) for v in values)
    return k, j, i


def lumen_tolerance_mm(vessels: Grid, ablation: Grid) -> float:
    """Return how far apart the outline of a vessel and that of a zone around it may lie by drawing alone, mm.

    Half a voxel of each drawing, together at most 1 mm: wider would hide untreated tissue along the vessel.
    """
    return min(1.0, (max(vessels.spacing_kji_mm) + max(ablation.spacing_kji_mm)) / 2)


def lumen_neutral_zone(
    ablation: Mask, zone: Body, vessels: Iterable[Mask], *, near_lps_mm: Point, radius_mm: float
) -> Mask:
    """Return the ablation zone together with what is neither ablated nor untreated: the lumina of vessels.

    What lies outside of it is untreated tissue for the lumen-neutral margin: a patent vessel that was left out of the
    zone does not end the margin, and the wall of a vessel does wherever untreated tissue lies behind it. The thin sheet
    between the vessel as drawn on one image and the gap left for it in the zone drawn on another is neutral too: places
    whose distances to lumen and zone add up to no more than `lumen_tolerance_mm`. A sleeve of untreated tissue along a
    vessel that is thicker than this is real (it is what a heat sink leaves behind) and stays untreated.

    It says what is not untreated, not what is ablated: a tumor's distance to the zone, where it is not covered, is to
    be taken to the ablation itself.

    Parameters
    ----------
    ablation : Mask
    zone : Body
        Its surface and inside.
    vessels : iterable of Mask
        Each on its own grid.
    near_lps_mm, radius_mm : tuple of float, float
        The ball within which vessels are looked at; it must hold the zone.

    Returns
    -------
    Mask
        On the grid of the ablation, cut to it and 10 mm around; the ablation itself where it is empty.
    """
    if (box := ablation.box()) is None:
        return ablation
    spacing = np.array(ablation.grid.spacing_kji_mm)
    border = np.ceil(NEUTRAL_BORDER_MM / spacing).astype(int)
    low, high = np.array([s.start for s in box]) - border, np.array([s.stop for s in box]) + border
    around = ablation.windowed(_triple(low), _triple(high - low))
    neutral = np.zeros(around.grid.shape_kji, dtype=bool)
    points = around.grid.to_lps(np.argwhere(~around.inside))
    for mask in vessels:
        lumen = lumen_near(mask, near_lps_mm, radius_mm)
        if lumen is not None:
            tolerance = lumen_tolerance_mm(mask.grid, ablation.grid)
            neutral[~around.inside] |= _neutral(points, lumen, zone, tolerance)
    if around.is_probability:
        return Mask(np.maximum(around.voxels, neutral.astype(np.float32)), around.grid, ablation.of)
    return Mask(around.inside | neutral, around.grid, ablation.of)


def _neutral(points: Float, lumen: Lumen, zone: Body, tolerance_mm: float) -> npt.NDArray[np.bool_]:
    """Say which points outside of a zone lie in a lumen or in the sheet between both."""
    wall = lumen.body()
    neutral = lumen.at(points) > 0
    to_corner: Float = np.asarray(
        cKDTree(wall.points_lps_mm).query(points, distance_upper_bound=2 * tolerance_mm + 1)[0]
    )
    beside = np.flatnonzero(np.isfinite(to_corner) & ~neutral)
    neutral[beside] = wall.signed_mm(points[beside]) + zone.signed_mm(points[beside]) >= -tolerance_mm
    return neutral
