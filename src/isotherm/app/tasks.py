"""What isotherm does for people: one function per job, the same for the command line and for pages."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits  # pyright: ignore[reportMissingTypeStubs]

from isotherm.app.assess import LesionResult, assess_lesion, withheld
from isotherm.app.assessment import Assessment, LesionView
from isotherm.app.case import Case
from isotherm.app.document import document_of
from isotherm.app.scene import Surroundings
from isotherm.app.settings import Settings
from isotherm.imaging.coverage import tumor_on
from isotherm.imaging.geometry import Float
from isotherm.imaging.volume import Mask, Volume

VIEW_MM = 50.0
"""How much around a lesion is kept for pictures."""

Progress = Callable[[str], None]


def assess_margin(case: Case, settings: Settings, *, progress: Progress = lambda _: None) -> Assessment:
    """Measure the margins of every lesion of a case.

    Parameters
    ----------
    case : Case
    settings : Settings
    progress : callable
        Told in words what is being done.
    """
    settings = settings.as_drawn(case.outline_error_mm)
    results: list[LesionResult] = []
    # Many small matrix products: threads that wait for each other make them up to fifty times slower.
    with threadpool_limits(1, "blas"):
        around = Surroundings.of(case)
        for number, lesion in enumerate(case.lesions):
            progress(f"lesion {lesion.label} ({number + 1} of {len(case.lesions)})")
            # Each lesion has its own stream, so that one lesion's numbers do not depend on the others.
            result = assess_lesion(case, lesion, around, settings, np.random.default_rng([settings.seed, number]))
            results.append(withheld(result) if lesion.withheld else result)
    views = tuple(_view(case, result) for result in results)
    return Assessment(document_of(case, settings, results), views, days=case.days)


def _view(case: Case, result: LesionResult) -> LesionView:
    points = result.tumor_surface.points_lps_mm

    def near(mask: Mask | None) -> Mask | None:
        return None if mask is None else mask.near(points, reach_mm=VIEW_MM)

    zones = result.scene.zone_masks
    ablation = zones[0].near(points, reach_mm=VIEW_MM) if len(zones) == 1 else _drawn(result)
    vessels = [mask for _, mask in case.vessels]
    return LesionView(
        label=result.lesion.label,
        tumor=result.lesion.mask.near(points, reach_mm=VIEW_MM),
        ablation=ablation,
        ablation_grid=case.ablations[0].grid,
        tumor_surface=result.tumor_surface,
        ablation_surface=result.zone_surface,
        margin=result.margin,
        organ=near(case.organ),
        vessels=joined(vessels, points),
        residual=_residual(case, result),
        uncovered=result.covered and result.covered.uncovered,
        image=cropped(case.image, points),
        image_before=cropped(case.image_before, points),
    )


def _residual(case: Case, result: LesionResult) -> Mask | None:
    if result.covered is not None:
        return result.covered.residual
    return None if result.status == "withheld" else tumor_on(case.ablations[0].grid, result.scene.tumor)


def _drawn(result: LesionResult) -> Mask:
    window = result.lesion.mask.near(result.tumor_surface.points_lps_mm, reach_mm=VIEW_MM)
    if result.scene.zone.empty:
        return Mask(np.zeros(window.grid.shape_kji, dtype=bool), window.grid, "ablation")
    nodes = window.grid.centers_lps_mm()
    return Mask((result.scene.zone.at(nodes) > 0).reshape(window.grid.shape_kji), window.grid, "ablation")


def joined(masks: list[Mask], points: Float) -> Mask | None:
    """Return the parts of masks near points, shape (n, 3), as one on the grid of the first; None without any."""
    windows = [mask.near(points, reach_mm=VIEW_MM) for mask in masks]
    if not windows:
        return None
    first = windows[0]
    voxels = first.inside.copy()
    nodes = first.grid.centers_lps_mm()
    for other in windows[1:]:
        voxels |= other.holds(nodes).reshape(voxels.shape)
    return Mask(voxels, first.grid, "vessel")


def cropped(image: Volume | None, points: Float) -> Volume | None:
    """Return the part of an image that pictures around points, shape (n, 3), show; None where it shows none."""
    if image is None:
        return None
    start, shape = image.grid.box_around(points, reach_mm=VIEW_MM)
    low = np.clip(start, 0, image.grid.shape_kji)
    high = np.clip(np.array(start) + shape, 0, image.grid.shape_kji)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    voxels = image.voxels[box]
    if voxels.size == 0:
        return None
    grid = image.grid.window((int(low[0]), int(low[1]), int(low[2])), voxels.shape)
    return Volume(voxels.copy(), grid, image.unit)
