"""Wilcoxon's rank sum test (Mann-Whitney): whether one group has larger values than the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import mannwhitneyu

from isotherm.columns import Float, column
from isotherm.study.arms import two_arms

FEWEST_FOR_NORMAL = 50
"""With as many in either group, or with ties, the normal approximation is used, as in R."""


@dataclass(frozen=True, slots=True)
class RankSum:
    """A rank sum test.

    Parameters
    ----------
    statistic : float
        Pairs in which the member with the event has the larger value; ties count half.
    p_value : float
        Two-sided.
    method : str
    n, reference_n : int
        With the event, and without.
    median, reference_median : float
    """

    statistic: float
    p_value: float
    method: str
    n: int
    reference_n: int
    median: float
    reference_median: float


def rank_sum(values: npt.ArrayLike, event: npt.ArrayLike) -> RankSum:
    """Test whether those with the event have larger or smaller values than those without.

    Exact where both groups are below 50 and no two values are equal; else the normal approximation with the variance of
    ties and a continuity correction of 0.5.

    Parameters
    ----------
    values : array, shape (n,)
    event : array, shape (n,)
        0 or 1.

    Raises
    ------
    BadColumn, NothingToCompare
        Gaps, text, or one group only.

    References
    ----------
    .. [1] Wilcoxon F. Biometrics Bull 1945;1:80-83. Mann HB, Whitney DR. Ann Math Stat 1947;18:50-60.
    """
    first, second = split(values, event)
    tied = len(np.unique(np.concatenate([first, second]))) < len(first) + len(second)
    exact = not tied and max(len(first), len(second)) < FEWEST_FOR_NORMAL
    found = mannwhitneyu(first, second, method="exact" if exact else "asymptotic")
    words = "exact" if exact else "normal approximation with ties and continuity correction"
    alone = bool((np.concatenate([first, second]) == first[0]).all())
    return RankSum(
        statistic=float(found.statistic),
        p_value=1.0 if alone else float(found.pvalue),
        method=f"Wilcoxon rank sum (Mann-Whitney) test, {words}",
        n=len(first),
        reference_n=len(second),
        median=float(np.median(first)),
        reference_median=float(np.median(second)),
    )


def split(values: npt.ArrayLike, event: npt.ArrayLike) -> tuple[Float, Float]:
    """Return the values of those with the event, and of those without."""
    numbers = column("values", values)
    has = two_arms(event, len(numbers))
    return numbers[has], numbers[~has]
