"""Pairs of scans with a known deformation: what is said to be true about them is true."""

from importlib import resources

import numpy as np
import pytest
from scipy import ndimage

from isotherm.errors import EmptyMask
from isotherm.exchange.image_files import read_masks, read_volume
from isotherm.imaging.phantom_scans import Anatomy, ScanPair, anatomy_of, simulate_scans
from isotherm.imaging.phantom_truth import Skin
from isotherm.imaging.volume import Mask, Role


def mask(name: str, of: Role) -> Mask:
    with resources.as_file(resources.files("isotherm.app") / "data") as folder:
        return read_masks(folder / f"{name}.nii.gz", of=of)[0].mask


@pytest.fixture(scope="module")
def anatomy() -> Anatomy:
    with resources.as_file(resources.files("isotherm.app") / "data") as folder:
        ct = read_volume(folder / "example_ct.nii.gz").volume
    return anatomy_of(ct, mask("liver", "organ"), mask("portal_vein_and_splenic_vein", "vessel"))


@pytest.fixture(scope="module")
def pair(anatomy: Anatomy) -> ScanPair:
    return simulate_scans(anatomy, 0, margin_mm=-2.0, seed=4)


def test_the_true_margin_is_the_one_asked_for_and_holds_for_the_tumor_carried_to_the_scan_after(pair: ScanPair) -> None:
    assert pair.margin_mm == pytest.approx(-2.0, abs=0.02)
    directions = np.random.default_rng(0).normal(size=(4000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    surface = pair.warp.back(pair.tumor_shape.surface_points(directions))
    assert Skin(pair.zone_shape).rough_mm(surface).min() == pytest.approx(-2.0, abs=0.3)


def test_the_zone_lies_off_the_tumor_and_both_lie_in_the_organ(pair: ScanPair) -> None:
    away = np.linalg.norm(np.array(pair.zone_shape.center_lps_mm) - pair.lesion_lps_mm)
    assert 1.0 <= away <= 6.0
    assert pair.organ_before.holds(np.array([pair.tumor_shape.center_lps_mm])).all()
    assert pair.organ_after.holds(pair.lesion_lps_mm[None]).all()


def test_the_two_scans_share_anatomy_but_neither_grid_nor_noise_nor_contrast(pair: ScanPair) -> None:
    assert pair.before.grid.spacing_kji_mm != pair.after.grid.spacing_kji_mm
    points = pair.after.grid.to_lps(np.argwhere(pair.organ_after.inside)[::97])
    there = pair.warp.points(points)
    assert pair.organ_before.holds(there).mean() > 0.8
    assert pair.organ_before.holds(points).mean() < pair.organ_before.holds(there).mean()
    after = pair.after.voxels[pair.organ_after.inside].mean()
    before = pair.before.voxels[pair.organ_before.inside].mean()
    assert before - after > 8.0


def test_the_deformation_nearly_keeps_volumes(pair: ScanPair) -> None:
    points = pair.after.grid.to_lps(np.argwhere(pair.organ_after.inside)[::997])
    change = pair.warp.volume_change(points)
    assert 0.85 < change.min() < change.max() < 1.15


def test_the_same_number_gives_the_same_pair(anatomy: Anatomy, pair: ScanPair) -> None:
    again = simulate_scans(anatomy, 0, margin_mm=-2.0, seed=4)
    assert np.array_equal(again.before.voxels, pair.before.voxels)
    assert np.array_equal(again.zone.voxels, pair.zone.voxels)


def test_a_stiff_tumor_keeps_its_shape(anatomy: Anatomy, pair: ScanPair) -> None:
    stiff = simulate_scans(anatomy, 0, margin_mm=-2.0, seed=4, tissue="stiff tumor")
    inside = stiff.tumor.grid.to_lps(np.argwhere(stiff.tumor.inside))
    assert stiff.warp.volume_change(stiff.warp.back(inside)) == pytest.approx(1.0, abs=1e-6)
    assert stiff.margin_mm == pytest.approx(-2.0, abs=0.02)
    assert np.array_equal(stiff.before.voxels, pair.before.voxels)


def test_around_a_sliding_organ_everything_else_has_moved_on(anatomy: Anatomy, pair: ScanPair) -> None:
    sliding = simulate_scans(anatomy, 0, margin_mm=-2.0, seed=4, tissue="sliding organ")
    assert np.array_equal(sliding.organ_after.inside, pair.organ_after.inside)
    apart = np.abs(sliding.after.voxels - pair.after.voxels)
    deep = ndimage.binary_erosion(pair.organ_after.inside, iterations=6)
    assert apart[deep].mean() < 0.5
    assert apart[~pair.organ_after.inside].mean() > 10.0


def test_a_shrunk_zone_is_seen_smaller_than_what_it_treated(anatomy: Anatomy, pair: ScanPair) -> None:
    shrunk = simulate_scans(anatomy, 0, margin_mm=-2.0, seed=4, tissue="shrunk zone")
    assert shrunk.margin_mm == pair.margin_mm
    assert 0.78 < shrunk.zone.volume_ml / pair.zone.volume_ml < 0.92
    surface = shrunk.warp.points(shrunk.zone_shape.surface_points(np.eye(3)))
    assert surface == pytest.approx(pair.warp.points(pair.zone_shape.surface_points(np.eye(3))), abs=0.3)


def test_an_anatomy_without_a_liver_is_refused(anatomy: Anatomy) -> None:
    from_ = anatomy.liver
    with resources.as_file(resources.files("isotherm.app") / "data") as folder:
        ct = read_volume(folder / "example_ct.nii.gz").volume
    with pytest.raises(EmptyMask, match="give both"):
        anatomy_of(ct, Mask(np.zeros(from_.grid.shape_kji, dtype=bool), from_.grid, "organ"), from_)
