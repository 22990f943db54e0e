"""Arms that are decided after time zero, or began before it: the days and patients that this gives or takes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from isotherm.columns import Float
from isotherm.study.finding import DESIGNS, Finding, Tally
from isotherm.study.guard.patients import Mask, Patients, alike, day_tallies, days_per_patient, in_order, of_patients
from isotherm.study.people import days_between
from isotherm.study.protocol_parts import Arm
from isotherm.study.records import numbers, outcome_days

LATER = (
    "Ask what a strategy does from time zero (clone-censor-weight), or compare from a day on which every arm is known "
    "(landmark), in those who reach it free of progression where progression keeps patients from treatment."
)
SURVIVORS = (
    "Start the clock when the first treatment or the decision is due, or state the question as one about those who "
    "reached time zero."
)


def arm_findings(patients: Patients) -> Iterator[Finding]:
    """Yield what the dates of the arms, or what is declared of them, say about time zero.

    An arm that is defined by a date after time zero can only be reached by those who live until then: their time before
    it is free of events by construction (immortal time), and those who do not live until then are in no arm.

    References
    ----------
    .. [1] Suissa S. Am J Epidemiol 2008;167:492-499. Hernan MA, Sauer BC, Hernandez-Diaz S, Platt R, Shrier I. J Clin
       Epidemiol 2016;79:70-75.
    """
    first, decided = _arm_days(patients)
    if first is None or decided is None:
        yield from _declared(patients)
        return
    late = [arm for arm, inside in patients.arms() if (inside & (decided > 0.0)).any()]
    planned = {arm.name for arm, inside in patients.arms() if patients.protocol.arms.column is not None
               and np.isnan(decided[inside]).any()}  # fmt: skip
    for arm, inside in patients.arms():
        if arm in late:
            yield _decided_late(arm, decided, inside, intended=arm.name in planned)
    if late:
        yield _contrast(patients, decided, intended=all(arm.name in planned for arm in late))
        yield from _cloning(patients, first)
        yield from _no_event_before(patients, decided)
        yield from _in_no_arm(patients, decided)
    for arm, inside in patients.arms():
        if (inside & (first < 0.0)).any():
            yield _began_before(arm, first, inside)


def _arm_days(patients: Patients) -> tuple[Float | None, Float | None]:
    """Return the days from time zero to the first and to the last date of each patient's arm; None without dates."""
    protocol, zero = patients.protocol, patients.protocol.time_zero.column
    by_dates = protocol.arms.column is None
    columns = protocol.arms.columns if by_dates else (protocol.exposure.column,)
    if zero is None or columns[0] is None:
        return None, None
    days = [days_between(patients.table, zero, name) for name in columns if name is not None]
    return np.minimum.reduce(days), np.maximum.reduce(days)


def _declared(patients: Patients) -> Iterator[Finding]:
    """Yield what can be said without dates."""
    protocol, exposure, n = patients.protocol, patients.protocol.exposure, len(patients)
    if protocol.arms.column is None:
        yield Finding(
            "arm_dates_unchecked",
            "Arms are defined by the days between two dates, and time zero has no date: nobody can check whether arms "
            "were decided after it.",
            n, "stop", "Give time_zero the column of its date.", tuple(DESIGNS),
        )  # fmt: skip
    elif exposure.when == "after time zero":
        yield Finding(
            "exposure_after_time_zero",
            "Exposure is declared to have begun after time zero, without a date: nobody was treated in between, only "
            "who lived until then could be (immortal time), and how long that was is not known.",
            n, "stop", "Give the column with the date of exposure start, and the column with that of time zero; or "
            "count from exposure start if every arm has one.", tuple(DESIGNS),
        )  # fmt: skip
    elif exposure.day is not None and exposure.day > 0:
        yield Finding(
            "exposure_after_time_zero",
            f"Exposure is declared to have begun {exposure.day:g} days after time zero: only who lived until then "
            f"could be treated, so the first {exposure.day:g} days of each of {of_patients(n)} are free of events by "
            "definition (immortal time); in every arm alike, so they favor none.",
            n, "stop", "Count from exposure start, which is a landmark that everybody here has reached.", ("naive",),
            (Tally(what="immortal", value=exposure.day * n, unit="patient-days"),),
        )  # fmt: skip
    elif exposure.precedes_time_zero:
        yield Finding(
            "exposure_before_time_zero",
            "Exposure is declared to have begun before time zero: who died, progressed or dropped out between the two "
            f"is not among the {of_patients(n)} in the arms, and cannot be counted from them. Which arm that favors "
            "cannot be told from the table.",
            n, "warn", SURVIVORS,
        )  # fmt: skip


def _decided_late(arm: Arm, decided: Float, inside: Mask, *, intended: bool) -> Finding:
    counts = day_tallies("decided after time zero", arm.name, decided, inside)
    count, total, median = (one.value for one in counts)
    says = (
        f'Arm "{arm.label}" was decided after time zero in {of_patients(int(count), int(inside.sum()))}, '
        f"median {median:g} days later"
    )
    if intended:
        return Finding(
            f"arm_after_time_zero.{arm.name}",
            f"{says}, and others in it have no date of exposure. If the arm is what was intended at time zero, nothing "
            "is wrong; if it is what was done, those days are free of events by definition (immortal time).",
            int(count), "warn", "Say in the protocol what the arm's column records, and when.", (), counts,
        )  # fmt: skip
    return Finding(
        f"arm_after_time_zero.{arm.name}",
        f"{says}: only those who lived until then, and could still be treated, are in it. In all, {total:g} "
        "patient-days are free of deaths by definition (immortal time).",
        int(count), "stop", "Do not count the time of this arm from time zero.", ("naive",), counts,
    )  # fmt: skip


def _contrast(patients: Patients, decided: Float, *, intended: bool) -> Finding:
    """Say which arm the days between time zero and the arms' dates favor, from their means."""
    if patients.protocol.arms.column is not None:
        decided = np.where(np.isnan(decided), 0.0, decided)  # who never began waited for nothing
    means = days_per_patient(patients, decided)
    most, least = next(iter(means)), list(means)[-1]
    favors = (
        "alike in all arms, so they favor none; that those who did not live until then are missing remains"
        if alike(means)
        else f'which favors "{most}" over "{least}" in deaths and in whatever else keeps a patient from the arm'
    )
    counts = tuple(
        Tally(what="immortal", value=means[arm.label], unit="mean days", arm=arm.name) for arm, _ in patients.arms()
    )
    says = f"Counted from time zero, days before an arm was decided come to: {in_order(means)}, {favors}."
    count = int((decided > 0.0).sum())
    if intended:
        return Finding("immortal_time", f"If arms are what was done: {says[:1].lower()}{says[1:]}", count, "warn",
                       "Say in the protocol what the arm's column records, and when.", (), counts)  # fmt: skip
    return Finding("immortal_time", says, count, "stop", LATER, ("naive",), counts)


def _cloning(patients: Patients, first: Float) -> Iterator[Finding]:
    """Yield that time zero is the first treatment: the arm is partly known then, and cloning makes no sense."""
    if patients.protocol.course is None and patients.protocol.arms.column is None and (first == 0.0).all():
        yield Finding(
            "no_decision_date",
            f"Time zero is the day of the first treatment in all {of_patients(len(patients))}: which strategy they "
            "follow is known by then, so nobody can be put into both.",
            len(patients), "stop", "Give the date of the decision (diagnosis, tumor board) as time zero; or adjust at "
            "baseline and weight for censoring within arms.", ("clone_censor_weight",),
        )  # fmt: skip


def _began_before(arm: Arm, first: Float, inside: Mask) -> Finding:
    counts = day_tallies("began before time zero", arm.name, -first, inside)
    count, total, median = (one.value for one in counts)
    return Finding(
        f"arm_before_time_zero.{arm.name}",
        f'Arm "{arm.label}" began before time zero in {of_patients(int(count), int(inside.sum()))}, median {median:g} '
        f"days earlier: {total:g} patient-days that they lived through are not counted, and who did not live through "
        "them is not here. The first counts against the arm, the second for it; which is more cannot be told from the "
        "table.",
        int(count), "warn", SURVIVORS, (), counts,
    )  # fmt: skip


def _no_event_before(patients: Patients, decided: Float) -> Iterator[Finding]:
    """Yield arms in which nobody had the primary event before the arm was decided, while others had it by then."""
    if (found := _primary(patients, patients.table)) is None:
        return
    had, label = found
    for arm, inside in patients.arms():
        own, others = inside & (decided > 0.0), ~inside
        if not own.any() or (had < decided)[own].any():
            continue
        day = float(np.median(decided[own]))
        early, size = int((others & (had < day)).sum()), int(others.sum())
        if early:
            yield Finding(
                f"no_event_before.{arm.name}",
                f'{label}: in arm "{arm.label}" nobody had the event before the arm was decided, median {day:g} days '
                f"after time zero; in the other arms {of_patients(early, size)} had it by then.",
                int(own.sum()), "warn", "Do not read what the curves do before that day as an effect.", (),
                (Tally(what="no event before the arm was decided", value=int(own.sum()), arm=arm.name,
                       of=int(inside.sum())),
                 Tally(what="event by that day in the other arms", value=early, of=size)),
            )  # fmt: skip


def _in_no_arm(patients: Patients, decided: Float) -> Iterator[Finding]:
    """Yield eligible patients of no arm who had the primary event before the last arm was decided."""
    cohort = patients.cohort
    person = cohort.people.person[cohort.outside.index.to_numpy()]
    alone = ~np.isin(person, cohort.person) & ~pd.Series(person).duplicated().to_numpy()
    outside = cohort.outside[alone]
    if (found := _primary(patients, outside)) is None:
        return
    had, label = found
    last = float(np.nanmax(decided))
    count = int((had <= last).sum())
    if count:
        yield Finding(
            "event_in_no_arm",
            f"{label}: {of_patients(count, len(outside))} who are eligible but in no arm had the event within the "
            "days in which arms were decided. A comparison of arms leaves them out, and a landmark of the living keeps "
            "those who progressed as if they could still be treated.",
            count, "warn", "Keep them: each patient counts for every strategy until the records contradict it.", (),
            (Tally(what="event, and in no arm", value=count, of=len(outside)),),
        )  # fmt: skip


def _primary(patients: Patients, table: pd.DataFrame) -> tuple[Float, str] | None:
    """Return the day of each row's primary event, infinite without one, and its label; None if it may not be read."""
    outcome = patients.protocol.primary
    if patients.protocol.outcomes_blinded or outcome.kind != "time" or outcome.unit != "patient":
        return None
    happened = numbers(table, outcome.event) == 1.0
    days = outcome_days(patients.protocol, outcome, table)
    return np.where(happened & ~np.isnan(days), days, np.inf), outcome.label
