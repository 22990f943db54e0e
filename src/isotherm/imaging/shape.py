"""Size and shape of a lesion or an ablation zone: three axes, volume, sphericity."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from isotherm.imaging.geometry import Float, Int
from isotherm.imaging.proximity import Point, as_point

OPEN_TOLERANCE = 1e-3
"""Sum of a surface's area vectors, as a share of its area, above which it is not closed (0 for a closed surface)."""


@dataclass(frozen=True, slots=True)
class Part:
    """One connected part of a lesion or zone."""

    volume_ml: float
    center_lps_mm: Point


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """Size and shape.

    Axes and sphericity describe the largest part: a speck of tumor beside the lesion must not make it longer. Volume,
    center and area describe all parts together.

    Parameters
    ----------
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
    largest_lps_mm : array, shape (t, 3, 3)
        Triangles of the largest part.

    References
    ----------
    .. [1] Wadell H., J Geol 1935;43:250-280 (sphericity).
    """

    axes_mm: tuple[float, float, float]
    axes_lps: Float
    volume_ml: float
    area_mm2: float
    sphericity: float
    center_lps_mm: Point
    parts: tuple[Part, ...]
    largest_lps_mm: Float

    def __post_init__(self) -> None:
        self.axes_lps.setflags(write=False)
        self.largest_lps_mm.setflags(write=False)


def shape_of(points_lps_mm: Float, triangles: Int) -> Shape:
    """Measure a closed surface.

    Parameters
    ----------
    points_lps_mm : array, shape (n, 3)
    triangles : array of int, shape (t, 3)
        All wound the same way, either outward or inward.

    Raises
    ------
    ValueError
        No triangle, or a surface that is not closed.
    """
    points = np.asarray(points_lps_mm, dtype=np.float64).reshape(-1, 3)
    corners = points[np.asarray(triangles, dtype=np.int64).reshape(-1, 3)]
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
    order = [int(n) for n in np.argsort(-volumes) if volumes[n] > 0]
    outer_area = float(areas[part_of == outer].sum())
    return Shape(
        axes_mm=axes_mm,
        axes_lps=axes_lps,
        volume_ml=float(volumes.sum()) / 1000.0,
        area_mm2=float(areas.sum()),
        sphericity=min(1.0, math.pi ** (1 / 3) * (6.0 * volumes[outer]) ** (2 / 3) / outer_area),
        center_lps_mm=as_point(volumes @ centers / volumes.sum()),
        parts=tuple(Part(float(volumes[n]) / 1000.0, as_point(centers[n])) for n in order),
        largest_lps_mm=largest,
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


def plane_axes(axes: Float) -> tuple[Float, Float]:
    """Return two unit vectors at right angles to each other and to each unit vector; all of shape (..., 3)."""
    helpers = np.eye(3)[np.abs(axes).argmin(axis=-1)]
    u = np.asarray(np.cross(axes, helpers), dtype=np.float64)
    u = u / np.linalg.norm(u, axis=-1, keepdims=True)
    return u, np.asarray(np.cross(axes, u), dtype=np.float64)
