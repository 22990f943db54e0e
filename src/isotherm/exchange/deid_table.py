"""Rows of a table moved by the same secret as the images: IDs become pseudonyms, days move, intervals stay."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from isotherm.errors import BadColumn, BadTable, UnreadableFile
from isotherm.exchange.atomic import write_text
from isotherm.exchange.deid_secret import Secret


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
    UnreadableFile, BadTable, BadColumn, OutputError
    """
    name = Path(source).name
    try:
        with open(source, encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            heads, rows = list(reader.fieldnames or ()), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableFile(f"The table '{name}' cannot be read as CSV in UTF-8; export it once more.") from error
    if missing := [column for column in (patient, *days) if column not in heads]:
        raise BadColumn(f"The table has no column '{missing[0]}'; name one of its {len(heads)} columns.")
    if len(set(heads)) < len(heads) or any(None in row for row in rows):
        raise BadTable("The table has columns of one name, or rows with more cells than columns; mend it.")
    empty = sum(not (row[patient] or "").strip() for row in rows)
    if empty:
        raise BadColumn(f"The column '{patient}' is empty in {empty} rows, which then have no offset; fill it in.")
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


def _moved(text: str, patient_id: str, secret: Secret) -> str | None:
    """Return a day moved, "" for an empty cell, None for what is no day."""
    if not text.strip():
        return ""
    try:
        return secret.shifted(date.fromisoformat(text.strip()), patient_id).isoformat()
    except (ValueError, OverflowError):
        return None
