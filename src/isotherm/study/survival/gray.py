"""Gray's test: whether arms differ in the cumulative incidence of one cause."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from isotherm.columns import Float, label_codes
from isotherm.errors import BadSetting, NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.gray_kernels import gray_sums
from isotherm.study.survival.risk_table import risk_table


@dataclass(frozen=True, slots=True, eq=False)
class GrayTest:
    """Gray's test.

    Parameters
    ----------
    arms : tuple of str
        Labels in sorted order.
    n, events, competing : array, shape (k,)
        Rows (or patients that they stand for), events of the cause, and events of other causes in each arm.
    score : array, shape (k,)
        Weighted difference of observed and expected events; above 0: more than expected.
    chi_square : float
    df : int
    p_value : float
    cause : int
    rho : float
    stratified : bool
    """

    arms: tuple[str, ...]
    n: Float
    events: Float
    competing: Float
    score: Float
    chi_square: float
    df: int
    p_value: float
    cause: int = 1
    rho: float = 0.0
    stratified: bool = False


def gray(outcome: TimeToEvent, arm: npt.ArrayLike, *, cause: int = 1, rho: float = 0.0) -> GrayTest:
    """Test whether arms differ in the cumulative incidence of one cause, within the outcome's strata.

    It compares subdistribution hazards: unlike a log-rank test of the cause, it looks at the risk itself, to which the
    other causes add.

    Parameters
    ----------
    outcome : TimeToEvent
        0 censored; any number of causes; weights are whole numbers of patients.
    arm : array, shape (n,)
        Labels of two or more arms.
    cause : int
    rho : float
        Each time counts with (1 - F(t-))^rho, F the pooled cumulative incidence of the stratum.

    Returns
    -------
    GrayTest

    Raises
    ------
    NothingToCompare
        One arm only, no event of the cause, or arms that do not meet in time or strata.
    BadSetting
        A cause below 1; a negative or infinite rho; weights that are no whole numbers, clusters or late entries, for
        which this variance does not hold: a Fine-Gray model with clusters, or the jackknife of the curves, answers the
        question.

    References
    ----------
    .. [1] Gray RJ. Ann Stat 1988;16:1141-1154.
    """
    if not 0.0 <= rho < np.inf:
        raise BadSetting(f"rho = {rho:g} came; a number of at least 0 is wanted.")
    if outcome.needs_robust or outcome.start_days is not None:
        raise BadSetting(
            "Clusters, late entries, or weights that are no whole numbers came; Gray's test takes patients to be "
            "independent and observed from time zero. Use a Fine-Gray model with clusters."
        )
    codes, labels = label_codes("arm", arm, len(outcome))
    if len(labels) < 2:
        raise NothingToCompare(f"{len(labels)} arm came; Gray's test compares two or more.")
    own_outcome = outcome.of_cause(cause)
    any_kind, own = risk_table(outcome, codes), risk_table(own_outcome, codes)
    score, variance = np.zeros(len(labels)), np.zeros((len(labels), len(labels)))
    for part in any_kind.strata_slices():
        at_risk, events = (np.ascontiguousarray(table[:, part]) for table in (any_kind.at_risk, own.events))
        other = np.ascontiguousarray(any_kind.events[:, part]) - events
        of_score, of_variance = gray_sums(at_risk, events, other, rho)
        score, variance = score + of_score, variance + of_variance
    chi_square, df = _quadratic(score, variance)
    events = own.events.sum(axis=1)
    return GrayTest(
        arms=labels,
        n=np.bincount(codes, weights=outcome.weights, minlength=len(labels)).astype(np.float64),
        events=events,
        competing=any_kind.events.sum(axis=1) - events,
        score=score,
        chi_square=chi_square,
        df=df,
        p_value=float(chi2.sf(chi_square, df)),
        cause=cause,
        rho=rho,
        stratified=outcome.strata is not None,
    )


def _quadratic(score: Float, variance: Float) -> tuple[float, int]:
    """Return score' variance^-1 score without the last arm, and its degrees of freedom."""
    block = variance[:-1, :-1]
    df = len(score) - 1
    if not np.any(block) or int(np.linalg.matrix_rank(block, hermitian=True)) < df:
        raise NothingToCompare("No event of this cause came while all arms were at risk; Gray's test needs some.")
    return float(score[:-1] @ np.linalg.solve(block, score[:-1])), df
