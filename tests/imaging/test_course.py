"""Courses through a zone, put together by hand: what bridges and what does not."""

import numpy as np
import pytest

from isotherm.imaging.centerline import Centerline
from isotherm.imaging.course import ABLATED, OUTSIDE, UNTREATED, Stretch, bridges, surroundings

A, U, O = ABLATED, UNTREATED, OUTSIDE  # noqa: E741


def stretch(around, nodes=(None, None), contact=(), start=(0.0, 0.0, 0.0)):
    """A stretch along x with a point every half millimeter; `around` is run by run: (what, how many points)."""
    values = np.concatenate([np.full(n, what, dtype=np.int8) for what, n in around])
    n = len(values)
    touches = np.zeros(n, dtype=bool)
    touches[list(contact)] = True
    points = np.array(start) + np.outer(np.arange(n) * 0.5, (1.0, 0.0, 0.0))
    return Stretch(points, np.full(n, 4.0), np.full(n, 0.5), values, touches, nodes)


def answers(*stretches):
    return [bridge.bridging for bridge in bridges(stretches)]


@pytest.mark.parametrize(
    ("around", "contact", "expected"),
    [
        ([(A, 10), (U, 10)], [0], True),
        ([(A, 10), (U, 10)], [], False),  # touches nothing
        ([(A, 20)], [0], False),  # leaves nowhere
        ([(A, 10), (O, 10)], [0], False),  # leaves the organ
        ([(A, 10), (O, 2), (U, 10)], [0], False),  # and comes back elsewhere
        ([(A, 10), (U, 1)], [0], False),  # half a millimeter outside is the roughness of outlines
        ([(U, 10)], [0], False),  # touches, but does not run in the zone
        ([(A, 1), (U, 10)], [0], False),  # nor is half a millimeter inside a run
        ([(U, 4), (A, 10), (U, 10)], [0, 1, 2, 3], True),  # touches where the tumor is not covered
        ([(U, 10), (A, 10), (O, 10), (A, 6)], [32], False),  # a way out elsewhere is not this tumor's
        ([(U, 10), (A, 10), (U, 10), (A, 6)], [12], True),
    ],
)
def test_a_single_vessel(around, contact, expected):
    assert answers(stretch(around, contact=contact)) == [expected]


def test_a_course_passes_from_branch_to_branch_inside_of_the_zone():
    stem = stretch([(A, 10)], nodes=(None, 1), contact=[0])
    middle = stretch([(A, 10)], nodes=(1, 2), start=(5, 0, 0))
    out = stretch([(A, 10), (U, 10)], nodes=(2, None), start=(10, 0, 0))
    side = stretch([(A, 10)], nodes=(2, None), start=(10, 5, 0))
    found = bridges([stem, middle, out, side])
    assert [bridge.bridging for bridge in found] == [True, True, True, False]
    assert {bridge.leaves_lps_mm for bridge in found[:3]} == {((14.75, 0.0, 0.0),)}


def test_a_course_does_not_pass_through_a_junction_outside_of_the_zone():
    stem = stretch([(A, 10), (O, 4)], nodes=(None, 1), contact=[0])
    other = stretch([(O, 4), (A, 10), (U, 10)], nodes=(1, None), start=(7, 0, 0))
    assert answers(stem, other) == [False, False]


def test_a_vessel_may_leave_the_zone_at_a_junction():
    stem = stretch([(A, 10)], nodes=(None, 1), contact=[0])
    outside = stretch([(U, 10)], nodes=(1, None), start=(5, 0, 0))
    brief = stretch([(U, 1)], nodes=(1, None), start=(5, 0, 0))
    found = bridges([stem, outside])
    assert [bridge.bridging for bridge in found] == [True, False]
    assert found[0].leaves_lps_mm == ((4.5, 0.0, 0.0),)
    assert answers(stem, brief) == [False, False]


def test_twigs_that_touch_but_lead_nowhere_do_not_bridge():
    out = stretch([(U, 8), (A, 20)], nodes=(None, 1), contact=[20])
    twig = stretch([(A, 6)], nodes=(1, None), contact=[0], start=(14, 0, 0))
    assert answers(out, twig) == [True, False]


def test_a_stretch_says_where_it_crosses_the_border_of_the_zone():
    both = stretch([(U, 4), (A, 10), (U, 4)])
    assert both.crossings == ((1.75, 0.0, 0.0), (6.75, 0.0, 0.0))
    assert both.length_inside_mm == pytest.approx(5.0)


def line(n=21):
    points = np.outer(np.arange(n) * 0.5, (1.0, 0.0, 0.0))
    return Centerline(points, np.full(n, 4.0), (0, 1))


def never(points):
    return np.full(len(points), -1.0)


def test_the_tissue_around_the_vessel_decides_not_its_lumen():
    def lumen(points):
        return 2.0 - np.hypot(points[:, 1], points[:, 2])

    def zone(points):  # the half space x < 5 without the lumen and a sleeve of 1 mm
        return np.minimum(5.0 - points[:, 0], np.hypot(points[:, 1], points[:, 2]) - 3.0)

    around = surroundings(line(), ablation=zone, organ=None, lumen=lumen)
    assert around.tolist() == [A] * 10 + [around[10]] + [U] * 10


def test_half_a_wall_in_the_zone_is_not_inside():
    around = surroundings(line(), ablation=lambda p: p[:, 1] - 2.4, organ=None, lumen=never)
    assert (around == U).all()


def test_beyond_the_organ_there_is_nothing_to_leave_into():
    around = surroundings(line(), ablation=lambda p: 5 - p[:, 0], organ=lambda p: 7.5 - p[:, 0], lumen=never)
    assert sorted(set(around.tolist())) == [U, O, A]
    assert around[-1] == O


def test_where_a_junction_hides_the_wall_the_next_place_speaks_for_it():
    def lumen(points):
        return 3.0 - np.abs(points[:, 0] - 5.0)  # lumen on all sides from x = 2 to x = 8

    around = surroundings(line(), ablation=lambda p: 4.9 - p[:, 0], organ=None, lumen=lumen)
    assert around[0] == A
    assert around[-1] == U
    assert O not in around.tolist()
    all_hidden = surroundings(line(), ablation=lambda p: 4.9 - p[:, 0], organ=None, lumen=lambda p: np.ones(len(p)))
    assert (all_hidden == O).all()
