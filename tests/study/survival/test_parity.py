"""Parity with R: every family keeps its limit, compiled; compiled and plain loops give the same numbers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.parity_case import Family, worst
from bench.parity_survival import cox_of, lung
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.competing import cumulative_incidence
from isotherm.study.survival.concordance import concordance
from isotherm.study.survival.cox_residuals import dfbeta, martingale
from isotherm.study.survival.fine_gray import fine_gray
from isotherm.study.survival.gray import gray
from isotherm.study.survival.kaplan_meier import kaplan_meier
from isotherm.study.survival.proportional_hazards import proportional_hazards

ROOT = Path(__file__).resolve().parents[3]
COMPILED = os.environ | {"NUMBA_DISABLE_JIT": "0"}


def test_make_parity_keeps_every_limit() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.parity"], cwd=ROOT, env=COMPILED, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "MISSED" not in done.stdout
    for family in ("Cox: ties x weights x strata x start-stop x cluster", "Gray's test", "Fine-Gray", "GEE", "kappa"):
        assert family in done.stdout


def numbers() -> list[float]:
    """Run every kernel once on the lung trial."""
    d = lung()
    d["w"], d["start"] = 0.5 + np.arange(len(d)) % 7, np.minimum(np.arange(len(d)) % 50, d.time - 1)
    out: list[float] = []
    for ties in ("efron", "breslow"):
        fit = cox_of(d, ["sex", "age"], ties=ties, start_days="start", weight="w", cluster="inst", strata="ph.ecog")
        out += [*fit.coefficients, *fit.std_errors, fit.loglik, concordance(fit), *martingale(fit)[:20]]
        out += [*dfbeta(fit)[:20].ravel(), *(test.chi_square for test in proportional_hazards(fit))]
        out += [*kaplan_meier(fit.outcome).std_error]
    d["kind"] = d.status * (1 + d.sex % 2)
    rivals = TimeToEvent(d.time, d.kind)
    late = TimeToEvent(d.time, d.kind, d.start, d.w, np.arange(len(d)) % 60)
    out += [*cumulative_incidence(late).std_error, *cumulative_incidence(rivals, variance="Aalen").std_error]
    out += [gray(rivals, d.age > 62, rho=0.5).chi_square, *fine_gray(rivals, d[["age"]]).std_errors]
    exact = cox_of(d, ["sex", "age"], ties="exact", start_days="start", strata="ph.ecog")
    return [*out, *exact.coefficients, *exact.std_errors, exact.loglik]


def test_compiled_and_plain_loops_give_the_same_numbers() -> None:
    script = "import json; from tests.study.survival.test_parity import numbers; print(json.dumps(numbers()))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=COMPILED, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == pytest.approx(numbers(), rel=1e-11, abs=1e-12, nan_ok=True)


def test_a_family_is_as_bad_as_its_worst_number() -> None:
    pairs = [("near", np.array([1.0, 2.0]), [1.0, 2.5]), ("none", [np.nan], [None])]
    assert worst(Family("made", 1.0, lambda: pairs)) == (3, 0.5, "near")
    assert worst(Family("shape", 1.0, lambda: [("x", [1.0], [1.0, 2.0])]))[1] == np.inf
    assert worst(Family("gap", 1.0, lambda: [("x", [1.0], ["NA"])]))[1] == np.inf
    assert worst(Family("empty", 1.0, list))[1] == np.inf
