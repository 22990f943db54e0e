"""Numbers of a study as they are printed: digits that mean something, units, intervals, and why one is missing."""

# ruff: noqa: RUF001 (the report writes true minus signs)

from __future__ import annotations

from typing import Any

import pytest

from isotherm.app.study_report_parts import Bound, Table, Words, bound, letter, say, text_of
from isotherm.app.study_report_words import NOT_GIVEN, missing, printed


def record(kind: str, value: float | None, **parts: Any) -> dict[str, Any]:
    empty = {"low": None, "high": None, "level": None, "p": None, "n": None, "events": None, "unit": "", "label": "",
             "method": "", "arm": None, "outcome": None, "text": None, "why": ""}  # fmt: skip
    return empty | {"kind": kind, "value": value} | parts


def shown(kind: str, value: float | None, field: str = "value", **parts: Any) -> str:
    return printed(record(kind, value, **parts), field).replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("kind", "value", "parts", "words"),
    [
        ("count", 122, {}, "122"),
        ("count", 1234567, {}, "1 234 567"),
        ("share", 0.615, {}, "61.5 %"),
        ("probability", 0.5, {"low": 0.4, "high": None}, "50.0 % (40.0 to no limit)"),
        ("ratio", 1.385, {"low": 0.9276, "high": 2.068, "level": 0.95}, "1.39 (0.93 to 2.07)"),
        ("ratio", 1.0, {"low": 0.9996, "high": 1.0008}, "1.00 (1.00 to 1.001)"),
        ("ratio", 0.0001, {"low": 0.0, "high": 1234.0}, "< 0.001 (0.00 to 1234)"),
        ("ratio", 3e9, {}, "3e+09"),
        ("difference", -0.05, {"low": -0.1, "high": 0.02}, "−5.0 percentage points (−10.0 to 2.0)"),
        ("difference", -100.0, {"unit": "days"}, "−3.3 months"),
        ("days", 365.25, {"low": 304.375, "unit": "days"}, "12.0 months (10.0 to no limit)"),
        ("number", 60.43, {"unit": "years"}, "60.4 years"),
        ("number", 6.8e-16, {}, "0"),
        ("number", 45.2339, {"unit": "sum of weights"}, "45.2 sum of weights"),
        ("p", 0.0497, {"p": 0.0497}, "0.050"),
        ("text", None, {"text": "words"}, "words"),
        ("ratio", None, {"why": "no events"}, NOT_GIVEN),
    ],
)
def test_a_value_is_printed_with_its_interval_and_its_unit(
    kind: str, value: float | None, parts: dict[str, Any], words: str
) -> None:
    assert shown(kind, value, **parts) == words


@pytest.mark.parametrize(
    ("p", "words"),
    [(0.5, "p = 0.50"), (0.0512, "p = 0.051"), (0.0996, "p = 0.10"), (2e-9, "p < 0.001"), (1.0, "p > 0.99")],
)
def test_p_values_have_two_meaningful_digits_and_no_false_zero_or_one(p: float, words: str) -> None:
    assert shown("ratio", 1.0, "p_words", p=p) == words


def test_fields_are_printed_by_themselves() -> None:
    parts = {"low": 0.5, "high": 2.0, "level": 0.9, "n": 20, "events": 7, "label": "L"}

    fields = ("estimate", "interval", "low", "high", "level", "n", "events", "label", "why", "p")

    assert [shown("ratio", 1.25, field, **parts) for field in fields] == [
        "1.25", "0.50 to 2.00", "0.50", "2.00", "90 %", "20", "7", "L", NOT_GIVEN, NOT_GIVEN]  # fmt: skip


def test_limits_and_p_values_are_not_torn_apart_at_the_end_of_a_line() -> None:
    whole = record("probability", 0.5, low=0.4, high=None, p=0.2)

    assert printed(whole) == "50.0\u00a0% (40.0\u00a0to\u00a0no\u00a0limit)"
    assert printed(whole, "interval") == "40.0\u00a0to\u00a0no\u00a0limit\u00a0%"
    assert printed(whole, "p_words") == "p\u00a0=\u00a00.20"


def test_why_something_is_missing_is_told() -> None:
    assert missing(record("ratio", None, why="no events")) == "no events"
    assert missing(record("ratio", 1.0), "p") == "there is none"
    assert missing(record("ratio", 1.0)) == ""


RESULT: dict[str, Any] = {
    "results": {
        "a.b": record("count", 3),
        "a.gone": record("ratio", None, why="no events."),
        "a.text": record("text", None, text="It ends."),
    }
}


def test_a_sentence_binds_its_numbers_and_never_reads_given_words_as_a_template() -> None:
    runs = say(RESULT, "There are {a.b} of {what}.", what="{a.b}")

    assert runs == (Words("There are "), Bound("a.b", "value", "3"), Words(" of "), Words("{a.b}"), Words("."))


def test_a_sentence_whose_result_is_not_there_is_left_out() -> None:
    assert say(RESULT, "There are {a.c}.") == ()


def test_a_missing_number_brings_its_reason_and_a_period_is_not_set_twice() -> None:
    assert text_of(say(RESULT, "It was {a.gone}.")) == "It was not given (no events)."
    assert text_of(say(RESULT, "{a.text}. Then.")) == "It ends. Then."


def test_notes_of_a_table_have_letters_and_name_each_reason_once() -> None:
    cell = (bound(RESULT, "a.gone"),)

    assert Table("", ("", ""), ((cell, cell), (cell, cell))).notes == {"no events.": "a"}
    assert [letter(k) for k in (0, 25, 26, 27, 701, 702)] == ["a", "z", "aa", "ab", "zz", "aaa"]
