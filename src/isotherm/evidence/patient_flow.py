"""Who left when: events and losses between printed numbers at risk, as amounts, not yet whole patients."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from isotherm.columns import Float
from isotherm.evidence.curve_cleaning import CleanCurve
from isotherm.evidence.printed_curve import DigitizedCurve, NumbersAtRisk

HALF_A_PATIENT = 0.5
"""Who stays at the end of a curve that was not cut: it ends where the last patient does."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """From one printed number at risk to the next, or to the end of the curve.

    Parameters
    ----------
    start, end : float
        Days; who leaves on the start belongs to it, who leaves on the end does not (but for the last stretch).
    at_risk, leaving : float
        At risk at its start, and how many of them leave before its end; all, in the last one.
    after, until : array, shape (s,)
        Each fall of the curve happens between two such days, or on one where they are equal.
    falls : array, shape (s,)
        Events of each fall: amounts, not yet whole.
    lost : float
        Lost from sight before the end; in the last stretch of a curve that was cut, the others are watched to its end.
    timing : float
        When in the stretch they are lost: 0 evenly, above it later, below it earlier (see `lost_by`).
    """

    start: float
    end: float
    at_risk: float
    leaving: float
    after: Float
    until: Float
    falls: Float
    lost: float
    timing: float = 0.0

    @property
    def events(self) -> float:
        """Events of the stretch."""
        return float(self.falls.sum())

    def with_events(self, events: float) -> Stretch:
        """Return the stretch with another number of events, placed where the curve falls; evenly where it does not."""
        if self.events > 0.0:
            return replace(self, falls=self.falls * (events / self.events))
        length = self.until - self.after
        return replace(self, falls=events * length / length.sum()) if length.any() else self

    def days_of(self, shares: Float) -> Float:
        """Return by when shares of the losses have happened: the inverse of `lost_by`."""
        return self.start + (self.end - self.start) * shares ** np.exp(-self.timing)


def lost_by(passed: Float, timing: float) -> Float:
    """Return which share of the losses has happened after a share of the stretch: passed to the power e^timing."""
    return passed ** np.exp(timing)


def stretches(clean: CleanCurve, table: NumbersAtRisk, curve: DigitizedCurve, timing: Float) -> list[Stretch]:
    """Return how patients leave, as the curve and the numbers at risk say.

    Each fall of the curve takes its share of those who are still there; how many are lost then follows from the next
    number at risk in one step.

    Parameters
    ----------
    clean : CleanCurve
    table : NumbersAtRisk
    curve : DigitizedCurve
        For its reading, and whether it was cut.
    timing : array, shape (t,)
        When in each stretch patients are lost.
    """
    days = table.times_days[: table.watched]
    left = table.at_risk[: table.watched].astype(np.float64)
    edges = np.append(days, max(float(clean.times_days[-1]), float(days[-1])))
    found: list[Stretch] = []
    for k in range(len(days)):
        last, start, end = k == len(days) - 1, float(edges[k]), float(edges[k + 1])
        inside = (clean.times_days >= start) & (last | (clean.times_days < end))
        share = clean.survival[inside]
        closing = (share[-1] if len(share) else clean.at_table[k]) if last else clean.at_table[k + 1]
        levels = np.concatenate([clean.at_table[k : k + 1], share, [closing]])
        after, until = _places(clean.times_days[inside], start, end, exact=curve.reading == "steps")
        stays = HALF_A_PATIENT if last else float(left[k + 1])
        empty = Stretch(
            start,
            end,
            float(left[k]),
            float(left[k]) - stays,
            after,
            until,
            np.zeros(len(until)),
            0.0,
            float(timing[k]),
        )
        lost = _loss_rate(found) * empty.at_risk * (end - start) if last and curve.cut else None
        one = _solved(empty, levels, lost)
        found.append(replace(one, leaving=one.at_risk) if last else one.with_events(one.leaving - one.lost))
    return found


def _places(points: Float, start: float, end: float, *, exact: bool) -> tuple[Float, Float]:
    """Return between which days each fall happens; the last fall is the one between the last point and the end."""
    before = np.concatenate([[start], points])
    until = np.append(points, end)
    return (np.append(points, before[-1]), until) if exact else (before, until)


def _solved(one: Stretch, levels: Float, lost: float | None) -> Stretch:
    """Solve a stretch for its losses, unless they are given: those who stay are a linear function of them.

    `levels`, shape (s + 1,), is the curve before the first fall and after each.
    """
    middle, length = (one.after + one.until) / 2.0, one.end - one.start
    passed = (
        np.concatenate([[0.0], (middle - one.start) / length, [1.0]]) if length > 0.0 else np.zeros(len(levels) + 1)
    )
    share = np.diff(lost_by(passed, one.timing))  # of the losses: before each fall, and after the last one
    before = levels[:-1]
    price = float(levels[-1] * (share / np.append(before, levels[-1])).sum())
    free = one.at_risk * float(levels[-1] / levels[0])
    most = min(free / price, one.leaving) if price > 0.0 else 0.0
    if lost is None:
        lost = (free - one.at_risk + one.leaving) / price if price > 0.0 else 0.0
    lost = min(max(lost, 0.0), most)
    then_at_risk = before * (one.at_risk / levels[0] - lost * np.cumsum(share[:-1] / before))
    return replace(one, falls=then_at_risk * (1.0 - levels[1:] / before), lost=lost)


def _loss_rate(earlier: list[Stretch]) -> float:
    """Return how many were lost per patient and day so far; 0 before the first stretch."""
    watched = sum((one.at_risk - one.leaving / 2.0) * (one.end - one.start) for one in earlier)
    return sum(one.lost for one in earlier) / watched if earlier else 0.0
