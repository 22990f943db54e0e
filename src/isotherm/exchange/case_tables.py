"""CSV, Parquet and Excel → Cases: a row per patient, columns named like facts, lesions in a table of their own."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from isotherm.clinical.case import Case, Lesion
from isotherm.clinical.fact import Fact
from isotherm.clinical.kinds import FactKind
from isotherm.clinical.vocabulary import CASE_FACTS, LESION_FACTS
from isotherm.errors import BadColumn, BadTable
from isotherm.exchange.case_facts import NOT_ASSESSABLE, value_of
from isotherm.exchange.case_shapes import CORRECT, LEAVE_OUT, contradictions
from isotherm.exchange.tables_in import column_names, read_table
from isotherm.printable import printable
from isotherm.toml_form import Wrong

ID, ON, COMPLETE, CASE = "id", "on", "lesions_complete", "case"

ALIKE = 0.85
"""A column whose name is as near as this to a fact's is taken for a slip of the pen."""

Codes = Iterable[float | str | bool]


@dataclass(frozen=True, slots=True)
class CaseTable:
    """Cases of a table, and its columns that hold no fact.

    Parameters
    ----------
    cases : tuple of Case
        In the order of the rows.
    unused : tuple of str
    """

    cases: tuple[Case, ...]
    unused: tuple[str, ...]


def read_cases(
    path: str | os.PathLike[str],
    *,
    today: date,
    lesions: str | os.PathLike[str] | None = None,
    on: date | None = None,
    missing: Codes = (),
) -> CaseTable:
    """Read the cases of a table.

    Parameters
    ----------
    path : path
        Columns: `id` (the rows' numbers where there is none), `on` (the day asked about), `lesions_complete`, and any
        facts of a patient.
    today : date
        No day may be later.
    lesions : path, optional
        Columns: `case` (an `id` of the first table), `id`, and any facts of a lesion.
    on : date, optional
        The day of every case, where the table has no such column.
    missing : iterable
        Codes for "not known", in every column of both tables.

    Raises
    ------
    UnreadableFile, BadTable, BadColumn
        With the number of rows, never a value.
    """
    file, codes = Path(path), tuple(missing)
    table, unused = _read(file, {ID, ON, COMPLETE}, CASE_FACTS, codes)
    ids = _ids(table, file.name)
    listed: Mapping[str, tuple[Lesion, ...]] = {}
    if lesions is not None:
        listed, more = _lesions(Path(lesions), set(ids), codes, today)
        unused += more
    days = _days(table, on, today, file.name)
    complete = _truths(table)
    facts = _facts_of_rows(table, CASE_FACTS, today)
    made = [
        _case(ids[row], days[row], facts[row], listed.get(ids[row], ()), complete=complete[row])
        for row in range(len(ids))
    ]
    return CaseTable(_consistent(made, file.name), tuple(printable(name) for name in unused))


def _read(
    file: Path, own: set[str], kinds: Mapping[str, FactKind], codes: Sequence[float | str | bool]
) -> tuple[pd.DataFrame, list[str]]:
    """Return the columns that hold facts, as text, and the names of the others."""
    names = column_names(file)
    for name in names:
        near = difflib.get_close_matches(name.strip().lower(), [*own, *kinds], n=1, cutoff=ALIKE)
        if name not in own and name not in kinds and near:
            raise BadColumn(f"'{file.name}' has a column '{printable(name)}', which is no fact; is '{near[0]}' meant?")
    kept = [name for name in names if name in own or name in kinds]
    if not kept:
        raise BadTable(f"No column of '{file.name}' is a fact; name columns as `isotherm criteria init` does.")
    table = read_table(file, columns=kept, wanted=dict.fromkeys(kept, "text"), missing=codes)
    return table, [name for name in names if name not in kept]


def _ids(table: pd.DataFrame, name: str) -> list[str]:
    if ID not in table:
        return [str(number) for number in range(1, len(table) + 1)]
    ids = [None if pd.isna(one) else str(one) for one in table[ID]]
    if None in ids or len(set(ids)) < len(ids):
        raise BadTable(f"Column '{ID}' of '{name}' is empty or repeats in some rows; give each case its own key.")
    return [one for one in ids if one is not None]


def _days(table: pd.DataFrame, on: date | None, today: date, name: str) -> list[date]:
    if ON not in table:
        if on is None:
            raise BadTable(f"'{name}' has no column '{ON}'; give the day that is asked about there, or with --on.")
        return [on] * len(table)
    kind = CASE_FACTS["ct_date"]  # any date is read alike
    days = _column(table[ON], kind, today, ON)
    if any(day is None or day.value is None for day in days):
        raise BadColumn(f"Column '{ON}' is empty in some rows; give the day that is asked about in each.")
    return [day.value for day in days if day is not None and isinstance(day.value, date)]


def _truths(table: pd.DataFrame) -> list[bool]:
    if COMPLETE not in table:
        return [False] * len(table)
    found = _column(table[COMPLETE], CASE_FACTS["ascites"], date.max, COMPLETE)
    return [fact is not None and fact.value is True for fact in found]


def _facts_of_rows(
    table: pd.DataFrame, kinds: Mapping[str, FactKind], today: date
) -> list[dict[str, tuple[Fact, ...]]]:
    rows: list[dict[str, tuple[Fact, ...]]] = [{} for _ in range(len(table))]
    for name in table.columns:
        if name not in kinds:
            continue
        for row, fact in zip(rows, _column(table[name], kinds[name], today, name), strict=True):
            if fact is not None:
                row[name] = (fact,)
    return rows


def _column(cells: pd.Series[Any], kind: FactKind, today: date, name: str) -> list[Fact | None]:
    """Return the facts of a column; values that occur often are read once."""
    known: dict[str, Fact | None] = {}
    wrong: set[str] = set()
    texts = [None if pd.isna(cell) else str(cell) for cell in cells]
    for one in {text for text in texts if text is not None}:
        try:
            known[one] = Fact(value=value_of(kind, _plain(one, kind), today))
        except Wrong:
            wrong.add(one)
    rows = sum(text in wrong for text in texts if text is not None)
    if rows:
        lines = "1 row" if rows == 1 else f"{rows} rows"
        raise BadColumn(
            f"Column '{name}' holds something else in {lines} than {kind.wanted}, or \"{NOT_ASSESSABLE}\"; mend it, or "
            "name its code for not known with --missing."
        )
    return [None if text is None else known[text] for text in texts]


def _plain(text: str, kind: FactKind) -> object:
    """Return a cell as the value that a file would hold."""
    if kind.is_number:
        try:
            return float(text)
        except ValueError:
            return text
    if kind.form == "yes or no":
        return _TRUTHS.get(text.lower(), text)
    return text[: len("2025-03-01")] if kind.form == "date" and text[10:11] in ("T", " ") else text


_TRUTHS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


def _lesions(
    file: Path, cases: set[str], codes: Sequence[float | str | bool], today: date
) -> tuple[dict[str, tuple[Lesion, ...]], list[str]]:
    table, unused = _read(file, {CASE, ID}, LESION_FACTS, codes)
    if CASE not in table:
        raise BadTable(f"'{file.name}' has no column '{CASE}'; give each lesion the id of its case there.")
    owners = [None if pd.isna(one) else str(one) for one in table[CASE]]
    lost = sum(owner not in cases for owner in owners)
    if lost:
        raise BadTable(f"Column '{CASE}' of '{file.name}' names no case of the other table in {lost} rows; mend it.")
    facts = _facts_of_rows(table, LESION_FACTS, today)
    found: dict[str, list[Lesion]] = {}
    names = [None if pd.isna(one) else str(one) for one in table[ID]] if ID in table else [None] * len(owners)
    for owner, name, own in zip(owners, names, facts, strict=True):
        mine = found.setdefault(str(owner), [])
        mine.append(Lesion(name or str(len(mine) + 1), own))
    if any(len({one.id for one in mine}) < len(mine) for mine in found.values()):
        raise BadTable(f"In '{file.name}', two lesions of one case have one id; give each its own.")
    return {owner: tuple(mine) for owner, mine in found.items()}, unused


def _case(
    id: str, on: date, facts: dict[str, tuple[Fact, ...]], lesions: tuple[Lesion, ...], *, complete: bool  # noqa: A002
) -> Case | None:  # fmt: skip
    try:
        return Case(on=on, facts=facts, lesions=lesions, lesions_complete=complete, id=id)
    except ValueError:
        return None


def _consistent(made: Sequence[Case | None], name: str) -> tuple[Case, ...]:
    counts = sum(case is None for case in made)
    if counts:
        raise BadTable(f"In '{name}', n_lesions contradicts the lesions listed in {counts} rows; mend one of them.")
    cases = tuple(case for case in made if case is not None)
    found = [key for case in cases if case.lesions for key, _ in contradictions(case)]
    if found:
        columns = sorted({key.removeprefix("patient.") for key in found})
        raise BadTable(
            f"In '{name}', {columns[0]} contradicts the lesions listed in {len(found)} rows; {CORRECT}, {LEAVE_OUT}."
        )
    return cases
