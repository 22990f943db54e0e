"""Problem: what is wrong with a table that is to become records, by row and column; never a patient's value."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from isotherm.exchange.spreadsheet_text import guarded
from isotherm.printable import printable

HEAD = ("table", "row", "column", "problem")
LONGEST_NAME = 80
"""Letters of a column's name that a message repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that keeps a row out of the registry.

    Parameters
    ----------
    table : str
        The file, and the sheet of a book.
    row : int
        As a spreadsheet counts: the header is row 1. 0 where the whole table is meant.
    column : str
        As the table names it; empty where the whole row is meant.
    says : str
        What is wanted; it repeats no value.
    patient_id : str
        Whose row it is, where that can be told. It is never shown: it only says who is incomplete.
    """

    table: str
    row: int
    column: str = ""
    says: str
    patient_id: str = ""

    @property
    def sentence(self) -> str:
        """The problem as one line."""
        column = f", column '{printable(self.column[:LONGEST_NAME])}'" if self.column else ""
        return f"{printable(self.table)}, row {self.row}{column}: {self.says}"


@dataclass(frozen=True, slots=True)
class Group:
    """Problems of one column that say the same, and the rows that have them."""

    table: str
    column: str
    says: str
    rows: tuple[int, ...]


def groups(problems: Iterable[Problem]) -> list[Group]:
    """Return problems put together by what they say, in the order of their first rows."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for one in problems:
        found.setdefault((one.table, one.column, one.says), []).append(one.row)
    return [Group(*what, tuple(rows)) for what, rows in found.items()]


def problem_table(problems: Iterable[Problem]) -> str:
    """Return all problems as CSV text, a row each, safe to open in a spreadsheet."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(HEAD)
    for one in problems:
        rows.writerow((guarded(one.table), one.row, guarded(one.column), one.says))
    return text.getvalue()
