"""Gates and verdicts in words: the same for the terminal, the pages and the files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from isotherm.imaging.register_gates import Gate, Verdict

GATES = {
    "tumor_volume": "Tumor volume, change",
    "tumor_stretch": "Tumor, largest local change of volume",
    "tumor_bend": "Tumor, bent on average by",
    "folding": "Folding near the lesion",
    "zone_structure": "Own structure in tumor and zone",
    "zone_volume": "Zone volume, change",
    "organ_mean": "Organ outlines, mean distance",
    "organ_p95": "Organ outlines, 95 % of distances",
    "tumor_outside_organ": "Tumor outside of the organ",
    "inverse_consistency": "Way there and back",
    "rigid_shift": "Tumor, rigid against deformable",
    "margin_agreement": "Margin, rigid against deformable",
    "look_alike": "Scans look more alike elsewhere",
    "inside_unlike": "Inside of the organ, not alike",
    "landmarks": "Landmarks, mean distance",
    "expected_error": "Estimated error in the tumor",
    "modality": "Kinds of scan",
}
"""Short names of the gates; one that is not here is shown by what it says."""

MEANINGS = {
    "tumor_volume": "How much the registration swells or shrinks the tumor; a tumor does neither between two scans.",
    "tumor_stretch": "How much it stretches or squeezes the tumor at the worst place.",
    "tumor_bend": "How far the free deformation bends the tumor out of its shape, on average; a tumor moves nearly "
    "as a rigid body.",
    "folding": "Whether it turns tissue near the lesion inside out, which no tissue can do.",
    "zone_structure": "How far the deformation in tumor and zone, where scans differ anyway, departs from that around.",
    "zone_volume": "How much the zone would change its volume if it were carried to the scan before.",
    "organ_mean": "How far apart the organ's outlines of both scans lie near the lesion, on average.",
    "organ_p95": "The same for the worse places: 95 % of the outlines lie closer than this.",
    "tumor_outside_organ": "How much of the tumor would lie outside of the organ on the scan after.",
    "inverse_consistency": "By how much registering from one scan to the other and back misses where it began.",
    "rigid_shift": "How far the tumor lies apart by the rigid and by the deformable registration.",
    "margin_agreement": "How far the margins by the rigid and by the deformable registration lie apart.",
    "look_alike": "At how many of 28 places 8 and 12 mm off the scans look more alike than where they were laid.",
    "inside_unlike": "How little vessels, and what else the organ shows near the lesion, look alike on both scans.",
    "landmarks": "How far apart the landmarks lie that somebody has set on both scans.",
    "expected_error": "How far the tumor is thought to lie from its true place; the interval holds for it.",
    "modality": "CT on MR is registered less surely than CT on CT.",
}
"""What each gate looks at, in a plain sentence."""

NOT_TAKEN = {
    "organ_mean": "no organ on both scans, or no capsule near the lesion",
    "organ_p95": "no organ on both scans, or no capsule near the lesion",
    "tumor_outside_organ": "no organ on the scan after",
    "zone_volume": "no ablation zone",
    "inverse_consistency": "only of a deformation that was found here and left as it is",
    "landmarks": "no landmarks were given",
    "look_alike": "only where both scans are CT that show something around the lesion",
    "inside_unlike": "only where both scans are CT, an organ is drawn and enough of it lies near the lesion",
    "expected_error": "unknown after a nudge, for MR, and of the transform of another program",
    "modality": "nothing was registered by the scans' contents",
}
"""Why a gate was not taken."""

KINDS = ("both are CT", "none is CT", "one is CT")
"""What the figure of the gate on kinds of scan stands for."""

VERDICTS: dict[Verdict, str] = {"pass": "pass", "warn": "warn", "fail": "FAIL"}

METHODS = {
    "deformable": "deformable, the tumor's volume kept",
    "rigid": "rigid near the lesion",
    "given": "the transform that was given",
    "landmarks": "rigid, of the landmarks alone",
}

SUMMARIES: dict[Verdict, str] = {
    "pass": "The registration passed its gates. No gate knows the truth: look at the pictures.",
    "warn": "The registration is in doubt. Look at the gates and the pictures before the margin is used.",
    "fail": "The registration failed its gates. The margin is withheld; nothing here is to be used.",
}


KEPT_METHODS = METHODS | {"given": "a transform that was given, or of landmarks"}
"""The same of a record, which does not tell landmarks from another transform that was given."""

MOST_GATES = 2
"""Gates that did not pass, in a line beside a margin; the others stand in the table of all."""


def registration_line(told: Mapping[str, Any]) -> str:
    """Return in one line the verdict on a registration, how it was done and what did not pass; "" where there is none.

    Parameters
    ----------
    told : mapping
        The part "registration" of a lesion of margin.json, or what a registry keeps of it.
    """
    verdict = told.get("verdict")
    if verdict is None:
        return ""
    return " · ".join([SUMMARIES[verdict].split(". ")[0], *_how(told), *_not_passed(told)])


def _how(told: Mapping[str, Any]) -> Iterator[str]:
    how = (METHODS if "gates" in told else KEPT_METHODS).get(str(told.get("method")))
    if how is not None:
        yield how


def _not_passed(told: Mapping[str, Any]) -> Iterator[str]:
    gates = told.get("gates", ())
    found = [one for verdict in ("fail", "warn") for one in gates if one["verdict"] == verdict]
    for one in found[:MOST_GATES]:
        figure = one["reason"] if one["figure"] is None else amount(one["figure"], one["unit"])
        yield f"{gate_name(one['name'], one['says'])}: {figure}"
    if len(found) > MOST_GATES:
        yield f"and {len(found) - MOST_GATES} more"
    if told.get("doubt"):
        yield str(told["doubt"]).partition(":")[0]


def gate_name(name: str, says: str) -> str:
    """Return what a gate is called."""
    return GATES.get(name, says)


def amount(value: float | None, unit: str) -> str:
    """Return a figure or a limit with its unit; a share in percent, a logarithm as how many times."""
    if value is None:
        return "-"
    if unit == "kind":
        return KINDS[int(value)]
    if unit.startswith("of "):
        return f"{value:.0f} {unit}"
    if unit == "share":
        percent = 100.0 * value
        return f"{percent:.1f} %" if percent < 9.95 else f"{percent:.0f} %"
    if unit == "log":
        return f"{math.exp(value):.2f} times"
    return f"{value:.2f} {unit}"


def limit_words(value: float | None, unit: str) -> str:
    """Return a limit with its unit; kinds of scan are named by the figure alone."""
    return "-" if unit == "kind" else amount(value, unit)


def figure_of(gate: Gate) -> str:
    """Return a gate's figure with its unit."""
    return amount(gate.figure, gate.limit.unit)
