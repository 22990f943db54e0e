"""Corrections by hand: what landmarks and nudges do, against motions known on paper, and what they must not claim."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from isotherm.errors import BadLandmarks, BadSetting
from isotherm.imaging.geometry import Float
from isotherm.imaging.landmark_field import fit_field
from isotherm.imaging.landmarks import Landmarks
from isotherm.imaging.phantom import Sphere, rasterize
from isotherm.imaging.phantom_warp import Warp, draw_warp
from isotherm.imaging.register import Registration
from isotherm.imaging.register_by_hand import from_landmarks, mended, nudged, nudged_registration, with_landmarks
from isotherm.imaging.register_gates import Drawn, judge
from isotherm.imaging.register_tumor import best_rigid, points_in
from isotherm.imaging.transform import Displacement, Transform
from isotherm.imaging.volume import Grid

TURN = Rotation.from_euler("xyz", [12.0, -7.0, 25.0], degrees=True).as_matrix()
RIGID = Transform(TURN, np.array([5.0, -3.0, 8.0]))
LESION = np.zeros(3)
CUBE = Grid((41, 41, 41), (3.0, 3.0, 3.0), (-60.0, -60.0, -60.0))


def around(count: int, seed: int = 0, radius_mm: float = 40.0) -> Float:
    rng = np.random.default_rng(seed)
    away = rng.normal(size=(count, 3))
    return away / np.linalg.norm(away, axis=1, keepdims=True) * rng.uniform(15.0, radius_mm, (count, 1))


def pairs(after: Float, before: Float) -> Landmarks:
    return Landmarks(after, before, tuple(f"L{n}" for n in range(len(after))))


def truth(seed: int = 3) -> Warp:
    return draw_warp(np.random.default_rng(seed), np.zeros(3), shift_mm=8.0, sway_sd_mm=2.0)


def rough_start(warp: Warp) -> Transform:
    """Return the best rigid motion near the lesion, off by 2 mm."""
    motion = best_rigid(around(300), warp.points(around(300)))
    return Transform(motion.rotation, motion.translation_mm + np.array([2.0, 0.0, 0.0]))


def gap_mm(transform: Transform, warp: Warp, points: Float) -> float:
    return float(np.linalg.norm(transform.points(points) - warp.points(points), axis=1).mean())


def test_landmarks_of_a_rigid_motion_give_it_back_exactly() -> None:
    found = from_landmarks(pairs(around(6), RIGID.points(around(6))), lesion_lps_mm=LESION)

    assert found.transform.is_rigid
    assert found.transform.points(around(50, 1)) == pytest.approx(RIGID.points(around(50, 1)))
    assert found.residual_mm == pytest.approx(np.zeros(6), abs=1e-9)
    assert found.left_out_mm == pytest.approx(np.zeros(6), abs=1e-9)
    assert found.transform.error_mm == pytest.approx(0.0, abs=1e-4)
    assert found.earlier_mm is None
    assert found.helps is None


def test_three_landmarks_are_enough_and_say_nothing_of_their_error() -> None:
    found = from_landmarks(pairs(around(3), RIGID.points(around(3))), lesion_lps_mm=LESION)

    assert found.transform.points(around(9, 1)) == pytest.approx(RIGID.points(around(9, 1)))
    assert found.left_out_mm is None
    assert found.transform.error_mm is None
    assert (found.gate.verdict, found.gate.figure) == ("warn", None)


@pytest.mark.parametrize("after", [around(2), np.outer(np.arange(5.0), (20.0, 10.0, 5.0))])
def test_two_landmarks_or_a_line_of_them_fix_no_rotation(after: Float) -> None:
    with pytest.raises(BadLandmarks, match="fix no rotation"):
        from_landmarks(pairs(after, after + 1.0))


@pytest.mark.parametrize("after", [around(1), around(2), np.outer(np.arange(5.0), (20.0, 10.0, 5.0))])
def test_one_two_or_a_line_of_landmarks_only_shift_a_registration(after: Float) -> None:
    found = with_landmarks(RIGID, pairs(after, RIGID.points(after) + np.array([1.0, 2.0, 3.0])), LESION)

    assert found.transform.rotation == pytest.approx(RIGID.rotation)
    assert found.transform.points(around(9)) == pytest.approx(RIGID.points(around(9)) + np.array([1.0, 2.0, 3.0]))
    assert found.transform.error_mm is None


@pytest.mark.parametrize("start", [Transform(), Transform(displacement=Displacement(np.zeros((41, 41, 41, 3)), CUBE))])
def test_landmarks_mend_a_deformation_and_those_left_out_show_it(start: Transform) -> None:
    warp, after = truth(), around(12)
    base = Transform(rough_start(warp).rotation, rough_start(warp).translation_mm, start.displacement)
    found = with_landmarks(base, pairs(after, warp.points(after)), LESION)
    near = around(200, 5, 25.0)

    assert gap_mm(found.transform, warp, near) < 0.4 * gap_mm(base, warp, near)
    assert found.helps
    assert found.earlier_mm is not None
    assert found.left_out_mm is not None
    assert found.residual_mm.mean() < found.left_out_mm.mean() < found.earlier_mm.mean()


def test_a_registration_with_a_deformation_of_its_own_keeps_it_where_landmarks_agree_with_it() -> None:
    nodes = CUBE.centers_lps_mm()
    sway = np.sin(nodes[:, [1, 2, 0]] / 15.0).reshape(*CUBE.shape_kji, 3)
    way = Transform(TURN, np.ones(3), Displacement(sway, CUBE), error_mm=0.7)
    found = with_landmarks(way, pairs(around(8), way.points(around(8))), LESION)

    assert found.transform.points(around(99, 4)) == pytest.approx(way.points(around(99, 4)), abs=1e-3)


def test_the_error_of_an_earlier_registration_is_never_kept() -> None:
    way = RIGID.with_error(0.4)
    few, many = around(3), around(8)

    assert with_landmarks(way, pairs(few, way.points(few) + 1.0), LESION).transform.error_mm is None
    told = with_landmarks(way, pairs(many, truth().points(many)), LESION).transform.error_mm
    assert told is not None
    assert told != 0.4
    assert nudged(way, LESION, shift_lps_mm=(1.0, 0.0, 0.0)).error_mm is None


def test_landmarks_far_from_the_lesion_say_nothing_of_its_error() -> None:
    far = around(8) + np.array([0.0, 0.0, 150.0])
    assert with_landmarks(RIGID, pairs(far, truth().points(far)), LESION).transform.error_mm is None


def test_the_error_that_is_told_is_the_true_one_within_a_third_in_the_median() -> None:
    ratios = []
    for number in range(15):
        warp, rng = truth(number), np.random.default_rng(number)
        after = around(8, number)
        before = warp.points(after) + rng.normal(scale=0.8, size=after.shape)
        found = with_landmarks(rough_start(warp), pairs(after, before), LESION)
        assert found.transform.error_mm is not None
        ratios.append(found.transform.error_mm / gap_mm(found.transform, warp, around(100, 9, 20.0)))

    assert 0.8 < np.median(ratios) < 1.35


def test_landmarks_that_contradict_each_other_turn_and_shift_and_hardly_bend() -> None:
    after = around(12)
    noise = np.random.default_rng(2).normal(scale=4.0, size=after.shape)
    field = fit_field(after, noise)
    agree = fit_field(after, truth().sway(after))

    assert field.pointing > 10 * agree.pointing
    assert np.abs(field.at(after) - noise).mean() > 0.25 * np.abs(noise).mean()
    assert np.abs(agree.at(after) - truth().sway(after)).mean() < 0.05 * np.abs(truth().sway(after)).mean()


def test_a_field_is_level_far_from_all_landmarks_but_for_its_turn() -> None:
    after = around(8)
    field = fit_field(after, truth().sway(after))
    bent = field.at(np.array([[1e4, 0.0, 0.0], [2e4, 0.0, 0.0], [3e4, 0.0, 0.0]]))

    assert np.abs(np.diff(bent, 2, axis=0)).max() < 0.01


def test_the_gate_of_landmarks_looks_at_those_left_out() -> None:
    after = around(6)
    wild = after + np.random.default_rng(1).normal(scale=15.0, size=after.shape)

    assert from_landmarks(pairs(after, RIGID.points(after))).gate.verdict == "pass"
    assert from_landmarks(pairs(after, wild)).gate.verdict == "fail"


def test_a_nudge_moves_what_is_carried_as_it_says() -> None:
    tumor = np.array([[10.0, 20.0, 30.0]])  # on the scan before
    here = RIGID.back(tumor)
    shifted = nudged(RIGID, here[0], shift_lps_mm=(3.0, -2.0, 1.0))
    turned = nudged(RIGID, here[0], turn_lps_degrees=(0.0, 0.0, 90.0 / 3))

    assert shifted.back(tumor) == pytest.approx(here + np.array([3.0, -2.0, 1.0]))
    assert turned.back(tumor) == pytest.approx(here)
    ten_left = here + np.array([10.0, 0.0, 0.0])
    moved = turned.back(RIGID.points(ten_left))
    assert moved == pytest.approx(here + 10.0 * np.array([np.cos(np.pi / 6), np.sin(np.pi / 6), 0.0]))


def test_a_nudge_of_a_deformation_carries_its_field_along_exactly() -> None:
    sway = np.random.default_rng(0).normal(size=(*CUBE.shape_kji, 3))
    way = Transform(TURN, np.ones(3), Displacement(sway, CUBE))
    moved = nudged(way, (5.0, 5.0, 5.0), shift_lps_mm=(3.0, -2.0, 1.0), turn_lps_degrees=(5.0, -10.0, 20.0))
    back = Rotation.from_euler("xyz", [5.0, -10.0, 20.0], degrees=True).as_matrix().T
    points = around(99)

    assert moved.points(points) == pytest.approx(
        way.points((points - 5.0 - np.array([3.0, -2.0, 1.0])) @ back.T + 5.0), abs=1e-3
    )


@pytest.mark.parametrize(
    "nudge",
    [{"shift_lps_mm": (np.nan, 0, 0)}, {"shift_lps_mm": (500.0, 0, 0)}, {"turn_lps_degrees": (0, 90.0, 0)},
     {"shift_lps_mm": (1.0, 2.0)}],
)  # fmt: skip
def test_a_nudge_that_is_none_is_refused(nudge: dict[str, tuple[float, ...]]) -> None:
    with pytest.raises(BadSetting, match="A nudge that is none"):
        nudged(RIGID, LESION, **nudge)


def registration(warp: Warp) -> Registration:
    base = rough_start(warp)
    field = Displacement(np.zeros((*CUBE.shape_kji, 3)), CUBE)
    bent = Transform(base.rotation, base.translation_mm, field, error_mm=0.5)
    return Registration(base, base, bent, bent, warp.back(np.zeros((1, 3)))[0])


def test_a_mended_registration_is_judged_anew_and_its_tumor_keeps_its_volume() -> None:
    warp = truth()
    tumor = rasterize(
        Sphere((0.0, 0.0, 0.0), 8.0), Grid((30, 30, 30), (1.0, 1.0, 1.0), (-15.0, -15.0, -15.0)), of="tumor"
    )
    start = registration(warp)
    after = around(10) + start.lesion_lps_mm
    better, said = mended(start, pairs(after, warp.points(after)), tumor)
    x, y, z = warp.back(np.zeros((1, 3)))[0].tolist()
    zone = rasterize(
        Sphere((x, y, z), 14.0), Grid((40, 40, 40), (1.0, 1.0, 1.0), (x - 20, y - 20, z - 20)), of="ablation"
    )
    quality = judge(better.free, better.deformable, better.rigid, Drawn(tumor, zone))
    here = warp.back(points_in(tumor))

    assert gap_mm(better.deformable, warp, here) < 0.7 < gap_mm(start.deformable, warp, here)
    assert better.deformable.volume_change(here) == pytest.approx(np.ones(len(here)), abs=0.02)
    assert better.deformable.error_mm == said.transform.error_mm != 0.5
    assert quality.verdict == "pass"
    assert said.gate.verdict == "pass"


def test_a_nudged_registration_moves_its_lesion_along() -> None:
    start = registration(truth())
    moved = nudged_registration(start, shift_lps_mm=(0.0, 0.0, 4.0), turn_lps_degrees=(0.0, 10.0, 0.0))

    assert moved.lesion_lps_mm == pytest.approx(start.lesion_lps_mm + np.array([0.0, 0.0, 4.0]))
    for name in ("rigid", "free", "deformable"):
        now, then = getattr(moved, name), getattr(start, name)
        assert now.points(moved.lesion_lps_mm) == pytest.approx(then.points(start.lesion_lps_mm), abs=1e-4)
        assert now.error_mm is None
    assert moved.organ is start.organ


def test_landmarks_that_do_not_pair_or_lie_on_each_other_are_refused() -> None:
    one = around(3)
    for after, before, match in (
        (one, one[:2], "do not pair"), (one[:0], one[:0], "do not pair"), (one * np.nan, one, "unit"),
        (np.vstack([one, one[:1] + 0.1]), np.vstack([one, one[:1] + 9.0]), "less than 0.5 mm apart on the scan after"),
    ):  # fmt: skip
        with pytest.raises(BadLandmarks, match=match):
            pairs(after, before)
    with pytest.raises(BadLandmarks, match="one name"):
        Landmarks(one, one, ("a", "a", "b"))
