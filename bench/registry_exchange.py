"""Seconds from tables of 100,000 patients with 300,000 lesions to checked records, beside a registry and in it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

import numpy as np

from isotherm.app.registry_import_plan import keys_there, plan
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import LIVER, RECORD_KINDS
from isotherm.exchange.record_check import check
from isotherm.exchange.record_mapping_files import mapping_from
from isotherm.exchange.record_mapping_in import read_mapped
from isotherm.exchange.record_tables_in import read_tables
from isotherm.exchange.record_tables_out import write_tables
from isotherm.registry.store import open_store

Found = TypeVar("Found")

PATIENTS, LESIONS_EACH = 100_000, 3
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
bmi_kg_m2 = "bmi"
[[table]]
kind = "lesion"
patient = "id"
repeat = [1, 2, 3]
key_is = "{n}"
[table.fields]
organ = { constant = "liver" }
place = "segment{n}"
found_on = "found{n}"
"""


def made_up(patients: int, seed: int = 0) -> list[Record]:
    """Return records of patients with three lesions each."""
    rng = np.random.default_rng(seed)
    days = rng.integers(0, 20_000, (patients, 4))
    first = date(1950, 1, 1)
    found: list[Record] = []
    for number in range(patients):
        name = f"P{number:06d}"
        found.append(Record(kind=RECORD_KINDS["patient"], patient_id=name, unknown=frozenset({"cirrhosis"}), values={
            "sex": "female" if number % 2 else "male", "born_on": first + timedelta(days=int(days[number, 0])),
            "bmi_kg_m2": 18.0 + number % 200 / 10, "diabetes": number % 7 == 0}))  # fmt: skip
        found += [
            Record(kind=RECORD_KINDS["lesion"], patient_id=name, id=str(k), values={
                "organ": "liver", "place": LIVER[(number + k) % len(LIVER)], "perihilar": number % 5 == 0,
                "found_on": first + timedelta(days=int(days[number, k]))})
            for k in range(1, LESIONS_EACH + 1)
        ]  # fmt: skip
    return found


def print_registry_exchange(*, seed: int = 0, patients: int = PATIENTS) -> bool:
    """Print the seconds of each step; False if an import takes longer than it may."""
    print(f"Registry: tables of {patients:,} patients with {LESIONS_EACH} lesions each, into SQLite")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        records = made_up(patients, seed)
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
        text.write("id,sex,born,bmi," + ",".join(f"segment{n},found{n}" for n in numbers) + "\n")
        for one in records:
            if one.kind.name == "patient":
                cells = [
                    one.patient_id,
                    str(one.values["sex"])[0].replace("f", "w"),
                    f"{one.values['born_on']:%d.%m.%Y}",
                ]
                cells += [str(one.values["bmi_kg_m2"])]
                for each in lesions[one.patient_id]:
                    cells += [str(each.values["place"]), f"{each.values['found_on']:%d.%m.%Y}"]
                text.write(",".join(cells) + "\n")


def _import(path: Path, mapping: str | None, registry: Path) -> float:
    with open_store(str(registry), create=True):
        pass
    begun, worked = time.perf_counter(), time.process_time()
    name = "own columns" if mapping is None else "a mapping"
    read = (lambda: read_tables(path, today=TODAY)) if mapping is None else (
        lambda: read_mapped(path, mapping_from(mapping), today=TODAY))  # fmt: skip
    intake = _step(f"{name}: read", read)
    with open_store(str(registry)) as store:
        there = keys_there(store, {one.record.patient_id for one in intake.noted})
        checked = _step(f"{name}: checked", lambda: check(intake, there.__contains__))
        found = _step(f"{name}: laid beside the registry", lambda: plan(checked.good, store, there))
        added = _step(f"{name}: written", lambda: store.import_all(found.new, (), by="bench", why="bench"))
    seconds = time.perf_counter() - begun
    work = time.process_time() - worked
    print(f"  {name + ': the whole import':42s} {seconds:6.1f} s, {work:6.1f} s of them at work: {added:,} records, "
          f"{len(checked.problems)} problems")  # fmt: skip
    return seconds


def _step(name: str, run: Callable[[], Found]) -> Found:
    begun, worked = time.perf_counter(), time.process_time()
    found = run()
    seconds, work = time.perf_counter() - begun, time.process_time() - worked
    print(f"  {name:42s} {seconds:6.1f} s, {work:6.1f} s of them at work", flush=True)
    return found
