"""Endpoints of patients: survival, progression, freedom from disease, from a start that is chosen and stated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isotherm.columns import Float
from isotherm.registry.days import NEVER, Mask, any_by, at, first_by, last_by, truth
from isotherm.registry.endpoints_answers import died_within
from isotherm.registry.endpoints_kinds import Choices
from isotherm.registry.endpoints_local import NEVER_ABLATED, NO_ABLATION_DAY, Local
from isotherm.registry.linked import Linked
from isotherm.registry.lives import AFTER_DEATH, Lives
from isotherm.registry.timed import BEFORE_START, NO_DEATH_DAY, Reasons, Timed, Told, timed
from isotherm.registry.tumors import COMPLETE, Tumors

NO_START = {
    "decision": "no day of a decision", "ablation": "no day of an ablation",
    "diagnosis": "no day of the primary tumor's diagnosis", "metastases": "no day on which a lesion was first seen",
}  # fmt: skip

NO_CONTACT = "not seen from the start on"
LOCAL_DAYS = "a finding of one of its tumors speaks of an ablation before the first one"
NOT_FREE = "not found free of disease"
PRIMARY = "no day of the primary tumor's resection"
ELSEWHERE = "disease outside of the organ at the decision"
ELSEWHERE_UNKNOWN = "disease outside of the organ at the decision is not known"
MEANWHILE = "disease outside of the organ, or beyond local therapy, was seen between decision and ablation"
NONE_AT_RISK = "no tumor that was free locally"


@dataclass(frozen=True, slots=True, eq=False)
class Patients:
    """Endpoints of the patients of a registry.

    Parameters
    ----------
    start : array, shape (n,)
        Day since 1970 of the anchor; NaN where there is none.
    times : mapping of str to Timed
    answers : mapping of str to Told
    progression : array, shape (n,)
        First day of any progression after the start; infinite where none was found.
    """

    start: Float
    times: Mapping[str, Timed]
    answers: Mapping[str, Told]
    progression: Float


def patients(linked: Linked, lives: Lives, tumors: Tumors, local: Local, choices: Choices) -> Patients:
    """Return the endpoints of each patient."""
    n = len(lives)
    anchor = {
        "decision": lives.decided, "ablation": lives.ablated, "diagnosis": lives.diagnosed,
        "metastases": lives.metastases,
    }[choices.anchor]  # fmt: skip
    start = np.where(np.isfinite(anchor), anchor, np.nan)
    early = any_by(tumors.patient, tumors.too_early, n)
    whole: Reasons = ((np.isnan(start), NO_START[choices.anchor]), *_death(lives, start),
                      (~(lives.contact >= start) & ~np.isfinite(lives.death), NO_CONTACT))  # fmt: skip
    of_tumor: Reasons = (*whole, (early, LOCAL_DAYS))
    after = _After(lives, tumors, local, start)
    residual = first_by(tumors.patient, np.where(local.residual > at(start, tumors.patient), local.residual, np.nan), n)
    any_ = after.any
    times = {
        "os": timed(start, lives.death, np.full(n, NEVER), lives.contact, lives.contact,
                    (*whole, (np.isnan(lives.death), NO_DEATH_DAY))),
        "pfs": _free_survival(lives, start, any_, of_tumor),
        "efs": _free_survival(lives, start, np.minimum(any_, residual), of_tumor),
        "dfs": _disease_free(linked, lives, tumors, local, (*_death(lives, start), (early, LOCAL_DAYS))),
        "dpfs": _free_survival(lives, start, after.distant, whole),
        "ttp": _time_to(lives, start, any_, of_tumor),
        "ttup": _time_to(lives, start, after.untreatable, whole),
        "ltp": _local(lives, tumors, local, early),
    }  # fmt: skip
    everybody = np.arange(n)
    died = {f"died_{days}d": died_within(days, lives.ablated, lives, everybody, NEVER_ABLATED) for days in (30, 90)}
    return Patients(start, times, died, any_)


@dataclass(slots=True, eq=False)
class _After:
    """The first days of progression after a day of each patient."""

    lives: Lives
    tumors: Tumors
    local: Local
    start: Float

    @property
    def untreatable(self) -> Float:
        return self.lives.looked.first(self.lives.looked.untreatable, self.start)

    @property
    def distant(self) -> Float:
        """New tumor, as a follow-up says it or as a lesion that was first seen after the first ablation."""
        looked, new = self.lives.looked, self.lives.new_lesion
        said = looked.first(looked.in_organ | looked.elsewhere, self.start)
        return np.minimum(said, np.where(new > self.start, new, NEVER))

    @property
    def any(self) -> Float:
        of_tumor = at(self.start, self.tumors.patient)
        local = np.where(self.local.progression > of_tumor, self.local.progression, np.nan)
        here = first_by(self.tumors.patient, local, len(self.start))
        return np.minimum(np.minimum(self.distant, self.untreatable), here)


def _death(lives: Lives, start: Float) -> Reasons:
    return (lives.after_death, AFTER_DEATH), (lives.death < start, BEFORE_START)


def _free_survival(lives: Lives, start: Float, found: Float, reasons: Reasons) -> Timed:
    """Return the time to what was found or to death."""
    died, undated = _known(lives)
    end = np.minimum(found, died)
    seen = lives.looked.last(np.full(len(lives), NEVER))
    return timed(start, end, np.full(len(lives), NEVER), seen, lives.looked.last(end),
                 (*reasons, (undated & np.isinf(found), NO_DEATH_DAY)))  # fmt: skip


def _time_to(lives: Lives, start: Float, found: Float, reasons: Reasons) -> Timed:
    """Return the time to what was found; death competes."""
    died, undated = _known(lives)
    seen = lives.looked.last(np.full(len(lives), NEVER))
    return timed(start, found, died, seen, lives.looked.last(found),
                 (*reasons, (undated & np.isinf(found), NO_DEATH_DAY)))  # fmt: skip


def _known(lives: Lives) -> tuple[Float, Mask]:
    undated = np.isnan(lives.death)
    return np.where(undated, NEVER, lives.death), undated


def _disease_free(linked: Linked, lives: Lives, tumors: Tumors, local: Local, reasons: Reasons) -> Timed:
    """Return the time from the day free of disease to any progression or death."""
    n = len(lives)
    found_on, ablated = linked.day("lesion", "found_on"), at(lives.ablated, tumors.patient)
    at_first = ~(found_on > ablated)
    cleared = np.minimum(local.complete, local.resection)
    complete = last_by(tumors.patient, np.where(at_first, cleared, np.nan), n)
    whose, resected = linked.patient("primary"), linked.day("primary", "resected_on")
    no_primary = ~any_by(whose, ~np.isnan(resected), n) | any_by(whose, np.isnan(resected), n)
    free = np.fmax(np.fmax(complete, last_by(whose, resected, n)), lives.ablated)
    outside, looked = _outside(linked, lives), lives.looked
    meanwhile = looked.first(looked.elsewhere | looked.untreatable, lives.decided) <= lives.ablated
    before = _After(lives, tumors, local, lives.ablated).any
    start = np.where(np.isfinite(free), free, np.nan)
    not_free = ~np.isfinite(complete) | ~np.isfinite(free) | (before <= free)
    return _free_survival(lives, start, before, (
        (np.isinf(lives.ablated), NEVER_ABLATED), (np.isnan(lives.ablated), NO_ABLATION_DAY), *reasons,
        (outside == 1.0, ELSEWHERE), (np.isnan(outside), ELSEWHERE_UNKNOWN), (meanwhile, MEANWHILE),
        (no_primary, PRIMARY),
        (not_free, NOT_FREE), (lives.death < start, BEFORE_START),
    ))  # fmt: skip


def _outside(linked: Linked, lives: Lives) -> Float:
    """Return whether the first decision saw disease outside of the organ, shape (n,); NaN where not known."""
    whose, said = linked.patient("decision"), truth(linked.tables["decision"]["extrahepatic_disease"])
    first = linked.day("decision", "decided_on") == at(lives.decided, whose)
    n = len(lives)
    yes, no = any_by(whose, first & (said == 1.0), n), any_by(whose, first & (said == 0.0), n)
    return np.where(yes, 1.0, np.where(no, 0.0, np.nan))


def _local(lives: Lives, tumors: Tumors, local: Local, early: Mask) -> Timed:
    """Return the time from the first ablation to the first local progression of any tumor; death competes."""
    n = len(lives)
    start = np.where(np.isfinite(lives.ablated), lives.ablated, np.nan)
    risk = np.isfinite(tumors.first_ablation) & ~local.never_free
    found = first_by(
        tumors.patient, np.where(risk & (local.progression <= local.resection), local.progression, np.nan), n
    )
    complete = tumors.findings.last_complete(np.full(len(tumors), NEVER))
    watched = np.fmax(np.where(np.isfinite(local.resection), local.resection, complete), tumors.first_ablation)
    seen = first_by(tumors.patient, np.where(risk & np.isinf(local.resection), watched, np.nan), n)
    seen = np.where(np.isinf(seen), last_by(tumors.patient, np.where(risk, watched, np.nan), n), seen)
    died, undated = _known(lives)
    free = tumors.findings
    rows = (free.state == COMPLETE) & (free.day < at(found, np.append(tumors.patient, -1)[free.tumor]))
    before = last_by(tumors.patient[free.tumor], np.where(rows, free.day, np.nan), n)
    return timed(start, found, died, seen, np.where(np.isfinite(found), before, seen), (
        (np.isinf(lives.ablated), NEVER_ABLATED), (np.isnan(lives.ablated), NO_ABLATION_DAY),
        (any_by(tumors.patient, np.isnan(tumors.first_ablation), n), NO_ABLATION_DAY),
        *_death(lives, start), (early, LOCAL_DAYS), (~any_by(tumors.patient, risk, n), NONE_AT_RISK),
        (undated & np.isinf(found), NO_DEATH_DAY),
    ))  # fmt: skip
