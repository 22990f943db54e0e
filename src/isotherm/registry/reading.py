"""Questions to a registry: rows as the driver has them, and what the audit holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, false, select

from isotherm.clinical.record import RecordKind
from isotherm.registry.adding import ASKED_AT_ONCE
from isotherm.registry.audit import FIELDS, Entry
from isotherm.registry.tables import AUDIT, RECORD_TABLES, WITHDRAWN


def raw_rows(
    connection: Connection, kind: RecordKind, patients: Collection[str] | None
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return names of keys and fields, and the rows of records that count."""
    table = RECORD_TABLES[kind.name]
    names = (*kind.keys, *(field.name for field in kind.fields))
    asked = select(*(table.c[name] for name in names)).where(table.c[WITHDRAWN] == false())
    if patients is None:
        return names, _fetched(connection, asked)
    wanted, rows = iter(sorted(set(patients))), list[tuple[Any, ...]]()
    while some := list(islice(wanted, ASKED_AT_ONCE)):
        rows += _fetched(connection, asked.where(table.c.patient_id.in_(some)))
    return names, rows


def history(connection: Connection, *, patient_id: str | None, kind_name: str | None, record_id: str | None,
            last: int | None) -> tuple[Entry, ...]:  # fmt: skip
    """Return entries of the audit in order."""
    asked = select(AUDIT).order_by(AUDIT.c.entry.desc())
    for name, wanted in (("patient_id", patient_id), ("kind", kind_name), ("record_id", record_id)):
        if wanted is not None:
            asked = asked.where(AUDIT.c[name] == wanted)
    rows = connection.execute(asked if last is None else asked.limit(last)).mappings().all()
    return tuple(Entry(**row) for row in reversed(rows))


def chain_rows(connection: Connection) -> Iterator[Any]:
    """Yield every entry of the audit in order, as mappings."""
    columns = [AUDIT.c[name] for name in (*FIELDS, "hash")]
    asked = select(*columns).order_by(AUDIT.c.entry).execution_options(yield_per=5000)
    with connection.execute(asked) as found:
        yield from found.mappings()


def _fetched(connection: Connection, asked: Select[Any]) -> list[tuple[Any, ...]]:
    """Return rows straight from the driver: its tuples, without a word of SQLAlchemy in between."""
    compiled = asked.compile(connection.engine, compile_kwargs={"render_postcompile": True})
    told = compiled.params if compiled.positiontup is None else tuple(compiled.params[n] for n in compiled.positiontup)
    cursor = connection.connection.cursor()
    try:
        cursor.execute(str(compiled), told)
        return list(cursor.fetchall())
    finally:
        cursor.close()
