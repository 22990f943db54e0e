"""Subgroups and tables of models: one call, R's interaction test, levels that cannot be estimated say why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from isotherm.errors import BadColumn, BadSetting
from isotherm.outcome import TimeToEvent
from isotherm.study.subgroups import subgroups
from isotherm.study.survival.cox import cox
from isotherm.study.survival.cox_table import cox_table
from tests.study.survival.made import cohort


def test_the_interaction_is_tested_in_the_same_call_and_each_level_is_its_own_fit() -> None:
    outcome, x = cohort(51, 90)
    sex = np.where(np.arange(90) % 3 > 0, "female", "male")
    (found,) = subgroups(outcome, x[:, 1], {"sex": sex}, adjusted_for=x[:, 0], endpoint="death")
    assert [level.label for level in found.levels] == ["female", "male"]
    rows = sex == "male"
    alone = cox(outcome.take(rows), np.column_stack([x[rows, 1], x[rows, 0]]))
    male = found.levels[1]
    assert male.effect is not None
    assert male.effect.estimate == pytest.approx(np.exp(alone.coefficients[0]))
    assert (male.n, male.events, male.effect.endpoint) == (30, alone.events, "death")
    is_male = rows * 1.0
    main = cox(outcome, np.column_stack([x[:, 1], is_male, x[:, 0]]))
    full = cox(outcome, np.column_stack([x[:, 1], is_male, x[:, 1] * is_male, x[:, 0]]))
    assert found.method == "likelihood ratio test of the interaction"
    assert found.df == 1
    assert found.p_interaction == pytest.approx(float(chi2.sf(2 * (full.loglik - main.loglik), 1)))


def test_the_interaction_of_arm_and_sex_is_the_one_of_r(colon: pd.DataFrame, golden_colon: dict[str, Any]) -> None:
    d = colon[colon.etype == 2]
    outcome, lev, lev5 = TimeToEvent(d.time, d.status), d.rx == "Lev", d.rx == "Lev+5FU"
    main = cox(outcome, np.column_stack([lev, lev5, d.sex, d.age]))
    # The other way around it is the same test: whether the effect of sex differs between the arms.
    (found,) = subgroups(outcome, d.sex, {"rx": d.rx}, adjusted_for=d.age)
    theirs = golden_colon["cox_interaction_rx_sex"]
    assert found.df == theirs["lrt_interaction"]["df"]
    assert found.p_interaction == pytest.approx(theirs["lrt_interaction"]["p"], abs=1e-8)
    assert main.loglik < theirs["loglik"][1]


def test_clusters_make_it_a_wald_test() -> None:
    outcome, x = cohort(52, 90, cluster=True)
    (found,) = subgroups(outcome, x[:, 1], {"third": np.arange(90) % 3})
    assert found.method == "Wald test of the interaction, robust over clusters variance"
    assert found.df == 2
    assert found.p_interaction is not None
    assert 0.0 <= found.p_interaction <= 1.0


def test_a_level_that_cannot_be_estimated_says_why_and_the_others_stand() -> None:
    outcome, x = cohort(53, 60)
    burden = np.where(np.arange(60) < 8, "high", "low")
    arm = np.where(burden == "high", 1, x[:, 1])
    (burden_found, single) = subgroups(outcome, arm, {"burden": burden, "site": ["one"] * 60})
    high, low = burden_found.levels
    assert high.effect is None
    assert "the same in all 8 rows" in high.reason
    assert low.effect is not None
    assert burden_found.p_interaction is None
    assert "follows from" in burden_found.method
    assert (single.p_interaction, single.method) == (None, "one level only")


def test_a_treatment_is_zero_or_one() -> None:
    outcome, _ = cohort(54)
    with pytest.raises(BadColumn, match="treated is neither 0 nor 1"):
        subgroups(outcome, np.arange(len(outcome)), {})


def test_a_table_holds_each_term_alone_and_all_together() -> None:
    outcome, x = cohort(55, 50)
    columns = np.column_stack([x, np.arange(50) % 5 == 0])
    table = cox_table(outcome, columns, {"size": ["size"], "group": ["b", "c"]}, endpoint="death")
    size, group = table.rows
    assert size.univariable[0].estimate == pytest.approx(np.exp(cox(outcome, x[:, 0]).coefficients[0]))
    assert size.univariable_p == pytest.approx(size.univariable[0].p_value)
    assert [effect.name for effect in group.multivariable] == ["b", "c"]
    assert group.multivariable_p == pytest.approx(table.fit.wald_p_value(["b", "c"])[2])
    assert table.events_per_covariate == pytest.approx(table.fit.events / 3)
    assert table.few_events == (table.fit.events < 30)
    with pytest.raises(BadSetting, match="for 1 names"):
        cox_table(outcome, columns, {"size": ["size"]})
