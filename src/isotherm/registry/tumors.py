"""Tumors: the days of each lesion's ablations, and what findings after them say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from isotherm.columns import Float, Int
from isotherm.registry.days import NEVER, Mask, any_by, at, first_by, first_known, last_by, place_in_time
from isotherm.registry.linked import Linked

COMPLETE, RESIDUAL, PROGRESSION = 0, 1, 2
"""What a finding can say of an ablated tumor; of several on one day the largest counts."""

STATES = {"completely ablated": COMPLETE, "residual tumor": RESIDUAL, "local tumor progression": PROGRESSION}

RESECTED = "resected"


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """Findings that say something of an ablated tumor: by tumor and day, one for each day.

    Parameters
    ----------
    tumor, state : array of int, shape (m,)
    day : array, shape (m,)
    """

    tumor: Int
    day: Float
    state: Int

    def first(self, states: tuple[int, ...], n: int, *, after: Float | None = None) -> Float:
        """Return the first day of a finding of these states, later than a day of each tumor if one is given, (n,)."""
        rows = np.isin(self.state, states)
        if after is not None:
            rows &= self.day > at(after, self.tumor)
        return first_by(self.tumor, np.where(rows, self.day, np.nan), n)

    def last_complete(self, until: Float) -> Float:
        """Return the last day before a day of each tumor on which it was found completely ablated, shape (n,)."""
        rows = (self.state == COMPLETE) & (self.day < at(until, self.tumor))
        return last_by(self.tumor, np.where(rows, self.day, np.nan), len(until))


@dataclass(frozen=True, slots=True, eq=False)
class Ablated:
    """Days on which tumors were ablated: by tumor and day, one for each day.

    Parameters
    ----------
    tumor : array of int, shape (k,)
    day, next_day : array, shape (k,)
        The next one of the tumor; infinite where it was the last.
    state : array of int, shape (k,)
        What the first finding from that day on says, before the next ablation; -1 where there is none.
    found_day : array, shape (k,)
        Its day.
    """

    tumor: Int
    day: Float
    next_day: Float
    state: Int
    found_day: Float


@dataclass(frozen=True, slots=True, eq=False)
class Tumors:
    """Lesions of a registry: one row each.

    Parameters
    ----------
    patient : array of int, shape (n,)
    first_ablation : array, shape (n,)
        Infinite where the lesion was never ablated; NaN where one of its ablations has no day.
    ablated : Ablated
    ablation_tumor, ablation_session : array of int, shape (a,)
        Of each record of an ablation: rows of its lesion and session; -1 where they are not there.
    ablation_day : array, shape (a,)
    findings : Findings
    resection : array, shape (n,)
        First finding that it was resected.
    too_early : array of bool, shape (n,)
        Whether a finding speaks of an ablation before the first one.
    """

    patient: Int
    first_ablation: Float
    ablated: Ablated
    ablation_tumor: Int
    ablation_session: Int
    ablation_day: Float
    findings: Findings
    resection: Float
    too_early: Mask

    def __len__(self) -> int:
        """Return the number of lesions."""
        return len(self.patient)


def tumors(linked: Linked) -> Tumors:
    """Return the lesions of a registry with their ablations and findings."""
    n = len(linked.tables["lesion"])
    tumor, session = linked.row_of("ablation", "lesion_id"), linked.row_of("ablation", "session_id")
    day = at(linked.day("session", "ablated_on"), session)
    first = first_known(tumor, day, n)
    findings, resection, early = _findings(linked, first)
    return Tumors(linked.patient("lesion"), first, _ablated(tumor, day, findings), tumor, session, day, findings,
                  resection, early)  # fmt: skip


def finding_days(linked: Linked) -> tuple[Int, Float]:
    """Return the tumor and the day of each record of a finding, shape (f,)."""
    follow_up = linked.row_of("finding", "follow_up_id")
    return linked.row_of("finding", "lesion_id"), at(linked.day("follow_up", "seen_on"), follow_up)


def finding_states(linked: Linked) -> Int:
    """Return what each record of a finding says, shape (f,); -1 where that is nothing of an ablation."""
    code, names = pd.factorize(linked.tables["finding"]["state"])
    return np.array([*(STATES.get(name, -1) for name in names), -1], dtype=np.int64)[code]


def before_ablation(state: Int, day: Float, first: Float) -> Mask:
    """Return whether a finding speaks of an ablation that had not been; progression takes longer than its day."""
    return (state >= 0) & ((day < first) | ((state == PROGRESSION) & (day == first)))


def _findings(linked: Linked, first: Float) -> tuple[Findings, Float, Mask]:
    tumor, day = finding_days(linked)
    state = finding_states(linked)
    early = before_ablation(state, day, at(first, tumor))
    gone = (linked.tables["finding"]["state"] == RESECTED).to_numpy(dtype=bool)
    rows = np.flatnonzero((state >= 0) & (tumor >= 0) & ~np.isnan(day) & ~early & np.isfinite(at(first, tumor)))
    place = place_in_time(tumor[rows], day[rows])
    order = np.lexsort((state[rows], place))
    last = np.append(np.diff(place[order]) != 0, True)[: len(order)]
    kept = rows[order[last]]
    return (
        Findings(tumor[kept], day[kept], state[kept]),
        first_by(tumor, np.where(gone, day, np.nan), len(first)),
        any_by(tumor, early, len(first)),
    )


def _ablated(tumor: Int, day: Float, findings: Findings) -> Ablated:
    rows = (tumor >= 0) & ~np.isnan(day)
    place, one = np.unique(place_in_time(tumor[rows], day[rows]), return_index=True)
    tumor, day = tumor[rows][one], day[rows][one]
    same = np.append(tumor[1:] == tumor[:-1], False)[: len(tumor)]
    following = np.where(same, np.append(day[1:], NEVER)[: len(day)], NEVER)
    seen = np.searchsorted(place_in_time(findings.tumor, findings.day), place)
    whose, when = np.append(findings.tumor, -1)[seen], np.append(findings.day, np.nan)[seen]
    own = (whose == tumor) & (when < following)
    state = np.where(own, np.append(findings.state, -1)[seen], -1)
    return Ablated(tumor, day, following, state, np.where(own, when, np.nan))
