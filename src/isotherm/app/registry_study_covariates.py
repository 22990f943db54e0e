"""Covariates of a draft over a cohort of a registry: facts of the first decision, and which of them tell the arm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from isotherm.app.registry_words import column_unit, column_words
from isotherm.app.study_guess import MOST_LEVELS
from isotherm.clinical.record import PATIENT_KEY
from isotherm.exchange.protocol_text import toml
from isotherm.registry.cohort import OF_ABLATION, OF_DECISION, OF_LESION, OF_PATIENT, OF_PRIMARY, OF_SESSION, Cohort
from isotherm.registry.derive import DELAYED, UPFRONT
from isotherm.study.guard.telling import tells
from isotherm.study.predicate_tree import column_kind

TIMING = "timing of ablation and systemic therapy"
"""What is compared by the course of patients, and by no column: groups by timing are known too late."""

KNOWN_SHARE = 0.8
"""A fact that fewer know is described only."""

DERIVED = ("age_years", "n_lesions", "largest_lesion_mm", "tumor_burden_score", "synchronous")
DECIDED = "strategy"
"""What was decided: where treatments are compared, it is the exposure under another name, and nothing to adjust for."""

SAME = ("center_id", "organ", "lesion_organ")
"""Of everybody the same as a rule, or no fact about a patient."""

UNITS = {"age_years": "years", "bmi_kg_m2": "kg/m2", "cea_ug_l": "ug/l", "largest_lesion_mm": "mm", "diameter_mm": "mm",
         "ecog": "points, 0 to 4", "asa": "points, 1 to 5"}  # fmt: skip


def covariate_lines(cohort: Cohort, compare: str) -> Iterator[str]:
    """Yield the lines of the covariates of a protocol that compares by a fact, or by `TIMING`."""
    for name in _facts(cohort):
        if name != compare:
            yield from _covariate(cohort.table[name], name, why_not=_tells_arm(cohort.table, name, compare))


def _facts(cohort: Cohort) -> Iterator[str]:
    """Yield the facts that were there at the first decision, of which something is known."""
    lesion = (*(f"lesion_{name}" for name in OF_LESION), "diameter_mm") if cohort.per == "tumor" else ()
    for name in (*DERIVED, *OF_PATIENT, *OF_PRIMARY, *OF_DECISION, *lesion):
        if name in cohort.table.columns and name not in SAME and cohort.table[name].nunique() >= 2:
            yield name


def _tells_arm(table: pd.DataFrame, name: str, compare: str) -> str:
    """Say why a fact cannot be adjusted for since it tells the arm: by what it means, or by these records."""
    if name == DECIDED and compare in (TIMING, *OF_SESSION, *OF_ABLATION):
        return "it says which treatment was decided, and treatments are compared"
    arms = table["timing"].where(table["timing"].isin((UPFRONT, DELAYED))) if compare == TIMING else table[compare]
    once = ~table[PATIENT_KEY].duplicated() & arms.notna()
    values = table.loc[once, name]
    if any(tells(values, (arms[once] == one).to_numpy(dtype=bool)) for one in arms[once].unique()):
        return "it tells the arm, so that nobody is alike in it and in another arm"
    return ""


def _covariate(values: pd.Series[Any], name: str, *, why_not: str) -> list[str]:
    kind = {"truth": "yes/no", "text": "category"}.get(column_kind(values), "number")
    if kind == "category" and values.nunique() > MOST_LEVELS:
        return []
    share = float(values.notna().mean())
    lines = ["[[covariate]]", f"column = {toml(name)}", f"label = {toml(column_words(name))}  # write yours",
             f"kind = {toml(kind)}"]  # fmt: skip
    if kind == "category":
        levels = sorted(values.dropna().unique().tolist())
        lines.append(f"levels = {{ {', '.join(f'{toml(one)} = {toml(one)}' for one in levels)} }}")
    lines += [f"unit = {toml(UNITS.get(name) or column_unit(name))}"] if kind == "number" else []
    lines += ['known = "before time zero"  # as it was at the first decision']
    of_tumor = name.startswith("lesion_") or name == "diameter_mm"  # a model adjusts for facts of patients
    use = "adjust" if share >= KNOWN_SHARE and not of_tumor and not why_not else "describe"
    return [*lines, f"use = {toml(use)}  # known of {share:.0%}{f'; {why_not}' if why_not else ''}", ""]
