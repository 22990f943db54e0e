"""The design matrix: treatment contrasts, complete cases that are counted, and columns that are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from isotherm.errors import BadColumn, BadSetting
from isotherm.study.design_matrix import DesignMatrix, design_matrix
from tests.study import lalonde

PATIENTS = pd.DataFrame(
    {
        "age": [61.0, 55.0, np.nan, 70.0, 48.0],
        "synchronous": [True, False, True, False, True],
        "primary": ["colon", "rectum", "colon", None, "breast"],
        "ecog": [0, 1, 2, 1, 0],
    }
)


def test_numbers_stay_and_categories_become_one_column_per_level_but_the_reference() -> None:
    design = design_matrix(PATIENTS, ["age", "synchronous", "primary"])
    assert design.columns == ("age", "synchronous", "primary=colon", "primary=rectum")
    assert design.x.tolist() == [[61.0, 1.0, 1.0, 0.0], [55.0, 0.0, 0.0, 1.0], [48.0, 1.0, 0.0, 0.0]]
    assert [term.kind for term in design.terms] == ["number", "yes/no", "category"]
    assert [term.reference for term in design.terms] == [None, None, "breast"]


def test_rows_with_a_missing_covariate_are_left_out_and_counted() -> None:
    design = design_matrix(PATIENTS, ["age", "primary"])
    assert design.rows.tolist() == [0, 1, 4]
    assert design.missing == (("age", 1), ("primary", 1))
    assert (design.table_rows, design.n_incomplete) == (5, 2)


def test_the_reference_level_can_be_chosen() -> None:
    design = design_matrix(PATIENTS, ["primary"], reference={"primary": "colon"})
    assert design.terms[0].levels == ("colon", "breast", "rectum")


def test_a_pandas_category_keeps_its_order_and_loses_levels_that_do_not_occur() -> None:
    stage = pd.Categorical(["T2", "T10", "T2"], categories=["T2", "T3", "T10"])
    assert design_matrix(pd.DataFrame({"stage": stage}), ["stage"]).terms[0].levels == ("T2", "T10")


def test_numbers_declared_as_a_category_are_ordered_by_value() -> None:
    table = pd.DataFrame({"ecog": [10.0, 9.0, np.nan, 0.5]})
    design = design_matrix(table, {"ecog": "category"})
    assert design.terms[0].levels == ("0.5", "9", "10")


def test_yes_no_declared_as_a_category_has_two_levels() -> None:
    design = design_matrix(PATIENTS, {"synchronous": "category"})
    assert design.terms[0].levels == ("False", "True")


def test_columns_of_objects_are_read_by_what_they_hold() -> None:
    table = pd.DataFrame(
        {"a": [1, None, 3.5], "b": [True, None, False], "c": ["x", None, "y"], "d": [1, 0, 2]}, dtype=object
    )
    design = design_matrix(table, {"a": "number", "b": "yes/no", "c": "category"})
    assert [term.kind for term in design_matrix(table, ["a", "b", "c", "d"]).terms] == [
        "number",
        "yes/no",
        "category",
        "number",
    ]
    assert design.x.tolist() == [[1.0, 1.0, 0.0], [3.5, 0.0, 1.0]]


def test_nullable_numbers_are_numbers() -> None:
    table = pd.DataFrame({"cea": pd.array([3, None, 5], dtype="Int64")})
    assert design_matrix(table, ["cea"]).x.tolist() == [[3.0], [5.0]]


def test_every_level_can_be_had_with_the_reference_among_them() -> None:
    names, values = lalonde.design().by_level()
    assert names == ("age", "educ", "race=black", "race=hispan", "race=white", "married", "nodegree", "re74", "re75")
    assert np.array_equal(values[:, 2:5].sum(axis=1), np.ones(614))
    assert np.array_equal(values[:, 2], (lalonde.table()["race"] == "black").to_numpy(dtype=float))


@pytest.mark.parametrize(
    ("table", "covariates", "says"),
    [
        ({"x": [1.0, 1.0]}, ["x"], "one value in all 2 complete rows"),
        ({"x": [np.nan, np.nan]}, ["x"], "'x' is missing in 2"),
        ({"x": [1.0, np.nan], "y": [np.nan, 2.0]}, ["x", "y"], "None of the 2 rows"),
        ({"x": []}, ["x"], "no rows"),
        ({"x": [1.0, np.inf]}, ["x"], "infinite in 1 rows"),
        ({"x": [1, "two", 3]}, ["x"], "2 of 3 rows hold a number"),
        ({"x": [True, False, 1]}, ["x"], "1 of 3 rows hold a number"),
        ({"x": [[1], [2], None]}, ["x"], "0 of 3 rows hold a number"),
        ({"x": [1j, 2.0]}, ["x"], "complex"),
        ({"x": [1j, 2.0]}, {"x": "number"}, "2 of 2 rows hold something else"),
        ({"x": [1e300, -1e300]}, ["x"], "rescale"),
        ({"x": [1e-300, 0.0]}, ["x"], "rescale"),
        ({"x": ["nowhere"]}, ["x"], "one value in all 1 complete rows"),
        ({"x": ["1", "2", "b"]}, {"x": "number"}, "3 of 3 rows hold something else"),
        ({"x": [1, 0, object()]}, {"x": "number"}, "1 of 3 rows hold something else"),
        ({"x": [1, 0, 2]}, {"x": "yes/no"}, "1 of 3 rows are neither 0 nor 1"),
        ({"x": pd.to_datetime(["2020-01-01", "2021-01-01"])}, ["x"], "dates"),
        ({"x": pd.to_timedelta([1, 2], unit="D")}, ["x"], "dates"),
        ({"x": [1.0, 2.0]}, ["z"], "'z' is not a column"),
    ],
)
def test_a_column_that_cannot_be_used_is_refused_with_its_name_and_a_count(
    table: dict[str, Any], covariates: Any, says: str
) -> None:
    with pytest.raises(BadColumn, match=says):
        design_matrix(pd.DataFrame(table), covariates)


def test_a_name_that_two_columns_have_is_refused() -> None:
    with pytest.raises(BadColumn, match="names 2 columns"):
        design_matrix(pd.DataFrame([[1, 2], [3, 4]], columns=["x", "x"]), ["x"])


@pytest.mark.parametrize(
    ("covariates", "reference", "says"),
    [
        ([], None, "No covariate"),
        (["age", "age"], None, "twice"),
        ({"age": "integer"}, None, "declared as 'integer'"),
        (["age"], {"age": "61"}, "no category"),
        (["primary"], {"primary": "lung"}, "no level of 'primary'"),
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused(covariates: Any, reference: Any, says: str) -> None:
    with pytest.raises(BadSetting, match=says):
        design_matrix(PATIENTS, covariates, reference=reference)


def test_a_single_name_is_one_covariate() -> None:
    assert design_matrix(PATIENTS, "ecog").columns == ("ecog",)


def test_the_matrix_cannot_be_changed_and_must_be_finite() -> None:
    design = lalonde.design()
    with pytest.raises(ValueError, match="read-only"):
        design.x[0, 0] = 1.0
    with pytest.raises(ValueError, match="finite"):
        DesignMatrix(np.array([[np.nan]]), ("x",), (), np.array([0]), 1, ())
    with pytest.raises(ValueError, match="a row per complete row"):
        DesignMatrix(np.ones((1, 2)), ("x",), (), np.array([0]), 1, ())
