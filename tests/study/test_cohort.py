"""A cohort: the flow that its own predicates made, arms by values and by dates, and records that are refused."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.errors import BadColumn, BadProtocol, BadSetting, BadTable, InputError
from isotherm.study.cohort import Cohort, cohort
from isotherm.study.cohort_outcomes import observed
from isotherm.study.design_matrix import design_matrix
from isotherm.study.known import ExposureStart, Known, TimeZero
from isotherm.study.people import OTHER, UNKNOWN, arm_codes
from isotherm.study.predicate import Predicate
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_parts import Arm, Arms, Covariate, Data, Outcome, Step
from isotherm.study.records import outcome_days
from tests.study.protocols import ADULT, AGE, ARMS, BEFORE, DATA, DATED_ARMS, OLD, OS, SEX, protocol

TABLE = pd.DataFrame(
    {
        "id": ["1", "2", "3", "4", "5", "6", "7", "8"],
        "site": ["A", "A", "A", "A", "B", "B", "B", "B"],
        "drug": [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 2.0, np.nan],
        "age": [64.0, 70.0, 17.0, np.nan, 55.0, 45.0, 60.0, 61.0],
        "sex": [1.0, 2.0, 1.0, 2.0, 1.0, np.nan, 1.0, 2.0],
        "months": [12.0, 6.0, 3.0, 4.0, 20.0, 24.0, 1.0, 2.0],
        "dead": [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0],
    }
)


def counts(made: Cohort) -> dict[str, int]:
    return {box.key: box.patients for box in made.flow.boxes}


def refused(error: type[InputError], says: str, study: Protocol, table: pd.DataFrame) -> None:
    with pytest.raises(error) as caught:
        cohort(study, table)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_flow_counts_not_met_and_unknown_apart_and_rows_in_no_arm() -> None:
    made = cohort(protocol(), TABLE)
    assert counts(made) == {
        "start": 8, "step_1.kept": 6, "step_1.not_met": 1, "step_1.unknown": 1,
        "arm.drug": 2, "arm.none": 2, "arm.other": 1, "arm.unknown": 1,
    }  # fmt: skip
    assert made.table.index.tolist() == [0, 1, 4, 5]
    assert made.flow["step_1.unknown"].ids.tolist() == [3]
    assert made.flow["start"].tumors is None
    assert made.treated.tolist() == made.in_arm("drug").tolist() == [True, False, True, False]
    assert made.site is not None
    assert made.site.tolist() == ["A", "A", "B", "B"]
    assert len(made) == 4


def test_the_flow_is_counted_per_site_and_arm() -> None:
    made = cohort(protocol(), TABLE)
    cells = {(cell.site, cell.arm): cell.patients for cell in made.flow.start.cells}
    assert cells == {
        ("A", "drug"): 2, ("A", "none"): 2, ("B", "drug"): 1, ("B", "none"): 1, ("B", "other"): 1, ("B", "unknown"): 1,
    }  # fmt: skip


@pytest.mark.parametrize(("fate", "kept", "unknown"), [("exclude", 6, 0), ("keep", 7, 1)])
def test_what_is_unknown_has_its_own_count_and_its_declared_fate(fate: Any, kept: int, unknown: int) -> None:
    made = cohort(protocol(eligibility=(dataclasses.replace(ADULT, unknown=fate),)), TABLE)
    assert (made.flow["step_1.kept"].patients, made.flow["step_1.kept"].unknown) == (kept, unknown)


def test_where_a_fact_must_be_known_a_missing_one_stops_the_study() -> None:
    strict = protocol(eligibility=(dataclasses.replace(ADULT, unknown="stop"),))
    refused(BadTable, '"18 years or older" cannot be answered in 1 of 8 rows', strict, TABLE)
    assert len(cohort(strict, TABLE.dropna(subset="age"))) == 4


def test_arms_by_the_days_between_two_dates_leave_what_fits_no_window_as_other() -> None:
    days = [13, 14, 28, 29, -60, -90, -91, None]
    table = pd.DataFrame({"ablated_on": [pd.Timestamp("2014-01-31")] * 8})
    table["systemic_on"] = [
        pd.NaT if day is None else pd.Timestamp("2014-01-31") + pd.Timedelta(days=day) for day in days
    ]
    assert arm_codes(DATED_ARMS, table).tolist() == [OTHER, 0, 0, OTHER, 1, 1, OTHER, UNKNOWN]
    assert arm_codes(DATED_ARMS, table.assign(systemic_on=None)).tolist() == [UNKNOWN] * 8
    with pytest.raises(BadColumn, match="'ablated_on' holds no dates"):
        arm_codes(DATED_ARMS, table.assign(ablated_on="soon"))


def test_arms_are_told_apart_by_texts_and_truths_as_well() -> None:
    table = pd.DataFrame({"drug": ["x", "y", None, "z"], "flag": pd.array([True, False, None, True], dtype="boolean")})
    texts = Arms(
        column="drug",
        reference="b",
        arms=(Arm(name="a", label="a", values=("x",)), Arm(name="b", label="b", values=("y",))),
    )
    flags = Arms(
        column="flag",
        reference="b",
        arms=(Arm(name="a", label="a", values=(True,)), Arm(name="b", label="b", values=(False,))),
    )
    assert arm_codes(texts, table).tolist() == [0, 1, UNKNOWN, OTHER]
    assert arm_codes(flags, table).tolist() == [0, 1, UNKNOWN, 0]


TUMORS = pd.DataFrame(
    {
        "id": ["1", "1", "2", "3", "3", "4"],
        "lesion": ["a", "b", "a", "a", "b", "a"],
        "size": [1.0, 5.0, 2.0, 6.0, np.nan, 1.0],
        "drug": [1.0, 1.0, 0.0, 0.0, 0.0, np.nan],
        "age": [64.0, 64.0, 70.0, 50.0, 50.0, 40.0],
        "ltp": [1.0, 0.0, 0.0, 1.0, 1.0, 0.0],
        "months": [3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
    }
)
PER_TUMOR = protocol(
    data=Data(file="t.csv", patient="id", tumor="lesion"),
    covariates=(AGE,),
    outcomes=(dataclasses.replace(OS, name="ltp", label="LTP", unit="tumor", event="ltp"),),
    eligibility=(Step(says="3 cm at most", where=Predicate("size <= 3")),),
)  # fmt: skip


def test_patients_and_tumors_are_counted_side_by_side_and_a_patient_leaves_with_the_last_tumor() -> None:
    flow = cohort(PER_TUMOR, TUMORS).flow
    assert {box.key: (box.patients, box.tumors) for box in flow.boxes} == {
        "start": (4, 6), "step_1.kept": (3, 3), "step_1.not_met": (1, 2), "step_1.unknown": (0, 1),
        "arm.drug": (1, 1), "arm.none": (1, 1), "arm.other": (0, 0), "arm.unknown": (1, 1),
    }  # fmt: skip


def test_who_is_in_no_arm_is_told_why_apart_from_those_of_whom_it_is_not_known() -> None:
    made = cohort(protocol(), TABLE)
    (value,) = set(made.people.arm[made.flow["arm.other"].ids].tolist())
    assert value == OTHER
    assert made.flow["arm.other"].says == "In no arm: no arm is defined for drug 2"
    assert made.flow["arm.unknown"].says == "In no arm: not known"


def test_a_patient_in_two_arms_is_refused() -> None:
    refused(
        BadTable,
        "1 patients have rows in more than one arm",
        PER_TUMOR,
        TUMORS.assign(drug=[1, 0, 0, 0, 0, 0], size=1.0),
    )


def test_an_arm_without_eligible_rows_is_refused_and_its_rows_before_are_told() -> None:
    refused(BadTable, 'in arm "Drug"; 0 rows were in it before', protocol(), TABLE.assign(drug=0.0))
    refused(
        BadTable,
        'in arm "Drug"; 3 rows were in it before',
        protocol(),
        TABLE.assign(age=[17, 70, 17, 60, 17, 45, 60, 61]),
    )


def test_a_repeated_key_is_an_error_but_an_id_may_occur_at_two_sites() -> None:
    twice = TABLE.assign(id=["1", "1", "1", "4", "5", "6", "7", "8"])
    refused(BadTable, "2 rows repeat the key (id) within a site", protocol(), twice)
    refused(BadTable, "1 row repeats the key (id);", protocol(data=Data(file="a", patient="id")),
            TABLE.assign(id=["1", "1", "3", "4", "5", "6", "7", "8"]))  # fmt: skip
    made = cohort(protocol(), TABLE.assign(id=["1", "2", "3", "4", "1", "6", "7", "8"]))
    assert len(np.unique(made.person)) == 4
    assert cohort(protocol(), TABLE).findings == ()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"id": ["1", None, "3", "4", "5", "6", "7", "8"]}, "Column 'id' is empty in 1 of 8 rows"),
        ({"months": -1.0}, "Column 'months' is negative in 4 of 4 rows"),
        ({"months": [0.0, 6, 3, 4, 0, 24, 1, 2]}, "0 with an event in 1 of 4 rows"),
        ({"months": np.inf}, "infinite in 4 of 4"),
        ({"months": "soon"}, "text instead of a number in 4 of 4"),
        ({"months": "12"}, "text instead of a number in 4 of 4"),
        ({"dead": 2.0}, "Column 'dead' is neither 0 nor 1 in 4 of 4 rows"),
        ({"dead": 0.0}, "'dead' holds no event in 4 rows"),
        ({"dead": np.nan}, "'dead' holds no event in 4 rows"),
        ({"age": [64, 70, 17, 20, np.inf, 45, 60, 61]}, "'age' is infinite in 1 of 5"),
        ({"sex": 3.0}, "'sex' is none of its declared levels in 4 of 4"),
    ],
)
def test_values_that_cannot_be_are_refused_with_column_and_count(changes: dict[str, Any], says: str) -> None:
    refused(BadColumn, says, protocol(), TABLE.assign(**changes))


def test_what_is_wrong_in_a_row_that_is_not_eligible_stops_nothing() -> None:
    assert len(cohort(protocol(), TABLE.assign(months=[12, 6, -3, 4, 20, 24, 1, 2]))) == 4


def test_a_column_that_is_missing_or_twice_there_and_an_empty_table_are_refused() -> None:
    refused(BadColumn, "Column 'age' is not there; near it are: Age", protocol(), TABLE.rename(columns={"age": "Age"}))
    refused(BadColumn, "Column 'age' is not there.", protocol(), TABLE[["id", "site", "drug"]].assign(**{"3": 1}))
    refused(BadColumn, "Column 'age' is there 2 times", protocol(), pd.concat([TABLE, TABLE[["age"]]], axis=1))
    refused(BadTable, "no rows", protocol(), TABLE.iloc[:0])


def test_blinded_outcomes_are_not_touched_and_not_kept() -> None:
    made = cohort(protocol(outcomes_blinded=True), TABLE.assign(dead="secret", months=-5))
    assert list(made.table.columns) == ["id", "site", "drug", "age", "sex"]
    assert len(cohort(protocol(outcomes_blinded=True), TABLE.drop(columns=["dead", "months"]))) == 4


DATED = protocol(
    time_zero=TimeZero(says="decision", column="zero"),
    outcomes=(Outcome(name="os", label="OS", event="dead", date="last", competing="lost", primary=True),
              Outcome(name="c", label="Complication", kind="yes/no", event="compl")),
    covariates=(dataclasses.replace(AGE, known=Known(column="age_on")),),
)  # fmt: skip


def dated(**changes: Any) -> pd.DataFrame:
    day = pd.Timestamp("2014-01-31")
    table = TABLE.assign(zero=day, last=day + pd.Timedelta(days=100), age_on=day, lost=0.0, compl=[1.0, 0.0] * 4)
    return table.assign(**changes)


def test_outcomes_by_dates_count_from_time_zero_and_dates_in_the_wrong_order_are_refused() -> None:
    made = cohort(DATED, dated())
    assert outcome_days(DATED, DATED.outcomes[0], made.table).tolist() == [100.0] * 4
    assert outcome_days(protocol(), OS, TABLE)[0] == pytest.approx(365.25)
    refused(BadColumn, "'last' is before time zero in 4 of 4", DATED, dated(last=pd.Timestamp("2014-01-30")))
    refused(BadColumn, "'lost' is 1 together with the event in 2 of 4", DATED, dated(lost=1.0))
    refused(BadColumn, "'compl' is neither 0 nor 1", DATED, dated(compl=0.5))


def clocked(**starts: float | None) -> pd.DataFrame:
    """Return four patients whose times count from diagnosis, and who were sequenced later."""
    given = starts or {"1": 3.0, "2": 0.0, "3": -2.0, "4": None}
    return pd.DataFrame({
        "id": ["1", "2", "3", "4"], "site": "A", "drug": [1.0, 1.0, 0.0, 0.0], "age": [64.0, 50.0, 71.0, 48.0],
        "sex": ["1", "2", "1", "2"], "months": [10.0, 20.0, 30.0, 40.0], "dead": [1.0, 0.0, 1.0, 1.0],
        "sequenced": [given[key] for key in ("1", "2", "3", "4")],
    })  # fmt: skip


def test_a_clock_that_starts_at_a_time_of_its_own_is_subtracted_and_who_has_none_is_missing() -> None:
    own = dataclasses.replace(OS, time_start="sequenced")
    found = observed(cohort(protocol(outcomes=(own,)), clocked()), "os")
    assert found.times.time_days == pytest.approx(np.array([7.0, 20.0, 32.0]) * 365.25 / 12.0)
    assert (found.rows.tolist(), found.missing) == ([0, 1, 2], 1)


def test_who_ended_before_the_clock_started_is_refused_until_a_step_leaves_such_patients_out() -> None:
    own, late = dataclasses.replace(OS, time_start="sequenced"), {"1": 3.0, "2": 0.0, "3": -2.0, "4": 41.0}
    with pytest.raises(BadColumn, match="before 'sequenced' in 1 of 4 rows; leave out who ended before their clock"):
        cohort(protocol(outcomes=(own,)), clocked(**late))
    reached = Step(says="Alive when sequenced", where=Predicate("months > sequenced"), override="Nobody is seen before")
    made = cohort(protocol(outcomes=(own,), eligibility=(reached,)), clocked(**late))
    assert len(observed(made, "os").rows) == 3


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"time": None, "time_unit": None, "date": "last", "time_start": "sequenced"}, "starts at a time, so it needs"),
        ({"time_start": "months"}, "months is the start of os's clock and one of its own columns"),
        ({"kind": "yes/no", "time": None, "time_unit": None, "time_start": "sequenced"}, "is a yes/no; it has no time"),
    ],
)
def test_a_clock_of_a_time_needs_an_outcome_of_times(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(BadProtocol, match=says):
        dataclasses.replace(OS, **changes)


def test_a_fact_dated_after_time_zero_or_exposure_is_refused_or_recorded() -> None:
    late = dated()
    late.loc[[0, 2], "age_on"] = pd.Timestamp("2014-02-01")
    refused(BadColumn, "Age was known after time zero or after exposure began in 1 of 4 rows", DATED, late)
    opened = dataclasses.replace(DATED.covariates[0], override="The chart was typed later.")
    made = cohort(dataclasses.replace(DATED, covariates=(opened,)), late)
    assert [(finding.key, finding.rows) for finding in made.findings] == [("late.age", 1)]
    assert "used all the same: The chart was typed later." in made.findings[0].says


@pytest.mark.parametrize(
    ("exposure", "known", "table", "late"),
    [
        ({"day": -30.0}, Known(column="age_on"), {}, 4),
        ({"day": 30.0}, Known(column="age_on"), {}, 0),
        ({"column": "dose"}, Known(column="age_on"), {"dose": pd.Timestamp("2014-01-30")}, 4),
        ({"column": "dose"}, BEFORE, {"dose": pd.Timestamp("2014-01-30")}, 4),
        ({"column": "dose"}, BEFORE, {"dose": pd.Timestamp("2014-02-01")}, 0),
        ({"column": "dose"}, Known(when="before exposure start"), {"dose": pd.Timestamp("2014-02-01")}, 4),
        ({"column": "dose"}, Known(when="before exposure start"), {"dose": pd.Timestamp("2014-01-30")}, 0),
        ({"column": "dose"}, Known(day=-3.0), {"dose": pd.Timestamp("2014-01-30")}, 0),
        ({"column": "dose"}, Known(day=-3.0), {"dose": pd.Timestamp("2014-01-20")}, 4),
        ({"column": "dose"}, BEFORE, {"dose": pd.NaT}, 0),
    ],
)
def test_dates_of_exposure_are_compared_row_by_row(
    exposure: dict[str, Any], known: Known, table: dict[str, Any], late: int
) -> None:
    study = dataclasses.replace(
        DATED,
        exposure=ExposureStart(says="dose", **exposure),
        covariates=(dataclasses.replace(AGE, known=known),),
        subgroups=() if late else (dataclasses.replace(OLD, known=known),),
    )
    if late:
        refused(BadColumn, f"in {late} of 4 rows", study, dated(**table))
    else:
        assert cohort(study, dated(**table)).findings == ()


ILL = Covariate(column="ill", label="Ill", kind="yes/no", known=BEFORE)
STAGE = Covariate(column="stage", label="Stage", kind="ordered", levels=(("b", "early"), ("a", "late")), known=BEFORE)
TEXT = Covariate(column="town", label="Town", kind="category", known=BEFORE, use="describe")


def test_covariates_are_ready_for_a_design_matrix() -> None:
    study = protocol(covariates=(AGE, SEX, ILL, STAGE, TEXT))
    table = TABLE.assign(ill=[True, False] * 4, stage=["a", "b"] * 4, town=["x", np.nan, "y", "z", "x", "q", "x", "x"])
    made = cohort(study, table.assign(age=pd.array([64, 70, 17, None, 55, 45, 60, 61], dtype="Int64")))
    values = made.covariates()
    assert values["age"].tolist() == [64.0, 70.0, 55.0, 45.0]
    assert values["sex"].tolist()[:3] == ["male", "female", "male"]
    assert values["ill"].tolist() == [1.0, 0.0, 1.0, 0.0]
    assert list(values["stage"].cat.categories) == ["early", "late"]
    assert values["stage"].cat.ordered
    assert list(values["town"].cat.categories) == ["q", "x"]
    assert made.kinds() == {"age": "number", "sex": "category", "ill": "yes/no", "stage": "category"}
    assert made.references() == {"sex": "male"}
    design = design_matrix(
        values.drop(columns=["ill", "stage"]), {"age": "number", "sex": "category"}, reference=made.references()
    )
    assert design.columns == ("age", "sex=female")


def test_values_of_objects_are_numbers_if_they_are() -> None:
    table = TABLE.assign(months=pd.Series([12, 6.0, None, 4, 20, 24, 1, 2], dtype=object))
    assert outcome_days(protocol(), OS, table)[:2].tolist() == pytest.approx([365.25, 182.625])
    assert math.isnan(outcome_days(protocol(), OS, table)[2])


def test_more_than_two_arms_are_counted_and_not_compared_at_once() -> None:
    three = dataclasses.replace(ARMS, arms=(*ARMS.arms, Arm(name="two", label="Two", values=(2.0,))))
    made = cohort(protocol(arms=three), TABLE)
    assert counts(made)["arm.two"] == 1
    with pytest.raises(BadSetting, match="3 arms came"):
        _ = made.treated


# Any table, any steps: the flow adds up, and is the same whatever the order of the rows.

CONDITIONS = st.sampled_from(
    ["age >= 18", "age < 65 or sex == 1", "sex is missing", "not (sex == 2)", "age between 20 and 70"]
)
STEPS = st.lists(
    st.builds(
        Step, says=st.just("step"), where=CONDITIONS.map(Predicate), unknown=st.sampled_from(["exclude", "keep"])
    ),
    max_size=4,
)
ROWS = st.lists(
    st.tuples(
        st.integers(0, 5), st.sampled_from(["A", "B"]), st.sampled_from([0.0, 1.0, 2.0, np.nan]),
        st.sampled_from([16.0, 18.0, 66.0, np.nan]), st.sampled_from([1.0, 2.0, np.nan]),
    ),
    min_size=1, max_size=25,
)  # fmt: skip


@given(STEPS, ROWS, st.randoms(use_true_random=False))
def test_the_flow_of_any_table_adds_up(steps: list[Step], rows: list[Any], random: Any) -> None:
    table = pd.DataFrame(rows, columns=["id", "site", "drug", "age", "sex"])
    table["drug"] = table.groupby(["id", "site"])["drug"].transform("first")
    table["lesion"] = np.arange(len(table))
    study = protocol(data=dataclasses.replace(DATA, tumor="lesion"), eligibility=tuple(steps), outcomes_blinded=True)
    order = list(range(len(table)))
    random.shuffle(order)
    try:
        made = cohort(study, table)
    except BadTable:
        with pytest.raises(BadTable):
            cohort(study, table.iloc[order])
        return
    flow = made.flow
    met = np.arange(len(table))
    for number, step in enumerate(steps, start=1):
        answers = step.where.answers(table)[met]
        met = met[(answers == 3) | ((answers == 1) & (step.unknown == "keep"))]
        assert flow[f"step_{number}.kept"].ids.tolist() == met.tolist()
    assert flow.start.tumors == len(table)
    ends = [box for box in flow.boxes if not flow.parts(box.key)]
    assert sorted(row for box in ends for row in box.ids.tolist()) == list(range(len(table)))
    assert sum(box.patients for box in ends) == flow.start.patients == table.groupby(["id", "site"]).ngroups
    assert [(box.key, box.patients, box.tumors, box.cells) for box in cohort(study, table.iloc[order]).flow.boxes] == [
        (box.key, box.patients, box.tumors, box.cells) for box in flow.boxes
    ]


def test_true_and_false_may_be_asked_for_in_conditions_and_counted_as_covariates() -> None:
    study = protocol(covariates=(AGE, ILL), eligibility=(Step(says="ill", where=Predicate("ill")),))
    ill = pd.array([True, True, False, True, True, None, True, True], dtype="boolean")
    made = cohort(study, TABLE.assign(ill=ill))
    assert made.flow["step_1.unknown"].patients == 1
    assert set(made.covariates()["ill"]) == {1.0}
