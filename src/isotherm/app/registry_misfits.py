"""What does not fit in the records of one patient: days and references that cannot be, sizes that contradict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from isotherm.app.decided_size import Size, SizeApart, sizes_apart
from isotherm.app.facts_of_records import read_facts
from isotherm.app.record_words import record_name, value_words
from isotherm.clinical.record import PATIENT_KEY, Record, RecordKind
from isotherm.clinical.record_kinds import READING, RECORD_KINDS
from isotherm.printable import printable
from isotherm.registry.endpoints import endpoints
from isotherm.registry.frames import frames
from isotherm.registry.problems import problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """One thing that does not fit: which record, which of its fields, and what is wrong with it."""

    kind: str
    key: str
    name: str
    says: str


def misfits(records: Iterable[Record]) -> tuple[Misfit, ...]:
    """Return what does not fit; nothing was refused for it, since days are often told before they are mended.

    Parameters
    ----------
    records : iterable of Record
        Of one patient, all that count.
    """
    every = tuple(records)
    tables = frames((name, _columns(kind, [one for one in every if one.kind is kind]))
                    for name, kind in RECORD_KINDS.items())  # fmt: skip
    cannot_be = (_misfit(*row) for row in problems(endpoints(tables)).itertuples(index=False, name=None))
    return (*cannot_be, *(told for one in sizes_apart(every, read_facts(every)) for told in _of_sizes(one)))


def _columns(kind: RecordKind, own: Sequence[Record]) -> dict[str, list[Any]]:
    keys = {PATIENT_KEY: [one.patient_id for one in own]} | (
        {kind.key: [one.id for one in own]} if kind.several else {}
    )
    return keys | {field.name: [one.get(field.name) for one in own] for field in kind.fields}


def _of_sizes(one: SizeApart) -> Iterator[Misfit]:
    """Yield that another largest size is noted than the lesions have, of both records: either may be wrong."""
    noted, read = _mm(one.noted), _mm(one.measured)
    lesion, on = one.measured.lesion, one.noted.on
    note = "decision" if one.noted.record.kind.name == "decision" else "note"
    for size, says in (
        (one.noted, f"{noted}, and the largest by that day is lesion {lesion} with {read}"),
        (one.measured, f"{read} of lesion {lesion}, and the {note} on {on} has {noted} as the largest"),
    ):
        record = size.record
        field = next(name for name in ("largest_lesion_mm", "diameter_mm", "value") if name in record.values)
        yield _misfit("", record.kind.name, record.id, field, printable(says))


def _mm(size: Size) -> str:
    return value_words(READING.field("diameter_mm"), size.mm)


def _misfit(_: str, kind: str, key: str, field: str, problem: str) -> Misfit:
    label = RECORD_KINDS[kind].by_name[field].label if field in RECORD_KINDS[kind].by_name else field
    return Misfit(kind=kind, key=key, name=record_name(RECORD_KINDS[kind], key), says=f"{label}: {problem}")
