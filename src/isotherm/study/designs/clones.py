"""Clones: a copy of each patient in each strategy, under observation until the day it deviates, with its weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isotherm.columns import Float, Int
from isotherm.errors import NothingToCompare, OutOfReach
from isotherm.outcome import TimeToEvent
from isotherm.study.designs.censoring import Factors, censoring_factors
from isotherm.study.designs.courses import Bool, Courses, Endpoint
from isotherm.study.designs.spans import spans
from isotherm.study.designs.strategy import Deviations, Strategy, check_strategies, deviations, due


@dataclass(frozen=True, slots=True, eq=False)
class Clones:
    """The clones of one strategy, as spans of constant weight.

    Parameters
    ----------
    strategy : Strategy
    left : Deviations
        Shape (n,) each: one clone per patient.
    end_days : array, shape (n,)
        End of the clone's observation: the event, the end of the patient's observation, or the deviation.
    event : array of bool, shape (n,)
        Whether the event came before any deviation, or on its day.
    patient, start_days, stop_days, dies, weight : array, shape (m,)
        Spans; weights are stabilized: over all days at risk their mean in the strategy is 1.
    penalized : int
        Models of deviations that needed Firth's penalty.
    """

    strategy: Strategy
    left: Deviations
    end_days: Float
    event: Bool
    patient: Int
    start_days: Float
    stop_days: Float
    dies: Bool
    weight: Float
    penalized: int


def clone(
    courses: Courses,
    strategies: Sequence[Strategy],
    *,
    endpoint: Endpoint,
    period_days: float,
    weighted: bool = True,
) -> tuple[Clones, ...]:
    """Clone, censor and weight the patients, once for each strategy.

    Parameters
    ----------
    courses : Courses
    strategies : sequence of Strategy
    endpoint : str
    period_days : float
        Length of a period before a window opens.
    weighted : bool
        Without weights, artificial censoring is taken for chance: a sensitivity analysis that shows what they do.

    Raises
    ------
    OutOfReach
        Time zero is the first treatment: each patient's arm is known then.
    NothingToCompare
        Nobody is at risk in a strategy after time zero.
    FitError
        A model of deviations has no fit, or nobody follows a strategy.
    """
    check_strategies(strategies)
    if courses.zero != "decision":
        raise OutOfReach(
            "Time zero is the first treatment, on which each patient's arm is known, so that nobody can be cloned; "
            "give the day of the decision, or adjust at baseline and weight for censoring within the arms."
        )
    end, event = courses.outcome(endpoint)
    return tuple(followed(courses, one, end, event, period_days=period_days, weighted=weighted) for one in strategies)


def followed(
    courses: Courses, strategy: Strategy, end: Float, event: Bool, *, period_days: float, weighted: bool = True
) -> Clones:
    """Follow patients until they deviate from a strategy; raises as `clone`.

    Parameters
    ----------
    courses, strategy, period_days, weighted
        As of `clone`.
    end, event : array, shape (n,)
        The endpoint.
    """
    left = deviations(courses, strategy)
    stop = np.minimum(end, left.day)
    happens = event & (end <= left.day)
    factors = (
        censoring_factors(courses, due(courses, strategy), left, end, period_days=period_days)
        if weighted
        else Factors(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), 0)
    )
    patient, start, until, last = spans(stop, (factors.patient, factors.day))
    if not len(patient):
        raise NothingToCompare(f'All clones of "{strategy.name}" deviate on day 0; widen its windows.')
    weight = _running_products(patient, start, factors)
    days = until - start
    return Clones(
        strategy=strategy,
        left=left,
        end_days=stop,
        event=happens,
        patient=patient,
        start_days=start,
        stop_days=until,
        dies=happens[patient] & last,
        weight=weight * days.sum() / (weight * days).sum(),
        penalized=factors.penalized,
    )


def _running_products(patient: Int, start: Float, factors: Factors) -> Float:
    """Return the product of each clone's factors up to the start of each span.

    The same factor for all who are at risk (a stabilizer) changes no curve, so that one number per strategy will do.
    One given only to those who can deviate, and not to the excused, would undo the weights.
    """
    who = np.concatenate([factors.patient, patient])
    day = np.concatenate([factors.day, start])
    log = np.concatenate([np.log(factors.factor), np.zeros(len(patient))])
    is_span = np.concatenate([np.zeros(len(factors.patient), np.int64), np.ones(len(patient), np.int64)])
    order = np.lexsort((is_span, day, who))
    running = np.cumsum(log[order])
    first = np.concatenate([[True], np.diff(who[order]) > 0])
    before = np.where(first, running - log[order], 0.0)
    own = running - before[np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))]
    place = order - len(factors.patient)
    product = np.empty(len(patient))
    product[place[place >= 0]] = np.exp(own[place >= 0])
    return product


def together(clones: Sequence[Clones], weights: Sequence[Float] | None = None) -> tuple[TimeToEvent, Int]:
    """Return the spans of all strategies as one outcome, clustered by patient, and the strategy of each."""
    own = [one.weight for one in clones] if weights is None else weights
    outcome = TimeToEvent(
        np.concatenate([one.stop_days for one in clones]),
        np.concatenate([one.dies for one in clones]).astype(np.int64),
        np.concatenate([one.start_days for one in clones]),
        np.concatenate(list(own)),
        np.concatenate([one.patient for one in clones]),
    )
    return outcome, np.repeat(np.arange(len(clones)), [len(one.patient) for one in clones])


def truncated(clones: Clones, at: tuple[float, float]) -> Float:
    """Return the weights cut at two of their quantiles over the spans, shape (m,)."""
    edges = np.quantile(clones.weight, at)
    return np.clip(clones.weight, edges[0], edges[1])
