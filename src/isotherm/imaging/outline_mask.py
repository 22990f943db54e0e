"""An outline to the voxels of an image: the share of each within it, and a probability for the eye."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage, special

from isotherm.imaging.geometry import Float
from isotherm.imaging.volume import Grid, Mask

SUB = 4
"""Places along each edge of a voxel that its share is counted at."""

FADES = 2.5
"""The probability ends this many standard deviations of the outline away from it."""

BEYOND_MM = -50.0
"""Level where the outline's own grid ends: far outside."""

Slices = tuple[slice, slice, slice]


def shares_of(level_mm: Float, level_grid: Grid, grid: Grid) -> Float:
    """Return how much of each voxel of a grid lies inside a level set on another grid, shape (k, j, i)."""
    shares = np.zeros(grid.shape_kji)
    box = _box(level_mm, level_grid, grid)
    if box is None:
        return shares
    window = _window(grid, box)
    steps = (np.arange(SUB) + 0.5) / SUB - 0.5
    centers = window.centers_lps_mm()
    count = np.zeros(len(centers))
    for off in np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3):
        count += _at(level_mm, level_grid, centers + window.direction_lps @ (off * window.spacing_kji_mm)) > 0
    shares[box] = (count / SUB**3).reshape(window.shape_kji)
    return shares


def probability_of(level_mm: Float, level_grid: Grid, grid: Grid, error_mm: float) -> npt.NDArray[np.float32]:
    """Return the chance of each voxel's center to lie inside an outline with a normal error, shape (k, j, i)."""
    out = np.zeros(grid.shape_kji, dtype=np.float32)
    box = _box(level_mm + FADES * error_mm, level_grid, grid)
    if box is None:
        return out
    window = _window(grid, box)
    sds = _at(level_mm, level_grid, window.centers_lps_mm()) / max(error_mm, 0.01)
    chance = np.where(sds > -FADES, special.ndtr(sds), 0.0)
    out[box] = chance.reshape(window.shape_kji)
    return out


def organ_on(organ: Mask, grid: Grid) -> Float:
    """Return 1 where a voxel's center lies in the organ, else 0, shape (k, j, i)."""
    if organ.grid.same_as(grid):
        return organ.inside.astype(np.float64)
    return organ.holds(grid.centers_lps_mm()).reshape(grid.shape_kji).astype(np.float64)


def _at(level_mm: Float, level_grid: Grid, points_lps_mm: Float) -> Float:
    kji = level_grid.to_kji(points_lps_mm)
    return ndimage.map_coordinates(level_mm, kji.T, order=1, mode="constant", cval=BEYOND_MM)


def _box(level_mm: Float, level_grid: Grid, grid: Grid) -> Slices | None:
    """Return the part of a grid that what lies inside a level set can touch."""
    inside = np.argwhere(level_mm > 0)
    if not len(inside):
        return None
    start, shape = grid.box_around(level_grid.to_lps(inside), reach_mm=2.0 * max(level_grid.spacing_kji_mm))
    low = np.clip(start, 0, grid.shape_kji)
    high = np.clip(np.array(start) + shape, 0, grid.shape_kji)
    if not (high > low).all():
        return None
    k, j, i = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return k, j, i


def _window(grid: Grid, box: Slices) -> Grid:
    k, j, i = box
    return grid.window((k.start, j.start, i.start), (k.stop - k.start, j.stop - j.start, i.stop - i.start))
