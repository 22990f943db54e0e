"""Concordance of a Cox model: how often the patient with the earlier event has the higher predicted risk."""

from __future__ import annotations

import numpy as np

from isotherm.errors import NothingToCompare
from isotherm.study.survival.concordance_kernels import count_pairs
from isotherm.study.survival.cox import CoxFit
from isotherm.study.survival.cox_kernels import relative_risks


def concordance(fit: CoxFit) -> float:
    """Return Harrell's concordance index of the linear predictor, within strata, pairs counted with their weights.

    Pairs whose order of events is unknown do not count; pairs with equal predictors count half.

    Raises
    ------
    NothingToCompare
        No pair whose order is known.

    References
    ----------
    .. [1] Harrell FE, Lee KL, Mark DB. Stat Med 1996;15:361-387.
    """
    sets = fit.sets
    risk = np.empty(len(sets.row))
    relative_risks(sets.x, sets.offset, np.ones(len(risk)), fit.coefficients * sets.scale, risk)
    distinct, rank = np.unique(risk, return_inverse=True)
    concordant, discordant, tied = count_pairs(rank.astype(np.int64), len(distinct), *sets.arrays)
    pairs = concordant + discordant + tied
    if not pairs > 0.0:
        raise NothingToCompare("No two patients came whose order of events is known; a concordance needs such pairs.")
    return (concordant + tied / 2.0) / pairs
