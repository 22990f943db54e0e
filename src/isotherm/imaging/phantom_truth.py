"""The true margin between two phantoms: no voxels, no triangles, exact to a few micrometers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial import cKDTree

from isotherm.imaging.geometry import Float, Int
from isotherm.imaging.phantom import FINE, Point, Shape, Sphere
from isotherm.imaging.phantom_directions import icosphere, neighbors

START = 4
"""Level of detail of the tumor's surface where the search begins: 2,562 points, 0.074 radians apart."""

START_STEP = 0.074
"""Step, in radians, of the search over the tumor's surface; each of its rounds halves it."""

ROUNDS = 12
"""Rounds over the tumor's surface: the last step is 0.0007 mm at a radius of 20 mm."""

KEPT_MM = 1.0
"""Valleys whose rough margin exceeds the least one by more cannot hold the minimum, since a margin changes by at most
1 mm per mm of tumor surface, a point lies within 0.8 mm of a start, and a rough margin is 0.2 mm too large at most."""

MOST_VALLEYS = 12
"""Valleys followed, the lowest first; more of them mean a landscape so flat that any of them will do."""

FEET = 8
"""Places on the zone tried as the nearest one: near a dent two far places may be almost equally near."""

FOOT_STEP = 0.02
"""Step, in radians, of the search for the nearest place on the zone; each of its rounds divides it by four."""

FOOT_ROUNDS = 5
"""Rounds on the zone's surface: the last step is 0.0016 mm at a radius of 20 mm."""


@dataclass(frozen=True, slots=True)
class TrueMargin:
    """The least signed distance from the tumor's surface to the zone's (negative: outside), and where on the tumor."""

    minimal_mm: float
    thinnest_lps_mm: Point


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """The surface of a shape, able to tell the exact signed distance of any point from it."""

    shape: Shape
    _tree: cKDTree = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_tree", cKDTree(self.shape.surface_points(icosphere(FINE)[0])))

    def rough_mm(self, points_lps_mm: Float, *, most_mm: float = np.inf) -> Float:
        """Return the signed distance to the nearest of 40,962 surface points; too far from it by 0.2 mm at most.

        Points deeper inside than `most_mm` (0 or more) are infinitely deep: nothing is as slow as to tell how deep.
        """
        inside = self.shape.inside(points_lps_mm)
        signed = np.empty(len(points_lps_mm))
        signed[inside] = self._tree.query(points_lps_mm[inside], distance_upper_bound=most_mm)[0]
        signed[~inside] = -np.asarray(self._tree.query(points_lps_mm[~inside])[0])
        return signed

    def exact_mm(self, points_lps_mm: Float, *, rounds: int = FOOT_ROUNDS) -> Float:
        """Return the signed distance of points, shape (n, 3), to the surface to about 0.001 mm; positive inside.

        With fewer rounds than the default it is coarser and quicker.
        """
        if isinstance(self.shape, Sphere):
            return self.shape.level(points_lps_mm)
        feet = icosphere(FINE)[0][self._tree.query(points_lps_mm, k=FEET)[1]].reshape(-1, 3)
        points = np.repeat(points_lps_mm, FEET, axis=0)
        away = np.full(len(points), np.inf)
        for round_ in range(rounds):
            around = _pattern(feet, FOOT_STEP / 4**round_)
            spots = self.shape.surface_points(around.reshape(-1, 3)).reshape(around.shape)
            gaps = np.linalg.norm(spots - points[:, None], axis=2)
            feet, away = _lowest(around, gaps)
        return self._signed(points_lps_mm, away.reshape(-1, FEET).min(axis=1))

    def _signed(self, points_lps_mm: Float, away_mm: Float) -> Float:
        return np.where(self.shape.inside(points_lps_mm), away_mm, -away_mm)


def true_margin(tumor: Shape, zone: Shape) -> TrueMargin:
    """Return the unrestricted minimal margin of a tumor in an ablation zone.

    Two spheres are solved on paper. Anything else starts from every valley of the margin over a mesh of the tumor's
    surface and is narrowed down by nested pattern searches on the two surfaces themselves.

    Parameters
    ----------
    tumor, zone : Shape

    Returns
    -------
    TrueMargin
        Minimum, over the tumor's surface, of the distance to the zone's surface: positive where inside the zone.
    """
    if isinstance(tumor, Sphere) and isinstance(zone, Sphere):
        return _between_spheres(tumor, zone)
    skin = Skin(zone)
    directions = icosphere(START)[0]
    rough = skin.rough_mm(tumor.surface_points(directions))
    centers = directions[_valleys(rough)]
    margins = skin.exact_mm(tumor.surface_points(centers), rounds=2)
    centers = centers[np.argsort(margins, kind="stable")][:MOST_VALLEYS]
    for round_ in range(ROUNDS):
        step = START_STEP / 2**round_
        around = _pattern(centers, step)
        # The foot need not be found more finely than this round steps: early rounds, with many valleys, are cheap.
        foot_rounds = min(2 + round_ // 2, FOOT_ROUNDS)
        signed = skin.exact_mm(tumor.surface_points(around.reshape(-1, 3)), rounds=foot_rounds)
        centers, margins = _lowest(around, signed.reshape(around.shape[:2]))
        reachable = margins <= margins.min() + 2.0 * step * tumor.reach_mm
        centers, margins = centers[reachable], margins[reachable]
    least = int(margins.argmin())
    left, posterior, superior = tumor.surface_points(centers[least : least + 1])[0]
    return TrueMargin(float(margins[least]), (float(left), float(posterior), float(superior)))


def _between_spheres(tumor: Sphere, zone: Sphere) -> TrueMargin:
    apart = np.array(tumor.center_lps_mm) - np.array(zone.center_lps_mm)
    offset_mm = float(np.linalg.norm(apart))
    # Concentric spheres are equally thin everywhere; the most cranial point stands for all.
    toward = apart / offset_mm if offset_mm > 0 else np.array([0.0, 0.0, 1.0])
    left, posterior, superior = np.array(tumor.center_lps_mm) + tumor.radius_mm * toward
    return TrueMargin(zone.radius_mm - tumor.radius_mm - offset_mm, (float(left), float(posterior), float(superior)))


def _valleys(rough_mm: Float) -> Int:
    """Return the local minima on the starting mesh that may lead to the minimum."""
    lowest_around = rough_mm[neighbors(START)].min(axis=1)
    return np.flatnonzero((rough_mm <= lowest_around) & (rough_mm <= rough_mm.min() + KEPT_MM))


def _lowest(around: Float, values: Float) -> tuple[Float, Float]:
    """Pick, in each row, the direction with the lowest value."""
    rows, best = np.arange(len(values)), values.argmin(axis=1)
    return around[rows, best], values[rows, best]


def _pattern(directions: Float, step: float) -> Float:
    """Return 5 x 5 directions, `step` radians apart, around each direction; shape (n, 25, 3)."""
    # A helper axis that is never parallel to the direction: the one along which the direction is shortest.
    helper = np.eye(3)[np.abs(directions).argmin(axis=1)]
    first = np.cross(directions, helper)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(directions, first)
    turns: Float = step * np.arange(-2.0, 3.0)
    a, b = (t.reshape(1, -1, 1) for t in np.meshgrid(turns, turns, indexing="ij"))
    spread = directions[:, None] + a * first[:, None] + b * second[:, None]
    return spread / np.linalg.norm(spread, axis=2, keepdims=True)
