"""`isotherm study simulate`: tables, truth and protocol, all labelled, and the same bytes from the same seed."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from isotherm.app.study_simulate import BUNDLED, TABLES, bundled, simulate_study
from isotherm.errors import BadSetting, InputError, OutputError, UnreadableFile
from isotherm.exchange.protocol_files import read_protocol
from isotherm.exchange.tables_in import read_records, read_table
from isotherm.study.cohort import cohort
from isotherm.study.guard.audit import findings_of
from tests.app.on_disk import Command

SCHEMA = Draft202012Validator(
    json.loads((resources.files("isotherm.app") / "schemas" / "study-truth-1.schema.json").read_text(encoding="utf-8"))
)

FILES = [
    "mapping.toml",
    "protocol.toml",
    "synthetic_patients.csv",
    "synthetic_scans.csv",
    "synthetic_tumors.csv",
    "truth.json",
]


def few(scenario: str, out: Path, seed: int = 1) -> Path:
    return simulate_study(scenario, str(out), seed=seed, patients=200, truth_patients=300)


@pytest.mark.parametrize("name", BUNDLED)
def test_everything_is_written_and_labelled_and_fits_together(name: str, tmp_path: Path) -> None:
    folder = few(name, tmp_path / "out")
    assert sorted(path.name for path in folder.iterdir()) == FILES
    for file in FILES:
        assert "synthetic" in (folder / file).read_text(encoding="utf-8").lower()[:200], file
    for file in TABLES.values():
        assert (read_table(folder / file)["synthetic"] == "simulated, no patient").all()
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    SCHEMA.validate(truth)
    assert truth["patients"] == 200
    assert truth["scenario"]["name"] == name
    protocol = read_protocol(folder / "protocol.toml")
    made = cohort(protocol, read_records(protocol, folder))
    found = {one.key.split(".")[0] for one in findings_of(made)}
    assert {"arm_after_time_zero", "immortal_time", "look_alikes"} <= found


def test_one_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    one, other, third = few("ajr-2022", tmp_path / "a"), few("ajr-2022", tmp_path / "b"), tmp_path / "c"
    few("ajr-2022", third, seed=2)
    for file in FILES:
        assert (one / file).read_bytes() == (other / file).read_bytes()
    assert (one / FILES[2]).read_bytes() != (third / FILES[2]).read_bytes()


def test_a_scenario_of_ones_own_is_a_file_with_its_protocol_beside_it(tmp_path: Path) -> None:
    scenario, protocol = bundled("ajr-2022")
    text = Path(__file__).parents[2] / "src/isotherm/app/data/scenarios/ajr-2022/scenario.toml"
    (tmp_path / "mine.toml").write_text(text.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(UnreadableFile, match="protocol"):
        few(str(tmp_path / "mine.toml"), tmp_path / "out")
    (tmp_path / scenario.protocol).write_text(protocol, encoding="utf-8")
    folder = few(str(tmp_path / "mine.toml"), tmp_path / "out")
    assert (folder / "protocol.toml").read_text(encoding="utf-8") == protocol
    with pytest.raises(OutputError, match="came in"):
        few(str(tmp_path / "mine.toml"), tmp_path)


def test_what_cannot_be_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    for asked in ({"scenario": "ajr-2023"}, {"patients": 0}, {"seed": -1}, {"truth_patients": 0}):
        settings = {"scenario": "ajr-2022", "seed": 1, "patients": 50, "truth_patients": 100} | asked
        scenario = str(settings.pop("scenario"))
        with pytest.raises(BadSetting):
            simulate_study(scenario, str(tmp_path / "out"), **settings)  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError):
        few(str(tmp_path / "none.toml"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_command_says_where_the_tables_are_and_what_to_do_next(isotherm: Command, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = isotherm("study", "simulate", "--out", str(out), "--patients", "60", "--truth", "200", "--quiet")
    assert run.code == 0
    assert "Nothing in them was ever seen in a patient" in run.out
    assert f"isotherm study run {out}/protocol.toml" in run.out
    bad = isotherm("study", "simulate", "--out", str(out), "--scenario", "nowhere")
    assert bad.code == 2
    assert "No such scenario ships" in bad.err
