"""Sizes of shapes whose axes, volume and surface are known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from isotherm.imaging.diameters import axial_diameters
from isotherm.imaging.phantom_directions import icosphere
from isotherm.imaging.shape import shape_of
from tests.imaging.solids import ellipsoid

AXIAL = (0.0, 0.0, 1.0)


@pytest.mark.parametrize("seed", range(4))
def test_a_turned_ellipsoid_has_the_sizes_that_follow_from_its_axes(seed):
    semi_axes, turn = (14.0, 9.0, 6.0), Rotation.random(random_state=seed)
    points, faces = ellipsoid(semi_axes, turn, (10.0, -40.0, 900.0))
    shape = shape_of(points, faces)
    assert shape.axes_mm == pytest.approx((28.0, 18.0, 12.0), rel=0.005)
    assert np.abs(np.sum(shape.axes_lps * turn.as_matrix().T, axis=1)) == pytest.approx(1.0, abs=1e-3)
    assert shape.volume_ml == pytest.approx(4 / 3 * math.pi * 14 * 9 * 6 / 1000, rel=0.005)
    assert shape.center_lps_mm == pytest.approx((10.0, -40.0, 900.0), abs=1e-6)


def test_a_ball_has_sphericity_one_and_a_long_ellipsoid_less():
    assert shape_of(*ellipsoid((8.0, 8.0, 8.0), Rotation.identity(), (0, 0, 0))).sphericity > 0.999
    # A prolate spheroid 2:1 by the textbook formula: area 2 pi a^2 (1 + c / (a e) asin e).
    e = math.sqrt(1 - 0.25)
    area = 2 * math.pi * (1 + 2 / e * math.asin(e))
    expected = math.pi ** (1 / 3) * (6 * 4 / 3 * math.pi * 2) ** (2 / 3) / area
    assert shape_of(*ellipsoid((16, 8, 8), Rotation.identity(), (0, 0, 0))).sphericity == pytest.approx(
        expected, abs=2e-3
    )


@settings(max_examples=25, deadline=None)
@given(st.tuples(*[st.floats(-300, 300)] * 3), st.integers(0, 1000), st.booleans(), st.tuples(*[st.floats(4, 15)] * 3))
def test_moving_turning_and_winding_change_nothing(shift, seed, inside_out, semi_axes):
    points, faces = ellipsoid(semi_axes, Rotation.random(random_state=seed), (0.0, 0.0, 0.0), detail=3)
    turn = Rotation.random(random_state=seed + 1)
    before = shape_of(points, faces)
    after = shape_of(turn.apply(points) + shift, faces[:, ::-1] if inside_out else faces)
    assert after.volume_ml == pytest.approx(before.volume_ml, rel=1e-6)
    assert after.axes_mm == pytest.approx(before.axes_mm, rel=0.01)
    before_mm, after_mm = (
        axial_diameters(one.largest_lps_mm, axis).longest.length_mm
        for one, axis in ((before, AXIAL), (after, turn.apply(AXIAL)))
    )
    assert after_mm == pytest.approx(before_mm, rel=1e-3)
    assert after.sphericity == pytest.approx(before.sphericity, rel=1e-6)


def two_balls(second_radius_mm, at=(40.0, 0.0, 0.0), wound=1):
    directions, faces = icosphere(3)
    points = np.concatenate([10 * directions, second_radius_mm * directions + np.array(at)])
    return points, np.concatenate([faces, (faces + len(directions))[:, ::wound]])


def test_a_speck_adds_its_volume_but_not_its_distance():
    shape = shape_of(*two_balls(1.0))
    assert axial_diameters(shape.largest_lps_mm, AXIAL).longest.length_mm == pytest.approx(20.0, rel=0.01)
    assert shape.axes_mm[0] == pytest.approx(20.0, rel=0.01)
    assert [round(part.volume_ml, 2) for part in shape.parts] == pytest.approx([4.19, 0.004], abs=0.1)
    assert shape.parts[1].center_lps_mm == pytest.approx((40.0, 0.0, 0.0), abs=1e-6)
    assert shape.volume_ml == pytest.approx(sum(part.volume_ml for part in shape.parts))


def test_a_cavity_is_taken_off_the_volume_and_is_no_part():
    shape = shape_of(*two_balls(5.0, at=(0.0, 0.0, 0.0), wound=-1))
    assert shape.volume_ml == pytest.approx(4 / 3 * math.pi * (1000 - 125) / 1000, rel=0.02)
    assert len(shape.parts) == 1
    assert shape.sphericity > 0.99


def test_a_surface_in_pieces_that_close_only_together_is_one_part():
    points, faces = ellipsoid((14.0, 9.0, 6.0), Rotation.identity(), (5.0, 6.0, 7.0))
    upper = points[faces].mean(axis=1)[:, 2] > 7.0
    speck_points, speck = ellipsoid((1.0, 1.0, 1.0), Rotation.identity(), (40.0, 0.0, 0.0), detail=2)
    pieces = shape_of(
        np.concatenate([points, points, speck_points]),
        np.concatenate([faces[upper], faces[~upper] + len(points), speck + 2 * len(points)]),
    )
    whole = shape_of(points, faces)
    assert len(pieces.parts) == 2
    assert pieces.axes_mm == pytest.approx(whole.axes_mm)
    assert pieces.sphericity == pytest.approx(whole.sphericity)
    assert pieces.parts[0].volume_ml == pytest.approx(whole.volume_ml)


def test_a_surface_that_cannot_be_measured_is_refused():
    points, faces = ellipsoid((8, 8, 8), Rotation.identity(), (0, 0, 0), detail=2)
    with pytest.raises(ValueError, match="not closed"):
        shape_of(points, faces[:-40])
    with pytest.raises(ValueError, match="without an area"):
        shape_of(points, faces[:0])
    with pytest.raises(ValueError, match="without an inside"):
        shape_of(points, np.concatenate([faces[:1], faces[:1, ::-1]]))
