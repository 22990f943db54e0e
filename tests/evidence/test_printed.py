"""Printed numbers keep their digits: what rounding may have done, and when two numbers agree."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.evidence.printed import agreement, digits, ends, half_unit


@pytest.mark.parametrize(
    ("printed", "half"), [("48.3", 0.05), ("30.0", 0.05), ("0.50", 0.005), ("46", 0.5), ("1E+2", 0.5)]
)
def test_trailing_zeros_say_how_a_number_was_rounded(printed: str, half: float) -> None:
    assert half_unit(Decimal(printed)) == pytest.approx(half)


def test_counts_are_exact() -> None:
    assert ends(Decimal(14), exact=True) == (14.0, 14.0)


@given(st.decimals(-1000, 1000, places=4), st.integers(0, 3))
def test_whatever_rounds_to_the_printed_number_matches_it(number: Decimal, places: int) -> None:
    printed = number.quantize(Decimal(1).scaleb(-places))
    assert agreement(float(number), (float(number), float(number)), printed) == "match"


@pytest.mark.parametrize(
    ("computed", "reach", "printed", "outcome"),
    [
        (0.0577, (0.055, 0.060), "0.057", "rounding"),
        (0.0577, (0.0576, 0.0578), "0.057", "mismatch"),
        (31.0, (30.5, 31.5), "30", "mismatch"),  # half is rounded up: 30 and 31 share no number
        (math.nan, (math.nan, math.nan), "1", "mismatch"),
    ],
)
def test_rounding_is_named_and_a_touch_is_not_agreement(
    computed: float, reach: tuple[float, float], printed: str, outcome: str
) -> None:
    assert agreement(computed, reach, Decimal(printed)) == outcome


@pytest.mark.parametrize(
    ("computed", "operator", "outcome"),
    [(0.0009, "<", "match"), (0.0011, "<", "mismatch"), (5.0, ">=", "match"), (4.9, ">=", "mismatch")],
)  # fmt: skip
def test_bounds_are_kept_as_bounds(computed: float, operator: str, outcome: str) -> None:
    printed = Decimal(5) if operator == ">=" else Decimal("0.001")
    assert agreement(computed, (computed, computed), printed, operator) == outcome


def test_a_computed_number_is_shown_with_one_digit_more() -> None:
    assert digits(45.89, Decimal(46)) == "45.9"
    assert digits(0.0124, Decimal("0.012")) == "0.0124"
