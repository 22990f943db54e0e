"""Body: a closed surface that knows its inside; how far bodies, or a lesion and the capsule, are from each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from isotherm.imaging.geometry import Float, Int, Triangles
from isotherm.source import Citation

Point = tuple[float, float, float]

DistanceField = Callable[[Float], Float]
"""Points, shape (n, 3), LPS mm -> values, shape (n,), positive inside, that grow with the depth; the sign is exact."""

EXACT_WITHIN_MM = 5.0
"""Nearer to a surface, distances are taken to its triangles; farther away to their corners (see `signed_mm`)."""

FAR_CANDIDATES = 32
"""Corners that are measured exactly where two surfaces are farther apart than that."""

SUPERFICIAL_MM = 30.0
"""A liver metastasis whose center lies at most this deep is superficial, otherwise deep."""

SUPERFICIAL_SOURCE = Citation(
    title="Anatomic criteria for resection and ablation of colorectal liver metastases, from a 3-D liver model",
    year=2024,
    pmcid="PMC11615634",
    where="abstract, conclusion: tumor center within versus beyond 3 cm from the liver surface",
)


@dataclass(frozen=True, eq=False)
class Body:
    """Something closed in the patient: its surface as triangles, and a field that tells inside from outside.

    Parameters
    ----------
    points_lps_mm : array, shape (n, 3)
        Corners of the triangles, LPS mm.
    triangles : array of int, shape (t, 3)
        Which three corners make up each triangle.
    inside : callable
        See `DistanceField`. The sign is always taken from it, never from the winding of the triangles.
    """

    points_lps_mm: Float
    triangles: Int
    inside: DistanceField

    def __post_init__(self) -> None:
        points = np.ascontiguousarray(self.points_lps_mm, dtype=np.float64).reshape(-1, 3)
        triangles = np.ascontiguousarray(self.triangles, dtype=np.int64).reshape(-1, 3)
        used = np.bincount(triangles.ravel(), minlength=len(points)) > 0
        if not used.all():  # a corner without a triangle is not on the surface
            points, triangles = points[used], (np.cumsum(used) - 1)[triangles]
        points.setflags(write=False)
        triangles.setflags(write=False)
        object.__setattr__(self, "points_lps_mm", points)
        object.__setattr__(self, "triangles", triangles)

    @cached_property
    def surface(self) -> Triangles:
        """The triangles, which know their distance from any point."""
        return Triangles(self.points_lps_mm[self.triangles])

    @cached_property
    def tree(self) -> cKDTree:
        """The corners, to be searched for the nearest one."""
        return cKDTree(self.points_lps_mm)

    @cached_property
    def longest_edge_mm(self) -> float:
        """The longest edge of a triangle."""
        first, second, third = (self.points_lps_mm[self.triangles[:, n]] for n in range(3))
        edges = first - second, second - third, third - first
        return max(float(np.linalg.norm(edge, axis=1).max()) for edge in edges)

    def __len__(self) -> int:
        return len(self.triangles)

    def signed_mm(self, points_lps_mm: Float) -> Float:
        """Return the signed distance to the surface, shape (n,), mm, positive inside; -inf where there is no surface.

        Exact up to 5 mm from the surface. Farther away it is the distance to the nearest corner of a triangle, which
        for triangles of 1 mm is less than 0.1 mm too long: there the proof of an exact answer would have to look at
        hundreds of triangles per point, and nothing is decided at such distances.
        """
        points = np.asarray(points_lps_mm, dtype=np.float64).reshape(-1, 3)
        if not len(self):
            return np.full(len(points), -np.inf)
        away: Float = np.asarray(self.tree.query(points)[0], dtype=np.float64)
        near = away < EXACT_WITHIN_MM
        away[near] = self.surface.distance_mm(points[near])
        return np.where(self.inside(points) >= 0, away, -away)


@dataclass(frozen=True, slots=True)
class Gap:
    """How far two bodies are apart.

    Parameters
    ----------
    distance_mm : float
        0 where they touch or overlap.
    from_lps_mm, to_lps_mm : tuple of float
        The two nearest places, LPS mm, on the first and on the second body; where they overlap, both are the place
        that lies deepest in the other body.
    """

    distance_mm: float
    from_lps_mm: Point
    to_lps_mm: Point


def gap(lesion: Body, structure: Body) -> Gap | None:
    """Measure the shortest way between two surfaces; None where one of them does not exist (an empty mask).

    The ends of the shortest way are a corner of one surface and a place on a triangle of the other, tried in both
    directions. (Between the edges of two surfaces it may be shorter still, by less than 0.1 mm for triangles of 1 mm.)
    """
    if not len(lesion) or not len(structure):
        return None
    overlap = _deepest(lesion.points_lps_mm, structure) or _deepest(structure.points_lps_mm, lesion)
    if overlap is not None:
        return Gap(0.0, overlap, overlap)
    there, start, end = _shortest(lesion, structure)
    back, other_end, other_start = _shortest(structure, lesion)
    return Gap(there, start, end) if there <= back else Gap(back, other_start, other_end)


def _deepest(points_lps_mm: Float, body: Body) -> Point | None:
    depths = body.inside(points_lps_mm)
    deepest = int(np.argmax(depths))
    return as_point(points_lps_mm[deepest]) if depths[deepest] >= 0 else None


def _shortest(start: Body, end: Body) -> tuple[float, Point, Point]:
    # A surface of a whole colon has half a million triangles. What lies too far from the box around the other surface
    # goes first; then the nearest corners bound the shortest way from above, and only corners and triangles that can
    # beat this bound are measured exactly.
    bound = _upper_bound_mm(start, end) + max(start.longest_edge_mm, end.longest_edge_mm)
    ends = _away_from_box(end.points_lps_mm, start.points_lps_mm) <= bound
    from_box = _away_from_box(start.points_lps_mm, end.points_lps_mm[ends])
    starts = start.points_lps_mm[from_box <= bound]
    to_corner: Float = np.asarray(cKDTree(end.points_lps_mm[ends]).query(starts)[0], dtype=np.float64)
    reach = float(to_corner.min()) + 1.001 * end.longest_edge_mm
    nearest_first = np.argsort(to_corner, kind="stable")[: np.count_nonzero(to_corner <= reach)]
    if to_corner.min() > EXACT_WITHIN_MM:
        # Far away, hundreds of corners are as near as each other up to some hundredths of a millimeter.
        nearest_first = nearest_first[:FAR_CANDIDATES]
    candidates = starts[nearest_first]
    within = cKDTree(candidates).query(end.points_lps_mm[ends], distance_upper_bound=reach)
    ends[ends] = np.isfinite(within[0])
    reached = end.triangles[ends[end.triangles].any(axis=1)]
    distances, places = Triangles(end.points_lps_mm[reached]).nearest(candidates)
    best = int(distances.argmin())
    return float(distances[best]), as_point(candidates[best]), as_point(places[best])


def _upper_bound_mm(start: Body, end: Body) -> float:
    """Return a length that the shortest way does not exceed, by a corner that is a good guess."""
    guess = end.points_lps_mm[int(_away_from_box(end.points_lps_mm, start.points_lps_mm).argmin())]
    return float(np.linalg.norm(start.points_lps_mm - guess, axis=1).min())


def _away_from_box(points_lps_mm: Float, others_lps_mm: Float) -> Float:
    """Return how far each point lies outside of the box around other points, shape (n,)."""
    low, high = others_lps_mm.min(axis=0), others_lps_mm.max(axis=0)
    return np.linalg.norm(np.maximum(np.maximum(low - points_lps_mm, points_lps_mm - high), 0.0), axis=1)


@dataclass(frozen=True, slots=True)
class Depth:
    """How deep a lesion lies below the surface of its organ.

    Parameters
    ----------
    from_surface_mm, from_center_mm : float or None
        Shortest way to the capsule from the lesion's surface and from its center, mm; 0 where the lesion reaches
        it or lies beyond it.
    capsule_lps_mm : tuple of float or None
        Place on the capsule nearest to the lesion's surface, LPS mm.
    superficial : bool or None
        Whether a liver lesion's center lies at most 30 mm deep (`SUPERFICIAL_SOURCE`).
    reason : str
        Why something is None; empty otherwise.
    """

    from_surface_mm: float | None
    from_center_mm: float | None
    capsule_lps_mm: Point | None
    superficial: bool | None
    reason: str = ""


def depth_below_capsule(lesion: Body, center_lps_mm: Point, organ: Body | None, *, organ_name: str = "liver") -> Depth:
    """Measure how deep a lesion lies below the capsule.

    Parameters
    ----------
    lesion : Body
    center_lps_mm : tuple of float
        Center of the lesion, LPS mm.
    organ : Body or None
        The organ's outer hull with the lesion in it: a label that leaves out the lesion (or the ablation, or vessels)
        must have been filled, and a face where the image ends must have been left out, else they count as capsule.
    organ_name : str
        "Superficial" and "deep" are defined for the liver alone.
    """
    if organ is None or not len(organ):
        return Depth(None, None, None, None, "no organ was given")
    center = np.array([center_lps_mm])
    center_mm = float(organ.surface.distance_mm(center)[0]) if organ.inside(center)[0] > 0 else 0.0
    out = organ.inside(lesion.points_lps_mm)
    if out.min() <= 0:
        surface_mm, place = 0.0, as_point(lesion.points_lps_mm[int(out.argmin())])
    else:
        surface_mm, _, place = _shortest(lesion, organ)
    if organ_name != "liver":
        return Depth(surface_mm, center_mm, place, None, "superficial and deep are defined for the liver alone")
    return Depth(surface_mm, center_mm, place, center_mm <= SUPERFICIAL_MM)


def as_point(place: npt.ArrayLike) -> Point:
    """Return one place as a tuple of plain numbers."""
    x, y, z = np.asarray(place, dtype=np.float64)
    return float(x), float(y), float(z)
