"""How far bodies are apart, against balls and boxes whose distance is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isotherm.imaging.proximity import Body, depth_below_capsule, gap
from tests.imaging.solids import ball

EMPTY = Body(np.zeros((0, 3)), np.zeros((0, 3), dtype=int), lambda points: np.full(len(points), -1.0))


@settings(max_examples=40, deadline=None)
@given(st.tuples(*[st.floats(-40, 40)] * 3), st.floats(2, 15), st.floats(2, 30))
def test_two_balls_are_apart_by_the_distance_of_their_centers_less_their_radii(center, first_mm, second_mm):
    truth = max(0.0, float(np.linalg.norm(center)) - first_mm - second_mm)
    found = gap(ball((0, 0, 0), first_mm, detail=3), ball(center, second_mm, detail=3))
    assert found is not None
    # A ball of flat facets is thinner than the ball by up to 0.8 % of its radius at this level of detail.
    assert truth - 1e-6 <= found.distance_mm <= truth + 0.01 * (first_mm + second_mm)
    if found.distance_mm > 0:
        apart = np.linalg.norm(np.subtract(found.from_lps_mm, found.to_lps_mm))
        assert apart == pytest.approx(found.distance_mm)


def test_the_nearest_places_lie_on_the_line_between_the_centers():
    found = gap(ball((0, 0, 0), 8), ball((0, 0, 40), 10))
    assert found is not None
    assert found.from_lps_mm == pytest.approx((0, 0, 8), abs=0.3)
    assert found.to_lps_mm == pytest.approx((0, 0, 30), abs=0.3)


@pytest.mark.parametrize("other", [ball((14, 0, 0), 8), ball((0, 0, 0), 20), ball((1, 0, 0), 2)])
def test_bodies_that_overlap_or_hold_each_other_are_not_apart(other):
    for found in (gap(ball((0, 0, 0), 8), other), gap(other, ball((0, 0, 0), 8))):
        assert found is not None
        assert found.distance_mm == 0.0
        assert found.from_lps_mm == found.to_lps_mm


def test_a_spike_that_faces_a_large_triangle_is_measured_to_the_triangle():
    # The nearest corner of the floor is 50 mm away, its plane 3 mm.
    floor = Body(
        np.array([[-50.0, -50, 0], [50, -50, 0], [0, 80, 0]]), np.array([[0, 1, 2]]), lambda p: -np.abs(p[:, 2])
    )
    spike = Body(np.array([[0.0, 0, 3], [1, 0, 9], [-1, 0, 9]]), np.array([[0, 1, 2]]), lambda p: -np.ones(len(p)))
    for found in (gap(floor, spike), gap(spike, floor)):
        assert found is not None
        assert found.distance_mm == pytest.approx(3.0)


def test_there_is_no_distance_to_nothing():
    assert gap(ball((0, 0, 0), 8), EMPTY) is None
    assert gap(EMPTY, ball((0, 0, 0), 8)) is None
    assert EMPTY.signed_mm(np.zeros((2, 3))).tolist() == [-np.inf, -np.inf]


def test_corners_without_a_triangle_are_not_on_the_surface():
    body = ball((0, 0, 0), 8)
    strayed = Body(np.concatenate([[[100.0, 0, 0]], body.points_lps_mm]), body.triangles + 1, body.inside)
    found = gap(strayed, ball((100, 0, 0), 5))
    assert found is not None
    assert found.distance_mm == pytest.approx(87.0, abs=0.2)


def test_the_signed_distance_is_exact_near_the_surface_and_close_far_away():
    body = ball((0, 0, 0), 10, detail=5)
    points = np.array([[0.0, 0, 0], [6.0, 0, 0], [9.5, 0, 0], [10.5, 0, 0], [0, 13.0, 0], [0, 0, 60.0]])
    truth = np.array([10.0, 4.0, 0.5, -0.5, -3.0, -50.0])
    assert body.signed_mm(points) == pytest.approx(truth, abs=0.02)


ORGAN = ball((0, 0, 0), 60, detail=5)


@pytest.mark.parametrize(
    ("center_x", "from_surface", "from_center", "superficial"),
    [(0.0, 52.0, 60.0, False), (29.5, 22.5, 30.5, False), (30.5, 21.5, 29.5, True), (52.0, 0.0, 8.0, True)],
)
def test_depth_is_measured_to_the_nearest_capsule(center_x, from_surface, from_center, superficial):
    depth = depth_below_capsule(ball((center_x, 0, 0), 8), (center_x, 0.0, 0.0), ORGAN)
    assert depth.from_surface_mm == pytest.approx(from_surface, abs=0.1)
    assert depth.from_center_mm == pytest.approx(from_center, abs=0.1)
    assert depth.superficial is superficial
    assert depth.reason == ""


def test_a_lesion_that_sticks_out_of_the_organ_has_no_depth():
    depth = depth_below_capsule(ball((63.0, 0, 0), 8), (63.0, 0.0, 0.0), ORGAN)
    assert (depth.from_surface_mm, depth.from_center_mm, depth.superficial) == (0.0, 0.0, True)


def test_without_an_organ_or_outside_of_the_liver_the_reason_is_given():
    lesion = ball((20.0, 0, 0), 8)
    assert depth_below_capsule(lesion, (20, 0, 0), None).reason == "no organ was given"
    assert depth_below_capsule(lesion, (20, 0, 0), EMPTY).from_surface_mm is None
    lung = depth_below_capsule(lesion, (20, 0, 0), ORGAN, organ_name="lung")
    assert lung.superficial is None
    assert lung.from_surface_mm == pytest.approx(32.0, abs=0.1)
    assert "liver alone" in lung.reason
