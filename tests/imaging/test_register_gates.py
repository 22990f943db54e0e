"""Quality gates: what each of them catches, on deformations known on paper."""

from __future__ import annotations

import numpy as np
import pytest

from isotherm.errors import BadSetting, EmptyMask
from isotherm.imaging.phantom import Sphere, rasterize
from isotherm.imaging.register_gates import LIMITS, Drawn, Gate, Quality, judge, minimal_margin_mm
from isotherm.imaging.register_tumor import best_isochoric, best_rigid, points_in, with_kept_volume
from isotherm.imaging.transform import Displacement, Transform
from isotherm.imaging.volume import Grid, Mask

GRID = Grid((60, 60, 60), (1.5, 1.5, 1.5), (-45.0, -45.0, -45.0))
TUMOR = rasterize(Sphere((0.0, 0.0, 0.0), 8.0), GRID, of="tumor")
ZONE = rasterize(Sphere((1.0, 0.0, 0.0), 14.0), GRID, of="ablation")
NOTHING = Mask(np.zeros(GRID.shape_kji, dtype=bool), GRID, "ablation")
STILL = Transform()
DRAWN = Drawn(TUMOR, ZONE)


def bulging(share: float, width_mm: float = 12.0, center_x_mm: float = 0.0) -> Transform:
    """Return a deformation that stretches space by a share about a place, and fades away from it."""
    nodes = GRID.centers_lps_mm() - np.array([center_x_mm, 0.0, 0.0])
    fade = np.exp(-(nodes**2).sum(axis=1) / (2.0 * width_mm**2))
    moved = share * nodes * fade[:, None]
    return Transform(displacement=Displacement(moved.reshape(*GRID.shape_kji, 3), GRID))


def verdict_of(quality: Quality, name: str) -> str:
    return next(gate.verdict for gate in quality.gates if gate.name == name)


def test_a_registration_that_leaves_everything_in_place_passes_every_gate() -> None:
    organ = rasterize(Sphere((30.0, 0.0, 0.0), 44.0), GRID, of="organ")
    places = np.array([[5.0, 5.0, 5.0], [-9.0, 3.0, 0.0]])
    drawn = Drawn(TUMOR, ZONE, organ, organ, places, places)
    quality = judge(STILL, STILL.with_error(0.5), STILL, drawn, back=STILL)
    assert quality.verdict == "pass"
    of_the_scans = {"modality", "look_alike", "inside_unlike"}
    assert {gate.name for gate in quality.gates} == set(LIMITS) - of_the_scans
    assert quality.margin_mm(5.0) == 5.0


@pytest.mark.parametrize("share", [-0.15, 0.15])
def test_a_tumor_that_shrinks_or_grows_into_the_zone_fails_and_the_margin_is_withheld(share: float) -> None:
    way = bulging(share)
    quality = judge(way, with_kept_volume(way, TUMOR), STILL, DRAWN)
    assert verdict_of(quality, "tumor_volume") == "fail"
    assert quality.withheld
    assert quality.margin_mm(5.0) is None


def test_protecting_the_tumor_does_not_hide_from_the_gates_what_the_deformation_did() -> None:
    way = bulging(0.15)
    kept = with_kept_volume(way, TUMOR)
    assert kept.volume_change(kept.back(points_in(TUMOR))) == pytest.approx(1.0, abs=1e-3)
    assert judge(way, kept, STILL, DRAWN).withheld


def test_a_deformation_that_folds_in_the_tumor_fails() -> None:
    assert verdict_of(judge(bulging(-1.6), STILL, STILL, DRAWN), "folding") == "fail"


def test_a_deformation_that_cannot_be_followed_fails_without_a_figure_being_made_up() -> None:
    nodes = GRID.centers_lps_mm() * [2.5, 0.0, 0.0]
    way = Transform(displacement=Displacement(nodes.reshape(*GRID.shape_kji, 3), GRID))
    (gate,) = judge(way, STILL, STILL, DRAWN).gates
    assert (gate.verdict, gate.figure, gate.name) == ("fail", None, "folding")


def test_a_deformation_that_cannot_be_followed_to_the_organs_outline_fails_and_is_no_crash() -> None:
    organ = rasterize(Sphere((30.0, 0.0, 0.0), 44.0), GRID, of="organ")
    far = np.clip(np.abs(GRID.centers_lps_mm()) - 15.0, 0.0, None) * np.sign(GRID.centers_lps_mm())
    way = Transform(displacement=Displacement((far * [2.5, 0.0, 0.0]).reshape(*GRID.shape_kji, 3), GRID))
    quality = judge(STILL, way, STILL, Drawn(TUMOR, ZONE, organ, organ))
    (gate,) = (gate for gate in quality.gates if gate.name == "folding")
    assert (gate.verdict, gate.figure, quality.withheld) == ("fail", None, True)
    assert "near the lesion" in gate.reason


def test_a_deformation_that_folds_beside_the_tumor_fails_too() -> None:
    way = bulging(-1.6, width_mm=3.0, center_x_mm=22.0)
    assert verdict_of(judge(way, STILL, STILL, DRAWN), "folding") == "fail"


@pytest.mark.parametrize(("shift_mm", "verdict"), [(1.0, "pass"), (3.0, "warn"), (6.0, "fail")])
def test_rigid_and_deformable_have_to_agree_on_where_the_tumor_is(shift_mm: float, verdict: str) -> None:
    away = Transform(translation_mm=np.array([0.0, 0.0, shift_mm]))
    assert verdict_of(judge(STILL, STILL, away, DRAWN), "rigid_shift") == verdict


@pytest.mark.parametrize(("shift_mm", "verdict"), [(0.5, "pass"), (1.5, "warn"), (2.5, "fail")])
def test_the_way_there_and_back_has_to_end_where_it_began(shift_mm: float, verdict: str) -> None:
    back = Transform(translation_mm=np.array([shift_mm, 0.0, 0.0]))
    assert verdict_of(judge(STILL, STILL, STILL, DRAWN, back=back), "inverse_consistency") == verdict


@pytest.mark.parametrize(("error_mm", "verdict"), [(1.4, "pass"), (1.6, "warn"), (3.1, "fail")])
def test_an_error_that_is_estimated_to_be_large_is_told(error_mm: float, verdict: str) -> None:
    assert verdict_of(judge(STILL, STILL.with_error(error_mm), STILL, DRAWN), "expected_error") == verdict


@pytest.mark.parametrize(("shift_mm", "verdict"), [(1.9, "pass"), (2.1, "warn"), (4.1, "fail")])
def test_landmarks_are_judged_by_the_published_limits(shift_mm: float, verdict: str) -> None:
    places = np.array([[5.0, 5.0, 5.0], [-9.0, 3.0, 0.0]])
    drawn = Drawn(TUMOR, ZONE, None, None, places, places + np.array([0.0, shift_mm, 0.0]))
    assert verdict_of(judge(STILL, STILL, STILL, drawn), "landmarks") == verdict


@pytest.mark.parametrize(("shift_mm", "verdict"), [(0.5, "pass"), (6.0, "fail")])
def test_the_outlines_of_the_organ_have_to_meet_near_the_lesion(shift_mm: float, verdict: str) -> None:
    before, after = (rasterize(Sphere((32.0 + s, 0.0, 0.0), 44.0), GRID, of="organ") for s in (shift_mm, 0.0))
    assert verdict_of(judge(STILL, STILL, STILL, Drawn(TUMOR, ZONE, before, after)), "organ_mean") == verdict


@pytest.mark.parametrize(("shift_mm", "verdict"), [(0.0, "pass"), (6.0, "fail")])
def test_an_organ_that_the_scan_before_cuts_off_near_the_lesion_is_compared_where_it_is_seen(
    shift_mm: float, verdict: str
) -> None:
    organ = rasterize(Sphere((0.0, 0.0, 0.0), 30.0), GRID, of="organ")
    cut = organ.windowed((0, 0, 0), (60, 60, 40))  # the scan ends 15 mm to the left of the tumor's middle
    way = Transform(translation_mm=np.array([0.0, 0.0, shift_mm]))
    quality = judge(way, way, way, Drawn(TUMOR, ZONE, cut, organ))
    assert verdict_of(quality, "organ_mean") == verdict


def test_a_tumor_pushed_through_the_capsule_is_flagged() -> None:
    organ = rasterize(Sphere((44.0, 0.0, 0.0), 44.0), GRID, of="organ")
    quality = judge(STILL, STILL, STILL, Drawn(TUMOR, ZONE, organ, organ))
    assert verdict_of(quality, "tumor_outside_organ") == "fail"


def test_what_was_not_given_is_not_judged() -> None:
    names = {gate.name for gate in judge(STILL, STILL, STILL, Drawn(TUMOR, NOTHING)).gates}
    assert not names & {"zone_volume", "organ_mean", "inverse_consistency", "landmarks", "expected_error"}


def test_nothing_ablated_leaves_no_margin_to_agree_on() -> None:
    gates = judge(STILL, STILL, STILL, Drawn(TUMOR, NOTHING)).gates
    assert next(g for g in gates if g.name == "margin_agreement").reason == "nothing was ablated"


def test_the_verdict_of_all_gates_is_the_worst_one() -> None:
    gates = [Gate("folding", 0.0, "pass"), Gate("landmarks", 3.0, "warn")]
    assert Quality(tuple(gates)).verdict == "warn"
    assert Quality((*gates, Gate("rigid_shift", 9.0, "fail"))).verdict == "fail"


def test_each_gate_stands_once_and_in_the_order_of_the_table() -> None:
    quality = Quality((Gate("landmarks", 3.0, "warn"), Gate("folding", 0.0, "pass")))
    assert [gate.name for gate in quality.gates] == ["folding", "landmarks"]
    mended = quality.with_gate(Gate("landmarks", 1.0, "pass")).with_gate(Gate("rigid_shift", 1.0, "pass"))
    assert [gate.name for gate in mended.gates] == ["folding", "rigid_shift", "landmarks"]
    assert mended.verdict == "pass"


def test_landmarks_without_partners_are_refused() -> None:
    one = np.zeros((2, 3))
    for other in (None, np.zeros((3, 3)), np.full((2, 3), np.nan)):
        with pytest.raises(BadSetting, match="do not pair"):
            Drawn(TUMOR, ZONE, None, None, one, other)


def test_the_margin_of_a_carried_tumor_is_the_one_of_the_spheres() -> None:
    way = Transform(translation_mm=np.array([0.0, 2.0, 0.0]))  # the tumor lies 2 mm to anterior on the scan after
    away = float(np.hypot(1.0, 2.0))
    assert minimal_margin_mm(way, TUMOR, ZONE) == pytest.approx(14.0 - 8.0 - away, abs=0.25)


def test_the_best_rigid_motion_is_found_again() -> None:
    points = np.random.default_rng(1).normal(scale=10.0, size=(40, 3))
    turn = Transform(np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), np.array([1.0, 2.0, 3.0]))
    found = best_rigid(points, turn.points(points))
    assert found.rotation == pytest.approx(turn.rotation)
    assert found.translation_mm == pytest.approx(turn.translation_mm)


def test_the_best_map_of_a_kept_volume_shears_and_never_shrinks() -> None:
    points = np.random.default_rng(1).normal(scale=10.0, size=(40, 3))
    sheared = np.array([[1.0, 0.2, 0.0], [0.0, 1.0, 0.1], [0.0, 0.0, 1.0]])
    matrix, _ = best_isochoric(points, 0.8 * points @ sheared.T + 5.0)
    assert matrix == pytest.approx(sheared)
    assert np.linalg.det(matrix) == pytest.approx(1.0)


def test_flat_points_and_collapsing_maps_are_moved_rigidly() -> None:
    flat = np.random.default_rng(1).normal(size=(40, 3)) * [10.0, 10.0, 0.0]
    matrix, _ = best_isochoric(flat, flat + 1.0)
    assert matrix == pytest.approx(np.eye(3), abs=1e-9)
    points = np.random.default_rng(1).normal(size=(40, 3))
    assert np.linalg.det(best_isochoric(points, points * [1.0, 1.0, 0.01])[0]) == pytest.approx(1.0)


def test_an_empty_tumor_is_refused() -> None:
    with pytest.raises(EmptyMask, match="draw it first"):
        points_in(Mask(np.zeros(GRID.shape_kji, dtype=bool), GRID, "tumor"))
    assert with_kept_volume(STILL, TUMOR) is STILL


def rippled(size_mm: float, length_mm: float, center_x_mm: float) -> Transform:
    """Return a deformation that moves tissue to posterior about a place, and no more than that."""
    nodes = GRID.centers_lps_mm() - np.array([center_x_mm, 0.0, 0.0])
    away = np.exp(-(nodes**2).sum(axis=1) / (2.0 * length_mm**2))
    moved = size_mm * away[:, None] * [0.0, 1.0, 0.0]
    return Transform(displacement=Displacement(moved.reshape(*GRID.shape_kji, 3), GRID))


def test_a_deformation_of_its_own_inside_the_zone_is_found_even_where_it_keeps_the_tumor() -> None:
    drawn, way = Drawn(TUMOR, ZONE), rippled(2.0, 6.0, 0.0)
    assert verdict_of(judge(way, way, STILL, drawn), "zone_structure") == "fail"


def test_a_deformation_that_runs_on_smoothly_across_the_zone_has_no_structure_there() -> None:
    drawn, way = Drawn(TUMOR, ZONE), rippled(8.0, 45.0, 20.0)
    gate = next(g for g in judge(way, way, STILL, drawn).gates if g.name == "zone_structure")
    assert gate.verdict == "pass"
    assert gate.figure is not None
    assert gate.figure < 0.1


def test_structure_is_found_without_a_zone_too() -> None:
    way = rippled(2.0, 4.0, 0.0)
    assert verdict_of(judge(way, way, STILL, Drawn(TUMOR, NOTHING)), "zone_structure") == "fail"
