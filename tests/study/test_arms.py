"""Arms: two of them, coded as 0 and 1, without gaps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from isotherm.errors import BadColumn, NothingToCompare
from isotherm.study.arms import two_arms


@pytest.mark.parametrize("values", [[0, 1, 1], [False, True, True], [0.0, 1.0, 1.0], np.array([0, 1, True], object)])
def test_zeros_and_ones_of_any_type_are_arms(values: Any) -> None:
    assert two_arms(values, 3).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([0, 1], "shape"),
        ([0, 1, np.nan], "missing in 1 of 3"),
        (pd.array([0, 1, None], dtype="Int64"), "missing in 1 of 3"),
        ([0, 1, 2], "neither 0 nor 1 in 1 of 3"),
        (["a", "b", "1"], "neither 0 nor 1 in 3 of 3"),
    ],
)
def test_values_that_are_no_arms_are_refused(values: Any, says: str) -> None:
    with pytest.raises(BadColumn, match=says):
        two_arms(values, 3)


@pytest.mark.parametrize(("values", "says"), [([1, 1], "treated"), ([0, 0], "controls"), ([], "no rows")])
def test_one_arm_is_no_comparison(values: list[int], says: str) -> None:
    with pytest.raises(NothingToCompare, match=says):
        two_arms(values, len(values))
