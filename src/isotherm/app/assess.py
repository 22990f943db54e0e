"""One lesion from masks to numbers: calls the imaging pillar in its order and holds what it answered."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.spatial import cKDTree

from isotherm.app.case import Case, Lesion
from isotherm.app.scene import Scene, Surroundings, build_scene
from isotherm.app.settings import Settings
from isotherm.imaging.coverage import Coverage, coverage
from isotherm.imaging.diameters import AxialDiameters, axial_diameters
from isotherm.imaging.geometry import Float, direction_words
from isotherm.imaging.lumen import lumen_neutral_zone
from isotherm.imaging.margin import CAPSULE_TOLERANCES_MM, Margin, measure
from isotherm.imaging.organ import REACH_MM, inside_view
from isotherm.imaging.proximity import Body, Depth, depth_below_capsule, gap
from isotherm.imaging.qam import qam_minimal_mm
from isotherm.imaging.shape import Shape, shape_of
from isotherm.imaging.surface import Region, Surface, clipped, discretization_error_mm, either, field_of
from isotherm.imaging.uncertainty import Errors, MarginInterval, margin_interval
from isotherm.imaging.vessels import VesselBranch, measure_vessels
from isotherm.imaging.volume import Grid, Mask

Status = Literal["measured", "bounded", "not_ablated", "not_assessable", "withheld"]

UNSURE_MM = 0.05
"""A margin that the part out of sight cannot lower by more than this is measured, not merely bounded."""

OWN_ZONE_MM = 5.0
"""Parts of the zone that come this near to a lesion, or hold it, are its own; all parts count for the margin."""

CAPSULE_NEAR_MM = 3.0
"""A thinnest point at most this deep is said to lie toward the capsule."""


@dataclass(frozen=True, slots=True, eq=False)
class LesionMargin:
    """The margin of one lesion and how sure it is, without everything else that a report tells."""

    scene: Scene
    status: Status
    reasons: tuple[str, ...]
    margin: Margin | None
    interval: MarginInterval | None


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
    tumor_axial: AxialDiameters
    zone_shape: Shape | None
    depth: Depth
    vessels: tuple[VesselBranch, ...]
    structures: tuple[tuple[str, float | None, float | None], ...]
    tumor_surface: Surface
    zone_surface: Surface | None
    direction: str | None


def assess_lesion(
    case: Case, lesion: Lesion, around: Surroundings, settings: Settings, rng: np.random.Generator
) -> LesionResult:
    """Measure one lesion of a case; what the lesions share was prepared once."""
    scene = build_scene(case, lesion, around.zones)
    tumor_surface = Surface.from_corners(scene.tumor.boundary)
    tumor_body = Body(tumor_surface.points_lps_mm, tumor_surface.triangles, scene.tumor.at)
    tumor_shape = shape_of(tumor_surface.points_lps_mm, tumor_surface.triangles)
    margin = None if scene.zone.empty else _margin(scene, settings.capsule_tolerance_mm)
    status, reasons = _status(scene, margin)
    with ThreadPoolExecutor(1) as pool:
        # The draws take as long as everything else together.
        interval = pool.submit(_interval, lesion, scene, margin, status, settings, rng)
        zone_surface = None if margin is None else own_zone(scene, tumor_body)
        zone_body = zone_shape = covered = None
        if margin is not None:
            covered = coverage(scene.tumor, scene.zone, margin, scene.tumor_mask.grid, organ=scene.organ,
                               masks_on=case.ablations[0].grid, target_mm=settings.target_margin_mm)  # fmt: skip
        if zone_surface is not None and len(zone_surface.points_lps_mm):
            zone_body = Body(zone_surface.points_lps_mm, zone_surface.triangles, scene.zone.at)
            zone_shape = shape_of(zone_surface.points_lps_mm, zone_surface.triangles)
        return LesionResult(
            lesion=lesion,
            scene=scene,
            status=status,
            reasons=reasons,
            margin=margin,
            by_tolerance_mm=_by_tolerance(scene, margin, settings.capsule_tolerance_mm),
            qam_mm=_qam(scene.tumor_mask, scene.zone_masks, case.organ),
            lumen_neutral_mm=_lumen_neutral(case, scene, zone_body, tumor_body, settings),
            covered=covered,
            tumor_shape=tumor_shape,
            tumor_axial=axial_diameters(tumor_shape.largest_lps_mm, _slice_axis(lesion.mask.grid)),
            zone_shape=zone_shape,
            depth=_depth(scene, tumor_body, tumor_shape, settings.organ_name),
            vessels=_vessels(case, scene, tumor_body, margin),
            structures=_structures(around, tumor_body, zone_body),
            tumor_surface=tumor_surface,
            zone_surface=zone_surface,
            direction=None if margin is None else _direction(scene, margin),
            interval=interval.result(),
        )


def withheld(result: LesionResult) -> LesionResult:
    """Return a result without anything that depends on where the tumor lies on the scan after."""
    reason = result.lesion.withheld
    return replace(
        result,
        status="withheld",
        reasons=(reason,),
        margin=None,
        by_tolerance_mm=tuple((tolerance, None) for tolerance in CAPSULE_TOLERANCES_MM),
        qam_mm=None,
        lumen_neutral_mm=None,
        interval=None,
        covered=None,
        depth=Depth(None, None, None, None, reason),
        vessels=(),
        structures=tuple((name, None, from_zone) for name, _, from_zone in result.structures),
        direction=None,
    )


def margin_of_lesion(
    case: Case, lesion: Lesion, around: Surroundings, settings: Settings, rng: np.random.Generator
) -> LesionMargin:
    """Measure the margin of one lesion and its interval, and nothing else: the same numbers as `assess_lesion`."""
    scene = build_scene(case, lesion, around.zones)
    margin = None if scene.zone.empty else _margin(scene, settings.capsule_tolerance_mm)
    status, reasons = _status(scene, margin)
    if lesion.withheld:
        return LesionMargin(scene, "withheld", (lesion.withheld,), None, None)
    return LesionMargin(scene, status, reasons, margin, _interval(lesion, scene, margin, status, settings, rng))


def minimal_margin_mm(case: Case, lesion: Lesion, around: Surroundings, settings: Settings) -> float | None:
    """Return the organ-restricted minimal margin of a lesion, or None where no zone is near."""
    scene = build_scene(case, lesion, around.zones)
    return None if scene.zone.empty else _margin(scene, settings.capsule_tolerance_mm).minimal_mm


def _margin(scene: Scene, tolerance_mm: float) -> Margin:
    return measure(scene.tumor, scene.zone, organ=scene.organ, views=scene.views, capsule_tolerance_mm=tolerance_mm,
                   sliver_mm=scene.sliver_mm)  # fmt: skip


def _by_tolerance(scene: Scene, margin: Margin | None, chosen_mm: float) -> tuple[tuple[float, float | None], ...]:
    """Return the minimal margin for each thickness of the layer under the capsule that need not be ablated."""
    if margin is None:
        return ()
    # Without an organ, and for a zone that stays below every tolerance, there is one margin for all of them.
    same = scene.organ is None or (
        float(scene.organ.depth.at(scene.zone.boundary.reshape(-1, 3)).min()) > max(CAPSULE_TOLERANCES_MM)
    )
    return tuple(
        (tolerance, (margin if same or tolerance == chosen_mm else _margin(scene, tolerance)).minimal_mm)
        for tolerance in CAPSULE_TOLERANCES_MM
    )


def _interval(
    lesion: Lesion, scene: Scene, margin: Margin | None, status: Status, settings: Settings, rng: np.random.Generator
) -> MarginInterval | None:
    # Where the margin is only bounded, an interval around the bound would read as one around the margin.
    if margin is None or status not in ("measured", "not_ablated") or lesion.withheld:
        return None
    given = settings.registration_error_mm
    errors = Errors(
        registration_error_mm=lesion.registration_error_mm if given is None else given,
        outline_error_mm=settings.outline_error_mm,
        discretization_error_mm=discretization_error_mm(scene.slice_mm),
    )
    return margin_interval(
        scene.tumor, scene.zone, margin, organ=scene.organ, errors=errors, samples=settings.samples, rng=rng,
        organ_frame=settings.organ_frame, capsule_tolerance_mm=settings.capsule_tolerance_mm, sliver_mm=scene.sliver_mm,
    )  # fmt: skip


def own_zone(scene: Scene, tumor: Body) -> Surface:
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
    nodes = first.grid.centers_lps_mm()
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


def _structures(around: Surroundings, tumor: Body, zone: Body | None
                ) -> tuple[tuple[str, float | None, float | None], ...]:  # fmt: skip
    found: list[tuple[str, float | None, float | None]] = []
    for name, body in around.structures:
        from_tumor = None if body is None else gap(tumor, body)
        from_zone = None if body is None or zone is None else gap(zone, body)
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
