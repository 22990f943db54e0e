"""Guesses about the columns of a table, by names and values: who, where, which arm, what happened, what was known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from isotherm.exchange.table_columns import status_in, written
from isotherm.study.predicate_tree import column_kind
from isotherm.study.protocol_parts import CovariateKind, TimeUnit

CODES: tuple[float | str, ...] = (
    -999.0,
    -9999.0,
    -99.0,
    "NA",
    "N/A",
    "n/a",
    "NULL",
    "null",
    ".",
    "?",
    "unknown",
    "Unknown",
)
"""What often stands for "not known"; listed in the draft where it occurs."""

MOST_LEVELS = 10
"""A text with more distinct values than this is no category."""

LONGEST_LEVEL = 40
"""A longer text is a note about somebody, which a draft does not repeat."""

_PATIENT = ("id", "patient", "subject", "mrn", "record", "pid", "case")
_SITE = ("site", "hospital", "center", "centre", "institution", "clinic")
_IN_THE_BODY = ("primary", "sample", "tumor", "tumour", "metastasis", "metastatic", "biopsy", "organ", "disease")
"""A site of these is no hospital."""
_TUMOR = ("lesion", "tumor", "tumour", "nodule", "metastasis")
_ARM = ("arm", "treat", "group", "therapy", "chemo", "drug", "ablation", "rx", "exposure", "upfront")
_TIME = ("survival", "time", "follow", "followup", "os", "pfs", "dfs", "rfs", "efs", "ttp", "months", "days", "weeks")
_EVENT = ("status", "dead", "death", "died", "event", "vital", "recur", "relapse", "progress", "censor", "deceased",
          "alive", "ltp", "complication", "response", "outcome")  # fmt: skip
_UNITS: tuple[tuple[str, TimeUnit], ...] = (("month", "months"), ("week", "weeks"), ("year", "years"), ("day", "days"))


@dataclass(frozen=True, slots=True)
class Event:
    """A column that looks like an event, with the column of times that fits it best, if any."""

    column: str
    time: str | None
    unit: TimeUnit


@dataclass(frozen=True, slots=True)
class Fact:
    """A column that looks like a fact about the patient."""

    column: str
    kind: CovariateKind
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guesses:
    """What the columns of a table look like; every one of these may be wrong."""

    patient: str | None
    site: str | None
    tumor: str | None
    arm: tuple[str, tuple[float | str | bool, ...]] | None
    events: tuple[Event, ...]
    facts: tuple[Fact, ...]
    unused: tuple[tuple[str, str], ...]


def guess(table: pd.DataFrame) -> Guesses:
    """Guess what the columns of a table are."""
    names = [str(name) for name in table.columns if str(name).strip()]  # what has no name cannot be asked for
    numbered = [name for name in names if {"patient", "id"} <= words_of(name)]  # before the ID of a study or sample
    patient = _first(numbered or names, _PATIENT) or next((name for name in names if table[name].is_unique), None)
    left = [name for name in names if name != patient]
    sites = [name for name in left if _has(name, _SITE) and not _has(name, _IN_THE_BODY)]
    site = next((name for name in sites if table[name].nunique() <= len(table) / 2), None)
    repeats = patient is not None and not table[patient].is_unique
    tumor = _first([name for name in left if name != site], _TUMOR) if repeats else None
    left = [name for name in left if name not in (site, tumor)]
    times = [
        name for name in left if _has(name, _TIME) and "age" not in words_of(name) and _role(table[name]) == "number"
    ]
    events = [name for name in left if _has(name, _EVENT) and name not in times and _role(table[name]) == "yes/no"]
    arm = next(
        (name for name in left if name not in (*times, *events) and _has(name, _ARM) and _is_arm(table[name])), None
    )
    left = [name for name in left if name not in (*times, *events, arm)]
    suspect = [name for name in left if _has(name, _TIME) or _has(name, _EVENT)]
    facts = [fact for name in left if name not in suspect and (fact := _fact(table[name], name)) is not None]
    unused = [(name, "its name sounds like an outcome") for name in suspect]
    told = {*suspect, *(fact.column for fact in facts)}
    unused += [(name, _why_not(table[name])) for name in left if name not in told]
    unused += [(name, "a time without an event that fits") for name in times if not events]
    return Guesses(patient, site, tumor, None if arm is None else (arm, _values(table[arm])),
                   tuple(_paired(event, times) for event in events), tuple(facts), tuple(unused))  # fmt: skip


def codes_in(raw: pd.DataFrame) -> tuple[float | str, ...]:
    """Return the codes for "not known" that occur in a table read without any."""
    held = {written(value) for name in raw.columns for value in raw[name].dropna().unique()}
    return tuple(code for code in CODES if written(code) in held)


Role = Literal["number", "yes/no", "category", "date", "text", "empty"]


def _role(column: pd.Series[Any]) -> Role:
    kind = column_kind(column)
    values = set(column.dropna().unique().tolist())
    if kind == "empty":
        return "empty"
    if kind == "truth" or (kind == "number" and values <= {0.0, 1.0}):
        return "yes/no"
    if kind == "number":
        codes = all(float(value).is_integer() and 0 <= value <= 9 for value in values)
        return "category" if codes and len(values) <= 5 else "number"
    if kind == "date":
        return "date"
    if all(status_in(value) is not None for value in values):
        return "yes/no"
    short = all(len(written(value)) <= LONGEST_LEVEL for value in values)
    return "category" if short and 2 <= len(values) <= min(MOST_LEVELS, max(2, len(column) // 3)) else "text"


def _fact(column: pd.Series[Any], name: str) -> Fact | None:
    role = _role(column)
    if role in ("date", "text", "empty"):
        return None
    if role == "category":
        levels = tuple(written(value) for value in sorted(column.dropna().unique().tolist()))
        return Fact(name, "category", levels)
    return Fact(name, "yes/no" if role == "yes/no" else "number", ())


def _why_not(column: pd.Series[Any]) -> str:
    role = _role(column)
    return {"date": "dates; a covariate or outcome may be dated by it", "empty": "no values"}.get(role, "free text")


def _is_arm(column: pd.Series[Any]) -> bool:
    return _role(column) in ("yes/no", "category") and column.nunique() >= 2


def _values(column: pd.Series[Any]) -> tuple[float | str | bool, ...]:
    return tuple(
        value if isinstance(value, str | bool) else float(value) for value in sorted(column.dropna().unique().tolist())
    )


def _paired(event: str, times: list[str]) -> Event:
    """Return an event with the time whose name shares most words with it; the first of equals."""
    time = max(times, key=lambda name: len(words_of(name) & words_of(event)), default=None)
    stem = "" if time is None else time.lower()
    units: list[TimeUnit] = [unit for word, unit in _UNITS if word in stem]
    return Event(event, time, units[0] if units else "days")


def words_of(name: str) -> set[str]:
    """Return the words of a column's name, in small letters."""
    return {word for word in re.split(r"[\W_]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()) if word}


def _has(name: str, stems: tuple[str, ...]) -> bool:
    """Say whether a word of a name is one of these, or begins with a longer one."""
    return any(word == stem or (len(stem) > 4 and word.startswith(stem)) for word in words_of(name) for stem in stems)


def _first(names: list[str], stems: tuple[str, ...]) -> str | None:
    return next((name for stem in stems for name in names if _has(name, (stem,))), None)
