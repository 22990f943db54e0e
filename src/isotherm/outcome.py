"""Outcomes: TimeToEvent, what happened and when; Curve, how it goes over time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from isotherm.columns import (
    DistinctTimes,
    Float,
    Int,
    column,
    distinct_times,
    label_codes,
    refuse,
    same_time,
    whole_numbers,
)
from isotherm.errors import BadColumn, BadSetting

LONGEST_DAYS = 45_000.0
"""No human life on record was longer (123 years): more days than these are hours, seconds or a wrong unit."""


@dataclass(frozen=True, slots=True, eq=False, init=False)
class TimeToEvent:
    """What every survival estimator takes: one row per patient, tumor or stretch of observation.

    A death on a day precedes a censoring on the same day: who is censored then is still at risk.

    Parameters
    ----------
    time_days : array, shape (n,)
        Days from time zero to the event or to the end of observation.
    event : array of int, shape (n,)
        0 censored, 1 the event, 2 and above competing events.
    start_days : array, shape (n,), optional
        Days from time zero to the start of the row's observation: the row counts in (start, time]. None: all from 0.
    weight : array, shape (n,), optional
        Case weights, at least 0. None: all 1.
    cluster : array, shape (n,), optional
        Which rows belong together (patient, matched set): any labels; kept as codes 0, 1, ...
    strata : array, shape (n,), optional
        Rows are only compared within their stratum: any labels; kept as codes 0, 1, ...
    ranked : DistinctTimes, optional
        The times as ranks where they are known already; kept as `times`.

    Raises
    ------
    BadColumn
        Lengths differ, a value is missing, infinite, negative or longer than a human life, an event is not a whole
        number or happens on day 0, a row starts when it ends, or no weight is above 0.
    """

    time_days: Float
    event: Int
    start_days: Float | None = None
    weight: Float | None = None
    cluster: Int | None = None
    strata: Int | None = None
    times: DistinctTimes = field(init=False, repr=False)

    def __init__(
        self,
        time_days: npt.ArrayLike,
        event: npt.ArrayLike,
        start_days: npt.ArrayLike | None = None,
        weight: npt.ArrayLike | None = None,
        cluster: npt.ArrayLike | None = None,
        strata: npt.ArrayLike | None = None,
        ranked: DistinctTimes | None = None,
    ) -> None:
        time = column("time_days", time_days)
        if not len(time):
            raise BadColumn("time_days holds no row; at least one patient is wanted.")
        refuse("time_days", time < 0.0, "negative", "count days from time zero")
        refuse("time_days", time > LONGEST_DAYS, "longer than any human life", "give days, and check the unit")
        state = whole_numbers("event", event, len(time))
        refuse("event", state < 0, "negative", "write 0 for censored, 1 for the event")
        refuse("event", (state > 0) & (time == 0.0), "on day 0", "say how long they were observed, or leave them out")
        kept: dict[str, Float | Int | None] = {
            "time_days": time,
            "event": state,
            "start_days": None if start_days is None else _starts(start_days, time),
            "weight": None if weight is None else _weights(weight, len(time)),
            "cluster": None if cluster is None else label_codes("cluster", cluster, len(time), ids=True)[0],
            "strata": None if strata is None else label_codes("strata", strata, len(time))[0],
        }
        for name, values in kept.items():
            if values is not None:
                values.setflags(write=False)
            object.__setattr__(self, name, values)
        object.__setattr__(self, "times", distinct_times(time, self.start_days) if ranked is None else ranked)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.time_days)

    @property
    def weights(self) -> Float:
        """Case weights, shape (n,): 1 where none were given."""
        return np.ones(len(self)) if self.weight is None else self.weight

    def take(self, rows: npt.NDArray[Any]) -> TimeToEvent:
        """Return some of the rows: a mask, shape (n,), or row numbers, which may repeat."""
        parts = (self.time_days, self.event, self.start_days, self.weight, self.cluster, self.strata)
        chosen = (cast("Any", None if part is None else part[rows]) for part in parts)
        return TimeToEvent(*chosen, ranked=self.times.take(rows))

    @property
    def needs_robust(self) -> bool:
        """Whether model-based variances are wrong: clusters, or weights that are no whole numbers of patients."""
        return self.cluster is not None or (self.weight is not None and bool((self.weight % 1.0).any()))

    def counted(self) -> TimeToEvent:
        """Return the rows that count: those with a weight above 0."""
        return self if self.weight is None or bool(self.weight.all()) else self.take(self.weight > 0.0)

    def of_cause(self, cause: int) -> TimeToEvent:
        """Return the outcome with one kind of event as the event; all other rows end as censored.

        What is estimated from it is the hazard of this cause. It is no risk: 1 - Kaplan-Meier takes those who failed
        of something else for patients who can still have the event.

        Raises
        ------
        BadSetting
            The cause is none: events are numbered from 1.
        """
        if cause < 1:
            raise BadSetting(f"The cause {cause} came; events are numbered from 1, and 0 is censored.")
        others = (self.start_days, self.weight, self.cluster, self.strata)
        return TimeToEvent(self.time_days, self.event == cause, *others, ranked=self.times)

    def only_one_event(self) -> TimeToEvent:
        """Return itself, or refuse competing events: the estimator at hand knows 0 and 1 only."""
        refuse("event", self.event > 1, "neither 0 nor 1", "code 1 for the event in question and 0 for all else")
        return self


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """How a chance goes over time: what every survival figure draws. Rows are the distinct times, rising.

    Arrays are taken over, not copied, and cannot be written to any more: a million rows cost no second million.

    Parameters
    ----------
    times_days : array, shape (t,)
    survival : array, shape (t,)
        The chance of being free of the event just after each time; 1 before the first.
    std_error : array, shape (t,)
        Standard error of `survival`; NaN where it is not defined (survival 0).
    low, high : array, shape (t,)
        Pointwise limits; NaN where they are not defined.
    at_risk, events, censored : array, shape (t,)
        Sums of weights: at risk just before, failing and censored at each time.
    n : int
        Rows behind the curve.
    interval : str
        Name of the interval: "log", "log-log", "plain", "logit" or "arcsin".
    level : float
        Its level, 0.95 for 95 %.
    variance : str
        "Greenwood", or "infinitesimal jackknife" over rows or clusters.
    label : str
        Name of the arm.
    """

    times_days: Float
    survival: Float
    std_error: Float
    low: Float
    high: Float
    at_risk: Float
    events: Float
    censored: Float
    n: int
    interval: str
    level: float
    variance: str
    label: str = ""

    def __post_init__(self) -> None:
        for name in ("times_days", "survival", "std_error", "low", "high", "at_risk", "events", "censored"):
            values = np.asarray(getattr(self, name))
            if not (values.dtype == np.float64 and values.flags.owndata and values.shape == (len(self.times_days),)):
                values = column(name, values, len(self.times_days), gaps=True)
            values.setflags(write=False)
            object.__setattr__(self, name, values)

    def row_at(self, days: float) -> int:
        """Return the row that holds at a time: the last one at or before it (up to rounding), -1 before the first."""
        return int(np.searchsorted(self.times_days, days + same_time(self.times_days), side="right")) - 1

    def survival_at(self, days: float) -> float:
        """Return the chance of being free of the event just after a time.

        Raises
        ------
        BadSetting
            A time before 0, or beyond the last one that was observed, unless the curve has come down to 0 by then.
        """
        last = float(self.times_days[-1])
        known = days <= last + same_time(self.times_days) or self.survival[-1] == 0.0
        if not (days >= 0.0 and known):
            raise BadSetting(f"Day {days:g} came; the curve is known from day 0 to day {last:g}.")
        row = self.row_at(days)
        return 1.0 if row < 0 else float(self.survival[row])


def _starts(start_days: npt.ArrayLike, time: Float) -> Float:
    start = column("start_days", start_days, len(time))
    refuse("start_days", start < 0.0, "before time zero", "count days from time zero")
    refuse("start_days", start >= time, "not before the row's end", "a row is observed in (start, time]")
    return start


def _weights(weight: npt.ArrayLike, rows: int) -> Float:
    values = column("weight", weight, rows)
    refuse("weight", values < 0.0, "negative", "weights are at least 0")
    if not values.any():
        raise BadColumn(f"weight is 0 in all {rows} rows; give at least one row a weight.")
    return values
