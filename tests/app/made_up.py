"""A made-up assessment for the report's tests: three simulated lesions whose margins follow from spheres, no file read.

Lesion 1 sticks out of its ablation and has a vessel beside it; lesion 2 lies under the capsule on an oblique grid, is
partly out of sight and has a hostile name; lesion 3 was not ablated, and most of its numbers are null.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter
from skimage.measure import marching_cubes

from isotherm.app.assessment import Assessment, LesionView
from isotherm.app.provenance import Provenance
from isotherm.imaging.geometry import Triangles, direction_words
from isotherm.imaging.margin import Margin
from isotherm.imaging.surface import Surface
from isotherm.imaging.volume import Grid, Mask, Volume

Float = npt.NDArray[np.float64]

HOSTILE = '<script>alert("x")</script> & $\\frac{S7}$'
"""A segment name that would run if it were not escaped, and break the figures if it were read as mathematics."""

MADE = Provenance(on=datetime(2026, 3, 1, 12, tzinfo=UTC), id="0123456789abcdef", by="A. Reader")
"""How it came about."""

ORGAN_CENTER = np.array([-60.0, 10.0, 40.0])
ORGAN_RADIUS_MM = 70.0


@cache
def made_up_assessment(*, images: bool = True, simulated: bool = True, calibrated: bool = True) -> Assessment:
    """Return three lesions of one made-up patient; the same every time."""
    views = (
        _lesion("1", center=(-70.0, 0.0, 45.0), axes=(11.0, 9.0, 10.0), zone=((-67.0, 5.0, 43.0), 15.5), oblique=False,
                images=images, vessel=True),
        _lesion(HOSTILE, center=(-20.0, -20.0, 70.0), axes=(8.0, 8.0, 8.0), zone=((-21.0, -19.0, 69.0), 17.0),
                oblique=True, images=images, vessel=False),
        _lesion("3", center=(-90.0, 30.0, 20.0), axes=(6.0, 5.0, 5.0), zone=None, oblique=False, images=images,
                vessel=False),
    )  # fmt: skip
    lesions = [_measured(views[0], calibrated), _bounded(views[1], calibrated), _not_ablated(views[2])]
    document = {
        "schema": "isotherm.margin/1",
        "software": {"isotherm": "0.1.0", "numpy": "2.3.0", "python": "3.11.9"},
        "inputs": [
            {"role": "tumor", "label": "1", "file": "/home/mallory/P4711/tumor.nii.gz", "shape_kji": [100, 110, 110],
             "spacing_kji_mm": [1.0, 1.0, 1.0], "sha256": "0f" * 32, "simulated": simulated},
            {"role": "tumor", "label": HOSTILE, "file": "C:\\Users\\mallory\\tumor.nii.gz",
             "shape_kji": [100, 110, 110], "spacing_kji_mm": [1.0, 1.0, 1.0], "simulated": simulated},
            {"role": "ablation", "shape_kji": [100, 110, 110], "spacing_kji_mm": [1.0, 1.0, 1.0],
             "simulated": simulated},
            {"role": "organ", "shape_kji": [100, 110, 110], "spacing_kji_mm": [1.0, 1.0, 1.0], "simulated": False},
        ],
        "settings": {"organ_name": "liver", "registration_error_mm": 1.62, "registration_error_source":
                     "published mean of 29 studies (PMID 35246412), as none was given", "outline_error_mm": 0.5,
                     "target_margin_mm": 5.0, "capsule_tolerance_mm": 1.5, "samples": 1000, "seed": 0,
                     "level": 0.9, "organ_frame": "before"},
        "warnings": ["The slices of the ablation's image are 5.0 mm thick; more than 3 mm blurs the margin."],
        "tumor_burden_score": {"value": 3.7, "formula": "sqrt(largest diameter in cm squared + number squared)",
                               "largest_diameter_mm": 22.0, "count": 3, "basis": "imaging",
                               "source": "Sasaki, Ann Surg 2018;267:132"},
        "lesions": lesions,
    }  # fmt: skip
    return Assessment(document, views)


def _grid(center: Float, *, oblique: bool) -> Grid:
    shape = (88, 96, 96)
    tilt = np.deg2rad(20.0 if oblique else 0.0)
    turn = np.array([[np.cos(tilt), -np.sin(tilt), 0.0], [np.sin(tilt), np.cos(tilt), 0.0], [0.0, 0.0, 1.0]])
    direction = turn @ np.eye(3)[::-1]
    origin = center - direction @ (np.array(shape) - 1.0) / 2.0
    return Grid(shape, (1.0, 1.0, 1.0), (origin[0], origin[1], origin[2]), direction)


def _lesion(label: str, *, center: tuple[float, float, float], axes: tuple[float, float, float],
            zone: tuple[tuple[float, float, float], float] | None, oblique: bool, images: bool,
            vessel: bool) -> LesionView:  # fmt: skip
    middle = np.array(center)
    grid = _grid(middle, oblique=oblique)
    points = grid.centers_lps_mm()
    tumor_mm = _level((1.0 - np.linalg.norm((points - middle) / np.array(axes), axis=1)) * min(axes), grid)
    organ_mm = _level(ORGAN_RADIUS_MM - np.linalg.norm(points - ORGAN_CENTER, axis=1), grid)
    zone_mm = np.full(grid.shape_kji, -1.0)
    if zone is not None:
        zone_mm = np.minimum(_level(zone[1] - np.linalg.norm(points - np.array(zone[0]), axis=1), grid), organ_mm)
    vessel_mm = np.full(grid.shape_kji, -1.0)
    if vessel:
        off = points - (middle + np.array([-13.0, 3.0, 0.0]))
        vessel_mm = _level(2.4 - np.hypot(off[:, 0] + 0.25 * off[:, 2], off[:, 1] - 0.1 * off[:, 2]), grid)
    before = _ct(grid, organ_mm, tumor_mm, vessel_mm, np.full(grid.shape_kji, -1.0), seed=1)
    after = _ct(grid, organ_mm, tumor_mm, vessel_mm, zone_mm, seed=2)
    surface = _surface(tumor_mm, grid)
    return LesionView(
        label=label,
        tumor=Mask(tumor_mm >= 0, grid, "tumor"),
        ablation=Mask(zone_mm >= 0, grid, "ablation"),
        ablation_grid=grid,
        tumor_surface=surface,
        ablation_surface=None if zone is None else _surface(zone_mm, grid),
        margin=None if zone is None else _margin(surface, np.array(zone[0]), zone[1], cut_off=oblique),
        organ=Mask(organ_mm >= 0, grid, "organ"),
        vessels=Mask(vessel_mm >= 0, grid, "vessel") if vessel else None,
        image=after if images else None,
        image_before=before if images else None,
    )


def _level(values: Float, grid: Grid) -> Float:
    return values.reshape(grid.shape_kji)


def _ct(grid: Grid, organ_mm: Float, tumor_mm: Float, vessel_mm: Float, zone_mm: Float, *, seed: int) -> Volume:
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=grid.shape_kji), 0.8) * 30.0
    voxels = np.where(organ_mm >= 0, 105.0, -90.0)
    voxels = np.where(tumor_mm >= 0, 70.0, voxels)
    voxels = np.where(zone_mm >= 0, np.where(zone_mm < 1.5, 120.0, 45.0), voxels)
    voxels = np.where(vessel_mm >= 0, 190.0, voxels)
    return Volume((gaussian_filter(voxels, 0.7) + noise).astype(np.int16), grid)


def _surface(level_mm: Float, grid: Grid) -> Surface:
    vertices, triangles, _, _ = marching_cubes(level_mm, 0.0)
    points = grid.to_lps(vertices)
    corners = points[triangles]
    share = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 6.0
    areas = np.zeros(len(points))
    np.add.at(areas, triangles.ravel(), np.repeat(share, 3))
    return Surface(points, triangles.astype(np.int64), areas)


def _margin(surface: Surface, zone_center: Float, zone_radius_mm: float, *, cut_off: bool) -> Margin:
    points = surface.points_lps_mm
    distances = zone_radius_mm - np.linalg.norm(points - zone_center, axis=1)
    seen = points[:, 2] < points[:, 2].max() - 3.0 if cut_off else np.ones(len(points), dtype=bool)
    return Margin(
        surface=surface,
        distances_mm=distances,
        lowest_mm=np.where(seen, distances, 0.4),
        unrestricted_mm=distances,
        without_face_rule_mm=distances,
        assessable=seen,
        clipped_face=np.zeros(len(points), dtype=bool),
        depth_mm=None,
        untreated=Triangles(np.zeros((0, 3, 3))),
    )


def _lesion_numbers(view: LesionView) -> dict[str, Any]:
    margin = view.margin
    assert margin is not None
    seen = margin.assessable
    distances, areas = margin.distances_mm[seen], margin.areas_mm2[seen]
    order = np.argsort(distances)
    cumulative = np.cumsum(areas[order]) / areas.sum()
    thinnest = int(np.flatnonzero(seen)[distances.argmin()])
    place = margin.points_lps_mm[thinnest]

    def share(low: float, high: float) -> float:
        return round(float(areas[(distances >= low) & (distances < high)].sum() / areas.sum()), 4)

    return {
        "label": view.label,
        "reasons": [],
        "flags": [],
        "assessable_fraction": round(float(areas.sum() / margin.areas_mm2.sum()), 3),
        "minimal_margin_mm": round(float(distances.min()), 2),
        "minimal_margin_unrestricted_mm": round(float(distances.min()), 2),
        "minimal_margin_qam_mm": round(float(distances.min()) - 0.8, 2),
        "minimal_margin_lumen_neutral_mm": None,
        "percentiles_mm": {f"p{p}": round(float(distances[order][np.searchsorted(cumulative, p / 100)]), 2)
                           for p in (1, 2, 5, 25, 50)},
        "surface_fraction": {"below_0_mm": share(-99, 0), "0_to_5_mm": share(0, 5), "5_to_10_mm": share(5, 10),
                             "10_mm_or_more": share(10, 99), "at_most_3_mm": share(-99, 3)},
        "thinnest_point_lps_mm": [round(float(x), 2) for x in place],
        "thinnest_direction": direction_words(place - margin.points_lps_mm.mean(axis=0)),
        "tumor_volume_ml": round(view.tumor.volume_ml, 2),
        "ablation_volume_ml": round(view.ablation.volume_ml, 2),
        "tissue_at_risk_ml": 1.9,
        "shell_coverage": {str(mm): round(max(0.05, 0.98 - 0.07 * mm), 3) for mm in range(1, 11)},
        "tumor": {"recist_mm": 22.0, "axes_mm": [22.0, 20.0, 18.0], "volume_ml": round(view.tumor.volume_ml, 2),
                  "sphericity": 0.97, "depth_below_capsule_mm": 24.1, "superficial": True,
                  "center_lps_mm": [round(float(x), 1) for x in margin.points_lps_mm.mean(axis=0)]},
        "ablation": {"axes_mm": [31.0, 31.0, 31.0], "volume_ml": round(view.ablation.volume_ml, 2), "sphericity": 1.0,
                     "components": 1},
    }  # fmt: skip


def _measured(view: LesionView, calibrated: bool) -> dict[str, Any]:
    numbers = _lesion_numbers(view)
    nominal = numbers["minimal_margin_mm"]
    point = numbers["thinnest_point_lps_mm"]
    return numbers | {
        "status": "measured",
        "minimal_margin_lumen_neutral_mm": round(nominal + 0.4, 2),
        "interval_mm": {"level": 0.9, "low": round(nominal - 1.9, 2), "high": round(nominal + 1.4, 2),
                        "calibrated": calibrated},
        "probability": {"below_0_mm": 0.83, "at_most_3_mm": 1.0, "below_5_mm": 1.0, "below_10_mm": 1.0},
        "residual_volume_ml": 0.21,
        "flags": ["The tumor reaches out of the organ by 2 % of its volume: check the registration.",
                  "A vessel limits the margin here.",
                  "The boundary drawn is the non-enhancing zone on CT, in /home/mallory/P4711/zone.nii.gz."],
        "capsule": {"limited_fraction": 0.12, "clipped_fraction": 0.0, "tumor_outside_organ_fraction": 0.02,
                    "sliver": None, "tolerance_mm": 1.5,
                    "minimal_margin_by_tolerance_mm": {"0": nominal, "1.5": nominal, "3": round(nominal + 0.2, 2)}},
        "regions_below_target": [
            {"area_mm2": 310.5, "minimal_margin_mm": nominal, "center_lps_mm": point,
             "outward_direction": numbers["thinnest_direction"], "volume_ml": 0.21},
            {"area_mm2": 12.0, "minimal_margin_mm": 4.6, "center_lps_mm": [-60.1, -3.0, 50.2],
             "outward_direction": "left", "volume_ml": 0.0}],
        "vessels": [{"name": "portal <b>branch</b> 6", "diameter_mm": 4.8, "distance_mm": 0.6, "contact_area_mm2": 38.0,
                     "bridging": True, "bridging_point_lps_mm": [-82.0, 2.0, 52.0], "length_inside_ablation_mm": 17.2,
                     "limits_margin": True},
                    {"name": "hepatic branch 2", "diameter_mm": 3.1, "distance_mm": 9.4, "contact_area_mm2": 0.0,
                     "bridging": False, "bridging_point_lps_mm": None, "length_inside_ablation_mm": 3.0,
                     "limits_margin": False}],
        "structures_mm": {"bile duct": {"from_tumor_mm": 12.1, "from_ablation_mm": 4.0}},
    }  # fmt: skip


def _bounded(view: LesionView, calibrated: bool) -> dict[str, Any]:
    numbers = _lesion_numbers(view)
    return numbers | {
        "status": "bounded",
        "reasons": ["the image ends 0.4 mm from the tumor: the margin beyond that face is not known",
                    "no vessels were given: no lumen-neutral margin, no bridging",
                    "QAM-compatible margin: no border voxel is left to measure from or to"],
        "minimal_margin_qam_mm": None,
        "interval_mm": None,
        "probability": None,
        "residual_volume_ml": 0.0,
        "flags": ["the tumor is cut by the field of view"],
        "capsule": {"limited_fraction": 0.35, "clipped_fraction": 0.04, "tumor_outside_organ_fraction": 0.0,
                    "sliver": {"minimal_margin_without_rule_mm": -0.1}, "tolerance_mm": 1.5,
                    "minimal_margin_by_tolerance_mm": {"0": 6.9, "1.5": 7.2, "3": None}},
        "regions_below_target": [], "vessels": [], "structures_mm": {},
    }  # fmt: skip


def _not_ablated(view: LesionView) -> dict[str, Any]:
    nothing = ("minimal_margin_mm", "minimal_margin_unrestricted_mm", "minimal_margin_qam_mm", "interval_mm",
               "minimal_margin_lumen_neutral_mm", "probability", "percentiles_mm", "surface_fraction",
               "thinnest_point_lps_mm", "thinnest_direction", "shell_coverage", "capsule", "ablation")  # fmt: skip
    volume = round(view.tumor.volume_ml, 2)
    return dict.fromkeys(nothing) | {
        "label": view.label,
        "status": "not_ablated",
        "reasons": ["The ablation mask is empty: nothing was ablated."],
        "flags": [],
        "assessable_fraction": 0.0,
        "residual_volume_ml": volume,
        "tumor_volume_ml": volume,
        "ablation_volume_ml": 0.0,
        "regions_below_target": [],
        "vessels": [],
        "structures_mm": {},
        "tumor": {"recist_mm": 12.0, "axes_mm": [12.0, 10.0, 10.0], "volume_ml": volume, "sphericity": 0.98,
                  "depth_below_capsule_mm": 8.0, "superficial": None, "center_lps_mm": [-90.0, 30.0, 20.0]},
    }  # fmt: skip
