"""What each design is after: its own target, from strategies that a million simulated patients follow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bench.designs import AT, BOTH, ENDPOINTS, LANDMARK
from bench.designs_cohorts import WORLDS, Cell, groups_of
from isotherm.columns import Float, Int
from isotherm.outcome import TimeToEvent
from isotherm.study.designs.courses import Courses, Endpoint
from isotherm.study.designs.time_dependent import time_dependent
from isotherm.study.simulate.core import simulate, under_each
from isotherm.study.simulate.truth import contrast_of, timed
from isotherm.study.simulate.world import World
from isotherm.study.survival.cox import cox

PATIENTS = 1_000_000

OF_STRATEGIES = ("naive, clock at systemic start", "naive, clock at ablation", "clone, censor, weight",
                 "same, unweighted", "same, static strategies, weighted")  # fmt: skip
"""Designs that are after the strategies, or are taken to be by who reads them."""


def targets(world: str, seed: np.random.SeedSequence, patients: int = PATIENTS) -> dict[str, float]:
    """Return the target of every cell of a world; none for a design that has none there."""
    random = [np.random.default_rng(child) for child in seed.spawn(2)]
    upfront, delayed = under_each(WORLDS[world], BOTH, patients, random[0])
    groups = zip(groups_of(world, upfront), groups_of(world, delayed), strict=True)
    by_chance = dict(groups_of(world, simulate(_decided_by_chance(WORLDS[world]), patients, random[1]).courses))
    found: dict[str, float] = {}
    for (group, first), (_, second) in groups:
        for short, endpoint in ENDPOINTS.items():
            for design, measure, value in _of(first, second, by_chance[group], endpoint, WORLDS[world]):
                found[Cell(world, short, group, design, measure).key] = value
    return found


def _of(
    first: Courses, second: Courses, by_chance: Courses, endpoint: Endpoint, world: World
) -> Iterator[tuple[str, str, float]]:
    """Yield design, measure and target."""
    real = contrast_of(timed(first, endpoint), timed(second, endpoint), horizon_days=AT)
    for design in OF_STRATEGIES:
        yield design, "log hazard ratio", real.log_hazard_ratio
    yield "clone, censor, weight", "risk difference", real.risk_difference
    yield "clone, censor, weight", "RMST difference", real.rmst_difference_days
    yield "landmark 3 months, progression-free", "log hazard ratio", _landmark(first, second, endpoint, free=True)
    if endpoint == "overall survival":
        yield "landmark 3 months, living", "log hazard ratio", _landmark(first, second, endpoint, free=False)
    if endpoint == "progression-free survival":
        fit = time_dependent(by_chance, BOTH, endpoint=endpoint)
        yield "time-dependent Cox model", "log hazard ratio", math.log(fit.hazard_ratios[1].estimate)
    elif world.ablation_effect == 0.0:
        yield "time-dependent Cox model", "log hazard ratio", 0.0


def _decided_by_chance(world: World) -> World:
    """Return the world in which nothing but chance decides on ablation of those who are free of progression."""
    return replace(world, burden_on_upfront=0.0, decline_stops=0.0)


def _landmark(first: Courses, second: Courses, endpoint: Endpoint, *, free: bool) -> float:
    """Return the log hazard ratio, given burden, among those who reach the landmark under the strategy they follow."""
    parts = [_from_landmark(courses, endpoint, free=free) for courses in (first, second)]
    outcome = TimeToEvent(np.concatenate([one[0] for one in parts]), np.concatenate([one[1] for one in parts]))
    arm = np.repeat([0.0, 1.0], [len(part[0]) for part in parts])
    x = np.stack([arm, np.concatenate([part[2] for part in parts])], axis=1)
    return float(cox(outcome, x, robust=False).coefficients[0])


def _from_landmark(courses: Courses, endpoint: Endpoint, *, free: bool) -> tuple[Float, Int, Float]:
    end, event = courses.outcome(endpoint)
    reached = courses.last_days > LANDMARK
    if free:
        reached &= np.isnan(courses.progression_days) | (courses.progression_days > LANDMARK)
    return end[reached] - LANDMARK, event[reached].astype(np.int64), courses.baseline[reached, 0]
