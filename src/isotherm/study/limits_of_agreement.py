"""Limits of agreement: how far two readers' measurements of one tumor lie apart, with intervals, by patients."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2, t

from isotherm.columns import Float, Int, column, label_codes
from isotherm.confidence import checked_level, normal_quantile
from isotherm.effect import Effect
from isotherm.errors import NothingToCompare

COVERS = 0.95
"""Share of differences that the limits are to hold: the usual one, whatever the level of their intervals."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Agreement of two measurements.

    Parameters
    ----------
    bias : Effect
        Mean of first minus second.
    lower, upper : Effect
        Limits that 95 % of the differences lie within, if they are normal, each with its interval.
    sd : float
        Standard deviation of the differences, between and within patients together.
    """

    bias: Effect
    lower: Effect
    upper: Effect
    sd: float


def limits_of_agreement(
    first: npt.ArrayLike, second: npt.ArrayLike, *, cluster: npt.ArrayLike | None = None, level: float = 0.95
) -> Limits:
    """Return the limits of agreement of Bland and Altman.

    With clusters the mean is that of the patients' means, and the variance is that of their means and of tumors within
    them (one-way analysis of variance, the true size varying from tumor to tumor); without, each tumor is a patient.
    Intervals of the limits recover the variance of mean and standard deviation (MOVER); that of the mean is Student's.

    Parameters
    ----------
    first, second : array, shape (n,)
        Measurements of the same tumors, in one unit.
    cluster : array, shape (n,), optional
        Labels of patients.
    level : float
        Of the intervals.

    Raises
    ------
    NothingToCompare
        Fewer than three tumors (or patients), or all differences are alike.
    BadColumn
        Missing values, text, or columns of different length.

    References
    ----------
    .. [1] Bland JM, Altman DG. Lancet 1986;i:307-310.
    .. [2] Bland JM, Altman DG. J Biopharm Stat 2007;17:571-582 (several measurements of one individual).
    .. [3] Zou GY. Stat Methods Med Res 2013;22:630-642 (intervals).
    """
    checked_level(level)
    x = column("The first reader's measurement", first)
    difference = x - column("The second reader's measurement", second, len(x))
    code = np.arange(len(x))
    if cluster is not None:
        code = label_codes("cluster", cluster, len(x), ids=True)[0]
    means, size, within = _parts(difference, code)
    k, n = len(means), len(difference)
    what = "tumors" if cluster is None else "patients with such tumors"
    if k < 3:
        raise NothingToCompare(f"{k} {what} were measured by both readers; limits of agreement need three at least.")
    bias, between = float(means.mean()), float(means.var(ddof=1))
    share = 1.0 - float((1.0 / size).mean())  # of the variance within patients: 1 - 1 / harmonic mean of their tumors
    total = between + share * within
    if not total > 0.0:
        raise NothingToCompare(
            "The two readers differ by the same everywhere, so there is no spread to give limits of."
        )
    low, high = _around_variance(between, share * within, k - 1, n - k, level)
    z, wide = normal_quantile(COVERS), normal_quantile(level) ** 2 * between / k
    sd = math.sqrt(total)
    inner, outer = (math.sqrt(wide + (z * (sd - math.sqrt(one))) ** 2) for one in (low, high))
    reach = float(t.ppf(0.5 + level / 2.0, k - 1)) * math.sqrt(between / k)
    words = f"{n} tumors" if cluster is None else f"{n} tumors in {k} patients, one-way analysis of variance"

    def effect(measure: str, value: float, below: float, above: float, how: str) -> Effect:
        return Effect(measure=measure, estimate=value, low=value - below, high=value + above, level=level, per="tumor",
                      n=n, method=f"{how}, {words}")  # fmt: skip

    below, above = (f"mean {sign} 1.96 SD (Bland-Altman), MOVER interval" for sign in "-+")
    return Limits(
        effect("mean difference", bias, reach, reach, "first minus second reader, Student's interval"),
        effect("lower limit of agreement", bias - z * sd, outer, inner, below),
        effect("upper limit of agreement", bias + z * sd, inner, outer, above),
        sd,
    )


def _parts(difference: Float, code: Int) -> tuple[Float, Float, float]:
    """Return the means and numbers of tumors of the patients, and the variance within them (0 where each has one)."""
    code = np.unique(code, return_inverse=True)[1]
    size = np.bincount(code).astype(np.float64)
    means = np.bincount(code, weights=difference) / size
    free = len(difference) - len(size)
    squares = float(((difference - means[code]) ** 2).sum())
    return means, size, squares / free if free else 0.0


def _around_variance(between: float, within: float, k_free: int, n_free: int, level: float) -> tuple[float, float]:
    """Return the interval of the sum of two independent variances."""
    below = above = 0.0
    for variance, free in ((between, k_free), (within, n_free)):
        if variance > 0.0:
            least, most = float(chi2.ppf(0.5 - level / 2.0, free)), float(chi2.ppf(0.5 + level / 2.0, free))
            below += (variance * (1.0 - free / most)) ** 2
            above += (variance * (free / least - 1.0)) ** 2
    return max(between + within - math.sqrt(below), 0.0), between + within + math.sqrt(above)
