"""The generated pages, in small: each published figure has its simulated one, each design its place and its target."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

SCRIPT = """
import json
import numpy as np
from bench.published import section
from bench.timing import PFS, some_patients, table, told
from bench.timing_pictures import curves_picture, designs_picture, patients_picture
from bench.designs import AT, BOTH
from isotherm.study.designs.naive import naive
from isotherm.study.simulate.core import simulate
from isotherm.study.simulate.world import World
parts = {name: list(section(name, seed=3, large=900, truth_patients=900))
         for name in ("ajr-2022", "radiology-2023", "annals-2026")}
found = told(1, 3_000)
made = simulate(World(), 3_000, np.random.default_rng(1))
curves = naive(made.courses, BOTH, endpoint=PFS, clock="systemic", horizon_days=AT).curves
pictures = (patients_picture(made, some_patients(made)), curves_picture(curves, curves),
            designs_picture([("No effect", found["no effect"]["OS"]), ("Other", found["a true effect"]["OS"])]))
print(json.dumps({"parts": parts, "table": table(found), "patients": some_patients(made),
                  "pictures": [one.png[:4].hex() for one in pictures]}))
"""


@pytest.fixture(scope="module")
def pages() -> dict[str, Any]:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "NUMBA_DISABLE_JIT": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


@pytest.mark.parametrize(("name", "figures"), [("ajr-2022", 6), ("radiology-2023", 8), ("annals-2026", 8)])
def test_every_published_figure_has_a_simulated_one_and_every_choice_is_told(
    pages: dict[str, Any], name: str, figures: int
) -> None:
    _, source, rows, _, truths, _, choices = pages["parts"][name]
    assert source.startswith("Setting of ")
    cells = [row.split(" | ") for row in rows.splitlines()[2:]]
    assert len(cells) == figures
    assert all(len(row) == 4 and all(part.strip(" |") for part in row) for row in cells)
    assert choices.count("\n- ") >= 4
    assert ("low burden" in truths) == (name == "ajr-2022")
    assert ("none v synchronous" in truths) == (name == "annals-2026")


def test_the_table_of_timing_has_each_design_in_each_world_with_its_own_target(pages: dict[str, Any]) -> None:
    rows = pages["table"].splitlines()
    assert len(rows) == 2 + 8
    assert all(row.count("|") == 8 for row in rows)
    assert "(none)" in next(row for row in rows if row.startswith("| time-dependent"))


def test_pictures_are_drawn_of_nine_patients_two_of_whom_are_in_no_arm(pages: dict[str, Any]) -> None:
    words = [arm for _, arm in pages["patients"]]
    assert len(words) == 9
    assert sum("in no arm" in one for one in words) == 2
    assert pages["pictures"] == ["89504e47"] * 3
