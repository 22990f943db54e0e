"""Simulated courses: known shares, known growth, the same course again."""

from __future__ import annotations

import numpy as np
import pytest

from isotherm.app.demo_pair import anatomy
from isotherm.errors import ImplausibleMask
from isotherm.imaging.phantom_course import SimulatedCourse, simulate_course, true_inside_mm
from isotherm.imaging.phantom_scans import Anatomy
from isotherm.imaging.volume import Grid, Mask


@pytest.fixture(scope="module")
def course() -> SimulatedCourse:
    return simulate_course(anatomy(), 1, shares=(1.0, 0.6), nodule_mm=5.0)


def test_zones_keep_their_shares_through_the_deformation(course: SimulatedCourse) -> None:
    first, later = course.scans
    assert later.volume_ml / first.volume_ml == pytest.approx(0.6, abs=0.08)
    for scan in course.scans:
        assert scan.zone.volume_ml >= 0.95 * scan.volume_ml


def test_a_nodule_reaches_beyond_the_border_by_so_much_and_a_shrinking_zone_lies_inside(
    course: SimulatedCourse,
) -> None:
    assert true_inside_mm(course.scans[1], course.scans[0]) == pytest.approx(-5.0, abs=1.0)
    plain = simulate_course(anatomy(), 1, shares=(1.0, 0.6))
    assert true_inside_mm(plain.scans[1], plain.scans[0]) > 0.5


def test_the_tumor_is_drawn_on_the_scan_before_and_lies_in_the_liver(course: SimulatedCourse) -> None:
    before = course.before
    assert before.zone.of == "tumor"
    assert before.organ.holds(before.zone.grid.to_lps(np.argwhere(before.zone.inside))).all()


def test_the_same_number_gives_the_same_course(course: SimulatedCourse) -> None:
    again = simulate_course(anatomy(), 1, shares=(1.0, 0.6), nodule_mm=5.0)
    assert np.array_equal(again.scans[1].image.voxels, course.scans[1].image.voxels)


def test_a_liver_without_room_is_refused() -> None:
    whole = anatomy()
    grid = Grid((12, 12, 12), (3.0, 3.0, 3.0), (0.0, 0.0, 0.0))
    small = np.zeros(grid.shape_kji, dtype=bool)
    small[4:8, 4:8, 4:8] = True
    image = np.zeros(grid.shape_kji, dtype=np.float32)
    tiny = Anatomy(image, image, image, Mask(small, grid, "organ"), whole.hilum_lps_mm)
    with pytest.raises(ImplausibleMask, match="too small"):
        simulate_course(tiny, 1, shares=(1.0,))
