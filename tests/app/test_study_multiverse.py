"""`isotherm study multiverse`: numbers, figure, a protocol for each point, and a terminal that picks no best one."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
from jsonschema import Draft202012Validator

from isotherm.app.study_figures_multiverse import SpecPoint, specification_curve
from isotherm.exchange.protocol_files import read_protocol
from isotherm.exchange.protocol_text import protocol_text
from isotherm.study.protocol_multiverse import Multiverse
from tests.app.on_disk import Command
from tests.study.cohorts import PAIRS, people, study
from tests.study.registry import CLONES, COURSE, registry, timing

SCHEMA = Draft202012Validator(
    json.loads((resources.files("isotherm.app") / "schemas" / "study-multiverse-1.schema.json").read_text())
)
GRID = Multiverse(calipers=(None, 0.2), ratios=(1,), orders=("largest",), weights=("overlap",))


def written(folder: Path) -> Path:
    people(60).to_csv(folder / "cohort.csv", index=False)
    file = folder / "study.toml"
    file.write_text(
        protocol_text(study(multiverse=GRID, methods=PAIRS, outcomes=study().outcomes[:1])), encoding="utf-8"
    )
    return file


def test_a_grid_leaves_numbers_a_figure_and_a_protocol_for_each_point(isotherm: Command, tmp_path: Path) -> None:
    file, out = written(tmp_path), tmp_path / "out"
    ran = isotherm("study", "multiverse", file, "--out", out, "--quiet")
    assert ran.code == 0, ran.err
    assert "3 analyses, 0 without an estimate, 0 barred as an answer" in ran.out
    assert "the best of them has no p value of its own" in ran.out
    document = json.loads((out / "multiverse.json").read_text(encoding="utf-8"))
    SCHEMA.validate(document)
    for part in ("estimate", "hash", "why"):
        wrong = json.loads(json.dumps(document))
        wrong["points"][0][part] = None
        assert not SCHEMA.is_valid(wrong), part
    assert document["measure"] == "hazard ratio"
    for one in document["points"]:
        protocol = read_protocol(out / one["file"])
        assert protocol.hash == one["hash"]
        assert protocol.multiverse is None
    with (out / "multiverse.csv").open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    assert [row["number"] for row in rows] == ["1", "2", "3"]
    assert rows[0]["protocol"] == document["points"][0]["hash"]
    assert (out / "multiverse.svg").read_bytes().startswith(b"<?xml")


def test_a_grid_of_barred_analyses_alone_has_no_median_and_says_so(isotherm: Command, tmp_path: Path) -> None:
    course = replace(COURSE, horizon_days=20_000.0, endpoints=("overall survival",))
    protocol = timing(multiverse=replace(GRID, calipers=(), ratios=(), weights=()), course=course, designs=(CLONES,))
    registry(60).to_csv(tmp_path / "registry.csv", index=False)
    (tmp_path / "study.toml").write_text(protocol_text(protocol), encoding="utf-8")
    ran = isotherm("study", "multiverse", tmp_path / "study.toml", "--out", tmp_path / "out", "--quiet")
    assert ran.code == 0, ran.err
    assert "1 analysis, 1 without an estimate" in ran.out
    assert not (tmp_path / "out" / "multiverse.svg").exists()
    SCHEMA.validate(json.loads((tmp_path / "out" / "multiverse.json").read_text(encoding="utf-8")))


def test_mistakes_end_with_2_and_one_sentence(isotherm: Command, tmp_path: Path) -> None:
    file = written(tmp_path)
    assert isotherm("study", "multiverse", file, "--out", tmp_path / "out", "--workers", "0").code == 2
    file.write_text(protocol_text(study()), encoding="utf-8")
    ran = isotherm("study", "multiverse", file, "--out", tmp_path / "out", "--quiet")
    assert (ran.code, len(ran.err.strip().splitlines())) == (2, 1)
    assert "give a [multiverse]" in ran.err


def test_the_curve_rises_and_names_its_ends() -> None:
    random = np.random.default_rng(1)
    points = [
        SpecPoint(number=k + 1, estimate=float(one), low=float(one) * 0.7, high=float(one) * 1.4,
                  choices=(("design", "matching"), ("caliper", f"{k % 4}")), main=k == 3, barred=k % 5 == 0)
        for k, one in enumerate(np.exp(random.normal(0.0, 0.2, 60)))
    ]  # fmt: skip
    drawing = specification_curve(points, measure="hazard ratio", ratio=True, level="95 %")
    least, most = min(points, key=lambda one: one.estimate), max(points, key=lambda one: one.estimate)
    assert f"from {least.estimate:.3g} (number {least.number}) to {most.estimate:.3g}" in drawing.description
    few = specification_curve(
        [replace(one, low=-0.1, high=0.2, estimate=0.05) for one in points[:3]], measure="difference", ratio=False,
        level="95 %",
    )  # fmt: skip
    assert b"<svg" in few.svg
