"""One fact as it is written in a file: a plain value, a table with unit, day, origin and limits, or a list of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, cast

from isotherm.clinical.fact import ORIGINS, Fact
from isotherm.clinical.kinds import TO_UNIT, FactKind, Value, unit_factor
from isotherm.toml_form import Document, Key, Shape, Wrong, choice, number, text
from isotherm.toml_lines import Path

NOT_ASSESSABLE = "not assessable"
"""Written where somebody looked and could not tell; what was never looked at is left out."""

FIRST_DAY = date(1900, 1, 1)
"""Days before this one are slips of the pen."""

DIGITS = 9
"""Decimals that a converted number keeps: 1.1 cm are 11 mm, and not 11.000000000000002."""

Read = Callable[[Document, Any, Path], Any]


def facts_of(kind: FactKind, today: date) -> Read:
    """Return how the facts of a kind are read: one value, one table, or a list of either."""
    one = _one(kind, today)

    def read(document: Document, value: object, path: Path) -> tuple[Fact, ...]:
        if not isinstance(value, list):
            return (one(document, value, path),)
        several = cast("list[object]", value)
        if not several:
            raise Wrong(f"{kind.wanted}, or a list of values with their days", came="an empty list")
        return tuple(document.value(Key(one), each, (*path, place)) for place, each in enumerate(several))

    return read


def day_until(today: date) -> Read:
    """Return how a day is read that is not later than today: as a date, or the same in quotes."""

    def read(_: Document, value: object, __: Path) -> date:
        day = _as_day(value)
        if day is None:
            raise Wrong("a date as in 2025-03-01")
        return _not_later(day, today)

    return read


def units_of(kind: FactKind) -> tuple[str, ...]:
    """Return the units in which a number may be written."""
    others = (one for one, kept in TO_UNIT if kept == kind.unit and one != kind.unit)
    return (kind.unit, *others) if kind.unit else ()


def value_of(kind: FactKind, value: object, today: date, factor: float = 1.0) -> Value | None:
    """Return a value in the type and unit it is kept in; None if it is not assessable.

    Raises
    ------
    Wrong
        With what is allowed, and never with the value.
    """
    if value == NOT_ASSESSABLE:
        return None
    if kind.form == "date" and (day := _as_day(value)) is not None:
        return _not_later(day, today)
    try:
        return kind.checked(_scaled(value, factor))
    except (ValueError, OverflowError):
        came = "a number outside of these limits" if kind.is_number and _is_number(value) else ""
        raise Wrong(f'{kind.wanted}, or "{NOT_ASSESSABLE}"', came=came) from None


def _one(kind: FactKind, today: date) -> Read:
    shape = Shape(dict, {
        "value": Key(_any, required=True), "unit": Key(_unit(kind)), "on": Key(day_until(today)),
        "origin": Key(choice(*ORIGINS)), "low": Key(_limit(kind)), "high": Key(_limit(kind)), "source": Key(text),
    })  # fmt: skip

    def read(document: Document, value: object, path: Path) -> Fact | None:
        if not isinstance(value, dict):
            return Fact(value=value_of(kind, value, today))
        given = document.noun(shape, cast("dict[str, Any]", value), path)
        return None if given is None else _of_table(document, kind, given, path, today)

    return read


def _of_table(document: Document, kind: FactKind, given: dict[str, Any], path: Path, today: date) -> Fact | None:
    factor = given.pop("unit", 1.0)
    before = len(document.problems)
    reader = Key(lambda _, value, __: value_of(kind, value, today, factor))
    given["value"] = document.value(reader, given["value"], (*path, "value"))
    if len(document.problems) > before:
        return None
    for name in ("low", "high"):
        if name in given:
            given[name] = _scaled(given[name], factor)
    try:
        return Fact(**given)
    except ValueError:
        document.problem(path, "low and high do not hold the value; give both, with low <= value <= high, or neither.")
        return None


def _unit(kind: FactKind) -> Read:
    def read(_: Document, value: object, __: Path) -> float:
        if not kind.unit:
            raise Wrong(f"no unit, since {kind.label} has none", came="a unit")
        factor = unit_factor(value, kind.unit) if isinstance(value, str) else None
        if factor is None:
            raise Wrong(" or ".join(units_of(kind)), came="another unit" if isinstance(value, str) else "")
        return factor

    return read


def _limit(kind: FactKind) -> Read:
    def read(document: Document, value: object, path: Path) -> float:
        if not kind.is_number:
            raise Wrong(f"no limits, since {kind.label} is no number", came="a limit")
        found = number(document, value, path)
        if not math.isfinite(found):
            raise Wrong("a number")
        return found

    return read


def _any(_: Document, value: object, __: Path) -> object:
    return value


def _scaled(value: object, factor: float) -> object:
    return round(float(cast("float", value)) * factor, DIGITS) if factor != 1.0 and _is_number(value) else value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_day(value: object) -> date | None:
    if isinstance(value, str) and len(value) == len("2025-03-01"):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def _not_later(day: date, today: date) -> date:
    if not FIRST_DAY <= day <= today:
        came = "a day after today" if day > today else "a day long ago"
        raise Wrong(f"a date from {FIRST_DAY.year} until today", came=came)
    return day
