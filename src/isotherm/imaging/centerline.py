"""Centerlines of vessels: the middle of a lumen as a graph of branches, each with its local diameter."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

from isotherm.imaging.geometry import Float, Int
from isotherm.imaging.lumen import Lumen
from isotherm.imaging.proximity import Body
from isotherm.imaging.vessel_paths import Path, WallDistance, degrees, vessel_paths

STEP_MM = 0.5
"""Distance between the points of a centerline."""

SMOOTHING_MM = 1.5
"""Width of the Gauss filter along a centerline, which takes the voxel steps off it."""

CALIBER_MM = 1.5
"""Width of the Gauss window along a centerline over which the local diameter is taken."""

SHORTEST_MM = 0.1
"""Length by which a volume is divided at least, so that the caliber of a path of one point is a number."""

FLATTEST = 2.0
"""The local diameter is at most this many times the smallest one: pieces of a torn vessel seem short and thick."""

SMALL_SHARE = 0.75
"""A branch thinner than this share of the junction it leaves begins at the wall there, not at the center."""


@dataclass(frozen=True, slots=True, eq=False)
class Centerline:
    """One branch, from one junction or free end to the next.

    Parameters
    ----------
    points_lps_mm : array, shape (n, 3)
        About 0.5 mm apart, n >= 1.
    diameters_mm : array, shape (n,)
        Local diameter: of the circle whose area is that of the lumen's cross-section, over some 4 mm of vessel.
    nodes : tuple of int
        Number of the junction or free end at the start and at the end; branches that share a number meet there.
    """

    points_lps_mm: Float
    diameters_mm: Float
    nodes: tuple[int, int]

    def __post_init__(self) -> None:
        self.points_lps_mm.setflags(write=False)
        self.diameters_mm.setflags(write=False)

    @property
    def weights_mm(self) -> Float:
        """Length of centerline that belongs to each point, shape (n,), mm."""
        return _weights_mm(self.points_lps_mm)

    @property
    def tangents(self) -> Float:
        """Unit vectors along the centerline, shape (n, 3)."""
        if len(self.points_lps_mm) < 2:
            return np.array([[0.0, 0.0, 1.0]])
        along = np.gradient(self.points_lps_mm, axis=0)
        return along / np.maximum(np.linalg.norm(along, axis=1), 1e-9)[:, None]


class Territories:
    """Tells to which point of which centerline a place in or on the lumen belongs.

    Distances are powers (squared distance less squared radius), so that the wall of a trunk stays the trunk's where a
    thin branch leaves it.
    """

    def __init__(self, paths: list[Float], radii_mm: list[float]) -> None:
        points = np.concatenate(paths)
        radii = np.repeat(radii_mm, [len(p) for p in paths])
        self.starts = np.cumsum([0] + [len(p) for p in paths])
        self._largest = float(radii.max())
        # The nearest neighbor in four dimensions is the one of the smallest power in three.
        self._tree = cKDTree(np.column_stack([points, np.sqrt(self._largest**2 - radii**2)]))

    def of(self, places_lps_mm: Float) -> tuple[Int, Int]:
        """Return the number of the centerline and of the point on it, each of shape (n,)."""
        found = np.asarray(self._tree.query(np.column_stack([places_lps_mm, np.zeros(len(places_lps_mm))]))[1])
        line = np.searchsorted(self.starts, found, side="right") - 1
        return line, found - self.starts[line]


def centerlines(lumen: Lumen, wall: Body) -> tuple[tuple[Centerline, ...], Territories]:
    """Find the centerlines of a lumen; split them at junctions, prune spurs, measure the caliber.

    Returns
    -------
    centerlines : tuple of Centerline
    territories : Territories
        The same centerlines, to ask which of them a place in the vessel belongs to.
    """
    radius_at = WallDistance(wall)
    edges = vessel_paths(lumen, radius_at)
    degree = degrees(edges)
    paths = [_course(edge, degree, lumen) for edge in edges]
    territories = Territories(paths, [float(np.median(radius_at(path))) for path in paths])
    widest = [2 * FLATTEST * float(radius_at(path).max()) for path in paths]
    diameters = [np.minimum(d, w) for d, w in zip(_calibers(paths, territories, lumen), widest, strict=True)]
    return tuple(Centerline(p, d, e.ends) for p, d, e in zip(paths, diameters, edges, strict=True)), territories


def _course(edge: Path, degree: Counter[int], lumen: Lumen) -> Float:
    """Smooth a path, lead its free ends to the wall, and let a thin branch begin at the wall of its parent."""
    free = [degree[node] == 1 for node in edge.ends]
    radii, typical = edge.radii_mm, float(np.median(edge.radii_mm))
    path = _smooth(_resampled(edge.points_lps_mm))
    if free[0]:
        path = _to_wall(path[::-1], lumen, typical)[::-1]
    if free[1]:
        path = _to_wall(path, lumen, typical)
    begins = 0 if free[0] or typical > SMALL_SHARE * radii[0] else radii[0]
    ends = 0 if free[1] or typical > SMALL_SHARE * radii[-1] else radii[-1]
    within = (np.linalg.norm(path - path[0], axis=1) >= begins) & (np.linalg.norm(path - path[-1], axis=1) >= ends)
    return path[within] if within.any() else path[[len(path) // 2]]


def _resampled(path: Float) -> Float:
    along = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1)))
    if along[-1] == 0.0:
        return path[:1]
    at: Float = np.linspace(0.0, float(along[-1]), max(2, round(along[-1] / STEP_MM) + 1))
    return np.column_stack([np.interp(at, along, path[:, axis]) for axis in range(3)])


def _smooth(path: Float) -> Float:
    """Take the voxel steps off a path; its ends stay."""
    reach = min(len(path) - 1, math.ceil(4 * SMOOTHING_MM / STEP_MM))
    if reach < 2:
        return path
    before = 2 * path[0] - path[reach:0:-1]
    after = 2 * path[-1] - path[-2 : -2 - reach : -1]
    smooth = gaussian_filter1d(np.concatenate([before, path, after]), SMOOTHING_MM / STEP_MM, axis=0)
    return _resampled(smooth[reach : reach + len(path)])


def _to_wall(path: Float, lumen: Lumen, radius_mm: float) -> Float:
    """Lead the end of a path straight on until it leaves the lumen."""
    reach = min(len(path) - 1, math.ceil(max(2 * radius_mm, 2.0) / STEP_MM))
    ahead = path[-1] - path[-1 - reach] if reach else np.array([0.0, 0.0, 1.0])
    ahead = ahead / max(float(np.linalg.norm(ahead)), 1e-9)
    steps = STEP_MM * np.arange(1, 2 + math.ceil(4 * radius_mm / STEP_MM))
    added = path[-1] + steps[:, None] * ahead
    outside = lumen.at(added) <= 0
    return np.concatenate([path, added[: int(outside.argmax()) if outside.any() else len(added)]])


def _calibers(paths: list[Float], territories: Territories, lumen: Lumen) -> list[Float]:
    """Return the local diameters of each path: from the volume of lumen per length, nearby.

    Twice the distance to the wall would be the same for a round vessel, but on thick slices it reads a 4 mm vessel as
    2.9 mm, and a vessel that is not counted cannot bridge; a volume has no such bias.
    """
    held = np.argwhere(lumen.share > 0)
    share = lumen.share[lumen.share > 0].astype(np.float64)
    line, spot = territories.of(lumen.grid.to_lps(held))
    width = CALIBER_MM / STEP_MM
    diameters: list[Float] = []
    for number, path in enumerate(paths):
        mine = line == number
        volume = np.bincount(spot[mine], share[mine], minlength=len(path)) * lumen.voxel_mm**3
        mean = gaussian_filter1d(volume, width, mode="constant")
        length = gaussian_filter1d(_weights_mm(path), width, mode="constant")
        diameters.append(np.sqrt(4 / math.pi * mean / np.maximum(length, SHORTEST_MM)))
    return diameters


def _weights_mm(path: Float) -> Float:
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    return (np.append(steps, 0.0) + np.append(0.0, steps)) / 2
