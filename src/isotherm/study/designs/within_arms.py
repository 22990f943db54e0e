"""Arms as begun: time zero is the first treatment; weights at baseline, and for leaving the strategy within the arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float, Int
from isotherm.errors import BadSetting, NoOverlap, NothingToCompare, OutOfReach
from isotherm.study.designs.censoring import SURE, linear_predictor
from isotherm.study.designs.clone_censor_weight import TRUNCATED, Made, weighted_strategies
from isotherm.study.designs.clone_result import CloneResult, clause
from isotherm.study.designs.clones import Clones, followed
from isotherm.study.designs.courses import Courses, Endpoint
from isotherm.study.designs.strategy import Strategy, check_strategies, deviations
from isotherm.study.resample import resampling

REMAINING = (
    "What decided on the first treatment, or on leaving the strategy, and was not recorded is not dealt with.",
    "Who never came to a first treatment is not here: a question about the decision needs its date.",
)


def censoring_weights(
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
    """Compare arms by the first treatment, each patient in the one arm that it begins, until the strategy is left.

    Patients are weighted by one over their chance of beginning their arm, given what was known at time zero, and by one
    over their chance of not leaving it, given what was known before each period; each arm has models of its own.

    Parameters
    ----------
    courses : Courses
        Time zero is the first treatment.
    strategies : sequence of Strategy
        Two or more; the first is the reference.
    endpoint, horizon_days, seed, replicates, period_days, truncate, strata, workers, level
        As of `clone_censor_weight`.

    Raises
    ------
    OutOfReach
        Time zero is a decision: then patients can be cloned, and those who were never treated count.
    BadSetting
        The first treatment fits several strategies.
    FitError
        An arm nobody begins, or models without a fit.

    References
    ----------
    .. [1] Robins JM, Finkelstein DM. Biometrics 2000;56:779-788 (censoring weights).
    .. [2] Hernan MA, Robins JM. Am J Epidemiol 2016;183:758-764 (time zero).
    """
    check_strategies(strategies)
    if courses.zero != "first treatment":
        raise OutOfReach(
            "Time zero is a decision, from which patients can be cloned; use clone_censor_weight, which counts those "
            "who were never treated."
        )
    arm = begun(courses, strategies)
    kept = courses.take(np.flatnonzero(arm >= 0))
    named = "; or ".join(f'"{strategy.name}"' for strategy in strategies)
    made = Made(
        lambda some: _arms(some, strategies, endpoint, period_days),
        design="arms as begun, weighted at baseline and for censoring",
        target=f"{endpoint.capitalize()} from the first treatment on, if all who came to one had begun, and followed, "
        f"a strategy: {named}{clause(courses, strategies)}",
        remaining_bias=REMAINING,
        rows="patients",
    )
    plan = resampling(len(kept), seed=seed, replicates=replicates, strata=_of(strata, arm >= 0))
    found = weighted_strategies(kept, strategies, made, endpoint=endpoint, horizon_days=horizon_days, plan=plan,
                                truncate=truncate, workers=workers, level=level)  # fmt: skip
    left_out = (("began otherwise than any strategy asks", int((arm < 0).sum())),)
    return replace(found, patients=len(courses), result=replace(found.result, left_out=left_out))


def begun(courses: Courses, strategies: Sequence[Strategy]) -> Int:
    """Return the one strategy that each patient's treatment on day 0 does not contradict, shape (n,); -1 for none.

    Raises
    ------
    BadSetting
        It contradicts neither of two.
    """
    arm = np.full(len(courses), -1, dtype=np.int64)
    for k, strategy in enumerate(strategies):
        fits = deviations(courses, strategy).day > 0.0
        twice = int((fits & (arm >= 0)).sum())
        if twice:
            raise BadSetting(
                f'The first treatment of {twice} patients fits "{strategy.name}" and a strategy before it, so it does '
                "not tell their arm; give the day of the decision, and clone."
            )
        arm[fits] = k
    return arm


def _of(strata: npt.ArrayLike | None, kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.generic] | None:
    return None if strata is None else np.asarray(strata)[kept]


def _arms(
    courses: Courses, strategies: Sequence[Strategy], endpoint: Endpoint, period_days: float
) -> tuple[Clones, ...]:
    """Return the patients of each arm, weighted."""
    arm = begun(courses, strategies)
    everybody = np.arange(len(courses))
    x = np.ascontiguousarray(courses.known_before(everybody, np.zeros(len(courses))))
    found: list[Clones] = []
    for k, strategy in enumerate(strategies):
        rows = np.flatnonzero(arm == k)
        if not len(rows):
            raise NothingToCompare(f'Nobody begins "{strategy.name}"; leave the arm out.')
        own = courses.take(rows)
        one = followed(own, strategy, *own.outcome(endpoint), period_days=period_days)
        found.append(_weighted(one, *_chance(x, arm == k, strategy.name), rows))
    return tuple(found)


def _chance(x: Float, inside: npt.NDArray[np.bool_], name: str) -> tuple[Float, bool]:
    """Return everybody's chance of beginning an arm, shape (n,), and whether its model had to be penalized."""
    eta, firth = linear_predictor(x, inside.astype(np.float64), f'of beginning "{name}"')
    chance = 1.0 / (1.0 + np.exp(-eta))
    if (chance[inside] < SURE).any():
        raise NoOverlap(f'Some who began "{name}" had no chance to; restrict eligibility to those who had.')
    return chance, firth


def _weighted(one: Clones, chance: Float, firth: bool, rows: Int) -> Clones:
    """Multiply weights by one over the chance of the arm; over all days at risk their mean stays 1."""
    weight = one.weight / chance[rows][one.patient]
    days = one.stop_days - one.start_days
    return replace(one, weight=weight * days.sum() / (weight * days).sum(), penalized=one.penalized + int(firth))
