"""The margin of each tumor: the first valid one after the ablation from which its endpoints count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float, Int
from isotherm.registry.days import NEVER, at, first_by, place_in_time
from isotherm.registry.linked import Linked
from isotherm.registry.timed import Whys, reason
from isotherm.registry.tumors import Tumors

VALID = ("measured", "bounded", "not_ablated")
"""Statuses that are results; a margin that is not assessable or withheld tells nothing."""

NO_MARGIN = "no margin on a scan after the ablation"
NOT_VALID = "no margin after the ablation could be told"


@dataclass(frozen=True, slots=True, eq=False)
class Margins:
    """One margin for each tumor.

    Parameters
    ----------
    row : array of int, shape (n,)
        In the table of margins; -1 where there is none.
    scan_day, after_days : array, shape (n,)
        Day of its scan since 1970, and after the ablation.
    why : array of str, shape (n,)
    """

    row: Int
    scan_day: Float
    after_days: Float
    why: Whys

    def column(self, linked: Linked, name: str) -> npt.NDArray[Any]:
        """Return a field of the margins, shape (n,)."""
        values = linked.tables["margin"][name]
        if values.dtype == object:
            return np.array([*values, None], dtype=object)[self.row]
        return at(values.to_numpy(dtype=np.float64, na_value=np.nan), self.row)


def first_margins(linked: Linked, tumors: Tumors, start: Float) -> Margins:
    """Return the first valid margin of each tumor: on a scan from `start` on, and before the next ablation.

    Parameters
    ----------
    start : array, shape (n,)
        Day of the ablation since 1970; NaN for none.
    """
    n, table = len(tumors), linked.tables["margin"]
    tumor = linked.row_of("margin", "lesion_id")
    day = at(linked.day("scan", "scanned_on"), linked.row_of("margin", "scan_id"))
    done = tumors.ablated
    again = first_by(done.tumor, np.where(done.day > at(start, done.tumor), done.day, np.nan), n)
    within = (tumor >= 0) & (day >= at(start, tumor)) & ((day < at(again, tumor)) | np.isinf(at(again, tumor)))
    valid = within & table["status"].isin(VALID).to_numpy(dtype=bool)
    rows = np.flatnonzero(valid)
    # Of several on one day the smallest counts: an overstated margin is the dangerous error.
    smallest = np.nan_to_num(table["minimal_margin_mm"].to_numpy(dtype=np.float64)[rows], nan=NEVER)
    order = rows[
        np.lexsort((table["margin_id"].to_numpy(dtype=str)[rows], smallest, place_in_time(tumor[rows], day[rows])))
    ]
    found = np.full(n, -1, dtype=np.int64)
    whose, first = np.unique(tumor[order], return_index=True)
    found[whose] = order[first]
    tried = np.zeros(n, dtype=bool)
    tried[tumor[within]] = True
    why = reason(n, ((found >= 0, ""), (tried, NOT_VALID), (np.ones(n, dtype=bool), NO_MARGIN)))
    scan_day = at(day, found)
    return Margins(found, scan_day, scan_day - start, why)
