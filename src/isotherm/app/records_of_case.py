"""A case, its course and what was measured of it → records of a registry; findings and complications are a person's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from isotherm.app.board_measure import MeasuredCourse, MeasuredSession
from isotherm.app.correcting import told_corrections
from isotherm.app.dicom_results import lesion_uid
from isotherm.app.provenance import result_hash
from isotherm.app.report_words import at_least_5_mm
from isotherm.clinical.case import Case
from isotherm.clinical.course import Course
from isotherm.clinical.fact import Fact
from isotherm.clinical.kinds import LONGEST_KEY, LONGEST_TEXT, Value
from isotherm.clinical.picture import picture_of
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadCase
from isotherm.exchange.case_facts import NOT_ASSESSABLE
from isotherm.exchange.fact_values import toml_of
from isotherm.registry.simulated import OF_SIMULATED_IMAGES

MODALITY = {"CT": "CT", "MR": "MRI", "PT": "PET/CT", "US": "ultrasound"}
"""What a registry calls a scan, by what DICOM does."""

REGISTRATION = {"deformable": "deformable", "rigid": "rigid", "given": "given", "landmarks": "given"}

SINCE_REVISION_3 = ("calibrated", "at_least_5_percent", "thinnest_direction", "correction")
"""Fields of a margin that one which was filed in an older registry does not have."""

Values = dict[str, Value | None]


def records_of(case: Case, measured: MeasuredCourse, tracking: Mapping[str, str]) -> tuple[Record, ...]:
    """Return the records of a case as its files tell it, and of what was measured; in the order of their kinds.

    Parameters
    ----------
    case : Case
        As it was noted: the measured margins go into records of their own, not into facts.
    measured : MeasuredCourse
    tracking : mapping of str to str
        What lesions are called in DICOM already, by their ids: that stays.

    Raises
    ------
    BadCase
        The organ is not noted, which a lesion needs.
    """
    made = [*_of_course(case, measured, tracking), *_of_sessions(measured), *_facts(measured.course.patient_id, case)]
    order = list(RECORD_KINDS)
    return tuple(sorted(made, key=lambda one: order.index(one.kind.name)))


def record_of(kind: str, patient: str, own: str, values: Mapping[str, Value | None]) -> Record:
    """Return a record of what is known."""
    return Record(kind=RECORD_KINDS[kind], patient_id=patient, id=own, values=as_kept(values))


def as_kept(values: Mapping[str, Value | None]) -> dict[str, Value]:
    """Return what of some values is known, as a record keeps it: numbers without digits that nobody measured."""
    return {name: round(value, 3) if isinstance(value, float) else value
            for name, value in values.items() if value is not None and value != ""}  # fmt: skip


def _of_course(case: Case, measured: MeasuredCourse, tracking: Mapping[str, str]) -> Iterator[Record]:
    course = measured.course
    patient = course.patient_id
    yield record_of("patient", patient, "", {})
    organ = picture_of(case).reading("organ")
    if organ is None or organ.value is None:
        raise BadCase(
            ("", "The organ is not noted in the case; a registry needs it of each lesion: note patient.organ.")
        )
    for lesion in case.lesions:
        uid = tracking.get(lesion.id) or lesion_uid(patient, lesion.id)
        yield record_of("lesion", patient, lesion.id, {"organ": organ.value, "tracking_uid": uid})
    for scan in course.timeline:
        origin = measured.origins.get(scan.id)
        told = scan.modality or ("" if origin is None else MODALITY.get(origin.modality, ""))
        yield record_of("scan", patient, scan.id, {"scanned_on": scan.on, "modality": told,
                                                 "study_uid": "" if origin is None else origin.study_uid})  # fmt: skip
    for session in course.treatments:
        yield record_of("session", patient, session.id, {"ablated_on": session.on, "approach": session.approach})
        for lesion in session.lesions:
            yield record_of("ablation", patient, key_for(session.id, lesion), {
                "session_id": session.id, "lesion_id": lesion, "modality": session.modality})  # fmt: skip
    yield from _systemic(course)


def _systemic(course: Course) -> Iterator[Record]:
    starts: dict[date, int] = {}
    for line in sorted(course.systemic, key=lambda one: (one.started_on, one.regimen)):
        starts[line.started_on] = starts.get(line.started_on, 0) + 1
        number = "" if starts[line.started_on] == 1 else f"-{starts[line.started_on]}"
        yield record_of("systemic", course.patient_id, f"{line.started_on.isoformat()}{number}", {
            "regimen": line.regimen, "started_on": line.started_on, "stopped_on": line.stopped_on})  # fmt: skip


def _of_sessions(measured: MeasuredCourse) -> Iterator[Record]:
    patient = measured.course.patient_id
    readings: dict[tuple[str, str], Values] = {}
    for one in measured.sessions:
        for label, document in _lesions(one):
            yield record_of("margin", patient, key_for(one.pair.session.id, label), _margin(one, label, document))
            if one.pair.before is not None:
                readings[one.pair.before.id, label] = _tumor(document)
    for zone in measured.zones:
        for scan, volume in zip(zone.series.scans, zone.volumes, strict=True):
            readings.setdefault((scan.id, zone.series.lesion), {})["zone_volume_ml"] = volume.volume_ml
    for (scan_id, lesion), values in readings.items():
        yield record_of(
            "reading", patient, key_for(scan_id, lesion), {"lesion_id": lesion, "scan_id": scan_id, **values}
        )


def _lesions(one: MeasuredSession) -> list[tuple[str, Mapping[str, Any]]]:
    if one.found is None:
        return []
    return [(str(lesion["label"]), lesion) for lesion in one.found.assessment.document["lesions"]]


def _tumor(lesion: Mapping[str, Any]) -> Values:
    vessels = [one["distance_mm"] for one in lesion["vessels"]]
    return {"diameter_mm": lesion["tumor"]["recist_mm"], "volume_ml": lesion["tumor_volume_ml"],
            "to_capsule_mm": lesion["tumor"]["depth_below_capsule_mm"],
            "to_vessel_mm": min(vessels) if vessels else None}  # fmt: skip


def _margin(one: MeasuredSession, label: str, lesion: Mapping[str, Any]) -> Values:
    assert one.found is not None  # whose lesion this is
    assert one.pair.after is not None
    measured = margin_values(one.found.assessment.document, lesion, folder=one.folder)
    return {
        "lesion_id": label, "ablation_id": key_for(one.pair.session.id, label), "scan_id": one.pair.after.id,
        "before_scan_id": None if one.pair.before is None else one.pair.before.id, **measured,
    }  # fmt: skip


def margin_values(document: Mapping[str, Any], lesion: Mapping[str, Any], *, folder: str) -> Values:
    """Return what a record of a margin keeps of a result: the numbers, how they were made, and where they lie.

    Parameters
    ----------
    document : mapping
        The content of margin.json, of a pair that was registered.
    lesion : mapping
        One of its lesions.
    folder : str
        The folder that margin.json lies in, as the registry names it.
    """
    interval: Mapping[str, Any] = lesion["interval_mm"] or {}
    share: Mapping[str, Any] = lesion["surface_fraction"]
    told: Mapping[str, Any] = lesion["registration"]
    simulated = OF_SIMULATED_IMAGES if any(one["simulated"] for one in document["inputs"]) else ""
    level, chance = interval.get("level"), at_least_5_mm(lesion)
    return {
        "status": lesion["status"],
        "minimal_margin_mm": lesion["minimal_margin_mm"], "low_mm": interval.get("low"),
        "high_mm": interval.get("high"),
        "level_percent": None if level is None else 100.0 * level, "calibrated": interval.get("calibrated"),
        "at_least_5_percent": None if chance is None else 100.0 * chance,
        "thinnest_direction": lesion["thinnest_direction"],
        "under_0_percent": _percent(share["below_0_mm"]),
        "under_5_percent": _percent(share["below_0_mm"], share["0_to_5_mm"]),
        "under_10_percent": _percent(share["below_0_mm"], share["0_to_5_mm"], share["5_to_10_mm"]),
        "uncovered_ml": lesion["residual_volume_ml"], "zone_volume_ml": lesion["ablation_volume_ml"],
        "vessel_bridging": any(vessel["bridging"] for vessel in lesion["vessels"]) if lesion["vessels"] else None,
        "registration": REGISTRATION.get(told["method"]), "registration_error_mm": told["error_mm"],
        "gates": told["verdict"], "software": f"isotherm {document['software']['isotherm']}",
        "settings": result_hash(document["settings"]),
        "result": f"{folder}/margin.json, {result_hash(document)}{simulated}",
        "correction": " ".join(told_corrections(document["warnings"]))[:LONGEST_TEXT] or None,
    }  # fmt: skip


def _percent(*shares: float | None) -> float | None:
    known = [one for one in shares if one is not None]
    return min(100.0, 100.0 * sum(known)) if len(known) == len(shares) else None


def _facts(patient: str, case: Case) -> Iterator[Record]:
    """Yield every fact of the case's files; what was computed from others is not stored."""
    if case.lesions_complete and "n_lesions" not in case.facts:
        # That these are all is kept as their number on that day.
        yield record_of("fact", patient, key_for("n_lesions", case.on.isoformat()), {
            "name": "n_lesions", "value": str(len(case.lesions)), "noted_on": case.on, "origin": "typed"})  # fmt: skip
    for lesion, facts in (("", case.facts), *((one.id, one.facts) for one in case.lesions)):
        for name, noted in facts.items():
            days: dict[str, int] = {}
            for fact in noted:
                if fact.origin == "derived":
                    continue
                day = "undated" if fact.on is None else fact.on.isoformat()
                days[day] = days.get(day, 0) + 1
                number = () if days[day] == 1 else (str(days[day]),)
                yield record_of("fact", patient, key_for(name, lesion, day, *number), {
                    "name": name, "lesion_id": lesion, "value": written(fact), "noted_on": fact.on,
                    "origin": fact.origin})  # fmt: skip


def written(fact: Fact) -> str:
    """Return the value of a fact as a case file has it: with its limits and its source where it has them."""
    value = NOT_ASSESSABLE if fact.value is None else fact.value
    more = [("low", fact.low), ("high", fact.high), ("source", fact.source or None)]
    told = [f"{name} = {toml_of(one)}" for name, one in more if one is not None]
    return f"{{ value = {toml_of(value)}, {', '.join(told)} }}" if told else toml_of(value)


def key_for(*parts: str) -> str:
    """Return the key of a record that is told by several: shortened, and still its own, where they are long."""
    key = ".".join(part for part in parts if part)
    if len(key) <= LONGEST_KEY:
        return key
    return f"{key[: LONGEST_KEY - 13]}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
