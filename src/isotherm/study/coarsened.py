"""Coarsened exact matching: units whose covariates fall into the same bins form a stratum, as MatchIt does it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from isotherm.columns import Float, Int
from isotherm.errors import BadSetting, NoOverlap
from isotherm.study.arms import arm_of
from isotherm.study.design_matrix import Bool, DesignMatrix, Term
from isotherm.study.matched import LeftOut, Matched

Bins = int | Sequence[float]
"""Of one covariate: how many bins of equal width, or where they are cut."""


def match_coarsened(
    design: DesignMatrix,
    treated: npt.ArrayLike,
    *,
    bins: Mapping[str, Bins] | None = None,
    estimand: Literal["ATT", "ATC", "ATE"] = "ATT",
) -> Matched:
    """Match exactly on coarsened covariates; a stratum without both arms is left out.

    Numbers are cut into bins of equal width between their least and their largest value, ceil(log2 n + 1) of them
    (Sturges). A bin holds its lower edge. Categories and yes/no are matched as they are.

    Parameters
    ----------
    design : DesignMatrix
    treated : array, shape (rows of the table,)
    bins : mapping, optional
        Number of bins, or the cuts between them, of covariates that are numbers.
    estimand : "ATT", "ATC" or "ATE"

    Returns
    -------
    Matched
        In strata instead of pairs. Weights are constant within a stratum and arm, with mean 1 in each arm.

    Raises
    ------
    NoOverlap
        No stratum holds both arms.
    BadColumn, BadSetting, NothingToCompare

    References
    ----------
    .. [1] Iacus SM, King G, Porro G. Polit Anal 2012;20:1-24.
    """
    arm = arm_of(design, treated)
    if estimand not in ("ATT", "ATC", "ATE"):
        raise BadSetting(f"Coarsened exact matching gives ATT, ATC or ATE, not '{estimand}'.")
    wanted = dict(bins or {})
    numbers = {term.name: term for term in design.terms if term.kind == "number"}
    if stray := [name for name in wanted if name not in numbers]:
        raise BadSetting(f"Bins were given for '{stray[0]}', which is no number among the covariates.")
    usual = math.ceil(math.log2(len(arm)) + 1)
    coarse = np.column_stack([_coarsened(design, term, wanted.get(term.name, usual)) for term in design.terms])
    grouped = pd.DataFrame(coarse).groupby(list(range(coarse.shape[1])), sort=False)
    stratum = np.asarray(grouped.ngroup(), dtype=np.int64)
    per_arm = [np.bincount(stratum[arm == which], minlength=stratum.max() + 1) for which in (False, True)]
    kept = ((per_arm[0] > 0) & (per_arm[1] > 0))[stratum]
    if not kept.any():
        raise NoOverlap(
            f"None of the {len(per_arm[0])} strata holds both arms; use fewer covariates or wider bins, or match on "
            "the propensity score."
        )
    weight = _weights(arm, stratum, kept, per_arm, estimand)
    numbered = np.full(len(arm), -1, dtype=np.int64)
    numbered[kept] = np.unique(stratum[kept], return_inverse=True)[1]
    words = ", ".join(f"{name}: {_bin_words(wanted.get(name, usual))}" for name in numbers)
    method = f"coarsened exact matching{f' ({words})' if words else ''}"
    left_out = tuple(
        LeftOut(f"no {'control' if which else 'treated unit'} in the same stratum", which, np.flatnonzero(who))
        for which in (True, False)
        if (who := ~kept & (arm == which)).any()
    )
    return Matched(arm, design.rows, estimand, weight, None, numbered, None, None, method, left_out)


def _coarsened(design: DesignMatrix, term: Term, bins: Bins) -> Int:
    """Return the number of every row's bin or level, shape (n,)."""
    own = design.x[:, term.first : term.end]
    if term.kind != "number":
        return np.asarray(own @ np.arange(1.0, own.shape[1] + 1.0), dtype=np.int64)
    values = own[:, 0]
    if isinstance(bins, int):
        if bins < 1:
            raise BadSetting(f"{bins} bins were given for '{term.name}'; give 1 or more.")
        cuts: Float = np.linspace(float(values.min()), float(values.max()), bins + 1)[1:-1]
    else:
        cuts = np.array(bins, dtype=np.float64)
        if not (np.isfinite(cuts).all() and (np.diff(cuts) > 0.0).all()):
            raise BadSetting(f"The cuts of '{term.name}' are not rising numbers; give them from low to high.")
    return np.searchsorted(cuts, values, side="right").astype(np.int64)


def _weights(arm: Bool, stratum: Int, kept: Bool, per_arm: list[Int], estimand: str) -> Float:
    """Return the weights: the target's share of the stratum over the arm's, with mean 1 in each arm."""
    target = {"ATT": per_arm[1], "ATC": per_arm[0], "ATE": per_arm[0] + per_arm[1]}[estimand]
    weight = np.zeros(len(arm))
    for which in (False, True):
        mine = kept & (arm == which)
        weight[mine] = target[stratum[mine]] / per_arm[int(which)][stratum[mine]]
        weight[mine] *= mine.sum() / weight[mine].sum()
    return weight


def _bin_words(bins: Bins) -> str:
    return f"{bins} bins of equal width" if isinstance(bins, int) else f"cut at {', '.join(f'{cut:g}' for cut in bins)}"
