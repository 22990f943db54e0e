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
