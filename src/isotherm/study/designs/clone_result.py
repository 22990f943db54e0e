"""CloneResult: the answer of clones, and everything by which to judge it: who was censored and why, weights, counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isotherm.effect import Effect
from isotherm.study.designs.clones import Clones
from isotherm.study.designs.courses import Courses, Endpoint
from isotherm.study.designs.result import DesignResult
from isotherm.study.designs.strategy import REASONS, Strategy
from isotherm.study.resample import Bootstrap


@dataclass(frozen=True, slots=True)
class Censored:
    """Clones of a strategy that were censored for one reason, and on which days: first, median, last."""

    strategy: str
    reason: str
    n: int
    first_day: float
    median_day: float
    last_day: float


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the clones of a strategy that were not censored artificially, at the end of their observation.

    `effective` is how many clones of equal weight carry as much information: (sum w)² / sum w².
    """

    strategy: str
    n: int
    mean: float
    least: float
    most: float
    effective: float


@dataclass(frozen=True, slots=True)
class AtRisk:
    """Clones of a strategy at risk just after a day: their number, and the sum of their weights."""

    strategy: str
    day: float
    n: int
    weighted: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CloneResult:
    """The answer of the design, and everything by which to judge it.

    Parameters
    ----------
    result : DesignResult
        Arms count clones, and the events that count in them.
    patients : int
        Each is cloned once per strategy.
    censored : tuple of Censored
    weights : tuple of Weights
        One per strategy.
    at_risk : tuple of AtRisk
        Just after the end of each strategy's windows.
    shared_events : int
        Patients whose event counts in every strategy, since it came before any deviation.
    sensitivity : tuple of (name, effects)
        With truncated weights, and without weights.
    bootstraps : tuple of Bootstrap
        Of the answer: risk differences, differences of restricted means, log hazard ratios, arm by arm.
    """

    result: DesignResult
    patients: int
    censored: tuple[Censored, ...]
    weights: tuple[Weights, ...]
    at_risk: tuple[AtRisk, ...]
    shared_events: int
    sensitivity: tuple[tuple[str, tuple[Effect, ...]], ...]
    bootstraps: tuple[Bootstrap, ...]


def censored_clones(one: Clones) -> list[Censored]:
    """Return why clones were censored: deviations that came before the event or the end of observation."""
    found: list[Censored] = []
    cut = ~one.event & (one.left.day <= one.end_days)
    for code, words in REASONS.items():
        days = one.left.day[cut & (one.left.reason == code)]
        if len(days):
            low, middle, high = np.quantile(days, [0.0, 0.5, 1.0])
            found.append(Censored(one.strategy.name, words, len(days), float(low), float(middle), float(high)))
    return found


def final_weights(one: Clones) -> Weights:
    """Sum up the weights of the clones that were not censored artificially."""
    last = np.append(np.diff(one.patient) > 0, True)
    stayed = (one.event | (one.left.day > one.end_days))[one.patient]
    weight = one.weight[last & stayed]
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    return Weights(
        one.strategy.name, len(weight), float(weight.mean()), float(weight.min()), float(weight.max()), effective
    )


def at_risk_after(one: Clones, day: float) -> AtRisk:
    """Count the clones of a strategy just after a day."""
    there = (one.start_days <= day) & (one.stop_days > day)
    return AtRisk(one.strategy.name, day, int(there.sum()), float(one.weight[there].sum()))


def clause(courses: Courses, strategies: Sequence[Strategy]) -> str:
    """Return the end of the sentence on the target: what comes first; a contraindication only where one is recorded."""
    if all(strategy.dynamic for strategy in strategies):
        unfit = bool(np.isfinite(courses.contraindication_days).any())
        return f", unless {'progression, death or contraindication' if unfit else 'progression or death'} came first."
    return ", whatever came first in those of " + ", ".join(f'"{s.name}"' for s in strategies if not s.dynamic) + "."


def remaining_bias(strategies: Sequence[Strategy], endpoint: Endpoint) -> tuple[str, ...]:
    """Return what the design does not deal with, one sentence each."""
    found = [
        "What decides on deviating and on the outcome but was not recorded is not dealt with.",
        "Few patients may be left who follow a strategy to the end of its windows: see the numbers at risk there.",
        "Up to the end of a window its clones hold patients not treated yet: an effect within the window is diluted.",
    ]
    if endpoint == "progression-free survival":
        found.append(
            "Progression counts when it is seen: where ablations have scans of their own, and patients who are not "
            "ablated are not scanned then, it is seen earlier in those for whom ablation is due."
        )
    static = [strategy.name for strategy in strategies if not strategy.dynamic]
    if static:
        found.append(
            f"Who progresses before being treated is lost to {', '.join(static)}: as biased as a landmark of the "
            "living."
        )
    return tuple(found)


def remarks_on(clones: Sequence[Clones]) -> tuple[str, ...]:
    """Return what happened in the fits of the weights."""
    return tuple(
        f'{one.penalized} {"model" if one.penalized == 1 else "models"} of deviation from "{one.strategy.name}" '
        f"{'was' if one.penalized == 1 else 'were'} fitted with Firth's penalty, since covariates told those who "
        "deviate from those who do not."
        for one in clones
        if one.penalized
    )
