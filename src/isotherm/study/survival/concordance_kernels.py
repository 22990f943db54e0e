"""Compiled loop of the concordance index: each event against those at risk beyond it, counted in a Fenwick tree."""

from __future__ import annotations

import numpy as np

from isotherm.columns import Float, Int
from isotherm.study.compiled import compiled
from isotherm.study.survival.cox_kernels import Bool


@compiled
def add(tree: Float, place: int, weight: float) -> None:
    """Add weight at a place, counted from 0."""
    k = place + 1
    while k < len(tree):
        tree[k] += weight
        k += k & -k


@compiled
def below(tree: Float, place: int) -> float:
    """Return the weight at places before this one."""
    total, k = 0.0, place
    while k > 0:
        total += tree[k]
        k -= k & -k
    return total


@compiled
def count_pairs(
    rank: Int, ranks: int, weight: Float, dies: Bool, stop: Int, start: Int, last: Bool, leaving: Int
) -> tuple[float, float, float]:
    """Return the weights of concordant, discordant and tied pairs; rows and event times as in `cox_kernels`.

    A pair is one who dies and one at risk then who does not: concordant where the rank of who dies is the higher.
    """
    concordant, discordant, tied = 0.0, 0.0, 0.0
    tree, total = np.zeros(ranks + 1), 0.0
    i, out = len(rank) - 1, 0
    for e in range(len(last) - 1, -1, -1):
        if last[e]:
            tree[:] = 0.0
            total = 0.0
            while out < len(leaving) and start[leaving[out]] > e:
                out += 1
        top = i
        while i >= 0 and stop[i] == e + 1:
            if not dies[i]:
                add(tree, rank[i], weight[i])
                total += weight[i]
            i -= 1
        while out < len(leaving) and start[leaving[out]] > e:
            j = leaving[out]
            add(tree, int(rank[j]), -float(weight[j]))
            total -= weight[j]
            out += 1
        for j in range(i + 1, top + 1):
            if dies[j]:
                lower, up_to = below(tree, rank[j]), below(tree, rank[j] + 1)
                concordant += weight[j] * lower
                tied += weight[j] * (up_to - lower)
                discordant += weight[j] * (total - up_to)
        for j in range(i + 1, top + 1):
            if dies[j]:
                add(tree, rank[j], weight[j])
                total += weight[j]
    return concordant, discordant, tied
