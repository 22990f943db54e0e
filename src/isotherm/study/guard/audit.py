"""The audit of a design: every finding about records and design, the gravest first."""

from __future__ import annotations

from isotherm.study.cohort import Cohort
from isotherm.study.finding import DESIGNS, Finding
from isotherm.study.guard.arms import arm_findings
from isotherm.study.guard.courses import course_findings
from isotherm.study.guard.factors import factor_findings
from isotherm.study.guard.gaps import gap_findings
from isotherm.study.guard.methods import method_findings
from isotherm.study.guard.outcomes import outcome_findings
from isotherm.study.guard.overlap import overlap_findings
from isotherm.study.guard.patients import Patients
from isotherm.study.guard.scans import scan_findings
from isotherm.study.guard.selection import selection_findings
from isotherm.study.guard.telling import telling_findings
from isotherm.study.guard.unrecorded import unrecorded_findings
from isotherm.study.protocol import Protocol

GRAVITY = ("stop", "warn", "note")


def possible_designs(protocol: Protocol) -> tuple[str, ...]:
    """Return the designs for which a protocol names the dates: without a date of treatment nobody changes arms."""
    dated = protocol.arms.column is None or protocol.exposure.column is not None or protocol.course is not None
    every = dated and protocol.time_zero.column is not None
    first = protocol.course is not None and protocol.course.zero == "first treatment"
    without = "clone_censor_weight" if first else "censoring_weights"
    return tuple(name for name in DESIGNS if name != without) if every else ("naive", "landmark")


def planned_designs(protocol: Protocol) -> tuple[str, ...]:
    """Return the designs that a run carries out: arms as they became, and those that the protocol asks for."""
    named = {"naive", *(one.kind for one in protocol.designs)}
    return tuple(name for name in DESIGNS if name in named)


def findings_of(cohort: Cohort) -> tuple[Finding, ...]:
    """Return what a reader has to know about the records and the design of a cohort.

    Columns of outcomes are not read while they are blinded, and a finding says what was therefore not looked for.

    Parameters
    ----------
    cohort : Cohort

    Returns
    -------
    tuple of Finding
        Stops first, then warnings and notes, each in the order of a study: arms, selection, covariates, overlap,
        outcomes, records.

    Raises
    ------
    BadColumn
        A date or an outcome that cannot be used.
    """
    patients = Patients.of(cohort)
    found = [
        *arm_findings(patients),
        *course_findings(patients),
        *selection_findings(patients),
        *method_findings(patients.protocol),
        *gap_findings(patients),
        *telling_findings(patients),
        *overlap_findings(patients),
        *outcome_findings(patients),
        *unrecorded_findings(patients),
        *scan_findings(patients),
        *factor_findings(patients),
        *cohort.findings,
    ]
    return tuple(sorted(found, key=lambda one: GRAVITY.index(one.level)))
