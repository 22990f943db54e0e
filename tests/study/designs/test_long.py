"""The long run, in small: it goes on where it was stopped, does not depend on processes, and judges what it finds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.designs_cohorts import BOOTSTRAPPED, WORLDS, Cell
from bench.designs_long import Plan, blocks
from bench.designs_page import Line, lines, page

SCRIPT = """
import json, sys
from pathlib import Path
from bench.designs_long import Plan, run
from bench.designs_page import lines, page
plan = Plan(cohorts=2, bootstrapped=1, patients=250, replicates=20, following=4_000, seed=3)
first, second = Path(sys.argv[1]) / "one.jsonl", Path(sys.argv[1]) / "two.jsonl"
whole = run(plan, file=first, jobs=1)
text = first.read_text().splitlines()
second.write_text("\\n".join(text[:4]) + "\\n" + text[4][:50])
again = run(plan, file=second, jobs=2)
stamp = second.stat().st_mtime_ns
third = run(plan, file=second, jobs=1)
print(json.dumps({"same": whole == again == third, "kept": second.stat().st_mtime_ns == stamp, "lines": len(text),
                  "page": page(lines(whole), plan)}))
"""


def test_a_small_run_goes_on_where_it_was_stopped_and_makes_its_page(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    assert found["same"]
    assert found["kept"]
    assert found["lines"] == len(list(blocks(Plan(cohorts=2, bootstrapped=1)))) == 11
    for words in (*(world.capitalize() for world in WORLDS), "patients of low burden", "drawn, cloned, censored"):
        assert words in found["page"]


RIGHT = Line(
    Cell("no effect", "OS", "all", "clone, censor, weight"),
    0.0,
    0.01,
    0.2,
    1_000,
    0,
    0.95,
    bootstrapped=False,
    interval_sd=0.2,
)


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (RIGHT, "right"),
        (replace(RIGHT, mean=0.031), "MISSED"),
        (replace(RIGHT, covered=0.92), "MISSED"),
        (replace(RIGHT, covered=0.92, bootstrapped=True), "right"),
        (replace(RIGHT, covered=0.90, bootstrapped=True), "MISSED"),
        (replace(RIGHT, covered=None), "right"),
        (replace(RIGHT, target=None), ""),
        (replace(RIGHT, cell=replace(RIGHT.cell, design="same, unweighted"), mean=-0.05), "wrong"),
        (replace(RIGHT, cell=replace(RIGHT.cell, design="same, unweighted")), "MISSED"),
        (replace(RIGHT, cell=replace(RIGHT.cell, design="same, unweighted", world="a true effect")), "by luck"),
        (replace(RIGHT, cell=replace(RIGHT.cell, measure="risk difference"), covered=None), ""),
        (replace(RIGHT, cell=replace(RIGHT.cell, measure="risk difference"), bootstrapped=True, covered=0.8), "MISSED"),
    ],
)
def test_a_design_is_judged_against_its_own_target(line: Line, verdict: str) -> None:
    assert line.verdict == verdict


def test_records_are_summed_up_with_what_failed() -> None:
    key = Cell(BOOTSTRAPPED, "OS", "all", "clone, censor, weight").key
    records = [
        {"part": "targets", key: 0.1},
        {"part": "cohorts", key: [0.2, None, None]},
        {"part": "cohorts", key: "NotConverged"},
        {"part": "bootstrap", key: [0.2, 0.0, 0.4]},
        {"part": "bootstrap", key: [0.4, 0.3, 0.5]},
    ]
    plain, boot = lines(records)
    assert (plain.target, plain.mean, plain.n, plain.failed, plain.covered) == (0.1, 0.2, 1, 1, None)
    assert (boot.mean, boot.n, boot.covered) == (pytest.approx(0.3), 2, 0.5)
    assert boot.error == pytest.approx(0.1)
    assert boot.interval_sd == pytest.approx((0.4 + 0.2) / 4.0 / 1.959964)
    assert "1 failed" in page([plain, boot], Plan())
