"""Intercurrent events as records: how each is handled, and how often it came before an outcome, arm by arm."""

from __future__ import annotations

import numpy as np

from isotherm.study.cohort import Cohort
from isotherm.study.intercurrent import came_first
from isotherm.study.records import outcome_days
from isotherm.study.result import Cell, Results, cell


def add_intercurrent(results: Results, cohort: Cohort) -> None:
    """Add one row for each event and outcome that it touches."""
    protocol, rows = cohort.protocol, list[list[Cell]]()
    timed = {outcome.name: outcome for outcome in protocol.outcomes}
    for one in protocol.intercurrent:
        results.text(f"intercurrent.{one.name}.handled", one.says, f"{one.says}: {one.handled}")
        for name in one.outcomes:
            outcome = timed[name]
            first = came_first(protocol, one, outcome, cohort.table, outcome_days(protocol, outcome, cohort.table))
            row: list[Cell] = [one.says, outcome.label, one.handled]
            for arm in protocol.arms.arms:
                mine = first[cohort.in_arm(arm.name)] > 0.0
                persons = cohort.person[cohort.in_arm(arm.name)][mine]
                count = int(mine.sum()) if outcome.unit == "tumor" else len(np.unique(persons))
                key = f"intercurrent.{one.name}.{name}.{arm.name}"
                results.coarse_count(key, count, f"{one.says} before {outcome.label}: {arm.label}", arm=arm.name,
                               outcome=name)  # fmt: skip
                row.append(cell(key))
            rows.append(row)
    if rows:
        labels = [arm.label for arm in protocol.arms.arms]
        results.table("intercurrent", "Intercurrent events: how each is handled, and how often it came first",
                      ["Event", "Outcome", "Handled as", *labels], rows)  # fmt: skip
