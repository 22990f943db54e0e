"""What a predicate means: conditions on the columns of a table, answered row by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from isotherm.answer import Answer

Answers: TypeAlias = npt.NDArray[np.int8]
"""Answers of n rows, shape (n,): the values of `Answer`."""

Kind = Literal["number", "text", "date", "truth", "empty", "mixed"]
"""What a column or value is; "empty" without a single value, "mixed" where nothing can be compared with it."""

DAYS_MOST = 1e7
"""A shift of a date by more days than this is taken as this many: beyond any calendar."""

MET, NOT_MET, UNKNOWN = (np.int8(answer.value) for answer in (Answer.MET, Answer.NOT_MET, Answer.UNKNOWN))

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Literally:
    """A number, text, date or truth value written in the predicate."""

    value: float | str | date | bool
    at: int


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Shifted:
    """One value plus or minus another: of two dates, the days between them; a date and a number give a date."""

    left: Operand
    sign: Literal["+", "-"]
    right: Operand
    at: int


Operand: TypeAlias = Literally | Column | Shifted


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether one value stands in a relation to another; unknown where one of them is missing."""

    left: Operand
    sign: str
    right: Operand
    at: int


@dataclass(frozen=True, slots=True)
class Among:
    """Whether a value is one of a list."""

    value: Operand
    choices: tuple[Literally, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Missing:
    """Whether a column has no value: always known."""

    column: Column
    at: int


@dataclass(frozen=True, slots=True)
class Holds:
    """Whether a column of true and false is true."""

    column: Column
    at: int


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; of unknown, unknown."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold: the smallest of their answers."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AtLeastOne:
    """One part holds: the largest of their answers."""

    parts: tuple[Condition, ...]


Condition: TypeAlias = Comparison | Among | Missing | Holds | Not | Every | AtLeastOne


def answers(condition: Condition, table: pd.DataFrame) -> Answers:
    """Answer a condition, whose types have been checked, for each row of a table."""
    if isinstance(condition, Every):
        return np.minimum.reduce([answers(part, table) for part in condition.parts])
    if isinstance(condition, AtLeastOne):
        return np.maximum.reduce([answers(part, table) for part in condition.parts])
    if isinstance(condition, Not):
        part = answers(condition.part, table)
        return np.where(part == UNKNOWN, UNKNOWN, MET - part).astype(np.int8)
    if isinstance(condition, Missing):
        return np.where(table[condition.column.name].isna().to_numpy(), MET, NOT_MET)
    if isinstance(condition, Holds):
        return _answered(*_values(condition.column, table), lambda values: values.astype(bool))
    if isinstance(condition, Among):
        values, known = _values(condition.value, table)
        return _answered(values, known, lambda some: _equals_any(some, condition.choices))
    left, left_known = _values(condition.left, table)
    right, right_known = _values(condition.right, table)
    known = left_known & right_known
    met = np.zeros(len(table), dtype=bool)
    if known.any():  # a column without values has no type to compare
        met[known] = COMPARISONS[condition.sign](left[known], right[known])
    return _answers_of(met, known)


def _answered(values: Any, known: npt.NDArray[np.bool_], holds: Callable[[Any], Any]) -> Answers:
    """Answer MET where a value is known and holds, and UNKNOWN where none is."""
    met = np.zeros(len(known), dtype=bool)
    met[known] = holds(values[known])
    return _answers_of(met, known)


def _answers_of(met: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_]) -> Answers:
    return np.where(known, np.where(met, MET, NOT_MET), UNKNOWN).astype(np.int8)


def _equals_any(values: Any, choices: tuple[Literally, ...]) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(values), dtype=bool)
    for choice in choices:
        found |= np.equal(values, _plain(choice.value)).astype(bool)
    return found


def _plain(value: float | str | date | bool) -> Any:
    """Return a written value as it stands in an array: a date as its day."""
    return np.datetime64(value, "D").astype("datetime64[s]") if isinstance(value, date) else value


def _values(operand: Operand, table: pd.DataFrame) -> tuple[Any, npt.NDArray[np.bool_]]:
    """Return the values of an operand, shape (n,), and where they are known."""
    if isinstance(operand, Literally):
        value = _plain(operand.value)
        dtype = object if isinstance(value, str) else None
        return np.full(len(table), value, dtype=dtype), np.ones(len(table), dtype=bool)
    if isinstance(operand, Column):
        series: pd.Series[Any] = table[operand.name]
        known = series.notna().to_numpy(dtype=bool)
        return _array(series, known), known
    left, left_known = _values(operand.left, table)
    right, right_known = _values(operand.right, table)
    known = left_known & right_known
    if not known.any():  # a column without values has no type to reckon with
        return np.full(len(table), np.nan), known
    return _shifted(left, right, operand.sign), known


def _array(series: pd.Series[Any], known: npt.NDArray[np.bool_]) -> Any:
    kind = column_kind(series)
    if kind == "date":
        return calendar_days(series)
    if kind == "text":
        return series.astype(object).to_numpy()
    filled = np.full(len(series), np.nan)
    filled[known] = series[known].to_numpy(dtype=float)
    return filled


def calendar_days(series: pd.Series[Any]) -> npt.NDArray[np.datetime64]:
    """Return a column of dates as days of the calendar where they were written: no time of day, no time zone."""
    local = series.dt.tz_localize(None)
    return local.to_numpy(dtype="datetime64[D]").astype("datetime64[s]")


def _shifted(left: Any, right: Any, sign: Literal["+", "-"]) -> Any:
    """Add or take away; days of dates are whole and fractional days."""
    if right.dtype.kind == "M":
        return (left - right) / np.timedelta64(1, "D") if sign == "-" else _shifted(right, left, "+")
    if left.dtype.kind == "M":
        days = np.clip(np.nan_to_num(right), -DAYS_MOST, DAYS_MOST)
        step = np.rint(days * 86400.0).astype("timedelta64[s]")
        return left + step if sign == "+" else left - step
    return left + right if sign == "+" else left - right


def column_kind(series: pd.Series[Any]) -> Kind:
    """Return what a column holds."""
    if not series.notna().any():
        return "empty"
    if pd.api.types.is_bool_dtype(series.dtype):
        return "truth"
    if pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_complex_dtype(series.dtype):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return "date"
    return "text" if all(isinstance(value, str) for value in series.dropna()) else "mixed"
