"""People: who each row of a table is, at which hospital, and into which arm it falls; divides boxes of a flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from isotherm.columns import Int, label, refuse
from isotherm.errors import BadColumn, BadTable
from isotherm.study.flow import Box, BoxKind, Cell
from isotherm.study.predicate_tree import calendar_days
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_parts import Arms

OTHER, UNKNOWN = -1, -2
"""Codes of rows that fit no arm, and of rows whose arm is not known."""


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """What is known of each row of the table, whether it is eligible or not.

    Parameters
    ----------
    person : array of int, shape (n,)
        Code of the patient: rows of one patient share it. With a column of sites, a patient is a patient of a site.
    site : array of str, shape (n,), or None
    arm : array of int, shape (n,)
        Place of the arm in the protocol; OTHER or UNKNOWN.
    arm_names : tuple of str
    tumors : bool
        Whether a row is a tumor, so that patients and tumors are counted side by side.
    places : tuple of (site, arm)
        Every site and arm that occurs.
    place : array of int, shape (n,)
        Which of them each row is in.
    home : array of int, shape (patients,)
        Which of them each patient is counted in: that of the first row whose arm is known.
    """

    person: Int
    site: npt.NDArray[np.str_] | None
    arm: Int
    arm_names: tuple[str, ...]
    tumors: bool
    places: tuple[tuple[str, str], ...]
    place: Int
    home: Int

    @classmethod
    def of(cls, protocol: Protocol, table: pd.DataFrame) -> People:
        """Tell the rows of a table apart.

        Raises
        ------
        BadColumn
            An id is missing.
        BadTable
            The declared key repeats.
        """
        data = protocol.data
        site = None if data.site is None else _labels(table, data.site)
        ids = _codes(_labels(table, data.patient))
        sites = np.zeros(len(table), dtype=np.int64) if site is None else _codes(site)
        person = _codes(sites * (int(ids.max()) + 1) + ids)
        _check_key(protocol, table)
        arm = arm_codes(protocol.arms, table)
        known_first = np.argsort(arm < 0, kind="stable")
        home = np.full(int(person.max()) + 1, -1, dtype=np.int64)
        home[person[known_first[::-1]]] = known_first[::-1]  # the last one written is the first with a known arm
        names = (*protocol.arms.names, "unknown", "other")  # codes -2 and -1 count from the end
        pairs, place = np.unique(sites * len(names) + arm % len(names), return_inverse=True)
        example = np.empty(len(pairs), dtype=np.int64)
        example[place] = np.arange(len(table))
        places = tuple(("" if site is None else str(site[row]), names[int(arm[row])]) for row in example.tolist())
        return cls(person, site, arm, protocol.arms.names, data.tumor is not None, places, place, place[home])

    def divide(self, parent: Box, parts: Sequence[tuple[str, str, BoxKind, npt.NDArray[np.bool_]]]) -> list[Box]:
        """Divide a box into parts, each with its key, words, kind and rows (a mask over the whole table).

        A patient of several rows is counted once: in the first part that holds one of them. So the part that stays
        comes first, and a patient has left only when the last tumor has.
        """
        taken = np.zeros(len(self.home), dtype=bool)
        boxes: list[Box] = []
        for key, says, kind, mask in parts:
            rows = parent.ids[mask[parent.ids]]
            here = np.zeros(len(self.home), dtype=bool)
            here[self.person[rows]] = True
            persons = np.flatnonzero(here & ~taken).astype(np.int64)
            taken |= here
            boxes.append(self.box(key, says, kind, rows, persons, parent=parent.key))
        return boxes

    def start(self, says: str) -> Box:
        """Return the box that holds everybody."""
        rows = np.arange(len(self.person), dtype=np.int64)
        return self.box("start", says, "start", rows, np.arange(len(self.home), dtype=np.int64), parent="")

    def box(self, key: str, says: str, kind: BoxKind, rows: Int, persons: Int, *, parent: str) -> Box:
        """Make a box of rows, and of the patients who are counted in it."""
        for array in (rows, persons):
            array.flags.writeable = False
        return Box(key=key, says=says, kind=kind, parent=parent, patients=len(persons), rows=rows, persons=persons,
                   tumors=len(rows) if self.tumors else None, cells=self._cells(rows, persons))  # fmt: skip

    def _cells(self, rows: Int, persons: Int) -> tuple[Cell, ...]:
        """Count patients and tumors per site and arm."""
        patients = np.bincount(self.home[persons], minlength=len(self.places)).tolist()
        tumors = np.bincount(self.place[rows], minlength=len(self.places)).tolist()
        return tuple(
            Cell(*place, count, rows_here if self.tumors else None)
            for place, count, rows_here in zip(self.places, patients, tumors, strict=True)
            if count or (self.tumors and rows_here)
        )


def arm_codes(arms: Arms, table: pd.DataFrame) -> Int:
    """Return the arm of each row: its place among the arms, OTHER, or UNKNOWN where a value or date is missing."""
    codes = np.full(len(table), OTHER, dtype=np.int64)
    if arms.column is not None:
        column: pd.Series[Any] = table[arms.column]
        values = np.array([label(value) for value in column], dtype=object)
        for place, arm in enumerate(arms.arms):
            codes[np.isin(values, [label(value) for value in arm.values])] = place
        codes[column.isna().to_numpy()] = UNKNOWN
        return codes
    days = days_between(table, arms.columns[0], arms.columns[1])
    for place, window in enumerate(arm.window_days for arm in arms.arms):
        assert window is not None  # arms by dates have windows, by their own check
        codes[(days >= window[0]) & (days <= window[1])] = place
    codes[np.isnan(days)] = UNKNOWN
    return codes


def days_between(table: pd.DataFrame, start: str, end: str) -> npt.NDArray[np.float64]:
    """Return the days from one date to another, shape (n,); NaN where one is missing.

    Raises
    ------
    BadColumn
        A column holds no dates.
    """
    first, last = dates(table, start), dates(table, end)
    return (last - first) / np.timedelta64(1, "D")


def dates(table: pd.DataFrame, name: str) -> npt.NDArray[np.datetime64]:
    """Return a column of dates as days of the calendar, shape (n,); NaT where one is missing."""
    column: pd.Series[Any] = table[name]
    if not column.notna().any():
        return np.full(len(table), np.datetime64("NaT", "s"))
    if not pd.api.types.is_datetime64_any_dtype(column):
        raise BadColumn(f"Column '{name}' holds no dates; give dates as YYYY-MM-DD.")
    return calendar_days(column)


def _labels(table: pd.DataFrame, name: str) -> npt.NDArray[np.str_]:
    column: pd.Series[Any] = table[name]
    refuse(f"Column '{name}'", column.isna().to_numpy(), "empty", "every row needs one")
    return np.array([label(value) for value in column], dtype=np.str_)


def _codes(values: npt.NDArray[Any]) -> Int:
    """Return each value as its place among the sorted distinct ones, shape (n,)."""
    return pd.factorize(values, sort=True)[0].astype(np.int64)


def _check_key(protocol: Protocol, table: pd.DataFrame) -> None:
    """Refuse rows that repeat the declared key; between sites it may repeat, which is a finding."""
    data = protocol.data
    key = list(dict.fromkeys([*data.row_key, *([] if data.site is None else [data.site])]))
    twice = int(table.duplicated(key).sum())
    if twice:
        within = " within a site" if data.site is not None else ""
        raise BadTable(
            f"{twice} {'row repeats' if twice == 1 else 'rows repeat'} the key ({', '.join(data.row_key)}){within}; "
            "remove them, or declare what tells rows apart."
        )
