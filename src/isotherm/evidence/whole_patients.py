"""From amounts to whole patients: numbers at risk are kept exactly, each patient gets a day."""

from __future__ import annotations

import numpy as np

from isotherm.columns import Float, Int
from isotherm.evidence.patient_flow import Stretch
from isotherm.outcome import TimeToEvent

DIGITS = 9
"""Amounts are rounded to so many decimals first: a half that a float missed is still a half."""


def whole_patients(found: list[Stretch], *, cut: bool) -> TimeToEvent:
    """Return one row per patient.

    The events so far are rounded, not those of each fall: the curve is followed within half an event, and each number
    at risk is kept exactly.

    Parameters
    ----------
    found : list of Stretch
    cut : bool
        Who is not lost before the end of the last stretch is watched to its end.
    """
    so_far = np.round(np.cumsum(np.concatenate([one.falls for one in found])), DIGITS)
    counts = np.diff(np.floor(so_far + 0.5), prepend=0.0).astype(np.int64)
    ends = np.cumsum([len(one.falls) for one in found])
    died: list[Float] = []
    lost: list[Float] = []
    for one, mine in zip(found, np.split(counts, ends[:-1]), strict=True):
        died.append(_within(one.after, one.until, mine))
        gone = round(one.leaving) - int(mine.sum())
        lost.append(_losses(one, gone, last=one is found[-1], cut=cut))
    days = np.concatenate([*died, *lost])
    events = np.repeat([1, 0], [sum(len(part) for part in kind) for kind in (died, lost)])
    return TimeToEvent(days, events)


def _within(after: Float, until: Float, counts: Int) -> Float:
    """Return the days of events, evenly between where each fall begins and ends."""
    which = np.repeat(np.arange(len(counts)), counts)
    rank = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    return after[which] + (rank + 0.5) / counts[which] * (until - after)[which]


def _losses(one: Stretch, gone: int, *, last: bool, cut: bool) -> Float:
    """Return the days of losses, evenly over the stretch; in the last one, the last patient on its last day."""
    if not last:
        return one.days_of((np.arange(gone) + 0.5) / max(gone, 1))
    early = min(gone, round(one.lost)) if cut else gone
    shares = (np.arange(early) + (0.5 if cut else 1.0)) / max(early, 1)
    return np.concatenate([one.days_of(shares), np.full(gone - early, one.end)])
