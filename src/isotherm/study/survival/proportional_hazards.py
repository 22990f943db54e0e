"""Test of proportional hazards: the exact score test that a coefficient moves with time, as cox.zph of R since 2019."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import chi2, rankdata

from isotherm.columns import Float, Int
from isotherm.errors import BadSetting, NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.cox import CoxFit
from isotherm.study.survival.cox_kernels import score_and_information
from isotherm.study.survival.cox_variance import at
from isotherm.study.survival.kaplan_meier import kaplan_meier

Transform = Literal["km", "identity", "log", "rank"]


@dataclass(frozen=True, slots=True)
class ProportionalHazards:
    """The test of one term, or of all ("GLOBAL"); read the transform beside the p value: it can flip a verdict.

    Parameters
    ----------
    term : str
    chi_square : float
    df : int
    p_value : float
    transform : str
        The function of time with which the coefficient was let move: "km" (1 - S before the time), "identity", "log" or
        "rank".
    """

    term: str
    chi_square: float
    df: int
    p_value: float
    transform: Transform


def proportional_hazards(
    fit: CoxFit, *, transform: Transform = "km", terms: Mapping[str, Sequence[str]] | None = None
) -> tuple[ProportionalHazards, ...]:
    """Test each term and the whole model for hazards that are not proportional.

    Parameters
    ----------
    fit : CoxFit
        By Efron's or Breslow's rule.
    transform : {"km", "identity", "log", "rank"}
        "km" is R's default: the Kaplan-Meier curve of all rows, without weights and strata.
    terms : mapping of str to names, optional
        Columns that belong together, such as the levels of a factor; each column by itself where not given.

    Returns
    -------
    tuple of ProportionalHazards
        One for each term, and "GLOBAL" last.

    Raises
    ------
    BadSetting
        An unknown transform or name, a name in no or two terms, the exact rule, or "log" with an event time of 0.
    NothingToCompare
        Too few events at different times.

    References
    ----------
    .. [1] Grambsch PM, Therneau TM. Biometrika 1994;81:515-526.
    .. [2] Therneau TM. A package for survival analysis in R, version 3 (the test as an exact score test).
    """
    if fit.ties == "exact":
        raise BadSetting("The test is defined here for Efron's and Breslow's rule; fit the model with one of them.")
    groups = {name: (name,) for name in fit.names} if terms is None else {term: tuple(of) for term, of in terms.items()}
    if sorted(name for of in groups.values() for name in of) != sorted(fit.names):
        raise BadSetting(f"The terms do not hold each covariate once; {', '.join(fit.names)} are in the model.")
    score, matrix = _second_block(fit, _time_function(fit, transform))
    p = len(fit.names)
    columns = {term: np.array([fit.names.index(name) for name in of]) for term, of in groups.items()}
    columns["GLOBAL"] = np.arange(p)

    def test(term: str, of: Int) -> ProportionalHazards:
        rows = np.concatenate([np.arange(p), p + of])
        u = np.concatenate([np.zeros(p), score[of]])
        try:
            statistic = float(u @ np.linalg.solve(matrix[np.ix_(rows, rows)], u))
        except np.linalg.LinAlgError:
            raise NothingToCompare(
                f"Whether the hazards of {term} are proportional cannot be tested: too few events at different times."
            ) from None
        return ProportionalHazards(term, statistic, len(of), float(chi2.sf(statistic, len(of))), transform)

    return tuple(test(term, of) for term, of in columns.items())


def _second_block(fit: CoxFit, g: Float) -> tuple[Float, Float]:
    """Return the score of the terms g(t) x at 0, shape (p,), and the information of both blocks, (2p, 2p)."""
    sets, p = fit.sets, len(fit.names)
    risk, terms, anew = at(sets, fit.coefficients * sets.scale, efron=fit.ties == "efron")
    deaths = np.bincount(sets.stop[sets.dies] - 1, minlength=len(g))
    g = g - (g @ deaths) / deaths.sum()
    matrix, blocks, score = np.empty((2 * p, 2 * p)), np.empty((3, p, p)), np.empty(p)
    for power in (0, 2, 1):  # the score is read after the last one, the first power
        score_and_information(sets.x, risk, *sets.arrays, terms, anew, g**power, score, blocks[power])
    matrix[:p, :p], matrix[:p, p:], matrix[p:, :p], matrix[p:, p:] = blocks[0], blocks[1], blocks[1], blocks[2]
    return score, matrix


def _time_function(fit: CoxFit, transform: str) -> Float:
    """Return g at every event time, shape (e,)."""
    days, outcome = fit.sets.event_days, fit.outcome
    if transform == "identity":
        return days
    if transform == "log":
        return np.log(days)
    if transform == "rank":
        ranks = rankdata(outcome.times.code)
        of_time = np.zeros(len(outcome.times.days))
        of_time[outcome.times.code] = ranks
        return of_time[np.searchsorted(outcome.times.days, days)]
    if transform == "km":
        curve = kaplan_meier(TimeToEvent(outcome.time_days, outcome.event, outcome.start_days), robust=False)
        before = np.concatenate([[1.0], curve.survival])
        return 1.0 - before[np.searchsorted(curve.times_days, days)]
    raise BadSetting(f'The transform "{transform}" came; km, identity, log or rank is wanted.')
