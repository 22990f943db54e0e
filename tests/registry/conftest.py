"""Registries for the tests: the same contract on SQLite and on a PostgreSQL that is really started."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from isotherm.registry.store import Store, open_store
from tests.registry.postgresql import PostgreSQL, find_postgresql

DATABASES = ("sqlite", "postgresql")


def started() -> Iterator[PostgreSQL]:
    """Start a PostgreSQL, and take it away again; skip where it is missing."""
    programs = find_postgresql()
    if programs is None:
        pytest.skip("PostgreSQL is missing: run `make services`")
    running = PostgreSQL(programs)
    try:
        yield running.start()
    finally:
        running.remove()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL on this machine; a test that asks for it is skipped where it is missing."""
    yield from started()


@pytest.fixture
def own_server() -> Iterator[PostgreSQL]:
    """A PostgreSQL of this test alone, which may stop it and start it again."""
    yield from started()


@pytest.fixture(params=DATABASES)
def new_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a place where no registry is yet."""
    if request.param == "sqlite":
        return str(tmp_path / "new.registry")
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.url(server.empty_database())


@pytest.fixture(scope="session")
def made_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty registry in SQLite, to be copied."""
    path = tmp_path_factory.mktemp("made") / "made.registry"
    open_store(str(path), create=True).close()
    return path


@pytest.fixture(scope="session")
def made_database(postgresql: PostgreSQL) -> str:
    """An empty registry in PostgreSQL, to be copied."""
    name = postgresql.empty_database()
    open_store(postgresql.url(name), create=True).close()
    return name


@pytest.fixture(params=DATABASES)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty registry."""
    if request.param == "sqlite":
        return str(shutil.copy(request.getfixturevalue("made_file"), tmp_path / "a.registry"))
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.url(server.empty_database(like=request.getfixturevalue("made_database")))


class Clock:
    """A clock that goes on by a second whenever somebody looks at it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the time."""
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    """An empty registry that is open."""
    with open_store(address, clock=Clock()) as opened:
        yield opened
