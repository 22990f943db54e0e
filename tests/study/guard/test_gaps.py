"""Patients who will be left out for a covariate that is not known are told before a run, with the covariates' names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from isotherm.study.cohort import cohort
from isotherm.study.disclosure import vague
from isotherm.study.guard.audit import findings_of
from isotherm.study.protocol_methods import Methods, MissingData, Unadjusted
from tests.study.guard.made import audit, registry
from tests.study.registry import registry as of_courses
from tests.study.registry import timing

KEY = "covariates_unknown"


def lacking(many: int, few: int) -> pd.DataFrame:
    table, place = registry(), np.arange(240)
    return table.assign(age=table["age"].where(place >= many), sex=table["sex"].where(place < 240 - few))


def test_who_is_left_out_is_counted_with_each_covariate() -> None:
    found = audit(lacking(24, 6))[KEY]
    assert (found.level, found.rows, found.bars) == ("warn", 30, ())
    assert found.says.startswith("30 of 240 patients in the arms, will be left out of the analysis")
    assert "(Age in 24 of 240 patients, Sex in 6 of 240 patients)" in found.says
    assert [(one.value, one.of) for one in found.counts] == [(30, 240), (30, 240), (24, 240), (6, 240)]
    assert not any(sign.isdecimal() for sign in vague(found.says))  # a release names no count
    assert audit(lacking(2, 0))[KEY].level == "note"


@pytest.mark.parametrize("methods", [
    Methods(missing=MissingData(method="multiple imputation")), Methods(adjustment=Unadjusted(), reason="By lot."),
])  # fmt: skip
def test_where_nobody_is_left_out_nothing_is_said(methods: Methods) -> None:
    assert KEY not in audit(lacking(24, 6), methods=methods)


def test_designs_are_told_of_everybody_eligible_in_an_arm_or_not() -> None:
    table = of_courses(100)
    table = table.assign(burden=table["burden"].where(np.arange(100) >= 20))
    made = cohort(timing(), table)
    (found,) = (one for one in findings_of(made) if one.key == KEY)
    own = int(made.table["burden"].isna().sum())
    assert found.says.startswith(f"20 of 100 patients, in an arm or not ({own} of {len(made)} patients in the arms)")
    assert "left out of the designs" in found.says
