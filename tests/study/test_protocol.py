"""A protocol is refused before any patient is read: facts that came too late, looks at outcomes, contradictions."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.errors import BadProtocol
from isotherm.study import protocol_methods
from isotherm.study.balance import DENOMINATORS
from isotherm.study.known import ExposureStart, Known, TimeZero, too_late
from isotherm.study.matched import CALIPER_UNITS
from isotherm.study.predicate import Predicate
from isotherm.study.protocol import plain
from isotherm.study.protocol_methods import (
    Coarsened,
    Estimation,
    Matching,
    Methods,
    MissingData,
    PropensityModel,
    Sensitivity,
    Unadjusted,
    Weighting,
)
from isotherm.study.protocol_parts import Arm, Arms, Covariate, Data, Level, Outcome, Step, Subgroup
from isotherm.study.weighting import TARGETS
from tests.study.protocols import ADULT, AGE, ARMS, BEFORE, DATA, DATED_ARMS, OLD, OS, SEX, protocol

START = Known(when="before exposure start")
AFTER = Known(when="after time zero")


LTP = Outcome(
    name="ltp", label="LTP", unit="tumor", event="ltp", date="last_on", competing="dead", primary=True
)  # fmt: skip
CATEGORY = {"column": "a", "label": "a", "kind": "category", "known": BEFORE}
NUMBER = CATEGORY | {"kind": "number"}
EVENT = {"name": "c", "label": "a", "event": "e"}


def refused(make: Any, *args: Any, **changes: Any) -> tuple[tuple[str, str], ...]:
    with pytest.raises(BadProtocol) as caught:
        make(*args, **changes)
    return caught.value.problems


def exposure(**when: Any) -> ExposureStart:
    return ExposureStart(says="first dose", **when)


@pytest.mark.parametrize(
    ("known", "start", "says"),
    [
        (BEFORE, {"when": "at time zero"}, ""),
        (START, {"when": "at time zero"}, ""),
        (AFTER, {"when": "at time zero"}, "after time zero"),
        (BEFORE, {"when": "before time zero"}, "not declared to be known before exposure start"),
        (BEFORE, {"day": -30.0}, "not declared to be known before exposure start"),
        (START, {"when": "before time zero"}, ""),
        (BEFORE, {"when": "after time zero"}, ""),
        (START, {"when": "after time zero"}, "not declared to be known before time zero"),
        (START, {"day": 10.0}, "not declared to be known before time zero"),
        (Known(day=0.0), {"when": "at time zero"}, ""),
        (Known(day=1.0), {"when": "at time zero"}, "after time zero"),
        (Known(day=-1.0), {"when": "before time zero"}, "unknown day"),
        (Known(day=-29.0), {"day": -30.0}, "after exposure began"),
        (Known(day=-30.0), {"day": -30.0}, ""),
        (Known(day=-1.0), {"column": "dose_on"}, ""),
        (Known(column="cea_on"), {"column": "dose_on"}, ""),
        (Known(column="cea_on"), {"when": "before time zero"}, "dates cannot show"),
        (Known(column="cea_on"), {"day": -30.0}, ""),
    ],
)
def test_a_fact_is_in_time_only_before_time_zero_and_before_exposure(known: Known, start: Any, says: str) -> None:
    found = too_late(known, exposure(**start))
    assert says in found
    assert bool(found) == bool(says)


def test_a_covariate_that_came_too_late_is_refused_unless_the_reason_is_recorded() -> None:
    late = dataclasses.replace(AGE, known=AFTER)
    ((key, sentence),) = refused(protocol, covariates=(SEX, late))
    assert key == "covariate.1.known"
    assert "Age cannot be used: it was known after time zero" in sentence

    (found,) = protocol(covariates=(SEX, dataclasses.replace(late, override="Nothing else is there."))).overrides
    assert (found.what, found.reason) == ("Age", "Nothing else is there.")
    assert "after time zero" in found.problem


def test_what_came_too_late_may_describe_but_not_adjust() -> None:
    described = protocol(covariates=(SEX, dataclasses.replace(AGE, known=AFTER, use="describe")))
    assert described.adjusted == (SEX,)
    assert described.overrides == ()
    ((key, _),) = refused(dataclasses.replace, AGE, use="describe", override="why not")
    assert key == "override"


def test_an_override_that_sets_nothing_aside_is_refused_and_one_on_dates_is_recorded() -> None:
    ((key, _),) = refused(protocol, covariates=(dataclasses.replace(AGE, override="to be safe"),))
    assert key == "covariate.0.override"
    dated = dataclasses.replace(AGE, known=Known(column="age_on"), override="Dates are of the chart, not of the visit.")
    zero = TimeZero(says="decision", column="decided_on")
    assert [found.problem for found in protocol(covariates=(dated,), time_zero=zero).overrides] == [
        "its dates may come too late"
    ]


def test_a_subgroup_is_timed_like_a_covariate() -> None:
    late = dataclasses.replace(OLD, known=AFTER)
    ((key, sentence),) = refused(protocol, subgroups=(OLD, dataclasses.replace(late, name="late")))
    assert key == "subgroup.1.known"
    assert "describe" not in sentence
    assert len(protocol(subgroups=(dataclasses.replace(late, override="Asked by the board."),)).overrides) == 1


def test_eligibility_that_looks_at_an_outcome_needs_a_reason_and_none_opens_a_blinded_one() -> None:
    alive = Step(says="followed for a month", where=Predicate("months >= 1"))
    ((key, sentence),) = refused(protocol, eligibility=(ADULT, alive))
    assert key == "eligibility.1.where"
    assert "selects by the future" in sentence
    opened = dataclasses.replace(alive, override="A landmark, reported as such.")
    assert protocol(eligibility=(opened,)).overrides[0].problem == "it looks at an outcome"
    ((key, sentence),) = refused(protocol, eligibility=(opened,), outcomes_blinded=True)
    assert "blinded" in sentence
    ((key, _),) = refused(protocol, eligibility=(dataclasses.replace(ADULT, override="x"),))
    assert key == "eligibility.0.override"


def test_no_subgroup_and_no_sensitivity_analysis_divides_by_outcomes() -> None:
    levels = (Level(label="a", where=Predicate("dead == 1")), Level(label="b", where=Predicate("dead == 0")))
    by_outcome = Subgroup(name="dead", label="Dead", levels=levels)
    ((key, _),) = refused(protocol, subgroups=(by_outcome,))
    assert key == "subgroup.0"
    only = Sensitivity(name="long", says="Followed long", where=Predicate("months > 12"))
    ((key, _),) = refused(protocol, sensitivity=(only,))
    assert key == "sensitivity.0"


def test_blinded_outcomes_are_not_among_the_columns_that_are_read() -> None:
    open_, blinded = protocol(), protocol(outcomes_blinded=True)
    assert open_.columns == ("id", "site", "drug", "age", "sex", "months", "dead")
    assert blinded.columns == ("id", "site", "drug", "age", "sex")
    assert blinded.column_roles() == open_.column_roles()


def test_every_column_that_is_used_is_read() -> None:
    whole = protocol(
        data=Data(file="a.csv", patient="id", tumor="lesion", key=("id", "lesion", "visit")),
        time_zero=TimeZero(says="decision", column="decided_on"),
        exposure=ExposureStart(says="ablation", column="exposed_on"),
        arms=DATED_ARMS,
        covariates=(dataclasses.replace(AGE, known=Known(column="age_on")), SEX),
        outcomes=(LTP,),
        subgroups=(dataclasses.replace(OLD, known=Known(column="old_on")),),
        methods=Methods(adjustment=Matching(exact=("sex",))),
        sensitivity=(Sensitivity(name="large", says="Large only", where=Predicate("size > 3")),),
    )  # fmt: skip
    assert set(whole.columns) == {
        "id", "lesion", "visit", "decided_on", "exposed_on", "ablated_on", "systemic_on", "age", "age_on", "sex",
        "old_on", "size", "ltp", "last_on", "dead",
    }  # fmt: skip
    assert set(whole.date_columns) == {
        "decided_on", "exposed_on", "ablated_on", "systemic_on", "age_on", "old_on", "last_on",
    }  # fmt: skip


def changed(value: Any, **changes: Any) -> Any:
    return dataclasses.replace(value, **changes)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"title": " "}, "title"),
        ({"question": ""}, "question"),
        ({"seed": -1}, "seed"),
        ({"covariates": ()}, "covariate"),
        ({"covariates": (AGE, AGE)}, "covariate"),
        ({"outcomes": (changed(OS, primary=False),)}, "outcome"),
        ({"outcomes": (OS, changed(OS, name="os2"))}, "outcome"),
        ({"outcomes": (OS, changed(OS, primary=False))}, "outcome"),
        ({"outcomes": ()}, "outcome"),
        ({"covariates": (changed(AGE, column="months"),)}, "covariate.0.column"),
        ({"covariates": (changed(AGE, column="drug"),)}, "covariate.0.column"),
        ({"covariates": (changed(AGE, column="id"),)}, "covariate.0.column"),
        ({"outcomes": (changed(OS, event="site"),)}, "outcome"),
        ({"exposure": exposure(column="dose_on")}, "exposure.column"),
        ({"outcomes": (changed(OS, time=None, time_unit=None, date="last_on"),)}, "outcome.0.date"),
        ({"covariates": (changed(AGE, known=Known(column="age_on")),)}, "covariate.0.known"),
        ({"subgroups": (changed(OLD, known=Known(column="age_on")),)}, "subgroup.0.known"),
        ({"subgroups": (OLD, OLD)}, "subgroup"),
        ({"data": changed(DATA, site=None), "methods": Methods(propensity=PropensityModel(sites="within"))},
         "methods.propensity.sites"),
        ({"covariates": (changed(AGE, use="describe"),)}, "methods.adjustment.method"),
        ({"outcomes": (changed(OS, name="ltp", unit="tumor"),)}, "data.tumor"),
        ({"sensitivity": (Sensitivity(name="a", says="a", without=("height",)),)}, "sensitivity.0.without"),
        ({"data": changed(DATA, site=None), "sensitivity": (Sensitivity(name="a", says="a", leave_one_site_out=True),)},
         "sensitivity.0.leave_one_site_out"),
        ({"methods": Methods(adjustment=Matching(exact=("height",)))}, "methods.adjustment.exact"),
        ({"methods": Methods(adjustment=Coarsened(bins=(("sex", 2),)))}, "methods.adjustment.bins"),
    ],
)  # fmt: skip
def test_a_protocol_that_contradicts_itself_is_refused_at_its_key(changes: dict[str, Any], key: str) -> None:
    assert key in [where for where, _ in refused(protocol, **changes)]


def test_every_problem_is_told_at_once() -> None:
    assert len(refused(protocol, title="", seed=-1, covariates=(AGE, changed(AGE, known=AFTER)))) == 4


def test_without_covariates_to_adjust_for_the_arms_can_still_be_compared_as_they_are() -> None:
    described = (changed(AGE, use="describe"),)
    plain_arms = protocol(covariates=described, methods=Methods(adjustment=Unadjusted()))
    assert plain_arms.adjusted == ()
    assert plain_arms.primary is OS


@pytest.mark.parametrize(
    ("noun", "changes", "key"),
    [
        (Known, {}, ""),
        (Known, {"day": 1.0, "column": "x"}, ""),
        (Known, {"day": math.nan}, ""),
        (TimeZero, {"says": ""}, "says"),
        (ExposureStart, {"says": "x"}, "when"),
        (ExposureStart, {"says": "x", "when": "at time zero", "day": 3.0}, "when"),
        (ExposureStart, {"says": "x", "day": math.inf}, "day"),
        (Data, {"file": "", "patient": "id"}, "file"),
        (Data, {"file": "a", "patient": "id", "site": "id"}, "patient"),
        (Data, {"file": "a", "patient": "id", "key": ("id", "id")}, "key"),
        (Data, {"file": "a", "patient": "id", "separator": ";;"}, "separator"),
        (Step, {"says": " ", "where": Predicate("x > 1")}, "says"),
        (Arm, {"name": "a", "label": "", "values": (1.0,)}, "label"),
        (Arm, {"name": "other", "label": "a", "values": (1.0,)}, "name"),
        (Arm, {"name": "a", "label": "a"}, "values"),
        (Arm, {"name": "a", "label": "a", "values": (1.0,), "window_days": (1.0, 2.0)}, "values"),
        (Arm, {"name": "a", "label": "a", "window_days": (2.0, 1.0)}, "window_days"),
        (Arm, {"name": "a", "label": "a", "window_days": (math.nan, 1.0)}, "window_days"),
        (Arms, {"arms": ARMS.arms[:1], "reference": "drug", "column": "d"}, "arm"),
        (Arms, {"arms": (ARMS.arms[0],) * 2, "reference": "drug", "column": "d"}, "arm"),
        (Arms, {"arms": ARMS.arms, "reference": "zero", "column": "d"}, "reference"),
        (Arms, {"arms": ARMS.arms, "reference": "none"}, "column"),
        (Arms, {"arms": ARMS.arms, "reference": "none", "column": "d", "start": "s"}, "column"),
        (Arms, {"arms": ARMS.arms, "reference": "none", "column": "d", "start": "s", "end": "e"}, "column"),
        (Arms, {"arms": ARMS.arms, "reference": "none", "start": "s", "end": "e"}, "arm"),
        (Arms, {"arms": DATED_ARMS.arms, "reference": "delayed", "column": "d"}, "arm"),
        (Arms, {"arms": (ARMS.arms[0], Arm(name="b", label="b", values=(1.0,))), "reference": "b", "column": "d"},
         "arm"),
        (Arms, {"arms": (DATED_ARMS.arms[0], Arm(name="b", label="b", window_days=(28.0, math.inf))), "reference": "b",
                "start": "s", "end": "e"}, "arm"),
        (Covariate, {"column": "", "label": "a", "kind": "number", "known": BEFORE}, "column"),
        (Covariate, NUMBER | {"levels": (("1", "x"),)}, "levels"),
        (Covariate, {"column": "a", "label": "a", "kind": "ordered", "known": BEFORE}, "levels"),
        (Covariate, CATEGORY | {"levels": (("1", "x"), ("2", "x"))},
         "levels"),
        (Covariate, CATEGORY | {"reference": "x"}, "reference"),
        (Covariate, {"column": "a", "label": "a", "kind": "yes/no", "known": BEFORE, "reference": "x"}, "reference"),
        (Covariate, NUMBER | {"per": 0.0}, "per"),
        (Covariate, NUMBER | {"per": math.inf}, "per"),
        (Covariate, {"column": "a", "label": "a", "kind": "yes/no", "known": BEFORE, "per": 2.0}, "per"),
        (Outcome, {"name": "os", "label": "", "event": "e", "time": "t", "time_unit": "days"}, "label"),
        (Outcome, {"name": "os", "label": "a", "event": "e"}, "time"),
        (Outcome, {"name": "os", "label": "a", "event": "e", "time": "t", "date": "d", "time_unit": "days"}, "time"),
        (Outcome, {"name": "os", "label": "a", "event": "e", "time": "t"}, "time_unit"),
        (Outcome, {"name": "os", "label": "a", "event": "e", "date": "t", "time_unit": "days"}, "time_unit"),
        (Outcome, EVENT | {"kind": "yes/no", "time": "t", "time_unit": "days"}, "kind"),
        (Outcome, EVENT | {"time": "e", "time_unit": "days"}, "event"),
        (Outcome, {"name": "OS", "label": "a", "event": "e", "date": "t", "unit": "tumor"}, "unit"),
        (Subgroup, {"name": "", "label": "a", "levels": OLD.levels}, "name"),
        (Subgroup, {"name": "a", "label": "a", "levels": OLD.levels[:1]}, "level"),
        (Subgroup, {"name": "a", "label": "a", "levels": (OLD.levels[0],) * 2}, "level"),
        (Subgroup, {"name": "a", "label": "a", "levels": (changed(OLD.levels[0], label=""), OLD.levels[1])}, "level"),
        (Matching, {"ratio": 0}, "ratio"),
        (Matching, {"caliper": 0.0}, "caliper"),
        (Matching, {"caliper": math.nan}, "caliper"),
        (Coarsened, {"bins": (("age", 0),)}, "bins"),
        (Coarsened, {"bins": (("age", ()),)}, "bins"),
        (Coarsened, {"bins": (("age", (3.0, 3.0)),)}, "bins"),
        (Coarsened, {"bins": (("age", (3.0, math.inf)),)}, "bins"),
        (Weighting, {"stabilized": True}, "stabilized"),
        (Weighting, {"trim": (0.5, 0.5)}, "trim"),
        (Weighting, {"trim": (math.nan, 1.0)}, "trim"),
        (Weighting, {"truncate": (0.01, 1.01)}, "truncate"),
        (Estimation, {"level": 95.0}, "level"),
        (Estimation, {"rmst_days": 0.0}, "at_days"),
        (Estimation, {"at_days": (365.0, math.inf)}, "at_days"),
        (MissingData, {"imputations": 1}, "imputations"),
        (Sensitivity, {"name": "a", "says": "a"}, "name"),
        (Sensitivity, {"name": "a", "says": "", "leave_one_site_out": True}, "says"),
        (Methods, {"bootstrap": -1}, "bootstrap"),
    ],
)  # fmt: skip
def test_a_noun_that_cannot_be_is_refused_at_its_key(noun: Any, changes: dict[str, Any], key: str) -> None:
    problems = refused(noun, **changes)
    assert key in [where for where, _ in problems]
    assert all(sentence.endswith((".", '"')) and "\n" not in sentence for _, sentence in problems)


def test_windows_may_be_open_at_the_end_and_arms_know_their_columns() -> None:
    late = Arm(name="late", label="Later", window_days=(61.0, math.inf))
    arms = Arms(arms=(DATED_ARMS.arms[0], late), reference="late", start="s", end="e")
    assert (arms.names, arms.columns, ARMS.columns) == (("upfront", "late"), ("s", "e"), ("drug",))


def test_rows_are_told_apart_by_patient_or_by_patient_and_tumor_or_by_the_key_that_is_named() -> None:
    assert Data(file="a", patient="id").row_key == ("id",)
    assert Data(file="a", patient="id", tumor="lesion").row_key == ("id", "lesion")
    assert Data(file="a", patient="id", key=("id", "visit")).row_key == ("id", "visit")


@given(st.sampled_from(["title", "question"]), st.text(min_size=1).filter(lambda text: bool(text.strip())))
def test_the_hash_changes_with_what_is_said(key: str, words: str) -> None:
    one, other = protocol(), protocol(**{key: words})
    assert (one.hash == other.hash) == (plain(one) == plain(other))
    assert one.hash == protocol().hash
    assert len(one.hash) == 64


def test_the_hash_tells_methods_of_equal_settings_apart() -> None:
    att = [protocol(methods=Methods(adjustment=kind)).hash for kind in (Coarsened(), Matching(), Unadjusted())]
    assert len(set(att)) == 3


def test_the_protocol_and_the_methods_use_the_same_words() -> None:
    assert set(get_args(protocol_methods.Estimand)) == set(TARGETS)
    assert set(get_args(protocol_methods.Denominator)) == set(DENOMINATORS)
    assert {Matching().caliper_unit, "pooled sd", "absolute"} == set(CALIPER_UNITS)
