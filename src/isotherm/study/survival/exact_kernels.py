"""Compiled loop of the exact (discrete) partial likelihood: elementary symmetric sums over the risk sets.

B_k is the sum over all sets of k rows at risk of the product of their risks; with m deaths at a time, the likelihood is
the product of the risks of those who died over B_m. A row joins by B_k += r B_(k-1), with the first and second
derivatives alongside. Where rows have left (late entries), the sums are made anew: taking a row out again loses digits.
"""

from __future__ import annotations

import math

import numpy as np

from isotherm.columns import Float, Int
from isotherm.study.compiled import compiled
from isotherm.study.survival.cox_kernels import Bool


@compiled
def join(r: float, x: Float, b: Float, b1: Float, b2: Float) -> None:
    """Add one row to the symmetric sums b (m + 1,), b1 (m + 1, p), b2 (m + 1, p, p)."""
    p = len(x)
    for k in range(len(b) - 1, 0, -1):
        for a in range(p):
            for c in range(a + 1):
                grown = b2[k - 1, a, c] + x[a] * b1[k - 1, c] + x[c] * b1[k - 1, a] + x[a] * x[c] * b[k - 1]
                b2[k, a, c] += r * grown
        for a in range(p):
            b1[k, a] += r * (b1[k - 1, a] + x[a] * b[k - 1])
        b[k] += r * b[k - 1]


@compiled
def exact_sums(
    x: Float,
    risk: Float,
    dies: Bool,
    stop: Int,
    start: Int,
    last: Bool,
    leaving: Int,
    score: Float,
    information: Float,
) -> float:
    """Fill the score (p,) and the information (p, p); return the log-likelihood, -inf where a sum is out of range."""
    rows, p = x.shape
    most = 1
    deaths = np.zeros(len(last), dtype=np.int64)
    for i in range(rows):
        if dies[i]:
            deaths[stop[i] - 1] += 1
            most = max(most, deaths[stop[i] - 1])
    b, b1, b2 = np.zeros(most + 1), np.zeros((most + 1, p)), np.zeros((most + 1, p, p))
    score[:] = 0.0
    information[:, :] = 0.0
    loglik = 0.0
    i, out = rows - 1, 0
    top = i
    for e in range(len(last) - 1, -1, -1):
        empty = last[e]
        if last[e]:
            top = i
            while out < len(leaving) and start[leaving[out]] > e:
                out += 1
        first = i
        while i >= 0 and stop[i] == e + 1:
            i -= 1
        if out < len(leaving) and start[leaving[out]] > e:
            empty, first = True, top
            while out < len(leaving) and start[leaving[out]] > e:
                out += 1
        if empty:
            b[:], b1[:, :], b2[:, :, :] = 0.0, 0.0, 0.0
            b[0] = 1.0
        for j in range(first, i, -1):
            if start[j] <= e:
                join(risk[j], x[j], b, b1, b2)
            if dies[j] and stop[j] == e + 1:
                if not risk[j] > 0.0:
                    return -math.inf
                loglik += math.log(risk[j])
                for a in range(p):
                    score[a] += x[j, a]
        m = deaths[e]
        if not 0.0 < b[m] < math.inf:
            return -math.inf
        loglik -= math.log(b[m])
        for a in range(p):
            mean = b1[m, a] / b[m]
            score[a] -= mean
            for c in range(a + 1):
                information[a, c] += b2[m, a, c] / b[m] - mean * b1[m, c] / b[m]
    for a in range(p):
        for c in range(a):
            information[c, a] = information[a, c]
    return loglik
