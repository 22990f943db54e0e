"""Since a study read a registry: what was added, corrected or withdrawn, or that it is another registry by now."""

from __future__ import annotations

from pathlib import Path
from shutil import copyfile

import pytest

from isotherm.app.registry_since import ANOTHER, APART, SAME, registry_since
from isotherm.registry.store import open_store
from tests.registry.made_up import WHO, patient, record


@pytest.fixture
def filled(address: str) -> str:
    with open_store(address) as store:
        store.add([*patient(lesions=2), record("lesion", "3", organ="lung")], **WHO)
    return address


def read(address: str) -> dict[str, object]:
    with open_store(address) as store:
        return {name: store.identity()[name] for name in ("registry_id", "entries", "hash")}


def test_a_registry_that_nobody_changed_is_the_same(filled: str) -> None:
    found = registry_since(filled, read(filled))
    assert (found.says, found.asks_again) == (SAME, False)


def test_records_are_counted_by_what_was_done_to_them_and_each_once(filled: str) -> None:
    before = read(filled)
    with open_store(filled) as store:
        store.add([record("lesion", "4", organ="liver"), record("lesion", "5", organ="liver")], **WHO)
        store.revise("lesion", "P1", "1", {"place": "V"}, revision=1, **WHO)
        store.revise("lesion", "P1", "1", {"place": "VI"}, revision=2, **WHO)
        store.withdraw("lesion", "P1", "3", revision=1, **WHO)
        assert dict(store.since(int(str(before["entries"]))).records) == {"added": 2, "revised": 1, "withdrawn": 1}
    found = registry_since(filled, before)
    assert found.asks_again
    done = "2 records were added, 1 corrected and 1 withdrawn in the registry"
    assert found.says == f"Since this run, {done}; a new run tells whether that changes these numbers."
    with open_store(filled) as store:
        store.reinstate("lesion", "P1", "3", revision=2, **WHO)
        now = read(filled)
        store.revise("lesion", "P1", "1", {"place": "V"}, revision=3, **WHO)
    assert "1 withdrawn and 1 brought back in the registry" in registry_since(filled, before).says
    assert registry_since(filled, now).says.startswith("Since this run, 1 record was corrected in the registry;")


def test_a_registry_that_was_empty_when_it_was_read_has_everything_since(address: str) -> None:
    before = read(address)
    assert registry_since(address, before).says == SAME
    with open_store(address) as store:
        store.add(patient(lesions=1), **WHO)
    assert "records were added in the registry" in registry_since(address, before).says


def test_another_registry_and_a_copy_of_before_are_told_and_nothing_is_counted(tmp_path: Path) -> None:
    one, copy, other = (str(tmp_path / f"{name}.registry") for name in ("one", "copy", "other"))
    for place in (one, other):
        with open_store(place, create=True) as store:
            store.add(patient(lesions=1), **WHO)
    copyfile(one, copy)
    with open_store(one) as store:
        store.add([record("lesion", "7", organ="liver")], **WHO)
    assert registry_since(other, read(one)).says == ANOTHER
    assert registry_since(copy, read(one)).says == APART
    with open_store(copy) as store:
        store.add([record("lesion", "8", organ="liver"), record("lesion", "9", organ="liver")], **WHO)
    assert registry_since(copy, read(one)).says == APART
