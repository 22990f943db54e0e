"""Whether a registry is whole: the file, what records point to, the audit's chain, and each record beside the audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, FromClause, Table, and_, func, literal, or_, select, text
from sqlalchemy.sql.elements import ColumnElement

from isotherm.clinical.record import PATIENT_KEY, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import DamagedRegistry
from isotherm.registry.audit import Chain, first_broken, first_hash
from isotherm.registry.reading import chain_rows
from isotherm.registry.rows import kept_of, state_of
from isotherm.registry.simulated import is_marked, strange_marks
from isotherm.registry.tables import AUDIT, RECORD_TABLES, REGISTRY, REVISION, WITHDRAWN

MOST_LINES = 20
"""Lines of what SQLite finds wrong with its file that are told."""


_OLD, _NEW = "audit old", "audit new"
"""What the audit's columns are called beside those of a record, which may have any name without a blank."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of a look at everything.

    Parameters
    ----------
    records, entries : int
        How many were looked at, withdrawn ones included.
    hash : str
        Of the last entry of the audit; noted elsewhere it shows later that nothing before it was changed.
    problems : tuple of str
        Sentences without a key or a value; empty where all is well.
    simulated : bool
        Whether it is marked as one in which nobody ever lived.
    """

    records: int
    entries: int
    hash: str
    problems: tuple[str, ...]
    simulated: bool = False


@dataclass(slots=True)
class _Seen:
    """Whether a hash that was noted came by."""

    noted: str
    found: bool

    def among(self, rows: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        for row in rows:
            self.found |= row["hash"] == self.noted
            yield row


def verify(connection: Connection, *, noted: str = "") -> Verified:
    """Look at everything; see `Verified`.

    Parameters
    ----------
    noted : str
        The hash of an entry, noted earlier: it must be in the chain still.
    """
    problems = list(_of_the_file(connection))
    if problems:  # what is read from a damaged file says nothing
        return Verified(0, 0, "", tuple(problems))
    problems += _of_the_triggers(connection)
    chain = _chain(connection, noted, problems)
    if strange := strange_marks(connection):
        problems.append(f"{strange} entries of the audit are about the registry itself, and not its mark as the first.")
    records = 0
    for kind in RECORD_KINDS.values():
        problems += _dangling(connection, kind)
        counted, differing, senseless = _beside_the_audit(connection, kind)
        records += counted
        problems += _counted(differing, f"of kind {kind.name} differ from what the audit says of them")
        problems += _counted(senseless, f"of kind {kind.name} hold what no such record can")
        problems += _counted(_missing(connection, kind), f"of kind {kind.name} are only in the audit")
    return Verified(records, chain.entries, chain.hash, tuple(problems), is_marked(connection))


def _chain(connection: Connection, noted: str, problems: list[str]) -> Chain:
    row = connection.execute(select(REGISTRY)).one_or_none()
    if row is None:
        problems.append("The registry does not say which one it is.")
        return Chain(0, "")
    chain = Chain(0, first_hash(row.registry_id))
    seen = _Seen(noted, found=noted in ("", chain.hash))
    broken = first_broken(seen.among(chain_rows(connection)), chain)
    if broken is not None:
        problems.append(f"The audit is not as it was written, from entry {broken} on.")
    elif (chain.entries, chain.hash) != (row.entries, row.hash):
        problems.append(f"The audit ends with entry {chain.entries}, and {row.entries} were written.")
    if not seen.found:
        problems.append("The hash that was noted is not in the audit any more.")
    return chain


def _of_the_file(connection: Connection) -> Iterator[str]:
    if connection.dialect.name != "sqlite":
        return
    lines = [row[0] for row in connection.exec_driver_sql(f"PRAGMA integrity_check({MOST_LINES})")]
    if lines != ["ok"]:
        yield f"SQLite finds its file damaged, in {len(lines)} places at least; restore the last backup."


def _of_the_triggers(connection: Connection) -> Iterator[str]:
    """Say whether something that keeps the audit from being changed was taken away."""
    names = {f"keep_{name}" for name in RECORD_KINDS}
    if connection.dialect.name == "sqlite":
        asked = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        names |= {"audit_no_update", "audit_no_delete", "audit_no_replace"}
    else:
        asked = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        names |= {"audit_no_change", *(f"keep_whole_{name}" for name in ("audit", *RECORD_KINDS))}
    missing = names - {row[0] for row in connection.execute(text(asked))}
    if missing:
        yield f"{len(missing)} of the triggers that keep audit and records from being deleted are missing or off."


def _dangling(connection: Connection, kind: RecordKind) -> Iterator[str]:
    own = RECORD_TABLES[kind.name]
    for tie in own.foreign_key_constraints:
        other = tie.referred_table.alias()
        pairs = [(element.parent, other.c[element.column.name]) for element in tie.elements]
        missing = select(func.count()).select_from(own.outerjoin(other, and_(*(a == b for a, b in pairs)))).where(
            and_(*(a.is_not(None) for a, _ in pairs)),
            or_(other.c[PATIENT_KEY].is_(None), and_(other.c[WITHDRAWN], ~own.c[WITHDRAWN])),
        )  # fmt: skip
        what = f"of kind {kind.name} point to a {tie.referred_table.name} that is not there or is withdrawn"
        yield from _counted(int(connection.execute(missing).scalar_one()), what)


def _beside_the_audit(connection: Connection, kind: RecordKind) -> tuple[int, int, int]:
    """Count records of a kind, those that differ from their last entry in the audit, and those that make no sense."""
    table = RECORD_TABLES[kind.name]
    last = AUDIT.alias()
    joined = table.outerjoin(last, _same(table, last, kind, at_revision=True))
    asked = select(table, last.c.old.label(_OLD), last.c.new.label(_NEW)).select_from(joined)
    counted = differing = senseless = 0
    for row in connection.execute(asked.execution_options(yield_per=5000)).mappings():
        counted += 1
        try:
            kept = kept_of(kind, row)
        except DamagedRegistry:
            senseless += 1
            continue
        state = state_of(kept.record)
        expected = (state, None) if kept.withdrawn else (row[_OLD], state)
        differing += (row[_OLD], row[_NEW]) != expected
    return counted, differing, senseless


def _missing(connection: Connection, kind: RecordKind) -> int:
    """Count entries of the audit whose record is not there, or has not come that far."""
    table, entry = RECORD_TABLES[kind.name], AUDIT.alias()
    joined = entry.outerjoin(table, _same(table, entry, kind, at_revision=False))
    behind = or_(table.c[PATIENT_KEY].is_(None), entry.c.revision > table.c[REVISION])
    asked = select(func.count()).select_from(joined).where(entry.c.kind == kind.name, behind)
    return int(connection.execute(asked).scalar_one())


def _same(table: Table, entry: FromClause, kind: RecordKind, *, at_revision: bool) -> ColumnElement[bool]:
    """Return the condition that an entry is of the record of a row, and of its revision."""
    own = table.c[kind.key] if kind.several else literal("")
    same = [entry.c.kind == kind.name, entry.c.patient_id == table.c[PATIENT_KEY], entry.c.record_id == own]
    return and_(*same, *([entry.c.revision == table.c[REVISION]] if at_revision else []))


def _counted(count: int, what: str) -> Iterator[str]:
    if count:
        yield f"{count} records {what}."
