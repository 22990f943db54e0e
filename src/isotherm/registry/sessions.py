"""Transactions of a registry: one that reads sees one moment; one that writes is alone, and ends the audit's chain."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select, update

from isotherm.errors import NoRegistry
from isotherm.registry.address import Address, writing
from isotherm.registry.audit import Act, Chain
from isotherm.registry.failures import failures
from isotherm.registry.tables import REGISTRY


@dataclass(frozen=True, slots=True)
class Writing:
    """A transaction that writes: nobody else does until it is over."""

    connection: Connection
    chain: Chain
    act: Act


@contextmanager
def read(engine: Engine, address: Address) -> Generator[Connection, None, None]:
    """Open a transaction that sees the registry as it is at one moment, whatever others write meanwhile."""
    with failures(address), engine.connect() as connection:
        if address.file is None:
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


@contextmanager
def write(engine: Engine, address: Address, done: Act) -> Generator[Writing, None, None]:
    """Open a transaction that writes; all of it is saved when the block ends, or nothing."""
    saving: list[bool] = []
    with failures(address, saving=saving), engine.connect() as connection, writing(connection).begin():
        # The lock on this row is what keeps writers in a queue on PostgreSQL; SQLite locks the file.
        row = connection.execute(select(REGISTRY.c.entries, REGISTRY.c.hash).with_for_update()).one_or_none()
        if row is None:
            raise NoRegistry(f"{address.shown} is no registry that can be written; restore it into a new one.")
        chain = Chain(*row)
        yield Writing(connection, chain, done)
        if chain.entries != row.entries:
            connection.execute(update(REGISTRY).values(entries=chain.entries, hash=chain.hash))
        saving.append(True)
