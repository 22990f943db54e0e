"""Transforms go out and come back, and SimpleITK, which wrote or reads the same files, carries points alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import nibabel as nib
import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from isotherm.errors import BadGeometry, BadSetting, BadVoxels, InputError, NotConverged, OutputError, UnreadableFile
from isotherm.exchange.transform_files import read_transform, write_transform
from isotherm.imaging.geometry import Float
from isotherm.imaging.transform import Displacement, Transform
from isotherm.imaging.volume import Grid
from tests.exchange.made_up import grids

itk: Any = SimpleITK

TURN = Rotation.from_euler("xyz", [12.0, -7.0, 25.0], degrees=True).as_matrix()
RIGID = Transform(TURN, np.array([5.0, -3.0, 8.0]))
OBLIQUE = Grid((9, 11, 13), (5.0, 4.0, 3.0), (-120.0, 35.0, -1340.0),
               Rotation.from_euler("zyx", [20.0, 10.0, -5.0], degrees=True).as_matrix()[:, ::-1])  # fmt: skip
FIELD_ENDINGS = (".nii.gz", ".nii", ".nrrd", ".mha")
OWN_ENDINGS = (".tfm", ".txt", ".h5", ".hdf5")

small = settings(max_examples=25)


def inside(grid: Grid, count: int = 200, seed: int = 0) -> Float:
    """Points anywhere between the outermost nodes of a grid."""
    draws = np.random.default_rng(seed).uniform(size=(count, 3)) * (np.array(grid.shape_kji) - 1)
    return grid.to_lps(draws)


def bumpy(grid: Grid, height_mm: float = 4.0, seed: int = 0) -> Displacement:
    return Displacement(np.random.default_rng(seed).normal(scale=height_mm, size=(*grid.shape_kji, 3)), grid)


def smooth(grid: Grid, height_mm: float = 2.0) -> Displacement:
    nodes = grid.centers_lps_mm()
    moved = height_mm * np.sin((nodes - nodes.mean(axis=0))[:, [1, 2, 0]] / 15.0)
    return Displacement(moved.reshape(*grid.shape_kji, 3), grid)


DEFORMING = Transform(TURN, np.array([5.0, -3.0, 8.0]), bumpy(OBLIQUE))


def by_itk(transform: Any, points: Float) -> Float:
    return np.array([transform.TransformPoint(point) for point in points.tolist()])


def field_by_itk(path: Path) -> Any:
    image = itk.ReadImage(str(path), itk.sitkVectorFloat64)
    return itk.DisplacementFieldTransform(image)


def itk_field(grid: Grid, displacement: Displacement) -> Any:
    image = itk.GetImageFromArray(displacement.vectors_lps_mm.astype(np.float64), isVector=True)
    image.SetSpacing(grid.spacing_kji_mm[::-1])
    image.SetOrigin(grid.origin_lps_mm)
    image.SetDirection(grid.direction_lps[:, ::-1].ravel().tolist())
    return itk.DisplacementFieldTransform(image)


def gap_mm(one: Float, other: Float) -> float:
    return float(np.linalg.norm(one - other, axis=1).max())


@pytest.mark.parametrize("ending", OWN_ENDINGS)
def test_a_rigid_transform_comes_back_rigid_from_files_of_itk(ending: str, tmp_path: Path) -> None:
    write_transform(RIGID, tmp_path / f"way{ending}")
    back = read_transform(tmp_path / f"way{ending}")

    assert back.is_rigid
    assert back.error_mm is None
    assert gap_mm(back.points(inside(OBLIQUE)), RIGID.points(inside(OBLIQUE))) < 1e-9


@pytest.mark.parametrize("ending", OWN_ENDINGS)
def test_a_deformation_comes_back_and_itk_carries_points_alike(ending: str, tmp_path: Path) -> None:
    path, points = tmp_path / f"way{ending}", inside(OBLIQUE)
    write_transform(DEFORMING, path)

    assert gap_mm(read_transform(path).points(points), DEFORMING.points(points)) < 1e-3
    assert gap_mm(by_itk(itk.ReadTransform(str(path)), points), DEFORMING.points(points)) < 1e-3


@pytest.mark.parametrize("ending", FIELD_ENDINGS)
def test_a_displacement_field_comes_back_and_itk_carries_points_alike(ending: str, tmp_path: Path) -> None:
    path, points = tmp_path / f"way{ending}", inside(OBLIQUE)
    write_transform(DEFORMING, path)

    assert gap_mm(read_transform(path).points(points), DEFORMING.points(points)) < 1e-3
    assert gap_mm(by_itk(field_by_itk(path), points), DEFORMING.points(points)) < 1e-3


@pytest.mark.parametrize("ending", FIELD_ENDINGS)
def test_a_rigid_transform_becomes_a_field_on_a_grid_that_is_given(ending: str, tmp_path: Path) -> None:
    path, points = tmp_path / f"way{ending}", inside(OBLIQUE)
    write_transform(RIGID, path, grid=OBLIQUE)

    assert gap_mm(read_transform(path).points(points), RIGID.points(points)) < 1e-3
    assert gap_mm(by_itk(field_by_itk(path), points), RIGID.points(points)) < 1e-3


@small
@given(grid=grids(), ending=st.sampled_from(FIELD_ENDINGS))
def test_grids_turned_and_mirrored_in_any_way_come_back(grid: Grid, ending: str, folder: Path) -> None:
    way, points = Transform(TURN, np.array([1.0, 2.0, 3.0]), bumpy(grid)), inside(grid)
    write_transform(way, folder / f"any{ending}")

    # The header of a NIfTI file holds places in single precision.
    within_mm = 3e-3 if ".nii" in ending else 1e-3
    assert gap_mm(read_transform(folder / f"any{ending}").points(points), way.points(points)) < within_mm


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("transforms")


def euler() -> Any:
    way = itk.Euler3DTransform()
    way.SetCenter((10.0, -20.0, -1300.0))
    way.SetRotation(0.1, -0.2, 0.3)
    way.SetTranslation((4.0, 5.0, -6.0))
    return way


def versor() -> Any:
    way = itk.VersorRigid3DTransform()
    way.SetCenter((10.0, -20.0, -1300.0))
    way.SetRotation((0.2, 0.5, -0.1), 0.4)
    way.SetTranslation((4.0, 5.0, -6.0))
    return way


def similarity() -> Any:
    way = itk.Similarity3DTransform()
    way.SetCenter((10.0, -20.0, -1300.0))
    way.SetRotation((0.2, 0.5, -0.1), 0.4)
    way.SetTranslation((4.0, 5.0, -6.0))
    way.SetScale(1.07)
    return way


def affine() -> Any:
    way = itk.AffineTransform(3)
    way.SetCenter((10.0, -20.0, -1300.0))
    way.SetMatrix((TURN @ np.array([[1.1, 0.05, 0.0], [0.0, 0.9, 0.02], [0.0, 0.0, 1.03]])).ravel().tolist())
    way.SetTranslation((4.0, 5.0, -6.0))
    return way


def scaling() -> Any:
    return itk.ScaleTransform(3, (1.1, 0.95, 1.0))


def scale_versor() -> Any:
    way = itk.ScaleVersor3DTransform()
    way.SetRotation((0.2, 0.5, -0.1), 0.4)
    way.SetScale((1.1, 0.9, 1.0))
    return way


def skew() -> Any:
    way = itk.ScaleSkewVersor3DTransform()
    way.SetRotation((0.2, 0.5, -0.1), 0.4)
    way.SetScale((1.1, 0.9, 1.0))
    return way


def composed_skew() -> Any:
    way = itk.ComposeScaleSkewVersor3DTransform()
    way.SetRotation((0.2, 0.5, -0.1), 0.4)
    way.SetScale((1.1, 0.9, 1.0))
    return way


@pytest.mark.parametrize("ending", [".tfm", ".h5"])
@pytest.mark.parametrize(
    "make",
    [euler, versor, similarity, affine, scaling, skew, composed_skew, scale_versor,
     lambda: itk.TranslationTransform(3, (3.0, 4.0, 5.0)), lambda: itk.Transform(3, itk.sitkIdentity)],
)  # fmt: skip
def test_each_linear_transform_of_itk_carries_points_as_itk_does(
    make: Callable[[], Any], ending: str, tmp_path: Path
) -> None:
    path, points = tmp_path / f"way{ending}", inside(OBLIQUE)
    itk.WriteTransform(make(), str(path))

    assert gap_mm(read_transform(path).points(points), by_itk(make(), points)) < 1e-3


def test_an_affine_transform_that_stretches_is_a_rotation_and_a_displacement(tmp_path: Path) -> None:
    itk.WriteTransform(affine(), str(tmp_path / "way.tfm"))
    points = inside(OBLIQUE)
    wide, given_grid = read_transform(tmp_path / "way.tfm"), read_transform(tmp_path / "way.tfm", grid=OBLIQUE)

    assert wide.displacement is not None
    assert given_grid.displacement is not None
    assert given_grid.displacement.grid.same_as(OBLIQUE)
    assert gap_mm(given_grid.points(points), by_itk(affine(), points)) < 1e-3
    assert wide.volume_change(points) == pytest.approx(
        np.linalg.det(np.array(affine().GetMatrix()).reshape(3, 3)), 1e-3
    )


def test_rounding_in_a_rotation_does_not_make_it_a_deformation(tmp_path: Path) -> None:
    rounded = " ".join(f"{value:.6f}" for value in TURN.ravel())
    (tmp_path / "way.tfm").write_text(
        "#Insight Transform File V1.0\n#Transform 0\nTransform: MatrixOffsetTransformBase_double_3_3\n"
        f"Parameters: {rounded} 1 2 3\nFixedParameters: 10 -20 -1300\n"
    )
    way = read_transform(tmp_path / "way.tfm")

    assert way.is_rigid
    assert way.points([[10.0, -20.0, -1300.0]]) == pytest.approx(np.array([[11.0, -18.0, -1297.0]]), abs=1e-6)


def composites() -> dict[str, Any]:
    field = itk_field(OBLIQUE, smooth(OBLIQUE))
    within = Grid((9, 11, 13), (5.0, 4.0, 3.0), (-110.0, 40.0, -1335.0))
    return {
        "a rotation after a field": itk.CompositeTransform([euler(), field]),
        "a field after a rotation": itk.CompositeTransform([field, euler()]),
        "a stretch after a field": itk.CompositeTransform([affine(), field]),
        "a rotation before and a stretch after a field": itk.CompositeTransform([affine(), field, versor()]),
        "two linear ones": itk.CompositeTransform([affine(), euler()]),
        "a field of one": itk.CompositeTransform([itk_field(within, smooth(within))]),
    }


@pytest.mark.parametrize("ending", [".tfm", ".h5"])
@pytest.mark.parametrize("name", composites())
def test_the_part_of_a_composite_that_is_named_last_is_applied_first(name: str, ending: str, tmp_path: Path) -> None:
    whole = composites()[name]
    itk.WriteTransform(whole, str(tmp_path / f"way{ending}"))
    way = read_transform(tmp_path / f"way{ending}")
    grid = way.displacement.grid if way.displacement is not None and "linear" not in name else OBLIQUE
    points = inside(grid)

    assert gap_mm(way.points(points), by_itk(whole, points)) < 1e-3


def test_a_b_spline_is_sampled_within_a_tenth_of_a_millimeter(tmp_path: Path) -> None:
    spline = itk.BSplineTransform(3, 3)
    spline.SetTransformDomainOrigin((-120.0, 35.0, -1340.0))
    spline.SetTransformDomainPhysicalDimensions((100.0, 90.0, 80.0))
    spline.SetTransformDomainMeshSize((4, 4, 4))
    spline.SetParameters(np.random.default_rng(0).normal(scale=3.0, size=spline.GetNumberOfParameters()).tolist())
    itk.WriteTransform(itk.CompositeTransform([euler(), spline]), str(tmp_path / "way.h5"))
    points = np.random.default_rng(1).uniform((-120, 35, -1340), (-20, 125, -1260), (300, 3))
    carried = by_itk(itk.CompositeTransform([euler(), spline]), points)

    assert gap_mm(read_transform(tmp_path / "way.h5").points(points), carried) < 0.1


def test_a_file_that_maps_the_other_way_is_turned_round(tmp_path: Path) -> None:
    itk.WriteTransform(affine(), str(tmp_path / "affine.tfm"))
    write_transform(RIGID, tmp_path / "rigid.tfm")
    points = inside(OBLIQUE)

    for name in ("affine", "rigid"):
        there = itk.ReadTransform(str(tmp_path / f"{name}.tfm"))
        back = read_transform(tmp_path / f"{name}.tfm", inverse=True)
        assert gap_mm(back.points(by_itk(there, points)), points) < 1e-3


def test_a_deformation_that_maps_the_other_way_is_followed_back(tmp_path: Path) -> None:
    fine = Grid((40, 40, 40), (2.0, 2.0, 2.0), (-40.0, -40.0, -40.0))
    way = Transform(TURN, np.array([5.0, -3.0, 8.0]), smooth(fine))
    write_transform(way, tmp_path / "way.nii.gz")
    back = read_transform(tmp_path / "way.nii.gz", inverse=True)
    points = np.random.default_rng(0).uniform(-15, 15, (200, 3))

    assert gap_mm(back.points(way.points(points)), points) < 0.05


def test_a_deformation_too_steep_to_be_turned_round_says_so(tmp_path: Path) -> None:
    write_transform(Transform(displacement=bumpy(OBLIQUE, 20.0)), tmp_path / "way.mha")
    with pytest.raises(NotConverged):
        read_transform(tmp_path / "way.mha", inverse=True)


def as_nifti_field(path: Path, *, intent: str | int, vectors: Any = None, name: str = "") -> Path:
    values = bumpy(OBLIQUE).vectors_lps_mm if vectors is None else vectors
    affine_ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ OBLIQUE.kji_to_lps[:, [2, 1, 0, 3]]
    image = nib.Nifti1Image(np.asarray(values, dtype=np.float32).transpose(2, 1, 0, 3)[:, :, :, None], affine_ras)
    image.header.set_intent(intent, name=name, allow_unknown=True)
    image.to_filename(path)
    return path


def test_vectors_of_itk_are_lps_and_those_of_the_format_itself_are_ras_as_itk_reads_them(tmp_path: Path) -> None:
    points = inside(OBLIQUE)
    found: dict[str, Float] = {}
    for intent in ("vector", "displacement vector"):
        path = as_nifti_field(tmp_path / f"{intent}.nii.gz", intent=intent)
        found[intent] = read_transform(path).points(points)
        assert gap_mm(found[intent], by_itk(field_by_itk(path), points)) < 1e-3
    moved = {intent: carried - points for intent, carried in found.items()}

    assert moved["vector"] == pytest.approx(bumpy(OBLIQUE).at(points), abs=1e-3)
    assert moved["displacement vector"] == pytest.approx(bumpy(OBLIQUE).at(points) * (-1.0, -1.0, 1.0), abs=1e-3)


def refused(path: Path, error: type[InputError], match: str) -> None:
    with pytest.raises(error, match=match) as caught:
        read_transform(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def text(*lines: str) -> str:
    return "\n".join(("#Insight Transform File V1.0", "#Transform 0", *lines, ""))


AFFINE = "Transform: AffineTransform_double_3_3"
FIELD = "Transform: DisplacementFieldTransform_double_3_3"
NO_FIXED = "FixedParameters: 0 0 0"


@pytest.mark.parametrize(
    ("lines", "error", "match"),
    [
        ((AFFINE, "Parameters: 1 0 0 0 nan 0 0 0 1 0 0 0", NO_FIXED), BadGeometry, "not finite"),
        ((AFFINE, "Parameters: 1 0 0 0 inf 0 0 0 1 0 0 0", NO_FIXED), BadGeometry, "not finite"),
        ((AFFINE, "Parameters: 1 0 0 0 1 0 0 0 0 0 0 0", NO_FIXED), BadGeometry, "flattens"),
        ((AFFINE, "Parameters: 1 0 0 0 1 0 0 0 -1 0 0 0", NO_FIXED), BadGeometry, "mirrors"),
        ((AFFINE, "Parameters: 1000 0 0 0 1000 0 0 0 1000 0 0 0", NO_FIXED), BadGeometry, "unit"),
        ((AFFINE, "Parameters: 1 0 0 0 1 0 0 0 1 0 0", NO_FIXED), UnreadableFile, "do not fit"),
        ((AFFINE, "Parameters: 1 0 0 0 1 0 0 0 1 0 0 0 7", NO_FIXED), UnreadableFile, "do not fit"),
        ((AFFINE, "Parameters: 1 0 0 0 1 0 0 0 1 0 0 0", "FixedParameters: 0 0"), UnreadableFile, "do not fit"),
        ((AFFINE, "Parameters: 1 0 0 nonsense", NO_FIXED), UnreadableFile, "no numbers"),
        ((AFFINE, "Parameters: 1 0 0 0 1 0 0 0 1 0 0 0"), UnreadableFile, "cut short"),
        ((AFFINE,), UnreadableFile, "cut short"),
        (("Parameters: 1", AFFINE), UnreadableFile, "cut short"),
        ((), UnreadableFile, "no transform"),
        (("Transform: CompositeTransform_double_3_3",), UnreadableFile, "no transform"),
        (("Transform: Euler2DTransform_double_2_2", "Parameters: 0 0 0", "FixedParameters: 0 0"), BadGeometry, "2 dim"),
        (("Transform: ThinPlateSplineKernelTransform_double_3_3", "Parameters:", "FixedParameters:"), UnreadableFile,
         "ThinPlateSplineKernelTransform"),
        (("Transform: BSplineTransform_double_3_3_2", "Parameters: 0", "FixedParameters: 0"), UnreadableFile,
         "BSplineTransform_2"),
        (("Transform: rm -rf", "Parameters: 0", "FixedParameters: 0"), UnreadableFile, "no kind"),
        ((FIELD, "Parameters: 0 0 0", "FixedParameters: 99999 99999 99999 0 0 0 1 1 1 1 0 0 0 1 0 0 0 1"),
         UnreadableFile, "cut short"),
        ((FIELD, "Parameters: 0 0 0", "FixedParameters: 1e300 1 1 0 0 0 1 1 1 1 0 0 0 1 0 0 0 1"),
         UnreadableFile, "whole numbers"),
        ((FIELD, "Parameters: 0 0 0", "FixedParameters: 1 1 1"), UnreadableFile, "without its grid"),
        ((FIELD, "Parameters: 0 0 0", "FixedParameters: 1 1 1 0 0 0 0 1 1 1 0 0 0 1 0 0 0 1"), BadGeometry, "Voxels"),
        ((FIELD, "Parameters: 0 0 0", "FixedParameters: 1 1 1 0 0 0 1 1 1 1 0 0 1 1 0 0 0 1"), BadGeometry, "right"),
        (("Transform: BSplineTransform_double_3_3", "Parameters: 0 0 0",
          "FixedParameters: 90000 90000 90000 0 0 0 1 1 1 1 0 0 0 1 0 0 0 1"), UnreadableFile, "cut short"),
        ((AFFINE, "Parameters: 1 0 0 0 1 0 0 0 1 0 0 0", NO_FIXED) * 2, UnreadableFile, "order"),
    ],
)  # fmt: skip
def test_a_text_that_cannot_be_used_has_one_sentence(
    lines: tuple[str, ...], error: type[InputError], match: str, tmp_path: Path
) -> None:
    (tmp_path / "way.tfm").write_text(text(*lines))
    refused(tmp_path / "way.tfm", error, match)


def hdf_file(path: Path, **members: Any) -> Path:
    with h5py.File(path, "w") as made:
        group = made.create_group("TransformGroup/0")
        for name, value in members.items():
            group[name] = value
    return path


def test_hostile_hdf5_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    fixed, kind = np.zeros(3), [b"AffineTransform_double_3_3"]
    path = tmp_path / "way.h5"
    with h5py.File(path, "w") as made:
        group = made.create_group("TransformGroup/0")
        group["TransformType"], group["TransformFixedParameters"] = kind, fixed
        group.create_dataset("TransformParameters", shape=(2**40,), dtype="f8", chunks=(2**16,))
    refused(path, UnreadableFile, "GB|cut short")
    with h5py.File(path, "w") as made:
        group = made.create_group("TransformGroup/0")
        group["TransformType"], group["TransformFixedParameters"] = kind, fixed
        group.create_dataset("TransformParameters", shape=(2**26,), dtype="f8", chunks=(2**16,))
    refused(path, UnreadableFile, "cut short")


def test_hdf5_that_points_to_other_files_is_refused(tmp_path: Path) -> None:
    other = hdf_file(tmp_path / "other.h5", TransformParameters=np.zeros(12))
    path = hdf_file(tmp_path / "way.h5", TransformType=[b"AffineTransform_double_3_3"],
                    TransformFixedParameters=np.zeros(3))  # fmt: skip
    with h5py.File(path, "a") as made:
        made["TransformGroup/0/TransformParameters"] = h5py.ExternalLink(other, "TransformGroup/0/TransformParameters")
    refused(path, UnreadableFile, "link")
    (tmp_path / "secret").write_bytes(bytes(96))
    with h5py.File(path, "a") as made:
        del made["TransformGroup/0/TransformParameters"]
        made.create_dataset(
            "TransformGroup/0/TransformParameters",
            shape=(12,),
            dtype="f8",
            external=[(str(tmp_path / "secret"), 0, 96)],
        )
    refused(path, UnreadableFile, "another file")


@pytest.mark.parametrize(
    ("members", "match"),
    [
        ({"TransformType": [b"AffineTransform_double_3_3"]}, "cut short"),
        ({"TransformParameters": np.zeros(12), "TransformFixedParameters": np.zeros(3)}, "TransformType"),
        ({"TransformType": [b"AffineTransform_double_3_3"], "TransformParameters": np.zeros((3, 4)),
          "TransformFixedParameters": np.zeros(3)}, "no list"),
        ({"TransformType": 5, "TransformParameters": np.zeros(12), "TransformFixedParameters": np.zeros(3)}, "damaged"),
    ],
)  # fmt: skip
def test_hdf5_that_cannot_be_used_has_one_sentence(members: dict[str, Any], match: str, tmp_path: Path) -> None:
    refused(hdf_file(tmp_path / "way.h5", **members), UnreadableFile, match)


def test_hdf5_on_which_the_library_never_ends_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_transform(RIGID, tmp_path / "way.h5")
    monkeypatch.setattr("isotherm.exchange.transform_hdf.PATIENCE_S", 0.01)
    refused(tmp_path / "way.h5", UnreadableFile, "damaged")


def test_names_that_itk_misspelled_until_its_version_5_are_read(tmp_path: Path) -> None:
    hdf_file(tmp_path / "way.h5", TransformType=[b"TranslationTransform_double_3_3"],
             TranformParameters=np.array([1.0, 2.0, 3.0]), TranformFixedParameters=np.zeros(0))  # fmt: skip
    assert read_transform(tmp_path / "way.h5").points([[0.0, 0.0, 0.0]]).tolist() == [[1.0, 2.0, 3.0]]


@pytest.mark.parametrize("ending", [*OWN_ENDINGS, *FIELD_ENDINGS])
def test_files_cut_anywhere_or_with_flipped_bits_are_read_or_refused_in_one_sentence(
    ending: str, tmp_path: Path
) -> None:
    whole = tmp_path / f"whole{ending}"
    grid = Grid((3, 3, 3), (4.0, 4.0, 4.0))
    write_transform(Transform(TURN, np.ones(3), bumpy(grid)), whole)
    data, rng = whole.read_bytes(), np.random.default_rng(7)
    for number in range(10 if ending in (".h5", ".hdf5") else 120):  # a process each
        mutated = bytearray(data[: int(rng.integers(1, len(data)))] if number % 3 == 0 else data)
        for _ in range(int(rng.integers(1, 6)) if number % 3 else 0):
            mutated[int(rng.integers(0, min(len(mutated), 3000)))] = int(rng.integers(0, 256))
        path = tmp_path / f"mutated{ending}"
        path.write_bytes(mutated)
        sentence = ""
        try:
            read_transform(path)
        except InputError as error:
            sentence = str(error)
        assert "\n" not in sentence


@pytest.mark.parametrize(("intent", "name"), [("none", ""), (2006, ""), ("vector", "NREG_TRANS")])
def test_a_nifti_of_positions_coefficients_or_an_image_is_refused(intent: Any, name: str, tmp_path: Path) -> None:
    refused(as_nifti_field(tmp_path / "way.nii.gz", intent=intent, name=name), BadVoxels, "displacement field")


def test_fields_that_cannot_be_used_have_one_sentence(tmp_path: Path) -> None:
    nan = np.full((*OBLIQUE.shape_kji, 3), np.nan)
    refused(as_nifti_field(tmp_path / "nan.nii.gz", intent="vector", vectors=nan), BadGeometry, "finite")
    two = np.zeros((*OBLIQUE.shape_kji, 2))
    refused(as_nifti_field(tmp_path / "two.nii.gz", intent="vector", vectors=two), BadGeometry, "three displacements")
    image = itk.GetImageFromArray(np.zeros((4, 4, 4), dtype=np.float32))
    for ending in (".nrrd", ".mha"):
        itk.WriteImage(image, str(tmp_path / f"scalar{ending}"))
        refused(tmp_path / f"scalar{ending}", BadVoxels, "three")
    flat = itk.GetImageFromArray(np.zeros((4, 4, 2), dtype=np.float32), isVector=True)
    itk.WriteImage(flat, str(tmp_path / "flat.mha"))
    refused(tmp_path / "flat.mha", InputError, "values per voxel|2-D")


def test_a_motion_longer_than_any_patient_is_refused(tmp_path: Path) -> None:
    far = np.full((*OBLIQUE.shape_kji, 3), 2e4)
    refused(as_nifti_field(tmp_path / "way.nii.gz", intent="vector", vectors=far), BadGeometry, "unit")
    write_transform(Transform(translation_mm=np.array([1e6, 0.0, 0.0])), tmp_path / "way.tfm")
    refused(tmp_path / "way.tfm", BadGeometry, "unit")


def test_vectors_of_a_nrrd_in_another_frame_than_lps_are_refused(tmp_path: Path) -> None:
    write_transform(DEFORMING, tmp_path / "lps.nrrd")
    head, mark, voxels = (tmp_path / "lps.nrrd").read_bytes().partition(b"\n\n")
    for number, (old, new) in enumerate([
        (b"left-posterior-superior", b"right-anterior-superior"),
        (b"space: left-posterior-superior", b"space dimension: 3"),
        (b"endian:", b"measurement frame: (-1,0,0) (0,-1,0) (0,0,1)\nendian:"),
    ]):  # fmt: skip
        (tmp_path / f"{number}.nrrd").write_bytes(head.replace(old, new) + mark + voxels)
        refused(tmp_path / f"{number}.nrrd", BadGeometry, "left-posterior-superior")


def test_a_field_without_a_position_is_refused(tmp_path: Path) -> None:
    write_transform(DEFORMING, tmp_path / "way.mha")
    head, mark, voxels = (tmp_path / "way.mha").read_bytes().partition(b"ElementDataFile")
    head = b"\n".join(line for line in head.split(b"\n") if not line.startswith(b"Offset"))
    (tmp_path / "way.mha").write_bytes(head + mark + voxels)
    refused(tmp_path / "way.mha", BadGeometry, "where it lies")


def test_what_is_missing_empty_or_of_no_known_format_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "none.tfm", UnreadableFile, "not there")
    (tmp_path / "empty.h5").write_bytes(b"")
    refused(tmp_path / "empty.h5", UnreadableFile, "empty")
    (tmp_path / "way.xfm").write_text("MNI Transform File")
    refused(tmp_path / "way.xfm", UnreadableFile, "no known format")
    (tmp_path / "way.txt").write_text('(Transform "EulerTransform")')
    refused(tmp_path / "way.txt", UnreadableFile, "not a transform of ITK")
    (tmp_path / "way.h5").write_text("nonsense")
    refused(tmp_path / "way.h5", UnreadableFile, "HDF5")


def test_what_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="no grid"):
        write_transform(RIGID, tmp_path / "way.nii.gz")
    with pytest.raises(OutputError, match="unknown kind"):
        write_transform(RIGID, tmp_path / "way.xyz")
    for ending in (".tfm", ".mha", ".nii.gz"):
        with pytest.raises(OutputError, match="folder does not exist"):
            write_transform(DEFORMING, tmp_path / "none" / f"way{ending}")
    assert list(tmp_path.iterdir()) == []
