"""What a case says of its lesions in sum, held against the lesions that are listed: contradicted, or of the past."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from isotherm.clinical.fact import Fact, Gap, Reading, Readings
from isotherm.clinical.kinds import FactKind
from isotherm.clinical.vocabulary import LESION_FACTS

CONTRADICTED: Gap = "conflicting values"
LATER: Gap = "later measurement"

WHOLE_MM = 1.0
"""Sizes less apart than this are the same, since people note whole millimeters."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A fact of a patient that holds the largest or the smallest number of the lesions.

    Parameters
    ----------
    name : str
    of : FactKind
        The number of each lesion.
    end : {"largest", "smallest"}
    of_targets : bool
        Whether only of those that are to be ablated.
    """

    name: str
    of: FactKind
    end: Literal["largest", "smallest"]
    of_targets: bool

    def counts(self, lesion: Readings) -> bool:
        """Return whether a lesion is among those that it is about."""
        target = lesion.get("target")
        return not self.of_targets or (target is not None and target.value is True)

    def is_beyond(self, listed: Reading, end: float) -> bool:
        """Return whether a lesion's number lies beyond an end for certain."""
        return listed.low > end if self.end == "largest" else listed.high < end

    def furthest(self, numbers: Sequence[float]) -> float:
        """Return the largest number, or the smallest; of none, one that nothing lies beyond."""
        return (max if self.end == "largest" else min)(
            numbers, default=math.inf if self.end == "largest" else -math.inf
        )


SUMMARIES = (
    Summary("largest_lesion_mm", LESION_FACTS["diameter_mm"], "largest", of_targets=False),
    *(Summary(kind.largest, kind, "largest", of_targets=True) for kind in LESION_FACTS.values() if kind.largest),
    *(Summary(kind.smallest, kind, "smallest", of_targets=True) for kind in LESION_FACTS.values() if kind.smallest),
)
"""What a case may say of its lesions in sum."""


@dataclass(frozen=True, slots=True)
class Beyond:
    """A listed lesion whose number lies beyond what was said of all, and whether it was measured later."""

    lesion: str
    listed: Reading
    later: bool

    def facts(self) -> Iterator[Fact]:
        """Yield what its number was read off, with the lesion as the source."""
        for fact in self.listed.facts:
            on = "" if fact.on is None else f", {fact.on}"
            yield Fact(value=fact.value, on=fact.on, origin=fact.origin, source=f"lesion {self.lesion}{on}")


def beyond(summary: Summary, said: Reading, lesions: Mapping[str, Readings]) -> Iterator[Beyond]:
    """Yield the lesions that lie beyond what was said of all.

    Of a day that is not known none is later. Where two values of one day contradict each other, a lesion of their time
    has to lie beyond both; a later one beyond those that were noted, since the others are lesions' own.
    """
    every = _end(summary, said, said.facts)
    noted = _end(summary, said, [one for one in said.facts if one.origin != "derived"] or said.facts)
    for key, lesion in lesions.items():
        listed = lesion.get(summary.of.name)
        if listed is not None and summary.counts(lesion):
            later = is_later(listed, said)
            if summary.is_beyond(listed, noted if later else every):
                yield Beyond(key, listed, later)


def held_against(summary: Summary, said: Reading, lesions: Mapping[str, Readings]) -> Reading:
    """Return what is left of what was said of all: nothing where a lesion contradicts it, a limit where one came later.

    A later measurement makes no record wrong. Beyond everything that was said, it bounds the number whichever of two
    records is right; else a contradiction stands, and it is named with it. The last fact is that of the furthest.
    """
    found = list(beyond(summary, said, lesions))
    if not found:
        return said
    then, later = ([one for one in found if one.later is when] for when in (False, True))
    facts = (*said.facts, *(fact for one in then for fact in one.facts()))
    later.sort(key=lambda one: one.listed.low if summary.end == "largest" else -one.listed.high)
    told = (*facts, *(fact for one in later for fact in one.facts()))
    contradicted = bool(then) or said.gap == CONTRADICTED
    end = _end(summary, said, facts)
    past = [one.listed for one in later if not contradicted or summary.is_beyond(one.listed, end)]
    if not past:
        return Reading(said.kind, None, gap=CONTRADICTED, facts=told)
    if summary.end == "largest":
        return Reading(said.kind, None, low=max(one.low for one in past), gap=LATER, facts=told)
    return Reading(said.kind, None, high=min(one.high for one in past), gap=LATER, facts=told)


def is_later(listed: Reading, said: Reading) -> bool:
    """Return whether a lesion was measured on a later day than that for which something was noted of all."""
    measured, noted = ((one.facts[0].day if one.facts else None) for one in (listed, said))
    return measured is not None and noted is not None and measured > noted


def _end(summary: Summary, said: Reading, facts: Sequence[Fact]) -> float:
    """Return the end of what was said: of values that contradict each other the furthest."""
    own = [] if said.value is None else [said.high if summary.end == "largest" else said.low]
    numbers = (_limit(summary, one) for one in facts)
    return summary.furthest([*own, *(one for one in numbers if one is not None)])


def _limit(summary: Summary, fact: Fact) -> float | None:
    limit = fact.high if summary.end == "largest" else fact.low
    value = fact.value if limit is None else limit
    return float(value) if isinstance(value, int | float) else None
