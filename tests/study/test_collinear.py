"""Columns that are sums of those before them: by one threshold in the guard, the GEE and the Cox model."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from isotherm.errors import BadColumn, NotConverged
from isotherm.outcome import TimeToEvent
from isotherm.study.collinear import collinear
from isotherm.study.gee import gee
from isotherm.study.survival.cox import cox


def two(apart: float) -> np.ndarray:
    """Return a column and one that keeps a share of itself once the first is taken off."""
    first, other = np.random.default_rng(1).normal(size=(2, 200))
    return np.column_stack([first, first + apart * other])


def test_a_sum_and_a_constant_are_named_and_nothing_before_them() -> None:
    x = np.random.default_rng(0).normal(size=(50, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = collinear(np.column_stack([np.full(50, 7.3), x, 3.0 * x[:, 0] - 1e3 * x[:, 1] + 5.0, np.zeros(50)]))
    assert found.tolist() == [True, False, False, True, True]


@pytest.mark.parametrize(("apart", "follows"), [(1e-5, False), (1e-6, True), (0.0, True)])
def test_guard_gee_and_cox_agree_on_what_follows(apart: float, follows: bool) -> None:
    x = two(apart)
    rng = np.random.default_rng(2)
    days, event = rng.exponential(100.0, 200), rng.integers(0, 2, 200)
    refused = []
    for fit in (lambda: cox(TimeToEvent(days, event), x), lambda: gee(event, x, np.arange(200))):
        try:
            fit()
        except (BadColumn, NotConverged) as error:
            refused.append("x2 follows from the covariates before it" in str(error))
    assert collinear(x).tolist() == [False, follows]
    assert refused == ([True, True] if follows else [])
