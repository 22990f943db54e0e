"""Designs of a protocol, carried out on one set of courses: which are open, and what each gives, or why nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from isotherm.errors import FitError, InputError, NoSoundDesign
from isotherm.study.analysis.courses import Timed, strategies_of, timed
from isotherm.study.cohort import Cohort
from isotherm.study.designs.clone_censor_weight import clone_censor_weight
from isotherm.study.designs.clone_result import CloneResult
from isotherm.study.designs.courses import Endpoint
from isotherm.study.designs.landmark import landmark
from isotherm.study.designs.naive import naive
from isotherm.study.designs.result import DesignResult
from isotherm.study.designs.time_dependent import time_dependent
from isotherm.study.designs.within_arms import censoring_weights
from isotherm.study.finding import Finding, open_designs
from isotherm.study.guard.audit import planned_designs
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_designs import Design, Landmark, Naive, TimeDependentCox

Answer = DesignResult | CloneResult | str
"""What a design gives for an endpoint, or why it gives nothing."""

LIVING = "a landmark of the living says nothing about progression-free survival; use the progression-free"


@dataclass(frozen=True, slots=True)
class Done:
    """One design.

    Parameters
    ----------
    design : Design
    barred_by : tuple of str
        Keys of the findings that bar it as an answer.
    answers : mapping of endpoint to answer
        Empty where it is not carried out.
    """

    design: Design
    barred_by: tuple[str, ...]
    answers: dict[Endpoint, Answer]


def refuse_unsound(protocol: Protocol, findings: Sequence[Finding]) -> None:
    """Refuse a study none of whose designs can answer its question.

    Raises
    ------
    NoSoundDesign
    """
    planned = planned_designs(protocol)
    if open_designs(findings, planned):
        return
    stops = ", ".join(one.key for one in findings if set(one.bars) & set(planned))
    raise NoSoundDesign(
        f"Every design of this protocol ({', '.join(planned)}) is barred by what was found ({stops}); "
        "isotherm study check says what to do about each, and which [[design]] is left (docs/study-designs.md)."
    )


def carried_out(
    cohort: Cohort, findings: Sequence[Finding], *, workers: int = 1, progress: Callable[[str], None] = lambda _: None
) -> tuple[Timed, tuple[Done, ...]]:
    """Carry out the designs of a protocol: those that nothing bars, and the naive beside them.

    Raises
    ------
    InputError, FitError
        The courses cannot be used. What one design cannot give is a result with its reason.
    """
    protocol = cohort.protocol
    found = timed(cohort)
    done: list[Done] = []
    for place, one in enumerate(protocol.designs, start=1):
        barred = tuple(finding.key for finding in findings if one.kind in finding.bars)
        answers: dict[Endpoint, Answer] = {}
        if not barred or isinstance(one, Naive):
            progress(f"design {place} of {len(protocol.designs)}: {one.name}")
            answers = {endpoint: _answer(protocol, found, one, endpoint, workers) for endpoint in _endpoints(protocol)}
        done.append(Done(one, barred, answers))
    return found, tuple(done)


def _endpoints(protocol: Protocol) -> tuple[Endpoint, ...]:
    assert protocol.course is not None
    return protocol.course.endpoints


def _answer(protocol: Protocol, found: Timed, one: Design, endpoint: Endpoint, workers: int) -> Answer:
    try:
        return _estimated(protocol, found, one, endpoint, workers)
    except (FitError, InputError) as error:
        return str(error)


def _estimated(protocol: Protocol, found: Timed, one: Design, endpoint: Endpoint, workers: int) -> Answer:
    assert protocol.course is not None
    horizon, level = protocol.course.horizon_days, protocol.methods.estimation.level
    courses, strategies = found.courses, strategies_of(protocol)
    if isinstance(one, Naive):
        return naive(courses, strategies, endpoint=endpoint, clock=one.clock, horizon_days=horizon, level=level)
    if isinstance(one, Landmark):
        if one.among == "living" and endpoint != "overall survival":
            return LIVING
        return landmark(courses, strategies, endpoint=endpoint, day=one.day, among=one.among, horizon_days=horizon,
                        adjust=one.adjust, level=level)  # fmt: skip
    if isinstance(one, TimeDependentCox):
        return time_dependent(courses, strategies, endpoint=endpoint, adjust=one.adjust,
                              adjust_progression=one.adjust_progression, level=level)  # fmt: skip
    weighted = clone_censor_weight if one.kind == "clone_censor_weight" else censoring_weights
    strata = found.site if protocol.methods.propensity.sites != "ignored" else None
    return weighted(courses, strategies, endpoint=endpoint, horizon_days=horizon, seed=protocol.seed,
                    replicates=one.replicates, period_days=one.period_days, truncate=one.truncate_weights,
                    strata=strata, workers=workers, level=level)  # fmt: skip
