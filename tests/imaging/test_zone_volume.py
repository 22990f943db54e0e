"""Volumes of zones: that of a ball comes out, its interval holds it, and growth is said by the interval alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.imaging.phantom import Sphere, rasterize
from isotherm.imaging.volume import Grid, Mask
from isotherm.imaging.zone_volume import ZoneVolume, growth_of, ml_per_month, share_of, zone_volume

GRID = Grid((40, 40, 40), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))


def ball(radius_mm: float, grid: Grid = GRID) -> Mask:
    center = grid.to_lps([np.array(grid.shape_kji) / 2.0])[0]
    left, posterior, superior = center.tolist()
    return rasterize(Sphere((left, posterior, superior), radius_mm), grid, of="ablation")


@pytest.mark.parametrize(("radius_mm", "within"), [(4.0, 0.08), (8.0, 0.03), (15.0, 0.02)])
def test_the_volume_of_a_ball_comes_out_within_its_interval(radius_mm: float, within: float) -> None:
    truth = 4.0 / 3.0 * math.pi * radius_mm**3 / 1000.0
    found = zone_volume(ball(radius_mm), outline_error_mm=0.5)
    assert found.volume_ml == pytest.approx(truth, rel=within)
    assert found.low_ml < truth < found.high_ml


def test_a_ball_drawn_half_a_millimeter_too_large_keeps_the_true_volume_in_its_interval() -> None:
    truth = 4.0 / 3.0 * math.pi * 10.0**3 / 1000.0
    found = zone_volume(ball(10.5), outline_error_mm=0.5)
    assert found.low_ml < truth


def test_thick_slices_widen_the_interval() -> None:
    thick = Grid((10, 40, 40), (4.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    fine, coarse = (zone_volume(ball(10.0, grid), outline_error_mm=0.5) for grid in (GRID, thick))
    assert coarse.relative_sd > fine.relative_sd


def test_nothing_drawn_is_a_volume_of_nothing() -> None:
    empty = Mask(np.zeros(GRID.shape_kji, dtype=bool), GRID, "ablation")
    found = zone_volume(empty, outline_error_mm=0.5)
    assert found == ZoneVolume(0.0, 0.0, 0.0)
    assert found.relative_sd == 0.0
    assert share_of(found, found) is None


def test_a_share_lies_in_its_limits_and_never_below_nothing() -> None:
    first, later = ZoneVolume(10.0, 8.0, 12.0), ZoneVolume(0.5, 0.0, 1.6)
    share = share_of(later, first)
    assert share is not None
    assert share.low == 0.0 < share.share == 0.05 < share.high


def test_the_change_per_month_has_the_sign_of_the_change_and_none_within_a_day() -> None:
    first, later = ZoneVolume(10.0, 8.0, 12.0), ZoneVolume(7.0, 6.0, 8.0)
    assert ml_per_month(later, first, 91) == pytest.approx(-3.0 * 30.4375 / 91)
    assert ml_per_month(later, first, 0) is None


@given(st.floats(-30, 30), st.floats(0, 10))
def test_growth_is_suspected_only_where_the_whole_interval_lies_beyond(low_mm: float, width_mm: float) -> None:
    said = growth_of(low_mm, low_mm + width_mm)
    assert (said == "suspected") == (low_mm + width_mm < 0)
    assert (said == "not seen") == (low_mm > 0)
