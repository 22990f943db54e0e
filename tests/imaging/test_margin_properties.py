"""What holds for every margin: spheres on paper, moving together, larger zones, deeper tumors; and two real tumors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial.transform import Rotation

from isotherm.exchange.image_files import read_masks
from isotherm.imaging.geometry import Triangles
from isotherm.imaging.margin import Margin, measure
from isotherm.imaging.phantom import Shape, Sphere, rasterize
from isotherm.imaging.phantom_draws import draw_ellipsoid_pair, draw_grid, draw_lobulated_pair
from isotherm.imaging.phantom_truth import true_margin
from isotherm.imaging.surface import Region, field_of
from isotherm.imaging.volume import Grid, Mask

LUNG = Path(__file__).parents[1] / "data" / "lung_tumor_masks"

SHAPES = settings(max_examples=12, deadline=None)


def margin_of(tumor: Mask, zone: Mask) -> Margin:
    return measure(Region.of_field(field_of(tumor)), Region.of_field(field_of(zone)))


def voxelized(tumor: Shape, zone: Shape, grid: Grid) -> Margin:
    return margin_of(rasterize(tumor, grid, of="tumor"), rasterize(zone, grid, of="ablation"))


@SHAPES
@given(
    tumor_mm=st.floats(5.0, 12.0),
    zone_mm=st.floats(6.0, 20.0),
    shift=st.tuples(*[st.floats(-5.0, 5.0)] * 3),
    spot=st.tuples(*[st.floats(-0.5, 0.5)] * 3),
)
def test_two_spheres_have_the_margin_known_on_paper(
    tumor_mm: float, zone_mm: float, shift: tuple[float, float, float], spot: tuple[float, float, float]
) -> None:
    grid = Grid((64, 64, 64), (1.0, 1.0, 1.0), (-32.0 + spot[0], -32.0 + spot[1], -32.0 + spot[2]))
    found = voxelized(Sphere((0.0, 0.0, 0.0), tumor_mm), Sphere(shift, zone_mm), grid).minimal_mm
    assert found == pytest.approx(zone_mm - tumor_mm - float(np.linalg.norm(shift)), abs=0.3)


@SHAPES
@given(seed=st.integers(0, 10**6), lobulated=st.booleans())
def test_a_header_that_moves_both_masks_together_changes_no_margin(seed: int, lobulated: bool) -> None:
    rng = np.random.default_rng(seed)
    tumor, zone = (draw_lobulated_pair if lobulated else draw_ellipsoid_pair)(rng)
    grid = draw_grid(rng, 1.5, 0.8, cover=(tumor, zone))
    masks = rasterize(tumor, grid, of="tumor"), rasterize(zone, grid, of="ablation")
    turn, shift = Rotation.random(random_state=seed).as_matrix(), rng.uniform(-300, 300, 3)
    x, y, z = turn @ np.array(grid.origin_lps_mm) + shift
    moved = Grid(grid.shape_kji, grid.spacing_kji_mm, (x, y, z), turn @ grid.direction_lps)
    before, after = margin_of(*masks), margin_of(*(Mask(mask.voxels, moved, mask.of) for mask in masks))
    assert after.minimal_mm == pytest.approx(before.minimal_mm, abs=0.001)
    assert after.percentile_mm(50) == pytest.approx(before.percentile_mm(50), abs=0.02)
    assert after.thinnest_lps_mm == pytest.approx(turn @ before.thinnest_lps_mm + shift, abs=0.01)


@SHAPES
@given(seed=st.integers(0, 10**6), lobulated=st.booleans(), more_mm=st.floats(0.0, 4.0))
def test_a_larger_zone_lowers_the_margin_by_less_than_a_fifth_of_a_voxel(
    seed: int, lobulated: bool, more_mm: float
) -> None:
    rng = np.random.default_rng(seed)
    tumor, zone = (draw_lobulated_pair if lobulated else draw_ellipsoid_pair)(rng)
    grid = draw_grid(rng, 1.0, 1.0, cover=(tumor, zone))
    drawn, small = rasterize(tumor, grid, of="tumor"), rasterize(zone, grid, of="ablation")
    larger = Mask(ndimage.distance_transform_edt(~small.inside) <= more_mm, grid, "ablation")
    assert margin_of(drawn, larger).minimal_mm >= margin_of(drawn, small).minimal_mm - 0.2


@SHAPES
@given(seed=st.integers(0, 10**6))
def test_voxels_half_a_slice_elsewhere_give_the_same_margin_within_a_few_tenths(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tumor, zone = draw_lobulated_pair(rng)
    truth = true_margin(tumor, zone).minimal_mm
    for _ in range(2):
        assert voxelized(tumor, zone, draw_grid(rng, 1.0, 1.0, cover=(tumor, zone))).minimal_mm == pytest.approx(
            truth, abs=0.4
        )


@pytest.mark.parametrize("name", ["lung1_label", "lung2_label"])
def test_a_real_lung_tumor_on_thick_slices_in_an_ideal_zone_has_about_the_margin_it_was_given(name: str) -> None:
    (read,) = read_masks(LUNG / f"{name}.nrrd", of="tumor")
    tumor = read.mask.cropped()
    pad = np.ceil(8.0 / np.array(tumor.grid.spacing_kji_mm)).astype(int)
    k, j, i = (-pad).tolist()
    nk, nj, ni = (np.array(tumor.grid.shape_kji) + 2 * pad).tolist()
    room = tumor.windowed((k, j, i), (nk, nj, ni))
    # The zone is drawn on thin slices around the tumor's surface between its voxels, so that its truth is known.
    grid = room.grid.refined((5, 1, 1))
    field = field_of(room)
    nodes = grid.centers_lps_mm()
    away = Triangles(field.boundary()).distance_mm(nodes)
    zone = Mask(((field.at(nodes) > 0) | (away <= 5.0)).reshape(grid.shape_kji), grid, "ablation")
    margin = margin_of(room, zone)
    assert margin.minimal_mm == pytest.approx(5.0, abs=0.3)
    assert margin.percentile_mm(50) == pytest.approx(5.0, abs=0.15)
