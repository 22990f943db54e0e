"""Outcomes: TimeToEvent, what happened and when; Curve, how it goes over time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from isotherm.errors import BadColumn

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
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

    Raises
    ------
    BadColumn
        Lengths differ, a value is missing, infinite or negative, an event is not a whole number or happens on day 0,
        a row starts when it ends, or no weight is above 0.
    """

    time_days: Float
    event: Int
    start_days: Float | None = None
    weight: Float | None = None
    cluster: Int | None = None
    strata: Int | None = None

    def __post_init__(self) -> None:
        time = column("time_days", self.time_days)
        if not len(time):
            raise BadColumn("time_days holds no row; at least one patient is wanted.")
        refuse("time_days", time < 0.0, "negative", "count days from time zero")
        event = whole_numbers("event", self.event, len(time))
        refuse("event", event < 0, "negative", "write 0 for censored, 1 for the event")
        refuse("event", (event > 0) & (time == 0.0), "on day 0", "say how long they were observed, or leave them out")
        start, weight = self.start_days, self.weight
        if start is not None:
            start = column("start_days", start, len(time))
            refuse("start_days", start < 0.0, "before time zero", "count days from time zero")
            refuse("start_days", start >= time, "not before the row's end", "a row is observed in (start, time]")
        if weight is not None:
            weight = column("weight", weight, len(time))
            refuse("weight", weight < 0.0, "negative", "weights are at least 0")
            refuse("weight", np.array([not weight.any()]), "without any weight above 0", "give one patient a weight")
        kept = {"time_days": time, "event": event, "start_days": start, "weight": weight}
        for name in ("cluster", "strata"):
            labels = getattr(self, name)
            kept[name] = None if labels is None else label_codes(name, labels, len(time))[0]
        for name, values in kept.items():
            if values is not None:
                values.setflags(write=False)
            object.__setattr__(self, name, values)

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
        return TimeToEvent(*(cast("Any", None if part is None else part[rows]) for part in parts))

    @property
    def needs_robust(self) -> bool:
        """Whether model-based variances are wrong: rows share a cluster, or weights are no whole numbers of patients."""
        return self.cluster is not None or (self.weight is not None and bool((self.weight % 1.0).any()))

    def counted(self) -> TimeToEvent:
        """Return the rows that count: those with a weight above 0."""
        return self if self.weight is None or bool(self.weight.all()) else self.take(self.weight > 0.0)

    def only_one_event(self) -> TimeToEvent:
        """Return itself, or refuse competing events: the estimator at hand knows 0 and 1 only."""
        refuse("event", self.event > 1, "neither 0 nor 1", "code 1 for the event in question and 0 for all else")
        return self


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """How a chance goes over time: what every survival figure draws. Rows are the distinct times, rising.

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
            values = column(name, getattr(self, name), len(self.times_days), gaps=True)
            values.setflags(write=False)
            object.__setattr__(self, name, values)

    def row_at(self, days: float) -> int:
        """Return the row that holds at a time: the last one at or before it, -1 before the first."""
        return int(np.searchsorted(self.times_days, days, side="right")) - 1

    def survival_at(self, days: float) -> float:
        """Return the chance of being free of the event just after a time (the last known value beyond the end)."""
        row = self.row_at(days)
        return 1.0 if row < 0 else float(self.survival[row])


def column(name: str, values: npt.ArrayLike, rows: int | None = None, *, gaps: bool = False) -> Float:
    """Return numbers as a new array, shape (n,); refuse text, another length and, without `gaps`, missing values."""
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise BadColumn(f"{name} holds text or empty fields; a column of numbers is wanted.") from None
    if array.ndim != 1:
        raise BadColumn(f"{name} has {array.ndim} dimensions; one column is wanted.")
    if rows is not None and len(array) != rows:
        raise BadColumn(f"{name} has {len(array)} rows; {rows} are wanted, as in the other columns.")
    if not gaps:
        refuse(name, ~np.isfinite(array), "missing or infinite", "leave such rows out before, and count them")
    return array


def whole_numbers(name: str, values: npt.ArrayLike, rows: int | None = None) -> Int:
    """Return whole numbers as a new array, shape (n,); refuse fractions, text and missing values."""
    array = column(name, values, rows)
    refuse(name, array != np.rint(array), "no whole number", "code the states 0, 1, 2, ...")
    return array.astype(np.int64)


def refuse(name: str, rows: npt.NDArray[np.bool_], what: str, remedy: str) -> None:
    """Raise BadColumn if any row is at fault; the message counts the rows and shows none."""
    if rows.any():
        raise BadColumn(f"{name} is {what} in {int(rows.sum())} of {len(rows)} rows; {remedy}.")


def label_codes(name: str, labels: npt.ArrayLike, rows: int | None = None) -> tuple[Int, tuple[str, ...]]:
    """Number the labels of a column: codes, shape (n,), and the labels in sorted order.

    Raises
    ------
    BadColumn
        A label is missing, or the column has another length.
    """
    array = np.asarray(labels)
    if array.ndim != 1 or (rows is not None and len(array) != rows):
        raise BadColumn(f"{name} has shape {array.shape}; one label for each of {rows} rows is wanted.")
    if array.dtype.kind not in "biuSU":
        lost = np.fromiter((_missing(label) for label in cast("Iterable[Any]", array)), dtype=bool, count=len(array))
        refuse(name, lost, "missing", "leave such rows out before, and count them")
        array = array if array.dtype.kind == "f" else array.astype(str)
    distinct, codes = np.unique(array, return_inverse=True)
    return codes.astype(np.int64), tuple(_label(label) for label in distinct.tolist())


def _missing(label: Any) -> bool:
    try:
        return label is None or bool(label != label)
    except TypeError:  # pandas.NA has no truth value
        return True


def _label(label: Any) -> str:
    return f"{label:g}" if isinstance(label, float) else str(label)
