"""Real images: three slices with a liver from a scanner, and a whole CT made into DICOM, read as others do."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from isotherm.exchange.image_files import read_masks, read_volume
from tests.exchange.made_up_dicom import as_series, read_again

LIVER = Path(__file__).parent.parent / "data" / "dcmqi_liver_seg"
EXAMPLE = Path(__file__).parents[2] / "src" / "isotherm" / "app" / "data" / "example_ct.nii.gz"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("liver")
    with zipfile.ZipFile(LIVER / "examination.zip") as archive:
        archive.extractall(folder)
    return folder


def test_the_liver_is_the_one_that_the_same_program_wrote_as_nrrd() -> None:
    (seg,) = read_masks(LIVER / "examination.zip", of="organ")
    (nrrd,) = read_masks(LIVER / "liver.nrrd", of="organ")
    assert seg.grid.same_as(nrrd.grid)
    assert np.array_equal(seg.mask.voxels, nrrd.mask.voxels)
    assert seg.mask.volume_ml == pytest.approx(70.4, abs=0.05)
    assert seg.label == "Liver"


def test_slices_lie_as_far_apart_as_their_positions_say_and_not_as_thick_as_they_are() -> None:
    volume = read_volume(LIVER / "examination.zip").volume
    assert volume.grid.spacing_kji_mm == pytest.approx((1.0, 0.810547, 0.810547))
    assert volume.grid.origin_lps_mm == pytest.approx((-235.2, -226.8, -128.69), abs=1e-3)


def test_gdcm_reads_the_same_values_at_the_same_place(unpacked: Path) -> None:
    names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(
        str(unpacked), next(uid for uid in SimpleITK.ImageSeriesReader.GetGDCMSeriesIDs(str(unpacked))
                            if len(SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(unpacked), uid)) == 3)
    )  # fmt: skip
    image = SimpleITK.ReadImage(names)
    volume = read_volume(unpacked).volume
    assert np.array_equal(volume.voxels, SimpleITK.GetArrayFromImage(image))
    assert image.GetOrigin() == pytest.approx(volume.grid.origin_lps_mm)


def test_the_shipped_slices_hold_no_patient(unpacked: Path) -> None:
    for path in unpacked.iterdir():
        dataset = read_again(path)
        assert dataset.PatientIdentityRemoved == "YES"
        assert dataset.PatientID == dataset.PatientName
        assert not any(tag.is_private for tag in dataset.keys())
        assert not dataset.StudyDate.startswith("2003")


def test_a_whole_ct_comes_back_from_dicom_as_it_was(tmp_path: Path) -> None:
    ct = read_volume(EXAMPLE).volume
    # Slices are stacked along the normal of rows and columns: an image of the other hand is turned around first.
    handed = np.linalg.det(ct.grid.direction_lps[:, ::-1])
    hu = np.maximum(ct.voxels, -1024)  # what scanners store
    voxels = hu if handed > 0 else hu[::-1]
    grid = ct.grid if handed > 0 else ct.grid.reoriented((0, 1, 2), (0,))
    read = read_volume(as_series(tmp_path, voxels, grid)).volume
    assert np.array_equal(read.voxels, voxels)
    assert read.grid.same_as(grid, tolerance_mm=0.01)
