"""Log-rank test and its G-rho family: whether arms differ in the hazard of an event."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from isotherm.columns import Float, label_codes
from isotherm.errors import BadSetting, NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.risk_table import RiskTable, ratio, risk_table
from isotherm.study.survival.risk_table_kernels import logrank_sums

Correction = Literal["Holm", "Bonferroni", "none"]


@dataclass(frozen=True, slots=True, eq=False)
class LogRank:
    """A log-rank test.

    Parameters
    ----------
    arms : tuple of str
        Labels in sorted order.
    n : array, shape (k,)
        Rows (or patients that they stand for) in each arm.
    observed, expected : array, shape (k,)
        Weighted by S(t-)^rho.
    variance : array, shape (k, k)
        Of observed minus expected.
    chi_square : float
    df : int
        Arms with an expected event, minus 1.
    p_value : float
    rho : float
        0 log-rank; 1 Peto and Peto's modification of the Wilcoxon test.
    stratified : bool
    correction : str
        For pairs among several arms: how `p_value` was corrected; "none" else.
    """

    arms: tuple[str, ...]
    n: Float
    observed: Float
    expected: Float
    variance: Float
    chi_square: float
    df: int
    p_value: float
    rho: float = 0.0
    stratified: bool = False
    correction: Correction = "none"


def logrank(outcome: TimeToEvent, arm: npt.ArrayLike, *, rho: float = 0.0) -> LogRank:
    """Test whether arms differ in the hazard of the event, within the outcome's strata.

    Parameters
    ----------
    outcome : TimeToEvent
        Events 0 and 1; weights are whole numbers of patients.
    arm : array, shape (n,)
        Labels of two or more arms.
    rho : float
        Each time counts with S(t-)^rho, S the pooled Kaplan-Meier curve of the stratum.

    Returns
    -------
    LogRank

    Raises
    ------
    NothingToCompare
        One arm only, no event, or no time at which anybody of two arms was at risk.
    BadSetting
        Weights that are no whole numbers or clusters: the variance holds for independent patients; a Cox model with a
        robust variance answers the question. Or a negative or infinite rho.

    References
    ----------
    .. [1] Harrington DP, Fleming TR. Biometrika 1982;69:553-566.
    """
    if not 0.0 <= rho < np.inf:
        raise BadSetting(f"rho = {rho:g} came; a number of at least 0 is wanted (0 log-rank, 1 Peto-Peto).")
    if outcome.needs_robust:
        raise BadSetting(
            "Clusters, or weights that are no whole numbers, came; the log-rank test takes patients to be independent. "
            "Use a Cox model with a robust variance, or the matched sets as strata."
        )
    codes, labels = label_codes("arm", arm, len(outcome))
    if len(labels) < 2:
        raise NothingToCompare(f"{len(labels)} arm came; a log-rank test compares two or more.")
    table = risk_table(outcome.only_one_event(), codes)
    weight = _left_survival(table) ** rho if rho else np.ones(len(table.days))
    observed, expected, variance = logrank_sums(table.at_risk, table.events, weight)
    chi_square, df = _quadratic(observed - expected, variance, expected > 0.0)
    counts = np.bincount(codes, weights=outcome.weights, minlength=len(labels)).astype(np.float64)
    p_value = float(chi2.sf(chi_square, df))
    stratified = outcome.strata is not None
    return LogRank(labels, counts, observed, expected, variance, chi_square, df, p_value, rho, stratified)


def logrank_pairs(
    outcome: TimeToEvent, arm: npt.ArrayLike, *, rho: float = 0.0, correction: Correction = "Holm"
) -> tuple[LogRank, ...]:
    """Compare every two of several arms, with p values corrected for their number.

    Parameters
    ----------
    outcome, arm, rho
        As for `logrank`.
    correction : {"Holm", "Bonferroni", "none"}

    Returns
    -------
    tuple of LogRank
        In the order (first, second), (first, third), ..., (second, third), ...

    References
    ----------
    .. [1] Holm S. Scand J Stat 1979;6:65-70.
    """
    if correction not in ("Holm", "Bonferroni", "none"):
        raise BadSetting(f'The correction "{correction}" came; Holm, Bonferroni or none is wanted.')
    codes, labels = label_codes("arm", arm, len(outcome))
    names = np.array(labels)
    found: list[LogRank] = []
    for i, j in combinations(range(len(labels)), 2):
        rows = (codes == i) | (codes == j)
        found.append(logrank(outcome.take(rows), names[codes[rows]], rho=rho))
    if not found:
        raise NothingToCompare(f"{len(labels)} arm came; pairs need two or more.")
    corrected = _corrected(np.array([test.p_value for test in found]), correction)
    return tuple(
        replace(test, p_value=float(p), correction=correction) for test, p in zip(found, corrected, strict=True)
    )


def _left_survival(table: RiskTable) -> Float:
    """Return the pooled Kaplan-Meier curve of each stratum just before each time."""
    stays = 1.0 - ratio(table.events.sum(axis=0), table.at_risk.sum(axis=0))
    left = np.ones(len(stays))
    for rows in table.strata_slices():
        left[rows][1:] = np.cumprod(stays[rows])[:-1]
    return left


def _quadratic(difference: Float, variance: Float, used: npt.NDArray[np.bool_]) -> tuple[float, int]:
    df = int(used.sum()) - 1
    if df < 1:
        raise NothingToCompare("No event came while two arms were at risk; a log-rank test needs one.")
    keep = np.flatnonzero(used)[:-1]
    block = variance[np.ix_(keep, keep)]
    rank = int(np.linalg.matrix_rank(block, hermitian=True))
    if rank < df:
        raise NothingToCompare("At every event only one arm was at risk; the arms do not meet in time or strata.")
    return float(difference[keep] @ np.linalg.solve(block, difference[keep])), df


def _corrected(p_values: Float, correction: Correction) -> Float:
    if correction == "none":
        return p_values
    count = len(p_values)
    if correction == "Bonferroni":
        return np.minimum(count * p_values, 1.0)
    order = np.argsort(p_values, kind="stable")
    stepped = np.maximum.accumulate((count - np.arange(count)) * p_values[order])
    corrected = np.empty(count)
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected
