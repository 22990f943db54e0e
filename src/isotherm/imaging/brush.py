"""Stroke: what a person paints into a mask or takes out of it; a corrected mask is the drawn one and its strokes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from isotherm.errors import BadStroke
from isotherm.imaging.geometry import Float
from isotherm.imaging.transform import Transform
from isotherm.imaging.volume import Grid, Mask

Does = Literal["add", "erase"]

Three = tuple[float, float, float]

RADIUS_MM = (0.3, 30.0)
"""Least and greatest radius of the brush: below the pixels of a scan, and about that of the largest zone."""

MOST_POINTS, MOST_STROKES = 2000, 500
"""What one stroke and one correction may hold: far more than a hand does, and little enough for a second."""

LENGTH_MM = 1000.0
"""No stroke is longer from end to end: beyond it, coordinates are not mm."""

MOST_VISITED = 100_000_000
"""Voxels that are looked at for one stroke at the most: some seconds of work."""


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """One stroke of a round brush.

    Parameters
    ----------
    does : {"add", "erase"}
    points_lps_mm : array, shape (n, 3)
        The way of its middle, straight from point to point, in the frame of the mask.
    radius_mm : float
    normal_lps : tuple of float, optional
        Across the plane that it was painted on: only voxels that this plane cuts are changed. Without it, a ball.

    Raises
    ------
    BadStroke
        No points, too many, numbers that are not finite, or a brush that is no brush.
    """

    does: Does
    points_lps_mm: Float
    radius_mm: float
    normal_lps: Three | None = None

    def __post_init__(self) -> None:
        if self.does not in ("add", "erase"):
            raise BadStroke("A stroke that neither adds nor erases came; say which of the two it does.")
        points = np.array(self.points_lps_mm, dtype=np.float64)
        if points.ndim != 2 or points.shape[1:] != (3,) or not 1 <= len(points) <= MOST_POINTS:
            raise BadStroke(f"A stroke needs 1 to {MOST_POINTS} points of three mm each; paint it anew, in parts.")
        if not np.isfinite(points).all() or np.ptp(points, axis=0).max() > LENGTH_MM:
            raise BadStroke("A stroke came whose points are no places in mm; paint it anew.")
        low, high = RADIUS_MM
        if not low <= self.radius_mm <= high:
            raise BadStroke(f"The brush has a radius of {low:g} to {high:g} mm; choose one of these.")
        points.setflags(write=False)
        object.__setattr__(self, "points_lps_mm", points)
        object.__setattr__(self, "normal_lps", _unit(self.normal_lps))

    def carried(self, transform: Transform) -> Stroke:
        """Return the stroke in the scan before, where a transform carries it; its plane turns, its width stays."""
        points = transform.points(self.points_lps_mm)
        normal = None if self.normal_lps is None else _three(transform.rotation @ np.array(self.normal_lps))
        return Stroke(self.does, points, self.radius_mm, normal)


def corrected(mask: Mask, strokes: Sequence[Stroke], *, within: Grid) -> Mask:
    """Return a mask with strokes painted into it, one after the other; the mask itself stays.

    Parameters
    ----------
    mask : Mask
        Its grid grows where a stroke adds beyond it, as a file may hold only the slices that were drawn on.
    strokes : sequence of Stroke
        In the frame of the mask.
    within : Grid
        Of the scan: no stroke may leave it.

    Raises
    ------
    BadStroke
        A stroke leaves the scan, or there are too many.
    """
    return _painted(mask, strokes, within)[0]


def idle_strokes(mask: Mask, strokes: Sequence[Stroke], *, within: Grid) -> tuple[int, ...]:
    """Return the numbers, from 0, of the strokes that change no voxel of what was there when they were made.

    Raises
    ------
    BadStroke
        As for `corrected`.
    """
    return tuple(number for number, changes in enumerate(_painted(mask, strokes, within)[1]) if not changes)


def slices_across(mask: Mask, normal_lps: Three) -> int:
    """Return over how many slices a mask reaches across a plane, as wide as one that a stroke on that plane changes."""
    normal = np.array(_unit(normal_lps))
    inside = np.argwhere(mask.inside)
    if not len(inside):
        return 0
    return round(float(np.ptp(mask.grid.to_lps(inside) @ normal)) / (2.0 * _half(mask.grid, normal))) + 1


def _painted(mask: Mask, strokes: Sequence[Stroke], within: Grid) -> tuple[Mask, list[bool]]:
    """Return a mask with strokes, and whether each of them changed anything."""
    if len(strokes) > MOST_STROKES:
        raise BadStroke(f"More than {MOST_STROKES} strokes came; accept the correction, and go on from it.")
    for stroke in strokes:
        _check_within(stroke, within)
    voxels = [(stroke.does, _voxels(stroke, mask.grid)) for stroke in strokes]
    added = [kji[_on(mask.grid, kji, within)] for does, kji in voxels if does == "add"]
    grown = _grown(mask, np.concatenate(added) if added else np.zeros((0, 3), dtype=np.int64))
    shift = np.rint(grown.grid.to_kji([mask.grid.origin_lps_mm])[0]).astype(np.int64)
    painted = grown.voxels.copy()
    changed: list[bool] = []
    for does, kji in voxels:
        at = kji + shift
        held = at[((at >= 0) & (at < grown.grid.shape_kji)).all(axis=1)]
        touched = tuple(held.T)
        changed.append(bool(np.any(painted[touched] != (does == "add"))))
        painted[touched] = does == "add"
    return Mask(painted, grown.grid, mask.of), changed


def _on(grid: Grid, kji: npt.NDArray[np.int64], within: Grid) -> npt.NDArray[np.bool_]:
    """Say which voxels of a grid have their center in the scan, to half a voxel beyond its outermost centers."""
    at = within.to_kji(grid.to_lps(kji))
    return np.asarray(((at >= -0.5) & (at <= np.array(within.shape_kji) - 0.5)).all(axis=1))


def _check_within(stroke: Stroke, within: Grid) -> None:
    kji = within.to_kji(stroke.points_lps_mm)
    if ((kji < -0.5) | (kji > np.array(within.shape_kji) - 0.5)).any():
        raise BadStroke("A stroke leaves the scan that its mask is drawn on; paint inside of the scan.")


def _grown(mask: Mask, kji: npt.NDArray[np.int64]) -> Mask:
    """Return the mask on a grid that holds voxels, shape (n, 3), too."""
    if not len(kji):
        return mask
    low = np.minimum(kji.min(axis=0), 0)
    high = np.maximum(kji.max(axis=0) + 1, mask.grid.shape_kji)
    if not low.any() and tuple(high) == mask.grid.shape_kji:
        return mask
    size = high - low
    return mask.windowed((int(low[0]), int(low[1]), int(low[2])), (int(size[0]), int(size[1]), int(size[2])))


def _voxels(stroke: Stroke, grid: Grid) -> npt.NDArray[np.int64]:
    """Return the voxels, shape (n, 3), whose center lies under the brush; they may lie beyond the grid."""
    points = stroke.points_lps_mm
    steps = list(itertools.pairwise(points)) or [(points[0], points[0])]
    across = np.abs(np.diff(points, axis=0)).max(axis=1) if len(points) > 1 else np.zeros(1)
    sides = (2.0 * stroke.radius_mm + across)[:, None] / grid.spacing_kji_mm + 2.0
    if sides.prod(axis=1).sum() > MOST_VISITED:
        raise BadStroke("A stroke came that is too long for so wide a brush; paint it in parts.")
    found = [_under(start, end, stroke, grid) for start, end in steps]
    return np.unique(np.concatenate(found), axis=0)


def _under(start: Float, end: Float, stroke: Stroke, grid: Grid) -> npt.NDArray[np.int64]:
    """Return the voxels under one straight part of a stroke."""
    first, shape = grid.box_around(np.array([start, end]), reach_mm=stroke.radius_mm)
    kji = np.indices(shape).reshape(3, -1).T + np.array(first)
    arms = grid.to_lps(kji) - start
    way = end - start
    keep = np.ones(len(kji), dtype=bool)
    if stroke.normal_lps is not None:
        normal = np.array(stroke.normal_lps)
        half = _half(grid, normal)  # of two slices that are as near, one is taken
        off = arms @ normal
        keep = (off >= -half) & (off < half)
        arms = arms - off[:, None] * normal
        way = way - (way @ normal) * normal
    length2 = float(way @ way)
    along = np.clip(arms @ way / length2, 0.0, 1.0) if length2 > 0.0 else np.zeros(len(arms))
    keep &= np.linalg.norm(arms - along[:, None] * way, axis=1) <= stroke.radius_mm
    return kji[keep].astype(np.int64)


def _half(grid: Grid, normal: Float) -> float:
    """Return half of what a voxel measures across a plane."""
    return 0.5 * float(np.abs(normal @ grid.direction_lps) @ np.array(grid.spacing_kji_mm))


def _unit(normal: Three | None) -> Three | None:
    if normal is None:
        return None
    vector = np.array(normal, dtype=np.float64)
    length = float(np.linalg.norm(vector)) if vector.shape == (3,) else float("nan")
    if not (np.isfinite(length) and length > 0.0):
        raise BadStroke("A stroke came on a plane without a direction; paint it anew.")
    return _three(vector / length)


def _three(vector: Float) -> Three:
    return float(vector[0]), float(vector[1]), float(vector[2])
