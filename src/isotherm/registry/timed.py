"""Timed: one endpoint of n patients or tumors as days and events, with the reason where it cannot be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float
from isotherm.registry.days import Mask

Whys = npt.NDArray[Any]
"""Reasons, shape (n,): empty where there is none."""

Reasons = Sequence[tuple[Mask, str]]
"""Rows, shape (n,), and in words why something cannot be told of them; the first that fits counts."""

CENSORED, EVENT, COMPETING = 0.0, 1.0, 2.0

NO_DEATH_DAY = "died on a day that is not known"
BEFORE_START = "died before the day from which it counts"


@dataclass(frozen=True, slots=True, eq=False)
class Timed:
    """An endpoint of n patients or tumors.

    Parameters
    ----------
    time_days : array, shape (n,)
        From the start to the event, the competing event, or the last day known free of both; NaN where unknown.
    event : array, shape (n,)
        0 censored, 1 the event, 2 a competing event; NaN where unknown.
    start_day, free_day, found_day : array, shape (n,)
        Since 1970. Of an event: the last day known free of it and the first day known not to be; it lies between. What
        is censored has no `found_day`.
    why : array of str, shape (n,)
        Why it is unknown; empty where it is known.
    """

    time_days: Float
    event: Float
    start_day: Float
    free_day: Float
    found_day: Float
    why: Whys

    def __len__(self) -> int:
        """Return the number of patients or tumors."""
        return len(self.time_days)


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """One value of each of n patients, sessions or tumors, or why there is none; yes is 1, no is 0.

    Parameters
    ----------
    values : array, shape (n,)
        NaN or None where unknown.
    why : array of str, shape (n,)
        Empty where it is known.
    """

    values: npt.NDArray[Any]
    why: Whys


def told(values: npt.NDArray[Any], reasons: Reasons) -> Told:
    """Return what is known; a value that is there but for which a reason holds is unknown."""
    why = reason(len(values), reasons)
    kept = values.copy()
    kept[why != ""] = np.nan if values.dtype.kind == "f" else None
    return Told(kept, why)


def timed(start: Float, found: Float, other: Float, seen: Float, free: Float, reasons: Reasons) -> Timed:
    """Return an endpoint from its days, each of shape (n,).

    Parameters
    ----------
    start : array
        From which it counts; NaN or infinite where there is none.
    found, other : array
        The first day of the event, and of what competes; infinite where it did not happen. On one day the event counts.
    seen : array
        The last day on which somebody looked; before the start, nobody did, and what is censored is so on day 0.
    free : array
        The last day before `found` that is known to be free of the event; days after the end do not count.
    reasons : sequence of (mask, words)
        Why it is unknown, the first that fits.
    """
    start = np.where(np.isfinite(start), start, np.nan)
    end = np.minimum(found, other)
    happened = np.isfinite(end)
    event = np.where(happened, np.where(found <= other, EVENT, COMPETING), CENSORED)
    last = np.where(happened, end, np.fmax(seen, start))
    why = reason(len(start), reasons)
    known = why == ""
    never = np.full(len(start), np.nan)
    return Timed(
        np.where(known, last - start, np.nan), np.where(known, event, np.nan), start,
        np.where(known, np.where(event == CENSORED, last, np.minimum(np.fmax(free, start), last)), never),
        np.where(known & happened, end, never), why,
    )  # fmt: skip


def reason(n: int, reasons: Reasons) -> Whys:
    """Return the first reason that fits each row, shape (n,); empty where none does."""
    found = np.full(n, "", dtype=object)
    for rows, words in reversed(reasons):
        found[rows] = words
    return found
