"""The records of one patient by their kinds and keys, and the days that they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from isotherm.clinical.record import Record


@dataclass(frozen=True, slots=True)
class Recorded:
    """The records of one patient by their kinds and keys."""

    by_kind: Mapping[str, Mapping[str, Record]]

    @classmethod
    def of(cls, records: Iterable[Record]) -> Recorded:
        """Sort records by their kinds."""
        found: dict[str, dict[str, Record]] = {}
        for one in records:
            found.setdefault(one.kind.name, {})[one.id] = one
        return cls(found)

    def every(self) -> Iterator[Record]:
        """Yield all records."""
        for some in self.by_kind.values():
            yield from some.values()

    def all(self, kind: str) -> tuple[Record, ...]:
        """Return the records of a kind."""
        return tuple(self.by_kind.get(kind, {}).values())

    def day_of(self, kind: str, key: object, field: str) -> date | None:
        """Return a day of a record that another one points to; None where it is not noted."""
        found = self.by_kind.get(kind, {}).get(str(key))
        value = None if found is None else found.get(field)
        return value if isinstance(value, date) else None


def day_in(one: Record, field: str) -> date | None:
    """Return the day that a field of a record holds; None where it holds none."""
    value = one.get(field)
    return value if isinstance(value, date) else None


def died_on(records: Iterable[Record], *, until: date) -> date | None:
    """Return the day of a patient's death; None where none is noted up to a day."""
    days = [day for one in records if one.kind.name == "death" and (day := day_in(one, "died_on")) is not None]
    return next((day for day in days if day <= until), None)
