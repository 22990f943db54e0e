"""Residuals of a Cox model: martingale, deviance, Schoenfeld, and the influence of each row on the coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isotherm.columns import Float, Int
from isotherm.errors import BadSetting
from isotherm.study.survival.cox import CoxFit
from isotherm.study.survival.cox_kernels import exposures
from isotherm.study.survival.cox_variance import at, score_rows
from isotherm.study.survival.residual_kernels import risk_set_sums


@dataclass(frozen=True, slots=True, eq=False)
class Schoenfeld:
    """Schoenfeld residuals, one row for each event, by stratum and time.

    Parameters
    ----------
    time_days : array, shape (d,)
    row : array of int, shape (d,)
        Row of the event among the rows that count.
    residuals : array, shape (d, p)
        Covariates of who died less their mean in the risk set (Efron: mean over the shares of tied deaths).
    scaled : array, shape (d, p)
        Scaled by the average information, plus the coefficients: their course shows how a coefficient moves over time.
    """

    time_days: Float
    row: Int
    residuals: Float
    scaled: Float


def martingale(fit: CoxFit) -> Float:
    """Return the martingale residuals of the rows that count, shape (n,): events seen less events expected."""
    _refuse_exact(fit)
    sets = fit.sets
    risk, terms, _ = at(sets, fit.coefficients * sets.scale, efron=fit.ties == "efron")
    hazard = exposures(terms[:, :1], sets.stop, sets.start, sets.last)[:, 0]
    expected = hazard - np.where(sets.dies, terms[sets.stop - 1, 1], 0.0)
    out = np.zeros(fit.n)
    out[sets.row] = sets.dies - risk / sets.weight * expected
    return out


def deviance(fit: CoxFit) -> Float:
    """Return the deviance residuals of the rows that count, shape (n,): martingale residuals made symmetric.

    References
    ----------
    .. [1] Therneau TM, Grambsch PM, Fleming TR. Biometrika 1990;77:147-160.
    """
    residual = martingale(fit)
    died = fit.outcome.event > 0
    inside = residual + np.where(died, np.log(np.where(died, 1.0 - residual, 1.0)), 0.0)
    return np.sign(residual) * np.sqrt(np.maximum(-2.0 * inside, 0.0))


def dfbeta(fit: CoxFit) -> Float:
    """Return the change of the coefficients that each row that counts makes, shape (n, p); rows times their weight."""
    _refuse_exact(fit)
    sets = fit.sets
    score = score_rows(sets, fit.coefficients * sets.scale, efron=fit.ties == "efron")
    out = np.zeros((fit.n, len(fit.names)))
    out[sets.row] = (score * sets.scale) @ fit.model_covariance
    return out


def schoenfeld(fit: CoxFit) -> Schoenfeld:
    """Return the Schoenfeld residuals of every event.

    References
    ----------
    .. [1] Schoenfeld D. Biometrika 1982;69:239-241.
    .. [2] Grambsch PM, Therneau TM. Biometrika 1994;81:515-526.
    """
    _refuse_exact(fit)
    sets = fit.sets
    risk, terms, anew = at(sets, fit.coefficients * sets.scale, efron=fit.ties == "efron")
    s1, d1 = risk_set_sums(sets.x, risk, sets.dies, sets.stop, sets.start, sets.last, sets.leaving, anew)
    center = (terms[:, :1] * s1 - terms[:, 1:2] * d1) / terms[:, 5:6]
    died = np.flatnonzero(sets.dies)
    event = sets.stop[died] - 1
    residuals = (sets.x[died] - center[event]) * sets.scale
    scaled = residuals @ fit.model_covariance * len(died) + fit.coefficients
    return Schoenfeld(sets.event_days[event], sets.row[died], residuals, scaled)


def _refuse_exact(fit: CoxFit) -> None:
    if fit.ties == "exact":
        raise BadSetting("Residuals are defined here for Efron's and Breslow's rule; fit the model with one of them.")
