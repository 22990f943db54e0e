"""Patients who are chosen by their future: late eligibility, completed treatment, groups by late facts, late entry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from isotherm.columns import Float
from isotherm.study.finding import Finding, Tally
from isotherm.study.guard.patients import Mask, Patients, alike, day_tallies, days_per_patient, in_order, of_patients
from isotherm.study.known import Known, too_late
from isotherm.study.people import days_between
from isotherm.study.predicate_tree import column_kind
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_parts import Covariate, Step
from isotherm.study.records import entry_days, late_rows

BUT_LANDMARK = ("naive", "time_dependent_cox", "clone_censor_weight", "censoring_weights")
"""Designs that count from time zero, on which a later criterion was not known."""

COMPLETED = re.compile(
    r"\b(complet|finish|cycles?\b|courses?\b|adheren|(all|full) doses?\b|follow[-_ ]?up|re-?stag|respon[ds]|surviv|"
    r"still alive|alive at|available for)",
    re.IGNORECASE,
)
"""Words of criteria that need a future: completed treatment, follow-up, response, survival."""


def selection_findings(patients: Patients) -> Iterator[Finding]:
    """Yield steps of eligibility and groups that look at what came later, and patients who came in late."""
    for one in _conditions(patients):
        yield from _step(patients, one)
    for subgroup in patients.protocol.subgroups:
        if not subgroup.override:
            yield from _group(patients, f"subgroup.{subgroup.name}", subgroup.label, subgroup.columns)
    for analysis in patients.protocol.sensitivity:
        if analysis.where is not None:
            yield from _group(patients, f"sensitivity.{analysis.name}", analysis.says, analysis.where.columns)
    if patients.protocol.entry is not None:
        yield from _entry(patients, patients.protocol.entry.says)


@dataclass(frozen=True, slots=True)
class _Condition:
    """What chose the patients: how its findings end, what it is called, its step, and how many it left out.

    `lost` has what a registry knows of those whom it left out, a row each; None without a registry.
    """

    key: str
    called: str
    step: Step
    left_out: int
    declare: str
    lost: pd.DataFrame | None


def _conditions(patients: Patients) -> Iterator[_Condition]:
    """Yield the condition under which a registry gave the table, and the steps of eligibility."""
    flow, chosen = patients.cohort.flow, patients.cohort.chosen
    if chosen is not None and chosen.where is not None:
        step = Step(says=chosen.where.text, where=chosen.where)
        yield _Condition("registry", f'The condition on the registry "{step.says}"', step, chosen.left_out,
                         "Make it a step of eligibility, and say there when it was known (known = ...); drop it if "
                         "that was after time zero.", _each_once(patients, chosen.lost))  # fmt: skip
    for number, step in enumerate(patients.protocol.eligibility, start=1):
        out = [box for box in flow.boxes if box.key in (f"step_{number}.not_met", f"step_{number}.unknown")]
        lost = None
        if chosen is not None and out:
            gone, person = np.concatenate([box.ids for box in out]), patients.cohort.people.person
            stay = np.isin(person[gone], person[flow[f"step_{number}.kept"].ids])
            lost = _each_once(patients, chosen.facts.iloc[gone[~stay]])
        yield _Condition(str(number), f'The step "{step.says}"', step, sum(box.patients for box in out),
                         "Say when it was known (known = ... in that step); drop it if that was after time zero.",
                         lost)  # fmt: skip


def _each_once(patients: Patients, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop_duplicates(patients.protocol.data.patient)


def _step(patients: Patients, one: _Condition) -> Iterator[Finding]:
    """Yield that a step was answered after time zero or after exposure began, or that it sounds like it."""
    step, out = one.step, one.left_out
    lost = _lost_late(patients, one)
    when, late = _late(patients, step, any_lost=lost > 0)
    left = Tally(what="left out by it", value=out)
    if when:
        count = int(late.sum())
        sounds = " It asks for completed treatment or follow-up." if _sounds_completed(step) else ""
        others = f" and in {of_patients(lost, out)} whom it left out" if lost else ""
        says = (
            f"{one.called} was known {when} in {of_patients(count, len(patients))}{others}: it chooses by the "
            f"future, and left out {of_patients(out)}.{sounds}"
        )
        counts = (Tally(what=f"known {when}", value=count, of=len(patients)), left,
                  *([Tally(what="of those, known after time zero", value=lost, of=out)] if lost else []))  # fmt: skip
        if step.override or when != AFTER_ZERO:
            reason = f" Used all the same: {step.override}" if step.override else ""
            yield Finding(f"late_eligibility.{one.key}", says + reason, count, "warn",
                          "Drop it, or show the result without it.", (), counts)  # fmt: skip
        else:
            yield Finding(f"late_eligibility.{one.key}", says, count, "stop", "Drop it, or count from a day on "
                          "which it was known for everybody (a landmark).", BUT_LANDMARK, counts)  # fmt: skip
    elif step.known is None and _sounds_completed(step) and not _in_time(patients.protocol, step):
        yield Finding(
            f"completed_treatment.{one.key}",
            f"{one.called} sounds like a criterion that is only met later (completed treatment, follow-up, "
            f"response, survival), and it is not declared when it was known; it left out {of_patients(out)}.",
            out, "warn", one.declare, (), (left,),
        )  # fmt: skip


AFTER_ZERO, AFTER_START = "after time zero", "after exposure began"


def _late(patients: Patients, step: Step, *, any_lost: bool) -> tuple[str, Mask]:
    """Return after what a step's facts came, empty if in time, and in whom, shape (n,)."""
    protocol, n = patients.protocol, len(patients)
    declared = (
        [step.known]
        if step.known is not None
        else [one.known for one in _late_covariates(protocol, step.where.columns)]
    )
    for known in declared:
        if too_late(known, protocol.exposure):
            return _after(known), np.ones(n, dtype=bool)
    late = _dated_late(patients, step)
    if late.any() or any_lost:
        return AFTER_ZERO, late
    rows = late_rows(protocol, step, patients.table)
    return (AFTER_START, rows) if rows.any() else ("", rows)


def _after(known: Known) -> str:
    return AFTER_ZERO if known.when == AFTER_ZERO or (known.day or 0.0) > 0.0 else AFTER_START


def _dated_late(patients: Patients, step: Step) -> Mask:
    """Return in whom a date that a step asks for, or on which its facts were known, lies after time zero."""
    late, zero = np.zeros(len(patients), dtype=bool), patients.protocol.time_zero.column
    if zero is None:
        return late
    facts, known_on = _facts(patients)
    dated = _known_days(step, known_on)
    if step.known is None:
        dated += [name for name in step.where.columns if name not in known_on and column_kind(facts[name]) == "date"]
    for name in dated:
        late |= days_between(facts, zero, name) > 0.0
    return late


def _known_days(step: Step, known_on: Mapping[str, str]) -> list[str]:
    """Return the columns with the days on which the facts of a step were known; a declared column is more exact.

    A declaration without days does not overrule the days that a registry has.
    """
    if step.known is not None and step.known.column is not None:
        return [step.known.column]
    return [known_on[name] for name in step.where.columns if name in known_on]


def _lost_late(patients: Patients, one: _Condition) -> int:
    """Return how many a condition left out by facts that were known of them after time zero only.

    A count over all sessions may be settled in those who stay, and only in them: it is not for who goes on.
    """
    zero, chosen = patients.protocol.time_zero.column, patients.cohort.chosen
    if zero is None or chosen is None or one.lost is None:
        return 0
    late = np.zeros(len(one.lost), dtype=bool)
    for name in _known_days(one.step, chosen.known_on):
        if name in one.lost.columns:
            late |= days_between(one.lost, zero, name) > 0.0
    return int(late.sum())


def _facts(patients: Patients) -> tuple[pd.DataFrame, Mapping[str, str]]:
    """Return the columns of the protocol and those that chose the table, and the days on which facts were known."""
    table, chosen = patients.table, patients.cohort.chosen
    if chosen is None:
        return table, {}
    more = chosen.facts.loc[table.index, [name for name in chosen.facts.columns if name not in table.columns]]
    return pd.concat([table, more], axis="columns"), chosen.known_on


def _late_covariates(protocol: Protocol, columns: tuple[str, ...]) -> list[Covariate]:
    """Return the covariates of a condition that are declared to be known too late, without a recorded reason."""
    return [one for one in protocol.covariates
            if one.column in columns and not one.override and too_late(one.known, protocol.exposure)]  # fmt: skip


def _sounds_completed(step: Step) -> bool:
    return any(COMPLETED.search(words) for words in (step.says, *step.where.columns))


def _in_time(protocol: Protocol, step: Step) -> bool:
    """Say whether everything that a step asks for is a covariate that is declared to be known in time."""
    known = {one.column for one in protocol.covariates if not too_late(one.known, protocol.exposure)}
    return set(step.where.columns) <= known


def _group(patients: Patients, key: str, label: str, columns: tuple[str, ...]) -> Iterator[Finding]:
    found = _late_covariates(patients.protocol, columns)
    if found:
        names = ", ".join(one.label for one in found)
        yield Finding(
            f"late_group.{key}",
            f'"{label}" divides patients by what came too late ({names}: '
            f"{too_late(found[0].known, patients.protocol.exposure)}); what it shows may be a consequence of "
            "treatment.",
            len(patients), "warn", "Divide by facts from before treatment, or leave it out.",
        )  # fmt: skip


def _entry(patients: Patients, says: str) -> Iterator[Finding]:
    """Yield that patients came under observation after time zero (left truncation)."""
    days = entry_days(patients.protocol, patients.table)
    counts = [tally for arm, inside in patients.arms() if (inside & (days > 0.0)).any()
              for tally in day_tallies("entered after time zero", arm.name, days, inside)]  # fmt: skip
    if not counts:
        return
    count, median = int((days > 0.0).sum()), round(float(np.median(days[days > 0.0])), 1)
    yield Finding(
        "left_truncation",
        f"{of_patients(count, len(patients))} came under observation ({says}) after time zero, median "
        f"{median:g} days later: who died before could not come, so those days are free of "
        f"deaths by definition. Per patient: {_favored(patients, days)}.",
        count, "stop", "Count from the day of entry: make it time zero (time_start, where times are numbers); or count "
        "from a landmark and leave out who entered later.", ("naive", "clone_censor_weight", "censoring_weights"),
        tuple(counts),
    )  # fmt: skip


def _favored(patients: Patients, days: Float) -> str:
    means = days_per_patient(patients, days)
    most, least = next(iter(means)), list(means)[-1]
    favors = "alike in all arms, so they favor none" if alike(means) else f'which favors "{most}" over "{least}"'
    return f"{in_order(means)}, {favors}"
