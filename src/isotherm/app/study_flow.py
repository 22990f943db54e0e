"""The flow of a cohort as a terminal shows it: boxes with patients and tumors, per arm and per site."""

from __future__ import annotations

from collections.abc import Sequence

from isotherm.app.aligned import aligned
from isotherm.printable import printable
from isotherm.study.cohort import Cohort
from isotherm.study.flow import Box
from isotherm.study.guard.audit import findings_of

SIGNS = {
    "start": "",
    "kept": "= ",
    "left": "  - ",
    "arm": "  > ",
    "other": "  ~ ",
    "part": "  > ",
    "unexplained": "  ? ",
}
"""What stands before a box: = stays, - leaves, > goes into an arm, ~ fits no arm, ? is not explained."""


def flow_text(cohort: Cohort) -> str:
    """Return the flow of a cohort as text: one line per box, counts beside each other."""
    protocol = cohort.protocol
    arms = [arm.name for arm in protocol.arms.arms]
    arms += [name for name in ("other", "unknown") if any(cell.arm == name for cell in cohort.flow.start.cells)]
    sites = sorted({cell.site for cell in cohort.flow.start.cells} - {""})
    head = ["", "patients", *(["tumors"] if cohort.people.tumors else []), *arms, *sites]
    rows = [head] + [_row(box, arms, sites) for box in cohort.flow.boxes]
    lines = [protocol.title, f"protocol {protocol.hash[:12]}", "", *aligned(rows), ""]
    lines += [f"kept although not known: {box.unknown} rows, {box.says}" for box in cohort.flow.boxes if box.unknown]
    lines += [f"finding: {finding.says}" for finding in findings_of(cohort)]
    lines += [f"override: {one.what}: {one.problem}. Reason: {one.reason}" for one in protocol.overrides]
    lines += [f"caveat: {caveat}" for caveat in protocol.caveats]
    lines += ["Outcomes are blinded: their columns were not read."] if protocol.outcomes_blinded else []
    return "\n".join(printable(line).rstrip() for line in lines).rstrip()


def _row(box: Box, arms: Sequence[str], sites: Sequence[str]) -> list[str]:
    by_arm = [sum(cell.patients for cell in box.cells if cell.arm == arm) for arm in arms]
    by_site = [sum(cell.patients for cell in box.cells if cell.site == site) for site in sites]
    tumors = [] if box.tumors is None else [box.tumors]
    return [f"{SIGNS[box.kind]}{box.says}", *(str(count) for count in (box.patients, *tumors, *by_arm, *by_site))]
