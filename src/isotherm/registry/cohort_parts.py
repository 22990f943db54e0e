"""Parts: the columns of a cohort while it is made, and beside them why a value is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.columns import Int
from isotherm.registry.days import at, dates_of, truth
from isotherm.registry.linked import Linked
from isotherm.registry.timed import Timed, Told, Whys


@dataclass(slots=True, eq=False)
class Parts:
    """Columns by name, in their order, reasons by column, and the columns that only the future filled."""

    columns: dict[str, Any]
    why: dict[str, Whys] = field(default_factory=dict[str, Whys])
    later: set[str] = field(default_factory=set[str])

    @property
    def reasoned(self) -> frozenset[str]:
        """The columns in which a gap has a reason."""
        of_time = (f"{name}_{part}" for name in self.why for part in ("days", "event"))
        return frozenset(name for name in (*self.why, *of_time) if name in self.columns)

    def yes_or_no(self, name: str) -> None:
        """Turn a column of 1 and 0 into yes and no."""
        values = np.asarray(self.columns[name], dtype=np.float64)
        self.columns[name] = pd.arrays.BooleanArray(values == 1.0, np.isnan(values))

    def frame(self, reasons: str) -> pd.DataFrame:
        """Return the table, with a last column that says of each row what is unknown and why."""
        n = len(next(iter(self.columns.values())))
        columns = {**self.columns, reasons: _sentences(self.why, n)}
        return pd.DataFrame({name: pd.Series(values, dtype="str") if values.dtype == object else values
                             for name, values in columns.items()})  # fmt: skip


def fields(made: Parts, linked: Linked, kind: str, names: tuple[str, ...], rows: Int, *, prefix: str = "") -> None:
    """Add fields of records: of which row of their table, shape (n,), -1 for none."""
    table = linked.tables[kind]
    for name in names:
        form, values = RECORD_KINDS[kind].field(name).form, table[name]
        if form == "yes or no":
            made.columns[prefix + name] = at(truth(values), rows)
            made.yes_or_no(prefix + name)
        elif form in ("number", "whole"):
            made.columns[prefix + name] = at(values.to_numpy(dtype=np.float64), rows)
        else:
            nothing = np.array([None], dtype=object)
            made.columns[prefix + name] = np.concatenate([values.to_numpy(dtype=object), nothing])[rows]


def with_told(
    made: Parts, values: Mapping[str, Told], whose: Int | None = None, *, yes_or_no: bool | tuple[str, ...] = ()
) -> None:
    """Add values that are told or unknown for a reason; `whose` row each row of the cohort shows."""
    for name, one in values.items():
        column, why = one.values, one.why
        if whose is not None:
            nothing = np.nan if column.dtype.kind == "f" else None
            column = np.array([*column.tolist(), nothing], dtype=column.dtype)[whose]
            why = np.array([*why.tolist(), "no such patient"], dtype=object)[whose]
        made.columns[name], made.why[name] = column, why
        if yes_or_no is True or (yes_or_no is not False and name in yes_or_no):
            made.yes_or_no(name)


def with_endpoints(made: Parts, times: Mapping[str, Timed]) -> None:
    """Add four columns for each endpoint with a time."""
    for name, one in times.items():
        made.columns[f"{name}_days"], made.columns[f"{name}_event"] = one.time_days, one.event
        made.columns[f"{name}_free_on"], made.columns[f"{name}_found_on"] = (
            dates_of(one.free_day),
            dates_of(one.found_day),
        )
        made.why[name] = one.why
        made.later |= {f"{name}_{part}" for part in ("days", "event", "free_on", "found_on")}


def _sentences(why: Mapping[str, Whys], n: int) -> npt.NDArray[np.object_]:
    """Return "name: reason; name: reason" of each row, None where nothing is unknown; equal rows are written once."""
    codes = np.zeros(n, dtype=np.int64)
    written: list[str] = [""]
    for name, reasons in why.items():
        own, distinct = pd.factorize(reasons)
        both, pair = pd.factorize(codes * len(distinct) + own)
        written = [_joined(written[int(one) // len(distinct)], name, str(distinct[int(one) % len(distinct)]))
                   for one in pair]  # fmt: skip
        codes = both.astype(np.int64)
    return np.array([text or None for text in written] or [None], dtype=object)[codes]


def _joined(before: str, name: str, reason: str) -> str:
    if not reason:
        return before
    return f"{before}; {name}: {reason}" if before else f"{name}: {reason}"
