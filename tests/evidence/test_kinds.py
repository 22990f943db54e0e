"""The numeric fixtures of the field, each by the kind of check that computes it; and what has no answer."""

from __future__ import annotations

import math

import pytest

from isotherm.evidence.counts import FISHER, PLAIN, YATES, p_values
from isotherm.evidence.kinds import KINDS


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("odds ratio", (11, 14, 15, 40), 6.11), ("Woolf lower limit", (11, 14, 15, 40), 1.465),
        ("Woolf upper limit", (11, 14, 15, 40), 25.488), ("odds ratio", (11, 14, 9, 40), 12.63),
        ("odds ratio", (10, 14, 25, 40), 1.5), ("specificity", (15, 40), 62.5),
        ("positive predictive value", (11, 15), 42.31), ("negative predictive value", (11, 14, 15, 40), 89.29),
        ("tumor burden score", (3.7, 1), 3.83), ("tumor burden score", (3, 3), 4.243),
        ("root", (0.54, 5), 0.884), ("root", (1.22, 5), 1.041), ("ratio from percent fall", (46,), 0.54),
        ("ratio from percent rise", (22,), 1.22), ("proportional hazards", (36, 21), 0.655),
        ("half difference", (56, 32), 12), ("largest rise", (148, 109, 110), 1), ("largest fall", (0, 5, 4), 1),
        ("difference", (543, 440), 103), ("sum", (322, 118), 440), ("percentage", (67, 146), 45.89),
        ("middle of interval", (0.38, 0.88), 0.578),
    ],
)  # fmt: skip
def test_fixtures(kind: str, values: tuple[float, ...], expected: float) -> None:
    assert KINDS[kind][2](*values) == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("percentage", (1, 0)), ("ratio", (1, 0)), ("odds ratio", (3, 3, 1, 4)), ("Woolf upper limit", (0, 4, 1, 4)),
        ("proportional hazards", (100, 50)), ("middle of interval", (0, 1)),
    ],
)  # fmt: skip
def test_what_cannot_be_computed_is_nan_and_no_crash(kind: str, values: tuple[float, ...]) -> None:
    assert math.isnan(KINDS[kind][2](*values))


@pytest.mark.parametrize(
    ("arms", "test", "p_value"),
    [
        ([[11, 3], [15, 25]], FISHER, 0.0124), ([[11, 3], [9, 31]], FISHER, 0.00033),
        ([[10, 4], [25, 15]], FISHER, 0.747),
        ([[6, 94], [5, 95]], PLAIN, 0.756), ([[6, 94], [5, 95]], FISHER, 1.0), ([[6, 94], [5, 95]], YATES, 1.0),
    ],
)  # fmt: skip
def test_printed_p_values_are_those_of_named_tests(arms: list[list[int]], test: str, p_value: float) -> None:
    assert p_values(arms)[test] == pytest.approx(p_value, abs=6e-4)


def test_larger_tables_have_the_plain_test_only_and_empty_rows_or_columns_none() -> None:
    assert set(p_values([[89, 50, 9], [94, 41, 12]])) == {PLAIN}
    assert p_values([[0, 5], [0, 7]]) == {}
    assert p_values([[0, 0], [3, 7]]) == {}
    assert p_values([[-1, 2], [3, 7]]) == {}
