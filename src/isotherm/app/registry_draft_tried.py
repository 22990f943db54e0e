"""A guessed mapping, tried on the table that it was guessed from: what most rows break is left to a person."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from isotherm.app.registry_guess import ColumnGuess, MappingGuess, MayBe
from isotherm.exchange.cells_in import open_sheet
from isotherm.exchange.record_days import ISO
from isotherm.exchange.record_mapping import PLACE, FieldSource
from isotherm.exchange.record_source import Read, Refused, cell_in, reader, value_in
from isotherm.exchange.table_columns import number_in

MOST = 0.5
"""A column of which more of the filled rows than this would be refused does not fit its field."""


@dataclass(slots=True)
class Tried:
    """What the rows of a table said to one guess.

    Parameters
    ----------
    source : FieldSource
    read : callable
    codes : frozenset of str
        Numbers in a column of words, of which nothing tells what they mean.
    filled : int
        Rows that hold something in the column, words that a person has to explain first left out.
    refused : Counter of str
        Rows by what would be wanted in place of what they hold.
    """

    source: FieldSource
    read: Read
    codes: frozenset[str] = frozenset()
    filled: int = 0
    coded: int = 0
    refused: Counter[str] = field(default_factory=Counter[str])

    def take(self, cell: object, today: date) -> None:
        """Try one cell."""
        text = cell_in(cell, self.source)
        self.coded += text.casefold() in self.codes
        if not text or text.casefold() in self.source.empty:
            return
        self.filled += 1
        try:
            value_in(text, self.source, self.read, today)
        except Refused as refused:
            self.refused[str(refused)] += 1

    @property
    def fits(self) -> bool:
        """Whether most rows are as the field wants them."""
        return self.refused.total() <= MOST * self.filled and not (self.coded and not self.filled)

    @property
    def says(self) -> str:
        """What would be refused, in words; empty if nothing is."""
        if self.coded and not self.filled:
            return f"numbers stand there, and {self.source.field.wanted} is wanted"
        told = (f"{count:,} of {self.filled:,} filled {'cell' if self.filled == 1 else 'cells'} would be refused: {why}"
                for why, count in self.refused.most_common())  # fmt: skip
        return "; ".join(told)


def tried(
    found: MappingGuess, table: str | os.PathLike[str], *, sheet: str | None, decimal: str, empty: Sequence[object],
    today: date,
) -> tuple[MappingGuess, Mapping[tuple[str, str], str]]:  # fmt: skip
    """Try every guess on the table.

    Returns
    -------
    MappingGuess
        Without the columns of which most rows do not fit; these are among those that a person has to judge.
    mapping of (kind, field) to str
        What would be refused all the same, of the columns that stay.
    """
    words = frozenset(str(one).strip().casefold() for one in empty)
    trials = {(kind.kind.name, one.field.name): _source(one, decimal, words)
              for kind in found.kinds for one in kind.columns}  # fmt: skip
    with open_sheet(table, sheet=sheet, first=True) as opened:
        at = {name: place for place, name in enumerate(opened.columns)}
        places = [(at[name], trials[kind.kind.name, one.field.name]) for kind in found.kinds for one in kind.columns
                  for name in _names(one, kind.turns) if name in at]  # fmt: skip
        for _, cells in opened.rows:
            for place, trial in places:
                trial.take(cells[place], today)
    kinds = [replace(kind, columns=tuple(one for one in kind.columns if trials[kind.kind.name, one.field.name].fits))
             for kind in found.kinds]  # fmt: skip
    left = [MayBe(one.column, kind.kind, one.field, trial.says) for kind in found.kinds for one in kind.columns
            if not (trial := trials[kind.kind.name, one.field.name]).fits]  # fmt: skip
    guess = replace(found, kinds=tuple(one for one in kinds if one.columns), may_be=(*found.may_be, *left))
    return guess, {key: one.says for key, one in trials.items() if one.fits and one.refused}


def _names(one: ColumnGuess, turns: Sequence[str]) -> list[str]:
    return [one.column.replace(PLACE, turn) for turn in turns] if PLACE in one.column else [one.column]


def _source(one: ColumnGuess, decimal: str, empty: frozenset[str]) -> Tried:
    """Return a guess as the reader of a mapping would have it; words that a person has to explain first are passed."""
    explained = {word.strip().casefold(): one.field.checked(means) for word, means in one.words.items() if means}
    open_words = frozenset(word.strip().casefold() for word, means in one.words.items() if not means)
    source = FieldSource(field=one.field, column=one.column, values=explained, unit=one.unit,
                         days=one.days[0] if one.days else ISO, empty=empty | open_words, decimal=decimal)  # fmt: skip
    return Tried(source, reader(source, ""), frozenset(word for word in open_words if number_in(word) is not None))
