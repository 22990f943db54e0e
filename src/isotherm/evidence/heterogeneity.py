"""Heterogeneity: how far the true effects of studies lie apart (tau2), its limits, and what share it has (I2, H2)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2

from isotherm.columns import Float

Tau2Method = Literal["DerSimonian-Laird", "REML", "Paule-Mandel"]

PEAKS = 400
"""The likelihood of REML may have several peaks: its slope is looked at in so many places."""

SMALLEST_SHARE = 1e-10
"""The places begin at this share of the largest tau2 that is possible."""


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """How far studies differ.

    Parameters
    ----------
    q : float
        Cochran's Q.
    freedom : int
        Its degrees of freedom: studies minus 1.
    p_value : float
        Of the hypothesis that all studies have one true effect.
    tau2 : float
        Variance of the true effects between studies, on the scale of pooling.
    tau2_method : str
    tau2_limits : tuple of float or None
        Q-profile interval; None where even no heterogeneity at all leaves the studies more alike than chance does.
    typical_variance : float
        The variance within a typical study (Higgins and Thompson 2002).
    """

    q: float
    freedom: int
    p_value: float
    tau2: float
    tau2_method: Tau2Method
    tau2_limits: tuple[float, float] | None
    typical_variance: float

    @property
    def i2(self) -> float:
        """Share of the variance of estimates that is due to heterogeneity, 0 to 1; from tau2."""
        return self._i2(self.tau2)

    @property
    def h2(self) -> float:
        """Variance of estimates over what it would be without heterogeneity; from tau2."""
        return 1.0 + self.tau2 / self.typical_variance

    @property
    def i2_limits(self) -> tuple[float, float] | None:
        """Limits of `i2`, from those of tau2."""
        return None if self.tau2_limits is None else (self._i2(self.tau2_limits[0]), self._i2(self.tau2_limits[1]))

    @property
    def h2_limits(self) -> tuple[float, float] | None:
        """Limits of `h2`, from those of tau2."""
        if self.tau2_limits is None:
            return None
        low, high = (1.0 + limit / self.typical_variance for limit in self.tau2_limits)
        return low, high

    @property
    def i2_from_q(self) -> float:
        """The same share by Q alone, as most publications print it."""
        return max(0.0, (self.q - self.freedom) / self.q) if self.q > 0.0 else 0.0

    @property
    def h2_from_q(self) -> float:
        """Q over its degrees of freedom."""
        return self.q / self.freedom

    def _i2(self, tau2: float) -> float:
        return tau2 / (tau2 + self.typical_variance)


def weighted_mean(values: Float, variances: Float, tau2: float) -> tuple[float, Float]:
    """Return the mean by inverse variances, and the weights, shape (k,)."""
    weights = 1.0 / (variances + tau2)
    return float((weights * values).sum() / weights.sum()), weights


def general_q(values: Float, variances: Float, tau2: float) -> float:
    """Return the weighted sum of squares around the weighted mean, given tau2; Cochran's Q where it is 0."""
    mean, weights = weighted_mean(values, variances, tau2)
    return float((weights * (values - mean) ** 2).sum())


def heterogeneity(values: Float, variances: Float, method: Tau2Method, level: float) -> Heterogeneity:
    """Measure the heterogeneity of studies.

    Parameters
    ----------
    values, variances : array, shape (k,)
    method : str
        "DerSimonian-Laird", "REML" or "Paule-Mandel".
    level : float
        Of the limits of tau2.

    References
    ----------
    .. [1] DerSimonian R, Laird N. Control Clin Trials 1986;7:177-188.
    .. [2] Viechtbauer W. J Educ Behav Stat 2005;30:261-293 (REML).
    .. [3] Paule RC, Mandel J. J Res Natl Bur Stand 1982;87:377-385.
    .. [4] Viechtbauer W. Stat Med 2007;26:37-52 (Q-profile).
    .. [5] Higgins JPT, Thompson SG. Stat Med 2002;21:1539-1558 (I2, H2).
    """
    q, freedom = general_q(values, variances, 0.0), len(values) - 1
    weights = 1.0 / variances
    spread = float(weights.sum() - (weights**2).sum() / weights.sum())
    tau2 = {
        "DerSimonian-Laird": lambda: max(0.0, (q - freedom) / spread),
        "REML": lambda: _reml(values, variances),
        "Paule-Mandel": lambda: _tau2_at(values, variances, float(freedom)),
    }[method]()
    limits = None
    above, below = (float(chi2.isf(p, freedom)) for p in ((1.0 - level) / 2.0, (1.0 + level) / 2.0))
    if q >= below:
        limits = _tau2_at(values, variances, above), _tau2_at(values, variances, below)
    return Heterogeneity(q, freedom, float(chi2.sf(q, freedom)), tau2, method, limits, freedom / spread)


def _tau2_at(values: Float, variances: Float, level: float) -> float:
    """Return the tau2 at which the general Q falls to a level; 0 if it lies below from the start."""
    if general_q(values, variances, 0.0) <= level:
        return 0.0
    # Around the plain mean the sum is larger, with the smallest variance in each place larger still.
    highest = float(((values - values.mean()) ** 2).sum()) / level
    return _root(lambda tau2: general_q(values, variances, tau2) - level, 0.0, highest * (1.0 + 1e-9))


def _reml(values: Float, variances: Float) -> float:
    """Return the tau2 at the highest peak of the restricted likelihood.

    Its slope is negative above the variance of the values plus the largest variance, which bounds the search.
    """
    highest = float(values.var(ddof=1) + variances.max())
    places = np.concatenate([[0.0], np.geomspace(SMALLEST_SHARE * highest, highest, PEAKS)])
    slopes = [_reml_slope(values, variances, tau2) for tau2 in places]
    peaks = [0.0] if slopes[0] <= 0.0 else []
    for k in range(PEAKS):
        if slopes[k] > 0.0 >= slopes[k + 1]:
            peaks.append(_root(lambda tau2: _reml_slope(values, variances, tau2), places[k], places[k + 1]))
    return max(peaks, key=lambda tau2: _reml_likelihood(values, variances, tau2))


def _reml_slope(values: Float, variances: Float, tau2: float) -> float:
    mean, weights = weighted_mean(values, variances, tau2)
    squares = weights**2
    return float((squares * (values - mean) ** 2).sum() - weights.sum() + squares.sum() / weights.sum())


def _reml_likelihood(values: Float, variances: Float, tau2: float) -> float:
    weights = 1.0 / (variances + tau2)
    q = general_q(values, variances, tau2)
    return 0.5 * (float(np.log(weights).sum()) - math.log(float(weights.sum())) - q)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function crosses 0, to the last digits of a float."""
    return float(brentq(function, low, high, xtol=1e-300, rtol=4.0 * np.finfo(np.float64).eps, maxiter=1000))
