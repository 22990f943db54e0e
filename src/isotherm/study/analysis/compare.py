"""Comparison: units, the plan and what became of them; gaps are filled several times where the protocol asks for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from isotherm.columns import Float
from isotherm.confidence import normal_quantile
from isotherm.effect import Effect
from isotherm.errors import NothingToCompare
from isotherm.study.analysis.adjust import Adjusted, Plan, adjust
from isotherm.study.analysis.estimate import Sample, made_comparable, main_effect
from isotherm.study.analysis.units import Endpoint, Units
from isotherm.study.imputation import Imputed, impute
from isotherm.study.protocol_methods import Estimation, Unadjusted
from isotherm.study.rubin import Pooled, pooled
from isotherm.study.survival.nelson_aalen import hazard_of_each


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Units made comparable by a plan.

    Parameters
    ----------
    units : Units
    plan : Plan
    adjusted : tuple of Adjusted
        One, or one for each imputed data set.
    imputed : Imputed or None
    """

    units: Units
    plan: Plan
    adjusted: tuple[Adjusted, ...]
    imputed: Imputed | None

    @property
    def first(self) -> Adjusted:
        """The adjustment; of several data sets, that of the first."""
        return self.adjusted[0]

    @property
    def of_first(self) -> str:
        """Words for a number that is not pooled: of which data set it is; nothing where there is one only."""
        return "" if self.imputed is None else f" (first of {len(self.adjusted)} imputed data sets)"

    def sample(self, name: str) -> Sample:
        """Return the rows of an outcome that count."""
        return made_comparable(self.units.treated, self.units.endpoints[name], self.first)

    def effect(self, name: str, estimation: Estimation) -> tuple[Effect, Pooled | None]:
        """Return the main estimate of an outcome, pooled over data sets by Rubin's rules where there are several.

        Raises
        ------
        FitError, InputError
            A data set that cannot be analyzed is never left out.
        """
        treated, endpoint = self.units.treated, self.units.endpoints[name]
        effects = [main_effect(made_comparable(treated, endpoint, one), one, estimation) for one in self.adjusted]
        return (effects[0], None) if len(effects) == 1 else pooled_effect(effects, estimation)


def arms_of(comparison: Comparison) -> tuple[str, str]:
    """Return the names of the arm in question and of the reference."""
    arms = comparison.units.cohort.protocol.arms
    return next(name for name in arms.names if name != arms.reference), arms.reference


def compare(units: Units, plan: Plan) -> Comparison:
    """Make units comparable.

    Raises
    ------
    FitError, InputError
    """
    if not len(units):
        raise NothingToCompare("Nobody is left in this analysis; look at its condition, or at who was left out.")
    names = list(plan.covariates)
    unused = isinstance(plan.adjustment, Unadjusted) or plan.missing.method == "complete cases"
    if unused or not names or not units.table[names].isna().any(axis=None):
        return Comparison(units, plan, (adjust(units, plan),), None)
    table, predictors = _with_predictors(units, names)
    kinds = units.cohort.kinds()
    # A seed of its own: the bootstrap draws from the protocol's.
    imputed = impute(table, {name: kinds[name] for name in names}, predictors=predictors, seed=plan.seed + 1,
                     m=plan.missing.imputations)  # fmt: skip
    return Comparison(units, plan, tuple(adjust(units, plan, filled) for filled in imputed.tables), imputed)


def _with_predictors(units: Units, names: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """Return covariates beside treatment and outcomes: event and cumulative hazard, where known in everybody."""
    table = units.table[names].copy()
    found: dict[str, Float] = {"treatment": units.treated.astype(np.float64)}
    for name, endpoint in units.endpoints.items():
        if not predicts(endpoint):
            continue
        event = np.zeros(len(units))
        event[endpoint.unit] = endpoint.event
        found[f"event {name}"] = event
        if endpoint.days is not None:
            hazard = np.zeros(len(units))
            hazard[endpoint.unit] = hazard_of_each(endpoint.times())
            found[f"hazard {name}"] = hazard
    kept = {f"(predictor) {name}": values for name, values in found.items() if np.ptp(values) > 0.0}
    return table.assign(**kept), list(kept)


def predicts(endpoint: Endpoint) -> bool:
    """Whether an outcome predicts missing covariates: one of patients, known in every one of them."""
    return not endpoint.per_tumor and not len(endpoint.unknown)


def pooled_effect(effects: Sequence[Effect], estimation: Estimation) -> tuple[Effect, Pooled]:
    """Pool effects of imputed data sets by Rubin's rules, ratios on the logarithmic scale.

    Raises
    ------
    NothingToCompare
        One of them has no finite interval.
    """
    ratio = effects[0].null == 1.0
    if ratio and any(not 0.0 < one.low <= one.high < math.inf for one in effects):
        raise NothingToCompare(
            "In one of the imputed data sets the estimate has no finite interval; nothing is pooled."
        )
    z = normal_quantile(estimation.level)
    scale = math.log if ratio else float
    errors = [(scale(one.high) - scale(one.low)) / (2.0 * z) for one in effects]
    # As mice has it: events minus the one parameter of a Cox model; rows minus the two risks of a difference.
    freedom = min((one.events or 0) - 1 if ratio else (one.n or 0) - 2 for one in effects)
    whole = pooled([scale(one.estimate) for one in effects], [error**2 for error in errors], complete_freedom=freedom)
    low, high = whole.interval(level=estimation.level)
    back = math.exp if ratio else float
    return Effect(
        measure=effects[0].measure, estimate=back(whole.estimate), low=back(low), high=back(high),
        level=estimation.level, p_value=whole.p_value, n=effects[0].n, events=effects[0].events,
        method=f"{effects[0].method}; pooled over {whole.m} imputed data sets by Rubin's rules; "
        "patients and events are those of the first",
    ), whole  # fmt: skip
