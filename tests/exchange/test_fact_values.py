"""The value of a fact record: plain words are taken, what no case file would hold is refused with what may be said."""

from __future__ import annotations

import pytest

from isotherm.clinical.record_kinds import FACT, LESION
from isotherm.exchange.fact_values import bare_fact, fact_fields
from isotherm.exchange.record_intake import Intake

NOBODY = frozenset[str]()


@pytest.mark.parametrize(("name", "text", "kept"), [
    ("resectable", "yes", "true"), ("resectable", "No", "false"), ("resectable", " YES ", "true"),
    ("resectable", "True", "true"), ("resectable", "false", "false"), ("ascites", "Not assessable", '"not assessable"'),
    ("organ", "Liver", '"liver"'), ("organ", '"liver"', '"liver"'), ("n_stage", "n1", '"N1"'),
    ("primary_site", "ascending  colon", '"ascending colon"'), ("ecog", "1", "1"), ("inr", "1.5", "1.5"),
    ("ct_date", "2025-03-01", "2025-03-01"), ("inr", "{ value = 1.5, low = 1.2, high = 1.8 }",
                                              "{ value = 1.5, low = 1.2, high = 1.8 }"),
])  # fmt: skip
def test_plain_words_are_written_as_a_case_file_has_them(name: str, text: str, kept: str) -> None:
    values = fact_fields(FACT, {"name": name, "value": text})
    assert values["value"] == kept
    assert fact_fields(FACT, values) == values


def test_a_bare_fact_is_one_value_that_can_be_read() -> None:
    told = [bare_fact({"name": "inr", "value": text}) for text in ("1.5", '"not assessable"')]
    assert [None if one is None else one.value for one in told] == [1.5, None]
    for text in ("[1.5, 1.6]", '{ value = 1.5, source = "letter" }', "high"):
        assert bare_fact({"name": "inr", "value": text}) is None


@pytest.mark.parametrize(("name", "text", "may"), [
    ("resectable", "not resectable", "value of “resectable” is yes or no, or not assessable"),
    ("resectable", "1", "value of “resectable” is yes or no, or not assessable"),
    ("organ", "bone", "value of “organ that holds the metastases in question” is one of liver, lung, other"),
    ("flr_percent", "300", "value of “future liver remnant” is a number from 0 to 100 %, or not assessable"),
    ("ecog", "1\ny = 2", "value of “ECOG performance status” is a whole number from 0 to 5"),
    ("ct_date", "in spring", "value of “CT of the liver” is a date as in 2025-03-01"),
    ("diameter_mm", "3", "lesion_id is missing, and “largest diameter” is of a lesion; say of which"),
])  # fmt: skip
def test_what_no_case_file_would_hold_is_refused_without_its_value(name: str, text: str, may: str) -> None:
    with pytest.raises(ValueError, match=r"^(value|lesion_id) ") as caught:
        fact_fields(FACT, {"name": name, "value": text})
    assert str(caught.value).startswith(may)


def test_a_fact_of_the_patient_is_of_no_lesion_and_other_records_stay_as_they_are() -> None:
    with pytest.raises(ValueError, match="“resectable” is of the patient; leave the lesion out"):
        fact_fields(FACT, {"name": "resectable", "value": "yes", "lesion_id": "1"})
    values = {"organ": "liver"}
    assert fact_fields(LESION, values) == values


def test_an_imported_row_is_taken_or_told_with_its_column() -> None:
    intake = Intake()
    for row, text in enumerate(("No", "not resectable"), start=2):
        intake.take(FACT, ("P1", str(row)), {"name": "resectable", "value": text}, NOBODY, place=("fact.csv", row),
                    columns={"value": "What"})  # fmt: skip
    assert [one.record.get("value") for one in intake.noted] == ["false"]
    (problem,) = intake.problems
    assert (problem.row, problem.column) == (3, "What")
    assert problem.says == "value of “resectable” is yes or no, or not assessable."


def test_what_a_table_calls_unknown_never_becomes_a_value_that_could_take_another_ones_place() -> None:
    intake = Intake()
    intake.take(FACT, ("P1", "1"), {"name": "ecog"}, frozenset({"value"}), place=("fact.csv", 2), columns={})
    assert intake.noted == []
    assert intake.problems[0].says == "value is missing; a fact needs it."
