"""Coarsened exact matching: MatchIt's strata on LaLonde's data, own bins, and weights that balance the strata."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from isotherm.errors import BadSetting, NoOverlap
from isotherm.study.coarsened import match_coarsened
from isotherm.study.design_matrix import design_matrix
from tests.study import lalonde


def test_strata_and_weights_are_those_of_matchit() -> None:
    golden = lalonde.reference()["cem"]
    matched = match_coarsened(lalonde.design(), lalonde.table()["treat"])
    names = lalonde.table()["rowname"]
    theirs = [golden["subclass"][name] for name in names]
    assert matched.set_number is not None
    ours = matched.set_number.tolist()
    assert [one is not None for one in theirs] == matched.matched.tolist()
    assert len(set(zip(theirs, ours, strict=True))) == len(set(theirs)) == len(set(ours)) == 26
    assert np.abs(matched.weight - lalonde.by_row(golden["weights"])).max() < 1e-13
    assert matched.target == "the matched only: 65 of 185 treated (ATT in the matched)"
    assert [(part.reason, part.n) for part in matched.left_out] == [
        ("no control in the same stratum", 120),
        ("no treated unit in the same stratum", 354),
    ]


@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
def test_weighted_strata_have_the_same_share_in_both_arms(estimand: Any) -> None:
    matched = match_coarsened(
        lalonde.design(), lalonde.table()["treat"], bins={"re74": 3, "age": [25, 35]}, estimand=estimand
    )
    assert matched.set_number is not None
    kept = matched.matched
    shares = [
        np.bincount(matched.set_number[kept & arm], weights=matched.weight[kept & arm]) / (kept & arm).sum()
        for arm in (matched.treated, ~matched.treated)
    ]
    assert np.allclose(*shares)
    target = {"ATT": matched.treated, "ATC": ~matched.treated, "ATE": kept}[estimand] & kept
    assert np.allclose(shares[0], np.bincount(matched.set_number[target]) / target.sum())
    assert "re74: 3 bins of equal width" in matched.method
    assert "age: cut at 25, 35" in matched.method


def test_a_bin_holds_its_lower_edge() -> None:
    table = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "treat": [1, 1, 0, 0]})
    matched = match_coarsened(design_matrix(table, ["x"]), table["treat"], bins={"x": [1.0, 3.0]}, estimand="ATE")
    assert matched.matched.tolist() == [False, True, True, False]
    assert matched.target == "the matched only: 2 of 4 units (ATE in the matched)"


def test_when_everybody_is_matched_the_estimand_is_that_of_all() -> None:
    table = pd.DataFrame({"x": [True, False] * 4, "treat": [1, 1, 0, 0] * 2})
    matched = match_coarsened(design_matrix(table, ["x"]), table["treat"], estimand="ATE")
    assert matched.target == "all 8 units (ATE)"
    assert matched.left_out == ()
    assert matched.method == "coarsened exact matching"


def test_strata_that_never_hold_both_arms_are_an_error() -> None:
    table = pd.DataFrame({"x": [0.0, 1.0, 8.0, 9.0], "treat": [1, 1, 0, 0]})
    with pytest.raises(NoOverlap, match="None of the 2 strata"):
        match_coarsened(design_matrix(table, ["x"]), table["treat"])


@pytest.mark.parametrize(
    ("bins", "says"),
    [
        ({"race": 2}, "no number"),
        ({"age": 0}, "1 or more"),
        ({"age": [3, 2]}, "low to high"),
        ({"age": [np.nan]}, "low"),
    ],
)
def test_bins_that_make_no_sense_are_refused(bins: Any, says: str) -> None:
    with pytest.raises(BadSetting, match=says):
        match_coarsened(lalonde.design(), lalonde.table()["treat"], bins=bins)


def test_an_estimand_that_does_not_exist_is_refused() -> None:
    with pytest.raises(BadSetting, match="'ATO'"):
        match_coarsened(lalonde.design(), lalonde.table()["treat"], estimand="ATO")  # pyright: ignore[reportArgumentType]
