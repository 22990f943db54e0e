"""ValueKind: what may be written in a place, in which unit, what is implausible; FactKind: of a case or a lesion."""

from __future__ import annotations

import math
import re
import sys
import unicodedata
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


def unit_factor(unit: str, kept: str) -> float | None:
    """Return by what a number in a unit is multiplied to be kept in another one; None where no way there is known.

    Blanks, the two signs for micro, and the case of the letter for liter (ng/ml, ng/mL) make no other unit.
    """
    if _one_spelling(unit) == _one_spelling(kept):
        return 1.0
    factors = (by for (one, to), by in TO_UNIT.items() if to == kept and _one_spelling(one) == _one_spelling(unit))
    return next(factors, None)


def _one_spelling(unit: str) -> str:
    plain = unicodedata.normalize("NFKC", unit).replace(" ", "")
    return re.sub(r"/([dm]?)l$", r"/\1L", plain)


LONGEST_TEXT, LONGEST_KEY = 2000, 64
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
"""Nothing in a key can be a path, a formula of a spreadsheet, or part of a query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueKind:
    """One value that can be written down.

    Parameters
    ----------
    name : str
        The key in files; a unit ends it ("diameter_mm").
    form : {"number", "whole", "yes or no", "choice", "date", "text", "key"}
        A text is words of a person; a key is a short name without meaning, which other records point to.
    label : str
        What people call it ("largest diameter").
    unit : str
        "mm", "%", "weeks", ...; empty where there is none.
    choices : tuple of str
        For a choice: what may be written, in an order that people expect.
    low, high : float
        Of a number: values outside are refused as slips of the pen.
    note : str
        What one must know to fill it in.
    """

    name: str
    form: Form | Literal["text", "key"]
    label: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    note: str = ""

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
            case "text":
                return f"words, at most {LONGEST_TEXT} characters"
            case "key":
                return f"a short name of letters, digits and . _ : -, at most {LONGEST_KEY} characters"

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
        elif self.form == "text" and isinstance(value, str) and _is_text(value):
            return value
        elif self.form == "key" and isinstance(value, str) and KEY.fullmatch(value):
            return value
        raise ValueError(f"{self.name} is {self.wanted}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FactKind(ValueKind):
    """One thing that can be known of a case or a lesion.

    Parameters
    ----------
    of : {"case", "lesion"}
    form : {"number", "whole", "yes or no", "choice", "date"}
    judgment : bool
        Whether somebody has to judge: sources use the word and print no number.
    imaging : bool
        Whether it is read off images, and grows old as they do.
    largest, smallest : str
        Of a lesion's number: the fact of the case that holds the largest or smallest among the lesions to be ablated.
    """

    of: Of
    form: Form
    judgment: bool = False
    imaging: bool = False
    largest: str = ""
    smallest: str = ""


def _finite(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and -LARGEST <= value <= LARGEST


def _is_text(value: str) -> bool:
    return 0 < len(value) <= LONGEST_TEXT and not any(
        unicodedata.category(one) in ("Cc", "Cs") and one != "\n" for one in value
    )
