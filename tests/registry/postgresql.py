"""A real PostgreSQL for the tests: a server of its own on a free port of this machine, with its own data folder."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parents[2]

USER, PASSWORD = "keeper", "pass-SECRET-7"

STARTS_WITHIN_S = 60.0

SETTINGS = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", "max_connections": "60",
            "full_page_writes": "off"}  # fmt: skip
"""Without fsync nothing waits for the disk; a test that kills the client does not need it."""


def find_postgresql() -> Path | None:
    """Return the folder of the server's programs, None where they are missing."""
    found = subprocess.run([ROOT / "scripts" / "find-postgresql"], capture_output=True, text=True, check=False)
    return Path(found.stdout.strip()) if found.returncode == 0 else None


def _somebody_else() -> dict[str, Any]:
    """Return what lets a program run as another user than root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return {}
    names = {one.pw_name for one in pwd.getpwall()}
    found = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


class PostgreSQL:
    """A server that is started, killed and started again on the same data; it is ended by its process id."""

    def __init__(self, programs: Path) -> None:
        self._programs, self._as = programs, _somebody_else()
        self.port = _free_port()
        # Not below the tests' own folder, which only its owner may enter.
        self._folder = Path(tempfile.mkdtemp(prefix="isotherm-postgresql-"))
        self._process: subprocess.Popen[Any] | None = None
        self._made = 0
        secret = self._folder / "secret"
        secret.write_text(PASSWORD)
        for path in (self._folder, secret):
            if self._as:
                os.chown(path, self._as["user"], self._as["group"])
        self._run("initdb", "-D", self._data, "-U", USER, "--pwfile", str(secret), "-A", "scram-sha-256", "-E", "UTF8",
                  "--locale", "C.UTF-8", "--no-sync")  # fmt: skip

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _run(self, program: str, *arguments: str) -> None:
        ran = subprocess.run([self._programs / program, *arguments], cwd=self._folder, capture_output=True, text=True,
                             check=False, **self._as)  # fmt: skip
        assert ran.returncode == 0, ran.stderr

    def start(self) -> PostgreSQL:
        """Start it, and wait until it lets somebody in."""
        told = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, "-p", str(self.port), *told], cwd=self._folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._as,
            )  # fmt: skip
        self._process = process
        until = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < until and process.poll() is None:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return self
        raise AssertionError((self._folder / "log").read_text()[-2000:])

    def stop(self) -> None:
        """End it at once: every connection breaks off."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        """End it, and remove everything that it held."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str, *, password: str = PASSWORD) -> str:
        """Return the address of a database."""
        secret = f":{password}" if password else ""
        return f"postgresql://{USER}{secret}@127.0.0.1:{self.port}/{database}"

    def empty_database(self, *, like: str = "template0") -> str:
        """Make a database, as a copy of another one; return its name."""
        self._made += 1
        name = f"made_{self._made}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}" STRATEGY file_copy'.encode())
        return name

    def ask(self, database: str, statement: str) -> list[tuple[Any, ...]]:
        """Carry out a statement as the administrator; return its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
