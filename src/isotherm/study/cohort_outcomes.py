"""The outcomes of a cohort: times and events of the rows in which they are known, and how many are not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isotherm.columns import Int
from isotherm.errors import BadSetting
from isotherm.outcome import TimeToEvent
from isotherm.study.cohort import Cohort
from isotherm.study.protocol_parts import Outcome
from isotherm.study.records import indicator, outcome_days


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """A time-to-event outcome of a cohort.

    Parameters
    ----------
    outcome : Outcome
    times : TimeToEvent
        Of n rows; 1 the event, 2 the competing one.
    rows : array of int, shape (n,)
        Places of those rows in the cohort.
    missing : int
        Rows of the cohort without a time, an event or a competing event.
    """

    outcome: Outcome
    times: TimeToEvent
    rows: Int
    missing: int


@dataclass(frozen=True, slots=True, eq=False)
class ObservedYesNo:
    """A yes/no outcome of a cohort: `happened` of shape (n,), its `rows` in the cohort, and how many are missing."""

    outcome: Outcome
    happened: npt.NDArray[np.bool_]
    rows: Int
    missing: int


def observed(cohort: Cohort, name: str) -> Observed:
    """Return a time-to-event outcome.

    Parameters
    ----------
    cohort : Cohort
    name : str
        Of an outcome of the protocol.

    Raises
    ------
    BadSetting
        Outcomes are blinded, or there is no such outcome with times.
    """
    outcome = _outcome(cohort, name, "time")
    days = outcome_days(cohort.protocol, outcome, cohort.table)
    event = indicator(cohort.table, outcome.event)
    if outcome.competing is not None:
        other = indicator(cohort.table, outcome.competing)
        event = np.where(np.isnan(other), np.nan, np.where(other == 1.0, 2.0, event))
    rows = np.flatnonzero(~np.isnan(days) & ~np.isnan(event)).astype(np.int64)
    times = TimeToEvent(days[rows], event[rows].astype(np.int64))
    return Observed(outcome, times, rows, len(cohort) - len(rows))


def observed_yes_no(cohort: Cohort, name: str) -> ObservedYesNo:
    """Return a yes/no outcome; raises as `observed`."""
    outcome = _outcome(cohort, name, "yes/no")
    event = indicator(cohort.table, outcome.event)
    rows = np.flatnonzero(~np.isnan(event)).astype(np.int64)
    return ObservedYesNo(outcome, event[rows] == 1.0, rows, len(cohort) - len(rows))


def _outcome(cohort: Cohort, name: str, kind: str) -> Outcome:
    if cohort.protocol.outcomes_blinded:
        raise BadSetting("Outcomes are blinded by the protocol; nothing about them can be said before it is opened.")
    fitting = {outcome.name: outcome for outcome in cohort.protocol.outcomes if outcome.kind == kind}
    if name not in fitting:
        raise BadSetting(f"No outcome '{name}' of kind {kind}; the protocol has: {', '.join(fitting) or 'none'}.")
    return fitting[name]
