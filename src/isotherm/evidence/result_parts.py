"""What a published result is made of besides its numbers: margin method, grade, discrepancy."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from isotherm.errors import BadEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginMethod:
    """How a margin was measured; margins of different methods or days are different measurements.

    Parameters
    ----------
    method : str
        "2D", "3D rigid", "3D non-rigid", "3D", or "not printed".
    imaging : str
        "CT", "MRI", ...
    days_after : tuple of float or None
        From when to when after ablation the zone was imaged, in days; None where it is not printed.
    """

    method: Literal["2D", "3D rigid", "3D non-rigid", "3D", "several", "not printed"]
    imaging: str = "not printed"
    days_after: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.days_after is not None and not 0.0 <= self.days_after[0] <= self.days_after[1]:
            raise BadEvidence(("days_after", "days after ablation run from an earlier to a later day."))

    def __str__(self) -> str:
        """Return the method in words."""
        days = "day not printed"
        if self.days_after is not None:
            low, high = self.days_after
            days = f"day {low:g}" if low == high else f"days {low:g} to {high:g}"
        return f"{self.method}, {self.imaging}, {days}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """A grade in the scale of those who gave it; scales are never converted into one another."""

    scheme: str
    native: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """What is wrong with a printed number, or between two of them.

    Parameters
    ----------
    note : str
        What does not fit.
    check : str
        The check that finds it, where one does.
    computed : Decimal or None
        What that check computes: a note explains this mismatch and no other one.
    against : tuple of str
        The other records.
    """

    note: str
    check: str = ""
    computed: Decimal | None = None
    against: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.check) != (self.computed is not None):
            raise BadEvidence(("discrepancy", "a note that names a check says what it computes, and the reverse."))
