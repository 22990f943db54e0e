"""Predicates: what each sign means row by row, where an answer is unknown, and how a mistake is answered."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.answer import Answer
from isotherm.errors import BadPredicate
from isotherm.study.predicate import Predicate, near
from isotherm.study.predicate_tokens import KEYWORDS

MET, NOT_MET, UNKNOWN = Answer.MET, Answer.NOT_MET, Answer.UNKNOWN

TABLE = pd.DataFrame(
    {
        "age": [64.0, 17.0, None, 18.0],
        "site": ["A", "B", "B", None],
        "known ill": [True, False, True, False],
        "maybe": pd.array([True, None, False, True], dtype="boolean"),
        "ablated": pd.to_datetime(pd.Series(["2014-01-31", "2014-03-01", None, "2013-12-31"])),
        "systemic": pd.to_datetime(pd.Series(["2014-02-14", "2014-02-14", "2014-02-14", None])),
        "void": [None, None, None, None],
        "mixed": ["a", 1, 2.5, None],
        "größe": [1, 2, 3, 4],
    }
)


def answers(text: str, table: pd.DataFrame = TABLE) -> list[Answer]:
    return [Answer(int(value)) for value in Predicate(text).answers(table)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("age >= 18", [MET, NOT_MET, UNKNOWN, MET]),
        ("age > 18", [MET, NOT_MET, UNKNOWN, NOT_MET]),
        ("18 <= age", [MET, NOT_MET, UNKNOWN, MET]),
        ("age != 64", [NOT_MET, MET, UNKNOWN, MET]),
        ("age == -64 or age < 1e1 or age < .5", [NOT_MET, NOT_MET, UNKNOWN, NOT_MET]),
        ("age between 17 and 18", [NOT_MET, MET, UNKNOWN, MET]),
        ("age not between 17 and 18", [MET, NOT_MET, UNKNOWN, NOT_MET]),
        ("age in (17, 64)", [MET, MET, UNKNOWN, NOT_MET]),
        ("site in ('A', \"C\")", [MET, NOT_MET, NOT_MET, UNKNOWN]),
        ("site not in ('A')", [NOT_MET, MET, MET, UNKNOWN]),
        ("site == 'B'", [NOT_MET, MET, MET, UNKNOWN]),
        ("site != 'B'", [MET, NOT_MET, NOT_MET, UNKNOWN]),
        ("age is missing", [NOT_MET, NOT_MET, MET, NOT_MET]),
        ("age is not missing", [MET, MET, NOT_MET, MET]),
        ("mixed is missing", [NOT_MET, NOT_MET, NOT_MET, MET]),
        ("`known ill`", [MET, NOT_MET, MET, NOT_MET]),
        ("not `known ill`", [NOT_MET, MET, NOT_MET, MET]),
        ("maybe", [MET, UNKNOWN, NOT_MET, MET]),
        ("maybe == false", [NOT_MET, UNKNOWN, MET, NOT_MET]),
        ("maybe in (TRUE)", [MET, UNKNOWN, NOT_MET, MET]),
        ("ablated >= 2014-01-31", [MET, MET, UNKNOWN, NOT_MET]),
        ("ablated in (2014-01-31, 2013-12-31)", [MET, NOT_MET, UNKNOWN, MET]),
        ("ablated between 2014-01-01 and 2014-01-31", [MET, NOT_MET, UNKNOWN, NOT_MET]),
        ("systemic - ablated between 14 and 28", [MET, NOT_MET, UNKNOWN, UNKNOWN]),
        ("ablated + 14 == systemic", [MET, NOT_MET, UNKNOWN, UNKNOWN]),
        ("14 + ablated == systemic", [MET, NOT_MET, UNKNOWN, UNKNOWN]),
        ("systemic - 14 == ablated", [MET, NOT_MET, UNKNOWN, UNKNOWN]),
        ("systemic + 1e300 > ablated", [MET, MET, UNKNOWN, UNKNOWN]),
        ("age + 1 - 1 == 17", [NOT_MET, MET, UNKNOWN, NOT_MET]),
        ("void == 'x'", [UNKNOWN] * 4),
        ("void", [UNKNOWN] * 4),
        ("void in (1)", [UNKNOWN] * 4),
        ("void - ablated > 3", [UNKNOWN] * 4),
        ("void is missing", [MET] * 4),
        ("größe > 2", [NOT_MET, NOT_MET, MET, MET]),
        ("not age >= 18 and site == 'B'", [NOT_MET, MET, UNKNOWN, NOT_MET]),
        ("age >= 18 AND (site == 'A' OR maybe)", [MET, NOT_MET, NOT_MET, MET]),
        ("not not age >= 18", [MET, NOT_MET, UNKNOWN, MET]),
        ("1 < 2", [MET] * 4),
    ],
)
def test_each_sign_answers_row_by_row(text: str, expected: list[Answer]) -> None:
    assert answers(text) == expected


def test_a_category_of_texts_is_text_and_an_empty_table_has_no_answers() -> None:
    table = TABLE.assign(site=TABLE["site"].astype("category"))
    assert answers("site == 'B'", table) == answers("site == 'B'")
    assert answers("age > 3 or site == 'B'", TABLE.iloc[:0]) == []


def test_columns_are_named_once_each_in_their_order() -> None:
    predicate = Predicate("systemic - ablated > 3 and (age is missing or not age in (3) or `known ill`) and 1 < 2")
    assert predicate.columns == ("systemic", "ablated", "age", "known ill")


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("age >= ", 8, "the predicate ends"),
        ("age = 18", 5, 'write "=="'),
        ("age <> 18", 5, 'write "!="'),
        ("age > 1 && age < 3", 9, 'write "and"'),
        ("age > 1 | age < 3", 9, 'write "or"'),
        ("!maybe", 1, 'write "not"'),
        ("site == 'A", 9, "never closed"),
        ("age > 1.2.3", 7, "no number"),
        ("age > 12abc", 7, "no number"),
        ("ablated > 2014-02-30", 11, "no day of the calendar"),
        ("age > 1e999", 7, "too large"),
        ("age; drop", 4, "cannot stand in a predicate"),
        ("1 < age < 3", 9, "between"),
        ("(age > 3", 9, "closing bracket"),
        ("age > 3)", 8, "the end of the predicate"),
        ("age > 3 age", 9, "age came"),
        ("age is lost", 8, "missing, or not missing,"),
        ("3 is missing", 3, "only a column"),
        ("age between 3", 14, "upper end"),
        ("age in 3", 8, "a list in brackets"),
        ("age in (3", 10, "a comma or a closing bracket"),
        ("age in ()", 9, "a number, 'text' or date"),
        ("age in (site)", 9, "a number, 'text' or date"),
        ("age not 3", 9, "a comparison"),
        ("age not", 8, "a comparison"),
        ("3", 2, "a comparison"),
        ("age > - site", 9, "a number after the minus"),
        ("and", 1, "a column or a value"),
    ],
)
def test_a_mistake_is_answered_with_its_position_and_what_is_allowed(text: str, at: int, says: str) -> None:
    with pytest.raises(BadPredicate) as caught:
        Predicate(text)
    assert f"at character {at}:" in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("agee > 3", "no column agee; near it are: age"),
        ("zzz > 3", "no column zzz."),
        ("age > 'x'", "a number is compared with text"),
        ("ablated > '2014-01-31'", "without quotes"),
        ("age in (1, 'x')", "a number is compared with text"),
        ("site < 'B'", "needs numbers or dates"),
        ("maybe > true", "needs numbers or dates"),
        ("age", "alone is no condition"),
        ("mixed == 1", "mixes text with other values"),
        ("age - ablated > 3", "has no meaning"),
        ("ablated + systemic > 3", "has no meaning"),
        ("site + 1 == 'A1'", "has no meaning"),
        ("mixed + 1 == 3", "mixes text"),
    ],
)
def test_a_predicate_that_does_not_fit_the_table_is_refused(text: str, says: str) -> None:
    with pytest.raises(BadPredicate, match="In the predicate") as caught:
        answers(text)
    assert says in str(caught.value)


@pytest.mark.parametrize("text", ["", "  \n ", "x > 1" + " and x > 1" * 300])
def test_an_empty_or_endless_predicate_is_refused(text: str) -> None:
    with pytest.raises(BadPredicate):
        Predicate(text)


@pytest.mark.parametrize("text", ["(" * 500 + "x > 1", "not " * 450 + "x > 1", "x > 1" + " + 1" * 400])
def test_what_nests_without_end_is_refused_before_it_fills_the_stack(text: str) -> None:
    with pytest.raises(BadPredicate, match="split it"):
        Predicate(text)


def test_a_long_predicate_is_shortened_in_its_error() -> None:
    with pytest.raises(BadPredicate) as caught:
        Predicate("age > 1 and " * 20 + "=")
    assert len(str(caught.value)) < 300


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    found = []
    try:
        found = [Predicate(text).text]
    except BadPredicate as error:
        found = str(error).splitlines()
    assert len(found) == 1


@pytest.mark.parametrize(
    "text", ["__import__('os')", "age.__class__ == 1", "lambda: 3", "open('x')", "age > (lambda: 1)()"]
)
def test_nothing_is_run_as_code(text: str) -> None:
    with pytest.raises(BadPredicate):
        answers(text)


def test_near_names_are_offered_whatever_their_case() -> None:
    assert near("AGE", ("age", "site")) == "; near it are: age"
    assert near("q", ("age", "site")) == ""


# Random conditions, answered a second time by hand, row by row, in the logic of three values.

Row = dict[str, Any]


def three(value: bool | None) -> Answer:
    return UNKNOWN if value is None else MET if value else NOT_MET


def compared(left: Any, sign: str, right: Any) -> bool | None:
    if left is None or right is None:
        return None
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right, "==": left == right,
            "!=": left != right}[sign]  # fmt: skip


NUMBERS = st.integers(-3, 3)
COMPARED = st.builds(
    lambda column, sign, value: (f"{column} {sign} {value}", lambda row: three(compared(row[column], sign, value))),
    st.sampled_from(["x", "y"]), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), NUMBERS,
)  # fmt: skip
DATED = st.builds(
    lambda sign, day: (f"d {sign} 2020-01-{day:02}", lambda row: three(compared(row["d"], sign, date(2020, 1, day)))),
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), st.integers(1, 5),
)  # fmt: skip
LISTED = st.builds(
    lambda values: (f"x in ({', '.join(map(str, values))})",
                    lambda row: three(None if row["x"] is None else row["x"] in values)),
    st.lists(NUMBERS, min_size=1, max_size=3),
)  # fmt: skip
ABSENT = st.sampled_from(["x", "y", "d"]).map(lambda c: (f"{c} is missing", lambda row: three(row[c] is None)))
CONDITIONS: Any = st.recursive(
    COMPARED | DATED | LISTED | ABSENT,
    lambda inner: st.one_of(
        st.builds(lambda a: (f"not ({a[0]})", lambda row: ~a[1](row)), inner),
        st.builds(lambda a, b: (f"({a[0]}) and ({b[0]})", lambda row: a[1](row) & b[1](row)), inner, inner),
        st.builds(lambda a, b: (f"({a[0]}) or ({b[0]})", lambda row: a[1](row) | b[1](row)), inner, inner),
    ),
    max_leaves=8,
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "x": st.none() | NUMBERS,
            "y": st.none() | NUMBERS,
            "d": st.none() | st.integers(1, 5).map(lambda n: date(2020, 1, n)),
        }
    ),
    max_size=6,
)


@given(CONDITIONS, ROWS)
def test_any_condition_agrees_with_the_logic_of_three_values(condition: Any, rows: list[Row]) -> None:
    text, by_hand = condition
    table = pd.DataFrame(
        {
            "x": np.array([np.nan if row["x"] is None else row["x"] for row in rows], dtype=float),
            "y": pd.array([row["y"] for row in rows], dtype="Int64"),
            "d": pd.to_datetime(pd.Series([row["d"] for row in rows], dtype=object)),
        }
    )
    assert answers(text, table) == [by_hand(row) for row in rows]


def test_keywords_are_what_the_manual_lists() -> None:
    manual = Predicate.__doc__ or ""
    assert all(word in manual for word in KEYWORDS)
