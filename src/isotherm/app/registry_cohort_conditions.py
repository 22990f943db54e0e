"""Conditions on the columns of a cohort, put together from what people choose: column, relation, value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from isotherm.errors import BadSetting
from isotherm.registry.cohort import Cohort
from isotherm.study.predicate import Predicate
from isotherm.study.predicate_tree import Kind, column_kind

ORDERED = {"at least": ">=", "at most": "<=", "more than": ">", "less than": "<", "is": "==", "is not": "!="}
SAME = {"is": "==", "is not": "!="}
KNOWN = {"is known": "is not missing", "is unknown": "is missing"}
MOST_CHOICES = 30
"""A text column with more different words has no list of them."""

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What can be asked of a column.

    Parameters
    ----------
    name : str
    kind : str
        "number", "text", "date", "truth", "empty" or "mixed".
    relations : tuple of str
    choices : tuple of str
        Words that occur, where they are few.
    known : int
        Rows with a value.
    later : bool
        Whether only the time after treatment tells it.
    """

    name: str
    kind: Kind
    relations: tuple[str, ...]
    choices: tuple[str, ...]
    known: int
    later: bool


def askings(cohort: Cohort) -> tuple[Asking, ...]:
    """Return what can be asked of each column, in the order of the table."""
    return tuple(_asking(cohort.table[name], str(name), str(name) in cohort.later) for name in cohort.table.columns)


def _asking(values: pd.Series[Any], name: str, later: bool) -> Asking:
    kind = column_kind(values)
    relations = ORDERED if kind in ("number", "date") else SAME if kind == "text" else {}
    yes_no = ("is true", "is false") if kind == "truth" else ()
    words = sorted(map(str, values.dropna().unique())) if kind == "text" else []
    return Asking(name=name, kind=kind, relations=(*relations, *yes_no, *KNOWN), known=int(values.notna().sum()),
                  choices=tuple(words) if len(words) <= MOST_CHOICES else (), later=later)  # fmt: skip


def condition(asked: Asking, relation: str, value: str) -> str:
    """Return a condition as text.

    Raises
    ------
    BadSetting
        A relation that does not fit the column, or a value that cannot be compared with it.
    """
    name = asked.name if re.fullmatch(r"[^\W\d]\w*", asked.name) else f"`{asked.name}`"
    if relation not in asked.relations:
        raise BadSetting(f"{asked.name} can be asked: {', '.join(asked.relations)}; choose one of them.")
    if relation in KNOWN:
        return f"{name} {KNOWN[relation]}"
    if asked.kind == "truth":
        return name if relation == "is true" else f"not {name}"
    text = f"{name} {ORDERED[relation]} {_literal(asked, value.strip())}"
    return Predicate(text).text


def _literal(asked: Asking, value: str) -> str:
    if asked.kind == "number":
        if NUMBER.fullmatch(value) is None:
            raise BadSetting(f"{asked.name} is a number; write one, as in 18 or 3.5.")
        return value
    if asked.kind == "date":
        if DATE.fullmatch(value) is None:
            raise BadSetting(f"{asked.name} is a day; write it as 2025-03-01.")
        return value
    quote = '"' if "'" in value else "'"
    if not value or quote in value:
        raise BadSetting(f"{asked.name} is text; write a word that occurs, without both kinds of quotes in it.")
    return f"{quote}{value}{quote}"


def joined(where: str, more: str) -> str:
    """Return a condition with one more."""
    if not where.strip():
        return more
    parts = Predicate(where).parts
    head = where.strip() if len(parts) > 1 or not _has_or(where) else f"({where.strip()})"
    return f"{head} and {more}"


def without(where: str, place: int) -> str:
    """Return a condition without the part at a place, from 0; the same where there is no such part."""
    parts = Predicate(where).parts
    return " and ".join(part.text for at, part in enumerate(parts) if at != place)


def _has_or(where: str) -> bool:
    """Say whether `or` may join the parts of a condition; brackets do no harm where it does not."""
    return re.search(r"\bor\b", where) is not None
