"""Compiled loop of the infinitesimal jackknife: squared influences of clusters, updated as rows come and go."""

from __future__ import annotations

import numpy as np

from isotherm.columns import Float, Int
from isotherm.study.compiled import compiled


@compiled
def move(a: Float, b: Float, sums: Float, c: int, by_a: float, by_b: float) -> None:
    """Change a cluster's a and b, and the sums of a², ab and b² over clusters."""
    sums[0] -= a[c] * a[c]
    sums[1] -= a[c] * b[c]
    sums[2] -= b[c] * b[c]
    a[c] += by_a
    b[c] += by_b
    sums[0] += a[c] * a[c]
    sums[1] += a[c] * b[c]
    sums[2] += b[c] * b[c]


@compiled
def sum_of_squares(
    total: Float,
    stop: Int,
    start: Int,
    entering: Int,
    leaving: Int,
    cluster: Int,
    weight: Float,
    final: Float,
    clusters: int,
    late: bool,
) -> Float:
    """Return the sum of squared influences at each time.

    A cluster's influence at a time with total A is a A + b: a the weight of its rows at risk, b what its other rows
    have brought with them. Sums of a², ab and b² over clusters follow each row's entry and exit.
    """
    times, rows = len(total), len(stop)
    a, b = np.zeros(clusters), np.zeros(clusters)
    sums = np.zeros(3)
    out = np.zeros(times)
    come, go = 0, 0
    for t in range(times):
        while come < rows and start[entering[come]] < t:
            i = int(entering[come])
            before = total[start[i]] if late else 0.0
            move(a, b, sums, int(cluster[i]), weight[i], -weight[i] * before)
            come += 1
        while go < rows and stop[leaving[go]] == t:
            i = int(leaving[go])
            move(a, b, sums, int(cluster[i]), -weight[i], weight[i] * final[i])
            go += 1
        out[t] = max(sums[0] * total[t] * total[t] + 2.0 * sums[1] * total[t] + sums[2], 0.0)
    return out
