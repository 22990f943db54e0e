"""Censoring by deviation: who may deviate when, how likely it was, and the weights that make up for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isotherm.columns import Float, Int
from isotherm.errors import BadSetting, NoOverlap, NotConverged
from isotherm.study.designs.courses import Bool, Courses
from isotherm.study.designs.strategy import REASONS, Deviations, Due
from isotherm.study.logistic_kernels import CONVERGED, fit_logistic

MOST_LEVELS = 12
"""A hazard of deviating over more periods than this is one number for several periods, as many deviations in each."""

SURE = 1e-8
"""A chance of staying that is smaller than this is none: nobody like these patients followed the strategy."""


@dataclass(frozen=True, slots=True, eq=False)
class Periods:
    """Times at which patients could deviate in one way.

    Parameters
    ----------
    patient : array of int, shape (k,)
    known_day : array, shape (k,)
        Covariates count as known before this day.
    day : array, shape (k,)
        From when on those who stayed stand for those who did not.
    level : array of int, shape (k,)
        Periods of one level share their baseline chance.
    stays : array of bool, shape (k,)
    reason : int
    """

    patient: Int
    known_day: Float
    day: Float
    level: Int
    stays: Bool
    reason: int


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """What the weight of a patient's clone is multiplied by, and from which day on.

    Parameters
    ----------
    patient : array of int, shape (k,)
    day, factor : array, shape (k,)
    penalized : int
        How many of the models had to be fitted with Firth's penalty, since covariates told deviations apart.
    """

    patient: Int
    day: Float
    factor: Float
    penalized: int


def censoring_factors(
    courses: Courses, asked: list[Due], left: Deviations, end_days: Float, *, period_days: float
) -> Factors:
    """Return the factors of one strategy: one over the chance of not deviating, period by period.

    The excused have no period. Before a window the chance is a discrete hazard of early treatment over
    periods of `period_days`; at its end it is the chance of having been treated among those obliged: neither excused,
    lost nor deviated before. The chances come from logistic regressions on the covariates last known before each
    period, one for each kind of deviation. `end_days` (n,) is when each patient's observation for the endpoint ends.

    Raises
    ------
    BadSetting
        Periods that are not longer than 0 days.
    NoOverlap
        Nobody stayed, or some had no chance to.
    NotConverged
        A model has no fit.
    """
    if not 0.0 < period_days < np.inf:
        raise BadSetting(f"Periods of {period_days:g} days came; a number of days above 0 is wanted, such as 7.")
    patients: list[Int] = []
    days: list[Float] = []
    factors: list[Float] = []
    penalized = 0
    for one in asked:
        for periods in (early_periods(one, left, end_days, period_days), window_ends(one, left, end_days)):
            if periods.stays.all():
                continue
            chance, firth = chances(courses, periods)
            penalized += firth
            stays = periods.stays
            patients.append(periods.patient[stays])
            days.append(periods.day[stays])
            factors.append(1.0 / chance[stays])
    if not factors:
        return Factors(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), 0)
    return Factors(np.concatenate(patients), np.concatenate(days), np.concatenate(factors), penalized)


def early_periods(one: Due, left: Deviations, end_days: Float, period_days: float) -> Periods:
    """Return the periods before a treatment is due, one row per patient and period of being at risk of it.

    Periods are [0, s), [s, 2s), ... A patient is at risk until the window opens, being excused, deviation or the end.
    """
    deviates = (left.reason == one.early_reason) & (left.day <= end_days)
    until = np.minimum(np.minimum(one.opens_days, left.excused_days), np.minimum(left.day, end_days))
    count = np.where(deviates, np.floor(until / period_days) + 1.0, np.ceil(until / period_days)).astype(np.int64)
    patient = np.repeat(np.arange(len(end_days)), count)
    period = np.arange(len(patient)) - np.repeat(np.cumsum(count) - count, count)
    stays = ~(deviates[patient] & (period == count[patient] - 1))
    level = _levels(period, stays)
    kept = level >= 0
    patient, period = patient[kept], period[kept]
    start = period.astype(np.float64) * period_days
    day = np.minimum(start + period_days, one.opens_days[patient])
    return Periods(patient, start, day, level[kept], stays[kept], one.early_reason)


def window_ends(one: Due, left: Deviations, end_days: Float) -> Periods:
    """Return the end of a window: one row per patient who was obliged to be treated by then."""
    closes = one.closes_days
    fails = (left.reason == one.late_reason) & (closes <= end_days)
    # Being excused, another deviation or the end of observation by that day leaves no obligation.
    free = np.minimum(left.excused_days, left.day)
    obliged = fails | ((closes < free) & (closes <= end_days))
    patient = np.flatnonzero(obliged)
    day = closes[patient]
    return Periods(patient, day, day, np.zeros(len(patient), np.int64), ~fails[patient], one.late_reason)


def chances(courses: Courses, periods: Periods) -> tuple[Float, bool]:
    """Return the chance of staying in each period, shape (k,), and whether the fit had to be penalized."""
    if not periods.stays.any():
        raise NoOverlap(
            f"All who could deviate did ({REASONS[periods.reason]}); widen the window, or drop the strategy."
        )
    known = courses.known_before(periods.patient, periods.known_day)
    dummies = periods.level[:, None] == np.arange(1, int(periods.level.max()) + 1)
    x = np.ascontiguousarray(np.hstack([dummies.astype(np.float64), known]))
    what = f"of deviations ({REASONS[periods.reason]})"
    eta, firth = linear_predictor(x, periods.stays.astype(np.float64), what)
    chance = 1.0 / (1.0 + np.exp(-eta))
    if (chance[periods.stays] < SURE).any():
        raise NoOverlap(
            f"Some patients had no chance to follow a strategy ({REASONS[periods.reason]}); restrict eligibility to "
            "those for whom both strategies were open."
        )
    return chance, firth


def _levels(period: Int, stays: Bool) -> Int:
    """Return the level of each row, from 0 on; -1 where nobody deviates in the period, which then needs no model."""
    deviating = np.bincount(period[~stays], minlength=int(period.max(initial=0)) + 1)
    active = np.flatnonzero(deviating)
    if len(active) <= MOST_LEVELS:
        level_of = np.full(len(deviating), -1)
        level_of[active] = np.arange(len(active))
        return level_of[period]
    before = np.cumsum(deviating) - deviating
    level_of = before * MOST_LEVELS // int(deviating.sum())
    # A level without a deviation (one period holds many) is left out of the count.
    used = np.flatnonzero(np.bincount(level_of, weights=deviating) > 0)
    return np.searchsorted(used, level_of, side="right")[period] - 1


def linear_predictor(x: Float, y: Float, what: str) -> tuple[Float, bool]:
    """Return the linear predictor of a logistic regression, by maximum likelihood, else with Firth's penalty.

    Raises
    ------
    NotConverged
        Neither has a fit; `what` says in the message what the model is of.
    """
    n, q = x.shape[0], x.shape[1] + 1
    for firth in (False, True):
        coefficients, covariance, aliased, eta = np.zeros(q), np.zeros((q, q)), np.zeros(q, np.bool_), np.zeros(n)
        status, _, _ = fit_logistic(x, y, firth, coefficients, covariance, aliased, eta)
        if status == CONVERGED:
            return eta, firth
    raise NotConverged(f"The model {what} has no fit; use fewer covariates.")
