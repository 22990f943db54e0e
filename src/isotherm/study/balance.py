"""Balance: how far the arms differ in each covariate, before and after, with the denominator named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from isotherm.columns import Float
from isotherm.errors import BadSetting
from isotherm.study.design_matrix import Bool, DesignMatrix
from isotherm.study.matched import Matched
from isotherm.study.propensity import Propensity, Scale
from isotherm.study.weighting import Weighted, effective_sample_size

Denominator = Literal["treated", "control", "pooled", "all", "weighted", "hedges"]

DENOMINATORS: dict[Denominator, str] = {
    "treated": "SD of the treated before adjustment",
    "control": "SD of the controls before adjustment",
    "pooled": "sqrt((s1² + s0²)/2) before adjustment",
    "all": "SD of all units before adjustment",
    "weighted": "SD of all units, weighted",
    "hedges": "pooled SD before adjustment, each arm by its size, corrected for small samples (Hedges)",
}
"""What a mean difference is divided by; the same before and after, so that both can be compared."""

USUAL: dict[str, Denominator] = {"ATT": "treated", "ATC": "control", "ATE": "pooled"}
"""The denominator for each estimand; weighted for overlap and matching weights."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Two arms in one covariate.

    Parameters
    ----------
    mean_treated, mean_control : float
        Weighted means; shares for a binary covariate.
    smd : float
        Standardized mean difference, treated minus control; infinite if the denominator is 0 and the means differ.
    variance_ratio : float or None
        Weighted variance of the treated over that of the controls; None for a binary covariate or a variance of 0.
    ks : float
        Largest difference of the weighted distribution functions.
    """

    mean_treated: float
    mean_control: float
    smd: float
    variance_ratio: float | None
    ks: float


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One covariate, or one level of a category, before and after."""

    name: str
    binary: bool
    before: Difference
    after: Difference


@dataclass(frozen=True, slots=True)
class Balance:
    """The balance table.

    Parameters
    ----------
    rows : tuple of BalanceRow
    denominator : str
        A key of `DENOMINATORS`.
    size_before, size_after : (treated, control)
        Effective sample sizes.
    """

    rows: tuple[BalanceRow, ...]
    denominator: Denominator
    size_before: tuple[float, float]
    size_after: tuple[float, float]

    @property
    def worst(self) -> BalanceRow:
        """The row with the largest standardized difference after adjustment."""
        return max(self.rows, key=lambda row: abs(row.after.smd))


def balance(
    design: DesignMatrix,
    adjusted: Matched | Weighted,
    *,
    denominator: Denominator | None = None,
    scores: Propensity | None = None,
    scale: Scale = "logit",
) -> Balance:
    """Compare the arms in every covariate, a category in all its levels, before and after matching or weighting.

    Parameters
    ----------
    design : DesignMatrix
    adjusted : Matched or Weighted
        Of the same rows.
    denominator : str, optional
        A key of `DENOMINATORS`; the usual one of the estimand otherwise (`USUAL`).
    scores, scale : optional
        With them, the propensity score on this scale is the first row, named by it.

    Returns
    -------
    Balance

    Raises
    ------
    BadSetting
        The rows are not the same, or the denominator does not exist.

    References
    ----------
    .. [1] Austin PC. Stat Med 2009;28:3083-3107.
    .. [2] Austin PC, Stuart EA. Stat Med 2015;34:3661-3679.
    """
    chosen = denominator or USUAL.get(adjusted.estimand, "weighted")
    if chosen not in DENOMINATORS:
        raise BadSetting(f"The denominator '{chosen}' does not exist; use {', '.join(DENOMINATORS)}.")
    if not np.array_equal(design.rows, adjusted.rows):
        raise BadSetting("Covariates and weights belong to other rows; make both from one table and design matrix.")
    names, values = design.by_level()
    if scores is not None:
        score = "logit of the propensity score" if scale == "logit" else "propensity score"
        names, values = (score, *names), np.column_stack([scores.score(scale), values])
    arm, weight = adjusted.treated, adjusted.weight
    even = np.ones(len(arm))
    rows: list[BalanceRow] = []
    for name, x in zip(names, values.T, strict=True):
        sd = standard_deviation(x, arm, chosen, weight)
        pair = (difference(x, arm, even, sd), difference(x, arm, weight, sd))
        rows.append(BalanceRow(name, is_binary(x), *pair))
    sizes = [(effective_sample_size(w[arm]), effective_sample_size(w[~arm])) for w in (even, weight)]
    return Balance(tuple(rows), chosen, *sizes)


def is_binary(x: Float) -> bool:
    """Say whether a covariate has no values but 0 and 1."""
    return bool(((x == 0.0) | (x == 1.0)).all())


def weighted_variance(x: Float, weight: Float) -> float:
    """Return sum w (x - m)² / (1 - sum w²) with weights that sum to 1; p (1 - p) if x is binary; 0 for one unit."""
    share = weight / weight.sum()
    mean = float(share @ x)
    if is_binary(x):
        return max(mean * (1.0 - mean), 0.0)  # the mean of ones is above 1 by rounding for some n
    freedom = 1.0 - float(share @ share)
    return float(share @ (x - mean) ** 2) / freedom if freedom > 0.0 else 0.0


def standard_deviation(x: Float, treated: Bool, denominator: Denominator, weight: Float) -> float:
    """Return the SD that a mean difference of x is divided by; `weight` only counts in "weighted"."""
    even = np.ones(len(x))
    if denominator in ("all", "weighted"):
        return float(np.sqrt(weighted_variance(x, even if denominator == "all" else weight)))
    one, zero = (weighted_variance(x[arm], even[arm]) for arm in (treated, ~treated))
    if denominator == "hedges":
        n, n_one = len(x), int(treated.sum())
        pooled = ((n_one - 1) * one + (n - n_one - 1) * zero) / max(n - 2, 1)
        return float(np.sqrt(pooled)) / (1.0 - 3.0 / (4.0 * n - 9.0))
    return float(np.sqrt({"treated": one, "control": zero, "pooled": (one + zero) / 2.0}[denominator]))


def difference(x: Float, treated: Bool, weight: Float, sd: float) -> Difference:
    """Compare two weighted arms in one covariate, with the SD given."""
    one, zero = (float(weight[arm] @ x[arm] / weight[arm].sum()) for arm in (treated, ~treated))
    gap = one - zero
    smd = gap / sd if sd > 0.0 else (0.0 if gap == 0.0 else float(np.copysign(np.inf, gap)))
    if is_binary(x):
        return Difference(one, zero, smd, None, abs(gap))
    variances = [weighted_variance(x[arm], weight[arm]) for arm in (treated, ~treated)]
    ratio = variances[0] / variances[1] if min(variances) > 0.0 else None
    return Difference(one, zero, smd, ratio, largest_gap(x, treated, weight))


def largest_gap(x: Float, treated: Bool, weight: Float) -> float:
    """Return the largest difference between the weighted distribution functions of two arms (Kolmogorov-Smirnov)."""
    order = np.argsort(x, kind="stable")
    sides = [np.where(arm, weight, 0.0)[order] for arm in (treated, ~treated)]
    steps = [np.cumsum(side) / side.sum() for side in sides]
    last_of_a_tie = np.append(x[order][1:] != x[order][:-1], True)
    return float(np.abs(steps[0] - steps[1])[last_of_a_tie].max())
