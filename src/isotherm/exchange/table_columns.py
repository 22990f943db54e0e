"""The cells of one column → numbers, dates, true and false or text; what does not fit is counted, never shown."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pandas as pd

from isotherm.columns import label
from isotherm.errors import BadColumn

Wanted = Literal["number", "indicator", "date", "text", "any"]

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?")
_STATUS = re.compile(r"([01]):[A-Za-z].*")
"""As cBioPortal writes whether something happened: 1:DECEASED, 0:LIVING."""
_TRUTH = {"true": True, "false": False}


def column_of(cells: Sequence[Any], name: str, wanted: Wanted, missing: Codes) -> pd.Series[Any]:
    """Turn raw cells into a column.

    Parameters
    ----------
    cells : sequence
        Texts of a CSV file, or values of Excel or Parquet.
    name : str
    wanted : "number", "indicator", "date", "text" or "any"
        "indicator": true and false if every value is one of them, else numbers, true and false among them as 1 and 0,
        as are statuses such as 1:DECEASED.
        "any": true and false if every value is one of them, else numbers, else dates, else text.
    missing : Codes
        For "not known"; a number stands for every way to write it.

    Raises
    ------
    BadColumn
        Values that are not what is wanted, with the number of rows.
    """
    values = [None if is_missing(cell, missing) else cell for cell in cells]
    if wanted in ("any", "indicator") and (truths := _truths(values)) is not None:
        return truths
    if wanted in ("number", "indicator"):
        read = number_in if wanted == "number" else _indicator
        numbers = [None if value is None else read(value) for value in values]
        _check(values, numbers, name, "numbers", "a number in every row, or a missing code")
        _check_finite(numbers, name)
        return _floats(numbers)
    if wanted == "date":
        dates = [None if value is None else date_in(value) for value in values]
        _check(values, dates, name, "dates", "dates as YYYY-MM-DD")
        return _days(dates)
    if wanted == "text":
        return _texts(values)
    return _any(values, name)


def is_missing(cell: object, codes: Codes | None = None) -> bool:
    """Say whether a cell is empty or holds a missing code."""
    if isinstance(cell, str):
        cell = cell.strip()
        if not cell or (codes is not None and cell in codes.texts):
            return True
    elif cell is None or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell)):
        return True
    if codes is None:
        return False
    return (bool(codes.numbers) and number_in(cell) in codes.numbers) or (
        bool(codes.truths) and truth_in(cell) in codes.truths
    )


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes for "not known", by what they are."""

    numbers: frozenset[float]
    texts: frozenset[str]
    truths: frozenset[bool]

    @classmethod
    def of(cls, codes: Iterable[float | str | bool]) -> Codes:
        """Sort codes by what they are."""
        every = tuple(codes)
        return cls(
            frozenset(float(code) for code in every if isinstance(code, int | float) and not isinstance(code, bool)),
            frozenset(code.strip() for code in every if isinstance(code, str)),
            frozenset(code for code in every if isinstance(code, bool)),
        )


def number_in(value: object) -> float | None:
    """Return a value as a number; None if it is none."""
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value.strip()) else None
    return float(value) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None


def _indicator(value: object) -> float | None:
    """Return a number; 1 and 0 for true and false, and for a status as cBioPortal writes it."""
    truth = truth_in(value)
    if truth is None and (status := status_in(value)) is not None:
        return status
    return number_in(value) if truth is None else float(truth)


def status_in(value: object) -> float | None:
    """Return 1 or 0 of a status such as "1:DECEASED"; None if the value is none."""
    match = _STATUS.fullmatch(value.strip()) if isinstance(value, str) else None
    return None if match is None else float(match.group(1))


def date_in(value: object) -> date | None:
    """Return a date, its time of day dropped; None if the value is none."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    try:
        return None if match is None else date.fromisoformat(match.group(1))
    except ValueError:
        return None


def truth_in(value: object) -> bool | None:
    """Return true or false; None if the value is neither."""
    if isinstance(value, bool):
        return value
    return _TRUTH.get(value.strip().lower()) if isinstance(value, str) else None


def _truths(values: Sequence[Any]) -> pd.Series[Any] | None:
    """Return a column of true and false; None if any value is something else, or none is known."""
    known = [value for value in values if value is not None]
    if not known or not all(truth_in(value) is not None for value in known):
        return None
    return pd.Series([None if value is None else truth_in(value) for value in values], dtype="boolean")


def _any(values: Sequence[Any], name: str) -> pd.Series[Any]:
    known = [value for value in values if value is not None]
    if not known or number_in(known[0]) is not None:
        numbers = [None if value is None else number_in(value) for value in values]
        if sum(number is not None for number in numbers) == len(known):
            _check_finite(numbers, name)
            return _floats(numbers)
    if all(date_in(value) is not None for value in known):
        return _days([None if value is None else date_in(value) for value in values])
    return _texts(values)


def _check(values: Sequence[Any], read: Sequence[Any], name: str, what: str, needed: str) -> None:
    wrong = sum(value is not None and found is None for value, found in zip(values, read, strict=True))
    if wrong:
        raise BadColumn(f"Column '{name}' holds something other than {what} in {_rows(wrong)}; give {needed}.")


def _check_finite(numbers: Sequence[float | None], name: str) -> None:
    wrong = sum(value is not None and not math.isfinite(value) for value in numbers)
    if wrong:
        raise BadColumn(f"Column '{name}' holds numbers without end in {_rows(wrong)}; name their missing code.")


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _floats(numbers: Sequence[float | None]) -> pd.Series[Any]:
    return pd.Series(np.array([np.nan if value is None else value for value in numbers], dtype=float))


def _days(dates: Sequence[date | None]) -> pd.Series[Any]:
    return pd.Series(np.array(dates, dtype="datetime64[D]").astype("datetime64[s]"))


def _texts(values: Sequence[Any]) -> pd.Series[Any]:
    return pd.Series([None if value is None else written(value) for value in values], dtype="str")


def written(value: object) -> str:
    """Return a value as text: whole numbers without a point, so that an id reads alike from CSV and Excel."""
    return label(value).strip()
