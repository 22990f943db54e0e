"""Predicate: one condition on the columns of a table, answered MET, NOT_MET or UNKNOWN for each row."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from isotherm.study.predicate_parser import parts_of, tree_of
from isotherm.study.predicate_tokens import refusal
from isotherm.study.predicate_tree import (
    Among,
    Answers,
    Column,
    Comparison,
    Condition,
    Holds,
    Kind,
    Literally,
    Missing,
    Not,
    Operand,
    Shifted,
    answers,
    column_kind,
)

_WORDS = {"number": "a number", "text": "text", "date": "a date", "truth": "true or false"}


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition on columns, written as text and never run as code.

    Parameters
    ----------
    text : str
        Columns (`` `in backticks` `` where a name is not one word), numbers, 'texts', dates as 2014-01-31, true, false;
        `<  <=  >  >=  ==  !=`, `in ('a', 'b')`, `not in`, `between 1 and 5` (both ends included), `is missing`,
        `is not missing`; `and`, `or`, `not`, brackets; `+` and `-`: two dates give the days between them.

    Raises
    ------
    BadPredicate
        The text cannot be read; with the position and what is allowed there.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"age": [64.0, 17.0, None], "site": ["A", "B", "B"]})
    >>> Predicate("age >= 18 and site in ('A', 'B')").answers(table).tolist()  # MET, NOT_MET, UNKNOWN
    [3, 0, 1]
    """

    text: str
    _root: Condition = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_root", tree_of(self.text))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are asked for, in the order in which they come."""
        return tuple(dict.fromkeys(column.name for column in _columns(self._root)))

    @property
    def parts(self) -> tuple[Predicate, ...]:
        """The conditions that `and` joins; itself where there is only one."""
        texts = parts_of(self.text)
        return (self,) if len(texts) == 1 else tuple(Predicate(text) for text in texts)

    def answers(self, table: pd.DataFrame) -> Answers:
        """Answer for each row: values of `Answer`, shape (n,). A missing value makes a comparison UNKNOWN.

        Raises
        ------
        BadPredicate
            A column that the table does not have, or a comparison that does not fit what a column holds.
        """
        self._check_columns(table)
        self._check_types(_kinds(self.columns, table))
        return answers(self._root, table)

    def _check_columns(self, table: pd.DataFrame) -> None:
        for column in _columns(self._root):
            if column.name not in table.columns:
                raise refusal(self.text, column.at, f"no column {column.name}{near(column.name, table.columns)}.")

    def _check_types(self, kinds: Mapping[str, Kind]) -> None:
        for part in _leaves(self._root):
            if isinstance(part, Holds) and kinds[part.column.name] not in ("truth", "empty"):
                raise refusal(self.text, part.at, f"{part.column.name} alone is no condition; compare it with a value.")
            if isinstance(part, Comparison):
                left, right = self._kind(part.left, kinds), self._kind(part.right, kinds)
                self._check_pair(left, right, part.at)
                if part.sign not in ("==", "!=") and {"text", "truth"} & {left, right}:
                    raise refusal(self.text, part.at, f"{part.sign} needs numbers or dates; use ==, != or in.")
            if isinstance(part, Among):
                kind = self._kind(part.value, kinds)
                for choice in part.choices:
                    self._check_pair(kind, self._kind(choice, kinds), choice.at)

    def _check_pair(self, left: Kind, right: Kind, at: int) -> None:
        if left != right and "empty" not in (left, right):
            raise refusal(self.text, at, f"{_WORDS[left]} is compared with {_WORDS[right]}; {_hint({left, right})}.")

    def _kind(self, operand: Operand, kinds: Mapping[str, Kind]) -> Kind:
        if isinstance(operand, Literally):
            return _kind_of(operand.value)
        if isinstance(operand, Column):
            kind = kinds[operand.name]
            if kind == "mixed":
                raise refusal(self.text, operand.at, f"the column {operand.name} mixes text with other values.")
            return kind
        return self._kind_of_sum(operand, self._kind(operand.left, kinds), self._kind(operand.right, kinds))

    def _kind_of_sum(self, part: Shifted, left: Kind, right: Kind) -> Kind:
        if "empty" in (left, right):
            return "empty"
        if left == right == "number" or (left == right == "date" and part.sign == "-"):
            return "number"
        if (left, right) == ("date", "number") or ((left, right) == ("number", "date") and part.sign == "+"):
            return "date"
        raise refusal(
            self.text, part.at, f"{_WORDS[left]} {part.sign} {_WORDS[right]} has no meaning; dates and numbers do."
        )


def near(name: str, names: Mapping[str, object] | pd.Index | tuple[str, ...]) -> str:
    """Return names that look alike, in words that end a sentence; nothing where none does."""
    folded = {str(other).casefold(): str(other) for other in names}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=2, cutoff=0.6)
    return f"; near it are: {', '.join(folded[other] for other in close)}" if close else ""


def _hint(kinds: set[Kind]) -> str:
    if kinds == {"text", "date"}:
        return "a date is written without quotes, as 2014-01-31"
    return "compare like with like: 12, 'text', 2014-01-31, true"


def _kinds(columns: tuple[str, ...], table: pd.DataFrame) -> dict[str, Kind]:
    return {name: column_kind(table[name]) for name in columns}


def _kind_of(value: float | str | date | bool) -> Kind:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, str):
        return "text"
    return "date" if isinstance(value, date) else "number"


def _leaves(condition: Condition) -> Iterator[Comparison | Among | Missing | Holds]:
    if isinstance(condition, Not):
        yield from _leaves(condition.part)
    elif isinstance(condition, Comparison | Among | Missing | Holds):
        yield condition
    else:
        for part in condition.parts:
            yield from _leaves(part)


def _columns(condition: Condition) -> Iterator[Column]:
    for part in _leaves(condition):
        if isinstance(part, Missing | Holds):
            yield part.column
        elif isinstance(part, Among):
            yield from _columns_of(part.value)
        else:
            yield from _columns_of(part.left)
            yield from _columns_of(part.right)


def _columns_of(operand: Operand) -> Iterator[Column]:
    if isinstance(operand, Column):
        yield operand
    elif isinstance(operand, Shifted):
        yield from _columns_of(operand.left)
        yield from _columns_of(operand.right)
