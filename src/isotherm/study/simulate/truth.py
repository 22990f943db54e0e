"""The truth of two strategies: both are applied to the same simulated patients, with the same censoring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isotherm.outcome import TimeToEvent
from isotherm.study.designs.courses import Courses, Endpoint
from isotherm.study.designs.landmark import Among
from isotherm.study.simulate.core import under_each
from isotherm.study.simulate.world import DELAYED, UPFRONT, World
from isotherm.study.survival.cox import cox
from isotherm.study.survival.kaplan_meier import kaplan_meier
from isotherm.study.survival.rmst import restricted_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What would come of delayed against upfront ablation, if all patients followed each strategy.

    Parameters
    ----------
    log_hazard_ratio, risk_difference, rmst_difference_days : float
    risk : tuple of float
        Under upfront and under delayed ablation.
    horizon_days : float
    n : int
        Patients simulated under each strategy; for a landmark, those who reach it under the kinder one.
    """

    log_hazard_ratio: float
    risk_difference: float
    rmst_difference_days: float
    risk: tuple[float, float]
    horizon_days: float
    n: int


def truth(world: World, endpoint: Endpoint, *, horizon_days: float, n: int, rng: np.random.Generator) -> Truth:
    """Apply both strategies to the same patients, with the same censoring and the same places within windows.

    Parameters
    ----------
    world : World
    endpoint : {"overall survival", "progression-free survival"}
    horizon_days : float
    n : int
    rng : numpy.random.Generator
    """
    upfront, delayed = (timed(one, endpoint) for one in under_each(world, (UPFRONT, DELAYED), n, rng))
    return contrast_of(upfront, delayed, horizon_days=horizon_days)


def landmark_truth(
    world: World, endpoint: Endpoint, *, day: float, among: Among, horizon_days: float, n: int, rng: np.random.Generator
) -> Truth:
    """Return the truth that a landmark is after: both strategies from a day on, each in those who reach it under it.

    Patients are told apart by the strategy that they follow, not by what they had come to have.
    """
    found: list[TimeToEvent] = []
    for courses in under_each(world, (UPFRONT, DELAYED), n, rng):
        end, event = courses.outcome(endpoint)
        reached = courses.last_days > day
        if among == "progression-free":
            reached &= np.isnan(courses.progression_days) | (courses.progression_days > day)
        found.append(TimeToEvent(end[reached] - day, event[reached].astype(np.int64)))
    return contrast_of(found[0], found[1], horizon_days=horizon_days - day)


def timed(courses: Courses, endpoint: Endpoint) -> TimeToEvent:
    """Return an endpoint of courses as an outcome."""
    days, event = courses.outcome(endpoint)
    return TimeToEvent(days, event.astype(np.int64))


def contrast_of(upfront: TimeToEvent, delayed: TimeToEvent, *, horizon_days: float) -> Truth:
    """Compare what came of two strategies that everybody followed."""
    both = TimeToEvent(
        np.concatenate([upfront.time_days, delayed.time_days]), np.concatenate([upfront.event, delayed.event])
    )
    arm = np.repeat([0.0, 1.0], [len(upfront.time_days), len(delayed.time_days)])
    risks = [1.0 - kaplan_meier(outcome).survival_at(horizon_days) for outcome in (upfront, delayed)]
    means = [restricted_mean(outcome, horizon_days).days for outcome in (upfront, delayed)]
    return Truth(
        log_hazard_ratio=float(cox(both, arm, robust=False).coefficients[0]),
        risk_difference=risks[1] - risks[0],
        rmst_difference_days=means[1] - means[0],
        risk=(risks[0], risks[1]),
        horizon_days=horizon_days,
        n=max(len(upfront.time_days), len(delayed.time_days)),
    )
