"""Registrations in DICOM are valid, carry points as the standard's own equations say, and come back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian
from scipy import ndimage
from scipy.spatial.transform import Rotation

from isotherm.errors import BadGeometry, BadSetting, InputError, NoSuchSeries, OutputError, UnreadableFile
from isotherm.exchange.dicom_registration_out import registration_of
from isotherm.exchange.dicom_seg_out import write_object
from isotherm.exchange.dicom_source import Source, read_source
from isotherm.exchange.transform_files import read_transform
from isotherm.imaging.geometry import Float
from isotherm.imaging.transform import Displacement, Transform
from isotherm.imaging.volume import Grid
from tests.exchange.made_up_dicom import PATIENT_ID, PATIENT_NAME, as_series, save, uid

HU = np.zeros((6, 10, 12), dtype=np.int16)
TURN = Rotation.from_euler("xyz", [12.0, -7.0, 25.0], degrees=True).as_matrix()
RIGID = Transform(TURN, np.array([5.0, -3.0, 8.123456789]))
OBLIQUE = Rotation.from_euler("zyx", [20.0, 10.0, -5.0], degrees=True).as_matrix()[:, ::-1]
NODES = Grid((7, 8, 9), (5.0, 4.0, 3.0), (-20.0, 5.0, 390.0), OBLIQUE)
LEFT_HANDED = Grid((7, 8, 9), (5.0, 4.0, 3.0), (-20.0, 5.0, 420.0), OBLIQUE * (-1.0, 1.0, 1.0))


def deforming(grid: Grid = NODES) -> Transform:
    return Transform(TURN, RIGID.translation_mm, Displacement(np.random.default_rng(0).normal(size=(7, 8, 9, 3)), grid))


def inside(grid: Grid = NODES, count: int = 100) -> Float:
    return grid.to_lps(np.random.default_rng(1).uniform(size=(count, 3)) * (np.array(grid.shape_kji) - 1))


@pytest.fixture
def scans(tmp_path: Path) -> tuple[Source, Source]:
    """The scans after and before, of two studies."""
    after = as_series(tmp_path / "after", HU, study="after", day="20240103")
    before = as_series(tmp_path / "before", HU, study="before", day="20240102")
    return read_source(str(after)), read_source(str(before))


def written(path: Path, transform: Transform, scans: tuple[Source, Source]) -> Path:
    write_object(path, registration_of(transform, *scans))
    return path


@pytest.mark.parametrize("transform", [RIGID, deforming()])
def test_the_registration_of_a_simulated_scan_says_so_and_that_of_others_says_nothing(
    scans: tuple[Source, Source], transform: Transform, tmp_path: Path, dciodvfy: Callable[[Path], list[str]]
) -> None:
    after, before = scans
    made = registration_of(transform, after, replace(before, simulated=True))
    assert made.SyntheticData == "YES"
    write_object(tmp_path / "r.dcm", made)
    assert dciodvfy(tmp_path / "r.dcm") == []
    assert "SyntheticData" not in registration_of(transform, after, before)


def by_hand_rigid(dataset: Any, points: Float) -> Float:
    """Carry points of the registered frame to the source by C.20.2: the matrix maps source to registered."""
    source = dataset.RegistrationSequence[1]
    matrix = np.array([float(v) for v in source.MatrixRegistrationSequence[0].MatrixSequence[0]
                       .FrameOfReferenceTransformationMatrix]).reshape(4, 4)  # fmt: skip
    return (np.linalg.inv(matrix) @ np.c_[points, np.ones(len(points))].T)[:3].T


def by_hand_deformable(dataset: Any, points: Float) -> Float:
    """Carry points of the registered frame to the source by C.20.3: pre, offset of the grid, post."""
    (item,) = dataset.DeformableRegistrationSequence
    (grid,) = item.DeformableRegistrationGridSequence
    pre, post = (
        np.array([float(v) for v in one[0].FrameOfReferenceTransformationMatrix]).reshape(4, 4)
        for one in (item.PreDeformationMatrixRegistrationSequence, item.PostDeformationMatrixRegistrationSequence)
    )
    x, y, z = grid.GridDimensions
    offsets = np.frombuffer(grid.VectorGridData, "<f4").reshape(z, y, x, 3).astype(float)
    row, column = np.split(np.array([float(v) for v in grid.ImageOrientationPatient]), 2)
    axes = np.stack([row, column, np.cross(row, column)], axis=1)
    start = (pre @ np.c_[points, np.ones(len(points))].T)[:3].T
    away = (start - np.array([float(v) for v in grid.ImagePositionPatient])) @ axes / np.array(grid.GridResolution)
    moved = start + np.stack([ndimage.map_coordinates(offsets[..., a], away[:, ::-1].T, order=1) for a in range(3)], 1)
    return (post @ np.c_[moved, np.ones(len(points))].T)[:3].T


def test_a_rigid_transform_is_a_spatial_registration_from_the_scan_before_to_the_scan_after(
    scans: tuple[Source, Source], tmp_path: Path, dciodvfy: Callable[[Path], list[str]]
) -> None:
    path = written(tmp_path / "reg.dcm", RIGID, scans)
    dataset: Any = pydicom.dcmread(path)

    assert dciodvfy(path) == []
    assert dataset.SOPClassUID == "1.2.840.10008.5.1.4.1.1.66.1"
    assert dataset.FrameOfReferenceUID == scans[0].frame_uid
    assert [one.FrameOfReferenceUID for one in dataset.RegistrationSequence] == [one.frame_uid for one in scans]
    assert by_hand_rigid(dataset, inside()) == pytest.approx(RIGID.points(inside()), abs=1e-3)
    back = read_transform(path)
    assert back.is_rigid
    assert back.points(inside()) == pytest.approx(RIGID.points(inside()), abs=1e-3)


@pytest.mark.parametrize("grid", [NODES, LEFT_HANDED])
def test_a_deformation_is_a_deformable_registration_from_the_scan_after_to_the_scan_before(
    grid: Grid, scans: tuple[Source, Source], tmp_path: Path, dciodvfy: Callable[[Path], list[str]]
) -> None:
    way, points = deforming(grid), inside(grid)
    path = written(tmp_path / "reg.dcm", way, scans)
    dataset: Any = pydicom.dcmread(path)

    assert dciodvfy(path) == []
    assert dataset.SOPClassUID == "1.2.840.10008.5.1.4.1.1.66.3"
    assert dataset.DeformableRegistrationSequence[0].SourceFrameOfReferenceUID == scans[1].frame_uid
    assert by_hand_deformable(dataset, points) == pytest.approx(way.points(points), abs=1e-3)
    assert read_transform(path).points(points) == pytest.approx(way.points(points), abs=1e-3)


def test_it_belongs_to_the_study_of_the_scan_after_and_names_all_images(
    scans: tuple[Source, Source], tmp_path: Path
) -> None:
    dataset: Any = pydicom.dcmread(written(tmp_path / "reg.dcm", RIGID, scans))
    (own,) = dataset.ReferencedSeriesSequence
    (other,) = dataset.StudiesContainingOtherReferencedInstancesSequence

    assert (dataset.PatientID, dataset.StudyInstanceUID) == (PATIENT_ID, uid("after"))
    assert own.SeriesInstanceUID == scans[0].headers[0].SeriesInstanceUID
    assert other.StudyInstanceUID == uid("before")
    assert len(other.ReferencedSeriesSequence[0].ReferencedInstanceSequence) == len(HU)
    assert dataset.RegistrationSequence[1].MatrixRegistrationSequence[0].RegistrationTypeCodeSequence[0].CodeValue == (
        "125024"
    )


def test_a_shift_within_one_frame_of_reference_is_told_by_the_source_that_moves(tmp_path: Path) -> None:
    series = (
        as_series(tmp_path / "one", HU, study="one", series="a"),
        as_series(tmp_path / "two", HU, study="one", series="b"),
    )
    sources = read_source(str(series[0])), read_source(str(series[1]))
    path = written(tmp_path / "reg.dcm", RIGID, sources)
    frame = sources[0].frame_uid

    for way in (read_transform(path), read_transform(path, frames=(frame, frame))):
        assert way.points(inside()) == pytest.approx(RIGID.points(inside()), abs=1e-3)


def test_the_frames_of_both_scans_tell_the_direction_of_an_object(scans: tuple[Source, Source], tmp_path: Path) -> None:
    # As another program registers the other way: the scan after is its source.
    smooth = np.sin(NODES.centers_lps_mm() / 12.0).reshape(7, 8, 9, 3)
    for way in (RIGID, Transform(TURN, RIGID.translation_mm, Displacement(smooth, NODES))):
        path = written(tmp_path / "reg.dcm", way, scans)
        frames = scans[0].frame_uid, scans[1].frame_uid
        points = NODES.to_lps(np.random.default_rng(1).uniform(2, 4, size=(50, 3)))
        there = read_transform(path, frames=frames)
        back = read_transform(path, frames=(frames[1], frames[0]))

        assert there.points(points) == pytest.approx(way.points(points), abs=1e-3)
        assert back.points(way.points(points)) == pytest.approx(points, abs=1e-3 if way.is_rigid else 0.3)
        assert read_transform(path, inverse=True).points(way.points(points)) == pytest.approx(
            back.points(way.points(points)), abs=1e-6
        )


def test_two_scans_that_both_moved_are_carried_over_the_frame_between_them(
    scans: tuple[Source, Source], tmp_path: Path
) -> None:
    made = registration_of(RIGID, *scans)
    (shift,) = made.RegistrationSequence[0].MatrixRegistrationSequence[0].MatrixSequence
    shift.FrameOfReferenceTransformationMatrix = [1, 0, 0, 10, 0, 1, 0, 20, 0, 0, 1, 30, 0, 0, 0, 1]
    made.FrameOfReferenceUID = uid("atlas")
    write_object(tmp_path / "reg.dcm", made)
    way = read_transform(tmp_path / "reg.dcm", frames=(scans[0].frame_uid, scans[1].frame_uid))

    assert way.points(inside()) == pytest.approx(RIGID.points(inside() + np.array([10.0, 20.0, 30.0])), abs=1e-3)
    refused(tmp_path / "reg.dcm", NoSuchSeries, "registers 2 frames")


def test_several_matrices_multiply_in_the_order_of_their_items(scans: tuple[Source, Source], tmp_path: Path) -> None:
    made = registration_of(RIGID, *scans)
    (first,) = made.RegistrationSequence[1].MatrixRegistrationSequence[0].MatrixSequence
    second = Dataset()
    second.FrameOfReferenceTransformationMatrixType = "RIGID"
    second.FrameOfReferenceTransformationMatrix = [1, 0, 0, 7, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    made.RegistrationSequence[1].MatrixRegistrationSequence[0].MatrixSequence = [first, second]
    write_object(tmp_path / "reg.dcm", made)
    # A source point is first carried by the last matrix: before + 7 mm is what the first one knows.
    found = read_transform(tmp_path / "reg.dcm").points(inside())

    assert found == pytest.approx(RIGID.points(inside()) - np.array([7.0, 0.0, 0.0]), abs=1e-3)


def test_an_object_is_found_in_a_folder_of_images(scans: tuple[Source, Source], tmp_path: Path) -> None:
    written(tmp_path / "after" / "reg.dcm", RIGID, scans)
    assert read_transform(tmp_path / "after").points(inside()) == pytest.approx(RIGID.points(inside()), abs=1e-3)
    refused(tmp_path / "before", NoSuchSeries, "holds no registration")
    written(tmp_path / "after" / "reg2.dcm", RIGID, scans)
    refused(tmp_path / "after", NoSuchSeries, "holds 2 registrations")


@pytest.mark.filterwarnings("ignore")  # pydicom warns of what it is made to write here
def test_other_transfer_syntaxes_are_read_alike(scans: tuple[Source, Source], tmp_path: Path) -> None:
    made = registration_of(deforming(), *scans)
    made.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    save(made, tmp_path / "implicit.dcm")
    made.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    grid = made.DeformableRegistrationSequence[0].DeformableRegistrationGridSequence[0]
    grid.VectorGridData = np.frombuffer(grid.VectorGridData, "<f4").astype(">f4").tobytes()
    made.save_as(tmp_path / "big.dcm", implicit_vr=False, little_endian=False, enforce_file_format=True)

    for name in ("implicit", "big"):
        found = read_transform(tmp_path / f"{name}.dcm").points(inside())
        assert found == pytest.approx(deforming().points(inside()), abs=1e-3)


def refused(path: Path, error: type[InputError], match: str, **told: Any) -> None:
    with pytest.raises(error, match=match) as caught:
        read_transform(path, **told)
    said = str(caught.value)
    assert "\n" not in said
    assert PATIENT_ID not in said
    assert PATIENT_NAME not in said


def with_matrix(made: Any, numbers: str) -> None:
    (item,) = made.DeformableRegistrationSequence[0].PostDeformationMatrixRegistrationSequence
    item.FrameOfReferenceTransformationMatrix = numbers.split()


def no_affine(made: Any) -> None:
    with_matrix(made, "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 2")


def flat_matrix(made: Any) -> None:
    with_matrix(made, "1 0 0 0 0 1 0 0 0 0 0 0 0 0 0 1")


def grid_of(made: Any) -> Any:
    return made.DeformableRegistrationSequence[0].DeformableRegistrationGridSequence[0]


def huge(made: Any) -> None:
    grid_of(made).GridDimensions = [60000, 60000, 60000]


def short(made: Any) -> None:
    grid_of(made).VectorGridData = grid_of(made).VectorGridData[:-12]


def undefined(made: Any) -> None:
    grid_of(made).VectorGridData = np.full(7 * 8 * 9 * 3, np.nan, dtype="<f4").tobytes()


def skewed(made: Any) -> None:
    grid_of(made).ImageOrientationPatient = [1, 0, 0, 0.5, 1, 0]


def without_grid(made: Any) -> None:
    del grid_of(made).GridResolution


def without_source(made: Any) -> None:
    made.DeformableRegistrationSequence = []


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [(no_affine, BadGeometry, "affine"), (flat_matrix, BadGeometry, "flattens"), (huge, UnreadableFile, "cut short"),
     (short, UnreadableFile, "cut short"), (undefined, BadGeometry, "without a displacement"),
     (skewed, BadGeometry, "right angles"), (without_grid, UnreadableFile, "without its grid"),
     (without_source, UnreadableFile, "without a source")],
)  # fmt: skip
def test_an_object_that_cannot_be_used_has_one_sentence(
    change: Callable[[Any], None], error: type[InputError], match: str, scans: tuple[Source, Source], tmp_path: Path
) -> None:
    made = registration_of(deforming(), *scans)
    change(made)
    write_object(tmp_path / "reg.dcm", made)
    refused(tmp_path / "reg.dcm", error, match)


def test_frames_that_do_not_fit_are_refused(scans: tuple[Source, Source], tmp_path: Path) -> None:
    path = written(tmp_path / "reg.dcm", RIGID, scans)
    refused(path, NoSuchSeries, "other frames", frames=(uid("x"), uid("y")))
    refused(path, BadSetting, "turned round", frames=(uid("x"), uid("y")), inverse=True)
    made = registration_of(RIGID, *scans)
    del made.RegistrationSequence[1].MatrixRegistrationSequence
    write_object(path, made)
    refused(path, UnreadableFile, "without a matrix")


def test_files_cut_anywhere_or_with_flipped_bits_are_read_or_refused_in_one_sentence(
    scans: tuple[Source, Source], tmp_path: Path
) -> None:
    data = written(tmp_path / "reg.dcm", deforming(), scans).read_bytes()
    rng = np.random.default_rng(5)
    for number in range(150):
        mutated = bytearray(data[: int(rng.integers(200, len(data)))] if number % 3 == 0 else data)
        for _ in range(int(rng.integers(1, 6)) if number % 3 else 0):
            mutated[int(rng.integers(132, min(len(mutated), 6000)))] = int(rng.integers(0, 256))
        (tmp_path / "mutated.dcm").write_bytes(mutated)
        sentence = ""
        try:
            read_transform(tmp_path / "mutated.dcm")
        except InputError as error:
            sentence = str(error)
        assert "\n" not in sentence
        assert PATIENT_ID not in sentence


def test_a_header_that_lacks_what_is_taken_over_is_an_error_of_the_output(scans: tuple[Source, Source]) -> None:
    del scans[0].headers[0].SOPClassUID
    with pytest.raises(OutputError, match="tfm"):
        registration_of(RIGID, *scans)
