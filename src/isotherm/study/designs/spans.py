"""Spans: each person's time at risk, cut where something changes."""

from __future__ import annotations

import numpy as np

from isotherm.columns import Float, Int
from isotherm.study.designs.courses import Bool

GRAIN = 64.0
"""Cuts lie on whole 64ths of a day, the next after the change; one nearer to the end is left out: no span is empty."""


def spans(end_days: Float, cuts: tuple[Int, Float]) -> tuple[Int, Float, Float, Bool]:
    """Cut the time from 0 to the end of each person at given days.

    Parameters
    ----------
    end_days : array, shape (n,)
        Persons who end on day 0 have no span; who ends within the first 64th of a day ends with it.
    cuts : (person, day), arrays, shape (k,)
        Cuts outside of a person's time, and those that repeat, do nothing.

    Returns
    -------
    person, start_days, stop_days : arrays, shape (m,)
        Sorted by person and time.
    last : array of bool, shape (m,)
        Whether it is the person's last span.
    """
    person, day = cuts
    edge = np.ceil(np.where(np.isfinite(day), day, -1.0) * GRAIN) / GRAIN
    inside = (edge > 0.0) & (edge < end_days[person] - 1.0 / GRAIN)
    started = np.flatnonzero(end_days > 0.0)
    who = np.concatenate([started, person[inside]])
    start = np.concatenate([np.zeros(len(started)), edge[inside]])
    order = np.lexsort((start, who))
    who, start = who[order], start[order]
    new = np.concatenate([[True], (np.diff(who) > 0) | (np.diff(start) > 0.0)]) if len(who) else np.zeros(0, dtype=bool)
    who, start = who[new], start[new]
    last = np.concatenate([np.diff(who) > 0, [True]]) if len(who) else np.zeros(0, dtype=bool)
    stop = np.where(last, np.maximum(end_days[who], 1.0 / GRAIN), np.append(start[1:], 0.0)[: len(who)])
    return who, start, stop, last
