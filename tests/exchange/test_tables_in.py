"""Tables: what a cell becomes, which columns are read at all, and how a table that cannot be used is answered."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.errors import BadColumn, BadTable, InputError, UnreadableFile
from isotherm.exchange.table_columns import Codes, column_of
from isotherm.exchange.tables_in import column_names, read_records, read_table
from isotherm.study.known import Known
from isotherm.study.protocol_parts import Covariate
from tests.study.protocols import AGE, protocol

NONE = Codes.of(())
MORNING = datetime.fromisoformat("2014-01-31T09:30")
CSV = "id,age,sex,seen on,ok,note\nA1,64.5,1,2014-01-31,TRUE,x\nA2,-999,2,,false, y \n\n7,17,n/a,2014-02-01,,-999\n"


def written(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def cells(table: pd.DataFrame) -> dict[str, list[Any]]:
    return {str(name): [None if pd.isna(value) else value for value in table[name]] for name in table.columns}


EXPECTED = {
    "id": ["A1", "A2", "7"],
    "age": [64.5, None, 17.0],
    "sex": [1.0, 2.0, None],
    "seen on": [pd.Timestamp("2014-01-31"), None, pd.Timestamp("2014-02-01")],
    "ok": [True, False, None],
    "note": ["x", "y", None],
}


def test_cells_become_numbers_dates_truth_or_text_and_codes_become_missing(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, CSV), missing=(-999, "n/a"))
    assert cells(table) == EXPECTED
    assert list(table.index) == [0, 1, 2]


def test_excel_and_parquet_read_like_csv(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = "Cohort"
    for row in (
        ["id", "age", "sex", "seen on", "ok", "note", None],
        ["A1", 64.5, 1, MORNING, True, "x"],
        [None] * 6,
        ["A2", -999, 2, None, False, " y "],
        [7, 17, "n/a", MORNING + timedelta(days=1), None, "-999"],
    ):
        page.append(row)
    book.create_sheet("Notes").append(["x"])
    book.save(tmp_path / "t.xlsx")
    assert cells(read_table(tmp_path / "t.xlsx", missing=(-999, "n/a"))) == EXPECTED
    assert column_names(tmp_path / "t.xlsx", sheet="Cohort") == list(EXPECTED)

    frame = pd.DataFrame(
        {
            "id": ["A1", "A2", "7"],
            "age": [64.5, -999, 17],
            "sex": pd.array([1, 2, None], dtype="Int64"),
            "seen on": [pd.Timestamp("2014-01-31 09:30"), pd.NaT, pd.Timestamp("2014-02-01")],
            "ok": pd.array([True, False, None], dtype="boolean"),
            "note": pd.Series(["x", "y", None]).astype("category"),
        }
    )
    frame.to_parquet(tmp_path / "t.parquet")
    assert cells(read_table(tmp_path / "t.parquet", missing=(-999,))) == EXPECTED


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (CSV.replace(",", ";"), {}),
        (CSV.replace(",", "\t"), {}),
        (CSV.replace(",", "|"), {"separator": "|"}),
        (CSV.replace("\n", "\r\n"), {}),
        ("\ufeff" + CSV, {}),
        (CSV.encode("utf-16"), {}),
        (CSV.encode("cp1252"), {"encoding": "cp1252"}),
        (CSV.replace("A1", '"A1"').replace("note", '"note"'), {}),
    ],
)
def test_separators_line_ends_and_marks_of_other_systems_change_nothing(
    tmp_path: Path, text: str | bytes, named: dict[str, str]
) -> None:
    assert cells(read_table(written(tmp_path, text), missing=(-999, "n/a"), **named)) == EXPECTED  # type: ignore[arg-type]


def test_only_the_columns_asked_for_are_read_in_their_order(tmp_path: Path) -> None:
    file = written(tmp_path, "a,b,c\n1,garbage,3\n4,\x01,6\n")
    table = read_table(file, columns=["c", "a"], wanted={"c": "number", "a": "number"})
    assert cells(table) == {"c": [3.0, 6.0], "a": [1.0, 4.0]}


@pytest.mark.parametrize(
    ("text", "wanted", "says"),
    [
        ("a\n1\nx\ny\n", {"a": "number"}, "'a' holds something other than numbers in 2 rows"),
        ("a\n1\nTRUE\n", {"a": "number"}, "in 1 row;"),
        ("a\n1\nyes\n", {"a": "indicator"}, "in 1 row;"),
        ("a\n1\n1_000\n", {"a": "number"}, "in 1 row;"),
        ("a\n1\nnan\n", {"a": "number"}, "in 1 row;"),
        ('a;b\n1;"1,5"\n', {"b": "number"}, "in 1 row;"),
        ("a\n1e999\n", {"a": "number"}, "numbers without end in 1 row"),
        ("a\n1e999\n", {}, "numbers without end in 1 row"),
        ("a\n2014-02-30\n01/02/2014\n2014\n", {"a": "date"}, "other than dates in 3 rows; give dates as YYYY-MM-DD"),
    ],
)
def test_values_that_do_not_fit_are_counted_and_never_shown(
    tmp_path: Path, text: str, wanted: dict[str, Any], says: str
) -> None:
    with pytest.raises(BadColumn) as caught:
        read_table(written(tmp_path, text), wanted=wanted)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not any(value in str(caught.value) for value in ("yes", "1_000", "01/02", "1e999"))


@pytest.mark.parametrize(
    ("name", "text", "options", "error", "says"),
    [
        ("t.csv", "", {}, BadTable, "no rows"),
        ("t.csv", "a,b\n", {}, BadTable, "no rows"),
        ("t.csv", "a,b\n\n , \n", {}, BadTable, "no rows"),
        ("t.csv", "a,a\n1,2\n", {}, BadTable, "two columns named 'a'"),
        ("t.csv", "a,b\n1\n1,2,3\n1,2\n", {}, BadTable, "2 rows have more or fewer cells"),
        ("t.csv", 'a,b\n1,"2\n', {}, BadTable, "cannot be cut into cells"),
        ("t.csv", 'a,b\n1,"2"x\n', {}, BadTable, "cannot be cut into cells"),
        ("t.csv", b"a,b\n1,\xff\n", {}, UnreadableFile, "not utf-8-sig text"),
        ("t.csv", "a,b\n1,2\n", {"encoding": "klingon"}, UnreadableFile, "not klingon text"),
        ("t.csv", "age,b\n1,2\n", {"columns": ["Age"]}, BadColumn, "no column 'Age'; near it are: age"),
        ("t.csv", "age,b\n1,2\n", {"sheet": "x"}, UnreadableFile, "no Excel file"),
        ("t.doc", "age,b\n1,2\n", {}, UnreadableFile, "a table is one of: .csv"),
        ("t.xlsx", "not a zip", {}, UnreadableFile, "not an Excel file"),
        ("t.xlsx", "x", {"separator": ","}, UnreadableFile, "has no separator"),
        ("t.parquet", "not parquet", {}, UnreadableFile, "not a Parquet file"),
        ("t.parquet", "x", {"encoding": "utf-8"}, UnreadableFile, "has no encoding"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used_is_answered_in_one_sentence(
    tmp_path: Path, name: str, text: str | bytes, options: dict[str, Any], error: type[InputError], says: str
) -> None:
    with pytest.raises(error) as caught:
        read_table(written(tmp_path, text, name), **options)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_sheet_or_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(UnreadableFile, match="no sheet 'x'; it has: Sheet"):
        read_table(tmp_path / "t.xlsx", sheet="x")
    with pytest.raises(BadTable, match="no rows"):
        read_table(tmp_path / "t.xlsx")
    for missing in ("a.csv", "a.xlsx", "a.parquet"):
        with pytest.raises(UnreadableFile, match="no such file"):
            read_table(tmp_path / missing)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UnreadableFile, match="is a directory"):
        read_table(tmp_path / "folder.csv")


def test_what_parquet_and_excel_can_hold_beyond_csv() -> None:
    numbers = column_of([Decimal("1.5"), 2, math.nan, pd.NaT, "3"], "a", "number", NONE)
    assert numbers.tolist()[:2] == [1.5, 2.0]
    assert numbers.isna().tolist() == [False, False, True, True, False]
    assert column_of([True, 0, "TRUE"], "a", "indicator", NONE).tolist() == [1.0, 0.0, 1.0]
    assert (
        column_of([date(2014, 1, 2), "2014-01-02T10:00:00Z"], "a", "any", NONE).tolist()
        == [pd.Timestamp("2014-01-02")] * 2
    )
    assert column_of([1.0, "x", 1e20, time(3)], "a", "text", NONE).tolist() == ["1", "x", "1e+20", "03:00:00"]
    assert column_of(["2014-01-02", None], "a", "date", NONE).tolist() == [pd.Timestamp("2014-01-02"), pd.NaT]
    assert column_of([1, "x"], "a", "any", NONE).tolist() == ["1", "x"]
    assert column_of(["x", date(2014, 1, 2)], "a", "any", NONE).tolist() == ["x", "2014-01-02"]
    assert column_of([None, ""], "a", "any", NONE).isna().all()


@pytest.mark.parametrize(
    ("cell", "codes", "gone"),
    [("-999.0", (-999.0,), True), (" n/a ", ("n/a",), True), ("N/A", ("n/a",), False), (True, (True,), True),
     ("true", (True,), True), (1, (True,), False), (True, (1.0,), False), (0, (False,), False),
     (-999, ("-999",), False), ("", (), True), ("NA", (), False)],
)  # fmt: skip
def test_a_missing_code_stands_for_every_way_to_write_it(cell: Any, codes: Any, gone: bool) -> None:
    assert column_of([cell, "x"], "a", "text", Codes.of(codes)).isna().tolist() == [gone, False]


def test_blinded_outcomes_are_never_loaded_not_even_to_be_checked(tmp_path: Path) -> None:
    text = "id,site,drug,age,sex,months,dead\n1,A,1,64,1,garbage,-3\n2,A,0,70,2,,secret\n"
    written(tmp_path, text, "cohort.csv")
    blinded = read_records(protocol(outcomes_blinded=True), tmp_path)
    assert list(blinded.columns) == ["id", "site", "drug", "age", "sex"]
    assert blinded["id"].tolist() == ["1", "2"]
    with pytest.raises(BadColumn, match="'months'"):
        read_records(protocol(), tmp_path)


PORTAL = (
    "#Patient Identifier\tOverall Survival Status\tOverall Survival (Months)\n"
    "#Identifies a patient\tWhether alive, or not\tMonths, since diagnosis\n"
    "#STRING\tSTRING\tNUMBER\n"
    "#1\t1\t1\n"
    "PATIENT_ID\tOS_STATUS\tOS_MONTHS\n"
    "P-1\t1:DECEASED\t12.5\n"
    "P-2\t0:LIVING\t30\n"
    "P-3\t\t\n"
)
"""As a clinical file of cBioPortal is built: what columns are called, mean, hold and weigh, then their names."""


@pytest.mark.parametrize(
    "text",
    [PORTAL, PORTAL.replace("#1\t1\t1\n", "#PATIENT\tPATIENT\tPATIENT\n#1\t1\t1\n"), PORTAL.replace("\n", "\r\n")],
)
def test_lines_that_describe_the_columns_of_a_portal_are_no_rows_and_its_statuses_are_0_and_1(
    tmp_path: Path, text: str
) -> None:
    table = read_table(written(tmp_path, text, "data_clinical_patient.txt"), wanted={"OS_STATUS": "indicator"})
    assert cells(table) == {
        "PATIENT_ID": ["P-1", "P-2", "P-3"], "OS_STATUS": [1.0, 0.0, None], "OS_MONTHS": [12.5, 30.0, None]
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("#,name\n1,x\n", ["#", "name"]),
        ("#,name\n#1,x\n#2,y\n#3,z\n4,w\n", ["#", "name"]),
        ("#,name\n#1,x\n#STRING,STRING\n#3,z\n#4,w\n#5,w\n6,x\n", ["#", "name"]),
        ("#,name\n#1,x\n#STRING,STRING\n#3,z\n", ["#", "name"]),
        ("#a,b\n#1,x\n#STRING,STRING\n#3,z\n#4,u\n", ["#a", "b"]),
    ],
)
def test_a_header_that_begins_with_a_number_sign_stays_one(tmp_path: Path, text: str, columns: list[str]) -> None:
    table = read_table(written(tmp_path, text))
    assert list(table.columns) == columns
    assert len(table) == text.count("\n") - 1


@pytest.mark.parametrize(
    "cell", ["2:OTHER", "1:30", "1:", "1: ", "10:X", "DECEASED", "1:DECEASED\n0:LIVING", "01:DEAD"]
)
def test_what_is_no_status_of_a_portal_is_no_indicator(cell: str) -> None:
    with pytest.raises(BadColumn, match="other than numbers in 1 row"):
        column_of(["1:DECEASED", cell], "OS_STATUS", "indicator", NONE)


def test_columns_are_read_as_the_protocol_needs_them(tmp_path: Path) -> None:
    ill = Covariate(column="ill", label="Ill", kind="yes/no", known=Known(when="before time zero"))
    written(tmp_path, "id,site,drug,age,ill,months,dead\n1,7,1,64,TRUE,3,1\n2,7,0,-999,FALSE,4,0\n", "cohort.csv")
    table = read_records(protocol(covariates=(AGE, ill)), tmp_path)
    assert cells(table) == {
        "id": ["1", "2"], "site": ["7", "7"], "drug": [1.0, 0.0], "age": [64.0, None], "ill": [True, False],
        "months": [3.0, 4.0], "dead": [1.0, 0.0],
    }  # fmt: skip


VALUES = st.lists(st.none() | st.floats(-1e9, 1e9).map(lambda x: round(x, 4) + 0.0), min_size=1, max_size=8)


@given(VALUES)
def test_numbers_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, values: list[float | None]
) -> None:
    file = tmp_path_factory.mktemp("round") / "t.csv"
    file.write_text("id,x\n" + "".join(f"r,{'' if value is None else repr(value)}\n" for value in values))
    assert cells(read_table(file, wanted={"x": "number"}))["x"] == values


HOSTILE = st.binary(max_size=200) | st.text(alphabet='a,;"\t\n\r\x00é1.-=\ufeff', max_size=80).map(str.encode)


@given(HOSTILE, st.sampled_from(["csv", "xlsx", "parquet"]))
def test_any_bytes_are_a_table_or_one_clear_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, form: str
) -> None:
    file = written(tmp_path_factory.mktemp("hostile"), content, f"t.{form}")
    found = ""
    try:
        found = f"{len(read_table(file))} rows."
    except InputError as error:
        found = str(error)
    assert found.endswith(".")
    assert "\n" not in found


def test_a_file_without_a_byte_is_empty(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"")
    with pytest.raises(BadTable, match=r"The table 't.csv' is empty: it has no rows; give a file with a header"):
        read_table(tmp_path / "t.csv", columns=["id"])
