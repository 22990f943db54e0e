"""Weighting: inverse probability of treatment, overlap and matching weights; weights that run off are refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from isotherm.columns import Float, Int
from isotherm.errors import BadSetting, NoOverlap
from isotherm.study.design_matrix import Bool
from isotherm.study.matched import LeftOut
from isotherm.study.propensity import Propensity

Target = Literal["ATE", "ATT", "ATC", "overlap", "matching"]

TARGETS: dict[Target, str] = {
    "ATE": "everybody (ATE)",
    "ATT": "the treated (ATT)",
    "ATC": "the controls (ATC)",
    "overlap": "the overlap population (ATO), those who could well have been in either arm",
    "matching": "the matching population (ATM), those whom 1:1 matching would find",
}
"""Whose effect each kind of weight gives."""

MOST_SHARE = 0.5
"""One unit that outweighs all others of its arm together (of three or more) is an estimate from one patient."""


@dataclass(frozen=True, slots=True, eq=False)
class Weighted:
    """One weight per row.

    Parameters
    ----------
    treated : array of bool, shape (n,)
    rows : array of int, shape (n,)
        Positions of the n rows in the table.
    estimand : "ATE", "ATT", "ATC", "overlap" or "matching"
    weight : array, shape (n,)
        0 for those left out.
    distance : array, shape (n,)
        The propensity score, as a probability.
    method : str
        What was done, in words.
    left_out : tuple of LeftOut
    """

    treated: Bool
    rows: Int
    estimand: Target
    weight: Float
    distance: Float
    method: str
    left_out: tuple[LeftOut, ...]

    def __post_init__(self) -> None:
        if not (np.isfinite(self.weight).all() and (self.weight >= 0.0).all()):
            raise ValueError("A weight is a finite number, and not negative.")
        for array in (self.treated, self.rows, self.weight, self.distance):
            array.flags.writeable = False

    @property
    def target(self) -> str:
        """Whose effect this is, in words."""
        kept, n = int((self.weight > 0.0).sum()), len(self.weight)
        return TARGETS[self.estimand] if kept == n else f"{TARGETS[self.estimand]}, among {kept} of {n} units"

    @property
    def cluster(self) -> Int:
        """What counts as independent in the outcome's analysis: the unit, shape (n,)."""
        return self.rows

    def largest_share(self, *, treated: bool) -> float:
        """Return the share of an arm's weight that its heaviest unit carries."""
        mine = self.weight[self.treated == treated]
        return float(mine.max() / mine.sum())


def effective_sample_size(weight: Float) -> float:
    """Return (sum w)² / sum w²: how many units of equal weight would say as much; 0 without any weight."""
    squares = float((weight**2).sum())
    return float(weight.sum()) ** 2 / squares if squares > 0.0 else 0.0


def weighted(
    scores: Propensity,
    estimand: Target = "ATE",
    *,
    stabilized: bool = False,
    trim: tuple[float, float] | None = None,
    truncate: tuple[float, float] | None = None,
) -> Weighted:
    """Weight every unit by its propensity score e.

    Treated and controls get 1/e and 1/(1 - e) for the ATE; 1 and e/(1 - e) for the ATT; (1 - e)/e and 1 for the ATC;
    1 - e and e for overlap weights; min(e, 1 - e)/e and min(e, 1 - e)/(1 - e) for matching weights.

    Parameters
    ----------
    scores : Propensity
    estimand : "ATE", "ATT", "ATC", "overlap" or "matching"
    stabilized : bool
        ATE only: times the share of the unit's arm.
    trim : (low, high), optional
        Leave out units with a propensity below `low` or above `high`; the propensity is not fitted again.
    truncate : (low, high), optional
        Cut weights at these quantiles of the weights, such as (0.01, 0.99), whichever arm.

    Returns
    -------
    Weighted

    Raises
    ------
    NoOverlap
        Weights are infinite, one unit outweighs the rest of its arm, or trimming emptied an arm.
    BadSetting

    References
    ----------
    .. [1] Robins JM, Hernán MA, Brumback B. Epidemiology 2000;11:550-560.
    .. [2] Crump RK et al. Biometrika 2009;96:187-199 (trimming).
    .. [3] Li F, Morgan KL, Zaslavsky AM. J Am Stat Assoc 2018;113:390-400 (overlap).
    .. [4] Li L, Greene T. Int J Biostat 2013;9:215-234 (matching weights).
    """
    if estimand not in TARGETS:
        raise BadSetting(f"Weights for '{estimand}' do not exist; use {', '.join(TARGETS)}.")
    if stabilized and estimand != "ATE":
        raise BadSetting(f"Weights for {estimand} are not stabilized, only those for the ATE; leave the option out.")
    for name, limits in (("trim", trim), ("truncate", truncate)):
        if limits is not None and not 0.0 <= limits[0] < limits[1] <= 1.0:
            raise BadSetting(f"The limits of '{name}' must rise within 0 and 1; for example (0.01, 0.99).")
    arm, probability = scores.treated, scores.probability
    weight = _raw(scores, estimand)
    words = [f"{'stabilized ' if stabilized else ''}weights for {TARGETS[estimand]}"]
    left_out: tuple[LeftOut, ...] = ()
    kept = np.ones(len(arm), dtype=np.bool_)
    if trim is not None:
        kept = (probability >= trim[0]) & (probability <= trim[1])
        words.append(f"trimmed to propensities from {trim[0]:g} to {trim[1]:g}, propensity not fitted again")
        reason = f"propensity below {trim[0]:g} or above {trim[1]:g}"
        left_out = tuple(
            LeftOut(reason, which, np.flatnonzero(who))
            for which in (True, False)
            if (who := ~kept & (arm == which)).any()
        )
        weight[~kept] = 0.0
    if not (kept & arm).any() or not (kept & ~arm).any():
        raise NoOverlap("Trimming leaves nobody in one of the arms: they do not overlap; choose wider limits.")
    _refuse_infinite(weight)
    if stabilized:
        share = float((kept & arm).sum() / kept.sum())
        weight = weight * np.where(arm, share, 1.0 - share)
    if truncate is not None:
        low, high = np.quantile(weight[kept], truncate)
        weight[kept] = np.clip(weight[kept], low, high)
        words.append(f"truncated at the quantiles {truncate[0]:g} and {truncate[1]:g} ({low:.4g} and {high:.4g})")
    _refuse_extreme(weight, arm)
    return Weighted(arm, scores.rows, estimand, weight, probability, "; ".join(words), left_out)


def _raw(scores: Propensity, estimand: Target) -> Float:
    """Return the weights, from the logit so that no digit is lost near 0 and 1."""
    # The odds of being in the other arm: (1 - e)/e of a treated unit, e/(1 - e) of a control.
    with np.errstate(over="ignore"):
        odds = np.exp(np.where(scores.treated, -scores.logit, scores.logit))
        if estimand == "ATE":
            return 1.0 + odds
        if estimand == "overlap":
            return 1.0 / (1.0 + 1.0 / odds)
        if estimand == "matching":
            return np.minimum(1.0, odds)
    return np.where(scores.treated == (estimand == "ATT"), 1.0, odds)


def _refuse_infinite(weight: Float) -> None:
    lost = int((~np.isfinite(weight)).sum())
    if lost:
        raise NoOverlap(
            f"{lost} of {len(weight)} weights are infinite: propensities of 0 or 1, where the arms do not overlap. "
            "Trim, use overlap weights, or fewer covariates."
        )


def _refuse_extreme(weight: Float, arm: Bool) -> None:
    for which in (True, False):
        mine = weight[(arm == which) & (weight > 0.0)]
        if len(mine) > 2 and mine.max() > MOST_SHARE * mine.sum():
            raise NoOverlap(
                f"One of {len(mine)} {'treated' if which else 'controls'} carries {mine.max() / mine.sum():.0%} of "
                "the weight of the arm: the estimate would be that of one patient. Trim, truncate, or use overlap "
                "weights."
            )
