"""Tables of a simulated registry: patients, tumors with the facts of their patients, scans. Each row says synthetic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from isotherm.columns import Float, Int
from isotherm.study.designs.strategy import arms_by_treatment
from isotherm.study.simulate.registry_draws import Draws
from isotherm.study.simulate.registry_lives import LARGE_CM, Lives
from isotherm.study.simulate.scenario import Scenario
from isotherm.study.simulate.synthetic import COLUMN, SYNTHETIC

ID_WIDTH = 5

SCANS_LISTED = 4
"""Dates of this many scans stand beside each patient."""

NO_STRATEGY = "other"


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Tables of a registry; `patients` has a row per entry, `tumors` repeats what is known of the patient."""

    patients: pd.DataFrame
    tumors: pd.DataFrame
    scans: pd.DataFrame


def tables(scenario: Scenario, draws: Draws, lives: Lives, harm: np.random.Generator) -> Tables:
    """Return what the registry holds, without gaps; `harm` decides on complications and adverse events."""
    patients = _patients(scenario, draws, lives, harm)
    return Tables(patients, _tumors(draws, lives, patients), _scans(draws, lives, patients))


def dates(decided: np.ndarray[tuple[int], np.dtype[np.datetime64]], days: Float) -> pd.Series[str]:
    """Return dates as text, missing where days are infinite."""
    there = np.isfinite(days)
    whole = np.where(there, days, 0.0).astype(np.int64).astype("timedelta64[D]")
    return pd.Series(np.datetime_as_string(decided + whole, unit="D"), dtype="str").where(there)


def _patients(scenario: Scenario, draws: Draws, lives: Lives, harm: np.random.Generator) -> pd.DataFrame:
    n = len(draws)
    end, event = np.minimum(lives.progression_days, lives.last_days), np.isfinite(lives.progression_days) | lives.died
    ids = [f"SYN-{number:0{ID_WIDTH}d}" for number in range(1, n + 1)]
    centers = np.char.add("center ", (draws.center + 1).astype(str))
    head = {COLUMN: SYNTHETIC, "patient": ids, "center": centers, "decided_on": dates(draws.decided, np.zeros(n))}
    days = {
        "systemic_on": lives.systemic_days,
        "ablated_on": lives.ablation_days,
        "first_treatment_on": np.minimum(lives.systemic_days, lives.ablation_days),
        "timing_known_on": _known(lives),
        "declined_on": lives.decline_days,
        "unfit_on": lives.unfit_days,
        "progressed_on": lives.progression_days,
        "died_on": np.where(lives.died, lives.last_days, np.inf),
        "last_seen_on": lives.last_days,
        "event_free_until": end,
    }
    found = pd.DataFrame({**head, **_numbers(draws), "timing_group": _groups(scenario, lives)})
    for name, day in days.items():
        found[name] = dates(draws.decided, day)
    found["died"] = lives.died.astype(np.int64)
    found["progressed_or_died"] = event.astype(np.int64)
    for name, share, given in (("complication", scenario.complications, lives.ablation_days),
                               ("adverse_event", scenario.adverse_events, lives.systemic_days)):  # fmt: skip
        found[name] = pd.Series((harm.random(n) < share).astype(np.float64)).where(np.isfinite(given)).astype("Int64")
    planned = lives.planning_days
    found["scan_before_ablation_on"] = dates(draws.decided, np.where(planned <= lives.last_days, planned, np.inf))
    for k in range(min(SCANS_LISTED, draws.scans.shape[1])):
        seen = np.where(draws.scans[:, k] <= lives.last_days, draws.scans[:, k], np.inf)
        found[f"scan_{k + 1}_on"] = dates(draws.decided, seen)
    return found


def _known(lives: Lives) -> Float:
    """Return the day on which the order of treatments is known: the later of them, or the only one."""
    both = np.stack([lives.systemic_days, lives.ablation_days])
    later = np.where(np.isfinite(both), both, -np.inf).max(axis=0)
    return np.where(np.isfinite(later), later, np.inf)


def _numbers(draws: Draws) -> dict[str, Float | Int]:
    """Return what is recorded at the decision, whole numbers as such."""
    exact = ("cea_ng_ml", "largest_cm")
    found: dict[str, Float | Int] = {
        name: values if name in exact else values.astype(np.int64) for name, values in draws.described.items()
    }
    return found | {"tumor_burden_score": np.round(draws.score, 2)}


def _groups(scenario: Scenario, lives: Lives) -> list[str]:
    """Return the strategy that the dates of each patient fulfil, by name."""
    names = (*(arm.name for arm in scenario.strategies), NO_STRATEGY)
    courses = lives.courses(np.empty((len(lives.last_days), 0)), ())
    return [names[k] for k in arms_by_treatment(courses, [arm.strategy for arm in scenario.strategies]).tolist()]


def _tumors(draws: Draws, lives: Lives, patients: pd.DataFrame) -> pd.DataFrame:
    """Return a row per tumor; local progression counts from its ablation, death without it competes."""
    tumors, whose = draws.tumors, draws.tumors.patient
    own = patients.iloc[whose].reset_index(drop=True)
    ablated, last = lives.ablation_days[whose], lives.last_days[whose]
    local = np.isfinite(lives.local_days)
    treated, decided = np.isfinite(ablated), draws.decided[whose]
    counts = np.bincount(whose, minlength=len(draws))
    own["tumor"] = np.arange(len(whose)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    own["size_cm"] = tumors.size_cm
    own["three_cm_or_more"] = (tumors.size_cm >= LARGE_CM).astype(np.int64)
    own["peridiaphragmatic"] = tumors.peridiaphragmatic.astype(np.int64)
    own["margin_mm"] = np.where(treated, tumors.margin_mm, np.nan)
    bridging = pd.Series(tumors.bridging.astype(np.float64)).where(treated)
    own["bridging_vessel"] = bridging.astype("Int64")
    own["tumor_ablated_on"] = dates(decided, ablated)
    own["tumor_seen_on"] = dates(decided, np.where(treated, np.minimum(lives.local_days, last), np.inf))
    status = pd.Series(np.where(local, 1.0, np.where(lives.died[whose], 2.0, 0.0))).where(treated)
    own["tumor_status"] = status.astype("Int64")
    return own


def _scans(draws: Draws, lives: Lives, patients: pd.DataFrame) -> pd.DataFrame:
    """Return a row per scan up to the last contact, with what it shows."""
    last = lives.last_days[:, None]
    planned = np.where(np.isfinite(lives.planning_days), lives.planning_days, np.inf)[:, None]
    day = np.hstack([draws.scans, planned])
    whose, column = np.nonzero(day <= last)
    days, before = day[whose, column], column == draws.scans.shape[1]
    # A scan before ablation that falls on a scan of the schedule is one scan.
    twice = before & (draws.scans[whose] == days[:, None]).any(axis=1)
    order = np.lexsort((days, whose))
    kept = order[~twice[order]]
    whose, days, before = whose[kept], days[kept], before[kept]
    local = np.full(len(draws), np.inf)
    np.minimum.at(local, draws.tumors.patient, lives.local_days)
    elsewhere, here = lives.distant_days[whose] <= days, local[whose] <= days
    return pd.DataFrame({
        COLUMN: SYNTHETIC,
        "patient": patients["patient"].to_numpy()[whose],
        "scan_on": dates(draws.decided[whose], days),
        "days_after_decision": days.astype(np.int64),
        "reason": np.where(before, "before ablation", "schedule"),
        "progression_elsewhere": elsewhere.astype(np.int64),
        "local_progression": here.astype(np.int64),
    })  # fmt: skip
