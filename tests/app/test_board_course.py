"""Scans of half a year in the real CT: margins and zones come out within their intervals; docs/board.md is run."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from bench.follow_up import written
from isotherm.app.cli import main
from isotherm.app.demo_pair import anatomy
from isotherm.app.follow_up import laid_on, volume_on
from isotherm.app.settings import Settings
from isotherm.clinical.course import DrawnScan
from isotherm.imaging.phantom_course import CourseScan, simulate_course, true_inside_mm
from isotherm.imaging.volume import Mask
from isotherm.imaging.zone_volume import growth_of, share_of
from tests.app.course_on_disk import DAYS, Folder, write_folder
from tests.app.on_disk import ROOT

DOC = ROOT / "docs" / "board.md"
SCHEMA = ROOT / "src" / "isotherm" / "app" / "schemas" / "board-1.schema.json"
pytestmark = pytest.mark.usefixtures("once")

FAST = ("--samples", "200", "--quiet")


@dataclass(frozen=True)
class Walked:
    """What somebody has who has typed every command of docs/board.md."""

    home: Path
    folder: Folder
    codes: list[int]

    @property
    def document(self) -> dict[str, Any]:
        return json.loads((self.home / "board" / "board.json").read_text(encoding="utf-8"))


def documented() -> list[list[str]]:
    """Return the commands of docs/board.md, without the name of the program."""
    blocks = re.findall(r"^```sh\n(.*?)^```", DOC.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [shlex.split(line.removeprefix("isotherm ")) for line in lines]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    home = tmp_path_factory.mktemp("walked")
    folder = write_folder(home / "P17")
    with contextlib.chdir(home):
        codes = [
            main([*words, *(FAST if words[0] == "case" and "--init" not in words else ())]) for words in documented()
        ]
    return Walked(home, folder, codes)


def test_the_walk_of_the_documentation_works(walked: Walked) -> None:
    assert len(walked.codes) >= 4
    assert set(walked.codes) == {0}
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(walked.document)
    assert {one.name for one in (walked.home / "board").iterdir()} == {
        "board.html", "board.pdf", "board.json", "session-S1",
    }  # fmt: skip
    assert (walked.home / "board" / "session-S1" / "margin.json").is_file()


def test_the_margin_of_the_session_is_within_its_interval(walked: Walked) -> None:
    (margin,) = walked.document["margins"]
    made = walked.folder.made
    (zone,) = made.scans[0].parts
    tumor = made.before.parts[0].tissue
    points = zone.warp.back(tumor.triangles(4).corners_lps_mm.reshape(-1, 3))
    away = zone.triangles(5).distance_mm(points)
    truth = float(np.where(zone.inside(points), away, -away).min())
    assert margin["interval_mm"]["low"] <= truth <= margin["interval_mm"]["high"]
    assert (margin["lesion"], margin["days_after"], margin["modality"]) == ("1", 1, "MWA")


def test_the_nodule_is_suspected_where_it_grows_and_by_how_much(walked: Walked) -> None:
    (zone,) = walked.document["follow_up"]
    first, last = zone["scans"]
    growth = last["growth"]
    truth = true_inside_mm(walked.folder.made.scans[1], walked.folder.made.scans[0])
    assert growth["says"] == "suspected"
    assert growth["interval_mm"]["low"] <= truth <= growth["interval_mm"]["high"] < 0
    assert first["low_ml"] <= walked.folder.made.scans[0].volume_ml <= first["high_ml"]
    assert last["days"] == (DAYS["F2"] - date(2025, 1, 10)).days
    assert last["ml_per_month"] < 0


def test_the_margin_becomes_a_fact_of_its_day_that_criteria_are_asked_with(walked: Walked) -> None:
    facts = {(one["name"], one["lesion"]): one for one in walked.document["criteria"]["facts"]}
    margin = facts["minimal_margin_mm", "1"]
    assert (margin["on"], margin["origin"]) == ("2025-01-11", "image")
    assert facts["margin_scan", "1"]["value"] == "CT"
    assert facts["days_after_ablation", "1"]["value"] == 1


def test_from_the_registry_the_same_margin_and_volumes_come_back(walked: Walked) -> None:
    kept = json.loads((walked.home / "registry-board.json").read_text(encoding="utf-8"))
    (here,), (there,) = walked.document["margins"], kept["margins"]
    for key in ("lesion", "session", "scan", "status", "minimal_margin_mm", "days_after", "modality"):
        assert here[key] == there[key]
    assert [one["volume_ml"] for one in kept["follow_up"][0]["scans"]] == pytest.approx(
        [one["volume_ml"] for one in walked.document["follow_up"][0]["scans"]], abs=0.002
    )


def test_a_zone_that_only_shrinks_is_not_suspected_and_its_share_is_within_its_interval(tmp_path: Path) -> None:
    made = simulate_course(anatomy(), 7, shares=(1.0, 0.5))
    earlier, later = (written(one, tmp_path, name, day) for one, name, day in zip(
        made.scans, ("F1", "F2"), (DAYS["F1"], DAYS["F2"]), strict=True))  # fmt: skip
    (growth,) = laid_on(later, earlier, ["1"], Settings())
    assert growth.document is not None
    interval = growth.document["interval_mm"]
    assert interval["low"] <= true_inside_mm(made.scans[1], made.scans[0]) <= interval["high"]
    assert growth_of(interval["low"], interval["high"]) == "not seen"
    share = share_of(volume_on(later, "1", Settings()), volume_on(earlier, "1", Settings()))
    assert share is not None
    assert share.low <= made.scans[1].volume_ml / made.scans[0].volume_ml <= share.high


def test_a_zone_that_is_gone_is_told_without_registering(tmp_path: Path) -> None:
    made = simulate_course(anatomy(), 7, shares=(1.0, 0.5))
    first, second = made.scans
    gone = CourseScan(second.image, second.organ, Mask(np.zeros_like(second.zone.voxels), second.zone.grid, "ablation"),
                      second.parts)  # fmt: skip
    earlier = written(first, tmp_path, "F1", DAYS["F1"])
    later: DrawnScan = written(gone, tmp_path, "F2", DAYS["F2"])
    (growth,) = laid_on(later, earlier, ["1"], Settings())
    assert (growth.document, growth.reason) == (None, "nothing is drawn of the zone any more")
    assert volume_on(later, "1", Settings()).volume_ml == 0.0
