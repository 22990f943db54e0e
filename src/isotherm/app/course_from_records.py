"""The records of one patient → its course: sessions, lines of systemic therapy, scans, and what was drawn on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from isotherm.app.recorded import Recorded, day_in
from isotherm.clinical.course import Course, DrawnScan, Session, SystemicLine
from isotherm.clinical.record import Record


def course_from_records(records: Iterable[Record], *, patient_id: str) -> Course:
    """Return the course of a patient, whose scans have no files."""
    kept = Recorded.of(records)
    drawn: dict[str, dict[str, dict[str, str]]] = {}
    for one in kept.all("reading"):
        own = drawn.setdefault(str(one.get("scan_id")), {"tumors": {}, "zones": {}})
        if one.get("volume_ml") is not None or one.get("diameter_mm") is not None:
            own["tumors"][str(one.get("lesion_id"))] = ""
        if one.get("zone_volume_ml") is not None:
            own["zones"][str(one.get("lesion_id"))] = ""
    treated: dict[str, list[Record]] = {}
    for one in kept.all("ablation"):
        treated.setdefault(str(one.get("session_id")), []).append(one)
    return Course(
        patient_id=patient_id,
        sessions=tuple(_session(one, treated.get(one.id, [])) for one in kept.all("session")),
        systemic=tuple(SystemicLine(started_on=_day(one, "started_on"), regimen=str(one.get("regimen") or ""),
                                    stopped_on=day_in(one, "stopped_on")) for one in kept.all("systemic")),
        scans=tuple(_scan(one, drawn.get(one.id, {})) for one in kept.all("scan")),
    )  # fmt: skip


def _scan(one: Record, drawn: Mapping[str, Mapping[str, str]]) -> DrawnScan:
    return DrawnScan(id=one.id, on=_day(one, "scanned_on"), image="", modality=str(one.get("modality") or ""),
                     tumors=drawn.get("tumors", {}), zones=drawn.get("zones", {}))  # fmt: skip


def _session(one: Record, treated: list[Record]) -> Session:
    modalities = {str(ablation.get("modality")) for ablation in treated if ablation.get("modality")}
    return Session(
        id=one.id, on=_day(one, "ablated_on"), approach=str(one.get("approach") or ""),
        lesions=tuple(dict.fromkeys(str(ablation.get("lesion_id")) for ablation in treated)),
        modality=modalities.pop() if len(modalities) == 1 else "",
    )  # fmt: skip


def _day(one: Record, field: str) -> date:
    value = one.get(field)
    assert isinstance(value, date)  # the field is needed
    return value
