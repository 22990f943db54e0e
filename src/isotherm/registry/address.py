"""Where a registry lies: a file of SQLite, or the URL of a database of PostgreSQL; and how it is connected to."""

from __future__ import annotations

import importlib.util
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from isotherm.errors import BadSetting, NoRegistry
from isotherm.printable import printable

WAITS_S = 60.0
"""How long a write waits for another one; a transaction of many records may take that long."""

MAGIC = b"SQLite format 3\x00"
"""What a file of SQLite begins with."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a registry lies.

    Parameters
    ----------
    url : URL
        For SQLAlchemy; it may hold a password and is never shown.
    file : Path, optional
        The file of a registry in SQLite.
    """

    url: URL
    file: Path | None

    @property
    def shown(self) -> str:
        """What is said of it: a file's name, or a URL without its password and its options."""
        if self.file is not None:
            return printable(self.file.name)
        shown = URL.create("postgresql", self.url.username, None, self.url.host, self.url.port, self.url.database)
        return printable(shown.render_as_string())


def address_of(text: str) -> Address:
    """Read an address.

    Parameters
    ----------
    text : str
        The path of a file, or postgresql://USER@HOST/DATABASE. The password may be in it, in PGPASSWORD or ~/.pgpass.

    Raises
    ------
    BadSetting
        A URL of something else, or one that cannot be read.
    """
    if "://" not in text:
        if not text or "\x00" in text:
            raise BadSetting("No registry is named; give a file such as ablations.registry, or a postgresql:// URL.")
        path = Path(text)
        # Absolute: a name such as :memory: would be something else to SQLite.
        return Address(URL.create("sqlite", database=str(path.absolute())), path)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise BadSetting("The URL of the registry cannot be read; write postgresql://USER@HOST/DATABASE.") from None
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise BadSetting("A registry lies in a file, or in PostgreSQL: postgresql://USER@HOST/DATABASE.")
    if importlib.util.find_spec("psycopg") is None:
        raise BadSetting("PostgreSQL needs one more package: pip install 'isotherm[postgresql]'.")
    return Address(url.set(drivername="postgresql+psycopg"), None)


def connected(address: Address) -> Engine:
    """Return the engine of an address; nothing is opened yet."""
    if address.file is None:
        patience = f"-c lock_timeout={1000 * WAITS_S:.0f}"
        told = {"connect_timeout": 10, "application_name": "isotherm", "options": patience}
        own = {name: value for name, value in told.items() if name not in address.url.query}
        return create_engine(address.url, connect_args=own)
    engine = create_engine(address.url, connect_args={"timeout": WAITS_S, "isolation_level": None})
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def writing(connection: Connection) -> Connection:
    """Mark a connection as one whose next transaction writes: SQLite locks the file at once, not in the middle."""
    return connection.execution_options(isotherm_begin="BEGIN IMMEDIATE")


def look_at_file(file: Path) -> None:
    """Refuse what is no file of SQLite.

    Raises
    ------
    NoRegistry

    Notes
    -----
    A file is looked into once by a process. To close it lets go of every lock that the process holds on it (POSIX),
    those of SQLite's connections in other threads as well: acknowledged writes were lost by that.
    """
    name = printable(file.name)
    try:
        which = _which(file)
        with _LOOKING:
            if which not in _LOOKED_INTO:
                _look_into(file, name)
                _LOOKED_INTO.add(which)
    except FileNotFoundError:
        raise NoRegistry(f"There is no registry '{name}'; make one with isotherm registry init.") from None
    except OSError as error:
        why = (error.strerror or "the system refused").lower()
        raise NoRegistry(f"'{name}' cannot be opened: {why}; a registry is one file that can be read.") from None


def note_made(file: Path) -> None:
    """Note that this process itself has made a registry: it is open, and nothing may look into it."""
    with _LOOKING:
        _LOOKED_INTO.add(_which(file))


def _which(file: Path) -> tuple[str, int, int]:
    told = file.stat()
    return str(file.absolute()), told.st_dev, told.st_ino


_LOOKED_INTO: set[tuple[str, int, int]] = set()
_LOOKING = threading.Lock()


def _look_into(file: Path, name: str) -> None:
    with file.open("rb") as opened:
        begins = opened.read(len(MAGIC))
    if not begins:
        raise NoRegistry(f"'{name}' is empty; make it a registry with isotherm registry init.")
    if begins != MAGIC:
        raise NoRegistry(
            f"'{name}' is no registry: it is no file of SQLite. A table comes in by isotherm registry import."
        )


def _set_up(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    # FULL: what was acknowledged outlives a power cut, too, not only the end of the process (NORMAL would do for that).
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA recursive_triggers = ON")  # what replaces a row deletes it: the triggers have to see it
    connection.execute("PRAGMA cache_size = -64000")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("isotherm_begin", "BEGIN"))
