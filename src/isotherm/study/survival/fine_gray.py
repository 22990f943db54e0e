"""Fine-Gray model: how covariates change the risk of one cause, in the presence of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float, label_codes, sums_by
from isotherm.effect import Effect
from isotherm.errors import BadSetting, NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study.covariates import covariate_matrix
from isotherm.study.survival.cox import CoxFit, cox, refuse_certain
from isotherm.study.survival.cox_variance import at, score_rows
from isotherm.study.survival.residual_kernels import risk_set_sums
from isotherm.study.survival.risk_table import ratio
from isotherm.study.survival.subdistribution import Censoring, Weighted, censoring, weighted_rows


@dataclass(frozen=True, slots=True, eq=False)
class FineGrayFit:
    """A fitted Fine-Gray model.

    Parameters
    ----------
    names : tuple of str
    coefficients : array, shape (p,)
        Logarithms of the subdistribution hazard ratios per unit.
    covariance : array, shape (p, p)
        Robust, with the price of estimating the censoring weights; summed within clusters where they are given.
    loglik_null, loglik : float
        Weighted log partial likelihood at 0 and at the maximum.
    cause : int
    n, events, competing : int
        Rows that count, events of the cause, events of other causes.
    clusters : int
        Clusters, or rows where none are given.
    weighted : CoxFit
        The Cox model of the weighted rows behind it.
    """

    names: tuple[str, ...]
    coefficients: Float
    covariance: Float
    loglik_null: float
    loglik: float
    cause: int
    n: int
    events: int
    competing: int
    clusters: int
    weighted: CoxFit

    @property
    def std_errors(self) -> Float:
        """Standard errors of the coefficients, shape (p,)."""
        return self.weighted.std_errors

    @property
    def p_values(self) -> Float:
        """Two-sided p values of the coefficients (Wald), shape (p,)."""
        return self.weighted.p_values

    def wald_p_value(self, names: Sequence[str]) -> tuple[float, int, float]:
        """Test several coefficients at once: chi-square, degrees of freedom, p value."""
        return self.weighted.wald_p_value(names)

    def effects(self, *, level: float = 0.95, endpoint: str = "") -> tuple[Effect, ...]:
        """Return the subdistribution hazard ratio of each covariate, per unit, with its interval."""
        method = f"Fine-Gray model, ties by Breslow, {self.weighted.variance} and censoring weights, Wald test"
        return tuple(
            replace(effect, measure="subdistribution hazard ratio", n=self.n, events=self.events, method=method)
            for effect in self.weighted.effects(level=level, endpoint=endpoint)
        )


def fine_gray(
    outcome: TimeToEvent,
    covariates: npt.ArrayLike,
    *,
    cause: int = 1,
    names: Sequence[str] | None = None,
    censoring_group: npt.ArrayLike | None = None,
) -> FineGrayFit:
    """Fit a Fine-Gray model, at the maximum of its weighted partial likelihood.

    Its ratios say how a covariate changes the risk of the event, while other causes take patients away. They mix what
    it does to the event with what it does to the other causes: report them beside cause-specific hazards.

    Parameters
    ----------
    outcome : TimeToEvent
        0 censored; any number of causes. Clusters are used for the variance.
    covariates : array, shape (n, p) or (n,)
        Numbers, no gaps; a table with named columns lends its names.
    cause : int
    names : sequence of str, optional
    censoring_group : array, shape (n,), optional
        Labels of groups that are censored in different ways; None: one way for all. Beyond its last observation the
        chance of a group to be watched stays what it was there, and all events enter the variance, where cmprsk sets
        it to 0 and leaves out the events of other groups.

    Returns
    -------
    FineGrayFit

    Raises
    ------
    BadSetting
        A cause below 1; weights, late entries or strata, which this model does not know.
    BadColumn, NothingToCompare, NotConverged
        As `cox`.

    References
    ----------
    .. [1] Fine JP, Gray RJ. J Am Stat Assoc 1999;94:496-509.
    .. [2] Zhou B et al. Biostatistics 2012;13:371-383 (clusters).
    """
    x, labels = covariate_matrix(covariates, names, len(outcome))
    if outcome.start_days is not None or outcome.strata is not None or not bool((outcome.weights == 1.0).all()):
        raise BadSetting("Weights, late entries or strata came; a Fine-Gray model takes none of them, leave them out.")
    own = outcome.of_cause(cause)
    group = np.zeros(len(outcome), np.int64)
    if censoring_group is not None:
        group = label_codes("censoring_group", censoring_group, len(outcome))[0]
    censored = censoring(outcome, group)
    if not own.event.any():
        raise NothingToCompare(f"No event of cause {cause} came in {len(outcome)} rows; a Fine-Gray model needs some.")
    rows = weighted_rows(outcome, cause, censored)
    fit = cox(rows.outcome, x[rows.subject], names=labels, ties="breslow", robust=False)
    influence = _scores(fit, rows, len(outcome)) + _price_of_weights(fit, outcome, cause, x, censored)
    clusters, variance = len(outcome), "robust over rows"
    if outcome.cluster is not None:
        clusters, variance = len(np.unique(outcome.cluster)), "robust over clusters"
        influence = sums_by(outcome.cluster, influence, int(outcome.cluster.max()) + 1)
    change = influence @ fit.model_covariance
    covariance = change.T @ change
    refuse_certain(covariance, fit.model_covariance, labels, clusters)
    return FineGrayFit(
        names=labels,
        coefficients=fit.coefficients,
        covariance=covariance,
        loglik_null=fit.loglik_null,
        loglik=fit.loglik,
        cause=cause,
        n=len(outcome),
        events=int(own.event.sum()),
        competing=int((outcome.event > 0).sum() - own.event.sum()),
        clusters=clusters,
        weighted=replace(fit, covariance=covariance, variance=variance),
    )


def _scores(fit: CoxFit, rows: Weighted, n: int) -> Float:
    """Return the score residuals of the patients, shape (n, p): their stretches together."""
    sets = fit.sets
    score = score_rows(sets, fit.coefficients * sets.scale, efron=False) * sets.scale
    return sums_by(rows.subject[sets.row], score, n)


def _price_of_weights(fit: CoxFit, outcome: TimeToEvent, cause: int, x: Float, of: Censoring) -> Float:
    """Return what each patient adds to the score by having a part in the estimated weights, shape (n, p).

    Who is censored at u lowers the weights of all who failed of another cause before u, at all event times from u on.
    """
    sets, code = fit.sets, outcome.times.code
    b = fit.coefficients * sets.scale
    weighted_risk, terms, anew = at(sets, b, efron=False)
    sums, _ = risk_set_sums(sets.x, weighted_risk, sets.dies, sets.stop, sets.start, sets.last, sets.leaving, anew)
    hazard, mean = terms[:, 0], sums * (terms[:, :1] / terms[:, 5:])
    events = np.unique(code[outcome.event == cause])
    z = (x - sets.center) / sets.scale
    failed = (outcome.event > 0) & (outcome.event != cause)
    risk = np.where(failed, np.exp(z @ b), 0.0)
    out = np.zeros(x.shape)
    for g in range(len(of.left)):
        mine = np.flatnonzero(of.group == g)
        share = risk[mine] / of.left[g, code[mine]]
        width = of.left.shape[1]
        before = sums_by(code[mine], np.column_stack([share, share[:, None] * z[mine]]), width).cumsum(axis=0)
        before = np.concatenate([np.zeros((1, before.shape[1])), before[:-1]])
        later = np.zeros((width, 1 + x.shape[1]))
        later[events] = (of.left[g, events] * hazard)[:, None] * np.column_stack([np.ones(len(events)), mean])
        later = later[::-1].cumsum(axis=0)[::-1]
        q = later[:, :1] * before[:, 1:] - later[:, 1:] * before[:, :1]
        at_risk: Float = of.at_risk[g]
        each = ratio(np.ones(len(at_risk)), at_risk)
        drift = (q * (of.censored[g] * each**2)[:, None]).cumsum(axis=0)
        is_censored = outcome.event[mine] == 0
        out[mine] = np.where(is_censored[:, None], q[code[mine]] * each[code[mine], None], 0.0) - drift[code[mine]]
    return out * sets.scale
