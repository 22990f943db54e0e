"""What the viewer of the local app shows of a pair while its masks are corrected; after a stroke, what was drawn."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from isotherm.app.assess import LesionMargin, own_zone
from isotherm.app.assessment import LesionView
from isotherm.app.case import Case
from isotherm.app.correcting import (
    Correction,
    changed_ml,
    corrected_mask,
    correction_document,
    drawn_mask,
    idle_in,
    one_slice_strokes,
)
from isotherm.app.document import margin_document
from isotherm.app.figures_slices import middle_lps_mm
from isotherm.app.kept import Kept
from isotherm.app.pair import united
from isotherm.app.registering import Registered
from isotherm.app.remeasure import margin_in, quick_case
from isotherm.app.report import described
from isotherm.app.report_viewer import (
    Layer,
    as_measured,
    drawn_layers,
    image_layers,
    outline_layer,
    toward,
    viewer_grid,
)
from isotherm.app.tasks import VIEW_MM, cropped, joined
from isotherm.errors import NotConverged
from isotherm.imaging.proximity import Body
from isotherm.imaging.surface import Region, Surface, discretization_error_mm, field_of
from isotherm.imaging.volume import Grid

SPACING_MM = 0.7
"""Of the viewer's voxels: fine enough for outlines, and a few MB of images."""

OTHER_WAY = "#ff8ad8"
"""Of the tumor as the other way of registering lays it."""


@dataclass(frozen=True, slots=True, eq=False)
class LiveScene:
    """One lesion of a measured pair on the screen: the grid stays, whatever is painted.

    Parameters
    ----------
    kept : Kept
    number : int
        Of the lesion, from 0.
    grid : Grid
        Of the viewer.
    whole : dict
        What viewer.js reads at the start, images included.
    measured_as : Layer
        The outlines that were measured, to lie below corrected ones.
    voxels_mm : float
        By how much two margins of such masks differ through their voxels alone, root mean square.
    last : dict
        What was measured last, by its corrections.
    """

    kept: Kept
    number: int
    grid: Grid
    whole: dict[str, Any]
    measured_as: Layer
    voxels_mm: float
    last: dict[str, tuple[Case, LesionMargin]] = field(default_factory=dict[str, tuple[Case, LesionMargin]])

    @classmethod
    def of(cls, kept: Kept, number: int) -> LiveScene:
        """Make the scene of a lesion as it was measured."""
        case = kept.case
        found = margin_in(case, kept, number)
        view = view_of(case, number, found)
        grid = viewer_grid(view, SPACING_MM)
        place = _place(view, found)
        images = image_layers(view, grid, kept.settings.organ_name)
        whole = {"lesions": [{
            "start_ras": [-place[0], -place[1], place[2]], "look_from": toward(view, place),
            "layers": _told((*images, *_other_way(kept.registered[number], grid), *drawn_layers(view, grid))),
        }], "margin": margin_document(case.lesions[number].label, found)}  # fmt: skip
        voxels_mm = 2.0**0.5 * discretization_error_mm(found.scene.slice_mm)
        return cls(kept, number, grid, whole, as_measured(view, grid), voxels_mm)

    def measured(self, corrections: Sequence[Correction]) -> dict[str, Any]:
        """Return the margin with corrected masks, word for word as margin.json would.

        Raises
        ------
        BadStroke, EmptyMask, ImplausibleMask
        """
        case, found = self._measured(corrections)
        return margin_document(case.lesions[self.number].label, found)

    def changes(self, corrections: Sequence[Correction]) -> list[dict[str, Any]]:
        """Return what corrections change of each mask: ml of voxels, strokes that change nothing, those on one slice.

        Raises
        ------
        BadStroke
        """
        return [self._change(one) for one in corrections if one.strokes]

    def _change(self, one: Correction) -> dict[str, Any]:
        before, after = drawn_mask(self.kept.pair, one.of, one.number), corrected_mask(self.kept.pair, one)
        added, erased = changed_ml(before, after)
        idle = idle_in(self.kept.pair, one)
        return {"of": one.of, "number": one.number, "added_ml": added, "erased_ml": erased, "idle": idle,
                "one_slice": one_slice_strokes(one, after, idle)}  # fmt: skip

    def drawn(self, corrections: Sequence[Correction]) -> dict[str, Any]:
        """Return outlines and surfaces with corrected masks, and where the crosshair goes.

        Raises
        ------
        BadStroke, EmptyMask, ImplausibleMask
        """
        case, found = self._measured(corrections)
        view = view_of(case, self.number, found)
        left, posterior, superior = _place(view, found)
        below = [self.measured_as] if any(one.strokes for one in corrections) else []
        layers = _told((*below, *drawn_layers(view, self.grid)))
        return {"start_ras": [-left, -posterior, superior], "layers": layers}

    def _measured(self, corrections: Sequence[Correction]) -> tuple[Case, LesionMargin]:
        """Measure with corrected masks; the last result stays, since its outlines are asked for right after it."""
        key = json.dumps([correction_document(one) for one in corrections])
        known = self.last.get(key)
        if known is None:
            case = quick_case(self.kept, corrections)
            known = case, margin_in(case, self.kept, self.number)
            self.last.clear()
            self.last[key] = known
        return known


def view_of(case: Case, number: int, found: LesionMargin) -> LesionView:
    """Return what can be seen of a lesion whose margin alone was measured."""
    lesion, scene = case.lesions[number], found.scene
    tumor = Surface.from_corners(scene.tumor.boundary)
    points = tumor.points_lps_mm
    zone = None
    if not scene.zone.empty:
        zone = own_zone(scene, Body(points, tumor.triangles, scene.tumor.at))
    return LesionView(
        label=lesion.label,
        tumor=lesion.mask.near(points, reach_mm=VIEW_MM),
        ablation=united(case.ablations, case.ablations[0].grid).near(points, reach_mm=VIEW_MM),
        ablation_grid=case.ablations[0].grid,
        tumor_surface=tumor,
        ablation_surface=zone,
        margin=found.margin,
        organ=None if case.organ is None else case.organ.near(points, reach_mm=VIEW_MM),
        vessels=joined([mask for _, mask in case.vessels], points),
        image=cropped(case.image, points),
        image_before=cropped(case.image_before, points),
    )


def _place(view: LesionView, found: LesionMargin) -> tuple[float, float, float]:
    """Return the thinnest point, or the tumor's middle where there is none."""
    if found.margin is None or found.status == "not_assessable" or not found.margin.assessable.any():
        return middle_lps_mm(view)
    left, posterior, superior = np.asarray(found.margin.thinnest_lps_mm).tolist()
    return left, posterior, superior


def _other_way(one: Registered, grid: Grid) -> Iterator[Layer]:
    """Yield the outline of the tumor by the way of registering that was not measured with, where there is one."""
    way = one.deformable if one.used is one.rigid else one.rigid
    if way is None:
        return
    try:
        outline = way.region(Region.of_field(field_of(one.lesion.mask.cropped())))
    except NotConverged:
        return
    yield outline_layer("other way", Surface.from_corners(outline.boundary), grid, OTHER_WAY)


def _told(layers: Iterable[Layer]) -> list[dict[str, Any]]:
    return [described(layer) | {"content": layer.content} for layer in layers]
