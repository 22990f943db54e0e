"""The store, alike on SQLite and PostgreSQL: what is added is there, what is refused changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadRecord, BadSetting, NoAnswer, OutputError, Overtaken, StoreError
from isotherm.registry import audit
from isotherm.registry.adding import key_of
from isotherm.registry.address import connected
from isotherm.registry.inserting import insert_rows
from isotherm.registry.reading import ROWS_AT_ONCE
from isotherm.registry.rows import row_of
from isotherm.registry.sessions import write
from isotherm.registry.store import Store, natural, open_store, shared, utc_now
from isotherm.registry.tables import RECORD_TABLES
from tests.registry.made_up import WHO, patient, record


def counting(store: Store) -> list[Record]:
    return list(store.records())


def test_what_is_added_comes_back_as_it_was_in_any_order(store: Store) -> None:
    records = patient(lesions=2)
    assert store.add(reversed(records), **WHO) == len(records)
    assert {(one.record.kind.name, one.record.id): one.record for one in store.patient("P1")} == {
        (one.kind.name, one.id): one for one in records
    }
    assert sorted(counting(store), key=key_of) == sorted(records, key=key_of)
    assert all(one.revision == 1 and not one.withdrawn for one in store.patient("P1"))
    assert store.patient("P2") == ()


def test_a_patient_is_shown_in_the_order_of_the_kinds_and_as_people_count(store: Store) -> None:
    store.add([record("patient"), *(record("lesion", key, organ="liver") for key in ("10", "2", "a", "1"))], **WHO)
    assert [one.record.id for one in store.patient("P1")] == ["", "1", "2", "10", "a"]


@pytest.mark.parametrize(
    ("records", "why", "places"),
    [
        ([record("lesion", "1", organ="liver")], "1 of the new records is in the registry already", (0,)),
        ([record("death", died_on=date(2025, 3, 1)), *patient(lesions=2)], "6 of the new .* are in the reg", None),
        ([record("lesion", "9", organ="liver")] * 2, "1 of the new records comes twice", (1,)),
        ([record("lesion", "1", of="P2", organ="liver")], "points to a record that is not there", (0,)),
        ([record("lesion", "2", organ="liver"), record("reading", "9", lesion_id="7", scan_id="1")],
         "points to a record that is not there", (1,)),
        ([record("patient", of="P2"), record("reading", "9", of="P2", lesion_id="1", scan_id="1")],
         "points to a record that is not there", (1,)),
    ],
)  # fmt: skip
def test_all_is_added_or_nothing(store: Store, records: list[Record], why: str, places: tuple[int, ...] | None) -> None:
    store.add(patient(), **WHO)
    before = (counting(store), store.history())
    with pytest.raises(BadRecord, match=why) as refused:
        store.add([record("patient", of="P9"), *records], **WHO)
    assert "P1" not in str(refused.value)
    if places is not None:
        assert refused.value.places == tuple(place + 1 for place in places)
    assert (counting(store), store.history()) == before


def test_an_import_that_breaks_off_on_its_own_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isotherm.registry.adding.AT_ONCE", 2)

    def breaking() -> Iterator[Record]:
        yield from patient(lesions=3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.add(breaking(), **WHO)
    assert (counting(store), store.history()) == ([], ())
    assert store.add(patient(), **WHO) == 6


def test_whoever_waits_too_long_for_another_writer_is_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isotherm.registry.address.WAITS_S", 0.2)

    def slow() -> Iterator[Record]:
        yield record("patient")
        with open_store(address) as other, pytest.raises(NoAnswer, match="is being written by somebody else"):
            other.add(patient("P2"), **WHO)

    with open_store(address) as store:
        assert store.add(slow(), **WHO) == 1
        assert [one.patient_id for one in store.records()] == ["P1"]


def test_a_reader_sees_one_moment_while_others_write(store: Store, address: str) -> None:
    store.add([*patient(), *patient("P2")], **WHO)
    reading = store.records("lesion")
    assert next(reading).patient_id == "P1"
    with open_store(address) as other:
        other.add(patient("P3"), **WHO)
        other.withdraw("patient", "P2", "", revision=1, **WHO)
    assert [one.patient_id for one in reading] == ["P2"]
    assert [one.patient_id for one in store.records("lesion")] == ["P1", "P3"]


def test_a_record_of_another_batch_is_found_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isotherm.registry.adding.AT_ONCE", 2)
    monkeypatch.setattr("isotherm.registry.adding.ASKED_AT_ONCE", 1)
    assert store.add(reversed([*patient(lesions=3), *patient("P2")]), **WHO) == 18
    with pytest.raises(BadRecord, match="1 of the new records") as refused:
        store.add([*patient("P3"), *patient("P4"), record("lesion", "1", of="P3", organ="lung")], **WHO)
    assert refused.value.places == (12,)
    assert len(counting(store)) == 18


def test_a_change_leaves_the_other_fields_and_can_empty_or_forget_one(store: Store) -> None:
    store.add(patient(), **WHO)
    values = {"place": "V", "perihilar": True}
    assert store.revise("lesion", "P1", "1", values, revision=1, **WHO) == 2
    assert store.revise("lesion", "P1", "1", {"place": None}, revision=2, unknown={"perihilar"}, **WHO) == 3
    (kept,) = (one for one in store.patient("P1") if one.record.kind.name == "lesion")
    assert kept.record == record("lesion", "1", organ="liver", unknown="found_on perihilar")
    assert store.revise("lesion", "P1", "1", {"found_on": date(2025, 2, 1)}, revision=3, **WHO) == 4
    assert [one.record.unknown for one in store.patient("P1") if one.record.kind.name == "lesion"] == [{"perihilar"}]


def test_a_change_that_changes_nothing_leaves_no_trace(store: Store) -> None:
    store.add(patient(), **WHO)
    before = store.history()
    assert store.revise("lesion", "P1", "1", {"place": "IVa"}, revision=1, **WHO) == 1
    assert store.history() == before


def test_whoever_read_an_older_revision_is_told_who_was_faster(store: Store) -> None:
    store.add(patient(), **WHO)
    store.revise("lesion", "P1", "1", {"place": "V"}, revision=1, by="eve", why="seen on MRI")
    with pytest.raises(Overtaken, match=r"has revision 2, last by eve on 2026-03-01 12:00 UTC; look at it again"):
        store.revise("lesion", "P1", "1", {"place": "VI"}, revision=1, **WHO)
    with pytest.raises(Overtaken):
        store.withdraw("lesion", "P1", "1", revision=1, **WHO)
    assert store.history()[-1].who == "eve"


@pytest.mark.parametrize(
    ("values", "unknown", "why"),
    [
        ({"place": "kidney"}, "", "place is one of"),
        ({"organ": None}, "", "organ is missing"),
        ({"color": "red"}, "", "color is no field"),
        ({"place": "V"}, "place", "place is both told and unknown"),
        ({}, "organ", "organ is missing"),
    ],
)
def test_a_change_to_nonsense_is_refused_and_names_the_field(
    store: Store, values: dict[str, str], unknown: str, why: str
) -> None:
    store.add(patient(), **WHO)
    before = (counting(store), store.history())
    with pytest.raises(ValueError, match=why):
        store.revise("lesion", "P1", "1", values, revision=1, unknown=unknown.split(), **WHO)
    assert (counting(store), store.history()) == before


def test_a_reference_follows_only_to_what_counts(store: Store) -> None:
    store.add([*patient(lesions=2), record("lesion", "3", organ="lung")], **WHO)
    with pytest.raises(BadRecord, match="would point to a lesion that is not there"):
        store.revise("reading", "P1", "1", {"lesion_id": "7"}, revision=1, **WHO)
    assert store.withdraw("lesion", "P1", "3", revision=1, **WHO) == 1
    with pytest.raises(BadRecord, match="would point to a lesion that was withdrawn"):
        store.revise("reading", "P1", "1", {"lesion_id": "3"}, revision=1, **WHO)
    with pytest.raises(BadRecord, match="points to a record that was withdrawn"):
        store.add([record("reading", "9", lesion_id="3", scan_id="1")], **WHO)
    with pytest.raises(BadRecord, match=r"was withdrawn; bring"):
        store.add([record("lesion", "3", organ="lung")], **WHO)


def test_what_others_point_to_cannot_be_withdrawn_before_them(store: Store) -> None:
    store.add(patient(), **WHO)
    with pytest.raises(BadRecord, match=r"other records point to it \(1 of kind reading, 1 of kind ablation\)"):
        store.withdraw("lesion", "P1", "1", revision=1, **WHO)
    for kind in ("reading", "ablation", "lesion"):
        store.withdraw(kind, "P1", "1", revision=1, **WHO)
    assert [one.record.kind.name for one in store.patient("P1")] == ["patient", "scan", "session"]


def test_what_is_withdrawn_is_kept_and_can_be_reinstated(store: Store) -> None:
    store.add([*patient(), record("lesion", "2", organ="lung", place="lingula")], **WHO)
    store.withdraw("lesion", "P1", "2", revision=1, **WHO)
    assert [one.id for one in store.records("lesion")] == ["1"]
    fields = [field.name for field in RECORD_KINDS["lesion"].fields]
    assert store.columns("lesion", without=fields) == {"patient_id": ["P1"], "lesion_id": ["1"]}
    (gone,) = (one for one in store.patient("P1", withdrawn=True) if one.withdrawn)
    assert (gone.record.get("place"), gone.revision) == ("lingula", 2)
    for change in (lambda: store.withdraw("lesion", "P1", "2", revision=2, **WHO),
                   lambda: store.revise("lesion", "P1", "2", {"place": None}, revision=2, **WHO),
                   lambda: store.reinstate("lesion", "P1", "1", revision=1, **WHO)):  # fmt: skip
        with pytest.raises(BadRecord, match="withdrawn"):
            change()
    assert store.reinstate("lesion", "P1", "2", revision=2, **WHO) == 3
    assert [one.id for one in store.records("lesion")] == ["1", "2"]


def test_what_is_written_under_an_id_that_was_drawn_is_found_by_it_and_nothing_else_is(store: Store) -> None:
    drawn = "0123456789abcdef0123456789abcdef"
    assert store.entry_of(drawn) is None
    with audit.written_as(drawn):
        store.add(patient(lesions=2), **WHO)
    store.add(patient("P2"), **WHO)

    first = store.entry_of(drawn)
    assert first is not None
    assert (first.entry, first.patient_id) == (store.history(patient_id="P1")[0].entry, "P1")
    assert {one.transaction_id for one in store.history(patient_id="P1")} == {drawn}
    assert drawn not in {one.transaction_id for one in store.history(patient_id="P2")}
    with audit.written_as("refused"), pytest.raises(BadRecord):
        store.add(patient(lesions=2), **WHO)
    assert store.entry_of("refused") is None
    assert store.verify().problems == ()


def test_a_patient_is_withdrawn_with_everything(store: Store) -> None:
    store.add([*patient(lesions=2), *patient("P2")], **WHO)
    assert store.withdraw("patient", "P1", "", revision=1, by="ada", why="consent withdrawn") == 9
    assert {one.patient_id for one in store.records()} == {"P2"}
    assert len({one.transaction_id for one in store.history(patient_id="P1")}) == 2
    with pytest.raises(BadRecord, match="would point to a patient that was withdrawn"):
        store.reinstate("lesion", "P1", "1", revision=2, **WHO)
    store.reinstate("patient", "P1", "", revision=2, **WHO)
    store.reinstate("lesion", "P1", "1", revision=2, **WHO)


def test_the_audit_says_who_did_what_when_and_why_with_old_and_new(store: Store) -> None:
    store.add([record("patient", sex="male"), record("lesion", "1", organ="liver", unknown="place")], **WHO)
    store.revise("lesion", "P1", "1", {"place": "V"}, revision=1, by="eve", why="seen on MRI")
    store.withdraw("lesion", "P1", "1", revision=2, by="bob", why="was a cyst")
    added, revised, withdrawn = store.history(patient_id="P1", kind_name="lesion", record_id="1")
    assert (added.action, added.who, added.why, added.revision, added.old) == ("added", "ada", "typed in", 1, None)
    assert json.loads(added.new or "") == {"organ": "liver", "place": None}
    assert (revised.action, revised.who, revised.at) == ("revised", "eve", "2026-03-01T12:00:02.000000Z")
    assert (revised.old, json.loads(revised.new or "")) == (added.new, {"organ": "liver", "place": "V"})
    assert (withdrawn.action, withdrawn.old, withdrawn.new) == ("withdrawn", revised.new, None)
    assert [one.entry for one in store.history()] == [1, 2, 3, 4]
    assert store.history(last=2) == (revised, withdrawn)
    assert all(one.hash != two.hash for one, two in pairwise(store.history()))
    assert store.identity()["hash"] == withdrawn.hash


@pytest.mark.parametrize("by", ["", "a\x00b", "x" * 2001, "a\x1fb"])
def test_who_writes_and_why_are_said_in_words(store: Store, by: str) -> None:
    with pytest.raises(BadSetting, match="by is words"):
        store.add(patient(), by=by, why="x")
    with pytest.raises(BadSetting, match="why is words"):
        store.add(patient(), by="x", why=by)


@pytest.mark.parametrize(
    "words",
    ["'; DROP TABLE lesion; --", '"quoted" \\ \\x41 $1 %s %(a)s ? :name {}', "ὑγρός 肝 🩻 e\u0301", "a\nb", "null"],
)
def test_words_are_kept_letter_by_letter(store: Store, words: str) -> None:
    store.add([record("patient"), record("lesion", "1", organ="liver", note=words)], by=words, why=words)
    assert store.patient("P1")[1].record.get("note") == words
    (entry,) = store.history(kind_name="lesion")
    assert (entry.who, entry.why, json.loads(entry.new or "")["note"]) == (words, words, words)
    assert not store.verify().problems


def test_ten_thousand_records_of_one_patient(store: Store) -> None:
    store.add([record("patient"), *(record("lesion", str(n), organ="liver") for n in range(10_000))], **WHO)
    assert len(store.patient("P1")) == 10_001
    with pytest.raises(BadRecord, match="at least 5000 of the new records are in the registry"):
        store.add((record("lesion", str(n), organ="liver") for n in range(10_000)), **WHO)


def test_columns_hold_the_records_that_count_with_keys_and_fields(store: Store) -> None:
    store.add([*patient(), *patient("P2"), *patient("P3")], **WHO)
    lesion = store.columns("lesion")
    assert list(lesion) == ["patient_id", "lesion_id", *(field.name for field in RECORD_KINDS["lesion"].fields)]
    told = zip(lesion["patient_id"], lesion["lesion_id"], lesion["organ"], lesion["place"], strict=True)
    assert sorted(told) == [(key, "1", "liver", "IVa") for key in ("P1", "P2", "P3")]
    one = store.columns("patient", {"P2", "nobody"})
    assert (one["patient_id"], str(one["born_on"][0]), one["diabetes"][0] == 1) == (["P2"], "1950-01-01", True)
    assert store.columns("patient", ()) == {name: [] for name in one}


def test_columns_of_more_records_than_are_fetched_at_once_keep_every_row_together(store: Store) -> None:
    keys = [str(n) for n in range(2 * ROWS_AT_ONCE + 1)]
    store.add([record("patient"), *(record("lesion", key, organ="liver", note=f"of {key}") for key in keys)], **WHO)
    found = store.columns("lesion")
    assert sorted(zip(found["lesion_id"], found["note"], strict=True)) == sorted((key, f"of {key}") for key in keys)


def test_rows_that_the_tables_refuse_leave_nothing_and_are_one_sentence(store: Store) -> None:
    """No verb of the store gets there: two rows with the same keys, straight into a table."""
    engine, row = connected(store.address), row_of(record("patient"))
    with pytest.raises(StoreError, match="was refused by the rules of its tables; nothing of this was saved"):
        with write(engine, store.address, audit.act("ada", "typed in", utc_now())) as writing:
            insert_rows(writing.connection, RECORD_TABLES["patient"], [row, row])
    engine.dispose()
    assert store.columns("patient")["patient_id"] == []


@pytest.mark.parametrize("kind", ["tumor", "", "lesion; --"])
def test_a_kind_that_there_is_not_is_refused(store: Store, kind: str) -> None:
    with pytest.raises(BadSetting, match="No such kind of record"):
        store.columns(kind)
    with pytest.raises(BadSetting, match="No such kind of record"):
        store.withdraw(kind, "P1", "1", revision=1, **WHO)


def test_a_record_that_there_is_not_is_refused(store: Store) -> None:
    with pytest.raises(BadRecord, match="There is no such lesion"):
        store.revise("lesion", "P1", "1", {}, revision=1, **WHO)
    with pytest.raises(BadRecord, match="needs its lesion_id"):
        store.revise("lesion", "P1", "", {}, revision=1, **WHO)
    with pytest.raises(BadRecord, match="A death has no key of its own"):
        store.withdraw("death", "P1", "1", revision=1, **WHO)


def test_keys_sort_as_people_count() -> None:
    assert sorted(["b2", "b10", "a", "10", "9", "1.2"], key=natural) == ["1.2", "9", "10", "a", "b2", "b10"]


@given(data=st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_done_the_audit_tells_it(store: Store, data: st.DataObject) -> None:
    """A model of one lesion, and any acts on it: the store does the same, and stays whole."""
    key = f"P{len(store.columns('patient')['patient_id']) + 1}"
    store.add([record("patient", of=key), record("lesion", "1", of=key, organ="liver")], **WHO)
    state: dict[str, str | None] = {"organ": "liver"}
    revision, gone = 1, False
    for act in data.draw(st.lists(st.sampled_from(["V", "VI", None, "unknown", "withdraw", "reinstate"]), max_size=6)):
        before = dict(state), gone
        if act == "withdraw" and not gone:
            store.withdraw("lesion", key, "1", revision=revision, **WHO)
            gone = True
        elif act == "reinstate" and gone:
            store.reinstate("lesion", key, "1", revision=revision, **WHO)
            gone = False
        elif act not in ("withdraw", "reinstate") and not gone:
            unknown = ["place"] if act == "unknown" else []
            store.revise(
                "lesion", key, "1", {} if unknown else {"place": act}, revision=revision, unknown=unknown, **WHO
            )
            state = {"organ": "liver"} | ({} if act is None else {"place": None if unknown else act})
        revision += (dict(state), gone) != before
    entries = store.history(patient_id=key, kind_name="lesion")
    assert len(entries) == entries[-1].revision == revision
    assert (None if entries[-1].new is None else json.loads(entries[-1].new)) == (None if gone else state)
    assert not store.verify().problems


def test_those_who_share_a_registry_share_its_connections_and_who_closes_one_ends_nothing(tmp_path: Path) -> None:
    address = str(tmp_path / "shared.registry")
    open_store(address, create=True).close()

    with shared(address):
        first, second = open_store(address), open_store(address)
        first.add(patient("P1"), **WHO)
        first.close()
        assert second.patient("P1")
        with pytest.raises(OutputError):
            open_store(address, create=True)
    with open_store(address) as after:
        assert after.patient("P1")
        assert not after.verify().problems
    assert not (tmp_path / "shared.registry-wal").exists()
