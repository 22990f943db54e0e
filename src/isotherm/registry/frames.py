"""Columns of a registry → a DataFrame for each kind of record, with one type for each form of value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from isotherm.clinical.record import PATIENT_KEY, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadTable

Columns: TypeAlias = Mapping[str, Sequence[Any]]
"""Raw values by the name of key or field, one for each record."""

Tables: TypeAlias = Mapping[str, pd.DataFrame]
"""Of each kind of record, by its name: a row per record; columns are its keys and fields.

Keys, texts and choices are text or None, numbers float64 with NaN, yes and no "boolean", dates datetime64[s] with NaT.
"""


def frames(columns: Iterable[tuple[str, Columns]]) -> Tables:
    """Return the tables of a registry.

    Parameters
    ----------
    columns : iterable of (kind, columns)
        Of each kind of record that is there, one after the other, so that not all are held at once; a column that is no
        key or field of its kind is left out, a field without a column is not known. Dates are `date` or text as
        2025-03-01, yes and no `bool` or 0 and 1.

    Returns
    -------
    mapping of str to DataFrame
        All kinds, in the order of `RECORD_KINDS`, those without a record too.

    Raises
    ------
    BadTable
        A kind that no registry has, a key without a column, or a value that is not of its field's form; none is shown.
    """
    found = {name: _frame(kind, dict.fromkeys(kind.keys, ())) for name, kind in RECORD_KINDS.items()}
    for name, cells in columns:
        if name not in RECORD_KINDS:
            raise BadTable(f"Records of a kind '{name}' came; a registry has: {', '.join(RECORD_KINDS)}.")
        found[name] = _frame(RECORD_KINDS[name], cells)
    return MappingProxyType(found)


def _frame(kind: RecordKind, cells: Columns) -> pd.DataFrame:
    missing = next((key for key in kind.keys if key not in cells), None)
    if missing is not None:
        raise BadTable(f"The records of kind '{kind.name}' came without '{missing}', which tells them apart.")
    columns: dict[str, Any] = {key: _text(cells[key]) for key in kind.keys}
    for field in kind.fields:
        read = _READ.get(field.form, _text)
        try:
            told = cells.get(field.name)
            columns[field.name] = _unknown(field.form, len(cells[PATIENT_KEY])) if told is None else read(told)
        except (TypeError, ValueError, OverflowError):
            raise BadTable(
                f"'{field.name}' of some {kind.name} holds something other than {field.wanted}; mend the registry."
            ) from None
    return pd.DataFrame(columns, copy=False)


def _unknown(form: str, n: int) -> Any:
    """Return a column in which nothing is known."""
    match form:
        case "number" | "whole":
            return np.full(n, np.nan)
        case "date":
            return np.full(n, np.datetime64("NaT"), dtype="datetime64[s]")
        case "yes or no":
            return pd.arrays.BooleanArray(np.zeros(n, dtype=bool), np.ones(n, dtype=bool))
        case _:
            return pd.Series(np.full(n, None, dtype=object), dtype=object)


def _text(values: Sequence[Any]) -> Any:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return pd.Series(found, dtype=object)


def _number(values: Sequence[Any]) -> Any:
    return np.array(values, dtype=np.float64)


def _day(values: Sequence[Any]) -> Any:
    return np.array(values, dtype="datetime64[D]").astype("datetime64[s]")


def _yes(values: Sequence[Any]) -> Any:
    raw = np.array([-1 if value is None else int(value) for value in values], dtype=np.int64)
    if ((raw < -1) | (raw > 1)).any():
        raise ValueError
    return pd.arrays.BooleanArray(raw == 1, raw < 0)


_READ = {"number": _number, "whole": _number, "date": _day, "yes or no": _yes}
