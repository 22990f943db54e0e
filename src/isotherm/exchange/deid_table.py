"""Rows of a table moved by the same secret as the images: IDs become pseudonyms, days move, intervals stay."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from isotherm.errors import BadColumn, BadTable, UnreadableFile
from isotherm.exchange.atomic import write_text
from isotherm.exchange.deid_search import is_telling, words_of
from isotherm.exchange.deid_secret import Secret

DAY = re.compile(r"(?<!\d)(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{4})(?!\d)|"
                 r"^\s*(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\s*$")  # fmt: skip
"""How a day is written in a table, by people and by programs."""


def deidentify_table(
    source: str | os.PathLike[str], target: Path, secret: Secret, *, patient: str, days: Sequence[str]
) -> int:
    """Write a CSV table with pseudonyms and moved days; return the number of rows.

    Parameters
    ----------
    patient : str
        Column of the patient's ID, as the images have it.
    days : sequence of str
        Columns of days, written as 2024-01-31. All other columns are kept as they are: look at them.

    Raises
    ------
    UnreadableFile, BadTable, OutputError
    BadColumn
        A column that is missing, holds no days, or would carry out days or patients' IDs that nobody named.
    """
    heads, rows = _read(source)
    if missing := [column for column in (patient, *days) if column not in heads]:
        raise BadColumn(f"The table has no column '{missing[0]}'; name one of its {len(heads)} columns.")
    empty = sum(not (row[patient] or "").strip() for row in rows)
    if empty:
        raise BadColumn(f"The column '{patient}' is empty in {empty} rows, which then have no offset; fill it in.")
    _refuse_what_would_go_out([head for head in heads if head not in (patient, *days)], rows, patient)
    bad = 0
    for row in rows:
        for column in days:
            moved = _moved(row[column] or "", row[patient], secret)
            bad += moved is None
            row[column] = moved or ""
        row[patient] = secret.pseudonym(row[patient])
    if bad:
        raise BadColumn(f"{bad} cells of the columns of days are no days; write each as 2024-01-31 or leave it empty.")
    text = io.StringIO()
    writer = csv.DictWriter(text, heads, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(target, text.getvalue())
    return len(rows)


def _read(source: str | os.PathLike[str]) -> tuple[list[str], list[dict[str, str]]]:
    name = Path(source).name
    try:
        with open(source, encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            heads, rows = list(reader.fieldnames or ()), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableFile(f"The table '{name}' cannot be read as CSV in UTF-8; export it once more.") from error
    if len(set(heads)) < len(heads) or any(None in row for row in rows):
        raise BadTable("The table has columns of one name, or rows with more cells than columns; mend it.")
    return heads, rows


def _refuse_what_would_go_out(others: Sequence[str], rows: Sequence[dict[str, str]], patient: str) -> None:
    """Refuse columns that were not named and hold days, which would stay unmoved, or IDs of the patients."""
    words = [words_of(row[patient]) for row in rows]
    ids = {"".join(one) for one in words if is_telling("".join(one))}
    most = max(map(len, words), default=0)
    for column in others:
        days = sum(DAY.search(row[column] or "") is not None for row in rows)
        if days:
            raise BadColumn(f"The column '{column}' holds days in {days} rows, which would go out unmoved; name it "
                            "with --day-columns, or leave it out of the table.")  # fmt: skip
        if found := sum(_holds_one(row[column] or "", ids, most) for row in rows):
            raise BadColumn(f"The column '{column}' holds IDs of patients in {found} rows; leave it out of the table.")


def _holds_one(text: str, ids: set[str], most: int) -> bool:
    """Say whether one of the IDs is in a text, put together from at most so many words."""
    words = words_of(text)
    return any("".join(words[at : at + n]) in ids for n in range(1, most + 1) for at in range(len(words) - n + 1))


def _moved(text: str, patient_id: str, secret: Secret) -> str | None:
    """Return a day moved, "" for an empty cell, None for what is no day."""
    if not text.strip():
        return ""
    try:
        return secret.shifted(date.fromisoformat(text.strip()), patient_id).isoformat()
    except (ValueError, OverflowError):
        return None
