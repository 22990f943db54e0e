"""Chains of maps become one transform that carries points as the parts do, and every transform has a way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from isotherm.errors import BadGeometry, NotConverged
from isotherm.imaging.geometry import Float
from isotherm.imaging.transform import Displacement, Transform
from isotherm.imaging.transform_chain import Linear, inverted, joined
from isotherm.imaging.volume import Grid

GRID = Grid((9, 10, 11), (5.0, 4.0, 3.0), (-15.0, -18.0, -20.0))
COARSE = Grid((50, 50, 50), (1.2, 1.2, 1.2), (-30.0, -30.0, -30.0))
TURN = Rotation.from_euler("xyz", [12.0, -7.0, 25.0], degrees=True).as_matrix()
RIGID = Linear(TURN, np.array([5.0, -3.0, 8.0]))
STRETCH = Linear(TURN @ np.diag([1.1, 0.95, 1.02]), np.array([1.0, 2.0, 3.0]))


def inside(grid: Grid = GRID) -> Float:
    return grid.to_lps(np.random.default_rng(1).uniform(size=(200, 3)) * (np.array(grid.shape_kji) - 1))


def field(height_mm: float = 2.0, grid: Grid = GRID) -> Displacement:
    return Displacement(np.random.default_rng(0).normal(scale=height_mm, size=(*grid.shape_kji, 3)), grid)


def smooth(grid: Grid, length_mm: float = 15.0) -> Displacement:
    return Displacement(2.0 * np.sin(grid.centers_lps_mm() / length_mm).reshape(*grid.shape_kji, 3), grid)


def one_by_one(parts: list[Linear | Displacement], points: Float) -> Float:
    for part in parts:
        points = part.points(points) if isinstance(part, Linear) else points + part.at(points)
    return points


def test_nothing_at_all_leaves_points_where_they_are() -> None:
    assert joined([]).points(inside()) == pytest.approx(inside())


def test_rigid_parts_stay_rigid_and_a_field_alone_stays_as_it_is() -> None:
    assert joined([RIGID, RIGID, RIGID.inverse()]).is_rigid
    alone = field()
    assert joined([alone]).displacement is alone


@pytest.mark.parametrize(
    "parts",
    [[RIGID, RIGID], [STRETCH], [field(), RIGID], [field(), STRETCH], [RIGID.inverse(), field(), STRETCH],
     [STRETCH, RIGID]],
)  # fmt: skip
def test_a_chain_carries_points_as_its_parts_do(parts: list[Linear | Displacement]) -> None:
    way = joined(parts)
    first = parts[0]
    points = first.inverse().points(inside()) if isinstance(first, Linear) and len(parts) == 3 else inside()

    assert np.abs(way.points(points) - one_by_one(parts, points)).max() < 1e-3


def test_a_chain_may_be_put_on_a_grid_that_is_given() -> None:
    way = joined([STRETCH], grid=GRID)
    assert way.displacement is not None
    assert way.displacement.grid is GRID


def test_two_smooth_fields_are_joined_within_a_twentieth_of_a_millimeter() -> None:
    fine = Grid((41, 41, 41), (1.0, 1.0, 1.0), (-20.0, -20.0, -20.0))
    parts: list[Linear | Displacement] = [
        smooth(fine),
        RIGID,
        smooth(COARSE, 40.0),
    ]
    points = np.random.default_rng(2).uniform(-15, 15, (200, 3))

    assert np.abs(joined(parts).points(points) - one_by_one(parts, points)).max() < 0.05


def test_a_field_behind_a_stretch_is_sampled_anew_or_refused_where_it_is_too_rough() -> None:
    fine = Grid((41, 41, 41), (1.0, 1.0, 1.0), (-20.0, -20.0, -20.0))
    points = np.random.default_rng(2).uniform(-10, 10, (200, 3))
    parts: list[Linear | Displacement] = [STRETCH, smooth(fine)]

    assert np.abs(joined(parts).points(points) - one_by_one(parts, points)).max() < 0.05
    with pytest.raises(BadGeometry, match="export it as one displacement field"):
        joined([STRETCH, field()])


def test_a_chain_whose_grids_lie_miles_apart_is_refused() -> None:
    far = Grid((5, 5, 5), (0.5, 0.5, 0.5), (9000.0, 0.0, 0.0))
    near = Grid((5, 5, 5), (0.5, 0.5, 0.5), (0.0, 9000.0, 9000.0))
    with pytest.raises(BadGeometry, match="fit in memory"):
        joined([smooth(far), smooth(near)])


@settings(max_examples=30)
@given(
    turn=st.tuples(*[st.floats(-3, 3)] * 3), shift=st.tuples(*[st.floats(-500, 500)] * 3),
    stretch=st.tuples(*[st.floats(0.5, 2.0)] * 3), askew=st.tuples(*[st.floats(-3, 3)] * 3),
)  # fmt: skip
def test_any_affine_map_is_kept_and_undone(turn: Float, shift: Float, stretch: Float, askew: Float) -> None:
    axes = Rotation.from_rotvec(askew).as_matrix()
    matrix = Rotation.from_rotvec(turn).as_matrix() @ axes @ np.diag(stretch) @ axes.T
    way = Linear(matrix, np.array(shift))

    assert np.abs(joined([way], grid=GRID).points(inside()) - way.points(inside())).max() < 1e-3
    assert np.abs(way.inverse().points(way.points(inside())) - inside()).max() < 1e-9


@pytest.mark.parametrize(
    ("matrix", "match"),
    [(np.diag([1.0, 1.0, 0.0]), "flattens"), (np.diag([1.0, 1.0, 1e-3]), "flattens"), (np.eye(3) * 1000, "unit"),
     (np.diag([1.0, 1.0, -1.0]), "mirrors"), (np.full((3, 3), np.nan), "not numbers"), (np.eye(2), "not numbers")],
)  # fmt: skip
def test_a_matrix_that_carries_no_scan_onto_another_is_refused(matrix: Float, match: str) -> None:
    with pytest.raises(BadGeometry, match=match):
        Linear(matrix, np.zeros(3))


def test_the_way_back_of_a_deformation_is_followed_node_by_node() -> None:
    fine = Grid((41, 41, 41), (1.0, 1.0, 1.0), (-20.0, -20.0, -20.0))
    way = Transform(TURN, np.array([5.0, -3.0, 8.0]), smooth(fine), error_mm=0.8)
    back = inverted(way)
    points = np.random.default_rng(2).uniform(-15, 15, (200, 3))

    assert np.abs(back.points(way.points(points)) - points).max() < 0.02
    assert back.error_mm == 0.8
    assert inverted(Transform(TURN, np.ones(3))).is_rigid


def test_the_way_back_of_a_deformation_that_folds_is_refused() -> None:
    with pytest.raises(NotConverged, match="too steep"):
        inverted(Transform(displacement=field(20.0)))
