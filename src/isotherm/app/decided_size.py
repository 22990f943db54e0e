"""Sizes at a decision: whether the largest diameter that it notes is that of the lesions' own sizes by its day.

Pure. Told beside the records, since nobody but who wrote them knows which of the two is the slip.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from isotherm.clinical.record import Record

WHOLE_MM = 1.0
"""Sizes less apart than this are the same, since decisions note whole millimeters."""


@dataclass(frozen=True, slots=True)
class SizeApart:
    """A decision, and the reading of the largest lesion by its day, which is of another size."""

    decision: Record
    reading: Record


def sizes_apart(records: Sequence[Record]) -> Iterator[SizeApart]:
    """Yield each decision that notes another largest diameter than the lesions had by its day.

    Nothing is said where a lesion has no size by then, or where it is not known which lesions were meant.

    Parameters
    ----------
    records : sequence of Record
        Of one patient, all that count.
    """
    if any(one.kind.name == "fact" and one.get("name") == "diameter_mm" for one in records):
        return  # sizes that were typed beside the readings: which one was known is not told here
    for decision in records:
        noted, on = decision.get("largest_lesion_mm"), decision.get("decided_on")
        if decision.kind.name == "decision" and isinstance(noted, float) and isinstance(on, date):
            largest = _largest(records, decision.get("organ"), on)
            if largest is not None and abs(_mm(largest) - noted) >= WHOLE_MM:
                yield SizeApart(decision, largest)


def _largest(records: Sequence[Record], organ: object, on: date) -> Record | None:
    """Return the reading of the largest lesion by a day; None where not all sizes are known."""
    days = {
        one.id: day for one in records if one.kind.name == "scan" and isinstance(day := one.get("scanned_on"), date)
    }
    readings = [one for one in records if one.kind.name == "reading"]
    there = [one for one in records if one.kind.name == "lesion" and organ in (None, one.get("organ"))
             and _was_there(one, [days.get(str(each.get("scan_id"))) for each in readings
                                  if each.get("lesion_id") == one.id], on)]  # fmt: skip
    if len({one.get("organ") for one in there}) != 1:
        return None
    last = [_last([one for one in readings if one.get("lesion_id") == lesion.id], days, on) for lesion in there]
    known = [one for one in last if one is not None]
    return max(known, key=_mm) if len(known) == len(there) else None


def _was_there(lesion: Record, read_on: Sequence[date | None], on: date) -> bool:
    """Return whether a lesion was there by a day: one that nobody dated is new where it was read later only."""
    found_on = lesion.get("found_on")
    if isinstance(found_on, date):
        return found_on <= on
    return not read_on or any(day is None or day <= on for day in read_on)


def _last(own: Sequence[Record], days: Mapping[str, date], on: date) -> Record | None:
    """Return the last reading of a lesion by a day, of several of one day the largest; None where it has no size."""
    by_then = [(day, one) for one in own if (day := days.get(str(one.get("scan_id")))) is not None and day <= on]
    last = max((day for day, _ in by_then), default=None)
    of_last = [one for day, one in by_then if day == last]
    sized = [one for one in of_last if isinstance(one.get("diameter_mm"), float)]
    return max(sized, key=_mm, default=None)


def _mm(reading: Record) -> float:
    value = reading.get("diameter_mm")
    assert isinstance(value, float)
    return value
