"""A registry is made, or looked at before it is used: whether there is one, and of which revision."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy import insert as insert_into

from isotherm import __version__
from isotherm.errors import NoRegistry, OtherRevision, OutputError
from isotherm.printable import printable
from isotherm.registry.address import Address, look_at_file, note_made
from isotherm.registry.audit import Act, Chain, first_hash
from isotherm.registry.failures import failures
from isotherm.registry.inserting import insert_rows
from isotherm.registry.revisions import HEAD, REVISIONS, revision_of
from isotherm.registry.simulated import NOT_AFTERWARDS, mark
from isotherm.registry.tables import AUDIT, RECORD_TABLES, REGISTRY

_MAKING = 0x69736F74
"""Number of the lock that whoever makes a registry in PostgreSQL holds."""


def check(engine: Engine, address: Address) -> None:
    """Refuse what this isotherm cannot read and write as it is.

    Raises
    ------
    NoRegistry, OtherRevision
    """
    revision = found_revision(engine, address)
    if revision == HEAD:
        return
    if revision in REVISIONS:
        raise OtherRevision(f"{address.shown} is of an older isotherm (tables of revision {revision}, not {HEAD}); "
                            f"run isotherm registry upgrade {address.shown}, which makes a backup first.")  # fmt: skip
    raise OtherRevision(f"{address.shown} is of a newer isotherm: its tables have revision {printable(revision)}, "
                        f"and this one ({__version__}) knows {HEAD}; use a newer isotherm.")  # fmt: skip


def found_revision(engine: Engine, address: Address) -> str:
    """Return the revision of a registry that is there."""
    if address.file is not None:
        look_at_file(address.file)
    with failures(address), engine.connect() as connection, connection.begin():
        revision = revision_of(connection) if inspect(connection).has_table(REGISTRY.name) else None
    if revision is None:
        what = "is no registry: it is a database of something else" if address.file else "holds no registry"
        raise NoRegistry(f"{address.shown} {what}; make one with isotherm registry init.")
    return revision


def is_made(engine: Engine, address: Address) -> bool:
    """Return whether a registry is there, of whatever revision."""
    try:
        found_revision(engine, address)
    except NoRegistry:
        return False
    return True


def make(engine: Engine, address: Address, now: datetime, *, simulated: Act | None = None) -> None:
    """Make a new registry.

    Parameters
    ----------
    simulated : Act, optional
        Who marks it as one in which nobody ever lived.

    Raises
    ------
    OutputError
        There is one, or something else, or the place cannot be written to.
    """
    from isotherm.registry.migrate import upgrade  # Alembic, which only few need, takes half a second to load

    if simulated is not None and is_made(engine, address):
        raise OutputError(NOT_AFTERWARDS.format(address.shown))
    with making(engine, address) as connection:
        upgrade(connection)
        registry_id = uuid.uuid4().hex
        chain = Chain(0, first_hash(registry_id))
        marks = [] if simulated is None else [mark(chain, simulated)]
        connection.execute(insert_into(REGISTRY).values(
            registry_id=registry_id, made_at=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            made_with=__version__, entries=chain.entries, hash=chain.hash,
        ))  # fmt: skip
        insert_rows(connection, AUDIT, marks)
    if address.file is not None:
        note_made(address.file)


@contextmanager
def making(engine: Engine, address: Address) -> Generator[Connection, None, None]:
    """Open the transaction in which a registry is made where nothing is; others who make one wait and are refused.

    Raises
    ------
    OutputError
    """
    if address.file is not None:
        _look_at_place(address.file)
    with failures(address), engine.connect() as connection:
        with connection.execution_options(isotherm_begin="BEGIN EXCLUSIVE").begin():
            if address.file is None:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MAKING})
            tables = inspect(connection).get_table_names()
            if (address.file is not None and tables) or {REGISTRY.name, *RECORD_TABLES} & set(tables):
                raise OutputError(f"{address.shown} is there already; choose another place, or go on with it.")
            yield connection
    if address.file is not None:
        _let_read_while_written(engine, address)


def _look_at_place(file: Path) -> None:
    name = printable(file.name)
    if not file.parent.is_dir():
        raise OutputError(f"'{name}' cannot be made: its folder does not exist; make the folder first.")
    if file.exists() and (not file.is_file() or file.stat().st_size):
        raise OutputError(f"'{name}' is there already; choose another name, or go on with it if it is a registry.")
    own_file(file, may_be_there=True)


def own_file(file: Path, *, may_be_there: bool = False) -> None:
    """Make an empty file that nobody but its owner can read; one that is there keeps the mode that somebody chose.

    SQLite gives the files that it keeps beside a database (-wal, -shm, -journal) the mode of the database.

    Raises
    ------
    OutputError

    Notes
    -----
    Who makes the same one waits: to close a file lets go of every lock that the process holds on it (POSIX).
    """
    try:
        with _MAKING_FILE:
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        if may_be_there and isinstance(error, FileExistsError):
            return
        why = (error.strerror or "the system refused").lower()
        raise OutputError(f"'{printable(file.name)}' cannot be written: {why}; choose another folder.") from None


_MAKING_FILE = threading.Lock()


def _let_read_while_written(engine: Engine, address: Address) -> None:
    """Turn on the log written ahead: who reads never waits for who writes. It takes no part in a transaction."""
    with failures(address):
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA journal_mode = WAL")
        finally:
            connection.close()
