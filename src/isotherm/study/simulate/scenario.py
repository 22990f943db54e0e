"""Scenario: a registry of simulated patients, everything by which they are drawn, and what in it is our choice."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from isotherm.errors import BadScenario
from isotherm.study.protocol import plain
from isotherm.study.protocol_checks import filled, refuse, repeated, unless
from isotherm.study.simulate.scenario_parts import (
    Decline,
    Gaps,
    Hazards,
    Lesions,
    LocalProgression,
    People,
    PlannedArm,
    ScanSchedule,
)

FIRST_DAY, LAST_DAY = np.datetime64("1990-01-01", "D"), np.datetime64("2100-01-01", "D")

LEAST_FOLLOW_UP_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A figure that a publication prints, beside which the simulated one is put.

    Parameters
    ----------
    says : str
        "5-year disease-free survival, upfront".
    value : str
        As printed.
    """

    says: str
    value: str

    def __post_init__(self) -> None:
        refuse(filled("A published figure", says=self.says, value=self.value), BadScenario)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A registry of simulated patients.

    Parameters
    ----------
    name, title : str
    organ : "liver" or "lung"
    protocol : str
        File of the protocol that is written beside the data; relative to the scenario's own.
    patients : int
        How many there are unless another number is asked for.
    centers : int
    decided_from, decided_to, closed_on : str
        Dates YYYY-MM-DD: of the decisions, and of the end of all follow-up.
    lost : float
        Hazard per month of being lost to follow-up.
    high_burden_from : float
        Tumor burden score, the root of squared size (cm) and squared number, from which burden is high.
    center_sd : float
        Of a normal variable of each center on the log odds of the first arm.
    complications, adverse_events : float
        Shares of those ablated with a major complication, and of those with systemic therapy with an adverse event.
    horizon_days : float
        Of the truth, after the decision.
    source : str
        The publication whose setting it takes up.
    choices : tuple of str
        What no publication prints and was chosen here, one sentence each.
    published : tuple of Published
    """

    name: str
    title: str
    organ: Literal["liver", "lung"]
    protocol: str
    patients: int
    centers: int
    decided_from: str
    decided_to: str
    closed_on: str
    hazards: Hazards
    arms: tuple[PlannedArm, ...]
    horizon_days: float
    high_burden_from: float = 3.0
    lost: float = 0.0
    center_sd: float = 0.0
    complications: float = 0.05
    adverse_events: float = 0.1
    people: People = field(default_factory=People)
    lesions: Lesions = field(default_factory=Lesions)
    decline: Decline = field(default_factory=Decline)
    local: LocalProgression = field(default_factory=LocalProgression)
    scans: ScanSchedule = field(default_factory=ScanSchedule)
    gaps: Gaps = field(default_factory=Gaps)
    source: str = ""
    choices: tuple[str, ...] = ()
    published: tuple[Published, ...] = ()

    def __post_init__(self) -> None:
        names, labels = [arm.name for arm in self.arms], [arm.label for arm in self.arms]
        refuse([
            *filled("The scenario", name=self.name, title=self.title, protocol=self.protocol),
            unless(self.patients >= 1 and self.centers >= 1, "patients", "At least one patient and center are wanted."),
            unless(len(self.strategies) >= 2, "arm", "Two arms at least are strategies that the truth compares."),
            unless(not repeated(names) and not repeated(labels), "arm", "Two arms share a name or a label."),
            unless(math.isclose(math.fsum(arm.share for arm in self.arms), 1.0, abs_tol=1e-6), "arm",
                   "The shares of the arms add up to 1."),
            unless(_ordered(self), "decided_from",
                   "Dates are YYYY-MM-DD, 1990 to 2099: first and last decision, and 30 days or more later the end."),
            unless(0.0 < self.horizon_days < math.inf, "horizon_days", "The horizon is a number of days above 0."),
            unless(all(0.0 <= x < math.inf for x in (self.lost, self.center_sd, self.high_burden_from)), "lost",
                   "Numbers from 0 on are wanted."),
            unless(0.0 <= min(self.complications, self.adverse_events) <= max(self.complications, self.adverse_events)
                   <= 1.0, "complications", "Shares are from 0 to 1."),
            unless(self.centers > 1 or self.gaps.duplicates == 0.0, "gaps.duplicates",
                   "Duplicates are entered at another center, and there is one only."),
        ], BadScenario)  # fmt: skip

    @property
    def strategies(self) -> tuple[PlannedArm, ...]:
        """The arms that the truth compares; the first is the reference."""
        return tuple(arm for arm in self.arms if arm.is_strategy)

    @property
    def days(self) -> tuple[np.datetime64, np.datetime64, np.datetime64]:
        """First and last day of decisions, and the end of all follow-up."""
        first, last, end = (np.datetime64(text, "D") for text in (self.decided_from, self.decided_to, self.closed_on))
        return first, last, end

    @property
    def hash(self) -> str:
        """SHA-256 of everything that it says."""
        text = json.dumps(plain(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    def with_patients(self, patients: int) -> Scenario:
        """Return the scenario with another number of patients."""
        return dataclasses.replace(self, patients=patients)


def _ordered(scenario: Scenario) -> bool:
    try:
        first, last, end = scenario.days
    except ValueError:
        return False
    written = (scenario.decided_from, scenario.decided_to, scenario.closed_on)
    whole = all(str(day) == text for day, text in zip((first, last, end), written, strict=True))
    enough = end - last >= np.timedelta64(LEAST_FOLLOW_UP_DAYS, "D") if whole else False
    return bool(whole and FIRST_DAY <= first <= last and enough and end < LAST_DAY)
