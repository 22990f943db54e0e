"""A registry in which nobody ever lived says so itself: from its first entry on, for good, in either database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from isotherm.clinical.record import Record
from isotherm.errors import BadRecord, BadSetting, OutputError
from isotherm.registry.backup import restore
from isotherm.registry.simulated import is_of_simulated_images
from isotherm.registry.store import Store, open_store
from tests.registry.conftest import Clock
from tests.registry.made_up import WHO, patient, record
from tests.registry.test_audit import without_triggers

OF_IMAGES = "margins/1/margin.json, sha256 0123456789abcdef"


@pytest.fixture
def marked(new_address: str) -> str:
    """The address of a registry in which nobody ever lived, nor is."""
    open_store(new_address, create=True, simulated_by="ada", clock=Clock()).close()
    return new_address


@pytest.fixture
def simulated(marked: str) -> Iterator[Store]:
    """The same, open, with one patient."""
    with open_store(marked, clock=Clock()) as store:
        store.add(patient(), **WHO)
        yield store


def margin(result: str) -> list[Record]:
    return [record("margin", "1", lesion_id="1", scan_id="1", ablation_id="1", status="measured",
                   minimal_margin_mm=4.0, result=result)]  # fmt: skip


def test_the_mark_is_the_first_entry_of_the_audit_with_who_and_why(simulated: Store) -> None:
    assert simulated.simulated()
    first, *rest = simulated.history()
    assert (first.entry, first.action, first.kind, first.patient_id, first.record_id) == (
        1,
        "marked",
        "registry",
        "",
        "",
    )
    assert (first.who, first.why) == ("ada", "nobody in this registry ever lived")
    assert {one.kind for one in rest} == {"patient", "scan", "session", "lesion", "reading", "ablation"}
    assert simulated.identity()["entries"] == 7


def test_it_is_whole_and_its_look_at_everything_says_that_nobody_lived(simulated: Store) -> None:
    verified = simulated.verify()
    assert (verified.problems, verified.simulated, verified.records) == ((), True, 6)


def test_a_registry_that_was_made_without_it_has_none_and_works_as_before(store: Store) -> None:
    assert not store.simulated()
    assert store.history() == ()
    store.add(patient(), **WHO)
    verified = store.verify()
    assert (verified.problems, verified.simulated) == ((), False)


def test_a_registry_that_is_there_is_not_marked_afterwards(address: str) -> None:
    with pytest.raises(OutputError, match="marked as simulated when it is made, never afterwards; name a new one"):
        open_store(address, create=True, simulated_by="eve")
    with pytest.raises(BadSetting, match="marked as simulated when it is made, never afterwards"):
        open_store(address, simulated_by="eve")
    with open_store(address) as store:
        assert not store.simulated()
        assert store.history() == ()


@pytest.mark.parametrize("who", ["", "a\x00b"])
def test_who_marks_it_has_a_name_and_without_one_nothing_is_made(new_address: str, who: str) -> None:
    with pytest.raises(BadSetting, match="Who writes and why stand in the audit"):
        open_store(new_address, create=True, simulated_by=who)
    open_store(new_address, create=True).close()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM audit WHERE entry = 1", "not as it was written, from entry 1 on"),
        ("UPDATE audit SET new = '{\"simulated\": false}' WHERE entry = 1", "from entry 1 on"),
        ("UPDATE audit SET kind = 'patient' WHERE entry = 1", "from entry 1 on"),
        (
            "UPDATE audit SET kind = 'registry', action = 'marked' WHERE entry = 3",
            "1 entries of the audit are about the",
        ),
    ],
)
def test_a_mark_that_was_taken_away_or_put_elsewhere_is_found(marked: str, statement: str, found: str) -> None:
    with open_store(marked) as store:
        store.add(patient(), **WHO)
    without_triggers(marked, statement)
    with open_store(marked) as store:
        problems = store.verify().problems
    assert any(found in one for one in problems), problems


def test_an_entry_further_down_marks_nothing(address: str) -> None:
    with open_store(address) as store:
        store.add(patient(), **WHO)
    statement = """UPDATE audit SET kind = 'registry', action = 'marked', new = '{"simulated": true}' WHERE entry = 2"""
    without_triggers(address, statement)
    with open_store(address) as store:
        assert not store.simulated()


def test_a_backup_has_it_and_so_has_what_is_restored(simulated: Store, address: str, tmp_path: Path) -> None:
    simulated.backup(tmp_path / "b.backup")
    with open_store(str(tmp_path / "b.backup")) as copied:
        assert copied.simulated()
    restore(tmp_path / "b.backup", address)  # into the other database as well: a registry without an entry
    with open_store(address) as again:
        assert again.simulated()
        assert again.history() == simulated.history()
        assert not again.verify().problems


def test_no_backup_of_patients_is_restored_into_a_registry_with_the_mark(marked: str, tmp_path: Path) -> None:
    with open_store(str(tmp_path / "real.registry"), create=True) as real:
        real.add(patient(), **WHO)
        real.backup(tmp_path / "b.backup")
    with pytest.raises(OutputError, match="or its mark as simulated; restore into a new one"):
        restore(tmp_path / "b.backup", marked)
    with open_store(marked) as store:
        assert store.simulated()
        assert store.patient("P1") == ()


def test_a_margin_of_simulated_images_goes_only_where_nobody_ever_lived(simulated: Store, store: Store) -> None:
    store.add(patient(), **WHO)
    simulated.add(margin(f"{OF_IMAGES}, simulated"), **WHO)
    before = store.history()
    for write in (store.add, store.put, lambda some, **who: store.import_all(some, (), **who)):
        with pytest.raises(
            BadRecord, match="measured on simulated images goes into no registry of patients"
        ) as refused:
            write(margin(f"{OF_IMAGES}, simulated"), **WHO)
        assert refused.value.places == (0,)
        assert "P1" not in str(refused.value)
    assert store.history() == before


def test_nor_does_one_become_so_by_a_change(store: Store) -> None:
    store.add([*patient(), *margin(OF_IMAGES)], **WHO)
    with pytest.raises(BadRecord, match="simulated images"):
        store.revise("margin", "P1", "1", {"result": f"{OF_IMAGES}, Simulated "}, revision=1, **WHO)
    store.revise("margin", "P1", "1", {"minimal_margin_mm": 3.0}, revision=1, **WHO)


def test_what_an_older_isotherm_let_in_can_be_told_again_and_withdrawn(address: str) -> None:
    with open_store(address) as store:
        store.add([*patient(), *margin(OF_IMAGES)], **WHO)
    without_triggers(address, f"UPDATE margin SET result = '{OF_IMAGES}, simulated'")  # before there was a rule
    with open_store(address) as store:
        assert store.put(margin(f"{OF_IMAGES}, simulated"), **WHO).same == 1
        assert store.withdraw("margin", "P1", "1", revision=1, **WHO) == 1


@pytest.mark.parametrize(("kind", "values", "is_one"), [
    ("margin", {"lesion_id": "1", "scan_id": "1", "status": "measured", "result": "a, simulated"}, True),
    ("margin", {"lesion_id": "1", "scan_id": "1", "status": "measured", "result": "simulated/margin.json"}, False),
    ("margin", {"lesion_id": "1", "scan_id": "1", "status": "measured"}, False),
    ("lesion", {"organ": "liver", "note": "a, simulated"}, False),
])  # fmt: skip
def test_only_a_margin_says_of_itself_what_it_was_measured_on(
    kind: str, values: dict[str, str], *, is_one: bool
) -> None:
    assert is_of_simulated_images(record(kind, "1", **values)) is is_one


def test_the_file_needs_no_other_tables_so_that_what_was_made_before_is_opened_as_it_is(
    made_file: Path, tmp_path: Path
) -> None:
    marked = tmp_path / "marked.registry"
    open_store(str(marked), create=True, simulated_by="ada").close()
    asked = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
    tables = []
    for file in (made_file, marked):
        with closing(sqlite3.connect(file)) as connection:
            tables.append(connection.execute(asked).fetchall())
    assert tables[0] == tables[1]
