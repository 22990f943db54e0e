"""Two scans of one patient with a known deformation between them: a tumor before, an eccentric zone after.

The anatomy is that of a real CT. Inside the liver its noise would be the same in both scans and would guide any method
of registration; so the liver's own values are smoothed away, simulated vessels take their place, and each scan gets its
own noise, its own contrast phase and its own grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from isotherm.errors import EmptyMask, ImplausibleMask
from isotherm.imaging.geometry import Float
from isotherm.imaging.phantom import Lobulated, Point, Shape, rasterize
from isotherm.imaging.phantom_departures import Shrunk, Stiff
from isotherm.imaging.phantom_directions import icosphere
from isotherm.imaging.phantom_draws import draw_bumps
from isotherm.imaging.phantom_paint import local_mean, share, texture
from isotherm.imaging.phantom_places import depth_in
from isotherm.imaging.phantom_truth import Skin
from isotherm.imaging.phantom_warp import Warp, draw_warp
from isotherm.imaging.volume import Grid, Mask, Volume

FLAT_MM = 6.0
"""Width of the Gauss filter that leaves of the liver's own values only its slow changes."""

BRANCHES, BRANCH_MM = 90, (3.5, 0.9)
"""Simulated vessels, and their radius where they begin and where they end."""

TUMOR_RADIUS_MM, OFF_CENTER_MM = (5.0, 10.0), (1.0, 6.0)
"""Range of the tumors' mean radii, and of how far a zone's center lies from its tumor's."""

NOISE_HU, NOISE_VOXELS = 12.0, 0.6
"""Noise of each scan, and the width of its grain."""

ROOM_MM = 20.0
"""Room kept around the liver."""

FROM_CAPSULE_MM, FROM_CUT_FACE_MM = 6.0, 30.0
"""Least depth of a tumor's surface below the capsule, and of its center below a face of the image."""

DETAIL = 5
"""Level of detail of the tumor's surface on which the true margin is taken: 10,242 points."""

EVERY, TOO_LARGE_MM = 16, 0.4
"""One of so many points tells how deep the least margin may lie; by how much two rough margins may be off together."""

SLIDE_MM, SHRINKAGE = 6.0, (0.10, 0.20)
"""How far the surroundings slide along the liver, and range of the share of its volume that a zone loses."""

Tissue = Literal["even", "stiff tumor", "sliding organ", "shrunk zone"]
"""How the tissue moves: all as one, or with one departure from that."""

Image = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Phase:
    """What contrast medium makes of liver, vessels and tumor, HU; the voxels of the scan, mm."""

    liver_hu: float
    vessel_hu: float
    tumor_hu: float
    spacing_kji_mm: tuple[float, float, float]


BEFORE = Phase(105.0, 165.0, 72.0, (2.0, 1.4, 1.4))
AFTER = Phase(90.0, 122.0, 62.0, (1.5, 1.5, 1.5))
"""Portal venous phases of two days: contrast, voxels and noise all differ."""

ZONE_HU, GHOST_HU = 38.0, 14.0
"""An ablation zone, and how much brighter the treated tumor is seen within it."""


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """What both scans are made of, on the grid of the real CT: tissue (HU), the liver's share, the liver's own values.

    Parameters
    ----------
    tissue, liver_share, shade_hu : array, shape (k, j, i)
        `shade_hu` is how much the liver differs from its mean, slowly.
    liver : Mask
    hilum_lps_mm : array, shape (3,)
        Where the vessels begin.
    """

    tissue: Image
    liver_share: Image
    shade_hu: Image
    liver: Mask
    hilum_lps_mm: Float


@dataclass(frozen=True, slots=True, eq=False)
class ScanPair:
    """A scan before and a scan after, and all that is true about them.

    Parameters
    ----------
    before, after : Volume
    tumor, organ_before : Mask
        On the grid of the scan before.
    zone, organ_after : Mask
        On the grid of the scan after.
    warp : Warp
        The true way from a point of the scan after to the same tissue in the scan before.
    margin_mm : float
        The true unrestricted minimal margin.
    tumor_shape, zone_shape : Lobulated
    lesion_lps_mm : array, shape (3,)
        Center of the tumor in the scan after.
    """

    before: Volume
    after: Volume
    tumor: Mask
    organ_before: Mask
    zone: Mask
    organ_after: Mask
    warp: Warp
    margin_mm: float
    tumor_shape: Lobulated
    zone_shape: Lobulated
    lesion_lps_mm: Float


def anatomy_of(ct: Volume, liver: Mask, portal_vein: Mask) -> Anatomy:
    """Prepare a real CT: everything but the liver is kept, and the liver's own noise is taken out.

    Raises
    ------
    EmptyMask
        There is no liver, or no portal vein.
    """
    if liver.box() is None or portal_vein.box() is None:
        raise EmptyMask("A liver or a portal vein without a single voxel came; give both.")
    image = ct.voxels.astype(np.float32)
    inside: Image = ndimage.gaussian_filter(liver.voxels.astype(np.float32), 0.7)
    slow = local_mean(image, liver.voxels.astype(np.float32), FLAT_MM / min(ct.grid.spacing_kji_mm))
    shade = np.where(liver.inside, slow - slow[liver.inside].mean(), 0.0).astype(np.float32)
    shade = ndimage.gaussian_filter(shade, 1.0)
    center = liver.grid.to_lps(np.argwhere(liver.inside)).mean(axis=0)
    vein = portal_vein.grid.to_lps(np.argwhere(portal_vein.inside))
    hilum = vein[np.linalg.norm(vein - center, axis=1).argmin()]
    return Anatomy(ndimage.median_filter(image, 3), inside, shade, liver, hilum)


def simulate_scans(
    anatomy: Anatomy, number: int, *, margin_mm: float, seed: int = 0, tissue: Tissue = "even"
) -> ScanPair:
    """Simulate one pair of scans.

    Parameters
    ----------
    anatomy : Anatomy
    number : int
        Number of the pair; the same number and seed give the same pair.
    margin_mm : float
        The minimal margin aimed at, reached to about 0.01 mm.
    seed : int
        Starts the random generator.
    tissue : {"even", "stiff tumor", "sliding organ", "shrunk zone"}
        A stiff tumor only turns and shifts. Around a sliding organ everything else has moved on by `SLIDE_MM`. A zone
        that has shrunk is seen smaller than what it treated; the true margin is the one that was treated.

    Raises
    ------
    ImplausibleMask
        The liver has no place for the lesion.
    """
    rng = np.random.default_rng([seed, number])
    field = field_of_view(anatomy.liver)
    warp = draw_warp(rng, np.asarray(field.to_lps([np.array(field.shape_kji) / 2.0])[0]))
    tumor = _draw_tumor(anatomy, rng)
    if tissue == "stiff tumor":
        center = warp.back(np.array([tumor.center_lps_mm]))[0]
        warp = replace(warp, departure=Stiff.like(center, tumor.reach_mm, warp.waves))
    zone, reached = _draw_zone(tumor, warp, margin_mm, rng)
    apart = np.random.default_rng([seed, number, 1])  # the draws of the pair stay those of even tissue
    slide = np.zeros(3)
    if tissue == "shrunk zone":
        warp, zone = _shrunk(warp, zone, float(apart.uniform(*SHRINKAGE)))
    elif tissue == "sliding organ":
        slide = apart.normal(size=3)
        slide *= SLIDE_MM / np.linalg.norm(slide)
    vessels = vessel_tree(anatomy, rng)
    grids = [scan_grid(field, phase, rng) for phase in (BEFORE, AFTER)]
    images: list[Volume] = []
    organs: list[Mask] = []
    for grid, phase, way, ablated in ((grids[0], BEFORE, None, ()), (grids[1], AFTER, warp, (zone,))):
        image, organ = paint_scan(anatomy, grid, phase, vessels, rng, tumor=tumor, warp=way, zones=ablated,
                                  slide_mm=slide if way else None)  # fmt: skip
        images.append(image)
        organs.append(organ)
    return ScanPair(
        images[0], images[1], rasterize(tumor, grids[0], of="tumor"), organs[0],
        rasterize(zone, grids[1], of="ablation"), organs[1], warp, reached, tumor, zone,
        warp.back(np.array([tumor.center_lps_mm]))[0],
    )  # fmt: skip


def field_of_view(liver: Mask) -> Grid:
    """Return the part of the image that holds the liver, with room around it."""
    box = liver.box()
    assert box is not None  # of an anatomy
    room = [round(ROOM_MM / s) for s in liver.grid.spacing_kji_mm]
    low = [max(0, b.start - r) for b, r in zip(box, room, strict=True)]
    high = [min(n, b.stop + r) for b, r, n in zip(box, room, liver.grid.shape_kji, strict=True)]
    k, j, i = low
    return liver.grid.window((k, j, i), (high[0] - k, high[1] - j, high[2] - i))


def scan_grid(field: Grid, phase: Phase, rng: np.random.Generator) -> Grid:
    """Lay the scan's own voxels over the field of view, shifted by a random part of a voxel, stored head first."""
    size = np.array(field.shape_kji) * field.spacing_kji_mm
    k, j, i = (int(n) for n in size // phase.spacing_kji_mm)
    corners = field.to_lps(np.array([[0, 0, 0], [n - 1 for n in field.shape_kji]]))
    x, y, z = corners.min(axis=0) + rng.uniform(0.0, 1.0, size=3) * np.array(phase.spacing_kji_mm[::-1])
    axes = np.argmax(np.abs(field.direction_lps), axis=0)  # which patient axis each array axis of the CT runs along
    extent = {int(axis): n * s for axis, n, s in zip(axes, field.shape_kji, field.spacing_kji_mm, strict=True)}
    k, j, i = (int(extent[axis] // s) for axis, s in zip((2, 1, 0), phase.spacing_kji_mm, strict=True))
    return Grid((k, j, i), phase.spacing_kji_mm, (float(x), float(y), float(z)))


def _draw_tumor(anatomy: Anatomy, rng: np.random.Generator) -> Lobulated:
    depth = depth_in(anatomy.liver)
    radius = float(rng.uniform(*TUMOR_RADIUS_MM))
    fits = (depth.depth_mm >= 1.25 * radius + FROM_CAPSULE_MM) & (depth.from_cut_face_mm >= FROM_CUT_FACE_MM + radius)
    places = np.argwhere(fits)
    if not len(places):
        raise ImplausibleMask("The liver is too small for the simulated lesion; give a whole liver.")
    place = places[rng.integers(len(places))] + rng.uniform(-0.5, 0.5, size=3)
    return Lobulated(_point(anatomy.liver.grid.to_lps([place])[0]), radius, draw_bumps(rng))


def _draw_zone(tumor: Lobulated, warp: Warp, margin_mm: float, rng: np.random.Generator) -> tuple[Lobulated, float]:
    """Draw a zone off the tumor's center, and size it until its margin in the scan after is the one wanted."""
    surface = warp.back(tumor.surface_points(icosphere(DETAIL)[0]))
    away = rng.normal(size=3)
    away *= rng.uniform(*OFF_CENTER_MM) / np.linalg.norm(away)
    center = _point(warp.back(np.array([tumor.center_lps_mm]))[0] + away)
    bumps = tuple((0.4 * np.array(draw_bumps(rng))).tolist())
    small, large = 1.0, 60.0
    for _ in range(24):
        size = 0.5 * (small + large)
        small, large = (
            (size, large) if Lobulated(center, size, bumps).level(surface).min() < margin_mm else (small, size)
        )
    zone = Lobulated(center, large, bumps)
    for _ in range(3):
        zone = Lobulated(center, zone.mean_radius_mm + margin_mm - _least_margin_mm(zone, surface), bumps)
    return zone, _least_margin_mm(zone, surface)


def _shrunk(warp: Warp, zone: Lobulated, share: float) -> tuple[Warp, Lobulated]:
    """Return the field that a shrinking zone makes of another one, and the zone as it is seen then."""
    center = np.array(zone.center_lps_mm)
    departure = Shrunk(center, zone.mean_radius_mm, share)
    seen = zone.mean_radius_mm / departure.scale
    return replace(warp, departure=replace(departure, radius_mm=seen)), replace(zone, mean_radius_mm=seen)


def _least_margin_mm(zone: Lobulated, surface: Float) -> float:
    """Return the least signed distance of a tumor's surface, shape (n, 3), from the zone's, to about 0.01 mm."""
    skin = Skin(zone)
    least = skin.rough_mm(surface[::EVERY]).min()
    rough = skin.rough_mm(surface, most_mm=max(least, 0.0) + 2.0 * TOO_LARGE_MM)
    return float(skin.exact_mm(surface[rough <= rough.min() + TOO_LARGE_MM], rounds=4).min())


def vessel_tree(anatomy: Anatomy, rng: np.random.Generator) -> tuple[cKDTree, Float]:
    """Lead bent, narrowing vessels from the hilum to places all over the liver; return their points and radii."""
    inside = anatomy.liver.grid.to_lps(np.argwhere(anatomy.liver.inside))
    ends = inside[rng.integers(len(inside), size=BRANCHES)]
    along = np.linspace(0.0, 1.0, 160)[None, :, None]
    start = anatomy.hilum_lps_mm
    bend = 0.5 * (start + ends) + rng.normal(scale=0.18, size=ends.shape) * np.linalg.norm(
        ends - start, axis=1, keepdims=True
    )
    course = (1 - along) ** 2 * start + 2 * along * (1 - along) * bend[:, None] + along**2 * ends[:, None]
    radii = np.broadcast_to(np.linspace(*BRANCH_MM, 160), course.shape[:2])
    return cKDTree(course.reshape(-1, 3)), radii.reshape(-1)


def paint_scan(
    anatomy: Anatomy, grid: Grid, phase: Phase, vessels: tuple[cKDTree, Float], rng: np.random.Generator, *,
    tumor: Shape | None = None, warp: Warp | None = None, zones: Sequence[Shape] = (), slide_mm: Float | None = None,
) -> tuple[Volume, Mask]:  # fmt: skip
    """Paint what the patient looks like at the voxels of one scan; without a warp it is the scan before.

    The tumor lies in the tissue, and is carried by the warp; zones lie where the scan shows them.
    """
    places = grid.centers_lps_mm()
    tissue_at = places if warp is None else warp.points(places)
    kji = anatomy.liver.grid.to_kji(tissue_at).T
    around = kji if slide_mm is None else anatomy.liver.grid.to_kji(tissue_at + slide_mm).T
    image = ndimage.map_coordinates(anatomy.tissue, around, order=3, mode="nearest")
    organ = np.clip(ndimage.map_coordinates(anatomy.liver_share, kji, order=3, mode="nearest"), 0.0, 1.0)
    liver = phase.liver_hu + ndimage.map_coordinates(anatomy.shade_hu, kji, order=1, mode="nearest")
    lumen = share(_level_of(vessels, tissue_at, organ > 0))
    liver = liver * (1 - lumen) + phase.vessel_hu * lumen
    ghost = np.zeros(len(places)) if tumor is None else _share_of(tumor, tissue_at)
    liver = liver * (1 - ghost) + phase.tumor_hu * ghost
    if zones:
        burnt = np.max([_share_of(zone, places) for zone in zones], axis=0)
        liver = liver * (1 - burnt) + (ZONE_HU + GHOST_HU * ghost) * burnt
    image = (image * (1 - organ) + liver * organ).reshape(grid.shape_kji)
    image += texture(grid.shape_kji, NOISE_HU, NOISE_VOXELS, rng)
    wobble = texture(grid.shape_kji, 0.08, 4.0, rng)  # the two outlines of the liver are not drawn alike
    drawn = organ.reshape(grid.shape_kji) + wobble >= 0.5
    return Volume(image.astype(np.float32), grid), Mask(drawn, grid, "organ")


def _level_of(vessels: tuple[cKDTree, Float], places: Float, where: npt.NDArray[np.bool_]) -> Float:
    tree, radii = vessels
    level = np.full(len(places), -np.inf)
    away, nearest = tree.query(places[where], distance_upper_bound=BRANCH_MM[0] + 2.0)
    level[where] = np.where(np.isfinite(away), np.append(radii, -np.inf)[nearest] - np.minimum(away, 1e3), -np.inf)
    return level


def _share_of(shape: Shape, places: Float) -> Float:
    shares = np.zeros(len(places))
    near = np.linalg.norm(places - np.array(shape.center_lps_mm), axis=1) < shape.reach_mm + 2.0
    shares[near] = share(shape.level(places[near]))
    return shares


def _point(three: Float) -> Point:
    left, posterior, superior = three.tolist()
    return left, posterior, superior
