"""Random phantoms for the bench: a tumor in an ablation zone, and grids that cut them at every angle."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from isotherm.imaging.geometry import Float
from isotherm.imaging.phantom import Ellipsoid, Lobulated, Point, Shape, Sphere
from isotherm.imaging.phantom_directions import icosphere
from isotherm.imaging.volume import Grid

TUMOR_MM = (5.0, 15.0)
"""Range of a tumor's semi-axes: metastases of 10 to 30 mm, those that are ablated."""

MARGIN_MM = (-3.0, 10.0)
"""Range over which the margins aimed at are spread evenly; the true one is measured afterwards and differs a little."""

OFFSET_MM = 5.0
"""Farthest that a zone's center is put beside the tumor's."""

PAD_MM = 6.0
"""Room between the shapes and the faces of a drawn grid."""

BUMPS = {2: 0.03, 3: 0.025, 4: 0.018, 5: 0.012}
"""Standard deviation of a lobulated shape's amplitudes by degree: together 12 % of its radius."""

Pair = tuple[Shape, Shape]


def draw_sphere_pair(rng: np.random.Generator) -> Pair:
    """Draw a spherical tumor and zone; the margin is known on paper."""
    tumor = Sphere(_draw_center(rng), rng.uniform(*TUMOR_MM))
    offset_mm = rng.uniform(0.0, OFFSET_MM)
    center = _beside(tumor, offset_mm, rng)
    return tumor, Sphere(center, tumor.radius_mm + offset_mm + rng.uniform(*MARGIN_MM))


def draw_ellipsoid_pair(rng: np.random.Generator) -> Pair:
    """Draw two ellipsoids of other proportions, each turned any way, the zone's center beside the tumor's."""
    tumor = Ellipsoid(_draw_center(rng), _triple(rng.uniform(*TUMOR_MM, size=3)), draw_rotation(rng))
    center, axes = _beside(tumor, rng.uniform(0.0, OFFSET_MM), rng), draw_rotation(rng)
    proportions = rng.uniform(0.7, 1.3, size=3)
    return tumor, _grown(tumor, lambda size_mm: Ellipsoid(center, _triple(size_mm * proportions), axes), rng)


def draw_lobulated_pair(rng: np.random.Generator) -> Pair:
    """Draw two lobulated shapes with bumps of their own."""
    tumor = Lobulated(_draw_center(rng), rng.uniform(*TUMOR_MM), draw_bumps(rng))
    center, bumps = _beside(tumor, rng.uniform(0.0, OFFSET_MM), rng), draw_bumps(rng)
    return tumor, _grown(tumor, lambda size_mm: Lobulated(center, size_mm, bumps), rng)


def draw_bumps(rng: np.random.Generator) -> tuple[float, ...]:
    """Draw the 35 amplitudes of a lobulated shape; those of degree 1 are zero, since they would only shift it."""
    spread = [BUMPS.get(degree, 0.0) for degree in range(1, 6) for _ in range(2 * degree + 1)]
    return tuple((rng.normal(size=35) * spread).tolist())


def draw_rotation(rng: np.random.Generator) -> Float:
    """Draw a rotation, every one equally likely, shape (3, 3) (a random unit quaternion)."""
    quaternion = rng.normal(size=4)
    w, x, y, z = quaternion / np.linalg.norm(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def draw_grid(
    rng: np.random.Generator, slice_mm: float, in_plane_mm: float, *, cover: tuple[Shape, ...], oblique: bool = True
) -> Grid:
    """Draw a grid around shapes: turned any way if oblique, and shifted by a random part of a voxel.

    Parameters
    ----------
    rng : numpy.random.Generator
    slice_mm, in_plane_mm : float
        Spacing along k, and along j and i.
    cover : tuple of Shape
        All of them lie at least 6 mm inside of the grid's faces.
    oblique : bool
        Without, the axes are those of the patient.
    """
    spacing = np.array([slice_mm, in_plane_mm, in_plane_mm])
    direction = draw_rotation(rng) if oblique else np.eye(3)[::-1]
    centers = np.array([shape.center_lps_mm for shape in cover]) @ direction
    reach = np.array([[shape.reach_mm] for shape in cover]) + PAD_MM
    low, high = (centers - reach).min(axis=0), (centers + reach).max(axis=0)
    # Voxel centers begin up to one voxel before the pad and end at least half a voxel short of one beyond it.
    first = low - rng.uniform(0.0, 1.0, size=3) * spacing
    k, j, i = (math.ceil(n) + 1 for n in (high - first) / spacing)
    return Grid((k, j, i), _triple(spacing), _triple(direction @ first), direction)


def _grown(tumor: Shape, zone_of_size: Callable[[float], Shape], rng: np.random.Generator) -> Shape:
    """Return the zone whose margin around the tumor, roughly measured, is one drawn evenly from MARGIN_MM."""
    wanted_mm = rng.uniform(*MARGIN_MM)
    points = tumor.surface_points(icosphere(3)[0])
    small, large = 1.0, 8.0 * tumor.reach_mm
    for _ in range(24):
        size_mm = 0.5 * (small + large)
        if zone_of_size(size_mm).level(points).min() < wanted_mm:
            small = size_mm
        else:
            large = size_mm
    return zone_of_size(large)


def _beside(tumor: Shape, offset_mm: float, rng: np.random.Generator) -> Point:
    return _triple(np.array(tumor.center_lps_mm) + offset_mm * draw_rotation(rng)[:, 0])


def _draw_center(rng: np.random.Generator) -> Point:
    return _triple(rng.uniform(-50.0, 50.0, size=3))


def _triple(three: Float) -> Point:
    a, b, c = three.tolist()
    return a, b, c
