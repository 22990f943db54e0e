"""One lesion from masks to numbers: calls the imaging pillar in its order and holds what it answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.spatial import cKDTree

from isotherm.app.case import Case, Lesion
from isotherm.app.settings import Settings
from isotherm.imaging.coverage import Coverage, coverage
from isotherm.imaging.geometry import Float, direction_words
from isotherm.imaging.lumen import lumen_neutral_zone
from isotherm.imaging.margin import CAPSULE_TOLERANCES_MM, SLIVER_CAP_MM, Margin, measure
from isotherm.imaging.organ import REACH_MM, Organ, inside_view, organ_around
from isotherm.imaging.parts import Parts
from isotherm.imaging.proximity import Body, Depth, depth_below_capsule, gap
from isotherm.imaging.qam import qam_minimal_mm
from isotherm.imaging.shape import Shape, shape_of
from isotherm.imaging.surface import Field, Region, Surface, both, clipped, discretization_error_mm, either, field_of
from isotherm.imaging.uncertainty import Errors, MarginInterval, margin_interval
from isotherm.imaging.vessels import VesselBranch, measure_vessels
from isotherm.imaging.volume import Grid, Mask

Status = Literal["measured", "bounded", "not_ablated", "not_assessable"]

UNSURE_MM = 0.05
"""A margin that the part out of sight cannot lower by more than this is measured, not merely bounded."""

ZONE_REACH_MM = REACH_MM + 5.0
"""How far around a lesion its ablation zone is looked at."""

OWN_ZONE_MM = 5.0
"""Parts of the zone that come this near to a lesion, or hold it, are its own; all parts count for the margin."""

CAPSULE_NEAR_MM = 3.0
"""A thinnest point at most this deep is said to lie toward the capsule."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One lesion's surroundings as regions; masks cropped around it."""

    tumor: Region
    zone: Region
    organ: Organ | None
    views: tuple[Grid, ...]
    tumor_mask: Mask
    zone_masks: tuple[Mask, ...]
    sliver_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class LesionResult:
    """Everything that was measured of one lesion."""

    lesion: Lesion
    scene: Scene
    status: Status
    reasons: tuple[str, ...]
    margin: Margin | None
    by_tolerance_mm: tuple[tuple[float, float | None], ...]
    qam_mm: float | None
    lumen_neutral_mm: float | None
    interval: MarginInterval | None
    covered: Coverage | None
    tumor_shape: Shape
    zone_shape: Shape | None
    depth: Depth
    vessels: tuple[VesselBranch, ...]
    structures: tuple[tuple[str, float | None, float | None], ...]
    tumor_surface: Surface
    zone_surface: Surface | None
    direction: str | None


def assess_lesion(
    case: Case, lesion: Lesion, zones: Sequence[Parts], settings: Settings, rng: np.random.Generator
) -> LesionResult:
    """Measure one lesion of a case against its ablation zones, which were parted once for all lesions."""
    scene = build_scene(case, lesion, zones)
    tumor_surface = Surface.from_corners(scene.tumor.boundary)
    tumor_body = Body(tumor_surface.points_lps_mm, tumor_surface.triangles, scene.tumor.at)
    slice_axis = _slice_axis(lesion.mask.grid)
    tumor_shape = shape_of(tumor_surface.points_lps_mm, tumor_surface.triangles, slice_axis)
    ablated = not scene.zone.empty
    zone_surface = _own_zone(scene, tumor_body) if ablated else None
    zone_body = None if zone_surface is None else Body(zone_surface.points_lps_mm, zone_surface.triangles,
                                                       scene.zone.at)  # fmt: skip
    zone_shape = None
    if zone_surface is not None and len(zone_surface.points_lps_mm):
        zone_shape = shape_of(zone_surface.points_lps_mm, zone_surface.triangles, slice_axis)

    def margin_at(tolerance_mm: float) -> Margin:
        return measure(scene.tumor, scene.zone, organ=scene.organ, views=scene.views,
                       capsule_tolerance_mm=tolerance_mm, sliver_mm=scene.sliver_mm)  # fmt: skip

    margin = margin_at(settings.capsule_tolerance_mm) if ablated else None
    status, reasons = _status(scene, margin)
    by_tolerance: list[tuple[float, float | None]] = []
    if margin is not None and scene.organ is not None:
        # A zone that stays below every tolerance has one margin for all of them.
        deep = scene.organ.depth.at(scene.zone.boundary.reshape(-1, 3)).min() > max(CAPSULE_TOLERANCES_MM)
        for tolerance in CAPSULE_TOLERANCES_MM:
            same = deep or tolerance == settings.capsule_tolerance_mm
            by_tolerance.append((tolerance, (margin if same else margin_at(tolerance)).minimal_mm))
    elif margin is not None:
        by_tolerance = [(tolerance, margin.minimal_mm) for tolerance in CAPSULE_TOLERANCES_MM]
    interval = None
    # Where the margin is only bounded, an interval around the bound would read as one around the margin.
    if margin is not None and status in ("measured", "not_ablated"):
        slice_mm = max(max(mask.grid.spacing_kji_mm) for mask in (lesion.mask, *scene.zone_masks))
        errors = Errors(
            registration_error_mm=settings.registration_error_mm,
            outline_error_mm=settings.outline_error_mm,
            discretization_error_mm=discretization_error_mm(slice_mm),
        )
        interval = margin_interval(
            scene.tumor, scene.zone, margin, organ=scene.organ, errors=errors, samples=settings.samples, rng=rng,
            organ_frame=settings.organ_frame, capsule_tolerance_mm=settings.capsule_tolerance_mm,
            sliver_mm=scene.sliver_mm,
        )  # fmt: skip
    covered = None
    if margin is not None:
        covered = coverage(scene.tumor, scene.zone, margin, lesion.mask.grid, organ=scene.organ,
                           target_mm=settings.target_margin_mm)  # fmt: skip
    return LesionResult(
        lesion=lesion,
        scene=scene,
        status=status,
        reasons=reasons,
        margin=margin,
        by_tolerance_mm=tuple(by_tolerance),
        qam_mm=_qam(lesion.mask, scene.zone_masks, case.organ),
        lumen_neutral_mm=_lumen_neutral(case, scene, zone_body, tumor_body, settings),
        interval=interval,
        covered=covered,
        tumor_shape=tumor_shape,
        zone_shape=zone_shape,
        depth=_depth(scene, tumor_body, tumor_shape, settings.organ_name),
        vessels=_vessels(case, scene, tumor_body, margin),
        structures=_structures(case, tumor_body, zone_body),
        tumor_surface=tumor_surface,
        zone_surface=zone_surface,
        direction=None if margin is None else _direction(scene, margin),
    )


def build_scene(case: Case, lesion: Lesion, zones: Sequence[Parts]) -> Scene:
    """Reconstruct the surfaces around one lesion from masks that may lie on different grids."""
    inside = np.argwhere(lesion.mask.inside)
    points = lesion.mask.grid.to_lps(inside)
    tumor = Region.of_field(field_of(lesion.mask))
    near_zones = [parts.near(points, reach_mm=ZONE_REACH_MM) for parts in zones]
    masks = [mask for mask in near_zones if mask is not None and mask.inside.any()]
    zone = either([Region.of_field(field_of(mask)) for mask in masks])
    for scar in case.old_scars:
        near = scar.near(points, reach_mm=2.0 * ZONE_REACH_MM)
        if near.inside.any():
            zone = both(zone, Region.of_field(field_of(near)).outside())
            masks = [_without(mask, near) for mask in masks]
    vessels = [mask.near(points, reach_mm=ZONE_REACH_MM) for _, mask in case.vessels]
    vessel_regions = [Region.of_field(field_of(mask)) for mask in vessels if mask.inside.any()]
    organ = None
    if case.organ is not None:
        organ = organ_around(case.organ, tumor, points, zone, vessel_regions)
    views = [image.grid for image in (case.image, case.image_before) if image is not None]
    if case.organ is not None:
        views.append(case.organ.grid)
    grids = [lesion.mask.grid, *(mask.grid for mask in masks)] + ([] if case.organ is None else [case.organ.grid])
    # Two outlines of one face, each uncertain by half a slice, lie up to one slice apart.
    sliver = min(SLIVER_CAP_MM, max(max(grid.spacing_kji_mm) for grid in grids))
    return Scene(tumor, zone, organ, tuple(views), lesion.mask, tuple(masks), sliver)


def _without(mask: Mask, scar: Mask) -> Mask:
    """Return a zone's mask without the voxels whose centers lie in a scar."""
    voxels = mask.voxels.copy()
    inside = np.argwhere(voxels > 0)
    voxels[tuple(inside[scar.holds(mask.grid.to_lps(inside))].T)] = 0
    return Mask(voxels, mask.grid, mask.of)


def _own_zone(scene: Scene, tumor: Body) -> Surface:
    """Return the surface of the zone's parts that belong to this lesion; of the nearest part where none is near."""
    whole = Surface.from_corners(scene.zone.boundary)
    part = whole.parts()
    if part.max() == 0:
        return whole
    gaps, _ = cKDTree(tumor.points_lps_mm).query(whole.points_lps_mm)
    gaps = np.where(scene.tumor.at(whole.points_lps_mm) > 0, 0.0, gaps)
    nearest = np.full(int(part.max()) + 1, np.inf)
    np.minimum.at(nearest, part, gaps)
    # A zone around the lesion is near by its inside, however wide the margin is.
    holds = scene.zone.at(tumor.points_lps_mm) > 0
    mine = nearest <= max(OWN_ZONE_MM, float(nearest.min()))
    if holds.any():
        _, at = cKDTree(whole.points_lps_mm).query(tumor.points_lps_mm[holds])
        mine[np.unique(part[at])] = True
    keep = mine[part][whole.triangles].all(axis=1)
    return Surface.from_corners(whole.corners()[keep])


def _status(scene: Scene, margin: Margin | None) -> tuple[Status, tuple[str, ...]]:
    if margin is None:
        return "not_ablated", ("no ablation zone near the lesion: all of the tumor is residual",)
    seen = margin.share(margin.assessable)
    if not (scene.zone.at(margin.points_lps_mm) > 0).any() and _misses(scene):
        return "not_ablated", ("the ablation zone does not reach the lesion: all of the tumor is residual",)
    if seen == 0.0:
        return "not_assessable", ("the lesion lies at the edge of the field of view: no part can be assessed",)
    lowest = float(margin.lowest_mm.min())
    if lowest < margin.minimal_mm - UNSURE_MM:
        ends = (
            f"an image ends near the lesion: {100.0 * (1.0 - seen):.0f} % of its surface is not assessable, where the "
            f"margin may be as small as {lowest:.1f} mm (the image's face)"
        )
        if margin.minimal_mm >= REACH_MM:
            return "not_assessable", (f"{ends}; no untreated tissue is seen within {REACH_MM:.0f} mm: no upper bound",)
        return "bounded", (f"{ends}; at most {margin.minimal_mm:.1f} mm",)
    if margin.minimal_mm >= REACH_MM:
        return "measured", (f"no untreated tissue within {REACH_MM:.0f} mm: the margin is at least this",)
    return "measured", ()


def _misses(scene: Scene) -> bool:
    points = scene.tumor_mask.grid.to_lps(np.argwhere(scene.tumor_mask.inside))
    return not (scene.zone.at(points) > 0).any()


def _qam(tumor: Mask, zones: Sequence[Mask], organ: Mask | None) -> float | None:
    if not zones:
        return None
    if len(zones) == 1:
        return qam_minimal_mm(tumor, zones[0], organ)
    # QAM knows one mask: the zones are joined on the grid of the first.
    first = zones[0]
    nodes = first.grid.to_lps(np.indices(first.grid.shape_kji).reshape(3, -1).T)
    joined = np.any([zone.holds(nodes) for zone in zones], axis=0).reshape(first.grid.shape_kji)
    return qam_minimal_mm(tumor, Mask(joined, first.grid, "ablation"), organ)


def _lumen_neutral(case: Case, scene: Scene, zone: Body | None, tumor: Body, settings: Settings) -> float | None:
    if zone is None or not case.vessels:
        return None
    center, radius = _ball(scene, tumor)
    vessels = [mask for _, mask in case.vessels]
    masks = [lumen_neutral_zone(mask, zone, vessels, near_lps_mm=center, radius_mm=radius) for mask in scene.zone_masks]
    neutral = either([Region.of_field(field_of(mask)) for mask in masks])
    margin = measure(scene.tumor, scene.zone, organ=scene.organ, views=scene.views, neutral=neutral,
                     capsule_tolerance_mm=settings.capsule_tolerance_mm, sliver_mm=scene.sliver_mm)  # fmt: skip
    return margin.minimal_mm


def _ball(scene: Scene, tumor: Body) -> tuple[tuple[float, float, float], float]:
    """Return a ball that holds the lesion, its zone, and room for vessels to be seen to leave the zone."""
    center = tumor.points_lps_mm.mean(axis=0)
    reach = [tumor.points_lps_mm] + ([] if scene.zone.empty else [scene.zone.boundary.reshape(-1, 3)])
    return _triple(center), max(float(np.linalg.norm(points - center, axis=1).max()) for points in reach) + 6.0


def _depth(scene: Scene, tumor: Body, shape: Shape, organ_name: str) -> Depth:
    if scene.organ is None:
        return depth_below_capsule(tumor, shape.center_lps_mm, None, organ_name=organ_name)
    corners = scene.organ.hull.boundary()
    for view in (*scene.views, scene.organ.hull.grid):
        # Faces of an image or of the window looked at are no capsule.
        rim = 2.0 * max(view.spacing_kji_mm)
        corners = clipped(corners, lambda p, view=view, rim=rim: inside_view(view, p) - rim)
    if len(corners) == 0:
        return Depth(None, None, None, None, f"no capsule within {REACH_MM:.0f} mm of the lesion")
    hull = Surface.from_corners(corners)
    body = Body(hull.points_lps_mm, hull.triangles, scene.organ.hull.at)
    return depth_below_capsule(tumor, shape.center_lps_mm, body, organ_name=organ_name)


def _vessels(case: Case, scene: Scene, tumor: Body, margin: Margin | None) -> tuple[VesselBranch, ...]:
    if not case.vessels:
        return ()
    center, radius = _ball(scene, tumor)
    untreated = None
    if margin is not None:
        _, place = margin.untreated.nearest(margin.thinnest_lps_mm[None])
        untreated = None if np.isnan(place).any() else _triple(place[0])
    found: dict[str, Mask] = {}
    for name, mask in case.vessels:
        found[name if name not in found else f"{name} {len(found) + 1}"] = mask
    return measure_vessels(
        found,
        tumor=tumor,
        ablation=None if scene.zone.empty else scene.zone.at,
        organ=None if scene.organ is None else scene.organ.depth.at,
        near_lps_mm=center,
        radius_mm=radius,
        untreated_lps_mm=untreated,
    )


def _structures(case: Case, tumor: Body, zone: Body | None) -> tuple[tuple[str, float | None, float | None], ...]:
    found: list[tuple[str, float | None, float | None]] = []
    for name, mask in case.structures:
        if not mask.inside.any():
            found.append((name, None, None))
            continue
        field: Field = field_of(mask)
        surface = Surface.from_corners(field.boundary())
        body = Body(surface.points_lps_mm, surface.triangles, field.at)
        from_tumor = gap(tumor, body)
        from_zone = None if zone is None else gap(zone, body)
        found.append((name, from_tumor and from_tumor.distance_mm, from_zone and from_zone.distance_mm))
    return tuple(found)


def _direction(scene: Scene, margin: Margin) -> str:
    middle = np.average(margin.points_lps_mm, axis=0, weights=margin.areas_mm2)
    words = direction_words(margin.thinnest_lps_mm - middle)
    at_capsule = margin.depth_mm is not None and margin.depth_mm[margin.thinnest] <= CAPSULE_NEAR_MM
    return f"{words}, toward the capsule" if at_capsule else words


def _slice_axis(grid: Grid) -> Float:
    """Return the direction across the slices: the axis of the largest spacing, the first one where all are alike."""
    return grid.direction_lps[:, int(np.argmax(grid.spacing_kji_mm))]


def _triple(point: Float) -> tuple[float, float, float]:
    return float(point[0]), float(point[1]), float(point[2])
