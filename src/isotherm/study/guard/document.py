"""The document of an audit: designs with what bars them, findings with counts; in a release without small counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isotherm.study.cohort import Cohort
from isotherm.study.disclosure import SMALLEST, vague
from isotherm.study.finding import DESIGNS, Finding, Tally, open_designs
from isotherm.study.guard.audit import planned_designs, possible_designs
from isotherm.study.result import rounded

SCHEMA = "isotherm.study-check/1"


def audit_document(
    cohort: Cohort, findings: Sequence[Finding], software: Mapping[str, str], *, released: bool = False
) -> dict[str, Any]:
    """Return the document of an audit; see docs/study-audit.md.

    Parameters
    ----------
    cohort : Cohort
    findings : sequence of Finding
    software : mapping of str to str
        Versions.
    released : bool
        Leave out counts within sentences; print counts of findings as the multiple of ten that they reach, those
        from 1 to 9 not at all, and no days.
    """
    protocol = cohort.protocol
    possible, planned = possible_designs(protocol), planned_designs(protocol)
    return {
        "schema": SCHEMA,
        "software": dict(software),
        "protocol": {"title": protocol.title, "hash": protocol.hash, "outcomes_blinded": protocol.outcomes_blinded,
                     "arms": [{"name": arm.name, "label": arm.label} for arm in protocol.arms.arms]},
        "settings": {"release": released, "smallest_cell": SMALLEST if released else None},
        "designs": [
            {"name": name, "says": says, "planned": name in planned, "possible": name in possible,
             "barred_by": [one.key for one in findings if name in one.bars]}
            for name, says in DESIGNS.items()
        ],
        "open": list(open_designs(findings, possible)),
        "findings": [_finding(one, released=released) for one in findings],
        "overrides": [{"what": one.what, "problem": one.problem, "reason": one.reason} for one in protocol.overrides],
    }  # fmt: skip


def _finding(finding: Finding, *, released: bool) -> dict[str, Any]:
    return {
        "id": finding.key,
        "level": finding.level,
        "says": vague(finding.says) if released else finding.says,
        "do": finding.do,
        "bars": list(finding.bars),
        "counts": [_tally(one, released=released) for one in finding.counts],
    }


def _tally(tally: Tally, *, released: bool) -> dict[str, Any]:
    value, whole = rounded(tally.value), tally.of
    if released:
        counted = tally.unit in COUNTED
        value, whole = (_reached(value) if counted else None), (None if whole is None else _reached(whole))
    return {"what": tally.what, "arm": tally.arm, "unit": tally.unit, "value": value, "of": whole}


COUNTED = ("patients", "ids", "pairs", "sites", "events")
"""Units of whole numbers of people or of what they share; the others are days and quotients."""


def _reached(count: float) -> int | None:
    """Return the multiple of ten that a count reaches; None from 1 to 9.

    Ten values fit each, so no difference of two of them tells of fewer than ten people.
    """
    return None if 0 < count < SMALLEST else int(count) // SMALLEST * SMALLEST
