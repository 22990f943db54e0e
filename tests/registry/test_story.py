"""The whole story on the command line: a center's tables, a measured case, REDCap, another database, a study, a report.

What one database says, the other says as well: the registry in SQLite, and the one in PostgreSQL into which REDCap's
export of it was imported.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from isotherm.app.cli import main
from isotherm.app.study_simulate import simulate_study
from tests.app.course_on_disk import write_folder
from tests.app.registered_once import registered_once, shared_folder
from tests.app.web.serving import AS_USERS_DO
from tests.registry.postgresql import PostgreSQL

STUDY = Path(__file__).with_name("story.toml")

PROGRAM = ("-c", "import sys; from isotherm.app.cli import main; sys.exit(main())")

OF_THE_SOURCE = ("data.registry", "data.source", "protocol.hash", "protocol.file_hash")
"""Records of a result that say where its table comes from."""


@dataclass(frozen=True)
class Story:
    """What somebody has who has lived it: the folder, and what each command returned."""

    home: Path
    codes: dict[str, int]

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.home / name, dtype=str)

    def result(self, name: str) -> dict[str, Any]:
        return json.loads((self.home / name / "result.json").read_text(encoding="utf-8"))


def steps(postgresql: str) -> dict[str, list[str]]:
    """Return what is typed, by what it is for."""
    return {
        "a registry": ["registry", "init", "center.registry", "--simulated"],
        "the center's tables": ["registry", "import", "center.registry", "center/synthetic_patients.csv",
                                "--mapping", "center/mapping.toml", "--by", "registry manager"],
        "a measured case": ["case", "P17", "--registry", "center.registry", "--out", "board", "--by", "coordinator",
                            "--samples", "200", "--quiet"],
        "by a person": ["registry", "set", "center.registry", "P17", "patient", "center_id=center-1",
                        "--why", "the images do not tell it"],
        "to REDCap": ["registry", "export", "center.registry", "--out", "redcap.csv", "--as", "redcap"],
        "another database": ["registry", "init", postgresql, "--simulated"],
        "from REDCap": ["registry", "import", postgresql, "redcap.csv", "--redcap", "--by", "registry manager"],
        "patients": ["registry", "cohort", "center.registry", "--out", "patients.csv"],
        "patients there": ["registry", "cohort", postgresql, "--out", "patients-there.csv"],
        "tumors": ["registry", "cohort", "center.registry", "--per", "tumor", "--out", "tumors.csv"],
        "tumors there": ["registry", "cohort", postgresql, "--per", "tumor", "--out", "tumors-there.csv"],
        "all is whole": ["registry", "verify", "center.registry"],
        "all is whole there": ["registry", "verify", postgresql],
        "the study": ["study", "run", "study.toml", "--out", "results", "--quiet"],
        "the study there": ["study", "run", "study-there.toml", "--out", "results-there", "--quiet"],
    }  # fmt: skip


@pytest.fixture(scope="module")
def story(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Story:
    home, there = tmp_path_factory.mktemp("story"), postgresql.url(postgresql.empty_database())
    simulate_study("ajr-2022", str(home / "center"), seed=1, patients=300, truth_patients=300)
    write_folder(home / "P17")
    shutil.copy(STUDY, home / "study.toml")
    text = STUDY.read_text(encoding="utf-8").replace("registry:center.registry", f"registry:{there}")
    (home / "study-there.toml").write_text(text, encoding="utf-8")
    with contextlib.chdir(home), registered_once(shared_folder(tmp_path_factory)):
        return Story(home, {name: typed(words) for name, words in steps(there).items()})


def typed(words: list[str]) -> int:
    """Return what a command returns; a study runs in a process of its own, compiled as it is for everybody."""
    if words[:2] != ["study", "run"]:
        return main(words)
    return subprocess.run([sys.executable, *PROGRAM, *words], env=os.environ | AS_USERS_DO, check=False).returncode


def test_each_step_succeeds(story: Story) -> None:
    assert story.codes == dict.fromkeys(story.codes, 0)


def test_the_simulated_center_survives_as_it_was_simulated(story: Story) -> None:
    made = pd.read_csv(story.home / "center" / "synthetic_patients.csv").set_index("patient")
    found = story.table("patients.csv").set_index("patient_id").drop(index="P17")
    assert list(found.index) == list(made.index)
    days = (pd.to_datetime(made["last_seen_on"]) - pd.to_datetime(made["decided_on"])).dt.days
    assert found["os_days"].astype(float).tolist() == days.tolist()
    assert found["os_event"].astype(float).tolist() == made["died"].tolist()
    score = found["tumor_burden_score"].astype(float)
    assert (score - made["tumor_burden_score"]).abs().max() < 0.0051  # the table rounds it


def test_the_measured_margin_is_a_column_of_the_cohort(story: Story) -> None:
    (margin,) = json.loads((story.home / "board" / "board.json").read_text(encoding="utf-8"))["margins"]
    (found,) = story.table("tumors.csv").query("patient_id == 'P17'").to_dict("records")
    assert float(found["minimal_margin_mm"]) == margin["minimal_margin_mm"]
    assert float(found["margin_low_mm"]) == margin["interval_mm"]["low"]
    assert float(found["margin_after_days"]) == 1.0


def test_both_databases_hold_the_same_cohorts(story: Story) -> None:
    for one in ("patients", "tumors"):
        pd.testing.assert_frame_equal(story.table(f"{one}.csv"), story.table(f"{one}-there.csv"))


def test_both_databases_give_the_same_study(story: Story) -> None:
    here, there = story.result("results")["results"], story.result("results-there")["results"]
    assert len(here) > 100
    assert {name for name in here if here[name] != there.get(name)} <= set(OF_THE_SOURCE)
    assert here.keys() == there.keys()
    assert (story.home / "results" / "report.html").stat().st_size > 100_000
    assert (story.home / "results" / "report.docx").is_file()
