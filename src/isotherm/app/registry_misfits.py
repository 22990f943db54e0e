"""What does not fit in the records of one patient: days and references that cannot be, as a cohort would tell them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from isotherm.app.record_words import record_name
from isotherm.clinical.record import PATIENT_KEY, Record, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
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
    return tuple(_misfit(*row) for row in problems(endpoints(tables)).itertuples(index=False, name=None))


def _columns(kind: RecordKind, own: Sequence[Record]) -> dict[str, list[Any]]:
    keys = {PATIENT_KEY: [one.patient_id for one in own]} | (
        {kind.key: [one.id for one in own]} if kind.several else {}
    )
    return keys | {field.name: [one.get(field.name) for one in own] for field in kind.fields}


def _misfit(_: str, kind: str, key: str, field: str, problem: str) -> Misfit:
    label = RECORD_KINDS[kind].by_name[field].label if field in RECORD_KINDS[kind].by_name else field
    return Misfit(kind=kind, key=key, name=record_name(RECORD_KINDS[kind], key), says=f"{label}: {problem}")
