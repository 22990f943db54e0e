"""Bootstrap of propensity, matching and Cox model as one: each replicate fits, matches and fits again."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float, numbers
from isotherm.errors import BadColumn, BadSetting, FitError, NoOverlap, NotConverged, NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study.arms import arm_of, of_rows
from isotherm.study.design_matrix import DesignMatrix
from isotherm.study.matched import Caliper
from isotherm.study.matching import DECIMALS, USUAL_CALIPER, blocks_of, match_nearest
from isotherm.study.pipeline_kernels import (
    ABSOLUTE,
    FINE,
    NO_CALIPER,
    NO_COX,
    NO_PAIR,
    NO_PROPENSITY,
    ONE_ARM,
    POOLED_SD,
    SD_OF_ALL,
    Pipeline,
    replicate,
)
from isotherm.study.propensity import Scale, propensity
from isotherm.study.resample import Bootstrap, gather, repeat, resampling
from isotherm.study.survival.cox import cox

UNITS = {"sd": SD_OF_ALL, "pooled sd": POOLED_SD, "absolute": ABSOLUTE}

REASONS: dict[int, type[FitError]] = {
    ONE_ARM: NothingToCompare,
    NO_PROPENSITY: NotConverged,
    NO_PAIR: NoOverlap,
    NO_COX: NotConverged,
}
"""The error that the analysis of the data themselves would have ended with."""


def bootstrap_matched_cox(
    design: DesignMatrix,
    treated: npt.ArrayLike,
    outcome: TimeToEvent,
    *,
    seed: int,
    replicates: int = 1000,
    strata: npt.ArrayLike | None = None,
    adjust: Float | None = None,
    caliper: Caliper | None = USUAL_CALIPER,
    scale: Scale = "logit",
    ratio: int = 1,
    replace: bool = False,
    exact: npt.ArrayLike | None = None,
    order: Literal["largest", "smallest", "data"] = "largest",
    estimand: Literal["ATT", "ATC"] = "ATT",
    workers: int = 1,
) -> Bootstrap:
    """Bootstrap the log hazard ratio of the treatment after matching on a propensity score.

    Every replicate draws patients, fits the propensity anew, matches anew and fits the Cox model (Efron's rule)
    with a variance that is robust over matched sets, or with replacement over patients. Where a drawn sample is
    separated, its propensity is Firth's; a covariate that is constant in it has no effect there.

    Parameters
    ----------
    design : DesignMatrix
    treated : array, shape (rows of the table,)
    outcome : TimeToEvent
        One row per row of the table, events 0 and 1; no late entries, weights or strata.
    seed, replicates, strata
        As :func:`resampling`; strata, such as sites, shape (rows of the table,).
    adjust : array, shape (rows of the table, k), optional
        More covariates of the Cox model.
    caliper, scale, ratio, replace, exact, order, estimand
        As :func:`match_nearest`. That more units want a partner than there are is no failure of a replicate.
    workers : int
        Threads; the result does not depend on it.

    Returns
    -------
    Bootstrap
        `values` and `std_errors` of the log hazard ratio.

    Raises
    ------
    BadSetting, BadColumn
        Something that the analysis of the data themselves refuses, or an outcome with late entries, weights or strata.
    FitError
        The analysis fails on the data themselves, or too few replicates worked.

    References
    ----------
    .. [1] Austin PC, Small DS. Stat Med 2014;33:4306-4319.
    .. [2] Abadie A, Imbens GW. Econometrica 2008;76:1537-1557 (with replacement the bootstrap is not valid).
    """
    if not (outcome.start_days is None and outcome.weight is None and outcome.strata is None):
        raise BadSetting("This bootstrap takes no late entries, weights or strata of the outcome; use bootstrap().")
    arm = arm_of(design, treated)
    if len(outcome) != design.table_rows:
        raise BadColumn(f"The outcome has {len(outcome)} rows, the table {design.table_rows}; give one per row.")
    own = outcome.only_one_event().take(design.rows)
    z = arm.astype(np.float64)[:, None]
    if adjust is not None:
        z = np.column_stack([z, numbers("adjustment", of_rows(adjust, design.rows, design.table_rows, "adjustment"))])
    scores = propensity(design, treated)
    matched = match_nearest(
        scores, caliper=caliper, scale=scale, ratio=ratio, replace=replace, exact=exact, order=order, estimand=estimand
    )
    kept = matched.matched
    whole = TimeToEvent(
        own.time_days[kept], own.event[kept], weight=matched.weight[kept], cluster=matched.cluster[kept]
    )
    names = ("treatment", *(f"adjustment {k}" for k in range(1, z.shape[1])))
    estimate = float(cox(whole, z[kept], names=names, robust=True).coefficients[0])
    plan = Pipeline(
        x=design.x,
        treated=arm.astype(np.float64),
        z=np.ascontiguousarray(z),
        code=own.times.code.astype(np.int64),
        dies=own.event > 0,
        block=blocks_of(exact, design.rows, design.table_rows),
        start=scores.fits[0].coefficients,
        caliper=1.0 if caliper is None else caliper.width,
        unit=NO_CALIPER if caliper is None else UNITS[caliper.unit],
        decimals=10.0**DECIMALS,
        ratio=ratio,
        blocks=exact is not None,
        focal_treated=estimand == "ATT",
        logit=scale == "logit",
        smallest=order == "smallest",
        by_row=order == "data",
        replace=replace,
    )
    site = None if strata is None else of_rows(strata, design.rows, design.table_rows, "strata")
    draws = resampling(len(arm), seed=seed, replicates=replicates, strata=site)
    found = repeat(lambda k: replicate(plan, draws.rows(k)), replicates, workers=workers)
    penalized = sum(bool(firth) for *_, firth in found)
    outcomes = [(log_ratio, error) if status == FINE else REASONS[status]() for status, log_ratio, error, *_ in found]
    return gather(estimate, draws, outcomes, _remarks(penalized, replicates, replace=replace))


def _remarks(penalized: int, replicates: int, *, replace: bool) -> list[str]:
    remarks: list[str] = []
    if penalized:
        remarks.append(f"{penalized} of {replicates} drawn samples had no propensity of maximum likelihood: Firth's.")
    if replace:
        remarks.append(
            "After matching with replacement the bootstrap is not valid (Abadie and Imbens 2008): its spread shows how "
            "stable the analysis is, and is no confidence interval."
        )
    return remarks
