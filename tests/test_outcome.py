"""Outcomes: what is refused with which words, labels as codes, times that differ by rounding only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.columns import label_codes, stable_order
from isotherm.errors import BadColumn, BadSetting
from isotherm.outcome import Curve, TimeToEvent


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"time_days": [], "event": []}, "no row"),
        ({"time_days": [1, -2]}, "negative in 1 of 2 rows"),
        ({"time_days": [1, np.nan]}, "missing or infinite in 1 of 2 rows"),
        ({"time_days": [1, np.inf]}, "missing or infinite"),
        ({"time_days": ["1", "soon"]}, "text or empty fields"),
        ({"time_days": ["1", "2"]}, "text or empty fields"),
        ({"time_days": pd.Series([1, "2"], dtype=object)}, "text or empty fields"),
        ({"time_days": pd.to_datetime(pd.Series(["2020-01-01", "2020-02-01"]))}, "dates or durations"),
        ({"time_days": pd.to_timedelta([1, 2], unit="D")}, "dates or durations"),
        ({"time_days": [1j, 2]}, "text or empty fields"),
        ({"event": [1, 1e300]}, "no whole number in 1"),
        ({"time_days": [[1, 2]]}, "2 dimensions"),
        ({"event": [1]}, "1 rows; 2 are wanted"),
        ({"event": [1, -1]}, "event is negative in 1 of 2 rows"),
        ({"event": [1, 0.5]}, "no whole number"),
        ({"event": [1, None]}, "missing"),
        ({"time_days": [0, 2], "event": [1, 0]}, "on day 0 in 1 of 2 rows"),
        ({"start_days": [0, 2]}, "not before the row's end in 1"),
        ({"start_days": [-1, 0]}, "before time zero"),
        ({"start_days": [0.3, 0], "time_days": [0.3 + 1e-12, 2]}, "not before the row's end"),
        ({"weight": [1, -1]}, "weight is negative"),
        ({"weight": [1, np.inf]}, "weight is missing or infinite"),
        ({"weight": [0, 0]}, "weight is 0 in all 2 rows"),
        ({"cluster": ["a", None]}, "cluster is missing in 1 of 2 rows"),
        ({"cluster": [1.0, np.nan]}, "cluster is missing in 1"),
        ({"cluster": pd.Series(["a", pd.NA], dtype=object)}, "cluster is missing in 1"),
        ({"strata": ["a"]}, "one label for each of 2 rows"),
    ],
)
def test_a_column_that_cannot_be_used_is_refused_in_one_sentence(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(BadColumn, match=words) as refused:
        TimeToEvent(**{"time_days": [1, 2], "event": [1, 0], **settings})
    assert str(refused.value).endswith(".")


def test_pandas_columns_come_in_and_arrays_are_read_only() -> None:
    table = pd.DataFrame({"days": [3, 1, 2], "died": [True, False, True], "site": ["b", "a", "b"]})
    outcome = TimeToEvent(table.days, table.died, cluster=table.site)
    assert outcome.cluster is not None
    assert outcome.cluster.tolist() == [1, 0, 1]
    with pytest.raises(ValueError, match="read-only"):
        outcome.time_days[0] = 1.0


def test_one_cause_is_the_event_and_all_other_ends_are_censored() -> None:
    outcome = TimeToEvent([1, 2, 3, 4], [0, 1, 2, 3], weight=[1, 2, 1, 1], cluster=[1, 1, 2, 2])
    second = outcome.of_cause(2)
    assert second.event.tolist() == [0, 0, 1, 0]
    assert second.times is outcome.times
    assert (second.weights.tolist(), second.needs_robust) == ([1.0, 2.0, 1.0, 1.0], True)
    with pytest.raises(BadSetting, match="cause 0"):
        outcome.of_cause(0)


def test_competing_events_are_kept_and_refused_by_estimators_of_one_event() -> None:
    outcome = TimeToEvent([1, 2, 3], [0, 1, 2])
    with pytest.raises(BadColumn, match="neither 0 nor 1 in 1 of 3 rows"):
        outcome.only_one_event()


def test_times_that_differ_by_rounding_are_one_time_and_whole_days_are_ranked() -> None:
    months = TimeToEvent([0.1 + 0.2, 0.3, 1.0, 5.0], [1, 1, 0, 1]).times
    assert months.code.tolist() == [0, 0, 1, 2]
    days = TimeToEvent([30, 7, 30, 5], [1, 1, 0, 1], [0, 0, 7, 0]).times
    assert days.days.tolist() == [0, 5, 7, 30]
    assert days.start_code is not None
    assert days.start_code.tolist() == [0, 0, 2, 0]


def test_some_rows_keep_their_ranks() -> None:
    outcome = TimeToEvent([3, 1, 2], [1, 1, 0], [0, 0, 1], [1, 2, 0], [5, 6, 7], ["x", "y", "x"])
    taken = outcome.take(np.array([2, 0, 0]))
    assert taken.time_days.tolist() == [2, 3, 3]
    assert taken.times.days[taken.times.code].tolist() == [2, 3, 3]
    assert len(outcome.counted()) == 2
    assert outcome.take(np.array([0, 1])).counted().weights.tolist() == [1, 2]


def test_labels_of_every_kind_become_codes_in_sorted_order() -> None:
    for labels, names in (
        ([30, 10, 30], ("10", "30")),
        ([10**12, 5, 10**12], ("5", "1000000000000")),
        ([True, False, True], ("False", "True")),
        ([2.0, 1.5, 2.0], ("1.5", "2")),
        (["b", "a", "b"], ("a", "b")),
    ):
        codes, found = label_codes("arm", labels)
        assert (codes.tolist(), found) == ([1, 0, 1], names)


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=60))
def test_small_and_large_keys_are_sorted_alike(keys: list[int]) -> None:
    expected = sorted(range(len(keys)), key=lambda k: keys[k])
    assert stable_order(np.array(keys)).tolist() == expected


def test_a_curve_answers_for_any_day_that_was_observed() -> None:
    parts = [np.array([2.0, 5.0])] * 8
    curve = Curve(parts[0], np.array([0.9, 0.4]), *parts[2:], n=2, interval="log", level=0.95, variance="Greenwood")
    assert [curve.survival_at(day) for day in (0.0, 2.0, 4.9, 5.0)] == [1.0, 0.9, 0.9, 0.4]


def test_a_curve_takes_its_columns_over_and_copies_what_is_part_of_something_else() -> None:
    own, part = np.array([2.0, 5.0]), np.array([[2.0, 5.0], [0.9, 0.4]])[0]
    curve = Curve(own, part, *[own] * 6, n=2, interval="log", level=0.95, variance="Greenwood")
    assert curve.times_days is own
    assert not own.flags.writeable
    assert part.flags.writeable
    assert curve.survival.tolist() == [2.0, 5.0]
    with pytest.raises(BadColumn, match="high has 3 rows; 2 are wanted"):
        Curve(own, own, own, own, np.ones(3), own, own, own, n=2, interval="log", level=0.95, variance="Greenwood")
