"""Guesses which column of a hospital's table is which field of which kind of record, by names; values name choices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from isotherm.app.study_guess import LONGEST_LEVEL, MOST_LEVELS, guess, words_of
from isotherm.clinical.kinds import TO_UNIT, unit_factor
from isotherm.clinical.record import Field, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.exchange.record_days import day_reader
from isotherm.exchange.record_mapping import PLACE
from isotherm.exchange.table_columns import written

ENOUGH = 0.5
"""The share of a column's words that a field has to know, for the column to be near it."""

ROWS = frozenset({"patient", "pat", "lesion", "tumor", "tumour"})
"""Words that say what a row is of, and change the meaning of no other one; any other word may, as in extra_organ."""

ALSO = {
    "sex": "gender geschlecht sexe", "born_on": "birth dob birthday birthdate geburtsdatum", "bmi_kg_m2": "bmi",
    "diameter_mm": "size diameter largest durchmesser groesse größe", "place": "segment lobe location lokalisation",
    "ablated_on": "ablation date treatment op datum", "died_on": "death died dod deceased verstorben",
    "modality": "modality technique device type", "minimal_margin_mm": "margin mam", "primary": "primary tumor tumour",
    "diagnosed_on": "diagnosis diagnosed dx", "regimen": "regimen chemo chemotherapy", "ecog": "ecog performance",
    "seen_on": "followup contact visit", "scanned_on": "scan ct mri imaging", "cea_ug_l": "cea",
    "center_id": "center centre site", "ras": "ras kras", "braf": "braf", "organ": "organ",
    "note": "note remark comment bemerkung",
}  # fmt: skip
"""Words that hospitals use for a field, beside those of its name and its label."""

ONCE_A_ROW = frozenset({"patient", "primary", "decision", "death"})
"""Kinds of which a row tells one: what a row has several times is of something else."""

DAY_WORDS = frozenset({"date", "day", "datum", "on"})
DAYS = ("YYYY-MM-DD", "DD.MM.YYYY", "MM/DD/YYYY", "DD/MM/YYYY", "YYYYMMDD")
DULL = frozenset({"of", "the", "a", "in", "to", "and", "is", "n"})


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
    """Columns that look like one kind of record; `turns` are the numbers in names of columns, if there are any."""

    kind: RecordKind
    key: str
    columns: tuple[ColumnGuess, ...]
    turns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MayBe:
    """A column that is near a field and is left to a person, and why."""

    column: str
    kind: RecordKind
    field: Field
    why: str


@dataclass(frozen=True, slots=True)
class MappingGuess:
    """What a table looks like; every one of these may be wrong."""

    patient: str
    kinds: tuple[KindGuess, ...]
    may_be: tuple[MayBe, ...]
    unused: tuple[str, ...]


def guess_mapping(table: pd.DataFrame) -> MappingGuess:
    """Guess what the columns of a table are."""
    names = [str(name) for name in table.columns]
    patient = guess(table).patient or names[0]
    left = _stems([name for name in names if name != patient])
    keys = {stem: kind for stem in left for kind in RECORD_KINDS.values() if kind.several and _is_key(stem, kind)}
    found: dict[str, dict[str, str]] = {}
    may_be: list[MayBe] = []
    unused: list[str] = []
    for stem in left:
        best = None if stem in keys else _best(stem, found)
        if best is None:
            unused += [] if stem in keys else left[stem]
        elif best.strange:
            why = f'what "{" ".join(sorted(best.strange))}" in its name means is not known'
            may_be += [MayBe(name, best.kind, best.field, why) for name in left[stem]]
        else:
            found.setdefault(best.kind.name, {})[best.field.name] = stem
    kinds = [
        KindGuess(kind, next((stem for stem, of in keys.items() if of is kind), ""),
                  tuple(_column(kind.field(name), at, table[left[at][0]]) for name, at in found[kind.name].items()),
                  _turns(left, found[kind.name].values()))
        for kind in RECORD_KINDS.values() if kind.name in found
    ]  # fmt: skip
    return MappingGuess(patient, tuple(kinds), tuple(may_be), tuple(unused))


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
    words = _words(stem)
    return kind.name in words and bool(words & {"id", "no", "nr", "number", "key"})


def _words(name: str) -> set[str]:
    return {word.casefold() for word in words_of(name.replace(PLACE, " ")) if not word.isdigit()} - DULL


@dataclass(frozen=True, slots=True)
class _Near:
    """A field that a column's name is near, and the words of the name that neither field nor row explains."""

    kind: RecordKind
    field: Field
    strange: frozenset[str]


def _best(stem: str, taken: Mapping[str, Mapping[str, str]]) -> _Near | None:
    """Return the free field that knows all of a column's words, else most of them; the first of equals."""
    words = _words(stem) - set(_spelled(_unit_in(stem)).split())
    counters = _words(" ".join(re.findall(rf"([^\W\d_]+)[\W_]*{re.escape(PLACE)}", stem)))
    best, reached = None, (False, ENOUGH)
    for kind in RECORD_KINDS.values():
        for field in kind.fields:
            if field.refers or field.name in taken.get(kind.name, {}) or not words:
                continue
            if PLACE in stem and kind.name in ONCE_A_ROW:
                continue
            known = _words(field.name) | _words(field.label) | set(ALSO.get(field.name, "").split())
            known |= DAY_WORDS if field.form == "date" else set()
            shared = words & known
            score = len(shared) / len(words) if shared - DAY_WORDS else 0.0
            score += 0.1 * (kind.name in words)
            strange = words - known - ROWS - counters - set(kind.name.split("_"))
            rank = (not strange and score > 0.0, score)
            if score >= ENOUGH and (rank > reached or (rank == reached and best is None)):
                best, reached = _Near(kind, field, frozenset(strange)), rank
    return best


def _unit_in(name: str) -> str:
    """Return the unit that stands in a column's name, as in CEA_ng_ml; empty if none does."""
    spelled = f" {_spelled(name)} "
    return next((unit for unit, _ in TO_UNIT if f" {_spelled(unit)} " in spelled), "")


def _spelled(name: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", name.replace(PLACE, " ").casefold()))


def _column(field: Field, stem: str, values: pd.Series[Any]) -> ColumnGuess:
    texts = [written(one) for one in values.dropna().unique().tolist()]
    unit = _unit_in(stem) if field.form == "number" else ""
    told = unit if unit != field.unit and unit_factor(unit, field.unit) is not None else ""
    return ColumnGuess(field, stem, told, _days(field, values), _choices(field, texts))


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


def _near(text: str, choices: Sequence[str]) -> str:
    close = [one for one in choices if one.casefold().startswith(text.casefold())]
    return close[0] if len(close) == 1 else ""
