"""Fact records → the facts that they note; what cannot be read is left out, and told with the record that it is in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from isotherm.app.overruling import Noted
from isotherm.app.record_words import record_name
from isotherm.clinical.fact import ORIGINS
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import FACT
from isotherm.exchange.fact_values import facts_in, kind_of_fact


@dataclass(frozen=True, slots=True)
class Unread:
    """A fact record that no case can hold: its own key, what it is called, and why it cannot be read."""

    key: str
    name: str
    why: str

    @property
    def words(self) -> str:
        """What is said of it, without its value."""
        return (
            f"the record “{self.name}” cannot be read and is left out of the criteria: {self.why}; correct the record"
        )


@dataclass(frozen=True, slots=True)
class FactsRead:
    """What the fact records of a patient note, by their records, and those that cannot be read.

    Parameters
    ----------
    by_record : tuple of (Record, tuple of Noted)
    unread : tuple of Unread
        Of an older version, or from a program.
    """

    by_record: tuple[tuple[Record, tuple[Noted, ...]], ...]
    unread: tuple[Unread, ...]

    def noted(self) -> Iterator[Noted]:
        """Yield all that is noted."""
        for _, some in self.by_record:
            yield from some


def read_facts(records: Iterable[Record]) -> FactsRead:
    """Read the fact records among those of a patient, each once."""
    read: list[tuple[Record, tuple[Noted, ...]]] = []
    unread: list[Unread] = []
    for one in records:
        if one.kind is FACT:
            try:
                read.append((one, tuple(_facts(one))))
            except ValueError as error:
                unread.append(Unread(one.id, record_name(one.kind, one.id), str(error)))
    return FactsRead(tuple(read), tuple(unread))


def _facts(one: Record) -> Iterator[Noted]:
    lesion, day = one.get("lesion_id"), one.get("noted_on")
    origin = next((known for known in ORIGINS if known == one.get("origin")), "typed")
    kind = kind_of_fact(one.values)
    for fact in facts_in(kind, str(one.get("value"))):
        yield (
            "" if lesion is None else str(lesion), kind.name,
            replace(fact, on=day if isinstance(day, date) else None, origin=origin),
        )  # fmt: skip
