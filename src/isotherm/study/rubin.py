"""Rubin's rules: one estimate from several imputed data sets, with the degrees of freedom of Barnard and Rubin."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from isotherm.confidence import checked_level
from isotherm.errors import BadSetting, FitError


@dataclass(frozen=True, slots=True)
class Pooled:
    """A pooled estimate.

    Parameters
    ----------
    estimate : float
        Mean of the estimates.
    within, between, total : float
        Mean variance U, variance between the estimates B, and T = U + (1 + 1/m) B.
    freedom : float
        Degrees of freedom of Barnard and Rubin; infinite if nothing differs and the complete data have infinitely many.
    missing_share : float
        (1 + 1/m) B / T: the share of the variance that is due to what is missing.
    m : int
        Data sets.
    """

    estimate: float
    within: float
    between: float
    total: float
    freedom: float
    missing_share: float
    m: int

    @property
    def standard_error(self) -> float:
        """Root of the total variance."""
        return math.sqrt(self.total)

    @property
    def p_value(self) -> float:
        """Two-sided p value of the estimate being 0, by Student's t."""
        return float(2.0 * student.sf(abs(self.estimate) / self.standard_error, self.freedom))

    def interval(self, *, level: float = 0.95) -> tuple[float, float]:
        """Return the interval by Student's t."""
        reach = float(student.ppf((1.0 + checked_level(level)) / 2.0, self.freedom)) * self.standard_error
        return self.estimate - reach, self.estimate + reach


def pooled(estimates: npt.ArrayLike, variances: npt.ArrayLike, *, complete_freedom: float = math.inf) -> Pooled:
    """Pool estimates of several imputed data sets by Rubin's rules.

    Parameters
    ----------
    estimates, variances : array, shape (m,)
        On a scale on which the estimate is about normal: log hazard ratios, never p values or hazard ratios.
    complete_freedom : float
        Degrees of freedom had nothing been missing: rows minus parameters, in a Cox model events minus parameters.

    Returns
    -------
    Pooled

    Raises
    ------
    BadSetting
        Fewer than two data sets, or degrees of freedom that are not above 0.
    FitError
        An estimate is not finite, or a variance is not finite and above 0.

    References
    ----------
    .. [1] Rubin DB. Multiple imputation for nonresponse in surveys. Wiley 1987.
    .. [2] Barnard J, Rubin DB. Biometrika 1999;86:948-955.
    """
    values = np.array(estimates, dtype=np.float64)
    squares = np.array(variances, dtype=np.float64)
    m = values.size
    if m < 2 or values.shape != (m,) or squares.shape != (m,):
        raise BadSetting(f"Estimates {values.shape} and variances {squares.shape} came; give two of each or more.")
    if not complete_freedom > 0.0:
        raise BadSetting(f"{complete_freedom} degrees of freedom came; rows (or events) minus parameters are wanted.")
    lost = int((~(np.isfinite(values) & np.isfinite(squares) & (squares > 0.0))).sum())
    if lost:
        raise FitError(f"{lost} of {m} imputed data sets have no finite estimate with a variance above 0.")
    within, between = float(squares.mean()), float(values.var(ddof=1))
    total = within + (1.0 + 1.0 / m) * between
    share = (1.0 + 1.0 / m) * between / total
    freedom = _barnard_rubin(share, m, complete_freedom)
    return Pooled(float(values.mean()), within, between, total, freedom, share, m)


def _barnard_rubin(share: float, m: int, complete: float) -> float:
    old = (m - 1) / share / share if share > 0.0 else math.inf
    observed = math.inf if math.isinf(complete) else (complete + 1.0) / (complete + 3.0) * complete * (1.0 - share)
    if math.isinf(old) or math.isinf(observed):
        return min(old, observed)
    return old * observed / (old + observed)
