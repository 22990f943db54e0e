"""Linked: the tables of a registry with every key followed to the row that it names."""

from __future__ import annotations

from dataclasses import dataclass, field

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

    def __post_init__(self) -> None:
        for name, kind in RECORD_KINDS.items():
            again = int(self.tables[name].duplicated(list(kind.keys)).sum())
            if again:
                raise BadTable(f"{again} records of kind '{name}' have the keys of another one; keep one of each.")
        ids = pd.Index(self.tables["patient"][PATIENT_KEY], dtype=object)
        found = {
            name: np.asarray(ids.get_indexer(pd.Index(frame[PATIENT_KEY], dtype=object)), np.int64)
            for name, frame in self.tables.items()
        }
        object.__setattr__(self, "_patient", found)

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
        target = RECORD_KINDS[RECORD_KINDS[kind].field(name).refers]
        names = pd.Index(self.tables[target.name][target.key].unique(), dtype=object)
        there = self._key(target.name, target.key, names, -3 - np.arange(len(self.tables[target.name])))
        here = self._key(kind, name, names, np.int64(-2))
        return np.asarray(pd.Index(there).get_indexer(pd.Index(here)), np.int64)

    def _key(self, kind: str, name: str, names: pd.Index, nobody: Int | np.int64) -> Int:
        """Return patient and key of each record as one number; `nobody` where one of them leads nowhere."""
        patient, own = (
            self.patient(kind),
            np.asarray(names.get_indexer(pd.Index(self.tables[kind][name], dtype=object)), np.int64),
        )
        return np.where((patient < 0) | (own < 0), nobody, patient * max(1, len(names)) + own)
