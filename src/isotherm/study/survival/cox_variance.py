"""Robust variance of a Cox model: exact score residuals, summed within clusters."""

from __future__ import annotations

import numpy as np

from isotherm.columns import Float, sums_by
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.cox_kernels import TERMS, Bool, hazard_terms, relative_risks
from isotherm.study.survival.residual_kernels import risk_set_sums, score_residuals
from isotherm.study.survival.risk_sets import RiskSets


def at(sets: RiskSets, b: Float, *, efron: bool) -> tuple[Float, Float, Bool]:
    """Return weighted risks (r,), terms (e, 6) and fresh starts (e,) of `cox_kernels` at coefficients b."""
    risk, terms, anew = np.empty(len(sets.row)), np.empty((len(sets.last), TERMS)), np.empty(len(sets.last), np.bool_)
    relative_risks(sets.x, sets.offset, sets.weight, b, risk)
    hazard_terms(risk, *sets.arrays, efron, terms, anew)
    return risk, terms, anew


def score_rows(sets: RiskSets, b: Float, *, efron: bool) -> Float:
    """Return the score residuals of the sorted rows, shape (r, p), times their weights, on the standardized scale."""
    risk, terms, anew = at(sets, b, efron=efron)
    s1, d1 = risk_set_sums(sets.x, risk, sets.dies, sets.stop, sets.start, sets.last, sets.leaving, anew)
    rows = score_residuals(sets.x, risk, *sets.arrays[:5], terms, s1, d1)
    return rows * sets.weight[:, None]


def robust_covariance(
    outcome: TimeToEvent, sets: RiskSets, b: Float, model: Float, *, efron: bool
) -> tuple[Float, int]:
    """Return the covariance from the influence of each cluster, or row, and their number.

    References
    ----------
    .. [1] Lin DY, Wei LJ. J Am Stat Assoc 1989;84:1074-1078.
    .. [2] Therneau TM, Grambsch PM. Modeling survival data. Springer 2000, section 8.2.
    """
    influence = score_rows(sets, b, efron=efron) @ model
    if outcome.cluster is None:
        return influence.T @ influence, len(outcome)
    summed = sums_by(outcome.cluster[sets.row], influence, int(outcome.cluster.max()) + 1)
    return summed.T @ summed, int((np.bincount(outcome.cluster) > 0).sum())
