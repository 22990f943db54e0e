"""The Cox model: hazard ratios by partial likelihood, with three rules for ties, strata, weights and late entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2, norm

from isotherm.columns import Float, column
from isotherm.confidence import exponential, normal_quantile
from isotherm.effect import Effect
from isotherm.errors import BadSetting, FitError, NotConverged, NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study.covariates import covariate_matrix
from isotherm.study.survival.cox_variance import robust_covariance
from isotherm.study.survival.newton_kernels import (
    BRESLOW,
    COLLINEAR,
    CONVERGED,
    EFRON,
    EXACT,
    MOST_STEPS,
    OUT_OF_RANGE,
    OUT_OF_STEPS,
    climb,
)
from isotherm.study.survival.risk_sets import RiskSets, risk_sets

Ties = Literal["efron", "breslow", "exact"]

CERTAIN = 1e-12
"""A robust variance below this share of the model's is rounding: it would make an estimate certain."""

_RULES = {"efron": EFRON, "breslow": BRESLOW, "exact": EXACT}


@dataclass(frozen=True, slots=True, eq=False)
class CoxFit:
    """A fitted Cox model, at the maximum of its partial likelihood.

    Parameters
    ----------
    names : tuple of str
        Covariates, in the order of `coefficients`.
    coefficients : array, shape (p,)
        Logarithms of the hazard ratios per unit.
    covariance : array, shape (p, p)
        Robust where `variance` says so; standard errors, z tests and the Wald test come from it.
    model_covariance : array, shape (p, p)
        The inverse information.
    loglik_null, loglik : float
        Log partial likelihood at 0 and at the maximum.
    score_test : float
        Score test of all coefficients, chi-square with p degrees of freedom; model-based.
    ties : {"efron", "breslow", "exact"}
    variance : str
        "model-based", "robust over rows" or "robust over clusters".
    n, events : int
        Rows that count (weight above 0), and events among them.
    clusters : int
        Clusters, or rows where none are given.
    outcome : TimeToEvent
        The rows that count.
    sets : RiskSets
        The sorted rows, for residuals, baseline and tests.
    """

    names: tuple[str, ...]
    coefficients: Float
    covariance: Float
    model_covariance: Float
    loglik_null: float
    loglik: float
    score_test: float
    ties: Ties
    variance: str
    n: int
    events: int
    clusters: int
    outcome: TimeToEvent
    sets: RiskSets

    @property
    def std_errors(self) -> Float:
        """Standard errors of the coefficients, shape (p,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def p_values(self) -> Float:
        """Two-sided p values of the coefficients (Wald), shape (p,)."""
        return 2.0 * norm.sf(np.abs(self.coefficients) / self.std_errors)

    @property
    def wald_test(self) -> float:
        """Wald test of all coefficients, chi-square with p degrees of freedom."""
        return float(self.coefficients @ np.linalg.solve(self.covariance, self.coefficients))

    @property
    def likelihood_ratio_test(self) -> float:
        """Likelihood ratio test of all coefficients, chi-square with p degrees of freedom; model-based."""
        return 2.0 * (self.loglik - self.loglik_null)

    def wald_p_value(self, names: Sequence[str]) -> tuple[float, int, float]:
        """Test several coefficients at once, such as those of a factor: chi-square, degrees of freedom, p value."""
        missing = [name for name in names if name not in self.names]
        if missing or not names:
            raise BadSetting(f"{', '.join(missing) or 'No name'} came; {', '.join(self.names)} are in the model.")
        k = [self.names.index(name) for name in names]
        b = self.coefficients[k]
        statistic = float(b @ np.linalg.solve(self.covariance[np.ix_(k, k)], b))
        return statistic, len(k), float(chi2.sf(statistic, len(k)))

    def effects(self, *, level: float = 0.95, endpoint: str = "") -> tuple[Effect, ...]:
        """Return the hazard ratio of each covariate, per unit, with its interval."""
        z = normal_quantile(level)
        rows = zip(self.names, self.coefficients, self.std_errors, self.p_values, strict=True)
        method = f"Cox model, ties by {self.ties.capitalize()}, {self.variance} variance, Wald test"
        return tuple(
            Effect(
                measure="hazard ratio",
                estimate=exponential(b),
                low=exponential(b - z * se),
                high=exponential(b + z * se),
                level=level,
                p_value=float(p),
                name=name,
                endpoint=endpoint,
                n=self.n,
                events=self.events,
                method=method,
            )
            for name, b, se, p in rows
        )


def cox(
    outcome: TimeToEvent,
    covariates: npt.ArrayLike,
    *,
    names: Sequence[str] | None = None,
    ties: Ties = "efron",
    robust: bool | None = None,
    offset: npt.ArrayLike | None = None,
) -> CoxFit:
    """Fit a Cox model.

    Parameters
    ----------
    outcome : TimeToEvent
        Events 0 and 1; strata, clusters, weights and starts are used where given. Rows of weight 0 are left out.
    covariates : array, shape (n, p) or (n,)
        Numbers, no gaps; a table with named columns lends its names.
    names : sequence of str, optional
        Names of the covariates; x1, x2, ... where nothing names them.
    ties : {"efron", "breslow", "exact"}
        "exact" is the discrete partial likelihood; it takes neither weights nor a robust variance.
    robust : bool, optional
        Variance from the exact score residuals, summed within clusters. By default where there are clusters or weights
        that are no whole numbers of patients.
    offset : array, shape (n,), optional
        Added to the linear predictor with coefficient 1.

    Returns
    -------
    CoxFit

    Raises
    ------
    BadColumn
        A covariate with gaps, of another length, or the same in all rows; competing events.
    BadSetting
        A combination that has no meaning: see `ties`, or start-stop rows with a robust variance and without clusters.
    NothingToCompare
        No event, no covariate that varies within a risk set, not more clusters than covariates, or clusters so alike
        that the robust variance is 0.
    NotConverged
        Covariates that are sums of each other, or a likelihood that rises without end (separation).

    References
    ----------
    .. [1] Cox DR. J R Stat Soc B 1972;34:187-220.
    .. [2] Efron B. J Am Stat Assoc 1977;72:557-565.
    .. [3] Lin DY, Wei LJ. J Am Stat Assoc 1989;84:1074-1078.
    """
    x, labels = covariate_matrix(covariates, names, len(outcome))
    shift = None if offset is None else column("offset", offset, len(outcome))
    counts = outcome.only_one_event().weights > 0.0
    if not counts.all():
        x, shift = x[counts], None if shift is None else shift[counts]
    outcome = outcome.counted()
    robust = outcome.needs_robust if robust is None else robust
    _refuse_combinations(outcome, ties, robust=robust)
    sets = risk_sets(outcome, x, labels, shift)
    status, b, null, loglik, test, information, step, _ = climb(sets.x, sets.offset, *sets.arrays, _RULES[ties])
    if status != CONVERGED:
        raise _failure(status, labels, information, step)
    model = np.linalg.inv(information).astype(np.float64)
    covariance, clusters = robust_covariance(outcome, sets, b, model, efron=ties == "efron") if robust else (model, 0)
    if robust:
        refuse_certain(covariance, model, labels, clusters)
    per_unit = np.outer(1.0 / sets.scale, 1.0 / sets.scale)
    return CoxFit(
        names=labels,
        coefficients=b / sets.scale,
        covariance=covariance * per_unit,
        model_covariance=model * per_unit,
        loglik_null=null,
        loglik=loglik,
        score_test=test,
        ties=ties,
        variance=_variance_words(outcome, robust=robust),
        n=len(outcome),
        events=int((outcome.event > 0).sum()),
        clusters=clusters or len(outcome),
        outcome=outcome,
        sets=sets,
    )


def refuse_certain(covariance: Float, model: Float, names: tuple[str, ...], clusters: int) -> None:
    """Refuse a robust variance of too few clusters, or one that is 0 but for rounding.

    Raises
    ------
    NothingToCompare
    """
    if clusters <= len(names):
        raise NothingToCompare(
            f"{clusters} clusters came for the coefficients of {', '.join(names)}; a robust variance needs more "
            "clusters than coefficients."
        )
    certain = np.diag(covariance) <= CERTAIN * np.diag(model)
    if certain.any():
        raise NothingToCompare(
            f"The robust variance of {names[int(np.argmax(certain))]} is 0: clusters are too few or too alike for it "
            "(all times equal, for example); use the model-based variance."
        )


def _refuse_combinations(outcome: TimeToEvent, ties: str, *, robust: bool) -> None:
    if ties not in _RULES:
        raise BadSetting(f'The rule for ties "{ties}" came; one of {", ".join(_RULES)} is wanted.')
    if ties == "exact" and (robust or not bool((outcome.weights == 1.0).all())):
        raise BadSetting(
            "The exact rule takes neither weights nor a robust variance; use Efron's rule, or leave robust=False."
        )
    if robust and outcome.start_days is not None and outcome.cluster is None:
        raise BadSetting("Start-stop rows came without cluster; name the patient of each row for a robust variance.")


def _variance_words(outcome: TimeToEvent, *, robust: bool) -> str:
    if not robust:
        return "model-based"
    return "robust over rows" if outcome.cluster is None else "robust over clusters"


def _failure(status: int, names: tuple[str, ...], information: Float, step: Float) -> FitError:
    """Say why there is no finite maximum, and which covariates are behind it."""
    if status == OUT_OF_RANGE:
        return NotConverged(
            "The partial likelihood cannot be summed at the start: offsets too far apart, or too many tied deaths for "
            "the exact rule; rescale the offset, or use Efron's rule."
        )
    far = np.abs(step) > 0.01 * np.abs(step).max()
    at_fault = ", ".join(name for name, is_far in zip(names, far, strict=True) if is_far)
    if status == COLLINEAR:
        k = int(np.argmax(step))
        if not information[k, k] > 1e-9:
            return NothingToCompare(f"{names[k]} does not vary among the patients at risk at any event; leave it out.")
        return NotConverged(f"{names[k]} follows from the covariates before it; leave one of them out.")
    if status == OUT_OF_STEPS:
        return NotConverged(f"No maximum was reached in {MOST_STEPS} steps, last along {at_fault}; leave that out.")
    return NotConverged(
        f"The partial likelihood rises without end along {at_fault}: no event in one group, or events in perfect order "
        "(separation); merge its levels or leave it out."
    )
