"""A DataFrame and names of columns in, the numbers of the engine out; what is not there or incomplete is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import isotherm
from isotherm.errors import BadColumn, BadSetting, InputError
from isotherm.outcome import TimeToEvent
from isotherm.study.design_matrix import design_matrix
from isotherm.study.matching import match_nearest
from isotherm.study.propensity import propensity
from isotherm.study.survival.cox import cox
from isotherm.study.survival.kaplan_meier import kaplan_meier, kaplan_meier_arms
from isotherm.study.survival.logrank import logrank
from isotherm.study.weighting import weighted
from tests.study import lalonde

OUTCOME: Any = {"time_days": "time", "event": "status"}


@pytest.fixture(scope="module")
def deaths(colon: pd.DataFrame) -> pd.DataFrame:
    """Deaths of the colon trial, rows out of order and with an index of their own."""
    table = colon[colon["etype"] == 2].sample(frac=1.0, random_state=1)
    return table.assign(treated=(table["rx"] == "Lev+5FU") * 1, half=np.where(table["age"] > 60, 0.5, 1.0))


def test_curves_come_under_their_labels(deaths: pd.DataFrame) -> None:
    curves = isotherm.kaplan_meier(deaths, by="rx", **OUTCOME)
    expected = kaplan_meier_arms(TimeToEvent(deaths["time"], deaths["status"]), deaths["rx"])
    assert list(curves) == ["Lev", "Lev+5FU", "Obs"]
    for curve in expected:
        assert curves[curve.label].survival.tolist() == curve.survival.tolist()
    whole = isotherm.kaplan_meier(deaths, weight="half", interval="log-log", level=0.9, **OUTCOME)["all"]
    alone = kaplan_meier(
        TimeToEvent(deaths["time"], deaths["status"], weight=deaths["half"]), interval="log-log", level=0.9
    )
    assert whole.low[:50].tolist() == alone.low[:50].tolist()


def test_groups_are_compared_within_strata(deaths: pd.DataFrame) -> None:
    found = isotherm.logrank(deaths, by="rx", strata="sex", rho=1.0, **OUTCOME)
    expected = logrank(TimeToEvent(deaths["time"], deaths["status"], strata=deaths["sex"]), deaths["rx"], rho=1.0)
    assert (found.chi_square, found.df) == (expected.chi_square, expected.df)


def test_a_cox_model_takes_numbers_and_categories_with_their_reference(deaths: pd.DataFrame) -> None:
    fit = isotherm.cox(
        deaths, covariates=["rx", "age"], reference={"rx": "Obs"}, strata="sex", cluster="id", ties="breslow", **OUTCOME
    )
    x = np.column_stack([deaths["rx"] == "Lev", deaths["rx"] == "Lev+5FU", deaths["age"]]).astype(float)
    outcome = TimeToEvent(deaths["time"], deaths["status"], strata=deaths["sex"], cluster=deaths["id"])
    assert fit.names == ("rx=Lev", "rx=Lev+5FU", "age")
    assert fit.coefficients.tolist() == cox(outcome, x, ties="breslow").coefficients.tolist()
    assert fit.variance == "robust over clusters"


def test_late_entries_have_their_column(deaths: pd.DataFrame) -> None:
    late = deaths.assign(entry=np.minimum(deaths["time"] / 2.0, 30.0))
    fit = isotherm.cox(late, covariates=["age"], start_days="entry", **OUTCOME)
    assert (
        fit.coefficients[0]
        == cox(TimeToEvent(late["time"], late["status"], late["entry"]), late["age"]).coefficients[0]
    )


def test_incomplete_rows_are_refused_or_left_out_as_the_user_says(deaths: pd.DataFrame) -> None:
    with pytest.raises(BadColumn, match=r"Of 929 rows, 18 are incomplete \('nodes' in 18\)"):
        isotherm.cox(deaths, covariates=["nodes"], **OUTCOME)
    complete = deaths.dropna(subset=["nodes"])
    left = isotherm.cox(deaths, covariates=["nodes"], missing="leave out", **OUTCOME)
    assert (left.n, left.coefficients[0]) == (
        911,
        cox(TimeToEvent(complete["time"], complete["status"]), complete["nodes"]).coefficients[0],
    )
    with pytest.raises(BadSetting, match="refuse or leave out"):
        isotherm.cox(deaths, covariates=["nodes"], missing="ignore", **OUTCOME)  # pyright: ignore[reportArgumentType]


def test_matching_gives_the_table_for_the_outcome_and_its_balance() -> None:
    table = lalonde.table()
    found = isotherm.match_on_propensity(table, treated="treat", covariates=lalonde.COVARIATES, exact="married")
    expected = match_nearest(lalonde.scores(), exact=table["married"])
    assert found.table.index.tolist() == np.flatnonzero(expected.matched).tolist()
    assert found.method == expected.method
    assert found.target == expected.target
    assert found.balance.size_after == (expected.n_matched(treated=True),) * 2
    pairs = found.table.groupby("set")
    assert (pairs["treat"].sum() == 1).all()
    assert (pairs["married"].nunique() == 1).all()
    free = isotherm.match_on_propensity(
        table, treated="treat", covariates=lalonde.COVARIATES, caliper_sd=None, exact=["married", "nodegree"]
    )
    assert "no caliper" in free.method
    assert (free.table.groupby("set")["nodegree"].nunique() == 1).all()


def test_weighting_gives_a_weight_for_each_patient() -> None:
    table = lalonde.table()
    found = isotherm.weight_by_propensity(table, treated="treat", covariates=lalonde.COVARIATES, estimand="overlap")
    assert found.table["weight"].tolist() == weighted(lalonde.scores(), "overlap").weight.tolist()
    assert abs(found.balance.worst.after.smd) < 1e-9


def test_a_separated_propensity_brings_its_warning_along() -> None:
    table = pd.DataFrame({"treated": [0, 1] * 10, "x": [0.0, 1.0] * 10, "y": np.arange(20.0)})
    scores = propensity(design_matrix(table, ["x", "y"]), table["treated"])
    found = isotherm.match_on_propensity(table, treated="treated", covariates=["x", "y"], caliper_sd=None)
    assert found.warnings == scores.warnings
    assert "Firth" in found.warnings[0]


def test_effects_are_a_table_with_one_row_each(deaths: pd.DataFrame) -> None:
    fit = isotherm.cox(deaths, covariates=["age", "sex"], **OUTCOME)
    frame = isotherm.as_frame(fit.effects())
    assert frame["name"].tolist() == ["age", "sex"]
    assert frame["estimate"].tolist() == np.exp(fit.coefficients).tolist()
    assert isotherm.as_frame([]).columns.tolist() == frame.columns.tolist()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda t: isotherm.kaplan_meier(t, time_days="tim", event="status"), "'tim' is not there; near it are: time"),
        (lambda t: isotherm.kaplan_meier(t, time_days="nodes", event="status"), "'nodes' is empty in 18 of 929 rows"),
        (lambda t: isotherm.kaplan_meier(t, time_days="time", event="rx"), "Column 'rx' holds text"),
        (lambda t: isotherm.logrank(t, by="arm", **OUTCOME), "Column 'arm' is not there"),
        (lambda t: isotherm.logrank(t, by="differ", **OUTCOME), "Column 'differ' is empty in 23 of 929 rows"),
        (lambda t: isotherm.cox(t, covariates=["age", "time"], **OUTCOME), "'time' is the time and a covariate"),
        (lambda t: isotherm.cox(t, covariates={"status": "number"}, **OUTCOME), "'status' is the event and"),
        (lambda t: isotherm.match_on_propensity(t, treated="sex", covariates=["sex"]), "'sex' is the treatment and a"),
        (lambda t: isotherm.cox(t, covariates=[], **OUTCOME), "No covariate was named"),
        (lambda t: isotherm.match_on_propensity(t, treated="rx", covariates=["age"]), "neither 0 nor 1 in 929 of 929"),
        (
            lambda t: isotherm.weight_by_propensity(
                pd.concat([t, t[["age"]]], axis=1), treated="treated", covariates=["age"]
            ),
            "names 2 columns",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_by_its_column(
    deaths: pd.DataFrame, call: Callable[[pd.DataFrame], Any], says: str
) -> None:
    with pytest.raises(InputError) as caught:
        call(deaths)
    assert says in str(caught.value)


def test_the_door_opens_when_a_name_is_asked_for_and_not_before() -> None:
    script = "import isotherm, sys; print({'numba', 'pandas', 'numpy'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"
    assert set(isotherm.__all__) <= set(dir(isotherm))
    with pytest.raises(AttributeError, match="no attribute 'coxph'"):
        isotherm.coxph  # noqa: B018  # pyright: ignore[reportAttributeAccessIssue]
