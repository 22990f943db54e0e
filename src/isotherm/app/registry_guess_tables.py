"""One guess for tables that came together: each kind of record is told by one of them, each column is read once."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import pandas as pd

from isotherm.app.registry_draft_tried import tried
from isotherm.app.registry_guess import MappingGuess, MayBe, guess_mapping, guess_patient
from isotherm.app.registry_guess_names import ONCE_A_ROW
from isotherm.app.registry_guess_rows import differing, is_of_patients, with_rows

Path = str | os.PathLike[str]
Refusals = Mapping[tuple[str, str], str]
"""By kind and field, what is wrong in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """A table that a mapping is guessed of, as it was read."""

    path: Path
    table: pd.DataFrame
    decimal: str
    empty: Sequence[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableGuess:
    """What one of several tables looks like.

    Parameters
    ----------
    path : path
    guess : MappingGuess
    refused : mapping
    repeated : tuple of str
        Columns that say what another table says.
    decimal : str
    of_patients : bool
        Whether its rows are one for each patient.
    why_open : mapping
        By kind and field, why nobody but a person can say what it points to.
    """

    path: Path
    guess: MappingGuess
    refused: Refusals
    repeated: tuple[str, ...]
    decimal: str
    of_patients: bool
    why_open: Refusals = field(default_factory=dict[tuple[str, str], str])


def guess_tables(came: Sequence[Came], *, sheet: str | None, today: date) -> tuple[TableGuess, ...]:
    """Guess what the tables are that came together, that with a row for each patient first."""
    patients = _patients(came)
    order = sorted(range(len(came)), key=lambda at: not is_of_patients(came[at].table, patients[at]))
    known: set[str] = set()
    found: list[TableGuess] = []
    for at in order:
        one, patient = came[at], patients[at]
        names = set(map(str, one.table.columns)) - {patient}
        single = is_of_patients(one.table, patient)
        again = (known & names) - (frozenset() if single else differing(one.table, patient))
        guess, refused = tried(guess_mapping(one.table, patient, again), one.path, sheet=sheet, decimal=one.decimal,
                               empty=one.empty, today=today)  # fmt: skip
        found.append(TableGuess(path=one.path, guess=with_rows(guess, one.table), refused=refused,
                                repeated=tuple(sorted(again)), decimal=one.decimal, of_patients=single))  # fmt: skip
        known |= names if single else set()
    return _each_kind_once(found)


def _patients(came: Sequence[Came]) -> list[str]:
    """Return the column with the patient of each table: that of another one where a table has it too."""
    guesses = [guess_patient(one.table) for one in came]
    shared = next((name for name in guesses if all(name in one.table.columns for one in came)), None)
    return guesses if shared is None else [shared] * len(came)


def _each_kind_once(found: Sequence[TableGuess]) -> tuple[TableGuess, ...]:
    """Leave each kind to one table: what a patient has once to the first, else to one with a row each."""
    best: dict[str, tuple[bool, int]] = {}
    for at, one in enumerate(found):
        for kind in one.guess.kinds:
            rank = (kind.kind.name not in ONCE_A_ROW and (one.of_patients or bool(kind.turns)), at)
            best[kind.kind.name] = min(best.get(kind.kind.name, rank), rank)
    return tuple(_without(one, at, {name: place for name, (_, place) in best.items()}, found)
                 for at, one in enumerate(found))  # fmt: skip


def _without(one: TableGuess, at: int, best: Mapping[str, int], found: Sequence[TableGuess]) -> TableGuess:
    stay = tuple(kind for kind in one.guess.kinds if best[kind.kind.name] == at)
    left = [
        MayBe(each.column, kind.kind, each.field,
              f"'{os.path.basename(found[best[kind.kind.name]].path)}' tells it too, and nothing may come twice")
        for kind in one.guess.kinds if best[kind.kind.name] != at for each in kind.columns if not each.field.refers
    ]  # fmt: skip
    return replace(one, guess=replace(one.guess, kinds=stay, may_be=(*one.guess.may_be, *left)))
