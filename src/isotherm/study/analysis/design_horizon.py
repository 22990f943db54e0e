"""What the risks of a design at the horizon hang on: who was still followed, and the difference before and after it."""

from __future__ import annotations

import numpy as np

from isotherm.errors import BadSetting
from isotherm.outcome import Curve, TimeToEvent
from isotherm.study.analysis.design_curves import DesignCurves
from isotherm.study.protocol import Protocol
from isotherm.study.result import Results
from isotherm.study.survival.kaplan_meier import number_at_risk

AROUND = 1.0 / 6.0
"""How far before and after the horizon the difference is told too, in horizons: 30 and 42 months for 36; our choice."""

NOT_KNOWN = "an arm was not observed then"
NOT_BEGUN = "the design begins later"


def add_horizon(results: Results, protocol: Protocol, one: DesignCurves) -> None:
    """Add how many of each arm were still at risk at the horizon, and the risk difference somewhat before and after."""
    assert protocol.course is not None
    horizon = protocol.course.horizon_days
    for arm, curve, days in zip(one.arms, one.found.curves, one.found.followed_days, strict=True):
        outcome = TimeToEvent(days, np.zeros(len(days), dtype=np.int64))
        count = number_at_risk(outcome, [horizon - one.start_day])[0]
        results.coarse_count(f"{one.key}.{arm}.followed", int(count), f"{one.name}, {curve.label}: {one.at_risk_of}, "
                             f"still at risk at {horizon:g} days", arm=arm)  # fmt: skip
    for arm, curve in zip(one.arms[1:], one.found.curves[1:], strict=True):
        for part, side in (("earlier", -1.0), ("later", 1.0)):
            day = horizon * (1.0 + side * AROUND)
            results.number(f"{one.key}.{arm}.{part}", "difference",
                           _difference(one.found.curves[0], curve, day - one.start_day),
                           f"{one.found.endpoint.capitalize()}, {one.name}, {curve.label} v "
                           f"{one.found.curves[0].label}: Risk difference at {day:g} days", arm=arm,
                           why=NOT_BEGUN if day < one.start_day else NOT_KNOWN,
                           method="difference of the curves, to stand beside that at the horizon")  # fmt: skip


def _difference(first: Curve, second: Curve, day: float) -> float | None:
    """Return the second arm's risk minus the first one's; None on a day on which a curve is not known."""
    try:
        return first.survival_at(day) - second.survival_at(day)
    except BadSetting:
        return None
