"""A small complete protocol for tests, with any of its parts exchanged."""

from __future__ import annotations

from typing import Any

from isotherm.study.known import ExposureStart, Known, TimeZero
from isotherm.study.predicate import Predicate
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_parts import Arm, Arms, Covariate, Data, Level, Outcome, Step, Subgroup

BEFORE = Known(when="before time zero")

DATA = Data(file="cohort.csv", patient="id", site="site", missing=(-999.0,))
ARMS = Arms(
    column="drug",
    arms=(Arm(name="drug", label="Drug", values=(1.0,)), Arm(name="none", label="No drug", values=(0.0,))),
    reference="none",
)
DATED_ARMS = Arms(
    start="ablated_on",
    end="systemic_on",
    arms=(
        Arm(name="upfront", label="Ablation first", window_days=(14.0, 28.0)),
        Arm(name="delayed", label="Systemic therapy first", window_days=(-90.0, -60.0)),
    ),
    reference="delayed",
)
AGE = Covariate(column="age", label="Age", unit="years", kind="number", per=10.0, known=BEFORE)
SEX = Covariate(
    column="sex", label="Sex", kind="category", levels=(("1", "male"), ("2", "female")), reference="male", known=BEFORE
)
OS = Outcome(name="os", label="Overall survival", event="dead", time="months", time_unit="months", primary=True)
ADULT = Step(says="18 years or older", where=Predicate("age >= 18"))
OLD = Subgroup(
    name="age",
    label="Age",
    levels=(
        Level(label="below 65", where=Predicate("age < 65")),
        Level(label="65 and above", where=Predicate("age >= 65")),
    ),
)


def protocol(**changes: Any) -> Protocol:
    """Return the protocol with some of its parts exchanged."""
    parts: dict[str, Any] = {
        "title": "Drug or none",
        "question": "Do patients live longer with the drug?",
        "data": DATA,
        "time_zero": TimeZero(says="day of the decision"),
        "exposure": ExposureStart(says="first dose", when="at time zero"),
        "arms": ARMS,
        "covariates": (AGE, SEX),
        "outcomes": (OS,),
        "eligibility": (ADULT,),
    }
    return Protocol(**parts | changes)
