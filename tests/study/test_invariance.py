"""What must not change a study: the order of rows, arms and columns, the unit of time, how a fact is written down."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from isotherm.study.protocol_parts import Arm
from isotherm.study.result import Record, StudyResult
from tests.study.cohorts import FIXED, LESIONS, PAIRS, WEIGHTS, people, run, value
from tests.study.protocols import AGE, ARMS, OS, SEX

METHODS = {"weights": WEIGHTS, "pairs": PAIRS}
TABLE = people()


def numbers(record: Record) -> list[float]:
    return [math.nan if part is None else part for part in (record.value, record.low, record.high, record.p)]


def same(one: StudyResult, other: StudyResult) -> None:
    first, second = one.results.records, other.results.records
    assert set(first) == set(second)
    apart = [key for key in first if numbers(first[key]) != pytest.approx(numbers(second[key]), rel=1e-7, nan_ok=True)]
    assert not apart


def shuffled(table: pd.DataFrame) -> pd.DataFrame:
    return table.sample(frac=1.0, random_state=3)


def in_words(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(drug=np.where(table["drug"] == 1.0, "yes", "no"))


YES_NO = replace(
    ARMS,
    arms=(Arm(name="drug", label="Drug", values=("yes",)), Arm(name="none", label="No drug", values=("no",))),
)
IN_YEARS = replace(OS, time_unit="years")

CHANGES: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], dict[str, Any]]] = {
    "arms are listed the other way": (lambda t: t, {"arms": replace(ARMS, arms=ARMS.arms[::-1])}),
    "arms are words": (in_words, {"arms": YES_NO}),
    "rows come in another order, with an index of their own": (shuffled, {}),
    "columns come in another order, with others among them": (lambda t: t[t.columns[::-1]].assign(more=1.0), {}),
    "numbers are whole numbers or objects": (lambda t: t.astype({"drug": "Int64", "sex": object, "dead": int}), {}),
    "dead is true or false": (lambda t: t.assign(dead=t["dead"] == 1.0), {}),
}


@pytest.fixture(scope="module", params=list(METHODS))
def adjusted(request: pytest.FixtureRequest) -> tuple[str, StudyResult]:
    return request.param, run(TABLE, methods=METHODS[request.param])


@pytest.mark.parametrize("change", list(CHANGES))
def test_no_number_of_a_study_changes_when(change: str, adjusted: tuple[str, StudyResult]) -> None:
    name, expected = adjusted
    table, parts = CHANGES[change]
    same(expected, run(table(TABLE), methods=METHODS[name], **parts))


def test_effects_do_not_see_the_unit_of_time() -> None:
    known = {"covariates": (AGE, SEX, LESIONS), "subgroups": (), "methods": replace(WEIGHTS, estimation=FIXED)}
    months = run(TABLE, outcomes=(OS,), **known)
    years = run(TABLE.assign(months=TABLE["months"] / 12.0), outcomes=(IN_YEARS,), **known)
    same(months, years)


def test_the_other_reference_arm_turns_every_effect_around() -> None:
    one, other = run(TABLE), run(TABLE, arms=replace(ARMS, reference="drug"))
    for key in ("effect.os.adjusted", "effect.os.naive"):
        (first, low, high, p), (second, *limits, p_other) = (
            numbers(made.results.records[key]) for made in (one, other)
        )
        assert (first, low, high, p) == pytest.approx(
            (1.0 / second, 1.0 / limits[1], 1.0 / limits[0], p_other), rel=1e-7
        )
    for key in ("rmst.os.naive.difference", "rmst.os.adjusted.difference"):
        assert value(one, key) == pytest.approx(-value(other, key), rel=1e-7)


def test_who_is_not_eligible_changes_no_effect() -> None:
    young = TABLE[:9].assign(id=[f"Y{k}" for k in range(9)], age=10.0, months=999.0, dead=1.0, drug=[0.0, 1.0, 1.0] * 3)
    one, other = run(TABLE), run(pd.concat([TABLE, young], ignore_index=True))
    for key in one.results.records:
        if key.split(".")[0] in ("effect", "rmst", "km", "logrank", "balance"):
            assert numbers(one.results.records[key]) == pytest.approx(numbers(other.results.records[key]), nan_ok=True)
