"""Scans are cut and averaged before they are registered, and every place stays where it was."""

from __future__ import annotations

import numpy as np
import pytest

from isotherm.app.reduced import ROOM_MM, reduced
from isotherm.imaging.volume import Grid, Mask, Volume

TURN = np.array([[0.0, 0.6, 0.8], [0.0, -0.8, 0.6], [1.0, 0.0, 0.0]])
FINE = Grid((41, 90, 100), (1.0, 0.7, 0.5), (-30.0, 12.5, 400.0), TURN)


def ramp(grid: Grid) -> Volume:
    """An image whose values are a linear function of place, so that means lie at the means of places."""
    return Volume((grid.centers_lps_mm() @ [1.0, 2.0, 3.0]).reshape(grid.shape_kji), grid)


def test_an_average_of_a_linear_image_has_its_value_at_its_own_place() -> None:
    made = reduced(ramp(FINE), None)
    assert made.grid.spacing_kji_mm == pytest.approx((2.0, 1.4, 2.0))
    assert made.voxels.shape == (20, 45, 25)
    assert np.abs(made.voxels - ramp(made.grid).voxels).max() < 1e-3


def test_coarse_voxels_stay_as_they_are() -> None:
    image = ramp(Grid((10, 10, 10), (2.0, 1.5, 1.2)))
    assert reduced(image, None) is image


def test_an_image_is_cut_to_its_organ_with_room_around_it() -> None:
    grid = Grid((60, 60, 60), (2.0, 2.0, 2.0), (0.0, 0.0, 0.0))
    inside = np.zeros(grid.shape_kji, dtype=bool)
    inside[25:35, 28:30, 20:50] = True
    made = reduced(ramp(grid), Mask(inside, grid, "organ"))
    assert made.grid.shape_kji == pytest.approx((10 + ROOM_MM, 2 + ROOM_MM, 30 + ROOM_MM), abs=2)
    assert np.abs(made.voxels - ramp(made.grid).voxels).max() < 1e-3


def test_an_organ_elsewhere_leaves_the_image_whole() -> None:
    image = ramp(Grid((10, 10, 10), (2.0, 2.0, 2.0)))
    far = Grid((10, 10, 10), (2.0, 2.0, 2.0), (500.0, 0.0, 0.0))
    assert reduced(image, Mask(np.ones(far.shape_kji, dtype=bool), far, "organ")) is image
