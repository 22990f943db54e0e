"""Axial diameters: the longest diameter in any plane of acquisition, and the longest one across it (RECIST)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import ConvexHull, QhullError

from isotherm.imaging.geometry import Float, Int
from isotherm.imaging.proximity import Point, as_point
from isotherm.imaging.shape import plane_axes

PLANE_STEP_MM = 0.5
"""Distance between the planes in which the longest axial diameter is sought; the best place is then refined tenfold."""

WIDTHS = 12
"""Directions in which an outline's width is taken to see whether its longest diameter can matter."""


@dataclass(frozen=True, slots=True)
class Diameter:
    """A straight line between two points of an outline in one plane: `ends_lps_mm` and the length between them."""

    length_mm: float
    ends_lps_mm: tuple[Point, Point]


@dataclass(frozen=True, slots=True)
class AxialDiameters:
    """The longest diameter in any plane of acquisition, and the longest one perpendicular to it in the same plane."""

    longest: Diameter
    short: Diameter


def axial_diameters(corners_lps_mm: Float, slice_axis_lps: npt.ArrayLike) -> AxialDiameters:
    """Measure a surface in its planes of acquisition.

    Parameters
    ----------
    corners_lps_mm : array, shape (t, 3, 3)
        The triangles of one part, `Shape.largest_lps_mm`: a speck beside the lesion must not make it longer.
    slice_axis_lps : array, shape (3,)
        Direction perpendicular to the planes of acquisition, for an array (k, j, i) of axial slices
        `grid.direction_lps[:, 0]`.

    Raises
    ------
    ValueError
        An axis without a direction.

    References
    ----------
    .. [1] Eisenhauer et al., Eur J Cancer 2009;45:228-247 (RECIST 1.1: longest diameter in the plane of measurement).
    """
    axis = np.asarray(slice_axis_lps, dtype=np.float64)
    if axis.shape != (3,) or not np.linalg.norm(axis) > 0:
        raise ValueError("A slice axis without a direction came; give a vector of three numbers.")
    axis = axis / np.linalg.norm(axis)
    frame = np.stack([*plane_axes(axis), axis])
    # From here on u, v within the plane of acquisition, and the height across it.
    stack = _Stack(corners_lps_mm @ frame.T)
    low, high = float(stack.low.min()), float(stack.high.max())
    steps = max(2, math.ceil((high - low) / PLANE_STEP_MM))
    step = (high - low) / steps
    best = _best_plane(stack, low + step * np.arange(0.5, steps), (0.0, low, np.zeros((0, 2))))
    _, height, outline = _best_plane(stack, best[1] + step * np.linspace(-0.95, 0.95, 20), best)
    first, second, _ = _farthest_pair(outline)
    start, end = outline[first], outline[second]
    along = (end - start) / np.linalg.norm(end - start)
    chord = _longest_chord(stack.cut(height), along, np.array([-along[1], along[0]]))

    def diameter(one: Float, other: Float) -> Diameter:
        ends = [as_point(np.append(place, height) @ frame) for place in (one, other)]
        return Diameter(float(np.linalg.norm(other - one)), (ends[0], ends[1]))

    return AxialDiameters(diameter(start, end), diameter(*chord))


class _Stack:
    """Triangles, shape (t, 3, 3) as u, v, height, that can be cut quickly at many heights."""

    def __init__(self, corners: Float) -> None:
        self.corners = corners
        self.low, self.high = corners[:, :, 2].min(axis=1), corners[:, :, 2].max(axis=1)

    def cut(self, height: float) -> Float:
        """Cut the triangles at a height; returns line segments, shape (m, 2 ends, 2)."""
        corners = self.corners[(self.low <= height) & (self.high > height)]
        above = corners[:, :, 2] > height
        # One corner is alone on its side of the plane: the two edges that leave it are cut.
        lone: Int = np.asarray(
            np.where(above.sum(axis=1) == 1, above.argmax(axis=1), (~above).argmax(axis=1)), dtype=np.int64
        )
        rows = np.arange(len(corners))
        start = corners[rows, lone]
        ends: list[Float] = []
        for other in (1, 2):
            end = corners[rows, (lone + other) % 3]
            share = ((height - start[:, 2]) / (end[:, 2] - start[:, 2]))[:, None]
            ends.append(start[:, :2] * (1 - share) + end[:, :2] * share)
        return np.stack(ends, axis=1)


def _best_plane(stack: _Stack, heights: Float, best: tuple[float, float, Float]) -> tuple[float, float, Float]:
    """Return the longest diameter found, at which height, and the outline's convex hull there; `best` so far."""
    turns = np.arange(WIDTHS) * math.pi / WIDTHS
    ways = np.stack([np.cos(turns), np.sin(turns)])
    # From the middle outward, since the longest diameter is likely there and spares most other planes their hull.
    for height in heights[np.argsort(np.abs(heights - heights.mean()))]:
        cut = stack.cut(float(height)).reshape(-1, 2)
        # No diameter is longer than the largest of these widths over the cosine of half the angle between them.
        if len(cut) == 0 or np.ptp(cut @ ways, axis=0).max() <= best[0] * math.cos(math.pi / (2 * WIDTHS)):
            continue
        outline = _hull(cut)
        _, _, length = _farthest_pair(outline)
        if length > best[0]:
            best = (length, float(height), outline)
    return best


def _hull(points: Float) -> Float:
    """Return the corners of the convex hull of points in a plane; all of them where they make no area."""
    if len(points) < 4:
        return points
    try:
        return points[ConvexHull(points).vertices]
    except QhullError:
        return points


def _farthest_pair(points: Float) -> tuple[int, int, float]:
    # A hull of a lesion's outline has some hundreds of corners: comparing all pairs is quicker than calipers.
    apart = np.hypot(points[:, None, 0] - points[:, 0], points[:, None, 1] - points[:, 1])
    first, second = np.unravel_index(int(apart.argmax()), apart.shape)
    return int(first), int(second), float(apart[first, second])


def _longest_chord(segments: Float, along: Float, across: Float) -> tuple[Float, Float]:
    """Find the longest chord of an outline in the direction `across`; segments have shape (m, 2 ends, 2).

    A chord's length changes linearly between the corners of the outline, so the longest one passes through a corner.
    """
    t = segments @ along
    low, high, span = t.min(axis=1), t.max(axis=1), t[:, 1] - t[:, 0]
    flat = span == 0
    best = (0.0, segments[0, 0], segments[0, 0])
    for level in np.unique(t):
        hit = (low <= level) & (high >= level)
        share = np.where(flat[hit], 0.0, (level - t[hit, 0]) / np.where(flat[hit], 1.0, span[hit]))[:, None]
        spots = segments[hit, 0] * (1 - share) + segments[hit, 1] * share
        heights = spots @ across
        length = float(np.ptp(heights))
        if length > best[0]:
            best = (length, spots[heights.argmin()], spots[heights.argmax()])
    return best[1], best[2]
