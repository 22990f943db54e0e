"""Baseline: number and size of each patient's lesions at the first decision, noted or read off the scan before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from isotherm.clinical.vocabulary import CASE_FACTS
from isotherm.columns import Float, Int
from isotherm.registry.days import Mask, any_by, at, first_by, last_by
from isotherm.registry.linked import Linked
from isotherm.registry.lives import Lives
from isotherm.registry.timed import Reasons, Told, told

NO_DECISION = "no day of a decision"
NO_READING = "neither noted nor read off a scan by the decision"
NOT_ALL_READ = "a lesion that was there is not read on the scan before the decision"
SEVERAL_ORGANS = "lesions in several organs, and no organ noted at the decision"
NO_DIAMETER = "a lesion on the scan before the decision has no diameter"
CONTRADICTED = "what is noted contradicts what was read"
IMPLAUSIBLE = "not a plausible number"


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """Lesions of n patients at the first decision.

    Parameters
    ----------
    decision : array of int, shape (n,)
        Row of the first decision; -1 for none.
    scan_day : array, shape (n,)
        Day since 1970 of the nearest scan with readings by the decision; NaN for none.
    n_lesions, largest_lesion_mm : Told
        As noted at the decision, else as read on that day.
    """

    decision: Int
    scan_day: Float
    n_lesions: Told
    largest_lesion_mm: Told

    def of_decision(self, linked: Linked, name: str) -> Float:
        """Return a number of the first decision, shape (n,); NaN where not known."""
        values = linked.tables["decision"][name]
        return at(values.to_numpy(dtype=np.float64, na_value=np.nan), self.decision)


def baseline(linked: Linked, lives: Lives) -> Baseline:
    """Return the lesions of each patient at the first decision.

    What is noted stays as it is, unless more or larger lesions were read. Of several readings of a lesion on the day
    the largest diameter counts.
    """
    n = len(lives)
    decision = _first_decisions(linked, lives)
    lesion, scan = linked.row_of("reading", "lesion_id"), linked.row_of("reading", "scan_id")
    day, whose = at(linked.day("scan", "scanned_on"), scan), linked.patient("reading")
    owner, (counts, several) = linked.patient("lesion"), _in_question(linked, decision)
    by_then = (lesion >= 0) & (day <= at(lives.decided, whose)) & np.append(counts, False)[lesion]
    nearest = last_by(whose, np.where(by_then, day, np.nan), n)
    on_day = by_then & (day == at(nearest, whose))
    size = np.full(len(linked.tables["lesion"]), -np.inf)
    diameter = linked.tables["reading"]["diameter_mm"].to_numpy(dtype=np.float64)
    np.fmax.at(size, lesion[on_day], diameter[on_day])
    read = any_by(lesion, on_day, len(size))
    found_on = linked.day("lesion", "found_on")
    # A lesion that nobody dated counts as new where it was read later only.
    undated = np.isnan(found_on) & ~any_by(lesion, np.ones(len(lesion), dtype=bool), len(size))
    missed = any_by(owner, counts & ~read & ((found_on <= at(lives.decided, owner)) | undated), n)
    no_size = any_by(owner, read & np.isinf(size), n)
    counted = np.bincount(owner[read & (owner >= 0)], minlength=n).astype(np.float64)
    largest = last_by(owner, np.where(read & np.isfinite(size), size, np.nan), n)
    scan_day = np.where(np.isfinite(nearest), nearest, np.nan)
    found = Baseline(decision, scan_day, _nothing(n), _nothing(n))
    undecided, unread = np.isinf(lives.decided), np.isnan(scan_day)
    told_of = {
        name: _noted_or_read(name, found.of_decision(linked, name), values, undecided, unread, gaps)
        for name, values, gaps in (
            ("n_lesions", counted, ((several, SEVERAL_ORGANS), (missed, NOT_ALL_READ))),
            ("largest_lesion_mm", largest, ((several, SEVERAL_ORGANS), (missed, NOT_ALL_READ), (no_size, NO_DIAMETER))),
        )
    }
    return Baseline(decision, scan_day, told_of["n_lesions"], told_of["largest_lesion_mm"])


def _in_question(linked: Linked, decision: Int) -> tuple[Mask, Mask]:
    """Return which lesions lie in the organ that the decision is about, and who has several organs and none noted."""
    owner, n = linked.patient("lesion"), len(decision)
    code, names = pd.factorize(linked.tables["lesion"]["organ"])
    noted = np.asarray(names.get_indexer(pd.Index([*linked.tables["decision"]["organ"], None], dtype=object)))[decision]
    organ = np.append(noted, -1)[owner]
    counts = (owner >= 0) & ((organ < 0) | (organ == code))
    least, most = first_by(owner, code.astype(np.float64), n), last_by(owner, code.astype(np.float64), n)
    return counts, (noted < 0) & np.isfinite(least) & (least != most)


def _noted_or_read(name: str, noted: Float, read: Float, undecided: Mask, unread: Mask, gaps: Reasons) -> Told:
    there = ~np.isnan(noted)
    kind = CASE_FACTS[name]
    values = np.where(there, noted, read)
    with np.errstate(invalid="ignore"):
        odd = ~unread & ~there & ~((values >= kind.low) & (values <= kind.high))
    return told(values, (
        (undecided, NO_DECISION), (there & ~unread & (read > noted), CONTRADICTED), (~there & unread, NO_READING),
        *((~there & rows, words) for rows, words in gaps), (odd, IMPLAUSIBLE),
    ))  # fmt: skip


def _first_decisions(linked: Linked, lives: Lives) -> Int:
    """Return the row of the first decision of each patient; of two on one day, that with the smaller key."""
    whose, day = linked.patient("decision"), linked.day("decision", "decided_on")
    rows = np.flatnonzero(day == at(lives.decided, whose))
    order = rows[np.argsort(linked.tables["decision"]["decision_id"].to_numpy(dtype=str)[rows], kind="stable")[::-1]]
    found = np.full(len(lives), -1, dtype=np.int64)
    found[whose[order]] = order
    return found


def _nothing(n: int) -> Told:
    return Told(np.full(n, np.nan), np.full(n, "", dtype=object))
