"""Rows become tables: one type for each form of value, and nothing of another form."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadTable
from isotherm.registry.frames import frames


def test_an_empty_registry_has_a_table_of_each_kind_with_all_columns() -> None:
    tables = frames(())
    assert list(tables) == list(RECORD_KINDS)
    for name, kind in RECORD_KINDS.items():
        assert list(tables[name].columns) == [*kind.keys, *(field.name for field in kind.fields)]
        assert len(tables[name]) == 0


@pytest.mark.parametrize("no_row", [True, False])
def test_each_form_of_value_has_one_type_whether_there_are_records_or_not(no_row: bool) -> None:
    row = ("P1", "female", "1950-03-01", 24.5, 1, None)
    names = ("patient_id", "sex", "born_on", "bmi_kg_m2", "diabetes", "cirrhosis")
    table = frames([("patient", {name: [] if no_row else [cell] for name, cell in zip(names, row, strict=True)})])[
        "patient"
    ]
    assert table["patient_id"].dtype == table["sex"].dtype == table["cirrhosis"].dtype == object
    assert table["bmi_kg_m2"].dtype == np.float64
    assert table["born_on"].dtype == np.dtype("datetime64[s]")
    assert table["diabetes"].dtype == pd.BooleanDtype()


@pytest.mark.parametrize("day", ["2025-03-01", date(2025, 3, 1)])
@pytest.mark.parametrize("yes", [True, 1])
def test_both_databases_give_the_same_tables(day: object, yes: object) -> None:
    columns = {"patient_id": ["P1", "P1"], "follow_up_id": ["1", "2"], "seen_on": [day, None],
               "new_in_organ": [yes, None], "quality_of_life": [55, None], "untreatable": [None, 0]}  # fmt: skip
    seen = frames([("follow_up", columns)])["follow_up"]
    assert seen["seen_on"].tolist() == [pd.Timestamp("2025-03-01"), pd.NaT]
    assert seen["new_in_organ"].tolist() == [True, pd.NA]
    assert seen["quality_of_life"].tolist()[0] == 55.0
    assert seen["untreatable"].tolist() == [pd.NA, False]


def test_bookkeeping_of_the_store_is_left_out() -> None:
    table = frames([("death", {"patient_id": ["P1"], "died_on": ["2025-01-01"], "revision": [7]})])["death"]
    assert list(table.columns) == ["patient_id", "died_on", "cause"]


@pytest.mark.parametrize(
    ("kind", "names", "row", "words"),
    [
        ("tumor", ("patient_id",), ("P1",), "Records of a kind 'tumor' came"),
        ("lesion", ("patient_id", "organ"), ("P1", "liver"), "came without 'lesion_id'"),
        (
            "death",
            ("patient_id", "died_on"),
            ("P1", "soon"),
            "'died_on' of some death holds something other than a date",
        ),
        (
            "patient",
            ("patient_id", "diabetes"),
            ("P1", 2),
            "'diabetes' of some patient holds something other than true",
        ),
        ("patient", ("patient_id", "bmi_kg_m2"), ("P1", "fat"), "'bmi_kg_m2' of some patient holds something other"),
    ],
)
def test_what_is_of_another_form_is_refused_without_being_shown(
    kind: str, names: tuple[str, ...], row: tuple[object, ...], words: str
) -> None:
    with pytest.raises(BadTable, match=words) as refused:
        frames([(kind, {name: [cell] for name, cell in zip(names, row, strict=True)})])
    assert str(row[-1]) not in str(refused.value) or row[-1] == 2


def test_a_field_without_a_column_is_of_the_same_type_as_one_in_which_nothing_is_known() -> None:
    for name, kind in RECORD_KINDS.items():
        keys = {key: ["P1", "P2"] for key in kind.keys}
        told = keys | {field.name: [None, None] for field in kind.fields}
        pd.testing.assert_frame_equal(frames([(name, keys)])[name], frames([(name, told)])[name])
