"""What each design gives when ablation does nothing: the wrong ones are shown wrong, the right ones give 1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from bench.designs import LIMITS, TABLE, Row

SCRIPT = """
import json
from bench.designs import table
print(json.dumps({row.name: row.ratio for row in table(20_000, seed=3, frailty=1.0)}))
"""

MANY_EVENTS = """
import json
import numpy as np
from bench.designs import AT, BOTH
from isotherm.study.designs.naive import naive
from isotherm.study.simulate.core import simulate
from isotherm.study.simulate.world import World
made = simulate(World(), 100_000, np.random.default_rng(np.random.SeedSequence(0).spawn(4)[3]))
found = naive(made.courses, BOTH, endpoint="progression-free survival", horizon_days=AT)
print(json.dumps([sum(arm.events for arm in found.arms), found.hazard_ratios[0].estimate]))
"""


def compiled(script: str) -> Any:
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "NUMBA_DISABLE_JIT": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


def test_a_small_table_shows_the_wrong_designs_wrong_and_the_right_ones_right() -> None:
    found: dict[str, dict[str, float]] = compiled(SCRIPT)
    assert set(found) == set(TABLE[1.0])
    for name, ratios in found.items():
        for endpoint, expected in TABLE[1.0][name].items():
            assert abs(ratios[endpoint] - expected) < LIMITS[20_000], (name, endpoint, ratios[endpoint])


def test_a_row_off_its_figure_is_missed() -> None:
    assert not Row("naive, clock at systemic start", {"OS": 1.0, "PFS": 0.87}).held(TABLE[1.0], 0.02)


def test_a_cox_model_of_many_events_is_not_stopped_by_the_rounding_of_its_log_likelihood() -> None:
    events, ratio = compiled(MANY_EVENTS)
    assert events > 50_000
    assert abs(ratio - 0.87) < 0.02


BOTH_TREATMENTS = """
import json
from isotherm.study.designs.clone_estimates import estimate_clones
from isotherm.study.designs.clones import clone
from tests.study.designs.made import ABLATION_FIRST, SYSTEMIC_FIRST, both_treatments
made, asked = both_treatments(20_000, 3), (ABLATION_FIRST, SYSTEMIC_FIRST)
found = [
    estimate_clones(clone(made, asked, endpoint="overall survival", period_days=7.0, weighted=weighted), 1000.0)
    for weighted in (True, False)
]
print(json.dumps([one.contrasts[:, 0].tolist() for one in found]))
"""


def test_weights_undo_the_censoring_of_both_treatments_outside_of_windows_that_follow_each_other() -> None:
    weighted, plain = compiled(BOTH_TREATMENTS)
    assert abs(weighted[2]) < 0.06
    assert abs(weighted[0]) < 0.02
    assert plain[2] > 0.1
