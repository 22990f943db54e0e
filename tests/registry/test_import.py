"""An import, on SQLite and on PostgreSQL alike: what the tables hold, once, and changes with it in one transaction."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Barrier

import pytest

from isotherm.app.registry_exchange_tasks import Imported, Wish, export_records, import_records
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadRecord
from isotherm.exchange.record_check import key_of
from isotherm.exchange.record_tables_out import write_tables
from isotherm.registry.store import open_store

RECORDS = [
    Record(kind=RECORD_KINDS["patient"], patient_id="007", values={"sex": "female", "bmi_kg_m2": 23.456789012345678},
           unknown=frozenset({"born_on"})),
    Record(kind=RECORD_KINDS["lesion"], patient_id="007", id="1", values={
        "organ": "liver", "perihilar": False, "found_on": date(2024, 2, 29), "note": "=1+1\n'ä€🫀 "}),
    Record(kind=RECORD_KINDS["systemic"], patient_id="007", id="a", values={"started_on": date(2024, 3, 1), "line": 2}),
]  # fmt: skip


def imported(address: str, path: Path, *, update: bool = False, dry_run: bool = False) -> Imported:
    wish = Wish(path=str(path), form="tables", update=update, dry_run=dry_run)
    return import_records(address, wish, today=date(2026, 11, 26), by="test", why="test", progress=lambda _: None)


@pytest.mark.parametrize("form", ["csv", "excel", "parquet"])
def test_records_go_in_and_come_out_as_they_were(address: str, tmp_path: Path, form: str) -> None:
    place = tmp_path / ("in.xlsx" if form == "excel" else "in")
    write_tables(RECORDS, place, form=form)  # pyright: ignore[reportArgumentType]
    assert imported(address, place).done
    with open_store(address) as store:
        assert {key_of(one): one for one in store.records()} == {key_of(one): one for one in RECORDS}
    again = imported(address, place, update=True)
    assert (again.done, again.plan.new, again.plan.same, again.plan.changes) == (False, (), 3, ())
    assert export_records(address, str(tmp_path / "out"), "csv") == {"patient": 1, "lesion": 1, "systemic": 1}


def test_changes_and_new_records_are_written_together(address: str, tmp_path: Path) -> None:
    write_tables(RECORDS, tmp_path / "in", form="csv")
    imported(address, tmp_path / "in")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "lesion.csv").write_text(
        "patient_id,lesion_id,organ,perihilar\n007,1,lung,\n007,2,lung,true\n"
    )
    shown = imported(address, tmp_path / "more", dry_run=True)
    assert [one.fields for one in shown.plan.changes] == [("organ",)]
    assert imported(address, tmp_path / "more", update=True).done
    with open_store(address) as store:
        kept = {one.record.id: one for one in store.patient("007") if one.record.kind.name == "lesion"}
        last = store.history(patient_id="007", kind_name="lesion")[-2:]
    assert {one.action for one in last} == {"added", "revised"}
    assert len({one.transaction_id for one in last}) == 1
    assert (kept["1"].record.get("organ"), kept["1"].record.get("perihilar"), kept["1"].revision) == ("lung", False, 2)
    assert kept["2"].record.get("perihilar") is True


@pytest.mark.parametrize("others", [False, True], ids=["the same patients", "other patients"])
def test_of_two_imports_at_once_each_is_whole_or_refused(address: str, tmp_path: Path, others: bool) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder, patient in zip(folders, ("007", "008" if others else "007"), strict=True):
        write_tables([replace(one, patient_id=patient) for one in RECORDS], folder, form="csv", simulated=False)
    both = Barrier(2, timeout=60)

    def progress(said: str) -> None:
        if said == "writing to the registry":  # each has looked and found that all of its own is new
            both.wait()

    def bring_in(folder: Path) -> bool:
        wish = Wish(path=str(folder), form="tables")
        try:
            return import_records(address, wish, today=date(2026, 11, 26), by="t", why="t", progress=progress).done
        except BadRecord:
            return False

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(bring_in, folders))
    assert done.count(True) == (2 if others else 1)
    with open_store(address) as store:
        assert len(list(store.records())) == len(RECORDS) * done.count(True)
        assert store.verify().problems == ()
