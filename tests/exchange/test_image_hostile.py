"""Mutated NIfTI, NRRD and MetaImage never crash, hang or show a patient's value; a command tries ten thousand more."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from isotherm.errors import BadGeometry, UnreadableFile
from isotherm.exchange.image_files import read_volume
from tests.exchange.made_up import UPRIGHT, as_itk, as_nifti, labels_on

pytest.importorskip("resource", reason="limits of memory are POSIX")

from tests.exchange.fuzz_images import fuzz


def test_five_hundred_mutated_files_are_read_or_refused_in_one_sentence() -> None:
    told = fuzz(500, seed=7)
    assert told.failures == []
    assert sum(told.outcomes.values()) == 500
    assert told.outcomes["read"] > 50
    assert told.outcomes["refused"] > 50


def test_a_field_of_an_nrrd_header_that_ends_itks_process_is_refused_before(tmp_path: Path) -> None:
    path = as_itk(tmp_path / "a.nrrd", labels_on(UPRIGHT))
    path.write_bytes(path.read_bytes().replace(b"kinds: domain", b"kinds: " + b"A" * 5000, 1))
    with pytest.raises(UnreadableFile, match="makes no sense"):
        read_volume(path)


def test_a_long_value_of_slicers_own_is_no_reason_to_refuse_a_file(tmp_path: Path) -> None:
    path = as_itk(tmp_path / "a.nrrd", labels_on(UPRIGHT))
    path.write_bytes(
        path.read_bytes().replace(b"\n\n", b"\nSegmentation_ConversionParameters:=" + b"A" * 5000 + b"\n\n", 1)
    )
    assert read_volume(path).volume.grid.same_as(UPRIGHT)


@pytest.mark.parametrize("place", [3e38, -1.0])
def test_voxels_that_begin_nowhere_in_the_file_are_a_damaged_file(tmp_path: Path, place: float) -> None:
    path = as_nifti(tmp_path / "a.nii.gz", labels_on(UPRIGHT))
    plain = bytearray(gzip.decompress(path.read_bytes()))
    plain[108:112] = np.float32(place).tobytes()
    path.write_bytes(gzip.compress(bytes(plain)))
    with pytest.raises(UnreadableFile, match=r"cut short or damaged|makes no sense"):
        read_volume(path)


def test_a_nifti_2_header_that_ends_early_is_a_damaged_file(tmp_path: Path) -> None:
    path = as_nifti(tmp_path / "a.nii", labels_on(UPRIGHT).astype(np.float32), kind=nib.Nifti2Image)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(UnreadableFile, match="cut short"):
        read_volume(path)


@pytest.mark.parametrize(
    "field", [b"TransformMatrix = 1 0 0 0 1 0 1e308 0 1", b"TransformMatrix = 1e300 0 0 0 1e300 0 0 0 1e300"]
)
def test_a_direction_beyond_all_numbers_is_refused(tmp_path: Path, field: bytes) -> None:
    path = as_itk(tmp_path / "a.mha", labels_on(UPRIGHT), packed=False)
    path.write_bytes(path.read_bytes().replace(b"TransformMatrix = 1 0 0 0 1 0 0 0 1", field, 1))
    with pytest.raises(BadGeometry, match="makes no sense"):
        read_volume(path)


def test_what_a_library_says_of_a_broken_file_is_not_heard(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = as_itk(tmp_path / "a.mha", labels_on(UPRIGHT), packed=False)
    path.write_bytes(path.read_bytes().replace(b"DimSize", b"DimSice", 1))
    with pytest.raises(UnreadableFile):
        read_volume(path)
    assert capfd.readouterr() == ("", "")
