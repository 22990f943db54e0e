"""Numbers of a study as its report prints them: each from a record of result.json, and only from there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from isotherm.app.report_words import MINUS, NO_BREAK, decimal

Result = Mapping[str, Any]
"""What result.json holds; see docs/study-result.md."""

DAYS_PER_MONTH = 30.4375
"""365.25 / 12: days are printed as months by this and by nothing else."""

UP_TO = re.compile(r"(?<= to )(\d+(?:\.\d+)?) days$")
"""How a label ends that names its horizon, such as "Restricted mean to 1826.25 days"."""

NOT_GIVEN = "\u2013"
"""Stands in a table for what does not exist; the reason is in a note."""


def printed(record: Mapping[str, Any], field: str = "value") -> str:
    """Return one field of a record as words.

    Parameters
    ----------
    record : mapping
        A record of `results`.
    field : str
        "value" (with its unit, then its interval), "estimate" (without interval), "bare" (without its unit as well),
        "interval", "low", "high", "level", "p", "p_words" (with "p ="), "n", "events", "why", or "label".

    Returns
    -------
    str
        `NOT_GIVEN` where there is nothing.
    """
    if field == "label":
        return UP_TO.sub(lambda days: months_of(float(days[1])), str(record["label"])) or NOT_GIVEN
    if field in ("why", "method"):
        return str(record[field] or NOT_GIVEN)
    if field == "value" and record["text"] is not None:
        return str(record["text"])
    if field in ("p", "p_words"):
        return _p(record, words=field == "p_words")
    if field == "level":
        return NOT_GIVEN if record["level"] is None else f"{100.0 * record['level']:g}{NO_BREAK}%"
    if field in ("n", "events"):
        return NOT_GIVEN if record[field] is None else whole(record[field])
    if record["value"] is None:
        return NOT_GIVEN
    if is_ten(record):
        return _limits(record) + _unit(record)
    if field == "interval":
        return f"{_limits(record)}{_unit(record)}" if has_interval(record) else NOT_GIVEN
    if field in ("low", "high"):
        return _limit(record, field) + (_unit(record) if record[field] is not None else "")
    if field == "bare":
        return _number(record, record["value"])
    return _value(record, alone=field == "estimate")


def months_of(days: float) -> str:
    """Return a declared time in months, as it stands in heads of columns."""
    return f"{round(days / DAYS_PER_MONTH, 1):g} months"


def missing(record: Mapping[str, Any], field: str = "value") -> str:
    """Return why a field of a record does not exist; empty where it does."""
    if record["value"] is None and record["text"] is None:
        return str(record["why"] or "not given")
    return "there is none" if printed(record, field) == NOT_GIVEN else ""


def has_interval(record: Mapping[str, Any]) -> bool:
    """Whether a limit is there; one without the other is an interval that the data leave open."""
    return record["value"] is not None and (record["low"] is not None or record["high"] is not None)


def is_ten(record: Mapping[str, Any]) -> bool:
    """Whether a count is told as the ten that it lies in, as a release does."""
    return record["kind"] == "count" and has_interval(record)


def whole(value: float) -> str:
    """Return a count; from ten thousand on with gaps between thousands."""
    return f"{value:,.0f}".replace(",", "\u202f").replace("-", MINUS) if abs(value) >= 1e4 else decimal(value, 0)


def p_digits(p: float) -> str:
    """Return a p value with two decimals, three below 0.1."""
    return "< 0.001" if p < 0.001 else "> 0.99" if p > 0.99 else f"{p:.3f}" if p < 0.0995 else f"{p:.2f}"


def _p(record: Mapping[str, Any], *, words: bool) -> str:
    p = record["p"] if record["p"] is not None or record["kind"] != "p" else record["value"]
    if p is None:
        return NOT_GIVEN
    shown = p_digits(p)
    return _whole_line(shown if not words else f"p {shown}" if shown[0] in "<>" else f"p = {shown}")


def _value(record: Mapping[str, Any], *, alone: bool) -> str:
    """Return the value with its unit, and its interval in parentheses behind it unless it is wanted alone."""
    if record["kind"] == "p":
        return _p(record, words=False)
    shown = _number(record, record["value"])
    return shown + _unit(record) + ("" if alone or not has_interval(record) else f" ({_limits(record)})")


def _limits(record: Mapping[str, Any]) -> str:
    """Return both limits, which no end of a line tears apart."""
    return _whole_line(f"{_limit(record, 'low')} to {_limit(record, 'high')}")


def _whole_line(words: str) -> str:
    return words.replace(" ", NO_BREAK)


def _limit(record: Mapping[str, Any], which: str) -> str:
    return "no limit" if record[which] is None else _number(record, record[which])


def _unit(record: Mapping[str, Any]) -> str:
    kind, unit = record["kind"], str(record["unit"] or "")
    if kind in ("share", "probability"):
        return f"{NO_BREAK}%"
    if kind == "difference" and unit in ("", "share", "probability", "risk"):
        return f"{NO_BREAK}percentage points"
    if unit == "days":
        return f"{NO_BREAK}months"
    return f"{NO_BREAK}{unit}" if unit else ""


def _number(record: Mapping[str, Any], value: float) -> str:
    """Return a number of the record's kind without its unit; limits have the digits of their value."""
    kind, unit = record["kind"], str(record["unit"] or "")
    if kind == "count":
        return whole(value)
    if kind in ("share", "probability") or (kind == "difference" and unit in ("", "share", "probability", "risk")):
        return decimal(100.0 * value, 1)
    if unit == "days":
        return decimal(value / DAYS_PER_MONTH, 1)
    if kind == "ratio":
        return ratio(value)
    if unit == "sum of weights":
        return decimal(value, 1)
    return decimal(value, _digits(record["value"]))


def ratio(value: float) -> str:
    """Return a ratio with two decimals, more where it would read as 0 or as exactly 1 and is not."""
    if value >= 999.5:
        return whole(value) if value < 1e6 else f"{value:.0e}"
    digits = 0 if value >= 99.5 else 1 if value >= 9.995 else 2
    shown = f"{value:.{digits}f}"
    if value > 0.0 and (float(shown) == 0.0 or (float(shown) == 1.0 and abs(value - 1.0) > 5e-4)):
        return f"{value:.3f}" if value >= 5e-4 else "< 0.001"
    return shown


def _digits(value: float) -> int:
    """Return decimals by size: whole numbers, and what is 0 but for rounding, have none."""
    if abs(value - round(value)) < 1e-9:
        return 0
    return 1 if abs(value) >= 10.0 else 2 if abs(value) >= 1.0 else 3
