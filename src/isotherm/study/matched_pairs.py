"""From pairs to a match: weights, sets, and the reason why each of the others was left out."""

from __future__ import annotations

import numpy as np

from isotherm.columns import Float, Int
from isotherm.errors import NoOverlap
from isotherm.study.design_matrix import Bool
from isotherm.study.matched import LeftOut, Matched
from isotherm.study.matching_kernels import match_again


def sorting_of(score: Float, block: Int) -> tuple[Int, Int]:
    """Return the rows sorted by block, score and row, and the place of every row among them."""
    sorting = np.lexsort((score, block)) if block.any() else np.argsort(score, kind="stable")
    place = np.empty(len(sorting), dtype=np.int64)
    place[sorting] = np.arange(len(sorting))
    return sorting, place


def matched_pairs(
    treated: Bool, chooser: Bool, rows: Int, estimand: str, turns: Int, chosen: Int, replace: bool,
    score: Float | None, width: float | None, block: Int, words: list[str],
) -> Matched:  # fmt: skip
    """Return the match as a noun: pairs in the order of rows, weights, sets, and who was left out."""
    of, turn = np.nonzero(chosen >= 0)
    if len(of) == 0:
        raise NoOverlap(_nobody(int(chooser.sum()), estimand, width))
    pairs = np.column_stack([turns[of], chosen[of, turn]])
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    weight = pair_weights(pairs, len(treated))
    numbers = None
    if not replace:
        numbers = np.full(len(treated), -1, dtype=np.int64)
        numbers[pairs[:, 0]] = numbers[pairs[:, 1]] = np.unique(pairs[:, 0], return_inverse=True)[1]
    left_out = _left_out(chooser, treated, weight == 0.0, score, width, block)
    return Matched(treated, rows, estimand, weight, pairs, numbers, score, width, "; ".join(words), left_out)


def _nobody(n: int, estimand: str, width: float | None) -> str:
    arms = ("treated", "control") if estimand == "ATT" else ("controls", "treated unit")
    where = "in the same exact block" if width is None else f"within the caliper of {width:.4g}"
    return (
        f"None of the {n} {arms[0]} has a {arms[1]} {where}: the arms do not overlap. Look at the scores of both arms."
    )


def _left_out(
    chooser: Bool, treated: Bool, lost: Bool, score: Float | None, width: float | None, block: Int
) -> tuple[LeftOut, ...]:
    """Return who was left out, by reason."""
    near, there = _somebody_near(chooser, lost, score, width, block)
    focal = bool(treated[chooser][0])
    partner = "control" if focal else "treated unit"
    reasons = (
        (f"no {partner} in the same exact block", chooser & lost & ~there, focal),
        (f"no {partner} within the caliper", chooser & lost & there & ~near, focal),
        (f"every {partner} who was allowed was taken", chooser & lost & near, focal),
        ("not chosen", ~chooser & lost, not focal),
    )
    return tuple(LeftOut(reason, arm, np.flatnonzero(who)) for reason, who, arm in reasons if who.any())


def _somebody_near(
    chooser: Bool, lost: Bool, score: Float | None, width: float | None, block: Int
) -> tuple[Bool, Bool]:
    """Say who of the lost has any partner within the caliper, and who has any in the same block, free or not."""
    there = np.isin(block, block[~chooser])
    if score is None or width is None:
        return there, there
    wanting = np.flatnonzero(chooser & lost)
    sorting, place = sorting_of(score, block)
    found = match_again(score[sorting], block[sorting], ~chooser[sorting], place[wanting], 1, width)
    near = np.zeros_like(there)
    near[wanting] = found[:, 0] >= 0
    return near, there


def pair_weights(pairs: Int, n: int) -> Float:
    """Return weights from pairs of those who chose and whom they chose, shape (n,).

    Who chose has weight 1. Who was chosen gets, for each time, 1 over the number that the chooser has, and then the
    chosen are scaled to a mean of 1.
    """
    weight = np.zeros(n)
    own = np.bincount(pairs[:, 0], minlength=n)
    np.add.at(weight, pairs[:, 1], 1.0 / own[pairs[:, 0]])
    chosen = weight > 0.0
    weight[chosen] *= chosen.sum() / weight.sum()
    weight[own > 0] = 1.0
    return weight
