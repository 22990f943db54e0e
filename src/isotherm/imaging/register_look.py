"""Whether two scans look alike as they were laid on each other: more so than a little way off, to whatever side.

The other gates look at a deformation, or at what is drawn. A smooth transform of the wrong direction, or landmarks of a
mirrored frame, please them all; that the scans then show different places, only the scans can tell.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isotherm.imaging.geometry import Float
from isotherm.imaging.register_gates import NEAR_MM, Gate, gate_of
from isotherm.imaging.register_itk import Side
from isotherm.imaging.register_masks import Scan
from isotherm.imaging.transform import Transform
from isotherm.imaging.volume import Grid

OFF_MM = (8.0, 12.0)
"""How far off the scans are compared as well: beyond what a registration that is worth anything misses by."""

BLUR_MM = 1.5
"""Gauss filter of both images before they are compared."""

MOST_PLACES, LEAST_PLACES = 20_000, 500
"""Places near the lesion that are compared; below the second there is nothing to compare."""

WAYS = np.array([way for way in product((-1.0, 0.0, 1.0), repeat=3) if sum(map(abs, way)) in (1.0, 3.0)])
"""Six directions along the axes and eight along the diagonals."""

Image = npt.NDArray[np.float32]


def look_alike_gate(before: Scan, after: Scan, used: Transform, lesion_lps_mm: Float) -> Gate | None:
    """Return the gate that counts how many places around show the scans more alike than the one that was found.

    Parameters
    ----------
    before, after : Scan
    used : Transform
    lesion_lps_mm : array, shape (3,)
        Center of the tumor on the scan after.

    Returns
    -------
    Gate or None
        None where a scan is no CT (the values of two MR say nothing of each other), or without any structure.
    """
    if before.image.unit != "HU" or after.image.unit != "HU":
        return None
    fixed, moving = after.side(around_lps_mm=lesion_lps_mm, reach_mm=NEAR_MM), before.side()
    places = at_most(MOST_PLACES, fixed.image.grid.to_lps(np.argwhere(fixed.allowed)))
    here, there = values_at(_blurred(fixed), fixed.image.grid, places), used.points(places)
    image, grid = _blurred(moving), moving.image.grid
    off = [length * way / np.linalg.norm(way) for length in OFF_MM for way in WAYS]
    seen = values_at(image, grid, there)
    if np.isfinite(here + seen).sum() < LEAST_PLACES:
        return Gate("look_alike", None, "fail", "the scans do not meet around the lesion")
    as_found, *others = (
        _likeness(here, one) for one in (seen, *(values_at(image, grid, there + step) for step in off))
    )
    if as_found is None:
        return None
    return gate_of("look_alike", float(sum(other is not None and other > as_found for other in others)))


def at_most(n: int, places: Float) -> Float:
    """Return places, shape (m, 3), evenly thinned out to n or fewer."""
    return places[:: max(1, -(-len(places) // n))]


def blurred(values: Image, grid: Grid, mm: float) -> Image:
    """Return an image after a Gauss filter of a width in mm."""
    made: Any = ndimage.gaussian_filter(values, [mm / s for s in grid.spacing_kji_mm], mode="nearest")
    return made


def values_at(image: Image, grid: Grid, places: Float) -> Image:
    """Return an image's values at places, shape (n,); NaN beyond it and beside what is NaN in it."""
    return ndimage.map_coordinates(image, grid.to_kji(places).T, order=1, mode="constant", cval=np.nan)


def _blurred(side: Side) -> Image:
    image = blurred(side.image.voxels.astype(np.float32), side.image.grid, BLUR_MM)
    return np.where(side.allowed, image, np.float32(np.nan))


def _likeness(one: Image, other: Image) -> float | None:
    """Return the correlation of two series where both are known, or None: too few are, or one of them is even."""
    both = np.isfinite(one) & np.isfinite(other)
    if both.sum() < LEAST_PLACES or not (one[both].std() > 0 and other[both].std() > 0):
        return None
    return float(np.corrcoef(one[both], other[both])[0, 1])
