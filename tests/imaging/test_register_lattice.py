"""The lattice of B-splines: it holds what is smooth exactly, and roughness is the integral that it says it is."""

from __future__ import annotations

import numpy as np
import pytest

from isotherm.imaging.geometry import Float
from isotherm.imaging.register_lattice import UNIT_MM, Lattice

CENTER = np.array([3.0, -7.0, 11.0])
LATTICE = Lattice.around(CENTER, 40.0, 20.0)


def points(radius_mm: float, n: int = 300) -> Float:
    drawn = np.random.default_rng(2).uniform(-radius_mm, radius_mm, size=(n, 3))
    return CENTER + drawn[np.linalg.norm(drawn, axis=1) < radius_mm]


def knots_of(values: Float, places: Float) -> Float:
    return np.linalg.lstsq(LATTICE.basis(places).toarray(), values, rcond=None)[0]


def test_the_splines_add_up_to_one_within_the_reach_and_beyond_the_lattice_stay_as_at_its_rim() -> None:
    assert LATTICE.basis(points(40.0)).sum(axis=1) == pytest.approx(1.0)
    rim, beyond = (LATTICE.basis(CENTER + np.array([[x, 0.0, 0.0]])).toarray() for x in (40.0, 400.0))
    assert beyond == pytest.approx(rim)


def test_a_cubic_field_is_held_exactly() -> None:
    places = points(40.0, 4000)
    x, y, z = ((places - CENTER) / 40.0).T
    values = 1.0 + x - 2.0 * y * z + x**3 - y**2 * z
    assert LATTICE.basis(places) @ knots_of(values, places) == pytest.approx(values, abs=1e-9)


def test_only_what_is_rougher_than_quadratic_costs_anything() -> None:
    # Over whole knots, not only those within the sphere, whose field ends steeply at its rim.
    size = LATTICE.size
    whole = Lattice(LATTICE.low_lps_mm, LATTICE.knot_mm, size, np.arange(size**3))
    matrix = whole.roughness()
    axis = np.arange(size, dtype=np.float64)
    x, y, z = (a.ravel() for a in np.meshgrid(axis, axis, axis, indexing="ij"))
    inner = (np.minimum(np.minimum(x, y), z) >= 3) & (np.maximum(np.maximum(x, y), z) <= size - 4)
    for flat in (np.ones_like(x), x - y, x * y, z**2):
        # The gradient of the cost vanishes at every knot whose neighbors are all there.
        assert (matrix @ flat)[inner] == pytest.approx(0.0, abs=1e-9)


def test_roughness_is_the_integral_of_the_squared_third_derivatives() -> None:
    knots = np.zeros(LATTICE.count)
    middle = LATTICE.column[np.ravel_multi_index((3, 3, 3), (LATTICE.size,) * 3)]
    knots[middle] = 1.0
    step, places = 0.5, np.arange(-40.0, 40.0, 0.5) + 0.25
    spline = np.array([LATTICE.basis(CENTER + np.array([[s, 0.0, 0.0]]))[0, middle] for s in places]) / (2.0 / 3.0) ** 2
    slopes = [spline]
    for _ in range(3):
        slopes.append(np.gradient(slopes[-1], step))
    squares = [float((slope**2).sum() * step) * UNIT_MM ** (2 * order - 1) for order, slope in enumerate(slopes)]
    by_hand = 3 * squares[3] * squares[0] ** 2 + 18 * squares[2] * squares[1] * squares[0] + 6 * squares[1] ** 3
    assert float(knots @ (LATTICE.roughness() @ knots)) == pytest.approx(by_hand, rel=0.03)
