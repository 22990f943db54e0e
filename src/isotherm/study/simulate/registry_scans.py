"""Scans: when they are, and on which of them what has happened is first seen."""

from __future__ import annotations

import numpy as np

from isotherm.columns import Float, Int
from isotherm.study.simulate.scenario_parts import ScanSchedule


def nominal_days(schedule: ScanSchedule, longest_days: float) -> Float:
    """Return the days on which scans are due, up to the first beyond the longest follow-up, shape (k,)."""
    often = np.arange(schedule.every_days, schedule.later_after_days + schedule.every_days, schedule.every_days)
    start = float(often[-1]) if len(often) else 0.0
    steps = max(1, int(np.ceil((longest_days - start) / schedule.later_every_days)) + 1)
    return np.concatenate([often, start + schedule.later_every_days * np.arange(1, steps + 1)])


def scan_days(schedule: ScanSchedule, longest_days: float, early_or_late: Float) -> Float:
    """Return whole days of each patient's scans, rising, shape (n, k).

    Parameters
    ----------
    schedule : ScanSchedule
    longest_days : float
    early_or_late : array, shape (n, k)
        From -1 to 1: by which part of the jitter a scan is early or late.
    """
    due = nominal_days(schedule, longest_days)
    return np.round(due + schedule.jitter_days * early_or_late)


def first_seen(days: Float, happened_day: Float, whose: Int | None = None) -> Float:
    """Return the first scan on or after a day, infinite where there is none.

    Parameters
    ----------
    days : array, shape (n, k)
        Scans of each patient, rising.
    happened_day : array, shape (m,)
    whose : array of int, shape (m,), optional
        The patient of each; None: one per patient.
    """
    rows = np.arange(len(days)) if whose is None else whose
    before = np.zeros(len(rows), dtype=np.int64)
    for column in range(days.shape[1]):
        before += days[rows, column] < happened_day
    there = before < days.shape[1]
    return np.where(there, days[rows, np.minimum(before, days.shape[1] - 1)], np.inf)
