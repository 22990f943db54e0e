"""`isotherm study readers`: features of readers beside an outcome, from a table on disk to terminal, JSON and CSV."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.app.on_disk import Command, Ran

PAPER = {"margin": (11, 15), "vessel": (11, 9), "enhancement": (10, 25)}
"""Tumors with each sign among 14 that progressed and 40 that did not (AJR 2014;203:W181)."""


def cryoablation(patients: int = 39) -> pd.DataFrame:
    """Return 54 tumors with the margins of the paper's tables; which tumor lies in which patient is made up."""
    rows = {"tumor": range(1, 55), "patient": [1 + k % patients for k in range(54)], "ltp": [1] * 14 + [0] * 40}
    signs = {name: [1] * a + [0] * (14 - a) + [1] * b + [0] * (40 - b) for name, (a, b) in PAPER.items()}
    return pd.DataFrame(rows | signs)


def two_readers() -> pd.DataFrame:
    """Return the same tumors read twice; the second reader differs in some and could not assess five."""
    first = cryoablation().assign(reader="A", margin_mm=lambda d: 5.0 - 3.0 * d.margin + 0.25 * (d.tumor % 5))
    second = first.assign(reader="B", vessel=first.vessel.where(first.tumor % 7 != 0, 1 - first.vessel))
    second["margin_mm"] = (second.margin_mm + 0.5 * (second.tumor % 3 - 1)).where(second.tumor % 11 != 0)
    second["quality"], first["quality"] = ["poor", "fair", "good"] * 18, ["poor", "good", "good"] * 18
    return pd.concat([first, second], ignore_index=True)


def run(isotherm: Command, folder: Path, table: pd.DataFrame, *options: str) -> Ran:
    table.to_csv(folder / "table.csv", index=False)
    return isotherm("study", "readers", folder / "table.csv", *options)


def records(folder: Path) -> list[dict[str, Any]]:
    return json.loads((folder / "readers.json").read_text())["results"]


def test_the_three_p_values_of_the_cryoablation_paper_come_out_of_its_tables(isotherm: Command, tmp_path: Path) -> None:
    features = [part for name in PAPER for part in ("--feature", name)]
    ran = run(isotherm, tmp_path, cryoablation(), "--outcome", "ltp", *features, "--out", str(tmp_path / "out"))
    assert ran.code == 0, ran.err
    fisher = {one["feature"]: one["p"] for one in records(tmp_path / "out") if one["measure"] == "Fisher's exact test"}
    assert round(fisher["margin"], 3) == 0.012
    assert fisher["vessel"] < 0.001
    assert round(fisher["enhancement"], 2) == 0.75
    lines = {line.split()[0]: line for line in ran.out.splitlines() if line.split()}
    assert all(words in lines["margin"] for words in ("11/14", "15/40", "0.012"))
    assert "< 0.001" in lines["vessel"]
    assert "0.75" in lines["enhancement"]
    assert "ignores clustering" in ran.out


def test_with_patients_a_clustered_p_stands_beside_the_one_that_ignores_clustering(
    isotherm: Command, tmp_path: Path
) -> None:
    ran = run(
        isotherm, tmp_path, cryoablation(), "--outcome", "ltp", "--patient", "patient", "--feature", "vessel", "--out",
        str(tmp_path / "out"),
    )  # fmt: skip
    assert ran.code == 0, ran.err
    by_measure = {(one["measure"], one["clustered"]): one for one in records(tmp_path / "out")}
    plain, clustered = by_measure["Fisher's exact test", False], by_measure["odds ratio", True]
    assert "ignores clustering" in plain["method"]
    assert "39 clusters" in clustered["method"]
    assert "Mancl-DeRouen" in clustered["method"]
    assert plain["p"] != clustered["p"]
    assert by_measure["sensitivity", True]["low"] <= by_measure["sensitivity", False]["low"]
    assert "54 tumors in 39 patients" in ran.out


def test_two_readers_get_their_kappa_and_what_could_not_be_assessed_is_counted(
    isotherm: Command, tmp_path: Path
) -> None:
    ran = run(
        isotherm, tmp_path, two_readers(), "--outcome", "ltp", "--patient", "patient", "--reader", "reader", "--tumor",
        "tumor", "--feature", "vessel", "--feature", "thin margin: margin_mm <= 3", "--feature", "margin_mm",
        "--feature", "quality", "--order", "quality=poor<fair<good", "--out", str(tmp_path / "out"),
    )  # fmt: skip
    assert ran.code == 0, ran.err
    found = records(tmp_path / "out")
    about = "agreement on the feature"
    kappas = {o["feature"]: o for o in found if o["measure"] == "kappa" and o["about"] == about and not o["clustered"]}
    assert set(kappas) == {"vessel", "thin margin", "quality"}
    assert kappas["quality"]["method"].startswith("Cohen's kappa, linear weights")
    not_assessable = {(o["feature"], o["reader"]): o["estimate"] for o in found if o["measure"] == "not assessable"}
    assert not_assessable["thin margin", "B"] == 4
    assert not_assessable["thin margin", "A"] == 0
    areas = [one for one in found if one["measure"] == "area under the curve" and one["feature"] == "margin_mm"]
    assert {one["reader"] for one in areas} == {"A", "B"}
    with (tmp_path / "out" / "readers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(found)
    assert rows[0]["feature"] == "vessel"


def test_codes_for_what_is_not_known_are_named_and_nothing_is_written_without_a_folder(
    isotherm: Command, tmp_path: Path
) -> None:
    table = cryoablation()
    table.loc[[0, 20], "vessel"] = 9
    table["grade"] = [["low", "mid", "n/a"][k % 3] for k in range(54)]
    options = ["--outcome", "ltp", "--feature", "vessel", "--feature", "grade", "--missing", "9", "--missing", "n/a"]
    ran = run(isotherm, tmp_path, table, *options)
    assert ran.code == 0, ran.err
    assert "not assessable: vessel in 2 of 54 tumors" in ran.out
    assert "not assessable: grade in 18 of 54 tumors" in ran.out
    assert "No patients were named" in ran.out
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--outcome", "ltp", "--feature", "nothing"], "'nothing' is not there"),
        (["--outcome", "lpt", "--feature", "vessel"], "'lpt' is not there"),
        (["--outcome", "ltp", "--feature", "vessel", "--feature", "vessel"], "twice"),
        (["--outcome", "ltp", "--feature", "thin: margin_mm <= "], "predicate"),
        (["--outcome", "ltp", "--feature", "vessel", "--order", "quality"], "--order"),
        (["--outcome", "ltp", "--feature", "vessel", "--reader", "reader"], "--tumor"),
        (["--outcome", "ltp", "--feature", "vessel", "--level", "95"], "level"),
        (["--outcome", "patient", "--feature", "vessel"], "neither 0 nor 1"),
    ],
)
def test_what_cannot_be_used_is_answered_in_one_line(
    isotherm: Command, tmp_path: Path, options: list[str], words: str
) -> None:
    ran = run(isotherm, tmp_path, two_readers(), *options)
    assert ran.code == 2, ran.out
    assert words in ran.err
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_table_is_never_written_over(isotherm: Command, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    cryoablation().to_csv(folder / "readers.csv", index=False)
    options = ["--outcome", "ltp", "--feature", "vessel", "--out", str(folder)]
    ran = isotherm("study", "readers", folder / "readers.csv", *options)
    assert ran.code == 2
    assert "came in and would be overwritten" in ran.err
