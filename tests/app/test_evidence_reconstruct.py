"""`isotherm evidence reconstruct`: rows, report and figure from CSV files; what it refuses in one sentence."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from bench.evidence_reconstruct import TRIALS, digitized, numbers_at_risk
from tests.app.on_disk import ROOT, Command
from tests.app.test_study_figures import measured

SCHEMA = ROOT / "src" / "isotherm" / "app" / "schemas" / "evidence-reconstruction-1.schema.json"
COLLISION = "time_months,at_risk,events\n0,148,0\n12,109,5\n24,74,5\n36,47,7\n48,31,7\n60,13,7\n72,3,7\n"
"""Resection, local control per patient (Meijerink et al., ASCO annual meeting 2024, NCT03088150)."""

CURVE, TABLE = "time_months,survival\n0,1\n12,0.8\n24,0.6\n", "time_months,at_risk\n0,100\n12,70\n24,40\n"


def put(folder: Path, **texts: str) -> list[str]:
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text)
    return [str(folder / f"{name}.csv") for name in texts]


def document(isotherm: Command, *arguments: str) -> dict[str, Any]:
    ran = isotherm("evidence", "reconstruct", *arguments, "--json", "-")
    assert (ran.code, ran.err) == (0, "")
    found = json.loads(ran.out)
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(found)
    return found


def test_a_table_with_events_needs_no_curve(isotherm: Command, tmp_path: Path) -> None:
    (table,) = put(tmp_path, table=COLLISION)
    ran = isotherm("evidence", "reconstruct", "--at-risk", table, "--out", tmp_path / "out")
    assert ran.code == 0
    assert "148 rows, 7 events, 141 lost from sight or still watched." in ran.out
    assert "Every printed number at risk is kept exactly." in ran.out
    rows = list(csv.DictReader((tmp_path / "out" / "reconstructed.csv").read_text().splitlines()))
    assert (len(rows), sum(int(row["event"]) for row in rows)) == (148, 7)
    assert {row["origin"] for row in rows} == {"reconstructed"}
    days = [float(row["time_days"]) for row in rows]
    assert days == sorted(days)
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "reconstructed.csv", "reconstruction.json", "reconstruction.svg", "reconstruction.png",
    }  # fmt: skip


def test_a_curve_read_with_noise_is_reported_with_its_errors(isotherm: Command, tmp_path: Path) -> None:
    trial = TRIALS["colon, deaths"]
    read = digitized(trial.arms[0], 101, np.random.default_rng(0))
    at_risk = numbers_at_risk(trial.arms[0], trial.table_days)
    pairs = zip(read.times_days / 365.25, 100.0 * read.survival, strict=True)
    points = "".join(f"{year},{share}\n" for year, share in pairs)
    counts = "".join(f"{day},{n}\n" for day, n in zip(at_risk.times_days, at_risk.at_risk, strict=True))
    curve, table = put(tmp_path, curve=f"time_years,survival_percent\n{points}", table=f"time_days,at_risk\n{counts}")
    events = int(trial.arms[0].event.sum())
    found = document(isotherm, curve, "--at-risk", table, "--events", str(events), "--out", str(tmp_path / "out"))
    assert found["report"]["rmse"] < 0.01
    assert set(found["report"]["at_risk_apart"]) == {0}
    assert found["report"]["events_apart"] == 0
    assert found["inputs"]["points"] == 101


@pytest.mark.parametrize("times", [(0, 12, 24), tuple(range(0, 73, 2))])
def test_every_word_of_its_figure_lies_inside_it(
    isotherm: Command, tmp_path: Path, times: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, *_, **__: measured(figure, seen))
    rows = "".join(f"{time},{10_000 - 100 * time},{20 * time}\n" for time in times)
    (table,) = put(tmp_path, table=f"time_months,at_risk,events\n{rows}")
    assert isotherm("evidence", "reconstruct", "--at-risk", table, "--out", tmp_path / "out").code == 0
    assert seen


@pytest.mark.parametrize(
    ("curve", "table", "more", "says"),
    [
        (CURVE.replace("survival", "share"), TABLE, (), "one column for the survival"),
        (CURVE.replace("time_months", "time"), TABLE, (), "time_days or time_weeks"),
        (CURVE, TABLE.replace("at_risk", "n"), (), "number at risk"),
        (CURVE.replace("0.6", "0.95"), TABLE, (), "rises"),
        (CURVE.replace("0.6", "high"), TABLE, (), "numbers"),
        (CURVE.replace("0.6", ""), TABLE, (), "NaN"),
        (CURVE.replace("0.6", "60").replace("0.8", "80"), TABLE, (), "percentages"),
        (CURVE, TABLE.replace("24,40", "24,80"), (), "rise"),
        (CURVE, TABLE.replace("0,100", "0,100.5"), (), "whole numbers"),
        (CURVE, TABLE, ("--events", "101"), "101 events came for 100 patients"),
        (CURVE, "", (), "table"),
        ("time_days,time_months,survival\n0,0,1\n9,1,0.5\n", TABLE, (), "time_days and time_months came"),
    ],
)
def test_bad_files_give_one_sentence_and_2(
    isotherm: Command, tmp_path: Path, curve: str, table: str, more: tuple[str, ...], says: str
) -> None:
    came, at_risk = put(tmp_path, curve=curve, table=table)
    ran = isotherm("evidence", "reconstruct", came, "--at-risk", at_risk, *more, "--out", tmp_path / "out")
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_table_without_events_needs_a_curve_and_inputs_are_never_overwritten(
    isotherm: Command, tmp_path: Path
) -> None:
    (table, own) = put(tmp_path, table=TABLE, reconstructed=COLLISION)
    assert "Neither a curve nor events" in isotherm("evidence", "reconstruct", "--at-risk", table).err
    ran = isotherm("evidence", "reconstruct", "--at-risk", own, "--out", tmp_path)
    assert (ran.code, "would be overwritten" in ran.err) == (2, True)
    ran = isotherm("evidence", "reconstruct", "--at-risk", table, "--cut")
    assert (ran.code, "no curve came" in ran.err) == (2, True)
    assert isotherm("evidence", "reconstruct", "--at-risk", tmp_path / "none.csv").code == 2
