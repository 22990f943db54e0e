"""Confidence about a minimum: which true margins agree with the one that was observed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls
from scipy.special import ndtr

from isotherm.imaging.geometry import Float

Float32 = npt.NDArray[np.float32]

STEPS_UP_MM = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""Margins above the observed one at which the likeliest truth is computed; it is straight between them."""

ALLOWANCE = 0.7
"""By how many sd a minimum may mislead: chosen on phantoms, for coverage (docs/uncertainty.md)."""

TIE_MM = 1e-4
"""Minima closer than this are equal."""

OUT_OF_REACH_MM = 0.005
"""A truth that misses the minimum it was made for by more shows that there is no such truth."""

ROUNDS = 14
"""Halvings of the search for an end of the interval: 0.001 mm at a width of 16 mm."""

WIDEST_MM = 16.0
"""How far from the observed margin the ends are looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Minimum:
    """An observed minimum of many values that share their errors.

    Parameters
    ----------
    values_mm : array, shape (p,)
        The observed values; their minimum is what is reported.
    effects_mm : array, shape (p, k)
        What one standard deviation of each of k independent normal errors adds to each value.
    errors_mm : array of float32, shape (n, p)
        n simulated sums of these errors.
    """

    values_mm: Float
    effects_mm: Float
    errors_mm: Float32

    @property
    def observed_mm(self) -> float:
        """The observed minimum."""
        return float(self.values_mm.min())

    def least_errors(self, minimum_mm: float) -> Float:
        """Return the smallest errors, shape (k,), in sd, that lie between the observation and a given true minimum.

        Below the observed minimum it is enough to lower the value that yields most easily. Above it every value must
        be raised past the given one: a least-distance problem.
        """
        lacking = minimum_mm - self.values_mm
        if minimum_mm > self.observed_mm:
            return _least_distance(self.effects_mm, lacking)
        strength = (self.effects_mm**2).sum(axis=1)
        cost = np.divide(lacking**2, strength, out=np.full(len(lacking), np.inf), where=strength > 0)
        at = int(cost.argmin())
        return (
            lacking[at] / strength[at] * self.effects_mm[at] if strength[at] > 0 else np.zeros_like(self.effects_mm[0])
        )

    def confidence(self) -> Callable[[float], float]:
        """Return a function of t: the confidence, 0 to 1, that the true minimum is at most t.

        It is the probability of observing a minimum at least as large as the one at hand if the likeliest of the
        truths with a minimum of t were true. The t at which it is 0.05 and 0.95 are the ends of a 90 % interval.

        A minimum alone does not see everything. Errors that could explain the whole observation may be far less
        likely than its minimum suggests, and an observation that is better than errors as a rule permit suggests that
        the truth is even better. So the confidence is never below that of a normal error of the size needed, less
        `ALLOWANCE`.

        References
        ----------
        .. [1] Chuang CS, Lai TL. Hybrid resampling methods for confidence intervals. Statistica Sinica 2000;10:1-50.
        """
        observed = self.observed_mm
        rises = np.array([0.0, *STEPS_UP_MM])
        known = [np.zeros(self.effects_mm.shape[1])]  # the rest is made when needed: most searches end early

        def errors(t: float) -> Float:
            if t <= observed:
                return self.least_errors(t)
            upper = int(np.searchsorted(rises, min(t - observed, float(rises[-1]))))
            while len(known) <= upper:
                known.append(self.least_errors(observed + float(rises[len(known)])))
            share = (t - observed - rises[upper - 1]) / (rises[upper] - rises[upper - 1])
            return known[upper - 1] + share * (known[upper] - known[upper - 1])

        def confidence(t: float) -> float:
            needed = errors(t)
            truth = self.values_mm + self.effects_mm @ needed
            # Where no error of any kind leads to t, the observation rules it out.
            if t > observed and truth.min() < t - OUT_OF_REACH_MM:
                return 1.0
            if t < observed and truth.min() > t + OUT_OF_REACH_MM:
                return 0.0
            seen = (self.errors_mm + truth.astype(np.float32)).min(axis=1)
            # Half of the ties: without any error the confidence steps from 0 to 1 at the observed value.
            larger = (seen > observed + TIE_MM).mean() + 0.5 * (np.abs(seen - observed) <= TIE_MM).mean()
            size = float(np.linalg.norm(needed))
            return max(float(larger), float(ndtr((size if t > observed else -size) - ALLOWANCE)))

        return confidence


def _least_distance(effects: Float, lacking: Float) -> Float:
    """Return the smallest error vector, shape (k,), that raises every value by at least what it lacks.

    References
    ----------
    .. [1] Lawson CL, Hanson RJ. Solving Least Squares Problems, 1974, chapter 23 (least distance programming).
    """
    error = np.zeros(effects.shape[1])
    # Few values bind, but which ones is not known before: begin with those that lack most, add those left short.
    chosen = np.argsort(lacking)[-200:]
    for _ in range(8):
        matrix = np.concatenate([effects[chosen].T, lacking[None, chosen]])
        target = np.zeros(len(matrix))
        target[-1] = 1.0
        weights, _ = nnls(matrix, target, maxiter=20 * len(chosen))
        rest = matrix @ weights - target
        error = -rest[:-1] / rest[-1] if abs(rest[-1]) > 1e-12 else error
        short = lacking - effects @ error
        worst = np.setdiff1d(np.flatnonzero(short > 1e-3), chosen)
        if len(worst) == 0:
            break
        chosen = np.concatenate([chosen, worst[np.argsort(short[worst])[-100:]]])
    return error


def end_of(confidence: Callable[[float], float], wanted: float, start_mm: float) -> float:
    """Return the t at which a rising confidence function reaches a wanted value."""
    rising = confidence(start_mm) < wanted
    low, high = (start_mm, start_mm + WIDEST_MM) if rising else (start_mm - WIDEST_MM, start_mm)
    step = 1.0
    # The end is near as a rule: widen from the start instead of halving from afar.
    while step < WIDEST_MM:
        t = start_mm + step if rising else start_mm - step
        if (confidence(t) < wanted) != rising:
            low, high = (low, t) if rising else (t, high)
            break
        low, high = (t, high) if rising else (low, t)
        step *= 2.0
    for _ in range(ROUNDS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if confidence(middle) < wanted else (low, middle)
    return 0.5 * (low + high)
