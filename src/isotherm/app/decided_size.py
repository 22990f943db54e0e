"""Sizes at a decision: whether the largest diameter that was noted is that of the lesions' own sizes by its day.

Pure. Told beside the records, since nobody but who wrote them knows which of the two is the slip; no criterion
takes either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from isotherm.app.facts_of_records import FactsRead
from isotherm.app.overruling import Noted
from isotherm.clinical.fact import Fact
from isotherm.clinical.record import Record
from isotherm.clinical.summaries import WHOLE_MM

LARGEST, DIAMETER = "largest_lesion_mm", "diameter_mm"


@dataclass(frozen=True, slots=True)
class Size:
    """A diameter that a record notes: of which lesion (of the largest one: None), and of which day."""

    record: Record
    lesion: str | None
    mm: float
    on: date | None


@dataclass(frozen=True, slots=True)
class SizeApart:
    """A largest diameter that was noted, and the largest lesion by its day, which is of another size."""

    noted: Size
    measured: Size

    @property
    def words(self) -> str:
        """What is said of it beside the criteria: both numbers, and what would settle it."""
        noted, own = self.noted, self.measured
        measured = f" (measured on {own.on})" if own.on else ""
        return (
            f"{noted.mm:g} mm are noted for {noted.on} as the largest diameter, and the largest lesion by then is "
            f"lesion {own.lesion} with {own.mm:g} mm{measured}: no criterion takes either; correct what is wrong"
        )


def sizes_apart(records: Sequence[Record], facts: FactsRead) -> Iterator[SizeApart]:
    """Yield each decision, or note, of another largest diameter than the lesions had by its day.

    Nothing is said where a lesion has no size by then, or where it is not known which lesions were meant.

    Parameters
    ----------
    records : sequence of Record
        Of one patient, all that count.
    facts : FactsRead
        Of these records.
    """
    sizes = tuple(_sizes(records, facts))
    for noted in _noted(records, facts):
        assert noted.on is not None  # no other is noted
        last = _last_of_each(records, sizes, noted.record.get("organ"), noted.on)
        if last is not None and (apart := _other(noted.mm, last)) is not None:
            yield SizeApart(noted, apart)


def still_apart(records: Sequence[Record], facts: FactsRead, on: date) -> Iterator[SizeApart]:
    """Yield what contradicts the largest diameter that counts on a day; one that was noted earlier is of the past."""
    noted = _last_noted(records, facts, on)
    if noted is not None and next(measured_anew(records, facts, on), None) is None:
        yield from (one for one in sizes_apart(records, facts) if one.noted.on == noted.on)


def contradicted_sizes(apart: Sequence[SizeApart]) -> Iterator[Noted]:
    """Yield the size of the largest lesion beside what was noted: two values of one day, of which neither counts."""
    for one in apart:
        source = f"lesion {one.measured.lesion}" + (f", measured on {one.measured.on}" if one.measured.on else "")
        yield "", LARGEST, Fact(value=one.measured.mm, on=one.noted.on, origin="derived", source=source)


def measured_anew(records: Sequence[Record], facts: FactsRead, on: date) -> Iterator[Noted]:
    """Yield that a largest diameter no longer stands where every lesion was measured later, and is of another size.

    Parameters
    ----------
    records : sequence of Record
    facts : FactsRead
    on : date
        The day asked about: later records are not looked at.
    """
    noted = _last_noted(records, facts, on)
    if noted is None or noted.on is None:
        return
    last = _last_of_each(records, tuple(_sizes(records, facts)), noted.record.get("organ"), on)
    days = [size.on for sizes in last or () for size in sizes]
    later = [day for day in days if day is not None and day > noted.on]
    if last and len(later) == len(days) and _other(noted.mm, last) is not None:
        source = f"every lesion was measured again, the last on {max(later)}"
        yield "", LARGEST, Fact(value=None, on=max(later), source=source)


def _last_noted(records: Sequence[Record], facts: FactsRead, on: date) -> Size | None:
    known = [one for one in _noted(records, facts) if one.on is not None and one.on <= on]
    return max(known, key=lambda one: (one.on or date.min, one.record.id), default=None)


def _noted(records: Sequence[Record], facts: FactsRead) -> Iterator[Size]:
    """Yield the largest diameters that are noted with their day."""
    for one in records:
        mm, on = one.get(LARGEST), one.get("decided_on")
        if one.kind.name == "decision" and isinstance(mm, float) and isinstance(on, date):
            yield Size(one, None, mm, on)
    for one, noted in facts.by_record:
        yield from (Size(one, None, float(fact.value), fact.on) for _, name, fact in noted
                    if name == LARGEST and isinstance(fact.value, int | float) and fact.on is not None)  # fmt: skip


def _sizes(records: Sequence[Record], facts: FactsRead) -> Iterator[Size]:
    """Yield the diameters of lesions: those that were read off scans, and those that were typed."""
    days = _scan_days(records)
    for one in records:
        mm = one.get(DIAMETER)
        if one.kind.name == "reading" and isinstance(mm, float):
            yield Size(one, str(one.get("lesion_id")), mm, days.get(str(one.get("scan_id"))))
    for one, noted in facts.by_record:
        yield from (Size(one, lesion, float(fact.value), fact.on) for lesion, name, fact in noted
                    if name == DIAMETER and isinstance(fact.value, int | float))  # fmt: skip


def _scan_days(records: Sequence[Record]) -> Mapping[str, date]:
    return {
        one.id: day for one in records if one.kind.name == "scan" and isinstance(day := one.get("scanned_on"), date)
    }


def _last_of_each(
    records: Sequence[Record], sizes: Sequence[Size], organ: object, on: date
) -> tuple[tuple[Size, ...], ...] | None:
    """Return the last sizes of each lesion by a day; None where not all are known, or the organ is not."""
    days = _scan_days(records)
    there = [one for one in records if one.kind.name == "lesion" and organ in (None, one.get("organ"))
             and _was_there(one, [days.get(str(each.get("scan_id"))) for each in records
                                  if each.kind.name == "reading" and each.get("lesion_id") == one.id], on)]  # fmt: skip
    if len({one.get("organ") for one in there}) != 1:
        return None
    last = tuple(_last([one for one in sizes if one.lesion == lesion.id], on) for lesion in there)
    return last if all(last) else None


def _was_there(lesion: Record, read_on: Sequence[date | None], on: date) -> bool:
    """Return whether a lesion was there by a day: one that nobody dated is new where it was read later only."""
    found_on = lesion.get("found_on")
    if isinstance(found_on, date):
        return found_on <= on
    return not read_on or any(day is None or day <= on for day in read_on)


def _last(own: Sequence[Size], on: date) -> tuple[Size, ...]:
    """Return the sizes of the last day of a lesion by a day; those without one count where no other does."""
    last = max((one.on for one in own if one.on is not None and one.on <= on), default=None)
    return tuple(one for one in own if one.on == last)


def _other(noted_mm: float, last: Sequence[Sequence[Size]]) -> Size | None:
    """Return the largest of the lesions' sizes where none that may be it is as large as was noted."""
    least = max(min(one.mm for one in sizes) for sizes in last)
    may_be = [one for sizes in last for one in sizes if one.mm >= least]
    fits = any(abs(one.mm - noted_mm) < WHOLE_MM for one in may_be)
    return None if fits else max(may_be, key=lambda one: one.mm)
