"""Compiled loops of the Cox model's residuals: sums over each risk set, and the exact score residual of every row."""

from __future__ import annotations

import numpy as np

from isotherm.columns import Float, Int
from isotherm.study.compiled import compiled
from isotherm.study.survival.cox_kernels import Bool, exposures


@compiled
def risk_set_sums(
    x: Float, risk: Float, dies: Bool, stop: Int, start: Int, last: Bool, leaving: Int, anew: Bool
) -> tuple[Float, Float]:
    """Return the sums of risk · x over those at risk and over those who die, each (e, p), as in `cox_kernels`."""
    rows, p = x.shape
    s1, d1 = np.zeros((len(last), p)), np.zeros((len(last), p))
    i, out = rows - 1, 0
    top = i
    for e in range(len(last) - 1, -1, -1):
        if last[e]:
            top = i
            while out < len(leaving) and start[leaving[out]] > e:
                out += 1
        else:
            s1[e] = s1[e + 1]
        while i >= 0 and stop[i] == e + 1:
            for a in range(p):
                s1[e, a] += risk[i] * x[i, a]
                if dies[i]:
                    d1[e, a] += risk[i] * x[i, a]
            i -= 1
        while out < len(leaving) and start[leaving[out]] > e:
            j = leaving[out]
            for a in range(p):
                s1[e, a] -= risk[j] * x[j, a]
            out += 1
        if anew[e]:
            s1[e] = 0.0
            for j in range(i + 1, top + 1):
                if start[j] <= e:
                    for a in range(p):
                        s1[e, a] += risk[j] * x[j, a]
    return s1, d1


@compiled
def score_residuals(
    x: Float,
    risk: Float,
    weight: Float,
    dies: Bool,
    stop: Int,
    start: Int,
    last: Bool,
    terms: Float,
    s1: Float,
    d1: Float,
) -> Float:
    """Return each row's share of the score, (n, p), not yet times its weight.

    A row at risk takes part in every one of the m shares of a time of m tied deaths; one that dies then takes part in
    the k-th with 1 - k/m (Efron). The form for Breslow's rule, used for an Efron fit, is wrong from the fifth digit on.
    """
    rows, p = x.shape
    steps = np.zeros((len(terms), p + 1))
    for e in range(len(terms)):
        steps[e, 0] = terms[e, 0]
        for a in range(p):
            steps[e, a + 1] = terms[e, 2] * s1[e, a] - terms[e, 3] * d1[e, a]
    expected = exposures(steps, stop, start, last)
    out = np.zeros((rows, p))
    for i in range(rows):
        r = risk[i] / weight[i]
        for a in range(p):
            out[i, a] = -r * (x[i, a] * expected[i, 0] - expected[i, a + 1])
        if dies[i]:
            e = stop[i] - 1
            for a in range(p):
                own = terms[e, 3] * s1[e, a] - terms[e, 4] * d1[e, a]
                center = (terms[e, 0] * s1[e, a] - terms[e, 1] * d1[e, a]) / terms[e, 5]
                out[i, a] += x[i, a] - center + r * (x[i, a] * terms[e, 1] - own)
    return out
