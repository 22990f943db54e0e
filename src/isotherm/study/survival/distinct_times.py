"""Distinct times: every row's time as its rank, with times that differ by rounding only merged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isotherm.outcome import Float, Int, TimeToEvent, refuse

SAME_TIME = float(np.sqrt(np.finfo(np.float64).eps))
"""Times closer than this, absolutely or relative to the mean distinct time, are one time.

Months computed from days otherwise make false differences between tied times; the rule is that of R's survival (timefix).
"""

LARGEST_TABLE_DAYS = 1_000_000
"""Whole days up to this are ranked by a table instead of a sort."""


@dataclass(frozen=True, slots=True, eq=False)
class DistinctTimes:
    """The times of an outcome as ranks.

    Parameters
    ----------
    days : array, shape (t,)
        Distinct times, rising; starts of rows among them.
    code : array of int, shape (n,)
        Index of each row's time in `days`.
    start_code : array of int, shape (n,), or None
        Index of each row's start; None where all rows start at time zero.
    """

    days: Float
    code: Int
    start_code: Int | None


def distinct_times(outcome: TimeToEvent) -> DistinctTimes:
    """Rank the times of an outcome, merging those that differ by rounding only.

    Raises
    ------
    BadColumn
        A row's start and end become one time.
    """
    rows = len(outcome)
    late = outcome.start_days is not None
    times = np.concatenate([outcome.time_days, outcome.start_days]) if late else outcome.time_days
    days, code = _ranked(times)
    if not late:
        return DistinctTimes(days, code, None)
    refuse("start_days", code[rows:] >= code[:rows], "not before the row's end", "a row is observed in (start, time]")
    return DistinctTimes(days, code[:rows], code[rows:])


def _ranked(times: Float) -> tuple[Float, Int]:
    if times.max() < LARGEST_TABLE_DAYS and bool((times == np.rint(times)).all()):
        whole = times.astype(np.int64)
        seen = np.bincount(whole) > 0
        return np.flatnonzero(seen).astype(np.float64), (np.cumsum(seen) - 1)[whole]
    order = np.argsort(times)
    ranked = times[order]
    first = np.concatenate([[True], ranked[1:] > ranked[:-1]])
    distinct = ranked[first]
    gap = np.diff(distinct)
    apart = np.concatenate([[True], (gap > SAME_TIME) & (gap > SAME_TIME * distinct.mean())])
    first[first] = apart
    code = np.empty(len(times), dtype=np.int64)
    code[order] = np.cumsum(first) - 1
    return distinct[apart], code
