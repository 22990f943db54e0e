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
class MillimeterClass:
    """Which margins, or which sizes, a result is about; a slope and a cut-off are about all of them, without bounds.

    Parameters
    ----------
    of : str
        "margin" or "size" (of a tumor, its largest diameter).
    from_mm, above_mm : float or None
        Lower bound, itself in the class or not.
    below_mm, up_to_mm : float or None
        Upper bound, itself not in the class, or in it.
    """

    of: Literal["margin", "size"]
    from_mm: float | None = None
    above_mm: float | None = None
    below_mm: float | None = None
    up_to_mm: float | None = None

    def __post_init__(self) -> None:
        for pair in (("from_mm", "above_mm"), ("below_mm", "up_to_mm")):
            if all(getattr(self, name) is not None for name in pair):
                raise BadEvidence(("class", f"both {pair[0]} and {pair[1]} came; a class has one bound on each side."))
        low, high = self.low_mm, self.high_mm
        point = self.from_mm is not None and self.from_mm == self.up_to_mm
        if low is not None and high is not None and low >= high and not point:
            raise BadEvidence(("class", f"the class runs from {low:g} to {high:g} mm; the lower bound comes first."))

    @property
    def low_mm(self) -> float | None:
        """The lower bound; None where the class is open below."""
        return self.from_mm if self.above_mm is None else self.above_mm

    @property
    def high_mm(self) -> float | None:
        """The upper bound; None where the class is open above."""
        return self.up_to_mm if self.below_mm is None else self.below_mm

    @property
    def is_bounded(self) -> bool:
        """Whether it is a class at all, and not the whole scale."""
        return self.low_mm is not None or self.high_mm is not None

    def __str__(self) -> str:
        """Return the class in words."""
        if self.from_mm is not None and self.from_mm == self.up_to_mm:
            return f"{self.from_mm:g} mm"
        words = [f"{said} {bound:g}" for said, bound in (
            ("from", self.from_mm), ("above", self.above_mm), ("below", self.below_mm), ("up to", self.up_to_mm)
        ) if bound is not None]  # fmt: skip
        return f"{self.of}" + (f" {' and '.join(words)} mm" if words else "")


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
