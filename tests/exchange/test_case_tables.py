"""Tables of cases: a row per patient, lesions beside it, and slips told with a column and a count, never a value."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from isotherm.clinical.picture import picture_of
from isotherm.errors import BadColumn, BadTable
from isotherm.exchange.case_tables import CaseTable, read_cases

TODAY = date(2025, 6, 1)

CASES = """\
id,on,organ,primary,n_lesions,ascites,inr,ct_date,hospital,lesions_complete
P1,2025-03-01,liver,colorectal,2,false,1.1,2025-02-01,north,true
P2,2025-03-02,liver,colorectal,,-999,not assessable,,south,
P3,2025-03-03,lung,,4,1,-999,2025-02-03T10:00:00,south,false
"""
LESIONS = """\
case,id,diameter_mm,target
P1,a,24,true
P1,b,11,0
P2,a,30,1
"""


def read(tmp_path: Path, cases: str = CASES, lesions: str = LESIONS, *, on: date | None = None) -> CaseTable:
    (tmp_path / "cases.csv").write_text(cases, encoding="utf-8")
    (tmp_path / "lesions.csv").write_text(lesions, encoding="utf-8")
    return read_cases(
        tmp_path / "cases.csv", today=TODAY, lesions=tmp_path / "lesions.csv", on=on, missing=(-999.0,)
    )  # fmt: skip


def test_rows_become_cases_and_their_lesions_are_found(tmp_path: Path) -> None:
    table = read(tmp_path)
    first, second, third = table.cases
    assert [case.id for case in table.cases] == ["P1", "P2", "P3"]
    assert [lesion.id for lesion in first.lesions] == ["a", "b"]
    assert (first.lesions_complete, second.lesions_complete) == (True, False)
    assert picture_of(first).patient["largest_lesion_mm"].value == 24.0
    assert third.facts["ascites"][0].value is True
    assert third.facts["ct_date"][0].value == date(2025, 2, 3)
    assert table.unused == ("hospital",)


def test_a_missing_code_is_no_fact_and_not_assessable_is_one(tmp_path: Path) -> None:
    _, second, third = read(tmp_path).cases
    assert "ascites" not in second.facts
    assert "inr" not in third.facts
    assert second.facts["inr"][0].value is None


def test_parquet_and_excel_are_read_alike(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"id": ["P1", "P2"], "on": pd.to_datetime(["2025-03-01", "2025-03-02"]), "ecog": [1, 2],
         "ascites": [True, False], "organ": ["liver", None]}
    )  # fmt: skip
    frame.to_parquet(tmp_path / "cases.parquet")
    frame.to_excel(tmp_path / "cases.xlsx", index=False)
    for name in ("cases.parquet", "cases.xlsx"):
        first, second = read_cases(tmp_path / name, today=TODAY).cases
        assert (first.on, first.facts["ecog"][0].value, first.facts["ascites"][0].value) == (date(2025, 3, 1), 1, True)
        assert (second.facts["ascites"][0].value, "organ" in second.facts) == (False, False)


def test_without_ids_rows_are_numbered_and_one_day_may_be_given_for_all(tmp_path: Path) -> None:
    table = read(tmp_path, "organ\nliver\nlung\n", "case,target\n2,true\n", on=date(2025, 1, 1))
    assert [(case.id, case.on) for case in table.cases] == [("1", date(2025, 1, 1)), ("2", date(2025, 1, 1))]
    assert table.cases[1].lesions[0].id == "1"


@pytest.mark.parametrize(
    ("cases", "lesions", "error", "says"),
    [
        (CASES.replace("1.1", "-1.1"), LESIONS, BadColumn, "Column 'inr' holds something else in 1 row than a number"),
        (CASES.replace("colorectal", "Meyer"), LESIONS, BadColumn, "Column 'primary' holds something else in 2 rows"),
        (CASES.replace("2025-02-01", "2025-07-01"), LESIONS, BadColumn, "Column 'ct_date'"),
        (CASES.replace("2025-03-03", ""), LESIONS, BadColumn, "Column 'on' is empty in some rows"),
        (CASES.replace("on,", "day,", 1), LESIONS, BadTable, "has no column 'on'"),
        (CASES.replace("n_lesions", "n_lesion"), LESIONS, BadColumn, "is 'n_lesions' meant?"),
        (CASES.replace("P2", "P1"), LESIONS, BadTable, "repeats"),
        (CASES.replace("colorectal,2", "colorectal,1"), LESIONS, BadTable, "n_lesions contradicts the lesions"),
        (CASES.replace("inr", "largest_target_mm").replace("1.1", "9"), LESIONS, BadTable, "in 1 rows"),
        (CASES, LESIONS.replace("P2", "P9"), BadTable, "names no case of the other table in 1 rows"),
        (CASES, LESIONS.replace("case,", "patient,"), BadTable, "has no column 'case'"),
        (CASES, LESIONS.replace("P1,b", "P1,a"), BadTable, "two lesions of one case"),
        (CASES, LESIONS.replace("24", "cancer"), BadColumn, "Column 'diameter_mm'"),
        ("hospital\nnorth\n", LESIONS, BadTable, "No column of 'cases.csv' is a fact"),
        ("", LESIONS, BadTable, "has no rows"),
        ("id,on,ecog\n", LESIONS, BadTable, "has no rows"),
    ],
)  # fmt: skip
def test_a_slip_is_told_with_its_column_and_no_value(
    tmp_path: Path, cases: str, lesions: str, error: type[Exception], says: str
) -> None:
    with pytest.raises(error) as caught:
        read(tmp_path, cases, lesions)
    assert says in str(caught.value)
    assert not any(word in str(caught.value) for word in ("Meyer", "2025-07-01", "-1.1", "cancer"))
