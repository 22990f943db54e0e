"""Published figures beside what the naive analysis of simulated cohorts gives, and beside what is true of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill

import numpy as np

from isotherm.app.study_simulate import BUNDLED, bundled
from isotherm.columns import Float, Int
from isotherm.outcome import TimeToEvent
from isotherm.study.designs.courses import Bool, Endpoint
from isotherm.study.designs.strategy import arms_by_treatment
from isotherm.study.simulate.registry import Registry, simulate_registry
from isotherm.study.simulate.registry_lives import LARGE_CM
from isotherm.study.simulate.registry_truth import RegistryTruth, registry_truth
from isotherm.study.simulate.scenario import Scenario
from isotherm.study.simulate.world import MONTH_DAYS
from isotherm.study.survival.cox import cox
from isotherm.study.survival.kaplan_meier import kaplan_meier

PAGE = Path("docs/simulated-publications.md")

LARGE = 20_000
"""Patients of the cohort in which chance plays no part."""

TRUTH_PATIENTS = 1_000_000

OS: Endpoint = "overall survival"
PFS: Endpoint = "progression-free survival"
SHORT: dict[str, Endpoint] = {
    "progression-free survival": PFS,
    "disease-free": PFS,
    "overall survival": OS,
    "alive": OS,
}
FIVE_YEARS_DAYS = 1826.0


class Cohort:
    """A simulated cohort as a naive analysis sees it: arms by what happened, clock at ablation."""

    def __init__(self, registry: Registry) -> None:
        self.registry, self.lives = registry, registry.lives
        self.names = [arm.name for arm in registry.scenario.strategies]
        courses = self.lives.courses(np.empty((len(registry.arm), 0)), ())
        self.arm: Int = arms_by_treatment(courses, [arm.strategy for arm in registry.scenario.strategies])
        described = registry.draws.described
        few = (described["tumors"] <= 3) & (described["largest_cm"] < LARGE_CM)
        self.eligible: Bool = few if registry.scenario.name == "radiology-2023" else np.ones(len(self.arm), dtype=bool)

    def rows(self, arm: str) -> Bool:
        """Return who is in an arm."""
        return (self.arm == self.names.index(arm)) & self.eligible

    def outcome(self, endpoint: Endpoint, rows: Bool) -> TimeToEvent:
        """Return an endpoint counted from ablation."""
        outcome = self.lives.outcome(endpoint)
        kept = rows & (outcome.time_days > self.lives.ablation_days)
        return TimeToEvent((outcome.time_days - self.lives.ablation_days)[kept], outcome.event[kept])

    def ratio(self, endpoint: Endpoint, arm: str, rows: Bool) -> float:
        """Return the naive hazard ratio of an arm against the first, among some patients."""
        parts = [self.outcome(endpoint, self.rows(name) & rows) for name in (self.names[0], arm)]
        both = TimeToEvent(
            np.concatenate([one.time_days for one in parts]), np.concatenate([one.event for one in parts])
        )
        group = np.repeat([0.0, 1.0], [len(part.time_days) for part in parts])
        return math.exp(cox(both, group, robust=False).coefficients[0])

    def local_ratios(self) -> Float:
        """Return hazard ratios of local progression: 3 cm or more, and next to the diaphragm, in one model."""
        tumors, lives = self.registry.draws.tumors, self.lives
        ablated, last = lives.ablation_days[tumors.patient], lives.last_days[tumors.patient]
        kept = np.isfinite(ablated) & (last > ablated)
        days = np.minimum(lives.local_days, last)[kept] - ablated[kept]
        outcome = TimeToEvent(days, np.isfinite(lives.local_days[kept]).astype(np.int64), cluster=tumors.patient[kept])
        x = np.stack([tumors.size_cm >= LARGE_CM, tumors.peridiaphragmatic], axis=1)[kept].astype(np.float64)
        return np.exp(cox(outcome, x).coefficients)


def simulated(says: str, cohort: Cohort) -> str:
    """Return what the naive analysis of a cohort gives for a published figure."""
    words = says.lower()
    if words.startswith("local tumor progression"):
        large, site = cohort.local_ratios()
        return f"{large if '3 cm' in words else site:.2f}"
    if words.startswith("difference in"):
        high = cohort.registry.draws.high_burden
        return f"hazard ratio {cohort.ratio(PFS, 'delayed', ~high if 'low' in words else high):.2f}"
    arm = "none" if "no systemic therapy" in words else words.rsplit(", ", 1)[1]
    rows = cohort.rows(arm)
    if words.startswith("patients"):
        return f"{rows.sum()}"
    if words.startswith("ablation complications"):
        table = cohort.registry.tables.patients.iloc[: len(rows)]
        return f"{100 * float(table['complication'][rows].mean()):.0f} %"
    endpoint: Endpoint = next(one for name, one in SHORT.items() if name in words)
    curve = kaplan_meier(cohort.outcome(endpoint, rows))
    if "median" in words:
        below = np.flatnonzero(curve.survival <= 0.5)
        months = curve.times_days[below[0]] / MONTH_DAYS if len(below) else math.inf
        return f"{months / 12:.1f} years" if "matching" in words else f"{months:.1f} months"
    return f"{100 * curve.survival_at(FIVE_YEARS_DAYS):.0f} %"


def section(name: str, *, seed: int, large: int = LARGE, truth_patients: int = TRUTH_PATIENTS) -> Iterator[str]:
    """Yield the parts of the page on one scenario."""
    scenario, _ = bundled(name)
    small = Cohort(simulate_registry(scenario, seed=seed))
    big = Cohort(simulate_registry(scenario.with_patients(large), seed=seed))
    yield f"## {scenario.title.removesuffix(' (synthetic)')}"
    yield scenario.source
    head = f"| figure | published | simulated, {scenario.patients} patients | simulated, {large:,} patients |"
    rows = [f"| {one.says} | {one.value} | {simulated(one.says, small)} | {_of_large(one.says, big)} |"
            for one in scenario.published]  # fmt: skip
    yield "\n".join([head, "|---|---|---|---|", *rows])
    yield "What is true of them, if all follow each strategy, beside the naive comparison of the large cohort:"
    yield _truths(scenario, big, registry_truth(scenario, seed=seed, patients=truth_patients))
    yield "Our choice, since it is not printed:"
    yield "\n".join(fill(f"- {choice}", 120, subsequent_indent="  ") for choice in scenario.choices)


def _of_large(says: str, big: Cohort) -> str:
    found = simulated(says, big)
    return f"{100 * int(found) / len(big.arm):.0f} % of all" if says.startswith("Patients") else found


def _truths(scenario: Scenario, big: Cohort, truths: list[RegistryTruth]) -> str:
    at = f"{scenario.horizon_days / 365.25:.0f} years"
    head = f"| delayed or other v first | | true hazard ratio | true risk difference at {at} | naive hazard ratio |"
    rows = [head, "|---|---|---|---|---|"]
    high = big.registry.draws.high_burden
    groups: dict[str, Bool] = {"all": np.ones(len(high), dtype=bool), "low burden": ~high, "high burden": high}
    divided = any("tumor burden" in one.says for one in scenario.published)
    for one in truths:
        if one.group != "all" and not divided:
            continue
        naive = big.ratio(one.endpoint, one.strategy, groups[one.group])
        words = "" if one.group == "all" else f", {one.group}"
        rows.append(
            f"| {one.strategy} v {one.reference}{words} | {'OS' if one.endpoint == OS else 'PFS'} | "
            f"{math.exp(one.truth.log_hazard_ratio):.2f} | {100 * one.truth.risk_difference:+.1f} % | {naive:.2f} |"
        )
    return "\n".join(rows)


HEAD = (
    "# Published figures beside simulated cohorts",
    """Made by `python -m bench --only published`; do not edit. Three scenarios ship with `isotherm study simulate`.
    They take up the setting of three publications, and their patients are **simulated**: nothing here was seen in a
    patient. Hazards were chosen so that the naive comparison comes near the printed figures. That such a world exists
    says nothing about how the printed figures came about, and the truth of the scenario is not the truth of the
    publication.""",
    """Naive: arms by the treatments that patients came to have, clock at ablation, nothing adjusted, so before any
    matching; progression or death stands for disease-free survival. One cohort of the published size (seed 0) shows
    what chance does. The truth is that of all patients on whom a decision is made.""",
)  # fmt: skip


def print_published(*, seed: int) -> bool:
    """Write the page, and print it."""
    parts = [*HEAD, *(part for name in BUNDLED for part in section(name, seed=seed))]
    words = "\n\n".join(part if part[0] in "#|-" else fill(" ".join(part.split()), 120) for part in parts) + "\n"
    PAGE.write_text(words, encoding="utf-8")
    print(words)
    return True
