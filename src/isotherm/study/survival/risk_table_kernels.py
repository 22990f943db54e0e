"""Compiled loops over the risk table: sums of weights over cells (a time of a stratum) and groups."""

from __future__ import annotations

import numpy as np

from isotherm.columns import Float, Int
from isotherm.study.compiled import compiled

ROUNDING = 1e-12
"""Who is at risk beyond those who leave, below this share of the largest risk set, is rounding: nobody is."""


@compiled
def table_sums(
    cell: Int, start_cell: Int, group: Int, event: Int, weight: Float, stratum: Int, ending: Float, at_risk: Float
) -> None:
    """Add up who is censored and who fails in each cell, and who is at risk just before it.

    Cells are numbered by stratum and time; `stratum` has one entry for each. A row counts in the cells after
    `start_cell` up to and with `cell`; `start_cell` is empty where nobody enters late. The sums are written into zeros:
    `ending`, shape (cells, groups, 2), where all that a row adds lies on one line of memory, and `at_risk`, shape
    (groups, cells). NumPy makes these arrays since it asks for large pages: a million small ones take longer than all
    the rest.
    """
    groups, cells = at_risk.shape
    for i in range(len(cell)):
        ending[cell[i], group[i], 1 if event[i] > 0 else 0] += weight[i]
    for i in range(len(start_cell)):
        at_risk[group[i], start_cell[i]] -= weight[i]
    for g in range(groups):
        total, peak = 0.0, 0.0
        for c in range(cells - 1, -1, -1):
            if c + 1 < cells and stratum[c] != stratum[c + 1]:
                total, peak = 0.0, 0.0
            staying = total + at_risk[g, c]
            if staying < ROUNDING * peak:
                staying = 0.0
            total = ending[c, g, 1] + ending[c, g, 0] + staying
            peak = max(peak, total)
            at_risk[g, c] = total


@compiled
def logrank_sums(at_risk: Float, events: Float, weight: Float) -> tuple[Float, Float, Float]:
    """Return observed, expected, shape (groups,), and the variance of their difference, summed over the cells.

    The variance is the hypergeometric one; where one patient is at risk there is none.
    """
    groups, cells = at_risk.shape
    observed, expected, variance = np.zeros(groups), np.zeros(groups), np.zeros((groups, groups))
    share = np.empty(groups)
    for c in range(cells):
        d, n = 0.0, 0.0
        for g in range(groups):
            d += events[g, c]
            n += at_risk[g, c]
        if d == 0.0:
            continue
        factor = weight[c] ** 2 * d * (n - d) / (n - 1.0) if n > 1.0 else 0.0
        for g in range(groups):
            share[g] = at_risk[g, c] / n
            observed[g] += weight[c] * events[g, c]
            expected[g] += weight[c] * d * share[g]
            variance[g, g] += factor * share[g]
            for h in range(g + 1):
                variance[g, h] -= factor * share[g] * share[h]
    for g in range(groups):
        for h in range(g):
            variance[h, g] = variance[g, h]
    return observed, expected, variance
