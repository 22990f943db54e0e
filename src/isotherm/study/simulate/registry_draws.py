"""Draws of a registry: everything about patients and tumors that no treatment changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isotherm.columns import Float, Int
from isotherm.study.designs.courses import Bool
from isotherm.study.simulate.registry_scans import nominal_days, scan_days
from isotherm.study.simulate.scenario import Scenario
from isotherm.study.simulate.scenario_parts import Effects, Lesions
from isotherm.study.simulate.world import MONTH_DAYS

SMALLEST_CM = 0.5

BURDEN_CENTER, BURDEN_SPREAD = 3.0, 0.4
"""Of the tumor burden score, and of its logarithm: what a burden of 0 and of 1 means."""

YOUNGEST, OLDEST = 18.0, 95.0


@dataclass(frozen=True, slots=True, eq=False)
class Tumors:
    """Tumors, one row each.

    Parameters
    ----------
    patient : array of int, shape (m,)
        Rising.
    size_cm, margin_mm : array, shape (m,)
        The margin is the one that its ablation leaves.
    bridging, peridiaphragmatic : array of bool, shape (m,)
    progress : array, shape (m,)
        Exponential draws of local progression.
    """

    patient: Int
    size_cm: Float
    margin_mm: Float
    bridging: Bool
    peridiaphragmatic: Bool
    progress: Float


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Patients as they are at the decision, and the chance that decides what becomes of them.

    Parameters
    ----------
    center : array of int, shape (n,)
    decided : array of datetime64[D], shape (n,)
    described : mapping of str to array
        What a registry records of patients at the decision.
    facts : mapping of str to array
        What hazards and intentions depend on.
    score, high_burden : array, shape (n,)
        Tumor burden score, and whether it is at or above the cut.
    tumors : Tumors
    frailty, shared, progress, die, die_after, decline_days, end_days : array, shape (n,)
        `shared`: on the logarithm of the hazard of local progression.
    chosen, place_of_ablation, place_of_systemic, gives_up : array, shape (n,)
        Between 0 and 1.
    scans : array, shape (n, k)
    """

    center: Int
    decided: np.ndarray[tuple[int], np.dtype[np.datetime64]]
    described: Mapping[str, Float]
    facts: Mapping[str, Float]
    score: Float
    high_burden: Bool
    tumors: Tumors
    frailty: Float
    shared: Float
    progress: Float
    die: Float
    die_after: Float
    decline_days: Float
    end_days: Float
    chosen: Float
    place_of_ablation: Float
    place_of_systemic: Float
    gives_up: Float
    scans: Float

    def __len__(self) -> int:
        """Return the number of patients."""
        return len(self.center)


def draw(scenario: Scenario, n: int, random: np.random.Generator) -> Draws:
    """Draw patients; the same state of the generator gives the same ones."""
    first, last, end = scenario.days
    sizes = 1.0 / (1.0 + 0.5 * np.arange(scenario.centers))
    center = random.choice(scenario.centers, n, p=sizes / sizes.sum())
    decided = first + random.integers(0, (last - first).astype(int) + 1, n)
    described = _described(scenario, n, random)
    tumors, number, largest = _tumors(scenario.lesions, n, random)
    score = np.hypot(largest, number)
    variance = scenario.hazards.frailty_variance
    observed = (end - decided).astype(np.float64)
    lost = _waits(random, n, scenario.lost)
    scans = nominal_days(scenario.scans, float((end - first).astype(int)))
    return Draws(
        center=center,
        decided=decided,
        described=described | {"tumors": number, "largest_cm": largest, "tumor_burden_score": score},
        facts={
            "burden": np.log(score / BURDEN_CENTER) / BURDEN_SPREAD,
            "performance": described["performance_status"],
            "node_positive": described["node_positive"],
            "synchronous": described["synchronous"],
            "extra_organ": described["extra_organ"],
            "high_cea": (described["cea_ng_ml"] > 2.0 * scenario.people.cea_ng_ml).astype(np.float64),
        },
        score=score,
        high_burden=score >= scenario.high_burden_from,
        tumors=tumors,
        frailty=random.gamma(1.0 / variance, variance, n) if variance > 0.0 else np.ones(n),
        shared=random.normal(0.0, scenario.local.patient_sd, n),
        progress=random.exponential(size=n),
        die=random.exponential(size=n),
        die_after=random.exponential(size=n),
        decline_days=_waits(random, n, scenario.decline.hazard),
        end_days=np.minimum(observed, lost),
        chosen=random.random(n),
        place_of_ablation=random.random(n),
        place_of_systemic=random.random(n),
        gives_up=random.random(n),
        scans=scan_days(scenario.scans, float((end - first).astype(int)), random.uniform(-1.0, 1.0, (n, len(scans)))),
    )


def linear(effects: Effects, facts: Mapping[str, Float], n: int) -> Float:
    """Return the sum of the effects of a patient's facts, shape (n,)."""
    total = np.zeros(n)
    for name, effect in effects:
        total += effect * facts[name]
    return total


def _waits(random: np.random.Generator, n: int, hazard: float) -> Float:
    """Return whole days from 1 on until something with a constant hazard per month comes; infinite where it cannot."""
    drawn = random.exponential(size=n)
    return np.ceil(drawn * MONTH_DAYS / hazard) if hazard > 0.0 else np.full(n, np.inf)


def _described(scenario: Scenario, n: int, random: np.random.Generator) -> dict[str, Float]:
    people = scenario.people
    age = np.clip(random.normal(people.age_years, people.age_sd_years, n), YOUNGEST, OLDEST)
    place = random.random(n)
    poor = place < people.performance_2
    status = np.where(poor, 2.0, np.where(place < people.performance_2 + people.performance_1, 1.0, 0.0))
    shares = {"male": people.male, "node_positive": people.node_positive, "synchronous": people.synchronous,
              "extra_organ": people.extra_organ, "ras_mutated": people.ras_mutated}  # fmt: skip
    found = {name: (random.random(n) < share).astype(np.float64) for name, share in shares.items()}
    cea = people.cea_ng_ml * np.exp(people.cea_log_sd * random.normal(size=n))
    return {"age": np.floor(age), "performance_status": status, **found, "cea_ng_ml": np.round(cea, 1)}


def _tumors(lesions: Lesions, n: int, random: np.random.Generator) -> tuple[Tumors, Float, Float]:
    """Return the tumors, their number in each patient, and the size of the largest."""
    shares = np.array(lesions.number)
    number = 1 + random.choice(len(shares), n, p=shares / shares.sum())
    patient = np.repeat(np.arange(n), number)
    m = len(patient)
    size = np.round(lesions.size_cm * np.exp(lesions.size_log_sd * random.normal(size=m)), 1)
    size = np.clip(size, SMALLEST_CM, lesions.largest_cm)
    margin = lesions.margin_mm - (size - lesions.size_cm) + lesions.margin_sd_mm * random.normal(size=m)
    largest = np.maximum.reduceat(size, np.cumsum(number) - number)
    tumors = Tumors(
        patient,
        size,
        np.round(margin, 1),
        random.random(m) < lesions.bridging,
        random.random(m) < lesions.peridiaphragmatic,
        random.exponential(size=m),
    )
    return tumors, number.astype(np.float64), largest
