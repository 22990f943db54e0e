"""Naive comparison: arms by what happened later. It answers no question, and stands beside a design that does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from isotherm.columns import Float
from isotherm.study.designs.contrast import contrast
from isotherm.study.designs.courses import Courses, Endpoint, refuse_unknown
from isotherm.study.designs.result import DesignResult
from isotherm.study.designs.strategy import Strategy, arms_by_treatment

Clock = Literal["time zero", "systemic", "ablation"]

CLOCKS = {"time zero": "time zero", "systemic": "the start of systemic therapy", "ablation": "ablation"}


def naive(
    courses: Courses,
    strategies: Sequence[Strategy],
    *,
    endpoint: Endpoint,
    clock: Clock = "time zero",
    horizon_days: float,
    level: float = 0.95,
) -> DesignResult:
    """Compare patients by the treatments that they came to have.

    Parameters
    ----------
    courses : Courses
    strategies : sequence of Strategy
        The first is the reference. Patients who fulfil none are left out and counted.
    endpoint : {"overall survival", "progression-free survival"}
    clock : {"time zero", "systemic", "ablation"}
        What outcomes are counted from.
    horizon_days : float
        Of risks and restricted means, on that clock.
    level : float

    Returns
    -------
    DesignResult

    Raises
    ------
    BadSetting
        Another clock or endpoint; as `arms_by_treatment`.
    NothingToCompare
        An empty arm, or one that is not observed up to the horizon.

    References
    ----------
    .. [1] Suissa S. Am J Epidemiol 2008;167:492-499 (immortal time).
    """
    refuse_unknown("clock", clock, tuple(CLOCKS))
    arm = arms_by_treatment(courses, strategies)
    end, event = courses.outcome(endpoint)
    start = _clock_days(courses, clock)
    fits, begun = arm >= 0, end > start
    kept = fits & begun
    names = tuple(strategy.name for strategy in strategies)
    found = contrast(
        end[kept] - start[kept],
        event[kept],
        arm[kept],
        names,
        endpoint=endpoint,
        horizon_days=horizon_days,
        level=level,
    )
    return DesignResult(
        design=f"naive, clock at {CLOCKS[clock]}",
        endpoint=endpoint,
        target=(
            f"No question of treatment: {endpoint} from {CLOCKS[clock]}, compared between patients who lived, and "
            "stayed free of what would have stopped treatment, long enough to be put into an arm."
        ),
        remaining_bias=(
            "Immortal time: an arm has no event before the day that defines it.",
            "Selection: who progresses before a late ablation is not in its arm.",
        ),
        arms=found.arms,
        left_out=(
            ("treated otherwise than any strategy asks", int((~fits).sum())),
            (f"had the event, or left, by {CLOCKS[clock]}", int((fits & ~begun).sum())),
        ),
        curves=found.curves,
        followed_days=found.followed_days,
        risk_differences=found.risk_differences,
        rmst_differences=found.rmst_differences,
        hazard_ratios=found.hazard_ratios,
        remarks=found.remarks,
    )


def _clock_days(courses: Courses, clock: Clock) -> Float:
    """Return the day each patient's clock starts; infinite where it never does."""
    if clock == "time zero":
        return np.zeros(len(courses))
    days = courses.systemic_days if clock == "systemic" else courses.ablation_days
    return np.where(np.isnan(days), np.inf, days)
