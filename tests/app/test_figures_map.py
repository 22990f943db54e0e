"""The unrolled margin: directions lie where they are labeled, and no thin place is lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from isotherm.app.figures_map import COLUMNS, ROWS, centroid_lps_mm, margin_map, to_map, unrolled
from isotherm.imaging.margin import Margin
from isotherm.imaging.surface import Surface
from tests.app.made_up import made_up_assessment


def bounded_margin() -> Margin:
    margin = made_up_assessment().lesions[1].margin
    assert margin is not None
    return margin


@pytest.mark.parametrize(
    ("direction_lps", "place"),
    [
        ((0, -1, 0), (0.0, 0.0)),  # anterior in the middle
        ((1, 0, 0), (1.0, 0.0)),  # the patient's left on the right-hand side, as on an image
        ((-1, 0, 0), (-1.0, 0.0)),
        ((0, 0, 1), (0.0, 1.0)),  # cranial up
        ((0, 0, -1), (0.0, -1.0)),
        ((1e-9, 1, 0), (2.0, 0.0)),  # posterior at both ends
        ((-1e-9, 1, 0), (-2.0, 0.0)),
    ],
)
def test_directions_lie_where_the_map_says(direction_lps: tuple[float, ...], place: tuple[float, float]) -> None:
    assert to_map(np.array([direction_lps], dtype=float))[0] == pytest.approx(place, abs=1e-4)


def test_equal_solid_angles_take_equal_areas() -> None:
    toward = np.random.default_rng(0).normal(size=(200_000, 3))
    x, y = to_map(toward).T

    inner = (x / 2.0) ** 2 + y**2 <= 0.25  # an ellipse of half the size has a quarter of the area

    assert inner.mean() == pytest.approx(0.25, abs=0.005)


def test_the_map_of_a_sphere_shows_each_margin_where_it_is() -> None:
    margin = bounded_margin()
    everything = replace(margin, assessable=np.ones(len(margin.points_lps_mm), dtype=bool))
    center = centroid_lps_mm(margin.points_lps_mm, margin.triangles)

    chart = unrolled(everything)

    x, y = to_map(margin.points_lps_mm - center).T
    column, row = ((x + 2.0) / 4.0 * COLUMNS).astype(int), ((y + 1.0) / 2.0 * ROWS).astype(int)
    shown = chart.margins_mm[np.clip(row, 0, ROWS - 1), np.clip(column, 0, COLUMNS - 1)]
    inside = ~np.isnan(shown)
    assert inside.mean() > 0.98
    assert shown[inside] == pytest.approx(margin.distances_mm[inside], abs=0.25)
    assert np.nanmin(chart.margins_mm) == pytest.approx(margin.distances_mm.min(), abs=0.01)


def test_surface_that_is_not_assessable_is_left_open() -> None:
    margin = bounded_margin()

    chart = unrolled(margin)

    open_share = np.isnan(chart.margins_mm[chart.inside]).mean()
    assert open_share == pytest.approx(1.0 - margin.assessable.mean(), abs=0.05)
    assert np.isnan(chart.margins_mm[-2]).all()  # what is cut off lies at the cranial end


def test_where_two_layers_lie_in_one_direction_the_smaller_margin_is_shown() -> None:
    margin = bounded_margin()
    center = margin.points_lps_mm.mean(axis=0)
    count = len(margin.points_lps_mm)
    skins = Surface(
        np.concatenate([margin.points_lps_mm, center + 0.5 * (margin.points_lps_mm - center)]),
        np.concatenate([margin.triangles, margin.triangles + count]),
        np.concatenate([margin.areas_mm2, margin.areas_mm2 / 4.0]),
    )
    distances = np.concatenate([margin.distances_mm, np.full(count, 1.5)])
    layered = replace(margin, surface=skins, distances_mm=distances, assessable=np.ones(2 * count, dtype=bool))

    chart = unrolled(layered)

    assert np.nanmax(chart.margins_mm) == pytest.approx(1.5)


def test_the_map_is_drawn_and_says_what_it_shows() -> None:
    drawing = margin_map(bounded_margin(), (-15.6, -24.9, 74.5), number="7.3 mm")

    assert drawing.svg.startswith(b"<?xml")
    assert "7.3 mm" in drawing.description
    assert drawing == margin_map(bounded_margin(), (-15.6, -24.9, 74.5), number="7.3 mm")
