"""Clone, censor, weight: curves and contrasts of strategies, as if every patient had followed each of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float
from isotherm.confidence import checked_level, exponential
from isotherm.effect import Effect
from isotherm.errors import BadSetting, FitError, InputError
from isotherm.outcome import Curve, TimeToEvent
from isotherm.study.designs.clone_estimates import estimate_clones
from isotherm.study.designs.clone_result import (
    CloneResult,
    at_risk_after,
    censored_clones,
    clause,
    final_weights,
    remaining_bias,
    remarks_on,
)
from isotherm.study.designs.clones import Clones, clone, truncated
from isotherm.study.designs.courses import Courses, Endpoint
from isotherm.study.designs.result import ArmCount, DesignResult
from isotherm.study.designs.strategy import Strategy
from isotherm.study.resample import Bootstrap, Replicate, Resampling, gather, repeat, resampling
from isotherm.study.survival.kaplan_meier import kaplan_meier

MEASURES = ("risk difference", "RMST difference", "hazard ratio")
TRUNCATED = (0.01, 0.99)
"""Quantiles at which weights are cut in the answer that stands beside the whole one, unless others are named."""


def clone_censor_weight(
    courses: Courses,
    strategies: Sequence[Strategy],
    *,
    endpoint: Endpoint,
    horizon_days: float,
    seed: int,
    replicates: int = 500,
    period_days: float = 7.0,
    truncate: tuple[float, float] = TRUNCATED,
    strata: npt.ArrayLike | None = None,
    workers: int = 1,
    level: float = 0.95,
) -> CloneResult:
    """Compare strategies by cloning patients, censoring clones that deviate, and weighting those that do not.

    Parameters
    ----------
    courses : Courses
        Time zero is the decision; all its covariates are taken to decide on deviations.
    strategies : sequence of Strategy
        Two or more; the first is the reference.
    endpoint : {"overall survival", "progression-free survival"}
    horizon_days : float
        Of risks and restricted means, in days after time zero.
    seed, replicates, strata
        The bootstrap: patients are drawn, within strata such as sites, and cloned, censored and weighted anew.
    period_days : float
        Length of a period of the hazard of early treatment.
    truncate : (low, high)
        Quantiles at which weights are cut in a second answer, beside the one with whole weights.
    workers : int
        Threads; the result does not depend on it.
    level : float

    Returns
    -------
    CloneResult

    Raises
    ------
    OutOfReach
        Time zero is the first treatment.
    FitError
        The data cannot carry the weights, the estimates or the bootstrap.
    BadSetting, BadColumn
        Strategies, periods, quantiles, seed or strata that cannot be used.

    References
    ----------
    .. [1] Hernan MA. BMJ 2018;360:k182.
    .. [2] Cain LE, et al. Int J Biostat 2010;6(2):18.
    .. [3] Maringe C, et al. Int J Epidemiol 2020;49:1719-1729.
    """
    named = "; or ".join(f'"{strategy.name}"' for strategy in strategies)
    made = Made(
        lambda some: clone(some, strategies, endpoint=endpoint, period_days=period_days),
        design="clone, censor, weight",
        target=f"{endpoint.capitalize()} from the decision on, if all patients had followed a strategy: "
        f"{named}{clause(courses, strategies)}",
        remaining_bias=remaining_bias(strategies, endpoint),
        rows="clones",
    )
    plan = resampling(len(courses), seed=seed, replicates=replicates, strata=strata)
    return weighted_strategies(courses, strategies, made, endpoint=endpoint, horizon_days=horizon_days, plan=plan,
                               truncate=truncate, workers=workers, level=level)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """How patients are put under strategies, and the words for it.

    Parameters
    ----------
    make : callable
        From courses to the clones (or patients) of each strategy.
    design, target : str
    remaining_bias : tuple of str
    rows : str
        "clones" or "patients".
    """

    make: Callable[[Courses], tuple[Clones, ...]]
    design: str
    target: str
    remaining_bias: tuple[str, ...]
    rows: str


def weighted_strategies(
    courses: Courses,
    strategies: Sequence[Strategy],
    made: Made,
    *,
    endpoint: Endpoint,
    horizon_days: float,
    plan: Resampling,
    truncate: tuple[float, float],
    workers: int = 1,
    level: float = 0.95,
) -> CloneResult:
    """Estimate strategies from weighted clones or patients, which a bootstrap makes anew; raises as its callers."""
    checked_level(level)
    if not 0.0 <= truncate[0] < truncate[1] <= 1.0:
        raise BadSetting(
            f"Weights are to be cut at their quantiles {truncate[0]:g} and {truncate[1]:g}; two rising shares are "
            "wanted, such as 0.01 and 0.99."
        )
    clones = made.make(courses)
    estimate = _contrasts(clones, horizon_days, truncate)

    def once(k: int) -> Float | FitError | InputError:
        try:
            return _contrasts(made.make(courses.take(plan.rows(k))), horizon_days, truncate)
        except (FitError, InputError) as error:
            return error

    found = repeat(once, plan.replicates, workers=workers)
    remarks = remarks_on(clones)
    boots = {place: _boot(estimate, found, plan, remarks, place) for place in np.ndindex(*estimate.shape)}
    others = range(len(strategies) - 1)
    words = _Words(made, tuple(strategy.name for strategy in strategies), endpoint, horizon_days, level, clones)
    at = " and ".join(f"{100.0 * share:g}" for share in truncate)
    analyses = ("weighted", f"weights truncated at percentiles {at}", "unweighted")
    effects = [
        [tuple(_effect(boots[a, m, k], words, said, m, k) for k in others) for m in range(len(MEASURES))]
        for a, said in enumerate(analyses)
    ]
    same = len({len(one.event) for one in clones}) == 1 and made.rows == "clones"
    return CloneResult(
        result=_answer(words, effects[0], remarks),
        patients=len(courses),
        censored=tuple(row for one in clones for row in censored_clones(one)),
        weights=tuple(final_weights(one) for one in clones),
        at_risk=tuple(at_risk_after(one, day) for day in sorted({s.end_days for s in strategies}) for one in clones),
        shared_events=int(np.logical_and.reduce([one.event for one in clones]).sum()) if same else 0,
        sensitivity=tuple((analyses[a], tuple(e for row in effects[a] for e in row)) for a in (1, 2)),
        bootstraps=tuple(boots[0, m, k] for m in range(len(MEASURES)) for k in others),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Words:
    """What every effect of a run has to say."""

    made: Made
    names: tuple[str, ...]
    endpoint: Endpoint
    horizon_days: float
    level: float
    clones: tuple[Clones, ...]


def _contrasts(clones: Sequence[Clones], horizon_days: float, truncate: tuple[float, float]) -> Float:
    """Return the contrasts of each analysis, shape (analyses, measures, strategies - 1)."""
    plain = [np.ones(len(one.patient)) for one in clones]
    cut = [truncated(one, truncate) for one in clones]
    return np.stack([estimate_clones(clones, horizon_days, weights).contrasts for weights in (None, cut, plain)])


def _boot(
    estimate: Float,
    found: Sequence[Float | FitError | InputError],
    plan: Resampling,
    remarks: tuple[str, ...],
    place: tuple[int, ...],
) -> Bootstrap:
    """Return the replicates of one number."""
    values: list[Replicate] = [
        one if isinstance(one, FitError | InputError) else (float(one[place]), math.nan) for one in found
    ]
    return gather(float(estimate[place]), plan, values, remarks)


def _answer(words: _Words, effects: list[tuple[Effect, ...]], remarks: tuple[str, ...]) -> DesignResult:
    return DesignResult(
        design=words.made.design,
        endpoint=words.endpoint,
        target=words.made.target,
        remaining_bias=words.made.remaining_bias,
        arms=tuple(ArmCount(one.strategy.name, len(one.event), int(one.event.sum())) for one in words.clones),
        left_out=(),
        curves=tuple(_curve(one, words.level) for one in words.clones),
        followed_days=tuple(one.end_days[one.end_days > 0.0] for one in words.clones),
        risk_differences=effects[0],
        rmst_differences=effects[1],
        hazard_ratios=effects[2],
        remarks=remarks,
    )


def _effect(boot: Bootstrap, words: _Words, analysis: str, measure: int, other: int) -> Effect:
    """Return one estimate with the normal interval of its bootstrap, on the log scale for a ratio."""
    is_ratio = MEASURES[measure] == "hazard ratio"
    values = (boot.estimate, *boot.normal(level=words.level))
    estimate, low, high = map(exponential, values) if is_ratio else values
    return Effect(
        measure=MEASURES[measure],
        estimate=estimate,
        low=low,
        high=high,
        level=words.level,
        name=f"{words.names[other + 1]} v {words.names[0]}",
        endpoint=words.endpoint,
        at_days=None if is_ratio else words.horizon_days,
        n=sum(len(one.event) for one in words.clones) // (len(words.clones) if words.made.rows == "clones" else 1),
        events=sum(int(one.event.sum()) for one in words.clones),
        method=f"{words.made.rows}, {analysis}; bootstrap of patients with weights refitted, "
        f"{boot.n_worked} of {len(boot.values)} replicates, normal interval",
    )


def _curve(one: Clones, level: float) -> Curve:
    outcome = TimeToEvent(one.stop_days, one.dies.astype(np.int64), one.start_days, one.weight, one.patient)
    return kaplan_meier(outcome, robust=True, level=level, label=one.strategy.name)
