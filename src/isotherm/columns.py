"""Columns of a table as arrays: numbers, labels, ranked times. A refusal counts the rows at fault and shows none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from isotherm.errors import BadColumn

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

SAME_TIME = float(np.sqrt(np.finfo(np.float64).eps))
"""Times closer than this, absolutely or relative to the mean distinct time, are one time.

Months computed from days make false differences between tied times otherwise; the rule is R's (survival, timefix).
"""

LARGEST_CODE = 2**31
"""No code of a state or an arm is larger."""

MISSING_CODES = (-99.0, -999.0, -9999.0)
"""Numbers that registries write for what is not known."""

EXACT_WHOLE = 1e15
"""Larger numbers are written with their exponent: not every whole number can be told from its neighbors there."""

LARGEST_TABLE_DAYS = 1_000_000
"""Whole days up to this are ranked by a table instead of a sort."""


def column(name: str, values: npt.ArrayLike, rows: int | None = None, *, gaps: bool = False) -> Float:
    """Return numbers as a new array, shape (n,); refuse text, another length and, without `gaps`, missing values."""
    array = numbers(name, values)
    if array.ndim != 1:
        raise BadColumn(f"{name} has {array.ndim} dimensions; one column is wanted.")
    if rows is not None and len(array) != rows:
        raise BadColumn(f"{name} has {len(array)} rows; {rows} are wanted, as in the other columns.")
    if not gaps:
        refuse(name, ~np.isfinite(array), "missing or infinite", "leave such rows out before, and count them")
    return array


def numbers(name: str, values: npt.ArrayLike) -> Float:
    """Return numbers as a new array of any shape; refuse text (digits too), dates, durations and complex numbers."""
    raw = np.asarray(values)
    if raw.dtype.kind in "mM":
        raise BadColumn(f"{name} holds dates or durations; count days from time zero and give them as numbers.")
    text = raw.dtype.kind in "USc" or (raw.dtype.kind == "O" and any(isinstance(v, str | complex) for v in raw.flat))
    try:
        if text:
            raise ValueError
        return np.array(raw, dtype=np.float64)
    except (TypeError, ValueError):
        raise BadColumn(f"{name} holds text or empty fields; numbers are wanted.") from None


def whole_numbers(name: str, values: npt.ArrayLike, rows: int | None = None) -> Int:
    """Return whole numbers as a new array, shape (n,); refuse fractions, text and missing values."""
    array = column(name, values, rows)
    odd = (array != np.rint(array)) | (np.abs(array) > LARGEST_CODE)
    refuse(name, odd, "no whole number", "code the states as 0, 1 and 2")
    return array.astype(np.int64)


def refuse(name: str, rows: npt.NDArray[np.bool_], what: str, remedy: str) -> None:
    """Raise BadColumn if any row is at fault; the message counts the rows and shows none."""
    if rows.any():
        raise BadColumn(f"{name} is {what} in {int(rows.sum())} of {len(rows)} rows; {remedy}.")


def refuse_missing_codes(name: str, values: Float) -> None:
    """Refuse codes for "not known" that were left as numbers: they are the only negative ones of the column."""
    if float(np.fmin.reduce(values, initial=0.0)) not in MISSING_CODES:
        return
    coded = np.isin(values, MISSING_CODES)
    if not ((values < 0.0) & ~coded).any():
        code = f"{values[coded][0]:g}"
        refuse(name, coded, f"{code}, a code for what is not known,", "name it as missing, or leave these rows empty")


def label(value: object) -> str:
    """Return a label as text: a whole number without its point, anything else as it prints."""
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT_WHOLE:
        return str(int(value))
    return str(value)


def refuse_lookalikes(name: str, labels: Iterable[str], *, ids: bool = False) -> None:
    """Refuse labels that are one to the eye: alike but for blanks and, unless they are ids, for capitals.

    Raises
    ------
    BadColumn
    """
    first: dict[str, str] = {}
    for text in labels:
        seen = " ".join(text.split()) if ids else " ".join(text.split()).casefold()
        if first.setdefault(seen, text) != text:
            what = "blanks" if ids else "blanks or capitals"
            raise BadColumn(f"{name} holds labels that differ only in {what}; write those that mean the same alike.")


def label_codes(
    name: str, labels: npt.ArrayLike, rows: int | None = None, *, ids: bool = False
) -> tuple[Int, tuple[str, ...]]:
    """Return the labels of a column as codes, shape (n,), and the labels in sorted order.

    Numbers of equal value are one label, however they are written. With `ids`, capitals tell labels apart.

    Raises
    ------
    BadColumn
        A label is missing, two labels differ only in blanks or capitals, or the column has another length.
    """
    array = np.asarray(labels)
    if array.ndim != 1 or (rows is not None and len(array) != rows):
        raise BadColumn(f"{name} has shape {array.shape}; one label for each of {rows} rows is wanted.")
    if array.dtype.kind not in "biuSU":
        lost = np.fromiter((_missing(one) for one in cast("Iterable[Any]", array)), dtype=bool, count=len(array))
        refuse(name, lost, "missing", "leave such rows out before, and count them")
        array = array if array.dtype.kind == "f" else np.array([label(one) for one in array.tolist()], dtype=np.str_)
    if array.dtype.kind == "i" and len(array):
        return _integer_codes(array.astype(np.int64))
    distinct, codes = np.unique(array, return_inverse=True)
    texts = tuple(label(one) for one in distinct.tolist())
    if array.dtype.kind in "SU":
        refuse_lookalikes(name, texts, ids=ids)
    return codes.astype(np.int64), texts


def _integer_codes(labels: Int) -> tuple[Int, tuple[str, ...]]:
    """Return codes of whole-number labels, by a table where they lie close together, by a sort else."""
    lowest = int(labels.min())
    if int(labels.max()) - lowest > 4 * len(labels) + 1024:
        distinct, codes = np.unique(labels, return_inverse=True)
        return codes.astype(np.int64), tuple(str(one) for one in distinct.tolist())
    seen = np.bincount(labels - lowest) > 0
    return (np.cumsum(seen) - 1)[labels - lowest], tuple(str(k + lowest) for k in np.flatnonzero(seen).tolist())


def _missing(value: Any) -> bool:
    try:
        return value is None or bool(value != value)
    except TypeError:  # pandas.NA has no truth value
        return True


@dataclass(frozen=True, slots=True, eq=False)
class DistinctTimes:
    """Times as ranks.

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

    def take(self, rows: npt.NDArray[Any]) -> DistinctTimes:
        """Return the ranks of some rows; times that none of them has stay in `days`."""
        return DistinctTimes(self.days, self.code[rows], None if self.start_code is None else self.start_code[rows])


def same_time(days: Float) -> float:
    """Return how far apart two times may be and still be one, given the distinct times of the data, shape (t,)."""
    return SAME_TIME * max(1.0, float(days.mean())) if len(days) else SAME_TIME


def distinct_times(time_days: Float, start_days: Float | None) -> DistinctTimes:
    """Rank times, merging those that differ by rounding only.

    Raises
    ------
    BadColumn
        A row's start and end become one time.
    """
    rows = len(time_days)
    if start_days is None:
        return DistinctTimes(*_ranked(time_days), None)
    days, code = _ranked(np.concatenate([time_days, start_days]))
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
    apart = np.concatenate([[True], gap > same_time(distinct)])
    first[first] = apart
    code = np.empty(len(times), dtype=np.int64)
    code[order] = np.cumsum(first) - 1
    return distinct[apart], code


def sums_by(code: Int, values: Float, codes: int) -> Float:
    """Return the sums of rows of numbers (n, p) over those of each code, shape (codes, p)."""
    sums = np.empty((codes, values.shape[1]))
    for k in range(values.shape[1]):
        sums[:, k] = np.bincount(code, weights=values[:, k], minlength=codes)
    return sums


def stable_order(keys: Int) -> Int:
    """Return the stable order of whole numbers that are at least 0, shape (n,); small ones in linear time."""
    return np.argsort(keys.astype(np.uint16) if int(keys.max()) < 2**16 else keys, kind="stable")
