"""Transform: points, masks and images from the scan before onto the scan after, against motions known on paper."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from isotherm.errors import BadGeometry, BadSetting, NotConverged
from isotherm.imaging.geometry import Float
from isotherm.imaging.margin import measure
from isotherm.imaging.phantom import Sphere, rasterize
from isotherm.imaging.surface import Region, field_of
from isotherm.imaging.transform import Displacement, Transform
from isotherm.imaging.volume import Grid, Mask, Volume

GRID = Grid((40, 44, 48), (1.5, 1.0, 1.0), (-24.0, -22.0, -30.0))
TURN = Rotation.from_euler("xyz", [12.0, -7.0, 25.0], degrees=True).as_matrix()
RIGID = Transform(TURN, np.array([5.0, -3.0, 8.0]))
PLACES = np.random.default_rng(0).uniform(-15.0, 15.0, (50, 3))


def stretched(factors: tuple[float, float, float], grid: Grid = GRID) -> Transform:
    """Return a transform that stretches about the origin: its change of volume is the product of the factors."""
    moved = grid.centers_lps_mm() * (np.array(factors) - 1.0)
    return Transform(displacement=Displacement(moved.reshape(*grid.shape_kji, 3).astype(np.float32), grid))


def swaying(height_mm: float) -> Transform:
    nodes = GRID.centers_lps_mm()
    moved = height_mm * np.sin(nodes[:, [1, 2, 0]] / 9.0)
    return Transform(TURN, np.array([1.0, 2.0, 3.0]), Displacement(moved.reshape(*GRID.shape_kji, 3), GRID))


def test_a_rigid_transform_turns_and_then_shifts() -> None:
    quarter = Transform(np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), np.array([10.0, 0.0, 0.0]))
    assert quarter.points([[1.0, 0.0, 5.0]]) == pytest.approx(np.array([[10.0, 1.0, 5.0]]))


def test_the_inverse_of_a_rigid_transform_undoes_it() -> None:
    assert RIGID.inverse().points(RIGID.points(PLACES)) == pytest.approx(PLACES)
    assert RIGID.back(RIGID.points(PLACES)) == pytest.approx(PLACES)


def test_points_come_back_from_a_deformation() -> None:
    way = swaying(2.0)
    assert np.abs(way.back(way.points(PLACES)) - PLACES).max() < 0.01


def test_where_a_deformation_folds_its_change_of_volume_is_negative() -> None:
    assert (stretched((-0.5, 1.0, 1.0)).volume_change(PLACES) < 0).all()


def test_a_deformation_too_steep_to_be_followed_back_says_so() -> None:
    way = stretched((3.5, 1.0, 1.0))
    with pytest.raises(NotConverged, match="the same place"):
        way.back(PLACES)


def test_joined_transforms_do_one_after_the_other() -> None:
    joined = RIGID.then(Transform(TURN.T, np.array([0.0, 1.0, 0.0])))
    assert joined.is_rigid
    assert joined.points(PLACES) == pytest.approx(RIGID.points(PLACES) @ TURN + [0.0, 1.0, 0.0])
    after = swaying(1.0).then(RIGID)
    assert after.points(PLACES) == pytest.approx(RIGID.points(swaying(1.0).points(PLACES)), abs=1e-4)


def test_a_deformation_after_a_motion_is_sampled_on_the_grid_that_is_given() -> None:
    small = Transform(translation_mm=np.array([2.0, -1.0, 1.5]))
    joined = small.then(swaying(1.0), grid=GRID)
    assert joined.points(PLACES) == pytest.approx(swaying(1.0).points(small.points(PLACES)), abs=0.01)
    with pytest.raises(BadSetting, match="give one to sample on"):
        small.then(swaying(1.0))


def test_joining_forgets_the_error_of_each_part() -> None:
    assert RIGID.with_error(1.0).then(RIGID.with_error(2.0)).error_mm is None


def test_the_change_of_volume_is_the_determinant() -> None:
    assert stretched((1.1, 0.8, 1.25)).volume_change(PLACES) == pytest.approx(1.1 * 0.8 * 1.25, abs=1e-4)
    assert RIGID.volume_change(PLACES) == pytest.approx(1.0)


@pytest.mark.parametrize("factor", [0.9, 1.0, 1.2])
def test_a_carried_mask_has_the_volume_that_the_change_of_volume_says(factor: float) -> None:
    ball = rasterize(Sphere((0.0, 0.0, 0.0), 9.0), GRID, of="tumor")
    carried = stretched((factor, 1.0, 1.0)).mask(ball, onto=GRID)
    assert carried.volume_ml == pytest.approx(ball.volume_ml / factor, rel=0.015)


def test_a_mask_is_carried_to_where_its_points_go() -> None:
    ball = rasterize(Sphere((4.0, -3.0, 2.0), 7.0), GRID, of="tumor")
    onto = Grid((50, 50, 50), (1.2, 1.2, 1.2), (-30.0, -30.0, -30.0), TURN)
    carried = RIGID.mask(ball, onto=onto)
    center = onto.to_lps(np.argwhere(carried.voxels > 0)).T @ carried.voxels[carried.voxels > 0] / carried.voxels.sum()
    assert RIGID.points(center[None])[0] == pytest.approx([4.0, -3.0, 2.0], abs=0.1)
    assert carried.of == "tumor"
    assert carried.is_probability


def test_an_empty_mask_stays_empty_and_one_that_leaves_the_grid_is_lost() -> None:
    nothing = Mask(np.zeros(GRID.shape_kji, dtype=bool), GRID, "tumor")
    assert RIGID.mask(nothing, onto=GRID).box() is None
    ball = rasterize(Sphere((0.0, 0.0, 0.0), 5.0), GRID, of="tumor")
    assert Transform(translation_mm=np.array([500.0, 0.0, 0.0])).mask(ball, onto=GRID).box() is None


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.tuples(*[st.floats(-6.0, 6.0)] * 3), st.floats(-180.0, 180.0))
def test_the_margin_of_a_carried_surface_does_not_depend_on_where_the_scan_before_lay(
    shift: tuple[float, float, float], degrees: float
) -> None:
    way = Transform(Rotation.from_euler("z", degrees, degrees=True).as_matrix(), np.array(shift))
    tumor = Region.of_field(field_of(BALL))
    moved = Region(lambda p: tumor.at(way.back(p)), way.points(tumor.boundary).reshape(-1, 3, 3))
    found = measure(way.region(moved), ZONE).unrestricted_mm.min()
    assert found == pytest.approx(measure(tumor, ZONE).unrestricted_mm.min(), abs=1e-4)


BALL = rasterize(Sphere((0.0, 0.0, 0.0), 6.0), GRID, of="tumor")
ZONE = Region.of_field(field_of(rasterize(Sphere((2.0, 0.0, 0.0), 12.0), GRID, of="ablation")))


def test_an_image_is_carried_with_its_values() -> None:
    ramp = Volume(GRID.centers_lps_mm()[:, 0].reshape(GRID.shape_kji), GRID)
    way = Transform(translation_mm=np.array([3.0, 0.0, 0.0]))
    carried = way.volume(ramp, onto=GRID)
    inside = GRID.to_lps([[20, 20, 20]])[0, 0]
    assert carried.voxels[20, 20, 20] == pytest.approx(inside + 3.0, abs=1e-4)
    assert carried.voxels[20, 20, -1] == pytest.approx(ramp.voxels.min())  # not shown before: no value is made up
    assert carried.unit == "HU"


def bad(rotation: Float | None = None, shift: Float | None = None, error_mm: float | None = None) -> Transform:
    return Transform(
        np.eye(3) if rotation is None else rotation, np.zeros(3) if shift is None else shift, None, error_mm
    )


def test_what_is_no_transform_is_refused() -> None:
    for rotation in (2.0 * np.eye(3), np.diag([1.0, 1.0, -1.0]), np.full((3, 3), np.nan), np.eye(4)):
        with pytest.raises(BadGeometry, match="give a rotation"):
            bad(rotation)
    with pytest.raises(BadGeometry):
        bad(shift=np.array([0.0, np.inf, 0.0]))
    for error in (-1.0, np.nan, np.inf):
        with pytest.raises(BadSetting, match="no length"):
            bad(error_mm=error)
    with pytest.raises(BadGeometry, match="three numbers for each node"):
        Displacement(np.zeros((2, 2, 2, 3)), GRID)
    with pytest.raises(BadGeometry, match="not numbers"):
        Displacement(np.full((*GRID.shape_kji, 3), np.nan), GRID)
    with pytest.raises(BadSetting, match="carry points back"):
        swaying(1.0).inverse()


def test_a_transform_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        RIGID.rotation[0, 0] = 2.0
    field = swaying(1.0).displacement
    assert field is not None
    with pytest.raises(ValueError, match="read-only"):
        field.vectors_lps_mm[0, 0, 0, 0] = 1.0
