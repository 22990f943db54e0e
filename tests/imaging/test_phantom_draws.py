"""Random phantoms: what is drawn, and that it can be drawn again."""

import numpy as np
import pytest

from isotherm.imaging.phantom import Ellipsoid, Sphere, rasterize
from isotherm.imaging.phantom_draws import (
    MARGIN_MM,
    PAD_MM,
    TUMOR_MM,
    draw_ellipsoid_pair,
    draw_grid,
    draw_lobulated_pair,
    draw_rotation,
    draw_sphere_pair,
)
from isotherm.imaging.phantom_truth import true_margin

DRAWS = pytest.mark.parametrize("draw", [draw_sphere_pair, draw_ellipsoid_pair, draw_lobulated_pair])


@DRAWS
def test_the_same_generator_draws_the_same_pair(draw):
    one, other = draw(np.random.default_rng(8)), draw(np.random.default_rng(8))
    assert [repr(shape) for shape in one] == [repr(shape) for shape in other]


@DRAWS
def test_margins_lie_in_the_range_aimed_at(draw):
    rng = np.random.default_rng(12)
    margins = [true_margin(*draw(rng)).minimal_mm for _ in range(6)]
    assert min(margins) > MARGIN_MM[0] - 1.0
    assert max(margins) < MARGIN_MM[1] + 1.0
    assert np.ptp(margins) > 2.0


def test_tumors_have_semi_axes_of_5_to_15_mm():
    rng = np.random.default_rng(3)
    tumors = [draw_ellipsoid_pair(rng)[0] for _ in range(40)]
    axes = np.array([tumor.semi_axes_mm for tumor in tumors if isinstance(tumor, Ellipsoid)])
    assert len(axes) == 40
    assert axes.min() >= TUMOR_MM[0]
    assert axes.max() <= TUMOR_MM[1]
    assert axes.std() > 2.0


def test_rotations_are_rotations_and_favor_no_direction():
    rng = np.random.default_rng(0)
    turns = np.array([draw_rotation(rng) for _ in range(2000)])
    assert turns @ turns.transpose(0, 2, 1) == pytest.approx(np.tile(np.eye(3), (2000, 1, 1)), abs=1e-12)
    assert np.linalg.det(turns) == pytest.approx(1.0)
    assert np.abs(turns.mean(axis=0)).max() < 0.06


@pytest.mark.parametrize("oblique", [True, False])
@pytest.mark.parametrize(("slice_mm", "in_plane_mm"), [(1.0, 0.7), (5.0, 0.8)])
def test_grids_hold_the_shapes_with_room_to_spare(oblique: bool, slice_mm: float, in_plane_mm: float):
    rng = np.random.default_rng(6)
    for _ in range(20):
        pair = draw_lobulated_pair(rng)
        grid = draw_grid(rng, slice_mm, in_plane_mm, cover=pair, oblique=oblique)
        assert grid.spacing_kji_mm == (slice_mm, in_plane_mm, in_plane_mm)
        for shape in pair:
            room = (shape.reach_mm + PAD_MM) / np.array(grid.spacing_kji_mm)
            at = grid.to_kji([shape.center_lps_mm])[0]
            assert (at - room >= -1e-9).all()
            assert (at + room <= np.array(grid.shape_kji) - 1 + 1e-9).all()


def test_upright_grids_are_cranial_posterior_left_and_oblique_ones_are_not():
    cover = (Sphere((0.0, 0.0, 0.0), 8.0),)
    rng = np.random.default_rng(1)
    assert (draw_grid(rng, 1.0, 0.7, cover=cover, oblique=False).direction_lps == np.eye(3)[::-1]).all()
    assert np.abs(draw_grid(rng, 1.0, 0.7, cover=cover).direction_lps).max() < 0.999


def test_grids_begin_at_a_random_part_of_a_voxel():
    sphere = Sphere((0.0, 0.0, 0.0), 8.0)
    rng = np.random.default_rng(2)
    volumes = {
        rasterize(sphere, draw_grid(rng, 5.0, 0.8, cover=(sphere,), oblique=False), of="tumor").volume_ml
        for _ in range(10)
    }
    assert len(volumes) > 5
