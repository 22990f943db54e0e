"""Several people at once, and what goes out: no write is lost, and no cell of a table is a formula."""

from __future__ import annotations

import csv
import threading
from datetime import date
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient

from isotherm.app.registry_exchange_tasks import Wish, export_records, import_records
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadRecord
from isotherm.registry.store import open_store
from tests.app.web.conftest import post

WRITERS, ROUNDS = 5, 6


def shared(registry: str) -> tuple[int, int]:
    """Return the number that everybody counts on, and the revision that holds it."""
    with open_store(registry) as store:
        kept = next(one for one in store.patient("X1") if one.record.kind.name == "lesion")
    return int(str(kept.record.values["note"])), kept.revision


def test_of_writers_who_saw_the_same_one_is_first_and_no_write_is_lost(app: FastAPI, registry: str) -> None:
    with open_store(registry) as store:
        store.add([Record(kind=RECORD_KINDS["patient"], patient_id="X1", values={}),
                   Record(kind=RECORD_KINDS["lesion"], patient_id="X1", id="1",
                          values={"organ": "liver", "note": "0"})], by="test", why="test")  # fmt: skip
    answers: list[int] = []

    def write(client: TestClient) -> None:
        for _ in range(ROUNDS):
            note, revision = shared(registry)
            fields = {"kind": "lesion", "key": "1", "revision": str(revision), "answer.note": str(note + 1)}
            answers.append(post(client, "/patients/X1/answers", **fields).status_code)

    with TestClient(app, base_url="http://127.0.0.1"):
        people = [threading.Thread(target=write, args=(TestClient(
            app, base_url="http://127.0.0.1", follow_redirects=False, cookies={"isotherm_who": f"writer{number}"}),))
            for number in range(WRITERS)]  # fmt: skip
        for one in people:
            one.start()
        for one in people:
            one.join()

    assert set(answers) <= {303, 409}
    assert len(answers) == WRITERS * ROUNDS
    assert shared(registry)[0] == answers.count(303)


def test_a_note_that_is_a_formula_is_none_in_the_tables_that_go_out(
    client: TestClient, registry: str, tmp_path: Path
) -> None:
    client.cookies.set("isotherm_who", "ada")
    formulas = ["=cmd|' /C calc'!A1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", '=HYPERLINK("http://evil.example")']
    with open_store(registry) as store:
        store.add([Record(kind=RECORD_KINDS["patient"], patient_id="X1", values={"born_on": date(1950, 1, 1)})],
                  by="test", why="test")  # fmt: skip
    for formula in formulas:
        fields = {"kind": "lesion", "answer.organ": "liver", "answer.note": formula}
        assert post(client, "/patients/X1/answers", **fields).status_code == 303

    export_records(registry, str(tmp_path / "out"), "csv", patients=["X1"])

    with (tmp_path / "out" / "lesion.csv").open(encoding="utf-8", newline="") as file:
        notes = [row["note"] for row in csv.DictReader(file)]
    assert len(notes) == len(formulas)
    assert not [note for note in notes if note.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_of_two_who_import_the_same_at_once_one_does_and_nothing_is_there_twice(registry: str, tmp_path: Path) -> None:
    table = tmp_path / "patient.csv"
    table.write_text("patient_id\n" + "".join(f"Y{number}\n" for number in range(500)))
    wish, begin = Wish(path=str(table), form="tables"), threading.Barrier(2)
    came: list[bool] = []

    def meet(words: str) -> None:
        if words == "writing to the registry":  # both have looked, and neither has written
            begin.wait(30)

    def work(name: str) -> None:
        try:
            done = import_records(registry, wish, today=date(2026, 3, 1), by=name, why="test", progress=meet).done
        except BadRecord:  # the other one was faster
            done = False
        came.append(done)

    people = [threading.Thread(target=work, args=(name,)) for name in ("ada", "bob")]
    for one in people:
        one.start()
    for one in people:
        one.join(60)

    assert sorted(came) == [False, True]
    with open_store(registry) as store:
        assert sum(one.patient_id.startswith("Y") for one in store.records("patient")) == 500
        assert not store.verify().problems
