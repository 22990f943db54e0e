"""FactKind: what can be known of a case or a lesion, in which unit, and what would be implausible."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias, TypeGuard

Of = Literal["case", "lesion"]
Form = Literal["number", "whole", "yes or no", "choice", "date"]
Value: TypeAlias = float | int | str | bool | date

LARGEST = sys.float_info.max
"""Beyond it a whole number is no number that anything here could be."""

TO_UNIT: dict[tuple[str, str], float] = {
    ("cm", "mm"): 10.0, ("mm", "mm"): 1.0,
    ("ng/mL", "µg/L"): 1.0, ("ug/L", "µg/L"): 1.0, ("µg/L", "µg/L"): 1.0,
}  # fmt: skip
"""Factors from units that may be written to the one that a fact is kept in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactKind:
    """One thing that can be known.

    Parameters
    ----------
    name : str
        The key in files; a unit ends it ("diameter_mm").
    of : {"case", "lesion"}
    form : {"number", "whole", "yes or no", "choice", "date"}
    label : str
        What people call it ("largest diameter").
    unit : str
        "mm", "%", "weeks", ...; empty where there is none.
    choices : tuple of str
        For a choice: what may be written, in an order that people expect.
    low, high : float
        Of a number: values outside are refused as slips of the pen.
    judgment : bool
        Whether somebody has to judge: sources use the word and print no number.
    imaging : bool
        Whether it is read off images, and grows old as they do.
    note : str
        What one must know to fill it in.
    largest, smallest : str
        Of a lesion's number: the fact of the case that holds the largest or smallest among the lesions to be ablated.
    """

    name: str
    of: Of
    form: Form
    label: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    judgment: bool = False
    imaging: bool = False
    note: str = ""
    largest: str = ""
    smallest: str = ""

    def __post_init__(self) -> None:
        if (self.form == "choice") != bool(self.choices):
            raise ValueError(f"{self.name}: a choice has choices, and nothing else has.")
        if self.form != "number" and self.form != "whole" and (self.unit or math.isfinite(self.low + self.high)):
            raise ValueError(f"{self.name}: only numbers have a unit and limits.")
        if self.form in ("number", "whole") and not math.isfinite(self.high - self.low):
            raise ValueError(f"{self.name}: a number needs the limits of what is plausible.")

    @property
    def is_number(self) -> bool:
        """Whether values have an order."""
        return self.form in ("number", "whole")

    @property
    def wanted(self) -> str:
        """What may be written, in words."""
        unit = f" {self.unit}" if self.unit else ""
        match self.form:
            case "number":
                return f"a number from {self.low:g} to {self.high:g}{unit}"
            case "whole":
                return f"a whole number from {self.low:g} to {self.high:g}{unit}"
            case "yes or no":
                return "true or false"
            case "choice":
                return "one of " + ", ".join(self.choices)
            case "date":
                return "a date as in 2025-03-01"

    def checked(self, value: object) -> Value:
        """Return a value in the type that it is kept in.

        Raises
        ------
        ValueError
            It is something else, or implausible; the message does not repeat it.
        """
        if self.is_number and _finite(value) and self.low <= value <= self.high:
            if self.form == "number" or value == int(value):
                return float(value) if self.form == "number" else int(value)
        elif self.form == "yes or no" and isinstance(value, bool):
            return value
        elif self.form == "choice" and isinstance(value, str) and value in self.choices:
            return value
        elif self.form == "date" and isinstance(value, date) and not isinstance(value, datetime):
            return value
        raise ValueError(f"{self.name} is {self.wanted}")


def _finite(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and -LARGEST <= value <= LARGEST
