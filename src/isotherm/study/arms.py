"""Arms: who was treated and who was a control, checked once for every method that compares two of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from isotherm.columns import Int
from isotherm.errors import BadColumn, NothingToCompare
from isotherm.study.design_matrix import Bool, DesignMatrix


def of_rows(values: npt.ArrayLike, rows: Int, table_rows: int, name: str) -> npt.NDArray[Any]:
    """Return the values of some rows of a table, from one value (or one row of values) per row of the whole table.

    Raises
    ------
    BadColumn
        Not one value per row of the table.
    """
    array = np.asarray(values)
    if array.ndim == 0 or len(array) != table_rows:
        raise BadColumn(
            f"The {name} came with shape {array.shape}, but the table has {table_rows} rows; give one value per row "
            "of the table."
        )
    return array[rows]


def arm_of(design: DesignMatrix, treated: npt.ArrayLike) -> Bool:
    """Return who was treated among the complete rows, from one value per row of the table; raises as `two_arms`."""
    return two_arms(of_rows(treated, design.rows, design.table_rows, "arm"), len(design.rows))


def two_arms(treated: npt.ArrayLike, n: int) -> Bool:
    """Return who was treated, shape (n,), with at least one person in either arm.

    Raises
    ------
    BadColumn
        Not one value per row, a missing value, or a value other than 0, 1, False and True.
    NothingToCompare
        Everybody is in one arm.
    """
    values = np.asarray(treated)
    if values.shape != (n,):
        raise BadColumn(f"The arm came with shape {values.shape}, but there are {n} rows; give one value per row.")
    lost = int(np.asarray(pd.isna(values)).sum())
    if lost:
        raise BadColumn(
            f"The arm is missing in {lost} of {n} rows; exclude them by an eligibility step, or fill it in."
        )
    plain = values.dtype.kind in "biuf"
    known = np.isin(values, (0, 1)) if plain else np.array([value in (0, 1) for value in values.tolist()], dtype=bool)
    other = int((~known).sum())
    if other:
        raise BadColumn(f"The arm is neither 0 nor 1 in {other} of {n} rows; code controls as 0 and treated as 1.")
    arm = np.asarray(values == 1, dtype=np.bool_)
    if n == 0 or arm.all() or not arm.any():
        which = "there are no rows" if n == 0 else f"all {n} rows are {'treated' if arm.all() else 'controls'}"
        raise NothingToCompare(f"A comparison needs two arms, but {which}; check the arm and the eligibility steps.")
    return arm
