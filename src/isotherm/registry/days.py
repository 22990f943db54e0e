"""Days as numbers: dates of tables as days since 1970, the first and the last day of each patient or tumor."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from isotherm.columns import Float, Int

Mask = npt.NDArray[np.bool_]

NEVER = np.inf
"""The day of what did not happen; NaN is the day of what happened on a day that is not known."""

_WIDTH = 1 << 23
_FROM = 1 << 22
"""More days than any calendar of four-digit years has, before and after 1970."""


def days_of(dates: pd.Series[Any]) -> Float:
    """Return a column of dates as days since 1970, shape (n,); NaN where there is none."""
    found = dates.to_numpy(dtype="datetime64[D]")
    return np.where(np.isnat(found), np.nan, found.astype(np.int64).astype(np.float64))


def dates_of(days: Float) -> npt.NDArray[np.datetime64]:
    """Return days since 1970 as dates, shape (n,); NaT where they are not finite."""
    there = np.isfinite(days)
    found = np.where(there, days, 0.0).astype(np.int64).astype("datetime64[D]").astype("datetime64[s]")
    found[~there] = np.datetime64("NaT")
    return found


def first_by(whose: Int, days: Float, n: int) -> Float:
    """Return the first day of each of n patients or tumors, shape (n,); `NEVER` where there is none.

    Rows of nobody (-1) and of no day do not count.
    """
    found, rows = np.full(n, NEVER), (whose >= 0) & ~np.isnan(days)
    np.minimum.at(found, whose[rows], days[rows])
    return found


def first_known(whose: Int, days: Float, n: int) -> Float:
    """Return the first day of each, shape (n,); NaN where one of its days is not known, so that the first is not."""
    return np.where(any_by(whose, np.isnan(days), n), np.nan, first_by(whose, days, n))


def last_by(whose: Int, days: Float, n: int) -> Float:
    """Return the last day of each, shape (n,); minus infinity where there is none."""
    return -first_by(whose, -days, n)


def any_by(whose: Int, rows: Mask, n: int) -> Mask:
    """Return whether a row of each is marked, shape (n,)."""
    found = np.zeros(n, dtype=bool)
    found[whose[rows & (whose >= 0)]] = True
    return found


def place_in_time(whose: Int, days: Float) -> Int:
    """Return one number for each row, by whose it is first and by its day second; the days are known."""
    return whose * _WIDTH + (days.astype(np.int64) + _FROM)


def at(values: Float, whose: Int) -> Float:
    """Return the value of whom each row belongs to, shape (rows,); NaN of nobody."""
    return np.append(values, np.nan)[whose]


def truth(column: pd.Series[Any]) -> Float:
    """Return a column of yes and no as 1 and 0, shape (n,); NaN where not known."""
    return column.to_numpy(dtype=np.float64, na_value=np.nan)
