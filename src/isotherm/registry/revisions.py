"""Which revision the tables of a registry have, as Alembic notes it; read without Alembic, which takes long to load."""

from __future__ import annotations

from sqlalchemy import Column, Connection, MetaData, Table, Text, inspect, select

REVISIONS = ("0001", "0002", "0003")
"""Every revision that this isotherm knows, the oldest first."""

HEAD = REVISIONS[-1]
"""The revision that this isotherm reads and writes."""

VERSION = Table("alembic_version", MetaData(), Column("version_num", Text))


def revision_of(connection: Connection) -> str | None:
    """Return the revision of the tables; None where there are none."""
    if not inspect(connection).has_table(VERSION.name):
        return None
    return connection.execute(select(VERSION.c.version_num)).scalar()
