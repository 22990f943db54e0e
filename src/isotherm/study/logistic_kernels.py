"""Kernel of the logistic regression: Newton's steps, by maximum likelihood or with Firth's penalty."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float
from isotherm.study.compiled import compiled
from isotherm.study.linear_kernels import factorize, invert, solve

Bool = npt.NDArray[np.bool_]

CONVERGED, OUT_OF_STEPS, SINGULAR = 0, 1, 2
"""How a fit ended. A separated fit is out of steps or singular: its coefficients run off."""

MOST_STEPS, MOST_FIRTH_STEPS = 50, 1000
"""A fit that has a maximum needs about ten; Firth's converges linearly."""

LEAST_SHARE = 1e-9
"""A step that does not raise the likelihood is halved, down to this share of itself."""

STEP = 1e-10
"""Converged: no coefficient (of a standardized column) moves by more than this, or by this share of itself."""

ALIASED = 1e-10
"""A column keeps less than this share of its variance once the columns before it are taken out: collinear."""


@compiled
def standardize(x: Float, mean: Float, scale: Float) -> Float:
    """Return the columns with mean 0 and SD 1, after a column of ones; write means and SDs (1 for a constant).

    Rows of zeros are added up to a multiple of four (see `evaluate`).
    """
    n, p = x.shape
    for j in range(p):
        mean[j] = 0.0
        scale[j] = 0.0
    for i in range(n):
        for j in range(p):
            mean[j] += x[i, j]
    for j in range(p):
        mean[j] /= n
    for i in range(n):
        for j in range(p):
            scale[j] += (x[i, j] - mean[j]) ** 2
    for j in range(p):
        scale[j] = math.sqrt(scale[j] / n)
        if not scale[j] > 1e-12 * abs(mean[j]):
            scale[j] = 1.0
    z = np.zeros(((n + 3) // 4 * 4, p + 1))
    for i in range(n):
        z[i, 0] = 1.0
        for j in range(p):
            z[i, j + 1] = (x[i, j] - mean[j]) / scale[j]
    return z


@compiled
def evaluate(z: Float, y: Float, beta: Float, eta: Float, score: Float, information: Float) -> float:
    """Return the log-likelihood at `beta`; write the linear predictors, the score and the information.

    Four rows at a time, so that each entry of the information is touched once for four rows. The logarithms of the
    likelihood are taken of products: log(a) + log(b) = log(ab), with factors between 1 and 2.
    """
    n, q = eta.shape[0], z.shape[1]
    padding = z.shape[0] - n
    part = np.zeros((4, q))
    score[:] = 0.0
    information[:, :] = 0.0
    total, product, factors = 0.0, 1.0, 0
    for start in range(0, z.shape[0], 4):
        for r in range(4):
            i = start + r
            value = 0.0
            for j in range(q):
                value += z[i, j] * beta[j]
            small = math.exp(-abs(value))
            p = 1.0 / (1.0 + small)
            weight = small * p * p
            if value < 0.0:
                p *= small
            else:
                total -= value
            product *= 1.0 + small
            rest = -p
            if i < n:
                eta[i] = value
                total += y[i] * value
                rest += y[i]
            for j in range(q):
                score[j] += rest * z[i, j]
                part[r, j] = weight * z[i, j]
        factors += 4
        if factors >= 500:
            total -= math.log(product)
            product, factors = 1.0, 0
        for j in range(q):
            a, b, c, d = part[0, j], part[1, j], part[2, j], part[3, j]
            for k in range(q):
                information[j, k] += (a * z[start, k] + b * z[start + 1, k]) + (
                    c * z[start + 2, k] + d * z[start + 3, k]
                )
    # A row of padding is 0 everywhere: it adds nothing but the logarithm of 1 + exp(0).
    return total - math.log(product) + padding * math.log(2.0)


@compiled
def add_firth(z: Float, eta: Float, inverse: Float, score: Float, curvature: Float) -> None:
    """Add the score of Firth's penalty, half the log-determinant of the information; write the curvature to step by.

    The penalized fit is the plain fit of data in which row i counts 1 + h_i times, h_i its leverage (Heinze and
    Schemper 2002): its curvature takes larger and safer steps than the information alone.
    """
    q = z.shape[1]
    curvature[:, :] = 0.0
    for i in range(eta.shape[0]):
        small = math.exp(-abs(eta[i]))
        weight = small / ((1.0 + small) * (1.0 + small))
        p = 1.0 / (1.0 + math.exp(-eta[i]))
        leverage = 0.0
        for j in range(q):
            part = 0.0
            for k in range(q):
                part += inverse[j, k] * z[i, k]
            leverage += part * z[i, j]
        leverage *= weight
        for j in range(q):
            score[j] += leverage * (0.5 - p) * z[i, j]
            part = weight * (1.0 + leverage) * z[i, j]
            for k in range(q):
                curvature[j, k] += part * z[i, k]


@compiled
def half_log_determinant(factor: Float, aliased: Bool) -> float:
    """Return half the log-determinant of factor · factor'."""
    total = 0.0
    for j in range(factor.shape[0]):
        if not aliased[j]:
            total += math.log(factor[j, j])
    return total


@compiled
def fit_logistic(
    x: Float, y: Float, firth: bool, coefficients: Float, covariance: Float, aliased: Bool, eta: Float
) -> tuple[int, int, float]:
    """Fit a logistic regression with an intercept.

    Parameters
    ----------
    x : array, shape (n, p)
    y : array of 0 and 1, shape (n,)
    firth : bool
        Penalize by Jeffreys' prior; finite whatever the data.
    coefficients : array, shape (p + 1,)
        Where to start from, zeros or a fit of similar data; the fit is written here, the intercept first. An aliased
        column has coefficient 0.
    covariance, aliased, eta : arrays, shapes (p + 1, p + 1), (p + 1,), (n,)
        Written here.

    Returns
    -------
    status, steps, log-likelihood (penalized with `firth`)
    """
    n, p = x.shape
    q = p + 1
    mean, scale = np.empty(p), np.empty(p)
    z = standardize(x, mean, scale)
    beta, trial, step, score = np.zeros(q), np.zeros(q), np.zeros(q), np.zeros(q)
    information, factor, inverse = np.zeros((q, q)), np.zeros((q, q)), np.zeros((q, q))
    trial_eta = np.zeros(n)
    for j in range(q):
        aliased[j] = False

    # A column of which nothing is left at the start is a combination of the ones before it.
    standardize_coefficients(coefficients, mean, scale, beta)
    likelihood = evaluate(z, y, beta, eta, score, information)
    if factorize(information, aliased, ALIASED, 0.0, factor) > 0:
        beta[:] = 0.0
        likelihood = evaluate(z, y, beta, eta, score, information)
        factorize(information, aliased, ALIASED, 0.0, factor)
    if firth:
        likelihood += half_log_determinant(factor, aliased)
    status, steps = OUT_OF_STEPS, 0
    while steps < (MOST_FIRTH_STEPS if firth else MOST_STEPS):
        steps += 1
        if firth:
            invert(factor, aliased, inverse)
            add_firth(z, eta, inverse, score, information)
            factorize(information, aliased, 0.0, 0.0, factor)
        solve(factor, aliased, score, step)
        largest = 0.0
        for j in range(q):
            largest = max(largest, abs(step[j]) / max(1.0, abs(beta[j])))
        share, reached, broken = 1.0, -math.inf, 0
        while broken == 0 and reached < likelihood - 1e-12 * abs(likelihood) and share > LEAST_SHARE:
            for j in range(q):
                trial[j] = beta[j] + share * step[j]
            reached = evaluate(z, y, trial, trial_eta, score, information)
            broken = factorize(information, aliased, 0.0, 0.0, factor)
            if firth:
                reached += half_log_determinant(factor, aliased)
            share *= 0.5
        if broken > 0:
            status = SINGULAR
            break
        likelihood = reached
        for j in range(q):
            beta[j] = trial[j]
        for i in range(n):
            eta[i] = trial_eta[i]
        if largest < STEP:
            status = CONVERGED
            break

    invert(factor, aliased, inverse)
    back_transform(beta, inverse, mean, scale, coefficients, covariance)
    return status, steps, likelihood


@compiled
def standardize_coefficients(coefficients: Float, mean: Float, scale: Float, beta: Float) -> None:
    """Write coefficients on the scale of standardized columns."""
    beta[0] = coefficients[0]
    for j in range(1, beta.shape[0]):
        beta[0] += coefficients[j] * mean[j - 1]
        beta[j] = coefficients[j] * scale[j - 1]


@compiled
def back_transform(
    beta: Float, inverse: Float, mean: Float, scale: Float, coefficients: Float, covariance: Float
) -> None:
    """Write coefficients and covariance on the scale of the columns as they came."""
    q = beta.shape[0]
    # coefficients = T beta, with T the identity divided by the SDs, and the means taken from the intercept.
    turn = np.zeros((q, q))
    turn[0, 0] = 1.0
    for j in range(1, q):
        turn[j, j] = 1.0 / scale[j - 1]
        turn[0, j] = -mean[j - 1] / scale[j - 1]
    half = np.zeros((q, q))
    for i in range(q):
        coefficients[i] = 0.0
        for j in range(q):
            coefficients[i] += turn[i, j] * beta[j]
            half[i, j] = 0.0
            for k in range(q):
                half[i, j] += turn[i, k] * inverse[k, j]
    for i in range(q):
        for j in range(q):
            total = 0.0
            for k in range(q):
                total += half[i, k] * turn[j, k]
            covariance[i, j] = total
