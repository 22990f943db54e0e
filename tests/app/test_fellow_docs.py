"""docs/fellow.md, run as it stands: margins, registry, cohort, study, document."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from isotherm.app.cli import main
from tests.app.on_disk import FAST, GRID, ROOT, ball, write

PAGE = (ROOT / "docs" / "fellow.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"`([\w.-]+)`\n\n```(?:csv|toml)\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = [line[2:] for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
BATCH, DRY_RUN, COHORT, FLOW = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)

ZONES_MM = {"P001": 11, "P002": 12, "P003": 8, "P004": 10, "P005": 8, "P007": 6, "P008": 11}
"""Radius of each zone around a tumor of 5 mm, 1 mm off its middle; P006 has none."""


@dataclass(frozen=True)
class Walked:
    """What somebody has who has typed every command of the page: the folder, exit codes and what was printed."""

    home: Path
    codes: dict[str, int]
    told: dict[str, str]

    def of(self, words: str) -> str:
        return next(told for command, told in self.told.items() if words in command)


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    home = tmp_path_factory.mktemp("fellow")
    whole = np.zeros(GRID.shape_kji, dtype=bool)
    whole[2:-2, 2:-2, 2:-2] = True
    for patient in ("P001", "P002", "P003", "P004", "P005", "P006", "P007", "P008"):
        (home / patient).mkdir()
        write(home / patient / "tumor.nii.gz", ball((0.0, 0.0, 120.0), 5.0))
        write(home / patient / "liver.nii.gz", whole)
        if patient in ZONES_MM:
            write(home / patient / "zone.nii.gz", ball((0.0, 0.0, 121.0), float(ZONES_MM[patient])))
    for name, text in FILES.items():
        (home / name).write_text(text, encoding="utf-8")
    found = Walked(home, {}, {})
    with contextlib.chdir(home):
        for command in COMMANDS:
            words, out = shlex.split(command)[1:], io.StringIO()
            with contextlib.redirect_stdout(out):
                found.codes[command] = main([*words, *(FAST if words[0] == "batch" else ())])
            found.told[command] = out.getvalue()
    return found


def test_each_command_succeeds_and_the_case_without_a_zone_is_told(walked: Walked) -> None:
    assert walked.codes == dict.fromkeys(COMMANDS, 0) | {COMMANDS[0]: 3}
    assert len(COMMANDS) == 8


def test_what_the_page_shows_is_what_is_printed(walked: Walked) -> None:
    assert walked.of("isotherm batch") == BATCH
    assert walked.of("--dry-run") == DRY_RUN
    assert FLOW in walked.of("study flow")


def test_the_cohort_is_the_one_of_the_page(walked: Walked) -> None:
    names = COHORT.split("\n", 1)[0].split()
    table = pd.read_csv(walked.home / "tumors.csv", dtype=str)
    assert table[names].to_string(index=False) + "\n" == COHORT
    assert len(pd.read_csv(walked.home / "problems.csv")) == 0


def test_the_study_leaves_the_report_and_the_manuscript(walked: Walked) -> None:
    assert {path.name for path in (walked.home / "study").iterdir()} >= {"report.html", "report.docx", "result.json"}
    assert "rest on few patients" in walked.of("study run")
    assert "No planned design is barred." in walked.of("study check")
