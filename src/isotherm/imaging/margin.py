"""Margin: how far dead tissue reaches beyond each point of a tumor's surface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isotherm.imaging.geometry import Float, Int, Triangles
from isotherm.imaging.organ import REACH_MM, Organ, cut_faces, inside_view
from isotherm.imaging.surface import Region, Surface, both, clipped
from isotherm.imaging.volume import Grid

CAPSULE_TOLERANCES_MM = (0.0, 1.5, 3.0)
"""Layers under the capsule not asked of the zone: the middle one is the default, the others show the effect."""

SLIVER_CAP_MM = 1.0
"""The clipped-face rule never reaches farther than this, however thick the slices are."""

LIMITED_MM = 1.0
"""Where the organ-restricted and the unrestricted margin differ by more, the capsule limits the margin."""


@dataclass(frozen=True, slots=True, eq=False)
class Margin:
    """The signed margin at every point of a tumor's surface; positive where the tumor is covered.

    Parameters
    ----------
    surface : Surface
        The tumor's surface inside the organ: n points, LPS mm, with their areas.
    distances_mm : array, shape (n,)
        Organ-restricted margin: distance to the nearest untreated organ tissue, or minus the distance to the zone.
        Where it is not assessable, the largest value that it can have.
    lowest_mm : array, shape (n,)
        The smallest value that it can have: differs from `distances_mm` only where an image ends too near.
    unrestricted_mm : array, shape (n,)
        The same to the zone's own surface, whatever lies behind it.
    without_face_rule_mm : array, shape (n,)
        The margin if points on the clipped face were not taken to be covered.
    assessable : array of bool, shape (n,)
    clipped_face : array of bool, shape (n,)
        Points on the face where the capsule cuts the tumor, within drawing noise of both the capsule and the zone.
    depth_mm : array, shape (n,), or None
        Depth below the capsule, up to 6 mm; None without an organ.
    untreated : Triangles
        The surface of the untreated tissue that limits the margin.
    """

    surface: Surface
    distances_mm: Float
    lowest_mm: Float
    unrestricted_mm: Float
    without_face_rule_mm: Float
    assessable: npt.NDArray[np.bool_]
    clipped_face: npt.NDArray[np.bool_]
    depth_mm: Float | None
    untreated: Triangles

    @property
    def points_lps_mm(self) -> Float:
        """Points of the tumor's surface, shape (n, 3)."""
        return self.surface.points_lps_mm

    @property
    def areas_mm2(self) -> Float:
        """Area that each point stands for, shape (n,)."""
        return self.surface.areas_mm2

    @property
    def triangles(self) -> Int:
        """Triangles between the points, shape (t, 3)."""
        return self.surface.triangles

    @property
    def thinnest(self) -> int:
        """Index of the point with the smallest margin."""
        return int(self.distances_mm.argmin())

    @property
    def minimal_mm(self) -> float:
        """The minimal ablation margin."""
        return float(self.distances_mm.min())

    @property
    def thinnest_lps_mm(self) -> Float:
        """Where the margin is smallest, shape (3,)."""
        return self.points_lps_mm[self.thinnest]

    def share(self, where: npt.NDArray[np.bool_]) -> float:
        """Return the share of the tumor's surface, by area, where a condition holds."""
        return float(self.areas_mm2[where].sum() / self.areas_mm2.sum())

    def fraction(self, *, at_least_mm: float) -> float:
        """Return the share of the surface with at least this margin."""
        return self.share(self.distances_mm >= at_least_mm)

    def percentile_mm(self, percent: float) -> float:
        """Return the margin that this percentage of the surface, by area, does not exceed."""
        order = np.argsort(self.distances_mm)
        reached = np.cumsum(self.areas_mm2[order])
        at = int((reached < percent / 100.0 * reached[-1]).sum())
        return float(self.distances_mm[order[min(at, len(order) - 1)]])


def measure(
    tumor: Region,
    zone: Region,
    *,
    organ: Organ | None = None,
    views: Sequence[Grid] = (),
    capsule_tolerance_mm: float = CAPSULE_TOLERANCES_MM[1],
    sliver_mm: float = 0.5,
    neutral: Region | None = None,
) -> Margin:
    """Measure the margin of one lesion.

    Parameters
    ----------
    tumor, zone : Region
        The lesion and the union of its ablation zones. The zone may be empty or miss the lesion.
    organ : Organ, optional
        With it, only its tissue can remain untreated, and the tumor is clipped to it where its label holds the tumor.
    views : sequence of Grid
        The images' boxes: what lies beyond is unknown.
    capsule_tolerance_mm : float
        Thickness of the layer under the capsule that need not be ablated.
    sliver_mm : float
        Reach of the clipped-face rule: by how far two outlines of one face may miss each other.
    neutral : Region, optional
        The zone together with what is neither ablated nor untreated (lumina); only what is outside of it ends a margin.

    Returns
    -------
    Margin

    References
    ----------
    .. [1] Sandu RM et al. Front Oncol 2021;11:623098 (the signed distance; isotherm differs at the capsule).

    Examples
    --------
    >>> from isotherm.imaging.phantom import Sphere, rasterize
    >>> from isotherm.imaging.surface import field_of
    >>> grid = Grid(shape_kji=(60, 60, 60), spacing_kji_mm=(1.0, 1.0, 1.0))
    >>> tumor = rasterize(Sphere((30.0, 30.0, 30.0), 10.0), grid, of="tumor")
    >>> zone = rasterize(Sphere((34.0, 30.0, 30.0), 18.0), grid, of="ablation")
    >>> round(measure(Region.of_field(field_of(tumor)), Region.of_field(field_of(zone))).minimal_mm)  # 18 - 10 - 4
    4
    """
    skin = tumor if organ is None or organ.convention == "add" else both(tumor, organ.eroded(0.0))
    surface = Surface.from_corners(skin.boundary)
    points = surface.points_lps_mm
    spared = zone if neutral is None else neutral
    covered = spared.at(points) > 0
    edge = Triangles(zone.boundary)
    to_zone = edge.distance_mm(points)
    unrestricted = np.where(zone.at(points) > 0, to_zone, -to_zone)

    faces = [(view, face) for view in views if len(face := cut_faces(view, organ, points))]
    if neutral is None and not faces and _below_capsule(zone, organ, capsule_tolerance_mm):
        limit, to_limit = edge, to_zone
    else:
        limit = _untreated_limit(spared, organ, [view for view, _ in faces], capsule_tolerance_mm)
        to_limit = limit.distance_mm(points)
    to_untreated = np.minimum(to_limit, REACH_MM)
    to_face = np.full(len(points), np.inf)
    for _, face in faces:
        to_face = np.minimum(to_face, face.distance_mm(points))

    depth = None if organ is None else organ.depth.at(points)
    on_face = np.zeros(len(points), dtype=bool)
    if depth is not None:
        on_face = ~covered & (to_zone <= sliver_mm) & (np.abs(depth) <= sliver_mm)
    positive = covered | on_face
    highest = np.where(positive, to_untreated, -np.minimum(to_zone, to_face))
    lowest = np.where(positive, np.minimum(to_untreated, to_face), -to_zone)
    plain = np.where(covered, to_untreated, -np.minimum(to_zone, to_face))
    assessable = np.where(positive, to_face >= to_untreated, to_face >= to_zone)
    return Margin(surface, highest, lowest, unrestricted, plain, assessable, on_face, depth, limit)


def _below_capsule(zone: Region, organ: Organ | None, tolerance_mm: float) -> bool:
    """Say whether organ tissue lies behind every point of the zone's surface, so that this surface is the limit."""
    return organ is None or zone.empty or float(organ.depth.at(zone.boundary.reshape(-1, 3)).min()) > tolerance_mm


def _untreated_limit(zone: Region, organ: Organ | None, views: Sequence[Grid], tolerance_mm: float) -> Triangles:
    """Return the surface of the untreated tissue that is known: inside the organ and inside the images."""
    region = zone.outside() if organ is None else both(organ.eroded(tolerance_mm), zone.outside())
    corners = region.boundary
    for view in views:
        # A mask that ends at the image's edge has a flat end there, which is the edge and not the zone's surface.
        rim = 0.75 * max(view.spacing_kji_mm)
        corners = clipped(corners, lambda p, view=view, rim=rim: inside_view(view, p) - rim)
    return Triangles(corners)
