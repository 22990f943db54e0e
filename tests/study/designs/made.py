"""Courses made by hand, one row per patient, NaN for what never happened."""

from __future__ import annotations

from typing import Any

import numpy as np

from isotherm.study.designs.courses import Courses
from isotherm.study.designs.strategy import Strategy, Window

NAN = float("nan")

UPFRONT = Strategy("upfront", Window(0.0, 28.0))
DELAYED = Strategy("delayed", Window(60.0, 90.0))
BOTH = (UPFRONT, DELAYED)


def courses(*rows: tuple[float, ...], **more: Any) -> Courses:
    """Rows: last day, died, systemic start, ablation, progression, contraindication."""
    columns = np.array(rows, dtype=np.float64).T
    return Courses(*columns, **more)


def random_courses(n: int, seed: int, **more: Any) -> Courses:
    """A small registry on whole days: burden delays ablation and hastens death, nothing else does."""
    random = np.random.default_rng(seed)
    burden = random.normal(size=n)
    early = random.random(n) < 1.0 / (1.0 + np.exp(0.4 + 0.8 * burden))
    late = random.random(n) < 0.7
    due = np.where(early, random.integers(0, 29, n), np.where(late, random.integers(60, 91, n), 10_000))
    progression = np.ceil(random.exponential(size=n) * 300.0 * np.exp(-0.4 * burden))
    death = np.where(
        random.random(n) < 0.15, progression - 0.0, progression + np.ceil(random.exponential(size=n) * 200.0)
    )
    observed = random.integers(400, 900, n).astype(np.float64)
    last = np.minimum(death, observed)
    progressed = (progression <= last) & (progression < death)
    ablated = (due < progression) & (due < last)
    return Courses(
        last,
        death <= observed,
        np.zeros(n),
        np.where(ablated, due, NAN),
        np.where(progressed, progression, NAN),
        **({"baseline": burden[:, None], "baseline_names": ("burden",)} | more),
    )


ABLATION_FIRST = Strategy("ablation first", Window(0.0, 28.0), Window(14.0, 28.0, "ablation"))
SYSTEMIC_FIRST = Strategy("systemic first", Window(60.0, 90.0, "systemic"), Window(0.0, 28.0))


def both_treatments(n: int, seed: int) -> Courses:
    """Nothing has an effect; burden decides on who goes first, on late systemic therapy, and on the outcome."""
    random = np.random.default_rng(seed)
    burden = random.normal(size=n)
    hazard = random.gamma(1.0, 1.0, n) * np.exp(0.4 * burden) / 30.0
    progression, death = random.exponential(size=n) / hazard / 0.05, random.exponential(size=n) / hazard / 0.008
    free = np.minimum(progression, death)
    death = np.where(progression < death, progression + random.exponential(size=n) / hazard / 0.05, death)
    first = random.random(n) < 1.0 / (1.0 + np.exp(0.5 + 0.6 * burden))
    never = ~first & (random.random(n) < 0.3)
    late = random.random(n) < np.where(first, 1.0 / (1.0 + np.exp(1.0 - 0.5 * burden)), 0.2)
    ablation, systemic = random.uniform(0.0, 28.0, n), random.uniform(0.0, 28.0, n)
    systemic = np.where(first, ablation + random.uniform(14.0, np.where(late, 120.0, 28.0)), systemic)
    ablation = np.where(
        first, ablation, systemic + random.uniform(np.where(late, 20.0, 60.0), np.where(late, 150.0, 90.0))
    )
    ablation = np.where(never | (ablation >= free), np.inf, ablation)
    systemic = np.where(systemic < progression, systemic, progression + 5.0)
    observed = random.uniform(1000.0, 2500.0, n)
    last = np.minimum(death, observed)
    seen = [np.where(days <= last, days, NAN) for days in (systemic, ablation, progression)]
    return Courses(last, death <= observed, *seen, baseline=burden[:, None], baseline_names=("burden",))
