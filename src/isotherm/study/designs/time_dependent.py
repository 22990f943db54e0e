"""Time-dependent Cox model: each patient counts as treated from the day of ablation on, and as not treated before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isotherm.columns import Float, Int
from isotherm.errors import NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study.designs.contrast import hazard_ratios
from isotherm.study.designs.courses import Bool, Courses, Endpoint
from isotherm.study.designs.result import ArmCount, DesignResult
from isotherm.study.designs.spans import GRAIN, spans
from isotherm.study.designs.strategy import Strategy, arms_by_treatment, check_strategies

NOT_YET = "no ablation (yet)"
PROGRESSED = "progression"


def time_dependent(
    courses: Courses,
    strategies: Sequence[Strategy],
    *,
    endpoint: Endpoint,
    adjust: bool = True,
    adjust_progression: bool = False,
    level: float = 0.95,
) -> DesignResult:
    """Compare the hazard of those ablated with that of those not ablated yet, at the same time.

    Parameters
    ----------
    courses : Courses
    strategies : sequence of Strategy
        What an ablation counts as, by its day: those that fit no strategy are one more group.
    endpoint : {"overall survival", "progression-free survival"}
    adjust : bool
        Whether covariates are adjusted for, changing ones as last known before each stretch of time.
    adjust_progression : bool
        Whether progression is one of them. It decides on ablation and lies between ablation and death: for overall
        survival adjusting and not adjusting are both wrong.
    level : float

    Returns
    -------
    DesignResult
        Hazard ratios against no ablation (yet); there is no curve per strategy.

    Raises
    ------
    NothingToCompare
        Nobody was ablated while at risk.
    FitError
        The model has no maximum.

    References
    ----------
    .. [1] Mantel N, Byar DP. J Am Stat Assoc 1974;69:81-86.
    """
    check_strategies(strategies)
    end, event = courses.outcome(endpoint)
    treated_as = _groups(courses, strategies)
    ablated = np.where(np.isnan(courses.ablation_days), np.inf, courses.ablation_days)
    progressed = np.where(np.isnan(courses.progression_days), np.inf, courses.progression_days)
    patient, start, stop, last = spans(end, _cuts(courses, ablated, progressed if adjust_progression else None, adjust))
    group = np.where(ablated[patient] <= start, treated_as[patient] + 1, 0)
    names = (NOT_YET, *(strategy.name for strategy in strategies), "ablation outside of all windows")
    present = np.flatnonzero(np.bincount(group, minlength=len(names)) > 0)
    if len(present) < 2 or present[0] != 0:
        raise NothingToCompare("Nobody was ablated while at risk, or all were from time zero on; nothing to compare.")
    dies = event[patient] & last
    outcome = TimeToEvent(stop, dies.astype(np.int64), start, cluster=patient)
    # What was measured on the day a span starts is known in it.
    known = [courses.known_before(patient, start + 0.5 / GRAIN)] if adjust else []
    covariates = courses.covariate_names if adjust else ()
    if adjust_progression:
        known.append((progressed[patient] <= start).astype(np.float64)[:, None])
    code, shown = np.searchsorted(present, group), tuple(names[k] for k in present)
    ratios = hazard_ratios(
        outcome,
        code,
        shown,
        endpoint=endpoint,
        adjust=np.hstack(known) if known else None,
        covariates=(*covariates, PROGRESSED),
        level=level,
    )
    return DesignResult(
        design="time-dependent Cox model",
        endpoint=endpoint,
        target=f"The hazard in {endpoint} of patients who have been ablated, over that of those not ablated (yet), "
        "at the same time after time zero.",
        remaining_bias=_remaining(endpoint),
        arms=tuple(_count(name, code == k, patient, dies) for k, name in enumerate(shown)),
        left_out=(),
        curves=(),
        followed_days=(),
        risk_differences=(),
        rmst_differences=(),
        hazard_ratios=ratios,
    )


def _groups(courses: Courses, strategies: Sequence[Strategy]) -> Int:
    """Return the strategy whose window of ablation holds the ablation, else the number of strategies, shape (n,)."""
    asked = [Strategy(s.name, s.ablation) for s in strategies if s.ablation is not None]
    place = np.array([k for k, s in enumerate(strategies) if s.ablation is not None], dtype=np.int64)
    if len(asked) < 2:
        raise NothingToCompare(f"{len(asked)} strategies ask for an ablation window; two or more are wanted.")
    found = arms_by_treatment(courses, asked)
    return np.where(found < 0, len(strategies), place[found])


def _cuts(courses: Courses, ablated: Float, progressed: Float | None, adjust: bool) -> tuple[Int, Float]:
    """Return the patients and the days on which something that counts changes."""
    everybody = np.arange(len(courses))
    patients, days = [everybody], [ablated]
    if progressed is not None:
        patients.append(everybody)
        days.append(progressed)
    if adjust and courses.changing is not None:
        patients.append(courses.changing.row)
        days.append(courses.changing.day)
    return np.concatenate(patients), np.concatenate(days)


def _count(name: str, rows: Bool, patient: Int, dies: Bool) -> ArmCount:
    return ArmCount(name, len(np.unique(patient[rows])), int(dies[rows].sum()))


def _remaining(endpoint: Endpoint) -> tuple[str, ...]:
    found = ["It gives no curve per strategy, and no risk."]
    if endpoint == "overall survival":
        found.append(
            "Who progresses is no longer ablated and dies sooner: the group not ablated (yet) holds those who "
            "progressed, which flatters ablation."
        )
    return tuple(found)
