"""Table 1 and outcomes of a cohort: known values by hand, missing ones counted, differences with their denominator."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.errors import BadColumn, BadSetting
from isotherm.study.cohort import Cohort, cohort
from isotherm.study.cohort_outcomes import observed, observed_yes_no
from isotherm.study.known import Known
from isotherm.study.protocol_parts import Arm, Outcome
from isotherm.study.table_one import TableOne, TableRow, table_one
from tests.study.protocols import AGE, ARMS, OS, SEX, protocol
from tests.study.test_cohort import ILL, PER_TUMOR, STAGE, TUMORS

TABLE = pd.DataFrame(
    {
        "id": [str(n) for n in range(8)],
        "site": "A",
        "drug": [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0],
        "age": [50.0, 60.0, 70.0, np.nan, 40.0, 50.0, 60.0, 90.0],
        "sex": [1.0, 1.0, 2.0, np.nan, 2.0, 2.0, 2.0, 1.0],
        "ill": [1.0, 0.0, np.nan, 1.0, 0.0, 0.0, 0.0, 0.0],
        "stage": ["a", "b", "a", "b", "a", "b", "a", "b"],
        "months": [12.0, 6.0, np.nan, 4.0, 20.0, 24.0, 1.0, 2.0],
        "dead": [1.0, 0.0, 1.0, np.nan, 0.0, 1.0, 0.0, 1.0],
        "moved": [0.0, 1.0, 0.0, 0.0, np.nan, 0.0, 0.0, 0.0],
    }
)
LATE = dataclasses.replace(ILL, known=Known(when="after time zero"), use="describe")
STUDY = protocol(covariates=(AGE, SEX, LATE, STAGE), eligibility=())


def made(table: pd.DataFrame = TABLE, **changes: Any) -> Cohort:
    return cohort(dataclasses.replace(STUDY, **changes), table)


def row(table: TableOne, column: str, level: str | None = None) -> TableRow:
    return next(one for one in table.rows if (one.column, one.level) == (column, level))


def test_numbers_have_means_medians_and_quartiles_of_what_is_known() -> None:
    age = row(table_one(made()), "age")
    assert (age.unit, age.late, age.adjusted) == ("years", "", True)
    drug, none, everybody = age["drug"], age["none"], age["all"]
    assert (drug.known, drug.missing, drug.mean, drug.sd) == (3, 1, 60.0, 10.0)
    assert (none.median, none.low_quartile, none.high_quartile) == (55.0, 47.5, 67.5)
    assert (everybody.known, everybody.missing, everybody.mean) == (7, 1, 60.0)
    assert age.smd == 0.0


def test_levels_have_counts_and_shares_of_what_is_known() -> None:
    table = table_one(made())
    male, female = row(table, "sex", "male"), row(table, "sex", "female")
    assert (male["drug"].count, male["drug"].share, male["drug"].missing) == (2, 2 / 3, 1)
    assert (female["none"].count, female["none"].share) == (3, 0.75)
    # p = 2/3 and 1/4: their difference over the root of the mean of p (1 - p)
    assert male.smd == pytest.approx((2 / 3 - 1 / 4) / np.sqrt((2 / 9 + 3 / 16) / 2))
    assert female.smd == pytest.approx(-(male.smd or 0.0))


def test_a_yes_no_counts_yes_and_says_when_it_was_known_too_late() -> None:
    ill = row(table_one(made()), "ill")
    assert (ill["drug"].count, ill["drug"].known, ill["none"].share) == (2, 3, 0.0)
    assert (ill.late, ill.adjusted) == ("it was known after time zero", False)


def test_the_denominator_is_named_and_changes_the_difference() -> None:
    pooled, treated = table_one(made()), table_one(made(), denominator="treated")
    assert (pooled.denominator, pooled.denominator_words) == ("pooled", "sqrt((s1² + s0²)/2) before adjustment")
    assert row(treated, "sex", "male").smd == pytest.approx((2 / 3 - 1 / 4) / np.sqrt(2 / 9))
    with pytest.raises(BadSetting, match="Table 1 is unweighted"):
        table_one(made(), denominator="weighted")
    with pytest.raises(BadSetting, match="'half' came"):
        table_one(made(), denominator="half")  # type: ignore[arg-type]


def test_groups_have_their_sizes_in_rows_and_patients() -> None:
    assert table_one(made()).sizes == (("drug", 4, 4), ("none", 4, 4), ("all", 8, 8))


def test_where_rows_are_tumors_facts_of_patients_count_once_and_facts_of_tumors_each() -> None:
    size = dataclasses.replace(AGE, column="size", label="Size", unit="cm", use="describe")
    study = dataclasses.replace(PER_TUMOR, covariates=(AGE, size), eligibility=())
    table = table_one(cohort(study, TUMORS))
    age, size_row = row(table, "age"), row(table, "size")
    assert (age.per, age["all"].known, age["drug"].known, age["all"].mean) == (
        "patient",
        3,
        1,
        (64.0 + 70.0 + 50.0) / 3,
    )
    assert (size_row.per, size_row["all"].known, size_row["all"].missing) == ("tumor", 4, 1)
    assert table.sizes == (("drug", 2, 1), ("none", 3, 2), ("all", 5, 3))
    assert row(table_one(made()), "age").per == "patient"


def test_what_cannot_be_said_is_none() -> None:
    lonely = TABLE.assign(age=[50.0, np.nan, np.nan, np.nan, 40.0, 40.0, 40.0, 40.0])
    age = row(table_one(made(lonely)), "age")
    assert age["drug"].sd is None
    assert age.smd is None  # neither arm varies, and the means differ
    gone = TABLE.assign(age=[np.nan] * 4 + [1.0, 2.0, 3.0, 4.0], ill=[np.nan] * 4 + [1.0] * 4)
    table = table_one(made(gone))
    assert (row(table, "age")["drug"].mean, row(table, "age")["drug"].missing, row(table, "age").smd) == (None, 4, None)
    assert row(table, "ill")["drug"].share is None
    assert row(table_one(made(gone.assign(drug=1.0 - TABLE["drug"]))), "age").smd is None


@pytest.mark.parametrize("n", range(2, 80, 7))
def test_a_level_that_everybody_has_differs_by_nothing_whatever_the_size_of_the_arms(n: int) -> None:
    drug = np.arange(n) % 2.0
    table = pd.DataFrame({"id": range(n), "site": "A", "drug": drug, "age": 50.0, "sex": 1.0, "ill": 1.0, "stage": "a",
                          "months": 1.0, "dead": 1.0})  # fmt: skip
    assert [one.smd for one in table_one(made(table)).rows] == [0.0] * 6


def test_three_arms_are_described_without_a_difference() -> None:
    three = dataclasses.replace(ARMS, arms=(*ARMS.arms, Arm(name="two", label="Two", values=(2.0,))))
    table = table_one(made(TABLE.assign(drug=[1.0, 1.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0]), arms=three))
    assert [group for group, _ in table.rows[0].groups] == ["drug", "none", "two", "all"]
    assert {one.smd for one in table.rows} == {None}


@given(st.lists(st.sampled_from([1.0, 2.0, np.nan]), min_size=8, max_size=8))
def test_levels_and_missing_ones_add_up_to_each_group(sex: list[float]) -> None:
    table = table_one(made(TABLE.assign(sex=sex)))
    for group, size, _ in table.sizes:
        levels = [one[group] for one in table.rows if one.column == "sex"]
        assert sum(level.count or 0 for level in levels) + levels[0].missing == size


def test_outcomes_are_the_rows_in_which_time_and_event_are_known() -> None:
    found = observed(made(), "os")
    assert found.rows.tolist() == [0, 1, 4, 5, 6, 7]
    assert found.missing == 2
    assert found.times.event.tolist() == [1, 0, 0, 1, 0, 1]
    assert found.times.time_days[0] == pytest.approx(365.25)


def test_a_competing_event_is_coded_two() -> None:
    outcomes = (dataclasses.replace(OS, competing="moved"),)
    found = observed(made(outcomes=outcomes), "os")
    assert found.rows.tolist() == [0, 1, 5, 6, 7]
    assert found.times.event.tolist() == [1, 2, 1, 0, 1]


def test_a_yes_no_outcome_has_its_known_rows() -> None:
    moved = Outcome(name="moved", label="Moved", kind="yes/no", event="moved")
    found = observed_yes_no(made(outcomes=(OS, moved)), "moved")
    assert (found.happened.sum(), len(found.rows), found.missing) == (1, 7, 1)


def test_outcomes_of_patients_count_a_patient_once_and_outcomes_of_tumors_are_clustered() -> None:
    tumors = TUMORS.assign(size=1.0, drug=[1.0, 1.0, 0.0, 0.0, 0.0, np.nan], dead=[1, 1, 0, 1, 1, 0], ltp2=1.0,
                           died=[5.0, 5.0, 9.0, np.nan, np.nan, 2.0])  # fmt: skip
    os = dataclasses.replace(OS, time="died", primary=False)
    local = Outcome(name="residual", label="Residual", kind="yes/no", event="ltp2", unit="tumor")
    study = dataclasses.replace(PER_TUMOR, outcomes=(*PER_TUMOR.outcomes, os, local))
    whole = cohort(study, tumors)
    patients, lesions = observed(whole, "os"), observed(whole, "ltp")
    assert (patients.rows.tolist(), patients.missing, patients.times.cluster) == ([0, 2], 1, None)
    assert lesions.times.cluster is not None
    assert lesions.times.cluster.tolist() == [0, 0, 1, 2, 2]
    yes_no = observed_yes_no(whole, "residual")
    assert yes_no.cluster is not None
    assert yes_no.cluster.tolist() == [0, 0, 1, 2, 2]
    with pytest.raises(BadColumn, match="'os' is of patients, and differs within a patient, in 1 of 5 rows"):
        observed(cohort(study, tumors.assign(dead=[1, 0, 0, 1, 1, 0])), "os")


def test_blinded_or_unknown_outcomes_are_refused() -> None:
    with pytest.raises(BadSetting, match="blinded"):
        observed(made(outcomes_blinded=True), "os")
    with pytest.raises(BadSetting, match="No outcome 'pfs' of kind time; the protocol has: os"):
        observed(made(), "pfs")
    with pytest.raises(BadSetting, match="of kind yes/no; the protocol has: none"):
        observed_yes_no(made(), "os")
