"""Flags of a lesion: what must be known with its numbers, in words; never a verdict."""

from __future__ import annotations

from collections.abc import Sequence

from isotherm.app.assess import LesionResult
from isotherm.app.case import Case
from isotherm.app.settings import Facts
from isotherm.imaging.margin import Margin

NOTABLE_MM = 0.05
"""Smaller differences between two ways of measuring are not worth a word."""

THICK_SLICE_MM = 3.0
"""Thicker slices blur the margin by as much as the thresholds it is compared with."""

SMALL_IN_VOXELS = 4.0
"""A tumor that spans fewer voxels than this along its thickest slices is too small for its grid."""

OUTSIDE_SHARE = 0.05
"""A larger share of the tumor outside of the organ points to a wrong registration or label."""

MOST_PARTS = 5
"""Parts of a tumor or a zone that a flag lists; the rest is counted, and all are in the shape's own numbers."""


def flags_of(case: Case, result: LesionResult, *, mixed_up: Sequence[str]) -> list[str]:
    """Return the flags of a lesion, what may have been mixed up first."""
    return [*mixed_up, *_of_the_drawing(result), *_of_the_organ(case, result), *_of_the_margin(result),
            *_as_told(case.facts)]  # fmt: skip


def _of_the_drawing(result: LesionResult) -> list[str]:
    found: list[str] = []
    thick, spacing = result.scene.slice_mm, max(result.lesion.mask.grid.spacing_kji_mm)
    if thick > THICK_SLICE_MM:
        found.append(f"slices of {thick:.1f} mm: more than {THICK_SLICE_MM:.0f} mm")
    if result.tumor_shape.axes_mm[2] < SMALL_IN_VOXELS * spacing:
        found.append(
            f"tumor too small for its grid: {result.tumor_shape.axes_mm[2]:.1f} mm thin on voxels of {spacing:.1f} mm"
        )
    for what, shape in (("tumor", result.tumor_shape), ("ablation zone", result.zone_shape)):
        if shape is not None and len(shape.parts) > 1:
            found.append(f"{what} of {len(shape.parts)} parts: {_listed([part.volume_ml for part in shape.parts])}")
    return found


def _of_the_organ(case: Case, result: LesionResult) -> list[str]:
    organ = result.scene.organ
    if organ is None:
        left = "the tumor lies outside of the organ, which was left aside: the margin is not restricted to it"
        return [] if case.organ is None else [left]
    if organ.convention == "add":
        return ["the organ label leaves out the tumor, which was added to it"]
    outside = organ.tumor_outside_fraction
    if outside > OUTSIDE_SHARE:
        return [f"{100 * outside:.0f} % of the tumor lies outside of the organ and was clipped"]
    return []


def _of_the_margin(result: LesionResult) -> list[str]:
    margin, covered = result.margin, result.covered
    if margin is None or covered is None:
        return []
    found: list[str] = []
    if result.status == "measured" and margin.minimal_mm < 0:
        share = 100 * margin.share(margin.distances_mm < 0)
        found.append(
            f"part of the tumor lies outside of the ablation zone: {share:.1f} % of its surface, "
            f"{covered.residual_volume_ml:.2f} mL"
        )
    if not margin.assessable.all():
        found.append("the field of view ends near the lesion")
    if result.scene.organ is not None:
        found += _of_the_capsule(margin, result.scene.slice_mm)
    if any(branch.bridging for branch in result.vessels):
        found.append("a vessel bridges the margin: it runs from the tumor through the zone into untreated tissue")
    return found


def _of_the_capsule(margin: Margin, thick_mm: float) -> list[str]:
    without = float(margin.without_face_rule_mm.min())
    if without < margin.minimal_mm - NOTABLE_MM:
        return [
            "capsule sliver, indeterminate: where tumor, zone and capsule end within drawing error of each other, the "
            f"tumor counts as covered; {round(without, 1) + 0.0:.1f} mm if it does not"
        ]
    reach = max(1.5, thick_mm / 2)
    at_capsule = margin.depth_mm is not None and margin.depth_mm[margin.thinnest] < reach
    if at_capsule and -reach < margin.minimal_mm < 0:
        return ["capsule sliver, indeterminate: the thinnest point lies at the capsule within drawing error"]
    return []


def _as_told(facts: Facts) -> list[str]:
    days = None if facts.days_after_ablation is None else f"{facts.days_after_ablation:g}"
    told = (("boundary drawn", facts.drawn_boundary), ("days after ablation", days), ("modality", facts.modality),
            ("reader", facts.reader))  # fmt: skip
    known = [f"{what} {value}" for what, value in told if value]
    return ["as told: " + ", ".join(known)] if known else []


def _listed(volumes_ml: Sequence[float]) -> str:
    """Return volumes, the largest first; where they are many, the rest is counted."""
    told = ", ".join(f"{volume:.2f} mL" if volume >= 0.01 else "< 0.01 mL" for volume in volumes_ml[:MOST_PARTS])
    rest = volumes_ml[MOST_PARTS:]
    return told + (f" and {len(rest)} more of {sum(rest):.2f} mL together" if rest else "")
