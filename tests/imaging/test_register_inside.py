"""Do two scans show the same inside of the organ: not another patient's vessels within the same outline."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from isotherm.imaging.register_gates import Gate
from isotherm.imaging.register_inside import inside_gate
from isotherm.imaging.register_masks import Scan
from isotherm.imaging.transform import Transform
from isotherm.imaging.volume import Grid, Mask, Volume

GRID = Grid((40, 44, 44), (2.0, 2.0, 2.0), (-43.0, -43.0, -39.0))
CENTER = np.zeros(3)
STILL = Transform()
ORGAN = Mask((np.linalg.norm(GRID.centers_lps_mm(), axis=1) < 34.0).reshape(GRID.shape_kji), GRID, "organ")


def scan(*, patient: int, noise: int, contrast: float = 30.0, unit: str = "HU") -> Scan:
    """Paint an organ of one outline with a patient's own vessels, and noise of the scan's own."""
    blobs = ndimage.gaussian_filter(np.random.default_rng(patient).normal(size=GRID.shape_kji), 1.2)
    hu = np.where(ORGAN.inside, 90.0 + contrast * blobs / blobs.std(), -80.0)
    hu += np.random.default_rng(noise).normal(scale=12.0, size=GRID.shape_kji)
    return Scan(Volume(hu.astype(np.float32), GRID, unit), ORGAN)


BEFORE, AFTER = scan(patient=1, noise=2), scan(patient=1, noise=3)


def gate(before: Scan, after: Scan, used: Transform = STILL) -> Gate:
    found = inside_gate(before, after, used, CENTER)
    assert found is not None
    return found


def test_two_scans_of_one_patient_show_the_same_inside() -> None:
    assert gate(BEFORE, AFTER).verdict == "pass"


def test_another_patient_in_the_same_outline_is_warned_of() -> None:
    found = gate(BEFORE, scan(patient=7, noise=3))
    assert found.verdict == "warn"
    assert "two patients" in found.reason


@pytest.mark.parametrize("off_mm", [5.0, 8.0])
def test_a_registration_that_is_off_is_warned_of(off_mm: float) -> None:
    assert gate(BEFORE, AFTER, Transform(translation_mm=np.array([off_mm, 0.0, 0.0]))).verdict == "warn"


def test_vessels_may_be_bright_in_one_phase_and_dark_in_the_other() -> None:
    assert gate(BEFORE, scan(patient=1, noise=3, contrast=-30.0)).verdict == "pass"


def test_an_organ_without_vessels_is_warned_of_and_never_fails() -> None:
    assert gate(scan(patient=1, noise=2, contrast=0.0), scan(patient=1, noise=3, contrast=0.0)).verdict == "warn"


def test_the_zone_and_its_needle_are_not_looked_at() -> None:
    zone = (np.linalg.norm(GRID.centers_lps_mm(), axis=1) < 12.0).reshape(GRID.shape_kji)
    burnt = np.where(zone, np.float32(3000.0), AFTER.image.voxels).astype(np.float32)
    drawn = Scan(Volume(burnt, GRID), ORGAN, Mask(zone, GRID, "ablation"))
    seen = replace(AFTER, lesion=drawn.lesion)
    assert gate(BEFORE, drawn).figure == pytest.approx(gate(BEFORE, seen).figure, abs=1e-6)


def test_one_outline_is_enough_and_without_any_nothing_is_said() -> None:
    alone = replace(BEFORE, organ=None)
    assert gate(alone, AFTER).verdict == "pass"
    assert inside_gate(alone, replace(AFTER, organ=None), STILL, CENTER) is None


def test_mr_and_a_lesion_far_from_the_organ_are_not_compared() -> None:
    assert inside_gate(BEFORE, scan(patient=1, noise=3, unit="MR"), STILL, CENTER) is None
    assert inside_gate(BEFORE, AFTER, STILL, CENTER + 300.0) is None
    flat = Scan(Volume(np.full(GRID.shape_kji, 40.0), GRID), ORGAN)
    assert inside_gate(flat, AFTER, STILL, CENTER) is None
