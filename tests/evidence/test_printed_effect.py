"""Printed effects: rounding is allowed for as far as the digits say, bounds of p values are bounds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.effect import Effect
from isotherm.evidence.interval import p_from_interval, p_within
from isotherm.evidence.library import read_library
from isotherm.evidence.printed_effect import PrintedEffect


def ratio(estimate: str, low: str, high: str, p: str | None = None, **more: Any) -> PrintedEffect:
    return PrintedEffect(estimate=Decimal(estimate), low=Decimal(low), high=Decimal(high), level=0.95, ratio=True,
                         p_value=None if p is None else Decimal(p), **more)  # fmt: skip


def broken(effect: PrintedEffect) -> list[str]:
    return [rule for rule, _ in effect.contradictions("a")]


def test_trailing_zeros_say_how_a_number_was_rounded() -> None:
    assert broken(ratio("0.5", "0.2", "1.0", "0.02")) == []
    assert broken(ratio("0.50", "0.20", "1.00", "0.02")) == ["interval", "p value"]
    as_floats = PrintedEffect.of(Effect(measure="hazard ratio", estimate=0.5, low=0.25, high=1.0))
    assert (as_floats.estimate, as_floats.high) == (Decimal("0.50"), Decimal("1.00"))
    assert str(as_floats.high) == "1.00"


@pytest.mark.parametrize(
    ("operator", "p", "rules"),
    [
        ("<", "0.0001", []),
        ("<", "0.00001", ["p value"]),
        (">", "0.05", ["p value"]),
        (">=", "0.00001", []),
        ("=", "0.0001", []),
        ("=", "0.001", ["p value"]),
    ],
)
def test_a_bound_of_a_p_value_is_a_bound(operator: Any, p: str, rules: list[str]) -> None:
    assert broken(ratio("2.79", "1.68", "4.62", p, p_operator=operator)) == rules


def test_a_p_value_below_a_bound_is_not_taken_for_the_bound_when_a_record_becomes_an_effect() -> None:
    record = read_library().result("abdalla_2004.os-rfa")
    assert (record.p_operator, record.p_value) == ("<", Decimal("0.0001"))
    assert record.effect().p_value is None
    assert read_library().result("ruers_2017.os").effect().p_value == 0.01


def test_an_estimate_that_may_be_no_effect_implies_every_p_value_up_to_1() -> None:
    assert p_within((0.95, 1.04), (0.55, 0.65), (1.55, 1.65), level=0.95, ratio=True)[1] == 1.0
    assert p_within((0.35, 0.45), (-0.05, 0.05), (1.15, 1.25), level=0.95, ratio=True)[1] == 1.0


@given(st.floats(0.2, 0.8), st.floats(0.05, 1.0), st.integers(2, 5))
def test_whatever_is_rounded_from_a_true_interval_does_not_contradict_itself(
    estimate: float, error: float, places: int
) -> None:
    low, high = estimate * 2.718281828459045 ** (-1.959964 * error), estimate * 2.718281828459045 ** (1.959964 * error)
    p = p_from_interval(level=0.95, ratio=True)(estimate, low, high)
    numbers = (f"{one:.{places}f}" for one in (estimate, low, high, p))
    assert broken(ratio(*numbers)) == []
