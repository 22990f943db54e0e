"""What a database says, in words of this house: which error it becomes, and that nothing of a statement is repeated."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError, OperationalError

from isotherm.errors import DamagedRegistry, IsothermError, NoAnswer, NotAdmitted, OutputError, StoreError
from isotherm.registry.address import address_of
from isotherm.registry.failures import failures

ADDRESS = address_of("postgresql://ada:SECRET@host/x")


def said(error: Exception, *, saving: list[bool] | None = None) -> IsothermError:
    with pytest.raises(IsothermError) as told, failures(ADDRESS, saving=saving):
        raise error
    return told.value


@pytest.mark.parametrize(
    ("origin", "kind", "why"),
    [
        (errors.LockNotAvailable, NoAnswer, "is being written by somebody else for more than 60 s"),
        (errors.InsufficientPrivilege, NotAdmitted, "does not let us into postgresql://ada@host/x"),
        (errors.InvalidPassword, NotAdmitted, "does not let us into"),
        (errors.DiskFull, OutputError, "the disk is full"),
        (errors.ReadOnlySqlTransaction, OutputError, "must be writable"),
        (errors.DataCorrupted, DamagedRegistry, "restore its last backup"),
        (errors.AdminShutdown, NoAnswer, "does not answer for postgresql://ada@host/x, or broke off"),
        (errors.SyntaxError, StoreError, r"was refused by PostgreSQL \(42601\)"),
    ],
)
def test_each_state_of_postgresql_has_its_sentence(
    origin: type[psycopg.Error], kind: type[IsothermError], why: str
) -> None:
    wrapped = OperationalError if issubclass(origin, psycopg.OperationalError) else DBAPIError
    told = said(wrapped("INSERT INTO patient", {"patient_id": "P1"}, origin("P1 is SECRET")))
    assert type(told) is kind
    assert told.__cause__ is None
    with pytest.raises(kind, match=why):
        raise told
    assert not any(word in str(told) for word in ("P1", "SECRET", "INSERT"))


def test_a_break_in_the_moment_of_saving_leaves_in_doubt_and_says_so() -> None:
    broken = OperationalError("COMMIT", {}, psycopg.OperationalError("server closed the connection"))
    assert "what was not confirmed was not saved" in str(said(broken, saving=[]))
    assert "look with isotherm registry audit whether it did" in str(said(broken, saving=[True]))


def test_what_tables_refuse_and_what_is_unforeseen_asks_for_a_report() -> None:
    refused = said(IntegrityError("INSERT", {"patient_id": "P1"}, errors.UniqueViolation("P1")))
    assert str(refused).endswith("was refused by the rules of its tables; nothing of this was saved. Please report it.")
    assert "InvalidRequestError; please report it" in str(said(InvalidRequestError("SECRET")))


def test_a_file_of_the_importer_is_no_damage_of_the_registry() -> None:
    wrong = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
    assert type(said(wrong)) is DamagedRegistry
    with pytest.raises(UnicodeDecodeError), failures(ADDRESS, saving=[]):
        raise wrong
