"""Progression that nobody entered: what counts it is told, and no outcome or course in which one is recorded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from isotherm.study.cohort import cohort
from isotherm.study.finding import Finding
from isotherm.study.guard.audit import findings_of
from isotherm.study.guard.document import audit_document
from isotherm.study.predicate import Predicate
from isotherm.study.protocol_designs import Landmark, TimeDependentCox
from isotherm.study.protocol_parts import Outcome, Step
from tests.study.guard.made import DIED, PFS, audit, registry
from tests.study.registry import CLONES, COURSE, timing
from tests.study.registry import registry as dated

LTP = replace(PFS, name="ltp", label="Local tumor progression", primary=True)
SEEN = replace(LTP, event="event", date=None, time="days", time_unit="days")
EFS = replace(PFS, name="efs", label="Event-free survival")
DPFS = replace(PFS, name="dpfs", label="Distant progression-free survival")
RFS = replace(PFS, name="rfs", label="Relapse-free survival")


def deaths_only(deaths: int | None = None) -> pd.DataFrame:
    """Return the registry in which nobody entered a progression."""
    table = registry()
    dead = table["dead"].where(table["dead"].cumsum() <= (deaths or len(table)), 0.0)
    return table.assign(dead=dead, progressed=dead, progress_on=table["last"])


def test_an_outcome_that_counts_progression_and_has_deaths_alone_is_told() -> None:
    found = audit(deaths_only(), outcomes=(DIED, PFS, EFS, DPFS, RFS))

    assert [key for key in found if key.startswith("only_deaths")] == [
        "only_deaths.pfs", "only_deaths.efs", "only_deaths.dpfs", "only_deaths.rfs"
    ]  # fmt: skip
    deaths = int(registry()["dead"].sum())
    one = found["only_deaths.pfs"]
    assert one.level == "warn"
    assert one.says == (
        f'No progression is recorded of anybody: "Progression-free survival" ({deaths} events, all of them deaths) is '
        "overall survival under another name, since a progression that nobody entered counts as none."
    )
    assert (one.counts[0].value, one.counts[0].of, one.counts[0].unit) == (deaths, deaths, "events")
    assert "Enter what was found on follow-up" in one.do
    assert found["only_deaths.rfs"].says.startswith("No recurrence is recorded of anybody")


def test_one_progression_or_a_handful_of_deaths_is_no_finding() -> None:
    table = deaths_only()
    first = table.index[table["dead"] == 1.0][0]
    table.loc[first, "progress_on"] -= pd.Timedelta(days=2)
    assert not [key for key in audit(table) if key.startswith("only_deaths")]
    alive = deaths_only()
    alive.loc[alive.index[alive["dead"] == 0.0][0], "progressed"] = 1.0
    assert not [key for key in audit(alive) if key.startswith("only_deaths")]
    assert "only_deaths.pfs" in audit(deaths_only(5))
    assert "only_deaths.pfs" not in audit(deaths_only(4))


def test_days_in_columns_of_numbers_are_compared_too() -> None:
    table = deaths_only()
    table["months"] = (table["last"] - table["decided_on"]).dt.days / 30.4375
    os, pfs = (replace(one, date=None, time="months", time_unit="months") for one in (DIED, PFS))
    pfs = replace(pfs, time="pfs_months")
    assert "only_deaths.pfs" in audit(table.assign(pfs_months=table["months"]), outcomes=(os, pfs))
    assert "only_deaths.pfs" not in audit(table.assign(pfs_months=table["months"] / 2.0), outcomes=(os, pfs))


def test_blinded_outcomes_are_not_looked_into_and_the_audit_says_so() -> None:
    found = audit(deaths_only(), outcomes_blinded=True)
    assert "only_deaths.pfs" not in found
    assert "progression that nobody entered were not looked for" in found["outcomes_not_read"].says


def never_progressed() -> pd.DataFrame:
    return dated(100).assign(progressed_on=np.datetime64("NaT", "s"))


def told(table: pd.DataFrame, **changes: object) -> dict[str, Finding]:
    return {one.key: one for one in findings_of(cohort(timing(**changes), table))}


def test_a_course_without_progression_says_what_becomes_of_what_counts_it() -> None:
    designs = (CLONES, Landmark(day=90.0), TimeDependentCox(adjust_progression=True))
    table = never_progressed()
    free = Step(says="Progression-free", where=Predicate("progressed_on is missing"), override="As published.")

    one = told(table, designs=designs, eligibility=(free,))["course_without_progression"]

    died = int(table["died_on"].notna().sum())
    assert one.level == "warn"
    assert one.says.startswith(
        f"No progression is recorded of anybody in the course, while {died} of 100 patients died"
    )
    for words in ("progression-free survival is overall survival under another name",
                  '"landmark", a landmark of the progression-free, leaves out nobody who progressed',
                  '"time_dependent_cox" adjusts for no progression',
                  'in "clone_censor_weight" whoever progressed before a treatment was due counts as one who left',
                  'the condition "Progression-free" leaves out nobody who progressed'):  # fmt: skip
        assert words in one.says
    assert [tally.value for tally in one.counts] == [died, 0]


def test_a_course_in_which_nothing_counts_progression_or_one_is_recorded_is_no_finding() -> None:
    living = {"designs": (Landmark(day=90.0, among="living"),),
              "course": replace(COURSE, endpoints=("overall survival",))}  # fmt: skip
    assert "course_without_progression" not in told(never_progressed(), **living)
    assert "course_without_progression" not in told(dated(100))
    chosen = Step(says="Never progressed", where=Predicate("progressed_on is missing"), override="As published.")
    assert "course_without_progression" not in told(dated(200), eligibility=(chosen,))


def test_a_release_tells_no_small_count_of_it() -> None:
    table = never_progressed()
    lived = table["died_on"].where(np.cumsum(table["died_on"].notna()) <= 7)
    made = cohort(timing(), table.assign(died_on=lived))

    document = audit_document(made, findings_of(made), {}, released=True)

    one = next(one for one in document["findings"] if one["id"] == "course_without_progression")
    assert "while some died" in one["says"] or "while some patients died" in one["says"]
    assert one["counts"][0]["value"] is None


def test_a_progression_beside_which_no_deaths_are_told_is_told_blinded_or_not() -> None:
    relapse = replace(LTP, name="back", label="Time to recurrence", primary=False)
    for blinded in (False, True):
        found = audit(outcomes=(LTP, relapse), outcomes_blinded=blinded)
        assert [key for key in found if key.startswith("deaths_not_told")] == [
            "deaths_not_told.ltp", "deaths_not_told.back"
        ]  # fmt: skip
    one = found["deaths_not_told.ltp"]
    assert one.level == "warn"
    assert "who died before a progression" in one.says.lower()
    assert "competing" in one.do
    assert "before a recurrence" in found["deaths_not_told.back"].says


@pytest.mark.parametrize("words", [
    {"definition": "Progression at the ablated site; censored at death."},
    {"label": "Time to recurrence", "definition": "death not counted"},
    {"label": "Time to progression in those who survived surgery"},
])  # fmt: skip
def test_a_definition_that_says_that_deaths_are_not_counted_tells_none(words: dict[str, str]) -> None:
    assert "deaths_not_told.ltp" in audit(outcomes=(replace(LTP, **words),))


@pytest.mark.parametrize("outcomes", [
    (LTP, replace(DIED, primary=False)),
    (replace(LTP, event="gone", competing_events=((2, "Death"),)),),
    (replace(LTP, label="Local tumor progression-free survival"),),
    (replace(LTP, definition="Progression at the ablated site or death, whichever comes first."),),
    (LTP, replace(DIED, name="gone", label="Vital status", counted_as="events", primary=False)),
    (replace(LTP, name="gone", label="Discharge"),),
    (LTP, Outcome(name="d90", label="Died within 90 days", event="dead", kind="yes/no")),
])  # fmt: skip
def test_deaths_that_are_told_somewhere_are_no_finding(outcomes: tuple[Outcome, ...]) -> None:
    assert not [
        key
        for key in audit(registry().assign(gone=registry().index % 3), outcomes=outcomes)
        if key.startswith("deaths_not_told")
    ]


def test_deaths_of_a_course_are_told() -> None:
    assert not [
        key
        for key in told(dated(100).assign(event=1.0, days=9.0), outcomes=(SEEN,))
        if key.startswith("deaths_not_told")
    ]
