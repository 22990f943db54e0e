"""Compiled and plain kernels give the same scores, pairs and bootstrap."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from isotherm.outcome import TimeToEvent
from isotherm.study.design_matrix import design_matrix
from isotherm.study.matched import Caliper
from isotherm.study.matching import match_mahalanobis, match_nearest
from isotherm.study.propensity import propensity
from isotherm.study.resample_matched import bootstrap_matched_cox


def results() -> dict[str, list[Any]]:
    """What every kernel of this floor gives on a small cohort, one arm of which can be told by a covariate."""
    random = np.random.default_rng(1)
    x = random.normal(size=(80, 2))
    table = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "treat": (random.random(80) < 0.3) * 1})
    design = design_matrix(table, ["a", "b"])
    scores = propensity(design, table["treat"])
    told = design_matrix(table.assign(c=table["treat"] * 2 + table["a"] / 9), ["c"])
    outcome = TimeToEvent(np.ceil(random.exponential(size=80) * 40), (random.random(80) < 0.7) * 1)
    found: dict[str, list[Any]] = {
        "logit": scores.logit.tolist(),
        "firth": propensity(told, table["treat"]).logit.tolist(),
        "once": _pairs(match_nearest(scores, ratio=2)),
        "again": _pairs(match_nearest(scores, replace=True, ratio=2)),
        "vectors": _pairs(match_mahalanobis(design, table["treat"])),
    }
    for name, settings in {"sets": {}, "units": {"replace": True, "caliper": Caliper(0.3, "pooled sd")}}.items():
        boot = bootstrap_matched_cox(design, table["treat"], outcome, seed=2, replicates=20, **settings)
        found[name] = [*boot.values.tolist(), *boot.std_errors.tolist()]
    return found


def _pairs(matched: Any) -> list[Any]:
    return matched.pairs.tolist()


def test_compiled_and_plain_kernels_give_the_same() -> None:
    script = "import json; from tests.study.test_matching_compiled import results; print(json.dumps(results()))"
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "NUMBA_DISABLE_JIT": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    compiled, plain = json.loads(run.stdout), results()
    assert set(compiled) == set(plain)
    for name, values in plain.items():
        if name in ("once", "again", "vectors"):
            assert compiled[name] == values
        else:
            assert compiled[name] == pytest.approx(values, rel=1e-10)
