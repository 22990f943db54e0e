"""What was drawn before, carried onto the scan after: surfaces stay exact, voxels keep their spacing and their ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from isotherm.app.assess_pair import assess_pair
from isotherm.app.carried import carried_case, moved_grid
from isotherm.app.case import Lesion
from isotherm.app.pair import Pair
from isotherm.app.registering import Choice, register_pair
from isotherm.app.settings import UNTOLD, Settings
from isotherm.errors import FieldsApart
from isotherm.imaging.geometry import Float
from isotherm.imaging.register_gates import Gate, Quality
from isotherm.imaging.transform import Displacement, Transform
from isotherm.imaging.volume import Mask, Volume
from tests.app.on_disk import GRID, MIDDLE, ball

FAST = Settings(samples=100)


def turned(degrees: float, shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Transform:
    """A turn about the tumor, and a shift."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    rotation = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    middle = np.array(MIDDLE)
    return Transform(rotation, middle - rotation @ middle + np.array(shift_mm))


def swayed(shift_mm: tuple[float, float, float]) -> Transform:
    """The same shift everywhere, written as a deformation."""
    shift = np.array(shift_mm, dtype=np.float32)
    return Transform(displacement=Displacement(np.broadcast_to(shift, (*GRID.shape_kji, 3)), GRID))


def pair(*, organ: bool = False, zone_radius: float = 10.0) -> Pair:
    # Even scans: they look alike however they lie, so that nothing but what is drawn is judged.
    before, after = (Volume(np.full(GRID.shape_kji, hu, dtype=np.int16), GRID) for hu in (40, 60))
    whole = np.zeros(GRID.shape_kji, dtype=bool)
    whole[2:-2, 2:-2, 2:-2] = True
    tumor = Lesion("1", None, Mask(ball(MIDDLE, 5.0), GRID, "tumor"))
    zone = Mask(ball(MIDDLE, zone_radius), GRID, "ablation")
    return Pair(before, after, (tumor,), (zone,), Mask(whole, GRID, "organ") if organ else None)


def points_of(mask: Mask) -> Float:
    return mask.grid.to_lps(np.argwhere(mask.inside))


def test_each_voxel_of_a_moved_grid_lies_where_the_transform_carries_it() -> None:
    way = turned(20.0, (3.0, -2.0, 1.0))
    nodes = [[0, 0, 0], [39, 0, 5], [7, 30, 39]]
    assert moved_grid(GRID, way).to_lps(nodes) == pytest.approx(way.back(GRID.to_lps(nodes)))


def test_a_rigid_motion_resamples_nothing() -> None:
    scans = pair(organ=True)
    case = carried_case(scans, register_pair(scans, Choice("given", turned(20.0))), UNTOLD)
    assert np.array_equal(case.lesions[0].mask.voxels, scans.lesions[0].mask.voxels)
    assert case.image_before is not None
    assert np.array_equal(case.image_before.voxels, scans.before.voxels)
    assert case.organ is not None
    assert scans.organ_before is not None
    assert np.array_equal(case.organ.voxels, scans.organ_before.voxels)
    assert case.image is scans.after


@pytest.mark.parametrize("way", [swayed((-2.0, 0.0, 0.0)), Transform(translation_mm=np.array([-2.0, 0.0, 0.0]))])
def test_a_shift_is_the_same_as_a_motion_and_as_a_deformation(way: Transform) -> None:
    scans = pair(organ=True)
    (one,) = register_pair(scans, Choice("given", way))
    case = carried_case(scans, (one,), UNTOLD)
    for mask, drawn in ((case.lesions[0].mask, scans.lesions[0].mask), (case.organ, scans.organ_before)):
        assert mask is not None
        assert drawn is not None
        assert points_of(mask).mean(axis=0) - points_of(drawn).mean(axis=0) == pytest.approx([2.0, 0.0, 0.0], abs=0.1)
        assert mask.volume_ml == pytest.approx(drawn.volume_ml, rel=0.04)
        assert mask.grid.spacing_kji_mm == GRID.spacing_kji_mm
    measured = assess_pair(scans, Choice("given", way), FAST, UNTOLD).assessment.document["lesions"][0]
    assert measured["minimal_margin_unrestricted_mm"] == pytest.approx(3.0, abs=0.1)


def test_an_organ_that_was_drawn_before_bounds_the_margin_where_it_was_carried() -> None:
    """The organ ends 7 mm to the left of the origin, and 5 mm once all of it is shifted by 2 mm to the right."""
    scans = pair(zone_radius=14.0)
    places = GRID.centers_lps_mm().reshape(*GRID.shape_kji, 3)
    organ = Mask((places[..., 0] < 7.0) & (places[..., 0] > -18.0), GRID, "organ")
    shifted = Transform(translation_mm=np.array([2.0, 0.0, 0.0]))
    found = assess_pair(replace(scans, organ_before=organ), Choice("given", shifted), FAST, UNTOLD)
    moved = Mask((places[..., 0] < 5.0) & (places[..., 0] > -20.0), GRID, "organ")
    wanted = assess_pair(replace(scans, organ_after=moved), Choice("given", shifted), FAST, UNTOLD)
    one, other = (each.assessment.document["lesions"][0] for each in (found, wanted))
    assert one["minimal_margin_mm"] == pytest.approx(other["minimal_margin_mm"], abs=0.05)
    assert found.assessment.document["settings"]["organ_frame"] == "before"
    assert wanted.assessment.document["settings"]["organ_frame"] == "after"


def test_each_place_is_carried_by_the_lesion_nearest_to_it() -> None:
    left, right = (-9.0, 0.0, 120.0), (9.0, 0.0, 120.0)
    lesions = [Lesion(str(n), None, Mask(ball(at, 3.0), GRID, "tumor")) for n, at in enumerate((left, right))]
    scans = replace(pair(), lesions=tuple(lesions), vessels_before=(("vein", Mask(ball(right, 2.0), GRID, "vessel")),))
    ways = [swayed((0.0, 0.0, 0.0)), swayed((0.0, 4.0, 0.0))]
    registered = [
        register_pair(replace(scans, lesions=(lesion,)), Choice("given", way))[0]
        for lesion, way in zip(lesions, ways, strict=True)
    ]
    case = carried_case(scans, registered, UNTOLD)
    assert points_of(case.lesions[0].mask).mean(axis=0) == pytest.approx(left, abs=0.1)
    assert points_of(case.lesions[1].mask).mean(axis=0) == pytest.approx((9.0, -4.0, 120.0), abs=0.1)
    assert points_of(case.vessels[0][1]).mean(axis=0) == pytest.approx((9.0, -4.0, 120.0), abs=0.1)


def test_scans_that_do_not_meet_any_more_are_refused() -> None:
    scans = pair()
    far = register_pair(scans, Choice("given", Transform(translation_mm=np.array([300.0, 0.0, 0.0]))))
    with pytest.raises(FieldsApart, match="carried 260 mm away"):
        carried_case(scans, far, UNTOLD)


def test_an_empty_zone_is_a_result_and_not_an_error() -> None:
    nothing = Mask(np.zeros(GRID.shape_kji, dtype=bool), GRID, "ablation")
    found = assess_pair(replace(pair(), ablations=(nothing,)), Choice("given", swayed((1.0, 0.0, 0.0))), FAST, UNTOLD)
    lesion = found.assessment.document["lesions"][0]
    assert lesion["status"] == "not_ablated"
    assert lesion["registration"]["minimal_margin_deformable_mm"] is None


def test_an_estimated_error_becomes_that_of_the_interval_and_is_named() -> None:
    scans = pair()
    found = assess_pair(scans, Choice("given", Transform(error_mm=0.4)), FAST, UNTOLD)
    unsure = assess_pair(scans, Choice("given", Transform(error_mm=3.0)), FAST, UNTOLD)
    settings = replace(FAST, registration_error_mm=0.4)
    given = assess_pair(scans, Choice("given", Transform(error_mm=3.0)), settings, UNTOLD)
    widths = [one.assessment.document["lesions"][0]["interval_mm"] for one in (found, unsure, given)]
    assert widths[0]["high"] - widths[0]["low"] < 0.7 * (widths[1]["high"] - widths[1]["low"])
    assert widths[2] == widths[0]
    told = [one.assessment.document["settings"]["registration_error_source"] for one in (found, given)]
    assert told == ["estimated by the registration", "given"]
    assert not any("was assumed" in warning for warning in found.assessment.document["warnings"])


def test_a_registration_that_says_it_is_off_by_more_than_20_mm_is_withheld() -> None:
    found = assess_pair(pair(), Choice("given", Transform(error_mm=25.0)), FAST, UNTOLD)
    assert found.withheld
    assert found.assessment.document["lesions"][0]["registration"]["verdict"] == "fail"


def test_one_lesion_may_be_withheld_and_the_other_one_told() -> None:
    left, right = (-9.0, 0.0, 120.0), (9.0, 0.0, 120.0)
    lesions = tuple(Lesion(str(n), None, Mask(ball(at, 3.0), GRID, "tumor")) for n, at in enumerate((left, right)))
    zones = tuple(Mask(ball(at, 7.0), GRID, "ablation") for at in (left, right))
    scans = replace(pair(), lesions=lesions, ablations=zones)
    registered = list(register_pair(scans, Choice("given", Transform())))
    registered[0] = replace(registered[0], quality=Quality((Gate("tumor_volume", 0.5, "fail"),)))
    case = carried_case(scans, registered, UNTOLD)
    assert [bool(lesion.withheld) for lesion in case.lesions] == [True, False]
