"""Estimates: the effect on one outcome, adjusted and as it is, and what stands behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm

from isotherm.columns import Float, Int
from isotherm.confidence import normal_quantile
from isotherm.effect import Effect
from isotherm.errors import NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study.analysis.adjust import Adjusted
from isotherm.study.analysis.units import Endpoint
from isotherm.study.binary import TwoArms, risk_difference
from isotherm.study.design_matrix import Bool
from isotherm.study.paired import Pairs, paired_risk_difference, pairs_of
from isotherm.study.protocol_methods import Estimation
from isotherm.study.survival.cox import CoxFit, cox

TREATMENT = "treatment"
"""Name of the treatment among the covariates of a model."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The rows of one outcome that count in one analysis.

    Parameters
    ----------
    endpoint : Endpoint
    rows : array of int, shape (m,)
        Places among the rows of the endpoint.
    unit : array of int, shape (m,)
    treated : array of bool, shape (m,)
    weight : array, shape (m,), or None
        None where all are 1.
    cluster : array of int, shape (m,), or None
        None where every row is independent.
    """

    endpoint: Endpoint
    rows: Int
    unit: Int
    treated: Bool
    weight: Float | None
    cluster: Int | None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    @property
    def event(self) -> Bool:
        """Who had the event, shape (m,)."""
        return self.endpoint.event[self.rows]

    @property
    def weights(self) -> Float:
        """Weights, shape (m,); 1 where there are none."""
        return np.ones(len(self)) if self.weight is None else self.weight

    def times(self, *, strata: Int | None = None, weighted: bool = True) -> TimeToEvent:
        """Return times and events."""
        assert self.endpoint.days is not None
        return TimeToEvent(
            self.endpoint.days[self.rows], self.event.astype(np.int64), None, self.weight if weighted else None,
            self.cluster if weighted else None, strata,
        )  # fmt: skip

    def arm(self, treated: bool) -> Sample:
        """Return the rows of one arm."""
        return self.take(self.treated == treated)

    def take(self, kept: Bool) -> Sample:
        """Return some of the rows."""
        return Sample(
            self.endpoint, self.rows[kept], self.unit[kept], self.treated[kept],
            None if self.weight is None else self.weight[kept], None if self.cluster is None else self.cluster[kept],
        )  # fmt: skip


def as_it_is(treated: Bool, endpoint: Endpoint) -> Sample:
    """Return everybody, without weights; tumors are clustered in their patients."""
    unit = endpoint.unit
    return Sample(endpoint, np.arange(len(unit)), unit, treated[unit], None, unit if endpoint.per_tumor else None)


def made_comparable(treated: Bool, endpoint: Endpoint, adjusted: Adjusted) -> Sample:
    """Return those who are matched or weighted, with weights and clusters."""
    if adjusted.made is None:
        return as_it_is(treated, endpoint)
    rows = np.flatnonzero(adjusted.weight[endpoint.unit] > 0.0)
    unit = endpoint.unit[rows]
    weight = None if adjusted.plain_weights else adjusted.weight[unit]
    return Sample(endpoint, rows, unit, treated[unit], weight, adjusted.cluster[unit])


def hazard_ratio_fit(sample: Sample, estimation: Estimation, *, strata: Int | None = None) -> CoxFit:
    """Fit the Cox model of the treatment alone: robust over clusters, or model-based where all are independent.

    Raises
    ------
    NothingToCompare
        Nobody, or one arm only.
    FitError, BadSetting
        As `cox`.
    """
    _refuse_one_arm(sample)
    return cox(sample.times(strata=strata), sample.treated.astype(np.float64), names=[TREATMENT], ties=estimation.ties)


def conditional_fit(sample: Sample, estimation: Estimation) -> CoxFit:
    """Fit the Cox model with a baseline hazard for each matched set: the effect given the set, another estimand."""
    _refuse_one_arm(sample)
    outcome = sample.times(strata=sample.cluster, weighted=False)
    return cox(outcome, sample.treated.astype(np.float64), names=[TREATMENT], ties=estimation.ties, robust=False)


def _refuse_one_arm(sample: Sample) -> None:
    if not len(sample) or sample.treated.all() or not sample.treated.any():
        raise NothingToCompare("Those in whom the outcome is known are all in one arm, or nobody is; nothing compares.")


def effect_of(fit: CoxFit, estimation: Estimation, words: str) -> Effect:
    """Return the hazard ratio of the treatment, with words in front of the method."""
    effect = fit.effects(level=estimation.level)[0]
    return replace(effect, method=f"{words}: {effect.method}")


def two_arms_of(sample: Sample) -> TwoArms:
    """Count events of the two arms, without weights."""
    one, zero = sample.arm(True), sample.arm(False)
    return TwoArms(int(one.event.sum()), len(one), int(zero.event.sum()), len(zero))


def first_in_pairs(sample: Sample) -> tuple[int, int, int]:
    """Return in how many pairs the treated, the reference patient, and both on one day, had the event first.

    Of the pairs of which somebody had the event while the other was observed.
    """
    assert sample.endpoint.days is not None
    both, pair = _both_known(sample)
    order = np.lexsort((~both.treated, pair))
    days, event = sample.endpoint.days[both.rows][order].reshape(-1, 2), both.event[order].reshape(-1, 2)
    earlier = (days < days[:, ::-1]) | ((days == days[:, ::-1]) & ~event[:, ::-1])
    treated, reference = (event & earlier).sum(axis=0).tolist()
    return treated, reference, int((event.all(axis=1) & (days[:, 0] == days[:, 1])).sum())


def whole_pairs(sample: Sample) -> Pairs:
    """Return the pairs both of whose members have a known outcome."""
    both, pair = _both_known(sample)
    return pairs_of(both.event.astype(np.int64), both.treated.astype(np.int64), pair)


def members_of_whole_pairs(sample: Sample) -> Sample:
    """Return those both of whose pair have a known outcome."""
    return _both_known(sample)[0]


def _both_known(sample: Sample) -> tuple[Sample, Int]:
    """Return the members of pairs both of whom have a known outcome, and their pairs."""
    assert sample.cluster is not None
    kept = np.bincount(sample.cluster)[sample.cluster] == 2
    return sample.take(kept), sample.cluster[kept]


def weighted_risk_difference(sample: Sample, estimation: Estimation) -> Effect:
    """Return the difference of weighted risks; its variance sums influences within clusters.

    References
    ----------
    .. [1] Lunceford JK, Davidian M. Stat Med 2004;23:2937-2960 (the propensity taken as known: mostly too wide).
    """
    (one, zero), influence = _weighted_risks(sample)
    gap, se = one - zero, _spread(influence[0] - influence[1])
    reach = normal_quantile(estimation.level) * se
    p_value = 2.0 * float(norm.sf(abs(gap) / se)) if se > 0.0 else None
    return Effect(
        measure="risk difference", estimate=gap, low=max(gap - reach, -1.0), high=min(gap + reach, 1.0),
        level=estimation.level, p_value=p_value, n=len(sample), events=int(sample.event.sum()),
        method="difference of weighted risks, robust variance over clusters, Wald test",
    )  # fmt: skip


def weighted_risk_ratio(sample: Sample, estimation: Estimation) -> Effect:
    """Return the ratio of weighted risks; the variance of its logarithm sums influences within clusters.

    Raises
    ------
    NothingToCompare
        One arm only, or an arm without an event: the ratio has no interval there.
    """
    (one, zero), influence = _weighted_risks(sample)
    if not one or not zero:
        raise NothingToCompare("An arm without an event came; a risk ratio has no interval, use the risk difference.")
    log_ratio, se = float(np.log(one / zero)), _spread(influence[0] / one - influence[1] / zero)
    reach = normal_quantile(estimation.level) * se
    p_value = 2.0 * float(norm.sf(abs(log_ratio) / se)) if se > 0.0 else None
    low, high = np.exp([log_ratio - reach, log_ratio + reach]).tolist()
    return Effect(
        measure="risk ratio", estimate=one / zero, low=low, high=high, level=estimation.level, p_value=p_value,
        n=len(sample), events=int(sample.event.sum()),
        method="ratio of weighted risks, robust variance of its logarithm over clusters, Wald test",
    )  # fmt: skip


def _weighted_risks(sample: Sample) -> tuple[tuple[float, float], Float]:
    """Return the weighted risks of the treated and the reference, and influences on each, shape (2, clusters)."""
    _refuse_one_arm(sample)
    weight, event = sample.weights, sample.event.astype(np.float64)
    groups = np.unique(sample.unit if sample.cluster is None else sample.cluster, return_inverse=True)[1]
    risks, sums = list[float](), list[Float]()
    for arm in (True, False):
        mine = np.where(sample.treated == arm, weight, 0.0)
        # Where all had the event, rounding would leave a trace of a difference with a trace of an error.
        everybody = bool(event[sample.treated == arm].all())
        risks.append(1.0 if everybody else float(mine @ event / mine.sum()))
        own = mine * (event - risks[-1]) / mine.sum()
        sums.append(np.bincount(groups, weights=own).astype(np.float64))
    return (risks[0], risks[1]), np.stack(sums)


def _spread(influence: Float) -> float:
    return float(np.sqrt(influence @ influence))


def main_effect(sample: Sample, adjusted: Adjusted, estimation: Estimation) -> Effect:
    """Return the main estimate of an outcome: paired after 1:1 matching, weighted after weighting.

    Raises
    ------
    FitError, InputError
    """
    if sample.endpoint.days is not None:
        return effect_of(hazard_ratio_fit(sample, estimation), estimation, words_of(sample, adjusted))
    if adjusted.paired and not sample.endpoint.per_tumor:
        return paired_risk_difference(whole_pairs(sample), level=estimation.level)
    if adjusted.made is None and not sample.endpoint.per_tumor:
        _refuse_one_arm(sample)
        return risk_difference(two_arms_of(sample), level=estimation.level)
    return weighted_risk_difference(sample, estimation)


def words_of(sample: Sample, adjusted: Adjusted) -> str:
    """Say in a few words which comparison it is."""
    if adjusted.made is None:
        return "not adjusted, tumors clustered in patients" if sample.endpoint.per_tumor else "not adjusted"
    if adjusted.paired:
        return "matched pairs as clusters, marginal"
    weighted = "" if sample.weight is None else ", weighted"
    return f"matched sets as clusters, marginal{weighted}" if adjusted.in_sets else "weighted"
