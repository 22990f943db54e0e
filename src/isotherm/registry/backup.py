"""Backup, restore, upgrade: one form of backup for every database, a file of SQLite that is a whole registry itself."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, delete, func, select

from isotherm.errors import OtherRevision, OutputError, StoreError
from isotherm.printable import printable
from isotherm.registry.address import Address, address_of, connected, writing
from isotherm.registry.failures import failures
from isotherm.registry.inserting import insert_rows
from isotherm.registry.migrate import upgrade
from isotherm.registry.opening import found_revision, is_made, making, own_file
from isotherm.registry.revisions import HEAD, REVISIONS, VERSION, revision_of
from isotherm.registry.sessions import read
from isotherm.registry.tables import AUDIT, REGISTRY
from isotherm.registry.verifying import verify

AT_ONCE = 5000
"""Rows that are copied together."""


def back_up(engine: Engine, address: Address, path: str | os.PathLike[str]) -> None:
    """Write everything as it is at one moment into a new file, whatever others write meanwhile.

    Raises
    ------
    OutputError
        Something is there already, or the place cannot be written to.
    """
    file = Path(path)
    if file.exists():
        raise OutputError(f"'{printable(file.name)}' is there already; a backup is a new file.")
    if address.file is not None:
        _copy_pages(address, file)
    else:
        _copy_out(engine, address, file)
    _one_file(file)


def restore(backup: str | os.PathLike[str], address: str) -> str:
    """Make a registry again out of a backup; return the revision of its tables.

    Parameters
    ----------
    backup : path
    address : str
        Where nothing is yet, or a registry without a single entry.

    Raises
    ------
    NoRegistry
        The backup is none.
    StoreError
        It is not whole; the message says what is wrong with it.
    OtherRevision
        It is of a newer isotherm.
    OutputError
        The place is taken, or cannot be written to.
    """
    source, target = address_of(os.fspath(backup)), address_of(address)
    with engine_of(source) as old, engine_of(target) as new:
        revision = _known(found_revision(old, source), source)
        with read(old, source) as rows:
            if revision == HEAD and (problems := verify(rows).problems):
                raise StoreError(f"'{source.shown}' is not whole, and was not restored: {' '.join(problems)}")
            if is_made(new, target):
                _into_empty(rows, new, target, revision)
            else:
                with making(new, target) as connection:
                    upgrade(connection, to=revision)
                    _copy_rows(rows, connection)
    return revision


def bring_up_to_date(address: str, backup: str | os.PathLike[str]) -> str | None:
    """Change the tables of an older registry to those of this isotherm, after a backup.

    Returns
    -------
    str, optional
        The revision that it had; None where there was nothing to do, and no backup was made.

    Raises
    ------
    NoRegistry, OtherRevision, OutputError
    """
    place = address_of(address)
    with engine_of(place) as engine:
        before = _known(found_revision(engine, place), place)
        if before == HEAD:
            return None
        back_up(engine, place, backup)
        with failures(place), engine.connect() as connection, writing(connection).begin():
            upgrade(connection)
    return before


@contextmanager
def engine_of(address: Address) -> Generator[Engine, None, None]:
    """Connect for a block; everything is closed behind it."""
    engine = connected(address)
    try:
        yield engine
    finally:
        engine.dispose()


def _known(revision: str, address: Address) -> str:
    if revision not in REVISIONS:
        raise OtherRevision(f"{address.shown} is of a newer isotherm: its tables have revision {printable(revision)}, "
                            f"and this one knows {HEAD}; use a newer isotherm.")  # fmt: skip
    return revision


def _into_empty(rows: Connection, engine: Engine, address: Address, revision: str) -> None:
    with failures(address), engine.connect() as connection, writing(connection).begin():
        connection.execute(select(REGISTRY).with_for_update())
        entries = connection.execute(select(func.count()).select_from(AUDIT)).scalar_one()
        if entries or revision_of(connection) != revision:
            raise OutputError(f"{address.shown} holds records already, or its mark as simulated; restore into a "
                              "new one.")  # fmt: skip
        connection.execute(delete(REGISTRY))
        _copy_rows(rows, connection)


def _copy_pages(address: Address, file: Path) -> None:
    """Copy a file of SQLite while it is in use."""
    with (
        failures(address),
        closing(sqlite3.connect(f"{Path(str(address.file)).absolute().as_uri()}?mode=rw", uri=True)) as source,
    ):
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        own_file(file)
        with closing(sqlite3.connect(file)) as target:
            source.backup(target)


def _copy_out(engine: Engine, address: Address, file: Path) -> None:
    """Copy every table of PostgreSQL into a registry in SQLite of the same revision."""
    target = address_of(os.fspath(file))
    revision = found_revision(engine, address)
    with read(engine, address) as rows, engine_of(target) as new, making(new, target) as connection:
        upgrade(connection, to=revision)
        _copy_rows(rows, connection)


def _copy_rows(source: Connection, target: Connection) -> None:
    """Copy all rows of all tables as they are; both have the same revision."""
    tables = MetaData()
    tables.reflect(source)
    for table in tables.sorted_tables:
        if table.name == VERSION.name:
            continue
        asked = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=AT_ONCE)
        cells = map(tuple, source.execute(asked))
        while some := list(islice(cells, AT_ONCE)):
            insert_rows(target, table, some)


def _one_file(file: Path) -> None:
    """Fold the log written ahead into the file: a backup is moved and copied as one."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
