"""Vessels as a field near the lesion, and the zone of the lumen-neutral margin."""

import numpy as np
import pytest
from scipy.ndimage import label
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation
from skimage.measure import marching_cubes

from isotherm.imaging.lumen import lumen_near, lumen_neutral_zone, lumen_tolerance_mm
from isotherm.imaging.phantom_directions import icosphere
from isotherm.imaging.proximity import Body, as_point
from isotherm.imaging.volume import Grid, Mask
from tests.imaging.solids import drawn, grid_around, tube, voxel_centers

TURNED = Rotation.from_euler("xyz", [20, -35, 50], degrees=True)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.5, 0.8, 0.8), (3.0, 3.0, 3.0)])
def test_the_wall_of_a_slanting_vessel_lies_where_it_was_drawn(spacing):
    axis = np.array([0.5, 0.7, 0.51])
    lumen = lumen_near(
        drawn(grid_around(spacing, 30, TURNED), tube(tuple(-40 * axis), tuple(40 * axis), 4.0)), (0, 0, 0), 15
    )
    assert lumen is not None
    along = lumen.body().points_lps_mm @ axis / np.linalg.norm(axis)
    points = lumen.body().points_lps_mm[np.abs(along) < 12]
    radii = np.linalg.norm(np.cross(points, axis / np.linalg.norm(axis)), axis=1)
    assert radii.mean() == pytest.approx(4.0, abs=0.12 * max(spacing) + 0.05)
    assert lumen.at(np.array([[0.0, 0, 0], [0, 0, 14.0], [500.0, 0, 0]])).tolist()[0] > 0
    assert (lumen.at(np.array([[10.0, -10, 0], [500.0, 0, 0]])) < 0).all()


def test_vessels_are_cut_at_the_ball_and_at_the_end_of_their_grid():
    mask = drawn(grid_around((1, 1, 1), 30), tube((-40, 0, 0), (40, 0, 0), 3.0))
    lumen = lumen_near(mask, (10.0, 0, 0), 12.0)
    assert lumen is not None
    ends = lumen.body().points_lps_mm[:, 0]
    assert (ends.min(), ends.max()) == pytest.approx((-2.0, 22.0), abs=0.5)
    edge = lumen_near(mask, (28.0, 0, 0), 12.0)
    assert edge is not None
    assert edge.body().points_lps_mm[:, 0].max() == pytest.approx(30.5, abs=0.5)


def test_where_no_vessel_is_there_is_no_lumen():
    grid = grid_around((1, 1, 1), 20)
    nothing = Mask(np.zeros(grid.shape_kji, dtype=bool), grid, "vessel")
    speck = np.zeros(grid.shape_kji, dtype=bool)
    speck[20, 20, 20] = True
    tubes = drawn(grid, tube((-10, 0, 0), (10, 0, 0), 3.0))
    assert lumen_near(nothing, (0, 0, 0), 20) is None
    assert lumen_near(Mask(speck, grid, "vessel"), (0, 0, 0), 20) is None
    assert lumen_near(tubes, (500, 0, 0), 20) is None
    assert lumen_near(tubes, (0, 14.0, 0), 5) is None
    assert lumen_near(tubes, (0, 0, 19.0), 17.0) is not None
    assert lumen_near(tubes, (0, 10.2, 10.2), 11.4) is None  # the ball's box meets the vessel, the ball does not


def test_a_probability_map_keeps_its_partial_volume_and_loses_its_background():
    grid = grid_around((2.0, 2.0, 2.0), 24)
    k, j, i = grid.shape_kji
    finer = Grid((4 * k, 4 * j, 4 * i), (0.5, 0.5, 0.5), as_point(grid.to_lps([[-0.375] * 3])[0]))
    fine = drawn(finer, tube((-30, 0.4, 0.3), (30, 0.4, 0.3), 2.5))
    share = fine.voxels.reshape(k, 4, j, 4, i, 4).mean(axis=(1, 3, 5)).astype(np.float32)
    lumen = lumen_near(Mask(np.maximum(share, 0.2).astype(np.float32), grid, "vessel"), (0, 0, 0), 15)
    assert lumen is not None
    points = lumen.body().points_lps_mm
    middle = points[np.abs(points[:, 0]) < 10]
    assert np.linalg.norm(middle[:, 1:] - [0.4, 0.3], axis=1).mean() == pytest.approx(2.5, abs=0.2)
    assert lumen.share.max() <= 1.0
    assert (lumen.share > 0).mean() < 0.5


def test_a_cavity_in_a_vessel_is_filled():
    grid = grid_around((1, 1, 1), 20)
    voxels = drawn(grid, tube((-15, 0, 0), (15, 0, 0), 4.0)).voxels.copy()
    voxels[19:22, 19:22, 19:22] = False
    lumen = lumen_near(Mask(voxels, grid, "vessel"), (0, 0, 0), 20)
    assert lumen is not None
    assert lumen.at(np.array([[0.0, 0, 0]]))[0] > 0


def test_a_thin_vessel_that_interpolation_would_tear_is_taken_as_drawn():
    # Slices whose pieces touch at one corner only: halfway between thick slices, nothing would be left of them.
    grid = Grid((8, 24, 24), (6.0, 1.0, 1.0), (-12.0, -12.0, -20.0))
    voxels = np.zeros(grid.shape_kji, dtype=bool)
    for k in range(2, 6):
        voxels[k, 2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = True
    lumen = lumen_near(Mask(voxels, grid, "vessel"), (0, 0, 0), 40)
    assert lumen is not None
    assert label(lumen.inside, np.ones((3, 3, 3)))[1] == 1
    assert (lumen.at(grid.to_lps(np.argwhere(voxels))) > 0).all()


def test_a_vessel_of_which_a_part_would_be_lost_is_taken_as_drawn():
    # A thick vessel goes on as one of a single voxel, which smoothing alone would remove.
    grid = Grid((20, 20, 60), (2.5, 1.0, 1.0), (-30.0, -10.0, -25.0))
    voxels = np.zeros(grid.shape_kji, dtype=bool)
    voxels[8:11, 8:13, 5:20] = True
    voxels[9, 10, 20:50] = True
    lumen = lumen_near(Mask(voxels, grid, "vessel"), (0, 0, 0), 60)
    assert lumen is not None
    assert (lumen.at(grid.to_lps([[9, 10, 25], [9, 10, 35], [9, 10, 49]])) > 0).all()


@pytest.mark.parametrize(("vessel", "zone", "expected"), [(0.8, 0.8, 0.8), (0.7, 0.9, 0.8), (1.0, 5.0, 1.0)])
def test_the_tolerance_is_half_a_slice_of_each_and_at_most_one_millimeter(vessel, zone, expected):
    grids = (Grid((4, 4, 4), (vessel, 0.7, 0.7)), Grid((4, 4, 4), (zone, 0.7, 0.7)))
    assert lumen_tolerance_mm(*grids) == pytest.approx(expected)


TUMOR_MM, ZONE_MM, VESSEL_MM = 8.0, 16.0, 2.5
VESSEL = tube((6, 0, 0), (34, 0, 0), VESSEL_MM)


def margins_mm(gap_radius_mm, spacing=(0.8, 0.8, 0.8), turn=None):
    """Plain and lumen-neutral distance from a tumor of 8 mm to untreated voxels, in a zone of 16 mm with a gap."""
    grid = grid_around(spacing, 20, turn)
    points = voxel_centers(grid)
    gap = tube((6, 0, 0), (60, 0, 0), gap_radius_mm)

    def field(places):
        return np.minimum(ZONE_MM - np.linalg.norm(places, axis=1), -gap(places))

    zone = Mask((field(points) >= 0).reshape(grid.shape_kji), grid, "ablation")
    corners, faces, _, _ = marching_cubes(field(points).reshape(grid.shape_kji).astype(np.float32), 0.0)
    body = Body(grid.to_lps(corners), faces, field)
    vessels = [drawn(grid_around((0.7, 0.7, 0.7), 30, TURNED), VESSEL)]
    neutral = lumen_neutral_zone(zone, body, vessels, near_lps_mm=(0, 0, 0), radius_mm=34.0)
    tumor = TUMOR_MM * icosphere(4)[0]
    return [float(np.min(cKDTree(untreated(mask)).query(tumor)[0])) for mask in (zone, neutral)]


def untreated(mask):
    return mask.grid.to_lps(np.argwhere(~mask.inside))


@pytest.mark.parametrize("turn", [None, TURNED])
@pytest.mark.parametrize("gap_radius_mm", [2.5, 2.8])
def test_a_patent_lumen_left_out_of_the_zone_does_not_end_the_lumen_neutral_margin(gap_radius_mm, turn):
    plain, neutral = margins_mm(gap_radius_mm, turn=turn)
    assert plain < 0.8
    assert neutral == pytest.approx(8.0, abs=0.4)


def test_a_sleeve_of_untreated_tissue_along_the_vessel_ends_the_lumen_neutral_margin():
    assert margins_mm(4.5)[1] < 1.0


def test_without_a_gap_the_lumen_in_the_zone_changes_nothing():
    plain, neutral = margins_mm(-20.0)
    assert neutral == pytest.approx(plain, abs=0.4)


def half_space(grid):
    """A zone that ends on the plane x = 0."""
    points = voxel_centers(grid)
    square = np.array([[0.0, -99, -99], [0, 99, -99], [0, 99, 99], [0, -99, 99]])
    body = Body(square, np.array([[0, 1, 2], [0, 2, 3]]), lambda places: -places[:, 0])
    return Mask((points[:, 0] <= 0).reshape(grid.shape_kji), grid, "ablation"), body


def test_tissue_behind_a_vessel_begins_at_its_far_wall():
    grid = grid_around((1, 1, 1), 15)
    zone, body = half_space(grid)
    vessel = drawn(grid_around((0.7, 0.7, 0.7), 20), tube((0, 0, -30), (0, 0, 30), 3.0))
    neutral = lumen_neutral_zone(zone, body, [vessel], near_lps_mm=(0, 0, 0), radius_mm=25.0)
    nearest = untreated(neutral)
    nearest = nearest[nearest[:, 0] > -10.0]  # beyond its grid, a mask is background
    row = nearest[(np.abs(nearest[:, 1]) < 0.1) & (np.abs(nearest[:, 2]) < 0.1)]
    assert row[:, 0].min() == pytest.approx(3.5, abs=0.6)
    beside = nearest[(np.abs(nearest[:, 1] - 6) < 0.1) & (np.abs(nearest[:, 2]) < 0.1)]
    assert beside[:, 0].min() == pytest.approx(1.0)


def test_a_probability_map_of_the_zone_stays_one():
    grid = grid_around((1, 1, 1), 15)
    zone, body = half_space(grid)
    soft = Mask(zone.voxels.astype(np.float32) * np.float32(0.8), grid, "ablation")
    vessel = drawn(grid_around((0.7, 0.7, 0.7), 20), tube((0, 0, -30), (0, 0, 30), 3.0))
    neutral = lumen_neutral_zone(soft, body, [vessel], near_lps_mm=(0, 0, 0), radius_mm=25.0)
    assert neutral.is_probability
    assert sorted(np.unique(neutral.voxels).tolist()) == pytest.approx([0.0, 0.8, 1.0])


def test_without_vessels_or_without_a_zone_nothing_is_neutral():
    grid = grid_around((1, 1, 1), 15)
    zone, body = half_space(grid)
    empty = Mask(np.zeros(grid.shape_kji, dtype=bool), grid, "ablation")
    far = drawn(grid, tube((0, 0, -30), (0, 0, 30), 3.0))
    ball = {"near_lps_mm": (500.0, 0.0, 0.0), "radius_mm": 25.0}
    assert lumen_neutral_zone(empty, body, [far], **ball) is empty
    assert lumen_neutral_zone(zone, body, [far], **ball).volume_ml == pytest.approx(zone.volume_ml)
    assert lumen_neutral_zone(zone, body, [], **ball).volume_ml == pytest.approx(zone.volume_ml)
