"""Arms compared without weights: curves, differences of risks and restricted means, hazard ratios."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm

from isotherm.columns import Float, Int
from isotherm.confidence import normal_quantile
from isotherm.effect import Effect
from isotherm.errors import FitError, NothingToCompare
from isotherm.outcome import Curve, TimeToEvent
from isotherm.study.designs.courses import Bool, Courses, Endpoint
from isotherm.study.designs.result import ArmCount
from isotherm.study.survival.cox import cox
from isotherm.study.survival.kaplan_meier import kaplan_meier
from isotherm.study.survival.rmst import compare_restricted_means


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrasts:
    """Everything that is said of two or more arms."""

    arms: tuple[ArmCount, ...]
    curves: tuple[Curve, ...]
    followed_days: tuple[Float, ...]
    risk_differences: tuple[Effect, ...]
    rmst_differences: tuple[Effect, ...]
    hazard_ratios: tuple[Effect, ...]
    remarks: tuple[str, ...]


def contrast(
    time_days: Float,
    event: Bool,
    arm: Int,
    names: tuple[str, ...],
    *,
    endpoint: Endpoint,
    horizon_days: float,
    adjust: Float | None = None,
    covariates: tuple[str, ...] = (),
    level: float = 0.95,
) -> Contrasts:
    """Compare arms 1, 2, ... with arm 0.

    Parameters
    ----------
    time_days, event, arm : array, shape (n,)
    names : tuple of str
        One per arm.
    endpoint : str
    horizon_days : float
        Of risks and restricted means.
    adjust : array, shape (n, p), optional
        Covariates of the Cox model beside the arm; curves, risks and means stay as they are.
    covariates : tuple of str
        What they are called.
    level : float

    Raises
    ------
    NothingToCompare
        An arm is empty or is not observed up to the horizon.
    """
    outcome = TimeToEvent(time_days, event.astype(np.int64))
    parts = [outcome.take(arm == k) if (arm == k).any() else None for k in range(len(names))]
    curves: list[Curve] = []
    for name, part in zip(names, parts, strict=True):
        if part is None:
            raise NothingToCompare(f'No patient is in the arm "{name}"; widen its windows, or leave the arm out.')
        refuse_short(name, float(part.time_days.max()), horizon_days)
        curves.append(kaplan_meier(part, level=level, label=name))
    arms = tuple(
        ArmCount(name, curve.n, round(float(curve.events.sum()))) for name, curve in zip(names, curves, strict=True)
    )
    pairs = [(k, f"{names[k]} v {names[0]}", np.isin(arm, (0, k))) for k in range(1, len(names))]
    means = [
        compare_restricted_means(outcome.take(rows), (arm[rows] == k).astype(np.int64), horizon_days, level=level)[1]
        for k, _, rows in pairs
    ]
    ratios, remarks = _ratios_or_why(outcome, arm, names, endpoint, adjust, covariates, level)
    return Contrasts(
        arms=arms,
        curves=tuple(curves),
        followed_days=tuple(time_days[arm == k] for k in range(len(names))),
        risk_differences=tuple(
            _risk_difference(curves[0], curves[k], horizon_days, name=name, endpoint=endpoint, level=level)
            for k, name, _ in pairs
        ),
        rmst_differences=tuple(
            replace(effect, name=name, endpoint=endpoint) for effect, (_, name, _) in zip(means, pairs, strict=True)
        ),
        hazard_ratios=ratios,
        remarks=remarks,
    )


def _ratios_or_why(
    outcome: TimeToEvent,
    arm: Int,
    names: tuple[str, ...],
    endpoint: Endpoint,
    adjust: Float | None,
    covariates: tuple[str, ...],
    level: float,
) -> tuple[tuple[Effect, ...], tuple[str, ...]]:
    """Return the hazard ratios, or why there is none: curves, risks and means stand without them."""
    try:
        found = hazard_ratios(outcome, arm, names, endpoint=endpoint, adjust=adjust, covariates=covariates, level=level)
    except FitError as error:
        return (), (f"There is no hazard ratio. {error}",)
    return found, ()


def hazard_ratios(
    outcome: TimeToEvent,
    arm: Int,
    names: tuple[str, ...],
    *,
    endpoint: Endpoint,
    adjust: Float | None = None,
    covariates: tuple[str, ...] = (),
    level: float = 0.95,
) -> tuple[Effect, ...]:
    """Return the hazard ratio of each arm against arm 0 from one Cox model, adjusted for columns by their names."""
    columns = [(arm == k).astype(np.float64) for k in range(1, len(names))]
    labels = [f"{name} v {names[0]}" for name in names[1:]]
    kept = np.zeros(0, dtype=np.int64) if adjust is None else varying(adjust)
    more = () if adjust is None else adjust[:, kept].T
    x = np.column_stack([*columns, *more])
    fit = cox(outcome, x, names=[*labels, *(covariates[j] for j in kept.tolist())])
    return fit.effects(level=level, endpoint=endpoint)[: len(labels)]


def varying(covariates: Float) -> Int:
    """Return the places of the columns that are not the same in all rows."""
    return np.flatnonzero(np.ptp(covariates, axis=0) > 0.0)


def refuse_short(name: str, observed_days: float, horizon_days: float) -> None:
    """Refuse a horizon that an arm is not observed up to."""
    if not 0.0 < horizon_days <= observed_days:
        raise NothingToCompare(
            f'The arm "{name}" is observed for {observed_days:g} days at most and the horizon is day {horizon_days:g}; '
            "choose a horizon above 0 that every arm reaches."
        )


def horizon_within(courses: Courses, horizon_days: float, after_days: float = 0.0) -> float:
    """Return the horizon on the clock of a design that starts days after time zero."""
    if not horizon_days > after_days:
        raise NothingToCompare(
            f"The horizon, day {horizon_days:g}, is not after day {after_days:g}, where this design's clock starts."
        )
    refuse_short("all patients", float(courses.last_days.max()), horizon_days)
    return horizon_days - after_days


def _risk_difference(
    first: Curve, second: Curve, horizon_days: float, *, name: str, endpoint: Endpoint, level: float
) -> Effect:
    """Return the difference of the risks at a horizon: second arm minus first."""
    estimate = first.survival_at(horizon_days) - second.survival_at(horizon_days)
    error = math.hypot(_error_at(first, horizon_days), _error_at(second, horizon_days))
    reach = normal_quantile(level) * error
    return Effect(
        measure="risk difference",
        estimate=estimate,
        low=estimate - reach,
        high=estimate + reach,
        level=level,
        p_value=2.0 * float(norm.sf(abs(estimate) / error)) if error > 0.0 else None,
        name=name,
        endpoint=endpoint,
        at_days=horizon_days,
        n=first.n + second.n,
        method="difference of Kaplan-Meier risks, Greenwood variances, z test",
    )


def _error_at(curve: Curve, days: float) -> float:
    """Return the standard error of a curve: 0 before the first event, and where all have had the event."""
    row = curve.row_at(days)
    return 0.0 if row < 0 or curve.survival[row] == 0.0 else float(curve.std_error[row])
