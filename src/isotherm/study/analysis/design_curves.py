"""Curves of designs as records: what their days count from, risks at the horizon, numbers at risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isotherm.columns import Float
from isotherm.outcome import Curve, TimeToEvent
from isotherm.study.analysis.adjusted_for import NOT_ADJUSTED, are_risks_adjusted
from isotherm.study.analysis.curves import NOT_REACHED, gaps, ticks
from isotherm.study.designs.landmark import WHO
from isotherm.study.designs.naive import CLOCKS, Clock
from isotherm.study.designs.result import DesignResult
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_designs import Design, Landmark, Naive
from isotherm.study.result import Cell, Results, cell
from isotherm.study.survival.kaplan_meier import number_at_risk, quantile

MOST_TICKS = 6
"""Panels are half as wide as other curves."""

APART = 0.75
"""Least room between two numbers at risk, in steps of the axis: a landmark may lie beside a tick."""

RISKS = ["", "Counted from", "Adjusted", "Risk"]
"""Heads of the table of risks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignCurves:
    """The curves of one design and endpoint.

    Parameters
    ----------
    design : Design
    found : DesignResult
    key, name : str
        Start of the ids; what the design is called.
    arms : tuple of str
        Names for ids, in the order of the curves.
    at_risk_of : str
        Who is counted at risk: "patients", or also that weights are left out of account.
    """

    design: Design
    found: DesignResult
    key: str
    name: str
    arms: tuple[str, ...]
    at_risk_of: str

    @property
    def start_day(self) -> float:
        """Day on which the curves begin, on the clock of the design."""
        return self.design.day if isinstance(self.design, Landmark) else 0.0

    @property
    def clock(self) -> Clock:
        """What day 0 is."""
        return self.design.clock if isinstance(self.design, Naive) else "time zero"

    @property
    def counted_from(self) -> str:
        """From when on events count, in words."""
        return f"day {self.start_day:g} after time zero" if self.start_day else CLOCKS[self.clock]

    @property
    def last_day(self) -> float:
        """When the last patient left; 0 without curves."""
        return max((self.start_day + float(days.max()) for days in self.found.followed_days), default=0.0)


def axis_days(shown: Sequence[DesignCurves]) -> list[float]:
    """Return the ticks of the axis that all designs of an endpoint share."""
    return ticks(max((one.last_day for one in shown), default=0.0), most=MOST_TICKS)


def add_design_curves(
    results: Results, protocol: Protocol, one: DesignCurves, behind: Sequence[str], axis: Sequence[float]
) -> list[list[Cell]]:
    """Add how a design counts, its curves as they are drawn, numbers at risk, and risks and medians read off them.

    Returns
    -------
    list of rows
        Of the table of risks.
    """
    assert protocol.course is not None
    horizon = protocol.course.horizon_days
    adjusted = are_risks_adjusted(protocol, one.design)
    said = "adjusted by weights" if adjusted else NOT_ADJUSTED
    _add_counting(results, one, said)
    rows: list[list[Cell]] = []
    for arm, curve, days in zip(one.arms, one.found.curves, one.found.followed_days, strict=True):
        key, words, at = f"{one.key}.{arm}", f"{one.name}, {curve.label}", horizon - one.start_day
        row = curve.row_at(at)
        low, high = (None, None) if row < 0 else (1.0 - float(curve.high[row]), 1.0 - float(curve.low[row]))
        results.number(f"{key}.risk", "probability", 1.0 - curve.survival_at(at),
                       f"{words}: risk at {horizon:g} days, counted from {one.counted_from}, {said}", low=low,
                       high=high, level=curve.level, arm=arm, rests_on=behind, method=f"one minus the curve, "
                       f"{curve.interval} interval, variance {curve.variance}; {said}")  # fmt: skip
        _add_median(results, one, f"{key}.median", curve, f"{words}: median, {said}", arm, behind)
        rows.append([words, one.counted_from, "by weights" if adjusted else "no", cell(f"{key}.risk")])
        results.curves[key] = {
            **_drawn(curve, one.start_day), "arm": arm, "design": one.name, "endpoint": one.found.endpoint,
            "clock": one.clock, "adjusted": adjusted, **_at_risk(results, one, arm, words, days, axis),
        }  # fmt: skip
    return rows


def _add_counting(results: Results, one: DesignCurves, adjusted: str) -> None:
    """Add what day 0 of a design is, on which day it begins and of whom, and whether its risks are adjusted."""
    results.text(f"{one.key}.clock", f"{one.name}: what day 0 is", CLOCKS[one.clock])
    results.number(f"{one.key}.start_day", "days", one.start_day, f"{one.name}: begins on day", unit="days")
    results.text(f"{one.key}.adjusted", f"{one.name}: risks, medians and curves",
                 adjusted if one.found.curves else "", why="this design has none")  # fmt: skip
    if isinstance(one.design, Landmark):
        results.text(f"{one.key}.among", f"{one.name}: of whom, on that day", WHO[one.design.among])


def _add_median(results: Results, one: DesignCurves, key: str, curve: Curve, label: str, arm: str,
                behind: Sequence[str]) -> None:  # fmt: skip
    """Add the median time to the event on the clock of the design, or that it is not reached."""
    days, low, high = (None if day is None else one.start_day + day for day in quantile(curve))
    results.number(key, "days", days, f"{label}, counted from {CLOCKS[one.clock]}", low=low, high=high,
                   level=curve.level, unit="days", why=NOT_REACHED, arm=arm, rests_on=behind)  # fmt: skip


def count_around(results: Results, protocol: Protocol, one: DesignCurves) -> list[str]:
    """Count, without printing, the events before and after the horizon: a risk may tell of a few of them."""
    assert protocol.course is not None
    keys: list[str] = []
    for arm, curve in zip(one.arms, one.found.curves, strict=False):
        row = curve.row_at(protocol.course.horizon_days - one.start_day) + 1
        for part, count in (("by", curve.events[:row].sum()), ("after", curve.events[row:].sum())):
            keys.append(f"{one.key}.{arm}.{part}")
            results.unprinted(keys[-1], round(float(count)))
    return keys


def _at_risk(
    results: Results, one: DesignCurves, arm: str, words: str, followed: Float, axis: Sequence[float]
) -> dict[str, object]:
    """Add numbers at risk where the curve begins and at the ticks after it; return what the curve says of them."""
    start = one.start_day
    step = axis[1] if len(axis) > 1 else 0.0
    table_days = [start, *(day for day in axis if day > start and day >= start + APART * step)]
    outcome = TimeToEvent(followed, np.zeros(len(followed), dtype=np.int64))
    counts = number_at_risk(outcome, [day - start for day in table_days])
    ids = [f"{one.key}.{arm}.at_risk.{k}" for k in range(1, len(table_days) + 1)]
    for own, day, count in zip(ids, table_days, counts, strict=True):
        results.number(own, "count", int(count), f"{words}: {one.at_risk_of}, at risk at {day:g} days", arm=arm)
    return {"table_days": table_days, "at_risk": ids, "at_risk_of": one.at_risk_of}


def _drawn(curve: Curve, start: float) -> dict[str, object]:
    return {
        "label": curve.label, "start_day": start, "days": (curve.times_days + start).tolist(),
        "survival": curve.survival.tolist(), "level": curve.level,
        "low": gaps(curve.low),
        "high": gaps(curve.high),
    }  # fmt: skip
