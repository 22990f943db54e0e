"""Conditions put together from fields: each is one that the cohort can answer, whatever is typed."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.app.registry_cohort_conditions import askings, condition, joined, without
from isotherm.errors import BadSetting
from isotherm.registry.cohort import Cohort
from isotherm.study.predicate import Predicate

TABLE = pd.DataFrame({
    "age_years": [64.0, 17.0, None], "sex": ["male", "fe'male", None], "two words": ["a", "b", "c"],
    "seen_on": pd.to_datetime(["2020-01-01", "NaT", "2021-01-01"]), "empty": [None, None, None],
})  # fmt: skip
TABLE["ok"] = pd.array([True, False, None], dtype="boolean")
COHORT = Cohort(TABLE, "patient", frozenset({"seen_on"}), frozenset(), pd.DataFrame())
ASKS = {one.name: one for one in askings(COHORT)}
VALUES = {"age_years": "18", "sex": "male", "two words": "a", "seen_on": "2020-06-01", "ok": "", "empty": ""}


@pytest.mark.parametrize("name", list(ASKS))
def test_every_relation_that_is_offered_can_be_answered(name: str) -> None:
    for relation in ASKS[name].relations:
        text = condition(ASKS[name], relation, VALUES[name])
        assert len(Predicate(text).answers(TABLE)) == len(TABLE)
        assert Predicate(text).columns == (name,)


@given(st.sampled_from(["age_years", "sex", "seen_on", "two words"]), st.text(max_size=30))
def test_whatever_is_typed_is_compared_with_that_column_alone_or_refused(name: str, typed: str) -> None:
    try:
        text = condition(ASKS[name], "is", typed)
    except BadSetting:
        return
    predicate = Predicate(text)
    assert predicate.columns == (name,)
    assert len(predicate.parts) == 1


def test_what_only_the_future_tells_is_marked() -> None:
    assert [one.name for one in ASKS.values() if one.later] == ["seen_on"]
    assert ASKS["sex"].choices == ("fe'male", "male")
    assert ASKS["empty"].relations == ("is known", "is unknown")


@pytest.mark.parametrize("where", ["", "age_years > 3", "ok or sex == 'male'", "ok and (ok or not ok)"])
def test_one_more_condition_narrows_and_taking_it_away_gives_back(where: str) -> None:
    more = "age_years >= 18"
    text = joined(where, more)

    both = Predicate(text).answers(TABLE)
    alone = Predicate(more).answers(TABLE)
    assert (both <= alone).all()
    parts = Predicate(text).parts
    assert parts[-1].text == more
    rest = without(text, len(parts) - 1)
    if where:
        assert Predicate(rest).answers(TABLE).tolist() == Predicate(where).answers(TABLE).tolist()
    assert without(text, 99) == text
