"""The truth of a registry: every strategy applied to the same million patients, with the same censoring and days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from isotherm.errors import BadSetting
from isotherm.outcome import TimeToEvent
from isotherm.study.designs.courses import Bool, Endpoint
from isotherm.study.simulate.registry import TRUTH_STREAM, stream
from isotherm.study.simulate.registry_draws import draw
from isotherm.study.simulate.registry_lives import live
from isotherm.study.simulate.scenario import Scenario
from isotherm.study.simulate.truth import Truth, contrast_of

CHUNK = 50_000
"""Patients simulated at a time."""

ENDPOINTS: tuple[Endpoint, ...] = ("overall survival", "progression-free survival")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryTruth:
    """One contrast of the truth.

    Parameters
    ----------
    strategy, reference : str
        Names of arms.
    endpoint : str
    group : str
        "all", "low burden" or "high burden", by the tumor burden score at the decision.
    truth : Truth
        Its pair of risks is that of the reference and of the strategy.
    """

    strategy: str
    reference: str
    endpoint: Endpoint
    group: str
    truth: Truth


def registry_truth(scenario: Scenario, *, seed: int, patients: int) -> list[RegistryTruth]:
    """Apply every strategy to the same patients and compare it with the first one.

    Raises
    ------
    BadSetting
        No patient.
    """
    if patients < 1:
        raise BadSetting(f"{patients} patients came for the truth; at least one is wanted.")
    parts = list(_parts(scenario, seed, patients))
    high = np.concatenate([one for one, _ in parts])
    groups: dict[str, Bool] = {"all": np.full(len(high), fill_value=True), "low burden": ~high, "high burden": high}
    names = [arm.name for arm in scenario.strategies]
    found: list[RegistryTruth] = []
    for at, endpoint in enumerate(ENDPOINTS):
        outcomes = [_joined([part[k][at] for _, part in parts]) for k in range(len(names))]
        for group, rows in groups.items():
            if not rows.any():
                continue
            reference, *others = (outcome.take(rows) for outcome in outcomes)
            for name, other in zip(names[1:], others, strict=True):
                truth = contrast_of(reference, other, horizon_days=scenario.horizon_days)
                found.append(RegistryTruth(strategy=name, reference=names[0], endpoint=endpoint, group=group,
                                           truth=truth))  # fmt: skip
    return found


def _parts(scenario: Scenario, seed: int, patients: int) -> Iterator[tuple[Bool, list[tuple[TimeToEvent, ...]]]]:
    """Yield, chunk by chunk, who has a high burden, and the outcomes under each strategy."""
    for chunk in range(-(-patients // CHUNK)):
        n = min(CHUNK, patients - chunk * CHUNK)
        draws = draw(scenario, n, stream(seed, TRUTH_STREAM, chunk))
        found: list[tuple[TimeToEvent, ...]] = []
        for arm in scenario.strategies:
            lives = live(scenario, draws, np.full(n, scenario.arms.index(arm)))
            found.append(tuple(lives.outcome(endpoint) for endpoint in ENDPOINTS))
        yield draws.high_burden, found


def _joined(outcomes: list[TimeToEvent]) -> TimeToEvent:
    return TimeToEvent(
        np.concatenate([one.time_days for one in outcomes]), np.concatenate([one.event for one in outcomes])
    )
