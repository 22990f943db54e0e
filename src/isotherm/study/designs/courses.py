"""Courses: what happened to each patient after the decision, in days; the one contract of all designs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float, Int, column, label_codes, numbers, refuse, refuse_missing_codes, whole_numbers
from isotherm.errors import BadColumn, BadSetting
from isotherm.outcome import LONGEST_DAYS

Bool = npt.NDArray[np.bool_]

Endpoint = Literal["overall survival", "progression-free survival"]

Zero = Literal["decision", "first treatment"]


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Measurements:
    """Covariates that change: one row per measurement, carried forward until the next.

    Parameters
    ----------
    names : tuple of str
        Shape (q,).
    row : array of int, shape (m,)
        Whose measurement it is: the patient's place in `Courses`, from 0 on.
    day : array, shape (m,)
        Days from time zero; at or before 0 for what was known then.
    values : array, shape (m, q)

    Raises
    ------
    BadColumn
        Lengths differ, a value is missing, one patient is measured twice on a day, or names are not one per column.
    """

    names: tuple[str, ...]
    row: Int
    day: Float
    values: Float

    def __init__(self, names: tuple[str, ...], row: npt.ArrayLike, day: npt.ArrayLike, values: npt.ArrayLike) -> None:
        whose, days = whole_numbers("row", row), column("day", day)
        if len(whose) != len(days):
            raise BadColumn(f"{len(whose)} rows and {len(days)} days of measurement came; one of each is wanted.")
        refuse("row", whose < 0, "negative", "count patients from 0")
        refuse("day", np.abs(days) > LONGEST_DAYS, "longer than any human life", "give days, and check the unit")
        table = _matrix("measurement", values, len(days), names)
        order = np.lexsort((days, whose))
        kept = {"row": whose[order], "day": days[order], "values": table[order]}
        again = (np.diff(kept["row"]) == 0) & (np.diff(kept["day"]) == 0.0)
        refuse("day", again, "the day of another measurement of the patient", "keep one measurement a day")
        object.__setattr__(self, "names", tuple(names))
        _keep(self, kept)

    def known_before(self, row: Int, day: Float) -> Float:
        """Return what was last known of patients before a day each, at least what was known at time zero, (k, q)."""
        width = 4.0 * LONGEST_DAYS
        key = self.row * width + self.day
        at_zero = np.searchsorted(key, row * width, side="right") - 1
        before = np.searchsorted(key, row * width + day, side="left") - 1
        return self.values[np.maximum(at_zero, before)]

    def take(self, rows: Int) -> Measurements:
        """Return the measurements of some patients, who are numbered anew; patients may repeat."""
        first = np.searchsorted(self.row, rows, side="left")
        count = np.searchsorted(self.row, rows, side="right") - first
        whose = np.repeat(np.arange(len(rows)), count)
        within = np.arange(len(whose)) - np.repeat(np.cumsum(count) - count, count)
        chosen = np.repeat(first, count) + within
        return Measurements(self.names, whose, self.day[chosen], self.values[chosen])


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Courses:
    """The course of each patient, in days from time zero; NaN where something did not happen while observed.

    Parameters
    ----------
    last_days : array, shape (n,)
        End of observation: death, or the last day on which all else is known.
    died : array of bool or 0 and 1, shape (n,)
        Whether observation ended by death.
    systemic_days, ablation_days, progression_days : array, shape (n,)
        Start of systemic therapy, first ablation, first progression.
    contraindication_days : array, shape (n,), optional
        Since when ablation was no longer possible for another reason than progression. None: never.
    baseline : array, shape (n, p), optional
        Covariates known at time zero, numbers without gaps.
    baseline_names : tuple of str
    changing : Measurements, optional
        Covariates known at time zero and measured again.
    zero : {"decision", "first treatment"}
        What time zero is. Where it is the first treatment, the arm is known then, and nobody can be cloned.
    patient : array, shape (n,), optional
        One label each; None: rows are patients.

    Raises
    ------
    BadColumn
        Lengths differ, a value is missing where none may be, a day is negative or after the end of observation,
        a patient comes twice or has no measurement at time zero.
    BadSetting
        Another time zero.
    """

    last_days: Float
    died: Bool
    systemic_days: Float
    ablation_days: Float
    progression_days: Float
    contraindication_days: Float
    baseline: Float
    baseline_names: tuple[str, ...]
    changing: Measurements | None
    zero: Zero
    patient: Int

    def __init__(
        self,
        last_days: npt.ArrayLike,
        died: npt.ArrayLike,
        systemic_days: npt.ArrayLike,
        ablation_days: npt.ArrayLike,
        progression_days: npt.ArrayLike,
        contraindication_days: npt.ArrayLike | None = None,
        *,
        baseline: npt.ArrayLike | None = None,
        baseline_names: tuple[str, ...] = (),
        changing: Measurements | None = None,
        zero: Zero = "decision",
        patient: npt.ArrayLike | None = None,
    ) -> None:
        refuse_unknown("time zero", zero, get_args(Zero))
        last = column("last_days", last_days)
        n = len(last)
        if not n:
            raise BadColumn("last_days holds no row; at least one patient is wanted.")
        refuse("last_days", last <= 0.0, "not after time zero", "leave out who was not observed, and count them")
        refuse("last_days", last > LONGEST_DAYS, "longer than any human life", "give days, and check the unit")
        dead = whole_numbers("died", died, n)
        refuse("died", (dead != 0) & (dead != 1), "neither 0 nor 1", "write 1 for who died")
        never = np.full(n, np.nan)
        kept: dict[str, Any] = {
            "last_days": last,
            "died": dead == 1,
            "systemic_days": _day("systemic_days", systemic_days, last),
            "ablation_days": _day("ablation_days", ablation_days, last),
            "progression_days": _day("progression_days", progression_days, last),
            "contraindication_days": _day(
                "contraindication_days", never if contraindication_days is None else contraindication_days, last
            ),
            "baseline": _matrix("baseline", np.empty((n, 0)) if baseline is None else baseline, n, baseline_names),
            "patient": np.arange(n) if patient is None else label_codes("patient", patient, n, ids=True)[0],
        }
        refuse("progression_days", kept["progression_days"] == 0.0, "on day 0", "leave out who progressed before")
        if zero == "first treatment":
            first = np.fmin(kept["systemic_days"], kept["ablation_days"])
            refuse("time zero", ~(first == 0.0), "not the first treatment", "count days from it, or from the decision")
        again = n - len(np.unique(kept["patient"]))
        if again:
            raise BadColumn(f"patient repeats in {again} of {n} rows; one row per patient is wanted.")
        if changing is not None:
            _check_measured(changing, n)
        _keep(self, kept)
        for name, value in (("baseline_names", tuple(baseline_names)), ("changing", changing), ("zero", zero)):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        """Return the number of patients."""
        return len(self.last_days)

    @property
    def excused_days(self) -> Float:
        """When nothing could be asked of a patient any more: progression, contraindication or death; else infinite."""
        death = np.where(self.died, self.last_days, np.inf)
        return np.fmin(np.fmin(death, self.progression_days), self.contraindication_days)

    def outcome(self, endpoint: Endpoint) -> tuple[Float, Bool]:
        """Return the days to the event or to the end of observation, and whether the event came, both (n,).

        Raises
        ------
        BadSetting
            Another endpoint.
        """
        refuse_unknown("endpoint", endpoint, get_args(Endpoint))
        if endpoint == "overall survival":
            return self.last_days, self.died
        progressed = ~np.isnan(self.progression_days)
        return np.fmin(self.progression_days, self.last_days), self.died | progressed

    @property
    def covariate_names(self) -> tuple[str, ...]:
        """Names of the columns of `known_before`."""
        return self.baseline_names if self.changing is None else (*self.baseline_names, *self.changing.names)

    def known_before(self, row: Int, day: Float) -> Float:
        """Return all covariates of patients as last known before a day each, shape (k, p + q), baseline first."""
        own = self.baseline[row]
        return own if self.changing is None else np.hstack([own, self.changing.known_before(row, day)])

    def take(self, rows: Int) -> Courses:
        """Return some patients, who may repeat and are then patients of their own."""
        return Courses(
            self.last_days[rows],
            self.died[rows],
            self.systemic_days[rows],
            self.ablation_days[rows],
            self.progression_days[rows],
            self.contraindication_days[rows],
            baseline=self.baseline[rows],
            baseline_names=self.baseline_names,
            changing=None if self.changing is None else self.changing.take(rows),
            zero=self.zero,
        )


def courses_from_calendar(decision_day: npt.ArrayLike | None, calendar: dict[str, Any], **more: Any) -> Courses:
    """Return the courses of days on each patient's own calendar.

    Parameters
    ----------
    decision_day : array, shape (n,), or None
        Day of the decision (eligibility, tumor board). None where it is not known: time zero is the first treatment.
    calendar : dict
        last_day, systemic_day, ablation_day, progression_day, contraindication_day: arrays, shape (n,), NaN for never.
    **more
        died, baseline, baseline_names, patient: as `Courses`.

    Raises
    ------
    BadColumn
        As `Courses`; a decision day is missing, or a patient has neither a decision nor a treatment.
    """
    days = {name: column(name, values, gaps=True) for name, values in calendar.items()}
    if decision_day is None:
        zero = np.fmin(days["systemic_day"], days["ablation_day"])
        refuse("the first treatment", np.isnan(zero), "missing", "give the day of the decision, or leave these out")
    else:
        zero = column("decision_day", decision_day, len(days["last_day"]))
    named: Zero = "first treatment" if decision_day is None else "decision"
    return Courses(**{f"{name}s": values - zero for name, values in days.items()}, zero=named, **more)


def refuse_unknown(what: str, value: str, known: tuple[str, ...]) -> None:
    """Refuse a word that is none of those that are known.

    Raises
    ------
    BadSetting
    """
    if value not in known:
        raise BadSetting(f'The {what} "{value}" came; one of {", ".join(known)} is wanted.')


def _day(name: str, values: npt.ArrayLike, last: Float) -> Float:
    days = column(name, values, len(last), gaps=True)
    refuse_missing_codes(name, days)
    refuse(name, np.isinf(days), "infinite", "leave empty what did not happen")
    refuse(name, days < 0.0, "before time zero", "leave out who was treated or had progressed before, and count them")
    refuse(name, days > last, "after the end of observation", "check the dates, or observe for longer")
    return days


def _matrix(name: str, values: npt.ArrayLike, rows: int, names: tuple[str, ...]) -> Float:
    table = numbers(name, values)
    if table.shape != (rows, len(names)):
        raise BadColumn(
            f"{name} has shape {table.shape}; {rows} rows and one column for each of {len(names)} names are wanted."
        )
    refuse(name, ~np.asarray(np.isfinite(table).all(axis=1)), "missing or infinite", "impute, or leave such rows out")
    return table


def _check_measured(changing: Measurements, n: int) -> None:
    refuse("row", changing.row >= n, "beyond the last patient", "count patients from 0")
    known = np.zeros(n, dtype=bool)
    known[changing.row[changing.day <= 0.0]] = True
    refuse(", ".join(changing.names), ~known, "not known at time zero", "measure at or before it, or impute")


def _keep(noun: object, kept: dict[str, Any]) -> None:
    for name, values in kept.items():
        values.setflags(write=False)
        object.__setattr__(noun, name, values)
