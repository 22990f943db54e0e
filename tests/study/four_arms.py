"""A made-up cohort of four arms with three events that compete, and a protocol of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from isotherm.study.protocol_methods import Estimation, Methods, Unadjusted
from isotherm.study.protocol_parts import Arm, Arms, Data, Outcome
from tests.study.protocols import AGE, OS, SEX, protocol

FOUR = Arms(
    column="group",
    reference="d",
    arms=tuple(Arm(name=name, label=f"Timing {name}", values=(name,)) for name in "abcd"),
)
CODED = Outcome(name="ltp", label="Progression", event="status", time="time", time_unit="days",
                competing_events=((2, "Death"), (3, "Resection")))  # fmt: skip
YES_NO = Outcome(name="c", label="Complication", event="c", kind="yes/no")


def people(n: int = 160, *, seed: int = 4) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame({
        "id": [f"P{k}" for k in range(n)], "group": np.array(list("abcd"))[np.arange(n) % 4],
        "age": random.uniform(40.0, 80.0, n), "sex": random.integers(1, 3, n).astype(float),
        "months": np.ceil(random.exponential(20.0, n)), "dead": (random.random(n) < 0.7).astype(float),
        "time": np.ceil(random.exponential(300.0, n)), "status": random.integers(0, 4, n).astype(float),
        "c": (random.random(n) < 0.4).astype(float),
    })  # fmt: skip


def four(**changes: Any) -> Any:
    parts: dict[str, Any] = {
        "data": Data(file="a", patient="id"), "arms": FOUR, "covariates": (AGE, SEX), "outcomes": (OS, CODED, YES_NO),
        "eligibility": (), "methods": Methods(adjustment=Unadjusted(), estimation=Estimation(at_days=(200.0, 9000.0))),
        "caveats": ("Made up.",),
    }  # fmt: skip
    return protocol(**parts | changes)
