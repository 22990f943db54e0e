"""Questions to a registry: columns as the driver has them, and what the audit holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from itertools import islice
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, select, true

from isotherm.clinical.record import RecordKind
from isotherm.registry.adding import ASKED_AT_ONCE
from isotherm.registry.audit import FIELDS, Counted, Entry, Since
from isotherm.registry.tables import AUDIT, RECORD_TABLES, WITHDRAWN

ROWS_AT_ONCE = 500
"""Rows that are taken apart into columns at a time: millions of them, held at once, keep Python's collector busy."""


def raw_columns(
    connection: Connection, kind: RecordKind, patients: Collection[str] | None, *, without: Collection[str]
) -> dict[str, list[Any]]:
    """Return keys and fields by name, a cell for each record that counts."""
    table = RECORD_TABLES[kind.name]
    names = (*kind.keys, *(field.name for field in kind.fields if field.name not in without))
    asked = select(*(table.c[name] for name in names)).where(table.c[WITHDRAWN] == false())
    found: dict[str, list[Any]] = {name: [] for name in names}
    if patients is None:
        _fetch(connection, asked, found)
        return found
    wanted = iter(sorted(set(patients)))
    while some := list(islice(wanted, ASKED_AT_ONCE)):
        _fetch(connection, asked.where(table.c.patient_id.in_(some)), found)
    return found


def history(connection: Connection, *, patient_id: str | None, kind_name: str | None, record_id: str | None,
            last: int | None) -> tuple[Entry, ...]:  # fmt: skip
    """Return entries of the audit in order."""
    whose = _whose(patient_id=patient_id, kind=kind_name, record_id=record_id)
    asked = select(AUDIT).where(whose).order_by(AUDIT.c.entry.desc())
    rows = connection.execute(asked if last is None else asked.limit(last)).mappings().all()
    return tuple(Entry(**row) for row in reversed(rows))


def counted(connection: Connection, last: Entry, *, patient_id: str | None, kind_name: str | None,
            record_id: str | None) -> Counted:  # fmt: skip
    """Return how much was done in the transaction of an entry, up to that entry."""
    # Entries of a transaction follow each other, since who writes holds the end of the chain: only these are read.
    other = AUDIT.c.transaction_id != last.transaction_id
    before = select(AUDIT.c.entry).where(AUDIT.c.entry < last.entry, other).order_by(AUDIT.c.entry.desc()).limit(1)
    same = and_(AUDIT.c.entry > func.coalesce(before.scalar_subquery(), 0), AUDIT.c.entry <= last.entry,
                _whose(patient_id=patient_id, kind=kind_name, record_id=record_id))  # fmt: skip
    kinds = (AUDIT.c.action, AUDIT.c.kind)
    records = connection.execute(select(*kinds, func.count()).where(same).group_by(*kinds))
    patients = connection.execute(select(func.count(func.nullif(AUDIT.c.patient_id, "").distinct())).where(same))
    return Counted({(str(action), str(kind)): int(count) for action, kind, count in records}, patients.scalar_one())


def _whose(**wanted: str | None) -> ColumnElement[bool]:
    """Return what entries fulfil whose columns hold what is wanted; of None, every one does."""
    return and_(true(), *(AUDIT.c[name] == one for name, one in wanted.items() if one is not None))


def after(connection: Connection, entry: int) -> Since:
    """Return the hash of an entry of the audit, and what was done after it."""
    sealed = connection.execute(select(AUDIT.c.hash).where(AUDIT.c.entry == entry)).scalar()
    keys = (AUDIT.c.kind, AUDIT.c.patient_id, AUDIT.c.record_id)
    touched = select(AUDIT.c.action, *keys).where(AUDIT.c.entry > entry).distinct().subquery()
    counted = connection.execute(select(touched.c.action, func.count()).group_by(touched.c.action))
    return Since(sealed, {str(action): int(count) for action, count in counted})


def entry_of(connection: Connection, transaction_id: str) -> Entry | None:
    """Return the first entry of a transaction; None where there is none. It looks through the whole audit."""
    asked = select(AUDIT).where(AUDIT.c.transaction_id == transaction_id).order_by(AUDIT.c.entry).limit(1)
    row = connection.execute(asked).mappings().one_or_none()
    return None if row is None else Entry(**row)


def chain_rows(connection: Connection) -> Iterator[Any]:
    """Yield every entry of the audit in order, as mappings."""
    columns = [AUDIT.c[name] for name in (*FIELDS, "hash")]
    asked = select(*columns).order_by(AUDIT.c.entry).execution_options(yield_per=5000)
    with connection.execute(asked) as found:
        yield from found.mappings()


def _fetch(connection: Connection, asked: Select[Any], columns: Mapping[str, list[Any]]) -> None:
    """Put rows at the end of columns, straight from the driver: SQLAlchemy takes longer over each than the database."""
    compiled = asked.compile(connection.engine, compile_kwargs={"render_postcompile": True})
    told = compiled.params if compiled.positiontup is None else tuple(compiled.params[n] for n in compiled.positiontup)
    with closing(connection.exec_driver_sql(str(compiled), told)) as result:
        while rows := cast("Any", result.cursor).fetchmany(ROWS_AT_ONCE):
            for column, cells in zip(columns.values(), zip(*rows, strict=True), strict=True):
                column += cells
