"""Kernel of one bootstrap replicate: propensity, matching and Cox model with cluster-robust error, without a pause."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float, Int
from isotherm.study.compiled import compiled
from isotherm.study.linear_kernels import factorize, invert
from isotherm.study.logistic_kernels import CONVERGED, fit_logistic
from isotherm.study.matching_kernels import match_again, match_once
from isotherm.study.survival import newton_kernels
from isotherm.study.survival.cox_kernels import TERMS, hazard_terms, relative_risks
from isotherm.study.survival.newton_kernels import EFRON, climb
from isotherm.study.survival.residual_kernels import risk_set_sums, score_residuals

Bool = npt.NDArray[np.bool_]

FINE, ONE_ARM, NO_PROPENSITY, NO_PAIR, NO_COX = 0, 1, 2, 3, 4
"""How a replicate ended."""

COX_CONVERGED = newton_kernels.CONVERGED

SD_OF_ALL, POOLED_SD, ABSOLUTE, NO_CALIPER = 0, 1, 2, 3
"""What the caliper is counted in."""


class Pipeline(NamedTuple):
    """What stays the same in every replicate.

    x (n, p) covariates of the propensity; treated (n,), 0 or 1; z (n, k) covariates of the Cox model, the treatment
    first; code (n,) rank of the time; dies (n,); block (n,) exact blocks; start (p + 1,) coefficients to start from;
    and the settings of the matching: whether there are blocks, whether the treated choose, on the logit, smallest
    first, in the order of rows, with replacement.
    """

    x: Float
    treated: Float
    z: Float
    code: Int
    dies: Bool
    block: Int
    start: Float
    caliper: float
    unit: int
    decimals: float
    ratio: int
    blocks: bool
    focal_treated: bool
    logit: bool
    smallest: bool
    by_row: bool
    replace: bool


@compiled
def replicate(plan: Pipeline, rows: Int) -> tuple[int, float, float, int, bool]:
    """Return status, log hazard ratio of the treatment, its robust SE, pairs, and whether Firth's penalty was used."""
    n = len(rows)
    y = plan.treated[rows]
    ones = y.sum()
    if ones == 0.0 or ones == n:
        return ONE_ARM, math.nan, math.nan, 0, False
    score, status, firth = fitted_scores(plan, plan.x[rows], y)
    if status != CONVERGED:
        return NO_PROPENSITY, math.nan, math.nan, 0, firth
    focal = y == (1.0 if plan.focal_treated else 0.0)
    weight, cluster, pairs = matched_weights(plan, score, focal, plan.block[rows])
    if pairs == 0:
        return NO_PAIR, math.nan, math.nan, 0, firth
    fine, ratio, error = hazard_ratio(plan, rows, weight, cluster)
    return (FINE if fine else NO_COX), ratio, error, pairs, firth


@compiled
def fitted_scores(plan: Pipeline, x: Float, y: Float) -> tuple[Float, int, bool]:
    """Return the propensity scores on the scale of the matching, rounded; the fit's status; whether it was Firth's."""
    n, q = x.shape[0], x.shape[1] + 1
    coefficients, covariance = plan.start.copy(), np.empty((q, q))
    aliased, eta = np.zeros(q, dtype=np.bool_), np.empty(n)
    firth = False
    status, _, _ = fit_logistic(x, y, False, coefficients, covariance, aliased, eta)
    if status != CONVERGED:
        firth = True
        coefficients[:] = 0.0
        status, _, _ = fit_logistic(x, y, True, coefficients, covariance, aliased, eta)
    for i in range(n):
        value = eta[i]
        if not plan.logit:
            small = math.exp(-abs(value))
            value = (1.0 if value >= 0.0 else small) / (1.0 + small)
        eta[i] = np.rint(value * plan.decimals) / plan.decimals
    return eta, status, firth


@compiled
def caliper_width(plan: Pipeline, score: Float, focal: Bool) -> float:
    """Return the caliper on the scale of the score."""
    if plan.unit == NO_CALIPER:
        return np.inf
    if plan.unit == ABSOLUTE:
        return plan.caliper
    total = 0.0
    parts = 1 if plan.unit == SD_OF_ALL else 2
    for part in range(parts):
        count, mean, square = 0, 0.0, 0.0
        for i in range(len(score)):
            if parts == 1 or focal[i] == (part == 0):
                count += 1
                mean += score[i]
        mean /= count
        for i in range(len(score)):
            if parts == 1 or focal[i] == (part == 0):
                square += (score[i] - mean) ** 2
        total += square / max(count - 1, 1)
    return plan.caliper * math.sqrt(total / parts)


@compiled
def matched_weights(plan: Pipeline, score: Float, focal: Bool, block: Int) -> tuple[Float, Int, int]:
    """Return weights (n,), clusters (n,), the set or with replacement the row, and the number of pairs."""
    n = len(score)
    sorting = np.argsort(score, kind="mergesort")
    if plan.blocks:
        sorting = sorting[np.argsort(block[sorting], kind="mergesort")]
    place = np.empty(n, np.int64)
    for i in range(n):
        place[sorting[i]] = i
    turns = np.flatnonzero(focal)
    if not plan.by_row:
        sign = 1.0 if plan.smallest else -1.0
        turns = turns[np.argsort(sign * score[turns], kind="mergesort")]
    width = caliper_width(plan, score, focal)
    partner, turn_places = ~focal[sorting], place[turns]
    if plan.replace:
        chosen = match_again(score[sorting], block[sorting], partner, turn_places, plan.ratio, width)
    else:
        chosen = match_once(score[sorting], block[sorting], partner, turn_places, plan.ratio, width)
    weight, cluster = np.zeros(n), np.arange(n)
    pairs, given, used = 0, 0.0, 0
    for k in range(len(turns)):
        own = 0
        while own < plan.ratio and chosen[k, own] >= 0:
            own += 1
        if own > 0:
            weight[turns[k]] = 1.0
        for turn in range(own):
            partner = sorting[chosen[k, turn]]
            used += 1 if weight[partner] == 0.0 else 0
            weight[partner] += 1.0 / own
            given += 1.0 / own
            if not plan.replace:
                cluster[partner] = turns[k]
        pairs += own
    for i in range(n):
        if not focal[i] and pairs > 0:
            weight[i] *= used / given
    return weight, cluster, pairs


@compiled
def hazard_ratio(plan: Pipeline, rows: Int, weight: Float, cluster: Int) -> tuple[bool, float, float]:
    """Return whether the Cox model of the rows with a weight has a fit, the log hazard ratio and its robust SE."""
    by_time = sorted_by_time(plan.code[rows], weight)
    member = by_time[first_event(plan, rows, by_time) :]
    m, k = len(member), plan.z.shape[1]
    if m == 0:
        return False, math.nan, math.nan
    z = plan.z[rows[member]]
    scale = np.empty(k)
    for a in range(k):
        mean, square = z[:, a].mean(), 0.0
        for i in range(m):
            z[i, a] -= mean
            square += z[i, a] ** 2
        scale[a] = math.sqrt(square / m)
        if not scale[a] > 1e-12 * abs(mean):
            return False, math.nan, math.nan
        z[:, a] /= scale[a]
    dies, own, stop, events = plan.dies[rows[member]], weight[member], np.empty(m, np.int64), 0
    i = 0
    while i < m:
        end, here = i, False
        while end < m and plan.code[rows[member[end]]] == plan.code[rows[member[i]]]:
            here = here or dies[end]
            end += 1
        events += 1 if here else 0
        stop[i:end] = events
        i = end
    start, leaving, last = np.zeros(m, np.int64), np.zeros(0, np.int64), np.zeros(events, np.bool_)
    last[events - 1] = True
    offset = np.zeros(m)
    status, b, _, _, _, information, _, _ = climb(z, offset, own, dies, stop, start, last, leaving, EFRON)
    if status != COX_CONVERGED:
        return False, math.nan, math.nan
    risk, terms, anew = np.empty(m), np.empty((events, TERMS)), np.empty(events, np.bool_)
    relative_risks(z, offset, own, b, risk)
    hazard_terms(risk, own, dies, stop, start, last, leaving, True, terms, anew)
    s1, d1 = risk_set_sums(z, risk, dies, stop, start, last, leaving, anew)
    residuals = score_residuals(z, risk, own, dies, stop, start, last, terms, s1, d1)
    factor, inverse, aliased = np.zeros((k, k)), np.zeros((k, k)), np.zeros(k, np.bool_)
    factorize(information, aliased, 0.0, 0.0, factor)
    invert(factor, aliased, inverse)
    summed = np.zeros(len(rows))
    for i in range(m):
        for a in range(k):
            summed[cluster[member[i]]] += own[i] * residuals[i, a] * inverse[a, 0]
    return True, b[0] / scale[0], math.sqrt((summed**2).sum()) / scale[0]


@compiled
def sorted_by_time(code: Int, weight: Float) -> Int:
    """Return the rows with a weight above 0, by the rank of their time: a counting sort."""
    first = np.zeros(code.max() + 2, np.int64)
    for i in range(len(code)):
        if weight[i] > 0.0:
            first[code[i] + 1] += 1
    for c in range(1, len(first)):
        first[c] += first[c - 1]
    out = np.empty(first[len(first) - 1], np.int64)
    for i in range(len(code)):
        if weight[i] > 0.0:
            out[first[code[i]]] = i
            first[code[i]] += 1
    return out


@compiled
def first_event(plan: Pipeline, rows: Int, by_time: Int) -> int:
    """Return the place of the first row that is at risk at an event: those who end before any event decide nothing."""
    for i in range(len(by_time)):
        if plan.dies[rows[by_time[i]]]:
            while i > 0 and plan.code[rows[by_time[i - 1]]] == plan.code[rows[by_time[i]]]:
                i -= 1
            return i
    return len(by_time)
