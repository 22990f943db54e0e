"""The scans that rows of one table are of, where another table that came with it tells them: by name and by values."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from isotherm.app.registry_guess import ColumnGuess, KindGuess
from isotherm.app.registry_guess_scan_words import Side, scan_name
from isotherm.app.registry_guess_tables import Came, TableGuess
from isotherm.clinical.record import Field
from isotherm.clinical.record_kinds import FOLLOW_UP, MARGIN, SCAN
from isotherm.exchange.record_mapping import PLACE
from isotherm.exchange.table_columns import written
from isotherm.printable import printable

BEFORE_ABLATION = MARGIN.field("before_scan_id")
AFTER_ABLATION = (MARGIN.field("scan_id"), FOLLOW_UP.field("scan_id"))
"""Scans that a name may call later ones; of any other scan but that before the ablation it has to say no side."""

Keys = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Scans:
    """The table that tells the scans, the column with their keys, and the keys, each with its patient."""

    path: str | os.PathLike[str]
    column: str
    keys: Keys


@dataclass(frozen=True, slots=True)
class Near:
    """Columns that sound like a scan, seen from one field.

    Parameters
    ----------
    sure : tuple of str
        Of which the whole name says this scan.
    rivals : mapping of str to frozenset of str
        Which may be it as well, with the words of their names that are not known to mean it.
    of_others : mapping of str to frozenset of str
        Which are of the other side of an ablation, with the words that say so.
    fitting : frozenset of str
        Which of all of them hold keys of scans alone.
    """

    sure: tuple[str, ...]
    rivals: Mapping[str, frozenset[str]]
    of_others: Mapping[str, frozenset[str]]
    fitting: frozenset[str]

    @property
    def only(self) -> str:
        """The one column that it is; empty where none is, or another one may be it: that one fits decides nothing."""
        return self.sure[0] if len(self.sure) == 1 and not self.rivals and self.sure[0] in self.fitting else ""


def with_scans(found: Sequence[TableGuess], came: Sequence[Came]) -> tuple[TableGuess, ...]:
    """Fill in the scan of what other tables tell, where one column fits; why none does is told for whoever has to."""
    tables = {one.path: one.table for one in came}
    scans = next((Scans(one.path, kind.key, _keys(tables[one.path], one.guess.patient, kind.key))
                  for one in found for kind in one.guess.kinds
                  if kind.kind is SCAN and kind.key and PLACE not in kind.key), None)  # fmt: skip
    if scans is None:
        return tuple(found)
    return tuple(one if one.path == scans.path else _pointing(one, tables[one.path], scans) for one in found)


def _pointing(one: TableGuess, table: pd.DataFrame, scans: Scans) -> TableGuess:
    kinds: list[KindGuess] = []
    why: dict[tuple[str, str], str] = {}
    used: set[str] = set()
    for kind in one.guess.kinds:
        told, links = {each.field.name for each in kind.columns}, list[ColumnGuess]()
        for field in kind.kind.fields:
            if field.refers != SCAN.name or field.name in told or kind.turns:
                continue
            near = _near(field, table, one.guess.patient, scans)
            if near.only:
                links.append(ColumnGuess(field, near.only, "", (), {}))
            why[kind.kind.name, field.name] = _why(near, scans)
        used |= {each.column for each in links}
        kinds.append(replace(kind, columns=(*kind.columns, *links)))
    guess = replace(one.guess, kinds=tuple(kinds), unused=tuple(name for name in one.guess.unused if name not in used),
                    may_be=tuple(each for each in one.guess.may_be if each.column not in used))  # fmt: skip
    return replace(one, guess=guess, why_open=why)


def _near(field: Field, table: pd.DataFrame, patient: str, scans: Scans) -> Near:
    """Return the filled columns that sound like a scan; one of the very name is sure before all that may be as well."""
    named = {name: said for name in map(str, table.columns) if name != patient and bool(table[name].notna().any())
             and (said := scan_name(name, scans.column)) is not None}  # fmt: skip
    fitting = frozenset(name for name in named if _keys(table, patient, name) <= scans.keys)
    sure = tuple(name for name, said in named.items() if not said.strange and said.side in _sides(field))
    before = field == BEFORE_ABLATION
    others = {name: said.apart for name, said in named.items()
              if name not in sure and (said.side == "before") is not before}  # fmt: skip
    exact = tuple(name for name in sure if name in (field.name, scans.column))
    if len(exact) == 1 and (before or all(said.side != "after" for said in named.values())):
        return Near(exact, {}, others, fitting)
    rivals = {name: said.apart for name, said in named.items() if name not in sure and name not in others
              and (name in fitting or said.side == "after")}  # fmt: skip
    return Near(sure, rivals, others, fitting)


def _sides(field: Field) -> frozenset[Side]:
    """Return what the name of a field's scan may say of its side."""
    if field == BEFORE_ABLATION:
        return frozenset({"before"})
    return frozenset({"", "after"}) if field in AFTER_ABLATION else frozenset({""})


def _keys(table: pd.DataFrame, patient: str, column: str) -> Keys:
    both = table[[patient, column]].dropna().drop_duplicates()
    return frozenset((written(whose), written(key)) for whose, key in both.itertuples(index=False, name=None))


def _why(near: Near, scans: Scans) -> str:
    """Return why it is left to a person."""
    where = f"'{printable(scans.column)}' of {printable(os.path.basename(scans.path))}"
    several = (*near.sure, *near.rivals)
    if len(near.sure) == 1 and not near.rivals:
        return f"{_and(near.sure)} sounds like it, and holds keys that are not in {where}"
    if near.sure and near.fitting.issuperset(several):
        return f"{_and(several)} hold keys that stand in {where}; say which it is"
    if near.sure:
        return f"{_and(several)} sound like it; say which it is"
    doubtful = {name: words for name, words in {**near.rivals, **near.of_others}.items() if name in near.fitting}
    if not doubtful:
        return f"no column here sounds like a scan whose key stands in {where}"
    words = " and ".join(f'"{printable(word)}"' for word in sorted(frozenset[str]().union(*doubtful.values())))
    return (f"{_and(doubtful)} {'sounds' if len(doubtful) == 1 else 'sound'} like a scan, and {words} in the name may "
            "mean another one")  # fmt: skip


def _and(names: Iterable[str]) -> str:
    return " and ".join(f"'{printable(name)}'" for name in names)
