"""Lives: what becomes of simulated patients who are meant to be treated in some way, and what their registry sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isotherm.columns import Float, Int
from isotherm.outcome import TimeToEvent
from isotherm.study.designs.courses import Bool, Courses, Endpoint
from isotherm.study.protocol_designs import Asked
from isotherm.study.simulate.hazards import waiting_days
from isotherm.study.simulate.registry_draws import Draws, linear
from isotherm.study.simulate.registry_scans import first_seen
from isotherm.study.simulate.scenario import Scenario
from isotherm.study.simulate.world import MONTH_DAYS

CATCH_UP_DAYS = 7.0
"""From the day on which an ablation is given up to the start of the systemic therapy that would have followed it."""

LOCAL_SIZE_CM, LOCAL_MARGIN_MM, LARGE_CM = 2.0, 5.0, 3.0
"""Size and margin at which the hazard of local progression is the stated one, and from which a tumor is large."""


@dataclass(frozen=True, slots=True, eq=False)
class Lives:
    """Lives, in whole days after the decision; infinite where something did not happen, or was not seen.

    Parameters
    ----------
    last_days, died : array, shape (n,)
    ablation_days, systemic_days, unfit_days, decline_days : array, shape (n,)
        As far as they happened while observed.
    progression_days : array, shape (n,)
        First scan on which any progression is seen, local or elsewhere.
    distant_days : array, shape (n,)
        First scan on which progression elsewhere than at an ablated tumor is seen.
    planning_days : array, shape (n,)
        Scan before an ablation, also of one that was then given up.
    local_days : array, shape (m,)
        First scan on which local progression of a tumor is seen.
    """

    last_days: Float
    died: Bool
    ablation_days: Float
    systemic_days: Float
    unfit_days: Float
    decline_days: Float
    progression_days: Float
    distant_days: Float
    planning_days: Float
    local_days: Float

    def outcome(self, endpoint: Endpoint) -> TimeToEvent:
        """Return an endpoint as the registry sees it."""
        if endpoint == "overall survival":
            return TimeToEvent(self.last_days, self.died.astype(np.int64))
        days = np.minimum(self.progression_days, self.last_days)
        return TimeToEvent(days, (self.died | np.isfinite(self.progression_days)).astype(np.int64))

    def courses(self, baseline: Float, names: tuple[str, ...]) -> Courses:
        """Return the lives as designs take them."""
        seen = (self.systemic_days, self.ablation_days, self.progression_days, self.unfit_days)
        given = [np.where(np.isfinite(days), days, np.nan) for days in seen]
        return Courses(self.last_days, self.died, *given, baseline=baseline, baseline_names=names)


def intended_arms(scenario: Scenario, draws: Draws, random: np.random.Generator) -> Int:
    """Return the arm that each patient is meant for, by facts, center and chance, shape (n,)."""
    n = len(draws)
    utility = np.stack([np.log(arm.share) + linear(arm.chosen_by, draws.facts, n) for arm in scenario.arms], axis=1)
    utility[:, 0] += random.normal(0.0, scenario.center_sd, scenario.centers)[draws.center]
    weight = np.exp(utility - utility.max(axis=1, keepdims=True))
    share = np.cumsum(weight, axis=1) / weight.sum(axis=1, keepdims=True)
    return (draws.chosen[:, None] > share[:, :-1]).sum(axis=1)


def live(scenario: Scenario, draws: Draws, arm: Int) -> Lives:
    """Return the lives of patients who are meant for arms, shape (n,): all for one to apply a strategy."""
    n, hazards = len(draws), scenario.hazards
    unfit = np.where(draws.gives_up < scenario.decline.stops, draws.decline_days, np.inf)
    due, systemic, waits = _due(scenario, draws, arm, unfit)
    effect = np.array([[one.effect, one.in_high_burden] for one in scenario.arms])
    changes = (
        (due, effect[arm, draws.high_burden.astype(np.int64)]),
        (systemic, hazards.systemic),
        (draws.decline_days, scenario.decline.effect),
    )
    scale = draws.frailty / MONTH_DAYS
    on_progression = scale * np.exp(linear(hazards.on_progression, draws.facts, n))
    on_death = scale * np.exp(linear(hazards.on_death, draws.facts, n))
    progression = np.ceil(waiting_days(draws.progress, on_progression * hazards.progression, changes))
    death = np.ceil(waiting_days(draws.die, on_death * hazards.death, changes))
    worse = ((np.maximum(draws.decline_days - progression, 0.0), scenario.decline.effect),)
    later = progression + np.ceil(waiting_days(draws.die_after, on_death * hazards.death_after_progression, worse))
    death = np.where(progression < death, later, death)
    progression = np.where(progression < death, progression, np.inf)
    last = np.minimum(death, draws.end_days)
    on_schedule = first_seen(draws.scans, progression)
    # An ablation soon after the decision goes by its scans; a later one has its own, on which progression is seen.
    scanned = (due > scenario.scans.before_ablation_after_days) & (due < last) & (due <= on_schedule)
    known = np.where(scanned & (progression <= due), due, on_schedule)
    ablation = np.where(due < np.minimum(known, last), due, np.inf)
    distant = _within(known, last)
    local = _local(scenario, draws, ablation, last)
    any_local = np.full(n, np.inf)
    np.minimum.at(any_local, draws.tumors.patient, local)
    # Who is not ablated has the systemic therapy that was to follow it soon after it was given up.
    instead = np.minimum(distant, _within(unfit, last)) + CATCH_UP_DAYS
    systemic = np.where(waits & np.isinf(ablation), instead, systemic)
    return Lives(
        last_days=last,
        died=death <= draws.end_days,
        ablation_days=ablation,
        systemic_days=_within(systemic, last),
        unfit_days=_within(unfit, last),
        decline_days=_within(draws.decline_days, last),
        progression_days=np.minimum(distant, any_local),
        distant_days=distant,
        planning_days=np.where(scanned, due, np.inf),
        local_days=local,
    )


def _within(days: Float, last: Float) -> Float:
    return np.where(days <= last, days, np.inf)


def _due(scenario: Scenario, draws: Draws, arm: Int, unfit: Float) -> tuple[Float, Float, Bool]:
    """Return when ablation and systemic therapy are due, and whether the latter waits for the former."""
    ablation, systemic = np.full(len(arm), np.inf), np.full(len(arm), np.inf)
    waits = np.zeros(len(arm), dtype=bool)
    for k, one in enumerate(scenario.arms):
        rows = arm == k
        own_ablation = _days_in(one.ablation, draws.place_of_ablation[rows])
        own_systemic = _days_in(one.systemic, draws.place_of_systemic[rows])
        if one.ablation.after == "systemic":
            own_ablation += own_systemic
        stopped = unfit[rows] <= own_ablation
        if one.systemic.after == "ablation":
            own_systemic = np.where(stopped, unfit[rows] + CATCH_UP_DAYS, own_systemic + own_ablation)
            waits[rows] = True
        ablation[rows] = np.where(stopped, np.inf, own_ablation)
        systemic[rows] = own_systemic
    return ablation, systemic, waits


def _days_in(asked: Asked, place: Float) -> Float:
    """Return whole days of a window, all equally likely; infinite for a treatment that is not part of the arm."""
    if asked.days is None:
        return np.full(len(place), np.inf)
    low, high = asked.days
    return np.floor(low + place * (high - low + 1.0))


def _local(scenario: Scenario, draws: Draws, ablation: Float, last: Float) -> Float:
    """Return the first scan on which local progression of each tumor is seen, shape (m,)."""
    tumors, local = draws.tumors, scenario.local
    log_rate = (
        np.log(local.hazard / MONTH_DAYS)
        + local.per_cm * (tumors.size_cm - LOCAL_SIZE_CM)
        + local.large * (tumors.size_cm >= LARGE_CM)
        + local.per_mm * (tumors.margin_mm - LOCAL_MARGIN_MM)
        + local.bridging * tumors.bridging
        + local.peridiaphragmatic * tumors.peridiaphragmatic
        + draws.shared[tumors.patient]
    )
    day = ablation[tumors.patient] + np.ceil(tumors.progress / np.exp(log_rate))
    return _within(first_seen(draws.scans, day, tumors.patient), last[tumors.patient])
