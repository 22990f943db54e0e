"""Serial measurements as records: each month in each arm, and the change since the first month per tumor."""

from __future__ import annotations

import numpy as np

from isotherm.columns import Float
from isotherm.study.cohort import Cohort
from isotherm.study.design_matrix import Bool
from isotherm.study.protocol_designs import Serial
from isotherm.study.records import numbers
from isotherm.study.result import Cell, Results, cell

PARTS = {"median": 0.5, "low_quartile": 0.25, "high_quartile": 0.75}


def add_serial(results: Results, cohort: Cohort) -> None:
    """Add a table for each serial measurement; it describes, and tests nothing."""
    arms = [("all", "All", np.ones(len(cohort), dtype=np.bool_)),
            *((arm.name, arm.label, cohort.in_arm(arm.name)) for arm in cohort.protocol.arms.arms)]  # fmt: skip
    unit = "tumors" if cohort.people.tumors else "patients"
    for one in cohort.protocol.serial:
        values = np.column_stack([numbers(cohort.table, name) for name in one.columns])
        rows: list[list[Cell]] = []
        for arm, label, inside in arms:
            for k, month in enumerate(one.months):
                key = f"serial.{one.name}.{arm}.{k + 1}"
                rows.append(_month(results, one, key, f"{label}, month {month:g}", values[inside], k, unit))
        head = ["", f"Measured {unit}", "Value, median", "Lower quartile", "Upper quartile",
                f"Change since month {one.months[0]:g}, median"]  # fmt: skip
        title = f"{one.label}{f' ({one.unit})' if one.unit else ''} over time; {_whose(cohort, unit)}"
        results.table(f"serial.{one.name}", title, head, rows)


def _whose(cohort: Cohort, unit: str) -> str:
    return "tumors of one patient are not independent" if unit == "tumors" else "one row per patient"


def _month(results: Results, one: Serial, key: str, words: str, values: Float, k: int, unit: str) -> list[Cell]:
    """Add what was measured in a month, and how far it moved since the first in those measured in both."""
    label, seen = f"{one.label}, {words}", ~np.isnan(values[:, k])
    results.coarse_count(f"{key}.n", int(seen.sum()), f"{label}: measured", unit=unit)
    found = values[seen, k]
    for part, share in PARTS.items():
        results.number(f"{key}.{part}", "number", _quantile(found, share), f"{label}: {part.replace('_', ' ')}",
                       unit=one.unit, rests_on=[f"{key}.n"], why="nobody was measured")  # fmt: skip
    both: Bool = seen & ~np.isnan(values[:, 0])
    results.coarse_count(f"{key}.both", int(both.sum()), f"{label}: measured then and at first", unit=unit)
    change = _quantile(values[both, k] - values[both, 0], 0.5)
    results.number(f"{key}.change", "number", change, f"{label}: median change since the first", unit=one.unit,
                   rests_on=[f"{key}.both"], why="nobody was measured both times")  # fmt: skip
    return [words, cell(f"{key}.n"), *(cell(f"{key}.{part}") for part in PARTS), cell(f"{key}.change")]


def _quantile(values: Float, share: float) -> float | None:
    return float(np.quantile(values, share)) if len(values) else None
