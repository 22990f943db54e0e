"""Segments of SEG and structures of RTSTRUCT become the masks that were drawn, where they were drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from isotherm.errors import BadGeometry, BadVoxels, EmptyMask, NoSuchLabel, NoSuchSeries
from isotherm.exchange.image_files import read_masks
from isotherm.imaging.margin import measure
from isotherm.imaging.surface import Region, field_of
from isotherm.imaging.volume import Grid, Mask
from tests.exchange.made_up import grids
from tests.exchange.made_up_dicom import (
    GRID,
    as_rtstruct,
    as_seg,
    as_series,
    every_nth,
    read_again,
    save,
    slices,
    sphere_contours,
)
from tests.exchange.test_dicom_images import HU, right_handed

SOURCE = slices(HU)
TWO = np.zeros((*GRID.shape_kji, 2), np.uint8)
TWO[1:4, 3:7, 2:6, 0] = 1
TWO[3:5, 5:9, 4:11, 1] = 1

SPHERE = ((3.3, -7.2, 50.6), 12.0)
SPHERE_ML = 4.0 / 3.0 * np.pi * 12.0**3 / 1000.0


def on_grid(mask: Mask) -> np.ndarray:
    return mask.on(GRID).voxels


class TestSeg:
    @pytest.mark.parametrize("label", ["zone", "ZONE", "2"])
    def test_a_segment_by_its_name_or_number(self, tmp_path: Path, label: str) -> None:
        path = as_seg(tmp_path / "seg.dcm", TWO, ["tumor", "zone"], SOURCE)
        (read,) = read_masks(f"{path}:{label}", of="ablation")
        assert np.array_equal(on_grid(read.mask), TWO[..., 1] > 0)
        assert (read.label, read.name, read.warnings) == ("zone", "zone", ())

    @settings(max_examples=10)
    @given(grid=grids(), seed=st.integers(0, 99))
    def test_on_any_grid(self, tmp_path_factory: pytest.TempPathFactory, grid: Grid, seed: int) -> None:
        grid = right_handed(grid)
        inside = np.random.default_rng(seed).random((*grid.shape_kji, 1)) < 0.3
        inside[2, 3, 4] = True
        path = as_seg(tmp_path_factory.mktemp("seg") / "a.dcm", inside.astype(np.uint8), ["tumor"], slices(HU, grid))
        (read,) = read_masks(path, of="tumor")
        assert np.abs(read.grid.direction_lps - grid.direction_lps).max() < 1e-4
        assert np.array_equal(read.mask.on(grid).voxels, inside[..., 0])

    def test_two_tumors_are_two_lesions(self, tmp_path: Path) -> None:
        path = as_seg(tmp_path / "seg.dcm", TWO, ["tumor 1", "tumor 2"], SOURCE)
        read = read_masks(path, of="tumor")
        assert [one.label for one in read] == ["tumor 1", "tumor 2"]
        for n, one in enumerate(read):
            assert np.array_equal(on_grid(one.mask), TWO[..., n] > 0)

    def test_segments_of_different_names_are_asked_for(self, tmp_path: Path) -> None:
        path = as_seg(tmp_path / "seg.dcm", TWO, ["tumor", "zone"], SOURCE)
        with pytest.raises(NoSuchLabel, match=r"tumor \[1\], zone \[2\]"):
            read_masks(path, of="tumor")

    def test_several_zones_are_united_and_it_is_told(self, tmp_path: Path) -> None:
        path = as_seg(tmp_path / "seg.dcm", TWO, ["zone 1", "zone 2"], SOURCE)
        (read,) = read_masks(path, of="ablation")
        assert np.array_equal(on_grid(read.mask), TWO.any(axis=-1))
        assert "zone 1, zone 2 were united" in read.warnings[0]

    def test_probabilities_stay_shares(self, tmp_path: Path) -> None:
        shares = TWO[..., :1] * np.float32(0.4)
        path = as_seg(tmp_path / "seg.dcm", shares, ["tumor"], SOURCE, kind="FRACTIONAL",
                      fractional_type="PROBABILITY", syntax="1.2.840.10008.1.2.5")  # fmt: skip
        (read,) = read_masks(path, of="tumor")
        assert read.mask.is_probability
        assert np.abs(on_grid(read.mask) - shares[..., 0]).max() < 0.5 / 255

    def test_a_label_map(self, tmp_path: Path) -> None:
        apart = TWO.copy()
        apart[..., 1] &= 1 - apart[..., 0]
        path = as_seg(tmp_path / "seg.dcm", apart, ["tumor", "zone"], SOURCE, kind="LABELMAP")
        (read,) = read_masks(f"{path}:zone", of="ablation")
        assert np.array_equal(on_grid(read.mask), apart[..., 1] > 0)

    def test_in_the_folder_of_its_image(self, tmp_path: Path) -> None:
        as_series(tmp_path, HU)
        as_seg(tmp_path / "seg.dcm", TWO, ["tumor", "zone"], SOURCE)
        (read,) = read_masks(f"{tmp_path}:tumor", of="tumor")
        assert np.array_equal(on_grid(read.mask), TWO[..., 0] > 0)

    def test_of_several_objects_one_is_asked_for_and_chosen(self, tmp_path: Path) -> None:
        as_seg(tmp_path / "a.dcm", TWO[..., :1], ["tumor"], SOURCE)
        as_seg(tmp_path / "b.dcm", TWO[..., 1:], ["zone"], SOURCE, kind="LABELMAP")
        with pytest.raises(NoSuchLabel, match=r"2 mask objects \(series 300.1, 300.2\)"):
            read_masks(tmp_path, of="tumor")
        masks = [read_masks(f"{tmp_path}:300.{n}", of="ablation")[0].mask for n in (1, 2)]
        assert sorted(int(mask.voxels.sum()) for mask in masks) == sorted(int(TWO[..., n].sum()) for n in (0, 1))

    def test_a_segment_that_only_one_of_several_objects_has_needs_no_series(self, tmp_path: Path) -> None:
        as_seg(tmp_path / "a.dcm", TWO, ["tumor", "zone"], SOURCE)
        as_seg(tmp_path / "b.dcm", TWO[..., 1:], ["zone"], SOURCE, kind="LABELMAP")
        (read,) = read_masks(f"{tmp_path}:tumor", of="tumor")
        assert np.array_equal(on_grid(read.mask), TWO[..., 0] > 0)
        with pytest.raises(NoSuchLabel, match="2 of them have a segment of this name"):
            read_masks(f"{tmp_path}:zone", of="ablation")
        with pytest.raises(NoSuchLabel, match="name one and its segment"):
            read_masks(f"{tmp_path}:cyst", of="tumor")

    def test_an_organ_ends_where_its_image_does(self, tmp_path: Path) -> None:
        path = as_seg(tmp_path / "masks.dcm",
                      TWO[..., :1], ["liver"], SOURCE)  # fmt: skip
        (alone,) = read_masks(path, of="organ")
        assert alone.grid.shape_kji[0] == 3
        assert "taken to go on beyond" in alone.warnings[0]
        (beside,) = read_masks(path, of="organ", beside=[str(as_series(tmp_path / "image", HU))])
        assert beside.grid.same_as(GRID)
        assert beside.warnings == ()
        assert np.array_equal(beside.mask.voxels, TWO[..., 0] > 0)

    def test_an_empty_tumor_is_refused(self, tmp_path: Path) -> None:
        path = as_seg(tmp_path / "seg.dcm", TWO * np.array([1, 0], np.uint8), ["tumor", "zone"], SOURCE,
                      omit_empty_frames=False)  # fmt: skip
        with pytest.raises(EmptyMask):
            read_masks(f"{path}:2", of="tumor")
        (read,) = read_masks(f"{path}:2", of="ablation")
        assert not read.mask.voxels.any()

    def test_an_image_is_no_mask(self, tmp_path: Path) -> None:
        with pytest.raises(NoSuchSeries, match=r"no SEG and no RTSTRUCT \(CT\)"):
            read_masks(as_series(tmp_path, HU), of="tumor")

    def changed(self, tmp_path: Path, change: object) -> Path:
        path = as_seg(tmp_path / "seg.dcm", TWO, ["tumor", "zone"], SOURCE)
        dataset = read_again(path)
        change(dataset)  # type: ignore[operator]
        return save(dataset, tmp_path / "changed.dcm")

    def test_planes_without_a_place_are_refused(self, tmp_path: Path) -> None:
        def change(dataset: Dataset) -> None:
            del dataset.PerFrameFunctionalGroupsSequence[1].PlanePositionSequence

        with pytest.raises(BadGeometry, match="has 1 of 5 planes without a place"):
            read_masks(f"{self.changed(tmp_path, change)}:1", of="tumor")

    def test_shifted_planes_are_refused(self, tmp_path: Path) -> None:
        def change(dataset: Dataset) -> None:
            plane = dataset.PerFrameFunctionalGroupsSequence[1].PlanePositionSequence[0]
            plane.ImagePositionPatient = [plane.ImagePositionPatient[0] + 3, *plane.ImagePositionPatient[1:]]

        with pytest.raises(BadGeometry, match="shifted against each other"):
            read_masks(f"{self.changed(tmp_path, change)}:1", of="tumor")

    def test_an_absurd_position_is_refused_before_memory_is_taken(self, tmp_path: Path) -> None:
        def change(dataset: Dataset) -> None:
            dataset.PerFrameFunctionalGroupsSequence[1].PlanePositionSequence[0].ImagePositionPatient = [-30, 12.5, 1e9]

        with pytest.raises(BadGeometry):
            read_masks(f"{self.changed(tmp_path, change)}:1", of="tumor")

    def test_a_segmentation_without_segments_is_refused(self, tmp_path: Path) -> None:
        def change(dataset: Dataset) -> None:
            del dataset.SegmentSequence

        with pytest.raises(BadVoxels, match="names no segment"):
            read_masks(f"{self.changed(tmp_path, change)}:1", of="tumor")


class TestRtstruct:
    @pytest.mark.parametrize("step", [1.0, 1.5, 2.5, 5.0])
    def test_a_sphere_has_its_volume_and_its_center(self, tmp_path: Path, step: float) -> None:
        contours = sphere_contours(*SPHERE, list(np.arange(30.0, 80.0, step)))
        (read,) = read_masks(as_rtstruct(tmp_path / "rt.dcm", {"gtv": contours}), of="tumor")
        assert read.mask.volume_ml == pytest.approx(SPHERE_ML, rel=0.03)
        weights = read.mask.voxels.ravel().astype(float)
        center = weights @ read.mask.grid.centers_lps_mm() / weights.sum()
        assert np.abs(center - SPHERE[0]).max() < 0.2
        assert (read.label, read.warnings) == ("gtv", ())

    @pytest.mark.parametrize(("step", "within_mm"), [(1.0, 0.1), (2.5, 0.25), (5.0, 0.5)])
    def test_the_margin_between_two_spheres_is_the_analytic_one(
        self, tmp_path: Path, step: float, within_mm: float
    ) -> None:
        heights = list(np.arange(20.0, 90.0, step))
        path = as_rtstruct(tmp_path / "rt.dcm", {
            "gtv": sphere_contours((3.3, -7.2, 50.6), 9.0, heights),
            "zone": sphere_contours((4.3, -6.2, 51.1), 16.0, heights),
        })  # fmt: skip
        tumor, zone = read_masks(f"{path}:gtv", of="tumor")[0], read_masks(f"{path}:zone", of="ablation")[0]
        margin = measure(Region.of_field(field_of(tumor.mask)), Region.of_field(field_of(zone.mask)))
        assert margin.minimal_mm == pytest.approx(16.0 - 9.0 - 1.5, abs=within_mm)

    def test_a_hole_is_a_hole(self, tmp_path: Path) -> None:
        heights = list(np.arange(44.0, 57.0, 1.0))
        outer, inner = (sphere_contours((0.0, 0.0, 50.0), radius, heights) for radius in (20.0, 9.0))
        (read,) = read_masks(as_rtstruct(tmp_path / "rt.dcm", {"ring": outer + inner}), of="ablation")
        assert not read.mask.holds(np.array([[0.0, 0.0, 50.0]]))[0]
        assert read.mask.holds(np.array([[14.0, 0.0, 50.0]]))[0]

    def test_contours_on_every_second_plane_of_the_image(self, tmp_path: Path) -> None:
        heights = every_nth(np.arange(30.0, 80.0, 1.0).tolist(), 2)
        path = as_rtstruct(tmp_path / "rt.dcm", {"gtv": sphere_contours(*SPHERE, heights)})
        (read,) = read_masks(path, of="tumor")
        assert read.grid.spacing_kji_mm[0] == pytest.approx(2.0)
        assert read.mask.volume_ml == pytest.approx(SPHERE_ML, rel=0.03)

    def test_planes_without_a_contour_between_others_are_told(self, tmp_path: Path) -> None:
        contours = sphere_contours(*SPHERE, list(np.arange(30.0, 80.0, 2.0)))
        (read,) = read_masks(as_rtstruct(tmp_path / "rt.dcm", {"gtv": contours[:4] + contours[6:]}), of="tumor")
        assert "2 planes between contours have none and count as empty" in read.warnings[0]

    def test_an_organ_ends_where_its_image_does(self, tmp_path: Path) -> None:
        heights = [GRID.to_lps([[k, 0, 0]])[0][2] for k in range(1, 5)]
        contours = sphere_contours((-26.0, 16.0, 405.0), 8.0, heights, 40)
        contours = [one * [0.3, 0.3, 1.0] + [-18.5, 11.5, 0.0] for one in contours]
        path = as_rtstruct(tmp_path / "masks.dcm", {"liver": contours}, source=SOURCE)
        (read,) = read_masks(path, of="organ", beside=[str(as_series(tmp_path / "image", HU))])
        assert read.grid.same_as(GRID, tolerance_mm=0.02)
        assert read.warnings == ()

    @pytest.mark.parametrize(
        ("contours", "error", "says"),
        [
            ([np.array([[0.0, 0, 0], [10, 0, 0], [10, 10, 5]]), np.array([[0.0, 0, 5], [10, 0, 5], [10, 10, 5]])],
             BadGeometry, "parallel planes"),
            ([np.array([[0.0, 0, 0], [10, 0, 0], [10, 10, 0]])], BadGeometry, "single plane"),
            ([np.array([[0.0, 0, 0], [10, 0, 0]])], BadVoxels, "three or more points"),
            ([np.array([[0.0, 0, z], [10, 0, z], [20, 0, z]]) for z in (0, 1, 2)], BadGeometry, "enclose nothing"),
            ([np.array([[0.0, 0, z], [10, 0, z], [10, 10, z]]) for z in (0, 1, 2.4, 3.9)], BadGeometry, "uneven"),
            ([np.array([[0.0, 0, z], [1e9, 0, z], [10, 1e9, z]]) for z in (0, 1, 2)], BadGeometry, "too far apart"),
        ],
    )  # fmt: skip
    def test_each_bad_contour_has_its_sentence(
        self, tmp_path: Path, contours: list[np.ndarray], error: type[Exception], says: str
    ) -> None:
        with pytest.raises(error, match=says):
            read_masks(as_rtstruct(tmp_path / "rt.dcm", {"gtv": contours}), of="tumor")

    def test_points_and_open_lines_are_no_structure(self, tmp_path: Path) -> None:
        contours = sphere_contours(*SPHERE, [48.0, 50.0, 52.0])
        with pytest.raises(BadVoxels, match="no closed contour"):
            read_masks(as_rtstruct(tmp_path / "rt.dcm", {"needle": contours}, kind="OPEN_PLANAR"), of="tumor")
