"""Checks of what a protocol says about timing: designs that do not fit their dates, endpoints that are not defined."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from isotherm.study.protocol_checks import Problem, repeated, unless
from isotherm.study.protocol_designs import CensoringWeights, CloneCensorWeight, Course, Landmark

NAME = re.compile(r"[\w-][\w -]*")
"""Names that become part of names of files."""

if TYPE_CHECKING:
    from isotherm.study.protocol import Protocol


def course_uses(protocol: Protocol) -> Iterator[tuple[str, str]]:
    """Yield the columns of courses, clocks and repeated measurements with what they are used for; no outcome."""
    for outcome in protocol.outcomes:
        if outcome.start is not None:
            yield outcome.start, "date"
    if protocol.course is not None:
        outcomes = protocol.course.outcome_columns
        for name in (*protocol.course.dates, *protocol.course.changing_dates):
            if name not in outcomes:
                yield name, "date"
        for name in protocol.course.changing_columns:
            yield name, "covariate"


def course_dates(protocol: Protocol) -> list[str]:
    """Return the columns of courses and intercurrent events that have to hold dates."""
    course = protocol.course
    own = [] if course is None else [*course.dates, *course.changing_dates]
    return [*own, *(one.date for one in protocol.intercurrent)]


def timing_problems(protocol: Protocol) -> Iterator[Problem | None]:
    """Yield every problem of courses, designs, intercurrent events and serial measurements."""
    if protocol.course is None:
        yield unless(not protocol.designs, "design",
                     "Designs need the dates of the patients' courses; give a [course].")  # fmt: skip
    else:
        yield from _course(protocol, protocol.course)
        yield from _endpoints(protocol, protocol.course)
    yield from _intercurrent(protocol)
    for key, names in (("design", [one.name for one in protocol.designs]),
                       ("intercurrent", [one.name for one in protocol.intercurrent]),
                       ("serial", [one.name for one in protocol.serial])):  # fmt: skip
        yield unless(not repeated(names), key, f"Two entries of {key} share a name: {repeated(names)}; give it.")
        plain = all(NAME.fullmatch(name) for name in names)
        yield unless(plain, key, f"Names of {key} are letters, digits, blanks, - and _, and not empty; rename it.")


def _course(protocol: Protocol, course: Course) -> Iterator[Problem | None]:
    zero = protocol.time_zero.column is not None
    yield unless(zero, "course", "Courses are counted from the date of time zero; give time_zero its column.")
    lacking = ", ".join(arm.name for arm in protocol.arms.arms if arm.strategy is None)
    yield unless(not lacking, "arms.arm", f"With a [course], each arm needs a strategy; {lacking} has none.")
    adjusted = {covariate.column for covariate in protocol.adjusted}
    stray = ", ".join(name for name in course.baseline if name not in adjusted)
    yield unless(not stray, "course.baseline", f"{stray} is no covariate that is adjusted for.")
    kinds = [type(one) for one in protocol.designs]
    yield unless(course.zero == "decision" or CloneCensorWeight not in kinds, "design",
                 "Time zero is the first treatment, on which the arm is known, so nobody can be cloned; give the date "
                 'of the decision, or use method = "censoring_weights".')  # fmt: skip
    yield unless(course.zero == "first treatment" or CensoringWeights not in kinds, "design",
                 "Censoring weights within arms are for a time zero at the first treatment; from a decision use "
                 'method = "clone_censor_weight".')  # fmt: skip
    for at, one in enumerate(protocol.designs):
        if isinstance(one, Landmark):
            yield unless(one.day < course.horizon_days, f"design.{at}.day",
                         "The landmark lies after the horizon of the course.")  # fmt: skip
            yield unless(one.among != "living" or "overall survival" in course.endpoints, f"design.{at}.among",
                         "A landmark of the living is for overall survival, which is no endpoint here.")  # fmt: skip


def _endpoints(protocol: Protocol, course: Course) -> Iterator[Problem | None]:
    """Yield endpoints that are not defined from a decision date, and tumors whose clock starts before ablation."""
    for at, outcome in enumerate(protocol.outcomes):
        words = f"{outcome.name} {outcome.label}".lower()
        free = "dfs" in words.split() or "disease-free" in words or "disease free" in words
        yield unless(not free or course.zero != "decision", f"outcome.{at}.name",
                     "On the day of the decision nobody is free of disease, so disease-free survival is not defined; "
                     "use event-free survival: progression or death.")  # fmt: skip
        progression = outcome.unit == "tumor" and ("ltp" in words.split() or "local tumor progression" in words)
        yield unless(not progression or outcome.date is None or outcome.start is not None, f"outcome.{at}.start",
                     "Local tumor progression counts from the ablation of that tumor; give its date as start."
                     )  # fmt: skip


def _intercurrent(protocol: Protocol) -> Iterator[Problem | None]:
    timed = {outcome.name: outcome for outcome in protocol.outcomes if outcome.kind == "time"}
    for at, one in enumerate(protocol.intercurrent):
        stray = ", ".join(name for name in one.outcomes if name not in timed)
        yield unless(not stray, f"intercurrent.{at}.outcomes", f"{stray} is no outcome with times of the protocol.")
        undated = ", ".join(name for name in one.outcomes if name in timed and timed[name].start is None)
        yield unless(protocol.time_zero.column is not None or not undated, f"intercurrent.{at}.date",
                     f"Its date is compared with time zero for {undated}; give time_zero the column of its date."
                     )  # fmt: skip
