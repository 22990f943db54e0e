"""The demo: one run on the bundled CT with simulated lesions, from files to report."""

from __future__ import annotations

import csv
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from isotherm.app import demo, study_tasks
from isotherm.app.cli import main
from isotherm.exchange.image_files import read_masks, read_volume
from isotherm.imaging.phantom_liver import SimulatedCase
from tests.app.bundled_study import without_bootstrap
from tests.app.on_disk import checked

MOST_BYTES = 15_000_000

STUDY = ("result.json", "report.html", "report.docx")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SimulatedCase]:
    """The folder of one run, and the case that was simulated in it."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    kept: list[SimulatedCase] = []
    real = demo.simulate_case

    def keeping(*arguments: Any, **others: Any) -> SimulatedCase:
        kept.append(real(*arguments, **others))
        return kept[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "simulate_case", keeping)
        patch.setattr(study_tasks, "run_study", without_bootstrap)
        assert main(["demo", "--out", str(folder), "--quiet"]) == 0
    return folder, kept[0]


@pytest.fixture(scope="module")
def document(shown: tuple[Path, SimulatedCase]) -> dict[str, Any]:
    return checked((shown[0] / "margin.json").read_text(encoding="utf-8"))


def test_all_that_is_simulated_is_called_so_and_nothing_else(document: dict[str, Any]) -> None:
    real = {one["role"] for one in document["inputs"] if not one["simulated"]}
    assert real == {"organ", *demo.STRUCTURES}
    assert {one["role"] for one in document["inputs"] if one["simulated"]} == set(demo.SIMULATED)


def test_its_files_say_so_themselves_so_that_they_are_known_when_they_come_again(
    shown: tuple[Path, SimulatedCase],
) -> None:
    home = shown[0] / "inputs"
    simulated = {path.name: (read_volume(path) if path.name.startswith("image") else read_masks(path, of="vessel")[0])
                 .simulated for path in sorted(home.glob("*.nii.gz"))}  # fmt: skip
    assert simulated == {"ablations.nii.gz": True, "image_after.nii.gz": True, "image_before.nii.gz": True,
                         "liver.nii.gz": False, "tumors.nii.gz": True, "vessels.nii.gz": True}  # fmt: skip


def test_every_margin_is_the_one_that_was_built_in(shown: tuple[Path, SimulatedCase], document: dict[str, Any]) -> None:
    for lesion, truth in zip(document["lesions"], shown[1].lesions, strict=True):
        assert lesion["label"] == str(truth.label)
        assert lesion["status"] == "measured"
        assert lesion["minimal_margin_mm"] == pytest.approx(truth.minimal_margin_mm, abs=0.5)
        assert lesion["interval_mm"]["low"] <= truth.minimal_margin_mm <= lesion["interval_mm"]["high"]


def test_the_four_lesions_show_what_they_were_made_for(document: dict[str, Any]) -> None:
    deep, subcapsular, bridged, missed = document["lesions"]
    assert deep["surface_fraction"]["0_to_5_mm"] == 0.0
    assert deep["minimal_margin_mm"] == deep["minimal_margin_unrestricted_mm"]
    assert subcapsular["capsule"]["limited_fraction"] > 0.05
    assert subcapsular["minimal_margin_mm"] > subcapsular["minimal_margin_unrestricted_mm"] + 1.0
    assert any(branch["bridging"] for branch in bridged["vessels"])
    assert bridged["minimal_margin_lumen_neutral_mm"] >= bridged["minimal_margin_mm"]
    assert missed["residual_volume_ml"] > 0.1
    assert missed["surface_fraction"]["below_0_mm"] > 0.05
    assert document["tumor_burden_score"]["n_lesions"] == 4


def test_the_report_is_one_offline_file_that_can_be_sent(shown: tuple[Path, SimulatedCase]) -> None:
    report = shown[0] / "report.html"
    assert report.stat().st_size <= MOST_BYTES
    text = report.read_text(encoding="utf-8")
    assert "simulated" in text
    assert 'src="http' not in text
    assert '<link rel="stylesheet"' not in text


def test_no_result_holds_a_folder_of_the_machine(shown: tuple[Path, SimulatedCase]) -> None:
    with resources.as_file(resources.files("isotherm.app") / "data") as data:
        places = (str(shown[0]), str(data), str(Path.home()) + "/", "image_after.nii.gz")
    for name in ("report.html", "margin.json", "margins.csv", "inputs/SIMULATED.txt"):
        text = (shown[0] / name).read_text(encoding="utf-8")
        assert not any(place in text for place in places), name


def test_the_inputs_lie_beside_the_results_and_say_that_they_are_simulated(
    shown: tuple[Path, SimulatedCase],
) -> None:
    folder = shown[0] / "inputs"
    assert {path.name for path in folder.iterdir()} == {
        "SIMULATED.txt", "ablations.nii.gz", "image_after.nii.gz", "image_before.nii.gz", "liver.nii.gz",
        "tumors.nii.gz", "vessels.nii.gz",
    }  # fmt: skip
    assert "simulated" in (folder / "SIMULATED.txt").read_text(encoding="utf-8")


def test_the_table_has_a_row_for_each_lesion(shown: tuple[Path, SimulatedCase]) -> None:
    with (shown[0] / "margins.csv").open(newline="", encoding="utf-8") as file:
        assert [row["lesion"] for row in csv.DictReader(file)] == ["1", "2", "3", "4"]


def test_the_demo_ends_with_both_reports(shown: tuple[Path, SimulatedCase]) -> None:
    assert (shown[0] / "report.html").is_file()
    assert all((shown[0] / "study" / name).is_file() for name in STUDY)
