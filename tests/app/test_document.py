"""margin.json: statuses and numbers of the capsule fixtures through the whole command, each held to the schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from scipy.spatial.transform import Rotation

from isotherm.exchange.image_files import read_masks, write_mask
from isotherm.imaging.phantom import Sphere, rasterize
from isotherm.imaging.volume import Grid, Mask, Role
from tests.app.on_disk import FAST, GRID, MARGIN_MM, MIDDLE, SCHEMA_FILE, Command, ball, checked, small_case, write
from tests.imaging.capsule import fixture

TRUTH_MM = {"A": 8.0, "B": 0.0, "C": -4.0, "D": -8.4, "E": -2.0, "F": 6.0, "G": 3.14, "H": 8.0, "I": 8.0, "J": 8.0}


def measured(name: str, isotherm: Command, folder: Path, *more: str) -> dict[str, Any]:
    """Write a capsule fixture, measure it with the command, and return its lesion."""
    case = fixture(name)
    arguments: list[str] = []
    for role, mask in (("tumor", case.tumor), ("ablation", case.ablation), ("organ", case.organ)):
        write_mask(folder / f"{role}.nii.gz", mask)
        arguments += [f"--{role}", str(folder / f"{role}.nii.gz")]
    return isotherm("margin", *arguments, *FAST, "--json", "-", *more).lesion


def test_the_schema_is_a_schema_and_describes_every_key() -> None:
    told = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(told)
    left_open: list[str] = []

    def look(node: Any, where: str) -> None:
        if isinstance(node, dict):
            if "properties" in node and node.get("additionalProperties") is not False:
                left_open.append(where)
            for key, child in node.get("properties", {}).items():
                assert child.get("description"), f"{where}.{key} is not described"
                if {"number"} & {*np.atleast_1d(child.get("type", ""))} and re.search("_(mm|mm2|ml|cm)$", key):
                    unit = {"mm2": "mm2", "ml": "mL"}.get(key.rpartition("_")[2], key.rpartition("_")[2])
                    assert unit in child["description"], f"{where}.{key} does not say its unit"
            for key, child in node.items():
                look(child, f"{where}.{key}")
        elif isinstance(node, list):
            for child in node:
                look(child, where)

    look(told, "")
    assert left_open == []


@pytest.mark.parametrize("name", ["A", "B", "C", "E", "F", "G", "I", "J"])
def test_a_lesion_at_the_capsule_is_measured(name: str, isotherm: Command, tmp_path: Path) -> None:
    lesion = measured(name, isotherm, tmp_path)
    assert lesion["status"] == "measured"
    assert lesion["minimal_margin_mm"] == pytest.approx(TRUTH_MM[name], abs=0.6 if name == "I" else 0.3)
    assert lesion["assessable_fraction"] == 1.0
    assert lesion["interval_mm"]["low"] <= lesion["minimal_margin_mm"] <= lesion["interval_mm"]["high"]
    chances = [lesion["probability"][key] for key in ("below_0_mm", "at_most_3_mm", "below_5_mm", "below_10_mm")]
    assert chances == sorted(chances)
    shares = lesion["surface_fraction"]
    assert sum(shares.values()) - shares["at_most_3_mm"] == pytest.approx(1.0, abs=0.001)
    assert list(lesion["shell_coverage"]) == [str(k) for k in range(1, 11)]


def test_a_lesion_that_its_zone_misses_is_not_ablated_and_all_of_it_is_left(isotherm: Command, tmp_path: Path) -> None:
    lesion = measured("D", isotherm, tmp_path)
    assert lesion["status"] == "not_ablated"
    assert lesion["minimal_margin_mm"] == pytest.approx(-8.4, abs=0.3)
    assert lesion["residual_volume_ml"] == pytest.approx(lesion["tumor_volume_ml"], rel=0.02)
    assert any("does not reach" in reason for reason in lesion["reasons"])


def test_where_an_image_ends_the_margin_is_bounded_and_the_face_bound_is_told(
    isotherm: Command, tmp_path: Path
) -> None:
    lesion = measured("H", isotherm, tmp_path)
    assert lesion["status"] == "bounded"
    assert lesion["minimal_margin_mm"] == pytest.approx(8.0, abs=0.3)
    assert 0.3 < lesion["assessable_fraction"] < 0.7
    assert lesion["interval_mm"] is None
    assert lesion["probability"] is None
    face = next(re.search(r"([\d.]+) mm \(the image's face\)", reason) for reason in lesion["reasons"])
    assert face is not None
    assert float(face[1]) == pytest.approx(0.5, abs=0.3)


WIDE = Grid((48, 48, 48), (2.0, 2.0, 2.0), (-47.0, -47.0, 73.0))
"""A grid in which a zone can end farther from a tumor than untreated tissue is looked for."""


def wide_case(folder: Path, *, zone: np.ndarray) -> tuple[str, ...]:
    tumor = write(folder / "tumor.nii.gz", ball((0.0, 0.0, 120.0), 9.0, grid=WIDE), grid=WIDE)
    ablation = write(folder / "ablation.nii.gz", zone, grid=WIDE)
    return ("--tumor", str(tumor), "--ablation", str(ablation))


def test_a_margin_beyond_the_reach_is_at_least_this_wherever_people_read_it(isotherm: Command, tmp_path: Path) -> None:
    files = wide_case(tmp_path, zone=ball((0.0, 0.0, 120.0), 40.0, grid=WIDE))
    ran = isotherm("margin", *files, *FAST, "--json", tmp_path / "x.json", "--out", tmp_path / "out")
    (lesion,) = checked((tmp_path / "x.json").read_text(encoding="utf-8"))["lesions"]
    assert (lesion["status"], lesion["minimal_margin_mm"]) == ("measured", 25.0)
    assert any("at least" in reason for reason in lesion["reasons"])
    # Every point is as far: none of them is the thinnest.
    assert (lesion["thinnest_point_lps_mm"], lesion["thinnest_direction"]) == (None, None)
    row = ran.out.splitlines()[2]
    assert re.match(r"1 +>= 25\.0 +>= 25\.0 +< 1 % +- ", row), row
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8").replace("\u00a0", " ")
    assert "<strong>at least 25.0 mm</strong>" in page
    assert "<b>≥ 25.0 mm</b>" in page
    # As a number without "at least", it is only said of distances that were measured beyond the reach.
    assert not re.search(
        r"(?<!least )(?<!≥ )(?<!within )(?<!\d)25(\.0)? mm", re.sub(r"<script.*?</script>", "", page, flags=re.S)
    )


def test_a_margin_beyond_the_reach_near_an_images_face_has_no_bound_at_all(isotherm: Command, tmp_path: Path) -> None:
    # The zone fills the image but for a corner far away; the tumor lies 6 mm from the image's face.
    zone = np.ones(WIDE.shape_kji, bool)
    zone[:2, :2, :2] = False
    files = wide_case(tmp_path, zone=zone)
    write(tmp_path / "tumor.nii.gz", ball((0.0, 0.0, 90.0), 12.0, grid=WIDE), grid=WIDE)
    image = write(tmp_path / "image.nii.gz", np.zeros(WIDE.shape_kji, np.int16), grid=WIDE)
    lesion = isotherm("margin", *files, "--image", image, *FAST, "--json", "-").lesion
    assert lesion["status"] == "not_assessable"
    assert lesion["minimal_margin_mm"] is None
    assert "no upper bound" in lesion["reasons"][0]
    assert "at most" not in " ".join(lesion["reasons"])


def test_an_empty_ablation_is_a_result_without_a_number(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path
) -> None:
    empty = write(tmp_path / "empty.nii.gz", np.zeros(GRID.shape_kji, bool))
    bowel = write(tmp_path / "bowel.nii.gz", ball((15.0, 0.0, 120.0), 3.0))
    ran = isotherm("margin", *files[:2], "--ablation", empty, *files[4:], "--structure", f"bowel={bowel}",
                   "--vessels", empty, *FAST, "--json", "-")  # fmt: skip
    assert ran.code == 0
    lesion = ran.lesion
    assert lesion["status"] == "not_ablated"
    nulls = [key for key, value in lesion.items() if value is None]
    assert {"minimal_margin_mm", "minimal_margin_unrestricted_mm", "minimal_margin_qam_mm", "interval_mm",
            "probability", "thinnest_point_lps_mm"} <= set(nulls)  # fmt: skip
    assert set(lesion["percentiles_mm"].values()) == {None}
    assert lesion["residual_volume_ml"] == lesion["tumor_volume_ml"] > 0.4
    assert lesion["ablation_volume_ml"] == 0.0
    assert lesion["structures_mm"]["bowel"] == {"from_tumor_mm": pytest.approx(7.0, abs=0.4), "from_ablation_mm": None}
    assert lesion["reasons"]


def test_hundreds_of_specks_are_counted_and_only_the_largest_are_listed(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path
) -> None:
    tumor = ball(MIDDLE, 5.0)
    specks = np.zeros_like(tumor)
    specks[2:-2:4, 2:-2:4, 2:-2:4] = True
    path = write(tmp_path / "specks.nii.gz", tumor | specks)
    lesion = isotherm("margin", "--tumor", path, *files[2:4], *FAST, "--json", "-").lesion
    (flag,) = (flag for flag in lesion["flags"] if flag.startswith("tumor of "))
    volumes = lesion["tumor"]["component_volumes_ml"]
    assert len(volumes) == lesion["tumor"]["components"] > 700
    assert flag.startswith(f"tumor of {len(volumes)} parts: 0.51 mL, < 0.01 mL, ")
    rest = re.search(rf" and {len(volumes) - 5} more of ([0-9.]+) mL together$", flag)
    assert rest is not None
    assert float(rest[1]) == pytest.approx(lesion["tumor_volume_ml"] - volumes[0], abs=0.01)
    assert flag.count(",") == 4
    two = write(tmp_path / "two.nii.gz", tumor | ball((15.0, 0.0, 120.0), 2.5))
    lesion = isotherm("margin", "--tumor", two, *files[2:4], *FAST, "--json", "-").lesion
    assert "tumor of 2 parts: 0.53 mL, 0.08 mL" in lesion["flags"]


def test_without_an_organ_both_margins_are_equal_and_the_result_says_so(
    isotherm: Command, files: tuple[str, ...]
) -> None:
    lesion = isotherm("margin", *files[:4], *FAST, "--json", "-").lesion
    assert lesion["minimal_margin_mm"] == lesion["minimal_margin_unrestricted_mm"]
    assert lesion["capsule"] is None
    assert any("no organ" in reason for reason in lesion["reasons"])


def test_settings_and_facts_travel_with_the_result(isotherm: Command, files: tuple[str, ...]) -> None:
    told = ("--registration-error-mm", "1.1", "--organ-name", "lung", "--target-margin-mm", "7", "--seed", "3")
    facts = ("--reader", "two readers", "--modality", "MWA", "--days-after-ablation", "30", "--drawn-boundary", "rim")
    document = isotherm("margin", *files, *FAST, "--json", "-", *told, *facts).document
    settings = document["settings"]
    assert (settings["registration_error_mm"], settings["registration_error_source"]) == (1.1, "given")
    assert (settings["target_margin_mm"], settings["seed"], settings["samples"]) == (7.0, 3, 100)
    (lesion,) = document["lesions"]
    flags = " ".join(lesion["flags"])
    assert all(word in flags for word in ("two readers", "MWA", "30", "rim"))
    assert lesion["tumor"]["superficial"] is None


def test_an_assumed_registration_error_is_named_with_its_source(isotherm: Command, files: tuple[str, ...]) -> None:
    document = isotherm("margin", *files, *FAST, "--json", "-").document
    assert document["settings"]["registration_error_mm"] == 1.62
    assert "PMID 35246412" in document["settings"]["registration_error_source"]
    assert any("1.62 mm" in warning for warning in document["warnings"])


def test_inputs_are_told_without_the_names_of_files(isotherm: Command, files: tuple[str, ...]) -> None:
    ran = isotherm("margin", *files, *FAST, "--json", "-")
    assert [one["role"] for one in ran.document["inputs"]] == ["tumor", "ablation", "organ"]
    assert ran.document["inputs"][0]["volume_ml"] == pytest.approx(4 / 3 * np.pi * 0.125, rel=0.03)
    assert ".nii" not in ran.out


def test_a_header_that_turns_all_files_alike_changes_no_number(isotherm: Command, tmp_path: Path) -> None:
    turn = Rotation.from_euler("xyz", [25, -40, 70], degrees=True).as_matrix()
    shift = np.array([120.0, -80.0, -300.0])
    straight = small_case(tmp_path / "straight")
    turned: list[str] = []
    for option, path in zip(straight[::2], straight[1::2], strict=True):
        mask = read_masks(path, of="organ")[0].mask
        origin = turn @ np.array(mask.grid.origin_lps_mm) + shift
        grid = Grid(mask.grid.shape_kji, mask.grid.spacing_kji_mm, (origin[0], origin[1], origin[2]),
                    turn @ mask.grid.direction_lps)  # fmt: skip
        write_mask(tmp_path / Path(path).name, Mask(mask.voxels, grid, "organ"))
        turned += [option, str(tmp_path / Path(path).name)]
    before, after = (isotherm("margin", *a, *FAST, "--json", "-").lesion for a in (straight, turned))
    for key in ("minimal_margin_mm", "minimal_margin_unrestricted_mm", "minimal_margin_qam_mm"):
        assert after[key] == pytest.approx(before[key], abs=0.0101)  # two digits are written
    # The case is symmetric: several neighboring points share the smallest margin, and rounding chooses among them.
    assert after["thinnest_point_lps_mm"] == pytest.approx(
        (turn @ before["thinnest_point_lps_mm"] + shift).tolist(), abs=0.8
    )
    assert after["tumor"]["recist_mm"] == pytest.approx(before["tumor"]["recist_mm"], abs=0.11)


def test_probability_masks_are_measured_below_the_voxel(isotherm: Command, tmp_path: Path) -> None:
    arguments: list[str] = []
    balls: list[tuple[Role, tuple[float, float, float], float]] = [
        ("tumor", MIDDLE, 5.0),
        ("ablation", (0.0, 0.0, 122.0), 10.0),
    ]
    for role, center, radius in balls:
        mask = rasterize(Sphere(center, radius), GRID, of=role, supersample=5)
        write_mask(tmp_path / f"{role}.nii.gz", mask)
        arguments += [f"--{role}", str(tmp_path / f"{role}.nii.gz")]
    document = isotherm("margin", *arguments, *FAST, "--json", "-").document
    assert [one["probability"] for one in document["inputs"]] == [True, True]
    assert document["lesions"][0]["minimal_margin_mm"] == pytest.approx(MARGIN_MM, abs=0.1)


def test_an_image_that_cuts_the_lesion_is_flagged_and_never_widens_the_margin(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path
) -> None:
    grid = Grid((40, 40, 17), GRID.spacing_kji_mm, GRID.origin_lps_mm)
    image = write(tmp_path / "image.nii.gz", np.zeros(grid.shape_kji, np.int16), grid=grid)
    lesion = isotherm("margin", *files, "--image", image, *FAST, "--json", "-").lesion
    assert lesion["status"] in ("bounded", "not_assessable")
    assert lesion["assessable_fraction"] < 1.0
    assert any("field of view" in flag for flag in lesion["flags"])


def test_thick_slices_and_small_tumors_are_flagged(isotherm: Command, tmp_path: Path) -> None:
    grid = Grid((12, 40, 40), (5.0, 1.0, 1.0), (-20.0, -20.0, 92.0))
    tumor = write(tmp_path / "t.nii.gz", ball(MIDDLE, 5.0, grid=grid), grid=grid)
    zone = write(tmp_path / "a.nii.gz", ball(MIDDLE, 12.0, grid=grid), grid=grid)
    flags = " ".join(isotherm("margin", "--tumor", tumor, "--ablation", zone, *FAST, "--json", "-").lesion["flags"])
    assert "slices of 5.0 mm" in flags
    assert "too small for its grid" in flags


@pytest.mark.parametrize("voxels", [1, 2, 8])
def test_a_speck_of_a_tumor_is_named_and_never_lost(
    voxels: int, isotherm: Command, files: tuple[str, ...], tmp_path: Path
) -> None:
    speck = np.zeros(GRID.shape_kji, bool)
    size = {1: (1, 1, 1), 2: (1, 1, 2), 8: (2, 2, 2)}[voxels]
    speck[20 : 20 + size[0], 20 : 20 + size[1], 20 : 20 + size[2]] = True
    tumor = write(tmp_path / "speck.nii.gz", speck)
    lesion = isotherm("margin", "--tumor", tumor, *files[2:], *FAST, "--json", "-").lesion
    assert lesion["tumor_volume_ml"] > 0
    assert any("too small" in flag for flag in lesion["flags"])


def test_an_organ_far_from_the_tumor_never_makes_the_margin_larger(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path
) -> None:
    organ = np.zeros(GRID.shape_kji, bool)
    organ[2:-2, 2:-2, 32:-2] = True  # as where left and right were mixed up
    path = write(tmp_path / "organ.nii.gz", organ)
    ran = isotherm("margin", *files[:4], "--organ", path, *FAST, "--json", "-")
    if ran.code == 0:  # refusing is as good
        assert ran.lesion["minimal_margin_mm"] <= ran.lesion["minimal_margin_unrestricted_mm"] + 0.5
        assert any("outside of the organ" in flag for flag in ran.lesion["flags"])
