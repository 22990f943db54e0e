"""The nouns of a scenario: who the simulated patients are, their tumors, hazards, arms, scans, and gaps."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from isotherm.errors import BadScenario
from isotherm.study.designs.strategy import Strategy
from isotherm.study.protocol_checks import Problem, filled, refuse, repeated, unless
from isotherm.study.protocol_designs import Asked

MOST_TUMORS = 9

FACTS = ("burden", "performance", "node_positive", "synchronous", "extra_organ", "high_cea")
"""Facts at the decision that hazards and intentions may depend on: 0 or 1, but for performance status and burden.

Burden is the logarithm of the tumor burden score over 3, in units of 0.4: about 0 on average, with a spread of about 1.
"""

CAN_BE_MISSING = ("age", "male", "performance_status", "node_positive", "ras_mutated", "cea_ng_ml", "synchronous",
                  "extra_organ", "margin_mm", "bridging_vessel")  # fmt: skip
"""Columns whose values may be lost. Dates and what makes a row a row are always there."""

Effects = tuple[tuple[str, float], ...]
"""Pairs of a fact and its effect, the logarithm of a hazard or odds ratio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Patients at the decision: shares are of all patients.

    Parameters
    ----------
    age_years, age_sd_years : float
        Of a normal distribution, cut at 18 and 95.
    male, performance_1, performance_2, node_positive, synchronous, extra_organ, ras_mutated : float
        Shares; performance status is 0 in the rest. `extra_organ`: disease outside of the treated organ.
    cea_ng_ml, cea_log_sd : float
        Median and spread of the logarithm; above twice the median it counts as high.
    """

    age_years: float = 58.0
    age_sd_years: float = 11.0
    male: float = 0.65
    performance_1: float = 0.25
    performance_2: float = 0.05
    node_positive: float = 0.6
    synchronous: float = 0.5
    extra_organ: float = 0.1
    ras_mutated: float = 0.4
    cea_ng_ml: float = 10.0
    cea_log_sd: float = 1.0

    def __post_init__(self) -> None:
        shares = {
            "male": self.male, "performance_1": self.performance_1, "performance_2": self.performance_2,
            "node_positive": self.node_positive, "synchronous": self.synchronous, "extra_organ": self.extra_organ,
            "ras_mutated": self.ras_mutated,
        }  # fmt: skip
        _refuse([
            *_shares(**shares),
            unless(self.performance_1 + self.performance_2 <= 1.0, "performance_1", "Shares add up to more than 1."),
            *_above(cea_ng_ml=self.cea_ng_ml, age_years=self.age_years),
            *_not_below(cea_log_sd=self.cea_log_sd, age_sd_years=self.age_sd_years),
        ])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesions:
    """Tumors of a patient.

    Parameters
    ----------
    number : tuple of float
        Shares of patients with 1, 2, ... tumors, at most 9 of them.
    size_cm, size_log_sd, largest_cm : float
        Median of the largest diameter, spread of its logarithm, and the largest there is; 0.5 cm is the smallest.
    margin_mm, margin_sd_mm : float
        Of the minimal ablation margin; it falls by 1 mm with each cm above the median size.
    bridging, peridiaphragmatic : float
        Shares of tumors with a vessel that bridges the margin, and next to the diaphragm.
    """

    number: tuple[float, ...] = (0.45, 0.3, 0.15, 0.06, 0.04)
    size_cm: float = 2.0
    size_log_sd: float = 0.35
    largest_cm: float = 5.0
    margin_mm: float = 5.0
    margin_sd_mm: float = 3.0
    bridging: float = 0.2
    peridiaphragmatic: float = 0.2

    def __post_init__(self) -> None:
        fits = 0 < len(self.number) <= MOST_TUMORS and min(self.number) >= 0.0
        _refuse([
            unless(fits and math.isclose(math.fsum(self.number), 1.0, abs_tol=1e-6), "number",
                   f"The shares of patients with 1 to at most {MOST_TUMORS} tumors add up to 1."),
            unless(0.5 < self.size_cm <= self.largest_cm <= 20.0, "size_cm",
                   "The median size lies between 0.5 cm and the largest, which is at most 20 cm."),
            *_not_below(size_log_sd=self.size_log_sd, margin_sd_mm=self.margin_sd_mm),
            unless(math.isfinite(self.margin_mm), "margin_mm", "The margin is a number of mm."),
            *_shares(bridging=self.bridging, peridiaphragmatic=self.peridiaphragmatic),
        ])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazards:
    """Hazards per month of a patient with an average burden and without any other fact, never treated.

    Parameters
    ----------
    progression, death, death_after_progression : float
        To progress elsewhere than at an ablated tumor; to die before that, and after.
    frailty_variance : float
        Of a gamma variable of mean 1 on all of them.
    systemic : float
        Effect of systemic therapy on progression and on death before it, from its first day on.
    on_progression, on_death : tuple of (fact, effect)
    """

    progression: float
    death: float
    death_after_progression: float
    frailty_variance: float = 0.5
    systemic: float = 0.0
    on_progression: Effects = ()
    on_death: Effects = ()

    def __post_init__(self) -> None:
        _refuse([
            *_above(progression=self.progression, death=self.death,
                    death_after_progression=self.death_after_progression),
            *_not_below(frailty_variance=self.frailty_variance),
            unless(math.isfinite(self.systemic), "systemic", "An effect is a number."),
            *_effects(on_progression=self.on_progression, on_death=self.on_death),
        ])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedArm:
    """What some patients are meant to have: days of ablation and systemic therapy, and what ablation then does.

    Parameters
    ----------
    name, label : str
    share : float
        Of patients without any fact; the shares of all arms add up to 1.
    ablation, systemic : Asked
        Windows; days within them are equally likely.
    effect : float
        Of ablation on progression and on death before it, from its day on.
    high_burden_effect : float, optional
        The same in patients whose tumor burden score is at or above the cut; None: as in all others.
    chosen_by : tuple of (fact, effect)
        Effects of facts on the log odds of being meant for this arm.
    is_strategy : bool
        Whether the truth holds this arm against the others; False for what fits no strategy.
    """

    name: str
    label: str
    share: float
    ablation: Asked
    systemic: Asked
    effect: float = 0.0
    high_burden_effect: float | None = None
    chosen_by: Effects = ()
    is_strategy: bool = True

    def __post_init__(self) -> None:
        neither = self.ablation.days is None and self.systemic.days is None
        finite = math.isfinite(self.effect) and math.isfinite(self.in_high_burden)
        _refuse([
            *filled("An arm", name=self.name, label=self.label),
            unless(0.0 < self.share <= 1.0, "share", "A share is above 0 and at most 1."),
            unless(not neither, "ablation", "An arm without any treatment came; give it one."),
            unless(not _endless(self), "ablation",
                   "Its windows wait for each other, for themselves or for what never comes."),
            unless(finite, "effect", "An effect is a number."),
            *_effects(chosen_by=self.chosen_by),
        ])  # fmt: skip

    @property
    def strategy(self) -> Strategy:
        """The arm as a strategy."""
        return Strategy(self.label, self.ablation.window, self.systemic.window)

    @property
    def in_high_burden(self) -> float:
        """Effect of ablation in patients of high burden."""
        return self.effect if self.high_burden_effect is None else self.high_burden_effect


def _endless(arm: PlannedArm) -> bool:
    anchors = (arm.ablation.after, arm.systemic.after)
    waits = anchors[0] == "ablation" or anchors[1] == "systemic" or anchors == ("systemic", "ablation")
    for_ablation = anchors[1] == "ablation" and arm.ablation.days is None
    return waits or for_ablation or (anchors[0] == "systemic" and arm.systemic.days is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    """A decline: its hazard per month, its effect on all hazards, and how often it rules ablation out."""

    hazard: float = 0.0
    effect: float = 0.0
    stops: float = 0.0

    def __post_init__(self) -> None:
        _refuse([*_not_below(hazard=self.hazard), *_shares(stops=self.stops),
                 unless(math.isfinite(self.effect), "effect", "An effect is a number.")])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalProgression:
    """Local tumor progression: hazard per month of a tumor of 2 cm with a margin of 5 mm, and effects on it.

    Parameters
    ----------
    hazard : float
    per_cm, per_mm, bridging, peridiaphragmatic : float
        Effects of a cm of size, a mm of margin, a bridging vessel, and a place next to the diaphragm.
    large : float
        Effect of 3 cm or more, on top of that of each cm.
    patient_sd : float
        Of a normal variable on the logarithm of the hazard that a patient's tumors share.
    """

    hazard: float = 0.004
    per_cm: float = 0.0
    large: float = 0.0
    per_mm: float = 0.0
    bridging: float = 0.0
    peridiaphragmatic: float = 0.0
    patient_sd: float = 0.0

    def __post_init__(self) -> None:
        effects = (self.per_cm, self.large, self.per_mm, self.bridging, self.peridiaphragmatic)
        _refuse([
            *_above(hazard=self.hazard),
            *_not_below(patient_sd=self.patient_sd),
            unless(bool(np.isfinite(effects).all()), "per_cm", "Effects are numbers."),
        ])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanSchedule:
    """When scans are due, in days after the decision: often at first, then less often, each some days early or late.

    `before_ablation_after_days`: an ablation that is due later than this has a scan of its own on its day, and who is
    seen to have progressed is not ablated. For an earlier one the scans of the decision will do.
    """

    every_days: float = 90.0
    later_every_days: float = 180.0
    later_after_days: float = 730.0
    jitter_days: float = 7.0
    before_ablation_after_days: float = 35.0

    def __post_init__(self) -> None:
        least = min(self.every_days, self.later_every_days)
        _refuse([
            unless(14.0 <= least <= max(self.every_days, self.later_every_days) <= 730.0, "every_days",
                   "Scans are from 14 to 730 days apart."),
            unless(0.0 <= self.jitter_days < least / 2.0, "jitter_days",
                   "A scan is early or late by less than half the days between two."),
            *_not_below(later_after_days=self.later_after_days,
                        before_ablation_after_days=self.before_ablation_after_days),
        ])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """What a registry does not hold as it was: values lost at random, and patients entered at two centers.

    Parameters
    ----------
    missing : tuple of (column, share)
    duplicates : float
        Share of patients who come again under another id at another center.
    """

    missing: Effects = ()
    duplicates: float = 0.0

    def __post_init__(self) -> None:
        names = [name for name, _ in self.missing]
        stray = ", ".join(name for name in names if name not in CAN_BE_MISSING)
        _refuse([
            unless(not stray, "missing", f"{stray} cannot be missing; allowed: {', '.join(CAN_BE_MISSING)}."),
            unless(all(0.0 <= share < 1.0 for _, share in self.missing), "missing", "Shares are from 0 to below 1."),
            unless(0.0 <= self.duplicates <= 0.5, "duplicates", "The share of duplicates is from 0 to 0.5."),
        ])  # fmt: skip


def _refuse(problems: Iterable[Problem | None]) -> None:
    refuse(problems, BadScenario)


def _shares(**values: float) -> list[Problem | None]:
    return [unless(0.0 <= value <= 1.0, name, "A share is from 0 to 1.") for name, value in values.items()]


def _above(**values: float) -> list[Problem | None]:
    return [unless(0.0 < value < math.inf, name, "A number above 0 is wanted.") for name, value in values.items()]


def _not_below(**values: float) -> list[Problem | None]:
    return [unless(0.0 <= value < math.inf, name, "A number from 0 on is wanted.") for name, value in values.items()]


def _effects(**given: Effects) -> list[Problem | None]:
    found: list[Problem | None] = []
    for key, pairs in given.items():
        names = [name for name, _ in pairs]
        stray = ", ".join(name for name in names if name not in FACTS)
        found.append(unless(not stray, key, f"{stray} is no fact; allowed: {', '.join(FACTS)}."))
        found.append(unless(all(math.isfinite(value) for _, value in pairs), key, "Effects are numbers."))
        found.append(unless(not repeated(names), key, "A fact is named twice."))
    return found
