"""Where to look for a lesion that somebody clicked on, and a first guess: a box, two mean values, a blob."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isotherm.errors import BadSetting, ImplausibleMask
from isotherm.imaging.geometry import Float
from isotherm.imaging.volume import Grid, Mask, Volume

What = Literal["tumor", "zone"]
Bools = npt.NDArray[np.bool_]

STEP_MM, MOST_VOXELS = 1.0, 1_000_000
"""Edge of the voxels that the work is done on, and how many of them there are at most: they are made larger then."""

BLIND_REACH_MM: dict[What, float] = {"tumor": 25.0, "zone": 38.0}
"""How far from the seed is looked where no line tells the size."""

LINE_REACH = 1.0
"""How far around a line is looked, as a share of its length: the lesion reaches half of it."""

LEAST_REACH_MM = 12.0

SEED_MM: dict[What, float] = {"tumor": 2.5, "zone": 6.0}
"""Radius around the seed in which the lesion's value is taken; a zone's center may be bright."""

CALM_MM = 1.0
"""Width of the Gauss filter before single values are compared."""

SCANNER_MM, VOXEL_SHARE = 0.58, 1.0 / 12.0 + 1.0 / 6.0
"""Assumed blur of a scanner (an edge fades over 2 mm), and what a voxel and interpolation add: of its edge squared.

A voxel is a mean over its edge (1/12); between two of them the triangle of interpolation blurs once more (1/6).
"""

CAPSULE_MM = 2.0
"""Thickness of the layer under the capsule in which voxels are part organ and part surroundings."""

GUESS_MM = 1.6
"""Width of the Gauss filter before voxels are told apart for the first guess."""

NECK_MM, NECK_SHARE, WIDEST_NECK_MM = 1.5, 0.16, 3.5
"""Bridges thinner than twice this, or than twice this share of the longest line, do not belong to the lesion.

The third is the largest radius that such a bridge is taken for.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Seeds:
    """What a person has shown: a place within, and lines across, each of shape (2, 3), LPS mm.

    Raises
    ------
    BadSetting
        A line shorter than 3 mm or longer than 150 mm, or numbers that are none.
    """

    seed_lps_mm: Float
    lines_lps_mm: tuple[Float, ...] = ()

    def __post_init__(self) -> None:
        shown = np.vstack([np.atleast_2d(self.seed_lps_mm), *self.lines_lps_mm])
        if shown.shape[1] != 3 or not np.isfinite(shown).all():
            raise BadSetting("A seed or a line that is not made of three numbers came; give X,Y,Z in mm.")
        if not all(3.0 <= length <= 150.0 for length in self.lengths_mm):
            raise BadSetting("A line shorter than 3 mm or longer than 150 mm came; draw it across the lesion.")

    @property
    def lengths_mm(self) -> tuple[float, ...]:
        """Length of each line."""
        return tuple(float(np.linalg.norm(line[1] - line[0])) for line in self.lines_lps_mm)

    @property
    def points_lps_mm(self) -> Float:
        """The seed and points along the middle 70 % of each line, 1 mm apart, shape (n, 3)."""
        found = [np.atleast_2d(self.seed_lps_mm)]
        for line, length in zip(self.lines_lps_mm, self.lengths_mm, strict=True):
            along = np.linspace(0.15, 0.85, max(2, math.ceil(0.7 * length)))[:, None]
            found.append(line[0] + along * (line[1] - line[0]))
        return np.concatenate(found)

    @property
    def center_lps_mm(self) -> Float:
        """Middle of the longest line, else the seed."""
        if not self.lines_lps_mm:
            return np.asarray(self.seed_lps_mm, dtype=np.float64)
        return self.lines_lps_mm[int(np.argmax(self.lengths_mm))].mean(axis=0)

    def reach_mm(self, what: What) -> float:
        """How far from the center is looked."""
        if not self.lines_lps_mm:
            return BLIND_REACH_MM[what]
        return max(LEAST_REACH_MM, LINE_REACH * max(self.lengths_mm))


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """The part of an image that is looked at, on even voxels.

    Parameters
    ----------
    values, calm : array, shape (k, j, i)
        The image, and the image after a Gauss filter of 1 mm.
    organ : array of bool, shape (k, j, i)
        True everywhere without an organ mask.
    known : array of bool, shape (k, j, i)
        Whether the image reaches there.
    away_mm : array, shape (k, j, i)
        Distance from the middle of what was shown.
    blur_kji_mm : tuple of float
        Standard deviation of what an edge is blurred by along each axis: scanner, voxels and interpolation.
    """

    values: Float
    calm: Float
    organ: Bools
    known: Bools
    away_mm: Float
    grid: Grid
    reach_mm: float
    blur_kji_mm: tuple[float, float, float]

    @property
    def step_mm(self) -> float:
        """Edge of the voxels."""
        return self.grid.spacing_kji_mm[0]

    @property
    def allowed(self) -> Bools:
        """Where a lesion may be."""
        return self.organ & self.known & (self.away_mm <= self.reach_mm)


def room_around(image: Volume, seeds: Seeds, what: What, organ: Mask | None) -> Room:
    """Lay even voxels around the seeds.

    Raises
    ------
    BadSetting
        What was shown lies outside of the image or of the organ.
    """
    shown = seeds.points_lps_mm
    at = image.grid.to_kji(shown)
    if (at < -0.5).any() or (at > np.array(image.grid.shape_kji) - 0.5).any():
        raise BadSetting("The seed or a line lies outside of the image; give places in LPS mm, or --frame ras.")
    if organ is not None and not organ.holds(shown).all():
        raise BadSetting("The seed or a line lies outside of the organ mask; give one in it, or leave --organ out.")
    reach = seeds.reach_mm(what)
    side = 2.0 * (reach + 6.0)
    step = max(STEP_MM, side / MOST_VOXELS ** (1 / 3))
    n = math.ceil(side / step) | 1
    corner = seeds.center_lps_mm - image.grid.direction_lps @ np.full(3, 0.5 * (n - 1) * step)
    x, y, z = corner.tolist()
    grid = Grid((n, n, n), (step, step, step), (x, y, z), image.grid.direction_lps)
    places = grid.centers_lps_mm()
    kji = image.grid.to_kji(places)
    known = ((kji >= -0.5) & (kji <= np.array(image.grid.shape_kji) - 0.5)).all(axis=1).reshape(n, n, n)
    values = ndimage.map_coordinates(image.voxels.astype(np.float32), kji.T, order=1, mode="nearest")
    values = values.reshape(n, n, n).astype(np.float64)
    inside = np.ones((n, n, n), dtype=bool) if organ is None else organ.holds(places).reshape(n, n, n)
    if organ is not None:
        # Under the capsule a voxel is part liver, part fat, and looks like a tumor: what lies deeper takes its place.
        deep = ndimage.distance_transform_edt(inside) * step > CAPSULE_MM
        if deep.any():
            nearest = ndimage.distance_transform_edt(~deep, return_distances=False, return_indices=True)
            values = values[tuple(nearest)]
    away = np.linalg.norm(places - seeds.center_lps_mm, axis=1).reshape(n, n, n)
    calm = ndimage.gaussian_filter(values, CALM_MM / step)
    blur = [math.sqrt(SCANNER_MM**2 + VOXEL_SHARE * s**2) for s in image.grid.spacing_kji_mm]
    return Room(values, calm, inside, known, away, grid, reach, (blur[0], blur[1], blur[2]))


@dataclass(frozen=True, slots=True)
class Levels:
    """Mean value of the lesion and of its surroundings, and the spread of single calm values."""

    inside: float
    outside: float
    spread: float

    @property
    def contrast(self) -> float:
        """Lesion minus surroundings."""
        return self.inside - self.outside

    def share(self, values: Float) -> Float:
        """Return how much of each value is lesion, 0 to 1; what lies far beyond it (fat, gas) is none."""
        rough = (values - self.outside) / self.contrast
        return np.clip(np.minimum(rough, 2.5 - rough), 0.0, 1.0)


def levels_of(room: Room, seeds: Seeds, what: What) -> Levels:
    """Take the lesion's value near what was shown, and that of its surroundings from what is most frequent around it.

    Raises
    ------
    ImplausibleMask
        Both are alike: nothing can be outlined.
    """
    near = _near(room, seeds.points_lps_mm, SEED_MM[what] if not seeds.lines_lps_mm else CALM_MM)
    here = room.calm[near & room.organ & room.known]
    inside = float(np.median(here)) if what == "tumor" else float(np.percentile(here, 35))
    spread = 1.4826 * float(np.median(np.abs(here - np.median(here))))
    start = 0.55 * room.reach_mm if seeds.lines_lps_mm else SEED_MM[what]
    ring = room.allowed & (room.away_mm >= start)
    if ring.sum() < 200:
        raise ImplausibleMask("Around the seed is too little image or organ to compare with; check seed and organ.")
    values, weights = room.calm[ring], 1.0 / np.maximum(room.away_mm[ring], 3.0) ** 2
    width = max(3.0, spread)
    other = np.abs(values - inside) > 2.0 * width
    if other.sum() < 100:
        raise ImplausibleMask("The seed's surroundings have the same value as the seed; give a seed within a lesion.")
    low, high = np.percentile(values[other], (1, 99))
    bins = max(8, int((high - low) / 2.0))
    counts, edges = np.histogram(values[other], bins=bins, range=(low, high + 1e-6), weights=weights[other])
    smooth = ndimage.gaussian_filter1d(counts, width / max((high - low) / bins, 1e-6))
    outside = float(edges[int(smooth.argmax())] + 0.5 * (edges[1] - edges[0]))
    around = values[np.abs(values - outside) < 3.0 * width]
    return Levels(inside, float(np.median(around)), max(1.4826 * float(np.median(np.abs(around - outside))), 1e-3))


def first_guess(room: Room, levels: Levels, seeds: Seeds, what: What) -> Bools:
    """Return the blob of voxels nearer to the lesion's value than to the other, without what hangs on a neck."""
    calm = ndimage.gaussian_filter(room.values, GUESS_MM / room.step_mm)
    alike = (levels.share(calm) > 0.5) & room.allowed
    shown = _near(room, seeds.points_lps_mm, SEED_MM[what])
    if what == "zone":
        alike |= _near(room, seeds.points_lps_mm, CALM_MM) & room.allowed
        alike = ndimage.binary_fill_holes(ndimage.binary_closing(alike, ball(2.0 / room.step_mm))) & room.allowed
    neck = ball(min(WIDEST_NECK_MM, max(NECK_MM, NECK_SHARE * max(seeds.lengths_mm, default=0.0))) / room.step_mm)
    core = ndimage.binary_opening(alike, neck)
    parts, count = ndimage.label(core)
    if count == 0:
        raise ImplausibleMask("Nothing of the seed's value hangs together around it; give a seed within a lesion.")
    sizes = np.bincount(parts[shown & core], minlength=count + 1)
    sizes[0] = 0
    if not sizes.any():
        raise ImplausibleMask("Nothing of the seed's value hangs together around it; give a seed within a lesion.")
    blob = parts == int(sizes.argmax())
    grown = ndimage.binary_dilation(blob, ball(1.0 / room.step_mm)) & alike
    return ndimage.binary_fill_holes(ndimage.binary_closing(grown, neck) & room.allowed)


def ball(radius_voxels: float) -> Bools:
    """Return a ball of voxels."""
    reach = max(1, math.floor(radius_voxels))
    axes = np.mgrid[-reach : reach + 1, -reach : reach + 1, -reach : reach + 1]
    return (axes**2).sum(axis=0) <= max(radius_voxels, 1.0) ** 2 + 1e-6


def _near(room: Room, points_lps_mm: Float, radius_mm: float) -> Bools:
    marked = np.ones(room.grid.shape_kji, dtype=bool)
    k, j, i = np.clip(np.rint(room.grid.to_kji(points_lps_mm)).astype(int), 0, np.array(marked.shape) - 1).T
    marked[k, j, i] = False
    return ndimage.distance_transform_edt(marked) * room.step_mm <= radius_mm
