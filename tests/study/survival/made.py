"""Made-up cohorts: small, tied, weighted, entered late, in strata and clusters."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from isotherm.outcome import TimeToEvent

Float = npt.NDArray[np.float64]


def cohort(seed: int, n: int = 40, *, whole: bool = True, **parts: Any) -> tuple[TimeToEvent, Float]:
    """Make an outcome of n rows and two covariates, one of them binary; `parts` names what else it has."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.normal(size=n), 1.0 * rng.integers(0, 2, size=n)]).astype(np.float64)
    days = rng.exponential(size=n) * np.exp(-x @ [0.5, -0.4]) * 12.0 + 1e-3
    days = np.ceil(days) if whole else days
    made = {
        "start_days": days * rng.uniform(size=n) * 0.5
        if not whole
        else np.minimum(rng.integers(0, 4, size=n), days - 1),
        "weight": rng.integers(1, 40, size=n) / 10.0,
        "cluster": rng.integers(0, n // 3, size=n),
        "strata": rng.integers(0, 3, size=n),
    }
    chosen = {name: made[name] for name in parts if parts[name] is True}
    given = {name: value for name, value in parts.items() if value is not True}
    event = (rng.uniform(size=n) < 0.7).astype(int)
    event[:2] = 1
    return TimeToEvent(days, event, **(chosen | given)), x


def cut_at(outcome: TimeToEvent, day: float) -> tuple[TimeToEvent, npt.NDArray[np.int64]]:
    """Split every row that is under observation on a day in two; return the rows and where each comes from."""
    start = np.zeros(len(outcome)) if outcome.start_days is None else outcome.start_days
    split = np.flatnonzero((start < day) & (outcome.time_days > day))
    rows = np.concatenate([np.arange(len(outcome)), split])
    time, event, begin = outcome.time_days[rows], outcome.event[rows], start[rows]
    time[split], event[split] = day, 0
    begin[len(outcome) :] = day
    ids = np.arange(len(outcome)) if outcome.cluster is None else outcome.cluster
    strata = None if outcome.strata is None else outcome.strata[rows]
    weight = None if outcome.weight is None else outcome.weight[rows]
    if outcome.cluster is None and weight is None:
        return TimeToEvent(time, event, begin, strata=strata), rows
    return TimeToEvent(time, event, begin, weight, ids[rows], strata), rows
