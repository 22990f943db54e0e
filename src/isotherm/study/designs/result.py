"""DesignResult: what a design estimates, in words, and its estimates: risks and restricted means first."""

from __future__ import annotations

from dataclasses import dataclass

from isotherm.columns import Float
from isotherm.effect import Effect
from isotherm.outcome import Curve
from isotherm.study.designs.courses import Endpoint


@dataclass(frozen=True, slots=True)
class ArmCount:
    """Who is behind an arm of a design.

    Parameters
    ----------
    name : str
    n, events : int
        Patients (or clones) and their events.
    """

    name: str
    n: int
    events: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DesignResult:
    """The answer of one design. The first arm is the reference; effects come in the order of the other arms.

    Parameters
    ----------
    design : str
    endpoint : str
    target : str
        What is estimated, about whom and from which day on, in one sentence.
    remaining_bias : tuple of str
        What the design does not deal with, one sentence each.
    arms : tuple of ArmCount
    left_out : tuple of (words, count)
        Patients who are not in the comparison, and why; with the arms they add up to all.
    curves : tuple of Curve
        One per arm; none where the design has no curve per strategy.
    followed_days : tuple of arrays, shape (n,)
        Of each curve, how long each patient (or clone) was at risk, from the curve's day 0 on; without weights.
    risk_differences, rmst_differences, hazard_ratios : tuple of Effect
    remarks : tuple of str
        What happened on the way, one sentence each.
    """

    design: str
    endpoint: Endpoint
    target: str
    remaining_bias: tuple[str, ...]
    arms: tuple[ArmCount, ...]
    left_out: tuple[tuple[str, int], ...]
    curves: tuple[Curve, ...]
    followed_days: tuple[Float, ...]
    risk_differences: tuple[Effect, ...]
    rmst_differences: tuple[Effect, ...]
    hazard_ratios: tuple[Effect, ...]
    remarks: tuple[str, ...] = ()
