"""Generalized estimating equations (GEE): tumors inside patients, with a sandwich variance for few of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, t

from isotherm.columns import Float, Int, column, label_codes, refuse
from isotherm.confidence import checked_level, exponential
from isotherm.effect import Effect
from isotherm.errors import BadColumn, BadSetting, NotConverged, NothingToCompare
from isotherm.study.collinear import CONSTANT, collinear
from isotherm.study.covariates import covariate_matrix
from isotherm.study.gee_sandwich import CORRECTIONS, Correction, Pieces, sandwich

Link = Literal["logit", "log", "identity"]
Working = Literal["exchangeable", "independence"]

LARGEST_PREDICTOR = 30.0
"""A linear predictor beyond this means a chance of 0 or 1 to all digits: the coefficients run off (separation)."""

SMALL_STEP, SETTLED, MOST_STEPS = 1e-11, 1e-4, 200
"""Converged (settled): no coefficient of a standardized column moves by more than this share of itself."""

WITHIN = 0.99
"""Share of its possible range that the correlation is kept in: at the ends its inverse does not exist."""

_MEASURES = {"logit": "odds ratio", "log": "risk ratio", "identity": "risk difference"}
_WORKING_VARIANCE = {"logit": "binomial", "log": "Poisson", "identity": "constant"}


@dataclass(frozen=True, slots=True, eq=False)
class GeeFit:
    """A fitted GEE.

    Parameters
    ----------
    names : tuple of str
        The intercept first.
    coefficients : array, shape (q,)
    covariance : array, shape (q, q)
        The sandwich, corrected as `correction` says.
    correlation : float
        Of two rows of a cluster, as estimated; 0 under independence.
    scale : float
        Mean squared Pearson residual.
    link, working, correction : str
    is_number : bool
        Whether the outcome is a number rather than 0 or 1.
    n, events, clusters : int
        `events` is the number of rows with 1; 0 for numbers.
    """

    names: tuple[str, ...]
    coefficients: Float
    covariance: Float
    correlation: float
    scale: float
    link: Link
    working: Working
    correction: Correction
    is_number: bool
    n: int
    events: int
    clusters: int

    @property
    def df(self) -> int | None:
        """Degrees of freedom of the t tests, clusters less coefficients; None: normal, for the plain sandwich."""
        return None if self.correction == "none" else self.clusters - len(self.names)

    @property
    def std_errors(self) -> Float:
        """Standard errors, shape (q,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def p_values(self) -> Float:
        """Two-sided p values (Wald), shape (q,)."""
        statistic = np.abs(self.coefficients) / self.std_errors
        return 2.0 * (norm.sf(statistic) if self.df is None else t.sf(statistic, self.df))

    @property
    def method(self) -> str:
        """What was done, in words."""
        fix = "plain sandwich" if self.correction == "none" else f"sandwich corrected by {self.correction}"
        test = "z test" if self.df is None else f"t test with {self.df} df"
        return (
            f"GEE, {self.link} link, {_WORKING_VARIANCE[self.link]} working variance, {self.working} correlation "
            f"within {self.clusters} clusters, {fix}, {test}"
        )

    def effects(self, *, level: float = 0.95, endpoint: str = "", per: str = "tumor") -> tuple[Effect, ...]:
        """Return the effect of each covariate, per unit: odds or risk ratios, differences of risks or of means."""
        tail = (1.0 - checked_level(level)) / 2.0
        reach = float(norm.isf(tail) if self.df is None else t.isf(tail, self.df)) * self.std_errors
        scale = float if self.link == "identity" else exponential
        rows = zip(self.names, self.coefficients, reach, self.p_values, strict=True)
        return tuple(
            Effect(
                measure="mean difference" if self.is_number else _MEASURES[self.link],
                estimate=scale(b),
                low=scale(b - far),
                high=scale(b + far),
                level=level,
                p_value=float(p),
                name=name,
                endpoint=endpoint,
                per=per,
                n=self.n,
                events=None if self.is_number else self.events,
                method=self.method,
            )
            for name, b, far, p in list(rows)[1:]
        )


def gee(
    outcome: npt.ArrayLike,
    covariates: npt.ArrayLike,
    cluster: npt.ArrayLike,
    *,
    names: Sequence[str] | None = None,
    link: Link = "logit",
    working: Working = "exchangeable",
    correction: Correction = "Mancl-DeRouen",
) -> GeeFit:
    """Fit a model of the mean with an intercept, for rows that belong together in clusters.

    The working variance is binomial for the logit, Poisson for the log and constant for the identity link; the last two
    give risk ratios and risk differences without the trouble of keeping risks within 0 and 1. The sandwich holds
    whatever the true variance and correlation are, if there are enough clusters; below about 50 it is too small and
    wants a correction.

    Parameters
    ----------
    outcome : array, shape (n,)
        0 and 1; other numbers with the identity link only.
    covariates : array, shape (n, p) or (n,)
    cluster : array, shape (n,)
        Labels, such as patients.
    names : sequence of str, optional
    link : {"logit", "log", "identity"}
    working : {"exchangeable", "independence"}
    correction : {"Mancl-DeRouen", "Kauermann-Carroll", "Morel", "none"}
        Of the sandwich; tests and intervals then take t with clusters less coefficients degrees of freedom.

    Returns
    -------
    GeeFit

    Raises
    ------
    BadColumn
        Gaps, text, an outcome that does not fit the link, or a covariate that follows from the others.
    BadSetting
        An unknown link, correlation or correction.
    NothingToCompare
        One value of the outcome only, not more clusters than coefficients, or a cluster that alone decides one.
    NotConverged
        Coefficients that run off (separation), or a correlation that no cluster can have.

    References
    ----------
    .. [1] Liang KY, Zeger SL. Biometrika 1986;73:13-22.
    .. [2] Zou G. Am J Epidemiol 2004;159:702-706 (risk ratios). Cheung YB. Am J Epidemiol 2007;166:1337-1344 (risk
       differences).
    """
    for name, value, known in (
        ("link", link, _MEASURES), ("correlation", working, ("exchangeable", "independence")),
        ("correction", correction, CORRECTIONS),
    ):  # fmt: skip
        if value not in known:
            raise BadSetting(f'The {name} "{value}" came; one of {", ".join(known)} is wanted.')
    y = column("outcome", outcome)
    is_number = bool(((y != 0.0) & (y != 1.0)).any())
    if link != "identity":
        refuse("outcome", (y != 0.0) & (y != 1.0), "neither 0 nor 1", "use the identity link for numbers")
    if not len(y) or bool((y == y[0]).all()):
        raise NothingToCompare(f"One value of the outcome came in {len(y)} rows; there is nothing to compare.")
    x, labels = covariate_matrix(covariates, names, len(y))
    codes, patients = label_codes("cluster", cluster, len(y), ids=True)
    if len(patients) <= x.shape[1] + 1:
        raise NothingToCompare(
            f"{len(patients)} clusters came for an intercept and the coefficients of {', '.join(labels)}; give more "
            "clusters than coefficients."
        )
    z, turn = _standardized(x, labels)
    b, correlation, scale, pieces = _solve(z, y, codes, link, working)
    covariance = turn @ sandwich(pieces, correction) @ turn.T
    return GeeFit(
        names=("intercept", *labels),
        coefficients=turn @ b,
        covariance=covariance,
        correlation=correlation,
        scale=scale,
        link=link,
        working=working,
        correction=correction,
        is_number=is_number,
        n=len(y),
        events=0 if is_number else int(y.sum()),
        clusters=len(patients),
    )


def _standardized(x: Float, names: tuple[str, ...]) -> tuple[Float, Float]:
    """Return a column of ones and the standardized covariates, and what turns their coefficients back."""
    center, spread = x.mean(axis=0), x.std(axis=0)
    flat = ~(spread > CONSTANT * np.abs(center))
    if flat.any():
        raise BadColumn(f"{names[int(np.argmax(flat))]} is the same in all {len(x)} rows; leave it out.")
    follows = collinear(x)
    if follows.any():
        raise BadColumn(f"{names[int(np.argmax(follows))]} follows from the covariates before it; leave one of them "
                        "out.")  # fmt: skip
    z = np.column_stack([np.ones(len(x)), (x - center) / spread])
    turn = np.diag(np.concatenate([[1.0], 1.0 / spread]))
    turn[0, 1:] = -center / spread
    return z, turn


def _solve(z: Float, y: Float, codes: Int, link: Link, working: Working) -> tuple[Float, float, float, Pieces]:
    """Return coefficients, correlation, scale, and what the sandwich is made of, at the root of the equations."""
    b = np.zeros(len(z.T))
    b[0] = y.mean() if link == "identity" else np.log(y.mean() / (1.0 - y.mean() if link == "logit" else 1.0))
    correlation, settled, out_of_range = 0.0, working == "independence", False
    for _ in range(MOST_STEPS):
        rows, residual = _pearson(z, y, b, link)
        scale = float((residual**2).mean())
        before = correlation
        if settled and working == "exchangeable":
            correlation, out_of_range = _correlation(residual, codes, scale)
        pieces = Pieces.of(rows, residual, codes, correlation)
        step = np.linalg.solve(pieces.total_information, pieces.total_score).astype(np.float64)
        moved = float(np.max(np.abs(step) / np.maximum(1.0, np.abs(b))))
        if settled and moved < SMALL_STEP and abs(correlation - before) < SMALL_STEP:
            if out_of_range:
                raise NotConverged(
                    f"The correlation within clusters came out at {correlation:.3g}, the bound of what the largest "
                    "cluster can have; use independence."
                )
            return b, correlation, scale, pieces
        # The correlation is first taken where the residuals are those of a fit.
        settled = settled or moved < SETTLED
        b = b + step
    raise NotConverged(f"The equations were not solved in {MOST_STEPS} steps; use fewer covariates or independence.")


def _pearson(z: Float, y: Float, b: Float, link: Link) -> tuple[Float, Float]:
    """Return derivatives of the mean, shape (n, q), and residuals, shape (n,), both over the working deviation."""
    eta = z @ b
    if link == "identity":
        return z, y - eta
    if not float(np.max(np.abs(eta))) < LARGEST_PREDICTOR:
        raise NotConverged(
            "The coefficients run off: a group without an event, or with nothing else (separation); use the identity "
            "link, or leave the covariate out."
        )
    if link == "log":
        mean = np.exp(eta)
        return z * np.sqrt(mean)[:, None], (y - mean) / np.sqrt(mean)
    mean = 1.0 / (1.0 + np.exp(-eta))
    deviation = np.sqrt(mean * (1.0 - mean))
    return z * deviation[:, None], (y - mean) / deviation


def _correlation(residual: Float, codes: Int, scale: float) -> tuple[float, bool]:
    """Return the mean product of two residuals of a cluster, over their mean square; 0 where no cluster has two.

    It is kept within what the largest cluster can have, and said if that was needed: on the way to the solution it can
    be for a step.
    """
    size = np.bincount(codes)
    pairs = float((size * (size - 1) / 2).sum())
    if not pairs:
        return 0.0, False
    total, square = np.bincount(codes, weights=residual), np.bincount(codes, weights=residual**2)
    correlation = float((total**2 - square).sum()) / 2.0 / pairs / scale
    kept = min(max(correlation, -WITHIN / (int(size.max()) - 1)), WITHIN)
    return kept, kept != correlation
