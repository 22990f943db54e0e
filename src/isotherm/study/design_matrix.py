"""Design matrix: declared covariates of a table as columns of numbers, with the reference level of each category."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from isotherm.columns import MISSING_CODES, Float, Int, label, refuse_lookalikes, refuse_missing_codes
from isotherm.errors import BadColumn, BadSetting

Bool = npt.NDArray[np.bool_]

LARGEST, LEAST_SPREAD = 1e100, 1e-100
"""Beyond these, squares of numbers are infinite or 0."""

_CODES = frozenset(map(label, MISSING_CODES))

Kind = Literal["number", "yes/no", "category"]
"""How a covariate enters: as it is, as 0 and 1, or as one column for each level but the reference."""


@dataclass(frozen=True, slots=True)
class Term:
    """One covariate and the columns it takes.

    Parameters
    ----------
    name : str
        Name of the covariate in the table.
    kind : "number", "yes/no" or "category"
    levels : tuple of str
        Levels of a category, the reference first; empty for the others.
    first, end : int
        Its columns are `first` to `end`, `end` not among them.
    """

    name: str
    kind: Kind
    levels: tuple[str, ...]
    first: int
    end: int

    @property
    def reference(self) -> str | None:
        """The level that the others are compared with; None if the term is no category."""
        return self.levels[0] if self.levels else None


@dataclass(frozen=True, slots=True, eq=False)
class DesignMatrix:
    """Covariates of the complete rows of a table, as numbers.

    Parameters
    ----------
    x : array, shape (n, p)
        Complete rows; categories in treatment contrasts (1 in the column of the row's level).
    columns : tuple of str, length p
        "age", or "race=black" for a level.
    terms : tuple of Term
    rows : array of int, shape (n,)
        Positions of the complete rows in the table.
    table_rows : int
        Rows of the table, complete or not.
    missing : tuple of (name, count)
        Rows in which each covariate is missing, where there are any.
    """

    x: Float
    columns: tuple[str, ...]
    terms: tuple[Term, ...]
    rows: Int
    table_rows: int
    missing: tuple[tuple[str, int], ...]

    def __post_init__(self) -> None:
        if self.x.shape != (len(self.rows), len(self.columns)):
            raise ValueError(f"The matrix is {self.x.shape}; it needs a row per complete row and a column per name.")
        if not np.isfinite(self.x).all():
            raise ValueError("A design matrix holds finite numbers only.")
        for array in (self.x, self.rows):
            array.flags.writeable = False

    @property
    def n_incomplete(self) -> int:
        """Rows of the table that were left out because a covariate is missing."""
        return self.table_rows - len(self.rows)

    def by_level(self) -> tuple[tuple[str, ...], Float]:
        """Return every covariate with all its levels, the reference among them: names and values, shape (n, q)."""
        names: list[str] = []
        values: list[Float] = []
        for term in self.terms:
            own = self.x[:, term.first : term.end]
            if term.levels:
                names.append(f"{term.name}={term.reference}")
                values.append(1.0 - own.sum(axis=1))
            names.extend(self.columns[term.first : term.end])
            values.extend(own.T)
        return tuple(names), np.column_stack(values)


def design_matrix(
    table: pd.DataFrame,
    covariates: Sequence[str] | Mapping[str, Kind],
    *,
    reference: Mapping[str, str] | None = None,
) -> DesignMatrix:
    """Turn covariates of a table into columns of numbers; rows with a missing covariate are left out and counted.

    Parameters
    ----------
    table : DataFrame
        One row per patient (or tumor).
    covariates : names, or names with their kinds
        Without a kind: numbers stay numbers, True and False become 1 and 0, text and categories become categories.
    reference : mapping, optional
        Reference level of categories. Otherwise the first: in the order of a pandas category, else by value.

    Returns
    -------
    DesignMatrix

    Raises
    ------
    BadColumn
        A covariate is not in the table, holds text among numbers, dates or infinite values, is missing in every row,
        or has one value only in the complete rows; or no row is complete.
    BadSetting
        No covariate, a covariate named twice, a kind that does not exist, or a reference that is not a level.
    """
    kinds = _kinds(table, covariates)
    wanted = dict(reference or {})
    if stray := [name for name in wanted if kinds.get(name) != "category"]:
        raise BadSetting(f"A reference level was given for '{stray[0]}', which is no category among the covariates.")
    read = {name: _read(table[name], name, kind) for name, kind in kinds.items()}
    gone = {name: np.asarray(pd.isna(values)) for name, values in read.items()}
    complete = ~np.logical_or.reduce(list(gone.values()))
    missing = tuple((name, int(lost.sum())) for name, lost in gone.items() if lost.any())
    if not complete.any():
        raise BadColumn(_no_row_complete(missing, len(table)))

    columns: list[str] = []
    blocks: list[Float] = []
    terms: list[Term] = []
    for name, kind in kinds.items():
        names, block, levels = _columns(read[name][complete], table[name], name, kind, wanted.get(name))
        terms.append(Term(name, kind, levels, len(columns), len(columns) + len(names)))
        columns.extend(names)
        blocks.append(block)
    x = np.ascontiguousarray(np.column_stack(blocks))
    return DesignMatrix(x, tuple(columns), tuple(terms), np.flatnonzero(complete), len(table), missing)


def _no_row_complete(missing: tuple[tuple[str, int], ...], n: int) -> str:
    if n == 0:
        return "The table has no rows; give at least one row per arm."
    name, count = max(missing, key=lambda pair: pair[1])
    return (
        f"None of the {n} rows has every covariate: '{name}' is missing in {count}. "
        "Leave out covariates that are mostly missing, or impute."
    )


def _kinds(table: pd.DataFrame, covariates: Sequence[str] | Mapping[str, Kind]) -> dict[str, Kind]:
    """Return the kind of every covariate, declared or read from its column."""
    declared: Mapping[str, Kind] = covariates if isinstance(covariates, Mapping) else {}
    names = [covariates] if isinstance(covariates, str) else list(covariates)
    if not names:
        raise BadSetting("No covariate was named; name at least one.")
    if len(set(names)) < len(names):
        raise BadSetting("A covariate was named twice; name each once.")
    kinds: dict[str, Kind] = {}
    for name in names:
        found = list(table.columns).count(name)
        if found != 1:
            came = "is not a column" if found == 0 else f"names {found} columns"
            raise BadColumn(f"The covariate '{name}' {came} of the table; check its spelling.")
        kind = declared.get(name) or _kind_of(table[name], name)
        if kind not in ("number", "yes/no", "category"):
            raise BadSetting(f"The covariate '{name}' is declared as '{kind}'; use number, yes/no or category.")
        kinds[name] = kind
    return kinds


def _kind_of(column: pd.Series[Any], name: str) -> Kind:
    """Read the kind of a column from its values."""
    if pd.api.types.is_bool_dtype(column):
        return "yes/no"
    if pd.api.types.is_complex_dtype(column):
        raise BadColumn(f"The covariate '{name}' holds complex numbers; give real ones.")
    if pd.api.types.is_numeric_dtype(column):
        return "number"
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "category"
    if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        raise BadColumn(f"The covariate '{name}' holds dates; give a number of days or years instead.")
    held = {_sort_of(value) for value in column[~column.isna()]}
    if held <= {"yes/no"}:
        return "yes/no" if held else "number"
    if held <= {"number"}:
        return "number"
    if held <= {"text"}:
        return "category"
    count = sum(_sort_of(value) == "number" for value in column[~column.isna()])
    raise BadColumn(
        f"The covariate '{name}' holds values of several kinds, or of none that is known ({count} of {len(column)} "
        "rows hold a number); make it all numbers or all text, or declare it a category."
    )


def _sort_of(value: Hashable) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes/no"
    if isinstance(value, int | float | np.number):
        return "number"
    return "text" if isinstance(value, str) else "other"


def _read(column: pd.Series[Any], name: str, kind: Kind) -> npt.NDArray[Any]:
    """Return the values: floats with NaN for missing, or labels with None for missing."""
    if kind == "category":
        lost = column.isna().to_numpy()
        return np.array([None if gone else label(v) for v, gone in zip(column, lost, strict=True)], dtype=object)
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column):
        numbers = column.to_numpy(dtype=float, na_value=np.nan)
    else:
        # A number written as text is refused as well: what else is in such a column, nobody has looked at.
        fit = np.array([_sort_of(value) in ("number", "yes/no") for value in column], dtype=bool)
        bad = ~fit & ~column.isna().to_numpy()
        if bad.any():
            raise BadColumn(
                f"The covariate '{name}' should hold numbers, but {int(bad.sum())} of {len(column)} rows hold "
                "something else; correct them, or declare it a category."
            )
        numbers = column.astype(object).to_numpy(dtype=float, na_value=np.nan)
    if np.isinf(numbers).any():
        raise BadColumn(f"The covariate '{name}' is infinite in {int(np.isinf(numbers).sum())} rows; correct them.")
    if kind == "number":
        refuse_missing_codes(f"The covariate '{name}'", numbers)
    else:
        other = ~np.isnan(numbers) & (numbers != 0.0) & (numbers != 1.0)
        if other.any():
            raise BadColumn(
                f"The covariate '{name}' is declared yes/no, but {int(other.sum())} of {len(column)} rows are "
                "neither 0 nor 1; recode it, or declare it a category."
            )
    return numbers


def _columns(
    values: npt.NDArray[Any], column: pd.Series[Any], name: str, kind: Kind, reference: str | None
) -> tuple[list[str], Float, tuple[str, ...]]:
    """Return the names, the columns and the levels of one covariate, from its complete rows."""
    if (values == values[0]).all():
        raise BadColumn(
            f"The covariate '{name}' has one value in all {len(values)} complete rows and cannot explain "
            "anything; leave it out."
        )
    if kind != "category":
        numbers = values.astype(np.float64)
        largest, spread = float(np.abs(numbers).max()), float(numbers.max() / 2.0 - numbers.min() / 2.0)
        if largest > LARGEST or spread < LEAST_SPREAD:
            raise BadColumn(f"The covariate '{name}' is too large or varies too little to be squared; rescale it.")
        return [name], numbers[:, None], ()
    levels = _levels(values, column, name)
    if reference is not None:
        if reference not in levels:
            raise BadSetting(f"'{reference}' is no level of '{name}' in the complete rows; choose one that occurs.")
        levels = [reference, *(level for level in levels if level != reference)]
    block = np.column_stack([(values == level).astype(np.float64) for level in levels[1:]])
    return [f"{name}={level}" for level in levels[1:]], block, tuple(levels)


def _levels(values: npt.NDArray[Any], column: pd.Series[Any], name: str) -> list[str]:
    """Return the levels that occur: in the order of a pandas category, numbers by value, else by the alphabet."""
    occur = set(values.tolist())
    refuse_lookalikes(f"The covariate '{name}'", sorted(occur))
    codes = np.array([float(text) if text in _CODES else 0.0 for text in values])
    refuse_missing_codes(f"The covariate '{name}'", codes)
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [text for text in map(label, column.cat.categories) if text in occur]
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return sorted(occur, key=float)
    return sorted(occur)
