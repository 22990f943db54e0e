"""Case: one patient on one day, as it was noted; Picture: what is known of it on that day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from isotherm.clinical.fact import Fact, Reading, Readings, read
from isotherm.clinical.kinds import Value
from isotherm.clinical.vocabulary import CASE_FACTS, LESION_FACTS

Noted = Mapping[str, tuple[Fact, ...]]


def _nothing() -> Noted:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Lesion:
    """One lesion: its name among the patient's lesions, and its facts by their names."""

    id: str
    facts: Noted = field(default_factory=_nothing)

    def __post_init__(self) -> None:
        unknown = [name for name in self.facts if name not in LESION_FACTS]
        if unknown:
            raise ValueError(f"{unknown[0]} is no fact of a lesion")
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One patient on one day.

    Parameters
    ----------
    on : date
        The day that is asked about. Facts of later days are kept and not used.
    facts : mapping of str to tuple of Fact
        Of the patient, by the names in `CASE_FACTS`.
    lesions : tuple of Lesion
    lesions_complete : bool
        Whether somebody has declared that these are all. Without that, more may follow.
    id : str
        A key without meaning, to tell the cases of a table apart.

    Raises
    ------
    ValueError
        An unknown fact, two lesions of one name, or a declared number that the list contradicts.
    """

    on: date
    facts: Noted = field(default_factory=_nothing)
    lesions: tuple[Lesion, ...] = ()
    lesions_complete: bool = False
    id: str = ""

    def __post_init__(self) -> None:
        unknown = [name for name in self.facts if name not in CASE_FACTS]
        if unknown:
            raise ValueError(f"{unknown[0]} is no fact of a case")
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))
        if len({lesion.id for lesion in self.lesions}) < len(self.lesions):
            raise ValueError("two lesions have one id; each needs its own")
        # Counts of other days belong to other lists.
        declared = read(CASE_FACTS["n_lesions"], self.facts.get("n_lesions", ()), self.on)
        if declared is not None and declared.high < len(self.lesions):
            raise ValueError(f"{len(self.lesions)} lesions are listed, and n_lesions declares fewer")
        if declared is not None and declared.low > len(self.lesions) and self.lesions_complete:
            raise ValueError(f"lesions_complete is true for {len(self.lesions)}, and n_lesions declares more")

    def later(self) -> Iterator[tuple[str, str, Fact]]:
        """Yield lesion ("" for the patient), name and fact of all that are of later days, which are not used."""
        for place, facts in (("", self.facts), *((lesion.id, lesion.facts) for lesion in self.lesions)):
            for name, noted in facts.items():
                yield from ((place, name, fact) for fact in noted if fact.day is not None and fact.day > self.on)


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of a case on its day.

    Parameters
    ----------
    on : date
    patient : mapping of str to Reading
        By the names in `CASE_FACTS`; what is not known at all is not there.
    lesions : mapping of str to mapping
        The same of each lesion, by the names in `LESION_FACTS`.
    complete : bool
        Whether these are all lesions.
    given : mapping of str to Reading
        Of the patient, without what was computed from other facts.
    """

    on: date
    patient: Readings
    lesions: Mapping[str, Readings] = field(default_factory=dict[str, Readings])
    complete: bool = False
    given: Readings = field(default_factory=dict[str, Reading])

    def reading(self, name: str, lesion: str | None = None) -> Reading | None:
        """Return what is known of a fact of the patient or of a lesion."""
        return (self.patient if lesion is None else self.lesions[lesion]).get(name)


def noted(facts: Mapping[str, Value], *, on: date | None = None) -> Noted:
    """Return plain values as facts that were typed: what a script or a test writes."""
    return MappingProxyType({name: (Fact(value=value, on=on),) for name, value in facts.items()})
