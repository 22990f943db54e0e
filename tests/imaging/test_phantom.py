"""Shapes of known surface, and the masks drawn from them."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isotherm.errors import BadSetting
from isotherm.imaging.phantom import Ellipsoid, Lobulated, Shape, Sphere, rasterize
from isotherm.imaging.phantom_directions import icosphere, neighbors, real_harmonics
from isotherm.imaging.phantom_draws import draw_bumps, draw_rotation
from isotherm.imaging.volume import Grid

CENTER = (3.2, -7.1, 40.4)


def made_shapes() -> list[Shape]:
    rng = np.random.default_rng(4)
    return [
        Sphere(CENTER, 9.3),
        Ellipsoid(CENTER, (5.0, 9.0, 14.0), draw_rotation(rng)),
        Lobulated(CENTER, 9.0, draw_bumps(rng)),
    ]


def volume_mm3(shape: Shape) -> float:
    """Sum of the signed tetrahedra between the center and each triangle."""
    corners = shape.triangles().corners_lps_mm - np.array(shape.center_lps_mm)
    return float(np.linalg.det(corners).sum() / 6.0)


SHAPES = pytest.mark.parametrize("shape", made_shapes(), ids=lambda shape: type(shape).__name__)


def oblique_grid(slice_mm: float = 2.5, in_plane_mm: float = 0.8) -> Grid:
    """Return a grid of 50 mm around the shapes, turned in all three axes, flipped in one."""
    direction = draw_rotation(np.random.default_rng(1)) * [1.0, 1.0, -1.0]
    spacing = np.array([slice_mm, in_plane_mm, in_plane_mm])
    counts = np.ceil(50.0 / spacing).astype(int)
    origin = np.array(CENTER) - direction @ (0.5 * (counts - 1) * spacing + [0.3, 0.1, 0.2])
    return Grid(tuple(counts.tolist()), tuple(spacing.tolist()), tuple(origin.tolist()), direction)


def test_icosphere_is_closed_even_and_wound_outward():
    directions, faces = icosphere(3)
    assert directions.shape == (10 * 4**3 + 2, 3)
    assert faces.shape == (20 * 4**3, 3)
    assert np.linalg.norm(directions, axis=1) == pytest.approx(np.ones(642))
    assert (np.linalg.det(directions[faces]) > 0).all()
    assert np.linalg.det(directions[faces]).sum() / 6 == pytest.approx(4 / 3 * math.pi, rel=0.02)


def test_neighbors_are_the_ends_of_the_edges():
    directions, faces = icosphere(2)
    near = neighbors(2)
    assert all(set(near[a]) >= {b, c} for a, b, c in faces.tolist())
    assert np.linalg.norm(directions[near] - directions[:, None], axis=2).max() < 0.4
    assert [len(set(row)) for row in near.tolist()].count(5) == 12


def test_harmonics_are_orthogonal_with_a_root_mean_square_of_one():
    directions, _ = icosphere(4)
    polar, azimuth = np.polynomial.legendre.leggauss(20), np.arange(40) * 2 * np.pi / 40
    z = np.repeat(polar[0], 40)
    flat = np.sqrt(1 - z**2)
    grid = np.stack([flat * np.cos(np.tile(azimuth, 20)), flat * np.sin(np.tile(azimuth, 20)), z], axis=1)
    weights = np.repeat(polar[1], 40) / 80
    harmonics = real_harmonics(grid)
    assert harmonics.T @ (weights[:, None] * harmonics) == pytest.approx(np.eye(36), abs=1e-12)
    assert real_harmonics(directions)[:, 0] == pytest.approx(1.0)


def test_a_lobulated_shape_has_the_radius_its_harmonics_say():
    amplitudes = draw_bumps(np.random.default_rng(2))
    directions = icosphere(2)[0]
    said = 8.0 * (1.0 + real_harmonics(directions)[:, 1:] @ np.array(amplitudes))
    assert Lobulated(CENTER, 8.0, amplitudes).radius_mm(directions) == pytest.approx(said, abs=1e-10)


def test_volumes_are_those_of_the_formulas():
    sphere, ellipsoid, lobulated = made_shapes()
    assert volume_mm3(sphere) == pytest.approx(4 / 3 * math.pi * 9.3**3, rel=2e-4)
    assert volume_mm3(ellipsoid) == pytest.approx(4 / 3 * math.pi * 5 * 9 * 14, rel=2e-4)
    assert volume_mm3(lobulated) > 4 / 3 * math.pi * 9.0**3  # bumps of mean radius zero add volume (r cubed)


@SHAPES
def test_meshes_for_truth_have_over_eighty_thousand_facets_on_the_surface(shape: Shape):
    triangles = shape.triangles()
    assert len(triangles) == 81_920
    assert np.abs(shape.level(triangles.corners_lps_mm.reshape(-1, 3))).max() < 1e-9


@SHAPES
def test_the_center_is_inside_and_what_is_beyond_the_reach_is_outside(shape: Shape):
    center = np.array([CENTER])
    assert shape.inside(center).all()
    assert np.isfinite(shape.level(center)).all()
    assert not shape.inside(center + 1.001 * shape.reach_mm * icosphere(2)[0]).any()


@SHAPES
def test_levels_are_close_to_the_distance_near_the_surface(shape: Shape):
    directions = icosphere(3)[0]
    out = 0.4 * np.sin(np.arange(len(directions)))[:, None] * directions
    points = shape.surface_points(directions) + out
    level = shape.level(points)
    assert ((level > 0) == shape.inside(points)).all()
    true = shape.triangles().distance_mm(points) * np.where(shape.inside(points), 1.0, -1.0)
    assert level == pytest.approx(true, abs=0.1)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_a_turned_ellipsoid_holds_the_turned_points(number: int):
    rng = np.random.default_rng(number)
    turn, points = draw_rotation(rng), rng.normal(scale=8.0, size=(50, 3))
    straight = Ellipsoid((0.0, 0.0, 0.0), (5.0, 8.0, 12.0))
    turned = Ellipsoid((0.0, 0.0, 0.0), (5.0, 8.0, 12.0), turn)
    assert turned.level(points @ turn.T) == pytest.approx(straight.level(points), abs=1e-9)


@SHAPES
def test_a_voxel_belongs_to_the_shape_if_its_center_does(shape: Shape):
    grid = oblique_grid()
    mask = rasterize(shape, grid, of="tumor")
    assert mask.voxels.dtype == np.bool_
    assert (mask.voxels.ravel() == shape.inside(grid.to_lps(np.argwhere(np.ones(grid.shape_kji))))).all()


@SHAPES
def test_partial_volume_is_the_share_of_sub_voxels_everywhere(shape: Shape):
    grid = oblique_grid(slice_mm=5.0)
    mask = rasterize(shape, grid, of="tumor", supersample=3)
    at = np.argwhere(np.ones(grid.shape_kji))
    steps = [-1 / 3, 0.0, 1 / 3]
    counts = sum(shape.inside(grid.to_lps(at + np.array(o))).astype(int) for o in itertools.product(steps, repeat=3))
    assert mask.is_probability
    assert mask.voxels.ravel() == pytest.approx(counts / 27, abs=1e-6)


@SHAPES
def test_partial_volume_adds_up_to_the_volume(shape: Shape):
    mask = rasterize(shape, oblique_grid(), of="tumor", supersample=4)
    assert mask.volume_ml * 1000 == pytest.approx(volume_mm3(shape), rel=0.002)


def test_a_shape_beyond_the_grid_draws_nothing_and_one_across_its_face_is_cut():
    grid = Grid((20, 20, 20), (1.0, 1.0, 1.0))
    assert not rasterize(Sphere((500.0, 0.0, 0.0), 5.0), grid, of="tumor").voxels.any()
    assert not rasterize(Sphere((-500.0, 0.0, 0.0), 5.0), grid, of="tumor", supersample=2).voxels.any()
    half = rasterize(Sphere((-0.5, 9.5, 9.5), 6.0), grid, of="tumor", supersample=4)
    assert half.volume_ml * 1000 == pytest.approx(2 / 3 * math.pi * 6**3, rel=0.01)


def test_shapes_that_cannot_be_are_refused():
    with pytest.raises(BadSetting, match="size"):
        Sphere(CENTER, 0.0)
    with pytest.raises(BadSetting, match="size"):
        Ellipsoid(CENTER, (5.0, math.nan, 5.0))
    with pytest.raises(BadSetting, match="center"):
        Sphere((math.inf, 0.0, 0.0), 3.0)
    with pytest.raises(BadSetting, match="right angles"):
        Ellipsoid(CENTER, (5.0, 6.0, 7.0), np.ones((3, 3)))
    with pytest.raises(BadSetting, match="amplitudes"):
        Lobulated(CENTER, 5.0, (0.1, 0.1))
    with pytest.raises(BadSetting, match="in two"):
        Lobulated(CENTER, 5.0, (0.9, 0.9, 0.9))
    with pytest.raises(BadSetting, match="sub-voxels"):
        rasterize(Sphere(CENTER, 5.0), oblique_grid(), of="tumor", supersample=0)
    with pytest.raises(BadSetting, match="detail"):
        icosphere(9)
