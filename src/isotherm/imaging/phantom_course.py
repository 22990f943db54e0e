"""A year of scans of one simulated patient: a zone that shrinks by known shares, with or without a nodule beyond it.

The tissue moves between the scans by known deformations and the zone is resorbed in it, so that volumes, shares and
the distance between the outlines of two days are known. Nobody has published the shapes of growing recurrences: the
nodule is a ball at the border.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isotherm.errors import ImplausibleMask
from isotherm.imaging.geometry import Float
from isotherm.imaging.phantom import Lobulated, Point, Shape, Sphere, rasterize
from isotherm.imaging.phantom_directions import icosphere
from isotherm.imaging.phantom_draws import draw_bumps
from isotherm.imaging.phantom_places import Depth, depth_in
from isotherm.imaging.phantom_scans import AFTER, BEFORE, Anatomy, field_of_view, paint_scan, scan_grid, vessel_tree
from isotherm.imaging.phantom_warp import Warp, draw_warp
from isotherm.imaging.shape import shape_of
from isotherm.imaging.volume import Mask, Volume

TUMOR_MM, OFF_CENTER_MM = (4.5, 6.5), (0.5, 2.0)
"""Range of the tumors' mean radii, and of how far a zone's center lies from its tumor's."""

BORDER_MM, NODULE_MM = 6.0, 4.0
"""Mean radius of a zone beyond that of its tumor, and the radius of a nodule."""

INSIDE_MM, FROM_CUT_FACE_MM = 4.0, 22.0
"""Least depth of a zone below the capsule, so that every part of its border can be seen to grow, and of its center
below a face of the image."""

DETAIL = 5
"""Level of detail of a surface of which volume and distances are taken: 10,242 points."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen(Shape):
    """A shape of the tissue as a scan shows it.

    Parameters
    ----------
    tissue : Shape
        In the frame of the tissue.
    warp : Warp
        From the scan to the tissue.
    center_lps_mm : tuple of float
        Of the shape, on the scan.
    """

    tissue: Shape
    warp: Warp
    center_lps_mm: Point

    @classmethod
    def on(cls, warp: Warp, tissue: Shape) -> Seen:
        """Return a shape as the scan of a warp shows it."""
        left, posterior, superior = warp.back(np.array([tissue.center_lps_mm]))[0].tolist()
        return cls(tissue, warp, (left, posterior, superior))

    @property
    def reach_mm(self) -> float:
        """Radius of a sphere about the center that holds the whole shape: the waves stretch by a fifth at most."""
        return 1.2 * self.tissue.reach_mm

    def level(self, points_lps_mm: Float) -> Float:
        """Return a level per point, shape (n,): positive inside, and close to the distance in mm near the surface."""
        return self.tissue.level(self.warp.points(points_lps_mm))

    def surface_points(self, directions: Float) -> Float:
        """Return one point of the surface, LPS mm, per unit vector in the tissue; shape (n, 3)."""
        return self.warp.back(self.tissue.surface_points(directions))


@dataclass(frozen=True, slots=True, eq=False)
class CourseScan:
    """One scan of the course.

    Parameters
    ----------
    image : Volume
    organ : Mask
    zone : Mask
        With the nodule where there is one; of the scan before, the tumor.
    parts : tuple of Seen
        What the mask was drawn of: the zone, then the nodule.
    """

    image: Volume
    organ: Mask
    zone: Mask
    parts: tuple[Seen, ...]

    @property
    def volume_ml(self) -> float:
        """The true volume of what the first part outlines, without a nodule."""
        corners = self.parts[0].triangles(DETAIL).corners_lps_mm
        return shape_of(corners.reshape(-1, 3), np.arange(corners.size // 3).reshape(-1, 3)).volume_ml


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedCourse:
    """The scan before ablation, with the tumor as its zone, and every scan after it."""

    before: CourseScan
    scans: tuple[CourseScan, ...]


def simulate_course(
    anatomy: Anatomy, number: int, *, shares: Sequence[float], nodule_mm: float | None = None, seed: int = 0
) -> SimulatedCourse:
    """Simulate the scans of a patient before and after an ablation.

    Parameters
    ----------
    anatomy : Anatomy
    number : int
        Number of the course; the same number and seed give the same course.
    shares : sequence of float
        Volume of the zone on each scan after ablation, as a share of the ablated one.
    nodule_mm : float, optional
        How far, in the tissue, a nodule on the last scan reaches beyond the border of the scan before the last.
    seed : int

    Raises
    ------
    ImplausibleMask
        The liver has no place for the lesion.
    """
    rng = np.random.default_rng([seed, number, 7])
    depth, field = depth_in(anatomy.liver), field_of_view(anatomy.liver)
    tumor, zone = _drawn(anatomy, depth, rng)
    zones = [Lobulated(zone.center_lps_mm, zone.mean_radius_mm * share ** (1 / 3), zone.amplitudes) for share in shares]
    parts: list[tuple[Shape, ...]] = [(one,) for one in zones]
    if nodule_mm is not None:
        parts[-1] = (zones[-1], _nodule(zones[-2], nodule_mm, depth))
    vessels = vessel_tree(anatomy, rng)
    middle = np.asarray(field.to_lps([np.array(field.shape_kji) / 2.0])[0])
    still = _still(middle)
    grid = scan_grid(field, BEFORE, rng)
    image, organ = paint_scan(anatomy, grid, BEFORE, vessels, rng, tumor=tumor)
    before = CourseScan(image, organ, rasterize(tumor, grid, of="tumor"), (Seen.on(still, tumor),))
    scans: list[CourseScan] = []
    for tissue in parts:
        warp, grid = draw_warp(rng, middle), scan_grid(field, AFTER, rng)
        seen = tuple(Seen.on(warp, one) for one in tissue)
        image, organ = paint_scan(anatomy, grid, AFTER, vessels, rng, warp=warp, zones=seen)
        inside = np.any([rasterize(one, grid, of="ablation").inside for one in seen], axis=0)
        scans.append(CourseScan(image, organ, Mask(inside, grid, "ablation"), seen))
    return SimulatedCourse(before, tuple(scans))


def true_inside_mm(later: CourseScan, earlier: CourseScan) -> float:
    """Return how far what is drawn later lies inside of the earlier zone at least, on the earlier scan.

    Negative: it reaches beyond. The earlier scan has no nodule.
    """
    (zone,) = earlier.parts
    skin = zone.triangles(DETAIL)
    directions = icosphere(DETAIL)[0]
    lowest = np.inf
    for part in later.parts:
        tissue = part.tissue.surface_points(directions)
        others = [one.tissue for one in later.parts if one is not part]
        outer = tissue[~np.any([one.inside(tissue) for one in others], axis=0)] if others else tissue
        points = zone.warp.back(outer)
        away = skin.distance_mm(points)
        lowest = min(lowest, float(np.where(zone.inside(points), away, -away).min()))
    return lowest


def _drawn(anatomy: Anatomy, depth: Depth, rng: np.random.Generator) -> tuple[Lobulated, Lobulated]:
    """Draw a tumor, and a zone around it that lies wholly in the liver."""
    radius = float(rng.uniform(*TUMOR_MM))
    reach = 1.25 * (radius + BORDER_MM)
    fits = (depth.depth_mm >= reach + OFF_CENTER_MM[1] + INSIDE_MM) & (depth.from_cut_face_mm >= FROM_CUT_FACE_MM)
    places = np.argwhere(fits)
    if not len(places):
        raise ImplausibleMask("The liver is too small for the simulated zone; give a larger part of it.")
    center = anatomy.liver.grid.to_lps([places[rng.integers(len(places))]])[0]
    away = rng.normal(size=3)
    away *= rng.uniform(*OFF_CENTER_MM) / np.linalg.norm(away)
    bumps = tuple((0.4 * np.array(draw_bumps(rng))).tolist())
    return Lobulated(_point(center), radius, draw_bumps(rng)), Lobulated(
        _point(center + away), radius + BORDER_MM, bumps
    )


def _nodule(border: Lobulated, beyond_mm: float, depth: Depth) -> Sphere:
    """Return a ball that reaches beyond a border by so much, where the liver is deepest."""
    directions = icosphere(1)[0]
    tips = border.surface_points(directions) + beyond_mm * directions
    chosen = int(np.argmax(depth.at(tips)))
    return Sphere(_point(tips[chosen] - NODULE_MM * directions[chosen]), NODULE_MM)


def _still(center: Float) -> Warp:
    """Return the warp that moves nothing: the tissue is where the scan before shows it."""
    return Warp(np.eye(3), np.zeros(3), center, np.zeros((1, 3)), np.zeros((1, 3)), np.zeros(1))


def _point(three: Float) -> Point:
    left, posterior, superior = three.tolist()
    return left, posterior, superior
