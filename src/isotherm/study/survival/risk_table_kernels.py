"""Compiled loop of the risk table: sums of weights over cells (a time of a stratum) and groups."""

from __future__ import annotations

import numpy as np

from isotherm.columns import Float, Int
from isotherm.study.compiled import compiled

ROUNDING = 1e-12
"""Who is at risk beyond those who leave, below this share of the largest risk set, is rounding: nobody is."""


@compiled
def table_sums(
    cell: Int, start_cell: Int, group: Int, event: Int, weight: Float, stratum: Int, groups: int
) -> tuple[Float, Float, Float, Int]:
    """Return who is at risk just before each cell, fails and is censored in it, and how many rows leave in it.

    Cells are numbered by stratum and time; `stratum` has one entry for each. A row counts in the cells after
    `start_cell` up to and with `cell`; `start_cell` is empty where nobody enters late.
    """
    cells = len(stratum)
    at_risk, events = np.zeros((cells, groups)), np.zeros((cells, groups))
    censored, leaving = np.zeros((cells, groups)), np.zeros((cells, groups), dtype=np.int64)
    for i in range(len(cell)):
        if event[i] > 0:
            events[cell[i], group[i]] += weight[i]
        else:
            censored[cell[i], group[i]] += weight[i]
        leaving[cell[i], group[i]] += 1
    for i in range(len(start_cell)):
        at_risk[start_cell[i], group[i]] -= weight[i]
    for g in range(groups):
        total, peak = 0.0, 0.0
        for c in range(cells - 1, -1, -1):
            if c + 1 < cells and stratum[c] != stratum[c + 1]:
                total, peak = 0.0, 0.0
            staying = total + at_risk[c, g]
            if staying < ROUNDING * peak:
                staying = 0.0
            total = events[c, g] + censored[c, g] + staying
            peak = max(peak, total)
            at_risk[c, g] = total
    return at_risk, events, censored, leaving
