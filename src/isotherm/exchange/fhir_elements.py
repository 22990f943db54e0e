"""Which fields of records have an element of their own in FHIR, and where; all others are components or extensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Literal

from isotherm.clinical.kinds import Value
from isotherm.clinical.record import Field, RecordKind
from isotherm.exchange.fhir_names import Json, choices_system, id_system
from isotherm.exchange.fhir_values import (
    choice_in,
    coding_in,
    codings,
    identifier,
    in_unit,
    items,
    members,
    quantity,
    reference,
)
from isotherm.exchange.table_columns import date_in

As = Literal["plain", "quantity", "concept", "codings", "reference", "organization", "oid"]

DICOM_UID, OID = "urn:dicom:uid", "urn:oid:"


@dataclass(frozen=True, slots=True)
class Element:
    """Where a field stands in its resource.

    Parameters
    ----------
    path : tuple of str and int
        From the resource inward; a number is a place in a list.
    form : str
        How it is written there.
    """

    path: tuple[str | int, ...]
    form: As = "plain"


_ON = Element(("effectiveDateTime",))
_FOCUS, _DERIVED = Element(("focus", 0), "reference"), Element(("derivedFrom", 0), "reference")

ELEMENTS: Mapping[str, Mapping[str, Element]] = MappingProxyType({
    "patient": {"sex": Element(("gender",)), "born_on": Element(("birthDate",)),
                "center_id": Element(("managingOrganization", "identifier", "value"), "organization")},
    "death": {"died_on": Element(("deceasedDateTime",))},
    "primary": {"primary": Element(("code",), "concept"), "diagnosed_on": Element(("onsetDateTime",))},
    "decision": {"decided_on": _ON, "strategy": Element(("valueCodeableConcept",), "concept")},
    "lesion": {"organ": Element(("bodySite", 0), "concept"), "place": Element(("bodySite", 1), "concept"),
               "found_on": Element(("onsetDateTime",)), "note": Element(("note", 0, "text"))},
    "scan": {"scanned_on": Element(("started",)), "modality": Element(("modality",), "codings"),
             "study_uid": Element(("identifier",), "oid")},
    "reading": {"lesion_id": _FOCUS, "scan_id": _DERIVED},
    "session": {"ablated_on": Element(("performedDateTime",))},
    "ablation": {"session_id": Element(("partOf", 0), "reference"),
                 "lesion_id": Element(("reasonReference", 0), "reference"), "modality": Element(("code",), "concept")},
    "margin": {"lesion_id": _FOCUS, "scan_id": _DERIVED, "minimal_margin_mm": Element(("valueQuantity",), "quantity")},
    "systemic": {"regimen": Element(("medicationCodeableConcept", "text")),
                 "started_on": Element(("effectivePeriod", "start")),
                 "stopped_on": Element(("effectivePeriod", "end"))},
    "follow_up": {"seen_on": _ON, "scan_id": _DERIVED},
    "finding": {"lesion_id": _FOCUS, "follow_up_id": _DERIVED,
                "state": Element(("valueCodeableConcept",), "concept")},
    "complication": {"description": Element(("event", "text")), "began_on": Element(("date",)),
                     "session_id": Element(("suspectEntity", 0, "instance"), "reference")},
    "fact": {"lesion_id": _FOCUS, "value": Element(("valueString",)), "noted_on": _ON},
})  # fmt: skip


def write_element(resource: Json, element: Element, kind: RecordKind, field: Field, value: Value, patient: str) -> None:
    """Put a value where its resource has a place for it."""
    match element.form:
        case "quantity":
            _put(resource, element.path, quantity(float(value), field.unit))  # pyright: ignore[reportArgumentType]
        case "concept":
            held = members(_at(resource, element.path))
            ours = codings(kind, field, str(value))
            _put(resource, element.path, {**held, "coding": [*ours, *held.get("coding", [])], "text": value})
        case "codings":
            _put(resource, element.path, codings(kind, field, str(value)))
        case "reference":
            _put(resource, element.path, reference(field.refers, patient, str(value)))
        case "organization":
            resource["managingOrganization"] = {"identifier": identifier("center", str(value))}
        case "oid":
            resource["identifier"] = [*resource["identifier"], {"system": DICOM_UID, "value": f"{OID}{value}"}]
        case "plain":
            _put(resource, element.path, value.isoformat() if isinstance(value, date) else value)


def read_element(resource: Json, element: Element, kind: RecordKind, field: Field) -> Value | None:
    """Return the value that a resource has at an element; None where there is none of ours.

    Raises
    ------
    ValueError
        It has something else there; the message repeats nothing.
    """
    held = _at(resource, element.path)
    if held is None:
        return None
    match element.form:
        case "quantity":
            return field.checked(in_unit(held, field))
        case "concept":
            return _checked(choice_in(held, kind, field), field)
        case "codings":
            return _checked(coding_in(held, choices_system(kind, field)), field)
        case "reference":
            pointed = members(members(held).get("identifier"))
            return field.checked(pointed.get("value") if pointed.get("system") == id_system(field.refers) else None)
        case "oid":
            found = next((str(one.get("value")) for one in items(held) if one.get("system") == DICOM_UID), None)
            return _checked(found.removeprefix(OID) if found is not None else None, field)
        case _:
            return field.checked(date_in(held) if field.form == "date" else held)


def _checked(value: str | None, field: Field) -> Value | None:
    return None if value is None else field.checked(value)


def _put(resource: Any, path: tuple[str | int, ...], value: Any) -> None:
    for at, step in enumerate(path[:-1]):
        fresh: Any = [] if isinstance(path[at + 1], int) else {}
        if isinstance(step, int):
            resource.append(fresh) if step == len(resource) else None
            resource = resource[step]
        else:
            resource = resource.setdefault(step, fresh)
    last = path[-1]
    if isinstance(last, int):
        resource[last:] = [value]
    else:
        resource[last] = value


def _at(resource: Any, path: tuple[str | int, ...]) -> Any:
    held: Any = resource
    for step in path:
        if isinstance(step, int):
            several = items(held)
            held = several[step] if step < len(several) else None
        else:
            held = members(held).get(step)
    return held
