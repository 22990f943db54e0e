"""Cox models of treatment and covariates as records, one by one and all together."""

from __future__ import annotations

import numpy as np

from isotherm.columns import Float
from isotherm.errors import FitError, InputError
from isotherm.study.analysis.adjust import Plan, design_of
from isotherm.study.analysis.balanced import table_one_counts
from isotherm.study.analysis.compare import Comparison
from isotherm.study.analysis.estimate import TREATMENT
from isotherm.study.analysis.units import Units
from isotherm.study.design_matrix import DesignMatrix
from isotherm.study.protocol_methods import Estimation
from isotherm.study.result import Cell, Results, cell
from isotherm.study.survival.cox_table import CoxTable, cox_table


def add_models(results: Results, comparison: Comparison, estimation: Estimation) -> None:
    """Add hazard ratios of treatment and covariates, one by one and all together, in everybody who is complete."""
    units, plan = comparison.units, Plan.main(comparison.units)
    for name, endpoint in units.endpoints.items():
        if endpoint.days is None or not plan.covariates:
            continue
        try:
            table, design = _model(units, plan, name, estimation)
        except (FitError, InputError) as error:
            results.number(
                f"cox.{name}.{TREATMENT}.multivariable",
                "ratio",
                None,
                "Multivariable model",
                why=str(error),
                outcome=name,
            )
            continue
        rows: list[list[Cell]] = []
        for row in table.rows:
            for alone, together in zip(row.univariable, row.multivariable, strict=True):
                key = f"cox.{name}.{alone.name}"
                label = _name_of(units, alone.name)
                behind = table_one_counts(results, design, alone.name) + _events(results, name)
                results.effect(f"{key}.univariable", alone, label=f"{label}, alone", outcome=name, rests_on=behind)
                results.effect(f"{key}.multivariable", together, label=f"{label}, with all others", outcome=name,
                               rests_on=behind)  # fmt: skip
                rows.append([label, cell(f"{key}.univariable"), cell(f"{key}.univariable", "p"),
                             cell(f"{key}.multivariable"), cell(f"{key}.multivariable", "p")])  # fmt: skip
        results.table(f"models.{name}", f"{endpoint.outcome.label}: Cox models, alone and together, complete cases",
                      ["", "Alone", "p", "Together", "p"], rows)  # fmt: skip
        if table.few_events:
            results.finding(f"finding.few_events_per_covariate.{name}", "warning", f"{endpoint.outcome.label}: "
                            f"{table.events_per_covariate:.1f} events for each covariate of the multivariable "
                            "model, where 10 are commonly wanted.")  # fmt: skip


def _model(units: Units, plan: Plan, name: str, estimation: Estimation) -> tuple[CoxTable, DesignMatrix]:
    """Fit the models; a number enters per its declared step."""
    endpoint = units.endpoints[name]
    design = design_of(units, plan.covariates)
    steps = {one.column: one.per for one in units.cohort.protocol.adjusted}
    columns = [(term, design.x[:, term.first : term.end] / steps[term.name]) for term in design.terms]
    at = np.full(len(units), -1, dtype=np.int64)
    at[design.rows] = np.arange(len(design.rows))
    rows = np.flatnonzero(at[endpoint.unit] >= 0)
    unit = endpoint.unit[rows]
    x: Float = np.column_stack([units.treated[unit].astype(np.float64), *(block[at[unit]] for _, block in columns)])
    terms = {TREATMENT: [TREATMENT]} | {term.name: list(design.columns[term.first : term.end]) for term, _ in columns}
    outcome = endpoint.times(rows, cluster=unit if endpoint.per_tumor else None)
    return cox_table(outcome, x, terms, ties=estimation.ties, level=estimation.level), design


def _name_of(units: Units, column: str) -> str:
    if column != TREATMENT:
        return units.column_label(column, steps=True)
    arms = units.cohort.protocol.arms
    return next(arm.label for arm in arms.arms if arm.name != arms.reference)


def _events(results: Results, name: str) -> list[str]:
    return [key for key in results.counts if key.startswith(f"events.{name}.") and key.count(".") == 3]
