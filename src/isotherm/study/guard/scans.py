"""Scans that precede ablation: who is to be ablated is looked at then, and who is not is not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import binom

from isotherm.columns import Float
from isotherm.study.finding import Finding, Tally
from isotherm.study.guard.patients import Mask, Patients
from isotherm.study.people import days_between

BEFORE_DAYS = 14.0
"""A scan of so many days before an ablation, or of its day, is taken for one made for it; our choice."""

MORE, CHANCE = 0.2, 0.001
"""It is told if the ablated were scanned so much more often than others on the same days, and chance is rarer."""


def scan_findings(patients: Patients) -> Iterator[Finding]:
    """Yield that ablations of an arm are preceded by scans which those who are not ablated on those days do not have.

    Each ablation is held against everybody who was watched on its day, not known to have progressed two weeks before
    it, and not ablated by then.
    """
    protocol = patients.protocol
    course, scans, zero = protocol.course, protocol.scans, protocol.time_zero.column
    if course is None or scans is None or zero is None or protocol.outcomes_blinded:
        return
    everybody = pd.concat([patients.table, _others(patients)], ignore_index=True)
    scanned = np.column_stack([days_between(everybody, zero, name) for name in scans.columns])
    ablated, seen = (days_between(everybody, zero, name) for name in (course.ablation, course.progression))
    died, last = (days_between(everybody, zero, name) for name in (course.death, course.last_contact))
    free = np.fmin(seen, np.fmin(died, last))
    named = ", ".join(one.label for one in protocol.outcomes if one.name in scans.outcomes)
    for arm, inside in patients.arms():
        rows = np.flatnonzero(inside & (ablated[: len(patients)] > BEFORE_DAYS))
        if not len(rows):
            continue
        own: Mask = np.array([bool(_looked(scanned[[k]], ablated[k])[0]) for k in rows])
        expected: Float = np.array([_share(scanned, ablated, free, ablated[k]) for k in rows])
        n, there, chance = len(rows), int(own.sum()), float(expected.mean())
        if there / n - chance < MORE or float(binom.sf(there - 1, n, chance)) >= CHANCE:
            continue
        yield Finding(
            f"scan_before_ablation.{arm.name}",
            f'In arm "{arm.label}" {there} of {n} patients were scanned within {BEFORE_DAYS:g} days before ablation, '
            f"where {100.0 * chance:.0f} % of those not ablated yet were on the same days: progression is looked for "
            "where ablation is due, and found earlier than in those for whom it is not. Clones are weighted for "
            f"leaving a strategy, not for being looked at ({named}).",
            there, "warn", "Read it beside overall survival; find progression on scans that all patients have.", (),
            (Tally(what="scanned before ablation", value=there, arm=arm.name, of=n),),
        )  # fmt: skip


def _others(patients: Patients) -> pd.DataFrame:
    """Return the first row of each patient who is eligible and in no arm."""
    outside, name = patients.cohort.outside, patients.protocol.data.patient
    return outside.drop_duplicates(name)


def _looked(scanned: Float, day: float) -> Mask:
    """Say who has a scan shortly before a day, or on it."""
    near = (scanned >= day - BEFORE_DAYS) & (scanned <= day)
    return np.asarray(near.any(axis=1), dtype=np.bool_)


def _share(scanned: Float, ablated: Float, free: Float, day: float) -> float:
    """Return which share of those who could still be ablated was scanned shortly before; of few, nearer to half."""
    there = (free > day - BEFORE_DAYS) & ~(ablated <= day)
    return float((_looked(scanned[there], day).sum() + 0.5) / (there.sum() + 1.0))
