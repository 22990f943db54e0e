"""The demo case: four simulated lesions in the bundled liver, with margins known by construction."""

from importlib import resources
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from isotherm.errors import BadGeometry, BadSetting, EmptyMask, ImplausibleMask
from isotherm.exchange.image_files import read_masks, read_volume
from isotherm.imaging.phantom import Sphere, rasterize
from isotherm.imaging.phantom_lesion import SPARED_FROM_MM
from isotherm.imaging.phantom_liver import SimulatedCase, simulate_case
from isotherm.imaging.phantom_places import FROM_CUT_FACE_MM, depth_in
from isotherm.imaging.volume import Grid, Mask, Role, Volume

DATA = resources.files("isotherm.app") / "data"

DEEP, SUBCAPSULAR, BRIDGED, MISSED = 1, 2, 3, 4


def bundled_mask(name: str, of: Role = "organ") -> Mask:
    with resources.as_file(DATA) as folder:
        return read_masks(folder / f"{name}.nii.gz", of=of)[0].mask


def bundled_ct() -> Volume:
    with resources.as_file(DATA) as folder:
        return read_volume(folder / "example_ct.nii.gz").volume


@pytest.fixture(scope="module")
def case() -> SimulatedCase:
    # In this one, unlike in the demo's, the vessel cuts off a piece of a zone behind it, which is to be dropped.
    portal_vein = bundled_mask("portal_vein_and_splenic_vein", "vessel")
    return simulate_case(bundled_ct(), bundled_mask("liver"), portal_vein, seed=1)


def box_of(case: SimulatedCase, label: int) -> tuple[slice, ...]:
    """Return the voxels within 12 mm of one lesion."""
    there = (case.tumors.voxels == label) | (case.ablations.voxels == label)
    at = np.argwhere(there)
    return tuple(slice(max(0, a - 12), b + 13) for a, b in zip(at.min(axis=0), at.max(axis=0), strict=True))


def voxel_margin_mm(case: SimulatedCase, label: int) -> float:
    """Return the organ-restricted margin from distance maps between voxels: another way, good to half a voxel."""
    box = box_of(case, label)
    tumor, zone, liver = case.tumors.voxels[box] == label, case.ablations.voxels[box] == label, case.liver.inside[box]
    missed = tumor & ~zone
    if missed.any():
        return 0.5 - float(ndimage.distance_transform_edt(~zone)[missed].max())
    depth = ndimage.distance_transform_edt(np.pad(liver, 12, mode="edge"))[12:-12, 12:-12, 12:-12] - 0.5
    untreated = (depth >= 1.5) & ~zone
    return float(ndimage.distance_transform_edt(~untreated)[tumor].min()) - 0.5


def hounsfield(image: Volume, where: npt.NDArray[np.bool_]) -> float:
    return float(image.voxels[where].mean())


def test_everything_lies_on_one_grid_of_one_millimeter(case: SimulatedCase):
    parts = (case.image_before, case.image_after, case.tumors, case.ablations, case.liver, case.vessels)
    assert all(part.grid.same_as(case.liver.grid) for part in parts)
    assert case.liver.grid.spacing_kji_mm == pytest.approx((1.0, 1.0, 1.0))


def test_the_liver_keeps_its_volume_and_place(case: SimulatedCase):
    real = bundled_mask("liver")
    assert case.liver.volume_ml == pytest.approx(real.volume_ml, rel=0.02)
    centers = [mask.grid.to_lps(np.argwhere(mask.inside)).mean(axis=0) for mask in (real, case.liver)]
    assert centers[1] == pytest.approx(centers[0], abs=1.0)


def test_beside_the_lesions_the_ct_is_the_real_one(case: SimulatedCase):
    real, grid = bundled_ct(), case.liver.grid
    drawn = (case.tumors.voxels > 0) | (case.ablations.voxels > 0) | case.vessels.inside
    far = np.argwhere(~ndimage.binary_dilation(drawn, iterations=6))[::997]
    at = np.rint(real.grid.to_kji(grid.to_lps(far)))
    on_both = np.abs(grid.to_kji(real.grid.to_lps(at)) - far).max(axis=1) < 1e-3
    simulated = case.image_before.voxels[tuple(far[on_both].T)]
    difference = simulated - real.voxels[tuple(at[on_both].astype(int).T)]
    assert on_both.sum() > 100
    assert abs(difference.mean()) < 1.5
    assert difference.std() == pytest.approx(7.0, abs=1.5)  # the fine noise alone


def test_each_lesion_is_one_piece_inside_the_liver_with_a_zone_of_its_own(case: SimulatedCase):
    tumors, zones = case.tumors.voxels, case.ablations.voxels
    assert [lesion.label for lesion in case.lesions] == [DEEP, SUBCAPSULAR, BRIDGED, MISSED]
    assert case.liver.inside[(tumors > 0) | (zones > 0)].all()
    for label in (DEEP, SUBCAPSULAR, BRIDGED, MISSED):
        assert ndimage.label(tumors == label)[1] == 1
        assert ndimage.label(zones == label)[1] == 1
        assert 1.0 < (tumors == label).sum() / 1000 < 6.0  # mL
        assert 5.0 < (zones == label).sum() / 1000 < 60.0
        assert set(np.unique(zones[tumors == label])) <= {0, label}


def test_lesions_keep_apart_and_away_from_the_face_that_cuts_the_liver(case: SimulatedCase):
    centers = [np.array(lesion.tumor.center_lps_mm) for lesion in case.lesions]
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(centers, 2)) >= 44.0
    top = case.liver.grid.corners_lps_mm()[:, 2].max()
    assert all(top - center[2] > FROM_CUT_FACE_MM - 2.0 for center in centers)


def test_known_margins_are_those_planned(case: SimulatedCase):
    known = {lesion.label: lesion.minimal_margin_mm for lesion in case.lesions}
    assert 6.0 < known[DEEP] < 8.0
    assert 7.0 < known[SUBCAPSULAR] < 8.0
    assert known[BRIDGED] == pytest.approx(SPARED_FROM_MM)
    assert known[MISSED] == pytest.approx(-3.0, abs=0.3)


@pytest.mark.parametrize("label", [DEEP, SUBCAPSULAR, BRIDGED, MISSED])
def test_the_drawn_masks_have_the_known_margin(case: SimulatedCase, label: int):
    assert voxel_margin_mm(case, label) == pytest.approx(case.lesions[label - 1].minimal_margin_mm, abs=0.6)


def test_only_the_missed_tumor_has_a_residue(case: SimulatedCase):
    for label in (DEEP, SUBCAPSULAR, BRIDGED):
        assert (case.ablations.voxels[case.tumors.voxels == label] == label).all()
    residue = (case.tumors.voxels == MISSED) & (case.ablations.voxels == 0)
    assert 0.05 < residue.sum() / 1000 < 1.0


def test_the_subcapsular_tumor_touches_the_capsule_and_the_deep_one_does_not(case: SimulatedCase):
    outside = ~case.liver.inside
    near = {label: ndimage.binary_dilation(case.tumors.voxels == label) & outside for label in (DEEP, SUBCAPSULAR)}
    assert near[SUBCAPSULAR].sum() > 50
    assert not near[DEEP].any()


def test_a_branch_touches_the_bridged_tumor_and_runs_out_of_its_zone(case: SimulatedCase):
    box = box_of(case, BRIDGED)
    vessel, tumor = case.vessels.inside[box], case.tumors.voxels[box] == BRIDGED
    zone, liver = case.ablations.voxels[box] == BRIDGED, case.liver.inside[box]
    assert 0 < float(ndimage.distance_transform_edt(~tumor)[vessel].min()) <= 2.0  # centers of neighboring voxels
    assert (vessel & zone).sum() > 20
    assert (vessel & ~zone & liver).sum() > 100
    assert not (vessel & tumor).any()


def test_vessels_are_four_to_five_millimeters_wide_and_hang_together(case: SimulatedCase):
    vessels = case.vessels.inside
    assert ndimage.label(vessels, np.ones((3, 3, 3)))[1] == 1
    assert 2.0 <= float(ndimage.distance_transform_edt(vessels).max()) <= 3.5
    assert case.liver.inside[vessels].all()


def test_tumors_and_zones_are_darker_than_the_liver_and_the_treated_tumor_is_faintly_seen(case: SimulatedCase):
    tumors, zones = case.tumors.voxels, case.ablations.voxels
    liver = case.liver.inside & (tumors == 0) & (zones == 0) & ~case.vessels.inside
    for label in (DEEP, SUBCAPSULAR, BRIDGED, MISSED):
        tumor, rim = tumors == label, (zones == label) & (tumors == 0)
        assert hounsfield(case.image_before, tumor) < hounsfield(case.image_before, liver) - 15
        assert hounsfield(case.image_after, rim) < hounsfield(case.image_after, liver) - 20
        assert hounsfield(case.image_after, tumor & (zones == label)) > hounsfield(case.image_after, rim) + 4
        noise = [float(case.image_after.voxels[where].std()) for where in (rim, liver)]
        assert noise[0] == pytest.approx(noise[1], rel=0.35)


def test_the_text_calls_everything_made_simulated(case: SimulatedCase):
    assert all(
        "simulated" in lesion.says and f"{lesion.minimal_margin_mm:.1f} mm" in lesion.says for lesion in case.lesions
    )
    assert "simulated" in case.says
    assert all(lesion.says in case.says for lesion in case.lesions)


def test_the_same_number_gives_the_same_case(case: SimulatedCase):
    portal_vein = bundled_mask("portal_vein_and_splenic_vein", "vessel")
    again = simulate_case(bundled_ct(), bundled_mask("liver"), portal_vein, seed=1)
    for name in ("image_before", "image_after", "tumors", "ablations", "vessels"):
        assert (getattr(again, name).voxels == getattr(case, name).voxels).all()
    assert again.says == case.says


def test_depth_is_taken_from_the_capsule_but_not_from_a_face_that_cuts_the_organ():
    grid = Grid((20, 41, 41), (2.0, 2.0, 2.0))
    half_ball = rasterize(Sphere((40.0, 40.0, 0.0), 30.0), grid, of="organ")
    depth = depth_in(half_ball)
    center = np.array([[40.0, 40.0, 0.0]])
    assert depth.at(center)[0] == pytest.approx(30.0, abs=1.5)
    assert depth.at(np.array([[60.0, 40.0, 0.0]]))[0] == pytest.approx(10.0, abs=1.5)
    assert depth.outward(np.array([[55.0, 40.0, 4.0]]))[0] @ [1.0, 0.0, 0.0] > 0.95
    assert depth.from_cut_face_mm[0, 0, 0] == pytest.approx(1.0)
    assert depth.from_cut_face_mm[10, 0, 0] == pytest.approx(21.0)


def test_what_is_no_liver_is_refused():
    ct, liver, portal_vein = bundled_ct(), bundled_mask("liver"), bundled_mask("portal_vein_and_splenic_vein", "vessel")
    nothing = Mask(np.zeros(liver.grid.shape_kji, dtype=bool), liver.grid, "organ")
    with pytest.raises(EmptyMask, match="liver"):
        simulate_case(ct, nothing, portal_vein)
    with pytest.raises(EmptyMask, match="portal"):
        simulate_case(ct, liver, Mask(nothing.voxels, liver.grid, "vessel"))
    with pytest.raises(ImplausibleMask, match="too small"):
        simulate_case(ct, bundled_mask("gallbladder"), portal_vein)
    with pytest.raises(ImplausibleMask, match="too small"):
        simulate_case(ct, bundled_mask("kidney_right"), portal_vein)
    ball = rasterize(Sphere((-95.0, -170.0, 370.0), 32.0), liver.grid, of="organ")
    with pytest.raises(ImplausibleMask, match="four lesions"):
        simulate_case(ct, ball, portal_vein)
    with pytest.raises(BadSetting, match="seed"):
        simulate_case(ct, liver, portal_vein, seed=-1)
    elsewhere = Grid(liver.grid.shape_kji, liver.grid.spacing_kji_mm, (0.0, 0.0, 0.0), liver.grid.direction_lps)
    with pytest.raises(BadGeometry, match="grid"):
        simulate_case(ct, Mask(liver.voxels, elsewhere, "organ"), portal_vein)
