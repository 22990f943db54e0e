"""Baseline hazard of a Cox model, and the survival that it predicts for given covariates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float, Int, numbers
from isotherm.errors import BadSetting
from isotherm.study.survival.cox import CoxFit
from isotherm.study.survival.cox_variance import at


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """The cumulative hazard where all covariates and the offset are 0, at the event times of each stratum.

    Parameters
    ----------
    days : array, shape (e,)
        Rising within each stratum.
    hazard : array, shape (e,)
        Cumulative, just after each time.
    stratum : array of int, shape (e,)
    coefficients : array, shape (p,)
    """

    days: Float
    hazard: Float
    stratum: Int
    coefficients: Float

    def survival_at(self, days: float, covariates: npt.ArrayLike, *, stratum: int = 0) -> Float:
        """Return the predicted chance of being free of the event just after a time, for covariates of shape (m, p)."""
        x = np.atleast_2d(numbers("covariates", covariates))
        if x.shape[1] != len(self.coefficients):
            raise BadSetting(f"{x.shape[1]} covariates came; the model has {len(self.coefficients)}.")
        passed = self.hazard[(self.stratum == stratum) & (self.days <= days)]
        hazard = float(passed[-1]) if len(passed) else 0.0
        return np.exp(-hazard * np.exp(x @ self.coefficients))


def baseline(fit: CoxFit) -> Baseline:
    """Return the baseline hazard, by the rule for ties of the fit.

    Parameters
    ----------
    fit : CoxFit
        By Efron's or Breslow's rule.

    Raises
    ------
    BadSetting
        The exact rule, or covariates so far from 0 that their hazard at 0 cannot be written as a number.

    References
    ----------
    .. [1] Breslow NE. J R Stat Soc B 1972;34:216-217.
    """
    if fit.ties == "exact":
        raise BadSetting("A baseline is defined here for Efron's and Breslow's rule; fit the model with one of them.")
    sets = fit.sets
    _, terms, _ = at(sets, fit.coefficients * sets.scale, efron=fit.ties == "efron")
    away = float(sets.center @ fit.coefficients) + sets.offset_mean
    if abs(away) > 700.0:
        raise BadSetting("Covariates of 0 lie too far from those of the patients; center the covariates first.")
    hazard = terms[:, 0].cumsum()
    first = np.concatenate([[True], sets.event_stratum[1:] != sets.event_stratum[:-1]])
    earlier = np.concatenate([[0.0], hazard])[np.flatnonzero(first)][np.cumsum(first) - 1]
    return Baseline(sets.event_days, (hazard - earlier) * np.exp(-away), sets.event_stratum, fit.coefficients)
