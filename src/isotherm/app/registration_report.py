"""The report's section on how the scans were laid on each other: gates, both margins, pictures of each lesion."""

from __future__ import annotations

from dataclasses import dataclass

from isotherm.app.assessment import Assessment
from isotherm.app.figures import Drawing
from isotherm.app.figures_deformation import deformation
from isotherm.app.figures_registration import blink_frames, checkerboard
from isotherm.app.registration_words import MEANINGS, METHODS, SUMMARIES, VERDICTS, amount, gate_name, limit_words
from isotherm.app.report_tables import name_of
from isotherm.app.report_words import Record, margin_mm, mm, part, parts
from isotherm.imaging.register_gates import ORDER

AS_SEEN = (
    "not undone: margin and interval are those of the zone as seen. Heat draws tissue together, and a zone that has "
    "shrunk treated more than is seen of it; the margin for an assumed share is told where somebody assumes one"
)
"""What is said of shrinkage where nobody assumed any: no scan tells how much there was."""

BANNERS = {
    "fail": ("NOT TO BE USED.", "The registration failed its gates; the margin is withheld."),
    "warn": ("In doubt.", "Look at gates and pictures of the registration before the margin is used."),
}
"""What stands at the head of every page."""


FINE_PIXEL_MM, COARSE_PIXEL_MM, MANY_LESIONS = 0.5, 1.0, 6
"""Pixels of the pictures, and the number of lesions from which on they are coarse, to stay below the largest report."""


@dataclass(frozen=True, slots=True)
class GateRow:
    """One gate as a row of words."""

    name: str
    figure: str
    warns: str
    fails: str
    verdict: str
    """"pass", "warn", "fail" or "" where it was not taken."""
    said: str
    note: str
    means: str


@dataclass(frozen=True, slots=True)
class RegistrationPage:
    """What the template shows of the registration of one lesion."""

    number: int
    name: str
    verdict: str
    summary: str
    facts: list[tuple[str, str]]
    gates: list[GateRow]
    blink: tuple[Drawing, Drawing] | None
    checkerboard: Drawing | None
    deformation: Drawing | None


def registration_pages(assessment: Assessment, *, organ_name: str) -> list[RegistrationPage]:
    """Return what is shown of the registration of each lesion; nothing where isotherm did not register."""
    if not assessment.registered:
        return []
    made: list[RegistrationPage] = []
    lesions = parts(assessment.document, "lesions")
    pixel_mm = FINE_PIXEL_MM if len(lesions) < MANY_LESIONS else COARSE_PIXEL_MM
    for number, (lesion, view, one) in enumerate(zip(lesions, assessment.lesions, assessment.registered, strict=True)):
        told = part(lesion, "registration")
        made.append(RegistrationPage(
            number=number,
            name=name_of(lesion),
            verdict=str(told["verdict"]),
            summary=SUMMARIES[told["verdict"]],
            facts=[*facts_of_registration(told, part(assessment.document, "settings")), *_as_it_was(lesion)],
            gates=gate_rows(told),
            blink=blink_frames(view, organ_name=organ_name, pixel_mm=pixel_mm),
            checkerboard=checkerboard(view, organ_name=organ_name, pixel_mm=pixel_mm),
            deformation=deformation(view, one, organ_name=organ_name, pixel_mm=pixel_mm),
        ))  # fmt: skip
    return made


def worst_verdict(document: Record) -> str:
    """Return the worst verdict of all registrations of a document; "" where there was none."""
    found = [part(lesion, "registration").get("verdict") for lesion in parts(document, "lesions")]
    known = [one for one in found if one is not None]
    return ORDER[max(ORDER.index(one) for one in known)] if known else ""


def facts_of_registration(told: Record, settings: Record) -> list[tuple[str, str]]:
    """Return what was done and found, as labels and words."""
    ways = [(way, told.get(f"minimal_margin_{way}_mm")) for way in ("deformable", "rigid")]
    margins = "; ".join(f"{way} {margin_mm(value)}" for way, value in ways if value is not None)
    motion = (
        f"moved by {mm(told['tumor_shift_mm'])}, turned by {told['tumor_turn_degrees']:.1f}°, "
        f"bent by up to {mm(told['tumor_bend_mm'])} at one place (the gate: on average, free deformation)"
    )
    doubt = [("In doubt", str(told["doubt"]))] if told.get("doubt") else []
    by_hand = [("Corrected by hand", str(told["by_hand"]))] if told.get("by_hand") else []
    return [
        ("Measured with", METHODS[told["method"]]),
        *doubt,
        *by_hand,
        ("The tumor was", motion),
        ("Registration error near the lesion", error_words(told, settings)),
        ("Minimal margin by both ways", "withheld" if told.get("withheld") else margins or "nothing was ablated"),
    ]


def _as_it_was(lesion: Record) -> list[tuple[str, str]]:
    told = part(lesion, "zone_shrinkage")
    if not told:
        return [] if lesion.get("minimal_margin_mm") is None else [("Shrinkage of the zone", AS_SEEN)]
    margin = told["minimal_margin_mm"]
    return [
        (
            "If the zone had shrunk (an assumption)",
            f"{'no margin' if margin is None else margin_mm(margin)}: {told['says']}",
        )
    ]


def error_words(told: Record, settings: Record) -> str:
    """Return which registration error the interval holds for, and whether it is this registration's own."""
    error = told.get("error_mm")
    own = "not estimated" if error is None else f"estimated as {mm(error)} on average"
    if told.get("withheld"):
        return own
    if settings.get("registration_error_source") == "given":
        return f"{own}; the interval holds for the {mm(settings['registration_error_mm'])} that were given"
    if error is None:
        return f"{own}; the interval holds for the published mean of {mm(settings['registration_error_mm'])}"
    return f"{own}; the interval holds for it"


def gate_rows(told: Record) -> list[GateRow]:
    """Return the gates as rows of words, in their order."""
    return [
        GateRow(
            gate_name(gate["name"], gate["says"]),
            amount(gate["figure"], gate["unit"]),
            limit_words(gate["warn_above"], gate["unit"]),
            limit_words(gate["fail_above"], gate["unit"]),
            gate["verdict"] or "",
            VERDICTS[gate["verdict"]] if gate["verdict"] else "not taken",
            gate["reason"] or "",
            MEANINGS.get(gate["name"], ""),
        )
        for gate in parts(told, "gates")
    ]


def banner(document: Record) -> dict[str, str] | None:
    """Return what stands at the head of every page where a registration warns or has failed."""
    verdict = worst_verdict(document)
    if verdict not in BANNERS:
        return None
    lesions = [name_of(one) for one in parts(document, "lesions") if part(one, "registration")["verdict"] == verdict]
    head, says = BANNERS[verdict]
    return {"verdict": verdict, "head": head, "lesions": ", ".join(lesions), "says": says}
