"""Simulated courses with a known truth: what patients would come to under each strategy, and what a registry sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isotherm.columns import Float, Int
from isotherm.errors import BadSetting
from isotherm.outcome import TimeToEvent
from isotherm.study.designs.courses import Courses, Endpoint, Measurements
from isotherm.study.designs.strategy import Strategy, Window
from isotherm.study.simulate_hazards import waiting_days
from isotherm.study.survival.cox import cox
from isotherm.study.survival.kaplan_meier import kaplan_meier
from isotherm.study.survival.rmst import restricted_mean

MONTH_DAYS = 365.25 / 12.0

UPFRONT = Strategy("upfront ablation", Window(0.0, MONTH_DAYS))
DELAYED = Strategy("delayed ablation", Window(2.0 * MONTH_DAYS, 3.0 * MONTH_DAYS))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """How simulated patients fare. Rates are per month; effects are logarithms of hazard ratios.

    Systemic therapy starts at time zero. A patient intends upfront ablation, delayed ablation or none, and is ablated
    on a day of the window (all equally likely) if alive and progression-free then.

    Parameters
    ----------
    progression, death, death_after_progression : float
        Hazards of a patient of average burden: to progress, to die before progression, to die after it.
    frailty_variance : float
        Of a gamma variable of mean 1 on all three hazards.
    upfront, delayed : float
        Shares that intend so, at average burden; the rest intends no ablation.
    ablation_effect : float
        On progression and on death before progression, from the day of ablation on.
    burden_effect : float
        Of one standard deviation of burden at time zero on all hazards.
    burden_on_upfront : float
        Of the same on the log odds of intending upfront ablation.
    decline : float
        Hazard of a decline of performance, which is recorded when it happens.
    decline_effect : float
        Of decline on all hazards.
    decline_stops : float
        Chance that an ablation is given up because of a decline before it.
    shortest_days, longest_days : float
        Observation ends on a day between these, all equally likely.

    Raises
    ------
    BadSetting
        A hazard, share, variance or follow-up that cannot be.
    """

    progression: float = 0.05
    death: float = 0.008
    death_after_progression: float = 0.05
    frailty_variance: float = 1.0
    upfront: float = 0.3
    delayed: float = 0.5
    ablation_effect: float = 0.0
    burden_effect: float = 0.0
    burden_on_upfront: float = 0.0
    decline: float = 0.0
    decline_effect: float = 0.0
    decline_stops: float = 0.0
    shortest_days: float = 36.0 * MONTH_DAYS
    longest_days: float = 84.0 * MONTH_DAYS

    def __post_init__(self) -> None:
        hazards = (self.progression, self.death, self.death_after_progression)
        if not (min(hazards) > 0.0 and np.isfinite(hazards).all() and self.decline >= 0.0):
            raise BadSetting(
                f"Hazards {hazards} and {self.decline:g} came; they are above 0, that of decline at least 0."
            )
        shares = (self.upfront, self.delayed, self.decline_stops)
        if not (
            0.0 < self.upfront and 0.0 < self.delayed and self.upfront + self.delayed < 1.0 and 0.0 <= shares[2] <= 1.0
        ):
            raise BadSetting(f"The shares {shares} came; those of arms are above 0 and leave some without ablation.")
        if not (0.0 <= self.frailty_variance < np.inf and 0.0 < self.shortest_days <= self.longest_days < np.inf):
            raise BadSetting(
                f"The frailty variance {self.frailty_variance:g} and a follow-up from {self.shortest_days:g} to "
                f"{self.longest_days:g} days came; a variance from 0 on and rising days above 0 are wanted."
            )


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """Simulated patients. Nothing in it was ever seen in a patient.

    Parameters
    ----------
    courses : Courses
        What a registry would hold: burden at time zero, and declines where the world has them.
    intended : array of int, shape (n,)
        0 upfront ablation, 1 delayed ablation, 2 none; no registry holds it.
    """

    courses: Courses
    intended: Int


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
        Patients simulated under each strategy.
    """

    log_hazard_ratio: float
    risk_difference: float
    rmst_difference_days: float
    risk: tuple[float, float]
    horizon_days: float
    n: int


@dataclass(frozen=True, slots=True, eq=False)
class _Fates:
    """Everything about patients that no strategy changes."""

    frailty: Float
    burden: Float
    decline_days: Float
    progress: Float
    die: Float
    die_after: Float
    observed_days: Float
    place: Float
    gives_up: Float


def simulate(world: World, n: int, rng: np.random.Generator) -> Simulated:
    """Simulate a registry.

    Parameters
    ----------
    world : World
    n : int
        Patients.
    rng : numpy.random.Generator

    Raises
    ------
    BadSetting
        No patient.
    """
    fates = _fates(world, n, rng)
    odds = np.log(world.upfront / (1.0 - world.upfront)) + world.burden_on_upfront * fates.burden
    goes_first = rng.random(n) < 1.0 / (1.0 + np.exp(-odds))
    goes_later = rng.random(n) < world.delayed / (1.0 - world.upfront)
    intended = np.where(goes_first, 0, np.where(goes_later, 1, 2))
    due = np.where(intended == 0, _day_in(UPFRONT, fates), np.where(intended == 1, _day_in(DELAYED, fates), np.inf))
    given_up = (fates.decline_days < due) & (fates.gives_up < world.decline_stops)
    return Simulated(_courses(world, fates, np.where(given_up, np.inf, due)), intended)


def simulate_strategy(world: World, strategy: Strategy, n: int, rng: np.random.Generator) -> Courses:
    """Simulate patients who all follow a strategy; the same generator state gives the same patients."""
    fates = _fates(world, n, rng)
    return _courses(world, fates, _day_in(strategy, fates))


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
    fates = _fates(world, n, rng)
    found = [_courses(world, fates, _day_in(one, fates)).outcome(endpoint) for one in (UPFRONT, DELAYED)]
    outcomes = [TimeToEvent(days, event.astype(np.int64)) for days, event in found]
    means = [restricted_mean(outcome, horizon_days) for outcome in outcomes]
    both = TimeToEvent(
        np.concatenate([one.time_days for one in outcomes]), np.concatenate([one.event for one in outcomes])
    )
    fit = cox(both, np.repeat([0.0, 1.0], n), robust=False)
    risks = [_risk(outcome, horizon_days) for outcome in outcomes]
    return Truth(
        log_hazard_ratio=float(fit.coefficients[0]),
        risk_difference=risks[1] - risks[0],
        rmst_difference_days=means[1].days - means[0].days,
        risk=(risks[0], risks[1]),
        horizon_days=horizon_days,
        n=n,
    )


def _risk(outcome: TimeToEvent, horizon_days: float) -> float:
    return 1.0 - kaplan_meier(outcome).survival_at(horizon_days)


def _fates(world: World, n: int, rng: np.random.Generator) -> _Fates:
    if n < 1:
        raise BadSetting(f"{n} patients came; at least one is wanted.")
    v = world.frailty_variance
    return _Fates(
        frailty=rng.gamma(1.0 / v, v, n) if v > 0.0 else np.ones(n),
        burden=rng.normal(size=n),
        decline_days=rng.exponential(size=n) * MONTH_DAYS / world.decline
        if world.decline > 0.0
        else np.full(n, np.inf),
        progress=rng.exponential(size=n),
        die=rng.exponential(size=n),
        die_after=rng.exponential(size=n),
        observed_days=rng.uniform(world.shortest_days, world.longest_days, n),
        place=rng.random(n),
        gives_up=rng.random(n),
    )


def _day_in(strategy: Strategy, fates: _Fates) -> Float:
    """Return the day within the strategy's window that each patient's place in it means."""
    window = strategy.ablation
    if window is None or not np.isfinite(window.last_days) or window.after != "time zero":
        raise BadSetting(f'"{strategy.name}" came; a strategy with a window of ablation from time zero is wanted.')
    return window.first_days + fates.place * (window.last_days - window.first_days)


def _courses(world: World, fates: _Fates, ablation_due: Float) -> Courses:
    """Return what comes of patients who are ablated on a day, if alive and progression-free then."""
    scale = fates.frailty * np.exp(world.burden_effect * fates.burden) / MONTH_DAYS
    changes = ((ablation_due, world.ablation_effect), (fates.decline_days, world.decline_effect))
    progression = waiting_days(fates.progress, scale * world.progression, changes)
    death = waiting_days(fates.die, scale * world.death, changes)
    progresses = progression < death
    after = progression + waiting_days(
        fates.die_after,
        scale * world.death_after_progression,
        ((np.maximum(fates.decline_days - progression, 0.0), world.decline_effect),),
    )
    death = np.where(progresses, after, death)
    last = np.minimum(death, fates.observed_days)
    ablated = ablation_due < np.minimum(progression, last)
    return Courses(
        last,
        death <= fates.observed_days,
        np.zeros(len(last)),
        np.where(ablated, ablation_due, np.nan),
        np.where(progresses & (progression <= last), progression, np.nan),
        baseline=fates.burden[:, None],
        baseline_names=("burden",),
        changing=_declines(fates.decline_days, last) if world.decline > 0.0 else None,
    )


def _declines(decline_days: Float, last: Float) -> Measurements:
    """Return performance, 0 at time zero and 1 from the day of decline on."""
    seen = np.flatnonzero(decline_days <= last)
    return Measurements(
        ("declined",),
        np.concatenate([np.arange(len(last)), seen]),
        np.concatenate([np.zeros(len(last)), decline_days[seen]]),
        np.concatenate([np.zeros(len(last)), np.ones(len(seen))])[:, None],
    )
