"""Whole cases without a gap or a contradiction, and what may be known of them: for properties of every rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from isotherm.clinical.case import Case, Lesion, Picture
from isotherm.clinical.fact import Fact
from isotherm.clinical.kinds import FactKind, Value
from isotherm.clinical.picture import picture_of
from isotherm.clinical.vocabulary import CASE_FACTS, LESION_FACTS
from isotherm.criteria.expression import limits
from isotherm.criteria.library import rules
from isotherm.criteria.possible import FOLLOWING

DAY = date(2026, 1, 15)
KINDS = {**CASE_FACTS, **LESION_FACTS}
LIMITS: dict[str, set[float]] = {}
for _, one in rules().values():
    for comparison in (limit for expression in one.expressions for limit in limits(expression)):
        LIMITS.setdefault(comparison.name, set()).add(comparison.limit)

OF_ALL = {kind.largest or kind.smallest: kind for kind in LESION_FACTS.values() if kind.largest or kind.smallest}
DATED = {
    "ct_done": ("ct_date",),
    "mri_done": ("mri_date",),
    "pet_done": ("pet_date",),
    "chemotherapy_before": ("last_chemotherapy", "systemic_start"),
}
"""What has a date where it happened."""
MOST: dict[str, Value] = {"organ": "liver", "primary": "colorectal", "resectable": True, "synchronous": True}
"""Values for which there are many rules: drawn more often than others."""

Facts = dict[str, tuple[Fact, ...]]
Thing = TypeVar("Thing")


def a_value(kind: FactKind, rng: Random) -> Value:
    """Draw a value: of a number below, at or above a limit that some rule has for it."""
    if kind.name in MOST and rng.random() < 0.5:
        return MOST[kind.name]
    match kind.form:
        case "yes or no":
            return rng.random() < 0.5
        case "choice":
            return rng.choice(kind.choices)
        case "date":
            return DAY - timedelta(days=rng.randrange(150))
        case _:
            step = rng.choice((-1, 0, 1)) * (1 if kind.form == "whole" else 0.1)
            near = rng.choice(sorted(LIMITS.get(kind.name, {kind.low}))) + step
            return kind.checked(min(max(near, kind.low), kind.high))


@dataclass(frozen=True)
class Known:
    """What is known of a patient."""

    patient: Facts
    lesions: dict[str, Facts]
    complete: bool

    @property
    def case(self) -> Case:
        lesions = tuple(Lesion(name, facts) for name, facts in self.lesions.items())
        return Case(on=DAY, facts=self.patient, lesions=lesions, lesions_complete=self.complete)

    @property
    def picture(self) -> Picture:
        return picture_of(self.case)


def a_truth(rng: Random) -> Known:
    """Draw a patient of whom everything is known, and nothing contradicts anything."""
    listed = rng.choice(["", "a", "ab", "abc", "abcde", "abcdefghijkl"])
    lesions = {name: {kind.name: a_value(kind, rng) for kind in LESION_FACTS.values()} for name in listed}
    given = CASE_FACTS.keys() - FOLLOWING - OF_ALL.keys() - {day for days in DATED.values() for day in days}
    patient = {name: a_value(CASE_FACTS[name], rng) for name in sorted(given)}
    for done, days in DATED.items():
        patient[done] = rng.random() < 0.5
        patient |= {day: a_value(CASE_FACTS[day], rng) for day in days if patient[done]}
    patient["n_lesions"] = len(lesions)
    for name, kind in OF_ALL.items():
        numbers = [number for lesion in lesions.values()
                   if lesion["target"] and isinstance(number := lesion[kind.name], float)]  # fmt: skip
        if numbers:
            patient[name] = max(numbers) if kind.largest else min(numbers)
    sizes = [size for lesion in lesions.values() if isinstance(size := lesion["diameter_mm"], float)]
    if sizes:
        patient["largest_lesion_mm"] = max(sizes)
    return Known(_as_facts(patient), {name: _as_facts(facts) for name, facts in lesions.items()}, complete=True)


def a_view(truth: Known, rng: Random) -> Known:
    """Draw what somebody knows of a truth: facts, some within limits or not assessable, and lesions."""
    share = rng.choice((0.1, 0.4, 0.8, 0.97))
    lesions = {name: _some(facts, share, rng) for name, facts in truth.lesions.items() if rng.random() < 0.8}
    complete = len(lesions) == len(truth.lesions) and rng.random() < 0.7
    return Known(_some(truth.patient, share, rng), lesions, complete)


def an_earlier_view(view: Known, rng: Random) -> Known:
    """Draw what was known before some of the facts and lesions of a view were."""
    share = rng.choice((0.3, 0.7, 0.95))
    listed = {name: facts for name, facts in view.lesions.items() if rng.random() < 0.8}
    complete = view.complete and len(listed) == len(view.lesions) and rng.random() < 0.5
    fewer = {name: _fewer(facts, share, rng) for name, facts in listed.items()}
    return Known(_fewer(view.patient, share, rng), fewer, complete)


def shuffled(known: Known, rng: Random) -> Known:
    """Return the same in another order of lesions, facts, and values of a fact."""
    lesions = {name: _reordered(facts, rng) for name, facts in _mixed(known.lesions, rng).items()}
    return Known(_reordered(known.patient, rng), lesions, known.complete)


def a_muddle(rng: Random) -> Known:
    """Draw what need not fit together: values that contradict each other, later days, and spans of centuries."""
    share = rng.random()
    lesions = {name: _muddled(LESION_FACTS.values(), share, rng) for name in "abcd"[: rng.randrange(5)]}
    known = Known(_muddled(CASE_FACTS.values(), share, rng), lesions, complete=rng.random() < 0.5)
    try:
        _ = known.case
    except ValueError:  # a number of lesions that the list contradicts is refused
        del known.patient["n_lesions"]
    return known


def _as_facts(values: dict[str, Value]) -> Facts:
    return {name: (Fact(value=value),) for name, value in values.items()}


def _some(facts: Facts, share: float, rng: Random) -> Facts:
    return {name: (_known(fact, rng),) for name, (fact,) in facts.items() if rng.random() < share}


def _known(fact: Fact, rng: Random) -> Fact:
    chance = rng.random()
    if chance < 0.05:
        return Fact(value=None)
    if chance < 0.2 and isinstance(fact.value, float):
        return Fact(value=fact.value, low=fact.value - rng.random(), high=fact.value + rng.random())
    return fact


def _fewer(facts: Facts, share: float, rng: Random) -> Facts:
    return {name: fact for name, fact in facts.items() if rng.random() < share}


def _mixed(things: dict[str, Thing], rng: Random) -> dict[str, Thing]:
    return dict(rng.sample(list(things.items()), len(things)))


def _reordered(facts: Facts, rng: Random) -> Facts:
    return {name: tuple(rng.sample(noted, len(noted))) for name, noted in _mixed(facts, rng).items()}


def _muddled(kinds: Iterable[FactKind], share: float, rng: Random) -> Facts:
    return {
        kind.name: tuple(_any_fact(kind, rng) for _ in range(rng.choice((1, 1, 2, 3))))
        for kind in kinds
        if rng.random() < share
    }


def _any_fact(kind: FactKind, rng: Random) -> Fact:
    day = rng.choice((None, DAY - timedelta(days=9), DAY, DAY + timedelta(days=1)))
    chance = rng.random()
    if kind.form == "date":
        return Fact(value=rng.choice((date(1, 1, 1), date(1900, 1, 1), DAY, date(9999, 12, 31))), on=day)
    if chance < 0.1:
        return Fact(value=None, on=day)
    value = rng.choice((kind.checked(kind.low), kind.checked(kind.high), a_value(kind, rng))) if kind.is_number else (
        a_value(kind, rng))  # fmt: skip
    if kind.is_number and chance < 0.4 and isinstance(value, int | float):
        wide = rng.choice((0.0, 0.1, 1e9))
        return Fact(value=value, on=day, low=value - wide, high=value + wide)
    return Fact(value=value, on=day)
