"""The p value that an estimate and its interval imply, and the interval that an estimate and its p value imply."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

from scipy.special import ndtr, ndtri

Reach = tuple[float, float]


def p_from_interval(*, level: float, ratio: bool) -> Callable[[float, float, float], float]:
    """Return the function of estimate, lower and upper limit that gives the two-sided p value they imply.

    It is that of a normal test whose standard error follows from the interval's width. Ratios are taken on the
    logarithmic scale. NaN where the limits leave no width, or a ratio is not positive.

    References
    ----------
    .. [1] Altman DG, Bland JM. BMJ 2011;343:d2304.
    """

    def p_value(estimate: float, low: float, high: float) -> float:
        if ratio:
            if min(estimate, low, high) <= 0.0:
                return math.nan
            estimate, low, high = math.log(estimate), math.log(low), math.log(high)
        if high <= low:
            return math.nan
        error = (high - low) / (2.0 * normal_quantile(level))
        return float(2.0 * ndtr(-abs(estimate) / error))

    return p_value


def interval_from_p(estimate: float, p_value: float, level: float) -> Reach:
    """Return the interval of a ratio whose normal test on the logarithmic scale has this p value.

    References
    ----------
    .. [1] Altman DG, Bland JM. BMJ 2011;343:d2090.
    """
    if not 0.0 < p_value < 1.0 or estimate <= 0.0:
        return math.nan, math.nan
    error = abs(math.log(estimate)) / -float(ndtri(p_value / 2.0))
    reach = math.exp(normal_quantile(level) * error)
    return estimate / reach, estimate * reach


def over_corners(compute: Callable[..., float], reaches: Sequence[Reach]) -> Reach:
    """Return the lowest and the highest of a function over the corners and the middles of what its arguments may be.

    Exact for what rises or falls in each argument; corners without a value are left out.
    """
    axes = [sorted({low, (low + high) / 2.0, high}) for low, high in reaches]
    values = [value for corner in itertools.product(*axes) if math.isfinite(value := compute(*corner))]
    return (min(values), max(values)) if values else (math.nan, math.nan)


def p_within(estimate: Reach, low: Reach, high: Reach, *, level: float, ratio: bool) -> Reach:
    """Return the lowest and the highest p value that an estimate and its limits imply, given where each may lie.

    An estimate that may be no effect at all implies a p value of 1; a lower limit of a ratio that may be 0 leaves the
    width open, and with it any larger p value. NaN where the limits leave no width.
    """
    least, most = over_corners(p_from_interval(level=level, ratio=ratio), (estimate, low, high))
    null = 1.0 if ratio else 0.0
    touches = estimate[0] <= null <= estimate[1]
    open_below = ratio and low[0] <= 0.0
    return (math.nan, math.nan) if math.isnan(least) else (least, 1.0 if touches or open_below else most)


def normal_quantile(level: float) -> float:
    """Return z of a two-sided interval: 1.959964 for 0.95."""
    return -float(ndtri((1.0 - level) / 2.0))
