"""The interval of the margin: spheres whose errors are known on paper, the capsule, and what must always hold."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from scipy.stats import ncx2

from isotherm.errors import BadSetting
from isotherm.imaging.geometry import Float
from isotherm.imaging.interval import Minimum, end_of
from isotherm.imaging.lookup import MarginAt
from isotherm.imaging.margin import Margin, measure
from isotherm.imaging.organ import DEPTH_MM, HEIGHT_MM, REACH_MM, Organ, label_around, organ_around
from isotherm.imaging.phantom import Ellipsoid, Shape, Sphere
from isotherm.imaging.surface import NOTHING, Field, Region, field_of
from isotherm.imaging.uncertainty import Errors, Frame, MarginInterval, margin_interval
from isotherm.imaging.volume import Grid
from tests.imaging.capsule import fixture

SLIVER_MM = 1.0
ONLY_SHIFTS = Errors(2.0, rotation_error_degrees=0.0, outline_error_mm=0.0, discretization_error_mm=0.0)
NO_ERROR = Errors(0.0, rotation_error_degrees=0.0, outline_error_mm=0.0, discretization_error_mm=0.0)


@dataclass(frozen=True)
class Case:
    tumor: Region
    zone: Region
    margin: Margin
    organ: Organ | None = None

    def interval(
        self, errors: Errors, *, frame: Frame = "after", samples: int = 1000, level: float = 0.9
    ) -> MarginInterval:
        found = margin_interval(
            self.tumor, self.zone, self.margin, organ=self.organ, errors=errors, samples=samples, level=level,
            rng=np.random.default_rng(0), organ_frame=frame, sliver_mm=SLIVER_MM,
        )  # fmt: skip
        assert found is not None
        return found


def region(shape: Shape) -> Region:
    return Region(shape.level, shape.triangles(4).corners_lps_mm)


def spheres(tumor_mm: float, zone_mm: float, apart_mm: float) -> Case:
    tumor, zone = region(Sphere((0.0, 0.0, 0.0), tumor_mm)), region(Sphere((apart_mm, 0.0, 0.0), zone_mm))
    return Case(tumor, zone, measure(tumor, zone))


def at_capsule(name: str, *, number: int = 0) -> Case:
    case = fixture(name, seed=number)
    tumor, zone = Region.of_field(field_of(case.tumor)), Region.of_field(field_of(case.ablation))
    points = case.tumor.grid.to_lps(np.argwhere(case.tumor.inside))
    organ = organ_around(label_around(case.organ, points), tumor, points, zone, [])
    return Case(tumor, zone, measure(tumor, zone, organ=organ, sliver_mm=SLIVER_MM), organ)


def moved(tumor: Region, center: Float, pose: Float) -> Region:
    turn = Rotation.from_rotvec(pose[3:]).as_matrix()
    end = (tumor.boundary.reshape(-1, 3) - center) @ turn.T + center + pose[:3]
    return Region(lambda points: tumor.at((points - center - pose[:3]) @ turn + center), end.reshape(-1, 3, 3))


@pytest.mark.parametrize("apart_mm", [2.0, 4.0, 6.0])
def test_the_interval_of_two_spheres_is_that_of_a_noncentral_chi(apart_mm: float) -> None:
    sd = ONLY_SHIFTS.shift_sd_mm
    offsets = np.linspace(0.0, 15.0, 3001)
    # Probability of seeing the centers at most this far apart when they truly lie `offset` apart.
    seen = ncx2.cdf((apart_mm / sd) ** 2, 3, (offsets / sd) ** 2)
    far = offsets[np.flatnonzero(seen >= 0.05)[-1]]
    near = offsets[max(np.flatnonzero(seen >= 0.95), default=0)]
    found = spheres(10.0, 20.0, apart_mm).interval(ONLY_SHIFTS, samples=4000)
    assert found.low_mm == pytest.approx(10.0 - far, abs=0.15)
    assert found.high_mm == pytest.approx(10.0 - near, abs=0.3)
    assert found.nominal_mm == pytest.approx(10.0 - apart_mm, abs=0.1)


def test_a_zone_seen_around_the_very_center_still_leaves_room_below() -> None:
    found = spheres(10.0, 20.0, 0.0).interval(ONLY_SHIFTS)
    assert found.low_mm < found.nominal_mm - 0.5 * ONLY_SHIFTS.shift_sd_mm
    assert found.high_mm <= 10.2


def test_draws_around_concentric_spheres_are_lower_by_a_maxwell_error() -> None:
    draws = spheres(10.0, 20.0, 0.0).interval(ONLY_SHIFTS).draws_mm
    assert draws.mean() == pytest.approx(10.0 - 2.0, abs=0.1)  # a mean error of 2 mm


def test_outline_errors_alone_widen_the_interval_by_their_size() -> None:
    errors = Errors(0.0, rotation_error_degrees=0.0, outline_error_mm=0.5, discretization_error_mm=0.0)
    found = spheres(10.0, 20.0, 6.0).interval(errors)
    assert found.high_mm - found.low_mm == pytest.approx(2 * 1.645 * math.hypot(0.5, 0.5), abs=0.4)


def test_a_discretization_error_alone_gives_its_own_normal_interval() -> None:
    errors = Errors(0.0, rotation_error_degrees=0.0, outline_error_mm=0.0, discretization_error_mm=0.4)
    found = spheres(10.0, 18.0, 2.0).interval(errors, samples=4000)
    assert found.low_mm == pytest.approx(found.nominal_mm - 1.645 * 0.4, abs=0.05)
    assert found.high_mm == pytest.approx(found.nominal_mm + 1.645 * 0.4, abs=0.05)
    assert found.dominant_source == "discretization"


def test_without_any_error_there_is_no_doubt() -> None:
    found = spheres(10.0, 18.0, 2.0).interval(NO_ERROR)
    assert (found.low_mm, found.high_mm) == pytest.approx((found.nominal_mm, found.nominal_mm), abs=0.01)
    assert (found.probability.below_5, found.probability.below_10) == (0.0, 1.0)
    assert found.draws_mm == pytest.approx(np.full(1000, found.nominal_mm), abs=0.03)
    assert found.dominant_source is None


def test_probabilities_and_interval_come_from_one_distribution() -> None:
    case = spheres(10.0, 18.0, 3.0)  # 5 mm
    found = case.interval(Errors())
    p = found.probability
    assert p.below_0 <= p.at_most_3 <= p.below_5 <= p.below_10
    assert (p.at_most_3 < 0.05) == (found.low_mm > 3.0)
    assert (p.below_10 > 0.95) == (found.high_mm < 10.0)
    narrow = case.interval(Errors(), level=0.5)
    assert found.low_mm < narrow.low_mm <= narrow.nominal_mm <= narrow.high_mm < found.high_mm


def test_the_same_state_of_chance_gives_the_same_result() -> None:
    case = spheres(8.0, 14.0, 2.0)
    one, other = case.interval(Errors()), case.interval(Errors())
    assert (one.low_mm, one.high_mm, one.probability) == (other.low_mm, other.high_mm, other.probability)
    assert (one.draws_mm == other.draws_mm).all()


def test_registration_is_named_as_assumed_where_it_is_not_given() -> None:
    assert Errors().registration_is_assumed
    assert Errors().mean_registration_error_mm == 1.62
    assert not Errors(1.62).registration_is_assumed
    assert Errors(1.62).shift_sd_mm == pytest.approx(1.62 / 1.596, abs=1e-3)


def test_translation_dominates_at_published_errors_and_shares_add_up() -> None:
    found = spheres(10.0, 18.0, 3.0).interval(Errors())
    assert found.dominant_source == "translation"
    assert sum(found.variance_shares.values()) == pytest.approx(1.0)
    turned = Ellipsoid((0.0, 0.0, 0.0), (5.0, 5.0, 15.0)), Ellipsoid((0.0, 0.0, 0.0), (9.0, 9.0, 20.0))
    tumor, zone = region(turned[0]), region(turned[1])
    long = Case(tumor, zone, measure(tumor, zone)).interval(Errors(0.2, rotation_error_degrees=8.0))
    assert long.dominant_source == "rotation"


def test_a_missed_lesion_has_an_interval_below_zero() -> None:
    found = spheres(8.0, 10.0, 25.0).interval(Errors())
    assert found.nominal_mm == pytest.approx(-23.0, abs=0.1)
    assert -26.0 < found.low_mm < -24.0 < -22.0 < found.high_mm < -20.0
    assert found.probability.below_0 == 1.0


def test_nothing_ablated_has_no_interval() -> None:
    case = spheres(8.0, 10.0, 0.0)
    none = measure(case.tumor, NOTHING)
    found = margin_interval(case.tumor, NOTHING, none, organ=None, errors=Errors(), rng=np.random.default_rng(0))
    assert found is None


def test_a_margin_beyond_the_reach_stays_at_least_the_reach() -> None:
    found = spheres(5.0, 40.0, 0.0).interval(Errors())
    assert (found.low_mm, found.nominal_mm, found.high_mm) == (REACH_MM, REACH_MM, REACH_MM)
    assert found.draws_mm.max() <= REACH_MM
    nearly = spheres(5.0, 30.5, 0.0).interval(Errors())
    assert nearly.low_mm < nearly.high_mm == REACH_MM


def test_what_the_images_cut_is_only_a_robustness_interval_of_the_largest_margin() -> None:
    case = fixture("H")
    tumor, zone = Region.of_field(field_of(case.tumor)), Region.of_field(field_of(case.ablation))
    points = case.tumor.grid.to_lps(np.argwhere(case.tumor.inside))
    organ = organ_around(label_around(case.organ, points), tumor, points, zone, [])
    margin = measure(tumor, zone, organ=organ, views=(case.organ.grid,), sliver_mm=SLIVER_MM)
    found = Case(tumor, zone, margin, organ).interval(Errors())
    assert found.of_assessable_part
    assert not found.calibrated
    assert found.nominal_mm == pytest.approx(8.0, abs=0.3)
    assert found.probability.below_0 < 0.01


@pytest.mark.parametrize("frame", ["before", "after"])
@pytest.mark.parametrize(("name", "number"), [("A", 0), ("J", 0), ("I", 1), ("I", 2)])
def test_an_ideally_ablated_lesion_under_the_capsule_is_not_pushed_out_of_its_organ(
    name: str, number: int, frame: Frame
) -> None:
    found = at_capsule(name, number=number).interval(Errors(), frame=frame)
    assert found.probability.below_0 == pytest.approx(0.0, abs=0.005)
    assert (found.draws_mm < 0).mean() <= 0.005
    assert 5.3 <= found.low_mm <= 7.3
    assert 7.5 <= found.high_mm <= 11.0


@pytest.mark.parametrize("name", ["C", "E"])
def test_an_uncovered_lesion_under_the_capsule_stays_uncovered(name: str) -> None:
    found = at_capsule(name).interval(Errors())
    assert found.probability.below_0 > 0.85
    assert found.high_mm < 1.5


@pytest.mark.parametrize("name", ["A", "C", "E", "G", "J"])
def test_a_moved_tumor_is_looked_up_as_if_it_were_measured_anew(name: str) -> None:
    case = at_capsule(name)
    assert case.organ is not None
    quick = MarginAt(case.zone, case.margin.untreated.corners_lps_mm, case.organ, SLIVER_MM)
    rng = np.random.default_rng(1)
    center = case.margin.points_lps_mm.mean(axis=0)
    poses = np.concatenate([rng.normal(0.0, 1.015, (6, 3)), rng.normal(0.0, math.radians(2.0), (6, 3))], axis=1)
    for pose in [np.zeros(6), *poses]:
        anew = measure(moved(case.tumor, center, pose), case.zone, organ=case.organ, sliver_mm=SLIVER_MM)
        found = quick.quickly(anew.points_lps_mm).min()
        assert found == pytest.approx(anew.minimal_mm, abs=0.1 if pose.any() else 0.03)


def test_draws_are_those_of_the_exact_engine() -> None:
    tumor = region(Ellipsoid((0.0, 0.0, 0.0), (6.0, 9.0, 14.0)))
    zone = region(Ellipsoid((1.0, -1.0, 0.5), (12.0, 14.0, 21.0)))
    case = Case(tumor, zone, measure(tumor, zone))
    errors = Errors(1.62, outline_error_mm=0.0, discretization_error_mm=0.0)
    found = case.interval(errors, samples=400)
    rng = np.random.default_rng(7)
    center = np.average(case.margin.points_lps_mm, axis=0, weights=case.margin.areas_mm2)
    poses = rng.normal(size=(60, 6)) * ([errors.shift_sd_mm] * 3 + [math.radians(2.0)] * 3)
    anew = np.array([measure(moved(tumor, center, pose), zone).minimal_mm for pose in poses])
    assert found.draws_mm.mean() == pytest.approx(anew.mean(), abs=3 * float(anew.std()) / math.sqrt(60))
    assert found.draws_mm.std() == pytest.approx(anew.std(), rel=0.3)


def test_an_organ_drawn_before_moves_with_its_tumor() -> None:
    """A zone that reaches beyond the capsule is cut anew by each place of the organ: measured and looked up alike."""
    grid = Grid((70, 70, 60), (1.0, 1.0, 1.0), (0.0, -35.0, -35.0))
    depth = np.clip(np.indices(grid.shape_kji)[2] - 20.0, -HEIGHT_MM, DEPTH_MM)

    def organ_at(shift: Float) -> Organ:
        origin = (float(shift[0]), -35.0 + float(shift[1]), -35.0 + float(shift[2]))
        field = Field(depth.astype(np.float32), Grid(grid.shape_kji, (1.0, 1.0, 1.0), origin))
        return Organ(field, field, "clip", 0.0)

    tumor, zone = region(Sphere((28.0, 0.0, 0.0), 8.0)), region(Sphere((28.0, 2.0, 0.0), 16.0))
    still = organ_at(np.zeros(3))
    case = Case(tumor, zone, measure(tumor, zone, organ=still), still)
    errors = Errors(2.0, rotation_error_degrees=0.0, outline_error_mm=0.0, discretization_error_mm=0.0)
    found = case.interval(errors, frame="before")
    shifts = np.random.default_rng(3).normal(0.0, errors.shift_sd_mm, (60, 3))
    anew = [measure(moved(tumor, np.zeros(3), np.r_[s, 0, 0, 0]), zone, organ=organ_at(s)).minimal_mm for s in shifts]
    assert found.draws_mm.mean() == pytest.approx(np.mean(anew), abs=3 * float(np.std(anew)) / math.sqrt(60))
    assert found.probability.below_0 < 0.01


@settings(max_examples=15, deadline=None)
@given(tumor_mm=st.floats(4.0, 15.0), more_mm=st.floats(0.5, 12.0), apart_mm=st.floats(0.0, 12.0))
def test_the_nominal_margin_always_lies_in_its_interval(tumor_mm: float, more_mm: float, apart_mm: float) -> None:
    found = spheres(tumor_mm, tumor_mm + more_mm, apart_mm).interval(Errors(), samples=200)
    assert found.low_mm <= found.nominal_mm <= found.high_mm
    assert np.isfinite(found.draws_mm).all()
    p = found.probability
    assert 0.0 <= p.below_0 <= p.at_most_3 <= p.below_5 <= p.below_10 <= 1.0


def test_confidence_rises_from_zero_to_one_and_is_a_half_at_a_single_observed_value() -> None:
    effects = np.array([[0.8, 0.6]])
    rng = np.random.default_rng(0)
    errors = (rng.standard_normal((20000, 2)) @ effects.T).astype(np.float32)
    confidence = Minimum(np.array([4.0]), effects, errors).confidence()
    found = [confidence(t) for t in (0.0, 3.0, 4.0, 5.0, 8.0)]
    assert found == pytest.approx([0.0, 0.159, 0.5, 0.841, 1.0], abs=0.01)
    assert end_of(confidence, 0.05, 4.0) == pytest.approx(4.0 - 1.645, abs=0.03)


@pytest.mark.parametrize(
    ("settings_", "says"),
    [({"registration_error_mm": -1.0}, "registration"), ({"outline_error_mm": math.nan}, "outline"),
     ({"rotation_error_degrees": 45.0}, "rotation"), ({"discretization_error_mm": math.inf}, "discretization")],
)  # fmt: skip
def test_errors_that_cannot_be_are_refused(settings_: dict[str, float], says: str) -> None:
    with pytest.raises(BadSetting, match=says):
        Errors(**settings_)


def test_too_few_samples_and_odd_levels_are_refused() -> None:
    case = spheres(8.0, 14.0, 2.0)
    with pytest.raises(BadSetting, match="10 samples"):
        case.interval(Errors(), samples=10)
    with pytest.raises(BadSetting, match="level"):
        case.interval(Errors(), level=1.0)
