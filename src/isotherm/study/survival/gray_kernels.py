"""Compiled loop of Gray's test: score and variance of one stratum."""

from __future__ import annotations

import numpy as np

from isotherm.columns import Float
from isotherm.study.compiled import compiled
from isotherm.study.survival.competing_kernels import tied

ROUNDING = 1e-12
"""What is left of 1 below this is rounding: nothing is left."""


@compiled
def gray_sums(at_risk: Float, own: Float, other: Float, rho: float) -> tuple[Float, Float]:
    """Return the score, shape (groups,), and its variance, shape (groups, groups), of one stratum.

    All are sums of weights, shape (groups, times), rising in time. In each group, h is the number at risk less those
    who failed of another cause are put back, as if they could still have the event: at_risk over the chance of being
    free of any event; r is that times the chance of not having had the event.
    """
    groups, times = at_risk.shape
    score, variance = np.zeros(groups), np.zeros((groups, groups))
    free, risk, pooled = np.ones(groups), np.zeros(groups), 0.0
    a, c, e = np.zeros((groups, groups)), np.zeros((groups, groups)), np.zeros(groups)
    v2, v3 = np.zeros((groups, groups)), np.zeros(groups)
    h, r, before = np.zeros(groups), np.zeros(groups), np.zeros(groups)
    for t in range(times):
        events, others, h_sum, r_sum = 0.0, 0.0, 0.0, 0.0
        for k in range(groups):
            before[k] = free[k]
            h[k] = at_risk[k, t] / free[k] if free[k] > 0.0 else 0.0
            r[k] = h[k] * (1.0 - risk[k])
            events, others = events + own[k, t], others + other[k, t]
            h_sum, r_sum = h_sum + h[k], r_sum + r[k]
        if events + others == 0.0:
            continue
        for k in range(groups):
            if at_risk[k, t] > 0.0:
                risk[k] += before[k] * own[k, t] / at_risk[k, t]
                free[k] = before[k] * (at_risk[k, t] - own[k, t] - other[k, t]) / at_risk[k, t]
        # Where an arm has come to its end, the pooled risk can reach 1 while others are still observed.
        remaining = 1.0 - pooled
        has_rest = abs(remaining) > ROUNDING
        if events > 0.0:
            pooled += events / h_sum
            q = max(remaining, 0.0) ** rho
            for k in range(groups):
                score[k] += q * (own[k, t] - events * r[k] / r_sum)
                for m in range(groups):
                    a[k, m] = q * ((h[k] if k == m else 0.0) - h[k] * h[m] / h_sum)
                    if has_rest:
                        c[k, m] += a[k, m] * events / (h_sum * remaining)
        for k in range(groups):
            if events > 0.0 and at_risk[k, t] > 0.0:
                fall = 1.0 - (1.0 - pooled) / free[k] if free[k] > 0.0 else 1.0
                expected = h_sum * before[k]
                phi = before[k] * events / (h_sum * at_risk[k, t]) * tied(events, expected)
                for i in range(groups):
                    e[i] = a[i, k] - fall * c[i, k]
                gather(e, fall, phi, 1.0, k, variance, v2, v3)
            if other[k, t] > 0.0 and free[k] > 0.0:
                fall = (1.0 - pooled) / free[k]
                n = at_risk[k, t]
                phi = before[k] * before[k] * other[k, t] / (n * n) * tied(other[k, t], n)
                for i in range(groups):
                    e[i] = fall * c[i, k]
                gather(e, fall, phi, -1.0, k, variance, v2, v3)
    for i in range(groups):
        for j in range(groups):
            for k in range(groups):
                variance[i, j] += c[i, k] * c[j, k] * v3[k] + c[i, k] * v2[j, k] + c[j, k] * v2[i, k]
    return score, variance


@compiled
def gather(e: Float, fall: float, phi: float, sign: float, k: int, variance: Float, v2: Float, v3: Float) -> None:
    """Add what one group's events at one time bring to the variance."""
    v3[k] += fall * fall * phi
    for i in range(len(e)):
        v2[i, k] += sign * e[i] * fall * phi
        for j in range(len(e)):
            variance[i, j] += e[i] * e[j] * phi
