"""What the pages of Assess say of a result in words of their own."""

from __future__ import annotations

import pytest

from isotherm.app.web.assess_words import doubt_of_sides

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

    assert doubt_of_sides(lesion) == says
