"""Readings: what readers saw on the images of tumors, and what became of these tumors; from a table, one row each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from isotherm.answer import Answer
from isotherm.columns import Float, Int, label, label_codes, refuse, refuse_missing_codes
from isotherm.errors import BadColumn, BadSetting, NothingToCompare
from isotherm.study.predicate import Predicate
from isotherm.study.records import check_column

Kind = Literal["yes/no", "number", "score", "category"]
"""A score is a number of few whole values, or ordered categories: readers' agreement on it is weighted."""

MOST_SCORES = 10
"""Whole numbers that range over more values are measured, not scored."""

Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """One feature as every reader saw it.

    Parameters
    ----------
    name : str
    kind : {"yes/no", "number", "score", "category"}
    values : array, shape (n, readers)
        0 and 1, numbers, or indexes of categories; NaN where it was not assessable or not read.
    categories : tuple of str
        Of scores and categories, in their order.
    ordered : bool
        Whether the categories are texts whose order was named.
    """

    name: str
    kind: Kind
    values: Float
    categories: tuple[str, ...] = ()
    ordered: bool = False

    @property
    def levels(self) -> tuple[float, ...]:
        """The values that the categories stand for: a number that is a score stands for itself."""
        if self.is_text:
            return tuple(float(k) for k in range(len(self.categories)))
        return tuple(float(name) for name in self.categories)

    @property
    def is_text(self) -> bool:
        """Whether values are indexes of categories that a table writes as text."""
        return self.kind == "category" or (self.kind == "score" and self.ordered)

    def shown(self, value: float) -> str:
        """Return a value as the table writes it; between two categories, both."""
        if not self.is_text:
            return f"{value:.4g}"
        return " / ".join(dict.fromkeys((self.categories[math.floor(value)], self.categories[math.ceil(value)])))


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Tumors with a known outcome, and what was read.

    Parameters
    ----------
    readers : tuple of str
        One without a name where the table does not tell readers apart.
    event : array of bool, shape (n,)
        Whether the tumor had the outcome.
    patient : array of int, shape (n,), or None
        Codes; None where the table does not tell patients apart.
    features : tuple of Feature
    left_out : int
        Tumors whose outcome is not known.
    """

    readers: tuple[str, ...]
    event: Bool
    patient: Int | None
    features: tuple[Feature, ...]
    left_out: int

    @property
    def patients(self) -> int | None:
        """Number of patients, where they are told apart."""
        return None if self.patient is None else len(np.unique(self.patient))


def readings(
    table: pd.DataFrame,
    *,
    outcome: str,
    features: Sequence[str],
    tumor: str | None = None,
    reader: str | None = None,
    patient: str | None = None,
    order: Mapping[str, Sequence[str]] | None = None,
) -> Readings:
    """Return the readings of a table.

    Parameters
    ----------
    table : DataFrame
        One row per tumor; with `reader`, one row per tumor and reader.
    outcome : str
        Column of 0 and 1 (or true and false), such as local tumor progression. Tumors without are left out and counted.
    features : sequence of str
        Names of columns, or "NAME: PREDICATE" for a sign that a condition on columns makes, such as
        "thin margin: margin_mm <= 3". Numbers of 0 and 1, and true and false, are signs too.
    tumor, reader, patient : str, optional
        Columns of labels. Tumors are told apart within their patient.
    order : mapping, optional
        Categories of a column of text in their order: what it holds is then a score.

    Raises
    ------
    BadColumn
        A column that is not there, mixed or empty, a tumor read twice by one reader or with two outcomes.
    BadPredicate
        A condition that cannot be read or does not fit the columns.
    BadSetting
        No feature, two of one name, or one that is made of the outcome; readers without a column of tumors; an order
        for what is no feature.
    NothingToCompare
        No tumor has a known outcome.
    """
    if not features:
        raise BadSetting("No feature came; name a column, or NAME: PREDICATE.")
    if reader is not None and tumor is None:
        raise BadSetting("Readers came without tumors; name the column that tells tumors apart (--tumor).")
    rows, reader_codes, readers = _rows(table, tumor, reader, patient)
    first = np.unique(rows, return_index=True)[1]
    event = _event(table, outcome, rows, len(first))
    known = ~np.isnan(event)
    if not known.any():
        raise NothingToCompare(f"Column '{outcome}' is empty in all rows; no tumor has a known outcome.")
    found: list[Feature] = []
    for text in features:
        if outcome in _columns_of(table, text):
            raise BadSetting(f"The outcome '{outcome}' is a feature as well; nothing is compared with itself.")
        name, kind, values, categories = _read(table, text, dict(order or {}))
        wide = np.full((len(first), len(readers)), np.nan)
        wide[rows, reader_codes] = values
        found.append(Feature(name, kind, wide[known], categories, ordered=name in (order or {})))
    names = [one.name for one in found]
    if len(set(names)) < len(names):
        raise BadSetting("A feature came twice; give each a name of its own.")
    unused = set(order or {}) - set(names)
    if unused:
        raise BadSetting(f"An order came for '{sorted(unused)[0]}', which is no feature; name it as a feature too.")
    codes = None if patient is None else label_codes("patient", _labels(table, patient)[first], ids=True)[0][known]
    return Readings(readers, event[known] == 1.0, codes, tuple(found), int((~known).sum()))


def _labels(table: pd.DataFrame, name: str) -> npt.NDArray[Any]:
    check_column(table, name)
    refuse(f"Column '{name}'", table[name].isna().to_numpy(), "empty", "leave such rows out before, and count them")
    return np.array([label(value) for value in table[name].tolist()], dtype=np.str_)


def _rows(
    table: pd.DataFrame, tumor: str | None, reader: str | None, patient: str | None
) -> tuple[Int, Int, tuple[str, ...]]:
    """Return for each row of the table its tumor and its reader, and the readers' names."""
    rows = np.arange(len(table), dtype=np.int64)
    if tumor is not None:
        own, _ = label_codes(tumor, _labels(table, tumor), ids=True)
        of, _ = (rows * 0, ()) if patient is None else label_codes(patient, _labels(table, patient), ids=True)
        rows = np.unique(np.column_stack([of, own]), axis=0, return_inverse=True)[1].astype(np.int64).ravel()
    codes, readers = (np.zeros(len(table), np.int64), ("",))
    if reader is not None:
        codes, readers = label_codes(reader, _labels(table, reader), ids=True)
    _, back, count = np.unique(rows * len(readers) + codes, return_inverse=True, return_counts=True)
    refuse(
        "The tumor", count[back.ravel()] > 1, "read more than once by one reader", "give each a row, or name readers"
    )
    return rows, codes, readers


def _event(table: pd.DataFrame, outcome: str, rows: Int, tumors: int) -> Float:
    """Return the outcome of each tumor, NaN where no row knows it."""
    values = _flags(table, outcome)
    if values is None:
        raise BadColumn(f"Column '{outcome}' is neither 0 nor 1 everywhere; code the outcome as 1 and all else as 0.")
    seen = np.zeros((tumors, 2), dtype=np.bool_)
    for value in (0, 1):
        seen[rows[values == value], value] = True
    torn = seen[:, 0] & seen[:, 1]
    refuse(f"Column '{outcome}'", torn[rows], "0 and 1 for one tumor", "give each tumor one outcome")
    return np.where(seen[:, 1], 1.0, np.where(seen[:, 0], 0.0, np.nan))


def _column(table: pd.DataFrame, name: str) -> pd.Series[Any]:
    """Return a column with the type of what it holds: true, false and None are no text."""
    check_column(table, name)
    return table[name].convert_dtypes()


def _flags(table: pd.DataFrame, name: str) -> Float | None:
    """Return a column of 0 and 1 (true and false) as numbers, NaN where it is empty; None if it holds anything else."""
    column = _column(table, name)
    if not (pd.api.types.is_numeric_dtype(column.dtype) or column.isna().all()):
        return None
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return values if bool(np.isin(values[~np.isnan(values)], (0.0, 1.0)).all()) else None


def _columns_of(table: pd.DataFrame, text: str) -> tuple[str, ...]:
    """Return the columns that a feature is made of."""
    _, is_predicate, condition = text.partition(":")
    return Predicate(condition.strip()).columns if is_predicate and text not in table.columns else (text,)


def _read(
    table: pd.DataFrame, text: str, order: Mapping[str, Sequence[str]]
) -> tuple[str, Kind, Float, tuple[str, ...]]:
    """Return name, kind, values and categories of a feature, one value per row of the table."""
    name, is_predicate, condition = text.partition(":")
    if is_predicate and text not in table.columns:
        name = name.strip()
        if not name:
            raise BadSetting("A feature came without a name before its colon; write NAME: PREDICATE.")
        answers = Predicate(condition.strip()).answers(table)
        values = np.where(answers == Answer.UNKNOWN.value, np.nan, 1.0 * (answers == Answer.MET.value))
        return name, "yes/no", values, ()
    if text in order:
        return text, "score", *_scores(table, text, order[text])
    flags = _flags(table, text)
    if flags is not None and not np.isnan(flags).all():
        return text, "yes/no", flags, ()
    column = _column(table, text)
    if column.isna().all():
        raise BadColumn(f"Column '{text}' is empty in all rows; leave the feature out.")
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        refuse_missing_codes(f"Column '{text}'", values)
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        if high - low >= MOST_SCORES or bool((values[~np.isnan(values)] % 1.0).any()):
            return text, "number", values, ()
        return text, "score", values, tuple(label(low + k) for k in range(int(high - low) + 1))
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise BadColumn(f"Column '{text}' holds dates; make a sign of them: NAME: PREDICATE.")
    known = sorted({label(value) for value in column.dropna().tolist()})
    return text, "category", *_scores(table, text, known)


def _scores(table: pd.DataFrame, name: str, order: Sequence[str]) -> tuple[Float, tuple[str, ...]]:
    """Return the index of each row's category."""
    column = _column(table, name)
    texts = [None if pd.isna(value) else label(value) for value in column.tolist()]
    stray = np.array([text is not None and text not in order for text in texts], dtype=np.bool_)
    refuse(f"Column '{name}'", stray, "none of the categories of its order", "name every category")
    return np.array([np.nan if text is None else order.index(text) for text in texts], dtype=np.float64), tuple(order)
