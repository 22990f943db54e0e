"""What the pages of Assess say of a result in words of their own."""

from __future__ import annotations

import pytest

from isotherm.app.web.assess_words import doubt_of_sides, effect_words

SMALLER = "The ablation zone is smaller than the tumor"
OUTSIDE = "ost of the tumor lies outside of the ablation zone"
CHECK = ": check which scan is before and which is after."


@pytest.mark.parametrize(("status", "tumor", "zone", "outside", "says"), [
    ("measured", 4.0, 12.0, 0.0, ""),
    ("measured", 4.0, 12.0, 1.9, ""),
    ("measured", 12.0, 4.0, 2.0, SMALLER + CHECK),
    ("measured", 12.0, 4.0, 8.0, f"{SMALLER} and m{OUTSIDE}{CHECK}"),
    ("bounded", 4.0, 12.0, 2.1, f"M{OUTSIDE}{CHECK}"),
    ("withheld", 12.0, 4.0, 8.0, ""),
    ("measured", 4.0, None, None, ""),
])  # fmt: skip
def test_sizes_as_those_of_swapped_scans_are_warned_of(
    status: str, tumor: float, zone: float | None, outside: float | None, says: str
) -> None:
    lesion = {"status": status, "tumor_volume_ml": tumor, "ablation_volume_ml": zone, "residual_volume_ml": outside}

    assert doubt_of_sides(lesion, ()) == says


def measured(margin_mm: float | None, status: str = "measured") -> dict[str, object]:
    return {"status": status, "minimal_margin_mm": margin_mm}


@pytest.mark.parametrize(("after_mm", "says"), [
    (3.35, "\u22120.55\u00a0mm by your strokes (3.90 to 3.35\u00a0mm, "),
    (4.01, "+0.11\u00a0mm by your strokes (3.90 to 4.01\u00a0mm, "),
    (-0.2, "\u22124.10\u00a0mm by your strokes (3.90 to \u22120.20\u00a0mm, "),
    (3.90, "No change (3.90 to 3.90\u00a0mm, "),
])  # fmt: skip
def test_what_strokes_change_has_its_sign_and_what_voxels_alone_make_beside_it(after_mm: float, says: str) -> None:
    effect = effect_words(measured(3.9), measured(after_mm), voxels_mm=0.127)
    assert effect == f"{says}measured in the same way; voxels alone make about 0.13\u00a0mm)."


@pytest.mark.parametrize(("before", "after", "says"), [
    (measured(3.9), measured(None, "not_ablated"), "3.9\u00a0mm"),
    (measured(7.3, "bounded"), measured(7.1, "bounded"), "at most 7.3\u00a0mm"),
    (measured(25.0), measured(4.0), "at least 25.0\u00a0mm"),
])  # fmt: skip
def test_between_a_bound_and_a_margin_no_change_is_told(
    before: dict[str, object], after: dict[str, object], says: str
) -> None:
    effect = effect_words(before, after, voxels_mm=0.1)
    assert effect == f"Without your strokes, measured in the same way: {says}."
