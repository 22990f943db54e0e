"""Many new rows at a time, straight through the driver: SQLAlchemy takes longer over each than the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Date, Table


def insert_rows(connection: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows.

    Parameters
    ----------
    rows : sequence of sequences
        A cell for each column of the table, in its order.
    """
    if not rows:
        return
    sqlite = connection.dialect.name == "sqlite"
    quote = connection.dialect.identifier_preparer.quote
    columns = ", ".join(quote(name) for name in table.columns.keys())
    marks = ", ".join(["?" if sqlite else "%s"] * len(table.columns))
    dated = sqlite and any(isinstance(column.type, Date) for column in table.columns)
    told = [_with_dates_as_text(row) if dated else tuple(row) for row in rows]
    connection.exec_driver_sql(f"INSERT INTO {quote(table.name)} ({columns}) VALUES ({marks})", told)


def _with_dates_as_text(row: Sequence[Any]) -> tuple[Any, ...]:
    """Return a row for SQLite, which has no dates."""
    return tuple(cell.isoformat() if isinstance(cell, date) else cell for cell in row)
