"""Fact: a value with its day and origin; Reading: what is known of it on the day that is asked about."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from isotherm.clinical.kinds import FactKind, Value

Origin = Literal["image", "lab", "typed", "derived"]
ORIGINS: tuple[Origin, ...] = ("image", "lab", "typed", "derived")

Sign = Literal["<", "<=", ">", ">=", "=="]

Gap = Literal[
    "missing", "not assessable", "conflicting values", "later measurement", "list of lesions is open",
    "interval straddles",
]  # fmt: skip
"""Why a value cannot decide: never noted; looked at and not told; two values of one day; a lesion was measured later
and lies beyond it; more lesions may follow; the interval of a measurement lies on both sides."""

COMPARES: dict[Sign, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A value as it was noted.

    Parameters
    ----------
    value : number, text, truth value, date or None
        None: somebody looked and could not tell (not assessable). What was never noted is no fact at all.
    on : date or None
        The day that it describes; None where that was not written down.
    origin : {"image", "lab", "typed", "derived"}
    low, high : float or None
        95 % limits of a measured number.
    source : str
        Words on where it comes from ("isotherm margin, lesion 2").

    Raises
    ------
    ValueError
        Limits without a number, or that do not hold it.
    """

    value: Value | None
    on: date | None = None
    origin: Origin = "typed"
    low: float | None = None
    high: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            return
        if self.low is None or self.high is None or not isinstance(self.value, int | float):
            raise ValueError("a number with both limits is wanted, or a value without limits")
        if not self.low <= self.value <= self.high:
            raise ValueError("the limits do not hold the value")

    @property
    def day(self) -> date | None:
        """The day from which it is known: of what happened on a date, that date, unless it was noted before."""
        return self.value if self.on is None and isinstance(self.value, date) else self.on


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of one thing on a day.

    Parameters
    ----------
    kind : FactKind
    value : number, text, truth value, date or None
        None where there is none, or none that can be told.
    low, high : float
        Of a number: between which limits it lies for certain; both are the value where it is exact.
    gap : Gap or None
        Why it does not decide everything.
    facts : tuple of Fact
        What it was read off.
    """

    kind: FactKind
    value: Value | None
    low: float = -math.inf
    high: float = math.inf
    gap: Gap | None = None
    facts: tuple[Fact, ...] = ()

    def later(self) -> tuple[Fact, ...]:
        """Return the facts of a later day than the first one: what came after it was noted."""
        noted = self.facts[0].day if self.facts else None
        return tuple(one for one in self.facts if noted is not None and one.day is not None and one.day > noted)

    def compare(self, sign: Sign, limit: float) -> bool | None:
        """Return whether the number stands in this relation to a limit; None where its limits lie on both sides."""
        low, high = COMPARES[sign](self.low, limit), COMPARES[sign](self.high, limit)
        if sign == "==":
            return low if self.low == self.high else None if self.low <= limit <= self.high else False
        return low if low == high else None

    def among(self, values: tuple[Value, ...]) -> bool | None:
        """Return whether the value is one of several; None where it is not known."""
        return None if self.value is None else self.value in values


Readings: TypeAlias = dict[str, Reading]


def exact(kind: FactKind, value: Value, *facts: Fact) -> Reading:
    """Return the reading of a value that is known."""
    if kind.is_number:
        number = float(value)  # pyright: ignore[reportArgumentType] - the kind has checked it
        return Reading(kind, number if kind.form == "number" else value, number, number, None, facts)
    return Reading(kind, value, facts=facts)


def read(kind: FactKind, facts: tuple[Fact, ...], on: date) -> Reading | None:
    """Return what the facts tell of a day: the latest of those that are not later; None where there is none.

    A fact without a day counts where no dated one does. Two values of one day contradict each other: neither counts.
    Of limits to one value the widest count.
    """
    known = tuple(fact for fact in facts if (day := fact.day) is None or day <= on)
    if not known:
        return None
    latest = known if len(known) == 1 else _latest(known)
    first = latest[0]
    if len(latest) == 1 and first.low is None and first.value is not None:
        return exact(kind, first.value, first)  # nearly all facts: tables are read in half the time
    if any(fact.value != first.value for fact in latest):
        return Reading(kind, None, gap="conflicting values", facts=latest)
    if first.value is None:
        return Reading(kind, None, gap="not assessable", facts=latest)
    low = min((fact.low for fact in latest if fact.low is not None), default=None)
    high = max((fact.high for fact in latest if fact.high is not None), default=None)
    if low is None or high is None:
        return exact(kind, first.value, *latest)
    return Reading(kind, first.value, low, high, None, latest)


def _latest(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Return the facts of the latest day."""
    last = max((fact.day for fact in facts if fact.day is not None), default=None)
    return tuple(fact for fact in facts if fact.day == last)
