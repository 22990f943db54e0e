"""The outcomes of a cohort: times and events of the rows in which they are known, and how many are not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isotherm.columns import Int, refuse
from isotherm.errors import BadSetting
from isotherm.outcome import TimeToEvent
from isotherm.study.cohort import Cohort
from isotherm.study.intercurrent import handled
from isotherm.study.protocol_parts import Outcome
from isotherm.study.records import event_codes, indicator, outcome_days


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """A time-to-event outcome of a cohort.

    Parameters
    ----------
    outcome : Outcome
    times : TimeToEvent
        Of n patients or tumors; 1 the event, 2 and above competing ones. Tumors are clustered in their patients.
    rows : array of int, shape (n,)
        Their places in the cohort: of a patient with several tumors, the first row stands for the patient.
    missing : int
        Patients or tumors without a time, an event or a competing event.
    """

    outcome: Outcome
    times: TimeToEvent
    rows: Int
    missing: int


@dataclass(frozen=True, slots=True, eq=False)
class ObservedYesNo:
    """A yes/no outcome of a cohort.

    Parameters
    ----------
    outcome : Outcome
    happened : array of bool, shape (n,)
    cluster : array of int, shape (n,), or None
        Codes of patients, where the outcome is of tumors.
    rows, missing :
        As of `Observed`.
    """

    outcome: Outcome
    happened: npt.NDArray[np.bool_]
    cluster: Int | None
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
    BadColumn
        An outcome of patients differs between rows of one patient.
    """
    outcome = _outcome(cohort, name, "time")
    days = outcome_days(cohort.protocol, outcome, cohort.table)
    days, event = handled(cohort.protocol, outcome, cohort.table, days, event_codes(outcome, cohort.table))
    rows, missing = _units(cohort, outcome, np.column_stack([days, event]))
    times = TimeToEvent(days[rows], event[rows].astype(np.int64), cluster=_cluster(cohort, outcome, rows))
    return Observed(outcome, times, rows, missing)


def observed_yes_no(cohort: Cohort, name: str) -> ObservedYesNo:
    """Return a yes/no outcome; raises as `observed`."""
    outcome = _outcome(cohort, name, "yes/no")
    event = indicator(cohort.table, outcome.event)
    rows, missing = _units(cohort, outcome, event[:, None])
    return ObservedYesNo(outcome, event[rows] == 1.0, _cluster(cohort, outcome, rows), rows, missing)


def _units(cohort: Cohort, outcome: Outcome, values: npt.NDArray[np.float64]) -> tuple[Int, int]:
    """Return the rows that stand for a patient or tumor with every value known, and how many have a gap."""
    rows = np.arange(len(cohort), dtype=np.int64)
    if outcome.unit == "patient" and cohort.people.tumors:
        first, member = np.unique(cohort.person, return_index=True, return_inverse=True)[1:]
        same = (values == values[first][member]) | (np.isnan(values) & np.isnan(values[first][member]))
        refuse(f"Outcome '{outcome.name}'", ~same.all(axis=1), "of patients, and differs within a patient,",
               "mend it, or declare it of tumors")  # fmt: skip
        rows = np.sort(first).astype(np.int64)
    known = ~np.isnan(values[rows]).any(axis=1)
    return rows[known], int((~known).sum())


def _cluster(cohort: Cohort, outcome: Outcome, rows: Int) -> Int | None:
    return cohort.person[rows] if outcome.unit == "tumor" else None


def _outcome(cohort: Cohort, name: str, kind: str) -> Outcome:
    if cohort.protocol.outcomes_blinded:
        raise BadSetting("Outcomes are blinded by the protocol; nothing about them can be said before it is opened.")
    fitting = {outcome.name: outcome for outcome in cohort.protocol.outcomes if outcome.kind == kind}
    if name not in fitting:
        raise BadSetting(f"No outcome '{name}' of kind {kind}; the protocol has: {', '.join(fitting) or 'none'}.")
    return fitting[name]
