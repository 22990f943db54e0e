"""Compiled loops of the Cox model: one backward pass over the event times with running sums, in linear memory.

Rows are sorted by stratum and time. Row i is at risk at the event times start[i], ..., stop[i] - 1 (numbered through
all strata), and dies, if it dies, at stop[i] - 1. `last[e]` marks the last event time of a stratum, `leaving` orders
the rows by falling start (empty where nobody enters late).

`terms[e]` holds what Efron's and Breslow's rules need of event time e. With W the weight of those who die, m their
number, w = W / m, f = 0, 1/m, ..., (m-1)/m (Breslow: 0 throughout) and z = S0 - f D0, summed over the m shares:
0: w/z, the hazard; 1: f w/z; 2: w/z²; 3: f w/z²; 4: f² w/z²; 5: W.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float, Int
from isotherm.study.compiled import compiled

Bool = npt.NDArray[np.bool_]

TERMS = 6
LOST = 1e-4
"""A running sum that has shrunk to this share of its peak by rows that left is summed anew: its digits are used up."""

LARGEST_EXPONENT, SMALLEST_SUM = 300.0, 1e-140
"""Beyond these, sums over risk sets or their squares leave the numbers; the step that led there is halved."""


@compiled
def relative_risks(x: Float, offset: Float, weight: Float, b: Float, risk: Float) -> bool:
    """Write weight * exp(x b + offset) into `risk`; say whether every exponent is in range.

    Equal rows get equal numbers, wherever they stand: the sum runs in the order of the columns.
    """
    for i in range(len(weight)):
        eta = offset[i]
        for a in range(len(b)):
            eta += x[i, a] * b[a]
        if not eta < LARGEST_EXPONENT:
            return False
        risk[i] = weight[i] * math.exp(eta)
    return True


@compiled
def hazard_terms(
    risk: Float,
    weight: Float,
    dies: Bool,
    stop: Int,
    start: Int,
    last: Bool,
    leaving: Int,
    efron: bool,
    terms: Float,
    anew: Bool,
) -> float:
    """Fill `terms` and `anew` (where sums start anew); return the logarithms' share of the log-likelihood."""
    loglik = 0.0
    total, peak = 0.0, 0.0
    i, out = len(risk) - 1, 0
    top = i
    for e in range(len(last) - 1, -1, -1):
        if last[e]:
            total, peak, top = 0.0, 0.0, i
            while out < len(leaving) and start[leaving[out]] > e:
                out += 1
        dying, dead_weight, deaths = 0.0, 0.0, 0
        while i >= 0 and stop[i] == e + 1:
            total += risk[i]
            if dies[i]:
                dying += risk[i]
                dead_weight += weight[i]
                deaths += 1
            i -= 1
        peak = max(peak, total)
        while out < len(leaving) and start[leaving[out]] > e:
            total -= risk[leaving[out]]
            out += 1
        anew[e] = total < LOST * peak
        if anew[e]:
            total = 0.0
            for j in range(i + 1, top + 1):
                if start[j] <= e:
                    total += risk[j]
            peak = total
        if not total > SMALLEST_SUM:
            return -math.inf
        for k in range(TERMS):
            terms[e, k] = 0.0
        terms[e, 5] = dead_weight
        if efron and deaths > 1:
            mean_weight = dead_weight / deaths
            for k in range(deaths):
                f = k / deaths
                z = total - f * dying
                loglik -= mean_weight * math.log(z)
                h = mean_weight / z
                terms[e, 0] += h
                terms[e, 1] += f * h
                terms[e, 2] += h / z
                terms[e, 3] += f * h / z
                terms[e, 4] += f * f * h / z
        else:
            loglik -= dead_weight * math.log(total)
            terms[e, 0] = dead_weight / total
            terms[e, 2] = dead_weight / (total * total)
    return loglik


@compiled
def exposures(steps: Float, stop: Int, start: Int, last: Bool) -> Float:
    """Return the sums of steps (e, k) over the event times at which each row is at risk, (n, k).

    A difference of two running sums loses digits where both are large. They run within the stratum, from its first time
    and from its last; each row takes the smaller pair, as told by the first column (hazards, never negative).
    """
    events, k = steps.shape
    forward, backward = np.zeros((events, k)), np.zeros((events, k))
    for c in range(k):
        total = 0.0
        for e in range(events):
            total += steps[e, c]
            forward[e, c] = total
            if last[e]:
                total = 0.0
        for e in range(events - 1, -1, -1):
            total = steps[e, c] if last[e] else total + steps[e, c]
            backward[e, c] = total
    out = np.zeros((len(stop), k))
    for i in range(len(stop)):
        low, high = start[i], stop[i] - 1
        is_first, is_last = low == 0 or last[low - 1], last[high]
        if is_first or forward[high, 0] <= backward[low, 0]:
            for c in range(k):
                out[i, c] = forward[high, c] if is_first else forward[high, c] - forward[low - 1, c]
        else:
            for c in range(k):
                out[i, c] = backward[low, c] if is_last else backward[low, c] - backward[high + 1, c]
    return out


@compiled
def score_and_information(
    x: Float,
    risk: Float,
    weight: Float,
    dies: Bool,
    stop: Int,
    start: Int,
    last: Bool,
    leaving: Int,
    terms: Float,
    anew: Bool,
    factor: Float,
    score: Float,
    information: Float,
) -> None:
    """Fill the score (p,) and the information (p, p), each event time counted `factor[e]` times.

    The information is the sum of risk · hazard · x x' over rows, less the sum over event times of the outer products of
    the risk sets' means: no p x p sum has to be carried along.
    """
    rows, p = x.shape
    hazards = exposures(terms[:, :1] * factor.reshape(-1, 1), stop, start, last)
    s1, d1 = np.zeros(p), np.zeros(p)
    score[:] = 0.0
    information[:, :] = 0.0
    i, out = rows - 1, 0
    top = i
    for e in range(len(last) - 1, -1, -1):
        if last[e]:
            s1[:] = 0.0
            top = i
            while out < len(leaving) and start[leaving[out]] > e:
                out += 1
        d1[:] = 0.0
        while i >= 0 and stop[i] == e + 1:
            r = risk[i]
            expected = hazards[i, 0]
            if dies[i]:
                expected -= factor[e] * terms[e, 1]
                observed = factor[e] * weight[i]
                for a in range(p):
                    d1[a] += r * x[i, a]
                    score[a] += observed * x[i, a]
            expected *= r
            for a in range(p):
                s1[a] += r * x[i, a]
                part = expected * x[i, a]
                score[a] -= part
                for c in range(a + 1):
                    information[a, c] += part * x[i, c]
            i -= 1
        while out < len(leaving) and start[leaving[out]] > e:
            j = leaving[out]
            for a in range(p):
                s1[a] -= risk[j] * x[j, a]
            out += 1
        if anew[e]:
            s1[:] = 0.0
            for j in range(i + 1, top + 1):
                if start[j] <= e:
                    for a in range(p):
                        s1[a] += risk[j] * x[j, a]
        t2, t3, t4 = factor[e] * terms[e, 2], factor[e] * terms[e, 3], factor[e] * terms[e, 4]
        for a in range(p):
            on_s, on_d = t2 * s1[a] - t3 * d1[a], t4 * d1[a] - t3 * s1[a]
            for c in range(a + 1):
                information[a, c] -= on_s * s1[c] + on_d * d1[c]
    for a in range(p):
        for c in range(a):
            information[c, a] = information[a, c]
