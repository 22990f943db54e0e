"""A hospital's own table → records: its words, units and days as the mapping says; every problem by row and column."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from isotherm.clinical.record import Record
from isotherm.errors import BadMapping, BadTable, InputError, UnreadableFile
from isotherm.exchange import cells_excel
from isotherm.exchange.record_intake import Intake
from isotherm.exchange.record_mapping_files import mapping_from
from isotherm.exchange.record_mapping_in import read_mapped

TODAY = date(2026, 11, 26)

WARD = """
dates = "DD.MM.YYYY"
decimal = ","
unknown = ["unbekannt"]
empty = ["-"]

[[table]]
kind = "patient"
patient = "Pat-ID"
[table.fields]
sex = { column = "Geschlecht", values = { m = "male", w = "female" } }
born_on = "Geb."
bmi_kg_m2 = "BMI"
diabetes = { column = "DM", values = { ja = true, nein = false } }

[[table]]
kind = "lesion"
patient = "Pat-ID"
repeat = [1, 2]
key_is = "{n}"
[table.fields]
organ = { constant = "liver" }
place = "L{n} Segment"

[[table]]
kind = "scan"
patient = "Pat-ID"
key_is = "base"
[table.fields]
scanned_on = "CT"

[[table]]
kind = "reading"
patient = "Pat-ID"
repeat = ["1", "2"]
key_is = "base-{n}"
[table.fields]
lesion_id = { constant = "{n}" }
scan_id = { constant = "base" }
diameter_mm = { column = "L{n} cm", unit = "cm" }
"""

HEAD = "Pat-ID;Geschlecht;Geb.;BMI;DM;CT;L1 Segment;L1 cm;L2 Segment;L2 cm\n"


def _read(folder: Path, rows: str, mapping: str = WARD, head: str = HEAD, encoding: str = "utf-8") -> Intake:
    file = folder / "ward.csv"
    file.write_bytes((head + rows).encode(encoding))
    return read_mapped(file, mapping_from(mapping), today=TODAY)


def _one(intake: Intake, kind: str) -> list[Record]:
    return [one.record for one in intake.noted if one.record.kind.name == kind]


def test_a_row_becomes_a_patient_and_as_many_lesions_as_it_has(tmp_path: Path) -> None:
    intake = _read(
        tmp_path, "007;W;3.4.1951;23,5;ja;01.02.2024;VI;1,1;;\n8;m;unbekannt;-;nein;02.02.2024;II;2;IVa;3,3\n"
    )
    assert intake.problems == []
    first, second = _one(intake, "patient")
    assert (first.patient_id, dict(first.values)) == (
        "007", {"sex": "female", "born_on": date(1951, 4, 3), "bmi_kg_m2": 23.5, "diabetes": True})  # fmt: skip
    assert second.unknown == {"born_on"}
    assert second.get("bmi_kg_m2") is None
    assert [(one.patient_id, one.id, one.get("place")) for one in _one(intake, "lesion")] == [
        ("007", "1", "VI"), ("8", "1", "II"), ("8", "2", "IVa")]  # fmt: skip
    assert [one.get("diameter_mm") for one in _one(intake, "reading")] == [11.0, 20.0, 33.0]


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        ("1;d;;;;;;;;", "Geschlecht", "or a word that the mapping explains"),
        ("1;;31.02.2024;;;;;;;", "Geb.", "a day written DD.MM.YYYY is wanted"),
        ("1;;02/03/1950;;;;;;;", "Geb.", "a day written DD.MM.YYYY is wanted"),
        ("1;;45000;;;;;;;", "Geb.", "a day written DD.MM.YYYY is wanted"),
        ("1;;01.01.0001;;;;;;;", "Geb.", "before 1900"),
        ("1;;01.01.2027;;;;;;;", "Geb.", "lies in the future"),
        ("1;;;23.5;;;;;;", "BMI", "a number from 8 to 120"),
        ("1;;;nan;;;;;;", "BMI", "a number from 8 to 120"),
        ("1;;;;;;;<1;;", "L1 cm", "here in cm"),
        ("1;;;;;;V;400;;", "L1 cm", "here in cm"),
        ("1;;;;;;IX;;;", "L1 Segment", "one of I, II"),
        (";m;;;;;;;;", "Pat-ID", "short name"),
        ("a b;m;;;;;;;;", "Pat-ID", "short name"),
        ("1;m;;;;;;;", "", "more or fewer cells"),
    ],
)
def test_every_problem_is_named_by_row_and_column(tmp_path: Path, row: str, column: str, says: str) -> None:
    intake = _read(tmp_path, f"9;m;;;;;;;;\n\n{row}\n")
    problem = intake.problems[0]
    assert (problem.row, problem.column) == (4, column)
    assert says in problem.says


def test_all_problems_of_a_row_are_told_at_once(tmp_path: Path) -> None:
    intake = _read(tmp_path, "1;x;x;x;x;x;x;x;x;x\n")
    assert [one.column for one in intake.problems] == [
        "Geschlecht", "Geb.", "BMI", "DM", "L1 Segment", "L2 Segment", "CT", "L1 cm", "L2 cm"]  # fmt: skip


def test_days_either_way_round_are_refused_until_the_mapping_says_which(tmp_path: Path) -> None:
    mapping = '[[table]]\nkind = "death"\npatient = "id"\nfields = { died_on = "died" }\n'
    vague = _read(tmp_path, "1;03/04/2024\n", mapping, "id;died\n")
    assert "the mapping says how" in vague.problems[0].says
    for written, day in (("MM/DD/YYYY", date(2024, 3, 4)), ("DD/MM/YYYY", date(2024, 4, 3))):
        told = _read(tmp_path, "1;03/04/2024 00:00\n", f'dates = "{written}"\n{mapping}', "id;died\n")
        assert _one(told, "death")[0].get("died_on") == day


@pytest.mark.parametrize(("written", "day"), [("excel", date(2023, 3, 15)), ("excel 1904", date(2027, 3, 16))])
def test_day_numbers_are_days_only_if_the_mapping_says_of_which_calendar(
    tmp_path: Path, written: str, day: date
) -> None:
    mapping = f'dates = "{written}"\n[[table]]\nkind = "death"\npatient = "id"\nfields = {{ died_on = "died" }}\n'
    file = tmp_path / "t.csv"
    file.write_text("id,died\n1,45000\n")
    intake = read_mapped(file, mapping_from(mapping), today=date(2030, 1, 1))
    assert _one(intake, "death")[0].get("died_on") == day


def test_latin_1_is_read_where_the_mapping_names_it(tmp_path: Path) -> None:
    mapping = 'unknown = ["weiß nicht"]\n[[table]]\nkind = "patient"\npatient = "Nr"\nencoding = "latin-1"\n'
    mapping += 'fields = { sex = "Geschl." }\n'
    assert _one(_read(tmp_path, "1;weiß nicht\n", mapping, "Nr;Geschl.\n", "latin-1"), "patient")[0].unknown == {"sex"}
    with pytest.raises(UnreadableFile, match="name its encoding"):
        _read(tmp_path, "1;weiß nicht\n", mapping.replace('encoding = "latin-1"\n', ""), "Nr;Geschl.\n", "latin-1")


def test_a_row_is_taken_only_where_it_is_of_the_kind(tmp_path: Path) -> None:
    mapping = """
    [[table]]
    kind = "session"
    patient = "id"
    numbered = true
    where = { what = ["OP", "re-op"] }
    fields = { ablated_on = "day", approach = { column = "how", values = { lap = "laparoscopic" } } }
    """
    rows = "1;OP;2024-01-01;lap\n1;CT;2024-02-01;\n1;Re-OP;2024-03-01;open\n2;OP;2024-03-01;\n"
    found = _one(_read(tmp_path, rows, mapping, "id;what;day;how\n"), "session")
    assert [(one.patient_id, one.id, one.get("approach")) for one in found] == [
        ("1", "1", "laparoscopic"), ("1", "2", "open"), ("2", "1", None)]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "table: it is missing"),
        ('[[table]]\nkind = "lesions"\npatient = "id"\n', 'near it: "lesion"'),
        ('[[table]]\nkind = "lesion"\npatient = "id"\nfields = { organ = "o" }\n', "how a lesion is told from others"),
        ('[[table]]\nkind = "lesion"\npatient = "id"\nkey = "k"\nfields = { place = "o" }\n', "a lesion needs organ"),
        ('[[table]]\nkind = "patient"\npatient = "id"\nfields = { gender = "g" }\n', "no such field"),
        ('[[table]]\nkind = "patient"\npatient = "id"\nkey = "k"\n', "leave out key"),
        ('[[table]]\nkind = "patient"\npatient = "id"\nfields = { sex = { column = "g", values = { m = "man" } } }\n',
         "has to be one of female, male, other"),
        ('[[table]]\nkind = "patient"\npatient = "id"\nfields = { bmi_kg_m2 = { column = "g", unit = "lb" } }\n',
         "how to get there"),
        ('[[table]]\nkind = "patient"\npatient = "id"\nfields = { sex = { values = {} } }\n', "a column or a constant"),
        ('dates = "DD.MM.YY"\n', "years have four digits"),
        ('[[table]]\nkind = "patient"\npatient = "id"\nfields = { sex = "sex{n}" }\n', "give it, as in repeat"),
        ('[[table]]\nkind = "lesion"\npatient = "id"\nrepeat = [1, 1]\nkey_is = "{n}"\nfields = { organ = "o" }\n',
         "names something twice"),
        ('[[table]]\nkind = "lesion"\npatient = "id"\nrepeat = [1]\nkey_is = "{n}"\nfields = { organ = { constant = '
         '"{n}" } }\n', "the constant for organ has to be one of"),
        ('[[table]]\nkind = "lesion"\npatient = "id"\nrepeat = [1]\nkey = "k"\nfields = { organ = "o" }\n',
         "keys of their own"),
        ("[[table]\n", "not valid TOML"),
    ],
)  # fmt: skip
def test_a_mapping_that_cannot_be_meant_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(BadMapping, match=r"mapping\.toml") as refused:
        mapping_from(text)
    assert says in str(refused.value)


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadTable, match="no column 'Geschlecht'; near it are: Geschl"):
        _read(tmp_path, "1;;;;;;;;;\n", head=HEAD.replace("Geschlecht", "Geschl"))


LONG = '[[table]]\nkind = "death"\npatient = "id"\nfields = { died_on = "died" }\n'


def _book(folder: Path, *rows: tuple[object, ...], sheet: str = "deaths") -> tuple[Path, Any]:
    book: Any = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    return folder / "book.xlsx", book


def test_a_book_with_days_in_the_calendar_of_1904_gives_the_same_days(tmp_path: Path) -> None:
    file, book = _book(tmp_path, ("id", "died"), ("007", datetime(2024, 3, 1)), (8, "2024-03-02"))  # noqa: DTZ001
    book.epoch = CALENDAR_MAC_1904
    book.save(file)
    found = _one(read_mapped(file, mapping_from(LONG), today=TODAY), "death")
    assert [(one.patient_id, one.get("died_on")) for one in found] == [
        ("007", date(2024, 3, 1)), ("8", date(2024, 3, 2))]  # fmt: skip


def test_merged_cells_are_refused_since_nobody_knows_whose_they_are(tmp_path: Path) -> None:
    file, book = _book(tmp_path, ("id", "died"), ("1", "2024-01-01"), ("1", None))
    book.active.merge_cells("A2:A3")
    book.save(file)
    with pytest.raises(BadTable, match="cells A2:A3 are merged"):
        read_mapped(file, mapping_from(LONG), today=TODAY)


def test_a_formula_that_was_never_calculated_is_a_problem_not_an_empty_cell(tmp_path: Path) -> None:
    file, book = _book(tmp_path, ("id", "died"), ("1", "=TODAY()"), ("2", "#N/A"), ("3", None))
    book.save(file)
    intake = read_mapped(file, mapping_from(LONG), today=TODAY)
    assert [(one.row, "never calculated" in one.says) for one in intake.problems] == [(2, True), (3, True)]


def test_of_several_sheets_one_is_named_and_hidden_ones_do_not_count(tmp_path: Path) -> None:
    file, book = _book(tmp_path, ("id", "died"), ("1", "2024-01-01"))
    book.create_sheet("old").append(("id", "died"))
    book.save(file)
    with pytest.raises(UnreadableFile, match=r"has 2 sheets \(deaths, old\)"):
        read_mapped(file, mapping_from(LONG), today=TODAY)
    book["old"].sheet_state = "hidden"
    book.save(file)
    assert len(read_mapped(file, mapping_from(LONG), today=TODAY).noted) == 1
    with pytest.raises(UnreadableFile, match="has no sheet 'gone'"):
        read_mapped(file, mapping_from(LONG.replace("fields", 'sheet = "gone"\nfields')), today=TODAY)


def test_a_book_that_unpacks_to_too_much_is_never_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, book = _book(tmp_path, ("id", "died"), *((str(n), "2024-01-01") for n in range(2000)))
    book.save(file)
    monkeypatch.setattr(cells_excel, "LARGEST_BYTES", 50_000)
    with pytest.raises(UnreadableFile, match="more than a table of patients can be"):
        read_mapped(file, mapping_from(LONG), today=TODAY)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"<html>", b"\x00" * 100])
def test_what_is_no_book_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "book.xlsx").write_bytes(content)
    with pytest.raises(InputError, match=r"not an Excel file|cannot be read"):
        read_mapped(tmp_path / "book.xlsx", mapping_from(LONG), today=TODAY)


def test_empty_cells_beyond_the_header_are_no_cells(tmp_path: Path) -> None:
    file, book = _book(tmp_path, ("id", "died"), ("1", "2024-01-01"), ("2", "2024-01-02"))
    book.active["F1"] = " "
    book.save(file)
    assert len(read_mapped(file, mapping_from(LONG), today=TODAY).noted) == 2
    book.active["F2"] = "a note beside the table"
    book.save(file)
    assert [one.row for one in read_mapped(file, mapping_from(LONG), today=TODAY).problems] == [2]
    (tmp_path / "t.csv").write_text("id;died;\n1;2024-01-01;\n2;2024-01-02; \n")
    assert len(read_mapped(tmp_path / "t.csv", mapping_from(LONG), today=TODAY).noted) == 2


@pytest.mark.parametrize("unit", ["ng/mL", "ng/ml", "ug/l", "µg/L"])
def test_the_letter_for_liter_may_be_small_or_large(unit: str) -> None:
    text = (
        '[[table]]\nkind = "decision"\npatient = "id"\nkey_is = "1"\n'
        f'fields = {{ decided_on = "d", cea_ug_l = {{ column = "c", unit = "{unit}" }} }}\n'
    )
    (table,) = mapping_from(text).tables
    assert table.sources[1].factor == 1.0


def test_sheets_and_tables_that_nothing_reads_are_told(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Patients"  # type: ignore[union-attr]
    book.active.append(["id", "Sex"])  # type: ignore[union-attr]
    book.active.append(["1", "male"])  # type: ignore[union-attr]
    book.create_sheet("Notes")
    book.create_sheet("Old").sheet_state = "hidden"
    book.save(tmp_path / "ward.xlsx")
    (tmp_path / "labs.csv").write_text("id,cea\n1,3\n", encoding="utf-8")
    mapping = mapping_from('[[table]]\nkind = "patient"\nfile = "ward.xlsx"\nsheet = "Patients"\npatient = "id"\n'
                           'fields = { sex = "Sex" }\n')  # fmt: skip

    passed = read_mapped(tmp_path, mapping, today=TODAY).passed

    assert [(one.table, one.why) for one in passed] == [
        ("ward.xlsx [Notes]", "not in the mapping"),
        ("ward.xlsx [Old]", "not in the mapping, and hidden"),
        ("labs.csv", "not in the mapping"),
    ]  # fmt: skip


PRIMARY = """
[[table]]
kind = "primary"
patient = "id"
key_is = "1"
fields = { primary = { constant = "colorectal" }, ras = "RAS" }
"""
ABLATION = """
[[table]]
kind = "ablation"
patient = "id"
key_is = "1"
fields = { session_id = "s", lesion_id = "t", modality = { constant = "MWA" } }
"""
DEATH = """
[[table]]
kind = "death"
patient = "id"
fields = { died_on = "died", cause = { constant = "tumor" } }
"""


def test_a_constant_that_is_all_a_primary_tumor_needs_is_said_of_every_patient(tmp_path: Path) -> None:
    intake = _read(tmp_path, "1;mutated\n2;\n", PRIMARY, "id;RAS\n")
    assert [(one.patient_id, dict(one.values)) for one in _one(intake, "primary")] == [
        ("1", {"primary": "colorectal", "ras": "mutated"}), ("2", {"primary": "colorectal"})]  # fmt: skip
    assert intake.passed == []
    second = _read(tmp_path, "1;mutated\n1;\n2;\n", PRIMARY.replace('key_is = "1"', "numbered = true"), "id;RAS\n")
    assert [(one.patient_id, one.id) for one in _one(second, "primary")] == [("1", "1")]
    assert [(one.count, one.in_vain) for one in second.passed] == [(2, True)]


@pytest.mark.parametrize(
    ("mapping", "head", "rows", "why"),
    [
        (ABLATION, "id;s;t\n", "1;a;b\n2;;\n", "no ablation: nothing of one stands there but modality, which the "
         "mapping states for every row"),
        (DEATH, "id;died\n", "1;2024-01-01\n2;\n", "no death: nothing of one stands there but cause, which the mapping "
         "states for every row"),
    ],
)  # fmt: skip
def test_a_constant_alone_makes_nothing_that_may_not_have_been_and_that_is_marked_to_be_told(
    tmp_path: Path, mapping: str, head: str, rows: str, why: str
) -> None:
    intake = _read(tmp_path, rows, mapping, head)
    assert [one.record.patient_id for one in intake.noted] == ["1"]
    assert [(one.count, one.why, one.in_vain) for one in intake.passed] == [(1, why, True)]


def test_rows_of_which_the_mapping_states_nothing_but_what_they_point_to_are_passed_over_quietly(
    tmp_path: Path,
) -> None:
    intake = _read(tmp_path, "1;m;;;;;;;;\n")
    told = {one.why: one.in_vain for one in intake.passed}
    assert told == {
        "no lesion: nothing of one stands there but organ, which the mapping states for every row": True,
        "no scan: nothing of one stands there": False, "no reading: nothing of one stands there": False,
    }  # fmt: skip


def test_the_columns_of_tables_are_told_also_where_a_table_waits_to_be_filled_in(tmp_path: Path) -> None:
    (tmp_path / "ward.csv").write_text("id,Sex\n1,male\n", encoding="utf-8")
    (tmp_path / "sizes.csv").write_text("id,tumor,mm\n1,a,12\n", encoding="utf-8")
    (tmp_path / "broken.csv").write_text("a,a\n", encoding="utf-8")
    waiting = ('[[table]]\nkind = "lesion"\nfile = "{}"\npatient = "id"\nkey = "tumor"\n'
               'fields = {{ organ = {{ constant = "..." }} }}\n')  # fmt: skip
    mapping = '[[table]]\nkind = "patient"\nfile = "ward.csv"\npatient = "id"\n' + waiting.format("sizes.csv")
    intake = read_mapped(tmp_path, mapping_from(mapping + waiting.format("broken.csv")), today=TODAY)
    assert intake.columns == {"ward.csv": ("id", "Sex"), "sizes.csv": ("id", "tumor", "mm")}


@pytest.mark.parametrize(
    ("slip", "says"),
    [('plac = { constant = "..." }', r'line 8, .*fields\.plac: a lesion has no such field \(near it: "place"\)'),
     ('plce = "p"', r"line 8, .*no such field"), ('place = { column = "p", unit = "mm" }', "place is no number")],
)  # fmt: skip
def test_a_slip_in_a_table_that_waits_is_told_before_it_is_filled_in(slip: str, says: str) -> None:
    text = ('[[table]]\nkind = "patient"\npatient = "id"\n[[table]]\nkind = "lesion"\npatient = "id"\n[table.fields]\n'
            f'{slip}\norgan = {{ constant = "..." }}\n')  # fmt: skip
    with pytest.raises(BadMapping, match=says):
        mapping_from(text)


def test_whether_each_row_that_is_taken_is_of_another_patient_is_told(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.csv").write_text("id,visit\nq,baseline\nq,month 3\nr,baseline\n", encoding="utf-8")
    table = '[[table]]\nkind = "patient"\nfile = "{}.csv"\npatient = "id"\n'
    taken = 'where = { visit = ["baseline"] }\n'
    text = table.format("a") + table.format("b") + taken + table.format("c") + taken + table.format("c")
    intake = read_mapped(tmp_path, mapping_from(text), today=TODAY)
    assert intake.one_each == {"a.csv": False, "b.csv": True, "c.csv": False}
