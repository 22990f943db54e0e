"""Propensity: the chance of being treated given the covariates, by logistic regression, one score per row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linprog

from isotherm.columns import Float, Int, label
from isotherm.errors import BadColumn, NotConverged, NothingToCompare
from isotherm.study.arms import arm_of, of_rows
from isotherm.study.design_matrix import Bool, DesignMatrix
from isotherm.study.logistic_kernels import CONVERGED, SINGULAR, fit_logistic

Scale = Literal["logit", "probability"]
"""On which scale scores are compared: a caliper of 0.2 SD means another width, and other pairs, on each of them."""


@dataclass(frozen=True, slots=True, eq=False)
class LogisticFit:
    """A logistic regression.

    Parameters
    ----------
    site : str
        The site whose rows it was fitted to; empty if all.
    names : tuple of str, length q
        The intercept first.
    coefficients, standard_errors : array, shape (q,)
        Log odds. A column that says nothing at this site has coefficient 0.
    log_likelihood : float
        Penalized in a Firth fit.
    method : "maximum likelihood" or "Firth's penalized likelihood"
    steps : int
    n : int
        Rows of the fit.
    """

    site: str
    names: tuple[str, ...]
    coefficients: Float
    standard_errors: Float
    log_likelihood: float
    method: str
    steps: int
    n: int


@dataclass(frozen=True, slots=True, eq=False)
class Propensity:
    """The estimated chance of being treated, one score per complete row.

    Parameters
    ----------
    treated : array of bool, shape (n,)
    logit : array, shape (n,)
        The score as log odds.
    rows : array of int, shape (n,)
        Positions of the rows in the table.
    table_rows : int
        Rows of the table.
    fits : tuple of LogisticFit
        One, or one per site.
    warnings : tuple of str
        What a reader has to know about the fits, one sentence each.
    """

    treated: Bool
    logit: Float
    rows: Int
    table_rows: int
    fits: tuple[LogisticFit, ...]
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.treated.shape == self.logit.shape == self.rows.shape:
            raise ValueError("A propensity needs one arm, one score and one position per row.")
        if not np.isfinite(self.logit).all():
            raise ValueError("A propensity score is a finite number.")
        for array in (self.treated, self.logit, self.rows):
            array.flags.writeable = False

    @property
    def probability(self) -> Float:
        """The score as a probability, shape (n,)."""
        small = np.exp(-np.abs(self.logit))
        return np.where(self.logit >= 0.0, 1.0, small) / (1.0 + small)

    def score(self, scale: Scale) -> Float:
        """Return the score on a scale, shape (n,)."""
        return self.logit if scale == "logit" else self.probability


def propensity(design: DesignMatrix, treated: npt.ArrayLike, *, site: npt.ArrayLike | None = None) -> Propensity:
    """Estimate the chance of being treated by logistic regression, without a penalty and to full convergence.

    Where a covariate separates the arms, the likelihood has no maximum: Firth's penalized likelihood is used instead
    and a warning says so.

    Parameters
    ----------
    design : DesignMatrix
    treated : array, shape (rows of the table,)
        0 or 1.
    site : array, shape (rows of the table,), optional
        With it, every site but the first gets a term of its own.

    Returns
    -------
    Propensity

    Raises
    ------
    BadColumn
        An arm or a site that cannot be used, or a covariate that is a combination of the ones before it.
    NothingToCompare
        Everybody is in one arm.
    NotConverged
        No maximum was found although nothing separates the arms.

    References
    ----------
    .. [1] Rosenbaum PR, Rubin DB. Biometrika 1983;70:41-55.
    .. [2] Firth D. Biometrika 1993;80:27-38; Heinze G, Schemper M. Stat Med 2002;21:2409-2419.
    """
    arm = arm_of(design, treated)
    x, names = design.x, design.columns
    if site is not None:
        labels = _sites_of(design, site)
        own = sorted(set(labels.tolist()))[1:]
        x = np.column_stack([x, *((labels == name).astype(np.float64) for name in own)])
        names = (*names, *(f"site={name}" for name in own))
    fit, logit, aliased = _fit(np.ascontiguousarray(x), arm, names, "")
    if aliased:
        raise BadColumn(
            f"The column '{aliased[0]}' is a combination of the columns before it and cannot have an effect of its "
            "own; leave it out."
        )
    return Propensity(arm, logit, design.rows, design.table_rows, (fit,), _warnings((fit,)))


def propensity_within_sites(design: DesignMatrix, treated: npt.ArrayLike, site: npt.ArrayLike) -> Propensity:
    """Estimate the chance of being treated at each site by itself, as :func:`propensity` does for all.

    A covariate that is constant at a site, or a combination of others there, has no effect there; a warning says so.

    Raises
    ------
    BadColumn, NotConverged
        As :func:`propensity`.
    NothingToCompare
        A site has patients in one arm only.
    """
    arm, labels = arm_of(design, treated), _sites_of(design, site)
    logit = np.empty(len(arm))
    fits: list[LogisticFit] = []
    silent: list[str] = []
    sites = sorted(set(labels.tolist()))
    lone = [name for name in sites if len(set(arm[labels == name].tolist())) == 1]
    if lone:
        raise NothingToCompare(
            f"{len(lone)} of {len(sites)} sites have patients in one arm only (the first is '{lone[0]}'); exclude "
            "them by an eligibility step, or use site terms in one fit."
        )
    for name in sites:
        here = labels == name
        fit, logit[here], aliased = _fit(np.ascontiguousarray(design.x[here]), arm[here], design.columns, name)
        fits.append(fit)
        if aliased:
            silent.append(f"At site '{name}' these columns have no effect of their own: {', '.join(aliased)}.")
    return Propensity(arm, logit, design.rows, design.table_rows, tuple(fits), (*_warnings(fits), *silent))


def _sites_of(design: DesignMatrix, site: npt.ArrayLike) -> npt.NDArray[np.str_]:
    """Return the site of every complete row."""
    values = of_rows(site, design.rows, design.table_rows, "site")
    lost = int(np.asarray(pd.isna(values)).sum())
    if lost:
        raise BadColumn(f"The site is missing in {lost} of {len(values)} complete rows; fill it in.")
    return np.array([label(value) for value in values.tolist()], dtype=np.str_)


def _fit(x: Float, arm: Bool, names: tuple[str, ...], site: str) -> tuple[LogisticFit, Float, list[str]]:
    """Fit one model; return it, the logits, and the names of the columns that are aliased."""
    n, q = x.shape[0], x.shape[1] + 1
    y = arm.astype(np.float64)
    coefficients, covariance, eta = np.zeros(q), np.empty((q, q)), np.empty(n)
    aliased = np.zeros(q, dtype=np.bool_)
    method = "maximum likelihood"
    status, steps, likelihood = fit_logistic(x, y, False, coefficients, covariance, aliased, eta)
    if status != CONVERGED and separated(x, arm):
        method = "Firth's penalized likelihood"
        coefficients[:] = 0.0
        status, steps, likelihood = fit_logistic(x, y, True, coefficients, covariance, aliased, eta)
    if status != CONVERGED:
        why = "its information became singular" if status == SINGULAR else f"it still moved after {steps} steps"
        raise NotConverged(
            f"The propensity model of {n} rows and {q - 1} columns did not converge: {why}. Use fewer covariates, or "
            "rescale those with extreme values."
        )
    every = ("intercept", *names)
    errors = np.sqrt(np.diag(covariance))
    fit = LogisticFit(site, every, coefficients, errors, likelihood, method, steps, n)
    return fit, eta, [every[j] for j in np.flatnonzero(aliased)]


def separated(x: Float, arm: Bool) -> bool:
    """Say whether a combination of the columns separates the arms, wholly or up to ties, by a linear program.

    References
    ----------
    .. [1] Albert A, Anderson JA. Biometrika 1984;71:1-10. Konis K. Computational algorithms for detecting separated
       data in binary logistic regression models. University of Oxford, 2007.
    """
    spread = x.std(axis=0)
    z = np.column_stack([np.ones(len(x)), (x - x.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)])
    signed = np.where(arm[:, None], z, -z)
    found = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(x)), bounds=(-1.0, 1.0), method="highs")
    return found.fun is not None and -float(found.fun) > 1e-6


def _warnings(fits: tuple[LogisticFit, ...] | list[LogisticFit]) -> tuple[str, ...]:
    """Return a sentence for every fit that needed a penalty."""
    return tuple(
        f"Covariates separate the arms{f' at site {fit.site!r}' if fit.site else ''}, so that the likelihood has no "
        "maximum: the propensity was estimated by Firth's penalized likelihood. Look at the overlap of the arms."
        for fit in fits
        if fit.method != "maximum likelihood"
    )
