"""What goes out comes back, in its place in the patient, whatever the format; and each bad file has its sentence."""

from __future__ import annotations

import contextlib
import gzip
import os
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st
from nibabel.nifti1 import Nifti1Extension

from isotherm.errors import (
    BadGeometry,
    BadVoxels,
    EmptyMask,
    InputError,
    IsothermError,
    NoSuchLabel,
    OutputError,
    UnreadableFile,
)
from isotherm.exchange.detached_files import data_file
from isotherm.exchange.image_files import read_masks, read_volume, write_mask
from isotherm.imaging.volume import Grid, Mask
from tests.exchange.made_up import (
    LPS_OF_RAS,
    UPRIGHT,
    as_header_says,
    as_itk,
    as_nifti,
    as_slicer,
    as_totalsegmentator,
    grids,
    labels_on,
)

LUNG_TUMORS = Path(__file__).parent.parent / "data" / "lung_tumor_masks"

CORNERS = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [9, 9, 9]]

one_file = settings(max_examples=30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("images")


def two_lesions() -> np.ndarray:
    labels = np.zeros(UPRIGHT.shape_kji, dtype=np.uint8)
    labels[1, 2, 2:4] = 1
    labels[3, 4, 5] = 2
    return labels


class TestWhatGoesOutComesBack:
    @one_file
    @given(grid=grids(), ending=st.sampled_from([".nii", ".nii.gz"]))
    def test_a_binary_mask_on_any_grid(self, folder: Path, grid: Grid, ending: str) -> None:
        mask = Mask(labels_on(grid) > 1, grid, "ablation")
        write_mask(folder / f"mask{ending}", mask)
        (read,) = read_masks(folder / f"mask{ending}", of="ablation")
        assert np.array_equal(read.mask.voxels, mask.voxels)
        assert read.mask.voxels.dtype == np.bool_
        assert np.abs(read.grid.to_lps(CORNERS) - grid.to_lps(CORNERS)).max() < 1e-3
        assert read.warnings == ()

    @one_file
    @given(grid=grids())
    def test_shares_of_a_voxel_on_any_grid(self, folder: Path, grid: Grid) -> None:
        shares = np.random.default_rng(1).random(grid.shape_kji, dtype=np.float32)
        write_mask(folder / "shares.nii.gz", Mask(shares, grid, "tumor"))
        (read,) = read_masks(folder / "shares.nii.gz", of="tumor")
        assert read.mask.is_probability
        assert np.abs(read.mask.voxels - shares).max() <= 1e-3
        assert read.label == "1"

    @pytest.mark.parametrize("read_again", [nib.load, SimpleITK.ReadImage])
    def test_other_programs_find_the_mask_where_it_was(self, tmp_path: Path, read_again: Any) -> None:
        voxels = np.zeros(UPRIGHT.shape_kji, dtype=np.bool_)
        voxels[3, 1, 2] = True
        write_mask(tmp_path / "mask.nii.gz", Mask(voxels, UPRIGHT, "tumor"))
        image = read_again(str(tmp_path / "mask.nii.gz"))
        if isinstance(image, SimpleITK.Image):
            assert image.GetPixel(2, 1, 3) == 1
            place = image.TransformIndexToPhysicalPoint((2, 1, 3))
        else:
            assert image.get_data_dtype() == np.uint8
            assert (image.header["sform_code"], image.header["qform_code"]) == (1, 1)
            assert np.allclose(image.get_sform(), image.get_qform(), atol=1e-4)
            place = (LPS_OF_RAS @ image.affine @ [2, 1, 3, 1])[:3]
        assert np.abs(np.array(place) - UPRIGHT.to_lps([[3, 1, 2]])[0]).max() < 1e-4

    def test_a_folder_that_is_not_there_is_an_output_error(self, tmp_path: Path) -> None:
        with pytest.raises(OutputError, match=r"'mask.nii.gz' cannot be written"):
            write_mask(tmp_path / "nowhere" / "mask.nii.gz", Mask(np.ones((4, 5, 6), np.bool_), UPRIGHT, "tumor"))


class TestOnePlaceInThePatient:
    @one_file
    @given(grid=grids(), seed=st.integers(0, 99))
    def test_every_format_gives_the_same_voxels_in_the_same_place(self, folder: Path, grid: Grid, seed: int) -> None:
        labels = labels_on(grid, seed)
        files = [
            as_nifti(folder / "a.nii.gz", labels, grid),
            as_nifti(folder / "b.nii", labels.astype(np.float64), grid, kind=nib.Nifti2Image),
            as_itk(folder / "c.nrrd", labels.astype(np.int16), grid),
            as_itk(folder / "d.mha", labels.astype(np.float32), grid, packed=False),
            as_itk(folder / "e.mhd", labels.astype(np.uint16), grid, packed=False),
            as_slicer(folder / "f.seg.nrrd", [labels], [("tumor", 0, 2)], grid),
        ]
        for file in files:
            (read,) = read_masks(f"{file}:2", of="organ")
            assert np.array_equal(read.mask.voxels, labels == 2), file.name
            assert np.abs(read.grid.to_lps(CORNERS) - grid.to_lps(CORNERS)).max() < 1e-3, file.name
            assert read.warnings == ()

    @pytest.mark.parametrize(
        ("space", "signs"),
        [
            ("right-anterior-superior", (-1, -1, 1)),
            ("RAS", (-1, -1, 1)),
            ("left-anterior-superior", (1, -1, 1)),
            ("left-posterior-superior", (1, 1, 1)),
        ],
    )
    def test_an_nrrd_in_another_patient_frame_is_turned_into_lps(
        self, tmp_path: Path, space: str, signs: tuple[int, int, int]
    ) -> None:
        grid = nrrd_with(tmp_path, f"space: {space}\n{DIRECTIONS}")
        assert np.allclose(grid.to_lps([[1, 0, 0]])[0], np.array(signs) * [10, 20, 32])
        assert np.allclose(grid.to_lps([[0, 0, 1]])[0], np.array(signs) * [10.5, 20, 30])

    @pytest.mark.parametrize("header", [f"space: scanner-xyz\n{{}}{''}", "space dimension: 3\n{}"])
    def test_an_nrrd_without_a_patient_frame_is_taken_for_lps_and_says_so(self, tmp_path: Path, header: str) -> None:
        grid = nrrd_with(tmp_path, header.format(DIRECTIONS), warns="left-posterior-superior was assumed")
        assert np.allclose(grid.to_lps([[1, 0, 0]])[0], [10, 20, 32])

    def test_an_nrrd_without_a_position_says_so(self, tmp_path: Path) -> None:
        nrrd_with(tmp_path, "spacings: 0.5 0.6 2\n", warns="no position in the patient")

    def test_a_meta_image_without_a_position_says_so(self, tmp_path: Path) -> None:
        head = "ObjectType = Image\nNDims = 3\nDimSize = 6 5 4\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n"
        (tmp_path / "m.mha").write_bytes(head.encode() + two_lesions().tobytes())
        assert "no complete position" in read_masks(tmp_path / "m.mha", of="tumor")[0].warnings[0]


DIRECTIONS = "space directions: (0.5,0,0) (0,0.6,0) (0,0,2)\nspace origin: (10,20,30)\n"


def nrrd_with(folder: Path, header: str, *, warns: str | None = None) -> Grid:
    start = "NRRD0005\ntype: uchar\ndimension: 3\n" + header + "sizes: 6 5 4\nencoding: raw\n\n"
    (folder / "x.nrrd").write_bytes(start.encode() + two_lesions().tobytes())
    read = read_masks(folder / "x.nrrd", of="tumor")[0]
    assert (warns is None) == (read.warnings == ())
    assert warns is None or warns in read.warnings[0]
    return read.grid


class TestNifti:
    def test_sform_comes_before_qform_and_a_difference_is_told(self, tmp_path: Path) -> None:
        header = header_of_lesions()
        header.set_sform([[0.7, 0, 0, 5], [0, 0.8, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1]], 1)
        header.set_qform(np.diag([0.7, 0.8, 2, 1]), 1)
        as_header_says(tmp_path / "x.nii", header, two_lesions())
        read = read_masks(tmp_path / "x.nii", of="tumor")[0]
        assert np.allclose(read.grid.origin_lps_mm, [-5, 0, 0])
        assert "5.0 mm apart" in read.warnings[0]

    def test_a_qform_that_makes_no_sense_beside_a_good_sform_is_told(self, tmp_path: Path) -> None:
        header = header_of_lesions()
        header.set_sform(np.diag([0.7, 0.8, 2, 1]), 1)
        header["qform_code"], header["quatern_b"] = 1, 5.0
        read = read_masks(as_header_says(tmp_path / "x.nii", header, two_lesions()), of="tumor")[0]
        assert np.allclose(read.grid.spacing_kji_mm, [2, 0.8, 0.7])
        assert "contradict each other" in read.warnings[0]

    def test_qform_is_used_where_there_is_no_sform(self, tmp_path: Path) -> None:
        header = header_of_lesions()
        header.set_qform([[0, -0.8, 0, 3], [0.7, 0, 0, 4], [0, 0, 2, 5], [0, 0, 0, 1]], 1)
        as_header_says(tmp_path / "x.nii", header, two_lesions())
        read = read_masks(tmp_path / "x.nii", of="tumor")[0]
        assert np.allclose(read.grid.to_lps([[0, 0, 0], [0, 0, 1]]), [[-3, -4, 5], [-3, -4.7, 5]], atol=1e-5)
        assert read.warnings == ()

    def test_without_a_position_it_lies_as_itk_puts_it_and_says_so(self, tmp_path: Path) -> None:
        header = header_of_lesions()
        header.set_zooms((0.7, 0.8, 2.0))
        as_header_says(tmp_path / "x.nii", header, two_lesions())
        read = read_masks(tmp_path / "x.nii", of="tumor")[0]
        theirs = SimpleITK.ReadImage(str(tmp_path / "x.nii")).TransformIndexToPhysicalPoint((3, 2, 1))
        assert np.allclose(read.grid.to_lps([[1, 2, 3]])[0], theirs, atol=1e-5)
        assert "no position in the patient" in read.warnings[0]

    @pytest.mark.parametrize(("unit", "per_mm"), [("meter", 1e-3), ("micron", 1e3)])
    def test_meters_and_micrometers_become_millimeters_and_say_so(
        self, tmp_path: Path, unit: str, per_mm: float
    ) -> None:
        image: Any = nib.Nifti1Image(two_lesions().transpose(2, 1, 0), np.diag([0.7, 0.8, 2, 1]) * per_mm)
        image.header.set_xyzt_units(unit)
        image.to_filename(tmp_path / "x.nii")
        read = read_masks(tmp_path / "x.nii", of="tumor")[0]
        assert np.allclose(read.grid.spacing_kji_mm, [2, 0.8, 0.7])
        assert "not millimeters" in read.warnings[0]

    @pytest.mark.parametrize("dtype", ["u1", "i1", "<i2", ">i2", ">u2", "<i4", "<u4", ">i8", "<u8", ">f4", "<f8"])
    def test_every_type_of_number_in_both_byte_orders(self, tmp_path: Path, dtype: str) -> None:
        header = header_of_lesions()
        header.set_data_dtype(dtype)
        header.set_sform(np.eye(4), 1)
        if dtype[0] == ">":
            header = header.as_byteswapped(">")
        as_header_says(tmp_path / "x.nii", header, two_lesions().astype(dtype))
        one, two = read_masks(tmp_path / "x.nii", of="tumor")
        assert (one.mask.voxels.sum(), two.mask.voxels.sum()) == (2, 1)

    def test_a_packed_file_with_the_wrong_name_is_read_all_the_same(self, tmp_path: Path) -> None:
        as_nifti(tmp_path / "x.nii.gz", two_lesions())
        (tmp_path / "x.nii.gz").rename(tmp_path / "x.nii")
        assert len(read_masks(tmp_path / "x.nii", of="tumor")) == 2

    def test_a_scale_factor_does_not_turn_labels_into_shares(self, tmp_path: Path) -> None:
        image: Any = nib.Nifti1Image(two_lesions().transpose(2, 1, 0).astype(np.float32), np.eye(4))
        image.set_data_dtype(np.int16)  # nibabel then stores multiples of 2 / 65535
        image.to_filename(tmp_path / "x.nii")
        stored: Any = nib.load(tmp_path / "x.nii")
        assert stored.dataobj.slope not in (None, 1.0)
        one, two = read_masks(tmp_path / "x.nii", of="tumor")
        assert (one.mask.voxels.sum(), two.mask.voxels.sum()) == (2, 1)

    def test_probabilities_stored_as_bytes_keep_their_scale(self, tmp_path: Path) -> None:
        shares = np.linspace(0, 1, 120).reshape(4, 5, 6)
        image: Any = nib.Nifti1Image(shares.transpose(2, 1, 0), np.eye(4))
        image.set_data_dtype(np.uint8)
        image.to_filename(tmp_path / "x.nii")
        (read,) = read_masks(tmp_path / "x.nii", of="tumor")
        assert np.abs(read.mask.voxels - shares).max() < 0.003
        assert float(read.mask.voxels.max()) == 1.0

    def test_a_trailing_dimension_of_one_is_dropped_and_said(self, tmp_path: Path) -> None:
        nib.Nifti1Image(two_lesions().transpose(2, 1, 0)[..., None, None], np.eye(4)).to_filename(tmp_path / "x.nii")
        read = read_masks(tmp_path / "x.nii", of="tumor")
        assert read[0].grid.shape_kji == (4, 5, 6)
        assert read[0].warnings == ("tumor: a trailing dimension of size 1 was left out",)


def header_of_lesions() -> Any:
    """A NIfTI header for `two_lesions`, without a position."""
    header = nib.Nifti1Header()
    header.set_data_dtype(np.uint8)
    header.set_data_shape(UPRIGHT.shape_kji[::-1])
    return header


class TestImages:
    def test_ct_is_kept_in_16_bits_however_it_was_stored(self, tmp_path: Path) -> None:
        hu = np.linspace(-1024, 3071, 120).reshape(4, 5, 6).astype(np.int16)
        scaled = header_of_lesions()
        scaled.set_data_dtype(np.int16)
        scaled.set_slope_inter(1, -1024)
        files = [
            as_header_says(tmp_path / "s.nii", scaled, hu + 1024),
            as_nifti(tmp_path / "i.nii.gz", hu.astype(np.int32)),
            as_nifti(tmp_path / "f.nii.gz", hu.astype(np.float64)),
            as_itk(tmp_path / "h.nrrd", hu),
        ]
        for file in files:
            volume = read_volume(file).volume
            assert volume.voxels.dtype == np.int16, file.name
            assert np.array_equal(volume.voxels, hu), file.name
            assert volume.unit == "HU"

    def test_fractions_and_wide_ranges_are_kept_in_single_precision(self, tmp_path: Path) -> None:
        values = np.linspace(-40000, 40000, 120).reshape(4, 5, 6)
        volume = read_volume(as_nifti(tmp_path / "x.nii.gz", values)).volume
        assert volume.voxels.dtype == np.float32
        assert np.allclose(volume.voxels, values, rtol=1e-6)

    def test_a_type_that_is_too_small_for_a_late_slice_is_given_up(self, tmp_path: Path) -> None:
        grid = Grid((40, 300, 300), (1.0, 1.0, 1.0))  # more than one slab
        values = np.zeros(grid.shape_kji, dtype=np.float64)
        values[0, 0, 0], values[-1, -1, -1] = 7, 0.25
        assert read_volume(as_nifti(tmp_path / "x.nii.gz", values, grid)).volume.voxels[0, 0, 0] == 7
        assert read_volume(as_nifti(tmp_path / "x.nii.gz", values, grid)).volume.voxels[-1, -1, -1] == 0.25

    def test_a_segmentation_of_layers_is_no_image(self, tmp_path: Path) -> None:
        file = as_slicer(tmp_path / "x.seg.nrrd", [two_lesions()] * 2, [("a", 0, 1), ("b", 1, 1)])
        with pytest.raises(BadVoxels, match="an image is wanted"):
            read_volume(file)


class TestRealLungTumors:
    """PyRadiomics test labels; volumes counted once from the files' voxels and spacing."""

    @pytest.mark.parametrize(("name", "ml", "slices", "mm"), [("lung1", 1.36, 3, 0.5703), ("lung2", 48.43, 11, 0.6270)])
    def test_volume_slices_and_spacing(self, name: str, ml: float, slices: int, mm: float) -> None:
        (read,) = read_masks(LUNG_TUMORS / f"{name}_label.nrrd", of="tumor")
        assert round(read.mask.volume_ml, 2) == ml
        assert np.flatnonzero(read.mask.inside.any(axis=(1, 2))).size == slices
        assert read.grid.spacing_kji_mm == pytest.approx((5.0, mm, mm), abs=1e-4)
        assert (read.label, read.name, read.warnings) == ("1", None, ())

    def test_they_lie_where_simpleitk_finds_them(self) -> None:
        (read,) = read_masks(LUNG_TUMORS / "lung1_label.nrrd", of="tumor")
        image = SimpleITK.ReadImage(str(LUNG_TUMORS / "lung1_label.nrrd"))
        center = read.grid.to_lps(np.argwhere(read.mask.inside)).mean(axis=0)
        shape = SimpleITK.LabelShapeStatisticsImageFilter()
        shape.Execute(image)
        assert np.allclose(center, shape.GetCentroid(1), atol=1e-6)


class TestLabels:
    def test_a_label_map_given_as_tumor_is_several_lesions_in_order(self, tmp_path: Path) -> None:
        file = as_nifti(tmp_path / "x.nii.gz", two_lesions()[::-1].copy())
        one, two = read_masks(file, of="tumor")
        assert (one.label, two.label) == ("1", "2")
        assert (one.mask.volume_ml, two.mask.volume_ml) == pytest.approx((2 * 1.12e-3, 1.12e-3))

    def test_each_lesion_is_cut_out_in_its_place(self, tmp_path: Path) -> None:
        grid = Grid((30, 30, 30), (2.0, 0.8, 0.7), (-30.0, 12.5, 400.0))
        labels = np.zeros(grid.shape_kji, dtype=np.uint8)
        labels[4:6, 5, 6], labels[25, 26:28, 29] = 1, 300 % 256
        for read in read_masks(as_nifti(tmp_path / "x.nii.gz", labels, grid), of="tumor"):
            assert max(read.mask.grid.shape_kji) <= 6
            assert read.grid.shape_kji == (30, 30, 30)
            places = read.mask.grid.to_lps(np.argwhere(read.mask.inside))
            assert np.allclose(places, grid.to_lps(np.argwhere(labels == int(read.label))), atol=1e-4)

    def test_one_label_is_picked_by_its_value(self, tmp_path: Path) -> None:
        file = as_nifti(tmp_path / "x.nii.gz", two_lesions())
        (read,) = read_masks(f"{file}:2", of="tumor")
        assert (read.label, int(read.mask.voxels.sum())) == ("2", 1)

    def test_several_labels_are_picked_with_commas(self, tmp_path: Path) -> None:
        labels = two_lesions()
        labels[0, 0, 0] = 3
        file = as_nifti(tmp_path / "x.nii.gz", labels)
        assert [read.label for read in read_masks(f"{file}:3,1", of="tumor")] == ["3", "1"]
        (organ,) = read_masks(f"{file}:1,3", of="organ")
        assert (organ.label, int(organ.mask.voxels.sum()), organ.warnings) == ("1,3", 3, ())

    @pytest.mark.parametrize("white", [1, 255])
    @pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float64])
    def test_a_file_of_two_values_is_binary(self, tmp_path: Path, white: int, dtype: Any) -> None:
        voxels = (two_lesions() > 0).astype(dtype) * dtype(white)
        (read,) = read_masks(as_nifti(tmp_path / "x.nii.gz", voxels), of="tumor")
        assert (read.label, int(read.mask.voxels.sum()), read.mask.voxels.dtype) == ("1", 3, np.bool_)

    def test_labels_beyond_a_byte(self, tmp_path: Path) -> None:
        voxels = two_lesions().astype(np.int32) * 700
        assert [read.label for read in read_masks(as_nifti(tmp_path / "x.nii.gz", voxels), of="tumor")] == [
            "700",
            "1400",
        ]

    def test_zones_of_one_file_are_united_and_that_is_said(self, tmp_path: Path) -> None:
        (read,) = read_masks(as_nifti(tmp_path / "x.nii.gz", two_lesions()), of="ablation")
        assert int(read.mask.voxels.sum()) == 3
        assert read.warnings == ("ablation: labels 1, 2 were united; name one (FILE:LABEL) to use it alone",)

    def test_an_organ_is_never_put_together_unasked(self, tmp_path: Path) -> None:
        with pytest.raises(NoSuchLabel, match=r"holds several labels \(1, 2\); name the one meant"):
            read_masks(as_nifti(tmp_path / "x.nii.gz", two_lesions()), of="organ")

    def test_vessels_stay_apart(self, tmp_path: Path) -> None:
        assert len(read_masks(as_nifti(tmp_path / "x.nii.gz", two_lesions()), of="vessel")) == 2

    def test_a_label_that_is_not_there_lists_those_that_are(self, tmp_path: Path) -> None:
        file = as_nifti(tmp_path / "x.nii.gz", two_lesions())
        with pytest.raises(NoSuchLabel, match=r"^The tumor file 'x.nii.gz' has no label '7'; there are: 1, 2\.$"):
            read_masks(f"{file}:7", of="tumor")
        with pytest.raises(NoSuchLabel, match="0 is the background"):
            read_masks(f"{file}:0", of="tumor")

    def test_shares_have_no_labels(self, tmp_path: Path) -> None:
        file = as_nifti(tmp_path / "x.nii.gz", np.linspace(0, 1, 120).reshape(4, 5, 6))
        with pytest.raises(NoSuchLabel, match="shares from 0 to 1 and no labels"):
            read_masks(f"{file}:1", of="tumor")

    def test_colons_in_names_of_folders_files_and_drives_do_no_harm(self, tmp_path: Path) -> None:
        strange = tmp_path / "C:" / "tumor:2026"
        strange.mkdir(parents=True)
        file = as_nifti(strange / "a:1.nii.gz", two_lesions())
        assert len(read_masks(str(file), of="tumor")) == 2
        assert len(read_masks(f"{file}:1", of="tumor")) == 1

    @pytest.mark.parametrize("name", ["tümör 腫瘍 😀.nrrd", "腫瘍.nii.gz", "😀.mha"])
    def test_names_in_any_script_are_read(self, tmp_path: Path, name: str) -> None:
        write = as_nifti if "nii" in name else as_itk
        assert len(read_masks(f"{write(tmp_path / name, two_lesions())}:1", of="tumor")) == 1

    @pytest.mark.parametrize("spec", ["C:\\scans\\tumor.nii.gz", "C:\\scans\\tumor.nii.gz:2", "/x/tumor.nii.gz:portal"])
    def test_a_missing_file_is_named_without_folder_and_label(self, spec: str) -> None:
        with pytest.raises(UnreadableFile, match=r"^The tumor file 'tumor.nii.gz' is not there"):
            read_masks(spec, of="tumor")


class TestNames:
    def test_a_slicer_segment_is_picked_by_name_from_overlapping_layers(self, tmp_path: Path) -> None:
        organ = np.ones(UPRIGHT.shape_kji, dtype=np.uint8)
        tumor = two_lesions()
        file = as_slicer(
            tmp_path / "x.seg.nrrd", [organ, tumor], [("Liver: right", 0, 1), ("Tumör", 1, 1), ("zone", 1, 2)]
        )
        (liver,) = read_masks(f"{file}:Liver: right", of="organ")
        (lesion,) = read_masks(f"{file}:tumör", of="tumor")
        (zone,) = read_masks(f"{file}:Segment_3", of="ablation")
        assert int(liver.mask.voxels.sum()) == 120
        assert np.array_equal(lesion.mask.voxels, tumor == 1)
        assert np.array_equal(zone.mask.voxels, tumor == 2)
        assert (lesion.label, lesion.name) == ("Tumör", "Tumör")

    def test_the_offset_that_slicer_notes_is_not_added_to_the_position(self, tmp_path: Path) -> None:
        file = as_slicer(tmp_path / "x.seg.nrrd", [two_lesions()] * 2, [("a", 0, 1), ("b", 1, 2)])
        (read,) = read_masks(f"{file}:a", of="tumor")
        assert read.grid.same_as(UPRIGHT)

    def test_a_slicer_segmentation_cropped_to_one_slice_is_read(self, tmp_path: Path) -> None:
        grid = Grid((1, 5, 6), (5.0, 0.8, 0.8))
        file = as_slicer(tmp_path / "x.seg.nrrd", [two_lesions()[1:2]], [("tumor", 0, 1)], grid)
        assert read_masks(file, of="tumor")[0].grid.shape_kji == (1, 5, 6)

    @pytest.mark.parametrize("of", ["tumor", "ablation", "organ", "vessel", "structure"])
    def test_segments_of_different_names_are_never_taken_together(self, tmp_path: Path, of: Any) -> None:
        file = as_slicer(tmp_path / "x.seg.nrrd", [two_lesions()], [("tumor", 0, 1), ("ablation", 0, 2)])
        with pytest.raises(NoSuchLabel, match=r"several segments \(tumor \[1\], ablation \[2\]\); name the one meant"):
            read_masks(file, of=of)

    def test_segments_that_differ_by_their_number_are_lesions_and_empty_ones_are_told(self, tmp_path: Path) -> None:
        file = as_slicer(
            tmp_path / "x.seg.nrrd", [two_lesions()], [("tumor 1", 0, 1), ("tumor 2", 0, 2), ("tumor 3", 0, 3)]
        )
        one, two = read_masks(file, of="tumor")
        assert (one.label, two.label) == ("tumor 1", "tumor 2")
        assert one.warnings == ("tumor: segment 'tumor 3' is empty, left out",)

    def test_layers_of_fractions_are_refused(self, tmp_path: Path) -> None:
        file = as_slicer(tmp_path / "x.seg.nrrd", [two_lesions()] * 2, [("a", 0, 1), ("b", 1, 1)])
        head, _, packed = file.read_bytes().partition(b"\n\n")
        values = np.frombuffer(gzip.decompress(packed), np.uint8).astype("<f4") * 0.4
        head = head.replace(b"unsigned char", b"float").replace(b"encoding", b"endian: little\nencoding")
        file.write_bytes(head + b"\n\n" + gzip.compress(values.tobytes()))
        with pytest.raises(BadVoxels, match="layers of other values than labels"):
            read_masks(f"{file}:a", of="tumor")

    def test_a_header_of_its_own_names_the_file_of_its_voxels(self, tmp_path: Path) -> None:
        header = as_itk(tmp_path / "x y.mhd", two_lesions(), packed=False)
        assert data_file(str(header)) == tmp_path / "x y.raw"
        (tmp_path / "ü.nhdr").write_text("NRRD0004\ntype: uchar\ndata file: ./ü.raw \nspace: RAS\n", encoding="utf-8")
        assert data_file(str(tmp_path / "ü.nhdr")) == tmp_path / "ü.raw"
        for other in (as_nifti(tmp_path / "x.nii.gz", two_lesions()), as_itk(tmp_path / "x.mha", two_lesions()),
                      tmp_path / "none.mhd"):  # fmt: skip
            assert data_file(str(other)) is None

    def test_segments_without_a_sensible_layer_are_plain_labels(self, tmp_path: Path) -> None:
        file = as_slicer(tmp_path / "x.seg.nrrd", [two_lesions()], [("a", 7, 1), ("b", 0, 2)])
        assert [read.name for read in read_masks(file, of="tumor")] == [None, None]

    def test_segments_that_are_all_empty_are_no_tumor(self, tmp_path: Path) -> None:
        file = as_slicer(tmp_path / "x.seg.nrrd", [two_lesions()], [("tumor 8", 0, 8), ("tumor 9", 0, 9)])
        with pytest.raises(NoSuchLabel, match="several segments"):
            read_masks(file, of="tumor")
        layers = [np.zeros(UPRIGHT.shape_kji)] * 2
        file = as_slicer(tmp_path / "y.seg.nrrd", layers, [("tumor 8", 0, 8), ("tumor 9", 1, 9)])
        with pytest.raises(EmptyMask, match="no voxel of tumor"):
            read_masks(file, of="tumor")

    def test_a_value_that_stands_for_several_segments_is_refused(self, tmp_path: Path) -> None:
        file = as_slicer(tmp_path / "x.seg.nrrd", [two_lesions()] * 2, [("a", 0, 1), ("b", 1, 1)])
        with pytest.raises(NoSuchLabel, match=r"'1' fits several labels .* \(a \[1\], b \[1\]\)"):
            read_masks(f"{file}:1", of="tumor")

    def test_an_empty_segment_is_an_empty_ablation_but_no_tumor(self, tmp_path: Path) -> None:
        file = as_slicer(tmp_path / "x.seg.nrrd", [two_lesions()], [("tumor", 0, 1), ("zone", 0, 9)])
        (zone,) = read_masks(f"{file}:zone", of="ablation")
        assert not zone.mask.voxels.any()
        assert zone.warnings == ("ablation: the mask is empty",)
        with pytest.raises(EmptyMask, match="no voxel of tumor"):
            read_masks(f"{file}:zone", of="tumor")

    def test_totalsegmentators_class_names_are_read_from_the_header(self, tmp_path: Path) -> None:
        names = {1: "spleen", 2: "liver", 5: "inferior_vena_cava"}
        file = as_totalsegmentator(tmp_path / "x.nii.gz", two_lesions(), names)
        (liver,) = read_masks(f"{file}:liver", of="organ")
        assert (liver.label, liver.name, int(liver.mask.voxels.sum())) == ("liver", "liver", 1)
        assert read_masks(f"{file}:2", of="organ")[0].name == "liver"
        assert not read_masks(f"{file}:inferior_vena_cava", of="vessel")[0].mask.voxels.any()
        with pytest.raises(NoSuchLabel, match=r"spleen \[1\], liver \[2\]"):
            read_masks(file, of="organ")

    @pytest.mark.parametrize("bad", ["<!DOCTYPE x><CaretExtension/>", "<CaretExtension><Label", "<CaretExtension>&x;"])
    def test_a_table_that_cannot_be_read_names_nothing(self, tmp_path: Path, bad: str) -> None:
        image: Any = nib.Nifti1Image(two_lesions().transpose(2, 1, 0), np.eye(4))
        image.header.extensions.append(Nifti1Extension(0, (bad + "</CaretExtension>").encode()))
        image.to_filename(tmp_path / "x.nii")
        assert [read.name for read in read_masks(tmp_path / "x.nii", of="tumor")] == [None, None]

    def test_what_a_terminal_could_stumble_over_is_taken_out_of_names(self, tmp_path: Path) -> None:
        file = as_slicer(tmp_path / "x.seg.nrrd", [two_lesions()], [("tu\x1b[31mmor", 0, 1)])
        assert read_masks(f"{file}:1", of="tumor")[0].label == "tu?[31mmor"


class TestEmptyMasks:
    @pytest.mark.parametrize("of", ["tumor", "organ"])
    def test_a_tumor_or_an_organ_without_a_voxel_is_refused(self, tmp_path: Path, of: Any) -> None:
        file = as_nifti(tmp_path / "x.nii.gz", np.zeros(UPRIGHT.shape_kji, dtype=np.uint8))
        with pytest.raises(EmptyMask, match=f"no voxel of {of}"):
            read_masks(file, of=of)

    @pytest.mark.parametrize("of", ["ablation", "vessel", "structure"])
    def test_an_empty_ablation_vessel_or_structure_is_a_result(self, tmp_path: Path, of: Any) -> None:
        file = as_nifti(tmp_path / "x.nii.gz", np.zeros(UPRIGHT.shape_kji, dtype=np.uint8))
        (read,) = read_masks(file, of=of)
        assert not read.mask.voxels.any()
        assert read.warnings == (f"{of}: the mask is empty",)


class TestBadInput:
    def refused(self, spec: Path | str, error: type[InputError], says: str) -> None:
        """The sentence is one, names the file and never its folder."""
        for read in (
            lambda: read_masks(spec, of="tumor"),
            lambda: read_volume(str(spec).partition(":")[0], of="tumor"),
        ):
            with pytest.raises(error, match=says) as caught:
                read()
            message = str(caught.value)
            assert message.startswith("The tumor file '")
            assert message.endswith(".")
            assert "\n" not in message
            assert os.sep not in message
            assert caught.value.exit_code == 2

    def test_a_missing_file(self, tmp_path: Path) -> None:
        self.refused(tmp_path / "x.nii.gz", UnreadableFile, "is not there")

    def test_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "x.nii.gz").mkdir()
        self.refused(tmp_path / "x.nii.gz", UnreadableFile, "holds no DICOM object")

    def test_a_pipe(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "x.nii.gz")
        self.refused(tmp_path / "x.nii.gz", UnreadableFile, "device or a pipe")

    def test_an_empty_file(self, tmp_path: Path) -> None:
        (tmp_path / "x.nii.gz").touch()
        self.refused(tmp_path / "x.nii.gz", UnreadableFile, "0 bytes")

    def test_a_format_that_is_not_known(self, tmp_path: Path) -> None:
        (tmp_path / "x.png").write_bytes(b"\x89PNG")
        self.refused(tmp_path / "x.png", UnreadableFile, "no known format")

    @pytest.mark.parametrize("name", ["x.nii", "x.nii.gz", "x.nrrd", "x.seg.nrrd", "x.nhdr", "x.mha", "x.mhd"])
    @pytest.mark.parametrize(
        "content", [b"no image at all, just text\n" * 40, b"\x00", gzip.compress(b"text" * 200, mtime=0)]
    )
    def test_what_is_no_image_behind_an_image_name(self, tmp_path: Path, name: str, content: bytes) -> None:
        (tmp_path / name).write_bytes(content)
        self.refused(tmp_path / name, UnreadableFile, "whatever its name says|cut short|makes no sense")

    def test_a_file_that_may_not_be_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def deny(*_: Any, **__: Any) -> None:
            raise PermissionError(13, "Permission denied")

        file = as_nifti(tmp_path / "x.nii", two_lesions())
        monkeypatch.setattr("builtins.open", deny)
        self.refused(file, UnreadableFile, "may not be read")

    @pytest.mark.parametrize("name", ["x.nii.gz", "x.nii", "x.nrrd", "x.mha"])
    @pytest.mark.parametrize("packed", [True, False])
    @pytest.mark.parametrize("left", [0.1, 0.5, 0.99])
    def test_a_file_that_is_cut_short(self, tmp_path: Path, name: str, packed: bool, left: float) -> None:
        grid = Grid((20, 20, 20), (1.0, 1.0, 1.0))
        labels = labels_on(grid)
        file = (
            as_nifti(tmp_path / name, labels, grid)
            if "nii" in name
            else as_itk(tmp_path / name, labels, grid, packed=packed)
        )
        content = file.read_bytes()
        file.write_bytes(content[: int(len(content) * left)])
        self.refused(file, UnreadableFile, "cut short or damaged|makes no sense|whatever its name says")

    def test_a_packed_file_with_a_wrong_check_sum(self, tmp_path: Path) -> None:
        file = as_nifti(tmp_path / "x.nii.gz", two_lesions())
        content = bytearray(file.read_bytes())
        content[-6] ^= 0xFF
        file.write_bytes(content)
        self.refused(file, UnreadableFile, "cut short or damaged")

    def test_a_header_that_promises_too_much_is_refused_before_memory_is_taken(self, tmp_path: Path) -> None:
        header = header_of_lesions()
        for sizes, says in [((30000, 30000, 30000), "at most 8 GB"), ((1000, 1000, 1000), "cut short")]:
            header["dim"][1:4] = sizes
            file = as_header_says(tmp_path / "x.nii", header, two_lesions())
            self.refused(file, UnreadableFile, says)
            (tmp_path / "x.nii.gz").write_bytes(gzip.compress(file.read_bytes()))
            self.refused(tmp_path / "x.nii.gz", UnreadableFile, says)
        for name, huge in [("x.nrrd", b"sizes: 90000 90000 90000"), ("x.mha", b"DimSize = 90000 90000 90000")]:
            content = as_itk(tmp_path / name, two_lesions(), packed=False).read_bytes()
            (tmp_path / name).write_bytes(content.replace(b"sizes: 6 5 4", huge).replace(b"DimSize = 6 5 4", huge))
            self.refused(tmp_path / name, UnreadableFile, "at most 8 GB")

    @pytest.mark.parametrize("shape", [(30, 40), (30, 40, 1), (30, 40, 1, 1), (1, 30, 40)])
    def test_a_2d_image(self, tmp_path: Path, shape: tuple[int, ...]) -> None:
        nib.Nifti1Image(np.ones(shape, np.uint8), np.eye(4)).to_filename(tmp_path / "x.nii.gz")
        self.refused(tmp_path / "x.nii.gz", BadGeometry, "is 2-D")

    def test_a_2d_nrrd_or_meta_image(self, tmp_path: Path) -> None:
        for name in ("x.nrrd", "x.mha"):
            SimpleITK.WriteImage(SimpleITK.Image(30, 40, SimpleITK.sitkUInt8), str(tmp_path / name))
            self.refused(tmp_path / name, BadGeometry, "is 2-D")

    def test_a_time_series(self, tmp_path: Path) -> None:
        nib.Nifti1Image(np.ones((6, 5, 4, 3), np.uint8), np.eye(4)).to_filename(tmp_path / "x.nii.gz")
        self.refused(tmp_path / "x.nii.gz", BadGeometry, r"time series \(6 x 5 x 4 x 3\)")
        SimpleITK.WriteImage(SimpleITK.Image([6, 5, 4, 3], SimpleITK.sitkUInt8), str(tmp_path / "x.nrrd"))
        self.refused(tmp_path / "x.nrrd", BadGeometry, "time series")

    def test_several_values_per_voxel(self, tmp_path: Path) -> None:
        nib.Nifti1Image(np.ones((6, 5, 4, 1, 3), np.uint8), np.eye(4)).to_filename(tmp_path / "x.nii.gz")
        self.refused(tmp_path / "x.nii.gz", BadGeometry, "several values per voxel")
        for name in ("x.nrrd", "x.mha"):
            SimpleITK.WriteImage(SimpleITK.Image([6, 5, 4], SimpleITK.sitkVectorUInt8, 3), str(tmp_path / name))
            self.refused(tmp_path / name, BadVoxels, "3 values per voxel")

    def test_color(self, tmp_path: Path) -> None:
        rgb = np.zeros((6, 5, 4), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
        nib.Nifti1Image(rgb, np.eye(4)).to_filename(tmp_path / "x.nii.gz")
        self.refused(tmp_path / "x.nii.gz", BadVoxels, "colors or complex")

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_voxels_that_are_not_numbers(self, tmp_path: Path, bad: float) -> None:
        voxels = two_lesions().astype(np.float32)
        voxels[0, 0, 0] = bad
        self.refused(as_nifti(tmp_path / "x.nii.gz", voxels), BadVoxels, "not numbers")
        self.refused(as_itk(tmp_path / "x.nrrd", voxels), BadVoxels, "not numbers")

    @pytest.mark.parametrize("mm", [0.0007, 700.0])
    def test_absurd_spacing(self, tmp_path: Path, mm: float) -> None:
        nib.Nifti1Image(two_lesions().transpose(2, 1, 0), np.diag([mm, mm, mm, 1])).to_filename(tmp_path / "x.nii.gz")
        self.refused(tmp_path / "x.nii.gz", BadGeometry, "Check the unit of the header")

    def test_a_sheared_grid(self, tmp_path: Path) -> None:
        affine = np.diag([0.7, 0.8, 2, 1])
        affine[0, 2] = 0.3
        nib.Nifti1Image(two_lesions().transpose(2, 1, 0), affine).to_filename(tmp_path / "x.nii.gz")
        self.refused(tmp_path / "x.nii.gz", BadGeometry, "not at right angles")

    def test_a_position_that_is_not_finite(self, tmp_path: Path) -> None:
        for broken in (np.nan, np.inf, 1e38):
            header = header_of_lesions()
            header.set_sform(np.diag([broken, 1, 1, 1]), 1)
            as_header_says(tmp_path / "x.nii", header, two_lesions())
            self.refused(tmp_path / "x.nii", BadGeometry, "position that makes no sense")

    def test_a_nifti_header_that_contradicts_itself(self, tmp_path: Path) -> None:
        header = header_of_lesions()
        header["datatype"] = 77
        self.refused(as_header_says(tmp_path / "x.nii", header, two_lesions()), UnreadableFile, "header that makes no")
        header = header_of_lesions()
        header["qform_code"], header["quatern_b"], header["pixdim"][0] = 1, 5.0, 0.0
        self.refused(as_header_says(tmp_path / "x.nii", header, two_lesions()), BadGeometry, "position that makes no")

    def test_no_voxels(self, tmp_path: Path) -> None:
        content = as_itk(tmp_path / "x.mha", two_lesions(), packed=False).read_bytes()
        (tmp_path / "x.mha").write_bytes(content.replace(b"DimSize = 6 5 4", b"DimSize = 0 5 4"))
        self.refused(tmp_path / "x.mha", BadGeometry, "has no voxels")

    @pytest.mark.parametrize("ending", ["nrrd", "mha"])
    def test_a_name_that_simpleitk_cannot_bear(self, tmp_path: Path, ending: str) -> None:
        file = as_itk(tmp_path / f"x.{ending}", two_lesions())
        strange = file.rename(tmp_path / os.fsdecode(b"\xff." + ending.encode()))
        self.refused(strange, UnreadableFile, "not UTF-8; rename it")

    @pytest.mark.parametrize("axes", [b"11", b"9999", b"-3", b"3 3", b"x"])
    def test_a_meta_image_with_more_axes_than_its_reader_can_bear(self, tmp_path: Path, axes: bytes) -> None:
        content = as_itk(tmp_path / "x.mha", two_lesions()).read_bytes()
        (tmp_path / "x.mha").write_bytes(content.replace(b"NDims = 3", b"NDims = " + axes))
        self.refused(tmp_path / "x.mha", UnreadableFile, "whatever its name says")

    @pytest.mark.parametrize(
        "values",
        [np.linspace(-1000, 1000, 120), np.linspace(0, 100, 120), np.linspace(-0.1, 1.1, 120), np.arange(120.0) * 1000],
    )
    def test_an_image_percent_or_an_interpolated_label_map_is_no_mask(self, tmp_path: Path, values: np.ndarray) -> None:
        file = as_nifti(tmp_path / "x.nii.gz", values.reshape(4, 5, 6))
        with pytest.raises(BadVoxels, match=r"has values from .* to .*; a mask holds"):
            read_masks(file, of="organ")

    def test_probabilities_from_0_to_255_are_no_lesions(self, tmp_path: Path) -> None:
        file = as_nifti(tmp_path / "x.nii.gz", np.arange(120, dtype=np.uint8).reshape(4, 5, 6))
        with pytest.raises(BadVoxels, match="119 labels"):
            read_masks(file, of="tumor")

    @pytest.mark.parametrize("of", ["tumor", "ablation", "organ", "vessel", "structure"])
    def test_a_map_of_many_organs_is_no_mask_until_its_labels_are_named(self, tmp_path: Path, of: Any) -> None:
        organs = np.arange(120, dtype=np.uint8).reshape(4, 5, 6) % 22
        file = as_nifti(tmp_path / "organs.nii.gz", organs)
        with pytest.raises(BadVoxels, match=r"^The .* holds 21 labels, as a map of organs does; name .*FILE:LABEL"):
            read_masks(file, of=of)
        assert read_masks(f"{file}:5", of=of)[0].label == "5"
        named = read_masks(f"{file}:5,6", of=of)
        assert sum(int(one.mask.inside.sum()) for one in named) == int(np.isin(organs, (5, 6)).sum())

    def test_twenty_lesions_of_one_map_are_read_and_more_where_they_have_names(self, tmp_path: Path) -> None:
        labels = np.arange(120, dtype=np.uint8).reshape(4, 5, 6)
        assert len(read_masks(as_nifti(tmp_path / "x.nii.gz", labels % 21), of="tumor")) == 20
        named = [(f"metastasis {n}", 0, n) for n in range(1, 25)]
        assert len(read_masks(as_slicer(tmp_path / "x.seg.nrrd", [labels % 25], named), of="tumor")) == 24


@settings(max_examples=150)
@given(data=st.data())
def test_no_damage_to_a_header_ends_in_anything_but_a_sentence(folder: Path, data: st.DataObject) -> None:
    ending = data.draw(st.sampled_from([".nii", ".nii.gz", ".nrrd", ".seg.nrrd", ".mha"]))
    file = folder / f"broken{ending}"
    if "nii" in ending:
        as_nifti(file, two_lesions())
    elif "seg" in ending:
        as_slicer(file, [two_lesions()] * 2, [("a", 0, 1), ("b", 1, 2)])
    else:
        as_itk(file, two_lesions())
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, min(len(content), 400) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.binary(max_size=4) | st.sampled_from([b"99", b"nan"])
        )
    file.write_bytes(content)
    for read in (lambda: read_masks(file, of="ablation"), lambda: read_volume(file)):
        with contextlib.suppress(IsothermError):  # and nothing else
            read()
