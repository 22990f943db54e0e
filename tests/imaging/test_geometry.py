"""Distances to triangles agree with brute force, and directions have the right words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from isotherm.imaging.geometry import Triangles, closest_on_triangles, direction_words
from isotherm.imaging.phantom import Sphere, rasterize
from isotherm.imaging.phantom_directions import icosphere
from isotherm.imaging.surface import Region, field_of
from isotherm.imaging.volume import Grid


def test_the_closest_place_is_on_a_face_an_edge_or_a_corner() -> None:
    triangle = np.array([[0.0, 0.0, 0.0], [4.0, 0.0, 0.0], [0.0, 4.0, 0.0]])
    points = np.array([[1.0, 1.0, 3.0], [2.0, -2.0, 0.0], [-1.0, -1.0, 0.0], [5.0, 5.0, 1.0]])
    expected = [[1.0, 1.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0], [2.0, 2.0, 0.0]]
    assert closest_on_triangles(points, np.broadcast_to(triangle, (4, 3, 3))) == pytest.approx(np.array(expected))


def test_a_triangle_without_area_is_a_line() -> None:
    needle = np.array([[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [4.0, 0.0, 0.0]])
    assert closest_on_triangles(np.array([3.0, 1.0, 0.0]), needle) == pytest.approx(np.array([3.0, 0.0, 0.0]))
    # Rounding leaves one coordinate infinite and the other minus infinite: no warning may come of it.
    point, end = np.array([3.7, -2.8, -2.0]), np.array([0.8, 0.9, 0.2])
    assert closest_on_triangles(point, np.array([np.zeros(3), end, 3 * end])) == pytest.approx(
        end * (point @ end) / (end @ end)
    )


@given(seed=st.integers(0, 10_000))
@example(seed=6525)  # a point 4.998 mm away, whose triangle's center is 5.014 mm away
def test_distances_to_a_closed_surface_agree_with_trying_every_triangle(seed: int) -> None:
    rng = np.random.default_rng(seed)
    grid = Grid((24, 24, 24), (1.0, 0.8, 0.8))
    mask = rasterize(Sphere((9.0, 9.5, 12.0), 6.0), grid, of="ablation")
    triangles = Triangles(Region.of_field(field_of(mask)).boundary)
    points = rng.uniform(-5.0, 28.0, (20, 3))
    spots = closest_on_triangles(points[:, None], triangles.corners_lps_mm[None])
    truth = np.linalg.norm(spots - points[:, None], axis=2).min(axis=1)
    found = triangles.distance_mm(points)
    decisive = truth <= max(5.0, truth.min() + 1.0)
    assert found[decisive] == pytest.approx(truth[decisive], abs=0.01)
    assert found == pytest.approx(truth, abs=0.03)
    assert triangles.nearest(points)[0] == pytest.approx(truth, abs=0.01)


def test_nothing_is_infinitely_far_away() -> None:
    distances, places = Triangles(np.zeros((0, 3, 3))).nearest(np.zeros((2, 3)))
    assert np.isinf(distances).all()
    assert np.isnan(places).all()


@pytest.mark.parametrize(
    ("vector", "words"),
    [((0.2, 1.0, 2.0), "cranial-posterior"), ((-3.0, 0.0, 0.0), "right"), ((1.0, -1.0, 0.1), "anterior-left"),
     ((0.0, 0.0, -1.0), "caudal"), ((0.0, 0.0, 0.0), "center")],
)  # fmt: skip
def test_directions_are_named_as_in_the_body(vector: tuple[float, ...], words: str) -> None:
    assert direction_words(vector) == words


@given(seed=st.integers(0, 10_000))
def test_grids_carry_points_to_the_patient_and_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    spacing, origin = rng.uniform(0.3, 6.0, 3), rng.uniform(-500.0, 500.0, 3)
    grid = Grid((5, 6, 7), (spacing[0], spacing[1], spacing[2]), (origin[0], origin[1], origin[2]),
                Rotation.random(rng=rng).as_matrix())  # fmt: skip
    kji = rng.uniform(-10.0, 10.0, (9, 3))
    assert grid.to_kji(grid.to_lps(kji)) == pytest.approx(kji, abs=1e-9)
    again = Grid.from_affine(grid.shape_kji, grid.kji_to_lps)
    assert again.same_as(grid)
    fine = grid.refined((3, 1, 2))
    assert fine.to_lps(kji * [3, 1, 2]) == pytest.approx(grid.to_lps(kji), abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_distances_equal_those_to_every_triangle_where_they_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    directions, faces = icosphere(4)
    # Two lobes beside each other, and a plate that is a part of no closed surface.
    lobes = [(20.0 * directions)[faces], (12.0 * directions + (26.0, 0.0, 0.0))[faces]]
    plate = np.array([[[-30.0, -30.0, 22.0], [30.0, -30.0, 22.0], [0.0, 40.0, 22.0]]])
    surface = Triangles(np.concatenate([*lobes, plate]))
    points = rng.uniform(-40.0, 40.0, (600, 3))
    true = np.array([
        np.linalg.norm(closest_on_triangles(point, surface.corners_lps_mm) - point, axis=1).min() for point in points
    ])  # fmt: skip
    found = surface.distance_mm(points)
    assert (found >= true - 1e-9).all()
    small = np.linalg.norm(points[:, 2:] - 22.0, axis=1) > true + 1.0  # the plate's triangle is far larger than 1 mm
    assert (found - true)[small & (true < 5.0)].max() < 0.02
    assert (found - true)[small].max() < 0.3
    assert np.median((found - true)[small]) < 0.02
