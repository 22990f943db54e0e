"""Margins and zones that were not measured now: those that a case notes, and those that a registry keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from isotherm.app.board_document import NOT_KEPT, NOTHING, UNKNOWN_PATIENT, Document, Shown, since, volume_document
from isotherm.app.course_from_records import course_from_records
from isotherm.app.margin_to_accept import nobody_accepted
from isotherm.app.margins_of_records import ablation_of, session_of
from isotherm.app.recorded import Recorded, day_in, died_on
from isotherm.app.registration_document import number
from isotherm.app.timeline import NEWS
from isotherm.clinical.case import Case
from isotherm.clinical.course import ZoneSeries, zone_series
from isotherm.clinical.fact import Reading
from isotherm.clinical.picture import picture_of
from isotherm.clinical.record import Record
from isotherm.clinical.vocabulary import LESION_FACTS
from isotherm.imaging.organ import REACH_MM
from isotherm.imaging.zone_volume import LEVEL, ZoneVolume, ml_per_month

TYPED_LEVEL = 0.95
"""Limits of a fact are 95 % limits."""

Part = Mapping[str, Any]

NOWHERE: Document = {"session": None, "session_on": None, "scan": None, "scan_on": None, "before_scan": None,
                     "days_after": None, "modality": None}  # fmt: skip


def noted_margins(case: Case, measured: Sequence[Part]) -> list[Document]:
    """Return the margins that a case notes of lesions that none was measured of."""
    known = {one["lesion"] for one in measured}
    picture = picture_of(case)
    return [_noted(lesion.id, reading) for lesion in case.lesions if lesion.id not in known
            and (reading := picture.reading("minimal_margin_mm", lesion.id)) is not None]  # fmt: skip


def _noted(lesion: str, reading: Reading) -> Document:
    kind, value = LESION_FACTS["minimal_margin_mm"], reading.value
    bound = value is not None and reading.low == kind.low
    if value is None:
        status = "not_assessable"
    else:
        status = "bounded" if bound else "measured"
    day = reading.facts[0].day if reading.facts else None
    told = value is not None and not bound and reading.low < reading.high
    interval = {"low": reading.low, "high": min(reading.high, REACH_MM), "level": TYPED_LEVEL, "calibrated": True}
    nothing: Document = {**NOTHING, "reasons": [], "flags": []}
    return {
        "lesion": lesion, **NOWHERE, **NOT_KEPT, "scan_on": None if day is None else day.isoformat(), "origin": "noted",
        **nothing, "status": status, "minimal_margin_mm": value, "interval_mm": interval if told else None,
        "registration": None,
    }  # fmt: skip


def shown_of_records(records: Iterable[Record], *, patient_id: str, on: date) -> Shown:
    """Return what a registry keeps of a patient, as the document of a board has it; what people found, up to a day."""
    kept = Recorded.of(records)
    course = course_from_records(kept.every(), patient_id=patient_id)
    decided = [day for one in kept.all("decision") if (day := day_in(one, "decided_on")) is not None and day <= on]
    return Shown(margins=_margins(kept), follow_up=[_zone(kept, one) for one in zone_series(course)], course=course,
                 decided_on=max(decided, default=None), died_on=died_on(kept.every(), until=on), notes=_notes(kept),
                 found=_found(kept, on.isoformat()), patient=_patient(kept))  # fmt: skip


def _patient(kept: Recorded) -> Document:
    """Return what no fact of a case tells of a patient; of several primary tumors only what they agree in."""
    told = {name: {one.get(name) for one in kept.all(kind)} - {None}
            for name, kind in (("sex", "patient"), ("ras", "primary"), ("braf", "primary"))}  # fmt: skip
    return {**UNKNOWN_PATIENT, **{name: found.pop() for name, found in told.items() if len(found) == 1}}


def margins_of_records(records: Iterable[Record]) -> list[Document]:
    """Return the margins that a registry keeps of a patient, each with its `key`, in the order of their scans."""
    kept = Recorded.of(records)
    return _by_scan({"key": one.id, **_margin(kept, one)} for one in kept.all("margin"))


def _margins(kept: Recorded) -> list[Document]:
    return _by_scan(_margin(kept, one) for one in kept.all("margin"))


def _by_scan(margins: Iterable[Document]) -> list[Document]:
    return sorted(margins, key=lambda one: one["scan_on"] or "")


def _found(kept: Recorded, until: str) -> list[Document]:
    """Return what people found at follow-ups, and a death, in the order of days."""
    told = [(kept.day_of("follow_up", one.get("follow_up_id"), "seen_on"), str(one.get("lesion_id")),
             str(one.get("state"))) for one in kept.all("finding")]  # fmt: skip
    told += [(kept.day_of("follow_up", one.id, "seen_on"), None, one.kind.field(name).label)
             for one in kept.all("follow_up") for name in NEWS if one.get(name) is True]  # fmt: skip
    told += [(kept.day_of("death", "", "died_on"), None, "died") for _ in kept.all("death")]
    lines = [{"on": None if day is None else day.isoformat(), "lesion": lesion, "says": says}
             for day, lesion, says in told]  # fmt: skip
    return sorted((one for one in lines if (one["on"] or "") <= until), key=lambda one: one["on"] or "")


def _notes(kept: Recorded) -> list[str]:
    if not kept.all("margin") and not kept.all("reading"):
        return []
    return ["margins and volumes are as they were filed; the registry holds no images, so that growth of a zone is "
            "told only by isotherm case with the images"]  # fmt: skip


def _margin(kept: Recorded, one: Record) -> Document:
    scan_on, session_on = kept.day_of("scan", one.get("scan_id"), "scanned_on"), session_of(kept, one)
    ablation = ablation_of(kept, one)
    low, high, level = one.get("low_mm"), one.get("high_mm"), one.get("level_percent")
    interval = None
    if isinstance(low, float) and isinstance(high, float) and isinstance(level, float):
        interval = {"low": low, "high": high, "level": level / 100.0, "calibrated": one.get("calibrated") is True}
    chance = one.get("at_least_5_percent")
    return {
        "lesion": str(one.get("lesion_id")),
        "session": None if ablation is None else str(ablation.get("session_id")),
        "session_on": None if session_on is None else session_on.isoformat(),
        "scan": str(one.get("scan_id")), "scan_on": None if scan_on is None else scan_on.isoformat(),
        "before_scan": one.get("before_scan_id"),
        "days_after": None if scan_on is None or session_on is None else (scan_on - session_on).days,
        "modality": None if ablation is None else ablation.get("modality"), "origin": "registry",
        "to_accept": nobody_accepted(one), "accepted_by": one.get("reader"),
        **NOTHING, "status": one.get("status"), "minimal_margin_mm": one.get("minimal_margin_mm"),
        "thinnest_direction": one.get("thinnest_direction"), "correction": one.get("correction"),
        "at_least_5_mm": chance / 100.0 if isinstance(chance, float) else None,
        "interval_mm": interval, "surface_fraction": _shares(one), "residual_volume_ml": one.get("uncovered_ml"),
        "ablation_volume_ml": one.get("zone_volume_ml"), "reasons": [], "flags": [],
        "registration": {"verdict": one.get("gates"), "error_mm": one.get("registration_error_mm"),
                         "method": one.get("registration"), "withheld": None},
    }  # fmt: skip


def _shares(one: Record) -> Document | None:
    shares = [value / 100.0 for limit in (0, 5, 10) if isinstance(value := one.get(f"under_{limit}_percent"), float)]
    if len(shares) < len((0, 5, 10)):
        return None
    under_0, under_5, under_10 = shares
    steps = {"0_to_5_mm": under_5 - under_0, "5_to_10_mm": under_10 - under_5}
    return {"below_0_mm": under_0, **{name: number(share, 6) for name, share in steps.items()}}


def _zone(kept: Recorded, series: ZoneSeries) -> Document:
    volumes = {str(one.get("scan_id")): one.get("zone_volume_ml") for one in kept.all("reading")
               if one.get("lesion_id") == series.lesion}  # fmt: skip
    known = [_known(volumes[scan.id]) for scan in series.scans]
    lines: list[Document] = []
    for place, (scan, volume) in enumerate(zip(series.scans, known, strict=True)):
        days = (scan.on - series.scans[place - 1].on).days if place else 0
        change = ml_per_month(volume, known[place - 1], days) if place else None
        told = volume_document(volume, known[0]) | dict.fromkeys(("low_ml", "high_ml", "share_low", "share_high"))
        lines.append({"scan": scan.id, **since(series.session.on, scan.on), **told, "ml_per_month": number(change, 3),
                      "growth": None})  # fmt: skip
    return {"lesion": series.lesion, "session": series.session.id, "session_on": series.session.on.isoformat(),
            "origin": "registry", "level": LEVEL, "scans": lines}  # fmt: skip


def _known(value: object) -> ZoneVolume:
    ml = float(value) if isinstance(value, float) else 0.0
    return ZoneVolume(ml, ml, ml)


def imaging_of_records(records: Iterable[Record]) -> Iterator[tuple[str, str]]:
    """Yield the id and the modality of every scan."""
    for one in records:
        if one.kind.name == "scan" and one.get("modality"):
            yield one.id, str(one.get("modality"))
