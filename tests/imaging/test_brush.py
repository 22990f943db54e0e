"""Strokes: which voxels a brush changes, that nothing else changes, and what is no stroke."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from isotherm.errors import BadStroke
from isotherm.imaging.brush import MOST_STROKES, Stroke, corrected, idle_strokes, slices_across
from isotherm.imaging.transform import Transform
from isotherm.imaging.volume import Grid, Mask

GRID = Grid((20, 30, 30), (2.0, 1.0, 1.0))
MIDDLE = (15.0, 15.0, 20.0)


def empty(grid: Grid = GRID) -> Mask:
    return Mask(np.zeros(grid.shape_kji, dtype=bool), grid, "ablation")


def stroke(*points: tuple[float, float, float], does: str = "add", radius_mm: float = 4.0,
           normal: tuple[float, float, float] | None = None) -> Stroke:  # fmt: skip
    return Stroke(does, np.array(points), radius_mm, normal)  # pyright: ignore[reportArgumentType]


def painted(*strokes: Stroke, mask: Mask | None = None) -> Mask:
    start = empty() if mask is None else mask
    return corrected(start, strokes, within=GRID)


def test_one_point_adds_the_ball_of_voxel_centers_within_the_radius() -> None:
    away = np.linalg.norm(GRID.centers_lps_mm() - MIDDLE, axis=1).reshape(GRID.shape_kji)
    assert np.array_equal(painted(stroke(MIDDLE)).voxels, away <= 4.0)


def test_on_a_plane_only_the_slice_that_it_cuts_changes() -> None:
    found = painted(stroke(MIDDLE, normal=(0.0, 0.0, 3.0))).voxels
    assert np.flatnonzero(found.any(axis=(1, 2))).tolist() == [10]
    assert found.sum() == sum(1 for a in range(-4, 5) for b in range(-4, 5) if a * a + b * b <= 16)


def test_slices_across_a_plane_are_those_that_a_mask_reaches_over_however_it_lies() -> None:
    mask = painted(stroke(MIDDLE, radius_mm=4.0))  # 2 mm slices: from -4 to +4 mm
    assert [slices_across(mask, normal) for normal in ((0.0, 0.0, 1.0), (0.0, 5.0, 0.0), (1.0, 0.0, 0.0))] == [5, 9, 9]
    assert slices_across(painted(stroke(MIDDLE, normal=(0.0, 0.0, 1.0))), (0.0, 0.0, 1.0)) == 1
    assert slices_across(empty(), (0.0, 0.0, 1.0)) == 0


@pytest.mark.parametrize("height_mm", [20.9, 21.0, 21.1])
def test_a_plane_between_two_slices_changes_one_of_them(height_mm: float) -> None:
    found = painted(stroke((15.0, 15.0, height_mm), normal=(0.0, 0.0, 1.0))).voxels
    assert found.any(axis=(1, 2)).sum() == 1


def test_a_stroke_is_as_wide_between_its_points_as_at_them() -> None:
    found = painted(stroke((6.0, 15.0, 20.0), (24.0, 15.0, 20.0), normal=(0.0, 0.0, 1.0))).voxels[10]
    assert set(found[:, 6:25].sum(axis=0).tolist()) == {9}


def test_what_is_erased_is_gone_and_the_order_counts() -> None:
    add, erase = stroke(MIDDLE), stroke(MIDDLE, does="erase")
    assert not painted(add, erase).voxels.any()
    assert np.array_equal(painted(erase, add).voxels, painted(add).voxels)


def test_the_drawn_mask_stays_and_no_stroke_gives_it_back() -> None:
    mask = painted(stroke(MIDDLE))
    before = mask.voxels.copy()
    painted(stroke(MIDDLE, does="erase", radius_mm=2.0), mask=mask)
    assert np.array_equal(mask.voxels, before)
    assert np.array_equal(painted(mask=mask).voxels, before)


def test_undo_is_the_list_without_its_last_stroke() -> None:
    first, second = stroke(MIDDLE), stroke((18.0, 15.0, 20.0), radius_mm=6.0)
    assert np.array_equal(painted(*[first, second][:-1]).voxels, painted(first).voxels)


def test_shares_of_voxels_become_all_or_nothing_under_the_brush_only() -> None:
    shares = Mask(np.full(GRID.shape_kji, 0.25, dtype=np.float32), GRID, "tumor")
    found = painted(stroke(MIDDLE), mask=shares)
    under = painted(stroke(MIDDLE)).inside
    assert found.is_probability
    assert set(found.voxels[under].tolist()) == {1.0}
    assert set(found.voxels[~under].tolist()) == {0.25}


def test_a_mask_of_a_few_slices_grows_with_what_is_added_and_not_with_what_is_erased() -> None:
    few = empty().windowed((10, 10, 10), (2, 4, 4))
    grown = painted(stroke(MIDDLE), mask=few)
    assert np.array_equal(grown.on(GRID).voxels, painted(stroke(MIDDLE)).voxels)
    assert painted(stroke(MIDDLE, does="erase"), mask=few).grid.same_as(few.grid)


def test_nothing_is_added_beyond_the_scan() -> None:
    found = painted(stroke((0.0, 0.0, 0.0)))
    assert found.grid.same_as(GRID)
    assert found.voxels[0, 0, 0]


@given(st.tuples(*[st.floats(6.0, 24.0)] * 3), st.floats(0.3, 6.0), st.integers(0, 1000))
def test_mask_and_stroke_moved_together_give_the_same_voxels(
    place: tuple[float, float, float], radius_mm: float, seed: int
) -> None:
    turn = Rotation.random(rng=seed)
    move = Transform(turn.as_matrix(), np.array([10.0, -20.0, 30.0]))
    origin = move.points([GRID.origin_lps_mm])[0]
    grid = Grid(GRID.shape_kji, GRID.spacing_kji_mm, (origin[0], origin[1], origin[2]),
                move.rotation @ GRID.direction_lps)  # fmt: skip
    one = stroke(place, (15.0, 15.0, 20.0), radius_mm=radius_mm + 1e-7)
    there = corrected(empty(grid), [one.carried(move)], within=grid)
    assert (there.voxels != painted(one).voxels).sum() <= 1  # a center within rounding of the brush's rim


def test_a_stroke_is_idle_where_it_changes_nothing_of_what_was_there_when_it_was_made() -> None:
    add, erase = stroke(MIDDLE), stroke(MIDDLE, does="erase")
    assert idle_strokes(empty(), [erase, add, add, erase, add], within=GRID) == (0, 2)
    assert idle_strokes(empty(), [], within=GRID) == ()


@pytest.mark.parametrize("points", [[], [[math.nan, 0.0, 0.0]], [[math.inf, 0.0, 0.0]], [[0.0, 0.0]], [1.0, 2.0, 3.0],
                                    [[0.0, 0.0, 0.0], [1e9, 0.0, 0.0]], np.zeros((2001, 3))])  # fmt: skip
def test_what_is_no_way_of_a_brush_is_refused(points: object) -> None:
    with pytest.raises(BadStroke):
        Stroke("add", np.array(points), 3.0)


@pytest.mark.parametrize("radius_mm", [0.0, -1.0, math.nan, math.inf, 31.0])
def test_a_brush_without_a_sensible_radius_is_refused(radius_mm: float) -> None:
    with pytest.raises(BadStroke, match="radius"):
        stroke(MIDDLE, radius_mm=radius_mm)


@pytest.mark.parametrize("normal", [(0.0, 0.0, 0.0), (math.nan, 0.0, 1.0)])
def test_a_plane_without_a_direction_is_refused(normal: tuple[float, float, float]) -> None:
    with pytest.raises(BadStroke, match="direction"):
        stroke(MIDDLE, normal=normal)


def test_a_stroke_does_one_of_two_things() -> None:
    with pytest.raises(BadStroke, match="adds nor erases"):
        stroke(MIDDLE, does="paint")


def test_a_stroke_outside_of_the_scan_is_refused_with_what_to_do() -> None:
    with pytest.raises(BadStroke, match="leaves the scan"):
        painted(stroke((15.0, 15.0, 500.0)))


def test_more_work_than_seconds_is_refused() -> None:
    fine = Grid((2000, 2000, 2000), (0.05, 0.05, 0.05))
    few = Mask(np.zeros((1, 1, 1), dtype=bool), fine.window((0, 0, 0), (1, 1, 1)), "tumor")
    with pytest.raises(BadStroke, match="in parts"):
        corrected(few, [stroke((50.0, 50.0, 50.0), radius_mm=30.0)], within=fine)
    with pytest.raises(BadStroke, match="strokes"):
        painted(*[stroke(MIDDLE)] * (MOST_STROKES + 1))
