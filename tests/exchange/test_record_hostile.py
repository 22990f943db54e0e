"""Tables with bytes spoiled, cells of mixed types, numbers as text: an answer or a refusal, never a crash."""

from __future__ import annotations

import math
import tempfile
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import InputError
from isotherm.exchange.fhir_in import read_fhir
from isotherm.exchange.fhir_out import write_fhir
from isotherm.exchange.record_intake import Intake
from isotherm.exchange.record_mapping_files import mapping_from
from isotherm.exchange.record_mapping_in import read_mapped
from isotherm.exchange.record_tables_in import read_tables
from isotherm.exchange.record_tables_out import write_tables
from isotherm.exchange.redcap_in import read_redcap
from isotherm.exchange.redcap_out import write_redcap
from tests.exchange.random_records import TODAY

RECORDS = [
    Record(kind=RECORD_KINDS["patient"], patient_id="P1", values={"sex": "female", "born_on": date(1950, 1, 2)}),
    Record(kind=RECORD_KINDS["lesion"], patient_id="P1", id="1", values={"organ": "liver", "note": 'ä, "b"\n=c'}),
]


def written(form: str, folder: Path) -> tuple[Path, Any]:
    """Write the records in one form; return the file and what reads it."""
    if form == "redcap":
        write_redcap(RECORDS, folder / "r.csv")
        return folder / "r.csv", read_redcap
    if form == "fhir":
        write_fhir(RECORDS, folder / "r.json")
        return folder / "r.json", read_fhir
    if form == "excel":
        write_tables(RECORDS, folder / "r.xlsx", form="excel")
        return folder / "r.xlsx", read_tables
    write_tables(RECORDS, folder / "t", form="csv" if form == "csv" else "parquet")
    return folder / "t" / f"lesion.{form}", read_tables


@pytest.mark.parametrize("form", ["csv", "parquet", "excel", "redcap", "fhir"])
@given(spoiled=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6), cut=st.floats(0.2, 1))
@settings(max_examples=25, deadline=None)
def test_spoiled_bytes_are_an_answer_or_a_refusal(spoiled: list[tuple[float, int]], cut: float, form: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file, read = written(form, Path(folder))
        data = bytearray(file.read_bytes())
        for at, byte in spoiled:
            data[int(at * (len(data) - 1))] = byte
        file.write_bytes(data[: max(1, int(cut * len(data)))])
        with suppress(InputError):
            assert isinstance(read(file, today=TODAY), Intake)


MAPPING = """
[[table]]
kind = "patient"
patient = "id"
[table.fields]
sex = "sex"
bmi_kg_m2 = "bmi"
born_on = "born"
diabetes = "dm"
"""


def test_cells_of_a_book_mean_the_same_as_numbers_and_as_text(tmp_path: Path) -> None:
    book: Any = openpyxl.Workbook()
    for row in (("id", "sex", "bmi", "born", "dm"), ("007", "male ", 23.5, datetime(1950, 1, 2), True),  # noqa: DTZ001
                (8, " MALE", "23.5", "1950-01-02", 1), (9.0, "male", 23.5, date(1950, 1, 2), "yes")):  # fmt: skip
        book.active.append(row)
    book.save(tmp_path / "b.xlsx")
    intake = read_mapped(tmp_path / "b.xlsx", mapping_from(MAPPING), today=TODAY)
    assert intake.problems == []
    assert [one.record.patient_id for one in intake.noted] == ["007", "8", "9"]
    first, second, third = (dict(one.record.values) for one in intake.noted)
    assert first == second == third == {
        "sex": "male", "bmi_kg_m2": 23.5, "born_on": date(1950, 1, 2), "diabetes": True}  # fmt: skip


def test_a_comma_before_the_tenths_is_for_text_and_numbers_of_a_book_need_none(tmp_path: Path) -> None:
    book: Any = openpyxl.Workbook()
    for row in (("id", "sex", "bmi", "born", "dm"), ("1", None, 23.5), ("2", None, "23,5"), ("3", None, "23.5")):
        book.active.append(row)
    book.save(tmp_path / "b.xlsx")
    intake = read_mapped(tmp_path / "b.xlsx", mapping_from(f'decimal = ","\n{MAPPING}'), today=TODAY)
    assert [one.record.get("bmi_kg_m2") for one in intake.noted] == [23.5, 23.5]
    assert [one.row for one in intake.problems] == [4]


def test_numbers_of_parquet_that_are_none_are_empty_and_those_without_end_are_problems(tmp_path: Path) -> None:
    table = pd.DataFrame({"patient_id": ["1", "2", "3"], "bmi_kg_m2": [23.5, None, math.inf]})
    table.to_parquet(tmp_path / "patient.parquet")
    intake = read_tables(tmp_path / "patient.parquet", today=TODAY)
    assert [one.record.get("bmi_kg_m2") for one in intake.noted] == [23.5, None]
    assert [(one.row, one.column) for one in intake.problems] == [(4, "bmi_kg_m2")]


def test_lists_within_cells_of_parquet_are_problems(tmp_path: Path) -> None:
    table = pd.DataFrame({"patient_id": ["1"], "sex": [["male", "female"]], "born_on": [{"year": 1950}]})
    table.to_parquet(tmp_path / "patient.parquet")
    assert {one.column for one in read_tables(tmp_path / "patient.parquet", today=TODAY).problems} == {"sex", "born_on"}
