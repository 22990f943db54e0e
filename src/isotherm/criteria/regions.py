"""Regions: the values of a fact between which no rule changes its mind, one representative each, and their words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from isotherm.clinical.fact import Reading
from isotherm.clinical.kinds import FactKind, Value
from isotherm.criteria.explain import shown, with_unit


@dataclass(frozen=True, slots=True)
class Region:
    """Values that every rule answers alike.

    Parameters
    ----------
    value : number, text or truth value
        One of them.
    low, high : float
        Of a number: the ends.
    low_in, high_in : bool
        Whether the ends belong to it.
    """

    value: Value
    low: float = -math.inf
    high: float = math.inf
    low_in: bool = False
    high_in: bool = False


def regions(kind: FactKind, limits: Iterable[float], reading: Reading | None) -> tuple[Region, ...]:
    """Return the regions of a fact, in rising order.

    Parameters
    ----------
    kind : FactKind
    limits : iterable of float
        At which rules may change their answer.
    reading : Reading or None
        What is known already: a number is only looked for between its limits.
    """
    if kind.form == "yes or no":
        return (Region(True), Region(False))
    if kind.form == "choice":
        return tuple(Region(choice) for choice in kind.choices)
    noted = () if reading is None or reading.gap != "conflicting values" else _noted(reading)
    if noted:
        return noted
    low, high = (kind.low, kind.high) if reading is None else (max(kind.low, reading.low), min(kind.high, reading.high))
    inside = sorted({limit for limit in limits if low <= limit <= high})
    found = _whole(low, high, inside) if kind.form == "whole" else _numbers(low, high, inside)
    # What is known of the number bounds it; what is plausible does not.
    first = replace(found[0], low=-math.inf) if low == kind.low else found[0]
    found = (first, *found[1:])
    return (*found[:-1], replace(found[-1], high=math.inf)) if high == kind.high else found


def _noted(reading: Reading) -> tuple[Region, ...]:
    """Return each of the numbers that contradict each other: one of them is looked for."""
    facts = [one for one in reading.facts if one not in reading.later()]
    values = sorted({float(one.value) for one in facts if isinstance(one.value, int | float)})
    return tuple(Region(value, value, value, True, True) for value in values)


def _numbers(low: float, high: float, limits: Sequence[float]) -> tuple[Region, ...]:
    """Return the open stretches between limits, and each limit by itself."""
    edges = [low, *limits, high]
    found: list[Region] = []
    for place in range(len(edges) - 1):
        start, end = edges[place], edges[place + 1]
        first, last = place == 0, place == len(edges) - 2
        if end > start or (first and last):
            low_in, high_in = first and start not in limits, last and end not in limits
            found.append(Region((start + end) / 2.0, start, end, low_in, high_in))
        if not last:
            found.append(Region(end, end, end, True, True))
    return tuple(found)


def _whole(low: float, high: float, limits: Sequence[float]) -> tuple[Region, ...]:
    """Return runs of whole numbers that lie alike to every limit."""
    first, last = math.ceil(low), math.floor(high)
    starts = sorted({first, *(math.ceil(limit) for limit in limits), *(math.floor(limit) + 1 for limit in limits)})
    starts = [start for start in starts if first <= start <= last]
    ends = [*(start - 1 for start in starts[1:]), last]
    return tuple(Region(start, start, end, True, True) for start, end in zip(starts, ends, strict=True))


def in_words(kind: FactKind, run: Sequence[Region]) -> str:
    """Return several regions of a fact in words: "at most 30 mm", "yes", "1 to 3"; neighbors are joined."""
    if not kind.is_number:
        return " or ".join(shown(region.value, kind) for region in run)
    joined: list[Region] = []
    for region in run:
        if joined and _touch(joined[-1], region, whole=kind.form == "whole"):
            before = joined[-1]
            joined[-1] = Region(before.value, before.low, region.high, before.low_in, region.high_in)
        else:
            joined.append(region)
    return " or ".join(_stretch(kind, region) for region in joined)


def _touch(before: Region, after: Region, *, whole: bool) -> bool:
    if whole:
        return before.high + 1 == after.low
    return before.high == after.low and (before.high_in or after.low_in)


def _stretch(kind: FactKind, region: Region) -> str:
    low, high = with_unit(region.low, kind), with_unit(region.high, kind)
    if region.low == region.high:
        return f"exactly {low}"
    if math.isinf(region.low) and math.isinf(region.high):
        return "whatever it is"
    if math.isinf(region.low):
        return f"{'at most' if region.high_in else 'below'} {high}"
    if math.isinf(region.high):
        return f"{'at least' if region.low_in else 'above'} {low}"
    return f"{'from' if region.low_in else 'above'} {low} {'to' if region.high_in else 'to below'} {high}"
