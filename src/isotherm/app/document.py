"""The content of margin.json: results in, plain numbers, words and null out; never NaN, never infinity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from isotherm.app.assess import LesionMargin, LesionResult
from isotherm.app.case import Case
from isotherm.app.flags import NOTABLE_MM, THICK_SLICE_MM, flags_of
from isotherm.app.mix_ups import MixUps, find_mix_ups
from isotherm.app.settings import Settings
from isotherm.app.software import versions
from isotherm.clinical.scores import TumorBurdenScore
from isotherm.imaging.margin import LIMITED_MM, Margin
from isotherm.imaging.organ import REACH_MM
from isotherm.imaging.shape import Shape
from isotherm.imaging.uncertainty import PUBLISHED_REGISTRATION_ERROR_MM

SCHEMA = "isotherm.margin/1"

PERCENTS = (1, 2, 5, 25, 50)

LIBRARIES = ("numpy", "scipy", "scikit-image", "SimpleITK", "nibabel")

ASSUMED_REGISTRATION = (
    f"the published mean of {PUBLISHED_REGISTRATION_ERROR_MM} mm (range 1.20 to 2.23 mm; review of margin software "
    "2022, PMID 35246412)"
)
"""Named wherever no registration error was given."""

ESTIMATED_REGISTRATION = "estimated by the registration"
"""Named where the registration of this pair of scans has estimated its own error."""

Document = dict[str, Any]


def document_of(case: Case, settings: Settings, results: Sequence[LesionResult]) -> Document:
    """Return the content of margin.json."""
    mix_ups = find_mix_ups(case)
    return {
        "schema": SCHEMA,
        "software": versions(*LIBRARIES),
        "inputs": [
            {
                "role": one.role,
                "label": one.label,
                "name": one.name,
                "shape_kji": list(one.grid.shape_kji),
                "spacing_kji_mm": [_number(s, 4) for s in one.grid.spacing_kji_mm],
                "volume_ml": _number(one.volume_ml, 3),
                "probability": one.probability,
                "simulated": one.simulated,
            }
            for one in case.inputs
        ],
        "settings": _settings(case, settings),
        "warnings": [*case.warnings, *mix_ups.warnings, *_warnings(case, settings)],
        "tumor_burden_score": _burden(results),
        "lesions": [_lesion(case, settings, result, mixed_up=_mixed_up(mix_ups, result)) for result in results],
    }


def _mixed_up(mix_ups: MixUps, result: LesionResult) -> Sequence[str]:
    # Where the tumor was carried to the wrong place, it may well seem to be swapped with its zone.
    return () if result.status == "withheld" else mix_ups.flags[result.lesion.label]


def _registration_error(case: Case, settings: Settings) -> tuple[float, str]:
    """Return the largest registration error that a lesion's interval holds for, and where it comes from."""
    if settings.registration_error_mm is not None:
        return settings.registration_error_mm, "given"
    estimates = [lesion.registration_error_mm for lesion in case.lesions]
    known = [one for one in estimates if one is not None]
    if len(known) < len(estimates):
        return PUBLISHED_REGISTRATION_ERROR_MM, ASSUMED_REGISTRATION
    several = "; the largest of several lesions" if len(known) > 1 else ""
    return round(max(known), 2), ESTIMATED_REGISTRATION + several


def _settings(case: Case, settings: Settings) -> Document:
    error_mm, error_source = _registration_error(case, settings)
    return {
        "organ_name": settings.organ_name,
        "registration_error_mm": error_mm,
        "registration_error_source": error_source,
        "outline_error_mm": settings.outline_error_mm,
        "target_margin_mm": settings.target_margin_mm,
        "capsule_tolerance_mm": settings.capsule_tolerance_mm,
        "samples": settings.samples,
        "seed": settings.seed,
        "organ_frame": settings.organ_frame,
        "organ_given": case.organ is not None,
        "drawn_boundary": case.facts.drawn_boundary,
        "days_after_ablation": case.facts.days_after_ablation,
        "modality": case.facts.modality,
        "reader": case.facts.reader,
    }


def _warnings(case: Case, settings: Settings) -> list[str]:
    found: list[str] = []
    if case.slice_mm > THICK_SLICE_MM:
        found.append(
            f"Slices of {case.slice_mm:.1f} mm: above {THICK_SLICE_MM:.0f} mm the place of the surfaces between slices "
            "is uncertain by up to half a millimeter and more."
        )
    if case.organ is None:
        found.append(
            "No organ mask was given: margins are not restricted to the organ, so the organ-restricted and the "
            "unrestricted margin are equal, and at a capsule both are too small."
        )
    if _registration_error(case, settings)[1] == ASSUMED_REGISTRATION:
        found.append(f"No registration error was given: {ASSUMED_REGISTRATION} was assumed.")
    if case.old_scars:
        found.append(f"{len(case.old_scars)} old scar(s) were taken off the ablation zones and count as not ablated.")
    if case.image is None and case.organ is None:
        found.append("Neither an image nor an organ was given: where the field of view ends is not known.")
    return found


def _burden(results: Sequence[LesionResult]) -> Document:
    score = TumorBurdenScore(max(r.tumor_axial.longest.length_mm for r in results), len(results), "imaging")
    told = score.document()
    return told | {"value": _number(score.value, 2), "max_diameter_cm": _number(told["max_diameter_cm"], 2)}


def _lesion(case: Case, settings: Settings, result: LesionResult, *, mixed_up: Sequence[str]) -> Document:
    margin = result.margin
    seen = margin is not None and result.status != "not_assessable"
    thinnest = _thinnest(result)
    return {
        "label": result.lesion.label,
        "name": result.lesion.name,
        "status": result.status,
        "reasons": _reasons(case, result),
        "flags": flags_of(case, result, mixed_up=mixed_up),
        "assessable_fraction": _number(margin.share(margin.assessable), 4) if margin is not None else None,
        "minimal_margin_mm": _told_mm(result),
        "minimal_margin_unrestricted_mm": (
            _number(float(margin.unrestricted_mm.min()), 2) if margin is not None and seen else None
        ),
        "minimal_margin_qam_mm": _number(result.qam_mm, 2) if seen else None,
        "minimal_margin_lumen_neutral_mm": _number(result.lumen_neutral_mm, 2) if seen else None,
        "interval_mm": _interval(result),
        "probability": _probability(result),
        "percentiles_mm": {f"p{p}": _number(margin.percentile_mm(p), 2) if margin is not None and seen else None
                           for p in PERCENTS},
        "surface_fraction": _shares(margin if seen else None),
        "thinnest_point_lps_mm": thinnest,
        "thinnest_direction": result.direction if thinnest else None,
        "residual_volume_ml": _number(_residual_ml(result), 3),
        "tumor_volume_ml": _number(result.tumor_shape.volume_ml, 3),
        "ablation_volume_ml": _number(result.zone_shape.volume_ml, 3) if result.zone_shape else 0.0,
        "tissue_at_risk_ml": _number(result.covered.at_risk_volume_ml, 3) if result.covered else None,
        "shell_coverage": {str(k): _number(share, 4) for k, share in result.covered.shell} if result.covered
                          else {str(k): None if result.status == "withheld" else 0.0 for k in range(1, 11)},
        "capsule": _capsule(settings, result),
        "regions_below_target": [
            {
                "area_mm2": _number(region.area_mm2, 1),
                "volume_ml": _number(region.volume_ml, 3),
                "minimal_margin_mm": _number(region.minimal_margin_mm, 2),
                "center_lps_mm": _point(region.center_lps_mm),
                "outward_direction": region.outward_direction,
            }
            for region in (result.covered.regions if result.covered else ())
        ],
        "vessels": [
            {
                "name": branch.name,
                "diameter_mm": _number(branch.diameter_mm, 1),
                "distance_mm": _number(branch.distance_mm, 2),
                "contact_area_mm2": _number(branch.contact_area_mm2, 1),
                "length_inside_ablation_mm": _number(branch.length_inside_ablation_mm, 1),
                "bridging": branch.bridging,
                "bridging_point_lps_mm": _point(branch.bridging_points_lps_mm[0])
                                         if branch.bridging_points_lps_mm else None,
                "limits_margin": branch.limits_margin,
            }
            for branch in result.vessels
        ],
        "structures_mm": {name: {"from_tumor_mm": _number(a, 2), "from_ablation_mm": _number(b, 2)}
                          for name, a, b in result.structures},
        "tumor": _shape(result.tumor_shape) | {
            "recist_mm": _number(result.tumor_axial.longest.length_mm, 1),
            "recist_short_axis_mm": _number(result.tumor_axial.short.length_mm, 1),
            "depth_below_capsule_mm": _number(result.depth.from_surface_mm, 1),
            "center_depth_below_capsule_mm": _number(result.depth.from_center_mm, 1),
            "superficial": result.depth.superficial,
        },
        "ablation": _shape(result.zone_shape) if result.zone_shape else {
            "axes_mm": None, "volume_ml": 0.0, "sphericity": None, "components": 0, "component_volumes_ml": [],
            "center_lps_mm": None,
        },
    }  # fmt: skip


def _reasons(case: Case, result: LesionResult) -> list[str]:
    reasons = list(result.reasons)
    if result.status == "withheld":
        return reasons
    if case.organ is None:
        reasons.append("no organ was given: organ-restricted equals unrestricted")
    if result.status == "bounded":
        reasons.append("no interval and no probabilities: only an upper bound of the margin is known")
    if not case.vessels:
        reasons.append("no vessels were given: no lumen-neutral margin, no bridging")
    elif result.lumen_neutral_mm is None:
        reasons.append("no lumen-neutral margin: no vessel near the lesion, or nothing was ablated")
    if result.depth.reason:
        reasons.append(f"depth: {result.depth.reason}")
    if result.qam_mm is None:
        reasons.append("QAM-compatible margin: no border voxel is left to measure from or to")
    return reasons


def _residual_ml(result: LesionResult) -> float | None:
    if result.status == "withheld":
        return None
    untreated = result.covered is None or result.status == "not_ablated"
    return result.tumor_shape.volume_ml if untreated or result.covered is None else result.covered.residual_volume_ml


def margin_document(label: str, found: LesionMargin) -> Document:
    """Return what a measurement of the margin alone tells, word for word as margin.json would."""
    return {
        "label": label,
        "status": found.status,
        "reasons": list(found.reasons),
        "minimal_margin_mm": _told_mm(found),
        "interval_mm": _interval(found),
        "probability": _probability(found),
        "thinnest_point_lps_mm": _thinnest(found),
    }


def _told_mm(found: LesionMargin | LesionResult) -> float | None:
    if found.margin is None or found.status == "not_assessable":
        return None
    return _number(found.margin.minimal_mm, 2)


def _thinnest(found: LesionMargin | LesionResult) -> list[float | None] | None:
    """Return the thinnest point; beyond the reach all points are alike, and none of them is it."""
    if found.margin is None or found.status == "not_assessable" or found.margin.minimal_mm >= REACH_MM:
        return None
    return _point(found.margin.thinnest_lps_mm)


def _interval(result: LesionMargin | LesionResult) -> Document | None:
    interval = result.interval
    if interval is None:
        return None
    return {
        "level": interval.level,
        "low": _number(interval.low_mm, 2),
        "high": _number(interval.high_mm, 2),
        "calibrated": interval.calibrated,
        "dominant_source": interval.dominant_source,
    }


def _probability(result: LesionMargin | LesionResult) -> Document | None:
    if result.interval is None:
        return None
    chances = result.interval.probability
    return {
        "below_0_mm": _number(chances.below_0, 3),
        "at_most_3_mm": _number(chances.at_most_3, 3),
        "below_5_mm": _number(chances.below_5, 3),
        "below_10_mm": _number(chances.below_10, 3),
    }


def _shares(margin: Margin | None) -> Document:
    names = ("below_0_mm", "0_to_5_mm", "5_to_10_mm", "10_mm_or_more", "at_most_3_mm")
    if margin is None:
        return dict.fromkeys(names)
    d = margin.distances_mm
    where = (d < 0, (d >= 0) & (d < 5), (d >= 5) & (d < 10), d >= 10, d <= 3)
    return {name: _number(margin.share(here), 4) for name, here in zip(names, where, strict=True)}


def _capsule(settings: Settings, result: LesionResult) -> Document | None:
    organ, margin = result.scene.organ, result.margin
    if organ is None:
        return None
    limited = clipped_share = None
    sliver = None
    if margin is not None:
        limited = margin.share(np.abs(margin.distances_mm - margin.unrestricted_mm) > LIMITED_MM)
        clipped_share = margin.share(margin.clipped_face)
        without = float(margin.without_face_rule_mm.min())
        if without < margin.minimal_mm - NOTABLE_MM:
            sliver = {"minimal_margin_without_rule_mm": _number(without, 2)}
    return {
        "limited_fraction": _number(limited, 4),
        "clipped_fraction": _number(clipped_share, 4),
        "tumor_outside_organ_fraction": _number(organ.tumor_outside_fraction, 4),
        "label_convention": organ.convention,
        "sliver": sliver,
        "tolerance_mm": settings.capsule_tolerance_mm,
        "minimal_margin_by_tolerance_mm": {
            f"{eps:g}": None if result.status == "not_assessable" else _number(mam, 2)
            for eps, mam in result.by_tolerance_mm
        },
    }


def _shape(shape: Shape) -> Document:
    return {
        "axes_mm": [_number(axis, 1) for axis in shape.axes_mm],
        "volume_ml": _number(shape.volume_ml, 3),
        "sphericity": _number(shape.sphericity, 3),
        "components": len(shape.parts),
        "component_volumes_ml": [_number(part.volume_ml, 3) for part in shape.parts],
        "center_lps_mm": _point(np.array(shape.center_lps_mm)),
    }


def _point(point: Any) -> list[float | None]:
    return [_number(float(x), 2) for x in point]


def _number(value: float | None, digits: int) -> float | None:
    """Return a rounded number; what is not finite has no place in JSON and becomes null."""
    return None if value is None or not math.isfinite(value) else round(float(value), digits) + 0.0
