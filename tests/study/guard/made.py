"""A made-up registry without a fault of design, and the same with one fault at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from isotherm.study.cohort import cohort
from isotherm.study.finding import Finding
from isotherm.study.guard.audit import findings_of
from isotherm.study.known import Known, TimeZero
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_parts import Arm, Arms, Covariate, Data, Outcome
from tests.study.protocols import AGE, DATED_ARMS, SEX, protocol

ZERO = pd.Timestamp("2014-01-31")
DIED = Outcome(name="os", label="Overall survival", event="dead", date="last", primary=True, counted_as="deaths")
PFS = Outcome(name="pfs", label="Progression-free survival", event="progressed", date="progress_on")
CEA = Covariate(column="cea", label="CEA", kind="number", known=Known(when="after time zero"), use="describe")
DECIDED = TimeZero(says="tumor board", column="decided_on")
NEVER_LATER = Arms(
    column="ablated",
    arms=(Arm(name="ablated", label="Ablated", values=(1.0,)), Arm(name="never", label="Never", values=(0.0,))),
    reference="never",
)


def registry(n: int = 240, *, seed: int = 7) -> pd.DataFrame:
    """Return patients of two sites and two arms that were drawn at the board; both arms fare alike."""
    random = np.random.default_rng(seed)
    decided = ZERO + pd.to_timedelta(random.integers(0, 2000, n), "D")
    death, end = random.exponential(700.0, n), random.uniform(300.0, 2000.0, n)
    progress = random.exponential(400.0, n)
    last = np.ceil(np.minimum(death, end)) + 1.0
    drug = random.permutation(np.arange(n) % 2).astype(float)
    return pd.DataFrame({
        "id": [f"P{k}" for k in range(n)], "site": np.where(random.uniform(size=n) < 0.5, "A", "B"), "drug": drug,
        "age": random.uniform(35.0, 85.0, n).round(1), "sex": random.integers(1, 3, n).astype(float),
        "cea": random.exponential(20.0, n).round(1), "decided_on": decided,
        "last": decided + pd.to_timedelta(last, "D"), "dead": (death <= end).astype(float),
        "progress_on": decided + pd.to_timedelta(np.minimum(np.ceil(progress) + 1.0, last), "D"),
        "progressed": ((progress < last) | (death <= end)).astype(float),
    })  # fmt: skip


def study(**changes: Any) -> Protocol:
    """Return a protocol of that registry."""
    parts: dict[str, Any] = {
        "time_zero": DECIDED, "covariates": (AGE, SEX, CEA), "outcomes": (DIED, PFS), "eligibility": (),
        "data": Data(file="cohort.csv", patient="id", site="site"),
    }  # fmt: skip
    return protocol(**parts | changes)


def audit(table: pd.DataFrame | None = None, **changes: Any) -> dict[str, Finding]:
    """Return the findings of a registry by their keys."""
    made = cohort(study(**changes), registry() if table is None else table)
    return {one.key: one for one in findings_of(made)}


def timing(n: int = 240, *, treated_alike: bool = False) -> pd.DataFrame:
    """Return the registry with dates: half upfront (ablated on day 3), half delayed (ablated 70 days after day 3).

    Who died before the second treatment has no date of it, as in real records. `treated_alike`: time zero is the day on
    which everybody has had both.
    """
    table = registry(n)
    zero, upfront = table["decided_on"], table["drug"] == 1.0
    first, second = zero + pd.Timedelta(days=3), zero + pd.to_timedelta(np.where(upfront, 23, 73), "D")
    second = second.where(second < table["last"])
    table["ablated_on"], table["systemic_on"] = first.where(upfront, second), second.where(upfront, first)
    if treated_alike:
        lived = table[second.notna()].reset_index(drop=True)
        return lived.assign(decided_on=lived[["ablated_on", "systemic_on"]].max(axis=1))
    return table


def upfront_or_delayed(table: pd.DataFrame | None = None, **changes: Any) -> dict[str, Finding]:
    """Audit arms that are told apart by two dates."""
    return audit(timing() if table is None else table, **{"arms": DATED_ARMS, "outcomes": (DIED,)} | changes)
