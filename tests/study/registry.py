"""A made-up registry of dates, one row per tumor, and protocols of timing that ask it for designs."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
from jsonschema import Draft202012Validator

from isotherm.study.known import ExposureStart, TimeZero
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_designs import (
    ArmStrategy,
    Asked,
    Changing,
    CloneCensorWeight,
    Course,
    Intercurrent,
    Landmark,
    Naive,
    Serial,
    TimeDependentCox,
)
from isotherm.study.protocol_methods import Estimation, Methods, Unadjusted
from isotherm.study.protocol_parts import Arm, Arms, Covariate, Data, Outcome
from tests.study.designs.made import random_courses
from tests.study.protocols import BEFORE, protocol

DAY_ZERO = np.datetime64("2015-01-01", "D")
BURDEN = Covariate(column="burden", label="Burden", kind="number", known=BEFORE)
UPFRONT = ArmStrategy(ablation=Asked(days=(0.0, 28.0)))
DELAYED = ArmStrategy(ablation=Asked(days=(60.0, 90.0)))
ARMS = Arms(
    start="decided_on",
    end="ablated_on",
    arms=(
        Arm(name="upfront", label="Ablation first", window_days=(0.0, 28.0), strategy=UPFRONT),
        Arm(name="delayed", label="Delayed ablation", window_days=(60.0, 90.0), strategy=DELAYED),
    ),
    reference="upfront",
)
COURSE = Course(
    systemic="systemic_on",
    ablation="ablated_on",
    progression="progressed_on",
    death="died_on",
    last_contact="seen_on",
    horizon_days=365.0,
)
CLONES = CloneCensorWeight(replicates=20)
DESIGNS = (CLONES, Landmark(day=90.0), Naive())
EVERY = (*DESIGNS, Landmark(name="living", day=90.0, among="living"), TimeDependentCox())
OS = Outcome(name="os", label="Overall survival", event="dead", date="last_on", primary=True)
LTP = Outcome(name="ltp", label="Local tumor progression", unit="tumor", event="status", start="treated_on",
              date="tumor_on", competing_events=((2, "Death without progression"),))  # fmt: skip
COMPLICATION = Outcome(name="complication", label="Complication", unit="tumor", event="complication", kind="yes/no")
REPEAT = Intercurrent(
    name="repeat", says="Repeat ablation", date="repeat_on", outcomes=("ltp",), handled="treatment policy"
)
VOLUME = Serial(name="volume", label="Volume", unit="ml", months=(1.0, 6.0), columns=("volume_1", "volume_6"))
CHANGING = Changing(label="Performance", baseline="ps", values=("ps_1",), dates=("ps_1_on",))
PLAIN = Methods(adjustment=Unadjusted(), estimation=Estimation(at_days=(180.0, 365.0), rmst_days=300.0))


def follows_schema(document: dict[str, Any]) -> None:
    """Refuse a document that is no isotherm.study/1."""
    file = resources.files("isotherm.app") / "schemas" / "study-1.schema.json"
    Draft202012Validator(json.loads(file.read_text(encoding="utf-8"))).validate(document)


def registry(n: int = 160, *, seed: int = 3, tumors: int = 1) -> pd.DataFrame:
    """Return patients with their dates; with several tumors, each has rows of its own."""
    found = random_courses(n, seed)
    random = np.random.default_rng(seed)
    zero = DAY_ZERO + random.integers(0, 1000, n).astype("timedelta64[D]")

    def on(days: Any) -> Any:
        known = np.nan_to_num(np.asarray(days, dtype=float))
        return np.where(np.isnan(days), np.datetime64("NaT"), zero + known.astype("timedelta64[D]"))

    early = np.minimum(30.0, found.last_days / 2.0)
    table = pd.DataFrame({
        "id": [f"P{k}" for k in range(n)], "site": np.where(np.arange(n) % 2, "A", "B"), "burden": found.baseline[:, 0],
        "decided_on": zero, "systemic_on": on(found.systemic_days), "ablated_on": on(found.ablation_days),
        "progressed_on": on(found.progression_days), "died_on": on(np.where(found.died, found.last_days, np.nan)),
        "seen_on": on(found.last_days), "last_on": on(found.last_days), "dead": found.died.astype(float),
        "ps": random.integers(0, 2, n).astype(float), "ps_1": random.integers(0, 3, n).astype(float),
        "ps_1_on": on(np.ceil(early)), "unfit_on": on(np.full(n, np.nan)),
    })  # fmt: skip
    table = table.loc[np.repeat(np.arange(n), 1 + np.arange(n) % tumors)].reset_index(drop=True)
    rows = len(table)
    treated = table["ablated_on"].fillna(table["decided_on"])
    left = (table["last_on"] - treated).dt.days.to_numpy()
    came = np.minimum(np.ceil(random.exponential(500.0, rows)), left)
    died = (table["dead"].to_numpy() == 1.0) & (came == left)
    status = np.where(came < left, 1.0, np.where(died, 2.0, 0.0))
    repeat = np.where(random.random(rows) < 0.3, np.ceil(came / 2.0), np.nan)
    return table.assign(
        lesion=table.groupby("id").cumcount() + 1.0, treated_on=treated, status=status,
        tumor_on=treated + pd.to_timedelta(came, unit="D"),
        repeat_on=treated + pd.to_timedelta(repeat, unit="D"),
        complication=(random.random(rows) < 0.3).astype(float),
        volume_1=random.uniform(5.0, 40.0, rows),
        volume_6=np.where(random.random(rows) < 0.2, np.nan, random.uniform(2.0, 20.0, rows)),
    )  # fmt: skip


def timing(**changes: Any) -> Protocol:
    """Return a protocol of timing: clones, a landmark, and the naive comparison beside them."""
    parts: dict[str, Any] = {
        "title": "Before or after", "question": "When?", "data": Data(file="registry.csv", patient="id"),
        "time_zero": TimeZero(says="decision", column="decided_on"),
        "exposure": ExposureStart(says="ablation", column="ablated_on"),
        "arms": ARMS, "covariates": (BURDEN,), "outcomes": (OS,), "eligibility": (), "methods": PLAIN,
        "course": COURSE, "designs": DESIGNS, "seed": 7,
    }  # fmt: skip
    return protocol(**parts | changes)
