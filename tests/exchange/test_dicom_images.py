"""A DICOM series comes back voxel by voxel in its place, whatever its order, syntax and scale; what cannot is named."""

from __future__ import annotations

import contextlib
import zipfile
from pathlib import Path

import gdcm  # pyright: ignore[reportMissingImports]
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.uid import UID, ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from isotherm.errors import BadGeometry, BadVoxels, InputError, NoSuchSeries, UnreadableFile
from isotherm.exchange.dicom_decode import Decoder, NotDecoded
from isotherm.exchange.dicom_rle import unpacked
from isotherm.exchange.dicom_series import scan
from isotherm.exchange.image_files import read_volume
from isotherm.exchange.voxel_source import ImageFile
from isotherm.imaging.volume import Grid
from tests.exchange.made_up import grids
from tests.exchange.made_up_dicom import GRID, Change, as_multiframe, as_series, save, slices, uid

HU = np.random.default_rng(0).integers(-1000, 1500, GRID.shape_kji).astype(np.int16)

FAR = [[0, 0, 0], [5, 0, 0], [0, 9, 0], [0, 0, 11], [5, 9, 11]]


def right_handed(grid: Grid) -> Grid:
    """DICOM's slices are stacked along the normal of their rows and columns."""
    _, j, i = grid.direction_lps.T
    direction = np.stack([np.cross(i, j), j, i], axis=1)
    return Grid(GRID.shape_kji, grid.spacing_kji_mm, grid.origin_lps_mm, direction)


class TestWhatWasWrittenComesBack:
    @settings(max_examples=15)
    @given(grid=grids())
    def test_a_series_on_any_grid(self, tmp_path_factory: pytest.TempPathFactory, grid: Grid) -> None:
        grid = right_handed(grid)
        read = read_volume(as_series(tmp_path_factory.mktemp("series"), HU, grid))
        assert np.array_equal(read.volume.voxels, HU)
        assert np.abs(read.volume.grid.to_lps(FAR) - grid.to_lps(FAR)).max() < 1e-3
        assert (read.volume.voxels.dtype, read.volume.unit, read.warnings) == (np.int16, "HU", ())

    def test_a_multi_frame_image_with_frames_in_no_order_and_scales_of_their_own(self, tmp_path: Path) -> None:
        stored = np.abs(HU)
        read = read_volume(as_multiframe(tmp_path / "mr.dcm", stored, order=[3, 1, 0, 2, 5, 4]))
        assert np.array_equal(read.volume.voxels, 2 * stored + np.arange(6)[:, None, None])
        assert read.volume.grid.same_as(GRID)
        assert read.volume.unit == "signal"

    def test_a_zip_archive(self, tmp_path: Path) -> None:
        as_series(tmp_path / "series", HU)
        with zipfile.ZipFile(tmp_path / "export", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in (tmp_path / "series").iterdir():
                archive.write(path, f"../../../{path.name}")  # names lead nowhere: nothing is unpacked
            archive.writestr("README.txt", "no image")
        before = sorted(tmp_path.rglob("*"))
        assert np.array_equal(read_volume(tmp_path / "export").volume.voxels, HU)
        assert sorted(tmp_path.rglob("*")) == before

    @pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
    def test_other_orders_of_bytes(self, tmp_path: Path, syntax: UID) -> None:
        for k, dataset in enumerate(slices(HU)):
            dataset.file_meta.TransferSyntaxUID = syntax
            if syntax == ExplicitVRBigEndian:
                dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
            little = syntax != ExplicitVRBigEndian
            dataset.save_as(tmp_path / f"{k}", implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=little,
                            enforce_file_format=True)  # fmt: skip
        assert np.array_equal(read_volume(tmp_path).volume.voxels, HU)

    @pytest.mark.parametrize("syntax", ["RLELossless", "JPEGLSLossless", "JPEG2000Lossless", "JPEGLosslessProcess14",
                                        "JPEGLosslessProcess14_1"])  # fmt: skip
    def test_lossless_compression(self, tmp_path: Path, syntax: str) -> None:
        for k, dataset in enumerate(slices(HU)):
            dataset.BitsStored, dataset.HighBit = 12, 11
            reader, writer, change = gdcm.ImageReader(), gdcm.ImageWriter(), gdcm.ImageChangeTransferSyntax()
            reader.SetFileName(str(save(dataset, tmp_path / "plain" / str(k))))
            assert reader.Read()
            change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
            change.SetInput(reader.GetImage())
            assert change.Change()
            (tmp_path / "packed").mkdir(exist_ok=True)
            writer.SetFile(reader.GetFile())
            writer.SetImage(change.GetOutput())
            writer.SetFileName(str(tmp_path / "packed" / str(k)))
            assert writer.Write()
        read = read_volume(tmp_path / "packed")
        assert np.array_equal(read.volume.voxels, HU)
        assert read.warnings == ()

    def test_a_scale_that_is_not_whole(self, tmp_path: Path) -> None:
        def scaled(dataset: Dataset, k: int) -> None:
            dataset.RescaleSlope, dataset.RescaleIntercept = 0.25 * (k + 1), -10.5

        read = read_volume(as_series(tmp_path, HU, change=scaled))
        wanted = (HU + 1024.0) * 0.25 * np.arange(1, 7)[:, None, None] - 10.5
        assert np.abs(read.volume.voxels - wanted).max() < 1e-3

    def test_values_that_16_bits_hold_only_after_the_intercept(self, tmp_path: Path) -> None:
        def high(dataset: Dataset, _k: int) -> None:
            dataset.PixelData = (HU.astype(np.int64)[_k] + 32768).astype("<u2").tobytes()
            dataset.RescaleIntercept = -32768

        assert np.array_equal(read_volume(as_series(tmp_path, HU, change=high)).volume.voxels, HU)

    def test_overlays_in_unused_bits_are_no_values(self, tmp_path: Path) -> None:
        def overlaid(dataset: Dataset, _k: int) -> None:
            dataset.BitsStored, dataset.HighBit = 12, 11
            dataset.PixelData = (np.frombuffer(dataset.PixelData, "<u2") | 0xA000).tobytes()

        assert np.array_equal(read_volume(as_series(tmp_path, HU, change=overlaid)).volume.voxels, HU)

    def test_copies_of_one_object_count_once(self, tmp_path: Path) -> None:
        as_series(tmp_path / "a", HU)
        as_series(tmp_path / "b", HU)
        assert np.array_equal(read_volume(tmp_path).volume.voxels, HU)

    def test_a_missing_scale_is_told(self, tmp_path: Path) -> None:
        def without(dataset: Dataset, _k: int) -> None:
            del dataset.RescaleSlope, dataset.RescaleIntercept

        read = read_volume(as_series(tmp_path, HU, change=without))
        assert np.array_equal(read.volume.voxels, HU + 1024)
        assert "no rescale slope" in read.warnings[0]


class TestPlanes:
    def test_a_missing_plane_is_named(self, tmp_path: Path) -> None:
        for k, dataset in enumerate(slices(HU)):
            if k != 3:
                save(dataset, tmp_path / str(k))
        with pytest.raises(NoSuchSeries, match="lacks 1 planes between others"):
            read_volume(tmp_path)

    def test_a_tilted_gantry_is_straightened(self, tmp_path: Path) -> None:
        ramp = np.broadcast_to(np.arange(10)[:, None] * 10, (6, 10, 12)).astype(np.int16)

        def tilted(dataset: Dataset, k: int) -> None:
            x, y, z = dataset.ImagePositionPatient
            dataset.ImagePositionPatient = [x, y + 0.4 * k, z]  # half a row for each slice

        read = read_volume(as_series(tmp_path, ramp, change=tilted))
        assert any("gantry was tilted by 9.1 degrees" in told for told in read.warnings)
        grid, voxels = read.volume.grid, read.volume.voxels
        # The value is 10 for each row of 0.8 mm from the first row of its own slice, which moves by 0.4 mm a slice.
        for k, j in ((0, 4), (3, 5), (5, 8)):
            place = grid.to_lps([[k, j, 5]])[0]
            first = 12.5 + 0.4 * round((place[2] - 400.0) / 2.5)
            assert voxels[k, j, 5] == pytest.approx((place[1] - first) / 0.8 * 10, abs=0.51)

    def test_uneven_planes_are_laid_onto_an_even_grid(self, tmp_path: Path) -> None:
        def uneven(dataset: Dataset, k: int) -> None:
            x, y, z = dataset.ImagePositionPatient
            dataset.ImagePositionPatient = [x, y, z + (0.5 if k == 3 else 0.0)]
            dataset.PixelData = np.full((10, 12), round(1024 + 10 * (dataset.ImagePositionPatient[2] - 400)),
                                        "<u2").tobytes()  # fmt: skip

        read = read_volume(as_series(tmp_path, HU, change=uneven))
        assert any("uneven distances (2.00 to 3.00 mm)" in told for told in read.warnings)
        z_mm = read.volume.grid.to_lps([[k, 0, 0] for k in range(6)])[:, 2]
        assert np.allclose(read.volume.voxels[:, 4, 4], 10 * (z_mm - 400), atol=0.51)

    def test_positions_rounded_to_a_tenth_are_even(self, tmp_path: Path) -> None:
        def rounded(dataset: Dataset, _k: int) -> None:
            dataset.ImagePositionPatient = [round(float(x), 1) for x in dataset.ImagePositionPatient]

        grid = Grid(GRID.shape_kji, (1.25, 0.8, 0.7), GRID.origin_lps_mm)
        assert read_volume(as_series(tmp_path, HU, grid, change=rounded)).warnings == ()

    def test_phases_of_one_series_are_told_apart(self, tmp_path: Path) -> None:
        def second(dataset: Dataset, k: int) -> None:
            dataset.AcquisitionNumber, dataset.SOPInstanceUID = 2, uid("second", k)

        as_series(tmp_path / "a", HU)
        as_series(tmp_path / "b", HU + 7, change=second)
        with pytest.raises(NoSuchSeries, match=r"holds 2 images \(3.1: CT, 6 planes"):
            read_volume(tmp_path)
        values = [read_volume(f"{tmp_path}:{label}").volume.voxels for label in ("3.1", "3.2")]
        assert sorted(int((one - HU).max()) for one in values) == [0, 7]

    def test_planes_that_repeat_and_cannot_be_told_apart_are_named(self, tmp_path: Path) -> None:
        def again(dataset: Dataset, k: int) -> None:
            dataset.SOPInstanceUID = uid("again", k)

        as_series(tmp_path / "a", HU)
        as_series(tmp_path / "b", HU, change=again)
        with pytest.raises(NoSuchSeries, match="6 planes where another one lies"):
            read_volume(tmp_path)

    def test_a_scout_stands_apart_from_the_slices(self, tmp_path: Path) -> None:
        as_series(tmp_path, HU)
        scout = slices(HU[:1])[0]
        scout.ImageOrientationPatient, scout.SOPInstanceUID = [0, 1, 0, 0, 0, -1], uid("scout")
        save(scout, tmp_path / "scout")
        assert np.array_equal(read_volume(tmp_path).volume.voxels, HU)


class TestTheChoice:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        def named(text: str) -> Change:
            def change(dataset: Dataset, _k: int) -> None:
                dataset.SeriesDescription = text

            return change

        thin = Grid(GRID.shape_kji, (1.0, 0.8, 0.7), GRID.origin_lps_mm)
        as_series(tmp_path / "a", HU, series="a", number=2, change=named("Arterial"))
        as_series(tmp_path / "b", HU[:4] + 1, thin, series="b", number=5, change=named("Portal: 1 mm"))
        return tmp_path

    @pytest.mark.parametrize(("wanted", "added"), [("2", 0), ("5", 1), ("arterial", 0), ("Portal: 1 mm", 1),
                                                   ("thinnest", 1), ("largest", 0)])  # fmt: skip
    def test_by_number_description_or_rule(self, folder: Path, wanted: str, added: int) -> None:
        voxels = read_volume(f"{folder}:{wanted}").volume.voxels
        assert np.array_equal(voxels, HU[: len(voxels)] + added)

    def test_by_uid(self, folder: Path) -> None:
        assert len(read_volume(f"{folder}:{uid('study', 'b')}").volume.voxels) == 4

    def test_without_one_it_is_asked_for(self, folder: Path) -> None:
        with pytest.raises(NoSuchSeries, match=r"2: CT, 6 planes of 2.5 mm; 5: CT, 4 planes of 1 mm"):
            read_volume(folder)

    def test_what_is_not_there_is_named(self, folder: Path) -> None:
        with pytest.raises(NoSuchSeries, match="holds no series that the name fits"):
            read_volume(f"{folder}:7")

    def test_a_tie_of_a_rule_is_asked_for(self, tmp_path: Path) -> None:
        as_series(tmp_path / "a", HU, series="a", number=1)
        as_series(tmp_path / "b", HU, series="b", number=2)
        with pytest.raises(NoSuchSeries, match="2 images that are thinnest"):
            read_volume(f"{tmp_path}:thinnest")

    def test_the_table_counts_what_was_passed_over(self, folder: Path) -> None:
        (folder / "notes.txt").write_text("no image")
        (folder / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 50)
        found = scan(ImageFile(str(folder), "image"))
        assert [one.label for one in found.series] == ["2", "5"]
        assert found.not_dicom + found.damaged == 2


class TestRefusals:
    def spoiled(self, tmp_path: Path, **values: object) -> Path:
        def change(dataset: Dataset, _k: int) -> None:
            for name, value in values.items():
                setattr(dataset, name, value)

        return as_series(tmp_path / "series", HU, change=change)

    @pytest.mark.parametrize(
        ("values", "kind", "says"),
        [
            ({"PhotometricInterpretation": "PALETTE COLOR"}, BadVoxels, "holds colors"),
            ({"SamplesPerPixel": 3}, BadVoxels, "3 values per voxel"),
            ({"BitsAllocated": 64, "BitsStored": 64, "HighBit": 63}, BadVoxels, "form that is not read"),
            ({"HighBit": 3}, BadVoxels, "form that is not read"),
            ({"Rows": 60000}, BadVoxels, "more than 8192 rows"),
            ({"Rows": 11}, UnreadableFile, "cut short or damaged"),
            ({"NumberOfFrames": 30000}, NoSuchSeries, "holds no image that can be read"),
            ({"PixelSpacing": [800.0, 800.0]}, BadGeometry, "Check the unit"),
            ({"PixelSpacing": [0.0, 0.8]}, NoSuchSeries, "6 planes without a place"),
            ({"ImageOrientationPatient": [1, 0, 0, 0.5, 0.8, 0]}, NoSuchSeries, "not at right angles"),
            ({"ImageOrientationPatient": [0, 0, 0, 0, 0, 0]}, NoSuchSeries, "6 planes without a place"),
            ({"ModalityLUTSequence": [Dataset()]}, BadVoxels, "modality LUT"),
        ],
    )
    def test_each_has_its_sentence(
        self, tmp_path: Path, values: dict[str, object], kind: type[InputError], says: str
    ) -> None:
        with pytest.raises(kind, match=says) as caught:
            read_volume(self.spoiled(tmp_path, **values))
        assert "SECRET" not in str(caught.value).upper()

    @pytest.mark.parametrize(
        ("syntax", "says"),
        [
            ("1.2.840.10008.1.2.4.102", "syntax 1.2.840.10008.1.2.4.102"),
            ("1.2.840.10008.1.2.1.99", "deflated as a whole"),
            ("1.2.840.10008.1.2.4.90", r"compressed \(JPEG 2000 lossless\) and damaged"),
        ],
    )
    def test_a_compression_that_is_not_read_is_named(self, tmp_path: Path, syntax: str, says: str) -> None:
        for k, dataset in enumerate(slices(HU)):
            path = save(dataset, tmp_path / "series" / str(k))
            data = path.read_bytes()
            old, new = b"1.2.840.10008.1.2.1\0", syntax.encode() + b"\0" * (len(syntax) % 2)
            at = data.index(old)
            # Transfer syntax and its length, and the length of the whole group of which it is a part.
            data = data[: at - 2] + len(new).to_bytes(2, "little") + new + data[at + len(old) :]
            group = int.from_bytes(data[140:144], "little") + len(new) - len(old)
            path.write_bytes(data[:140] + group.to_bytes(4, "little") + data[144:])
        with pytest.raises(InputError, match=says if "deflated" not in says else "holds no DICOM object"):
            read_volume(tmp_path / "series")
        if "deflated" in says:
            with pytest.raises(UnreadableFile, match=says):
                read_volume(tmp_path / "series" / "0")

    def test_an_archive_with_a_password(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("a", "x")
        data = bytearray((tmp_path / "a.zip").read_bytes())
        data[data.index(b"PK\x01\x02") + 8] |= 1
        (tmp_path / "a.zip").write_bytes(data)
        with pytest.raises(UnreadableFile, match="password"):
            read_volume(tmp_path / "a.zip")

    def test_an_archive_that_unpacks_to_more_than_is_read(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a", b"\0" * 10_000)
        data = bytearray((tmp_path / "bomb.zip").read_bytes())
        at = data.index(b"PK\x01\x02") + 24
        data[at : at + 4] = (0xF0000000).to_bytes(4, "little")
        (tmp_path / "bomb.zip").write_bytes(data)
        with pytest.raises(UnreadableFile, match=r"unpacks to 4 GB"):
            read_volume(tmp_path / "bomb.zip")

    def test_a_folder_without_dicom(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("no image")
        with pytest.raises(UnreadableFile, match="1 files that are not DICOM"):
            read_volume(tmp_path)

    def test_the_folder_of_a_patient_is_told_with_what_reads_it(self, tmp_path: Path) -> None:
        for name in ("case.toml", "course.toml", "F1.nii.gz"):
            (tmp_path / name).write_text("no DICOM")
        with pytest.raises(
            UnreadableFile, match=r"1 images and 2 TOML files, as the folder of one patient.*isotherm case"
        ):
            read_volume(tmp_path)

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableFile, match="holds no DICOM object"):
            read_volume(tmp_path)

    def test_a_truncated_slice(self, tmp_path: Path) -> None:
        as_series(tmp_path, HU)
        one = sorted(tmp_path.iterdir())[2]
        one.write_bytes(one.read_bytes()[:-100])
        with pytest.raises(InputError):
            read_volume(tmp_path)


def test_pydicom_agrees_on_a_real_slice(tmp_path: Path) -> None:
    dataset = pydicom.dcmread(pydicom.data.get_testdata_file("CT_small.dcm"))  # type: ignore[arg-type]
    for k in range(3):
        dataset.ImagePositionPatient[2], dataset.SOPInstanceUID = 10.0 * k, uid("slice", k)
        dataset.save_as(tmp_path / str(k))
    read = read_volume(tmp_path).volume.voxels
    assert np.array_equal(read[0], dataset.pixel_array * dataset.RescaleSlope + dataset.RescaleIntercept)


def test_a_decoder_that_is_killed_by_a_frame_is_a_refusal_and_the_next_frame_is_decoded() -> None:
    with Decoder() as decoder:
        told = {"syntax": "1.2.840.10008.1.2.4.70", "rows": 4, "columns": 4}
        for _ in range(2):
            with pytest.raises(NotDecoded):
                decoder.decode(b"no frame at all", told)
        assert decoder._program is not None
        decoder._program.kill()
        with pytest.raises(NotDecoded):
            decoder.decode(b"no frame at all", told)
        with pytest.raises(NotDecoded):
            decoder.decode(b"no frame at all", told)
    assert decoder._program is None


class TestRunLengthEncoding:
    @given(seed=st.integers(0, 999), bits=st.sampled_from([8, 16]), signed=st.booleans())
    def test_what_pydicom_packs_comes_back(self, seed: int, bits: int, signed: bool) -> None:
        dtype = np.dtype(f"{'i' if signed else 'u'}{bits // 8}")
        rng = np.random.default_rng(seed)
        values = np.repeat(rng.integers(0, 2**bits, 40, np.uint64), 6)[:204].astype(dtype).reshape(12, 17)
        packed = rle_encode_frame(values)
        assert np.array_equal(unpacked(packed, (12, 17), bits=bits, signed=signed), values)

    @given(st.binary(max_size=200))
    def test_anything_else_is_refused_or_has_the_right_shape(self, data: bytes) -> None:
        with contextlib.suppress(ValueError):
            assert unpacked(data, (3, 5), bits=16, signed=True).shape == (3, 5)


def rle_encode_frame(values: np.ndarray) -> bytes:
    """Pack a frame with pydicom."""
    dataset = slices(HU[:1])[0]
    dataset.Rows, dataset.Columns = values.shape
    dataset.BitsAllocated = dataset.BitsStored = 8 * values.itemsize
    dataset.HighBit, dataset.PixelRepresentation = 8 * values.itemsize - 1, int(values.dtype.kind == "i")
    dataset.PixelData = values.astype(values.dtype.newbyteorder("<")).tobytes()
    if values.itemsize == 1 and values.size % 2:
        dataset.PixelData += b"\0"
    dataset.compress(RLELossless, generate_instance_uid=False)
    return get_frame(dataset.PixelData, 0, number_of_frames=1)
