"""The study engine on a DataFrame: columns by their names in, numbers out; `isotherm` hands these functions on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from isotherm.columns import column, refuse
from isotherm.effect import Effect
from isotherm.errors import BadColumn, BadSetting
from isotherm.outcome import Curve, TimeToEvent
from isotherm.study import weighting
from isotherm.study.adjusted_table import adjusted_table
from isotherm.study.balance import Balance, balance
from isotherm.study.design_matrix import DesignMatrix, Kind, design_matrix
from isotherm.study.matched import Caliper, Matched
from isotherm.study.matching import match_nearest
from isotherm.study.propensity import propensity
from isotherm.study.records import check_column
from isotherm.study.survival.cox import CoxFit, Ties
from isotherm.study.survival.cox import cox as fit_cox
from isotherm.study.survival.kaplan_meier import kaplan_meier as one_curve
from isotherm.study.survival.kaplan_meier import kaplan_meier_arms
from isotherm.study.survival.limits import Interval
from isotherm.study.survival.logrank import LogRank
from isotherm.study.survival.logrank import logrank as logrank_test

Missing = Literal["refuse", "leave out"]
"""What happens to rows in which a covariate is missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Adjusted:
    """Patients after matching or weighting.

    Parameters
    ----------
    table : DataFrame
        Their rows with three more columns: set, weight and distance.
    balance : Balance
        Standardized differences before and after.
    method, target : str
        What was done, and whose effect it gives.
    warnings : tuple of str
    """

    table: pd.DataFrame
    balance: Balance
    method: str
    target: str
    warnings: tuple[str, ...]


def kaplan_meier(
    table: pd.DataFrame,
    *,
    time_days: str,
    event: str,
    by: str | None = None,
    weight: str | None = None,
    interval: Interval = "log",
    level: float = 0.95,
) -> dict[str, Curve]:
    """Estimate survival curves.

    Parameters
    ----------
    table : DataFrame
        One row per patient.
    time_days, event : str
        Columns: days to the event or to the end of observation; 1 the event, 0 censored.
    by : str, optional
        Column of groups, each with a curve under its label. None: one curve, under "all".
    weight : str, optional
        Column of weights.
    interval, level
        As :func:`isotherm.study.survival.kaplan_meier.kaplan_meier`.

    Raises
    ------
    BadColumn
        A column that is not there, missing values, or values that cannot be.
    """
    outcome = _outcome(table, time_days, event, weight=weight)
    if by is None:
        return {"all": one_curve(outcome, interval=interval, level=level, label="all")}
    curves = kaplan_meier_arms(outcome, _values(table, by), interval=interval, level=level)
    return {curve.label: curve for curve in curves}


def logrank(
    table: pd.DataFrame, *, time_days: str, event: str, by: str, strata: str | None = None, rho: float = 0.0
) -> LogRank:
    """Test whether groups differ in the hazard of the event; columns as `kaplan_meier`.

    Parameters
    ----------
    strata : str, optional
        Column within whose values groups are compared.
    rho : float
        0 log-rank, 1 Peto-Peto.
    """
    return logrank_test(_outcome(table, time_days, event, strata=strata), _values(table, by), rho=rho)


def cox(
    table: pd.DataFrame,
    *,
    time_days: str,
    event: str,
    covariates: Sequence[str] | Mapping[str, Kind],
    reference: Mapping[str, str] | None = None,
    start_days: str | None = None,
    strata: str | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    ties: Ties = "efron",
    missing: Missing = "refuse",
) -> CoxFit:
    """Fit a Cox model; `as_frame(fit.effects())` shows its hazard ratios.

    Parameters
    ----------
    table : DataFrame
        One row per patient, or per stretch of observation with `start_days`.
    time_days, event, start_days, strata, cluster, weight : str
        Columns. With clusters, and with weights that are no whole numbers, the variance is robust.
    covariates, reference
        As :func:`isotherm.study.design_matrix.design_matrix`.
    ties : "efron", "breslow" or "exact"
    missing : "refuse" or "leave out"
        What happens to rows in which a covariate is missing; `fit.n` counts those that stay.

    Raises
    ------
    BadColumn, BadSetting, NothingToCompare, NotConverged
    """
    _refuse_shared({"time": time_days, "event": event}, covariates)
    design = _design(table, covariates, reference, missing)
    outcome = _outcome(
        table.iloc[design.rows], time_days, event, start_days=start_days, strata=strata, cluster=cluster, weight=weight
    )
    return fit_cox(outcome, design.x, names=design.columns, ties=ties)


def match_on_propensity(
    table: pd.DataFrame,
    *,
    treated: str,
    covariates: Sequence[str] | Mapping[str, Kind],
    caliper_sd: float | None = 0.2,
    ratio: int = 1,
    exact: str | Sequence[str] | None = None,
    estimand: Literal["ATT", "ATC"] = "ATT",
    missing: Missing = "refuse",
) -> Adjusted:
    """Match treated and controls on the logit of the propensity score, nearest neighbor without replacement.

    The outcome is then analyzed on `.table` with `weight="weight"` and `cluster="set"`.

    Parameters
    ----------
    table : DataFrame
        One row per patient.
    treated : str
        Column of 0 and 1.
    covariates : names, or names with their kinds
    caliper_sd : float, optional
        Largest difference in a pair, in standard deviations of the logit.
    ratio : int
        Controls for each treated, at most.
    exact : str or sequence of str, optional
        Columns in which a pair is alike.
    estimand : "ATT" or "ATC"
    missing : "refuse" or "leave out"

    Raises
    ------
    BadColumn, BadSetting, NothingToCompare, NotConverged, OutOfReach, NoOverlap
    """
    _refuse_shared({"treatment": treated}, covariates)
    design = _design(table, covariates, None, missing)
    arm = _values(table, treated)
    blocks = [exact] if isinstance(exact, str) else list(exact or ())
    scores = propensity(design, arm)
    found = match_nearest(
        scores,
        caliper=None if caliper_sd is None else Caliper(caliper_sd),
        ratio=ratio,
        exact=np.column_stack([_values(table, name) for name in blocks]) if blocks else None,
        estimand=estimand,
    )
    return _adjusted(table, design, found, scores.warnings)


def weight_by_propensity(
    table: pd.DataFrame,
    *,
    treated: str,
    covariates: Sequence[str] | Mapping[str, Kind],
    estimand: weighting.Target = "ATE",
    stabilized: bool = False,
    trim: tuple[float, float] | None = None,
    missing: Missing = "refuse",
) -> Adjusted:
    """Weight patients by their propensity score.

    The outcome is then analyzed on `.table` with `weight="weight"`.

    Parameters
    ----------
    table, treated, covariates, missing
        As `match_on_propensity`.
    estimand, stabilized, trim
        As :func:`isotherm.study.weighting.weighted`.

    Raises
    ------
    BadColumn, BadSetting, NothingToCompare, NotConverged, NoOverlap
    """
    _refuse_shared({"treatment": treated}, covariates)
    design = _design(table, covariates, None, missing)
    scores = propensity(design, _values(table, treated))
    found = weighting.weighted(scores, estimand, stabilized=stabilized, trim=trim)
    return _adjusted(table, design, found, scores.warnings)


def as_frame(effects: Iterable[Effect]) -> pd.DataFrame:
    """Return effects as a table: a row for each, with estimate, interval, p value and method."""
    parts = ("name", "measure", "estimate", "low", "high", "level", "p_value", "n", "events", "method")
    return pd.DataFrame([{part: getattr(effect, part) for part in parts} for effect in effects], columns=list(parts))


def _adjusted(
    table: pd.DataFrame, design: DesignMatrix, found: Matched | weighting.Weighted, warnings: tuple[str, ...]
) -> Adjusted:
    return Adjusted(adjusted_table(table, found), balance(design, found), found.method, found.target, warnings)


def _design(
    table: pd.DataFrame,
    covariates: Sequence[str] | Mapping[str, Kind],
    reference: Mapping[str, str] | None,
    missing: Missing,
) -> DesignMatrix:
    """Return the covariates, and refuse incomplete rows unless they are to be left out."""
    if missing not in ("refuse", "leave out"):
        raise BadSetting(f"missing='{missing}' came; refuse or leave out is wanted.")
    design = design_matrix(table, covariates, reference=reference)
    if design.n_incomplete and missing == "refuse":
        where = ", ".join(f"'{name}' in {count}" for name, count in design.missing)
        raise BadColumn(
            f"Of {len(table)} rows, {design.n_incomplete} are incomplete ({where}); impute, or leave them out with "
            'missing="leave out".'
        )
    return design


def _refuse_shared(roles: Mapping[str, str], covariates: Iterable[str]) -> None:
    """Refuse a column that is a covariate of itself."""
    for role, name in roles.items():
        if name in list(covariates):
            raise BadSetting(f"Column '{name}' is the {role} and a covariate as well; leave it out of the covariates.")


def _outcome(table: pd.DataFrame, time_days: str, event: str, **columns: str | None) -> TimeToEvent:
    """Return the outcome; a refusal names the column of the table."""
    others = {part: None if name is None else _values(table, name) for part, name in columns.items()}
    time, state = (column(f"Column '{name}'", _values(table, name)) for name in (time_days, event))
    return TimeToEvent(time, state, **others)


def _values(table: pd.DataFrame, name: str) -> Any:
    """Return a complete column."""
    check_column(table, name)
    refuse(f"Column '{name}'", table[name].isna().to_numpy(), "empty", "leave such rows out before, and count them")
    return table[name].to_numpy()
