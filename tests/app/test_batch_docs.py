"""The walk-through of docs/batch.md: its list, its commands, and a study of its table."""

from __future__ import annotations

import contextlib
import csv
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from isotherm.app.cli import main
from isotherm.exchange.atomic import write_text
from tests.app.on_disk import FAST, ROOT, Command, Ran, ball, checked, small_case, write
from tests.app.scans_on_disk import MARGIN_MM, Folders

DOC = (ROOT / "docs" / "batch.md").read_text(encoding="utf-8")


def documented(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", DOC, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def followed(scans: Folders, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int]]:
    """What a fellow has who has typed every command of the page: the folder, and the exit codes."""
    home = tmp_path_factory.mktemp("followed")
    for name in ("P001", "P002"):
        small_case(home / name)
        (home / name / "organ.nii.gz").rename(home / name / "liver.nii.gz")
    (home / "P001" / "ablation.nii.gz").rename(home / "P001" / "zone.nii.gz")
    two = [((-8.0, 0.0, 120.0), 3.0), ((8.0, 0.0, 120.0), 3.0)]
    tumors = sum(n * ball(*one).astype("uint8") for n, one in enumerate(two, start=1))
    write(home / "P002" / "tumors.nii.gz", np.asarray(tumors))
    for n, (center, radius) in enumerate(two, start=1):
        write(home / "P002" / f"zone{n}.nii.gz", ball(center, radius + 4.0), of="ablation")
    (home / "P003").mkdir()
    (home / "P003" / "before").symlink_to(scans.before)
    (home / "P003" / "after").symlink_to(scans.after)
    write_text(home / "cases.csv", documented("")[0])
    commands = [shlex.split(line)[1:] for block in documented("sh") for line in block.splitlines()]
    with contextlib.chdir(home):
        return home, [main([*words, *(FAST if words[0] == "batch" else ())]) for words in commands]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_command_of_the_page_does_what_it_says(followed: tuple[Path, list[int]]) -> None:
    home, codes = followed
    assert codes == [0, 0, 0]
    rows = rows_of(home / "results/cases.csv")
    assert [(row["case"], row["kind"], row["status"], row["lesions"]) for row in rows] == [
        ("P001", "masks", "measured", "1"), ("P002", "masks", "measured", "2"), ("P003", "scans", "measured", "1"),
    ]  # fmt: skip
    for row in rows_of(home / "results/cases.csv"):
        assert (home / "results" / row["report"]).is_file()


def test_both_kinds_of_rows_are_measured_as_their_commands_measure_them(
    followed: tuple[Path, list[int]], isotherm: Command
) -> None:
    home, _ = followed
    table = {(row["patient"], row["lesion"]): row for row in rows_of(home / "results/margins.csv")}
    assert list(table) == [("P001", "S6"), ("P002", "S4a"), ("P002", "S8"), ("P003", "S7")]
    pair = table["P003", "S7"]
    assert (pair["session"], pair["modality"], pair["days_after_ablation"]) == ("first", "MWA", "0.0")
    assert float(pair["minimal_margin_mm"]) == pytest.approx(MARGIN_MM, abs=1.5)
    assert pair["registration"] in ("pass", "warn")
    assert float(pair["registration_error_mm"]) > 0
    masks = home / "P001"
    ran: Ran = isotherm(
        "margin", "--tumor", masks / "tumor.nii.gz", "--ablation", masks / "zone.nii.gz", "--organ",
        masks / "liver.nii.gz", "--registration-error-mm", "1.4", "--days-after-ablation", "1", "--modality", "MWA",
        "--json", "-", *FAST,
    )  # fmt: skip
    assert ran.document == checked((home / "results/cases/P001/margin.json").read_text(encoding="utf-8"))
    files = {path.name for path in (home / "results/cases/P003").iterdir()}
    assert {"margin.json", "registration.json", "report.html", "report.pdf", "dicom", "fingerprint.txt"} <= files


@pytest.mark.parametrize("named", [{"lesion": "S2"}, {}])
def test_the_study_engine_reads_the_table_with_a_row_for_each_lesion(
    named: dict[str, str], followed: tuple[Path, list[int]], isotherm: Command, tmp_path: Path
) -> None:
    home, _ = followed
    text = (home / "study.toml").read_text(encoding="utf-8")
    assert 'patient = "patient"' in text
    assert 'tumor = "lesion"' in text
    joined = pd.read_csv(home / "results/margins.csv")
    refused = dict.fromkeys(joined.columns) | {"case": "P004", "patient": "P004", "status": "refused", **named}
    joined = pd.concat([joined, pd.DataFrame([refused])])
    joined.insert(0, "arm", [0, 1, 1, 0, 1])
    joined.assign(progression=[0, 1, 0, 1, 0], time_days=[400, 90, 700, 200, 300]).to_csv(
        tmp_path / "joined.csv", index=False
    )
    assert isotherm("study", "init", tmp_path / "joined.csv", "--out", tmp_path / "study.toml").code == 0
    assert 'column = "arm"' in (tmp_path / "study.toml").read_text(encoding="utf-8")
    ran = isotherm("study", "flow", tmp_path / "study.toml")
    assert (ran.code, ran.err) == (0, "")
    assert re.search(r"Tumors in the table +4 +5 +2 +2\n", ran.out)


def test_the_commands_for_a_cluster_are_those_that_the_tests_of_the_cluster_run() -> None:
    (block,) = documented("console")
    assert re.findall(r"^(pip install|dask scheduler|dask worker|isotherm batch)", block, flags=re.MULTILINE) == [
        "pip install", "dask scheduler", "dask worker", "isotherm batch",
    ]  # fmt: skip
