"""The surface between the voxels: shapes on paper, tiny and thin masks, shares, turned arrays, hand-drawn outlines."""

# pyright: reportArgumentType=false
# Arrays whose number type is chosen at run time pass for either kind of mask.

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation
from skimage.measure import marching_cubes

from isotherm.imaging.geometry import Float
from isotherm.imaging.phantom import Ellipsoid, Shape, Sphere, rasterize
from isotherm.imaging.reconstruct import reconstruct
from isotherm.imaging.smoothing import Bending, Sites, Spline, evaluated
from isotherm.imaging.volume import Grid, Mask
from tests.imaging.solids import grid_around

TURN = Rotation.from_rotvec([0.3, -0.5, 0.8])


def skin(mask: Mask, **options) -> Float:
    values, grid = reconstruct(mask, **options)
    return grid.to_lps(marching_cubes(values, 0.0)[0])


def errors(
    shape: Shape, spacing: tuple[float, float, float], supersample: int | tuple[int, int, int] = 1, **options
) -> Float:
    grid = grid_around(spacing, shape.reach_mm + 5.0, TURN, shift=(0.13, -0.21, 0.37))
    points = skin(rasterize(shape, grid, of="tumor", supersample=supersample), **options)
    return -shape.level(points)  # positive: outside of the true surface


def drawn(mask: Mask) -> np.ndarray:
    """Read the reconstructed field at the mask's own voxel centers."""
    values, grid = reconstruct(mask)
    at = grid.to_kji(mask.grid.centers_lps_mm())
    return ndimage.map_coordinates(values, at.T, order=1, mode="nearest").reshape(mask.grid.shape_kji)


def boxes(shape: tuple[int, int, int], spacing: tuple[float, float, float], *parts: tuple[slice | int, ...]) -> Mask:
    voxels = np.zeros(shape, dtype=bool)
    for part in parts:
        voxels[part] = True
    return Mask(voxels, Grid(shape, spacing), "tumor")


@pytest.mark.parametrize(
    ("spacing", "mean", "rms", "worst"),
    [
        ((1.0, 0.7, 0.7), 0.02, 0.05, 0.25),
        ((1.5, 0.78, 0.78), 0.03, 0.07, 0.35),
        ((2.5, 0.8, 0.8), 0.04, 0.10, 0.6),
        ((5.0, 0.8, 0.8), 0.08, 0.20, 1.2),
        ((0.8, 0.8, 2.5), 0.04, 0.10, 0.6),
    ],
)
@pytest.mark.parametrize(
    "shape",
    [Sphere((0.0, 0.0, 0.0), 10.0), Ellipsoid((0.0, 0.0, 0.0), (7.0, 10.0, 14.0), TURN.as_matrix() @ TURN.as_matrix())],
)
def test_a_smooth_shape_is_found_between_its_voxels_without_shrinking(shape, spacing, mean, rms, worst):
    off = errors(shape, spacing)
    assert abs(off.mean()) < mean
    assert np.sqrt(np.mean(np.square(off))) < rms
    assert np.abs(off).max() < worst


@pytest.mark.parametrize(("slice_mm", "rms"), [(1.0, 0.03), (2.5, 0.04), (5.0, 0.10)])
def test_shares_of_voxels_are_used_and_not_thresholded_away(slice_mm, rms):
    shape = Ellipsoid((0.0, 0.0, 0.0), (7.0, 9.0, 12.0), TURN.as_matrix() @ TURN.as_matrix())
    off = errors(shape, (slice_mm, 0.8, 0.8), supersample=4)
    assert np.sqrt(np.mean(np.square(off))) < rms
    assert abs(off.mean()) < 0.02


@pytest.mark.parametrize(("slice_mm", "rms"), [(1.5, 0.04), (2.5, 0.04), (5.0, 0.10)])
def test_shares_of_the_middle_plane_of_a_thick_slice_are_not_taken_for_those_of_the_whole_voxel(slice_mm, rms):
    shape = Ellipsoid((0.0, 0.0, 0.0), (7.0, 9.0, 12.0), TURN.as_matrix() @ TURN.as_matrix())
    off = errors(shape, (slice_mm, 0.8, 0.8), supersample=(1, 4, 4))
    assert np.sqrt(np.mean(np.square(off))) < rms
    assert abs(off.mean()) < 0.05


@pytest.mark.parametrize("blur_mm", [0.3, 1.0, 3.0])
def test_a_probability_map_has_its_surface_at_one_half_however_wide_its_ramp(blur_mm):
    sphere = Sphere((0.0, 0.0, 0.0), 9.0)
    grid = grid_around((1.0, 0.7, 0.7), 24.0, TURN)
    depth = sphere.level(grid.centers_lps_mm()).reshape(grid.shape_kji)
    points = skin(Mask((1.0 / (1.0 + np.exp(-depth / blur_mm))).astype(np.float32), grid, "tumor"))
    assert np.abs(np.linalg.norm(points, axis=1) - 9.0).max() < 0.06


def test_voxels_at_least_half_covered_give_the_same_surface_as_voxels_whose_center_is_inside():
    shape = Ellipsoid((0.0, 0.0, 0.0), (7.0, 9.0, 12.0), TURN.as_matrix())
    grid = grid_around((1.5, 0.8, 0.8), 18.0, TURN)
    covered = Mask(rasterize(shape, grid, of="tumor", supersample=4).inside, grid, "tumor")
    off = -shape.level(skin(covered))
    assert abs(off.mean()) < 0.04
    assert np.sqrt(np.mean(np.square(off))) < 0.09


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("flip", [(), (0,), (0, 1, 2)])
def test_the_order_and_direction_of_the_array_axes_do_not_matter(axes, flip):
    shape = Ellipsoid((0.0, 0.0, 0.0), (6.0, 8.0, 11.0), TURN.as_matrix())
    grid = grid_around((1.5, 0.7, 0.7), 15.0, TURN)
    mask = rasterize(shape, grid, of="tumor")
    directions = np.array(grid.direction_lps)[:, axes]
    start = np.zeros(3)
    for axis in flip:
        start[axes[axis]] = grid.shape_kji[axes[axis]] - 1
        directions[:, axis] *= -1.0
    voxels = np.flip(np.transpose(mask.inside, axes), flip)
    a, b, c = (grid.spacing_kji_mm[axis] for axis in axes)
    k, j, i = voxels.shape
    origin = grid.to_lps([start])[0]
    turned = Grid((k, j, i), (a, b, c), (origin[0], origin[1], origin[2]), directions)
    values, fine = reconstruct(mask)
    other, other_fine = reconstruct(Mask(voxels, turned, "tumor"))
    points = fine.to_lps(marching_cubes(values, 0.0)[0])
    again = ndimage.map_coordinates(other, other_fine.to_kji(points).T, order=1)
    before = ndimage.map_coordinates(values, fine.to_kji(points).T, order=1)
    assert np.abs(again - before).max() < 1e-3  # both are distances in mm


def test_twice_the_same_is_exactly_the_same():
    mask = rasterize(Sphere((0.0, 0.0, 0.0), 8.0), grid_around((2.0, 0.8, 0.8), 14.0), of="tumor")
    assert np.array_equal(reconstruct(mask)[0], reconstruct(mask)[0])


def test_a_mask_and_its_enlargement_have_the_same_surface_but_for_the_size():
    sphere, grid = Sphere((0.0, 0.0, 0.0), 8.0), grid_around((1.0, 0.7, 0.7), 12.0)
    small = rasterize(sphere, grid, of="tumor")
    a, b, c = (2.0 * o for o in grid.origin_lps_mm)
    large = Mask(small.voxels, Grid(grid.shape_kji, (2.0, 1.4, 1.4), (a, b, c), grid.direction_lps), "tumor")
    spread = [np.linalg.norm(skin(m), axis=1) / s for m, s in ((small, 1.0), (large, 2.0))]
    assert spread[0].mean() == pytest.approx(spread[1].mean(), abs=0.01)


@pytest.mark.parametrize(
    "spacing", [(1.0, 0.7, 0.7), (5.0, 0.8, 0.8), (0.7, 0.7, 3.0), (3.0, 3.0, 3.0), (6.0, 6.0, 6.0)]
)
@pytest.mark.parametrize("size", [(1, 1, 1), (1, 1, 2), (1, 2, 2), (2, 2, 2), (3, 3, 3)])
@pytest.mark.parametrize("kind", [bool, np.float32])
def test_tiny_masks_keep_their_place_and_about_their_volume(size, spacing, kind):
    k, j, i = size
    mask = boxes((12, 12, 12), spacing, np.s_[4 : 4 + k, 5 : 5 + j, 4 : 4 + i])
    mask = Mask(mask.voxels.astype(kind), mask.grid, "tumor")
    assert ((drawn(mask) > 0) == mask.inside).all()
    values, grid = reconstruct(mask)
    volume_ml = float((values > 0).sum()) * grid.voxel_volume_ml
    assert 0.5 * mask.volume_ml < volume_ml < 1.9 * mask.volume_ml


def test_a_speck_beside_a_large_part_does_not_vanish():
    mask = boxes((30, 40, 40), (1.0, 0.7, 0.7), np.s_[5:25, 5:25, 5:25], np.s_[15, 32, 32])
    values, _ = reconstruct(mask)
    assert ndimage.label(values > 0)[1] == 2


@pytest.mark.parametrize("plate", [np.s_[4:26, 5:40, 20:21], np.s_[4:26, 5:40, 20:23], np.s_[12:13, 5:40, 5:40]])
def test_thin_plates_keep_their_voxels_but_for_a_rounded_corner(plate):
    mask = boxes((30, 45, 45), (1.0, 0.7, 0.7), plate)
    field = drawn(mask)
    assert not ((field > 0) & ~mask.inside).any()
    assert (mask.inside & (field <= 0)).sum() <= 0.01 * mask.inside.sum()
    assert ndimage.label(reconstruct(mask)[0] > 0)[1] == 1


@pytest.mark.parametrize("gap", [2, 3])
def test_gaps_of_two_voxels_stay_open(gap):
    mask = boxes((20, 40, 40), (1.0, 0.7, 0.7), np.s_[4:16, 5:35, 5:18], np.s_[4:16, 5:35, 18 + gap : 35])
    assert ((drawn(mask) > 0) != mask.inside).sum() <= 0.01 * mask.inside.sum()
    assert ndimage.label(reconstruct(mask)[0] > 0)[1] == 2


@pytest.mark.parametrize("spacing", [(1.0, 0.7, 0.7), (2.5, 0.8, 0.8), (3.0, 3.0, 3.0)])
def test_two_spheres_three_voxels_apart_do_not_fuse(spacing):
    radius, gap = 10.0, 3.0 * spacing[2]
    grid = grid_around(spacing, 30.0)
    centers = ((radius + 0.5 * gap, 0.0, 0.0), (-radius - 0.5 * gap, 0.0, 0.0))
    voxels = np.any([rasterize(Sphere(c, radius), grid, of="tumor").voxels for c in centers], axis=0)
    values, _ = reconstruct(Mask(voxels, grid, "tumor"))
    assert ndimage.label(values > 0)[1] == 2


def test_beyond_the_grid_is_background():
    grid = Grid((10, 20, 20), (1.0, 0.7, 0.7))
    points = grid.to_kji(skin(Mask(np.ones((10, 20, 20), dtype=bool), grid, "tumor")))
    middle = np.abs(points[:, 1:] - 9.5).max(axis=1) < 4
    lowest, highest = points[middle & (points[:, 0] < 4.5), 0], points[middle & (points[:, 0] > 4.5), 0]
    # Anywhere between the outer voxels' centers and those beyond the edge would agree with the mask.
    assert lowest.min() > -1.0
    assert lowest.max() < 0.0
    assert highest.min() > 9.0
    assert highest.max() < 10.0


@pytest.mark.parametrize("kind", [bool, np.float32])
def test_an_empty_mask_is_negative_everywhere(kind):
    values, _ = reconstruct(Mask(np.zeros((4, 5, 6), dtype=kind), Grid((4, 5, 6), (1.0, 1.0, 1.0)), "ablation"))
    assert (values < 0).all()


def test_wavering_hand_drawn_outlines_are_calmed_and_not_amplified():
    rng = np.random.default_rng(5)
    sphere, grid = Sphere((0.0, 0.0, 0.0), 12.0), grid_around((1.0, 0.7, 0.7), 18.0)
    shifts = rng.uniform(-0.5, 0.5, (grid.shape_kji[0], 2))  # pixels, each slice on its own
    at = np.indices(grid.shape_kji).reshape(3, -1).T.astype(float)
    at[:, 1:] += shifts[at[:, 0].astype(int)]
    mask = Mask(sphere.inside(grid.to_lps(at)).reshape(grid.shape_kji), grid, "tumor")
    off = np.linalg.norm(skin(mask), axis=1) - 12.0
    assert off.std() < 0.7 * np.sqrt(1 / 12) * 0.82  # what the wavering itself does to the radius
    assert abs(off.mean()) < 0.05


def test_near_the_surface_the_field_is_a_distance_and_farther_away_has_the_right_sign():
    sphere = Sphere((0.0, 0.0, 0.0), 12.0)
    values, grid = reconstruct(rasterize(sphere, grid_around((1.0, 0.7, 0.7), 18.0, TURN), of="tumor"))
    depth = sphere.level(grid.centers_lps_mm()).reshape(grid.shape_kji)
    near = np.abs(depth) < 1.0
    assert np.abs(values - depth)[near].max() < 0.3
    assert ((values > 0) == (depth > 0))[np.abs(depth) > 0.3].all()


def test_an_organ_on_thin_slices_is_smoothed_plainly_and_lies_right():
    sphere = Sphere((0.0, 0.0, 0.0), 40.0)
    grid = grid_around((1.5, 1.0, 1.0), 45.0, TURN)
    organ = rasterize(sphere, grid, of="organ")
    values, plain_grid = reconstruct(organ)
    assert sorted(plain_grid.spacing_kji_mm) == sorted(grid.spacing_kji_mm)  # not refined
    off = np.linalg.norm(plain_grid.to_lps(marching_cubes(values, 0.0)[0]), axis=1) - 40.0
    assert abs(off.mean()) < 0.05
    assert np.sqrt(np.mean(np.square(off))) < 0.15


def test_any_quadric_bends_at_no_price():
    splines = (Spline(9.0, 2.5), Spline(12.0, 2.5), Spline(7.0, 2.5))
    sites = Sites.within(splines, np.ones(3), np.ones((10, 13, 8), dtype=bool), (1, 1, 1))
    bending = Bending(splines)
    # Greville: the coefficients of x^2 in uniform cubic B-splines of step h are x^2 - h^2 / 3 at the splines' middles.
    lines = [s.step * (np.arange(s.count) - 1) - 0.5 * (s.cells * s.step - s.length) for s in splines]
    k, j, i = np.meshgrid(*lines, indexing="ij")
    h = 2.5**2 / 3
    quadric = (1.0 + 2.0 * k - j + (k**2 - h) - 0.5 * (i**2 - h) + k * j).astype(np.float32)
    values = evaluated(quadric, sites.bases)
    z, y, x = np.indices((10, 13, 8)).astype(float)
    assert np.allclose(values, 1.0 + 2.0 * z - y + z**2 - 0.5 * x**2 + z * y, atol=1e-3)
    cubic = (k**3).astype(np.float32)
    price, least = (float((c * bending.gradient(c)).sum()) for c in (cubic, quadric))
    assert abs(least) < 1e-6 * price
