"""Bootstrap of the whole analysis: patients drawn anew, propensity, matching or weights and effects made anew."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isotherm.columns import Int
from isotherm.effect import Effect
from isotherm.errors import BadSetting, FitError, InputError, NotConverged
from isotherm.outcome import Curve
from isotherm.study.analysis.adjust import Adjusted, Plan, adjusted_by, design_of
from isotherm.study.analysis.compare import Comparison
from isotherm.study.analysis.estimate import Sample, made_comparable, main_effect
from isotherm.study.analysis.units import Units
from isotherm.study.design_matrix import Bool, DesignMatrix, Term
from isotherm.study.protocol_methods import Estimation, Matching
from isotherm.study.resample import Bootstrap, Replicate, gather, repeat, resampling
from isotherm.study.survival.kaplan_meier import kaplan_meier

WITH_REPLACEMENT = (
    "After matching with replacement the bootstrap is not valid (Abadie and Imbens 2008): its spread shows how stable "
    "the analysis is, and is no confidence interval."
)


@dataclass(frozen=True, slots=True, eq=False)
class Replicates:
    """What the bootstrap says of one outcome: of the effect (a log ratio or a difference), and of the RMST difference.

    Each is a Bootstrap, or the reason why there is none.
    """

    effect: Bootstrap | str
    rmst: Bootstrap | str


def bootstrap_outcomes(
    comparison: Comparison, estimation: Estimation, replicates: int, workers: int
) -> dict[str, Replicates]:
    """Repeat the main analysis on patients drawn with replacement, within sites where sites enter the propensity.

    Replicate k draws from the k-th child of the protocol's seed, so that the number of workers changes nothing. A
    covariate that is constant in a drawn sample has no effect there. Failures are counted by their reason.

    References
    ----------
    .. [1] Austin PC, Small DS. Stat Med 2014;33:4306-4319. Austin PC. Stat Med 2016;35:5642-5655 (weights).
    """
    units, plan = comparison.units, comparison.plan
    if comparison.imputed is not None:
        why = "the bootstrap is not made within imputed data sets; Rubin's rules give the interval"
        return {name: Replicates(why, why) for name in units.endpoints}
    design = comparison.first.design
    if design is not None:
        complete = np.zeros(len(units), dtype=np.bool_)
        complete[design.rows] = True
        units = units.take(complete)
        design = design_of(units, plan.covariates)
    strata = units.site if plan.sites != "ignored" else None
    draws = resampling(len(units), seed=plan.seed, replicates=replicates, strata=strata)
    original = _once(units, design, plan, estimation, np.arange(len(units)))
    found = repeat(lambda k: _once(units, design, plan, estimation, draws.rows(k)), replicates, workers=workers)
    replacing = isinstance(plan.adjustment, Matching) and plan.adjustment.replacement
    remarks = [WITH_REPLACEMENT] if replacing else []

    def gathered(name: str, part: int) -> Bootstrap | str:
        first = original[name][part]
        if not isinstance(first, tuple):
            return str(first)
        try:
            return gather(first[0], draws, [one[name][part] for one in found], remarks)
        except FitError as error:
            return str(error)

    return {name: Replicates(gathered(name, 0), gathered(name, 1)) for name in units.endpoints}


def _once(
    units: Units, design: DesignMatrix | None, plan: Plan, estimation: Estimation, rows: Int
) -> dict[str, tuple[Replicate, Replicate]]:
    """Analyze drawn units; an outcome that cannot be estimated is an error in its place."""
    treated = units.treated[rows]
    site = None if units.site is None else units.site[rows]
    try:
        adjusted = _adjusted(units, design, plan, rows, treated, site)
    except (FitError, InputError) as error:
        return dict.fromkeys(units.endpoints, (error, error))
    return {
        name: _effects(made_comparable(treated, endpoint.resampled(rows), adjusted), adjusted, estimation)
        for name, endpoint in units.endpoints.items()
    }


def _adjusted(
    units: Units, design: DesignMatrix | None, plan: Plan, rows: Int, treated: Bool, site: npt.NDArray[np.str_] | None
) -> Adjusted:
    if design is None:
        return Adjusted(np.ones(len(rows)), np.arange(len(rows)), None, None, None)
    exact = list(plan.adjustment.exact) if isinstance(plan.adjustment, Matching) else []
    table = units.table[[name for name in exact if name in units.table.columns]].iloc[rows]
    return adjusted_by(_drawn(design, rows), treated, site, plan, table, drawn=True)


def _drawn(design: DesignMatrix, rows: Int) -> DesignMatrix:
    """Return the design of drawn rows, without the columns that are constant in them."""
    x = design.x[rows]
    kept = (x != x[0]).any(axis=0)
    terms: list[Term] = []
    for term in design.terms:
        first, end = int(kept[: term.first].sum()), int(kept[: term.end].sum())
        if first < end:
            terms.append(Term(term.name, term.kind, term.levels, first, end))
    names = tuple(name for name, stays in zip(design.columns, kept, strict=True) if stays)
    return DesignMatrix(np.ascontiguousarray(x[:, kept]), names, tuple(terms), np.arange(len(rows)), len(rows), ())


def _effects(sample: Sample, adjusted: Adjusted, estimation: Estimation) -> tuple[Replicate, Replicate]:
    return _replicate(lambda: _estimate(sample, adjusted, estimation)), _replicate(
        lambda: rmst_difference(sample, estimation)
    )


def _replicate(make: Callable[[], float]) -> Replicate:
    try:
        return make(), math.nan
    except (FitError, InputError) as error:
        return error


def _estimate(sample: Sample, adjusted: Adjusted, estimation: Estimation) -> float:
    effect = main_effect(sample, adjusted, estimation)
    return on_scale(effect)


def on_scale(effect: Effect) -> float:
    """Return an estimate on the scale on which intervals are taken: ratios as logarithms.

    Raises
    ------
    NotConverged
        A ratio of 0 or without end.
    """
    if effect.null == 0.0:
        return effect.estimate
    if not 0.0 < effect.estimate < math.inf:
        raise NotConverged("The ratio of a drawn sample is 0 or without end; it has no logarithm.")
    return math.log(effect.estimate)


def rmst_difference(sample: Sample, estimation: Estimation) -> float:
    """Return the difference of the restricted means of the two arms, in days; raises as `restricted_area`."""
    one, zero = (restricted_area(sample.arm(arm), estimation.rmst_days) for arm in (True, False))
    return one - zero


def restricted_area(sample: Sample, horizon_days: float | None) -> float:
    """Return the area under the weighted Kaplan-Meier curve up to a horizon, in days.

    Raises
    ------
    BadSetting
        No horizon, a yes/no outcome, or a horizon beyond the last observation.
    """
    if horizon_days is None or sample.endpoint.days is None:
        raise BadSetting("No horizon of the restricted mean is declared (rmst_days), or the outcome has no times.")
    longest = float(sample.endpoint.days[sample.rows].max(initial=0.0))
    if horizon_days > longest:
        raise BadSetting(
            f"The horizon of {horizon_days:g} days came, the longest observation of an arm has {longest:g}; choose one "
            "within both."
        )
    return area(kaplan_meier(sample.times(), robust=False), horizon_days)


def area(curve: Curve, horizon_days: float) -> float:
    """Return the area under a curve up to a horizon, in days."""
    inside = curve.times_days < horizon_days
    edges = np.concatenate([[0.0], curve.times_days[inside], [horizon_days]])
    return float(np.concatenate([[1.0], curve.survival[inside]]) @ np.diff(edges))
