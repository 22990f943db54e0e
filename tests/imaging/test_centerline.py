"""Centerlines of tubes whose length, diameter and forks are known."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from isotherm.imaging.centerline import centerlines
from isotherm.imaging.lumen import lumen_near
from isotherm.imaging.volume import Mask
from tests.imaging.solids import drawn, grid_around, tube

ORIGIN = (0.0, 0.0, 0.0)


def lines_of(mask):
    lumen = lumen_near(mask, ORIGIN, 60.0)
    assert lumen is not None
    return centerlines(lumen, lumen.body())[0]


@pytest.mark.parametrize("diameter_mm", [3.0, 4.0, 6.0, 10.0])
@pytest.mark.parametrize(
    ("spacing", "diameter_error_mm", "length_error_mm"),
    [((1, 1, 1), 0.25, 1.3), ((0.7, 0.7, 0.7), 0.15, 1.3), ((1.5, 0.78, 0.78), 0.2, 2.5)],
)
def test_a_tube_in_any_direction_has_its_diameter_and_length(spacing, diameter_mm, diameter_error_mm, length_error_mm):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        axis = rng.normal(size=3)
        axis *= 15 / np.linalg.norm(axis)
        grid = grid_around(spacing, 22, Rotation.random(random_state=seed), rng.uniform(-0.5, 0.5, 3))
        (line,) = lines_of(drawn(grid, tube(tuple(-axis), tuple(axis), diameter_mm / 2)))
        assert np.median(line.diameters_mm) == pytest.approx(diameter_mm, abs=diameter_error_mm)
        assert line.weights_mm.sum() == pytest.approx(30.0, abs=length_error_mm)
        away = np.linalg.norm(np.cross(line.points_lps_mm, axis / 15), axis=1)
        assert away.max() < 0.3 * diameter_mm


@pytest.mark.parametrize("diameter_mm", [4.0, 6.0])
def test_thick_slices_do_not_make_a_vessel_thin(diameter_mm):
    # The distance transform alone reads 2.9 mm for 4 mm here, which would not count as a vessel any more.
    for seed in range(6):
        axis = np.random.default_rng(seed).normal(size=3)
        axis *= 15 / np.linalg.norm(axis)
        (line,) = lines_of(drawn(grid_around((3.0, 0.8, 0.8), 22), tube(tuple(-axis), tuple(axis), diameter_mm / 2)))
        assert np.median(line.diameters_mm) == pytest.approx(diameter_mm, abs=0.35)


@pytest.mark.parametrize("width", [2, 4, 5, 6])
def test_a_straight_vessel_of_even_width_is_not_lost(width):
    voxels = np.zeros((40, 16, 16), dtype=bool)
    voxels[5:35, 4 : 4 + width, 4 : 4 + width] = True
    grid = grid_around((1, 1, 1), 30)
    placed = np.zeros(grid.shape_kji, dtype=bool)
    placed[10:50, 20:36, 20:36] = voxels
    (line,) = lines_of(Mask(placed, grid, "vessel"))
    assert line.weights_mm.sum() == pytest.approx(30.0, abs=1.5)
    assert np.median(line.diameters_mm) == pytest.approx(width * np.sqrt(4 / np.pi), abs=0.3)


def test_a_fork_makes_three_branches_that_meet_at_one_node():
    arms = [(0.0, -25.0, 0.0), (20.0, 15.0, 0.0), (-20.0, 15.0, 0.0)]
    lines = lines_of(drawn(grid_around((1, 1, 1), 32), *[tube(ORIGIN, arm, 2.5) for arm in arms]))
    assert len(lines) == 3
    nodes = [node for line in lines for node in line.nodes]
    (junction,) = {node for node in nodes if nodes.count(node) == 3}
    for line in lines:
        at_junction = line.points_lps_mm[0 if line.nodes[0] == junction else -1]
        assert np.linalg.norm(at_junction) < 3.0
        assert line.weights_mm.sum() == pytest.approx(25.0, abs=3.0)


def test_a_crossing_makes_four_branches():
    lines = lines_of(
        drawn(grid_around((1, 1, 1), 32), tube((-25, 0, 0), (25, 0, 0), 2.5), tube((0, -25, 3), (0, 25, -3), 2.5))
    )
    assert len(lines) == 4
    assert sorted(line.weights_mm.sum() for line in lines) == pytest.approx([25.0] * 4, abs=3.0)


def test_a_thin_branch_begins_at_the_wall_of_its_trunk():
    lines = lines_of(
        drawn(grid_around((1, 1, 1), 36), tube((-30, 0, 0), (30, 0, 0), 6.0), tube((0, 0, 0), (0, 26, 0), 2.0))
    )
    thin = min(lines, key=lambda line: float(np.median(line.diameters_mm)))
    assert len(lines) == 3
    assert thin.points_lps_mm[:, 1].min() > 4.0
    assert np.median(thin.diameters_mm) == pytest.approx(4.0, abs=0.5)
    assert thin.weights_mm.sum() == pytest.approx(20.0, abs=2.5)


def test_bumps_and_stubs_are_no_branches():
    lines = lines_of(
        drawn(
            grid_around((1, 1, 1), 36),
            tube((-30, 0, 0), (30, 0, 0), 4.0),
            tube((0, 0, 0), (0, 6, 0), 2.0),
            tube((12, 0, 0), (12, -6.5, 0), 1.5),
        )
    )
    assert len(lines) == 1


def test_a_ring_is_followed_all_the_way_round():
    def ring(points):
        return 2.5 - np.hypot(np.hypot(points[:, 0], points[:, 1]) - 15.0, points[:, 2])

    lines = lines_of(drawn(grid_around((1, 1, 1), 22), ring))
    assert sum(line.weights_mm.sum() for line in lines) == pytest.approx(2 * np.pi * 15, abs=12.0)


def test_separate_vessels_stay_apart_and_a_clot_of_voxels_has_a_centerline():
    block = np.zeros(grid_around((1, 1, 1), 32).shape_kji, dtype=bool)
    block[30:34, 30:34, 10:14] = True
    tubes = drawn(
        grid_around((1, 1, 1), 32), tube((-25, 10, 0), (25, 10, 0), 2.5), tube((-25, -10, 0), (25, -10, 0), 2.5)
    )
    lines = lines_of(Mask(tubes.voxels | block, tubes.grid, "vessel"))
    assert len(lines) == 3
    assert min(line.weights_mm.sum() for line in lines) == pytest.approx(4.0, abs=1.5)
    assert np.allclose([np.linalg.norm(t) for line in lines for t in line.tangents], 1.0)


def test_noise_makes_no_trouble():
    rng = np.random.default_rng(0)
    grid = grid_around((1, 1, 1), 12)
    for share in (0.05, 0.3, 0.6):
        lumen = lumen_near(Mask(rng.random(grid.shape_kji) < share, grid, "vessel"), ORIGIN, 12.0)
        lines = () if lumen is None else centerlines(lumen, lumen.body())[0]
        for line in lines:
            assert np.isfinite(line.diameters_mm).all()
            assert np.isfinite(line.points_lps_mm).all()
