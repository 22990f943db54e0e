"""The audit: nobody can change it through the database, and whoever does so all the same is found out."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from isotherm.registry.address import address_of
from isotherm.registry.audit import FIELDS
from isotherm.registry.backup import engine_of
from isotherm.registry.store import Store, open_store
from tests.registry.made_up import WHO, patient, record


@contextmanager
def behind_its_back(address: str) -> Iterator[Connection]:
    """A connection to the database of a registry, without a word to the registry."""
    with engine_of(address_of(address)) as engine, engine.begin() as connection:
        yield connection


def do(address: str, *statements: str) -> None:
    with behind_its_back(address) as connection:
        for one in statements:
            connection.exec_driver_sql(one)


def without_triggers(address: str, *statements: str) -> None:
    """Change what only somebody can who takes triggers and ties off, and puts them back."""
    if "://" in address:
        return do(address, "SET session_replication_role = replica", *statements)
    with closing(sqlite3.connect(address, isolation_level=None)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for one in (*(f"DROP TRIGGER {name}" for name, _ in rows), *statements, *(sql for _, sql in rows)):
            connection.execute(one)


@pytest.fixture
def filled(address: str) -> str:
    with open_store(address) as store:
        store.add([*patient(lesions=2), record("lesion", "3", organ="lung")], **WHO)
        store.revise("lesion", "P1", "1", {"place": "V"}, revision=1, by="eve", why="seen on MRI")
        store.withdraw("lesion", "P1", "3", revision=1, **WHO)
        assert not store.verify().problems
    return address


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET who = 'nobody'",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE entry = 12",
        'DELETE FROM "lesion"',
        "DELETE FROM patient",
    ],
)
def test_the_database_itself_refuses_to_change_the_audit_or_to_delete(filled: str, statement: str) -> None:
    with pytest.raises(DBAPIError, match="is only added to"):
        do(filled, statement)
    with open_store(filled) as store:
        assert not store.verify().problems


def test_nothing_is_replaced_or_emptied(filled: str) -> None:
    columns = ", ".join((*FIELDS, "hash"))
    replaced = f"INSERT OR REPLACE INTO audit ({columns}) SELECT {columns} FROM audit WHERE entry = 2"
    with pytest.raises(DBAPIError, match="only added to"):
        do(filled, replaced if "://" not in filled else "TRUNCATE audit")
    if "://" in filled:
        with pytest.raises(DBAPIError, match="only added to"):
            do(filled, "TRUNCATE patient CASCADE")


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["UPDATE audit SET who = 'adam' WHERE entry = 3"], "The audit is not as it was written, from entry 3 on"),
        (["UPDATE audit SET at = '2020-01-01' WHERE entry = 1"], "from entry 1 on"),
        (["UPDATE audit SET old = NULL WHERE action = 'revised'"], "from entry 11 on"),
        (["DELETE FROM audit WHERE entry = 4"], "from entry 4 on"),
        (["DELETE FROM audit WHERE entry = 12"], "ends with entry 11, and 12 were written"),
        (["UPDATE audit SET entry = entry + 1 WHERE entry = 12"], "from entry 12 on"),
        (["DELETE FROM audit"], "ends with entry 0, and 12 were written"),
        (["UPDATE registry SET registry_id = 'x'"], "from entry 1 on"),
        (["UPDATE registry SET entries = 13"], "ends with entry 12, and 13 were written"),
        (["DELETE FROM registry"], "does not say which one it is"),
        (["UPDATE lesion SET place = 'I' WHERE lesion_id = '1'"], "1 records of kind lesion differ from what the"),
        (["UPDATE lesion SET withdrawn = false"], "1 records of kind lesion differ"),
        (["UPDATE lesion SET revision = 3 WHERE lesion_id = '1'"], "1 records of kind lesion differ"),
        (["UPDATE lesion SET unknown = '' WHERE lesion_id = '1'"], "1 records of kind lesion differ"),
        (["UPDATE lesion SET place = 'kidney' WHERE lesion_id = '1'"], "1 records of kind lesion hold what no such"),
        (["UPDATE reading SET diameter_mm = 1e9 WHERE reading_id = '1'"], "1 records of kind reading hold what no"),
        (["DELETE FROM ablation"], "2 records of kind ablation are only in the audit"),
        (["DELETE FROM lesion WHERE lesion_id = '2'"], "1 records of kind reading point to a lesion that is not"),
        (["INSERT INTO death (patient_id, died_on, unknown, revision, withdrawn) "
          "VALUES ('P1', '2025-01-01', '', 1, false)"], "1 records of kind death differ"),
    ],
)  # fmt: skip
def test_what_was_changed_behind_its_back_is_found(filled: str, statements: list[str], found: str) -> None:
    without_triggers(filled, *statements)
    with open_store(filled) as store:
        problems = store.verify().problems
    assert any(found in one for one in problems), problems
    assert not any("P1" in one or "kidney" in one for one in problems)


def test_triggers_that_were_taken_away_are_missed(filled: str) -> None:
    table = "" if "://" not in filled else " ON lesion"
    do(filled, f"DROP TRIGGER keep_lesion{table}")
    with open_store(filled) as store:
        assert any("1 of the triggers" in one for one in store.verify().problems)


def test_whoever_rewrites_the_whole_chain_is_found_by_a_hash_that_was_noted(filled: str) -> None:
    with open_store(filled) as store:
        noted = store.verify().hash
        store.add([record("lesion", "4", organ="liver")], **WHO)
        assert not store.verify(noted=noted).problems
        entries = store.history()
        registry_id = str(store.identity()["registry_id"])
    before = hashlib.sha256(f"isotherm registry {registry_id}".encode()).hexdigest()
    statements: list[str] = []
    for one in entries:
        who = "adam" if one.entry == 3 else one.who
        told = [getattr(one, name) for name in FIELDS]
        told[FIELDS.index("who")] = who
        parts = ["null" if part is None else str(part) for part in told]
        before = hashlib.sha256("\x1f".join([before, *parts]).encode()).hexdigest()
        statements.append(f"UPDATE audit SET who = '{who}', hash = '{before}' WHERE entry = {one.entry}")
    without_triggers(filled, *statements, f"UPDATE registry SET hash = '{before}'")
    with open_store(filled) as store:
        assert not store.verify().problems  # the chain alone cannot tell
        assert store.verify(noted=noted).problems == ("The hash that was noted is not in the audit any more.",)


def test_the_chain_of_another_registry_does_not_fit(store: Store, tmp_path: Any) -> None:
    with open_store(str(tmp_path / "other.registry"), create=True) as other:
        assert other.identity()["hash"] != store.identity()["hash"]
        assert not other.verify().problems
        assert other.verify(noted=str(store.identity()["hash"])).problems


def test_what_was_done_together_is_counted_whole_up_to_an_entry(filled: str) -> None:
    with open_store(filled) as store:
        store.add([*patient("P2"), record("lesion", "4", organ="lung")], **WHO)
        added = store.history(patient_id="P2")

        whole, own = store.counted(store.history()[-1]), store.counted(added[-1], patient_id="P2")

    assert (sum(whole.records.values()), whole.patients) == (len(added) + 1, 2)
    assert own.records["added", "lesion"] == 1
    assert (sum(own.records.values()), own.patients) == (len(added), 1)
