"""From the eligible patients of a cohort, in an arm or not, to the courses that designs share, and who is left out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from isotherm.columns import Float, Int, refuse
from isotherm.errors import NothingToCompare
from isotherm.printable import first_named
from isotherm.study.cohort import Cohort
from isotherm.study.design_matrix import Bool, Kind, design_matrix
from isotherm.study.designs.courses import Courses, Measurements
from isotherm.study.designs.strategy import Strategy
from isotherm.study.people import days_between
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_designs import Changing, Course
from isotherm.study.records import numbers

MEND = "check the dates, or exclude these patients by an eligibility step"


@dataclass(frozen=True, slots=True, eq=False)
class Timed:
    """The patients of all designs.

    Parameters
    ----------
    courses : Courses
    eligible : int
        Patients before those without a usable course are left out.
    left_out : tuple of (words, count)
    site : array of str, shape (n,), or None
    """

    courses: Courses
    eligible: int
    left_out: tuple[tuple[str, int], ...]
    site: npt.NDArray[np.str_] | None


def strategies_of(protocol: Protocol) -> tuple[Strategy, ...]:
    """Return the strategies of the arms under their labels, the reference first."""
    arms = sorted(protocol.arms.arms, key=lambda arm: arm.name != protocol.arms.reference)
    return tuple(arm.strategy.named(arm.label) for arm in arms if arm.strategy is not None)


def timed(cohort: Cohort) -> Timed:
    """Return the courses of all eligible patients.

    Raises
    ------
    BadColumn
        Dates that contradict each other, or that differ between the tumors of a patient.
    NothingToCompare
        Nobody has a usable course.
    """
    protocol, course = cohort.protocol, cohort.protocol.course
    assert course is not None
    everybody = pd.concat([cohort.table, cohort.outside]).sort_index()
    table, first = _one_row_each(cohort, course, everybody)
    zero = protocol.time_zero.column
    assert zero is not None  # checked by the protocol
    days = {name: days_between(table, zero, name) for name in course.dates}
    died = ~np.isnan(days[course.death])
    last = np.where(died, days[course.death], days[course.last_contact])
    baseline, complete, names = _baseline(cohort, course, table)
    known, observed = ~np.isnan(last), ~(last <= 0.0)
    kept = known & observed & complete
    left_out = (
        ("time zero, last contact or death is not known", int((~known).sum())),
        ("not observed after time zero", int((known & ~observed).sum())),
        (_unknown(cohort, course, table[known & observed]), int((known & observed & ~complete).sum())),
    )
    if not kept.any():
        raise NothingToCompare(f"None of {len(table)} eligible patients has a course that can be used; {MEND}.")
    rows = np.flatnonzero(kept)
    for name in course.dates[:-2]:
        _refuse_order(name, days[name][rows], last[rows], progression=name == course.progression)
    own = {name: values[rows] for name, values in days.items()}
    courses = Courses(
        last[rows], died[rows], own[course.systemic], own[course.ablation], own[course.progression],
        None if course.contraindication is None else own[course.contraindication],
        baseline=baseline[rows], baseline_names=names, zero=course.zero,
        changing=_changing(course, table.iloc[rows], zero) if course.changing else None,
    )  # fmt: skip
    site = None if cohort.people.site is None else cohort.people.site[first[rows]]
    return Timed(courses, len(table), left_out, site)


def _one_row_each(cohort: Cohort, course: Course, everybody: pd.DataFrame) -> tuple[pd.DataFrame, Int]:
    """Return the first row of each patient, and its place in the table that came in."""
    place = everybody.index.to_numpy().astype(np.int64)
    first, member = np.unique(cohort.people.person[place], return_index=True, return_inverse=True)[1:]
    for name in dict.fromkeys([*course.dates, *course.changing_columns, *course.changing_dates]):
        codes = pd.factorize(everybody[name])[0]
        refuse(f"Column '{name}'", codes != codes[first][member], "not the same in all tumors of a patient",
               "give the dates of the patient")  # fmt: skip
    rows = np.sort(first)
    return everybody.iloc[rows], place[rows]


def _refuse_order(name: str, days: Float, last: Float, *, progression: bool) -> None:
    refuse(f"Column '{name}'", days < 0.0, "before time zero", MEND)
    refuse(f"Column '{name}'", days > last, "after death or last contact", MEND)
    if progression:
        refuse(f"Column '{name}'", days == 0.0, "on the day of time zero", MEND)


def _baseline(cohort: Cohort, course: Course, table: pd.DataFrame) -> tuple[Float, Bool, tuple[str, ...]]:
    """Return covariates as columns of numbers, who has all of them, and the names of the columns."""
    complete = np.ones(len(table), dtype=np.bool_)
    for name in (one.baseline for one in course.changing):
        complete &= ~np.isnan(numbers(table, name))
    names = [name for name in _wanted(cohort, course) if name not in {one.baseline for one in course.changing}]
    if not names:
        return np.empty((len(table), 0)), complete, ()
    whole = replace(cohort, table=table).covariates().reset_index(drop=True)
    kinds: dict[str, Kind] = {name: kind for name, kind in cohort.kinds().items() if name in names}
    varying: dict[str, Kind] = {name: kind for name, kind in kinds.items() if whole[name].nunique() > 1}
    if not varying:
        return np.empty((len(table), 0)), complete & ~whole[names].isna().any(axis=1).to_numpy(), ()
    design = design_matrix(
        whole, varying, reference={name: one for name, one in cohort.references().items() if name in varying}
    )
    x = np.zeros((len(table), len(design.columns)))
    x[design.rows] = design.x
    inside = np.zeros(len(table), dtype=np.bool_)
    inside[design.rows] = True
    return x, complete & inside, cohort.called(design)


def _unknown(cohort: Cohort, course: Course, table: pd.DataFrame) -> str:
    """Say which of the covariates that everybody needs somebody lacks."""
    labels = {one.column: one.label for one in cohort.protocol.covariates}
    wanted = [one.baseline for one in course.changing]
    wanted += [name for name in _wanted(cohort, course) if name not in wanted]
    found = [labels.get(name, name) for name in wanted if table[name].isna().any()]
    return f"a covariate at time zero is not known{f' ({first_named(found)})' if found else ''}"


def _wanted(cohort: Cohort, course: Course) -> tuple[str, ...]:
    return course.baseline or tuple(one.column for one in cohort.protocol.adjusted)


def _changing(course: Course, table: pd.DataFrame, zero: str) -> Measurements:
    """Return all changing covariates together: on each day on which one was measured, what was last known of all."""
    pieces: list[pd.DataFrame] = []
    labels = [one.label for one in course.changing]
    for one in course.changing:
        pieces.append(_measured(one, table, zero))
    long = pd.concat(pieces, ignore_index=True)
    again = long.duplicated(["row", "day", "label"]).to_numpy()
    refuse("The dates of changing covariates", again, "the day of another measurement of it", "keep one a day")
    wide = long.pivot_table(index=["row", "day"], columns="label", values="value")[labels].sort_index()
    filled = wide.groupby(level="row").ffill()
    index = filled.index.to_frame(index=False)
    return Measurements(
        tuple(labels), index["row"].to_numpy(), index["day"].to_numpy(), filled.to_numpy(dtype=np.float64)
    )


def _measured(one: Changing, table: pd.DataFrame, zero: str) -> pd.DataFrame:
    """Return the measurements of one covariate, one per row; that of time zero on day 0, later ones after it."""
    n = len(table)
    parts = [(np.zeros(n), numbers(table, one.baseline))]
    for value, date in zip(one.values, one.dates, strict=True):
        days, values = days_between(table, zero, date), numbers(table, value)
        refuse(f"Column '{date}'", np.isnan(days) != np.isnan(values), f"missing where {value} is not, or the reverse",
               "give both or none")  # fmt: skip
        refuse(f"Column '{date}'", days <= 0.0, "not after time zero", "what was known then is its baseline")
        parts.append((days, values))
    long = pd.DataFrame({
        "row": np.tile(np.arange(n), len(parts)), "day": np.concatenate([day for day, _ in parts]),
        "value": np.concatenate([value for _, value in parts]), "label": one.label,
    })  # fmt: skip
    return long[long["value"].notna()]
