"""Endpoints of sessions: success and efficacy over their tumors, complications by scale, stay, early death."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.columns import Float, Int
from isotherm.registry.days import Mask, any_by, at, place_in_time, truth
from isotherm.registry.endpoints_answers import NO_DAY, NOT_NOTED, NOT_WATCHED, answers, died_within, every
from isotherm.registry.endpoints_kinds import Choices
from isotherm.registry.linked import Linked
from isotherm.registry.lives import Lives
from isotherm.registry.timed import Reasons, Told
from isotherm.registry.tumors import COMPLETE, RESIDUAL, Tumors

GRADES = ("ctcae_grade", "cirse_grade", "sir_grade")
"""Scales of complications, each of its own: none is made of another."""

_EVERY_TUMOR = "not found for every tumor of the session"


@dataclass(frozen=True, slots=True, eq=False)
class Sessions:
    """Sessions of a registry and what became of them.

    Parameters
    ----------
    patient : array of int, shape (n,)
    day, stay_days : array, shape (n,)
    answers : mapping of str to Told
    complications : array, shape (n,)
        How many are noted.
    grades : mapping of str to array of str, shape (n,)
        The highest grade of each scale; None where there is none.
    """

    patient: Int
    day: Float
    stay_days: Float
    answers: Mapping[str, Told]
    complications: Float
    grades: Mapping[str, np.ndarray[tuple[int], np.dtype[np.object_]]]


def sessions(linked: Linked, tumors: Tumors, lives: Lives, choices: Choices) -> Sessions:
    """Return the endpoints of each session."""
    patient, day = linked.patient("session"), linked.day("session", "ablated_on")
    n, stay = len(day), linked.day("session", "discharged_on") - day
    whose = _sessions_of_complications(linked, patient, day, choices)
    there = any_by(whose, np.ones(len(whose), dtype=bool), n)
    watched = at(lives.contact, patient) >= day + choices.complication_days
    undated: Reasons = ((np.isnan(day), NO_DAY),)
    found = {
        **_of_tumors(linked, tumors, undated, choices),
        "complication": answers(there, ~there & watched, (*undated, (np.ones(n, dtype=bool), NOT_WATCHED))),
        "died_30d": died_within(30.0, day, lives, patient, NO_DAY),
        "died_90d": died_within(90.0, day, lives, patient, NO_DAY),
    }
    counts = np.bincount(whose[whose >= 0], minlength=n).astype(np.float64)
    grades = {name: _highest(linked, whose, name, n) for name in GRADES}
    return Sessions(patient, day, np.where(stay < 0.0, np.nan, stay), found, counts, grades)


def _of_tumors(linked: Linked, tumors: Tumors, undated: Reasons, choices: Choices) -> dict[str, Told]:
    done, whose, rows = tumors.ablated, tumors.ablation_session, np.ones(len(tumors.ablation_day), dtype=bool)
    known = (tumors.ablation_tumor >= 0) & ~np.isnan(tumors.ablation_day)
    place = np.full(len(rows), len(done.tumor))
    place[known] = np.searchsorted(
        place_in_time(done.tumor, done.day), place_in_time(tumors.ablation_tumor[known], tumors.ablation_day[known])
    )
    early = np.append(tumors.too_early, True)[tumors.ablation_tumor]
    state = np.where(early, -1, np.append(done.state, -1)[place])
    soon = np.append(done.found_day - done.day, np.nan)[place] <= choices.efficacy_days
    complete = np.where(state == COMPLETE, 1.0, np.where(state == RESIDUAL, 0.0, np.nan))
    free = every(whose, complete, rows, undated, _EVERY_TUMOR)
    return {
        "technical_success": every(whose, truth(linked.tables["ablation"]["technically_successful"]), rows, undated,
                                   NOT_NOTED),
        "residual_tumor": Told(1.0 - free.values, free.why),
        "efficacy": every(whose, np.where(soon, complete, np.nan), rows, undated, _EVERY_TUMOR),
    }  # fmt: skip


def _sessions_of_complications(linked: Linked, patient: Int, day: Float, choices: Choices) -> Int:
    """Return the session of each complication: the one it names, else the last one soon before it; -1 for none."""
    named, whose = linked.row_of("complication", "session_id"), linked.patient("complication")
    began = linked.day("complication", "began_on")
    dated = np.flatnonzero(~np.isnan(day) & (patient >= 0))
    place = place_in_time(patient[dated], day[dated])
    order = np.argsort(place, kind="stable")
    ask = (named < 0) & (whose >= 0) & ~np.isnan(began) & linked.tables["complication"]["session_id"].isna().to_numpy()
    before = np.full(len(named), -1)
    before[ask] = np.searchsorted(place[order], place_in_time(whose[ask], began[ask]), side="right") - 1
    found = np.append(dated[order], -1)[before]
    fits = ask & (before >= 0) & (np.append(patient, -1)[found] == whose)
    fits &= began - at(day, found) <= choices.complication_days
    return np.where(named >= 0, named, np.where(fits, found, -1))


def _highest(linked: Linked, whose: Int, name: str, n: int) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Return the highest grade of each session on one scale; None where there is none."""
    field = RECORD_KINDS["complication"].field(name)
    order = field.choices or tuple(str(grade) for grade in range(int(field.low), int(field.high) + 1))
    values = linked.tables["complication"][name]
    written = values if field.choices else values.map(lambda grade: f"{grade:.0f}", na_action="ignore")
    rank = written.map({grade: place for place, grade in enumerate(order)}).fillna(-1.0).to_numpy(dtype=np.int64)
    best = np.full(n, -1, dtype=np.int64)
    rows: Mask = (whose >= 0) & (rank >= 0)
    np.maximum.at(best, whose[rows], rank[rows])
    return np.array([*order, None], dtype=object)[best]
