"""Days as hospitals write them: 01.03.2024, 03/01/2024, 45352. Which way round is said, never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from isotherm.exchange.table_columns import date_in

ISO = "YYYY-MM-DD"
SERIALS = {"excel": date(1899, 12, 30), "excel 1904": date(1904, 1, 1)}
"""Day 0 of the two calendars of Excel; the first counts a 29 February 1900, so days before March 1900 are one off."""

EARLIEST = date(1900, 3, 1)
"""No day of a living patient's record is earlier; tables use such days for what they do not know."""

_PARTS = {"YYYY": r"(?P<year>\d{4})", "MM": r"(?P<month>\d{1,2})", "DD": r"(?P<day>\d{1,2})"}
_FORMAT = re.compile(r"YYYY|MM|DD")
_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"

Reader = Callable[[str], date | None]


def day_reader(written: str) -> Reader:
    """Return what reads days that are written in one way; ISO days are read in every case.

    Parameters
    ----------
    written : str
        YYYY, MM and DD with signs between them, "excel" or "excel 1904" for day numbers. Without DD it is the first of
        the month, without MM of the year. A time of day behind it is dropped.

    Raises
    ------
    ValueError
        With what may be given.
    """
    if written in SERIALS:
        return lambda text: _serial(text, SERIALS[written])
    parts = _FORMAT.findall(written)
    rest = _FORMAT.sub("", written)
    if "YYYY" not in parts or len(set(parts)) < len(parts) or ("DD" in parts and "MM" not in parts):
        raise ValueError('as in "DD.MM.YYYY", "MM/DD/YYYY", "YYYY", "excel" or "excel 1904"; years have four digits')
    if any(one.isalnum() for one in rest):
        raise ValueError('only YYYY, MM and DD with signs between them, as in "DD.MM.YYYY"')
    tight = not rest and len(parts) > 1
    pattern = "".join(
        (_PARTS[one].replace("1,2", "2") if tight else _PARTS[one]) if one in _PARTS else re.escape(one)
        for one in re.split(r"(YYYY|MM|DD)", written)
    )
    shape = re.compile(pattern + _TIME)
    return lambda text: date_in(text) or _spelled(shape.fullmatch(text))


def _spelled(found: re.Match[str] | None) -> date | None:
    if found is None:
        return None
    parts = found.groupdict()
    try:
        return date(int(parts["year"]), int(parts.get("month") or 1), int(parts.get("day") or 1))
    except ValueError:
        return None


def _serial(text: str, first: date) -> date | None:
    """Return the day of a number; a day that the book itself marks as one comes as ISO text."""
    number = text.split(".", 1)[0]
    if not number.isdecimal() or len(number) > 5:
        return date_in(text)
    return first + timedelta(days=int(number))
