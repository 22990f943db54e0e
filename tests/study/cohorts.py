"""Made-up cohorts of a few dozen patients, with sites, gaps, three kinds of outcome and tumors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from isotherm.study.analysis.run import analyze
from isotherm.study.predicate import Predicate
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_methods import Estimation, Matching, Methods, Sensitivity, Weighting
from isotherm.study.protocol_parts import Covariate, Data, Outcome
from isotherm.study.result import Record, StudyResult
from tests.study.protocols import AGE, BEFORE, OLD, OS, SEX, protocol

LESIONS = Covariate(column="lesions", label="Lesions", kind="number", known=BEFORE)
COMPLICATION = Outcome(name="complication", label="Complication", event="complication", kind="yes/no")
LTP = Outcome(name="ltp", label="Progression", event="progressed", time="progress_months", time_unit="months",
              competing="died_before")  # fmt: skip
FIXED = Estimation(at_days=(200.0, 9000.0), rmst_days=400.0)
WEIGHTS = Methods(adjustment=Weighting(estimand="overlap"), estimation=FIXED)
PAIRS = Methods(adjustment=Matching(), estimation=FIXED)
ELDERLY = Sensitivity(name="elderly", says="Only 60 and above", where=Predicate("age >= 60"))


def people(n: int = 90, *, seed: int = 1, gaps: int = 0) -> pd.DataFrame:
    """Return a table; who is older has the drug more often and dies sooner."""
    random = np.random.default_rng(seed)
    age = random.uniform(35.0, 85.0, n).round(1)
    sex = random.integers(1, 3, n)
    drug = (random.uniform(size=n) < 1.0 / (1.0 + np.exp(-(age - 66.0) / 12.0))).astype(float)
    death = random.exponential(30.0, n) * np.exp(-(age - 60.0) / 30.0 + 0.3 * drug)
    end = random.uniform(6.0, 60.0, n)
    progress = random.exponential(20.0, n)
    months = np.ceil(np.minimum(death, end))
    progressed = progress < months
    lesions = random.poisson(2.0, n) + 1.0
    if gaps:
        lesions[random.choice(n, gaps, replace=False)] = np.nan
    return pd.DataFrame({
        "id": [f"P{k}" for k in range(n)], "site": np.where(np.arange(n) % 3 == 0, "A", "B"), "drug": drug, "age": age,
        "sex": sex.astype(float), "lesions": lesions, "months": months, "dead": (death <= end).astype(float),
        "complication": (random.uniform(size=n) < 0.3 + 0.1 * drug).astype(float),
        "progress_months": np.where(progressed, np.ceil(progress), months), "progressed": progressed.astype(float),
        "died_before": (~progressed & (death <= end)).astype(float),
    })  # fmt: skip


def study(**changes: Any) -> Protocol:
    """Return a protocol of that table: weights, three outcomes, one subgroup."""
    parts: dict[str, Any] = {
        "covariates": (AGE, SEX, LESIONS), "outcomes": (OS, COMPLICATION, LTP), "subgroups": (OLD,), "methods": WEIGHTS,
        "data": Data(file="cohort.csv", patient="id"), "caveats": ("Made up.",),
    }  # fmt: skip
    return protocol(**parts | changes)


def run(table: pd.DataFrame | None = None, **changes: Any) -> StudyResult:
    """Analyze that table by that protocol."""
    return analyze(study(**changes), people() if table is None else table)


def record(result: StudyResult, key: str) -> Record:
    """Return one of its records."""
    return result.results.records[key]


def value(result: StudyResult, key: str) -> float:
    """Return the number of a record, which has one."""
    found = record(result, key).value
    assert found is not None, record(result, key).why
    return found
