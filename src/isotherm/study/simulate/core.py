"""Simulated courses: what patients would come to under each strategy, and what a registry sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isotherm.columns import Float, Int
from isotherm.errors import BadSetting
from isotherm.study.designs.courses import Courses, Measurements
from isotherm.study.designs.strategy import Strategy
from isotherm.study.simulate.hazards import waiting_days
from isotherm.study.simulate.world import DELAYED, MONTH_DAYS, UPFRONT, World


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
    return under_each(world, (strategy,), n, rng)[0]


def under_each(world: World, strategies: Sequence[Strategy], n: int, rng: np.random.Generator) -> tuple[Courses, ...]:
    """Simulate the same patients under each strategy, with the same censoring and the same places within windows."""
    fates = _fates(world, n, rng)
    return tuple(_courses(world, fates, _day_in(strategy, fates)) for strategy in strategies)


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
    ablation = np.where(fates.burden > 0.0, world.effect_in_high_burden, world.ablation_effect)
    changes = ((ablation_due, ablation), (fates.decline_days, world.decline_effect))
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
