"""Changes of one record: revised, withdrawn, reinstated; each only on the revision that was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import and_, false, select, update
from sqlalchemy.sql.elements import ColumnElement

from isotherm.clinical.kinds import Value
from isotherm.clinical.record import PATIENT_KEY, Record, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadRecord, Overtaken
from isotherm.printable import printable
from isotherm.registry.adding import find, key_of, targets
from isotherm.registry.audit import Action, sealed
from isotherm.registry.inserting import insert_rows
from isotherm.registry.rows import Kept, kept_of, row_of, state_of
from isotherm.registry.sessions import Writing
from isotherm.registry.simulated import refuse_simulated
from isotherm.registry.tables import AUDIT, RECORD_TABLES, WITHDRAWN


@dataclass(frozen=True, slots=True)
class Target:
    """Which record is to be changed, and at which revision it was read."""

    kind: RecordKind
    patient_id: str
    id: str
    revision: int

    def __post_init__(self) -> None:
        if bool(self.id) != self.kind.several:
            wanted = f"needs its {self.kind.key}" if self.kind.several else "has no key of its own"
            raise BadRecord(f"A {self.kind.name} {wanted}.")

    @property
    def found_by(self) -> ColumnElement[bool]:
        """The condition that finds its row."""
        table = RECORD_TABLES[self.kind.name]
        own = [table.c[self.kind.key] == self.id] if self.kind.several else []
        return and_(table.c[PATIENT_KEY] == self.patient_id, *own)


@dataclass(frozen=True, slots=True)
class Changed:
    """What is to become of one record: fields with their new values, and fields that nobody can tell."""

    target: Target
    values: Mapping[str, Value | None]
    unknown: frozenset[str]


def revise(writing: Writing, target: Target, values: Mapping[str, Value | None], unknown: frozenset[str]) -> int:
    """Change fields of a record; return its revision."""
    kept = _read(writing, target)
    if kept.withdrawn:
        raise BadRecord("This record was withdrawn; bring it back with isotherm registry withdraw --undo first.")
    twice = min(unknown & {name for name, value in values.items() if value is not None}, default="")
    if twice:
        raise ValueError(f"{twice} is both told and unknown")
    told = {name: value for name, value in {**kept.record.values, **values}.items() if value is not None}
    record = replace(
        kept.record, unknown=(kept.record.unknown - values.keys()) | unknown,
        values={name: value for name, value in told.items() if name not in unknown},
    )  # fmt: skip
    if state_of(record) == state_of(kept.record):
        return kept.revision
    _check_targets(writing, record)
    refuse_simulated(writing.connection, [record])
    return _save(writing, "revised", kept, record)


def withdraw(writing: Writing, target: Target) -> int:
    """Let a record count no more, a patient with everything; return how many records that were."""
    kept = _read(writing, target)
    if kept.withdrawn:
        raise BadRecord("This record was withdrawn already.")
    if target.kind.name == "patient":
        rest = [one for kind in reversed(tuple(RECORD_KINDS.values())) if kind.name != "patient"
                for one in _counting(writing, kind, target.patient_id)]  # fmt: skip
        for one in rest:
            _save(writing, "withdrawn", one, None)
    else:
        rest = []
        _refuse_pointed_at(writing, kept.record)
    _save(writing, "withdrawn", kept, None)
    return 1 + len(rest)


def reinstate(writing: Writing, target: Target) -> int:
    """Let a withdrawn record count again; return its revision."""
    kept = _read(writing, target)
    if not kept.withdrawn:
        raise BadRecord("This record counts: it was not withdrawn.")
    _check_targets(writing, kept.record)
    return _save(writing, "reinstated", kept, kept.record)


def _read(writing: Writing, target: Target) -> Kept:
    row = writing.connection.execute(select(RECORD_TABLES[target.kind.name]).where(target.found_by)).mappings()
    found = row.one_or_none()
    if found is None:
        raise BadRecord(f"There is no such {target.kind.name}; isotherm registry show lists what there is.")
    kept = kept_of(target.kind, found)
    if kept.revision != target.revision:
        raise _overtaken(writing, kept, target.revision)
    return kept


def _overtaken(writing: Writing, kept: Kept, revision: int) -> Overtaken:
    kind, patient, own = key_of(kept.record)
    last = writing.connection.execute(
        select(AUDIT.c.who, AUDIT.c.at).where(
            AUDIT.c.patient_id == patient, AUDIT.c.kind == kind, AUDIT.c.record_id == own,
            AUDIT.c.revision == kept.revision,
        )
    ).one_or_none()  # fmt: skip
    whom = "" if last is None else f", last by {printable(last.who)} on {last.at[:16].replace('T', ' ')} UTC"
    return Overtaken(f"Nothing was changed: revision {revision} was given, and this {kind} has revision {kept.revision}"
                     f"{whom}; look at it again and repeat what still holds.")  # fmt: skip


def _counting(writing: Writing, kind: RecordKind, patient_id: str) -> list[Kept]:
    table = RECORD_TABLES[kind.name]
    rows = writing.connection.execute(
        select(table).where(table.c.patient_id == patient_id, table.c[WITHDRAWN] == false())
    )
    return [kept_of(kind, row) for row in rows.mappings()]


def _refuse_pointed_at(writing: Writing, record: Record) -> None:
    own = key_of(record)
    pointing: dict[str, int] = {}
    for kind in RECORD_KINDS.values():
        if any(field.refers == record.kind.name for field in kind.fields):
            some = _counting(writing, kind, record.patient_id)
            pointing[kind.name] = sum(own in targets(one.record) for one in some)
    told = ", ".join(f"{count} of kind {name}" for name, count in pointing.items() if count)
    if told:
        raise BadRecord(f"This {record.kind.name} was not withdrawn: other records point to it ({told}); withdraw "
                        "those first.")  # fmt: skip


def _check_targets(writing: Writing, record: Record) -> None:
    wanted = list(targets(record))
    found = find(writing.connection, wanted)
    for one in wanted:
        if found.get(one, True):
            what = "that was withdrawn" if one in found else "that is not there"
            raise BadRecord(f"This {record.kind.name} would point to a {one[0]} {what}.")


def _save(writing: Writing, action: Action, kept: Kept, record: Record | None) -> int:
    """Write a row and its entry; None withdraws it. Return the new revision."""
    old = None if kept.withdrawn else state_of(kept.record)
    table = RECORD_TABLES[kept.record.kind.name]
    cells = row_of(record or kept.record, revision=kept.revision + 1, withdrawn=record is None)
    entry = sealed(writing.chain, writing.act, action, key_of(kept.record), revision=kept.revision + 1, old=old,
                   new=None if record is None else state_of(record))  # fmt: skip
    found_by = Target(kept.record.kind, kept.record.patient_id, kept.record.id, kept.revision).found_by
    row = dict(zip(table.columns.keys(), cells, strict=True))
    writing.connection.execute(update(table).where(found_by).values(row))
    insert_rows(writing.connection, AUDIT, [entry])
    return kept.revision + 1
