"""Axial diameters of shapes whose sections are known."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from isotherm.imaging.diameters import axial_diameters
from isotherm.imaging.shape import plane_axes, shape_of
from tests.imaging.solids import ellipsoid

AXIAL = (0.0, 0.0, 1.0)


def axial_section(semi_axes, turn, axis):
    """Full axes of the largest section of an ellipsoid with planes perpendicular to `axis`: the one at its center."""
    u, v = plane_axes(np.array(axis))
    matrix = turn.as_matrix() @ np.diag(1 / np.array(semi_axes) ** 2) @ turn.as_matrix().T
    return sorted(
        (2 / np.sqrt(np.linalg.eigvalsh(np.array([u, v]) @ matrix @ np.array([u, v]).T))).tolist(), reverse=True
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_turned_ellipsoid_has_the_diameters_of_its_largest_section(seed):
    semi_axes, turn = (14.0, 9.0, 6.0), Rotation.random(random_state=seed)
    points, faces = ellipsoid(semi_axes, turn, (10.0, -40.0, 900.0))
    axial = axial_diameters(points[faces], AXIAL)
    longest, short = axial_section(semi_axes, turn, AXIAL)
    assert axial.longest.length_mm == pytest.approx(longest, rel=0.005)
    assert axial.short.length_mm == pytest.approx(short, rel=0.01)


def test_diameters_lie_in_one_plane_of_acquisition_at_right_angles():
    axis = np.array([0.6, 0.0, 0.8])
    points, faces = ellipsoid((14.0, 9.0, 6.0), Rotation.random(random_state=7), (3.0, -8.0, 90.0))
    axial = axial_diameters(points[faces], 5 * axis)
    (a, b), (c, d) = np.array(axial.longest.ends_lps_mm), np.array(axial.short.ends_lps_mm)
    assert np.ptp(np.array([a, b, c, d]) @ axis) == pytest.approx(0.0, abs=1e-9)
    assert (b - a) @ (d - c) == pytest.approx(0.0, abs=1e-9)
    assert np.linalg.norm(b - a) == pytest.approx(axial.longest.length_mm)
    # All four ends lie on the surface.
    turned = Rotation.random(random_state=7).inv().apply(np.array([a, b, c, d]) - (3.0, -8.0, 90.0))
    assert np.linalg.norm(turned / (14.0, 9.0, 6.0), axis=1) == pytest.approx(1.0, abs=0.01)


def test_an_axis_without_a_direction_is_refused():
    points, faces = ellipsoid((8, 8, 8), Rotation.identity(), (0, 0, 0), detail=2)
    with pytest.raises(ValueError, match="without a direction"):
        axial_diameters(points[faces], (0, 0, 0))


def test_a_box_shows_its_longest_chord_and_the_one_across():
    corners = np.array([[x, y, z] for x in (0, 12) for y in (0, 5) for z in (0, 8)], dtype=float)
    faces = np.array([[0, 1, 3], [0, 3, 2], [4, 7, 5], [4, 6, 7], [0, 5, 1], [0, 4, 5],
                      [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]])  # fmt: skip
    shape = shape_of(corners, faces)
    axial = axial_diameters(shape.largest_lps_mm, AXIAL)
    assert axial.longest.length_mm == pytest.approx(13.0)  # 5, 12, 13
    assert axial.short.length_mm == pytest.approx(60 / 13 * 169 / 144)  # chord across the diagonal, from a corner
    assert shape.volume_ml == pytest.approx(0.48)
    assert shape.axes_mm == pytest.approx((12.0, 8.0, 5.0))


def test_a_fin_without_thickness_is_cut_without_complaint():
    corners = np.array([[0.0, 0, 0], [10.0, 0, 0], [5.0, 8.0, 0], [5.0, 3.0, 4.0], [5.0, 0.0, 20.0]])
    faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3], [0, 1, 4], [1, 0, 4]])
    shape = shape_of(corners, faces)
    axial = axial_diameters(shape.largest_lps_mm, AXIAL)
    assert axial.longest.length_mm == pytest.approx(10.0, rel=0.03)
    assert shape.volume_ml == pytest.approx(10 * 8 / 2 * 4 / 3 / 1000)
