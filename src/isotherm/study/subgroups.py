"""Subgroups: the effect of a treatment within each level of a factor, and the test whether it differs between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from isotherm.columns import Float, Int, label_codes, numbers, refuse, whole_numbers
from isotherm.effect import Effect
from isotherm.errors import FitError, InputError
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.cox import CoxFit, Ties, cox


@dataclass(frozen=True, slots=True)
class Level:
    """One row of a forest plot.

    Parameters
    ----------
    label : str
    n, events : int
    effect : Effect or None
        The hazard ratio within the level; None where it cannot be estimated.
    reason : str
        Why there is none.
    """

    label: str
    n: int
    events: int
    effect: Effect | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Subgroup:
    """The levels of one factor, and the test of its interaction with the treatment.

    Parameters
    ----------
    factor : str
    levels : tuple of Level
    p_interaction : float or None
        None where the model with the interaction cannot be fitted.
    df : int
    method : str
        The test of the interaction, or why there is none.
    """

    factor: str
    levels: tuple[Level, ...]
    p_interaction: float | None
    df: int
    method: str


def subgroups(
    outcome: TimeToEvent,
    treated: npt.ArrayLike,
    factors: Mapping[str, npt.ArrayLike],
    *,
    adjusted_for: npt.ArrayLike | None = None,
    ties: Ties = "efron",
    robust: bool | None = None,
    level: float = 0.95,
    endpoint: str = "",
) -> tuple[Subgroup, ...]:
    """Estimate the treatment's hazard ratio within each level of each factor, and test each interaction.

    "Works only in one subgroup" is a statement on the interaction, not on two p values within subgroups.

    Parameters
    ----------
    outcome : TimeToEvent
    treated : array of int, shape (n,)
        0 or 1.
    factors : mapping of str to array, shape (n,)
        Labels, complete; "not recorded" may be a label.
    adjusted_for : array, shape (n, q), optional
        Covariates of every model.
    ties, robust
        As for `cox`.
    level : float
    endpoint : str

    Returns
    -------
    tuple of Subgroup

    Raises
    ------
    BadColumn
        A treatment other than 0 and 1, or a missing label.

    References
    ----------
    .. [1] Altman DG, Bland JM. BMJ 2003;326:219.
    """
    arm = whole_numbers("treated", treated, len(outcome))
    refuse("treated", (arm < 0) | (arm > 1), "neither 0 nor 1", "code 1 for the treated")
    rest = np.zeros((len(outcome), 0)) if adjusted_for is None else numbers("adjusted_for", adjusted_for)
    rest = rest[:, None] if rest.ndim == 1 else rest
    found: list[Subgroup] = []
    for factor, values in factors.items():
        codes, labels = label_codes(factor, values, len(outcome))
        levels: list[Level] = []
        for k, label in enumerate(labels):
            rows = codes == k
            effect, reason = None, ""
            try:
                fit = _fit(outcome.take(rows), [arm[rows]], rest[rows], ties, robust)
                effect = fit.effects(level=level, endpoint=endpoint)[0]
            except (FitError, InputError) as error:
                reason = str(error)
            levels.append(Level(label, int(rows.sum()), int((outcome.event[rows] > 0).sum()), effect, reason))
        p_value, method = _interaction(outcome, arm, codes, len(labels), rest, ties, robust)
        found.append(Subgroup(factor, tuple(levels), p_value, len(labels) - 1, method))
    return tuple(found)


def _fit(outcome: TimeToEvent, columns: Sequence[Int | Float], rest: Float, ties: Ties, robust: bool | None) -> CoxFit:
    x = np.column_stack([*columns, rest])
    names = ["treated", *(f"column {k + 2}" for k in range(x.shape[1] - 1))]
    return cox(outcome, x, names=names, ties=ties, robust=robust)


def _interaction(
    outcome: TimeToEvent, arm: Int, codes: Int, count: int, rest: Float, ties: Ties, robust: bool | None
) -> tuple[float | None, str]:
    """Return the p value of the interaction: by likelihood ratio, by Wald where the variance is robust."""
    if count < 2:
        return None, "one level only"
    levels = [(codes == k) * 1.0 for k in range(1, count)]
    try:
        main = _fit(outcome, [arm, *levels], rest, ties, robust)
        full = _fit(outcome, [arm, *levels, *(arm * one for one in levels)], rest, ties, robust)
    except (FitError, InputError) as error:
        return None, str(error)
    if full.variance == "model-based":
        statistic = 2.0 * (full.loglik - main.loglik)
        return float(chi2.sf(max(statistic, 0.0), count - 1)), "likelihood ratio test of the interaction"
    names = full.names[count : 2 * count - 1]
    return full.wald_p_value(names)[2], f"Wald test of the interaction, {full.variance} variance"
