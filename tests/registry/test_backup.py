"""Backup, restore and upgrade: from either database into either, all of it or nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from isotherm.errors import NoRegistry, OtherRevision, OutputError, StoreError
from isotherm.registry.address import address_of
from isotherm.registry.backup import bring_up_to_date, engine_of, restore
from isotherm.registry.migrate import downgrade
from isotherm.registry.revisions import HEAD, REVISIONS
from isotherm.registry.store import Store, open_store
from tests.registry.made_up import WHO, patient, record
from tests.registry.postgresql import PostgreSQL


def fill(store: Store) -> None:
    store.add([*patient(lesions=2), *patient("P2"), record("lesion", "8", organ="lung", note="a\n'b\" ὑ")], **WHO)
    store.revise("lesion", "P1", "1", {"place": "V"}, revision=1, unknown=["perihilar"], **WHO)
    store.withdraw("lesion", "P1", "8", revision=1, **WHO)


def everything(store: Store) -> tuple[object, ...]:
    kept = [store.patient(key, withdrawn=True) for key in ("P1", "P2")]
    return kept, store.history(), store.identity()


def test_a_backup_is_restored_into_either_database(store: Store, new_address: str, tmp_path: Path) -> None:
    fill(store)
    store.backup(tmp_path / "b.backup")
    assert [path.name for path in tmp_path.glob("b.backup*")] == ["b.backup"]
    assert restore(tmp_path / "b.backup", new_address) == HEAD
    with open_store(new_address) as again:
        assert everything(again) == everything(store)
        assert not again.verify().problems
        again.revise("lesion", "P2", "1", {"place": "II"}, revision=1, **WHO)
        assert not again.verify(noted=str(store.identity()["hash"])).problems
        again.backup(tmp_path / "c.backup")
    with open_store(str(tmp_path / "c.backup")) as copied:
        assert copied.history()[: len(store.history())] == store.history()


def test_a_backup_is_a_registry_itself_and_a_new_file(store: Store, tmp_path: Path) -> None:
    fill(store)
    store.backup(tmp_path / "b.backup")
    with open_store(str(tmp_path / "b.backup")) as copied:
        assert everything(copied) == everything(store)
    with pytest.raises(OutputError, match=r"'b.backup' is there already"):
        store.backup(tmp_path / "b.backup")
    with pytest.raises(OutputError, match="cannot be"):
        store.backup(tmp_path / "nowhere" / "b.backup")


def test_a_registry_without_an_entry_can_be_restored_into_and_no_other(address: str, tmp_path: Path) -> None:
    with open_store(str(tmp_path / "old.registry"), create=True) as old:
        fill(old)
        old.backup(tmp_path / "b.backup")
        identity = old.identity()
    restore(tmp_path / "b.backup", address)
    with open_store(address) as store:
        assert store.identity() == identity
    with pytest.raises(OutputError, match="holds records already, or its mark as simulated; restore into a new"):
        restore(tmp_path / "b.backup", address)
    with open_store(address) as store:
        assert not store.verify().problems


def test_a_backup_that_is_not_whole_is_not_restored(tmp_path: Path, new_address: str) -> None:
    with open_store(str(tmp_path / "old.registry"), create=True) as old:
        fill(old)
        old.backup(tmp_path / "b.backup")
    with closing(sqlite3.connect(tmp_path / "b.backup", isolation_level=None)) as changed:
        changed.execute("UPDATE lesion SET place = 'I' WHERE patient_id = 'P1' AND lesion_id = '2'")
    with pytest.raises(StoreError, match="1 records of kind lesion differ from what the audit says"):
        restore(tmp_path / "b.backup", new_address)
    with pytest.raises(NoRegistry):
        open_store(new_address)


@pytest.mark.parametrize("content", [b"", b"patient_id,organ\nP1,liver\n", None])
def test_what_is_no_backup_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "b.csv").write_bytes(content)
    with pytest.raises(NoRegistry, match=r"'b.csv'"):
        restore(tmp_path / "b.csv", str(tmp_path / "new.registry"))
    assert not (tmp_path / "new.registry").exists()


def older(address: str) -> None:
    """Let a registry be as an older isotherm has made it."""
    place = address_of(address)
    with engine_of(place) as engine, engine.begin() as connection:
        downgrade(connection, to=REVISIONS[0])


def test_an_older_registry_is_refused_and_upgraded_after_a_backup(address: str, tmp_path: Path) -> None:
    with open_store(address) as store:
        fill(store)
        before = everything(store)
    older(address)
    with pytest.raises(OtherRevision, match=r"run isotherm registry upgrade .*, which makes a backup first"):
        open_store(address)
    assert bring_up_to_date(address, tmp_path / "b.backup") == REVISIONS[0]
    with open_store(address) as store:
        assert everything(store) == before
        assert not store.verify().problems
    assert bring_up_to_date(address, tmp_path / "c.backup") is None
    assert not (tmp_path / "c.backup").exists()
    with pytest.raises(OtherRevision, match="is of an older isotherm"):
        open_store(str(tmp_path / "b.backup"))


def test_an_older_backup_is_restored_as_it_was(address: str, new_address: str, tmp_path: Path) -> None:
    with open_store(address) as store:
        fill(store)
        before = everything(store)
    older(address)
    bring_up_to_date(address, tmp_path / "b.backup")
    assert restore(tmp_path / "b.backup", new_address) == REVISIONS[0]
    bring_up_to_date(new_address, tmp_path / "c.backup")
    with open_store(new_address) as store:
        assert everything(store) == before


def test_an_upgrade_without_a_place_for_its_backup_changes_nothing(address: str, tmp_path: Path) -> None:
    older(address)
    with pytest.raises(OutputError):
        bring_up_to_date(address, tmp_path / "nowhere" / "b.backup")
    with pytest.raises(OtherRevision, match="older"):
        open_store(address)


def test_a_newer_registry_is_refused_by_name(address: str, tmp_path: Path) -> None:
    with engine_of(address_of(address)) as engine, engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0999'")
    for refused in (lambda: open_store(address), lambda: bring_up_to_date(address, tmp_path / "b")):
        with pytest.raises(OtherRevision, match="of a newer isotherm: its tables have revision 0999"):
            refused()


def test_the_password_of_postgresql_is_in_no_message(postgresql: PostgreSQL) -> None:
    address = postgresql.url(postgresql.empty_database())
    with pytest.raises(NoRegistry) as refused:
        open_store(address)
    assert "SECRET" not in str(refused.value)
    assert "keeper@127.0.0.1" in str(refused.value)
