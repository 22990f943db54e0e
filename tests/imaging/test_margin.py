"""The margin at the capsule: fixtures whose truth follows from spheres and a plane, and what never changes a margin."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from isotherm.imaging.margin import CAPSULE_TOLERANCES_MM, Margin
from isotherm.imaging.volume import Grid, Mask
from tests.imaging.capsule import Fixture, ball, fixture, margin_of, turned


@pytest.mark.parametrize(
    ("name", "truth_mm", "unrestricted_mm"),
    [("A", 8.0, 0.0), ("B", 0.0, 0.0), ("C", -4.0, -4.0), ("D", -8.4, -8.4), ("E", -2.0, -2.0), ("F", 6.0, 6.0),
     ("G", 3.14, 3.0), ("J", 8.0, 0.0)],
)  # fmt: skip
def test_a_margin_at_the_capsule_is_right_to_a_third_of_a_voxel(
    name: str, truth_mm: float, unrestricted_mm: float
) -> None:
    margin = margin_of(fixture(name))
    assert margin.minimal_mm == pytest.approx(truth_mm, abs=0.3)
    # The unrestricted margin of A and J ends at the zone's face on the capsule, half a voxel beside the tumor's pole.
    assert margin.unrestricted_mm.min() == pytest.approx(unrestricted_mm, abs=0.8 if name in "AJ" else 0.3)
    assert margin.assessable.all()


@pytest.mark.parametrize("seed", range(6))
def test_a_tumor_cut_by_the_capsule_and_ideally_ablated_is_covered_on_any_three_grids(seed: int) -> None:
    assert margin_of(fixture("I", seed=seed)).minimal_mm == pytest.approx(8.0, abs=0.6)


def test_more_capsule_tolerance_never_lowers_the_margin() -> None:
    found = [margin_of(fixture("G"), tolerance_mm=eps).minimal_mm for eps in CAPSULE_TOLERANCES_MM]
    assert found == sorted(found)
    assert found == pytest.approx([3.0, 3.14, 3.53], abs=0.3)


def test_where_the_image_ends_inside_the_organ_the_margin_is_only_bounded() -> None:
    case = fixture("H")
    margin = margin_of(case, views=(case.organ.grid,))
    assert margin.minimal_mm == pytest.approx(8.0, abs=0.3)
    assert margin.lowest_mm.min() <= 0.6
    assert 0.3 < margin.share(margin.assessable) < 0.7


def test_the_thinnest_point_is_where_the_tumor_sticks_out() -> None:
    assert margin_of(fixture("C")).thinnest_lps_mm == pytest.approx([28.0, 42.0, 50.0], abs=1.5)


@pytest.mark.parametrize("name", "ABCEFGIJ")
@pytest.mark.parametrize(
    "rotation",
    [Rotation.from_euler("xyz", [20, -35, 50], degrees=True).as_matrix(),
     Rotation.from_euler("x", 90, degrees=True).as_matrix(), np.diag([-1.0, 1.0, 1.0])],
    ids=["oblique", "a quarter turn", "mirrored"],
)  # fmt: skip
def test_a_header_that_turns_mirrors_and_shifts_everything_alike_changes_nothing(
    name: str, rotation: np.ndarray
) -> None:
    case = fixture(name)
    shift = np.array([12.3, -200.0, 31.7])
    moved = Fixture(*(turned(mask, rotation, shift) for mask in (case.tumor, case.ablation, case.organ)))
    before, after = margin_of(case), margin_of(moved)
    assert after.minimal_mm == pytest.approx(before.minimal_mm, abs=1e-5)
    assert margin_near(after, rotation @ before.thinnest_lps_mm + shift) == pytest.approx(after.minimal_mm, abs=1e-3)


def margin_near(margin: Margin, point_lps_mm: np.ndarray) -> float:
    """Return the smallest margin within a tenth of a millimeter: of several thinnest points any may be named."""
    near = np.linalg.norm(margin.points_lps_mm - point_lps_mm, axis=1) < 0.1
    return float(margin.distances_mm[near].min())


def flipped(mask: Mask, axis: int) -> Mask:
    """Turn the array around and tell the header so: the same patient."""
    grid = mask.grid
    end = [0, 0, 0]
    end[axis] = grid.shape_kji[axis] - 1
    origin = grid.to_lps([end])[0]
    direction = grid.direction_lps.copy()
    direction[:, axis] *= -1.0
    turned_grid = Grid(grid.shape_kji, grid.spacing_kji_mm, (origin[0], origin[1], origin[2]), direction)
    return Mask(np.flip(mask.voxels, axis), turned_grid, mask.of)


def stored(mask: Mask, axes: tuple[int, int, int]) -> Mask:
    """Store the array with other axes and tell the header so: the same patient."""
    return mask.reoriented(axes, ())


@pytest.mark.parametrize("name", "ABCEFGIJ")
@pytest.mark.parametrize("axis", range(3))
def test_a_flipped_array_with_its_header_is_the_same_patient(name: str, axis: int) -> None:
    case = fixture(name)
    other = Fixture(*(flipped(mask, axis) for mask in (case.tumor, case.ablation, case.organ)))
    assert margin_of(other).minimal_mm == pytest.approx(margin_of(case).minimal_mm, abs=1e-5)


@pytest.mark.parametrize("name", "BEGI")
@pytest.mark.parametrize("axes", [(1, 2, 0), (2, 1, 0)])
def test_an_array_with_other_axes_is_the_same_patient(name: str, axes: tuple[int, int, int]) -> None:
    case = fixture(name)
    other = Fixture(*(stored(mask, axes) for mask in (case.tumor, case.ablation, case.organ)))
    assert margin_of(other).minimal_mm == pytest.approx(margin_of(case).minimal_mm, abs=1e-3)


@pytest.mark.parametrize("radius_mm", [14.0, 15.0, 16.5])
def test_a_larger_zone_lowers_the_margin_by_less_than_a_fifth_of_a_voxel(radius_mm: float) -> None:
    case = fixture("G")
    smaller = Fixture(case.tumor, ball((35, 50, 50), radius_mm, "ablation", clip=True), case.organ)
    larger = Fixture(case.tumor, ball((35, 50, 50), radius_mm + 0.5, "ablation", clip=True), case.organ)
    assert margin_of(larger).minimal_mm >= margin_of(smaller).minimal_mm - 0.2


def test_shares_by_area_add_up_and_percentiles_rise() -> None:
    margin = margin_of(fixture("C"))
    percentiles = [margin.percentile_mm(p) for p in (0, 1, 2, 5, 25, 50, 100)]
    assert percentiles == sorted(percentiles)
    assert percentiles[0] == margin.minimal_mm
    assert margin.fraction(at_least_mm=5.0) + margin.share(margin.distances_mm < 5.0) == pytest.approx(1.0)
