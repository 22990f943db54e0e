"""What a publication prints of a survival curve: points read off the drawing, and the numbers at risk below it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from isotherm.columns import Float, Int, numbers
from isotherm.errors import BadColumn, BadCurve
from isotherm.outcome import LONGEST_DAYS

Reading = Literal["line", "steps"]

OUTSIDE = 0.03
"""A reading may lie so far outside of 0 to 1, and a time so far (of the axis) before day 0 or behind the one before."""

OFF_THE_CURVE = 0.05
"""No reading lies farther from the nearest falling curve, errors in time allowed for: else it is no survival curve."""

PERCENT_ABOVE = 1.5
"""Survivals above this are percentages."""


@dataclass(frozen=True, slots=True, eq=False, init=False)
class DigitizedCurve:
    """Points of one arm's survival curve, in the order in which they were read, with the errors of reading.

    Parameters
    ----------
    times_days : array, shape (p,)
        Days from time zero; small steps back are errors of reading, large ones are refused.
    survival : array, shape (p,)
        Share free of the event, 0 to 1; errors of reading may put it 0.03 outside.
    reading : str
        "line": read anywhere along the line, by eye or by software. "steps": one point at the foot of each step, exact
        in time (or one at its head and one at its foot).
    cut : bool
        The drawing ends while patients are still watched. Else it ends where the last patient does.

    Raises
    ------
    BadCurve
        Fewer than two points, NaN, survival outside of 0 to 1 or in percent, times that go back, a rising curve.
    """

    times_days: Float
    survival: Float
    reading: Reading
    cut: bool

    def __init__(
        self, times_days: npt.ArrayLike, survival: npt.ArrayLike, *, reading: Reading = "line", cut: bool = False
    ) -> None:
        days, share = _columns("times", times_days, "survivals", survival)
        if len(days) < 2:
            raise BadCurve(f"{len(days)} {'point' if len(days) == 1 else 'points'} came; a curve has two or more.")
        if reading not in ("line", "steps"):
            raise BadCurve(f'The reading "{reading}" came; say "line" or "steps".')
        _check_times(days)
        _check_survival(days, share)
        for values in (days, share):
            values.setflags(write=False)
        for name, value in (("times_days", days), ("survival", share), ("reading", reading), ("cut", cut)):
            object.__setattr__(self, name, value)

    @property
    def last_day(self) -> float:
        """Where the drawing ends."""
        return float(self.times_days.max())


@dataclass(frozen=True, slots=True, eq=False, init=False)
class NumbersAtRisk:
    """The table below a curve, for one arm.

    Parameters
    ----------
    times_days : array, shape (t,)
        Rising, from day 0.
    at_risk : array of int, shape (t,)
        Patients (or tumors) still watched and free of the event: whose time is not before that day.
    events : array of int, shape (t,), optional
        Events up to then, where the table prints them.

    Raises
    ------
    BadCurve
        Lengths differ, NaN, a fraction, no number at day 0, times that do not rise, numbers at risk that rise, events
        that fall or are more than those who left.
    """

    times_days: Float
    at_risk: Int
    events: Int | None

    def __init__(self, times_days: npt.ArrayLike, at_risk: npt.ArrayLike, events: npt.ArrayLike | None = None) -> None:
        days, left = _columns("times", times_days, "numbers at risk", at_risk)
        if not len(days):
            raise BadCurve("The table holds no number at risk; at least the one at day 0 is wanted.")
        if days[0] != 0.0:
            raise BadCurve(f"The numbers at risk begin on day {days[0]:g}; the one at day 0 is wanted too.")
        if (np.diff(days) <= 0.0).any() or days[-1] > LONGEST_DAYS:
            raise BadCurve("The times of the numbers at risk do not rise, or are no days; give rising days.")
        counts = _whole("numbers at risk", left)
        if (np.diff(counts) > 0).any():
            raise BadCurve("The numbers at risk rise; patients only leave. Check the arm and the reading.")
        if counts[0] == 0:
            raise BadCurve("There is nobody at risk on day 0; give the number of patients of the arm.")
        self._keep(days, counts, None if events is None else _checked_events(days, counts, events))

    def _keep(self, days: Float, counts: Int, events: Int | None) -> None:
        for name, values in (("times_days", days), ("at_risk", counts), ("events", events)):
            if values is not None:
                values.setflags(write=False)
            object.__setattr__(self, name, values)

    @property
    def n(self) -> int:
        """Patients (or tumors) of the arm."""
        return int(self.at_risk[0])

    @property
    def watched(self) -> int:
        """How many of the times have anybody at risk: the ones up to the last of them."""
        return int((self.at_risk > 0).sum())


def _columns(first: str, a: npt.ArrayLike, second: str, b: npt.ArrayLike) -> tuple[Float, Float]:
    one, two = _numbers(first, a), _numbers(second, b)
    if one.shape != two.shape:
        raise BadCurve(f"{one.size} {first} and {two.size} {second} came; one for each is wanted.")
    return one, two


def _numbers(name: str, values: Any) -> Float:
    try:
        array = numbers(name, values)
    except BadColumn as odd:
        raise BadCurve(f"The {odd}") from None
    if array.ndim != 1:
        raise BadCurve(f"The {name} have {array.ndim} dimensions; one list of numbers is wanted.")
    if not np.isfinite(array).all():
        raise BadCurve(f"The {name} hold NaN or infinity; leave such readings out.")
    return array


def _whole(name: str, values: Float) -> Int:
    if (values < 0.0).any():
        raise BadCurve(f"There are negative {name}; counts are at least 0.")
    if (values != np.rint(values)).any():
        raise BadCurve(f"The {name} are no whole numbers; counts are wanted.")
    return values.astype(np.int64)


def _checked_events(days: Float, counts: Int, events: npt.ArrayLike) -> Int:
    _, printed = _columns("times", days, "numbers of events", events)
    by_then = _whole("numbers of events", printed)
    if by_then[0] != 0:
        raise BadCurve(f"The events start at {by_then[0]}; none has happened on day 0.")
    if (np.diff(by_then) < 0).any():
        raise BadCurve("The events fall; the table is to hold all events up to each time.")
    if (np.diff(by_then) > -np.diff(counts)).any():
        raise BadCurve("There are more events than patients who left between two times; check the table.")
    return by_then


def _check_times(days: Float) -> None:
    last = float(days.max())
    if last > LONGEST_DAYS:
        raise BadCurve(f"The curve ends on day {last:g}, longer than any human life; give days.")
    if last - float(days.min()) <= 0.0 or last <= 0.0:
        raise BadCurve("All points of the curve lie on one day; points along its whole length are wanted.")
    if days.min() < -OUTSIDE * last:
        raise BadCurve("The curve begins before day 0; count days from time zero.")
    if (np.maximum.accumulate(days) - days).max() > OUTSIDE * last:
        raise BadCurve("The times of the points go back; give the points of one curve in order.")


def _check_survival(days: Float, share: Float) -> None:
    if share.max() > PERCENT_ABOVE:
        raise BadCurve("The survivals look like percentages; give shares from 0 to 1.")
    if share.min() < -OUTSIDE or share.max() > 1.0 + OUTSIDE:
        raise BadCurve("Survivals lie outside of 0 to 1, farther than errors of reading; check the axis.")
    order = np.argsort(days, kind="stable")
    when, ordered = days[order], share[order]
    falling = np.asarray(isotonic_regression(ordered, increasing=False).x)
    reach = OUTSIDE * float(when[-1])
    above, below = np.interp(when - reach, when, falling), np.interp(when + reach, when, falling)
    if ((ordered > above + OFF_THE_CURVE) | (ordered < below - OFF_THE_CURVE)).any():
        raise BadCurve("The curve rises; for a cumulative incidence give 1 minus it, and one arm at a time.")
