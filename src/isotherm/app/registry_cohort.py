"""A cohort out of a registry: which one is asked for, read at one moment, with a condition on its columns."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd

from isotherm.answer import Answer
from isotherm.app.outputs import frame_text
from isotherm.app.places import keep_inputs, usable_file
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadSetting, NoAnswer
from isotherm.exchange.atomic import write_text
from isotherm.printable import printable
from isotherm.registry.cohort import UNUSED, Cohort, cohort
from isotherm.registry.derive import Windows
from isotherm.registry.endpoints_kinds import Choices, Unit
from isotherm.registry.frames import Tables, frames
from isotherm.registry.store import Store, open_store
from isotherm.study.predicate import Predicate
from isotherm.study.simulate.synthetic import COLUMN, NOBODY_LIVED, SYNTHETIC

MARK = "registry:"
"""How the data of a study begin that come from a registry: registry:FILE#tumor where lesion_organ == 'liver'."""

TRIES = 5
"""How often a registry is read that changes while it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which cohort is asked for.

    Parameters
    ----------
    per : {"patient", "session", "tumor"}
    choices : Choices
    windows : Windows
    where : str
        A condition on columns, as in a protocol; empty: everybody.
    """

    per: Unit = "patient"
    choices: Choices = field(default_factory=Choices)
    windows: Windows = field(default_factory=Windows)
    where: str = ""

    def __post_init__(self) -> None:
        if self.per not in get_args(Unit):
            raise BadSetting(f"A cohort per '{self.per}' came; it is per {', '.join(get_args(Unit))}.")


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A cohort, and where it comes from.

    Parameters
    ----------
    cohort : Cohort
        Only rows that meet the condition.
    not_met, unknown : int
        Rows that do not meet it, and of which that is not known: neither is in the cohort.
    identity : mapping
        Of the registry: its id, how many entries its audit has, and the last link of their chain.
    simulated : bool
        Whether nobody in the registry ever lived.
    """

    cohort: Cohort
    not_met: int
    unknown: int
    identity: Mapping[str, Any]
    simulated: bool

    def provenance(self, asked: Asked) -> dict[str, Any]:
        """Return which registry this is, at which moment, and what was asked of it; no value of a patient."""
        return {**{name: self.identity[name] for name in ("registry_id", "entries", "hash")},
                "per": asked.per, "where": asked.where, "not_met": self.not_met, "unknown": self.unknown,
                "simulated": self.simulated}  # fmt: skip


def read_cohort(address: str, asked: Asked) -> Found:
    """Read a cohort out of a registry.

    Raises
    ------
    NoRegistry, OtherRevision, DamagedRegistry, NoAnswer, NotAdmitted
        The registry cannot be read, or is written all the time.
    BadPredicate, BadTable
    """
    predicate = Predicate(asked.where) if asked.where else None  # said before anything is read
    return narrowed(read_everybody(address, asked), predicate)


def read_everybody(address: str, asked: Asked) -> Found:
    """Read the same, whatever the condition.

    Raises
    ------
    NoRegistry, OtherRevision, DamagedRegistry, NoAnswer, NotAdmitted
    BadTable
    """
    with open_store(address) as store:
        tables, identity = _at_one_moment(store)
        simulated = store.simulated()
    return Found(cohort(tables, asked.per, asked.choices, asked.windows), 0, 0, identity, simulated)


def narrowed(everybody: Found, predicate: Predicate | None) -> Found:
    """Return the rows that meet a condition, with how many do not, and of how many that is unknown.

    Raises
    ------
    BadPredicate
    """
    if predicate is None:
        return everybody
    whole = everybody.cohort
    answers = predicate.answers(whole.table)
    kept = whole.table.take(np.flatnonzero(answers == Answer.MET.value)).reset_index(drop=True)
    unknown = int((answers == Answer.UNKNOWN.value).sum())
    return replace(everybody, cohort=replace(whole, table=kept), not_met=len(answers) - len(kept) - unknown,
                   unknown=unknown)  # fmt: skip


def _at_one_moment(store: Store) -> tuple[Tables, Mapping[str, Any]]:
    for _ in range(TRIES):
        before = store.identity()
        tables = frames(
            (name, store.columns(name, without=UNUSED.get(name, ()))) for name in RECORD_KINDS if name != "fact"
        )
        if store.identity() == before:
            return tables, before
    raise NoAnswer("The registry was changed each time while it was read; try again when nobody imports.")


def asked_of(text: str, folder: str | os.PathLike[str]) -> tuple[str, Asked]:
    """Return the address of a registry and what is asked of it, as a protocol names them.

    Parameters
    ----------
    text : str
        registry:FILE#PER [KEY=VALUE ...] [where CONDITION]; PER is patient unless said. Keys are those of `Choices` and
        `Windows`; a window is written 14..28.
    folder : path
        From which FILE is named; an address of a server is taken as it is.

    Raises
    ------
    BadSetting
    """
    address, _, query = text.removeprefix(MARK).partition("#")
    if not address.strip():
        raise BadSetting("Data of a registry are named as registry:FILE#tumor where organ == 'liver'; no file came.")
    place = address if "://" in address else str(Path(folder) / address)
    words, _, where = query.partition(" where ") if not query.startswith("where ") else ("", "", query[6:])
    per, *settings = words.split() or ["patient"]
    if "=" in per:
        per, settings = "patient", [per, *settings]
    return place, asked(per, dict(_setting(one) for one in settings), where.strip())


def asked(per: str, settings: Mapping[str, str], where: str) -> Asked:
    """Return what is asked of a registry from texts of a person.

    Raises
    ------
    BadSetting
    """
    known = {name: Choices for name in Choices.__dataclass_fields__} | {
        name: Windows for name in Windows.__dataclass_fields__
    }
    strange = next((name for name in settings if name not in known), None)
    if strange is not None:
        raise BadSetting(f"No such choice of a cohort; there are: {', '.join(known)}.")
    parts: dict[type, dict[str, Any]] = {Choices: {}, Windows: {}}
    for name, value in settings.items():
        parts[known[name]][name] = _value(name, value)
    return Asked(per=per, choices=Choices(**parts[Choices]), windows=Windows(**parts[Windows]), where=where)  # pyright: ignore[reportArgumentType] - checked by Asked


def _setting(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise BadSetting("A choice of a cohort is written KEY=VALUE, and a condition after the word where.")
    return name, value


def _value(name: str, text: str) -> str | float | tuple[float, float]:
    if name in ("anchor", "local_from", "repeat"):
        return text.replace("_", " ")
    number = r"\d+(?:\.\d+)?"
    if name in ("upfront", "delayed"):
        window = re.fullmatch(rf"({number})\.\.({number})", text)
        if window is None:
            raise BadSetting(f"{name} is a window of days as in {name}=14..28.")
        return float(window.group(1)), float(window.group(2))
    if re.fullmatch(number, text) is None:
        raise BadSetting(f"{name} is a number of days as in {name}=120.")
    return float(text)


UNKNOWN = "unknown"
"""What stands in a CSV file where a reason is known why there is no value, but among numbers."""


def settings_of(texts: Sequence[str]) -> dict[str, str]:
    """Return KEY=VALUE, several of them, as a mapping."""
    return dict(_setting(text) for text in texts)


def write_cohort(
    address: str, per: str, out: str, *, where: str = "", settings: Mapping[str, str], problems: str | None = None
) -> str:
    """Write a cohort of a registry to a CSV file, and say what it holds.

    Parameters
    ----------
    address, per, where, settings
        See `asked`.
    out : str
    problems : str, optional
        A CSV file for every date and reference that cannot be.

    Raises
    ------
    InputError, NoAnswer, OutputError
    """
    one = asked(per, settings, where)
    keep_inputs([usable_file(path) for path in (out, problems) if path is not None], [address])
    found = read_cohort(address, one)
    write_text(out, cohort_text(found))
    if problems is not None:
        write_text(problems, frame_text(found.cohort.problems))
    lines = [f"{_count(len(found.cohort.table), one.per)} of registry {found.identity['registry_id']}, "
             f"audit entry {found.identity['entries']}: {printable(out)}"]  # fmt: skip
    lines += [NOBODY_LIVED] if found.simulated else []
    if where:
        lines.append(f"Left out: {_count(found.not_met, one.per)} for not meeting the condition, "
                     f"{_count(found.unknown, one.per)} for which that is unknown.")  # fmt: skip
    count = len(found.cohort.problems)
    if count:
        listed = f"listed in {printable(problems)}" if problems else "list them with --problems FILE.csv"
        lines.append(f"{count} dates or references cannot be or need a look; {listed}.")
    if len(found.cohort.table):
        lines.append(f"Next: isotherm study init {printable(out)}")
    return "\n".join(lines)


def _count(number: int, per: Unit) -> str:
    return f"{number} {per}" if number == 1 else f"{number} {per}s"


def cohort_text(found: Found) -> str:
    """Return a cohort as CSV; where nobody in the registry ever lived, its first column says so in every row."""
    table = written(found.cohort)
    if found.simulated:
        table.insert(0, COLUMN, SYNTHETIC)
    return frame_text(table)


def written(cohort: Cohort) -> pd.DataFrame:
    """Return a cohort as it is written to CSV: true and false in words, unknown too where a reason is known for it.

    In a column of numbers what is unknown stays empty: a word among numbers makes text of all of them for most readers.
    """
    found: dict[str, Any] = {}
    for name in map(str, cohort.table.columns):
        values: pd.Series[Any] = cohort.table[name]
        if values.dtype == pd.BooleanDtype():
            values = values.map({True: "true", False: "false"}).astype(object)
        elif pd.api.types.is_datetime64_any_dtype(values.dtype):
            values = values.dt.strftime("%Y-%m-%d").astype(object)
        if name in cohort.reasoned and not pd.api.types.is_numeric_dtype(values.dtype):
            values = values.astype(object).where(values.notna(), UNKNOWN)
        found[name] = values
    return pd.DataFrame(found)
