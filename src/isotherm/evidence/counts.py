"""Tests of printed counts: Fisher, chi-square with and without correction, side by side, to see which was printed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import chi2_contingency, fisher_exact

FISHER, PLAIN, YATES = "Fisher's exact test", "chi-square without correction", "chi-square with Yates' correction"


def p_values(arms: Sequence[Sequence[float]]) -> dict[str, float]:
    """Return the two-sided p value of each test that a table allows.

    Parameters
    ----------
    arms : sequences of counts
        For each arm, how many fell into each category, shape (arms, categories). Fisher and Yates need two by two.

    Returns
    -------
    dict
        By the name of the test; empty where a row or a column holds nobody, since nothing is compared there.
    """
    table = np.asarray(arms, dtype=np.float64)
    if (table < 0.0).any() or not (table.sum(axis=0).all() and table.sum(axis=1).all()):
        return {}
    plain = {PLAIN: float(chi2_contingency(table, correction=False).pvalue)}
    if table.shape != (2, 2):
        return plain
    exact = float(fisher_exact(table.astype(np.int64)).pvalue)
    return {FISHER: exact, **plain, YATES: float(chi2_contingency(table, correction=True).pvalue)}
