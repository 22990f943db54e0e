"""Rubin's rules: the published formulas, their limits, and estimates that cannot be pooled."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from isotherm.errors import BadSetting, FitError
from isotherm.study.rubin import pooled


def test_pooling_follows_rubin_and_barnard_and_rubin() -> None:
    found = pooled([1.0, 2.0, 3.0], [0.5, 0.5, 0.8], complete_freedom=40)
    within, between = 0.6, 1.0
    total = within + 4 / 3 * between
    share = 4 / 3 * between / total
    old = 2 / share**2
    observed = 41 / 43 * 40 * (1 - share)
    assert (found.estimate, found.m) == (2.0, 3)
    assert found.within == pytest.approx(within)
    assert found.between == pytest.approx(between)
    assert found.total == pytest.approx(total)
    assert found.missing_share == pytest.approx(share)
    assert found.freedom == pytest.approx(old * observed / (old + observed))
    assert found.p_value == pytest.approx(2 * stats.t.sf(2 / math.sqrt(total), found.freedom))
    assert found.interval() == pytest.approx(stats.t.interval(0.95, found.freedom, 2.0, math.sqrt(total)))


def test_where_nothing_differs_the_complete_data_decide() -> None:
    assert pooled([1.0, 1.0], [0.5, 0.5]).freedom == math.inf
    assert pooled([1.0, 1.0], [0.5, 0.5]).interval() == pytest.approx(stats.norm.interval(0.95, 1.0, math.sqrt(0.5)))
    assert pooled([1.0, 1.0], [0.5, 0.5], complete_freedom=10).freedom == pytest.approx(11 / 13 * 10)
    assert pooled([1.0, 2.0], [0.5, 0.5]).freedom == pytest.approx(
        1 / pooled([1.0, 2.0], [0.5, 0.5]).missing_share ** 2
    )


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0.01, 9)), min_size=2, max_size=30), st.floats(1, 1e6))
def test_freedom_never_exceeds_that_of_the_complete_data(rows: list[tuple[float, float]], complete: float) -> None:
    found = pooled(*zip(*rows, strict=True), complete_freedom=complete)
    assert 0.0 < found.freedom <= complete
    assert found.total >= found.within * (1 - 1e-12)
    assert 0.0 <= found.missing_share < 1.0


@pytest.mark.parametrize(
    ("estimates", "variances", "freedom", "error", "says"),
    [
        ([1.0], [1.0], math.inf, BadSetting, "two of each"),
        ([1.0, 2.0], [1.0], math.inf, BadSetting, "two of each"),
        ([1.0, 2.0], [1.0, 1.0], 0.0, BadSetting, "degrees of freedom"),
        ([1.0, 2.0], [1.0, 1.0], np.nan, BadSetting, "degrees of freedom"),
        ([1.0, np.nan], [1.0, 1.0], math.inf, FitError, "1 of 2"),
        ([1.0, 2.0], [0.0, -1.0], math.inf, FitError, "2 of 2"),
    ],
)
def test_what_cannot_be_pooled_is_refused(
    estimates: Any, variances: Any, freedom: float, error: Any, says: str
) -> None:
    with pytest.raises(error, match=says):
        pooled(estimates, variances, complete_freedom=freedom)
