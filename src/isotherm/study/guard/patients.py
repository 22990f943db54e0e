"""Patients as the guard sees them: one row each, in their arms; and an interval of days told per arm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from isotherm.columns import Float, Int
from isotherm.study.cohort import Cohort
from isotherm.study.finding import Tally
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_parts import Arm

Mask = npt.NDArray[np.bool_]

ALIKE_DAYS = 1.0
"""Means of arms that differ by less than a day are called alike: records count whole days."""


@dataclass(frozen=True, slots=True, eq=False)
class Patients:
    """The patients of a cohort, each by the first of its rows.

    Parameters
    ----------
    cohort : Cohort
    rows : array of int, shape (n,)
        Those rows.
    table : DataFrame
    arm : array of int, shape (n,)
    site : array of str, shape (n,), or None
    """

    cohort: Cohort
    rows: Int
    table: pd.DataFrame
    arm: Int
    site: npt.NDArray[np.str_] | None

    @classmethod
    def of(cls, cohort: Cohort) -> Patients:
        """Take the first row of each patient."""
        rows = np.sort(np.unique(cohort.person, return_index=True)[1]).astype(np.int64)
        site = None if cohort.site is None else cohort.site[rows]
        return cls(cohort, rows, cohort.table.iloc[rows], cohort.arm[rows], site)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.rows)

    @property
    def protocol(self) -> Protocol:
        """The protocol of the cohort."""
        return self.cohort.protocol

    def arms(self) -> Iterator[tuple[Arm, Mask]]:
        """Yield each arm and who is in it, shape (n,)."""
        for place, arm in enumerate(self.protocol.arms.arms):
            yield arm, self.arm == place


def of_patients(count: int, whole: int | None = None) -> str:
    """Return "1 patient", "4 patients" or "4 of 20 patients": the form that a release makes vague."""
    return f"{count} {'patient' if count == 1 else 'patients'}" if whole is None else f"{count} of {whole} patients"


def day_tallies(what: str, arm: str, days: Float, among: Mask) -> tuple[Tally, ...]:
    """Return how many patients of an arm have days above 0, their sum and their median.

    Parameters
    ----------
    what, arm : str
    days : array, shape (n,)
        NaN where they are not known.
    among : array of bool, shape (n,)
        Who is in the arm.
    """
    own = days[among & (days > 0.0)]
    size = int(among.sum())
    return (
        Tally(what=what, value=len(own), arm=arm, of=size),
        Tally(what=what, value=float(own.sum()), unit="patient-days", arm=arm),
        Tally(what=what, value=float(np.median(own)), unit="median days", arm=arm),
    )


def days_per_patient(patients: Patients, days: Float) -> dict[str, float]:
    """Return the mean days of the patients of each arm in whom they are known, 0 counting; the largest first.

    Days below 0 count as 0. An arm in which nobody's are known has none.
    """
    found: dict[str, float] = {}
    for arm, inside in patients.arms():
        own = days[inside & ~np.isnan(days)]
        found[arm.label] = float(np.maximum(own, 0.0).mean()) if len(own) else 0.0
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def alike(means: dict[str, float]) -> bool:
    """Say whether the means of the arms differ by less than a day."""
    return max(means.values()) - min(means.values()) < ALIKE_DAYS


def in_order(means: dict[str, float]) -> str:
    """Return "mean 73.2 days in "A", mean 0 days in "B""."""
    return ", ".join(f'mean {round(mean, 1):g} days in "{label}"' for label, mean in means.items())
