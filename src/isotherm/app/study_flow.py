"""The flow of a cohort as a terminal shows it, and drawn before a run: boxes with patients and tumors, per arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from isotherm.app.aligned import aligned
from isotherm.app.figures import Drawing
from isotherm.app.study_figures_flow import FlowBox, flow_diagram
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


def flow_drawing(cohort: Cohort) -> Drawing:
    """Draw the flow of a cohort with its counts; nobody is drawn who does not leave."""
    labels = {arm.name: arm.label for arm in cohort.protocol.arms.arms}
    shown = [box for box in cohort.flow.boxes if box.patients or box.kind not in ("left", "other")]
    arms = [box.key for box in shown if box.kind == "arm"]
    return flow_diagram([_drawn(box, labels) for box in shown], arms={key: place for place, key in enumerate(arms)})


def _drawn(box: Box, labels: Mapping[str, str]) -> FlowBox:
    tumors = "" if box.tumors is None else f", {box.tumors} tumors"
    counts = {name: sum(cell.patients for cell in box.cells if cell.arm == name) for name in labels}
    more = [] if box.kind == "arm" else [f"{labels[name]}: {count}" for name, count in counts.items() if count]
    more += [f"kept although not known: {box.unknown}"] if box.unknown else []
    return FlowBox(key=box.key, kind=box.kind, parent=box.parent, says=box.says,
                   count=f"{box.patients} patients{tumors}", more=tuple(more))  # fmt: skip


def _row(box: Box, arms: Sequence[str], sites: Sequence[str]) -> list[str]:
    by_arm = [sum(cell.patients for cell in box.cells if cell.arm == arm) for arm in arms]
    by_site = [sum(cell.patients for cell in box.cells if cell.site == site) for site in sites]
    tumors = [] if box.tumors is None else [box.tumors]
    return [f"{SIGNS[box.kind]}{box.says}", *(str(count) for count in (box.patients, *tumors, *by_arm, *by_site))]
