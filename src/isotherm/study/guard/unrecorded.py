"""What is not recorded: progression, where outcomes or courses that count it hold only deaths; deaths beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from isotherm.columns import Float
from isotherm.errors import InputError
from isotherm.study.finding import Finding, Tally
from isotherm.study.guard.patients import Patients, of_patients
from isotherm.study.people import days_between
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_designs import Course, Landmark, TimeDependentCox, Weighted
from isotherm.study.protocol_parts import DAYS_PER, Outcome, Step
from isotherm.study.records import event_codes, numbers

FEW = 5
"""Deaths from which on it is told that nothing else is recorded; our choice. Of fewer, chance may make all deaths."""

SAME_DAYS = 1.0
"""An event that is no farther from the day of death is that death: records count whole days."""

MORE = re.compile(
    r"(?P<progression>progress|\b(pfs|ltpfs|dpfs|ltp)\b)|"
    r"(?P<recurrence>recurren|relapse|\b(dfs|rfs)\b|disease[- ]free)|(?P<event>\befs\b|event[- ]free)"
)
"""Words of outcomes that count more than deaths."""

DEATH = re.compile(
    r"death|dead|\bdie[sd]?\b|deceased|vital status|fatal|exitus|expired|mortal|survival|"
    r"\b(os|pfs|ltpfs|dpfs|dfs|rfs|efs)\b|disease[- ]free|event[- ]free"
)
"""Words of an outcome that is of deaths, or counts them beside something else."""

DENIED = re.compile(r"censor|\bnot?\b|without|exclud|ignor|other than|alone")
"""Words of a definition that speaks of deaths to say that it counts none."""

DO = (
    "Enter what was found on follow-up, with its days, or leave {what} out. If there truly was none, say so in caveats."
)


DO_DEATHS = (
    "Name the column that says who died first (competing, or a code in competing_events), or an outcome that counts "
    "the deaths, such as overall survival. If nobody died, say so in caveats."
)


def unrecorded_findings(patients: Patients) -> Iterator[Finding]:
    """Yield outcomes, and the course, that count progression of which none is recorded: what they count is deaths.

    Not looked for while outcomes are blinded, or where a condition left out those who progressed. That a protocol tells
    no deaths beside a progression is said of its words alone, blinded or not.
    """
    protocol = patients.protocol
    yield from _deaths_not_told(protocol, len(patients))
    if protocol.outcomes_blinded:
        return
    died = _days_of_death(protocol, patients.cohort.table)
    for outcome in protocol.outcomes:
        if outcome.kind == "time" and not _is_survival(outcome):
            yield from _only_deaths(patients, outcome, died)
    if protocol.course is not None and protocol.time_zero.column is not None:
        yield from _course(patients, protocol.course, protocol.time_zero.column)


def _is_survival(outcome: Outcome) -> bool:
    return outcome.counted_as == "deaths" or outcome.name == "os" or "overall survival" in outcome.label.lower()


def _kind(outcome: Outcome) -> str | None:
    """Return what an outcome counts besides death: "progression", "recurrence", "event"; None where it names none."""
    found = MORE.search(_words(outcome))
    return None if found is None else found.lastgroup


def _words(outcome: Outcome) -> str:
    return _plain(f"{outcome.name} {outcome.label} {outcome.definition} {outcome.counted_as}")


def _plain(words: str) -> str:
    return words.lower().replace("_", " ")


def _deaths_not_told(protocol: Protocol, n: int) -> Iterator[Finding]:
    """Yield outcomes of progression or recurrence alone, of a protocol in which nothing tells who died before."""
    told = any(one.competes or _tells_deaths(one) for one in protocol.outcomes)
    if protocol.course is not None or told:
        return
    for outcome in protocol.outcomes:
        kind = _kind(outcome)
        if outcome.kind == "time" and kind is not None:
            yield Finding(
                f"deaths_not_told.{outcome.name}",
                f'No outcome of the protocol counts deaths. Who died before a {kind} counts in "{outcome.label}" as a '
                "patient who left and could still have one: the risk that its curve gives is too high, the more so in "
                "the arm in which more die.",
                n, "warn", DO_DEATHS,
            )  # fmt: skip


def _tells_deaths(outcome: Outcome) -> bool:
    if DEATH.search(_plain(f"{outcome.name} {outcome.label} {outcome.counted_as}")):
        return True
    definition = _plain(outcome.definition)
    return bool(DEATH.search(definition)) and DENIED.search(definition) is None


def _days_of_death(protocol: Protocol, table: pd.DataFrame) -> Float:
    """Return the day of death as outcomes and the course tell it, shape (n,); NaN where none does."""
    died = np.full(len(table), np.nan)
    for outcome in protocol.outcomes:
        if outcome.kind == "time" and _is_survival(outcome):
            died = np.fmin(died, _days_of_event(protocol, outcome, table))
    course, zero = protocol.course, protocol.time_zero.column
    return died if course is None or zero is None else np.fmin(died, days_between(table, zero, course.death))


def _days_of_event(protocol: Protocol, outcome: Outcome, table: pd.DataFrame) -> Float:
    """Return the day of each event, shape (n,), counted alike of all outcomes; NaN without an event, or where unknown.

    The start of an outcome's own clock is not taken off.
    """
    zero = protocol.time_zero.column
    try:
        happened = event_codes(outcome, table) == 1.0
        if outcome.time is not None and outcome.time_unit is not None:
            days = numbers(table, outcome.time) * DAYS_PER[outcome.time_unit]
        elif outcome.date is not None and zero is not None:
            days = days_between(table, zero, outcome.date)
        else:
            return np.full(len(table), np.nan)
    except InputError:
        return np.full(len(table), np.nan)  # a finding of its own
    return np.where(happened, days, np.nan)


def _only_deaths(patients: Patients, outcome: Outcome, died: Float) -> Iterator[Finding]:
    kind, table = _kind(outcome), patients.cohort.table
    if kind is None:
        return
    events, rows = _days_of_event(patients.protocol, outcome, table), np.arange(len(table))
    rows = patients.rows if outcome.unit == "patient" else rows
    rows = rows[~np.isnan(events[rows])]
    if len(rows) < FEW or not bool((np.abs(events[rows] - died[rows]) <= SAME_DAYS).all()):
        return
    what = f"{'an' if kind == 'event' else 'a'} {kind}"
    yield Finding(
        f"only_deaths.{outcome.name}",
        f'No {"other event" if kind == "event" else kind} is recorded of anybody: "{outcome.label}" ({len(rows)} '
        f"events, all of them deaths) is overall survival under another name, since {what} that nobody entered counts "
        "as none.",
        len(rows), "warn", DO.format(what="the outcome"), (),
        (Tally(what=f"deaths, of what {outcome.label} counts", value=len(rows), unit="events", of=len(rows)),),
    )  # fmt: skip


def _course(patients: Patients, course: Course, zero: str) -> Iterator[Finding]:
    if any(course.progression in step.where.columns and out for step, out in _conditions(patients)):
        return  # by the condition nobody has one
    outside = patients.cohort.outside.drop_duplicates(patients.protocol.data.patient)
    everybody = pd.concat([patients.table, outside], ignore_index=True)
    deaths = int((~np.isnan(days_between(everybody, zero, course.death))).sum())
    uses = list(_uses(patients, course))
    if deaths < FEW or not uses or everybody[course.progression].notna().any():
        return
    yield Finding(
        "course_without_progression",
        f"No progression is recorded of anybody in the course, while {of_patients(deaths, len(everybody))} died, and "
        f"a progression that nobody entered counts as none: {'; '.join(uses)}.",
        deaths, "warn", DO.format(what="what counts it"), (),
        (Tally(what="died", value=deaths, of=len(everybody)),
         Tally(what="progression recorded", value=0, of=len(everybody))),
    )  # fmt: skip


def _conditions(patients: Patients) -> Iterator[tuple[Step, int]]:
    """Yield steps of eligibility and the condition on a registry, with how many patients did not meet each."""
    chosen = patients.cohort.chosen
    if chosen is not None and chosen.where is not None:
        yield Step(says=chosen.where.text, where=chosen.where), chosen.left_out
    boxes = {box.key: box.patients for box in patients.cohort.flow.boxes}
    for number, step in enumerate(patients.protocol.eligibility, start=1):
        yield step, boxes.get(f"step_{number}.not_met", 0)


def _uses(patients: Patients, course: Course) -> Iterator[str]:
    """Yield what a protocol does with progression, and what becomes of it where none is recorded."""
    protocol = patients.protocol
    if "progression-free survival" in course.endpoints:
        yield "progression-free survival is overall survival under another name"
    for one in protocol.designs:
        if isinstance(one, Landmark) and one.among == "progression-free":
            yield f'"{one.name}", a landmark of the progression-free, leaves out nobody who progressed'
        if isinstance(one, TimeDependentCox) and one.adjust_progression:
            yield f'"{one.name}" adjusts for no progression'
        if isinstance(one, Weighted) and any(arm.strategy and arm.strategy.dynamic for arm in protocol.arms.arms):
            yield f'in "{one.name}" whoever progressed before a treatment was due counts as one who left the strategy'
    for step, _ in _conditions(patients):
        if course.progression in step.where.columns:
            yield f'the condition "{step.says}" leaves out nobody who progressed'
