"""A cell of a hospital's table and the FieldSource that reads it → a value, or what is wanted in its place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from isotherm.clinical.kinds import Value
from isotherm.exchange.cells_excel import ERRORS
from isotherm.exchange.record_cells import cell_text, value_of, wanted
from isotherm.exchange.record_days import EARLIEST, ISO, day_reader
from isotherm.exchange.record_mapping import PLACE, FieldSource
from isotherm.exchange.record_tables_in import FUTURE
from isotherm.exchange.table_columns import number_in

YES, NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})

CALCULATED = "the cell holds an error, or a formula that was never calculated; write its value"
OLD = f"the day lies before {EARLIEST.year}; name what stands for days that are not known as missing"


Read = Callable[[str], Value]


class Refused(ValueError):
    """A cell that makes no value; the message says what is wanted, and repeats nothing of it."""


def value_in(text: str, source: FieldSource, read: Read, today: date) -> Value:
    """Return what a cell's text means, as `reader` of the source reads it.

    Raises
    ------
    Refused
    """
    try:
        return _dated(read(text), today)
    except Refused:
        raise
    except ValueError:
        raise Refused(_wanted(source)) from None


def _dated(value: Value, today: date) -> Value:
    if isinstance(value, date) and value > today:
        raise Refused(FUTURE)
    if isinstance(value, date) and value < EARLIEST:
        raise Refused(OLD)
    return value


def reader(source: FieldSource, turn: str) -> Read:
    """Return what reads the cells of one source."""
    field, constant = source.field, source.constant
    if constant is not None:
        fixed = field.checked(constant.replace(PLACE, turn)) if isinstance(constant, str) else constant
        return lambda _: fixed
    plain = _plain(source)

    def read(text: str) -> Value:
        if text in ERRORS:
            raise Refused(CALCULATED)
        known = source.values.get(text.casefold())
        return plain(text) if known is None else known

    return read


def _plain(source: FieldSource) -> Read:
    field, factor = source.field, source.factor
    match field.form:
        case "date":
            days = day_reader(source.days)
            return lambda text: field.checked(days(text))
        case "yes or no":
            return lambda text: field.checked(True if text.casefold() in YES else
                                              False if text.casefold() in NO else None)  # fmt: skip
        case "choice":
            folded = {one.casefold(): one for one in field.choices}
            return lambda text: field.checked(folded.get(text.casefold()))
        case "number":
            return lambda text: field.checked(_measured(_point(text, source.decimal), factor))
        case "whole":
            return lambda text: value_of(_point(text, source.decimal), field)
        case _:
            return lambda text: value_of(text, field)


def _measured(text: str, factor: float) -> float | None:
    """Return a number in the unit of its field; 1.1 cm are 11 mm, not 11.000000000000002."""
    number = number_in(text)
    return number if number is None or factor == 1.0 else float(Decimal(text) * Decimal(factor))


def _point(text: str, decimal: str) -> str:
    """Return a number with a point; a sign between thousands is none."""
    if decimal == ",":
        return "" if "." in text else text.replace(",", ".")
    return text


def cell_in(cell: Any, source: FieldSource) -> str:
    """Return a cell as text; what a spreadsheet keeps as a number has no sign of its own before the tenths."""
    text = cell_text(cell).strip()
    is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
    return text.replace(".", source.decimal) if is_number and source.field.is_number else text


def _wanted(source: FieldSource) -> str:
    """Return what a cell has to hold, and how a mapping could say more."""
    match source.field.form:
        case "date" if source.days == ISO:
            return (
                f'{wanted(source.field)}; where days are written otherwise, the mapping says how (dates = "DD.MM.YYYY")'
            )
        case "date":
            return f"a day written {source.days} is wanted"
        case "choice" | "yes or no":
            return f"{wanted(source.field)}, or a word that the mapping explains (values)"
        case "number" if source.factor != 1.0:
            return f"{wanted(source.field)}, here in {source.unit}"
        case _:
            return wanted(source.field)
