"""The adjusted table: the rows that count, with set, weight and distance, and nothing of the table changed."""

from __future__ import annotations

import numpy as np
import pytest

from isotherm.errors import BadColumn, BadSetting
from isotherm.study.adjusted_table import adjusted_table, sets_table
from isotherm.study.coarsened import match_coarsened
from isotherm.study.matched import Caliper
from isotherm.study.matching import match_nearest
from isotherm.study.weighting import weighted
from tests.study import lalonde


def test_the_matched_rows_come_with_set_weight_and_distance() -> None:
    table = lalonde.table()
    before = table.copy()
    matched = match_nearest(lalonde.scores())
    found = adjusted_table(table, matched)
    assert len(found) == 234
    assert found["set"].value_counts().eq(2).all()
    assert set(found["set"]) == set(range(1, 118))
    pairs = found.groupby("set")["distance"].agg(lambda values: values.max() - values.min())
    assert matched.caliper is not None
    assert (pairs <= matched.caliper).all()
    assert found["treat"].groupby(found["set"]).sum().eq(1).all()
    assert table.equals(before)


def test_everybody_can_be_had_with_a_weight_of_zero() -> None:
    found = adjusted_table(lalonde.table(), match_nearest(lalonde.scores()), everybody=True)
    assert len(found) == 614
    assert (found["weight"] == 0.0).sum() == 614 - 234
    assert found["set"].isna().sum() == 614 - 234


def test_weighted_rows_have_no_set_and_strata_no_distance() -> None:
    by_weight = adjusted_table(lalonde.table(), weighted(lalonde.scores()))
    assert by_weight["set"].isna().all()
    assert np.allclose(by_weight["distance"], lalonde.scores().probability)
    strata = adjusted_table(lalonde.table(), match_coarsened(lalonde.design(), lalonde.table()["treat"]))
    assert strata["distance"].isna().all()
    assert strata["set"].max() == 25


def test_with_replacement_a_unit_appears_once_for_each_of_its_sets() -> None:
    matched = match_nearest(lalonde.scores(), replace=True, ratio=2, caliper=Caliper(0.2))
    found = sets_table(lalonde.table(), matched)
    assert matched.pairs is not None
    assert len(found) == len(matched.pairs) + matched.n_matched(treated=True)
    assert adjusted_table(lalonde.table(), matched)["set"].isna().all()
    summed = found.groupby(["set", "treat"])["weight"].sum()
    assert np.allclose(summed, 1.0)
    # The weights of the match are these, added up and scaled.
    added = found[found["treat"] == 0].groupby("rowname")["weight"].sum()
    ours = adjusted_table(lalonde.table(), matched).set_index("rowname")["weight"]
    assert np.allclose(added / added.mean(), ours[added.index])


def test_strata_have_no_pairs_to_list() -> None:
    strata = match_coarsened(lalonde.design(), lalonde.table()["treat"])
    with pytest.raises(BadSetting, match="no pairs"):
        sets_table(lalonde.table(), strata)


def test_a_column_is_never_overwritten_and_the_table_must_be_the_same() -> None:
    matched = match_nearest(lalonde.scores())
    with pytest.raises(BadColumn, match="'weight' already"):
        adjusted_table(lalonde.table().assign(weight=1), matched)
    with pytest.raises(BadSetting, match="fewer rows"):
        adjusted_table(lalonde.table().iloc[:100], matched)
