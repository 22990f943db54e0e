"""One scan with one lesion to be outlined: a tumor or an ablation zone in the texture of a real CT, its truth known.

The liver keeps the noise of the real CT, which is not of one strength everywhere, and gets a finer one beside it. The
boundary is blurred as by a scanner; vessels pass, and touch in every third case; in another third the capsule cuts the
lesion, so that wall, fat, lung or gut lie against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from isotherm.errors import ImplausibleMask
from isotherm.imaging.geometry import Float
from isotherm.imaging.phantom import Lobulated, Point
from isotherm.imaging.phantom_draws import draw_bumps
from isotherm.imaging.phantom_lesion import Branch
from isotherm.imaging.phantom_paint import local_mean, share, texture
from isotherm.imaging.phantom_places import Depth, depth_in
from isotherm.imaging.phantom_scans import Anatomy
from isotherm.imaging.volume import Grid, Mask, Volume

What = Literal["tumor", "zone"]
Setting = Literal["deep", "vessel", "capsule"]
Image = npt.NDArray[np.float32]

SETTINGS: tuple[Setting, ...] = ("deep", "vessel", "capsule")
"""What lies beside the lesion, in turn: liver alone, a vessel that touches it, or the capsule, which cuts it."""

RADIUS_MM: dict[What, tuple[float, float]] = {"tumor": (6.0, 12.0), "zone": (12.0, 18.0)}
"""Range of the mean radii: tumors of 12 to 24 mm, zones of 24 to 36 mm."""

SLICES_MM, PIXELS_MM = (1.0, 1.5, 2.0, 2.5), (0.7, 0.9)
"""Distances of slices, one drawn for each case, and the range of the pixels."""

LIVER_HU, VESSEL_HU, TUMOR_HU, CORE_HU, ZONE_HU = 105.0, 165.0, 70.0, -8.0, 45.0
"""A portal venous phase; how much darker the core of a tumor is."""

GHOST_HU, TRACK_HU, RIM_HU, RIM_MM = 22.0, 40.0, 18.0, 1.5
"""How much brighter the treated tumor and the antenna's track are in a zone, and the hyperemic rim around it."""

GRAIN_HU, GRAIN_VOXELS = 10.0, 0.6
"""The finer noise, and the width of its grain."""

REAL_MM = 9.0
"""Width of the Gauss filter that tells the real CT's noise, which is kept, from its slow changes."""

HAND_MM = 0.4
"""How far off the organ is drawn, standard deviation."""

ROOM_MM = 30.0
"""Image kept around the lesion's surface."""

EDGE_SLOPE_PER_MM = 0.19
"""Slope of the anatomy's blurred organ share at its half: a Gauss filter of 2.1 mm."""

SUB = 2
"""Places along a slice's thickness that its value is the mean of."""

FROM_CUT_FACE_MM = 15.0
CLEAR_MM, BESIDE_MM = 2.0, (5.0, 12.0)
"""Least depth of a deep lesion's surface; gaps between it and the vessels that only pass."""


@dataclass(frozen=True, slots=True, eq=False)
class LesionScan:
    """A scan, and all that is true about the lesion in it.

    Parameters
    ----------
    image : Volume
    organ : Mask
        As a reader draws it, off by about 0.4 mm.
    truth : Mask
        Share of each voxel that the lesion takes up, within the organ.
    what : {"tumor", "zone"}
    setting : {"deep", "vessel", "capsule"}
    seed_lps_mm : array, shape (3,)
        Where a person would click: near the middle.
    line_lps_mm : array, shape (2, 3)
        The longest diameter in the plane of the middle, as a person would draw it.
    """

    image: Volume
    organ: Mask
    truth: Mask
    what: What
    setting: Setting
    seed_lps_mm: Float
    line_lps_mm: Float


@dataclass(frozen=True, slots=True, eq=False)
class _Lesion:
    """Where the lesion is, what it holds, and the vessels around it."""

    shape: Lobulated
    ghost: Lobulated
    track: Branch
    vessels: tuple[Branch, ...]


def simulate_lesion(anatomy: Anatomy, ct: Volume, number: int, *, what: What, seed: int = 0) -> LesionScan:
    """Simulate one scan with one lesion.

    Parameters
    ----------
    anatomy : Anatomy
    ct : Volume
        The real CT that the anatomy was made of.
    number : int
        Number of the scan; the same number and seed give the same scan.
    what : {"tumor", "zone"}
    seed : int
        Starts the random generator.

    Raises
    ------
    ImplausibleMask
        The liver has no place for the lesion.
    """
    rng = np.random.default_rng([seed, number, len(what)])
    setting = SETTINGS[number % len(SETTINGS)]
    lesion = _drawn(depth_in(anatomy.liver), what, setting, rng)
    grid = _scan_grid(lesion.shape, anatomy.liver.grid, rng)
    noise = ct.voxels.astype(np.float32)
    noise = noise - local_mean(noise, anatomy.liver.voxels.astype(np.float32), REAL_MM / 3.0)
    painted = np.zeros(grid.shape_kji, dtype=np.float64)
    truth, organ = np.zeros_like(painted), np.zeros_like(painted)
    for step in (np.arange(SUB) + 0.5) / SUB - 0.5:
        places = grid.centers_lps_mm() + grid.direction_lps[:, 0] * (step * grid.spacing_kji_mm[0])
        image, inside, liver = _painted(anatomy, noise, lesion, what, places)
        for into, part in ((painted, image), (truth, inside), (organ, liver)):
            into += part.reshape(grid.shape_kji) / SUB
    painted += texture(grid.shape_kji, GRAIN_HU, GRAIN_VOXELS, rng)
    depth = _organ_level_mm(anatomy, grid.centers_lps_mm()).reshape(grid.shape_kji)
    drawn = depth + texture(grid.shape_kji, HAND_MM, 4.0, rng) >= 0.0
    middle, line = _clicked(truth, grid, rng)
    return LesionScan(
        Volume(painted.astype(np.float32), grid), Mask(drawn, grid, "organ"),
        Mask(truth.astype(np.float32), grid, "tumor" if what == "tumor" else "ablation"), what, setting, middle, line,
    )  # fmt: skip


def _drawn(depth: Depth, what: What, setting: Setting, rng: np.random.Generator) -> _Lesion:
    radius = float(rng.uniform(*RADIUS_MM[what]))
    low, high = (1.15 * radius + CLEAR_MM, np.inf) if setting != "capsule" else (0.55 * radius, 0.85 * radius)
    fits = (depth.depth_mm >= low) & (depth.depth_mm <= high) & (depth.from_cut_face_mm >= FROM_CUT_FACE_MM + radius)
    places = np.argwhere(fits)
    if not len(places):
        raise ImplausibleMask("The liver is too small for the simulated lesion; give a whole liver.")
    at = places[rng.integers(len(places))] + rng.uniform(-0.5, 0.5, size=3)
    center = depth.grid.to_lps([at])[0]
    shape = Lobulated(_point(center), radius, draw_bumps(rng))
    off = rng.normal(size=3)
    ghost = Lobulated(_point(center + 0.2 * radius * off / np.linalg.norm(off)), 0.45 * radius, draw_bumps(rng))
    gaps = [float(g) for g in rng.uniform(*BESIDE_MM, size=3)]
    if setting == "vessel":
        gaps[0] = 0.0
    along = np.linspace(-1.0, 0.3, 40)[:, None] * 2.0 * radius
    track = Branch(center + along * _unit(rng.normal(size=3)))
    return _Lesion(shape, ghost, track, tuple(_vessel(shape, gap, rng) for gap in gaps))


def _vessel(shape: Lobulated, gap_mm: float, rng: np.random.Generator) -> Branch:
    """Lead a bent vessel past the lesion, so that its wall comes about this near to the lesion's surface."""
    out = _unit(rng.normal(size=3))
    side = _unit(np.cross(out, rng.normal(size=3)))
    at = shape.surface_points(out[None])[0] + (gap_mm + 2.25) * out
    along = np.linspace(-45.0, 45.0, 180)[:, None]
    course = at + along * side + along**2 / 90.0 * out
    # Bumps of the lesion beside the place aimed at may come nearer: the whole course is moved out as far as they do.
    nearest = float(shape.level(course).max())
    return Branch(course + out * max(0.0, nearest + gap_mm + 2.25))


def _scan_grid(shape: Lobulated, like: Grid, rng: np.random.Generator) -> Grid:
    """Lay voxels around the lesion, upright in the patient, as far as the real CT goes."""
    slice_mm, pixel_mm = float(rng.choice(SLICES_MM)), float(rng.uniform(*PIXELS_MM))
    corners = like.corners_lps_mm()
    reach = shape.reach_mm + ROOM_MM
    low = np.maximum(np.array(shape.center_lps_mm) - reach, corners.min(axis=0) + 3.0)
    high = np.minimum(np.array(shape.center_lps_mm) + reach, corners.max(axis=0) - 3.0)
    i, j, k = (int(n) for n in (high - low) // (pixel_mm, pixel_mm, slice_mm))
    x, y, z = (float(v) for v in low + rng.uniform(0.0, 1.0, size=3))
    return Grid((k, j, i), (slice_mm, pixel_mm, pixel_mm), (x, y, z))


def _painted(anatomy: Anatomy, noise: Image, lesion: _Lesion, what: What, places: Float) -> tuple[Float, Float, Float]:
    """Return the values, the lesion's share and the organ's share at places, each of shape (n,)."""
    kji = anatomy.liver.grid.to_kji(places).T
    organ = share(_organ_level_mm(anatomy, places))
    tissue = ndimage.map_coordinates(anatomy.tissue, kji, order=1, mode="nearest")
    grain = ndimage.map_coordinates(noise, kji, order=3, mode="nearest")
    near = np.linalg.norm(places - np.array(lesion.shape.center_lps_mm), axis=1) < lesion.shape.reach_mm + 6.0
    level = np.full(len(places), -50.0)
    level[near] = lesion.shape.level(places[near])
    liver = LIVER_HU + ndimage.map_coordinates(anatomy.shade_hu, kji, order=1, mode="nearest")
    lumen = _lumen(lesion.vessels, places)
    liver = liver * (1.0 - lumen) + VESSEL_HU * lumen
    inner = TUMOR_HU + CORE_HU * np.clip(level / 6.0, 0.0, 1.0)
    if what == "zone":
        liver = liver + RIM_HU * np.exp(-(((level + RIM_MM) / RIM_MM) ** 2)) * (1.0 - lumen)
        inner = np.full(len(places), ZONE_HU)
        inner[near] += GHOST_HU * share(lesion.ghost.level(places[near]))
        inner[near] += TRACK_HU * share(lesion.track.level(places[near])) * (level[near] > 0)
    inside = share(level)
    liver = liver * (1.0 - inside) + inner * inside
    within = np.where((level > 0) & (organ >= 0.5), 1.0, 0.0)
    return tissue * (1.0 - organ) + (liver + grain) * organ, within, organ


def _organ_level_mm(anatomy: Anatomy, places: Float) -> Float:
    """Return how far places, shape (n, 3), lie below the capsule, about in mm near it."""
    kji = anatomy.liver.grid.to_kji(places).T
    blurred = ndimage.map_coordinates(anatomy.liver_share, kji, order=3, mode="nearest")
    return (blurred.astype(np.float64) - 0.5) / EDGE_SLOPE_PER_MM


def _lumen(vessels: tuple[Branch, ...], places: Float) -> Float:
    """Return the share of vessels at places, shape (n,); a voxel far from all of them costs little."""
    course, radii = np.concatenate([v.course_lps_mm for v in vessels]), np.concatenate([v.radii_mm for v in vessels])
    reach = float(radii.max()) + 1.0
    out = np.zeros(len(places))
    near = ((places > course.min(axis=0) - reach) & (places < course.max(axis=0) + reach)).all(axis=1)
    away, nearest = cKDTree(course).query(places[near], distance_upper_bound=reach)
    out[near] = share(np.append(radii, -np.inf)[nearest] - np.minimum(away, 1e3))
    return out


def _clicked(truth: Float, grid: Grid, rng: np.random.Generator) -> tuple[Float, Float]:
    """Return a place near the middle, and the longest diameter in its plane, both with a hand's errors."""
    weight = truth.sum(axis=(1, 2))
    k = int(np.average(np.arange(len(weight)), weights=weight).round())
    plane = np.argwhere(truth[k] >= 0.5).astype(np.float64)
    points = grid.to_lps(np.column_stack([np.full(len(plane), k), plane]))
    middle = points.mean(axis=0)
    far = points[::3]
    apart = np.linalg.norm(far[:, None] - far[None], axis=2)
    one, other = np.unravel_index(int(apart.argmax()), apart.shape)
    ends = np.array([far[one], far[other]]) + rng.normal(scale=0.5, size=(2, 3)) * (1.0, 1.0, 0.0)
    radius = 0.5 * float(apart.max())
    return middle + rng.uniform(-0.25, 0.25, size=3) * radius * (1.0, 1.0, 0.5), ends


def _unit(vector: Float) -> Float:
    return vector / np.linalg.norm(vector)


def _point(three: Float) -> Point:
    left, posterior, superior = three.tolist()
    return left, posterior, superior
