"""Points, triangles and directions in the patient: distances without voxels (LPS, millimeters)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

NEIGHBORS = 8
"""Triangles tried per point, twice; on surfaces made from voxels the distance is then exact to 0.01 mm."""

FAR_MM, NEAREST_MM = 5.0, 1.0
"""Distances up to the first, and those within the second of the smallest one, are computed exactly."""

TOO_LONG_MM = 0.05
"""By so much a distance to a triangle's center is as a rule longer than that to the triangle: what seems to lie a
little beyond those limits is computed exactly too."""

SAMPLE_MM, AROUND = 1.5, 16
"""Far distances: one point of each cell of this size is searched for in full, the others among so many triangles around
what it found. To prove for every point which of hundreds of almost equal triangles is the nearest takes three times as
long; how much nearer a point can be than its sample is known, and whatever could matter is searched for in full."""

DIRECTION_WORDS = (("left", "right"), ("posterior", "anterior"), ("cranial", "caudal"))
"""Words for the positive and the negative end of the L, P and S axes."""


@dataclass(frozen=True, eq=False)
class Triangles:
    """A set of triangles, shape (t, 3 corners, 3), LPS mm, that knows its distance from any point.

    It need not be closed: pieces of several surfaces may be put together. An empty set is infinitely far away.
    """

    corners_lps_mm: Float

    def __post_init__(self) -> None:
        corners = np.ascontiguousarray(self.corners_lps_mm, dtype=np.float64).reshape(-1, 3, 3)
        corners.setflags(write=False)
        object.__setattr__(self, "corners_lps_mm", corners)

    def __len__(self) -> int:
        return len(self.corners_lps_mm)

    @cached_property
    def _centers(self) -> Float:
        return self.corners_lps_mm.mean(axis=1)

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self._centers)

    def distance_mm(self, points_lps_mm: Float) -> Float:
        """Return the distance of each point, shape (n, 3), to the nearest triangle, shape (n,).

        Exact for the nearest points and up to `FAR_MM`. Farther away it is the distance to a triangle's center, for
        triangles of 1 mm as a rule up to `TOO_LONG_MM` too long: nothing is decided there.
        """
        points = np.asarray(points_lps_mm, dtype=np.float64).reshape(-1, 3)
        if not len(self) or not len(points):
            return np.full(len(points), np.inf)
        gaps, lowest = self._roughly(points)
        near = lowest <= max(FAR_MM, float(gaps.min()) + NEAREST_MM) + TOO_LONG_MM
        gaps[near] = self.nearest(points[near])[0]
        return gaps

    def _roughly(self, points: Float) -> tuple[Float, Float]:
        """Return distances to centers of triangles, shape (n,), and what they are at least."""
        cells = np.floor((points - points.min(axis=0)) / SAMPLE_MM).astype(np.int64)
        flat = np.ravel_multi_index(tuple(cells.T), tuple(cells.max(axis=0) + 1))
        _, sample = np.unique(flat, return_index=True)
        found: tuple[Any, Any] = self._tree.query(points[sample], workers=-1)
        exact, center = found
        owned: tuple[Any, Any] = cKDTree(points[sample]).query(points, workers=-1)
        off, owner = owned
        _, around = self._tree.query(self._centers[center], k=min(AROUND, len(self)), workers=-1)
        apart = self._centers[around.reshape(len(sample), -1)[owner]] - points[:, None]
        return np.sqrt(_dot(apart, apart).min(axis=1)), exact[owner] - off

    def nearest(self, points_lps_mm: Float) -> tuple[Float, Float]:
        """Return distances, shape (n,), and the nearest places on the triangles, shape (n, 3); inf and NaN if empty."""
        points = np.asarray(points_lps_mm, dtype=np.float64).reshape(-1, 3)
        if not len(self):
            return np.full(len(points), np.inf), np.full((len(points), 3), np.nan)
        place = self._nearest_of_neighbors(points, points)
        # The triangle with the nearest center need not be the nearest one: look again around the place just found.
        again = self._nearest_of_neighbors(points, place)
        first, second = np.linalg.norm(place - points, axis=1), np.linalg.norm(again - points, axis=1)
        return np.minimum(first, second), np.where((second < first)[:, None], again, place)

    def _nearest_of_neighbors(self, points: Float, around: Float) -> Float:
        """Return the nearest place to each point on the triangles whose centers are nearest to `around`."""
        tried = min(NEIGHBORS, len(self))
        _, which = self._tree.query(around, k=tried, workers=-1)
        spots = closest_on_triangles(points[:, None], self.corners_lps_mm[which.reshape(-1, tried)])
        gaps = np.linalg.norm(spots - points[:, None], axis=2)
        return spots[np.arange(len(points)), gaps.argmin(axis=1)]


def closest_on_triangles(points: Float, corners: Float) -> Float:
    """Return the closest place on each triangle to its point.

    Parameters
    ----------
    points : array, shape (..., 3), or broadcastable to it
    corners : array, shape (..., 3 corners, 3)

    Returns
    -------
    array, shape (..., 3)

    References
    ----------
    .. [1] Ericson C. Real-Time Collision Detection, 2005, section 5.1.5 (the regions of a triangle).
    """
    a, b, c = corners[..., 0, :], corners[..., 1, :], corners[..., 2, :]
    ab, ac, bc = b - a, c - a, c - b
    ap = points - a
    d00, d01, d11 = _dot(ab, ab), _dot(ab, ac), _dot(ac, ac)
    d20, d21 = _dot(ap, ab), _dot(ap, ac)
    area = d00 * d11 - d01 * d01
    with np.errstate(divide="ignore", invalid="ignore"):
        v = (d11 * d20 - d01 * d21) / area
        w = (d00 * d21 - d01 * d20) / area
        inside = (area > 1e-18) & (v >= 0) & (w >= 0) & (v + w <= 1)
    on_face = a + np.where(inside, v, 0.0)[..., None] * ab + np.where(inside, w, 0.0)[..., None] * ac
    # Where the foot of the perpendicular is outside (or the triangle is a needle), the closest place is on an edge.
    edges = np.stack([_closest_on_segment(points, a, ab), _closest_on_segment(points, a, ac),
                      _closest_on_segment(points, b, bc)], axis=-2)  # fmt: skip
    off = points[..., None, :] - edges
    best = np.argmin(_dot(off, off), axis=-1)
    on_edge = np.take_along_axis(edges, best[..., None, None], axis=-2)[..., 0, :]
    return np.where(inside[..., None], on_face, on_edge)


def _closest_on_segment(points: Float, start: Float, along: Float) -> Float:
    length2 = _dot(along, along)
    t = np.clip(_dot(points - start, along) / np.where(length2 > 0, length2, 1.0), 0.0, 1.0)
    return start + t[..., None] * along


def _dot(a: Float, b: Float) -> Float:
    return np.einsum("...i,...i->...", a, b)


def direction_words(vector_lps: npt.ArrayLike) -> str:
    """Say where a vector points in the patient: at most two words, as in "cranial-posterior".

    A second word is used where its part is at least half of the first one's. A vector of no length is "center".
    """
    vector = np.asarray(vector_lps, dtype=np.float64)
    size = np.abs(vector)
    if size.max() < 1e-6:
        return "center"
    order = [int(a) for a in np.argsort(-size, kind="stable") if size[a] >= 0.5 * size.max()][:2]
    order.sort(key=lambda axis: -axis)  # the head-to-foot word first, as in "cranial-posterior"
    return "-".join(DIRECTION_WORDS[axis][0 if vector[axis] > 0 else 1] for axis in order)
