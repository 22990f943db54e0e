"""What is told of a registration: its transform, its gates and both margins; plain numbers, words and null."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from isotherm.app.carried import why_withheld
from isotherm.app.pair import Pair
from isotherm.app.registering import Registered
from isotherm.app.registration_words import NOT_TAKEN
from isotherm.app.software import versions
from isotherm.errors import NotConverged
from isotherm.imaging.register_gates import LIMITS, ORDER, minimal_margin_mm
from isotherm.imaging.register_tumor import best_rigid, points_in
from isotherm.imaging.transform import Transform

SCHEMA = "isotherm.registration/1"

LIBRARIES = ("numpy", "scipy", "SimpleITK")

Document = dict[str, Any]
Margins = Mapping[str, float | None]


def registration_document(pair: Pair, registered: Sequence[Registered]) -> Document:
    """Return the content of registration.json: every lesion with the unrestricted minimal margin of both ways."""
    lesions = [
        {"label": one.lesion.label, "name": one.lesion.name, **told(one, unrestricted_margins_mm(pair, one))}
        for one in registered
    ]
    return {
        "schema": SCHEMA,
        "software": versions(*LIBRARIES),
        "warnings": list(pair.warnings),
        "verdict": ORDER[max(ORDER.index(one["verdict"]) for one in lesions)],
        "margin_definition": "unrestricted",
        "lesions": lesions,
    }


def told(one: Registered, margins_mm: Margins) -> Document:
    """Return what is told of the registration of one lesion.

    Parameters
    ----------
    one : Registered
    margins_mm : dict
        Minimal margin by "deformable" and by "rigid"; both are left out where the margin is withheld.
    """
    withheld = why_withheld(one)
    return {
        "method": one.method,
        "by_hand": one.by_hand or None,
        "verdict": "fail" if withheld else one.verdict,
        "withheld": withheld or None,
        "doubt": one.doubt or None,
        "error_mm": number(one.used.error_mm),
        "minimal_margin_deformable_mm": None if withheld else number(margins_mm.get("deformable")),
        "minimal_margin_rigid_mm": None if withheld else number(margins_mm.get("rigid")),
        **_motion(one),
        "gates": _gates(one),
    }


def unrestricted_margins_mm(pair: Pair, one: Registered) -> Margins:
    """Return the unrestricted minimal margin of both ways; None where nothing was ablated, or it cannot be followed."""
    zone = pair.zone

    def margin(way: Transform | None) -> float | None:
        if way is None or not zone.inside.any():
            return None
        try:
            return minimal_margin_mm(way, one.lesion.mask, zone)
        except NotConverged:
            return None

    return {"deformable": margin(one.deformable), "rigid": margin(one.rigid)}


def _motion(one: Registered) -> Document:
    """Return how far the tumor was moved and turned, and how far its deformation is from a rigid motion at most."""
    there = points_in(one.lesion.mask)
    try:
        here = one.used.back(there)
    except NotConverged:
        here = one.rigid.back(there)
    motion = best_rigid(here, there)
    turn = math.degrees(math.acos(float(np.clip((np.trace(motion.rotation) - 1.0) / 2.0, -1.0, 1.0))))
    bend = np.linalg.norm(motion.points(here) - there, axis=1).max()
    shift = here.mean(axis=0) - there.mean(axis=0)
    return {
        "tumor_shift_mm": number(float(np.linalg.norm(shift))),
        "tumor_shift_lps_mm": [number(float(x)) for x in shift],
        "tumor_turn_degrees": number(turn),
        "tumor_bend_mm": number(float(bend)),
    }


def _gates(one: Registered) -> list[Document]:
    """Return every gate there is, in order; those that were not taken have neither figure nor verdict."""
    taken = {gate.name: gate for gate in one.quality.gates}
    made: list[Document] = []
    for name, limit in LIMITS.items():
        gate = taken.get(name)
        made.append({
            "name": name,
            "says": limit.says,
            "unit": limit.unit,
            "figure": None if gate is None else number(gate.figure, 4),
            "warn_above": number(limit.warn, 4),
            "fail_above": number(limit.fail, 4),
            "verdict": None if gate is None else gate.verdict,
            "reason": NOT_TAKEN.get(name, "says nothing here") if gate is None else gate.reason or None,
        })  # fmt: skip
    return made


def number(value: float | None, digits: int = 2) -> float | None:
    """Return a rounded number; what is not finite becomes null."""
    return None if value is None or not math.isfinite(value) else round(float(value), digits) + 0.0
