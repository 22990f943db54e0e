"""What designs for questions of timing give when ablation does nothing, beside the figures of the simulated truth.

No effect of ablation on anything: every sound design gives a hazard ratio of 1, and what the others give is bias. Each
figure is the hazard ratio of delayed against upfront ablation, except for the time-dependent model: delayed ablation
against none (yet).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from isotherm.outcome import TimeToEvent
from isotherm.study.designs.clone_estimates import estimate_clones
from isotherm.study.designs.clones import Clones, clone
from isotherm.study.designs.courses import Courses, Endpoint
from isotherm.study.designs.landmark import landmark
from isotherm.study.designs.naive import naive
from isotherm.study.designs.result import DesignResult
from isotherm.study.designs.strategy import Strategy
from isotherm.study.designs.time_dependent import time_dependent
from isotherm.study.simulate.core import Simulated, simulate, simulate_strategy
from isotherm.study.simulate.truth import truth
from isotherm.study.simulate.world import DELAYED, MONTH_DAYS, UPFRONT, World
from isotherm.study.survival.cox import cox

Ratios = dict[str, float]

ENDPOINTS: dict[str, Endpoint] = {"OS": "overall survival", "PFS": "progression-free survival"}

BOTH = (UPFRONT, DELAYED)

TABLE: dict[float, dict[str, Ratios]] = {
    1.0: {
        "by intention (truth)": {"OS": 1.00, "PFS": 1.00},
        "naive, clock at systemic start": {"OS": 0.87, "PFS": 0.87},
        "naive, clock at ablation": {"OS": 0.92, "PFS": 0.93},
        "landmark 3 months, living": {"OS": 0.91},
        "landmark 3 months, progression-free": {"OS": 1.00, "PFS": 1.00},
        "time-dependent Cox model": {"OS": 0.71, "PFS": 1.00},
        "clone, censor, weight": {"OS": 1.00, "PFS": 1.00},
        "same, unweighted": {"OS": 0.95, "PFS": 1.00},
        "same, static strategies, weighted": {"OS": 0.92, "PFS": 1.00},
    },
    0.0: {
        "by intention (truth)": {"OS": 1.00, "PFS": 1.00},
        "naive, clock at systemic start": {"OS": 0.93, "PFS": 0.89},
        "naive, clock at ablation": {"OS": 1.00, "PFS": 1.00},
        "landmark 3 months, living": {"OS": 0.95},
        "landmark 3 months, progression-free": {"OS": 1.00, "PFS": 1.00},
        "time-dependent Cox model": {"OS": 0.82, "PFS": 1.00},
        "clone, censor, weight": {"OS": 1.00, "PFS": 1.00},
        "same, unweighted": {"OS": 0.98, "PFS": 1.00},
        "same, static strategies, weighted": {"OS": 0.96, "PFS": 1.00},
    },
}
"""By variance of the frailty; figures of a simulation of 400,000 patients, with a Monte Carlo error of 0.005."""

LIMITS = {20_000: 0.06, 400_000: 0.015}
"""How far a figure may lie off, by number of patients: three Monte Carlo errors of both simulations, and rounding."""

CHUNK = 100_000

AT, LANDMARK = 36.0 * MONTH_DAYS, 3.0 * MONTH_DAYS
"""Horizon of risks and restricted means, and the landmark, in days after time zero."""

EFFECT, CONFOUNDED = World(ablation_effect=-0.7), World(burden_effect=0.5, burden_on_upfront=-0.8)

WORLDS = {
    "Ablation halves the hazards": EFFECT,
    "No effect, burden decides on both": CONFOUNDED,
    "An effect, burden and declines decide": World(
        ablation_effect=-0.5, burden_effect=0.5, burden_on_upfront=-0.8, decline=0.04, decline_effect=1.0,
        decline_stops=0.8,
    ),
}  # fmt: skip

PLAIN = (EFFECT,)
"""Worlds without confounding, in which an unadjusted landmark finds its own target."""


@dataclass(frozen=True, slots=True)
class Row:
    """One design and its hazard ratios by endpoint."""

    name: str
    ratio: Ratios

    def held(self, figures: dict[str, Ratios], limit: float) -> bool:
        """Say whether every ratio is within the limit of its figure."""
        expected = figures[self.name]
        return all(abs(value - expected[endpoint]) < limit for endpoint, value in self.ratio.items())


def table(patients: int, *, seed: int, frailty: float) -> list[Row]:
    """Simulate patients in chunks and return every design's geometric mean hazard ratio."""
    sums: dict[str, dict[str, list[float]]] = {}
    chunks = max(1, patients // CHUNK)
    for child in np.random.SeedSequence(seed).spawn(chunks):
        made = simulate(World(frailty_variance=frailty), patients // chunks, np.random.default_rng(child))
        bare = without_covariates(made.courses)
        for name, endpoint, ratio in ratios(Simulated(bare, made.intended)):
            sums.setdefault(name, {}).setdefault(endpoint, []).append(math.log(ratio))
    return [Row(name, {e: math.exp(float(np.mean(v))) for e, v in found.items()}) for name, found in sums.items()]


def without_covariates(courses: Courses) -> Courses:
    """Return the courses without covariates: in the world of the table nothing is confounded."""
    return Courses(
        courses.last_days,
        courses.died,
        courses.systemic_days,
        courses.ablation_days,
        courses.progression_days,
        courses.contraindication_days,
    )


def ratios(made: Simulated) -> Iterator[tuple[str, str, float]]:
    """Yield design, endpoint and hazard ratio."""
    courses, at = made.courses, AT
    for short, endpoint in ENDPOINTS.items():
        days, event = courses.outcome(endpoint)
        asked = made.intended < 2
        outcome = TimeToEvent(days[asked], event[asked].astype(np.int64))
        fit = cox(outcome, made.intended[asked].astype(np.float64), robust=False)
        yield "by intention (truth)", short, math.exp(fit.coefficients[0])
        first = naive(courses, BOTH, endpoint=endpoint, clock="systemic", horizon_days=at)
        yield "naive, clock at systemic start", short, first.hazard_ratios[0].estimate
        second = naive(courses, BOTH, endpoint=endpoint, clock="ablation", horizon_days=at)
        yield "naive, clock at ablation", short, second.hazard_ratios[0].estimate
        if short == "OS":
            living = landmark(courses, BOTH, endpoint=endpoint, day=LANDMARK, among="living", horizon_days=at)
            yield "landmark 3 months, living", short, living.hazard_ratios[0].estimate
        free = landmark(courses, BOTH, endpoint=endpoint, day=LANDMARK, horizon_days=at)
        yield "landmark 3 months, progression-free", short, free.hazard_ratios[0].estimate
        changing = time_dependent(courses, BOTH, endpoint=endpoint)
        yield "time-dependent Cox model", short, changing.hazard_ratios[1].estimate
        yield "clone, censor, weight", short, cloned(courses, BOTH, endpoint)
        yield "same, unweighted", short, cloned(courses, BOTH, endpoint, weighted=False)
        static = (replace(UPFRONT, dynamic=False), replace(DELAYED, dynamic=False))
        yield "same, static strategies, weighted", short, cloned(courses, static, endpoint)


def cloned(courses: Courses, strategies: tuple[Strategy, ...], endpoint: Endpoint, *, weighted: bool = True) -> float:
    """Return the hazard ratio of the clones, without its bootstrap."""
    return math.exp(estimate_clones(clones_of(courses, strategies, endpoint, weighted=weighted), AT).log_ratios[0])


def clones_of(
    courses: Courses, strategies: tuple[Strategy, ...], endpoint: Endpoint, *, weighted: bool
) -> tuple[Clones, ...]:
    """Return the clones, with weeks for periods."""
    return clone(courses, strategies, endpoint=endpoint, period_days=7.0, weighted=weighted)


@dataclass(frozen=True, slots=True)
class Aim:
    """A contrast that a design gives, and the one it is after: log hazard ratio, risk and RMST difference."""

    name: str
    found: tuple[float, float, float]
    wanted: tuple[float, float, float]

    def held(self, limits: tuple[float, float, float] = (0.03, 0.012, 8.0)) -> bool:
        """Say whether all three are near: Monte Carlo error, and an effect within a window that is diluted."""
        return all(abs(f - w) < limit for f, w, limit in zip(self.found, self.wanted, limits, strict=True))


def aims(patients: int, *, seed: int, world: World, endpoint: Endpoint) -> list[Aim]:
    """Return clones beside the truth of both strategies, weighted and not, and the landmark beside its own truth."""
    random = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(3)]
    real = truth(world, endpoint, horizon_days=AT, n=patients, rng=random[0])
    wanted = (real.log_hazard_ratio, real.risk_difference, real.rmst_difference_days)
    courses = simulate(world, patients, random[1]).courses
    found = [
        Aim(name, _three(estimate_clones(clones_of(courses, BOTH, endpoint, weighted=weighted), AT).contrasts), wanted)
        for name, weighted in (("clone, censor, weight", True), ("same, unweighted", False))
    ]
    both = both_followed(world, patients, random[2])
    seen, own = (
        landmark(one, BOTH, endpoint=endpoint, day=LANDMARK, horizon_days=AT, adjust=False) for one in (courses, both)
    )
    return [*found, Aim("landmark, progression-free", _of(seen), _of(own))]


def both_followed(world: World, patients: int, random: np.random.Generator) -> Courses:
    """Return patients of whom half follow each strategy: what the landmark is after, without confounding."""
    halves = [simulate_strategy(world, strategy, patients // 2, random) for strategy in BOTH]
    return Courses(
        *(
            np.concatenate([getattr(half, name) for half in halves])
            for name in ("last_days", "died", "systemic_days", "ablation_days", "progression_days")
        )
    )


def _three(contrasts: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    risk, mean, ratio = contrasts[:, 0].tolist()
    return ratio, risk, mean


def _of(result: DesignResult) -> tuple[float, float, float]:
    return (
        math.log(result.hazard_ratios[0].estimate),
        result.risk_differences[0].estimate,
        result.rmst_differences[0].estimate,
    )


def print_aims(patients: int = 200_000, *, seed: int = 0) -> bool:
    """Print every design beside its own target; return whether those that should reach it do."""
    fine = True
    for words, world in WORLDS.items():
        for short, endpoint in ENDPOINTS.items():
            print(f"{words}, {short}, {patients:,} patients: log HR, risk and RMST difference (target)")
            for aim in aims(patients, seed=seed, world=world, endpoint=endpoint):
                sound = aim.name == "clone, censor, weight" or (aim.name.startswith("landmark") and world in PLAIN)
                kept = aim.held() or not sound
                fine &= kept
                numbers = "   ".join(f"{f:+8.4f} ({w:+8.4f})" for f, w in zip(aim.found, aim.wanted, strict=True))
                print(f"  {aim.name:28} {numbers}{'' if kept else '   MISSED'}")
    return fine


def print_designs(patients: int = 400_000, *, seed: int = 0) -> bool:
    """Print the table beside its figures, and the targets; return whether every number is within its limit."""
    fine, limit = True, LIMITS[patients]
    for frailty, figures in TABLE.items():
        print(
            f"Hazard ratio, delayed v upfront ablation, no effect, frailty variance {frailty:g}, {patients:,} patients:"
        )
        for row in table(patients, seed=seed, frailty=frailty):
            kept = row.held(figures, limit)
            fine &= kept
            cells = "   ".join(f"{e} {v:5.3f} ({figures[row.name][e]:4.2f})" for e, v in row.ratio.items())
            print(f"  {row.name:38} {cells}{'' if kept else '   MISSED'}")
    return fine & print_aims(seed=seed)


if __name__ == "__main__":
    sys.exit(0 if print_designs() else 1)
