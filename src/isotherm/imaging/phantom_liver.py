"""The demo case: four simulated tumors, their simulated ablation zones and simulated vessels in a real liver.

No public pair of scans before and after ablation exists, so everything but the anatomy is made here, from one number
that starts the random generator, and the margins are known by construction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from isotherm.errors import BadGeometry, BadSetting, EmptyMask
from isotherm.imaging.geometry import Float
from isotherm.imaging.phantom import Lobulated
from isotherm.imaging.phantom_canvas import SMOOTHING_VOXELS, Canvas, canvas_of
from isotherm.imaging.phantom_lesion import (
    CALIBER_MM,
    SLEEVE_MM,
    Branch,
    Dent,
    Funnel,
    OrganBox,
    Sleeve,
    draw_tumor,
    draw_zone,
    known_margin_mm,
)
from isotherm.imaging.phantom_paint import TRACK_RADIUS_MM, Image, Levels, grain, paint_lesion, paint_vessel
from isotherm.imaging.phantom_places import Depth, Places, choose_places, course_past, depth_in
from isotherm.imaging.phantom_truth import Skin
from isotherm.imaging.volume import Grid, Mask, Volume

AROUND_LESION_MM = 36.0
"""Half the side of the box in which one lesion is drawn."""

ANTENNA_LPS = np.array([0.88, -0.20, 0.43])
"""Mean direction of the antennas: from the right, a little from behind and from below, between the ribs."""

TOUCHING_MM = 0.4
"""Gap between the wall of the bridging branch and the tumor."""

PASSING_MM = 8.0
"""Distance from the tumor of the tissue spared by the branch that passes the deep lesion."""


NEAR_MM = 3.0
"""A dent is looked for in the zone and this far around it, where its level still shades the painted edge."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one lesion is to be: size of the tumor, margin of the undented zone, and how far the zone is off center."""

    name: str
    radius_mm: float
    margin_mm: float
    offset_mm: float


PLANS = {
    "deep": Plan("deep, well covered", 9.0, 7.0, 2.0),
    "subcapsular": Plan("subcapsular, ideally ablated", 8.0, 7.5, 2.0),
    "bridged": Plan("bridged by a vessel", 8.5, 5.5, 2.0),
    "missed": Plan("missed in part", 9.5, -3.0, 6.5),
}
"""The four lesions in the order of their labels, 1 to 4."""


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedLesion:
    """One simulated lesion.

    Parameters
    ----------
    label : int
        Its number in the label maps.
    name : str
    tumor, zone : Lobulated
        Before the capsule clips both, and before a vessel dents the zone.
    minimal_margin_mm : float
        The organ-restricted minimal margin, known by construction.
    says : str
        How it was made.
    """

    label: int
    name: str
    tumor: Lobulated
    zone: Lobulated
    minimal_margin_mm: float
    says: str


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedCase:
    """A real liver with simulated lesions; all on one grid of about 1 mm.

    Parameters
    ----------
    image_before, image_after : Volume
        The CT with the tumors, and with the ablation zones, painted in (HU).
    tumors, ablations : Volume
        Label maps: 0 outside, then the lesions' labels.
    liver, vessels : Mask
        The real liver, its outline smoothed; the simulated vessels.
    lesions : tuple of SimulatedLesion
    says : str
        How the case was made, for people to read.
    """

    image_before: Volume
    image_after: Volume
    tumors: Volume
    ablations: Volume
    liver: Mask
    vessels: Mask
    lesions: tuple[SimulatedLesion, ...]
    says: str


def simulate_case(ct: Volume, liver: Mask, portal_vein: Mask, *, seed: int = 0) -> SimulatedCase:
    """Simulate four lesions and their ablation inside the anatomy of a real CT.

    Parameters
    ----------
    ct : Volume
        In HU, without contrast medium.
    liver : Mask
        On the grid of the CT.
    portal_vein : Mask
        On any grid; the simulated branches begin at its end in the liver.
    seed : int
        Starts the random generator: the same number gives the same case.

    Raises
    ------
    BadGeometry
        The liver is not on the grid of the CT.
    BadSetting
        A negative number to start the random generator.
    EmptyMask
        There is no liver, or no portal vein.
    ImplausibleMask
        The liver is too small for four lesions.
    """
    if not ct.grid.same_as(liver.grid):
        raise BadGeometry("A liver mask on another grid than the CT came; resample it to the grid of the CT first.")
    if seed < 0:
        raise BadSetting(f"A seed of {seed} came; give 0 or more.")
    box = liver.box()
    if box is None:
        raise EmptyMask("A liver mask without a single voxel came; give the liver in which to simulate lesions.")
    depth = depth_in(liver)
    places = choose_places(depth, portal_vein)
    canvas = canvas_of(ct, liver, box)
    lesions = tuple(_draw_lesion(canvas, label, key, places, depth, seed) for label, key in enumerate(PLANS, start=1))
    for scan, image in enumerate((canvas.before, canvas.after)):
        image += grain(image.shape, canvas.voxel_mm, np.random.default_rng([seed, 0, scan]))
    return SimulatedCase(
        image_before=_as_image(canvas.before, canvas.grid, ct.unit),
        image_after=_as_image(canvas.after, canvas.grid, ct.unit),
        tumors=Volume(canvas.tumors, canvas.grid, "label"),
        ablations=Volume(canvas.ablations, canvas.grid, "label"),
        liver=Mask(canvas.liver_share >= 0.5, canvas.grid, "organ"),
        vessels=Mask(canvas.vessels, canvas.grid, "vessel"),
        lesions=lesions,
        says=_case_says(lesions, seed),
    )


def _draw_lesion(canvas: Canvas, label: int, key: str, places: Places, depth: Depth, seed: int) -> SimulatedLesion:
    plan, rng = PLANS[key], np.random.default_rng([seed, label])
    tumor = draw_tumor(getattr(places, key), plan.radius_mm, rng)
    antenna = _unit(ANTENNA_LPS + rng.normal(scale=0.15, size=3))
    box, grid = canvas.box_around(np.array([tumor.center_lps_mm]), AROUND_LESION_MM)
    share = canvas.liver_share[box]
    organ = OrganBox(grid, share, depth_in(Mask(share >= 0.5, grid, "organ"), beyond_mm=5.0))
    zone = draw_zone(tumor, _offset(key, plan, antenna, depth, tumor), antenna, plan.margin_mm, organ, rng)
    dent = _dent(key, places, Skin(tumor), depth)
    margin_mm = known_margin_mm(tumor, zone, dent, organ)

    points, shape = grid.centers_lps_mm(), grid.shape_kji
    levels = Levels(
        tumor=_level_near(tumor, points).reshape(shape),
        zone=_in_one_piece(_zone_level(points, zone, dent).reshape(shape)),
        track=_track_level(points, zone, antenna).reshape(shape),
    )
    canvas.tumors[box][(levels.tumor > 0) & (share >= 0.5)] = label
    canvas.ablations[box][(levels.zone > 0) & (share >= 0.5)] = label
    before, after = paint_lesion(canvas.ct[box], share, levels, canvas.voxel_mm, rng)
    # What is added is nothing outside of the lesion, so boxes that overlap do not wipe out each other's lesions.
    canvas.before[box] += before - canvas.ct[box]
    canvas.after[box] += after - canvas.ct[box]
    if dent is not None:
        _draw_branch(canvas, dent.branch)
    return SimulatedLesion(label, plan.name, tumor, zone, margin_mm, _lesion_says(label, plan, zone, dent, margin_mm))


def _offset(key: str, plan: Plan, antenna: Float, depth: Depth, tumor: Lobulated) -> Float:
    """Return where the zone's center lies from the tumor's: short of it, away from the capsule, or to one side."""
    if key == "missed":
        return -plan.offset_mm * antenna
    if key == "subcapsular":
        return -plan.offset_mm * depth.outward(np.array([tumor.center_lps_mm]))[0]
    return plan.offset_mm * _unit(np.cross(antenna, [0.0, 0.0, 1.0]))


def _dent(key: str, places: Places, tumor: Skin, depth: Depth) -> Sleeve | Funnel | None:
    """Lead a branch past the tumor, where its plan has one, and return what it spares of the zone."""
    others = tuple(p for p in (places.deep, places.subcapsular, places.bridged, places.missed)
                   if p != tumor.shape.center_lps_mm)  # fmt: skip
    radius_mm = sum(CALIBER_MM) / 2
    if key == "deep":
        course = course_past(tumor, places.hilum, PASSING_MM + SLEEVE_MM + radius_mm, depth, others)
        return Sleeve(Branch(course), tumor)
    if key == "bridged":
        course = course_past(tumor, places.hilum, TOUCHING_MM + radius_mm, depth, others)
        return Funnel(Branch(course), tumor)
    return None


def _level_near(shape: Lobulated, points: Float) -> Float:
    """Return the level where it is above -NEAR_MM, and -NEAR_MM elsewhere."""
    level = np.full(len(points), -NEAR_MM)
    near = np.linalg.norm(points - np.array(shape.center_lps_mm), axis=1) < shape.reach_mm + NEAR_MM
    level[near] = np.maximum(shape.level(points[near]), -NEAR_MM)
    return level


def _zone_level(points: Float, zone: Lobulated, dent: Dent | None) -> Float:
    level = _level_near(zone, points)
    if dent is not None:
        near = level > -NEAR_MM
        level[near] = np.minimum(level[near], -dent.level(points[near]))
    return level


def _in_one_piece(level: Float) -> Float:
    """Take away what a vessel cuts off behind it: heat did not get there."""
    pieces, count = ndimage.label(level > 0)
    if count > 1:
        largest = int(np.bincount(pieces.ravel())[1:].argmax()) + 1
        level[(pieces > 0) & (pieces != largest)] = -NEAR_MM
    return level


def _track_level(points: Float, zone: Lobulated, antenna: Float) -> Float:
    """Return how far points lie inside the track: from within the zone back along the antenna."""
    out = points - np.array(zone.center_lps_mm)
    along = np.clip(out @ antenna, -0.7 * zone.mean_radius_mm, 0.4 * zone.mean_radius_mm)
    return TRACK_RADIUS_MM - np.linalg.norm(out - along[:, None] * antenna, axis=1)


def _draw_branch(canvas: Canvas, branch: Branch) -> None:
    box, grid = canvas.box_around(branch.course_lps_mm, 2 * max(CALIBER_MM))
    level = branch.level(grid.centers_lps_mm()).reshape(grid.shape_kji)
    share = canvas.liver_share[box]
    canvas.vessels[box] |= (level > 0) & (share >= 0.5)
    for image in (canvas.before, canvas.after):
        image[box] = paint_vessel(image[box], canvas.ct[box], share, level, canvas.voxel_mm)


def _as_image(values: Image, grid: Grid, unit: str) -> Volume:
    return Volume(np.round(values).astype(np.int16), grid, unit)


def _unit(vector: Float) -> Float:
    return vector / np.linalg.norm(vector)


def _lesion_says(label: int, plan: Plan, zone: Lobulated, dent: Dent | None, margin_mm: float) -> str:
    return (
        f"Lesion {label}, {plan.name} (simulated): lobulated tumor of {plan.radius_mm:g} mm mean radius; lobulated "
        f"zone of {zone.mean_radius_mm:.1f} mm mean radius, stretched along its antenna, its center "
        f"{plan.offset_mm:g} mm off the tumor's; tumor and zone clipped at the liver's surface"
        f"{'' if dent is None else '; ' + dent.says}. "
        f"Minimal margin by construction: {margin_mm:.1f} mm."
    )


def _case_says(lesions: tuple[SimulatedLesion, ...], seed: int) -> str:
    head = (
        "The CT and the liver are real; tumors, ablation zones, vessels and the fine noise are simulated "
        f"(random generator started with {seed}). The CT was interpolated to voxels of about 1 mm by cubic splines, "
        f"and the liver's outline smoothed by a Gauss filter of {SMOOTHING_VOXELS:g} voxels of the original. Both "
        "images are made from the same scan, so that they are aligned exactly."
    )
    return "\n".join([head, *(lesion.says for lesion in lesions)])
