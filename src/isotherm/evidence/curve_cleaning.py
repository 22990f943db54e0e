"""Cleaning of digitized points: the nearest curve that falls, and that its numbers at risk allow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from isotherm.columns import Float, Int
from isotherm.evidence.printed_curve import DigitizedCurve, NumbersAtRisk

LEAST_WEIGHT_AT = 0.02
"""Below this survival the logarithm of a reading says next to nothing: it weighs no less than here."""

PINNED = 1e6
"""Weight of the start, where the curve is known to be 1."""

ROUNDS, SETTLED = 500, 1e-10
"""The two projections alternate at most so often; less often where a round moves nothing by more than this."""


@dataclass(frozen=True, slots=True, eq=False)
class CleanCurve:
    """A curve that falls and fits its table.

    Parameters
    ----------
    times_days, survival : array, shape (p,)
        The points after day 0, in order of time; survival just after each.
    at_table : array, shape (t,)
        Survival just before each time of the table that has anybody at risk.
    """

    times_days: Float
    survival: Float
    at_table: Float


def cleaned(curve: DigitizedCurve, table: NumbersAtRisk) -> CleanCurve:
    """Return the falling curve nearest to the points, given the numbers at risk.

    Of n patients, n S G are at risk: S is the share free of the event, G the share not lost from sight. Both only fall.
    So between two printed numbers at risk the curve falls no more than these do. The nearest such curve is found by
    projecting in turn onto curves that fall and onto curves that leave G falling (Dykstra's algorithm); each is an
    isotonic regression. Distances are taken on the logarithmic scale with weights S², which is the plain distance in S.

    Parameters
    ----------
    curve : DigitizedCurve
    table : NumbersAtRisk

    References
    ----------
    .. [1] Guyot P et al. BMC Med Res Methodol 2012;12:9.
    .. [2] Boyle JP, Dykstra RL. Lecture Notes in Statistics 1986;37:28-47.
    """
    order = np.argsort(curve.times_days, kind="stable")
    days, share = curve.times_days[order], curve.survival[order]
    kept = days > 0.0
    days, share = days[kept], _falling(np.clip(share[kept], 0.0, 1.0), np.ones(int(kept.sum())))
    watched = table.watched
    table_days, left = table.times_days[:watched], table.at_risk[:watched].astype(np.float64)
    before: Int = np.searchsorted(days, table_days, side="left").astype(np.int64)
    first = _just_before(days, share, table_days, before, curve.reading)
    at_table = before + np.arange(watched)
    floor = 0.25 / table.n  # a quarter of a patient: rounds to none
    start = np.log(np.maximum(np.insert(share, before, first), floor))
    weights = np.maximum(np.exp(start), LEAST_WEIGHT_AT) ** 2
    weights[0] = PINNED
    fitted = np.exp(np.minimum(_both(start, weights, at_table, np.log(left)), 0.0))
    return CleanCurve(days, np.delete(fitted, at_table), fitted[at_table])


def _just_before(days: Float, share: Float, table_days: Float, before: Int, reading: str) -> Float:
    """Return a first guess of the curve just before each time of the table: the last step, or on the line between."""
    known, values = np.concatenate([[0.0], days]), np.concatenate([[1.0], share])
    if reading == "steps":
        return values[before]
    return np.interp(table_days, known, values)


def _falling(values: Float, weights: Float) -> Float:
    return np.asarray(isotonic_regression(values, weights=weights, increasing=False).x, dtype=np.float64)


def _both(start: Float, weights: Float, at_table: Int, log_left: Float) -> Float:
    """Return the nearest logarithms of a curve that falls, and whose share not lost from sight falls too."""
    fitted, first, second = start, np.zeros_like(start), np.zeros_like(start)
    for _ in range(ROUNDS):
        falls = _falling(fitted + first, weights)
        first = fitted + first - falls
        wanted = falls + second
        allowed = wanted.copy()
        # log S - log(at risk) is minus log G but for a constant: it rises.
        allowed[at_table] = log_left - _falling(log_left - wanted[at_table], weights[at_table])
        second = wanted - allowed
        moved, fitted = float(np.abs(allowed - fitted).max()), allowed
        if moved < SETTLED:
            break
    return _falling(fitted, weights)
