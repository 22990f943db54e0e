"""Pictures of a registration for those who want no report: both scans, a checkerboard, the deformation, as PNG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from isotherm.app.assessment import LesionView
from isotherm.app.carried import carried_case
from isotherm.app.figures import Drawing
from isotherm.app.figures_deformation import deformation
from isotherm.app.figures_registration import blink_frames, checkerboard
from isotherm.app.pair import Pair
from isotherm.app.registering import Registered
from isotherm.app.settings import UNTOLD
from isotherm.app.tasks import cropped
from isotherm.imaging.surface import Surface, field_of

DPI = 150

PICTURES = ("before.png", "after.png", "checkerboard.png", "deformation.png")
"""How the names of a lesion's pictures end."""


def registration_pictures(
    pair: Pair, registered: Sequence[Registered], *, organ_name: str
) -> Iterator[dict[str, Drawing]]:
    """Yield the pictures of each lesion by the end of their names; what cannot be drawn is left out."""
    zone = pair.zone
    case = carried_case(replace(pair, ablations=pair.ablations or (zone,)), registered, UNTOLD)
    drawn = Surface.from_corners(field_of(zone.cropped()).boundary()) if zone.inside.any() else None
    for lesion, one in zip(case.lesions, registered, strict=True):
        tumor = Surface.from_corners(one.outline.boundary)
        points = tumor.points_lps_mm
        view = LesionView(
            lesion.label, lesion.mask, zone, zone.grid, tumor, drawn, image=cropped(case.image, points),
            image_before=cropped(case.image_before, points),
        )  # fmt: skip
        frames = blink_frames(view, organ_name=organ_name, png_dpi=DPI)
        made = dict(zip(PICTURES, [
            *(frames or (None, None)),
            checkerboard(view, organ_name=organ_name, png_dpi=DPI),
            deformation(view, one, organ_name=organ_name, png_dpi=DPI),
        ], strict=True))  # fmt: skip
        yield {name: drawing for name, drawing in made.items() if drawing is not None}
