"""Patients who are chosen by their future, or who came in late: found from dates and declarations, or from words."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest

from isotherm.errors import BadColumn, BadProtocol
from isotherm.study.known import Entry, ExposureStart, Known, TimeZero
from isotherm.study.predicate import Predicate
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_methods import Sensitivity
from isotherm.study.protocol_parts import Level, Step, Subgroup
from tests.study.guard.made import CEA, audit, registry, study
from tests.study.protocols import AGE, BEFORE, OS, SEX

AFTER = Known(when="after time zero")
START = Known(when="before exposure start")


def step(where: str, says: str = "eligible", **changes: Any) -> dict[str, Any]:
    return {"eligibility": (Step(says=says, where=Predicate(where), **changes),)}


def scanned(days: int = 40) -> pd.DataFrame:
    table = registry()
    on = table["decided_on"] + pd.Timedelta(days=days)
    return table.assign(scan_on=on.where(np.arange(len(table)) % 4 > 0), cycles=np.arange(len(table)) % 8.0)


def test_a_step_on_a_date_after_time_zero_is_a_stop_that_leaves_a_landmark() -> None:
    found = audit(scanned(), **step("scan_on is not missing", "Had a scan"))["late_eligibility.1"]
    assert (found.level, found.rows) == ("stop", 180)
    assert found.bars == ("naive", "time_dependent_cox", "clone_censor_weight", "censoring_weights")
    assert [(one.value, one.of) for one in found.counts] == [(180, 180), (60, None)]
    assert "in 180 of 180 patients: it chooses by the future, and left out 60 patients" in found.says
    assert audit(scanned(-40), **step("scan_on is not missing", "Had a scan")) == {}


def test_a_step_on_a_covariate_that_was_known_later_is_a_stop_and_on_an_early_one_is_none() -> None:
    assert audit(**step("cea < 40"))["late_eligibility.1"].level == "stop"
    assert audit(**step("age >= 40")) == {}
    early = dataclasses.replace(CEA, known=BEFORE)
    assert audit(**step("cea < 40"), covariates=(AGE, SEX, early)) == {}


def test_what_was_known_after_exposure_began_but_before_time_zero_is_a_warning() -> None:
    covariates = tuple(dataclasses.replace(one, known=START) for one in (AGE, SEX))
    before = ExposureStart(says="dose", when="before time zero")
    found = audit(**step("cea < 40"), covariates=(*covariates, dataclasses.replace(CEA, known=BEFORE)), exposure=before)
    assert found["late_eligibility.1"].level == "warn"
    assert "was known after exposure began" in found["late_eligibility.1"].says


@pytest.mark.parametrize(("known", "level"), [
    (AFTER, "stop"), (Known(day=90.0), "stop"), (Known(column="scan_on"), "stop"), (BEFORE, ""), (Known(day=-1.0), ""),
])  # fmt: skip
def test_a_step_that_says_when_it_was_known_is_judged_by_that(known: Known, level: str) -> None:
    found = audit(scanned(), **step("cycles >= 3", "Finished three cycles", known=known))
    assert [one.level for one in found.values()] == ([level] if level else [])
    if level:
        assert "It asks for completed treatment or follow-up." in found["late_eligibility.1"].says


def test_dates_after_exposure_began_are_compared_row_by_row() -> None:
    table = scanned(-10)
    dosed = table.assign(dose_on=table["decided_on"] - pd.Timedelta(days=20))
    known = tuple(dataclasses.replace(one, known=START) for one in (AGE, SEX))
    found = audit(dosed, **step("cycles >= 3", known=Known(column="scan_on")), covariates=known,
                  exposure=ExposureStart(says="dose", column="dose_on"))  # fmt: skip
    assert found["late_eligibility.1"].level == "warn"


def test_a_reason_for_a_late_step_is_recorded_and_bars_nothing() -> None:
    late = step("cycles >= 3", "Finished three cycles", known=AFTER, override="A landmark, reported as such.")
    found = audit(scanned(), **late)["late_eligibility.1"]
    assert (found.level, found.bars) == ("warn", ())
    assert "Used all the same: A landmark, reported as such." in found.says
    (override,) = study(**late).overrides
    assert (override.what, override.problem) == ("Finished three cycles", "it was known after time zero")
    (dated,) = study(**step("cycles >= 3", known=Known(column="scan_on"), override="Chart dates.")).overrides
    assert dated.problem == "its dates may come too late"
    with pytest.raises(BadProtocol, match="nothing that came late"):
        study(**step("cycles >= 3", known=BEFORE, override="To be safe."))


@pytest.mark.parametrize(("where", "says"), [
    ("cycles >= 6", "Completed six cycles"), ("cycles >= 6", "Six of them"), ("seen == 1", "Available for follow-up"),
    ("seen == 1", "Responded to induction"), ("seen == 1", "Alive at three months"),
])  # fmt: skip
def test_a_step_that_sounds_like_completed_treatment_asks_when_it_was_known(where: str, says: str) -> None:
    found = audit(scanned().assign(seen=1.0), **step(where, says))["completed_treatment.1"]
    assert found.level == "warn"
    assert "sounds like" in found.says
    assert found.counts[0].value == (180 if "cycles" in where else 0)


def test_without_a_date_of_time_zero_only_declarations_are_judged() -> None:
    undated = {"time_zero": TimeZero(says="board"), "outcomes": (OS,)}
    table = scanned().assign(months=lambda one: (one["last"] - one["decided_on"]).dt.days / 30.0)
    assert audit(table, **step("scan_on is not missing", known=BEFORE), **undated) == {}
    assert audit(table, **step("scan_on is not missing", known=AFTER), **undated)["late_eligibility.1"].level == "stop"


@pytest.mark.parametrize("says", ["18 years or older", "No recurrence", "Complete data on stage"])
def test_a_step_on_facts_that_were_known_in_time_is_believed(says: str) -> None:
    assert audit(**step("age >= 18", says)) == {}


def test_a_covariate_after_time_zero_is_refused_and_with_a_reason_told() -> None:
    with pytest.raises(BadProtocol, match="CEA cannot be used: it was known after time zero"):
        study(covariates=(AGE, SEX, dataclasses.replace(CEA, use="adjust")))
    dated = dataclasses.replace(AGE, known=Known(column="scan_on"))
    with pytest.raises(BadColumn, match="known after time zero"):
        audit(scanned(), covariates=(dated, SEX))
    opened = dataclasses.replace(dated, override="Typed later.")
    assert audit(scanned(), covariates=(opened, SEX))["late.age"].level == "warn"
    assert audit(scanned(-40), covariates=(dated, SEX)) == {}


def test_groups_by_what_came_late_are_told_once_each() -> None:
    levels = tuple(
        Level(label=says, where=Predicate(where)) for says, where in (("low", "cea < 20"), ("high", "cea >= 20"))
    )
    by_cea = Subgroup(name="cea", label="CEA", levels=levels)
    only = Sensitivity(name="low", says="Only low CEA", where=Predicate("cea < 20"))
    found = audit(subgroups=(by_cea,), sensitivity=(only,))
    assert set(found) == {"late_group.subgroup.cea", "late_group.sensitivity.low"}
    assert "CEA: it was known after time zero" in found["late_group.subgroup.cea"].says
    assert audit(subgroups=(dataclasses.replace(by_cea, known=AFTER, override="Asked by the board."),)) == {}
    early = dataclasses.replace(CEA, known=BEFORE)
    assert audit(subgroups=(by_cea,), sensitivity=(only,), covariates=(AGE, SEX, early)) == {}
    assert audit(sensitivity=(Sensitivity(name="a", says="No age", without=("age",)),)) == {}


REFERRAL = Entry(says="first visit to the center", column="seen_on")


def referred(days: np.ndarray | int) -> pd.DataFrame:
    table = registry()
    return table.assign(seen_on=table["decided_on"] + pd.to_timedelta(np.broadcast_to(days, len(table)), "D"))


def test_who_came_under_observation_later_needs_an_entry_time() -> None:
    table = registry()
    # Whoever had the drug came from elsewhere, 1 day after the board or up to 2.
    days = np.where(table["drug"] == 1.0, 2, 0)
    found = audit(referred(days), entry=REFERRAL)["left_truncation"]
    assert (found.level, found.rows) == ("stop", 120)
    assert found.bars == ("naive", "clone_censor_weight", "censoring_weights")
    assert 'mean 2 days in "Drug", mean 0 days in "No drug", which favors "Drug" over "No drug"' in found.says
    both = audit(referred(1), entry=REFERRAL)["left_truncation"]
    assert "alike in all arms" in both.says


@pytest.mark.parametrize("days", [0, -30])
def test_who_was_under_observation_by_time_zero_is_not_found(days: int) -> None:
    assert audit(referred(days), entry=REFERRAL) == {}


def test_a_referral_that_is_not_known_counts_for_nobody() -> None:
    table = referred(2)
    table.loc[table["drug"] == 1.0, "seen_on"] = pd.NaT
    found = audit(table, entry=REFERRAL)["left_truncation"]
    assert found.rows == 120
    assert 'mean 0 days in "Drug"' in found.says


def test_entry_is_told_as_a_time_as_well_and_counted_from_where_the_primary_outcome_starts() -> None:
    table = registry()
    table["months"] = (table["last"] - table["decided_on"]).dt.days * 12.0 / 365.25
    table["sequenced"] = np.where(table["drug"] == 1.0, table["months"] / 2.0, 0.0)
    sequenced = Entry(says="sequencing", time="sequenced")
    found = audit(table, entry=sequenced, outcomes=(OS,), time_zero=TimeZero(says="diagnosis"))["left_truncation"]
    later = table["sequenced"][table["drug"] == 1.0] * 365.25 / 12.0
    assert (found.level, found.rows) == ("stop", 120)
    assert f"(sequencing) after time zero, median {round(later.median(), 1):g} days later" in found.says
    clock = dataclasses.replace(OS, time_start="sequenced")
    assert audit(table, entry=sequenced, outcomes=(clock,), time_zero=TimeZero(says="sequencing")) == {}


@pytest.mark.parametrize("named", [{}, {"column": "seen_on", "time": "months"}])
def test_entry_is_told_once(named: dict[str, str]) -> None:
    with pytest.raises(BadProtocol, match="either a column of dates or a column of times"):
        Entry(says="first visit", **named)


def test_an_entry_by_time_needs_a_primary_outcome_by_time_and_is_no_outcome() -> None:
    with pytest.raises(BadProtocol, match="The time of entry is counted as that of the primary outcome, which has non"):
        study(entry=Entry(says="sequencing", time="sequenced"))
    with pytest.raises(BadProtocol, match=r"months is a column of an outcome and of the design \(time\)"):
        study(entry=Entry(says="sequencing", time="months"), outcomes=(OS,))


def test_dates_of_the_audit_need_a_date_of_time_zero_and_are_no_outcome() -> None:
    plain: Protocol = study(entry=REFERRAL)
    assert "seen_on" in plain.date_columns
    with pytest.raises(BadProtocol, match="The date in seen_on is compared with time zero"):
        study(entry=REFERRAL, time_zero=dataclasses.replace(plain.time_zero, column=None))
    with pytest.raises(BadProtocol, match="last is a column of an outcome and of the design"):
        study(entry=dataclasses.replace(REFERRAL, column="last"))
