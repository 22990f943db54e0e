"""Rows of a registry → a DataFrame for each kind of record, with one type for each form of value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from isotherm.clinical.record import Record, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadTable

Rows: TypeAlias = tuple[Sequence[str], Sequence[Sequence[Any]]]
"""The names of columns, and a row of raw values for each record."""

Tables: TypeAlias = Mapping[str, pd.DataFrame]
"""Of each kind of record, by its name: a row per record; columns are its keys and fields.

Keys, texts and choices are text or None, numbers float64 with NaN, yes and no "boolean", dates datetime64[s] with NaT.
"""


def frames(rows: Mapping[str, Rows]) -> Tables:
    """Return the tables of a registry.

    Parameters
    ----------
    rows : mapping of str to (names, rows)
        Of each kind of record that is there; a column that is no key or field of its kind is left out, a field without
        a column is not known. Dates are `date` or text as 2025-03-01, yes and no `bool` or 0 and 1.

    Returns
    -------
    mapping of str to DataFrame
        All kinds, in the order of `RECORD_KINDS`, those without a record too.

    Raises
    ------
    BadTable
        A kind that no registry has, a key without a column, or a value that is not of its field's form; none is shown.
    """
    strange = next((name for name in rows if name not in RECORD_KINDS), None)
    if strange is not None:
        raise BadTable(f"Records of a kind '{strange}' came; a registry has: {', '.join(RECORD_KINDS)}.")
    return MappingProxyType({name: _frame(kind, rows.get(name)) for name, kind in RECORD_KINDS.items()})


def rows_of(records: Iterable[Record]) -> dict[str, Rows]:
    """Return records as rows, for `frames`."""
    found: dict[str, tuple[list[str], list[Sequence[Any]]]] = {}
    for record in records:
        kind = record.kind
        if kind.name not in found:
            found[kind.name] = ([*kind.keys, *(field.name for field in kind.fields)], [])
        own = (record.patient_id, record.id)[: len(kind.keys)]
        found[kind.name][1].append((*own, *(record.get(field.name) for field in kind.fields)))
    return dict(found)


def _frame(kind: RecordKind, rows: Rows | None) -> pd.DataFrame:
    names, values = rows or ((*kind.keys,), ())
    missing = next((key for key in kind.keys if key not in names), None)
    if missing is not None:
        raise BadTable(f"The records of kind '{kind.name}' came without '{missing}', which tells them apart.")
    by_name = dict(zip(names, zip(*values, strict=True), strict=True)) if values else {}
    nothing = (None,) * len(values)
    columns: dict[str, Any] = {key: _text(by_name.get(key, nothing)) for key in kind.keys}
    for field in kind.fields:
        read = _READ.get(field.form, _text)
        try:
            columns[field.name] = read(by_name.get(field.name, nothing))
        except (TypeError, ValueError, OverflowError):
            raise BadTable(
                f"'{field.name}' of some {kind.name} holds something other than {field.wanted}; mend the registry."
            ) from None
    return pd.DataFrame(columns)


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
