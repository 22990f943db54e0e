"""One cell ↔ one value of a record: the way that numbers, days, yes and no, choices and keys are written in tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from isotherm.clinical.kinds import Value, ValueKind
from isotherm.exchange.table_columns import date_in, number_in, truth_in, written


def text_of(value: Value) -> str:
    """Return a value as its cell has it; `value_of` gives it back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def cell_text(cell: Any) -> str:
    """Return what stands in a cell as text, an empty one as "": a whole number without its point, a date as ISO 8601.

    A whole number of a spreadsheet is a float within; a key that it holds reads as in CSV.
    """
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return text_of(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ") if cell.time() != datetime.min.time() else cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else written(cell)


def value_of(text: str, kind: ValueKind) -> Value:
    """Return the value that a cell's text means.

    Raises
    ------
    ValueError
        It is none of this kind; the message says what is wanted and repeats nothing.
    """
    match kind.form:
        case "number":
            return kind.checked(number_in(text))
        case "whole":
            return kind.checked(number_in(text) if "." in text or "e" in text.lower() else whole_in(text))
        case "yes or no":
            return kind.checked(truth_in(text))
        case "date":
            return kind.checked(date_in(text))
        case "text":
            return kind.checked(text)
        case "choice" | "key":
            return kind.checked(text.strip())


def whole_in(text: str) -> int | None:
    """Return a whole number as it is, without passing through a float."""
    digits = text.strip()
    return int(digits) if digits.lstrip("+-").isdecimal() and len(digits) <= 20 else None


def wanted(kind: ValueKind) -> str:
    """Return what a cell of this kind has to hold, as a problem says it."""
    return f"{kind.wanted} is wanted"
