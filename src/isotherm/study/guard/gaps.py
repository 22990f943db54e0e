"""Gaps: patients who will be left out because a covariate that is adjusted for is not known, told before a run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from isotherm.study.finding import Finding, Tally
from isotherm.study.guard.patients import Patients, of_patients
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_methods import Unadjusted

MANY = 0.05
"""Share of patients from which on it is a warning.

Jakobsen JC et al. BMC Med Res Methodol 2017;17:162 leave complete cases as the main analysis below it.
"""


def gap_findings(patients: Patients) -> Iterator[Finding]:
    """Yield how many patients lack a covariate, and which, where only those who have all of them are analyzed."""
    protocol = patients.protocol
    wanted = _complete_in(protocol)
    if not wanted:
        return
    table = _eligible(patients) if protocol.designs else patients.table
    gaps = table[list(wanted)].isna()
    count, n, inside = int(gaps.any(axis=1).sum()), len(table), len(patients)
    if not count:
        return
    own = int(patients.table[list(wanted)].isna().any(axis=1).sum())
    lacking = [(wanted[str(name)], number) for name, number in gaps.sum().items() if number]
    each = ", ".join(f"{label} in {of_patients(number, n)}" for label, number in lacking)
    whom = f", in an arm or not ({of_patients(own, inside)} in the arms)" if protocol.designs else " in the arms"
    yield Finding(
        "covariates_unknown",
        f"{of_patients(count, n)}{whom}, will be left out of {'the designs' if protocol.designs else 'the analysis'}: "
        f"what is adjusted for is not known at time zero ({each}).",
        count, "warn" if count >= MANY * n else "note", _remedy(protocol), (),
        (Tally(what="lack a covariate", value=count, of=n), Tally(what="lack a covariate, in an arm", value=own,
         of=inside), *(Tally(what=f"{label} not known", value=number, of=n) for label, number in lacking)),
    )  # fmt: skip


def _complete_in(protocol: Protocol) -> dict[str, str]:
    """Return the columns that have to be known in everybody who is analyzed, with their labels."""
    labels, course, methods = {one.column: one.label for one in protocol.covariates}, protocol.course, protocol.methods
    adjusted = tuple(one.column for one in protocol.adjusted)
    if protocol.designs and course is not None:
        changing = {one.baseline: one.label for one in course.changing}
        return {name: labels.get(name, name) for name in course.baseline or adjusted} | changing
    filled = methods.missing.method != "complete cases" or isinstance(methods.adjustment, Unadjusted)
    return {} if filled else {name: labels[name] for name in adjusted}


def _eligible(patients: Patients) -> pd.DataFrame:
    """Return the first row of each eligible patient, in an arm or not: those of whom designs can make use."""
    cohort = patients.cohort
    everybody = pd.concat([cohort.table, cohort.outside]).sort_index()
    first = np.unique(cohort.people.person[everybody.index.to_numpy()], return_index=True)[1]
    return everybody.iloc[np.sort(first)]


def _remedy(protocol: Protocol) -> str:
    other = "" if protocol.designs else ", or fill it in (methods.missing)"
    return (
        'Complete the records, or leave a covariate out (use = "describe") with a reason from outside these data'
        f"{other}; show the result with and without it: it may turn on who is left out."
    )
