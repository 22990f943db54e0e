"""The true margin between phantoms, against formulas and against fine meshes."""

import numpy as np
import pytest

from isotherm.imaging.phantom import Ellipsoid, Lobulated, Shape, Sphere
from isotherm.imaging.phantom_directions import icosphere
from isotherm.imaging.phantom_draws import draw_bumps, draw_ellipsoid_pair, draw_lobulated_pair, draw_rotation
from isotherm.imaging.phantom_truth import Skin, true_margin

EXACT = 0.002


def round_lobulated(sphere: Sphere) -> Lobulated:
    return Lobulated(sphere.center_lps_mm, sphere.radius_mm)


@pytest.mark.parametrize(
    ("tumor", "zone", "margin_mm"),
    [
        (Sphere((0, 0, 0), 10), Sphere((0, 0, 0), 18), 8.0),
        (Sphere((0, 0, 0), 10), Sphere((0, 4, 0), 18), 4.0),
        (Sphere((0, 0, 0), 10), Sphere((3, 4, 0), 10), -5.0),
        (Sphere((0, 0, 0), 10), Sphere((0, 0, 0), 5), -5.0),
        (Sphere((0, 0, 0), 5), Sphere((30, 0, 0), 10), -25.0),
    ],
)
def test_spheres_have_the_margin_of_the_formula_however_they_are_given(tumor: Sphere, zone: Sphere, margin_mm: float):
    assert true_margin(tumor, zone).minimal_mm == pytest.approx(margin_mm, abs=1e-12)
    assert true_margin(round_lobulated(tumor), zone).minimal_mm == pytest.approx(margin_mm, abs=EXACT)
    assert true_margin(tumor, round_lobulated(zone)).minimal_mm == pytest.approx(margin_mm, abs=EXACT)


def test_the_thinnest_point_of_eccentric_spheres_lies_away_from_the_zones_center():
    margin = true_margin(Sphere((0, 0, 0), 10), round_lobulated(Sphere((0, -4, 0), 18)))
    assert margin.thinnest_lps_mm == pytest.approx((0.0, 10.0, 0.0), abs=0.1)
    assert true_margin(Sphere((0, 0, 0), 10), Sphere((0, -4, 0), 18)).thinnest_lps_mm == pytest.approx((0, 10, 0))


def test_a_ball_in_the_middle_of_an_ellipsoid_is_covered_by_the_shortest_semi_axis():
    zone = Ellipsoid((0, 0, 0), (12, 15, 20), draw_rotation(np.random.default_rng(0)))
    assert true_margin(Sphere((0, 0, 0), 7), zone).minimal_mm == pytest.approx(5.0, abs=EXACT)


def test_an_ellipsoid_in_a_ball_is_covered_by_what_its_longest_semi_axis_leaves():
    tumor = Ellipsoid((1, 2, 3), (5, 8, 13), draw_rotation(np.random.default_rng(1)))
    for radius_mm, margin_mm in ((15, 2.0), (13, 0.0), (10, -3.0)):
        assert true_margin(tumor, Sphere((1, 2, 3), radius_mm)).minimal_mm == pytest.approx(margin_mm, abs=EXACT)


@pytest.mark.parametrize("draw", [draw_ellipsoid_pair, draw_lobulated_pair])
@pytest.mark.parametrize("number", range(4))
def test_drawn_pairs_have_the_margin_of_fine_meshes(draw, number: int):
    tumor, zone = draw(np.random.default_rng([7, number]))
    margin = true_margin(tumor, zone)
    rough = Skin(zone).rough_mm(tumor.surface_points(icosphere(6)[0]))
    points = tumor.surface_points(icosphere(6)[0])[rough < rough.min() + 0.3]
    signs = np.where(zone.inside(points), 1.0, -1.0)
    by_mesh = float((zone.triangles().distance_mm(points) * signs).min())
    # The mesh has no point exactly at the minimum, and its facets lie a few micrometers inside of the surface.
    assert by_mesh - 0.03 < margin.minimal_mm < by_mesh + 0.005


def test_the_thinnest_point_lies_on_the_tumor_and_has_the_minimal_margin():
    tumor, zone = draw_lobulated_pair(np.random.default_rng(3))
    margin = true_margin(tumor, zone)
    point = np.array([margin.thinnest_lps_mm])
    assert tumor.level(point)[0] == pytest.approx(0.0, abs=1e-9)
    assert Skin(zone).exact_mm(point)[0] == pytest.approx(margin.minimal_mm, abs=EXACT)


def test_moving_and_mirroring_both_changes_nothing():
    rng = np.random.default_rng(5)
    tumor = Ellipsoid((0, 0, 0), (6, 9, 13), draw_rotation(rng))
    zone = Ellipsoid((2, 1, 0), (14, 18, 21), draw_rotation(rng))
    move, flip = draw_rotation(rng) * [-1.0, 1.0, 1.0], np.array([80.0, -300.0, 12.0])

    def moved(shape: Ellipsoid) -> Ellipsoid:
        left, posterior, superior = (move @ np.array(shape.center_lps_mm) + flip).tolist()
        return Ellipsoid((left, posterior, superior), shape.semi_axes_mm, move @ shape.axes_lps)

    there = true_margin(moved(tumor), moved(zone)).minimal_mm
    assert there == pytest.approx(true_margin(tumor, zone).minimal_mm, abs=EXACT)


@pytest.mark.parametrize(
    "shape",
    [
        Sphere((1, 2, 3), 9),
        Ellipsoid((1, 2, 3), (8, 11, 17)),
        Lobulated((1, 2, 3), 11, draw_bumps(np.random.default_rng(9))),
    ],
    ids=["sphere", "ellipsoid", "lobulated"],
)
def test_signed_distances_are_exact_inside_and_outside(shape: Shape):
    points = np.array(shape.center_lps_mm) + np.random.default_rng(0).normal(scale=9.0, size=(200, 3))
    skin = Skin(shape)
    signed = shape.triangles().distance_mm(points) * np.where(shape.inside(points), 1.0, -1.0)
    assert skin.exact_mm(points) == pytest.approx(signed, abs=0.006)
    assert np.abs(skin.rough_mm(points)) == pytest.approx(np.abs(signed), abs=0.25)


def test_how_deep_a_point_lies_is_told_to_a_depth_that_is_given_and_all_outside_of_it():
    shape = Lobulated((1, 2, 3), 11, draw_bumps(np.random.default_rng(9)))
    points = np.array(shape.center_lps_mm) + np.random.default_rng(0).normal(scale=9.0, size=(200, 3))
    whole, near = Skin(shape).rough_mm(points), Skin(shape).rough_mm(points, most_mm=2.0)
    assert {*np.sign(whole)} == {-1.0, 1.0}
    assert (whole > 2.0).any()
    assert np.array_equal(near, np.where(whole > 2.0, np.inf, whole))
    assert np.array_equal(Skin(shape).rough_mm(points[whole < 0], most_mm=0.0), whole[whole < 0])
