"""Table 1: who the patients in each arm are, with what is missing, and how far the arms differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from isotherm.errors import BadSetting
from isotherm.study.balance import DENOMINATORS, Denominator, difference, standard_deviation
from isotherm.study.cohort import Cohort
from isotherm.study.known import too_late
from isotherm.study.protocol_parts import Covariate, Unit

EVERYBODY = "all"
"""Key of the group that holds every arm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One covariate, or one level of it, in one group. What cannot be said is None.

    Parameters
    ----------
    known, missing : int
        Rows with and without a value.
    count, share : optional
        Rows of the level (of a yes/no: rows with yes), and their share of the known ones, 0 to 1.
    mean, sd, median, low_quartile, high_quartile : float, optional
        Of a number; SD with n - 1, quartiles by linear interpolation (R's type 7).
    """

    known: int
    missing: int
    count: int | None = None
    share: float | None = None
    mean: float | None = None
    sd: float | None = None
    median: float | None = None
    low_quartile: float | None = None
    high_quartile: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One line of Table 1.

    Parameters
    ----------
    column, label, unit : str
        As in the protocol.
    level : str or None
        Of a category: one row for each, the reference among them.
    late : str
        Why the fact came too late to be a cause of the arm; empty for the others.
    adjusted : bool
        Whether it is adjusted for.
    per : "patient" or "tumor"
        What is counted. Where rows are tumors, a fact that never differs within a patient is counted once for each.
    groups : tuple of (group, Summary)
        The arms in their order, then "all".
    smd : float or None
        Standardized mean difference, the treated minus the reference; None for other than two arms, without a value in
        one of them, or where the denominator is 0 and the means differ.
    """

    column: str
    label: str
    unit: str
    level: str | None
    late: str
    adjusted: bool
    per: Unit
    groups: tuple[tuple[str, Summary], ...]
    smd: float | None

    def __getitem__(self, group: str) -> Summary:
        """Return the summary of one group."""
        return dict(self.groups)[group]


@dataclass(frozen=True, slots=True)
class TableOne:
    """Table 1 and what its differences are divided by.

    Parameters
    ----------
    rows : tuple of TableRow
    sizes : tuple of (group, rows, patients)
    denominator : str
        A key of `DENOMINATORS`.
    """

    rows: tuple[TableRow, ...]
    sizes: tuple[tuple[str, int, int], ...]
    denominator: Denominator

    @property
    def denominator_words(self) -> str:
        """What the standardized differences are divided by, in words."""
        return DENOMINATORS[self.denominator]


def table_one(cohort: Cohort, *, denominator: Denominator = "pooled") -> TableOne:
    """Describe the arms of a cohort; every covariate by its known values, with the missing ones counted per arm.

    Parameters
    ----------
    cohort : Cohort
    denominator : str
        What a difference of means is divided by: a key of `DENOMINATORS` except "weighted".

    Returns
    -------
    TableOne

    Raises
    ------
    BadSetting
        The denominator does not exist, or needs weights.

    References
    ----------
    .. [1] Austin PC. Stat Med 2009;28:3083-3107 (the standardized difference).
    """
    if denominator not in DENOMINATORS or denominator == "weighted":
        fitting = ", ".join(name for name in DENOMINATORS if name != "weighted")
        raise BadSetting(f"The denominator '{denominator}' came; Table 1 is unweighted, use one of: {fitting}.")
    groups = {name: cohort.in_arm(name) for name in cohort.protocol.arms.names}
    groups[EVERYBODY] = np.ones(len(cohort), dtype=bool)
    values = cohort.covariates()
    rows = [
        row
        for covariate in cohort.protocol.covariates
        for row in _rows(covariate, values[covariate.column], groups, cohort, denominator)
    ]
    sizes = tuple((name, int(mask.sum()), len(np.unique(cohort.person[mask]))) for name, mask in groups.items())
    return TableOne(tuple(rows), sizes, denominator)


Groups = dict[str, npt.NDArray[np.bool_]]


def _rows(
    covariate: Covariate, values: pd.Series[Any], groups: Groups, cohort: Cohort, denominator: Denominator
) -> Iterator[TableRow]:
    """Yield one line for a number or a yes/no, one for each level of a category."""
    counted_rows = _patients(values, cohort)
    per: Unit = "patient" if counted_rows is not None else "tumor"
    known = values.notna().to_numpy(dtype=bool)
    if counted_rows is not None:
        groups = {name: mask & counted_rows for name, mask in groups.items()}
    if covariate.kind in ("category", "ordered"):
        columns = [(str(level), (values == level).to_numpy(dtype=float)) for level in values.cat.categories]
    else:
        columns = [(None, values.to_numpy(dtype=float))]
    for level, x in columns:
        counted = covariate.kind != "number"
        yield TableRow(
            column=covariate.column, label=covariate.label, unit=covariate.unit, level=level,
            late=too_late(covariate.known, cohort.protocol.exposure), adjusted=covariate.use == "adjust", per=per,
            groups=tuple((name, _summary(x, known, mask, counted=counted)) for name, mask in groups.items()),
            smd=_smd(x, known & groups[EVERYBODY], cohort, denominator),
        )  # fmt: skip


def _patients(values: pd.Series[Any], cohort: Cohort) -> npt.NDArray[np.bool_] | None:
    """Return the rows that stand for a patient each; None if the fact differs between tumors of one patient."""
    if not cohort.people.tumors:
        return np.ones(len(cohort), dtype=bool)
    codes = pd.factorize(values)[0]
    first, member = np.unique(cohort.person, return_index=True, return_inverse=True)[1:]
    if (codes != codes[first][member]).any():
        return None
    rows = np.zeros(len(cohort), dtype=bool)
    rows[first] = True
    return rows


def _summary(x: npt.NDArray[Any], known: npt.NDArray[Any], mask: npt.NDArray[Any], *, counted: bool) -> Summary:
    values = x[known & mask]
    n, missing = len(values), int((~known & mask).sum())
    if counted:
        count = int(values.sum())
        return Summary(known=n, missing=missing, count=count, share=count / n if n else None)
    if not n:
        return Summary(known=0, missing=missing)
    low, median, high = (float(value) for value in np.quantile(values, [0.25, 0.5, 0.75]))
    sd = float(values.std(ddof=1)) if n > 1 else None
    return Summary(known=n, missing=missing, mean=float(values.mean()), sd=sd, median=median, low_quartile=low,
                   high_quartile=high)  # fmt: skip


def _smd(x: npt.NDArray[Any], known: npt.NDArray[Any], cohort: Cohort, denominator: Denominator) -> float | None:
    if len(cohort.protocol.arms.arms) != 2:
        return None
    values, treated = x[known], cohort.treated[known]
    if treated.all() or not treated.any():
        return None
    even = np.ones(len(values))
    smd = difference(values, treated, even, standard_deviation(values, treated, denominator, even)).smd
    return smd if np.isfinite(smd) else None
