"""Compiled loop of the infinitesimal jackknife: squared influences of clusters, updated as rows come and go."""

from __future__ import annotations

import numpy as np

from isotherm.columns import Float, Int
from isotherm.study.compiled import compiled


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
    aa, ab, bb = 0.0, 0.0, 0.0
    out = np.zeros(times)
    come, go = 0, 0
    for t in range(times):
        while come < rows and start[entering[come]] < t:
            i = entering[come]
            c = cluster[i]
            before = total[start[i]] if late else 0.0
            aa -= a[c] * a[c]
            ab -= a[c] * b[c]
            bb -= b[c] * b[c]
            a[c] += weight[i]
            b[c] -= weight[i] * before
            aa += a[c] * a[c]
            ab += a[c] * b[c]
            bb += b[c] * b[c]
            come += 1
        while go < rows and stop[leaving[go]] == t:
            i = leaving[go]
            c = cluster[i]
            before = total[start[i]] if late else 0.0
            aa -= a[c] * a[c]
            ab -= a[c] * b[c]
            bb -= b[c] * b[c]
            a[c] -= weight[i]
            b[c] += weight[i] * final[i]
            aa += a[c] * a[c]
            ab += a[c] * b[c]
            bb += b[c] * b[c]
            go += 1
        out[t] = max(aa * total[t] * total[t] + 2.0 * ab * total[t] + bb, 0.0)
    return out
