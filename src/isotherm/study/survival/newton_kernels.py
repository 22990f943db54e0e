"""Compiled loop that climbs a partial likelihood: Newton's steps, halved where they go too far, to full convergence."""

from __future__ import annotations

import math

import numpy as np

from isotherm.columns import Float, Int
from isotherm.study.compiled import compiled
from isotherm.study.linear_kernels import SINGULAR, factorize, solve
from isotherm.study.survival.cox_kernels import TERMS, Bool, hazard_terms, relative_risks, score_and_information
from isotherm.study.survival.exact_kernels import exact_sums

BRESLOW, EFRON, EXACT = 0, 1, 2
CONVERGED, COLLINEAR, NO_MAXIMUM, OUT_OF_RANGE, OUT_OF_STEPS = 0, 1, 2, 3, 4

NOTHING = 1e-13
"""Information below this share of the weight of all events is rounding: covariates have a standard deviation of 1."""

SMALL_STEP, SMALL_GAIN = 1e-7, 1e-20
"""At the maximum the next step (in SDs of the covariates) and its square in standard errors are below these."""

MOST_STEPS, MOST_HALVINGS = 60, 40

ROUNDING, ROUNDING_PER_ROW = 1e-12, 5e-16
"""A log-likelihood that falls by less than this share of itself has not fallen: its terms are summed one by one."""


@compiled
def log_likelihood(
    x: Float,
    offset: Float,
    weight: Float,
    dies: Bool,
    stop: Int,
    start: Int,
    last: Bool,
    leaving: Int,
    ties: int,
    b: Float,
    risk: Float,
    terms: Float,
    anew: Bool,
    score: Float,
    information: Float,
) -> float:
    """Return the log partial likelihood at b, -inf out of range; fill what the next Newton step needs."""
    if not relative_risks(x, offset, weight, b, risk):
        return -math.inf
    if ties == EXACT:
        return exact_sums(x, risk, dies, stop, start, last, leaving, score, information)
    loglik = hazard_terms(risk, weight, dies, stop, start, last, leaving, ties == EFRON, terms, anew)
    for i in range(len(dies)):
        if dies[i]:
            eta = offset[i]
            for a in range(len(b)):
                eta += x[i, a] * b[a]
            loglik += weight[i] * eta
    return loglik


@compiled
def climb(
    x: Float, offset: Float, weight: Float, dies: Bool, stop: Int, start: Int, last: Bool, leaving: Int, ties: int
) -> tuple[int, Float, float, float, float, Float, Float, int]:
    """Return status, b, log-likelihood at 0 and at b, score test at 0, information at b, last step, steps taken.

    Where the information is singular at 0, the last step holds 1 for the column at fault. On the way to an infinite
    maximum the steps do not shrink and the information vanishes: then the status is NO_MAXIMUM.
    """
    rows, p = x.shape
    b, step, score, information = np.zeros(p), np.zeros(p), np.zeros(p), np.zeros((p, p))
    lower, aliased, factor = np.zeros((p, p)), np.zeros(p, dtype=np.bool_), np.ones(len(last))
    risk, terms, anew = np.zeros(rows), np.zeros((len(last), TERMS)), np.zeros(len(last), dtype=np.bool_)
    loglik = log_likelihood(
        x, offset, weight, dies, stop, start, last, leaving, ties, b, risk, terms, anew, score, information
    )
    null, test, before, floor = loglik, 0.0, math.inf, 0.0
    for i in range(rows):
        if dies[i]:
            floor += NOTHING * weight[i]
    if not math.isfinite(loglik):
        return OUT_OF_RANGE, b, null, loglik, test, information, step, 0
    for taken in range(MOST_STEPS):
        if ties != EXACT:
            score_and_information(
                x, risk, weight, dies, stop, start, last, leaving, terms, anew, factor, score, information
            )
        if factorize(information, aliased, SINGULAR, floor, lower) > 0:
            if taken == 0:
                step[np.argmax(aliased)] = 1.0
                return COLLINEAR, b, null, loglik, test, information, step, taken
            return NO_MAXIMUM, b, null, loglik, test, information, step, taken
        solve(lower, aliased, score, step)
        gain, longest = 0.0, 0.0
        for a in range(p):
            gain += score[a] * step[a]
            longest = max(longest, abs(step[a]))
        if taken == 0:
            test = gain
        if longest < SMALL_STEP and (gain < SMALL_GAIN or gain > 0.25 * before):
            return CONVERGED, b, null, loglik, test, information, step, taken
        before = gain
        slack = (ROUNDING + ROUNDING_PER_ROW * rows) * abs(loglik)
        there, halved = -math.inf, -1
        while halved < MOST_HALVINGS and not there >= loglik - slack:
            halved += 1
            if halved > 0:
                step = 0.5 * step
            next_b = b + step
            there = log_likelihood(
                x, offset, weight, dies, stop, start, last, leaving, ties, next_b, risk, terms, anew, score, information
            )
        b = b + step
        loglik = there
    return OUT_OF_STEPS, b, null, loglik, test, information, step, MOST_STEPS
