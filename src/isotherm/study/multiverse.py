"""Multiverse: one question, every analysis of a declared grid, each with the protocol that gives it again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from isotherm.effect import Effect
from isotherm.errors import BadSetting, FitError, InputError
from isotherm.study.analysis.adjust import Plan
from isotherm.study.analysis.balanced import worst_difference
from isotherm.study.analysis.compare import compare
from isotherm.study.analysis.designs import carried_out, refuse_unsound
from isotherm.study.analysis.units import Units, units_of
from isotherm.study.chosen import Chosen
from isotherm.study.cohort import Cohort, cohort
from isotherm.study.designs.clone_result import CloneResult
from isotherm.study.guard.audit import findings_of
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_designs import Naive, TimeDependentCox
from isotherm.study.protocol_methods import Adjustment, Matching, Weighting
from isotherm.study.protocol_multiverse import Multiverse


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Point:
    """One analysis of the grid.

    Parameters
    ----------
    choices : dict of str to str
        What was chosen, by the name of the choice: "caliper", "ratio", "order", "weights", "design".
    protocol : Protocol
        Gives this estimate again, under `result_id`.
    result_id : str
    effect : Effect or None
    why : str
        Why there is none.
    worst_smd : float or None
        Largest standardized difference after adjustment.
    barred : bool
        Whether a finding bars it as an answer.
    main : bool
        Whether it is the main analysis of the protocol.
    """

    choices: dict[str, str]
    protocol: Protocol
    result_id: str
    effect: Effect | None
    why: str
    worst_smd: float | None
    barred: bool
    main: bool


@dataclass(frozen=True, slots=True)
class Spread:
    """What all points say together; a p value of the best is not among it.

    Parameters
    ----------
    n, failed, barred : int
        Points, those without an estimate, and those that are barred as an answer.
    median, low, high : float or None
        Of the estimates that no finding bars.
    below : float or None
        Share of them below no difference.
    excluding : float or None
        Share of them whose interval leaves out no difference.
    """

    n: int
    failed: int
    barred: int
    median: float | None
    low: float | None
    high: float | None
    below: float | None
    excluding: float | None


def multiverse(
    protocol: Protocol, table: pd.DataFrame, *, chosen: Chosen | None = None, workers: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Point, ...]:  # fmt: skip
    """Carry out every analysis of a protocol's grid.

    Parameters
    ----------
    protocol : Protocol
        Its primary outcome is in time, or all points are differences of risks.
    table : DataFrame
    chosen, workers, progress
        As of `analyze`.

    Returns
    -------
    tuple of Point
        In the order of the grid: matching, weights, designs.

    Raises
    ------
    BadSetting
        No grid, or outcomes are blinded.
    InputError, FitError
        As `analyze`; what one analysis cannot give is a point with its reason.

    References
    ----------
    .. [1] Simonsohn U, Simmons JP, Nelson LD. Nat Hum Behav 2020;4:1208-1214 (specification curve).
    .. [2] Steegen S et al. Perspect Psychol Sci 2016;11:702-712 (multiverse).
    """
    if protocol.multiverse is None or protocol.outcomes_blinded:
        raise BadSetting("No grid to carry out, or blinded outcomes; give a [multiverse], and open the outcomes.")
    made = cohort(protocol, table, chosen)
    findings = findings_of(made)
    refuse_unsound(protocol, findings)
    barred = any("naive" in one.bars for one in findings)
    points: list[Point] = []
    if len(protocol.arms.arms) == 2:
        units = units_of(made)
        grid = list(_adjustments(protocol.multiverse))
        for place, (choices, how) in enumerate(grid, start=1):
            words = ", ".join(f"{name} {choice}" for name, choice in choices.items())
            progress(f"{place} of {len(grid)}: {words}")
            points.append(_adjusted(protocol, units, choices, how, barred=barred))
    if protocol.multiverse.designs and protocol.designs:
        points += _designs(made, workers, progress)
    return tuple(points)


def spread_of(points: tuple[Point, ...]) -> Spread:
    """Sum up the points."""
    sound = [one.effect for one in points if one.effect is not None and not one.barred]
    failed, barred = sum(one.effect is None for one in points), sum(one.barred for one in points)
    if not sound:
        return Spread(len(points), failed, barred, None, None, None, None, None)
    estimates = np.array([one.estimate for one in sound])
    null = sound[0].null
    outside = [not one.low <= one.null <= one.high for one in sound]
    return Spread(len(points), failed, barred, float(np.median(estimates)), float(estimates.min()),
                  float(estimates.max()), float((estimates < null).mean()), float(np.mean(outside)))  # fmt: skip


def _adjustments(grid: Multiverse) -> Iterator[tuple[dict[str, str], Adjustment]]:
    for caliper, ratio, order in product(grid.calipers, grid.ratios, grid.orders):
        words = "none" if caliper is None else f"{caliper:g} SD"
        yield ({"design": "matching", "caliper": words, "ratio": f"1:{ratio}", "order": order},
               Matching(caliper=caliper, ratio=ratio, order=order))  # fmt: skip
    for estimand in grid.weights:
        yield {"design": "weighting", "weights": estimand}, Weighting(estimand=estimand)


def _adjusted(protocol: Protocol, units: Units, choices: dict[str, str], how: Adjustment, *, barred: bool) -> Point:
    name, effect, why, worst = protocol.primary.name, None, "", None
    try:
        comparison = compare(units, replace(Plan.main(units), adjustment=how))
        effect, _ = comparison.effect(name, protocol.methods.estimation)
        worst = worst_difference(comparison)
        effect, why = (effect, "") if math.isfinite(effect.estimate) else (None, "the estimate is infinite")
    except (FitError, InputError) as error:
        effect, why = None, str(error)
    own = replace(protocol, methods=replace(protocol.methods, adjustment=how, bootstrap=0), multiverse=None)
    main = how == protocol.methods.adjustment and not protocol.designs
    return Point(choices=choices, protocol=own, result_id=f"effect.{name}.adjusted", effect=effect, why=why,
                 worst_smd=worst, barred=barred, main=main)  # fmt: skip


def _designs(made: Cohort, workers: int, progress: Callable[[str], None]) -> Iterator[Point]:
    """Yield the hazard ratio of the first arm against the reference by every design, for the first endpoint."""
    protocol = made.protocol
    assert protocol.course is not None
    endpoint = protocol.course.endpoints[0]
    short = "os" if endpoint == "overall survival" else "pfs"
    arm = next(name for name in protocol.arms.names if name != protocol.arms.reference)
    _, done = carried_out(made, findings_of(made), workers=workers, progress=progress)
    first = next((one.design.name for one in done if not one.barred_by and not isinstance(one.design, Naive)), "")
    for one in done:
        if isinstance(one.design, TimeDependentCox):
            continue  # compares an arm with those not treated yet: another contrast
        answer = one.answers.get(endpoint, f"barred by {', '.join(one.barred_by)}")
        found = answer.result if isinstance(answer, CloneResult) else answer
        effect = None if isinstance(found, str) else next(iter(found.hazard_ratios), None)
        why = found if isinstance(found, str) else "" if effect is not None else "there is no hazard ratio"
        kept = tuple(other for other in protocol.designs if other is one.design or other.name == first)
        yield Point(choices={"design": one.design.name}, protocol=replace(protocol, designs=kept, multiverse=None),
                    result_id=f"design.{one.design.name}.{short}.{arm}.hazard_ratio", effect=effect, why=why,
                    worst_smd=None, barred=bool(one.barred_by), main=one.design.name == first)  # fmt: skip
