"""What outcomes can carry: events per variable, arms nobody leaves early, and scans that look more often in one arm."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest

from isotherm.errors import BadProtocol
from isotherm.study.known import TimeZero
from isotherm.study.protocol_methods import Methods, Unadjusted
from isotherm.study.protocol_parts import Covariate, Outcome, Scans
from tests.study.guard.made import DIED, PFS, audit, registry, study
from tests.study.protocols import AGE, BEFORE, OS, SEX

SCANS = Scans(columns=("scan_1", "scan_2", "scan_3"), outcomes=("pfs",))
STAGE = Covariate(column="stage", label="Stage", kind="ordered", levels=(("1", "I"), ("2", "II"), ("3", "III")),
                  known=BEFORE)  # fmt: skip
UNADJUSTED = Methods(adjustment=Unadjusted())


def few(events: int) -> pd.DataFrame:
    table = registry()
    dead = np.zeros(len(table))
    dead[np.linspace(0, len(table) - 1, events).astype(int)] = 1.0
    return table.assign(dead=dead)


def test_events_per_variable_count_every_column_and_the_treatment() -> None:
    found = audit(few(29))["events_per_variable.os"]  # age, sex and the arm: three
    assert "29 events for 3 variables (treatment among them), 9.7 per variable" in found.says
    assert audit(few(30)) == {}
    table = few(49).assign(stage=np.arange(240) % 3 + 1.0)
    assert audit(table, covariates=(AGE, SEX, STAGE))["events_per_variable.os"].rows == 49
    assert audit(few(50).assign(stage=table["stage"]), covariates=(AGE, SEX, STAGE)) == {}


def test_events_of_yes_no_outcomes_are_counted_too() -> None:
    yes_no = Outcome(name="c", label="Complication", kind="yes/no", event="complication")
    table = registry().assign(complication=lambda one: (one.index % 20 == 0) * 1.0)
    assert audit(table, outcomes=(DIED, yes_no))["events_per_variable.c"].rows == 12
    assert audit(table.assign(complication=table.index % 2 * 1.0), outcomes=(DIED, yes_no)) == {}


def test_a_small_arm_carries_few_covariates() -> None:
    table = registry().assign(drug=lambda one: (one.index % 13 == 0) * 1.0)
    found = audit(table)["few_patients_per_variable"]
    assert "The smallest arm has 19 patients for 2 columns of covariates, 9.5 per variable" in found.says
    assert "few_patients_per_variable" not in audit(table, methods=UNADJUSTED)
    assert "few_patients_per_variable" not in audit(table, covariates=(dataclasses.replace(AGE, use="describe"),),
                                                    methods=UNADJUSTED)  # fmt: skip


def test_an_outcome_that_is_known_in_nobody_is_told_and_stops_no_audit() -> None:
    table = registry()
    found = audit(table.assign(last=table["last"].where(table["age"] < 0.0)), outcomes=(DIED,))
    assert set(found) == {"outcome_unusable.os"}
    assert found["outcome_unusable.os"].says.startswith("Overall survival cannot be analyzed: ")
    assert "outcome_unusable.os" not in audit(table)


def survivors(days: int) -> pd.DataFrame:
    """Return the registry in which whoever was gone by a day is in the other arm, as a registry of cycles would."""
    table = registry()
    gone = table["last"] - table["decided_on"] < pd.Timedelta(days=days)
    return table.assign(drug=np.where(gone, 0.0, table["drug"]))


def test_an_arm_that_nobody_leaves_early_is_found_without_any_date_of_treatment() -> None:
    found = audit(survivors(90))["nobody_leaves_early.drug"]
    assert found.level == "warn"
    assert 'in arm "Drug" nobody had an event or ended follow-up before day' in found.says
    assert found.rows == found.counts[0].value > 10
    assert "nobody_leaves_early.drug" not in audit(survivors(5))
    assert not [key for key in audit() if key.startswith("nobody_leaves")]


def test_an_arm_nobody_leaves_early_is_only_looked_for_where_the_primary_outcome_has_times() -> None:
    yes_no = Outcome(name="c", label="Complication", kind="yes/no", event="dead", primary=True)
    assert audit(survivors(90), outcomes=(yes_no,)) == {}


def test_an_arm_without_a_known_outcome_is_passed_over() -> None:
    table = registry()
    blank = table.assign(dead=table["dead"].where(table["drug"] == 1.0))
    assert not [key for key in audit(blank) if key.startswith("nobody_leaves")]


def looked(drug_every: int, none_every: int, *, jitter: int = 5) -> pd.DataFrame:
    table, random = registry(), np.random.default_rng(5)
    every = np.where(table["drug"] == 1.0, drug_every, none_every)
    columns: dict[str, Any] = {}
    for k in (1, 2, 3):
        on = table["decided_on"] + pd.to_timedelta(k * every + random.integers(0, jitter, len(table)), "D")
        columns[f"scan_{k}"] = on.where(on <= table["progress_on"])
    return table.assign(**columns)


def test_an_arm_that_is_scanned_less_often_is_favored_in_what_scans_find() -> None:
    found = audit(looked(120, 60), scans=SCANS)["scan_schedule"]
    assert 'which favors "Drug" (Progression-free survival)' in found.says
    assert "Overall survival" not in found.says
    assert [round(one.value / 60) for one in found.counts] == [2, 1]
    assert 'which favors "No drug"' in audit(looked(60, 90), scans=SCANS)["scan_schedule"].says


@pytest.mark.parametrize(("drug", "none"), [(60, 60), (60, 63), (90, 90)])
def test_schedules_that_are_alike_or_days_apart_are_no_finding(drug: int, none: int) -> None:
    assert audit(looked(drug, none), scans=SCANS) == {}


def test_a_few_patients_with_scattered_scans_are_no_finding() -> None:
    table = looked(60, 60, jitter=60)
    few = {name: table[name].where(table.index < 8) for name in SCANS.columns}
    assert audit(table.assign(**few), scans=SCANS) == {}


def test_an_arm_without_scans_has_no_schedule() -> None:
    table = looked(120, 60)
    none = table.assign(**{name: table[name].where(table["drug"] == 1.0) for name in SCANS.columns})
    assert audit(none, scans=SCANS) == {}


def test_scans_name_outcomes_of_the_protocol_and_columns_of_dates() -> None:
    assert set(SCANS.columns) <= set(study(scans=SCANS).date_columns)
    with pytest.raises(BadProtocol, match="ltp is no outcome of the protocol, so no scan finds it"):
        study(scans=dataclasses.replace(SCANS, outcomes=("ltp",)))
    with pytest.raises(BadProtocol, match="each named once"):
        dataclasses.replace(SCANS, columns=("a", "a"))
    with pytest.raises(BadProtocol, match="each once"):
        dataclasses.replace(SCANS, outcomes=())
    with pytest.raises(BadProtocol, match="compared with time zero"):
        study(scans=dataclasses.replace(SCANS, outcomes=("os",)), time_zero=TimeZero(says="board"), outcomes=(OS,))
    assert PFS.name in SCANS.outcomes
