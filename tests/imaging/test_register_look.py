"""Do two scans look alike as they lie: more so than a little way off, and never where they show different places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from isotherm.imaging.register_look import WAYS, look_alike_gate
from isotherm.imaging.register_masks import Scan
from isotherm.imaging.transform import Transform
from isotherm.imaging.volume import Grid, Mask, Volume

GRID = Grid((40, 44, 44), (2.5, 2.5, 2.5), (-54.0, -54.0, -49.0))
CENTER = np.zeros(3)
SHIFT = Transform(translation_mm=np.array([6.0, -9.0, 4.0]))


def scan(way: Transform, *, seed: int, unit: str = "HU") -> Scan:
    """Paint blobs as they lie after a motion, with noise of its own."""
    blobs = ndimage.gaussian_filter(np.random.default_rng(4).normal(size=GRID.shape_kji), 1.6)
    there = GRID.to_kji(way.points(GRID.centers_lps_mm())).T
    moved = ndimage.map_coordinates(blobs / blobs.std(), there, order=1, mode="nearest").reshape(GRID.shape_kji)
    noise = np.random.default_rng(seed).normal(scale=12.0, size=GRID.shape_kji)
    return Scan(Volume((90.0 + 30.0 * moved + noise).astype(np.float32), GRID, unit))


BEFORE, AFTER = scan(Transform(), seed=1), scan(SHIFT, seed=2)


def figure(way: Transform) -> float | None:
    gate = look_alike_gate(BEFORE, AFTER, way, CENTER)
    assert gate is not None
    return gate.figure


def test_there_are_fourteen_ways_to_each_distance() -> None:
    assert len(np.unique(WAYS, axis=0)) == 14


def test_scans_that_lie_right_look_most_alike_as_they_lie() -> None:
    gate = look_alike_gate(BEFORE, AFTER, SHIFT, CENTER)
    assert gate is not None
    assert (gate.figure, gate.verdict) == (0.0, "pass")
    assert figure(Transform(translation_mm=np.array([7.5, -9.0, 4.0]))) == 0.0


@pytest.mark.parametrize(
    "way",
    [SHIFT.inverse(), Transform(translation_mm=np.array([6.0, -21.0, 4.0])), Transform(np.diag([-1.0, -1.0, 1.0]))],
    ids=["of the wrong direction", "12 mm off", "of a mirrored frame"],
)
def test_scans_that_show_different_places_look_more_alike_elsewhere(way: Transform) -> None:
    gate = look_alike_gate(BEFORE, AFTER, way, CENTER)
    assert gate is not None
    assert gate.verdict != "pass"


def test_scans_that_do_not_meet_fail() -> None:
    for way, center in ((Transform(translation_mm=np.array([300.0, 0.0, 0.0])), CENTER), (SHIFT, CENTER + 500.0)):
        gate = look_alike_gate(BEFORE, AFTER, way, center)
        assert gate is not None
        assert gate.verdict == "fail"
        assert "do not meet" in gate.reason


def test_scans_without_structure_are_not_compared() -> None:
    flat = Scan(Volume(np.full(GRID.shape_kji, 40.0), GRID))
    assert look_alike_gate(flat, AFTER, SHIFT, CENTER) is None


def test_values_of_mr_are_not_compared() -> None:
    mr = scan(SHIFT, seed=2, unit="MR")
    assert look_alike_gate(BEFORE, mr, SHIFT, CENTER) is None


def test_the_lesion_is_not_looked_at() -> None:
    where = (np.linalg.norm(GRID.centers_lps_mm(), axis=1) < 15.0).reshape(GRID.shape_kji)
    zone = Mask(where, GRID, "ablation")
    burnt = Volume(np.where(where, 400.0 * np.random.default_rng(3).normal(size=where.shape), AFTER.image.voxels), GRID)
    seen, other = (look_alike_gate(BEFORE, replace(AFTER, image=image, lesion=zone), SHIFT, CENTER)
                   for image in (AFTER.image, burnt))  # fmt: skip
    assert seen is not None
    assert other is not None
    assert seen.figure == other.figure == 0.0
