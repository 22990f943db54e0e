"""Workspace: the folder of one server, which holds jobs, uploads, accounts and its secret; one server at a time."""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import threading
import zlib
from collections.abc import Generator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from isotherm.app.places import unusable, usable_folder
from isotherm.errors import OutputError
from isotherm.exchange.folder_lock import one_at_a_time

UNFINISHED = "unfinished-"
"""How a file or folder is called while it comes."""

WAITS_S = 30.0
"""How long one who writes waits for another."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder of a server; nobody but its owner may look into it.

    Parameters
    ----------
    folder : Path
    secret : bytes
        Signs what browsers send back; made once, kept in the folder.
    """

    folder: Path
    secret: bytes

    @property
    def mark(self) -> str:
        """Ends the names of cookies: they know no port, and two servers of one machine must not take each other's."""
        return hashlib.sha256(b"mark" + self.secret).hexdigest()[:8]

    @property
    def jobs(self) -> Path:
        """Folder with a folder for each job."""
        return self.folder / "jobs"

    @property
    def uploads(self) -> Path:
        """Folder with a folder for each upload."""
        return self.folder / "uploads"

    @contextmanager
    def connected(self, *, reads: bool = False) -> Generator[sqlite3.Connection]:
        """Give a connection to the workspace's own database for one transaction; who only reads waits for nobody."""
        # Who writes waits in a queue here, and not for SQLite, which lets the unlucky wait for seconds.
        with nullcontext() if reads else _WRITING, closing(self._open()) as connection:
            connection.execute("BEGIN" if reads else "BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.folder / "workspace.sqlite", timeout=WAITS_S, isolation_level=None)
        connection.row_factory = sqlite3.Row
        return connection


_WRITING = threading.Lock()


def workspace_at(path: str | os.PathLike[str]) -> Workspace:
    """Return the workspace in a folder, which is made where it is not there.

    Raises
    ------
    OutputError
    """
    folder = usable_folder(os.fspath(path)).absolute()
    try:
        for one in (folder, folder / "jobs", folder / "uploads"):
            one.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)  # an existing folder may have been open to others
        _set_up(folder / "workspace.sqlite")
        return Workspace(folder, _secret(folder / "secret"))
    except OSError as error:
        raise unusable(folder, error.strerror) from None
    except sqlite3.Error:
        raise unusable(folder, "its workspace.sqlite cannot be used") from None


@contextmanager
def held(workspace: Workspace) -> Generator[None]:
    """Keep a workspace to this server.

    Raises
    ------
    OutputError
        Another server has it.
    """
    taken = one_at_a_time(workspace.folder)
    try:
        taken.__enter__()
    except OutputError:
        raise OutputError("Another isotherm serve works in this workspace; use its page, or name another folder with "
                          "--workspace.") from None  # fmt: skip
    try:
        yield
    finally:
        taken.__exit__(None, None, None)


def _secret(file: Path) -> bytes:
    with suppress(FileExistsError):
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as opened:
            opened.write(secrets.token_bytes(32))
    found = file.read_bytes()
    if len(found) < 32:  # a crash in the moment of its making
        file.unlink()
        return _secret(file)
    return found


def _set_up(file: Path) -> None:
    connection = sqlite3.connect(file, timeout=WAITS_S, isolation_level=None)
    try:
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        is_new = found == 0 and connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0] == 0
        if not is_new and found != FORM:
            raise OutputError("This workspace was made by another version of isotherm; name a new folder with "
                              "--workspace, and add its logins again. No registry is in it but the demo's."
                              )  # fmt: skip
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            connection.execute(table)
        connection.execute(f"PRAGMA user_version = {FORM}")
        connection.execute("COMMIT")
    finally:
        connection.close()


TABLES = (
    """CREATE TABLE IF NOT EXISTS job (
        id TEXT PRIMARY KEY, work TEXT NOT NULL, title TEXT NOT NULL, who TEXT NOT NULL, state TEXT NOT NULL,
        asked_at TEXT NOT NULL, started_at TEXT, ended_at TEXT, attempts INTEGER NOT NULL DEFAULT 0,
        said TEXT NOT NULL DEFAULT '', link TEXT NOT NULL DEFAULT '',
        patient TEXT NOT NULL DEFAULT '')""",
    """CREATE TABLE IF NOT EXISTS upload (
        id TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, bytes INTEGER NOT NULL, who TEXT NOT NULL,
        came_at TEXT NOT NULL, PRIMARY KEY (id, number))""",
    """CREATE TABLE IF NOT EXISTS line (
        patient TEXT PRIMARY KEY, lesions INTEGER NOT NULL, ablated_on TEXT NOT NULL, last_on TEXT NOT NULL,
        died_on TEXT NOT NULL, questions INTEGER NOT NULL, for_criteria INTEGER NOT NULL, asks TEXT NOT NULL,
        margins INTEGER NOT NULL, to_accept INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE INDEX IF NOT EXISTS line_last ON line (
        died_on != '', last_on, patient, died_on, ablated_on, questions, for_criteria, to_accept, lesions)""",
    """CREATE TABLE IF NOT EXISTS lines_are_of (registry_id TEXT NOT NULL, entries INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS account (
        name TEXT PRIMARY KEY, role TEXT NOT NULL, password TEXT NOT NULL, made_at TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS login (
        token TEXT PRIMARY KEY, name TEXT NOT NULL, made_at REAL NOT NULL, seen_at REAL NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS form (
        number TEXT PRIMARY KEY, at TEXT NOT NULL, led TEXT NOT NULL DEFAULT '') WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS looked (
        entry INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, patient TEXT NOT NULL, what TEXT NOT NULL)""",
    """CREATE TRIGGER IF NOT EXISTS looked_stays BEFORE UPDATE ON looked
        BEGIN SELECT RAISE(ABORT, 'what was looked at stays noted'); END""",
    """CREATE TRIGGER IF NOT EXISTS looked_is_kept BEFORE DELETE ON looked
        BEGIN SELECT RAISE(ABORT, 'what was looked at stays noted'); END""",
)
"""Jobs, uploads, the worklist and up to which entry of which registry it was made, who may log in, who is logged in,
which forms were sent and where they led, and who looked at which patient."""

FORM = zlib.crc32("\n".join(TABLES).encode()) & 0x7FFF_FFFF or 1
"""Stands for the tables of a workspace: one with others, as another version makes, is refused and not written to."""
