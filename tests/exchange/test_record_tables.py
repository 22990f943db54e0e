"""The registry's own tables: what goes out comes back, whatever people wrote; problems are named by place."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings

from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadTable, InputError, UnreadableFile
from isotherm.exchange.record_tables_in import read_tables
from isotherm.exchange.record_tables_out import TableForm, write_tables
from isotherm.exchange.spreadsheet_text import guarded, unguarded
from tests.exchange.random_records import TODAY, by_key, registries

SLOW = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@pytest.mark.parametrize(("form", "name"), [("csv", "tables"), ("parquet", "tables"), ("excel", "book.xlsx")])
@given(found=registries())
@SLOW
def test_what_goes_out_comes_back(found: list[Record], form: TableForm, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / name
        counts = write_tables(found, out, form=form)
        intake = read_tables(out, today=TODAY)
    assert intake.problems == []
    assert sum(counts.values()) == len(found) == len(intake.noted)
    assert by_key([one.record for one in intake.noted]) == by_key(found)


@pytest.mark.parametrize(("form", "name"), [("csv", "tables"), ("parquet", "tables"), ("excel", "book.xlsx")])
@pytest.mark.parametrize("simulated", [True, False])
def test_tables_of_nobody_say_so_in_every_row_and_are_known_by_it(
    tmp_path: Path, form: TableForm, name: str, *, simulated: bool
) -> None:
    some = [Record(kind=RECORD_KINDS["lesion"], patient_id="P1", id=key, values={"organ": "liver", "note": "=1"})
            for key in ("1", "2")]  # fmt: skip
    write_tables(some, tmp_path / name, form=form, simulated=simulated)
    intake = read_tables(tmp_path / name, today=TODAY)
    assert (intake.problems, intake.simulated) == ([], simulated)
    assert by_key([one.record for one in intake.noted]) == by_key(some)
    if form == "csv":
        with (tmp_path / name / "lesion.csv").open(encoding="utf-8-sig", newline="") as text:
            first = [row[0] for row in csv.reader(text)]
        assert first == (["synthetic", *["simulated, no patient"] * 2] if simulated else ["patient_id", "P1", "P1"])


def test_a_column_of_that_name_that_says_something_else_marks_nothing(tmp_path: Path) -> None:
    (tmp_path / "lesion.csv").write_text("synthetic,patient_id,lesion_id,organ\nmesh,P1,1,liver\n,P1,2,liver\n")
    intake = read_tables(tmp_path, today=TODAY)
    assert (len(intake.noted), intake.simulated) == (2, False)


def test_no_cell_of_a_csv_file_begins_like_a_formula(tmp_path: Path) -> None:
    signs = ["=1", "+1", "-1", "@A", "\t=1".strip(), " =1", "\uff1d1", "#REF!"]
    lesions = [
        Record(kind=RECORD_KINDS["lesion"], patient_id="P1", id=f"L{n}", values={"organ": "liver", "note": text})
        for n, text in enumerate(signs)
    ]
    write_tables(lesions, tmp_path, form="csv")
    with (tmp_path / "lesion.csv").open(encoding="utf-8-sig", newline="") as text:
        notes = [row["note"] for row in csv.DictReader(text)]
    assert all(note.startswith("'") for note in notes)
    assert [unguarded(note) for note in notes] == signs


def test_the_apostrophe_of_a_person_stays() -> None:
    assert unguarded("'s-Hertogenbosch") == "'s-Hertogenbosch"
    assert unguarded(guarded("'s-Hertogenbosch")) == "'s-Hertogenbosch"


def _csv(folder: Path, text: str, name: str = "lesion.csv", encoding: str = "utf-8") -> Path:
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        ("P1,L1,spleen,", "organ", "one of liver, lung, other is wanted"),
        ("P1,L1,liver,31.02.2024", "found_on", "a date as in 2025-03-01 is wanted"),
        ("P1,L1,liver,45000", "found_on", "a date as in 2025-03-01 is wanted"),
        ("P1,L1,liver,2027-01-01", "found_on", "the day lies in the future"),
        ("P1,,liver,", "lesion_id", "lesion_id is a short name"),
        (",L1,liver,", "patient_id", "patient_id is a short name"),
        ("P1,L1,,", "organ", "organ is missing"),
        ("P1,L1,liver", "", "more or fewer cells"),
        ("P1,L1,liver,,x", "", "more or fewer cells"),
        ("=cmd(),L1,liver,", "patient_id", "patient_id is a short name"),
    ],
)
def test_a_problem_is_named_by_row_and_column_and_never_by_its_value(
    tmp_path: Path, row: str, column: str, says: str
) -> None:
    file = _csv(tmp_path, f"patient_id,lesion_id,organ,found_on\nP0,L0,liver,2024-01-01\n{row}\n")
    intake = read_tables(file, today=TODAY)
    (problem,) = intake.problems
    assert (problem.row, problem.column) == (3, column)
    assert says in problem.says
    assert "spleen" not in problem.sentence
    assert [one.record.patient_id for one in intake.noted] == ["P0"]


def test_numbers_without_end_and_nan_are_no_numbers(tmp_path: Path) -> None:
    rows = "".join(f"P{n},{text}\n" for n, text in enumerate(["nan", "inf", "-inf", "1e999", "1_0", "0x10", "<5"]))
    intake = read_tables(_csv(tmp_path, f"patient_id,bmi_kg_m2\n{rows}", "patient.csv"), today=TODAY)
    assert len(intake.problems) == 7
    assert not intake.noted


def test_keys_keep_their_zeros_and_rows_their_numbers_over_blank_lines(tmp_path: Path) -> None:
    file = _csv(tmp_path, "\ufeffpatient_id;sex\r\n\r\n007;male \r\n;;\r\n0x;wrong\r\n", "patient.csv")
    intake = read_tables(file, today=TODAY)
    assert [one.record.patient_id for one in intake.noted] == ["007"]
    assert [one.row for one in intake.problems] == [5]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("lesion.csv", "", "is empty"),
        ("lesion.csv", "patient_id,lesion_id\n", "no column 'organ'"),
        ("lesion.csv", "patient_id,lesion_id,organ,organ\n", "two columns named 'organ'"),
        ("lesion.csv", "patient_id,lesion_id,organ,diameter\n", "which is no field of a lesion"),
        ("lesions.csv", "patient_id,lesion_id,organ\n", "is named after no kind of record; near it are: lesion"),
        ("lesion.doc", "x", "named after no kind"),
    ],
)
def test_a_table_that_is_none_of_ours_is_refused(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_tables(_csv(tmp_path, text, name) if name.endswith("csv") else tmp_path / "x.doc", today=TODAY)


def test_two_tables_of_one_kind_are_refused_rather_than_one_of_them_read(tmp_path: Path) -> None:
    for name in ("lesion.csv", "lesion.tsv"):
        _csv(tmp_path, "patient_id,lesion_id,organ\nP1,L1,liver\n", name)
    with pytest.raises(BadTable, match="two tables named 'lesion'"):
        read_tables(tmp_path, today=TODAY)


def test_a_hidden_sheet_of_ours_is_refused_since_nobody_has_looked_at_it(tmp_path: Path) -> None:
    lesion = Record(kind=RECORD_KINDS["lesion"], patient_id="P1", id="1", values={"organ": "liver"})
    write_tables([lesion], tmp_path / "book.xlsx", form="excel")
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    book.create_sheet("patient")
    book["lesion"].sheet_state = "hidden"
    book.save(tmp_path / "book.xlsx")
    with pytest.raises(BadTable, match=r"'lesion' of 'book\.xlsx' is hidden"):
        read_tables(tmp_path / "book.xlsx", today=TODAY)


def test_latin_1_is_refused_rather_than_guessed(tmp_path: Path) -> None:
    file = _csv(tmp_path, "patient_id,lesion_id,organ,note\nP1,L1,liver,Größe\n", encoding="latin-1")
    with pytest.raises(UnreadableFile, match="save it as UTF-8, or name its encoding"):
        read_tables(file, today=TODAY)


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    file = _csv(tmp_path, "patient_id,lesion_id,organ\n" + "x," * 1_000_000)
    with pytest.raises(BadTable, match="line of more than"):
        read_tables(file, today=TODAY)


def test_a_quote_that_never_closes_is_refused(tmp_path: Path) -> None:
    file = _csv(tmp_path, 'patient_id,lesion_id,organ,note\nP1,L1,liver,"open\n' + "P2,L1,liver,x\n" * 20_000)
    with pytest.raises(BadTable, match="cannot be cut into cells"):
        read_tables(file, today=TODAY)
