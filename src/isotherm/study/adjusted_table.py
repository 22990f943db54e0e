"""The matched or weighted patients as a table: the columns that came in, with set, weight and distance."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from isotherm.errors import BadColumn, BadSetting
from isotherm.study.matched import Matched
from isotherm.study.weighting import Weighted

ADDED = ("set", "weight", "distance")
"""The columns that are added."""


def adjusted_table(table: pd.DataFrame, adjusted: Matched | Weighted, *, everybody: bool = False) -> pd.DataFrame:
    """Return the rows that count, with their set, weight and distance.

    Parameters
    ----------
    table : DataFrame
        The table of the design matrix; it is not changed.
    adjusted : Matched or Weighted
    everybody : bool
        Also the rows of weight 0. Rows that were incomplete are never there.

    Returns
    -------
    DataFrame
        In the order of the table, with its index. `set` counts from 1 and is missing for those in none, and for all
        in a match with replacement (see :func:`sets_table`) or a weighting; `distance` is the score that was compared,
        or the propensity that was weighted by.

    Raises
    ------
    BadColumn
        The table has a column `set`, `weight` or `distance` already.
    BadSetting
        The table has fewer rows than the one that was matched.
    """
    numbers = adjusted.set_number if isinstance(adjusted, Matched) else None
    missing = np.full(len(adjusted.rows), np.nan)
    result = _rows_of(table, adjusted.rows)
    result["set"] = pd.array(
        missing if numbers is None else np.where(numbers < 0, np.nan, numbers + 1.0), dtype=pd.Int64Dtype()
    )
    result["weight"] = adjusted.weight.copy()
    result["distance"] = missing if adjusted.distance is None else adjusted.distance.copy()
    return result if everybody else result[adjusted.weight > 0.0]


def sets_table(table: pd.DataFrame, matched: Matched) -> pd.DataFrame:
    """Return one row per member of each set: with replacement, a unit appears once for every set it is in.

    Columns and errors as :func:`adjusted_table`; `weight` is 1 for who chose and 1 over the number of the chosen for
    each of them.

    Raises
    ------
    BadSetting
        The match is one of strata, without pairs.
    """
    if matched.pairs is None:
        raise BadSetting("Strata have no pairs; use adjusted_table, which tells the stratum of every row.")
    choosers, number, size = np.unique(matched.pairs[:, 0], return_inverse=True, return_counts=True)
    members = np.concatenate([choosers, matched.pairs[:, 1]])
    numbers = np.concatenate([np.arange(len(choosers)), number])
    order = np.argsort(numbers, kind="stable")
    result = _rows_of(table, matched.rows[members[order]])
    result["set"] = pd.array(numbers[order] + 1, dtype=pd.Int64Dtype())
    result["weight"] = np.concatenate([np.ones(len(choosers)), 1.0 / size[number]])[order]
    result["distance"] = np.nan if matched.distance is None else matched.distance[members[order]]
    return result


def _rows_of(table: pd.DataFrame, rows: Iterable[int]) -> pd.DataFrame:
    """Return a copy of some rows, ready for the columns that are added."""
    taken = [name for name in ADDED if name in table.columns]
    if taken:
        raise BadColumn(f"The table has a column '{taken[0]}' already, which would be overwritten; rename it.")
    at = np.fromiter(rows, dtype=np.int64)
    if len(at) and at.max() >= len(table):
        raise BadSetting("The table has fewer rows than the one that was matched; give the same table.")
    return table.iloc[at].copy()
