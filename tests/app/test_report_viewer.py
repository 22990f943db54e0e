"""What the viewer gets: real NIfTI images and meshes that lie where the patient does, small enough to mail."""

from __future__ import annotations

import base64
import gzip
import io
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from scipy.spatial import cKDTree

from isotherm.app.assessment import LesionView
from isotherm.app.palette import CLASSES
from isotherm.app.report_viewer import (
    DIFFUSE_GAIN,
    MOST_VOXELS_ALONG,
    Layer,
    layers,
    spacing_that_fits,
    toward,
    viewer_grid,
)
from tests.app.made_up import made_up_assessment

RAS = np.array([-1.0, -1.0, 1.0])


def lesion(number: int) -> LesionView:
    return made_up_assessment().lesions[number]


def layer(key: str, number: int = 0, spacing_mm: float = 1.0) -> Layer:
    (found,) = [one for one in layers(lesion(number), spacing_mm=spacing_mm, organ_name="liver") if one.key == key]
    return found


def content(of: Layer) -> bytes:
    return gzip.decompress(base64.b64decode(of.content))


def image(of: Layer) -> nib.Nifti1Image:
    return nib.Nifti1Image.from_stream(io.BytesIO(content(of)))


def mesh(of: Layer) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    read = content(of)
    points = np.frombuffer(read, "<f4", of.points * 3).reshape(-1, 3)
    colors = np.frombuffer(read[-4 * of.points :], np.uint8).reshape(-1, 4)
    triangles = np.frombuffer(read[12 * of.points : -4 * of.points], "<u4").reshape(-1, 3)
    return points, triangles, colors


def test_the_layers_are_those_that_the_lesion_has() -> None:
    keys = [[one.key for one in layers(lesion(n), spacing_mm=1.0, organ_name="liver")] for n in range(3)]

    assert keys[0] == ["after", "before", "organ", "vessels", "ablation", "tumor", "surface", "vessel tree", "zone"]
    assert keys[1] == ["after", "before", "organ", "ablation", "tumor", "surface", "zone"]
    assert keys[2] == ["after", "before", "organ", "tumor", "surface"]


def test_without_an_image_there_is_ground_to_draw_on() -> None:
    view = made_up_assessment(images=False).lesions[0]

    assert [one.key for one in layers(view, spacing_mm=1.0, organ_name="liver")][:2] == ["ground", "organ"]


@pytest.mark.parametrize("number", [0, 1])
def test_images_show_the_same_tissue_at_the_same_place(number: int) -> None:
    view = lesion(number)
    assert view.image is not None
    read = image(layer("after", number, spacing_mm=0.7))
    places = view.tumor_surface.points_lps_mm[::50]
    assert read.affine is not None
    at = np.linalg.inv(read.affine) @ np.c_[places * RAS, np.ones(len(places))].T
    shown = read.get_fdata()[tuple(np.round(at[:3]).astype(int))]

    there = np.round(view.image.grid.to_kji(places)).astype(int)
    low, high = -120.0, 240.0
    assert shown == pytest.approx(np.clip(view.image.voxels[tuple(there.T)], low, high), abs=45.0)
    assert np.corrcoef(shown, view.image.voxels[tuple(there.T)])[0, 1] > 0.5 or np.ptp(shown) < 60.0


def test_images_are_in_the_frame_and_unit_that_niivue_expects() -> None:
    read = image(layer("after", 1))

    assert nib.aff2axcodes(read.affine) == ("R", "A", "S")
    assert read.header.get_xyzt_units()[0] == "mm"
    assert read.get_fdata().min() >= -120.5
    assert read.get_fdata().max() <= 240.5


@pytest.mark.parametrize("number", [0, 1])
def test_the_outline_runs_along_the_surface_and_has_its_classes(number: int) -> None:
    view = lesion(number)
    read = image(layer("tumor", number, spacing_mm=0.7))
    labels = np.asarray(read.dataobj)
    voxels = np.argwhere(labels > 0)
    places = (read.affine @ np.c_[voxels, np.ones(len(voxels))].T)[:3].T * RAS
    gaps, _ = cKDTree(view.tumor_surface.points_lps_mm).query(places)

    assert np.max(gaps) < 1.5
    assert view.margin is not None
    present = set(np.unique(labels[labels > 0]))
    seen = view.margin.distances_mm[view.margin.assessable]
    expected = {n + 1 for n, one in enumerate(CLASSES) if ((seen >= one.low_mm) & (seen < one.high_mm)).any()}
    assert present - {len(CLASSES) + 1} == expected
    assert (len(CLASSES) + 1 in present) is (number == 1)


def test_an_outline_without_a_margin_has_no_class() -> None:
    labels = np.asarray(image(layer("tumor", 2)).dataobj)

    assert set(np.unique(labels)) == {0, len(CLASSES) + 1}


def test_the_outline_has_no_hole_to_fall_through() -> None:
    labels = np.asarray(image(layer("tumor", 1, spacing_mm=0.7)).dataobj)
    middle = tuple(n // 2 for n in labels.shape)
    inside = labels[middle[0], middle[1], :] > 0

    assert inside.sum() >= 2
    for row in (labels[middle[0], middle[1], :], labels[middle[0], :, middle[2]], labels[:, middle[1], middle[2]]):
        assert np.flatnonzero(row).size >= 2


@pytest.mark.parametrize("key", ["surface", "vessel tree", "zone"])
def test_meshes_look_outward_and_lie_in_the_patient(key: str) -> None:
    points, triangles, colors = mesh(layer(key))
    a, b, c = np.moveaxis(points[triangles].astype(float) - points.mean(axis=0), 1, 0)

    assert np.einsum("ij,ij->", a, np.cross(b, c)) > 0
    assert np.linalg.norm(points.mean(axis=0) * RAS - lesion(0).tumor_surface.points_lps_mm.mean(axis=0)) < 16.0
    assert (colors[:, 3] == 255).all()


def test_the_surface_has_the_colors_of_the_classes() -> None:
    _, _, colors = mesh(layer("surface"))
    margin = lesion(0).margin
    assert margin is not None

    thin = colors[margin.distances_mm < 0.0][:, :3]

    wine = np.array([0x56, 0x10, 0x6E]) / DIFFUSE_GAIN
    assert np.abs(thin - wine).max() <= 1.0


@pytest.mark.parametrize("spacing_mm", [0.01, 0.5, 2.0])
def test_the_grid_stays_small_and_holds_tumor_and_ablation(spacing_mm: float) -> None:
    grid = viewer_grid(lesion(0), spacing_mm)
    zone = lesion(0).ablation_surface
    assert zone is not None

    assert max(grid.shape_kji) <= MOST_VOXELS_ALONG
    at = grid.to_kji(np.concatenate([zone.points_lps_mm, lesion(0).tumor_surface.points_lps_mm]))
    assert (at >= 0).all()
    assert (at <= np.array(grid.shape_kji) - 1).all()


def test_less_room_means_coarser_voxels_and_no_room_means_none() -> None:
    views = made_up_assessment().lesions
    rooms = [12_000_000, 4_000_000, 1_500_000]

    spacings = [spacing_that_fits(views, room) for room in rooms]

    assert None not in spacings
    assert spacings == sorted(spacings)  # type: ignore[type-var]
    assert spacing_that_fits(views, 50_000) is None
    for room, spacing in zip(rooms, spacings, strict=True):
        made = [one for view in views for one in layers(view, spacing_mm=spacing or 0.0, organ_name="liver")]
        assert sum(len(one.content) for one in made) <= room


@pytest.mark.parametrize(
    ("toward_lps", "azimuth_elevation"),
    [((0, 5, 0), (0.0, 0.0)), ((5, 0, 0), (90.0, 0.0)), ((0, -5, 0), (180.0, 0.0)), ((-5, 0, 0), (270.0, 0.0)),
     ((0, -5, 5), (180.0, 45.0)), ((0, 0, 5), (0.0, 75.0))],
)  # fmt: skip
def test_the_surface_turns_its_thinnest_point_to_the_viewer(
    toward_lps: tuple[float, ...], azimuth_elevation: tuple[float, float]
) -> None:
    middle = lesion(1).tumor_surface.points_lps_mm.mean(axis=0)
    x, y, z = middle + np.array(toward_lps)

    assert toward(lesion(1), (x, y, z)) == pytest.approx(azimuth_elevation, abs=1e-6)


def test_an_organ_beyond_the_view_has_no_outline() -> None:
    view = lesion(0)
    assert view.organ is not None
    everywhere = replace(view, organ=type(view.organ)(np.ones_like(view.organ.voxels), view.organ.grid, "organ"))
    (organ,) = [one for one in layers(everywhere, spacing_mm=1.0, organ_name="liver") if one.key == "organ"]

    assert not np.asarray(image(organ).dataobj).any()
