"""What a case is made of: several lesions, zones, scars, structures, vessels; in their order and under their names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isotherm.app.case import Request, read_case
from isotherm.app.settings import UNTOLD
from isotherm.errors import EmptyMask, FieldsApart, ImplausibleMask
from isotherm.imaging.volume import Grid
from tests.app.on_disk import FAST, GRID, MARGIN_MM, MIDDLE, Command, ball, write
from tests.exchange.made_up import as_slicer

LEFT, RIGHT = (9.0, 0.0, 120.0), (-10.0, 0.0, 120.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tumors with margins of 3 mm (left) and 1 mm (right) in files of their own and as labels 7 and 2 of one."""
    home = tmp_path_factory.mktemp("two")
    left, right = ball(LEFT, 3.0), ball(RIGHT, 4.0)
    write(home / "left.nii.gz", left)
    write(home / "right.nii.gz", right)
    write(home / "both.nii.gz", (7 * left + 2 * right).astype(np.uint8))
    write(home / "zone-left.nii.gz", ball(LEFT, 6.0), of="ablation")
    write(home / "zone-right.nii.gz", ball(RIGHT, 5.0), of="ablation")
    write(home / "zones.nii.gz", (ball(LEFT, 6.0) | ball(RIGHT, 5.0)), of="ablation")
    return home


def labels(request: Request) -> list[str]:
    return [lesion.label for lesion in read_case(request, facts=UNTOLD).lesions]


def test_lesions_of_a_label_map_come_in_the_order_of_their_labels(folder: Path) -> None:
    case = read_case(Request((str(folder / "both.nii.gz"),), (str(folder / "zones.nii.gz"),)), facts=UNTOLD)
    assert [lesion.label for lesion in case.lesions] == ["2", "7"]
    middles = [lesion.mask.grid.to_lps(np.argwhere(lesion.mask.inside)).mean(axis=0)[0] for lesion in case.lesions]
    assert middles == pytest.approx([RIGHT[0], LEFT[0]], abs=0.1)


def test_one_label_of_a_map_can_be_chosen(folder: Path) -> None:
    assert labels(Request((f"{folder / 'both.nii.gz'}:7",), (str(folder / "zones.nii.gz"),))) == ["7"]


def test_several_tumor_files_are_lesions_in_their_order(folder: Path) -> None:
    files = (str(folder / "right.nii.gz"), str(folder / "left.nii.gz"), str(folder / "both.nii.gz"))
    assert labels(Request(files[:2], (str(folder / "zones.nii.gz"),))) == ["1", "2"]
    assert labels(Request(files, (str(folder / "zones.nii.gz"),))) == ["1", "2", "3", "4"]


def test_segments_of_3d_slicer_keep_their_names(tmp_path: Path, folder: Path) -> None:
    both = [("tumor 1", 0, 1), ("tumor 2", 1, 1)]
    voxels = [ball(LEFT, 3.0).astype(np.uint8), ball(RIGHT, 4.0).astype(np.uint8)]
    path = as_slicer(tmp_path / "s.seg.nrrd", voxels, both, GRID)
    case = read_case(Request((str(path),), (str(folder / "zones.nii.gz"),)), facts=UNTOLD)
    assert [(lesion.label, lesion.name) for lesion in case.lesions] == [("tumor 1",) * 2, ("tumor 2",) * 2]


def test_each_lesion_is_measured_against_the_union_of_the_zones(isotherm: Command, folder: Path) -> None:
    apart = isotherm("margin", "--tumor", folder / "both.nii.gz", "--ablation", folder / "zone-left.nii.gz",
                     "--ablation", folder / "zone-right.nii.gz", *FAST, "--json", "-").document  # fmt: skip
    joined = isotherm("margin", "--tumor", folder / "both.nii.gz", "--ablation", folder / "zones.nii.gz", *FAST,
                      "--json", "-").document  # fmt: skip
    for document in (apart, joined):
        assert [lesion["label"] for lesion in document["lesions"]] == ["2", "7"]
        found = [lesion["minimal_margin_mm"] for lesion in document["lesions"]]
        assert found == pytest.approx([1.0, 3.0], abs=0.35)
    assert apart["tumor_burden_score"]["n_lesions"] == 2


def test_a_lesion_without_a_zone_of_its_own_does_not_change_the_other(isotherm: Command, folder: Path) -> None:
    document = isotherm("margin", "--tumor", folder / "both.nii.gz", "--ablation", folder / "zone-left.nii.gz", *FAST,
                        "--json", "-").document  # fmt: skip
    assert [lesion["status"] for lesion in document["lesions"]] == ["not_ablated", "measured"]
    assert document["lesions"][1]["minimal_margin_mm"] == pytest.approx(3.0, abs=0.35)


def test_an_old_scar_does_not_count_as_ablated(isotherm: Command, files: tuple[str, ...], tmp_path: Path) -> None:
    # The scar takes the zone's cranial part, down to 1 mm above the tumor.
    scar = write(tmp_path / "scar.nii.gz", ball((0.0, 0.0, 136.0), 10.0), of="ablation")
    before = isotherm("margin", *files, *FAST, "--json", "-").lesion
    document = isotherm("margin", *files, "--old-scar", scar, *FAST, "--json", "-").document
    (lesion,) = document["lesions"]
    assert before["minimal_margin_mm"] == pytest.approx(MARGIN_MM, abs=0.3)
    assert lesion["minimal_margin_mm"] == pytest.approx(1.0, abs=0.35)
    assert lesion["minimal_margin_qam_mm"] < before["minimal_margin_qam_mm"] - 1.0
    assert lesion["thinnest_direction"].startswith("cranial")
    assert lesion["ablation_volume_ml"] < before["ablation_volume_ml"]
    assert any("old scar" in warning for warning in document["warnings"])


def test_a_zone_that_is_all_old_scar_is_no_ablation(isotherm: Command, files: tuple[str, ...], tmp_path: Path) -> None:
    scar = write(tmp_path / "scar.nii.gz", ball(MIDDLE, 16.0), of="ablation")
    lesion = isotherm("margin", *files, "--old-scar", scar, *FAST, "--json", "-").lesion
    assert lesion["status"] == "not_ablated"
    assert lesion["minimal_margin_mm"] is None


def test_structures_are_told_by_their_distance_from_lesion_and_zone(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path
) -> None:
    duct = write(tmp_path / "duct.nii.gz", ball((15.0, 0.0, 120.0), 3.0), of="structure")
    near = write(tmp_path / "near.nii.gz", ball((0.0, 8.0, 120.0), 3.5), of="structure")
    found = isotherm("margin", *files, "--structure", f"bile duct={duct}", "--structure", f"bowel={near}:1", *FAST,
                     "--json", "-").lesion["structures_mm"]  # fmt: skip
    assert found["bile duct"]["from_tumor_mm"] == pytest.approx(7.0, abs=0.4)
    assert found["bile duct"]["from_ablation_mm"] == pytest.approx(np.hypot(15.0, 2.0) - 13.0, abs=0.4)
    assert found["bowel"] == {"from_tumor_mm": 0.0, "from_ablation_mm": 0.0}


def test_two_structures_of_one_name_are_both_told_or_refused(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path
) -> None:
    duct = write(tmp_path / "duct.nii.gz", ball((15.0, 0.0, 120.0), 3.0), of="structure")
    far = write(tmp_path / "far.nii.gz", ball((15.0, 15.0, 130.0), 2.0), of="structure")
    ran = isotherm("margin", *files, "--structure", f"duct={duct}", "--structure", f"duct={far}", *FAST, "--json", "-")
    assert ran.code == 2 or len(ran.lesion["structures_mm"]) == 2


def test_a_vessel_through_the_zone_to_the_tumor_bridges_the_margin(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path
) -> None:
    k, j, i = np.indices(GRID.shape_kji)
    course = ((k - 20) ** 2 + (j - 20) ** 2 <= 2.5**2) & (i >= 24)
    vessel = write(tmp_path / "vein.nii.gz", course, of="vessel")
    lesion = isotherm("margin", *files, "--vessels", vessel, *FAST, "--json", "-").lesion
    (branch,) = lesion["vessels"]
    assert branch["bridging"]
    assert branch["diameter_mm"] == pytest.approx(5.0, abs=0.7)
    assert branch["distance_mm"] == pytest.approx(0.0, abs=0.3)
    assert any("vessel bridges" in flag for flag in lesion["flags"])


def test_masks_on_grids_of_their_own_are_one_case(isotherm: Command, files: tuple[str, ...], tmp_path: Path) -> None:
    tight = Grid((13, 13, 13), (1.0, 1.0, 1.0), (-6.25, -6.5, 113.75))
    tumor = write(tmp_path / "tight.nii.gz", ball(MIDDLE, 5.0, grid=tight), grid=tight)
    lesion = isotherm("margin", "--tumor", tumor, *files[2:], *FAST, "--json", "-").lesion
    assert lesion["status"] == "measured"
    assert lesion["minimal_margin_mm"] == pytest.approx(MARGIN_MM, abs=0.3)


@pytest.mark.parametrize("gap_mm", [0.5, 150.0])
def test_masks_alone_may_lie_apart_as_cropped_masks_do(gap_mm: float, tmp_path: Path) -> None:
    small = Grid((12, 12, 12), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    other = Grid((12, 12, 12), (1.0, 1.0, 1.0), (12.0 + gap_mm, 0.0, 0.0))
    tumor = write(tmp_path / "t.nii.gz", ball((6.0, 6.0, 6.0), 4.0, grid=small), grid=small)
    zone = write(tmp_path / "a.nii.gz", ball((18.0 + gap_mm, 6.0, 6.0), 4.0, grid=other), grid=other)
    assert len(read_case(Request((str(tumor),), (str(zone),)), facts=UNTOLD).lesions) == 1
    image = write(tmp_path / "i.nii.gz", np.zeros(small.shape_kji, np.int16), grid=small)
    with pytest.raises(FieldsApart, match="do not meet"):
        read_case(Request((str(tumor),), (str(zone),), image=str(image)), facts=UNTOLD)


SAME = "the same mask"
SWAPPED = "swapped"


def told(isotherm: Command, *arguments: str | Path) -> tuple[str, str, str]:
    """Return what a terminal shows, the warnings and the flags."""
    ran = isotherm("margin", *arguments, *FAST)
    document = isotherm("margin", *arguments, *FAST, "--json", "-").document
    flags = [flag for lesion in document["lesions"] for flag in lesion["flags"]]
    return ran.out, " ".join(document["warnings"]), " ".join(flags)


def test_the_same_mask_as_tumor_and_as_ablation_is_measured_and_warned_of(
    isotherm: Command, files: tuple[str, ...], folder: Path, tmp_path: Path
) -> None:
    out, warnings, flags = told(isotherm, "--tumor", files[1], "--ablation", files[1])
    assert SAME in out
    assert SAME in warnings
    assert SWAPPED not in flags
    # Cropped, as shares, or both lesions of one label map: the same voxels are the same mask.
    tight = Grid((13, 13, 13), (1.0, 1.0, 1.0), (-6.0, -6.0, 114.0))
    cropped = write(tmp_path / "cropped.nii.gz", ball(MIDDLE, 5.0, grid=tight), grid=tight)
    shares = write(tmp_path / "shares.nii.gz", ball(MIDDLE, 5.0) * np.float32(0.9))
    for other in (cropped, shares):
        assert SAME in told(isotherm, "--tumor", files[1], "--ablation", other)[1]
    both = folder / "both.nii.gz"
    assert f"{SAME} (lesions 2, 7)" in told(isotherm, "--tumor", both, "--ablation", both)[1]


def test_a_zone_wholly_within_a_larger_tumor_is_measured_and_flagged_as_perhaps_swapped(
    isotherm: Command, files: tuple[str, ...]
) -> None:
    out, warnings, flags = told(isotherm, "--tumor", files[3], "--ablation", files[1])
    assert SWAPPED in out
    assert SWAPPED in flags
    assert SAME not in warnings
    assert "measured" in out


def test_a_tumor_that_was_ablated_or_missed_in_part_is_not_taken_for_a_mix_up(
    isotherm: Command, files: tuple[str, ...], folder: Path, tmp_path: Path
) -> None:
    beside = write(tmp_path / "beside.nii.gz", ball((0.0, 0.0, 125.0), 5.0), of="ablation")
    empty = write(tmp_path / "empty.nii.gz", np.zeros(GRID.shape_kji, bool), of="ablation")
    for tumor, zone in ((files[1], files[3]), (files[1], beside), (files[1], empty),
                        (folder / "both.nii.gz", folder / "zone-left.nii.gz")):  # fmt: skip
        out, warnings, flags = told(isotherm, "--tumor", tumor, "--ablation", zone)
        assert SAME not in out + warnings
        assert SWAPPED not in out + flags


def test_a_zone_that_was_drawn_around_the_tumor_or_has_a_hole_in_it_is_flagged(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path
) -> None:
    zone, tumor, core = ball(MIDDLE, 10.0), ball(MIDDLE, 5.0), ball(MIDDLE, 2.0)
    ring = write(tmp_path / "ring.nii.gz", zone & ~tumor, of="ablation")
    open_ring = write(tmp_path / "open.nii.gz", zone & ~tumor & (np.indices(zone.shape)[0] < 23), of="ablation")
    hole = write(tmp_path / "hole.nii.gz", zone & ~core, of="ablation")
    voxel_ml = 0.001
    for path, left_out in ((ring, tumor), (hole, core), (open_ring, tumor)):
        _, _, flags = told(isotherm, *files[:2], "--ablation", path)
        assert f"leaves out {left_out.sum() * voxel_ml:.2f} mL of the tumor's inside" in flags
    assert "leaves out" not in told(isotherm, *files)[2]


def test_one_lesion_given_twice_is_warned_of_since_it_would_count_twice(
    isotherm: Command, files: tuple[str, ...]
) -> None:
    _, warnings, _ = told(isotherm, *files, "--tumor", files[1])
    assert "Lesions 1 and 2 are the same mask" in warnings


def test_an_organ_that_holds_nothing_and_a_tumor_that_holds_everything_are_refused(
    files: tuple[str, ...], tmp_path: Path
) -> None:
    empty = write(tmp_path / "empty.nii.gz", np.zeros(GRID.shape_kji, bool))
    whole = write(tmp_path / "whole.nii.gz", np.ones(GRID.shape_kji, bool))
    faint = write(tmp_path / "faint.nii.gz", ball(MIDDLE, 5.0) * np.float32(0.3))
    for request, error in (
        (Request((str(empty),), (files[3],)), EmptyMask),
        (Request((str(faint),), (files[3],)), EmptyMask),
        (Request((files[1],), (files[3],), organ=str(empty)), EmptyMask),
        (Request((str(whole),), (files[3],)), ImplausibleMask),
        (Request((), (files[3],)), EmptyMask),
        (Request((files[1],), ()), EmptyMask),
        (Request((files[1],), (files[3],), organ=files[1]), ImplausibleMask),
    ):
        with pytest.raises(error):
            read_case(request, facts=UNTOLD)
