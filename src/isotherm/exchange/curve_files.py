"""CSV files of a digitized curve and of the numbers at risk below it; units stand in the names of columns."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from isotherm.errors import BadTable
from isotherm.evidence.printed_curve import DigitizedCurve, NumbersAtRisk, Reading
from isotherm.exchange.tables_in import read_table

DAYS = {"time_days": 1.0, "time_weeks": 7.0, "time_months": 30.4375, "time_years": 365.25}
"""Columns that a time may stand in, and how many days each counts."""

SHARES = {"survival": 1.0, "survival_percent": 0.01}


@dataclass(frozen=True, slots=True)
class TimeUnit:
    """In what a publication counts time: "months", and its days."""

    name: str
    days: float


def read_curve(
    path: str | os.PathLike[str], *, reading: Reading = "line", cut: bool = False
) -> tuple[DigitizedCurve, TimeUnit]:
    """Read the points of one arm's curve: a column of times, and `survival` (0 to 1) or `survival_percent`.

    Parameters
    ----------
    path : path
    reading, cut
        As in `DigitizedCurve`.

    Raises
    ------
    UnreadableFile, BadTable, BadColumn, BadCurve
    """
    table = _numbers(path)
    times, shares = _one(path, table, DAYS, "time"), _one(path, table, SHARES, "survival")
    curve = DigitizedCurve(table[times] * DAYS[times], table[shares] * SHARES[shares], reading=reading, cut=cut)
    return curve, _unit(times)


def read_numbers_at_risk(path: str | os.PathLike[str]) -> tuple[NumbersAtRisk, TimeUnit]:
    """Read the table below a curve: a column of times, `at_risk`, and `events` up to then where they are printed.

    Raises
    ------
    UnreadableFile, BadTable, BadColumn, BadCurve
    """
    table = _numbers(path)
    times = _one(path, table, DAYS, "time")
    at_risk = _one(path, table, {"at_risk": 1.0}, "number at risk")
    events = table["events"] if "events" in table.columns else None
    return NumbersAtRisk(table[times] * DAYS[times], table[at_risk], events), _unit(times)


def _numbers(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a table whose known columns hold numbers; others may be there, and are left alone."""
    known = (*DAYS, *SHARES, "at_risk", "events")
    return read_table(path, wanted=dict.fromkeys(known, "number"))


def _one(path: str | os.PathLike[str], table: pd.DataFrame, known: Mapping[str, float], what: str) -> str:
    found: Sequence[str] = [name for name in table.columns if name in known]
    if len(found) != 1:
        came = "none of them came" if not found else f"{' and '.join(found)} came"
        raise BadTable(
            f"The table '{Path(path).name}' needs one column for the {what}, called {' or '.join(known)}; {came}."
        )
    return found[0]


def _unit(column: str) -> TimeUnit:
    return TimeUnit(column.removeprefix("time_"), DAYS[column])
