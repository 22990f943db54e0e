"""Reader studies: what a table says of tumors, readers and features, and what is compared with what."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from isotherm.errors import BadColumn, BadPredicate, BadSetting, NothingToCompare
from isotherm.study.rank_sum import RankSum
from isotherm.study.readers import reader_study
from isotherm.study.readings import readings

LONG = pd.DataFrame(
    {
        "patient": list("aabbccdd") * 2,
        "tumor": [1, 2, 1, 2, 1, 2, 1, 2] * 2,
        "reader": ["x"] * 8 + ["y"] * 8,
        "ltp": [1, 0, 1, 0, 0, 0, None, 1, 1, 0, None, 0, 0, 0, None, 1],
        "vessel": [True, False, True, True, False, False, True, True,
                   True, False, False, True, False, None, True, True],
        "mm": [1.5, 4.0, 2.5, 6.0, 7.5, 5.0, 1.0, 3.5, 1.0, 4.5, None, 5.5, 7.0, 5.0, 2.0, 3.0],
        "score": [1, 3, 2, 5, 5, 4, 1, 2, 1, 4, 2, 5, 5, 4, 1, 2],
        "clarity": ["low", "high", "low", "mid", "high", "high", "low", "low"] * 2,
        "shape": ["round", "oval", "oval", "round", "round", "oval", "round", "oval"] * 2,
        "seen": pd.to_datetime(["2014-01-31"] * 16),
        "void": [None] * 16,
    }
)  # fmt: skip
ROLES: dict[str, Any] = {"outcome": "ltp", "tumor": "tumor", "reader": "reader", "patient": "patient"}


def test_tumors_are_told_apart_within_patients_and_unknown_outcomes_are_counted() -> None:
    of = readings(LONG, **ROLES, features=["vessel"])
    assert (of.readers, len(of.event), int(of.event.sum()), of.left_out, of.patients) == (("x", "y"), 7, 3, 1, 4)
    assert of.features[0].values.shape == (7, 2)
    assert int(np.isnan(of.features[0].values).sum()) == 1
    alone = readings(LONG.iloc[:8], outcome="ltp", features=["vessel"])
    assert (alone.readers, alone.patient, alone.patients, len(alone.event)) == (("",), None, None, 7)
    (one,) = reader_study(alone).associations
    assert (one.clustered, one.clustered_p) == ((), None)
    assert "ignores clustering" in one.effects[0].method


def test_the_kind_of_a_feature_follows_from_what_it_holds() -> None:
    names = ["vessel", "mm", "score", "clarity", "shape", "thin: mm <= 3"]
    of = readings(LONG, **ROLES, features=names, order={"clarity": ("low", "mid", "high")})
    kinds = {feature.name: feature.kind for feature in of.features}
    assert kinds == {
        "vessel": "yes/no", "mm": "number", "score": "score", "clarity": "score", "shape": "category", "thin": "yes/no",
    }  # fmt: skip
    by_name = {feature.name: feature for feature in of.features}
    assert by_name["score"].categories == ("1", "2", "3", "4", "5")
    assert by_name["score"].levels == (1.0, 2.0, 3.0, 4.0, 5.0)
    assert by_name["score"].values[0].tolist() == [1.0, 1.0]
    assert by_name["score"].shown(2.5) == "2.5"
    assert by_name["clarity"].categories == ("low", "mid", "high")
    assert by_name["clarity"].levels == (0.0, 1.0, 2.0)
    assert (by_name["clarity"].shown(1.0), by_name["clarity"].shown(1.5)) == ("mid", "mid / high")
    assert by_name["shape"].categories == ("oval", "round")
    assert int(np.isnan(by_name["thin"].values).sum()) == 1  # a margin that is not known is neither thin nor wide


def test_every_feature_stands_beside_the_outcome_for_each_reader_and_readers_beside_each_other() -> None:
    names = ["vessel", "mm", "score", "shape"]
    study = reader_study(readings(LONG, **ROLES, features=names))
    assert [(one.feature, one.reader) for one in study.associations[:2]] == [("vessel", "x"), ("vessel", "y")]
    vessel, number, shape = study.associations[0], study.associations[2], study.associations[6]
    assert vessel.counts is not None
    assert (vessel.counts.events, vessel.counts.n, vessel.counts.reference_events) == (3, 3, 1)
    assert "separation" in " ".join(vessel.whys)
    assert vessel.clustered_p is not None
    assert isinstance(number.test, RankSum)
    assert "ignores clustering" in number.test.method
    assert shape.test is None
    assert "name an order" in shape.whys[0]
    about = {(one.feature, one.about) for one in study.agreements}
    assert ("vessel", "whether it could be assessed") in about
    assert ("score", "whether it could be assessed") not in about
    score = next(one for one in study.agreements if one.feature == "score")
    assert [effect.measure for effect in score.effects] == ["risk", "kappa"]
    assert "linear weights" in score.effects[1].method
    assert "ignores clustering" in score.effects[1].method
    assert "ignores clustering" not in score.clustered[1].method
    measured = next(one for one in study.agreements if one.feature == "mm")
    assert [one.measure for one in measured.effects] == [
        "mean difference", "lower limit of agreement", "upper limit of agreement"]  # fmt: skip
    assert "ignores clustering" in measured.effects[0].method
    assert "one-way analysis of variance" in measured.clustered[1].method
    known = LONG[LONG.groupby(["patient", "tumor"])["ltp"].transform("count") > 0]
    both = known.pivot_table(index=["patient", "tumor"], columns="reader", values="mm").dropna()
    assert measured.effects[0].estimate == pytest.approx((both["x"] - both["y"]).mean())


def test_three_readers_have_pairs_and_all_of_them() -> None:
    third = LONG.iloc[:8].assign(reader="z", vessel=[False, False, True, True, False, True, True, True])
    of = readings(pd.concat([LONG, third]), **ROLES, features=["vessel"])
    found = [one for one in reader_study(of).agreements if one.about == "the feature"]
    assert [one.readers for one in found] == [("x", "y"), ("x", "z"), ("y", "z"), ("x", "y", "z")]
    assert "Fleiss' kappa of 3 readers" in found[-1].effects[1].method
    assert found[-1].n == 6
    measured = readings(pd.concat([LONG, third]), **ROLES, features=["mm"])
    pairs = [one for one in reader_study(measured).agreements if one.about == "the feature"]
    assert [len(one.effects) for one in pairs] == [3, 0, 3, 0]  # z measured as x did
    assert "differ by the same everywhere" in pairs[1].whys[0]
    assert "see the pairs" in pairs[-1].whys[0]


def test_what_cannot_be_compared_has_its_reason() -> None:
    table = LONG.assign(
        all_have=1, never_read=np.where(LONG.reader == "x", 1.0, np.nan), early=np.where(LONG.ltp == 1, LONG.mm, np.nan)
    )
    study = reader_study(readings(table, **ROLES, features=["all_have", "never_read", "early"]))
    by_feature = {(one.feature, one.reader): one for one in study.associations}
    assert "have the sign, or none" in by_feature["all_have", "x"].whys[0]
    assert by_feature["all_have", "x"].clustered_p is None
    assert "had the outcome, or none" in by_feature["never_read", "y"].whys[0]
    assert "had the outcome, or none" in by_feature["early", "x"].whys[0]
    agreements = {(one.feature, one.about): one for one in study.agreements}
    assert agreements["never_read", "the feature"].whys == ("No tumor was assessed by all of them.",)
    assert "always said the same" in agreements["all_have", "the feature"].whys[0]
    assert len(agreements["all_have", "the feature"].whys) == 1


def test_an_area_that_two_tumors_cannot_carry_has_its_reason_and_the_rank_sum_stays() -> None:
    table = LONG.iloc[[0, 1, 3, 4]].reset_index()
    (one,) = reader_study(readings(table, outcome="ltp", features=["mm"])).associations
    assert one.test is not None
    assert one.effects == ()
    assert "two of each are needed" in one.whys[0]


@pytest.mark.parametrize(
    ("change", "asked", "error", "words"),
    [
        ({}, {"features": []}, BadSetting, "No feature"),
        ({}, {"features": ["vessel", "vessel"]}, BadSetting, "came twice"),
        ({}, {"features": ["ltp"]}, BadSetting, "nothing is compared with itself"),
        ({}, {"features": ["cured: ltp == 0"]}, BadSetting, "nothing is compared with itself"),
        ({}, {"features": ["none"]}, BadColumn, "'none' is not there"),
        ({}, {"features": [": mm <= 3"]}, BadSetting, "without a name"),
        ({}, {"features": ["thin: width <= 3"]}, BadPredicate, "no column width"),
        ({}, {"features": ["seen"]}, BadColumn, "holds dates"),
        ({}, {"features": ["void"]}, BadColumn, "empty in all rows"),
        ({}, {"features": ["vessel"], "tumor": None}, BadSetting, "tells tumors apart"),
        ({}, {"features": ["vessel"], "reader": None}, BadColumn, "read more than once"),
        ({}, {"features": ["vessel"], "order": {"clarity": ("low", "high")}}, BadSetting, "'clarity', which is no"),
        ({}, {"features": ["clarity"], "order": {"clarity": ("low", "high")}}, BadColumn, "none of the categories"),
        ({}, {"features": ["vessel"], "outcome": "shape"}, BadColumn, "neither 0 nor 1"),
        ({}, {"features": ["vessel"], "outcome": "score"}, BadColumn, "neither 0 nor 1"),
        ({"ltp": [None] * 16}, {"features": ["vessel"]}, NothingToCompare, "no tumor has a known outcome"),
        ({"ltp": [np.nan] * 16}, {"features": ["vessel"]}, NothingToCompare, "no tumor has a known outcome"),
        ({"ltp": [1.0] * 8 + [0.0] * 8}, {"features": ["vessel"]}, BadColumn, "0 and 1 for one tumor"),
        ({"patient": [None] * 16}, {"features": ["vessel"]}, BadColumn, "'patient' is empty"),
        ({"mm": [-999.0, *range(1, 16)]}, {"features": ["mm"]}, BadColumn, "-999"),
    ],
)
def test_tables_that_cannot_be_used_are_refused(
    change: dict[str, Any], asked: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        readings(LONG.assign(**change), **(ROLES | asked))
