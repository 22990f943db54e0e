"""Landmarks beside their scans, and pairs that a registration has set by itself, say nothing and are refused."""

from __future__ import annotations

import numpy as np
import pytest

from isotherm.errors import BadLandmarks
from isotherm.imaging.landmark_checks import BESIDE_MM, REPEATS_MM, refuse_outside, refuse_repeats
from isotherm.imaging.landmarks import Landmarks
from isotherm.imaging.volume import Grid

TURNED = np.array([[0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [1.0, 0.0, 0.0]])
AFTER = Grid((10, 20, 40), (5.0, 2.0, 1.0), (-20.0, -100.0, 300.0))
BEFORE = Grid((40, 20, 10), (1.0, 2.0, 5.0), (-10.0, 50.0, 200.0), TURNED)


def marks(after: list[list[float]], before: list[list[float]]) -> Landmarks:
    return Landmarks(np.array(after), np.array(before), tuple(str(n) for n in range(len(after))))


@pytest.mark.parametrize("grid", [AFTER, BEFORE])
def test_a_place_up_to_the_edge_of_a_voxel_and_a_slip_beyond_is_on_the_scan(grid: Grid) -> None:
    middle = grid.to_lps([(np.array(grid.shape_kji) - 1) / 2.0])[0]
    for axis in range(3):
        for sign in (-1.0, 1.0):
            edge_mm = grid.shape_kji[axis] / 2.0 * grid.spacing_kji_mm[axis]
            on, off = (middle + sign * (edge_mm + more) * grid.direction_lps[:, axis]
                       for more in (BESIDE_MM - 0.01, BESIDE_MM + 0.01))  # fmt: skip
            one = marks([on.tolist()], [on.tolist()])
            refuse_outside(one, after=grid, before=grid)
            with pytest.raises(BadLandmarks, match="1 of 1 landmarks lie beside the scan after"):
                refuse_outside(marks([off.tolist()], [on.tolist()]), after=grid, before=grid)
            with pytest.raises(BadLandmarks, match="1 of 1 landmarks lie beside the scan before"):
                refuse_outside(marks([on.tolist()], [off.tolist()]), after=grid, before=grid)


def test_lists_that_are_exchanged_or_mirrored_are_beside_the_scans() -> None:
    here, there = AFTER.to_lps([[5, 5, 5], [3, 9, 20]]).tolist(), BEFORE.to_lps([[5, 5, 5], [20, 9, 3]]).tolist()
    refuse_outside(marks(here, there), after=AFTER, before=BEFORE)
    for after, before in ((there, here), ((np.array(here) * (-1, -1, 1)).tolist(), there)):
        with pytest.raises(BadLandmarks, match=r"2 of 2 .* frame"):
            refuse_outside(marks(after, before), after=AFTER, before=BEFORE)


def test_a_pair_that_follows_any_of_several_registrations_is_refused() -> None:
    after = np.array([[0.0, 0.0, 0.0], [10.0, 0.0, 0.0], [0.0, 10.0, 0.0]])
    one, other = after + np.array([1.0, 0.0, 0.0]), after + np.array([0.0, 2.0, 0.0])
    apart = after + 5.0
    refuse_repeats(marks(after.tolist(), apart.tolist()), one, other)
    apart[0] = one[0] + (0.0, 0.9 * REPEATS_MM, 0.0)
    apart[2] = other[2]
    with pytest.raises(BadLandmarks, match=r"2 of 3 landmarks repeat only .* by itself\."):
        refuse_repeats(marks(after.tolist(), apart.tolist()), one, other)
    with pytest.raises(BadLandmarks, match="This landmark repeats only"):
        refuse_repeats(marks(after[:1].tolist(), one[:1].tolist()), one[:1])
    apart[0], apart[2] = one[0] + (0.0, 1.1 * REPEATS_MM, 0.0), other[2] + (1.1 * REPEATS_MM, 0.0, 0.0)
    refuse_repeats(marks(after.tolist(), apart.tolist()), one, other)
