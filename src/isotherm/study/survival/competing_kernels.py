"""Compiled loops of competing risks: squared influences on a cumulative incidence, and the variance of cmprsk."""

from __future__ import annotations

import numpy as np

from isotherm.columns import Float, Int
from isotherm.study.compiled import compiled

BASIS = 3


@compiled
def squared_influences(
    basis: Float,
    at_risk: Float,
    left: Float,
    start: Int,
    stop: Int,
    entering: Int,
    leaving: Int,
    cluster: Int,
    clusters: int,
) -> Float:
    """Return the sum over clusters of the squared influence at each time.

    The influence of a row is a combination of the columns of `basis`, shape (t, 3): with the coefficients
    `at_risk[i]` after time start[i] up to stop[i], with `left[i]` from stop[i] on (its own end included). `entering`
    and `leaving` order the rows by start and stop. Sums of the products of the clusters' coefficients follow each row's
    entry and exit, so that one pass is enough.
    """
    times, rows = len(basis), len(stop)
    held, moments = np.zeros((clusters, BASIS)), np.zeros((BASIS, BASIS))
    out = np.zeros(times)
    come, go = 0, 0
    for t in range(times):
        while come < rows and start[entering[come]] < t:
            i = int(entering[come])
            change(held, moments, int(cluster[i]), at_risk[i], 1.0)
            come += 1
        while go < rows and stop[leaving[go]] == t:
            i = int(leaving[go])
            change(held, moments, int(cluster[i]), at_risk[i], -1.0)
            change(held, moments, int(cluster[i]), left[i], 1.0)
            go += 1
        total = 0.0
        for a in range(BASIS):
            for b in range(BASIS):
                total += basis[t, a] * moments[a, b] * basis[t, b]
        out[t] = max(total, 0.0)
    return out


@compiled
def change(held: Float, moments: Float, c: int, by: Float, sign: float) -> None:
    """Add to a cluster's coefficients, and keep the sums of their products."""
    for a in range(BASIS):
        for b in range(BASIS):
            moments[a, b] -= held[c, a] * held[c, b]
    for a in range(BASIS):
        held[c, a] += sign * by[a]
    for a in range(BASIS):
        for b in range(BASIS):
            moments[a, b] += held[c, a] * held[c, b]


@compiled
def tied(events: float, at_risk: float) -> float:
    """Return the factor of tied events in the variance of one time: (n - d) / (n - 1), 1 for a single event."""
    return (at_risk - events) / (at_risk - 1.0) if events > 1.0 else 1.0


@compiled
def delta_variance(at_risk: Float, own: Float, other: Float) -> Float:
    """Return the variance of a cumulative incidence after each time: it changes where the own cause has an event."""
    out = np.zeros(len(at_risk))
    free, risk, variance = 1.0, 0.0, 0.0
    square, cross, weight = 0.0, 0.0, 0.0
    for t in range(len(at_risk)):
        n = at_risk[t]
        if own[t] + other[t] > 0.0:
            before = free
            risk += before * own[t] / n
            free = before * (n - own[t] - other[t]) / n
            if other[t] > 0.0 and free > 0.0:
                phi = before * before * tied(other[t], n) * other[t] / (n * n)
                a, b = risk / free, 1.0 / free
                square, cross, weight = square + a * a * phi, cross + a * b * phi, weight + b * b * phi
            if own[t] > 0.0:
                phi = before * before * tied(own[t], n) * own[t] / (n * n)
                a, b = (1.0 + risk / free, 1.0 / free) if free > 0.0 else (1.0, 0.0)
                square, cross, weight = square + a * a * phi, cross + a * b * phi, weight + b * b * phi
                variance = max(square + risk * risk * weight - 2.0 * risk * cross, 0.0)
        out[t] = variance
    return out
