"""Volumes that a zone leaves untreated follow from spheres."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from isotherm.imaging.coverage import Coverage, coverage, tumor_on
from isotherm.imaging.margin import measure
from isotherm.imaging.phantom import Sphere, rasterize
from isotherm.imaging.surface import Region, field_of
from isotherm.imaging.volume import Grid

GRID = Grid((70, 80, 80), (1.0, 0.8, 0.8))
CENTER = (30.0, 30.0, 35.0)


def ball_ml(radius_mm: float) -> float:
    return 4.0 / 3.0 * np.pi * radius_mm**3 / 1000.0


def covered(tumor_mm: float, zone_mm: float, *, shift_mm: float = 0.0, target_mm: float = 5.0) -> Coverage:
    tumor = Region.of_field(field_of(rasterize(Sphere(CENTER, tumor_mm), GRID, of="tumor")))
    center = (CENTER[0] + shift_mm, CENTER[1], CENTER[2])
    zone = Region.of_field(field_of(rasterize(Sphere(center, zone_mm), GRID, of="ablation")))
    return coverage(tumor, zone, measure(tumor, zone), GRID, masks_on=GRID, organ=None, target_mm=target_mm)


def test_a_zone_smaller_than_the_tumor_leaves_the_difference() -> None:
    found = covered(10.0, 7.0)
    assert found.residual_volume_ml == pytest.approx(ball_ml(10.0) - ball_ml(7.0), rel=0.03)
    assert found.at_risk_volume_ml == pytest.approx(ball_ml(15.0) - ball_ml(7.0), rel=0.03)


def test_shells_are_full_up_to_the_margin_and_thin_out_beyond() -> None:
    shell = dict(covered(8.0, 14.0).shell)
    assert all(share is not None and share > 0.985 for k, share in shell.items() if k <= 5)
    expected = (ball_ml(14.0) - ball_ml(8.0)) / (ball_ml(18.0) - ball_ml(8.0))
    assert shell[10] == pytest.approx(expected, abs=0.02)


def test_a_good_margin_leaves_no_region_and_nothing_uncovered() -> None:
    found = covered(8.0, 15.0)
    assert found.regions == ()
    assert found.residual_volume_ml == 0.0
    assert not found.uncovered.inside.any()


def test_an_eccentric_zone_leaves_one_region_on_the_far_side() -> None:
    found = covered(8.0, 14.0, shift_mm=5.0)
    (region,) = found.regions
    assert region.outward_direction == "right"
    assert region.minimal_margin_mm == pytest.approx(1.0, abs=0.3)
    assert region.center_lps_mm[0] < CENTER[0]
    assert region.volume_ml == pytest.approx(found.uncovered.volume_ml, rel=0.15)


def test_masks_come_on_the_grid_asked_for_and_keep_their_volumes() -> None:
    tumor = Region.of_field(field_of(rasterize(Sphere(CENTER, 8.0), GRID, of="tumor")))
    zone = Region.of_field(field_of(rasterize(Sphere((35.0, 30.0, 35.0), 10.0), GRID, of="ablation")))
    turn = Rotation.from_euler("xyz", [10, 20, 30], degrees=True).as_matrix()
    other = Grid((140, 150, 160), (0.7, 0.6, 0.6), (-20.0, -25.0, -15.0), turn @ np.eye(3)[::-1])
    found = coverage(tumor, zone, measure(tumor, zone), GRID, masks_on=other, organ=None, target_mm=5.0)
    for mask, expected_ml in ((found.residual, found.residual_volume_ml), (tumor_on(other, tumor), ball_ml(8.0))):
        whole = mask.on(other)
        assert whole.grid.same_as(other)
        assert whole.volume_ml == pytest.approx(expected_ml, rel=0.05)
    places = found.residual.grid.to_lps(np.argwhere(found.residual.inside))
    assert (zone.at(places) < 0.5).all()
    assert (tumor.at(places) > -0.5).all()
