"""Made-up cohorts for the benches of the study engine: ten covariates, 29 % treated, 69 % events, heavy ties."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from isotherm.outcome import TimeToEvent

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]


NAMES = [f"x{k}" for k in range(10)]
"""Names of the covariates."""


class MadeUp(NamedTuple):
    """Covariates (n, 10), treated (n,), days (n,), whole or not, and events (n,)."""

    x: Float
    treated: Int
    days: Float
    event: Int


def made_up(n: int, *, whole_days: bool = True) -> MadeUp:
    """Return a cohort of n patients whose draws are those of the seed n."""
    random = np.random.default_rng(n)
    x = random.normal(size=(n, 10))
    x[:, 5:] = x[:, 5:] > 0.4
    chance = 1.0 / (1.0 + np.exp(1.2 - x @ [0.4, -0.3, 0.2, 0.1, 0.0, 0.5, -0.4, 0.3, 0.0, 0.2]))
    treated = (random.uniform(size=n) < chance).astype(np.int64)
    log_hazard = x @ [0.3, 0.2, -0.1, 0.0, 0.1, 0.4, -0.2, 0.1, 0.0, 0.3] - 0.35 * treated
    until_event = random.exponential(size=n) * np.exp(-log_hazard) * 1000.0
    until_end = random.uniform(200.0, 2500.0, size=n)
    days = np.minimum(until_event, until_end)
    event = (until_event <= until_end).astype(np.int64)
    return MadeUp(x.round(6), treated, np.ceil(days) if whole_days else days, event)


def table_of(data: MadeUp) -> pd.DataFrame:
    """Return the cohort as a table."""
    table = pd.DataFrame(data.x, columns=NAMES)
    return table.assign(treat=data.treated, days=data.days, event=data.event)


def outcome_of(data: MadeUp) -> TimeToEvent:
    """Return the cohort's outcome."""
    return TimeToEvent(data.days, data.event)
