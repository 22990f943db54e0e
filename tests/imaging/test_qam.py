"""The QAM-compatible margin gives the numbers that QAM gives: border voxels to border voxels, 5 mm band dropped."""

from __future__ import annotations

import pytest

from isotherm.imaging.qam import qam_minimal_mm
from tests.imaging.capsule import ball, fixture


@pytest.mark.parametrize(("name", "expected"), [("A", 5.0), ("B", 0.0), ("C", -4.0), ("D", -7.28), ("E", 0.0)])
def test_fixtures_have_the_margins_that_qam_reads(name: str, expected: float) -> None:
    case = fixture(name)
    assert qam_minimal_mm(case.tumor, case.ablation, case.organ) == pytest.approx(expected, abs=0.005)


def test_no_point_is_left_where_the_organ_label_excludes_the_tumor() -> None:
    case = fixture("F")
    assert qam_minimal_mm(case.tumor, case.ablation, case.organ) is None


@pytest.mark.parametrize(
    ("tumor_mm", "zone_mm", "shift_mm", "expected"),
    [(5, 15, 0, 9.055), (5, 10, 0, 4.123), (5, 5, 0, 0.0), (10, 5, 0, -5.196), (5, 10, 5, 0.0)],
)
def test_concentric_spheres_have_the_published_border_voxel_values(
    tumor_mm: float, zone_mm: float, shift_mm: float, expected: float
) -> None:
    tumor = ball((50, 50, 50), tumor_mm, "tumor")
    zone = ball((50 + shift_mm, 50, 50), zone_mm, "ablation")
    assert qam_minimal_mm(tumor, zone, None) == pytest.approx(expected, abs=0.001)
