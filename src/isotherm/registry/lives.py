"""Lives: of each patient the days from which time counts, death, last contact, and when somebody looked for tumor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isotherm.columns import Float, Int
from isotherm.registry.days import NEVER, Mask, any_by, at, first_by, first_known, last_by, truth
from isotherm.registry.linked import Linked

CONTACTS: tuple[tuple[str, str], ...] = (
    ("decision", "decided_on"), ("scan", "scanned_on"), ("session", "ablated_on"), ("session", "discharged_on"),
    ("systemic", "started_on"), ("follow_up", "seen_on"), ("complication", "began_on"),
)  # fmt: skip
"""Dates on which the patient was alive for certain; an end of therapy may be the death."""

AFTER_DEATH = "a date after the day of death"


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """Each day on which a follow-up says whether there is new tumor: one row per follow-up.

    Parameters
    ----------
    patient : array of int, shape (m,)
    day : array, shape (m,)
    in_organ, elsewhere, untreatable : array of bool, shape (m,)
        What it says is there.
    """

    patient: Int
    day: Float
    in_organ: Mask
    elsewhere: Mask
    untreatable: Mask

    def first(self, rows: Mask, after: Float) -> Float:
        """Return the first day after a day that a follow-up of these is of, for each of n patients, shape (n,)."""
        return first_by(
            self.patient, np.where(rows & (self.day > at(after, self.patient)), self.day, np.nan), len(after)
        )

    def last(self, until: Float) -> Float:
        """Return the last day before a day on which somebody looked, for each of n patients, shape (n,)."""
        return last_by(self.patient, np.where(self.day < at(until, self.patient), self.day, np.nan), len(until))


@dataclass(frozen=True, slots=True, eq=False)
class Lives:
    """What is known of the life of n patients, in days since 1970; infinite where something did not happen.

    Parameters
    ----------
    decided, ablated, diagnosed, metastases : array, shape (n,)
        First decision, first ablation (NaN where a session has no day), diagnosis of the primary tumor, first lesion
        seen.
    died : array of bool, shape (n,)
    death : array, shape (n,)
        Day of death; infinite in who lives, NaN where it is not known.
    contact : array, shape (n,)
        Last day known to be alive; minus infinity in whom nothing is known of.
    after_death : array of bool, shape (n,)
        Whether a date lies after the day of death.
    new_lesion : array, shape (n,)
        The first day on which a lesion was first seen after the first ablation.
    looked : Looked
    """

    decided: Float
    ablated: Float
    diagnosed: Float
    metastases: Float
    died: Mask
    death: Float
    contact: Float
    after_death: Mask
    new_lesion: Float
    looked: Looked

    def __len__(self) -> int:
        """Return the number of patients."""
        return len(self.died)


def lives(linked: Linked) -> Lives:
    """Return the lives of the patients of a registry."""
    n = len(linked)
    ablated = first_known(linked.patient("session"), linked.day("session", "ablated_on"), n)
    whose, day = linked.patient("death"), linked.day("death", "died_on")
    died = any_by(whose, np.ones(len(day), dtype=bool), n)
    first = first_by(whose, day, n)
    death = np.where(died & ~np.isfinite(first), np.nan, first)
    contact = np.full(n, -NEVER)
    for kind, name in CONTACTS:
        np.maximum(contact, last_by(linked.patient(kind), linked.day(kind, name), n), out=contact)
    lesion, seen = linked.patient("lesion"), linked.day("lesion", "found_on")
    later = np.where(seen > at(ablated, lesion), seen, np.nan)
    return Lives(
        linked.first_day("decision", "decided_on"), ablated, linked.first_day("primary", "diagnosed_on"),
        first_by(lesion, seen, n), died, death, contact, contact > death, first_by(lesion, later, n), _looked(linked),
    )  # fmt: skip


def _looked(linked: Linked) -> Looked:
    table, day = linked.tables["follow_up"], linked.day("follow_up", "seen_on")
    says = np.column_stack([truth(table[name]) for name in ("new_in_organ", "new_elsewhere", "untreatable")])
    rows = ~np.isnan(says).all(axis=1) & ~np.isnan(day) & (linked.patient("follow_up") >= 0)
    there = says[rows] == 1.0
    return Looked(linked.patient("follow_up")[rows], day[rows], there[:, 0], there[:, 1], there[:, 2])
