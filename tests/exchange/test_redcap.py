"""REDCap, both ways: a dictionary that keeps REDCap's rules, and records that come back as they were."""

from __future__ import annotations

import csv
import io
import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadTable
from isotherm.exchange.record_intake import Intake
from isotherm.exchange.redcap_dictionary import COLUMNS, dictionary, missing_data_codes, repeating_instruments
from isotherm.exchange.redcap_in import read_redcap
from isotherm.exchange.redcap_names import CODES, VARIABLES, choice_code
from isotherm.exchange.redcap_out import redcap_columns, write_redcap
from tests.exchange.random_records import TODAY, by_key, registries

ROWS = list(csv.DictReader(io.StringIO(dictionary())))
NAMES = [row["Variable / Field Name"] for row in ROWS]


def test_the_dictionary_has_the_18_columns_of_redcap_and_a_row_for_every_field() -> None:
    assert len(COLUMNS) == 18
    assert list(ROWS[0]) == list(COLUMNS)
    assert len(ROWS) == 1 + sum(len(kind.fields) + kind.several for kind in RECORD_KINDS.values())


def test_the_first_field_is_the_record_id_on_the_first_form() -> None:
    assert (NAMES[0], ROWS[0]["Form Name"], ROWS[0]["Field Type"]) == ("patient_id", "patient", "text")


def test_of_simulated_patients_the_first_form_says_so_and_nothing_else_changes() -> None:
    marked = list(csv.DictReader(io.StringIO(dictionary(simulated=True))))
    (place,) = [at for at, row in enumerate(marked) if row["Section Header"]]
    assert (place, marked[place]["Form Name"]) == (1, "patient")
    assert marked[place].pop("Section Header") == "Simulated patients: nobody in this project ever lived"
    assert ROWS[place].get("Section Header") == ""
    assert [row | {"Section Header": ""} for row in marked] == ROWS


def test_names_are_unique_lower_case_and_short_enough_for_statistics_packages() -> None:
    assert len(set(NAMES)) == len(NAMES)
    for name in NAMES:
        assert name == name.lower()
        assert name.isidentifier()
        assert "__" not in name
        assert not name.endswith("_")
        assert len(name) <= 32
    assert sum(len(name) > 26 for name in NAMES) <= 2  # REDCap warns beyond 26 letters, and refuses beyond 100


def test_the_rows_of_a_form_are_together_and_none_hangs_on_a_condition() -> None:
    forms = [row["Form Name"] for row in ROWS]
    assert [name for at, name in enumerate(forms) if at == 0 or forms[at - 1] != name] == list(RECORD_KINDS)
    assert not any(row["Branching Logic (Show field only if...)"] for row in ROWS)


def test_types_and_validations_are_those_that_redcap_has() -> None:
    assert {row["Field Type"] for row in ROWS} <= {"text", "notes", "radio", "dropdown", "yesno"}
    for row in ROWS:
        validation = row["Text Validation Type OR Show Slider Number"]
        assert validation in ("", "number", "integer", "date_ymd")
        assert not validation or row["Field Type"] == "text"
        assert bool(row["Text Validation Min"]) == (validation in ("number", "integer"))
        if row["Text Validation Min"]:
            assert float(row["Text Validation Min"]) < float(row["Text Validation Max"])
            assert "e" not in row["Text Validation Max"]


def test_choices_have_codes_that_redcap_takes_each_once() -> None:
    for row in ROWS:
        choices = row["Choices, Calculations, OR Slider Labels"]
        assert bool(choices) == (row["Field Type"] in ("radio", "dropdown"))
        codes = [one.split(", ", 1)[0] for one in choices.split(" | ") if one]
        assert all(code.replace("_", "").isalnum() and code.isascii() for code in codes)
        assert len({code.casefold() for code in codes}) == len(codes)
        assert not CODES & set(codes)
    for kind in RECORD_KINDS.values():
        for field in kind.fields:
            assert not any("|" in one for one in field.choices)
            labels = {one.casefold(): one for one in field.choices}
            assert all(labels.get(choice_code(one).casefold(), one) == one for one in field.choices)


def test_every_kind_of_which_a_patient_has_several_repeats() -> None:
    rows = list(csv.DictReader(io.StringIO(repeating_instruments())))
    assert [row["form_name"] for row in rows] == [name for name, kind in RECORD_KINDS.items() if kind.several]
    assert all(row["custom_form_label"].strip("[]") in NAMES for row in rows)
    assert missing_data_codes().startswith("UNK, Unknown\n")


@given(found=registries())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_what_goes_out_comes_back(found: list[Record]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "redcap.csv"
        counts = write_redcap(found, file)
        intake = read_redcap(file, today=TODAY)
    assert intake.problems == []
    assert sum(counts.values()) == len(found)
    assert by_key([one.record for one in intake.noted]) == by_key(found)


def test_an_export_has_only_columns_of_the_dictionary_and_those_of_redcap() -> None:
    own = {name for name in redcap_columns() if not name.startswith("redcap_") and not name.endswith("_complete")}
    assert own == set(NAMES)
    assert set(VARIABLES) == set(NAMES[1:])


def _read(folder: Path, text: str) -> Intake:
    file = folder / "export.csv"
    file.write_text(text, encoding="utf-8")
    return read_redcap(file, today=TODAY)


HEAD = (
    "patient_id,redcap_repeat_instrument,redcap_repeat_instance,pat_sex,pat_cirrhosis,pat_diabetes,dea_died_on,"
    "les_lesion_id,les_organ,les_perihilar,les_note\n"
)


@pytest.mark.parametrize(
    "rows",
    ["1,,,female,Child_Pugh_A,1,,,,,\n1,lesion,1,,,,,,liver,0,UNK\n",
     "1,,,Female,Child-Pugh A,Yes,,,,,\n1,Lesion,1,,,,,,Liver,No,UNK\n"],
    ids=["raw codes", "labels"],
)  # fmt: skip
def test_codes_and_labels_are_read_alike(tmp_path: Path, rows: str) -> None:
    patient, lesion = (one.record for one in _read(tmp_path, HEAD + rows).noted)
    assert dict(patient.values) == {"sex": "female", "cirrhosis": "Child-Pugh A", "diabetes": True}
    assert (lesion.id, dict(lesion.values), lesion.unknown) == ("1", {"organ": "liver", "perihilar": False}, {"note"})


@pytest.mark.parametrize(
    ("cell", "unknown"),
    [("UNK", True), ("ASKU", True), ("Asked but unknown", True), ("NASK", False), ("NA", False), ("Not asked", False)],
)
def test_missing_data_codes_are_unknown_only_where_somebody_was_asked(tmp_path: Path, cell: str, unknown: bool) -> None:
    (noted,) = _read(tmp_path, f"{HEAD}1,,,{cell},,,,,,,\n").noted
    assert not noted.record.values
    assert noted.record.unknown == ({"sex"} if unknown else set())


def test_a_longitudinal_export_names_records_after_their_events(tmp_path: Path) -> None:
    text = ("patient_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,pat_sex,fol_seen_on,"
            "fol_new_in_organ\n007,baseline_arm_1,,,male,,\n007,month_3_arm_1,,,,2024-03-01,0\n"
            "007,month_6_arm_1,,,,2024-06-01,1\n")  # fmt: skip
    found = by_key([one.record for one in _read(tmp_path, text).noted])
    assert [key for key in found if key[0] == "follow_up"] == [
        ("follow_up", "007", "month_3_arm_1"), ("follow_up", "007", "month_6_arm_1")]  # fmt: skip
    assert found["follow_up", "007", "month_6_arm_1"].get("seen_on") == date(2024, 6, 1)


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        ("1,lesions,1,,,,,,liver,,", "redcap_repeat_instrument", "no such instrument"),
        ("1,lesion,1,male,,,,,liver,,", "redcap_repeat_instrument", "something of another form"),
        ("1,,,divers,,,,,,,", "pat_sex", "one of female, male, other"),
        ("1,,,,,2,,,,,", "pat_diabetes", "true or false"),
        ("1,,,,,,31-12-2020,,,,", "dea_died_on", "a date as in"),
        ("1,lesion,1,,,,,,,,", "les_organ", "organ is missing"),
        ("1,lesion,,,,,,a b,liver,,", "les_lesion_id", "short name"),
    ],
)
def test_problems_are_named_by_row_and_variable(tmp_path: Path, row: str, column: str, says: str) -> None:
    (problem,) = _read(tmp_path, f"{HEAD}{row}\n").problems
    assert (problem.row, problem.column) == (2, column)
    assert says in problem.says


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("Record ID,Repeat Instrument\n", "no column 'patient_id'"),
        ("patient_id,comorbidity___1\n", "is a box to tick"),
        ("patient_id,pat_sexx\n", "no variable of our dictionary; near it are: pat_sex"),
    ],
)
def test_another_project_is_refused_by_name_of_its_column(tmp_path: Path, head: str, says: str) -> None:
    with pytest.raises(BadTable, match=says):
        _read(tmp_path, f"{head}1,1\n")


def test_a_text_that_reads_like_a_missing_data_code_stays_a_text(tmp_path: Path) -> None:
    lesion = Record(kind=RECORD_KINDS["lesion"], patient_id="NA", id="UNK", values={"organ": "liver", "note": "UNK"})
    write_redcap([lesion], tmp_path / "r.csv")
    assert [one.record for one in read_redcap(tmp_path / "r.csv", today=TODAY).noted] == [lesion]
