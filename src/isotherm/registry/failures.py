"""What goes wrong in a database, in words of this house: no statement, password or value is repeated."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError

from isotherm.errors import DamagedRegistry, IsothermError, NoAnswer, NoRegistry, NotAdmitted, OutputError, StoreError
from isotherm.registry.address import WAITS_S, Address

_FULL = "{} cannot be written: the disk is full or fails; nothing of this was saved. Make room and try again."
_READ_ONLY = (
    "{} cannot be written: file and folder must be writable, even for reading, since readers leave marks there."
)
_BUSY = f"{{}} is being written by somebody else for more than {WAITS_S:.0f} s; nothing of this was saved. Try again."
_DAMAGED = "{} is damaged and cannot be read; restore its last backup with isotherm registry restore."
_GONE = "PostgreSQL does not answer for {}, or broke off; what was not confirmed was not saved. Try again later."
_COMMIT = (
    "PostgreSQL broke off while {} was saving; look with isotherm registry audit whether it did, before trying again."
)
_NOT_IN = (
    "PostgreSQL does not let us into {}: give user and password in the URL, PGPASSWORD or ~/.pgpass, and the rights."
)
_NO_DATABASE = "There is no database {}; its administrator makes one with CREATE DATABASE."

_SQLITE: dict[int, tuple[type[IsothermError], str]] = {
    sqlite3.SQLITE_BUSY: (NoAnswer, _BUSY), sqlite3.SQLITE_LOCKED: (NoAnswer, _BUSY),
    sqlite3.SQLITE_READONLY: (OutputError, _READ_ONLY), sqlite3.SQLITE_CANTOPEN: (OutputError, _READ_ONLY),
    sqlite3.SQLITE_PERM: (OutputError, _READ_ONLY), sqlite3.SQLITE_FULL: (OutputError, _FULL),
    sqlite3.SQLITE_IOERR: (OutputError, _FULL), sqlite3.SQLITE_CORRUPT: (DamagedRegistry, _DAMAGED),
    sqlite3.SQLITE_NOTADB: (DamagedRegistry, _DAMAGED),
}  # fmt: skip

_POSTGRESQL: dict[str, tuple[type[IsothermError], str]] = {
    "28": (NotAdmitted, _NOT_IN), "42501": (NotAdmitted, _NOT_IN), "3D": (NoRegistry, _NO_DATABASE),
    "55P03": (NoAnswer, _BUSY), "53": (OutputError, _FULL), "58": (OutputError, _FULL),
    "XX001": (DamagedRegistry, _DAMAGED), "XX002": (DamagedRegistry, _DAMAGED), "25006": (OutputError, _READ_ONLY),
}  # fmt: skip
"""By SQLSTATE, or the class that begins it."""


@contextmanager
def failures(address: Address, *, saving: list[bool] | None = None) -> Generator[None, None, None]:
    """Turn whatever a database says into one sentence.

    Parameters
    ----------
    address : Address
    saving : list, optional
        Not empty from the moment on at which a transaction was asked to be saved.

    Raises
    ------
    StoreError, NoAnswer, NotAdmitted, OutputError
    """
    try:
        yield
    except SQLAlchemyError as error:
        raise _told(error, address, in_doubt=bool(saving)) from None
    except sqlite3.Error as error:
        raise _of_sqlite(error, address) from None
    except UnicodeDecodeError:
        if saving is not None:  # of whoever hands over the records: a file of theirs
            raise
        raise DamagedRegistry(_DAMAGED.format(_named(address))) from None  # SQLite has no other word for it


def _told(error: SQLAlchemyError, address: Address, *, in_doubt: bool) -> IsothermError:
    if not isinstance(error, DBAPIError):
        return StoreError(f"{address.shown} cannot be used: {type(error).__name__}; please report it.")
    origin: Any = error.orig
    if isinstance(origin, sqlite3.Error):
        return _of_sqlite(origin, address)
    return _of_postgresql(error, origin, address, in_doubt=in_doubt)


def _of_sqlite(error: sqlite3.Error, address: Address) -> IsothermError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code not in _SQLITE:
        what = "the rules of its tables" if isinstance(error, sqlite3.IntegrityError) else "SQLite"
        return StoreError(f"{address.shown} was refused by {what}; nothing of this was saved. Please report it.")
    made, sentence = _SQLITE[code]
    return made(sentence.format(_named(address)))


def _of_postgresql(error: DBAPIError, origin: Any, address: Address, *, in_doubt: bool) -> IsothermError:
    state: str = getattr(origin, "sqlstate", None) or ""
    for code in (state, state[:2]):
        if code and code in _POSTGRESQL:
            made, sentence = _POSTGRESQL[code]
            return made(sentence.format(_named(address)))
    if isinstance(error, IntegrityError):
        return StoreError(f"{address.shown} was refused by the rules of its tables; nothing of this was saved. "
                          "Please report it.")  # fmt: skip
    if isinstance(error, OperationalError) or error.connection_invalidated:
        return _not_there(str(origin), state, address, in_doubt=in_doubt)
    return StoreError(f"{address.shown} was refused by PostgreSQL ({state or type(origin).__name__}); nothing of this "
                      "was saved. Please report it.")  # fmt: skip


def _not_there(said: str, state: str, address: Address, *, in_doubt: bool) -> IsothermError:
    """Tell apart what PostgreSQL says in words only while a connection is made."""
    if not state and ("authentication failed" in said or "no password" in said or "pg_hba" in said):
        return NotAdmitted(_NOT_IN.format(_named(address)))
    if not state and "does not exist" in said and "database" in said:
        return NoRegistry(_NO_DATABASE.format(_named(address)))
    return NoAnswer((_COMMIT if in_doubt else _GONE).format(_named(address)))


def _named(address: Address) -> str:
    return f"'{address.shown}'" if address.file is not None else address.shown
