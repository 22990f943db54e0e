"""What each design gives when ablation does nothing: the wrong ones are shown wrong, the right ones give 1."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from bench.designs import LIMITS, TABLE, Row

SCRIPT = """
import json
from bench.designs import table
print(json.dumps({row.name: row.ratio for row in table(20_000, seed=3, frailty=1.0)}))
"""


def compiled_table() -> dict[str, dict[str, float]]:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "NUMBA_DISABLE_JIT": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


def test_a_small_table_shows_the_wrong_designs_wrong_and_the_right_ones_right() -> None:
    found = compiled_table()
    assert set(found) == set(TABLE[1.0])
    for name, ratios in found.items():
        for endpoint, expected in TABLE[1.0][name].items():
            assert abs(ratios[endpoint] - expected) < LIMITS[20_000], (name, endpoint, ratios[endpoint])


def test_a_row_off_its_figure_is_missed() -> None:
    assert not Row("naive, clock at systemic start", {"OS": 1.0, "PFS": 0.87}).held(TABLE[1.0], 0.02)
