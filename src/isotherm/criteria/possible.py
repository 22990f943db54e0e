"""Bounds: between which answers a rule must lie whatever some missing facts turn out to be, without trying values."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from isotherm.clinical.case import Picture
from isotherm.clinical.derive import FOLLOWING
from isotherm.clinical.vocabulary import LESION_FACTS
from isotherm.criteria.explain import THE_LIST
from isotherm.criteria.expression import (
    MET,
    NOT_MET,
    UNKNOWN,
    All,
    Among,
    Any,
    Comparison,
    Every,
    Expression,
    OfLesions,
    OnCondition,
)
from isotherm.criteria.expression import MET_WITH_CONDITION as ON_CONDITION
from isotherm.criteria.judge import nothing_to_ablate
from isotherm.criteria.rule import Rule

Key = tuple[str, str | None]
"""A fact: its name, and the lesion or None for the patient."""

THE_LIST_KEY: Key = (THE_LIST.name, THE_LIST.lesion)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The lowest and the highest answer that is possible, and whether NOT_APPLICABLE is."""

    low: int
    high: int
    may_not_apply: bool = False


def bounds_of(rule: Rule, picture: Picture, free: Container[Key]) -> Bounds:
    """Return the bounds of a rule where the facts in `free` may be anything and other gaps stay.

    Wider than the truth where one fact stands in several parts of a rule; never narrower.
    """
    low, high = _bounds(rule.holds, picture, None, free)
    # What is a target, and how many lesions there are, may turn out so that nothing is left to ablate.
    none_left = nothing_to_ablate(rule, picture) or (rule.unit == "lesion" and _may_have_no_target(picture, free))
    if rule.applies is None:
        return Bounds(low, high, none_left)
    gate_low, gate_high = _bounds(rule.applies, picture, None, free)
    if gate_high <= UNKNOWN:
        low = high = UNKNOWN
    elif gate_low <= UNKNOWN:
        low, high = min(low, UNKNOWN), max(high, UNKNOWN)
    return Bounds(low, high, none_left or gate_low == NOT_MET)


def _may_have_no_target(picture: Picture, free: Container[Key]) -> bool:
    if not picture.complete and THE_LIST_KEY not in free:
        return False
    known = picture.lesions
    return all(
        ((one := readings.get("target")) is not None and one.value is False) or ("target", name) in free
        for name, readings in known.items()
    )


def _bounds(expression: Expression, picture: Picture, lesion: str | None, free: Container[Key]) -> tuple[int, int]:
    match expression:
        case Comparison(name) | Among(name):
            level = expression.level(picture, None if lesion is None else picture.lesions[lesion])
            key = (name, lesion if name in LESION_FACTS else None)
            return (NOT_MET, MET) if level == UNKNOWN and _is_free(key, free) else (level, level)
        case All() | Any():
            pick = min if isinstance(expression, All) else max
            lows, highs = zip(*(_bounds(part, picture, lesion, free) for part in expression.parts), strict=True)
            return pick(lows), pick(highs)
        case OnCondition(part):
            low, high = _bounds(part, picture, lesion, free)
            return min(low, ON_CONDITION), min(high, ON_CONDITION)
        case OfLesions():
            return _of_lesions(expression, picture, free)
        case _:
            if not expression.parts:
                return UNKNOWN, UNKNOWN
            low, high = _bounds(expression.parts[0], picture, lesion, free)
            return _opposite(high), _opposite(low)


def _of_lesions(expression: OfLesions, picture: Picture, free: Container[Key]) -> tuple[int, int]:
    every = isinstance(expression, Every)
    settled = MET if every else NOT_MET
    is_target = Among("target", (not every,))
    may_close = picture.complete or THE_LIST_KEY in free
    low = high = settled if picture.complete else UNKNOWN
    if may_close and not picture.complete:
        low, high = min(UNKNOWN, settled), max(UNKNOWN, settled)
    for name in picture.lesions:
        inner = _bounds(expression.part, picture, name, free)
        if expression.whose == "targets":
            gate = _bounds(is_target, picture, name, free)
            inner = tuple((max if every else min)(pair) for pair in zip(gate, inner, strict=True))
        pick = min if every else max
        low, high = pick(low, inner[0]), pick(high, inner[1])
    if expression.summary is not None and low <= UNKNOWN <= high:
        summary = _bounds(expression.summary, picture, None, free)
        low, high = min(low, summary[0]), max(high, summary[1])
    return low, high


def _is_free(key: Key, free: Container[Key]) -> bool:
    # What follows from other facts may follow from those that are free; trying values tells.
    return key in free or (key[1] is None and key[0] in FOLLOWING)


def _opposite(level: int) -> int:
    return UNKNOWN if level == UNKNOWN else MET - level
