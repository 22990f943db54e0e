"""Outcomes of tumors inside patients: proportions and comparisons that know which tumors belong together."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, t

from isotherm.columns import Float, Int, label_codes, refuse, whole_numbers
from isotherm.confidence import checked_level
from isotherm.effect import Effect
from isotherm.errors import FitError, NothingToCompare
from isotherm.study.arms import two_arms
from isotherm.study.binary import CountTest, TwoArms, wilson_limits
from isotherm.study.fisher import fisher
from isotherm.study.gee import GeeFit, Link, gee

Bool = npt.NDArray[np.bool_]

IGNORES_CLUSTERS = "takes every tumor for a patient of its own (ignores clustering)"
"""What stands beside every p value that does."""

LINKS: tuple[Link, ...] = ("logit", "identity")


@dataclass(frozen=True, slots=True)
class ClusteredRisk:
    """A proportion of tumors.

    Parameters
    ----------
    effect : Effect
    design_effect : float or None
        Its variance over that of as many independent tumors; None where it cannot be told (no event, or all).
    clusters : int
    """

    effect: Effect
    design_effect: float | None
    clusters: int


@dataclass(frozen=True, slots=True)
class ClusteredComparison:
    """The risk of an event in two groups of tumors.

    Parameters
    ----------
    odds_ratio, difference : Effect or None
        With intervals and p values that respect clusters.
    odds_ratio_why, difference_why : str
        Why there is none.
    unclustered : CountTest
        Fisher's test, with words that it ignores clusters.
    clusters : int
    """

    odds_ratio: Effect | None
    odds_ratio_why: str
    difference: Effect | None
    difference_why: str
    unclustered: CountTest
    clusters: int

    @property
    def p_value(self) -> float | None:
        """The p value that respects clusters: of the odds ratio, or of the difference where there is none."""
        found = self.odds_ratio or self.difference
        return None if found is None else found.p_value


def cluster_variance(influence: Float, cluster: Int | None) -> tuple[float, int]:
    """Return the variance of a mean from the influence of each row, shape (n,), and the number of clusters.

    With clusters, influences are added within them, and the sum of squares takes the factor k / (k - 1); one cluster
    has no variance (NaN). Without, rows are independent.
    """
    n = len(influence)
    if cluster is None:
        return float((influence**2).sum()) / n**2, n
    count = len(np.unique(cluster))
    total = np.bincount(cluster, weights=influence)
    return float((total**2).sum()) / n**2 * count / (count - 1) if count > 1 else math.nan, count


def quantile(level: float, df: int | None) -> float:
    """Return the two-sided quantile of t with df degrees of freedom; None, or none left: of the normal distribution."""
    tail = (1.0 - checked_level(level)) / 2.0
    return float(norm.isf(tail)) if not df else float(t.isf(tail, df))


def clustered_risk(
    event: npt.ArrayLike, cluster: npt.ArrayLike, *, level: float = 0.95, name: str = "", endpoint: str = ""
) -> ClusteredRisk:
    """Return a proportion of tumors with an interval that respects patients.

    Wilson's interval for the number of independent tumors that would say as much (all tumors over the design effect),
    with t of patients less 1 in place of the normal quantile. The design effect is taken as at least 1. Where no tumor
    or every tumor has the event, it cannot be told: then patients are counted in place of tumors.

    Parameters
    ----------
    event : array, shape (n,)
        0 or 1.
    cluster : array, shape (n,)
        Labels of patients.

    Raises
    ------
    BadColumn, NothingToCompare
        Gaps, values other than 0 and 1, no row.

    References
    ----------
    .. [1] Rao JNK, Scott AJ. Biometrics 1992;48:577-585.
    .. [2] Dean N, Pagano M. J Surv Stat Methodol 2015;3:484-503.
    """
    had = whole_numbers("event", event)
    refuse("event", (had < 0) | (had > 1), "neither 0 nor 1", "code 1 for the event")
    if not len(had):
        raise NothingToCompare("No row came; a proportion needs some.")
    codes, _ = label_codes("cluster", cluster, len(had), ids=True)
    share = float(had.mean())
    variance, clusters = cluster_variance(had.astype(np.float64) - share, codes)
    simple = share * (1.0 - share) / len(had)
    effect = variance / simple if simple > 0.0 and clusters > 1 else None
    independent = float(clusters) if effect is None else len(had) / max(effect, 1.0)
    low, high = wilson_limits(share, independent, quantile(level, clusters - 1))
    known = "not known, patients counted" if effect is None else f"{effect:.2f}"
    return ClusteredRisk(
        Effect(
            measure="risk", estimate=share, low=low, high=high, level=level, name=name, endpoint=endpoint, per="tumor",
            n=len(had), events=int(had.sum()),
            method=f"Wilson interval of {clusters} patients' tumors (design effect {known}), t with {clusters - 1} df",
        ),
        effect,
        clusters,
    )  # fmt: skip


def clustered_comparison(
    event: npt.ArrayLike,
    group: npt.ArrayLike,
    cluster: npt.ArrayLike,
    *,
    level: float = 0.95,
    name: str = "",
    endpoint: str = "",
) -> ClusteredComparison:
    """Compare the risk of an event between two groups of tumors, with and without regard to patients.

    The odds ratio and the difference of risks come from GEE with independence as the working correlation and Mancl and
    DeRouen's sandwich. So they are those of the fourfold table that stands beside them, and hold where a sign
    differs between the tumors of one patient; another working correlation would weigh patients by it.

    Parameters
    ----------
    event, group : array, shape (n,)
        0 or 1; `group` 1 is compared with 0.
    cluster : array, shape (n,)
        Labels of patients.

    Raises
    ------
    BadColumn, NothingToCompare
        Gaps, values other than 0 and 1, one group or one value of the event only.

    References
    ----------
    .. [1] Pepe MS, Anderson GL. Commun Stat Simul Comput 1994;23:939-951 (why independence).
    """
    had, member = two_arms(event, len(np.asarray(event))), two_arms(group, len(np.asarray(event)))
    codes, labels = label_codes("cluster", cluster, len(had), ids=True)
    counts = TwoArms(int(had[member].sum()), int(member.sum()), int(had[~member].sum()), int((~member).sum()))
    ratio, difference = (_fit(had, member, codes, link, name) for link in LINKS)
    return ClusteredComparison(
        odds_ratio=None if isinstance(ratio, str) else ratio.effects(level=level, endpoint=endpoint)[0],
        odds_ratio_why=ratio if isinstance(ratio, str) else "",
        difference=None if isinstance(difference, str) else difference.effects(level=level, endpoint=endpoint)[0],
        difference_why=difference if isinstance(difference, str) else "",
        unclustered=unclustered_test(fisher(counts, level=level)),
        clusters=len(labels),
    )


def unclustered_test(exact: Effect) -> CountTest:
    """Return Fisher's test as a test that ignores clusters."""
    return CountTest(None, cast("float", exact.p_value), f"Fisher's exact test; {IGNORES_CLUSTERS}")


def ignoring_clusters(effect: Effect) -> Effect:
    """Return an effect with the words that it ignores clusters."""
    return replace(effect, method=f"{effect.method}; {IGNORES_CLUSTERS}")


def _fit(had: Bool, member: Bool, codes: Int, link: Link, name: str) -> GeeFit | str:
    """Return the model of the group under a link, or why there is none."""
    try:
        return gee(had, 1.0 * member, codes, names=[name or "group"], link=link, working="independence")
    except FitError as error:
        return str(error)
