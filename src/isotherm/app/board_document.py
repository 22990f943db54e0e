"""The content of board.json: margins, zones over time, answers of sources and what is missing, of one patient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from isotherm.app.board_measure import MeasuredCourse, MeasuredSession, MeasuredZone
from isotherm.app.correcting import told_corrections
from isotherm.app.follow_up import Growth
from isotherm.app.registration_document import number
from isotherm.app.report_words import at_least_5_mm, bound_of
from isotherm.app.software import versions
from isotherm.clinical.course import Course
from isotherm.imaging.zone_volume import DAYS_PER_MONTH, LEVEL, Share, ZoneVolume, growth_of, ml_per_month, share_of

SCHEMA = "isotherm.board/1"

Document = dict[str, Any]
Part = Mapping[str, Any]

LESION_KEYS = (
    "status", "minimal_margin_mm", "interval_mm", "thinnest_direction", "thinnest_point_lps_mm", "surface_fraction",
    "residual_volume_ml", "tumor_volume_ml", "ablation_volume_ml", "reasons", "flags",
)  # fmt: skip
"""What a board is told of a lesion of margin.json; the session's own folder has all of it."""


NOTHING: Document = dict.fromkeys((*LESION_KEYS, "at_least_5_mm", "correction"))
"""What is told of a lesion of which nothing was measured."""

NOT_KEPT: Part = {"to_accept": False, "accepted_by": None}
"""Of a margin that no registry keeps: whether it waits for somebody who accepts it, and who did."""

UNKNOWN_PATIENT: Part = dict.fromkeys(("sex", "ras", "braf"))
"""What no fact of a case tells of a patient, and a registry may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What was measured or kept of a patient, as the document has it.

    Parameters
    ----------
    margins, not_measured, follow_up : sequence of mapping
    found : sequence of mapping
        What people found at follow-ups, and a death.
    course : Course or None
    decided_on, died_on : date or None
        The last decision on treatment and the death, up to the day asked about, as a registry has them.
    notes : sequence of str
    patient : mapping
        As `UNKNOWN_PATIENT`, with what a registry has.
    """

    margins: Sequence[Document] = ()
    not_measured: Sequence[Document] = ()
    follow_up: Sequence[Document] = ()
    found: Sequence[Document] = ()
    course: Course | None = None
    decided_on: date | None = None
    died_on: date | None = None
    notes: Sequence[str] = field(default=())
    patient: Part = field(default_factory=lambda: UNKNOWN_PATIENT)

    def beside(self, noted: Sequence[Document]) -> Shown:
        """Return the same with margins that somebody noted beside those that were measured."""
        return replace(self, margins=[*self.margins, *noted])


def document_of(
    shown: Shown, *, patient_id: str, on: date, today: date, origin: str, criteria: Document | None,
    evidence: Part, notes: Sequence[str], simulated: bool,
) -> Document:  # fmt: skip
    """Return the document; docs/board.md and app/schemas/board-1.schema.json say what is in it."""
    return {
        "schema": SCHEMA,
        "software": versions(),
        "patient_id": patient_id or None,
        "on": on.isoformat(),
        "today": today.isoformat(),
        "origin": origin,
        "simulated": simulated,
        "organ": _organ(criteria),
        "patient": dict(shown.patient),
        "decided_on": None if shown.decided_on is None else shown.decided_on.isoformat(),
        "died_on": None if shown.died_on is None else shown.died_on.isoformat(),
        "notes": [*shown.notes, *notes],
        "course": None if shown.course is None else _course(shown.course),
        "margins": list(shown.margins),
        "not_measured": list(shown.not_measured),
        "follow_up": list(shown.follow_up),
        "found": list(shown.found),
        "evidence": dict(evidence),
        "criteria": criteria,
    }


def _organ(criteria: Document | None) -> str | None:
    facts: Sequence[Part] = [] if criteria is None else criteria["facts"]
    return next((str(one["value"]) for one in facts if one["name"] == "organ" and one["value"] is not None), None)


def _course(course: Course) -> Document:
    return {
        "sessions": [
            {"id": one.id, "on": one.on.isoformat(), "lesions": list(one.lesions), "approach": one.approach or None,
             "modality": one.modality or None}
            for one in course.treatments
        ],
        "systemic": [
            {"regimen": one.regimen or None, "started_on": one.started_on.isoformat(),
             "stopped_on": None if one.stopped_on is None else one.stopped_on.isoformat()}
            for one in sorted(course.systemic, key=lambda one: one.started_on)
        ],
        "scans": [
            {"id": one.id, "on": one.on.isoformat(), "modality": one.modality or None, "tumors": sorted(one.tumors),
             "zones": sorted(one.zones)}
            for one in course.timeline
        ],
    }  # fmt: skip


def shown_of(measured: MeasuredCourse) -> Shown:
    """Return what was measured of a course as the document has it."""
    return Shown(
        margins=[line for one in measured.sessions for line in _margins(one)],
        not_measured=[line for one in measured.sessions for line in _not_measured(one)],
        follow_up=[_zone(one) for one in measured.zones],
        course=measured.course,
        notes=list(dict.fromkeys(f"session {one.pair.session.id}: {warning}" for one in measured.sessions
                                 if one.found for warning in one.found.assessment.document["warnings"])),
    )  # fmt: skip


def _margins(one: MeasuredSession) -> Iterator[Document]:
    pair = one.pair
    if pair.before is None or pair.after is None:
        return
    frame = {
        "session": pair.session.id, "session_on": pair.session.on.isoformat(), "scan": pair.after.id,
        "scan_on": pair.after.on.isoformat(), "before_scan": pair.before.id,
        "days_after": (pair.after.on - pair.session.on).days, "modality": pair.session.modality or None,
        "origin": "image", **NOT_KEPT,
    }  # fmt: skip
    if one.found is None:
        nothing = NOTHING | {"status": "withheld", "reasons": [one.reason], "flags": []}
        yield from ({"lesion": lesion} | frame | nothing | {"registration": None} for lesion in pair.lesions)
        return
    correction = " ".join(told_corrections(one.found.assessment.document["warnings"])) or None
    for lesion in one.found.assessment.document["lesions"]:
        told = lesion["registration"]
        yield {
            "lesion": str(lesion["label"]), **frame, **{key: lesion[key] for key in LESION_KEYS},
            "at_least_5_mm": at_least_5_mm(lesion), "correction": correction,
            "registration": {key: told[key] for key in ("verdict", "error_mm", "method", "withheld")},
        }  # fmt: skip


def _not_measured(one: MeasuredSession) -> Iterator[Document]:
    for lesion, why in one.pair.left_out:
        yield {"lesion": lesion, "session": one.pair.session.id, "why": why}


def _zone(one: MeasuredZone) -> Document:
    session, scans = one.series.session, one.series.scans
    lines: list[Document] = []
    for place, (scan, volume) in enumerate(zip(scans, one.volumes, strict=True)):
        before = scans[place - 1] if place else None
        change = None if before is None else ml_per_month(volume, one.volumes[place - 1], (scan.on - before.on).days)
        lines.append({
            "scan": scan.id, **since(session.on, scan.on), **volume_document(volume, one.volumes[0]),
            "ml_per_month": number(change, 3), "growth": None if not place else growth_document(one.growth[place - 1]),
        })  # fmt: skip
    return {"lesion": one.series.lesion, "session": session.id, "session_on": session.on.isoformat(),
            "origin": "image", "level": LEVEL, "scans": lines}  # fmt: skip


def since(start: date, on: date) -> Document:
    """Return a day, and how long after another one it is."""
    days = (on - start).days
    return {"on": on.isoformat(), "days": days, "months": round(days / DAYS_PER_MONTH, 2)}


def volume_document(volume: ZoneVolume, first: ZoneVolume) -> Document:
    """Return a volume with its limits, and what share of the first one it is."""
    share = share_of(volume, first)
    if share is not None and volume is first:
        share = Share(1.0, 1.0, 1.0)  # of itself, whatever its volume is
    return {
        "volume_ml": number(volume.volume_ml, 3), "low_ml": number(volume.low_ml, 3),
        "high_ml": number(volume.high_ml, 3), "share": None if share is None else number(share.share, 4),
        "share_low": None if share is None else number(share.low, 4),
        "share_high": None if share is None else number(share.high, 4),
    }  # fmt: skip


def growth_document(one: Growth) -> Document:
    """Return how a later zone lies in an earlier one, and what its interval says of growth."""
    lesion = one.document
    if lesion is None:
        return {"against": one.earlier.id, "says": "not told", "inside_mm": None, "bound": None, "interval_mm": None,
                "direction": None, "beyond_ml": None, "gates": None, "reason": one.reason}  # fmt: skip
    interval = lesion["interval_mm"]
    if lesion["status"] == "withheld":
        says = "withheld"
    elif interval is None:
        # A bound may be lower still: growth is then never seen not to be there.
        says = "not told" if lesion["minimal_margin_mm"] is None else "not excluded"
    else:
        says = growth_of(float(interval["low"]), float(interval["high"]))
    ends = None if interval is None else {key: interval[key] for key in ("low", "high", "level", "calibrated")}
    return {
        "against": one.earlier.id, "says": says, "inside_mm": lesion["minimal_margin_mm"],
        "bound": bound_of(lesion) or None, "interval_mm": ends,
        "direction": lesion["thinnest_direction"], "beyond_ml": lesion["residual_volume_ml"],
        "gates": lesion["registration"]["verdict"], "reason": "; ".join(lesion["reasons"]) or None,
    }  # fmt: skip
