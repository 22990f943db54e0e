"""Size and shape of a lesion or an ablation zone: RECIST axes, three axes, volume, sphericity."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import ConvexHull, QhullError

from isotherm.imaging.geometry import Float, Int
from isotherm.imaging.proximity import Point, as_point

PLANE_STEP_MM = 0.5
"""Distance between the planes in which the longest axial diameter is sought; the best place is then refined tenfold."""

OPEN_TOLERANCE = 1e-3
"""Sum of a surface's area vectors, as a share of its area, above which it is not closed (0 for a closed surface)."""


@dataclass(frozen=True, slots=True)
class Diameter:
    """A straight line between two points of an outline in one plane: `ends_lps_mm` and the length between them."""

    length_mm: float
    ends_lps_mm: tuple[Point, Point]


@dataclass(frozen=True, slots=True)
class Part:
    """One connected part of a lesion or zone."""

    volume_ml: float
    center_lps_mm: Point


WIDTHS = 12
"""Directions in which an outline's width is taken to see whether its longest diameter can matter."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """Size and shape.

    Diameters, axes and sphericity describe the largest part: a speck of tumor beside the lesion must not make it
    longer. Volume, center and area describe all parts together.

    Parameters
    ----------
    longest_axial, short_axial : Diameter
        The longest diameter in any plane of acquisition, and the longest one perpendicular to it in the same plane.
    axes_mm : tuple of float
        Extent along the three principal axes, longest first, mm: 2a, 2b, 2c for an ellipsoid.
    axes_lps : array, shape (3, 3)
        Row n is the unit vector of axis n, LPS.
    volume_ml, area_mm2 : float
        A cavity is taken off the volume, and its wall counts as surface.
    sphericity : float
        Surface of the ball of the same volume over the surface, in (0, 1]; cavities count as filled.
    center_lps_mm : tuple of float
        Center of the volume, LPS mm.
    parts : tuple of Part
        Every connected part, largest first.

    References
    ----------
    .. [1] Eisenhauer et al., Eur J Cancer 2009;45:228-247 (RECIST 1.1: longest diameter in the plane of measurement).
    .. [2] Wadell H., J Geol 1935;43:250-280 (sphericity).
    """

    longest_axial: Diameter
    short_axial: Diameter
    axes_mm: tuple[float, float, float]
    axes_lps: Float
    volume_ml: float
    area_mm2: float
    sphericity: float
    center_lps_mm: Point
    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        self.axes_lps.setflags(write=False)


def shape_of(points_lps_mm: Float, triangles: Int, slice_axis_lps: npt.ArrayLike) -> Shape:
    """Measure a closed surface.

    Parameters
    ----------
    points_lps_mm : array, shape (n, 3)
    triangles : array of int, shape (t, 3)
        All wound the same way, either outward or inward.
    slice_axis_lps : array, shape (3,)
        Direction perpendicular to the planes of acquisition, for an array (k, j, i) of axial slices
        `grid.direction_lps[:, 0]`.

    Raises
    ------
    ValueError
        No triangle, a surface that is not closed, or an axis without a direction.
    """
    points = np.asarray(points_lps_mm, dtype=np.float64).reshape(-1, 3)
    corners = points[np.asarray(triangles, dtype=np.int64).reshape(-1, 3)]
    axis = np.asarray(slice_axis_lps, dtype=np.float64)
    if axis.shape != (3,) or not np.linalg.norm(axis) > 0:
        raise ValueError("A slice axis without a direction came; give a vector of three numbers.")
    area_vectors = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2
    areas = np.linalg.norm(area_vectors, axis=1)
    if not areas.sum() > 0:
        raise ValueError("A surface without an area came; measure the surface of a mask that is not empty.")
    if np.linalg.norm(area_vectors.sum(axis=0)) > OPEN_TOLERANCE * areas.sum():
        raise ValueError("A surface that is not closed came; pad the mask by one voxel of background first.")
    part_of = _parts(np.asarray(triangles, dtype=np.int64).reshape(-1, 3), area_vectors, areas, len(points))
    moments = [_moments(corners[part_of == part]) for part in range(part_of.max() + 1)]
    outer = int(np.argmax([abs(m.volume_mm3) for m in moments]))
    if not abs(moments[outer].volume_mm3) > 0:
        raise ValueError("A surface without an inside came; measure the surface of a mask that is not empty.")
    wound = math.copysign(1.0, moments[outer].volume_mm3)
    volumes = np.array([wound * m.volume_mm3 for m in moments])
    centers = np.array([m.center_lps_mm for m in moments])
    largest = corners[part_of == outer]
    axes_lps, axes_mm = _principal_axes(moments[outer].covariance_mm2, largest.reshape(-1, 3))
    longest, short = _axial_diameters(largest, axis / np.linalg.norm(axis))
    order = [int(n) for n in np.argsort(-volumes) if volumes[n] > 0]
    outer_area = float(areas[part_of == outer].sum())
    return Shape(
        longest_axial=longest,
        short_axial=short,
        axes_mm=axes_mm,
        axes_lps=axes_lps,
        volume_ml=float(volumes.sum()) / 1000.0,
        area_mm2=float(areas.sum()),
        sphericity=min(1.0, math.pi ** (1 / 3) * (6.0 * volumes[outer]) ** (2 / 3) / outer_area),
        center_lps_mm=as_point(volumes @ centers / volumes.sum()),
        parts=tuple(Part(float(volumes[n]) / 1000.0, as_point(centers[n])) for n in order),
    )


def _parts(triangles: Int, area_vectors: Float, areas: Float, n_points: int) -> Int:
    """Return to which connected part of a surface each triangle belongs, shape (t,).

    Pieces that are not closed by themselves (a surface put together from cut ones) are taken for one part.
    """
    start, end = triangles[:, [0, 1]].ravel(), triangles[:, [1, 2]].ravel()
    links = coo_array((np.ones(len(start), dtype=np.int8), (start, end)), shape=(n_points, n_points))
    labels: Int = np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)[triangles[:, 0]]
    sums = np.stack([np.bincount(labels, vector) for vector in area_vectors.T], axis=1)
    is_open = np.linalg.norm(sums, axis=1) > OPEN_TOLERANCE * np.bincount(labels, areas)
    labels = np.where(is_open[labels], -1, labels)
    return np.unique(labels, return_inverse=True)[1]


@dataclass(frozen=True, slots=True, eq=False)
class _Moments:
    volume_mm3: float
    center_lps_mm: Float
    covariance_mm2: Float


def _moments(corners: Float) -> _Moments:
    """Integrate 1, x and x xT over the inside of a closed surface, as a sum over tetrahedra with a common tip."""
    tip = corners.reshape(-1, 3).mean(axis=0)
    a, b, c = (corners[:, n] - tip for n in range(3))
    six_volumes = np.einsum("ti,ti->t", a, np.cross(b, c))
    volume = float(six_volumes.sum()) / 6
    if volume == 0.0:
        return _Moments(0.0, tip, np.eye(3))
    total = a + b + c
    first = (six_volumes @ total) / 24 / volume
    second = sum(np.einsum("t,ti,tj->ij", six_volumes, v, v) for v in (a, b, c, total)) / 120 / volume
    return _Moments(volume, tip + first, second - np.outer(first, first))


def _principal_axes(covariance_mm2: Float, points: Float) -> tuple[Float, tuple[float, float, float]]:
    axes: Float = np.linalg.eigh(covariance_mm2)[1].T
    # The sign of an eigenvector is an accident: let its largest part be positive.
    axes *= np.sign(axes[np.arange(3), np.abs(axes).argmax(axis=1)])[:, None]
    extents = np.ptp(points @ axes.T, axis=0)
    order = np.argsort(-extents, kind="stable")
    long, middle, short = (float(e) for e in extents[order])
    return axes[order], (long, middle, short)


def _axial_diameters(corners: Float, axis: Float) -> tuple[Diameter, Diameter]:
    heights = corners @ axis
    low, high = float(heights.min()), float(heights.max())
    steps = max(2, math.ceil((high - low) / PLANE_STEP_MM))
    step = (high - low) / steps
    best = _best_plane(corners, heights, axis, low + step * np.arange(0.5, steps))
    fine = best[1] + step * np.linspace(-0.95, 0.95, 20)
    refined = _best_plane(corners, heights, axis, fine)
    _, height, outline = max(best, refined, key=lambda found: found[0])
    first, second = _farthest_pair(outline)
    longest = _between(outline[first], outline[second])
    along = (outline[second] - outline[first]) / longest.length_mm
    across = np.asarray(np.cross(axis, along), dtype=np.float64)
    return longest, _longest_chord(_cut(corners, heights, axis, height), along, across)


def _best_plane(corners: Float, heights: Float, axis: Float, planes: Float) -> tuple[float, float, Float]:
    """Return the longest diameter found, at which height, and the outline's convex hull there."""
    best = (0.0, float(planes[0]), np.zeros((0, 3)))
    turns = np.arange(WIDTHS) * math.pi / WIDTHS
    ways = np.stack([np.cos(turns), np.sin(turns)]).T @ np.stack(plane_axes(axis))
    # From the middle outward, since the longest diameter is likely there and spares most other planes their hull.
    for height in planes[np.argsort(np.abs(planes - planes.mean()))]:
        cut = _cut(corners, heights, axis, float(height)).reshape(-1, 3)
        # No diameter is longer than the largest of these widths over the cosine of half the angle between them.
        if len(cut) == 0 or np.ptp(cut @ ways.T, axis=0).max() <= best[0] * math.cos(math.pi / (2 * WIDTHS)):
            continue
        outline = _hull(cut, axis)
        if len(outline) < 2:
            continue
        first, second = _farthest_pair(outline)
        length = float(np.linalg.norm(outline[first] - outline[second]))
        if length > best[0]:
            best = (length, float(height), outline)
    return best


def _cut(corners: Float, heights: Float, axis: Float, height: float) -> Float:
    """Cut triangles with a plane; returns line segments, shape (m, 2 ends, 3)."""
    above = heights > height
    crossed = above.any(axis=1) & ~above.all(axis=1)
    corners, heights, above = corners[crossed], heights[crossed], above[crossed]
    # One corner is alone on its side of the plane: the two edges that leave it are cut.
    lone: Int = np.asarray(
        np.where(above.sum(axis=1) == 1, above.argmax(axis=1), (~above).argmax(axis=1)), dtype=np.int64
    )
    rows = np.arange(len(corners))
    ends: list[Float] = []
    for other in (1, 2):
        to: Int = (lone + other) % 3
        start, end = heights[rows, lone], heights[rows, to]
        share = ((height - start) / (end - start))[:, None]
        ends.append(corners[rows, lone] * (1 - share) + corners[rows, to] * share)
    return np.stack(ends, axis=1)


def _hull(points: Float, axis: Float) -> Float:
    """Return the corners of the convex hull of points in a plane; all of them where they make no area."""
    if len(points) < 4:
        return points
    u, v = plane_axes(axis)
    try:
        return points[ConvexHull(np.stack([points @ u, points @ v], axis=1)).vertices]
    except QhullError:
        return points


def _farthest_pair(points: Float) -> tuple[int, int]:
    # A hull of a lesion's outline has some dozens of corners: comparing all pairs is quicker than calipers.
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    first, second = np.unravel_index(int(apart.argmax()), apart.shape)
    return int(first), int(second)


def _longest_chord(segments: Float, along: Float, across: Float) -> Diameter:
    """Find the longest chord of an outline in the direction `across`; segments have shape (m, 2 ends, 3).

    A chord's length changes linearly between the corners of the outline, so the longest one passes through a corner.
    """
    t = segments @ along
    best = _between(segments[0, 0], segments[0, 0])
    for level in np.unique(t):
        hit = (t.min(axis=1) <= level) & (t.max(axis=1) >= level)
        span = t[hit, 1] - t[hit, 0]
        share = np.where(span == 0, 0.0, (level - t[hit, 0]) / np.where(span == 0, 1.0, span))[:, None]
        spots = segments[hit, 0] * (1 - share) + segments[hit, 1] * share
        chord = _between(spots[(spots @ across).argmin()], spots[(spots @ across).argmax()])
        best = max(best, chord, key=lambda found: found.length_mm)
    return best


def _between(start: Float, end: Float) -> Diameter:
    return Diameter(float(np.linalg.norm(end - start)), (as_point(start), as_point(end)))


def plane_axes(axes: Float) -> tuple[Float, Float]:
    """Return two unit vectors at right angles to each other and to each unit vector; all of shape (..., 3)."""
    helpers = np.eye(3)[np.abs(axes).argmin(axis=-1)]
    u = np.asarray(np.cross(axes, helpers), dtype=np.float64)
    u = u / np.linalg.norm(u, axis=-1, keepdims=True)
    return u, np.asarray(np.cross(axes, u), dtype=np.float64)
