"""Reconstruction: a printed survival curve and its numbers at risk → one row per patient, and a report of errors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float
from isotherm.errors import BadCurve
from isotherm.evidence.curve_cleaning import cleaned
from isotherm.evidence.patient_flow import Stretch
from isotherm.evidence.printed_curve import OFF_THE_CURVE, OUTSIDE, DigitizedCurve, NumbersAtRisk
from isotherm.evidence.printed_events import settled
from isotherm.evidence.whole_patients import whole_patients
from isotherm.outcome import TimeToEvent

METHOD = "reconstructed from a printed curve and its numbers at risk (Guyot 2012), not patients' own data"
"""Stands beside everything that is computed from reconstructed rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconstructionReport:
    """How far a reconstruction is from what was printed.

    Parameters
    ----------
    rmse, largest : float or None
        Root mean square, and largest, of the difference between the reconstructed Kaplan-Meier curve and the points as
        they were read; None where there was no curve.
    largest_at_days : float or None
        Where the largest is.
    at_risk_apart : tuple of int
        Reconstructed minus printed number at risk, at each time of the table.
    events_by_table_apart : tuple of int or None
        The same for printed events up to each time.
    events : int
        Events reconstructed.
    events_apart : int or None
        Minus the total that was given.
    """

    rmse: float | None
    largest: float | None
    largest_at_days: float | None
    at_risk_apart: tuple[int, ...]
    events_by_table_apart: tuple[int, ...] | None
    events: int
    events_apart: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconstruction:
    """One arm's reconstructed rows and their report; print `method` with whatever is computed from them."""

    outcome: TimeToEvent
    report: ReconstructionReport
    method: str = METHOD

    def survival(self, days: npt.ArrayLike) -> Float:
        """Return the share free of the event just after some days, shape (p,): the product-limit estimate."""
        return _survival(self.outcome, np.asarray(days, dtype=np.float64))


def reconstruct(
    table: NumbersAtRisk, curve: DigitizedCurve | None = None, *, total_events: int | None = None
) -> Reconstruction:
    """Reconstruct one arm's individual data.

    Parameters
    ----------
    table : NumbersAtRisk
    curve : DigitizedCurve, optional
        May be left out where the table prints events: these are then spread evenly between its times.
    total_events : int, optional
        All events of the arm, where the publication prints them.

    Raises
    ------
    BadCurve
        Curve and table contradict each other, or a total that the arm cannot have.

    References
    ----------
    .. [1] Guyot P, Ades AE, Ouwens MJNM, Welton NJ. BMC Med Res Methodol 2012;12:9.
    .. [2] Liu N, Zhou Y, Lee JJ. BMC Med Res Methodol 2021;21:111.
    """
    _check_total(table, curve, total_events)
    if curve is None:
        outcome = whole_patients(_from_table(table), cut=True)
    else:
        _check_ends(table, curve)
        found = settled(cleaned(curve, table), table, curve, total_events)
        outcome = whole_patients(found, cut=curve.cut)
    return Reconstruction(outcome=outcome, report=_report(outcome, table, curve, total_events))


def _from_table(table: NumbersAtRisk) -> list[Stretch]:
    """Return the stretches of a table that prints events, each spread evenly; the last patients stay to the end."""
    days, left = table.times_days, table.at_risk
    events = np.diff(table.events) if table.events is not None else np.zeros(len(days) - 1)
    found: list[Stretch] = []
    for k in range(len(days) - 1):
        start, end, leaving = float(days[k]), float(days[k + 1]), float(left[k] - left[k + 1])
        amount, place = np.array([float(events[k])]), (np.array([start]), np.array([end]))
        found.append(Stretch(start, end, float(left[k]), leaving, *place, amount, leaving - float(events[k])))
    last, stay = days[-1:], float(left[-1])
    return [*found, Stretch(float(last[0]), float(last[0]), stay, stay, last, last, np.zeros(1), 0.0)]


def _check_total(table: NumbersAtRisk, curve: DigitizedCurve | None, total_events: int | None) -> None:
    if curve is None and table.events is None:
        raise BadCurve("Neither a curve nor events came; numbers at risk alone do not say who had the event.")
    if total_events is None:
        return
    if not float(total_events).is_integer() or not 0 <= total_events <= table.n:
        raise BadCurve(f"{total_events} events came for {table.n} patients; a whole number up to theirs is wanted.")
    if table.events is None:
        return
    least, after = int(table.events[-1]), int(table.at_risk[-1]) if curve is not None else 0
    if not least <= total_events <= least + after:
        raise BadCurve(
            f"{total_events} events came; with those in the table it is {least} to {least + after}. Give the total of "
            f"this arm{'' if curve is not None else ', or the curve after the end of the table'}."
        )


def _check_ends(table: NumbersAtRisk, curve: DigitizedCurve) -> None:
    """Refuse a table of another curve: it goes on longer, ends before, or has more at risk than are event-free."""
    last, slack = curve.last_day, OUTSIDE * curve.last_day
    watched = table.times_days[: table.watched]
    if watched[-1] > last + slack:
        raise BadCurve(f"The curve ends on day {last:g}, and somebody is at risk on day {watched[-1]:g}; check both.")
    if table.watched < len(table.times_days) and last > table.times_days[table.watched] + slack:
        gone = table.times_days[table.watched]
        raise BadCurve(f"There is nobody at risk on day {gone:g}, and the curve goes on to day {last:g}; check both.")
    order = np.argsort(curve.times_days, kind="stable")
    before = np.searchsorted(curve.times_days[order], watched, side="left")
    free = np.concatenate([[1.0], curve.survival[order]])[before]
    if ((table.at_risk[: table.watched] - 1.0) / table.n > free + OFF_THE_CURVE).any():
        raise BadCurve("More are at risk than the curve has free of the event; do curve and table belong to one arm?")


def _report(
    outcome: TimeToEvent, table: NumbersAtRisk, curve: DigitizedCurve | None, total_events: int | None
) -> ReconstructionReport:
    died = outcome.event == 1
    left = (outcome.time_days[:, None] >= table.times_days).sum(axis=0)
    apart = None
    if table.events is not None:
        by_then = (outcome.time_days[died][:, None] < table.times_days).sum(axis=0)
        apart = tuple(int(gap) for gap in by_then - table.events)
    rmse = largest = where = None
    if curve is not None:
        gaps = np.abs(_survival(outcome, curve.times_days) - curve.survival)
        rmse, largest = math.sqrt(float((gaps**2).mean())), float(gaps.max())
        where = float(curve.times_days[int(gaps.argmax())])
    return ReconstructionReport(
        rmse=rmse, largest=largest, largest_at_days=where,
        at_risk_apart=tuple(int(gap) for gap in left - table.at_risk), events_by_table_apart=apart,
        events=int(died.sum()), events_apart=None if total_events is None else int(died.sum()) - total_events,
    )  # fmt: skip


def _survival(outcome: TimeToEvent, days: Float) -> Float:
    """Return the product-limit estimate just after some days, shape (p,)."""
    when, events = np.unique(outcome.time_days[outcome.event == 1], return_counts=True)
    at_risk = len(outcome) - np.searchsorted(np.sort(outcome.time_days), when, side="left")
    steps = np.concatenate([[1.0], np.cumprod(1.0 - events / at_risk)])
    return steps[np.searchsorted(when, days, side="right")]
