"""Landmark: arms by what had happened up to a day, and the clock starts on that day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from isotherm.errors import BadSetting
from isotherm.study.designs.contrast import contrast, horizon_within
from isotherm.study.designs.courses import Courses, Endpoint, refuse_unknown
from isotherm.study.designs.result import DesignResult
from isotherm.study.designs.strategy import Strategy, arms_by_treatment

Among = Literal["living", "progression-free"]

WHO: dict[Among, str] = {"living": "alive", "progression-free": "alive and progression-free"}
"""Of whom a landmark is, in words."""


def landmark(
    courses: Courses,
    strategies: Sequence[Strategy],
    *,
    endpoint: Endpoint,
    day: float,
    among: Among = "progression-free",
    horizon_days: float,
    adjust: bool = True,
    level: float = 0.95,
) -> DesignResult:
    """Compare those who reach a day, by the treatments that they had had by then.

    Parameters
    ----------
    courses : Courses
    strategies : sequence of Strategy
        The first is the reference.
    endpoint : {"overall survival", "progression-free survival"}
    day : float
        The landmark, in days after time zero: the end of the last window.
    among : {"progression-free", "living"}
        The living include those who have progressed, who are no longer ablated: their selection stays.
    horizon_days : float
        Of risks and restricted means, in days after time zero.
    adjust : bool
        Whether the hazard ratio is adjusted for covariates as known at time zero; later ones are consequences of the
        treatment.
    level : float

    Returns
    -------
    DesignResult
        Its curves count days from the landmark.

    Raises
    ------
    BadSetting
        A landmark of the living for progression-free survival, or a landmark that is not after time zero.
    NothingToCompare
        An empty arm, or one that is not observed up to the horizon.

    References
    ----------
    .. [1] Anderson JR, Cain KC, Gelber RD. J Clin Oncol 1983;1:710-719.
    .. [2] Dafni U. Circ Cardiovasc Qual Outcomes 2011;4:363-371.
    """
    refuse_unknown("group", among, get_args(Among))
    if among == "living" and endpoint != "overall survival":
        raise BadSetting("A landmark of the living came for progression-free survival; use the progression-free.")
    if not 0.0 < day < np.inf:
        raise BadSetting(f"The landmark, day {day:g}, came; a day after time zero is wanted.")
    end, event = courses.outcome(endpoint)
    free = np.isnan(courses.progression_days) | (courses.progression_days > day)
    observed = courses.last_days > day
    reached = observed & (free if among == "progression-free" else True)
    by_then, at_all = arms_by_treatment(courses, strategies, day), arms_by_treatment(courses, strategies)
    kept = reached & (by_then >= 0)
    after = int((kept & (by_then != at_all)).sum() + (reached & (by_then < 0) & (at_all >= 0)).sum())
    names = tuple(strategy.name for strategy in strategies)
    known = courses.known_before(np.flatnonzero(kept), np.zeros(int(kept.sum())))
    found = contrast(
        end[kept] - day,
        event[kept],
        by_then[kept],
        names,
        endpoint=endpoint,
        horizon_days=horizon_within(courses, horizon_days, day),
        adjust=known if adjust else None,
        covariates=courses.covariate_names,
        level=level,
    )
    return DesignResult(
        design=f"landmark of the {among}, day {day:g}",
        endpoint=endpoint,
        target=(
            f"Among those {WHO[among]} {day:g} days after time zero: {endpoint} from then on, by the treatments that "
            "they had had by then."
        ),
        remaining_bias=_remaining(among, day, after),
        arms=found.arms,
        left_out=(
            (f"died or left observation by day {day:g}", int((~observed).sum())),
            (f"had progressed by day {day:g}", int((observed & ~reached).sum())),
            ("treated otherwise than any strategy asks", int((reached & (by_then < 0)).sum())),
        ),
        curves=found.curves,
        followed_days=found.followed_days,
        risk_differences=found.risk_differences,
        rmst_differences=found.rmst_differences,
        hazard_ratios=found.hazard_ratios,
        remarks=found.remarks,
    )


def _remaining(among: Among, day: float, after: int) -> tuple[str, ...]:
    found = [
        f"Events up to the landmark, day {day:g}, are not counted.",
        "Who reaches that day may depend on the treatment.",
    ]
    if among == "living":
        found.append("Selection: those who progressed are no longer ablated, and stay in the arm that was early.")
    if after:
        found.append(f"{after} patients were treated after day {day:g} and are counted by what they had before it.")
    return tuple(found)
