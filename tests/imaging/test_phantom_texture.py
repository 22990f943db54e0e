"""A lesion in the texture of a real CT: the same number gives the same scan, and its truth is that of its shape."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pytest

from isotherm.errors import ImplausibleMask
from isotherm.exchange.image_files import read_masks, read_volume
from isotherm.imaging.phantom_scans import Anatomy, anatomy_of
from isotherm.imaging.phantom_texture import LIVER_HU, TUMOR_HU, simulate_lesion
from isotherm.imaging.volume import Mask, Volume


@pytest.fixture(scope="module")
def ct() -> Volume:
    with resources.as_file(resources.files("isotherm.app") / "data" / "example_ct.nii.gz") as path:
        return read_volume(path).volume


@pytest.fixture(scope="module")
def anatomy(ct: Volume) -> Anatomy:
    with resources.as_file(resources.files("isotherm.app") / "data") as folder:
        liver, vein = (read_masks(folder / f"{name}.nii.gz", of="organ")[0].mask
                       for name in ("liver", "portal_vein_and_splenic_vein"))  # fmt: skip
    return anatomy_of(ct, liver, vein)


def test_a_tumor_lies_in_the_liver_with_its_click_and_its_line_across(anatomy: Anatomy, ct: Volume) -> None:
    scan = simulate_lesion(anatomy, ct, 4, what="tumor")
    again = simulate_lesion(anatomy, ct, 4, what="tumor")
    core, around = scan.truth.voxels == 1.0, scan.organ.inside & (scan.truth.voxels == 0.0)
    assert np.array_equal(scan.image.voxels, again.image.voxels)
    assert scan.truth.holds(scan.seed_lps_mm[None]).all()
    assert 0.9 < scan.truth.volume_ml < 9.0
    assert abs(float(scan.image.voxels[core].mean()) - TUMOR_HU) < 15.0
    assert abs(float(np.median(scan.image.voxels[around])) - LIVER_HU) < 15.0
    radius = (scan.truth.volume_ml * 1000.0 * 3.0 / (4.0 * np.pi)) ** (1 / 3)
    assert float(np.linalg.norm(scan.line_lps_mm[1] - scan.line_lps_mm[0])) == pytest.approx(2.0 * radius, rel=0.35)


def test_a_lesion_at_the_capsule_is_cut_by_it(anatomy: Anatomy, ct: Volume) -> None:
    scan = simulate_lesion(anatomy, ct, 5, what="tumor")
    assert scan.setting == "capsule"
    touched = scan.truth.inside & ~scan.organ.inside
    assert touched.sum() < 0.1 * scan.truth.inside.sum()


def test_a_liver_without_room_is_refused(anatomy: Anatomy, ct: Volume) -> None:
    tiny = np.zeros(anatomy.liver.grid.shape_kji, dtype=bool)
    tiny[50, 50, 50] = True
    small = Anatomy(anatomy.tissue, anatomy.liver_share, anatomy.shade_hu, Mask(tiny, anatomy.liver.grid, "organ"),
                    anatomy.hilum_lps_mm)  # fmt: skip
    with pytest.raises(ImplausibleMask):
        simulate_lesion(small, ct, 0, what="tumor")
