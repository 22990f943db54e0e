"""What a program found out again: new records are added, changed ones revised, the same ones left; all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadRecord
from isotherm.registry.adding import Key, add_all, key_of
from isotherm.registry.changing import Target, revise
from isotherm.registry.rows import Kept, kept_of
from isotherm.registry.sessions import Writing
from isotherm.registry.tables import RECORD_TABLES


@dataclass(frozen=True, slots=True)
class Put:
    """What became of records.

    Parameters
    ----------
    added : tuple of (kind, patient, key)
    revised : tuple of ((kind, patient, key), fields)
        The names of the fields that changed.
    same : int
        Records that the registry held already, word for word.
    """

    added: tuple[Key, ...]
    revised: tuple[tuple[Key, tuple[str, ...]], ...]
    same: int


def put_all(writing: Writing, records: Sequence[Record]) -> Put:
    """Add what is new and revise what differs; fields that a record does not tell keep what somebody noted.

    Raises
    ------
    BadRecord
        One of them was withdrawn, comes twice, or points to nothing.
    """
    known = _known(writing, records)
    gone = [key_of(one)[0] for one in records if (kept := known.get(key_of(one))) is not None and kept.withdrawn]
    if gone:
        raise BadRecord(
            f"Nothing was written: this {gone[0]} was withdrawn; bring it back with isotherm registry withdraw --undo, "
            "or take it out of what is written."
        )
    new = [one for one in records if key_of(one) not in known]
    add_all(writing, new)
    revised: list[tuple[Key, tuple[str, ...]]] = []
    for one in records:
        kept = known.get(key_of(one))
        if kept is None:
            continue
        changed = {name: value for name, value in one.values.items() if kept.record.values.get(name) != value}
        if changed:
            target = Target(one.kind, one.patient_id, one.id, kept.revision)
            revise(writing, target, changed, frozenset())
            revised.append((key_of(one), tuple(sorted(changed))))
    return Put(tuple(map(key_of, new)), tuple(revised), len(records) - len(new) - len(revised))


def _known(writing: Writing, records: Sequence[Record]) -> dict[Key, Kept]:
    """Return everything that is kept of the patients and kinds of some records."""
    found: dict[Key, Kept] = {}
    for name in {one.kind.name for one in records}:
        table, kind = RECORD_TABLES[name], RECORD_KINDS[name]
        patients = sorted({one.patient_id for one in records if one.kind.name == name})
        rows = writing.connection.execute(select(table).where(table.c.patient_id.in_(patients))).mappings()
        found |= {key_of(kept.record): kept for kept in (kept_of(kind, row) for row in rows)}
    return found
