"""One simulated lesion: a tumor, the ablation zone around it, what a vessel spares of it, and the resulting margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from isotherm.imaging.geometry import Float
from isotherm.imaging.phantom import FINE, Lobulated, Point
from isotherm.imaging.phantom_directions import icosphere, real_harmonics
from isotherm.imaging.phantom_draws import draw_bumps
from isotherm.imaging.phantom_places import Depth
from isotherm.imaging.phantom_truth import Skin
from isotherm.imaging.volume import Grid

CAPSULE_TOLERANCE_MM = 1.5
"""Organ closer than this to its capsule does not count as left untreated; the default of the margin."""

SLEEVE_MM = 2.0
"""Tissue that blood flow keeps alive around a vessel that runs along a zone."""

SPARED_FROM_MM = 3.0
"""Distance from the tumor at which the tissue around a bridging branch begins to be spared."""

WIDENING = 0.6
"""How fast the spared tissue around a bridging branch widens with the distance from the tumor."""

CALIBER_MM = (2.5, 2.0)
"""Radius of a branch where it begins and where it ends: 5 to 4 mm wide."""

ELONGATION = 0.07
"""Amplitude of the harmonic that stretches a zone along its antenna: a quarter longer than wide."""

ROUGHNESS = 0.25
"""Share of a tumor's bumps that a zone has."""

SIZING_ROUNDS = 4
"""Corrections of a zone's size until its margin is the one wanted, to about 0.1 mm; then it is measured exactly."""

DETAIL = 5
"""Level of detail at which a known margin is measured: points at most 0.8 mm apart on a radius of 20 mm."""

FUNNEL_REACH_MM = 8.0
"""No tissue farther than this from a branch is spared."""


@dataclass(frozen=True, slots=True, eq=False)
class OrganBox:
    """The part of an organ around a lesion: `share`, shape (k, j, i), of each voxel of `grid` that is organ."""

    grid: Grid
    share: npt.NDArray[np.float32]
    depth: Depth

    def inside(self, points_lps_mm: Float) -> npt.NDArray[np.bool_]:
        """Say for each point, shape (n, 3), whether it lies in the organ."""
        return ndimage.map_coordinates(self.share, self.grid.to_kji(points_lps_mm).T, order=1) >= 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A simulated vessel: `course_lps_mm`, shape (n, 3), of its centerline; it narrows evenly from 5 to 4 mm."""

    course_lps_mm: Float

    def level(self, points_lps_mm: Float) -> Float:
        """Return how far points, shape (n, 3), lie inside the wall, in mm; negative outside."""
        away, nearest = cKDTree(self.course_lps_mm).query(points_lps_mm)
        return self.radii_mm[nearest] - away

    @property
    def radii_mm(self) -> Float:
        """Radius at each point of the course, shape (n,)."""
        return np.linspace(*CALIBER_MM, len(self.course_lps_mm))


class Dent(Protocol):
    """Tissue that a vessel spares from ablation."""

    @property
    def says(self) -> str:
        """How the dent was made."""
        ...

    def level(self, points_lps_mm: Float) -> Float:
        """Return how far points, shape (n, 3), lie inside the spared tissue, about in mm; negative outside."""
        ...

    @property
    def from_tumor_mm(self) -> float:
        """Distance of the spared tissue from the tumor's surface."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Sleeve:
    """Tissue 2 mm thick around a branch that passes a tumor at a distance and dents its zone from the outside."""

    branch: Branch
    tumor: Skin

    @property
    def says(self) -> str:
        """How the dent was made."""
        return f"a branch passes, and {SLEEVE_MM:g} mm of tissue around it are spared"

    def level(self, points_lps_mm: Float) -> Float:
        """Return how far points lie inside the sleeve, in mm."""
        return self.branch.level(points_lps_mm) + SLEEVE_MM

    @property
    def from_tumor_mm(self) -> float:
        """Distance of the sleeve from the tumor's surface."""
        surface = self.tumor.shape.surface_points(icosphere(FINE)[0])
        return -float(self.level(surface).max())


@dataclass(frozen=True, slots=True, eq=False)
class Funnel:
    """Tissue around a branch that touches the tumor: it begins 3 mm from the tumor and widens outward."""

    branch: Branch
    tumor: Skin

    @property
    def says(self) -> str:
        """How the dent was made."""
        return f"a branch touches the tumor, and tissue around it is spared from {SPARED_FROM_MM:g} mm off the tumor on"

    def level(self, points_lps_mm: Float) -> Float:
        """Return how far points lie inside the funnel, about in mm."""
        lumen = self.branch.level(points_lps_mm)
        level = np.full(len(points_lps_mm), -FUNNEL_REACH_MM)
        near = lumen > -FUNNEL_REACH_MM
        beyond = -self.tumor.exact_mm(points_lps_mm[near], rounds=3) - SPARED_FROM_MM
        level[near] = np.minimum(beyond, lumen[near] + WIDENING * np.maximum(beyond, 0.0))
        return level

    @property
    def from_tumor_mm(self) -> float:
        """Distance of the funnel from the tumor's surface: by construction, since the branch runs through it."""
        return SPARED_FROM_MM


def draw_tumor(center: Point, radius_mm: float, rng: np.random.Generator) -> Lobulated:
    """Draw a lobulated tumor."""
    return Lobulated(center, radius_mm, draw_bumps(rng))


def draw_zone(
    tumor: Lobulated,
    offset_lps_mm: Float,
    antenna_lps: Float,
    margin_mm: float,
    organ: OrganBox,
    rng: np.random.Generator,
) -> Lobulated:
    """Draw a zone, stretched along its antenna and off the tumor's center, that covers it by `margin_mm`."""
    stretched = ELONGATION / np.sqrt(5.0) * real_harmonics(antenna_lps[None])[0, 4:9]  # the five of degree 2
    bumps = ROUGHNESS * np.array(draw_bumps(rng))
    bumps[3:8] = stretched
    left, posterior, superior = (np.array(tumor.center_lps_mm) + offset_lps_mm).tolist()
    size_mm = tumor.reach_mm + margin_mm
    for _ in range(SIZING_ROUNDS):
        zone = Lobulated((left, posterior, superior), size_mm, tuple(bumps.tolist()))
        # A zone that grows by 1 mm everywhere raises the margin by 1 mm, more or less, wherever its thinnest point is.
        size_mm += margin_mm - known_margin_mm(tumor, zone, None, organ, level_of_detail=4)
    return Lobulated((left, posterior, superior), size_mm, tuple(bumps.tolist()))


def known_margin_mm(
    tumor: Lobulated, zone: Lobulated, dent: Dent | None, organ: OrganBox, *, level_of_detail: int = DETAIL
) -> float:
    """Return the organ-restricted minimal margin from the shapes themselves, without voxels of tumor or zone.

    Over the tumor's surface within the organ: where ablated, the distance to the zone's surface at least 1.5 mm below
    the capsule, or to the dent; elsewhere minus the distance to the zone's surface. Exact to about 0.02 mm for the
    shapes; where the capsule limits it, to about 0.3 mm, since the organ is known by its voxels.
    """
    directions = icosphere(level_of_detail)[0]
    surface, skin = tumor.surface_points(directions), zone.surface_points(directions)
    surface, skin = surface[organ.inside(surface)], skin[organ.inside(skin)]
    ablated = zone.inside(surface)
    if not ablated.all():
        return -float(np.max(cKDTree(skin).query(surface[~ablated])[0]))
    untreated = skin[organ.depth.at(skin) >= CAPSULE_TOLERANCE_MM]
    margin_mm = float(np.min(cKDTree(untreated).query(surface)[0]))
    return margin_mm if dent is None else min(margin_mm, dent.from_tumor_mm)
