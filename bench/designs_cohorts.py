"""The worlds of the long run, and what every design says of one simulated cohort of realistic size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from bench.designs import AT, BOTH, ENDPOINTS, LANDMARK, clones_of
from isotherm.effect import Effect
from isotherm.errors import FitError, InputError
from isotherm.study.designs.clone_censor_weight import clone_censor_weight
from isotherm.study.designs.clone_estimates import estimate_clones
from isotherm.study.designs.courses import Courses, Endpoint
from isotherm.study.designs.landmark import landmark
from isotherm.study.designs.naive import naive
from isotherm.study.designs.time_dependent import time_dependent
from isotherm.study.simulate.core import simulate
from isotherm.study.simulate.world import World

PATIENTS = 400

REPLICATES = 200
"""Of the bootstrap in each cohort whose coverage is counted."""

SHARED = World(ablation_effect=-0.5, burden_effect=0.5, burden_on_upfront=-0.8, decline=0.04, decline_effect=1.0,
               decline_stops=0.8)  # fmt: skip

WORLDS = {
    "no effect": World(),
    "a true effect": World(ablation_effect=-0.7),
    "no effect, confounded": World(burden_effect=0.5, burden_on_upfront=-0.8),
    "an effect, burden and declines decide": SHARED,
    "an effect in low burden only": World(
        ablation_effect=-0.9, high_burden_effect=0.0, burden_effect=0.5, burden_on_upfront=-0.5
    ),
}

BOOTSTRAPPED = "an effect, burden and declines decide"
"""The hardest of the worlds: what decides on treatment changes with time, and is known."""

GROUPS: dict[str, tuple[str, ...]] = {
    "an effect in low burden only": ("all", "low burden", "high burden"),
}
"""Groups of patients that are looked at; all of them together in every other world."""

STATIC = tuple(replace(strategy, dynamic=False) for strategy in BOTH)

Found = tuple[float, float | None, float | None]
"""An estimate and its 95 % interval, if the design has one without a bootstrap."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One estimate: in which world, of which endpoint, in whom, by which design, of which measure."""

    world: str
    endpoint: str
    group: str
    design: str
    measure: str = "log hazard ratio"

    @property
    def key(self) -> str:
        """The cell as one text."""
        return "|".join((self.world, self.endpoint, self.group, self.design, self.measure))


def groups_of(world: str, courses: Courses) -> Iterator[tuple[str, Courses]]:
    """Yield the groups of a world with their patients."""
    burden = courses.baseline[:, 0]
    for group in GROUPS.get(world, ("all",)):
        rows = {"all": np.full(len(courses), fill_value=True), "low burden": burden <= 0.0, "high burden": burden > 0.0}
        yield group, courses.take(np.flatnonzero(rows[group]))


def cohort_estimates(world: str, seed: np.random.SeedSequence, patients: int = PATIENTS) -> dict[str, Found | str]:
    """Return what each design says of one cohort: the estimate, or the name of the error that it ended in."""
    made = simulate(WORLDS[world], patients, np.random.default_rng(seed)).courses
    found: dict[str, Found | str] = {}
    for group, courses in groups_of(world, made):
        for short, endpoint in ENDPOINTS.items():
            for name, estimate in _designs(courses, endpoint):
                found |= {Cell(world, short, group, name, measure).key: value
                          for measure, value in _or_error(estimate).items()}  # fmt: skip
    return found


def _or_error(estimate: Callable[[], dict[str, Found]]) -> dict[str, Found | str]:
    try:
        return dict(estimate())
    except (FitError, InputError) as error:
        return {"log hazard ratio": type(error).__name__}


def _designs(courses: Courses, endpoint: Endpoint) -> Iterator[tuple[str, Callable[[], dict[str, Found]]]]:
    """Yield each design with its name, to be carried out."""
    for clock in ("systemic", "ablation"):
        words = "systemic start" if clock == "systemic" else "ablation"
        yield (
            f"naive, clock at {words}",
            lambda c=clock: _ratio(naive(courses, BOTH, endpoint=endpoint, clock=c, horizon_days=AT).hazard_ratios),
        )
    for among in ("living", "progression-free"):
        if among == "progression-free" or endpoint == "overall survival":
            yield (
                f"landmark 3 months, {among}",
                lambda a=among: _ratio(
                    landmark(courses, BOTH, endpoint=endpoint, day=LANDMARK, among=a, horizon_days=AT).hazard_ratios
                ),
            )
    yield "time-dependent Cox model", lambda: _ratio(time_dependent(courses, BOTH, endpoint=endpoint).hazard_ratios[1:])
    yield "clone, censor, weight", lambda: _clones(courses, endpoint)
    yield "same, unweighted", lambda: _clones(courses, endpoint, weighted=False)
    yield "same, static strategies, weighted", lambda: _clones(courses, endpoint, static=True)


def _ratio(effects: tuple[Effect, ...]) -> dict[str, Found]:
    return {"log hazard ratio": _logs(effects[0])}


def _logs(effect: Effect) -> Found:
    return math.log(effect.estimate), math.log(effect.low), math.log(effect.high)


def _clones(courses: Courses, endpoint: Endpoint, *, weighted: bool = True, static: bool = False) -> dict[str, Found]:
    clones = clones_of(courses, STATIC if static else BOTH, endpoint, weighted=weighted)
    risk, mean, ratio = estimate_clones(clones, AT).contrasts[:, 0].tolist()
    found: dict[str, Found] = {"log hazard ratio": (ratio, None, None)}
    if weighted and not static:
        found |= {"risk difference": (risk, None, None), "RMST difference": (mean, None, None)}
    return found


def bootstrapped(
    seed: np.random.SeedSequence, patients: int = PATIENTS, replicates: int = REPLICATES
) -> dict[str, Found | str]:
    """Return what clones of one cohort say, with the intervals of their bootstrap."""
    made = simulate(WORLDS[BOOTSTRAPPED], patients, np.random.default_rng(seed)).courses
    found: dict[str, Found | str] = {}
    for short, endpoint in ENDPOINTS.items():
        try:
            result = clone_censor_weight(
                made, BOTH, endpoint=endpoint, horizon_days=AT, seed=int(seed.generate_state(1)[0]),
                replicates=replicates,
            ).result  # fmt: skip
        except (FitError, InputError) as error:
            found[Cell(BOOTSTRAPPED, short, "all", "clone, censor, weight").key] = type(error).__name__
            continue
        risk, mean, ratio = result.risk_differences[0], result.rmst_differences[0], result.hazard_ratios[0]
        for measure, value in (("log hazard ratio", _logs(ratio)),
                               ("risk difference", (risk.estimate, risk.low, risk.high)),
                               ("RMST difference", (mean.estimate, mean.low, mean.high))):  # fmt: skip
            found[Cell(BOOTSTRAPPED, short, "all", "clone, censor, weight", measure).key] = value
    return found
