"""Contours enclose the area that geometry gives, with holes, islands, overlaps and repeats decided."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.imaging.contours import coverage, enclosed
from isotherm.imaging.geometry import Float

SHAPE = (30, 40)


def circle(center: tuple[float, float], radius: float, corners: int = 500) -> Float:
    turn = np.linspace(0.0, 2.0 * np.pi, corners, endpoint=False)
    return np.stack([center[0] + radius * np.sin(turn), center[1] + radius * np.cos(turn)], axis=1)


def square(low: float, high: float) -> Float:
    return np.array([[low, low], [low, high], [high, high], [high, low]])


def test_a_square_on_pixel_edges_is_whole_pixels() -> None:
    shares = coverage(square(1.5, 4.5), SHAPE)
    assert np.array_equal(np.argwhere(shares == 1.0).min(axis=0), [2, 2])
    assert np.array_equal(np.argwhere(shares == 1.0).max(axis=0), [4, 4])
    assert shares.sum() == 9.0


def test_a_pixel_cut_by_an_edge_has_its_share() -> None:
    shares = coverage(square(1.5, 4.25), SHAPE)
    assert shares[3, 4] == pytest.approx(0.75)
    assert shares[4, 4] == pytest.approx(0.75**2)


@given(st.floats(8, 20), st.floats(8, 30), st.floats(1, 7))
def test_a_circle_has_its_area_and_its_center(j: float, i: float, radius: float) -> None:
    shares = coverage(circle((j, i), radius), SHAPE)
    assert shares.sum() == pytest.approx(np.pi * radius**2, rel=0.01)
    rows, columns = np.indices(SHAPE)
    assert (shares * rows).sum() / shares.sum() == pytest.approx(j, abs=0.05)
    assert (shares * columns).sum() / shares.sum() == pytest.approx(i, abs=0.05)
    assert 0.0 <= shares.min() <= shares.max() <= 1.0


@given(st.floats(-50, 80), st.floats(-50, 80), st.floats(0.1, 100), st.booleans())
def test_what_lies_beyond_the_pixels_is_cut_off(j: float, i: float, radius: float, turned: bool) -> None:
    contour = circle((j, i), radius)
    wide = np.pad(np.zeros(SHAPE), 200)
    whole = coverage((contour[::-1] if turned else contour) + 200, (wide.shape[0], wide.shape[1]))
    assert np.abs(coverage(contour, SHAPE) - whole[200:-200, 200:-200]).max() < 1e-9


@pytest.mark.parametrize("contour", [np.zeros((0, 2)), np.ones((1, 2)), np.array([[1.0, 1.0], [5.0, 5.0]])])
def test_what_encloses_nothing_covers_nothing(contour: Float) -> None:
    assert coverage(contour, SHAPE).sum() == 0.0
    assert enclosed([contour], SHAPE).shares.sum() == 0.0


def test_a_contour_within_another_is_a_hole_and_one_within_the_hole_an_island() -> None:
    found = enclosed([circle((15, 15), 4), circle((15, 15), 10), circle((15, 15), 2)], SHAPE)
    assert found.shares.sum() == pytest.approx(np.pi * (100 - 16 + 4), rel=0.01)
    assert (found.overlapping, found.repeated) == (0, 0)


def test_a_hole_drawn_by_a_keyhole_is_a_hole() -> None:
    inner = square(12.0, 18.0)[::-1]
    keyhole = np.concatenate([square(5.0, 25.0), square(5.0, 25.0)[:1], inner, inner[:1]])
    assert enclosed([keyhole], SHAPE).shares.sum() == pytest.approx(400 - 36, rel=0.01)


def test_contours_side_by_side_add_up() -> None:
    found = enclosed([circle((15, 8), 5), circle((15, 25), 5)], SHAPE)
    assert found.shares.sum() == pytest.approx(2 * np.pi * 25, rel=0.01)


def test_a_contour_that_is_there_twice_counts_once() -> None:
    found = enclosed([circle((15, 15), 6), circle((15, 15), 6)], SHAPE)
    assert found.shares.sum() == pytest.approx(np.pi * 36, rel=0.01)
    assert found.repeated == 1


def test_contours_that_cross_are_united_and_counted() -> None:
    found = enclosed([square(5.5, 15.5), square(10.5, 20.5)], SHAPE)
    assert found.shares.sum() == pytest.approx(175)
    assert found.overlapping == 1
