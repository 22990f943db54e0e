"""Matching: nearest neighbor on the propensity score or on the covariates, greedy, as MatchIt 4.7.2 does it."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from isotherm.columns import Float, Int
from isotherm.errors import BadColumn, BadSetting, OutOfReach
from isotherm.study.arms import arm_of, of_rows
from isotherm.study.design_matrix import Bool, DesignMatrix
from isotherm.study.matched import CALIPER_UNITS, Caliper, Matched
from isotherm.study.matched_pairs import matched_pairs, sorting_of
from isotherm.study.matching_kernels import match_again, match_once, match_vectors
from isotherm.study.propensity import Propensity, Scale

Order = Literal["largest", "smallest", "data", "random"]
"""Who chooses first: the highest score, the lowest, the first row, or chance with a stored seed."""

DECIMALS = 12
"""Scores are rounded before they are compared: those of equal covariates are then equal, whatever the order of rows."""

USUAL_CALIPER = Caliper(0.2)
"""A fifth of the standard deviation over all units, of the logit unless the scale says otherwise."""


def match_nearest(
    scores: Propensity,
    *,
    caliper: Caliper | None = USUAL_CALIPER,
    scale: Scale = "logit",
    ratio: int = 1,
    replace: bool = False,
    exact: npt.ArrayLike | None = None,
    order: Order = "largest",
    seed: int | None = None,
    estimand: Literal["ATT", "ATC"] = "ATT",
    scarce: bool = False,
) -> Matched:
    """Match on the propensity score: each treated unit takes the nearest free control within the caliper.

    Ties: those who choose with equal scores do so in the order of rows. Of two candidates that are equally near, the
    one with the smaller score is taken, and with equal scores the one met first going outward over units sorted by
    score and row. Other ties do not occur, so that permuted rows give the same sets but for units with equal scores.

    Parameters
    ----------
    scores : Propensity
    caliper : Caliper, optional
        None for no caliper.
    scale : "logit" or "probability"
        What is compared. 0.2 SD means other pairs on each.
    ratio : int
        Controls per treated unit, at most; given out in rounds, so that everyone gets a first before anyone a second.
    replace : bool
        Let a control be chosen more than once. Everyone then gets the nearest, and the order does not matter.
    exact : array, shape (rows of the table,) or (rows of the table, k), optional
        Pairs have equal values in it.
    order : "largest", "smallest", "data" or "random"
    seed : int, optional
        For a random order, and only there.
    estimand : "ATT" or "ATC"
        Whose effect is wanted: that of the treated, who choose among controls, or of the controls, who choose among
        the treated.
    scarce : bool
        Match also where more want a partner than there are: for samples that are drawn in a bootstrap, in which it
        happens by chance.

    Returns
    -------
    Matched

    Raises
    ------
    OutOfReach
        Without replacement, more units want a partner than there are; the message names what is within reach.
    NoOverlap
        No pair at all.
    BadColumn, BadSetting

    References
    ----------
    .. [1] Rosenbaum PR, Rubin DB. Am Stat 1985;39:33-38.
    .. [2] Ho DE, Imai K, King G, Stuart EA. J Stat Softw 2011;42(8).
    """
    _check(ratio, seed, order, scale, estimand)
    score = np.round(scores.score(scale), DECIMALS)
    chooser = scores.treated if estimand == "ATT" else ~scores.treated
    _reachable(chooser, estimand, replace=replace or scarce)
    width = None if caliper is None else caliper.absolute(score, scores.treated)
    block = blocks_of(exact, scores.rows, scores.table_rows)
    sorting, place = sorting_of(score, block)
    turns = _turns(score, chooser, order, seed)
    match = match_again if replace else match_once
    found = match(
        score[sorting], block[sorting], ~chooser[sorting], place[turns], ratio, np.inf if width is None else width
    )
    chosen = np.where(found >= 0, sorting[found], -1)
    words = [
        f"{ratio}:1 nearest neighbor on the {scale} of the propensity score",
        _caliper_words(caliper, width, scale),
        "with replacement" if replace else f"without replacement, order {_order_words(order, seed)}",
        *(["exact blocks"] if exact is not None else []),
    ]
    return matched_pairs(
        scores.treated, chooser, scores.rows, estimand, turns, chosen, replace, score, width, block, words
    )


def match_mahalanobis(
    design: DesignMatrix,
    treated: npt.ArrayLike,
    *,
    scores: Propensity | None = None,
    caliper: Caliper | None = None,
    scale: Scale = "logit",
    ratio: int = 1,
    replace: bool = False,
    exact: npt.ArrayLike | None = None,
    order: Literal["data", "random"] = "data",
    seed: int | None = None,
    estimand: Literal["ATT", "ATC"] = "ATT",
) -> Matched:
    """Match on the Mahalanobis distance of the covariates, categories with all their levels.

    The covariance is that within the arms, pooled. Among equal distances the first row is taken. Time grows with the
    square of the rows, memory does not.

    Parameters
    ----------
    design : DesignMatrix
    treated : array, shape (rows of the table,)
    scores, caliper, scale
        Both or none: pairs also have propensity scores within the caliper.
    ratio, replace, exact, order, seed, estimand
        As :func:`match_nearest`.

    Returns
    -------
    Matched

    Raises
    ------
    OutOfReach, NoOverlap, NothingToCompare, BadColumn, BadSetting

    References
    ----------
    .. [1] Rubin DB. Biometrics 1980;36:293-298.
    """
    _check(ratio, seed, order, scale, estimand)
    arm = arm_of(design, treated)
    if (scores is None) != (caliper is None):
        raise BadSetting("A caliper is a difference of propensity scores; give both, or neither.")
    if scores is not None and not np.array_equal(scores.rows, design.rows):
        raise BadSetting("The propensity scores are those of other rows than the covariates; make both from one table.")
    chooser = arm if estimand == "ATT" else ~arm
    _reachable(chooser, estimand, replace=replace)
    score = None if scores is None else np.round(scores.score(scale), DECIMALS)
    width = None if caliper is None or score is None else caliper.absolute(score, arm)
    block = blocks_of(exact, design.rows, design.table_rows)
    turns = _turns(np.zeros(len(arm)), chooser, order, seed)
    z = whitened(design.by_level()[1], arm)
    compared = np.zeros(len(arm)) if score is None else score
    limit = np.inf if width is None else width
    chosen = match_vectors(z, compared, block, ~chooser, turns, ratio, limit, replace)
    words = [
        f"{ratio}:1 nearest neighbor on the Mahalanobis distance (covariance within the arms, pooled)",
        _caliper_words(caliper, width, scale),
        "with replacement" if replace else f"without replacement, order {_order_words(order, seed)}",
        *(["exact blocks"] if exact is not None else []),
    ]
    return matched_pairs(arm, chooser, design.rows, estimand, turns, chosen, replace, score, width, block, words)


def whitened(x: Float, treated: Bool) -> Float:
    """Return coordinates whose Euclidean distance is the Mahalanobis distance, shape (n, rank).

    Rows with equal covariates get equal coordinates to the last bit, so that their ties are ties.
    """
    inside = np.empty_like(x)
    for arm in (treated, ~treated):
        inside[arm] = x[arm] - x[arm].mean(axis=0)
    values, vectors = np.linalg.eigh(inside.T @ inside / max(len(x) - 2, 1))
    kept = values > 1e-12 * values.max()
    if not kept.any():
        raise BadColumn("The covariates do not vary within the arms, so that no distance can be taken; use others.")
    distinct, which = np.unique(x, axis=0, return_inverse=True)
    return np.ascontiguousarray((distinct @ (vectors[:, kept] / np.sqrt(values[kept])))[which])


def _check(ratio: int, seed: int | None, order: str, scale: str, estimand: str) -> None:
    """Refuse settings that contradict each other, or that do not exist."""
    if ratio < 1:
        raise BadSetting(f"A ratio of {ratio} came; give the number of partners for each, 1 or more.")
    if order not in ("largest", "smallest", "data", "random"):
        raise BadSetting(f"The order '{order}' does not exist; use largest, smallest, data or random.")
    if scale not in ("logit", "probability"):
        raise BadSetting(f"The scale '{scale}' does not exist; use logit or probability.")
    if estimand not in ("ATT", "ATC"):
        raise BadSetting(f"Nearest neighbors give ATT or ATC, not '{estimand}'; for others use weights.")
    if (seed is None) == (order == "random"):
        raise BadSetting("A random order needs a seed, and no other order has one.")


def _reachable(chooser: Bool, estimand: str, *, replace: bool) -> None:
    """Refuse an estimand for which some would certainly be left without a partner."""
    wanting, there = int(chooser.sum()), int((~chooser).sum())
    if replace or wanting <= there:
        return
    arms = ("treated", "controls") if estimand == "ATT" else ("controls", "treated")
    other = "ATC" if estimand == "ATT" else "ATT"
    raise OutOfReach(
        f"{wanting} {arms[0]} and {there} {arms[1]} came: matching without replacement cannot give the {estimand}, "
        f"since {wanting - there} {arms[0]} would find nobody. Within reach: the {other}, the {estimand} with "
        f"replacement, or weights (ATE, ATT, ATC, overlap)."
    )


def blocks_of(exact: npt.ArrayLike | None, rows: Int, table_rows: int) -> Int:
    """Return the number of every row's block, shape (n,)."""
    if exact is None:
        return np.zeros(len(rows), dtype=np.int64)
    values = pd.DataFrame(of_rows(exact, rows, table_rows, "exact variable"))
    lost = int(values.isna().any(axis=1).sum())
    if lost:
        raise BadColumn(f"The exact variable is missing in {lost} of {len(rows)} complete rows; fill it in.")
    return np.asarray(values.groupby(list(values.columns), sort=False).ngroup(), dtype=np.int64)


def _turns(score: Float, chooser: Bool, order: Order, seed: int | None) -> Int:
    """Return the positions of those who choose, in the order in which they do."""
    at = np.flatnonzero(chooser).astype(np.int64)
    if order == "random":
        np.random.default_rng(seed).shuffle(at)
        return at
    if order == "data":
        return at
    by_score = np.argsort(score[at] if order == "smallest" else -score[at], kind="stable")
    return at[by_score]


def _caliper_words(caliper: Caliper | None, width: float | None, scale: Scale) -> str:
    if caliper is None:
        return "no caliper"
    return f"caliper {caliper.width:g} ({CALIPER_UNITS[caliper.unit]}) = {width:.6g} of the {scale}"


def _order_words(order: Order, seed: int | None) -> str:
    return order if seed is None else f"{order} (seed {seed})"
