"""How well a sign foretells an outcome: sensitivity, specificity, predictive values, area under the ROC curve."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, t

from isotherm.columns import Float, label_codes
from isotherm.effect import AREA, Effect
from isotherm.errors import NothingToCompare
from isotherm.study.arms import two_arms
from isotherm.study.binary import risk, wilson_limits
from isotherm.study.clustered import clustered_risk, ignoring_clusters, quantile
from isotherm.study.rank_sum import split

NAMES = ("sensitivity", "specificity", "positive predictive value", "negative predictive value")


@dataclass(frozen=True, slots=True)
class Area:
    """Area under the ROC curve: the chance that a tumor with the event has the larger value; ties count half.

    Parameters
    ----------
    estimate, std_error : float
    clusters : int or None
        None: every tumor counts as independent.
    n, events : int
    fewer : int
        Patients (or tumors) behind the smaller of the two groups.
    """

    estimate: float
    std_error: float
    clusters: int | None
    n: int
    events: int
    fewer: int

    def effect(self, *, level: float = 0.95) -> Effect:
        """Return the area with its interval on the logit scale, and the test against 0.5.

        Where all values of one group lie above the other's, no variance can be estimated: the limits are then Wilson's
        for as many pairs as the smaller group has patients, and there is no p value.
        """
        df = None if self.clusters is None else self.clusters - 1
        z = quantile(level, df)
        test: float | None = None
        words = "DeLong variance" if df is None else f"clustered variance of {self.clusters} patients, t with {df} df"
        if self.std_error > 0.0 and 0.0 < self.estimate < 1.0:
            odds = self.estimate / (1.0 - self.estimate)
            reach = z * self.std_error / (self.estimate * (1.0 - self.estimate))
            low, high = (
                1.0 / (1.0 + math.exp(-min(max(math.log(odds) + far, -700.0), 700.0))) for far in (-reach, reach)
            )
            distance = abs(self.estimate - 0.5) / self.std_error
            test = 2.0 * float(norm.sf(distance) if not df else t.sf(distance, df))
            words += ", logit interval, Wald test of 0.5"
        else:
            low, high = wilson_limits(self.estimate, self.fewer, z)
            words += ", no variance to be estimated: Wilson limits of the smaller group"
        effect = Effect(
            measure=AREA, estimate=self.estimate, low=low, high=high, level=level, p_value=test,
            per="tumor", n=self.n, events=self.events, method=words,
        )  # fmt: skip
        return ignoring_clusters(effect) if df is None else effect


def accuracy(
    sign: npt.ArrayLike,
    event: npt.ArrayLike,
    *,
    cluster: npt.ArrayLike | None = None,
    interval: Literal["Wilson", "Clopper-Pearson"] = "Wilson",
    level: float = 0.95,
) -> dict[str, Effect | None]:
    """Return sensitivity, specificity and both predictive values of a sign.

    Parameters
    ----------
    sign, event : array, shape (n,)
        0 or 1.
    cluster : array, shape (n,), optional
        Labels of patients: intervals then respect them (see `clustered_risk`), and `interval` is not used.
    interval : {"Wilson", "Clopper-Pearson"}
    level : float

    Returns
    -------
    dict
        By name; None where nobody is there to take a share of (no tumor with the sign, for example).

    Raises
    ------
    BadColumn
        Gaps, values other than 0 and 1, different lengths.
    """
    rows = len(np.asarray(event))
    has, had = _flags(sign, rows), _flags(event, rows)
    patients = None if cluster is None else label_codes("cluster", cluster, rows, ids=True)[0]
    parts = ((has, had), (~has, ~had), (had, has), (~had, ~has))
    found: dict[str, Effect | None] = {}
    for name, (right, among) in zip(NAMES, parts, strict=True):
        if not among.any():
            found[name] = None
        elif patients is None:
            one = risk(
                int(right[among].sum()), int(among.sum()), interval=interval, level=level, name=name, per="tumor"
            )
            found[name] = ignoring_clusters(one)
        else:
            found[name] = clustered_risk(right[among], patients[among], level=level, name=name).effect
    return found


def _flags(values: npt.ArrayLike, rows: int) -> npt.NDArray[np.bool_]:
    """Return 0 and 1 as flags; one value alone will do."""
    raw = np.asarray(values)
    try:
        return two_arms(raw, rows)
    except NothingToCompare:
        return np.asarray(raw == 1, dtype=np.bool_)


def area_under_curve(values: npt.ArrayLike, event: npt.ArrayLike, *, cluster: npt.ArrayLike | None = None) -> Area:
    """Return the area under the ROC curve of a number, with the variance of DeLong, or of Obuchowski within clusters.

    Parameters
    ----------
    values : array, shape (n,)
    event : array, shape (n,)
        0 or 1.
    cluster : array, shape (n,), optional
        Labels of patients, who may have tumors with and without the event.

    Raises
    ------
    BadColumn, NothingToCompare
        Gaps, text, one group only; or fewer than two tumors (patients) in one.

    References
    ----------
    .. [1] DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988;44:837-845.
    .. [2] Obuchowski NA. Biometrics 1997;53:567-578 (clusters).
    """
    first, second = split(values, event)
    has = two_arms(event, len(first) + len(second))
    codes = np.arange(len(has)) if cluster is None else label_codes("cluster", cluster, len(has), ids=True)[0]
    of_first, of_second = _placement(first, second), 1.0 - _placement(second, first)
    area = float(of_first.mean())
    count = int(codes.max()) + 1
    sums = np.bincount(codes[has], weights=of_first - area, minlength=count)
    other = np.bincount(codes[~has], weights=of_second - area, minlength=count)
    groups = [len(np.unique(codes[mask])) for mask in (has, ~has)]
    if min(groups) < 2:
        raise NothingToCompare(
            f"{groups[0]} patients (or tumors) with the event and {groups[1]} without came; two of each are needed."
        )
    n1, n0 = len(first), len(second)
    variance = (
        groups[0] / (groups[0] - 1) * float((sums**2).sum()) / n1**2
        + groups[1] / (groups[1] - 1) * float((other**2).sum()) / n0**2
        + 2.0 * count / (count - 1) * float((sums * other).sum()) / (n1 * n0)
    )
    clusters = None if cluster is None else count
    return Area(area, math.sqrt(max(variance, 0.0)), clusters, len(has), n1, min(groups))


def _placement(values: Float, among: Float) -> Float:
    """Return for each value the share of the others that lie below it; equal ones count half."""
    ranked = np.sort(among)
    below, up_to = np.searchsorted(ranked, values, side="left"), np.searchsorted(ranked, values, side="right")
    return (below + up_to) / (2.0 * len(among))
