"""Linked: the tables of a registry with every key followed to the row that it names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from isotherm.clinical.record import PATIENT_KEY
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.columns import Float, Int
from isotherm.errors import BadTable
from isotherm.registry.days import days_of, first_by
from isotherm.registry.frames import Tables


@dataclass(frozen=True, slots=True, eq=False)
class Linked:
    """The tables of a registry; every record knows the row of its patient.

    Parameters
    ----------
    tables : Tables

    Raises
    ------
    BadTable
        Two records of a kind have the same keys.
    """

    tables: Tables
    _patient: dict[str, Int] = field(init=False, repr=False)
    _own: dict[str, tuple[Int, pd.Index]] = field(init=False, repr=False)
    _pointed: dict[tuple[str, str], Int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        ids = pd.Index(self.tables["patient"][PATIENT_KEY].unique(), dtype=object)
        patient: dict[str, Int] = {}
        own: dict[str, tuple[Int, pd.Index]] = {}
        for name, kind in RECORD_KINDS.items():
            frame = self.tables[name]
            codes, keys = pd.factorize(frame[kind.key])
            own[name] = np.asarray(codes, np.int64), pd.Index(keys, dtype=object)
            patient[name] = _places(frame[PATIENT_KEY], ids)
            again = 0 if _differ(patient[name], own[name][0]) else int(frame.duplicated(list(kind.keys)).sum())
            if again:
                raise BadTable(f"{again} records of kind '{name}' have the keys of another one; keep one of each.")
        for name, value in (("_patient", patient), ("_own", own), ("_pointed", {})):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        """Return the number of patients."""
        return len(self.tables["patient"])

    def patient(self, kind: str) -> Int:
        """Return the row of the patient of each record of a kind; -1 where the registry has none."""
        return self._patient[kind]

    def day(self, kind: str, name: str) -> Float:
        """Return a field of dates as days since 1970; NaN where not known."""
        return days_of(self.tables[kind][name])

    def first_day(self, kind: str, name: str) -> Float:
        """Return the first of such days of each patient, shape (n,); infinite where there is none."""
        return first_by(self.patient(kind), self.day(kind, name), len(self))

    def row_of(self, kind: str, name: str) -> Int:
        """Return the row that a key of each record points to, in the table of the kind that it names; -1: to none."""
        found = self._pointed.get((kind, name))
        if found is None:
            target = RECORD_KINDS[kind].field(name).refers
            own, names = self._own[target]
            there = _key(self.patient(target), own, len(names), -3 - np.arange(len(own)))
            here = _key(self.patient(kind), _places(self.tables[kind][name], names), len(names), np.int64(-2))
            found = np.array(pd.Index(there).get_indexer(pd.Index(here)), np.int64)
            found.setflags(write=False)
            self._pointed[kind, name] = found
        return found


def _places(keys: pd.Series[Any], names: pd.Index) -> Int:
    """Return the place of each key among names, shape (n,); -1 where it is none of them."""
    return np.asarray(names.get_indexer(pd.Index(keys, dtype=object)), np.int64)


def _key(patient: Int, own: Int, names: int, nobody: Int | np.int64) -> Int:
    """Return patient and key of each record as one number; `nobody` where one of them leads nowhere."""
    return np.where((patient < 0) | (own < 0), nobody, patient * max(1, names) + own)


def _differ(patient: Int, own: Int) -> bool:
    """Whether no two records have one patient and one key; what belongs to no patient may seem to have."""
    return pd.Index(patient * (int(own.max(initial=0)) + 2) + own).is_unique
