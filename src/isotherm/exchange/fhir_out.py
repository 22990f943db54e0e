"""Records → a FHIR R4B bundle: mCODE profiles where they exist, declared extensions where FHIR has no place."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from isotherm.clinical.record import Field, Record, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.exchange.atomic import write_text
from isotherm.exchange.fhir_elements import ELEMENTS, write_element
from isotherm.exchange.fhir_names import (
    ABSENT,
    ABSENT_REASON,
    ASKED,
    FIELDS,
    KINDS,
    LOINC,
    MASKED,
    MCODE,
    METASTASIS,
    RESOURCES,
    SCT,
    STANDARD_FIELDS,
    SURGERY,
    TUMOR_SIZE,
    Json,
    extension_url,
    full_name,
)
from isotherm.exchange.fhir_values import identifier, reference, to_fhir, urn
from isotherm.exchange.simulated_mark import SECURITY

Records = Mapping[tuple[str, str], Record]
"""Records of one patient by kind and own key."""


def write_fhir(records: Iterable[Record], path: str | os.PathLike[str], *, simulated: bool = False) -> dict[str, int]:
    """Write records as a bundle in JSON; `fhir_in.read_fhir` gives them back.

    Parameters
    ----------
    records : iterable of Record
    path : path
    simulated : bool
        Whether nobody of them ever lived: the bundle and each resource are labeled as test data.

    Returns
    -------
    dict of str to int
        Records written, by kind.

    Raises
    ------
    OutputError
    """
    found = list(records)
    write_text(path, json_of(bundle_of(found, simulated=simulated)))
    return {name: n for name in RECORD_KINDS if (n := sum(one.kind.name == name for one in found))}


def json_of(resource: Json) -> str:
    """Return a resource as the text of a file."""
    return json.dumps(resource, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def bundle_of(records: Iterable[Record], *, simulated: bool = False) -> Json:
    """Return a bundle of records, patient after patient."""
    by_patient: dict[str, dict[tuple[str, str], Record]] = {}
    for one in records:
        by_patient.setdefault(one.patient_id, {})[one.kind.name, one.id] = one
    entries = [entry for patient, kept in by_patient.items() for entry in _entries(patient, kept)]
    bundle: Json = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return _labeled(bundle) if simulated else bundle


def _labeled(bundle: Json) -> Json:
    """Return a bundle that says of itself, and in each resource, that it is of nobody."""
    label = {"security": [SECURITY]}
    entries = [one | {"resource": _with_meta(one["resource"], label)} for one in bundle["entry"]]
    return _with_meta(bundle, label) | {"entry": entries}


def _with_meta(resource: Json, more: Json) -> Json:
    kind, meta = resource["resourceType"], resource.get("meta", {})
    return {"resourceType": kind, "meta": meta | more} | {k: v for k, v in resource.items() if k != "meta"}


def _entries(patient: str, kept: Records) -> list[Json]:
    entries: list[Json] = []
    for (kind, key), record in kept.items():
        if kind == "death" and ("patient", "") in kept:
            continue  # told by the patient's own resource
        resource = _resource(record, kept)
        address = urn("patient" if kind == "death" else kind, patient, key)
        entries.append({"fullUrl": address, "resource": {**resource, "id": address.removeprefix("urn:uuid:")}})
    return entries


def _resource(record: Record, kept: Records) -> Json:
    kind = record.kind
    resource: Json = {"resourceType": RESOURCES[kind.name]} | _frame(record, kept)
    _fill(resource, record)
    if kind.name == "patient" and ("death", "") in kept:
        _fill(resource, kept["death", ""])
    profile = _profile(record, resource, kept)
    return {"resourceType": resource.pop("resourceType"), **({"meta": {"profile": [profile]}} if profile else {}),
            **resource}  # fmt: skip


def _fill(resource: Json, record: Record) -> None:
    """Put every field of a record into its resource: at its element, else as component or extension."""
    elements = ELEMENTS[record.kind.name]
    if record.kind.name == "death":
        resource["identifier"] = [*resource["identifier"], identifier("death", record.patient_id)]
    for field in record.kind.fields:
        if field.name in record.unknown:
            _carry(resource, record.kind, field, None)
        elif field.name in record.values:
            value = record.values[field.name]
            if field.name in elements:
                write_element(resource, elements[field.name], record.kind, field, value, record.patient_id)
            else:
                _carry(resource, record.kind, field, to_fhir(record.kind, field, value))


def _carry(resource: Json, kind: RecordKind, field: Field, held: Json | None) -> None:
    """Add a field as component of an observation, as extension of another resource; without a value it is unknown."""
    if resource["resourceType"] == "Observation" and not field.refers:
        code = [{"system": FIELDS, "code": full_name(kind, field), "display": field.label}]
        if full_name(kind, field) in STANDARD_FIELDS:
            code.append({"system": LOINC, "code": STANDARD_FIELDS[full_name(kind, field)]})
        absent = {"dataAbsentReason": {"coding": [{"system": ABSENT_REASON, "code": ASKED}]}}
        resource.setdefault("component", []).append({"code": {"coding": code}} | (held or absent))
    else:
        absent = {"extension": [{"url": ABSENT, "valueCode": ASKED}]}
        resource.setdefault("extension", []).append({"url": extension_url(kind, field)} | (held or absent))


def _frame(record: Record, kept: Records) -> Json:
    """Return what a resource needs whatever is known: whose it is, its key, its status and what it is."""
    name, patient = record.kind.name, record.patient_id
    if name in ("patient", "death"):
        return {"identifier": [identifier("patient", patient)], "gender": "unknown",
                "name": [{"extension": [{"url": ABSENT, "valueCode": MASKED}]}]}  # fmt: skip
    own: Any = identifier(name, record.id)
    frame: Json = {
        "identifier": own if name == "complication" else [own],
        "subject": reference("patient", patient, patient),
    }
    what = {"coding": [{"system": KINDS, "code": name, "display": record.kind.label}]}
    match RESOURCES[name]:
        case "Condition":
            category = {
                "system": "http://terminology.hl7.org/CodeSystem/condition-category",
                "code": "problem-list-item",
            }
            standard = [{"system": SCT, "code": METASTASIS}] if name == "lesion" else []
            return frame | {"category": [{"coding": [category]}], "code": {"coding": [*standard, *what["coding"]]}}
        case "Procedure":
            return (
                frame | {"status": "completed", "code": what} | (_performed(record, kept) if name == "ablation" else {})
            )
        case "Observation":
            standard = [{"system": LOINC, "code": TUMOR_SIZE}] if name == "reading" else []
            return frame | {"status": "final", "code": {"coding": [*standard, *what["coding"]]}}
        case "ImagingStudy":
            return frame | {"status": "available"}
        case "MedicationAdministration":
            absent = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}
            medication = {} if "regimen" in record.values else absent
            status = "completed" if "stopped_on" in record.values else "unknown"
            return frame | {"status": status, "medicationCodeableConcept": medication, **_reason(patient, kept)}
        case _:
            return frame | {"actuality": "actual"}


def _performed(record: Record, kept: Records) -> Json:
    """Return the day of an ablation, which is its session's, and that it is surgery in the sense of mCODE."""
    session = kept.get(("session", str(record.values["session_id"])))
    day = {"performedDateTime": str(session.values["ablated_on"])} if session is not None else {}
    return {"category": {"coding": [{"system": SCT, "code": SURGERY}]}, **day}


def _reason(patient: str, kept: Records) -> Json:
    found: Sequence[str] = [key for kind, key in kept if kind == "primary"]
    return {"reasonReference": [reference("primary", patient, key) for key in found]} if found else {}


def _profile(record: Record, resource: Json, kept: Records) -> str:
    """Return the mCODE profile that a resource keeps; none where a needed element is not known."""
    match record.kind.name:
        case "patient":
            return f"{MCODE}-cancer-patient"
        case "primary":
            return f"{MCODE}-primary-cancer-condition"
        case "lesion":
            return f"{MCODE}-secondary-cancer-condition"
        case "ablation" if "performedDateTime" in resource:
            return f"{MCODE}-cancer-related-surgical-procedure"
        case "systemic" if "reasonReference" in resource and "regimen" in record.values:
            return f"{MCODE}-cancer-related-medication-administration"
        case _:
            return ""
