"""Boards without images: margins and zones as they would have been measured, judged by the guidelines that ship."""

from __future__ import annotations

from datetime import date
from typing import Any

from isotherm.app.board_document import Document, Shown
from isotherm.app.board_tasks import judged
from isotherm.clinical.case import Case, Lesion, noted
from isotherm.clinical.course import Course, DrawnScan, Session

TODAY = date(2026, 3, 1)
ON = date(2025, 12, 1)


def margin(lesion: str, value: float | None = 4.2, *, status: str = "measured", verdict: str = "pass",
           **others: Any) -> Document:  # fmt: skip
    """Return one line of the margins of a board."""
    measured = status == "measured"
    interval = (
        {"low": value - 1.3, "high": value + 1.1, "level": 0.9, "calibrated": True} if measured and value else None
    )
    why = {"withheld": "the registration failed (mean distance of the organ's outlines): no margin is told",
           "bounded": "an image ends near the lesion: 20 % of its surface is not assessable"}  # fmt: skip
    return {
        "lesion": lesion, "session": "S1", "session_on": "2025-01-10", "scan": "F1", "scan_on": "2025-01-11",
        "before_scan": "before", "days_after": 1, "modality": "MWA", "origin": "image", "to_accept": False,
        "accepted_by": None, "status": status,
        "minimal_margin_mm": value, "interval_mm": interval,
        "thinnest_direction": "left, posterior" if measured else None, "thinnest_point_lps_mm": None,
        "surface_fraction": {"below_0_mm": 0.0, "0_to_5_mm": 0.2, "5_to_10_mm": 0.6} if measured else None,
        "at_least_5_mm": 0.31 if measured else None, "correction": None,
        "residual_volume_ml": 0.0, "tumor_volume_ml": 1.3, "ablation_volume_ml": 14.0,
        "reasons": [why[status]] if status in why else [], "flags": [],
        "registration": {"verdict": verdict, "error_mm": 1.1, "method": "deformable", "withheld": None}, **others,
    }  # fmt: skip


def scan(name: str, months: float, volume: float, first: float, growth: Document | None = None) -> Document:
    """Return one scan of a zone over time."""
    share = volume / first
    return {"scan": name, "on": "2025-06-01", "days": round(30 * months), "months": months, "volume_ml": volume,
            "low_ml": 0.85 * volume, "high_ml": 1.15 * volume, "share": share, "share_low": 0.8 * share,
            "share_high": 1.2 * share, "ml_per_month": None if growth is None else -0.4, "growth": growth}  # fmt: skip


def growth(says: str = "not seen", inside: float | None = 0.8, *, gates: str = "pass") -> Document:
    """Return how a later zone lies in an earlier one."""
    ends = None if inside is None else {"low": inside - 0.7, "high": inside + 0.7, "level": 0.9, "calibrated": True}
    why = None if inside is not None else "the registration failed"
    return {"against": "F1", "says": says, "inside_mm": inside, "bound": None, "interval_mm": ends, "direction": "left",
            "beyond_ml": 0.2, "gates": gates, "reason": why}  # fmt: skip


def zone(lesion: str, *scans: Document) -> Document:
    """Return one zone over time."""
    return {"lesion": lesion, "session": "S1", "session_on": "2025-01-10", "origin": "image", "level": 0.9,
            "scans": list(scans)}  # fmt: skip


def shrinking(lesion: str, first: float = 14.0, last: Document | None = None) -> Document:
    """Return a zone that shrinks over a year."""
    return zone(lesion, scan("F1", 0.0, first, first), scan("F2", 3.0, 0.7 * first, first, growth()),
                scan("F3", 6.1, 0.5 * first, first, growth("not excluded", 0.1)),
                scan("F4", 12.0, 0.35 * first, first, last or growth()))  # fmt: skip


def case(lesions: int) -> Case:
    """Return a patient with colorectal metastases."""
    own = noted({"target": True, "diameter_mm": 21.0})
    return Case(on=ON, id="P17", lesions_complete=True,
                facts=noted({"organ": "liver", "primary": "colorectal", "ecog": 1, "resectable": False}),
                lesions=tuple(Lesion(str(n), own) for n in range(1, lesions + 1)))  # fmt: skip


def board(*margins: Document, zones: tuple[Document, ...] = (), lesions: int = 2, origin: str = "folder",
          not_measured: tuple[Document, ...] = (), notes: tuple[str, ...] = ()) -> Document:  # fmt: skip
    """Return the document of a board."""
    names = tuple(str(n) for n in range(1, lesions + 1))
    session = Session(id="S1", on=date(2025, 1, 10), lesions=names, modality="MWA")
    scans = (DrawnScan(id="before", on=date(2025, 1, 2), image="", tumors=dict.fromkeys(names, "")),
             DrawnScan(id="F1", on=date(2025, 1, 11), image="", zones=dict.fromkeys(names, "")))  # fmt: skip
    course = Course(patient_id="P17", sessions=(session,), scans=scans)
    shown = Shown(margins=margins, follow_up=zones, course=course, not_measured=not_measured)
    return judged(shown, case(lesions), patient_id="P17", today=TODAY, as_of=None, origin=origin, notes=notes,
                  imaging={"F1": "CT"})  # fmt: skip


def many() -> Document:
    """Return a board of nine lesions, of every status, with zones over time."""
    first = [margin("1", 4.2), margin("2", -1.3, verdict="warn"), margin("3", None, status="withheld", verdict="fail"),
             margin("4", 6.5), margin("5", 2.1, status="bounded"), margin("6", 8.4), margin("7", 0.4),
             margin("8", 12.0), margin("9", 5.0)]  # fmt: skip
    zones = [shrinking(str(n), 8.0 + n, growth("suspected", -3.1) if n == 2 else None) for n in range(1, 10)]
    return board(*first, zones=tuple(zones), lesions=9)
