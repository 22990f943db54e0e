"""Kernels of greedy matching: outward from each unit to the nearest free partner, over sorted scores."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float, Int
from isotherm.study.compiled import compiled

Bool = npt.NDArray[np.bool_]

TIE = 1.0 - 1e-12
"""Squared distances that differ by less than this share are ties: rounding decides nothing."""


@compiled
def follow(link: Int, at: int) -> int:
    """Return where the links from `at` end, and shorten them on the way (union-find with path halving)."""
    while link[at] != at:
        link[at] = link[link[at]]
        at = link[at]
    return at


@compiled
def nearer(score: Float, block: Int, at: int, left: int, right: int, width: float) -> int:
    """Return which of two candidates is the nearer one that is allowed, the left one when they are equally near.

    Candidates are of the same block and within the width; positions -1 and n stand for none. Returns -1 without any.
    """
    left_gap, right_gap = np.inf, np.inf
    if left >= 0 and block[left] == block[at]:
        left_gap = score[at] - score[left]
    if right < score.shape[0] and block[right] == block[at]:
        right_gap = score[right] - score[at]
    if left_gap <= right_gap:
        return left if left_gap <= width and left_gap < np.inf else -1
    return right if right_gap <= width else -1


@compiled
def match_once(score: Float, block: Int, partner: Bool, order: Int, ratio: int, width: float) -> Int:
    """Match without replacement, in rounds: everyone a first partner before anyone a second.

    Parameters
    ----------
    score, block, partner : arrays, shape (n,)
        Sorted by block, score and row; `partner` marks those who can be chosen.
    order : array, shape (m,)
        Positions of those who choose, in the order in which they do.
    ratio : int
        Partners for each; who finds none in a round leaves.
    width : float
        Largest distance allowed; infinite without a caliper.

    Returns
    -------
    array, shape (m, ratio)
        Positions of the partners, -1 for none.
    """
    n, m = score.shape[0], order.shape[0]
    # One place more at either end, where the links of those without a free neighbor end.
    left, right = np.empty(n + 2, np.int64), np.empty(n + 2, np.int64)
    for i in range(n + 2):
        left[i] = right[i] = i
    for i in range(n):
        if not partner[i]:
            left[i + 1] = i
            right[i + 1] = i + 2
    chosen = np.full((m, ratio), -1)
    for turn in range(ratio):
        for k in range(m):
            if turn == 0 or chosen[k, turn - 1] >= 0:
                at = order[k]
                found = nearer(score, block, at, follow(left, at + 1) - 1, follow(right, at + 1) - 1, width)
                chosen[k, turn] = found
                if found >= 0:
                    left[found + 1] = found
                    right[found + 1] = found + 2
    return chosen


@compiled
def match_again(score: Float, block: Int, partner: Bool, order: Int, ratio: int, width: float) -> Int:
    """Match with replacement: everyone the nearest partners, whoever else has them; arguments as `match_once`."""
    n, m = score.shape[0], order.shape[0]
    before, after = np.empty(n, np.int64), np.empty(n, np.int64)
    last, following = -1, n
    for i in range(n):
        before[i] = last
        if partner[i]:
            last = i
    for back in range(n):
        i = n - 1 - back
        after[i] = following
        if partner[i]:
            following = i
    chosen = np.full((m, ratio), -1)
    for k in range(m):
        at = order[k]
        left, right = int(before[at]), int(after[at])
        for turn in range(ratio):
            found = nearer(score, block, at, left, right, width)
            if found < 0:
                break
            chosen[k, turn] = found
            if found == left:
                left = int(before[left])
            else:
                right = int(after[right])
    return chosen


@compiled
def match_vectors(
    z: Float, score: Float, block: Int, partner: Bool, order: Int, ratio: int, width: float, replace: bool
) -> Int:
    """Match on Euclidean distance, the first row when distances are equal; time grows with the square of n.

    Arguments as `match_once`, in rows as they came, with `z`, shape (n, q), the coordinates compared; `score` and
    `width` are those of the caliper.
    """
    n, m, q = z.shape[0], order.shape[0], z.shape[1]
    free = partner.copy()
    chosen = np.full((m, ratio), -1)
    for turn in range(ratio):
        for k in range(m):
            if turn > 0 and chosen[k, turn - 1] < 0:
                continue
            at = order[k]
            nearest, found = np.inf, -1
            for i in range(n):
                if not free[i] or block[i] != block[at] or abs(score[i] - score[at]) > width:
                    continue
                gap = 0.0
                for j in range(q):
                    gap += (z[i, j] - z[at, j]) ** 2
                if gap < TIE * nearest:
                    taken = False
                    for earlier in range(turn):
                        taken = taken or chosen[k, earlier] == i
                    if not taken:
                        nearest, found = gap, i
            chosen[k, turn] = found
            if found >= 0 and not replace:
                free[found] = False
    return chosen
