"""What a row of a table is of: the keys of its records, which of them point to which, what a patient has once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from isotherm.app.registry_guess import ColumnGuess, KindGuess, MappingGuess, MayBe
from isotherm.app.registry_guess_names import ONCE_A_ROW, TUMOR, words_in
from isotherm.app.registry_guess_scan_words import is_plain
from isotherm.clinical.kinds import KEY
from isotherm.clinical.record_kinds import RECORD_KINDS, SCAN
from isotherm.exchange.record_cells import cell_text
from isotherm.exchange.record_mapping import PLACE

BY_DAY = {"session": "ablated_on", "scan": "scanned_on", "follow_up": "seen_on", "systemic": "started_on"}
"""Kinds that are told apart by their day where no column does: it is the same in every table."""

OF_A_TUMOR = ("lesion", "reading", "margin")
"""Kinds of which a row that has the tumor's key tells one."""

ONE = "1"


def is_of_patients(table: pd.DataFrame, patient: str) -> bool:
    """Say whether the rows of a table are one for each patient."""
    return len(table) > 0 and bool(table[patient].notna().all()) and bool(table[patient].is_unique)


def differing(table: pd.DataFrame, patient: str) -> frozenset[str]:
    """Return the columns in which rows of one patient differ."""
    counts = table.groupby(patient, sort=False).nunique(dropna=False).max()
    return frozenset(str(name) for name, most in counts.items() if most > 1)


def with_rows(found: MappingGuess, table: pd.DataFrame) -> MappingGuess:
    """Say of each kind of a guess how its records are told apart, and what they point to."""
    single = is_of_patients(table, found.patient)
    apart = frozenset[str]() if single else differing(table, found.patient)
    may_be = [MayBe(one.column, kind.kind, one.field, "rows of one patient differ in it") for kind in found.kinds
              if kind.kind.name in ONCE_A_ROW for one in kind.columns if one.column in apart]  # fmt: skip
    kinds = {one.kind.name: one for one in _constant(found.kinds, apart)}
    for name, wanted in (("patient", single), ("lesion", "lesion" in found.keys)):
        if wanted and name not in kinds:
            kinds[name] = KindGuess(RECORD_KINDS[name], "", (), ())
    done = {name: _told_apart(one, found.keys, table, single=single, apart=apart) for name, one in kinds.items()}
    if "session" in done and "lesion" in found.keys and words_in(done["session"].key) & TUMOR:
        done.setdefault("ablation", _ablation(done["session"], found.keys["lesion"]))
    of_scans = done[SCAN.name].key if SCAN.name in done else ""
    told = {name: column for name, column in found.keys.items()
            if name != SCAN.name or is_plain(column, map(str, table.columns), of_scans)}  # fmt: skip
    ordered = tuple(linked(done[name], told) for name in RECORD_KINDS if name in done)
    return replace(found, kinds=ordered, may_be=(*found.may_be, *may_be))


def _constant(kinds: tuple[KindGuess, ...], apart: frozenset[str]) -> Iterator[KindGuess]:
    for kind in kinds:
        stay = tuple(one for one in kind.columns if kind.kind.name not in ONCE_A_ROW or one.column not in apart)
        if stay:
            yield replace(kind, columns=stay)


def _told_apart(one: KindGuess, keys: Mapping[str, str], table: pd.DataFrame, *, single: bool,
                apart: frozenset[str]) -> KindGuess:  # fmt: skip
    name = one.kind.name
    if not one.kind.several or one.key:
        return one
    if one.turns:
        return replace(one, key_is=PLACE)
    if name in OF_A_TUMOR and "lesion" in keys:
        return replace(one, key=keys["lesion"])
    day = next((each.column for each in one.columns if each.field.name == BY_DAY.get(name)), "")
    if day and _are_keys(table[day]):
        return replace(one, key=day)
    own = {each.column for each in one.columns}
    return replace(one, key_is=ONE) if single or (name in (*ONCE_A_ROW, *BY_DAY) and not own & apart) else one


def _are_keys(column: pd.Series[Any]) -> bool:
    return all(KEY.fullmatch(cell_text(one).strip()) for one in column.dropna().unique().tolist())


def _ablation(session: KindGuess, lesion: str) -> KindGuess:
    kind = RECORD_KINDS["ablation"]
    link = ColumnGuess(kind.field("session_id"), session.key, "", (), {})
    return KindGuess(kind, lesion, (link,), (), filled=session.key)


def linked(one: KindGuess, keys: Mapping[str, str]) -> KindGuess:
    """Return a kind with what its records point to in the same row, and what follows from its columns."""
    told = {each.field.name for each in one.columns}
    links = tuple(ColumnGuess(field, keys[field.refers], "", (), {}) for field in one.kind.fields
                  if field.refers in keys and field.name == RECORD_KINDS[field.refers].key and field.name not in told
                  and not one.turns)  # fmt: skip
    margin = next((each.column for each in one.columns if each.field.name == "minimal_margin_mm"), "")
    if not margin or "status" in told or one.turns:
        return replace(one, columns=(*one.columns, *links))
    return replace(one, columns=(*one.columns, *links), filled=margin, constants={"status": "measured"})
