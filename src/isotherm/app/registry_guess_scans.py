"""The scans that rows of one table are of, where another table that came with it tells them: by name and by values."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from isotherm.app.registry_guess import ColumnGuess, KindGuess
from isotherm.app.registry_guess_names import DAY_WORDS, words_in
from isotherm.app.registry_guess_tables import Came, TableGuess
from isotherm.clinical.record import Field
from isotherm.clinical.record_kinds import MARGIN, SCAN
from isotherm.exchange.record_mapping import PLACE
from isotherm.exchange.table_columns import written
from isotherm.printable import printable

BEFORE_ABLATION = MARGIN.field("before_scan_id")
EARLIER = frozenset({"before", "pre", "baseline", "planning"})
"""Words of a scan before the ablation: they tell it from the scan that a margin or a size was read on."""

OF_KEYS = frozenset({"id", "no", "nr", "number", "key"})

Keys = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Scans:
    """The table that tells the scans, the column with their keys, and the keys, each with its patient."""

    path: str | os.PathLike[str]
    column: str
    keys: Keys

    @property
    def words(self) -> frozenset[str]:
        """What a column may be called that points to them."""
        return frozenset({SCAN.name} | words_in(self.column)) - DAY_WORDS - OF_KEYS - EARLIER


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
            near = list(_near(field, table, one.guess.patient, scans))
            fitting = [name for name in near if _keys(table, one.guess.patient, name) <= scans.keys]
            if len(fitting) == 1:
                links.append(ColumnGuess(field, fitting[0], "", (), {}))
            why[kind.kind.name, field.name] = _why(near, fitting, scans)
        used |= {each.column for each in links}
        kinds.append(replace(kind, columns=(*kind.columns, *links)))
    guess = replace(one.guess, kinds=tuple(kinds), unused=tuple(name for name in one.guess.unused if name not in used),
                    may_be=tuple(each for each in one.guess.may_be if each.column not in used))  # fmt: skip
    return replace(one, guess=guess, why_open=why)


def _near(field: Field, table: pd.DataFrame, patient: str, scans: Scans) -> Iterator[str]:
    """Yield the filled columns that sound like the scan of a field."""
    for name in map(str, table.columns):
        words = words_in(name)
        is_earlier = bool(words & EARLIER)
        if name != patient and words & scans.words and is_earlier is (field == BEFORE_ABLATION):
            if bool(table[name].notna().any()):
                yield name


def _keys(table: pd.DataFrame, patient: str, column: str) -> Keys:
    both = table[[patient, column]].dropna().drop_duplicates()
    return frozenset((written(whose), written(key)) for whose, key in both.itertuples(index=False, name=None))


def _why(near: Sequence[str], fitting: Sequence[str], scans: Scans) -> str:
    """Return why it is left to a person."""
    where = f"'{printable(scans.column)}' of {printable(os.path.basename(scans.path))}"
    names = " and ".join(f"'{printable(name)}'" for name in fitting or near)
    if fitting:
        return f"{names} hold keys that stand in {where}; say which it is"
    if near:
        return f"{names} {'sounds' if len(near) == 1 else 'sound'} like it, and holds keys that are not in {where}"
    return f"no column here sounds like a scan whose key stands in {where}"
