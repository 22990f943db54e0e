"""Guesses which column of a hospital's table is which field of which kind of record, by names; values name choices."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from isotherm.app.registry_guess_names import TUMOR, best_field, flag_field, unit_in, words_in
from isotherm.app.registry_guess_scan_words import EARLIER, LATER, OF_KEYS
from isotherm.app.study_guess import LONGEST_LEVEL, MOST_LEVELS, guess
from isotherm.clinical.kinds import KEY, unit_factor
from isotherm.clinical.record import Field, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS, SCAN
from isotherm.exchange.record_days import day_reader
from isotherm.exchange.record_mapping import PLACE
from isotherm.exchange.table_columns import written

DAYS = ("YYYY-MM-DD", "DD.MM.YYYY", "MM/DD/YYYY", "DD/MM/YYYY", "YYYYMMDD")


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """A column that looks like a field.

    Parameters
    ----------
    field : Field
    column : str
        With {n} where several columns differ in a number only.
    unit : str
        That the column's name ends with, if it is another than the field's.
    days : tuple of str
        The ways of writing days that all its values fit.
    words : mapping of str to str
        Words of a choice that are not the field's own, and what they may mean; empty where nothing is near.
    """

    field: Field
    column: str
    unit: str
    days: tuple[str, ...]
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KindGuess:
    """Columns that look like one kind of record.

    Parameters
    ----------
    kind : RecordKind
    key : str
        The column that tells records of a patient apart; empty where none does.
    columns : tuple of ColumnGuess
    turns : tuple of str
        The numbers in names of columns, if there are any.
    key_is : str
        The same key in every row, in place of a column.
    filled : str
        The column that has to hold something for a row to make a record.
    constants : mapping of str to str
        Fields that follow from what the other columns are.
    """

    kind: RecordKind
    key: str
    columns: tuple[ColumnGuess, ...]
    turns: tuple[str, ...]
    key_is: str = ""
    filled: str = ""
    constants: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class MayBe:
    """A column that is near a field and is left to a person, and why."""

    column: str
    kind: RecordKind
    field: Field
    why: str


@dataclass(frozen=True, slots=True)
class MappingGuess:
    """What a table looks like; every one of these may be wrong. `keys` are columns that tell records apart, by kind."""

    patient: str
    kinds: tuple[KindGuess, ...]
    may_be: tuple[MayBe, ...]
    unused: tuple[str, ...]
    keys: Mapping[str, str]


def guess_patient(table: pd.DataFrame) -> str:
    """Guess which column says whose a row is."""
    return guess(table).patient or str(table.columns[0])


def guess_mapping(table: pd.DataFrame, patient: str, known: Container[str] = ()) -> MappingGuess:
    """Guess what the columns of a table are, but the patient's and those that are `known` already."""
    left = _stems([name for name in map(str, table.columns) if name != patient and name not in known])
    keys = {stem: kind for stem in left for kind in RECORD_KINDS.values()
            if kind.several and (_is_key(stem, kind) or _numbers_tumors(table, patient, stem, kind))}  # fmt: skip
    found: dict[str, dict[str, str]] = {}
    may_be: list[MayBe] = []
    unused: list[str] = []
    # Where a row is of a tumor, what says so is of it before what a row says of the patient.
    rows_of_tumors = any(kind.name == "lesion" for kind in keys.values())
    for stem in sorted(left, key=lambda stem: not (rows_of_tumors and words_in(stem) & TUMOR)):
        best = None if stem in keys else best_field(stem, found)
        flag = None if stem in keys else flag_field(stem, _texts(table[left[stem][0]]))
        if flag is not None:
            found.setdefault(flag[0].name, {}).setdefault(flag[1].name, stem)
        elif best is None:
            unused += [] if stem in keys else left[stem]
        elif best.strange:
            why = f'what "{" ".join(sorted(best.strange))}" in its name means is not known'
            may_be += [MayBe(name, best.kind, best.field, why) for name in left[stem]]
        else:
            found.setdefault(best.kind.name, {})[best.field.name] = stem
    own = _key_of_each(keys)
    kinds = [
        KindGuess(kind, own.get(kind.name, ""),
                  tuple(_column(kind.field(name), at, table[left[at][0]]) for name, at in found[kind.name].items()),
                  _turns(left, found[kind.name].values()))
        for kind in RECORD_KINDS.values() if kind.name in found
    ]  # fmt: skip
    return MappingGuess(patient, tuple(kinds), tuple(may_be), tuple(unused), own)


def _key_of_each(keys: Mapping[str, RecordKind]) -> dict[str, str]:
    """Return by kind the column with its keys: that of the fewest words, and the first of those."""
    found: dict[str, str] = {}
    for stem in sorted(keys, key=lambda stem: len(words_in(stem))):
        found.setdefault(keys[stem].name, stem)
    return found


def _stems(names: Sequence[str]) -> dict[str, list[str]]:
    """Return names of columns, those that differ in one number only under one stem with {n} in its place."""
    stems: dict[str, list[str]] = {}
    for name in names:
        numbers = re.findall(r"\d+", name)
        stems.setdefault(re.sub(r"\d+", PLACE, name) if len(numbers) == 1 else name, []).append(name)
    return {(stem if len(several) > 1 else several[0]): several for stem, several in stems.items()}


def _turns(left: Mapping[str, Sequence[str]], stems: Iterable[str]) -> tuple[str, ...]:
    numbers = {re.findall(r"\d+", name)[0] for stem in stems if PLACE in stem for name in left[stem]}
    return tuple(sorted(numbers, key=int))


def _is_key(stem: str, kind: RecordKind) -> bool:
    words = words_in(stem)
    if kind is SCAN and words & (EARLIER | LATER):  # it is that of another row's scan
        return False
    return kind.name in words and bool(words & OF_KEYS)


def _numbers_tumors(table: pd.DataFrame, patient: str, stem: str, kind: RecordKind) -> bool:
    """Say whether a column named "tumor" tells the tumors of a patient apart, a row each."""
    if kind.name != "lesion" or stem not in table.columns or not words_in(stem) or not words_in(stem) <= TUMOR:
        return False
    texts = [written(one).strip() for one in table[stem].tolist()]
    return all(map(KEY.fullmatch, texts)) and not table[[patient, stem]].duplicated().any()


def _texts(values: pd.Series[Any]) -> list[str]:
    return [written(one) for one in values.dropna().unique().tolist()]


def _column(field: Field, stem: str, values: pd.Series[Any]) -> ColumnGuess:
    texts = _texts(values)
    flag = flag_field(stem, texts) if field.form == "choice" else None
    words = _choices(field, texts) if flag is None else flag[2]
    return ColumnGuess(field, stem, told_unit(field, stem), _days(field, values), words or _plain_keys(field, texts))


def told_unit(field: Field, name: str) -> str:
    """Return the unit that a column's name ends with, if it is another than the field's and a way leads there."""
    unit = unit_in(name) if field.form == "number" else ""
    return unit if unit != field.unit and unit_factor(unit, field.unit) is not None else ""


def _days(field: Field, values: pd.Series[Any]) -> tuple[str, ...]:
    if field.form != "date" or values.dtype.kind == "M":
        return ()
    texts = [written(one).strip() for one in values.dropna().tolist()]
    fits = {way: sum(day_reader(way)(text) is not None for text in texts) for way in DAYS}
    most = max(fits.values())
    return tuple(way for way, n in fits.items() if n == most > 0)


def _choices(field: Field, texts: Sequence[str]) -> dict[str, str]:
    if field.form not in ("choice", "yes or no") or len(texts) > MOST_LEVELS:
        return {}
    choices = field.choices or ("yes", "no", "true", "false", "1", "0")
    folded = {one.casefold() for one in choices}
    strange = [text for text in texts if text.casefold() not in folded and len(text) <= LONGEST_LEVEL]
    return {text: _near(text, field.choices) for text in strange}


def _plain_keys(field: Field, texts: Sequence[str]) -> dict[str, str]:
    """Return short names in place of those that are none only for their blanks, as "center 1"."""
    plain = {text: text.replace(" ", "-") for text in sorted(texts)}
    if field.form != "key" or len(texts) > MOST_LEVELS or len({*plain.values()}) < len(texts):
        return {}
    blank = {text: key for text, key in plain.items() if key != text}
    return blank if all(map(KEY.fullmatch, plain.values())) else {}


def _near(text: str, choices: Sequence[str]) -> str:
    close = [one for one in choices if one.casefold().startswith(text.casefold())]
    return close[0] if len(close) == 1 else ""
