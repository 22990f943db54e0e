"""Analyze: from a protocol and its table to every number of the report, in the order in which a reader needs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from isotherm.study.adjusted_table import adjusted_table, sets_table
from isotherm.study.analysis.adjust import Plan
from isotherm.study.analysis.boot import Replicates, bootstrap_outcomes
from isotherm.study.analysis.compare import Comparison, arms_of, compare
from isotherm.study.analysis.describe import (
    add_findings,
    add_flow,
    add_table_one,
    dates_of,
    head_of,
    site_names,
)
from isotherm.study.analysis.design_records import add_design_headline, add_designs
from isotherm.study.analysis.designs import carried_out, refuse_unsound
from isotherm.study.analysis.effects import add_bootstrap, add_effects, add_few_events, add_headline
from isotherm.study.analysis.factors import add_factors
from isotherm.study.analysis.further import add_sensitivity, add_sites, add_subgroups
from isotherm.study.analysis.intercurrent import add_intercurrent
from isotherm.study.analysis.made import add_adjustment
from isotherm.study.analysis.models import add_models
from isotherm.study.analysis.planned import add_protocol
from isotherm.study.analysis.serial import add_serial
from isotherm.study.analysis.several import METHOD, TARGET, add_several, add_several_headline
from isotherm.study.analysis.times import add_times
from isotherm.study.analysis.units import units_of
from isotherm.study.analysis.yes_no import add_yes_no
from isotherm.study.chosen import Chosen
from isotherm.study.cohort import Cohort, cohort
from isotherm.study.guard.audit import findings_of
from isotherm.study.matched import Matched
from isotherm.study.protocol import Protocol
from isotherm.study.result import Cell, Results, StudyResult, cell

BLINDED = "Outcomes are blinded: their columns were not read, so matching and balance are all that is shown."


def _silent(_: str) -> None:
    return None


def analyze(
    protocol: Protocol, table: pd.DataFrame, *, chosen: Chosen | None = None, workers: int = 1,
    progress: Callable[[str], None] = _silent,
) -> StudyResult:  # fmt: skip
    """Run a protocol on its table.

    Parameters
    ----------
    protocol : Protocol
    table : DataFrame
        One row per patient, or per tumor; with the protocol's columns.
    chosen : Chosen, optional
        How its rows were chosen before it came.
    workers : int
        Threads of the bootstrap; no number depends on it.
    progress : callable
        Told in words what is being done.

    Returns
    -------
    StudyResult

    Raises
    ------
    InputError
        The protocol and the table do not fit, or a value cannot be.
    FitError
        The arms cannot be made comparable in the way that is asked for; the message says what is within reach. What
        fails later is a result with its reason.
    """
    progress("cohort")
    made = cohort(protocol, table, chosen)
    findings = findings_of(made)
    refuse_unsound(protocol, findings)
    results, timed_designs = Results(), None
    if protocol.designs and not protocol.outcomes_blinded:
        timed_designs = carried_out(made, findings, workers=workers, progress=progress)
    answered = timed_designs is not None and add_design_headline(results, protocol, timed_designs[1])
    compared = None if len(protocol.arms.arms) > 2 else _compared(made, progress)
    boot: dict[str, Replicates] = {}
    if compared is None:
        if not answered and not protocol.outcomes_blinded:
            add_several_headline(results, made, protocol.methods.estimation)
    elif compared.units.endpoints:
        if not answered:
            add_headline(results, compared, protocol.methods.estimation)
        if protocol.methods.bootstrap:
            progress(f"bootstrap of the whole analysis, {protocol.methods.bootstrap} replicates")
            boot = bootstrap_outcomes(compared, protocol.methods.estimation, protocol.methods.bootstrap, workers)
    add_protocol(results, protocol)
    _add_data(results, made)
    add_findings(results, made, findings)
    if protocol.outcomes_blinded:
        results.finding("finding.blinded", "warning", BLINDED)
    flow = add_flow(results, made)
    add_table_one(results, made)
    if timed_designs is not None:
        add_designs(results, protocol, *timed_designs)
    if compared is not None:
        add_adjustment(results, compared, protocol.methods.estimation)
    if not protocol.outcomes_blinded:
        _add_outcomes(results, made, compared, boot, progress)
    results.text("run.seed", "Seed", str(protocol.seed))
    head = head_of(made) | {"settings": _settings(protocol, compared), "caveats": list(protocol.caveats)}
    return StudyResult(protocol, results, head, flow, None if compared is None else _export(made, compared))


def _compared(made: Cohort, progress: Callable[[str], None]) -> Comparison:
    units = units_of(made)
    progress("propensity, matching and weights")
    return compare(units, Plan.main(units))


def _add_data(results: Results, made: Cohort) -> None:
    results.text("data.sites", "Hospitals", ", ".join(site_names(made)))
    results.text("data.dates", "Years of time zero", dates_of(made))


def _add_outcomes(
    results: Results, made: Cohort, comparison: Comparison | None, boot: dict[str, Replicates],
    progress: Callable[[str], None],
) -> None:  # fmt: skip
    methods = made.protocol.methods
    estimation = methods.estimation
    add_intercurrent(results, made)
    add_serial(results, made)
    if comparison is None:
        add_several(results, made, estimation, progress)
        add_factors(results, made, estimation)
        return
    add_effects(results, comparison, estimation)
    endpoints = comparison.units.endpoints
    for place, (name, endpoint) in enumerate(endpoints.items(), start=1):
        progress(f"outcome {place} of {len(endpoints)}: {endpoint.outcome.label}")
        if endpoint.days is not None:
            add_times(results, comparison, name, estimation, boot.get(name))
        else:
            add_yes_no(results, comparison, name, estimation)
    add_few_events(results, comparison)
    if boot:
        add_bootstrap(results, comparison, boot, estimation, methods.bootstrap)
    progress("subgroups and models")
    add_subgroups(results, comparison, estimation)
    add_models(results, comparison, estimation)
    add_factors(results, made, estimation)
    add_sensitivity(results, comparison, estimation, progress)
    add_sites(results, comparison, estimation, progress)
    _survival_table(results, comparison)
    _binary_table(results, comparison)


def _analyses(comparison: Comparison) -> tuple[tuple[str, str], ...]:
    """Return the analyses that tables show, with their words; without adjustment both are one."""
    if comparison.first.made is None:
        return (("naive", "not adjusted"),)
    return (("adjusted", f"adjusted{comparison.of_first}"), ("naive", "naive"))


def _survival_table(results: Results, comparison: Comparison) -> None:
    """Lay out counts, medians and survival at fixed times, adjusted first."""
    estimation, rows = comparison.units.cohort.protocol.methods.estimation, list[list[Cell]]()
    for name, endpoint in comparison.units.endpoints.items():
        for analysis, words in _analyses(comparison) if endpoint.days is not None else ():
            for arm in arms_of(comparison):
                key = f"curve.{name}.{analysis}.{arm}"
                kind = "adjusted." if analysis == "adjusted" else ""
                counts: list[Cell] = [cell(f"events.{name}.{kind}{arm}.{part}") for part in ("n", "events")]
                rows.append([f"{endpoint.outcome.label}, {words}: {arm}", *counts, cell(f"{key}.median"),
                             *(cell(f"{key}.at_{k}") for k in range(1, len(estimation.at_days) + 1))])  # fmt: skip
    if rows:
        fixed = [f"Free of the event at {day:g} days" for day in estimation.at_days]
        results.table("survival", "Survival", ["", "Patients", "Events", "Median, days", *fixed], rows)


def _binary_table(results: Results, comparison: Comparison) -> None:
    rows: list[list[Cell]] = []
    for name, endpoint in comparison.units.endpoints.items():
        for analysis, words in _analyses(comparison) if endpoint.days is None else ():
            for key, record in results.records.items():
                if key.startswith(f"binary.{name}.{analysis}."):
                    label = f"{endpoint.outcome.label}, {words}: {record.label}"
                    rows.append([label if record.arm is None else f"{label}, {record.arm}", cell(key), cell(key, "p")])
    if rows:
        results.table("binary", "Yes/no outcomes", ["", "Estimate", "p"], rows)


def _settings(protocol: Protocol, comparison: Comparison | None) -> dict[str, Any]:
    methods = protocol.methods
    estimation, adjusted = methods.estimation, None if comparison is None else comparison.first
    made = None if adjusted is None else adjusted.made
    return {
        "level": estimation.level, "ties": estimation.ties, "curve_interval": estimation.curve_interval,
        "ph_transform": estimation.ph_transform, "rmst_days": estimation.rmst_days, "at_days": list(estimation.at_days),
        "adjustment": METHOD if adjusted is None else adjusted.method,
        "estimand": None if made is None else made.estimand,
        "target": TARGET if adjusted is None else adjusted.target, "missing": methods.missing.method,
        "bootstrap": methods.bootstrap,
    }  # fmt: skip


def _export(made: Cohort, comparison: Comparison) -> pd.DataFrame | None:
    """Return the matched or weighted patients with their arms as they became; with replacement, a row for each set.

    Of several imputed data sets, the first.
    """
    adjusted = comparison.first
    if adjusted.made is None:
        return None
    units = comparison.units
    rows = made.table.iloc[units.rows].rename(columns={name: f"{name} (column)" for name in _TAKEN})
    labels = np.array([one.label for one in made.protocol.arms.arms], dtype=object)
    rows.insert(1, ARM, labels[made.arm[units.rows]])
    if isinstance(adjusted.made, Matched) and adjusted.made.set_number is None:
        return sets_table(rows, adjusted.made)
    return adjusted_table(rows, adjusted.made, everybody=True)


ARM = "arm"
_TAKEN = (ARM, "set", "weight", "distance")
"""Names of the columns that are added to the export."""
