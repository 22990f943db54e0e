"""Planes through the patient: the right side is on the left, and a cut lies where the surface is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.app.figures_planes import Plane
from isotherm.imaging.volume import Grid
from tests.app.made_up import made_up_assessment

HERE = (-40.0, 12.0, 88.0)


def oblique_grid() -> Grid:
    first, second = np.deg2rad(25.0), np.deg2rad(-14.0)
    turn = np.array([[np.cos(first), -np.sin(first), 0], [np.sin(first), np.cos(first), 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, np.cos(second), -np.sin(second)], [0, np.sin(second), np.cos(second)]])
    return Grid((60, 90, 90), (2.0, 1.0, 1.0), (-90.0, -30.0, 20.0), turn @ tilt @ np.eye(3)[::-1])


@pytest.mark.parametrize(
    ("plane", "toward_lps", "picture"),
    [
        ("axial", (1, 0, 0), (1, 0)), ("axial", (0, -1, 0), (0, 1)),
        ("coronal", (1, 0, 0), (1, 0)), ("coronal", (0, 0, 1), (0, 1)),
        ("sagittal", (0, 1, 0), (1, 0)), ("sagittal", (0, 0, 1), (0, 1)),
    ],
)  # fmt: skip
def test_planes_follow_the_radiological_convention(
    plane: str, toward_lps: tuple[float, ...], picture: tuple[float, ...]
) -> None:
    place = np.array(HERE) + 10.0 * np.array(toward_lps)

    right, up, toward = Plane(plane, HERE, 30.0).to_picture([place])[0]

    assert (right, up, toward) == pytest.approx((10.0 * picture[0], 10.0 * picture[1], 0.0))


@pytest.mark.parametrize(
    ("plane", "letters"),
    [("axial", ("R", "L", "P", "A")), ("coronal", ("R", "L", "I", "S")), ("sagittal", ("A", "P", "I", "S"))],
)
def test_each_side_has_its_letter(plane: str, letters: tuple[str, ...]) -> None:
    assert Plane(plane, HERE, 30.0).letters == letters


@pytest.mark.parametrize("name", ["axial", "coronal", "sagittal"])
def test_an_oblique_image_is_shown_where_it_lies(name: str) -> None:
    grid = oblique_grid()
    places = grid.centers_lps_mm()
    voxels = (places @ np.array([1.0, 2.0, -3.0])).reshape(grid.shape_kji)
    middle = grid.to_lps([[(n - 1) / 2 for n in grid.shape_kji]])[0]
    plane = Plane(name, (middle[0], middle[1], middle[2]), 15.0)

    shown = plane.sample(voxels, grid, step_mm=0.5, outside=0.0)

    # Trilinear interpolation of a linear function is exact.
    assert shown == pytest.approx(plane.places_lps_mm(0.5) @ np.array([1.0, 2.0, -3.0]))


def test_beyond_the_image_there_is_what_was_asked_for() -> None:
    grid = Grid((4, 4, 4), (1.0, 1.0, 1.0))

    shown = Plane("axial", (500.0, 0.0, 0.0), 10.0).sample(np.ones((4, 4, 4)), grid, step_mm=1.0, outside=-7.0)

    assert (shown == -7.0).all()


def test_a_cut_through_a_sphere_is_one_closed_circle() -> None:
    surface = made_up_assessment().lesions[1].tumor_surface
    center = surface.points_lps_mm.mean(axis=0)
    plane = Plane("coronal", (center[0], center[1] + 4.0, center[2]), 20.0)

    cuts = plane.cut(surface.points_lps_mm, surface.triangles)

    assert len(cuts) == 1
    circle = cuts[0].picture_mm
    assert circle[0] == pytest.approx(circle[-1])
    assert np.hypot(*circle.T) == pytest.approx(np.full(len(circle), np.sqrt(8.0**2 - 4.0**2)), abs=0.15)


@given(st.floats(-7.0, 7.0))
def test_values_along_a_cut_are_those_of_the_surface_there(offset_mm: float) -> None:
    surface = made_up_assessment().lesions[1].tumor_surface
    center = surface.points_lps_mm.mean(axis=0)
    plane = Plane("axial", (center[0], center[1], center[2] + offset_mm), 20.0)

    for cut in plane.cut(surface.points_lps_mm, surface.triangles):
        assert cut.take(surface.points_lps_mm[:, 2]) == pytest.approx(np.full(len(cut.share), plane.center_lps_mm[2]))


def test_a_plane_beside_the_surface_cuts_nothing() -> None:
    surface = made_up_assessment().lesions[1].tumor_surface

    assert Plane("axial", (0.0, 0.0, 500.0), 20.0).cut(surface.points_lps_mm, surface.triangles) == []


def test_an_open_surface_is_cut_into_an_open_line() -> None:
    points = np.array([[0.0, 0, -1], [0, 0, 1], [1, 0, -1], [1, 0, 1], [2, 0, -1], [2, 0, 1]])
    strip = np.array([[2, 3, 4], [0, 1, 2], [3, 4, 5], [1, 2, 3]])

    (line,) = Plane("axial", (0.0, 0.0, 0.0), 5.0).cut(points, strip)

    assert sorted(line.picture_mm[:, 0]) in (list(line.picture_mm[:, 0]), list(line.picture_mm[::-1, 0]))
    assert (line.picture_mm[:, 0].min(), line.picture_mm[:, 0].max()) == (0.0, 2.0)


@pytest.mark.parametrize(("name", "half_mm"), [("oblique", 10.0), ("axial", 0.0), ("axial", float("nan"))])
def test_a_plane_is_valid_from_birth(name: str, half_mm: float) -> None:
    with pytest.raises(ValueError, match="plane"):
        Plane(name, HERE, half_mm)
