"""Printed numbers of events: they say when, between two numbers at risk, patients were lost from sight."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from isotherm.columns import Float
from isotherm.evidence.curve_cleaning import CleanCurve
from isotherm.evidence.patient_flow import Stretch, stretches
from isotherm.evidence.printed_curve import DigitizedCurve, NumbersAtRisk

EXTREME = 2.0
"""Timings beyond this put nearly all losses on the first or the last day of a stretch."""

HALVINGS = 28


def settled(clean: CleanCurve, table: NumbersAtRisk, curve: DigitizedCurve, total_events: int | None) -> list[Stretch]:
    """Return the stretches with the numbers of events that are printed.

    The curve fixes the hazard, the table how many leave, but not when within a stretch patients are lost. Were they
    lost later, more were at risk, and the same falls of the curve took more events. So a number of events is met by
    moving the losses: the hazards, and with them hazard ratios, stay what the curve says. Adding events without moving
    losses would change them.

    Events under the axis are met in each stretch, exactly. A total is met by one timing for all stretches; one that no
    timing reaches contradicts the curve, and is left to the report.

    Parameters
    ----------
    clean, table, curve
    total_events : int or None
    """
    even = np.zeros(table.watched)
    if table.events is not None:
        wanted = np.diff(table.events[: table.watched]).astype(np.float64)
        nobody_left = table.watched < len(table.times_days)
        total = int(table.events[-1]) if nobody_left else total_events
        if total is not None:
            wanted = np.append(wanted, float(total - table.events[table.watched - 1]))

        def each(timing: Float) -> Float:
            found = stretches(clean, table, curve, np.append(timing, even[len(timing) :]))
            return np.array([one.events for one in found[: len(timing)]])

        timing = np.append(_timing(each, wanted), even[len(wanted) :])
        found = stretches(clean, table, curve, timing)
        return [one.with_events(float(n)) for one, n in zip(found, wanted, strict=False)] + found[len(wanted) :]
    if total_events is None:
        return stretches(clean, table, curve, even)

    def altogether(timing: Float) -> Float:
        return np.array([sum(one.events for one in stretches(clean, table, curve, even + timing))])

    return stretches(clean, table, curve, even + _timing(altogether, np.array([float(total_events)])))


def _timing(events: Callable[[Float], Float], wanted: Float) -> Float:
    """Return the timings that give the events wanted, each by itself, by halving: later losses, more events."""
    low, high = np.full(len(wanted), -EXTREME), np.full(len(wanted), EXTREME)
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        more = events(middle) < wanted
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return (low + high) / 2.0
