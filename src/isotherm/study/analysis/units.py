"""Units: the patients whose treatment is compared, one row for each, and their outcomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from isotherm.columns import Float, Int, refuse
from isotherm.outcome import TimeToEvent
from isotherm.study.cohort import Cohort
from isotherm.study.cohort_outcomes import observed, observed_yes_no
from isotherm.study.design_matrix import Bool
from isotherm.study.predicate import Predicate
from isotherm.study.predicate_tree import MET
from isotherm.study.protocol_parts import Outcome


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """An outcome of the units: m patients or tumors in whom it is known.

    Parameters
    ----------
    outcome : Outcome
    unit : array of int, shape (m,)
        Whose it is.
    event : array of bool, shape (m,)
    days : array, shape (m,), or None
        None for a yes/no outcome. A competing event ends the observation like censoring.
    code : array of int, shape (m,)
        1 the event, 2 and above competing events.
    unknown : array of int, shape (u,)
        Units (with repeats, for tumors) in whom it is not known.
    """

    outcome: Outcome
    unit: Int
    event: Bool
    days: Float | None
    unknown: Int
    code: Int

    def take(self, kept: Bool) -> Endpoint:
        """Return the outcome of some units, numbered anew."""
        new = np.cumsum(kept) - 1
        rows, lost = kept[self.unit], kept[self.unknown]
        days = None if self.days is None else self.days[rows]
        unit = new[self.unit[rows]]
        return Endpoint(self.outcome, unit, self.event[rows], days, new[self.unknown[lost]], self.code[rows])

    def resampled(self, units: Int) -> Endpoint:
        """Return the outcome of drawn units, which may repeat: each drawing is a unit of its own."""
        order = np.argsort(self.unit, kind="stable")
        first = np.searchsorted(self.unit[order], units, side="left")
        count = np.searchsorted(self.unit[order], units, side="right") - first
        new = np.repeat(np.arange(len(units)), count)
        within = np.arange(len(new)) - np.repeat(np.cumsum(count) - count, count)
        rows = order[np.repeat(first, count) + within]
        days = None if self.days is None else self.days[rows]
        nobody = np.empty(0, dtype=np.int64)
        return Endpoint(self.outcome, new, self.event[rows], days, nobody, self.code[rows])

    def times(
        self, rows: Int | slice = slice(None), *, weight: Float | None = None,
        cluster: Int | None = None, strata: npt.NDArray[np.generic] | None = None,
    ) -> TimeToEvent:  # fmt: skip
        """Return times and events of some rows; the other arguments have one value for each of those."""
        assert self.days is not None
        return TimeToEvent(self.days[rows], self.event[rows].astype(np.int64), None, weight, cluster, strata)

    @property
    def per_tumor(self) -> bool:
        """Whether several rows are one patient's."""
        return self.outcome.unit == "tumor"


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Patients, one row for each.

    Parameters
    ----------
    cohort : Cohort
    rows : array of int, shape (u,)
        Their first rows in the cohort.
    table : DataFrame
        Covariates as they are analyzed, u rows numbered from 0.
    treated : array of bool, shape (u,)
    site : array of str, shape (u,), or None
    endpoints : mapping of name to Endpoint; empty while outcomes are blinded
    """

    cohort: Cohort
    rows: Int
    table: pd.DataFrame
    treated: Bool
    site: npt.NDArray[np.str_] | None
    endpoints: dict[str, Endpoint]

    def __len__(self) -> int:
        """Return the number of units."""
        return len(self.rows)

    def take(self, kept: Bool) -> Units:
        """Return some of the units."""
        return Units(
            self.cohort, self.rows[kept], self.table[kept].reset_index(drop=True), self.treated[kept],
            None if self.site is None else self.site[kept],
            {name: endpoint.take(kept) for name, endpoint in self.endpoints.items()},
        )  # fmt: skip

    def meeting(self, where: Predicate) -> Bool:
        """Return who meets a condition, shape (u,); where it is not known, it is not met.

        Raises
        ------
        BadColumn
            Tumors of one patient answer it differently: a patient is in a group, or is not.
        """
        answers = where.answers(self.cohort.table)
        of_patient = np.empty(int(self.cohort.person.max()) + 1, dtype=answers.dtype)
        of_patient[self.cohort.person[self.rows]] = answers[self.rows]
        inside = np.isin(self.cohort.person, self.cohort.person[self.rows])
        refuse(
            f'The condition "{where.text}"',
            (answers != of_patient[self.cohort.person])[inside],
            "not the same in all tumors of a patient",
            "ask for facts of patients, such as the largest size",
        )
        return answers[self.rows] == MET

    def column_label(self, column: str, *, steps: bool = False) -> str:
        """Return what people call a column of a design matrix; with `steps`, the step that its effect is given per."""
        for one in self.cohort.protocol.adjusted:
            if column == one.column:
                return (
                    f"{one.label}, per {one.per:g} {one.unit}".rstrip() if steps and one.kind == "number" else one.label
                )
            if column.startswith(f"{one.column}="):
                return f"{one.label}: {column.removeprefix(f'{one.column}=')}"
        return column


def units_of(cohort: Cohort) -> Units:
    """Return the patients of a cohort with their outcomes.

    Raises
    ------
    BadColumn
        A covariate that is adjusted for differs between tumors of one patient, or an outcome cannot be used.
    BadSetting
        There are more than two arms.
    """
    treated = cohort.treated
    _, first, member = np.unique(cohort.person, return_index=True, return_inverse=True)
    order = np.argsort(first)  # patients in the order of the table, which decides ties of matching
    member = np.argsort(order)[member].astype(np.int64)
    rows = first[order].astype(np.int64)
    covariates = cohort.covariates().reset_index(drop=True)
    for covariate in cohort.protocol.adjusted:
        codes = pd.factorize(covariates[covariate.column])[0]
        refuse(f"Column '{covariate.column}'", codes != codes[rows][member], "not the same in all tumors of a patient",
               "adjust for facts of patients, such as the largest size or the number of tumors")  # fmt: skip
    endpoints = {} if cohort.protocol.outcomes_blinded else {
        outcome.name: endpoint_of(cohort, outcome, member) for outcome in cohort.protocol.outcomes
    }  # fmt: skip
    site = None if cohort.site is None else cohort.site[rows]
    table = covariates.iloc[rows].reset_index(drop=True)
    return Units(cohort, rows, table, treated[rows], site, endpoints)


def endpoint_of(cohort: Cohort, outcome: Outcome, member: Int) -> Endpoint:
    """Return an outcome; `member` (n,) is the unit that each row of the cohort belongs to."""
    if outcome.kind == "time":
        seen = observed(cohort, outcome.name)
        rows, code, days = seen.rows, seen.times.event, seen.times.time_days
    else:
        found = observed_yes_no(cohort, outcome.name)
        rows, code, days = found.rows, found.happened.astype(np.int64), None
    every = np.arange(len(cohort))
    if outcome.unit == "patient":
        every = np.unique(member, return_index=True)[1]
    unknown = member[np.setdiff1d(every, rows)]
    return Endpoint(outcome, member[rows], code == 1, days, unknown, code)
