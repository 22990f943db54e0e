"""Seconds from tables of 100,000 patients with 300,000 lesions to checked records, beside a registry and in it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

from bench.registry_data import made_up_records
from isotherm.app.registry_import_plan import keys_there, plan
from isotherm.clinical.record import Record
from isotherm.exchange.record_check import check
from isotherm.exchange.record_intake import Intake
from isotherm.exchange.record_mapping_files import mapping_from
from isotherm.exchange.record_mapping_in import read_mapped
from isotherm.exchange.record_tables_in import read_tables
from isotherm.exchange.record_tables_out import write_tables
from isotherm.registry.store import open_store

Found = TypeVar("Found")

PATIENTS, LESIONS_EACH = 100_000, 3
KINDS = ("patient", "lesion")
LIMIT_S = 60.0
"""For the whole import, writing included."""

TODAY = date(2026, 11, 26)

WARD = """
dates = "DD.MM.YYYY"
[[table]]
kind = "patient"
patient = "id"
[table.fields]
sex = { column = "sex", values = { m = "male", w = "female" } }
born_on = "born"
diabetes = { column = "dm", values = { ja = true, nein = false } }
[[table]]
kind = "lesion"
patient = "id"
repeat = [1, 2, 3]
key_is = "{n}"
[table.fields]
organ = { constant = "liver" }
place = "segment{n}"
perihilar = "hilum{n}"
"""


def print_registry_exchange(*, seed: int = 0, patients: int = PATIENTS) -> bool:
    """Print the seconds of each step; False if an import takes longer than it may."""
    print(f"Registry: tables of {patients:,} patients with {LESIONS_EACH} lesions each, into SQLite")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        records = [one for one in made_up_records(patients, seed=seed, lesions=LESIONS_EACH) if one.kind.name in KINDS]
        _step("written as CSV, a table a kind", lambda: write_tables(records, place / "own", form="csv"))
        _ward(records, place / "ward.csv")
        records.clear()
        whole = _import(place / "own", None, place / "own.db")
        mapped = _import(place / "ward.csv", WARD, place / "ward.db")
    print(f"  limit of an import: {LIMIT_S:g} s")
    return max(whole, mapped) < LIMIT_S


def _ward(records: list[Record], file: Path) -> None:
    """Write the same as a hospital would: a row a patient, with its lesions beside each other."""
    lesions: dict[str, list[Record]] = {}
    for one in records:
        if one.kind.name == "lesion":
            lesions.setdefault(one.patient_id, []).append(one)
    with file.open("w", encoding="utf-8") as text:
        numbers = range(1, LESIONS_EACH + 1)
        text.write("id,sex,born,dm," + ",".join(f"segment{n},hilum{n}" for n in numbers) + "\n")
        for one in records:
            if one.kind.name == "patient":
                sex, told = (
                    ("w" if one.values["sex"] == "female" else "m"),
                    ("ja" if one.values["diabetes"] else "nein"),
                )
                cells = [one.patient_id, sex, f"{one.values['born_on']:%d.%m.%Y}", told]
                for each in lesions[one.patient_id]:
                    cells += [str(each.values["place"]), str(each.values["perihilar"])]
                text.write(",".join(cells) + "\n")


def _import(path: Path, mapping: str | None, registry: Path) -> float:
    with open_store(str(registry), create=True, simulated_by="bench"):
        pass
    begun, worked = time.perf_counter(), time.process_time()
    name = "own columns" if mapping is None else "a mapping"
    read = (lambda: read_tables(path, today=TODAY)) if mapping is None else (
        lambda: read_mapped(path, mapping_from(mapping), today=TODAY))  # fmt: skip
    intake = _step(f"{name}: read", read)
    with open_store(str(registry)) as store:
        patients = {one.record.patient_id for one in intake.noted}
        there = _step(f"{name}: what the registry holds", lambda: keys_there(store, patients))
        checked = _step(f"{name}: checked", lambda: check(intake, there.__contains__))
        found = _step(f"{name}: laid beside the registry", lambda: plan(checked.good, store, there))
        added = _step(f"{name}: written", lambda: store.import_all(found.new, (), by="bench", why="bench"))
    seconds = time.perf_counter() - begun
    work = time.process_time() - worked
    print(f"  {name + ': the whole import':42s} {seconds:6.1f} s, {work:6.1f} s of them at work: {added:,} records, "
          f"{len(checked.problems)} problems")  # fmt: skip
    _step(f"{name}: the same again, nothing to add", lambda: _again(intake, registry))
    return seconds


def _again(intake: Intake, registry: Path) -> None:
    with open_store(str(registry)) as store:
        there = keys_there(store, {one.record.patient_id for one in intake.noted})
        found = plan(check(intake, there.__contains__).good, store, there)
    assert not found.new, "an import that is repeated must add nothing"
    assert not found.changes


def _step(name: str, run: Callable[[], Found]) -> Found:
    begun, worked = time.perf_counter(), time.process_time()
    found = run()
    seconds, work = time.perf_counter() - begun, time.process_time() - worked
    print(f"  {name:42s} {seconds:6.1f} s, {work:6.1f} s of them at work", flush=True)
    return found
