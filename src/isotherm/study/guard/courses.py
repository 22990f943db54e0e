"""Courses as the guard sees them: whether time zero is a decision, or the first treatment, on which arms are known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from isotherm.study.finding import Finding
from isotherm.study.guard.patients import Patients, of_patients
from isotherm.study.people import days_between

DO = (
    "Give the date of the decision (diagnosis, tumor board) as time zero; or adjust at baseline and weight for "
    'censoring within arms (zero = "first treatment", method = "censoring_weights").'
)


def course_findings(patients: Patients) -> Iterator[Finding]:
    """Yield that the arm of every patient is known at time zero, so that nobody can be put into both."""
    course, zero = patients.protocol.course, patients.protocol.time_zero.column
    if course is None or zero is None:
        return
    everybody = pd.concat([patients.table, patients.cohort.outside])
    days = [days_between(everybody, zero, name) for name in (course.systemic, course.ablation)]
    first = np.fmin(*days)
    # Where all begin with the same treatment, it tells no arms apart.
    alike = any(bool((own == 0.0).all()) for own in days)
    if course.zero == "first treatment" or (bool((first == 0.0).all()) and not alike):
        yield Finding(
            "no_decision_date",
            f"Time zero is the day of the first treatment in {of_patients(int((first == 0.0).sum()), len(first))}: "
            "which strategy they follow is partly known by then, so nobody can be put into both.",
            len(first), "stop", DO, ("clone_censor_weight",),
        )  # fmt: skip
