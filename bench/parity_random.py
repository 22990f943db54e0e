"""Random small cohorts beside R: ties, late entries, strata, weights and clusters in every combination, odd scales."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.parity_case import Family, Pair
from bench.parity_survival import cox_of, cox_pairs
from isotherm.study.survival.cox import CoxFit
from isotherm.study.survival.proportional_hazards import proportional_hazards

COHORTS = 320


def random_families() -> tuple[Family, Family]:
    """Return the families of fits and of tests of proportional hazards; R runs once for both."""
    cohorts = pd.concat([random_cohort(k) for k in range(COHORTS)])
    theirs = answers(cohorts)
    by_number = {k: cohorts[cohorts.k == k] for k in range(COHORTS)}
    name = f"{len(theirs)} random cohorts"
    return (
        Family(f"{name}: Cox, coefficients in standard errors", 1e-8, lambda: fit_pairs(by_number, theirs)),
        Family(f"{name}: proportional hazards", 1e-6, lambda: zph_pairs(by_number, theirs)),
    )


def random_cohort(k: int) -> pd.DataFrame:
    """Make cohort k: 8 to 59 rows, a covariate on any scale and a binary one."""
    rng = np.random.default_rng(k)
    n = int(rng.integers(8, 60))
    x1 = rng.normal(size=n) * 10.0 ** rng.integers(-2, 4) + rng.choice([0.0, 1000.0])
    time = np.ceil(rng.exponential(size=n) * rng.choice([3, 20, 300])) + rng.choice([0, 0.1]) * rng.integers(
        0, 3, size=n
    )
    start = np.maximum(np.minimum(np.floor(rng.uniform(size=n) * 5.0), time - 1.0), 0.0)
    event = (rng.uniform(size=n) < rng.choice([0.3, 0.7, 1.0])).astype(int)
    event[0] = 1
    drawn = {"x2": 2, "cluster": max(n // 2, 5), "stratum": 3}
    columns = {name: rng.integers(0, high, size=n) for name, high in drawn.items()}
    weight = rng.integers(1, 50, size=n) / 10.0
    return pd.DataFrame({"k": k, "x1": x1, "time": time, "start": start, "event": event, "weight": weight, **columns})


def answers(cohorts: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Ask R about all cohorts."""
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder) / "cohorts.csv", Path(folder) / "answers.json"
        cohorts.to_csv(data, index=False)
        subprocess.run(["Rscript", str(Path(__file__).with_suffix(".R")), str(data), str(out)], check=True)
        return json.loads(out.read_text())


def fit_of(d: pd.DataFrame, k: int) -> CoxFit:
    """Fit a cohort with the options in the bits of its number."""
    late, strata, weights, cluster = (bool(k // 2**bit % 2) for bit in (1, 2, 3, 4))
    chosen = {"start_days": ("start", late), "strata": ("stratum", strata), "weight": ("weight", weights),
              "cluster": ("cluster", cluster)}  # fmt: skip
    parts = {role: name for role, (name, used) in chosen.items() if used}
    ties = "breslow" if k % 2 else "efron"
    return cox_of(d, ["x1", "x2"], event="event", ties=ties, robust=cluster, **parts)


def fit_pairs(cohorts: dict[int, pd.DataFrame], theirs: dict[str, dict[str, Any]]) -> Iterable[Pair]:
    """Yield what each fit prints; coefficients and standard errors in units of R's standard errors."""
    for key, row in theirs.items():
        fit, se = fit_of(cohorts[int(key)], int(key)), np.array(row["se"])
        yield f"cohort {key} coefficients", fit.coefficients / se, np.array(row["coef"]) / se
        yield f"cohort {key} standard errors", fit.std_errors / se, np.ones(len(se))
        rest = {name: row[name] for name in ("n", "loglik", "score_test", "concordance")}
        own = {"coef": list(fit.coefficients), "se": list(fit.std_errors)}
        yield from cox_pairs(f"cohort {key}", fit, rest | own)


def zph_pairs(cohorts: dict[int, pd.DataFrame], theirs: dict[str, dict[str, Any]]) -> Iterable[Pair]:
    """Yield the test of each covariate and of all."""
    for key, row in theirs.items():
        tests = proportional_hazards(fit_of(cohorts[int(key)], int(key)))
        yield f"cohort {key}", [test.chi_square for test in tests], row["zph"]
