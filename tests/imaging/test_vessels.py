"""Vessels at a tumor of 8 mm radius in a zone of 16 mm: contact, course, bridging."""

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from isotherm.imaging.course import wide_runs
from isotherm.imaging.vessels import measure_vessels
from isotherm.imaging.volume import Grid, Mask
from tests.imaging.solids import ball, ball_field, drawn, grid_around, tube, voxel_centers

ORIGIN = (0.0, 0.0, 0.0)
TUMOR = ball(ORIGIN, 8.0)
ZONE = ball_field(ORIGIN, 16.0)
TURNED = Rotation.from_euler("xyz", [20, -35, 50], degrees=True)

GRIDS = {
    "1 mm": grid_around((1, 1, 1), 34, shift=(0.3, 0.2, 0.1)),
    "1 mm, oblique": grid_around((1, 1, 1), 34, TURNED),
    "1.5 x 0.8 mm, oblique": grid_around((1.5, 0.8, 0.8), 34, TURNED, (0.2, -0.3, 0.1)),
    "3 x 0.8 mm": grid_around((3.0, 0.8, 0.8), 34, shift=(0.3, 0.2, 0.1)),
    "3 mm": grid_around((3.0, 3.0, 3.0), 34, TURNED),
}
FINE = GRIDS["1 mm"]


def measured(vessels, *, zone=ZONE, organ=None, untreated=None, tumor=TUMOR, near=ORIGIN, radius_mm=32.0):
    named = vessels if isinstance(vessels, dict) else {"vessel": vessels}
    return measure_vessels(named, tumor=tumor, ablation=zone, organ=organ, near_lps_mm=near, radius_mm=radius_mm,
                           untreated_lps_mm=untreated)  # fmt: skip


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_a_vessel_from_the_tumor_through_the_zone_into_the_organ_bridges(grid):
    (branch,) = measured(drawn(grid, tube((8, 0, 0), (30, 0, 0), 2.5)))
    assert branch.name == "vessel 1"
    assert branch.diameter_mm == pytest.approx(5.0, abs=0.4 * max(grid.spacing_kji_mm))
    assert branch.touches
    assert branch.distance_mm <= 1.0
    assert branch.bridging
    (leaves,) = branch.bridging_points_lps_mm
    assert leaves == pytest.approx((16.0, 0.0, 0.0), abs=1.3)
    assert branch.length_inside_ablation_mm == pytest.approx(8.0, abs=1.5)


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_a_vessel_through_the_tumor_leaves_the_zone_twice(grid):
    (branch,) = measured(drawn(grid, tube((-28, 0, 0), (28, 0, 0), 2.2)))
    assert branch.distance_mm == 0.0
    assert branch.bridging
    assert branch.length_mm == pytest.approx(56.0, abs=5.0)
    assert branch.length_inside_ablation_mm == pytest.approx(32.0, abs=1.5)
    for x, (place, crossing) in zip(
        (-16, 16), zip(sorted(branch.bridging_points_lps_mm), sorted(branch.crossings_lps_mm), strict=True), strict=True
    ):
        assert place == crossing
        assert place == pytest.approx((x, 0, 0), abs=1.3)


@pytest.mark.parametrize("name", ["1 mm", "1 mm, oblique", "1.5 x 0.8 mm, oblique", "3 x 0.8 mm"])
def test_a_vessel_that_passes_the_zone_beside_the_tumor_does_not_bridge(name):
    branches = measured(drawn(GRIDS[name], tube((12, -28, 0), (12, 28, 0), 2.0)))
    assert not any(branch.bridging or branch.touches or branch.contact_area_mm2 for branch in branches)
    nearest = branches[0]
    assert nearest.distance_mm == pytest.approx(2.0, abs=0.7)
    inside = sum(branch.length_inside_ablation_mm for branch in branches)
    assert inside == pytest.approx(2 * math.sqrt(16**2 - 12**2), abs=2.5)


def test_a_vessel_that_only_grazes_the_tumor_bridges_all_the_same():
    (branch,) = measured(drawn(FINE, tube((10.6, -28, 0), (10.6, 28, 0), 2.0)))
    assert branch.distance_mm == pytest.approx(0.6, abs=0.5)
    assert branch.touches
    assert branch.bridging
    assert len(branch.bridging_points_lps_mm) == 2


def test_a_vessel_that_touches_the_tumor_and_ends_in_the_zone_does_not_bridge():
    (branch,) = measured(drawn(FINE, tube((8, 0, 0), (14, 0, 0), 2.0)))
    assert branch.touches
    assert not branch.bridging
    assert branch.bridging_points_lps_mm == ()
    assert branch.crossings_lps_mm == ()


def test_a_vessel_outside_of_the_zone_has_no_course_in_it():
    (branch,) = measured(drawn(FINE, tube((22, -20, 0), (22, 20, 0), 2.0)))
    assert branch.length_inside_ablation_mm == 0.0
    assert branch.distance_mm == pytest.approx(12.0, abs=0.6)
    assert not branch.bridging


@pytest.mark.parametrize("name", ["1 mm", "1 mm, oblique", "1.5 x 0.8 mm, oblique"])
def test_two_millimeters_do_not_count_and_four_do(name):
    assert measured(drawn(GRIDS[name], tube((8, 0, 0), (30, 0, 0), 1.0))) == ()
    assert measured(drawn(GRIDS[name], tube((8, 0, 0), (30, 0, 0), 2.0)))[0].bridging


def test_of_a_vessel_that_tapers_only_the_wide_part_counts():
    def taper(points):  # 6 mm wide at x = 30, 1.6 mm at the tumor
        return 0.8 + 2.2 * (points[:, 0] - 8) / 22 - np.hypot(points[:, 1], points[:, 2])

    (branch,) = measured(drawn(FINE, lambda p: np.minimum(taper(p), np.minimum(p[:, 0] - 8, 30 - p[:, 0]))))
    assert branch.length_mm == pytest.approx(15.0, abs=2.0)  # 3 mm are reached 7 mm from the tumor
    assert branch.distance_mm == pytest.approx(7.0, abs=1.5)
    assert not branch.bridging


def test_the_contact_area_is_that_of_the_wall_within_a_millimeter():
    (branch,) = measured(drawn(FINE, tube((-28, 0, 0), (28, 0, 0), 2.5)))
    # Wall within the ball of 9 mm: a cylinder of radius 2.5 and half length sqrt(9^2 - 2.5^2).
    assert branch.contact_area_mm2 == pytest.approx(2 * math.pi * 2.5 * 2 * math.sqrt(81 - 6.25), rel=0.1)


def test_of_a_fork_outside_of_the_zone_only_the_stem_bridges():
    tree = drawn(
        FINE, tube((8, 0, 0), (22, 0, 0), 2.0), tube((22, 0, 0), (26, 18, 0), 2.0), tube((22, 0, 0), (26, -18, 0), 2.0)
    )
    branches = measured(tree)
    assert [branch.bridging for branch in branches] == [True, False, False]
    assert [branch.name for branch in branches] == ["vessel 1", "vessel 2", "vessel 3"]
    assert [branch.length_inside_ablation_mm > 0 for branch in branches] == [True, False, False]


def test_a_course_may_pass_a_fork_inside_of_the_zone():
    zone = ball_field(ORIGIN, 24.0)
    stem = tube((8, 0, 0), (14, 0, 0), 2.0)
    leaves, ends = tube((14, 0, 0), (28, 12, 0), 2.0), tube((14, 0, 0), (14, -13, 0), 2.0)
    branches = measured(drawn(FINE, stem, leaves, ends), zone=zone)
    assert len(branches) == 3

    def name(branch):
        y = branch.centerline_lps_mm[:, 1]
        return "leaves" if y.max() > 4 else "ends" if y.min() < -4 else "stem"

    by_end = {name(branch): branch for branch in branches}
    assert by_end["stem"].bridging
    assert by_end["stem"].touches
    assert by_end["leaves"].bridging
    assert not by_end["leaves"].touches
    assert not by_end["ends"].bridging
    (place,) = by_end["stem"].bridging_points_lps_mm
    assert by_end["leaves"].bridging_points_lps_mm == (place,)
    assert np.linalg.norm(place) == pytest.approx(24.0, abs=1.2)


def test_a_course_that_leaves_the_zone_at_the_very_fork_is_seen():
    zone = ball_field(ORIGIN, 17.0)
    arms = [tube((8, 0, 0), (17, 0, 0), 2.0), tube((17, 0, 0), (27, 12, 0), 2.0), tube((17, 0, 0), (27, -12, 0), 2.0)]
    branches = measured(drawn(FINE, *arms), zone=zone)
    assert any(branch.touches and branch.bridging for branch in branches)


@pytest.mark.parametrize("gap_radius_mm", [2.5, 3.2, 4.5])
def test_a_lumen_left_out_of_the_zone_and_a_sleeve_along_it_do_not_hide_the_bridge(gap_radius_mm):
    gap = tube((-60, 0, 0), (60, 0, 0), gap_radius_mm)
    (branch,) = measured(drawn(FINE, tube((8, 0, 0), (30, 0, 0), 2.5)), zone=lambda p: np.minimum(ZONE(p), -gap(p)))
    assert branch.bridging
    assert branch.length_inside_ablation_mm == pytest.approx(8.0, abs=1.5)


def test_a_vessel_that_leaves_the_organ_with_the_zone_does_not_bridge():
    vessel = drawn(FINE, tube((8, 0, 0), (30, 0, 0), 2.5))
    (branch,) = measured(vessel, organ=lambda points: 15.5 - points[:, 0])
    assert branch.touches
    assert not branch.bridging
    (wider,) = measured(vessel, organ=lambda points: 22.0 - points[:, 0])
    assert wider.bridging


def test_without_an_ablation_nothing_bridges():
    (branch,) = measured(drawn(FINE, tube((8, 0, 0), (30, 0, 0), 2.5)), zone=None)
    assert branch.touches
    assert not branch.bridging
    assert branch.length_inside_ablation_mm == 0.0


def test_a_zone_that_covers_the_tumor_without_any_margin_is_still_left():
    (branch,) = measured(drawn(FINE, tube((-28, 0, 0), (28, 0, 0), 2.5)), zone=ball_field(ORIGIN, 8.0))
    assert branch.bridging


@pytest.mark.parametrize(
    ("untreated", "limits"),
    [
        (None, False),
        ((16.0, 1.0, 0.0), True),
        ((16.0, 5.0, 0.0), True),
        ((16.0, 6.5, 0.0), False),
        ((-16.0, 0.0, 0.0), False),
    ],
)
def test_a_vessel_limits_the_margin_where_untreated_tissue_is_near_it(untreated, limits):
    (branch,) = measured(drawn(FINE, tube((8, 0, 0), (30, 0, 0), 2.5)), untreated=untreated)
    assert branch.limits_margin is limits


def test_a_tumor_in_a_lumen_touches_it():
    inside = ball((20.0, 0.0, 0.0), 1.0, detail=2)
    (branch,) = measured(drawn(FINE, tube((-28, 0, 0), (28, 0, 0), 5.0)), tumor=inside)
    assert branch.distance_mm == 0.0
    assert branch.touches
    assert np.linalg.norm(np.subtract(branch.nearest_lps_mm, (20, 0, 0))) == pytest.approx(1.0, abs=0.01)


def test_segments_keep_their_names_and_several_files_may_come():
    near, far = tube((8, 0, 0), (30, 0, 0), 2.5), tube((-20, -20, 0), (-20, 20, 0), 2.5)
    fork = [
        tube((0, 20, 0), (0, 20, 24), 2.5),
        tube((0, 20, 0), (20, 20, -14), 2.5),
        tube((0, 20, 0), (-20, 20, -14), 2.5),
    ]
    coarse = grid_around((1.5, 1.0, 1.0), 34)
    branches = measured({"portal vein": drawn(FINE, near), "hepatic vein": drawn(coarse, far), "": drawn(FINE, *fork)})
    assert branches[0].name == "portal vein"
    assert sorted(b.name for b in branches) == ["hepatic vein", "portal vein", "vessel 1", "vessel 2", "vessel 3"]
    distances = [b.distance_mm for b in branches]
    assert distances == sorted(distances)


def test_turning_grid_and_patient_together_changes_nothing():
    grid = grid_around((1.5, 0.8, 0.8), 34)
    mask = drawn(grid, tube((8, 0, 0), (30, 0, 0), 2.5), tube((12, -25, 0), (12, 25, 0), 2.0))
    turned = Mask(mask.voxels, Grid(grid.shape_kji, grid.spacing_kji_mm, tuple(TURNED.apply(grid.origin_lps_mm)),
                                    TURNED.as_matrix() @ grid.direction_lps), "vessel")  # fmt: skip
    for before, after in zip(measured(mask), measured(turned), strict=True):
        assert after.distance_mm == pytest.approx(before.distance_mm, abs=0.02)
        assert after.diameter_mm == pytest.approx(before.diameter_mm, abs=0.05)
        assert after.bridging == before.bridging
        assert after.length_inside_ablation_mm == pytest.approx(before.length_inside_ablation_mm, abs=1.1)


@pytest.mark.parametrize(
    "vessels", [{}, {"none": Mask(np.zeros((9, 9, 9), dtype=bool), Grid((9, 9, 9), (1, 1, 1)), "vessel")}]
)
def test_without_vessels_there_are_no_branches(vessels):
    assert measured(vessels) == ()


def test_a_single_voxel_and_a_vessel_far_away_are_nothing():
    voxels = np.zeros(FINE.shape_kji, dtype=bool)
    voxels[30, 30, 30] = True
    assert measured(Mask(voxels, FINE, "vessel")) == ()
    assert measured(drawn(FINE, tube((8, 0, 0), (30, 0, 0), 2.5)), near=(900.0, 0.0, 0.0)) == ()


def test_a_mask_of_nothing_but_vessel_is_measured_without_complaint():
    grid = grid_around((2.0, 2.0, 2.0), 20)
    (branch,) = measured(Mask(np.ones(grid.shape_kji, dtype=bool), grid, "vessel"), radius_mm=15.0)
    assert math.isfinite(branch.diameter_mm)
    assert branch.touches


def test_every_number_is_finite_in_noise():
    rng = np.random.default_rng(3)
    grid = grid_around((1.0, 1.0, 1.0), 14)
    for branch in measured(Mask(rng.random(grid.shape_kji) < 0.6, grid, "vessel"), radius_mm=14.0):
        numbers = (branch.diameter_mm, branch.length_mm, branch.distance_mm, branch.contact_area_mm2)
        assert all(math.isfinite(number) for number in numbers)


@pytest.mark.parametrize(
    ("profile", "runs"),
    [
        ([4.0] * 20, [(0, 20)]),
        ([2.0] * 20, []),
        ([4.0] * 3, [(0, 3)]),
        ([2.0] * 3, []),
        ([4.0] * 10 + [2.0] * 4 + [4.0] * 10, [(0, 24)]),  # a short narrow place is passed over
        ([4.0] * 10 + [2.0] * 8 + [4.0] * 10, [(0, 10), (18, 28)]),
        ([2.0] * 10 + [4.0] * 4 + [2.0] * 10, []),  # a short wide place is no vessel
        ([2.0] * 4 + [4.0] * 10 + [2.0] * 12, [(0, 14)]),  # the taper at an end belongs to the vessel
    ],
)
def test_runs_of_a_width_are_not_chopped_by_noise(profile, runs):
    assert [(run.start, run.stop) for run in wide_runs(np.array(profile), 3.0)] == runs


def test_the_fixtures_themselves_are_what_they_say():
    points = voxel_centers(FINE)
    assert drawn(FINE, tube((8, 0, 0), (30, 0, 0), 2.5)).volume_ml == pytest.approx(
        math.pi * 2.5**2 * 22 / 1000, rel=0.3
    )
    assert np.abs(points.mean(axis=0) - (0.3, 0.2, 0.1)).max() < 1e-6
