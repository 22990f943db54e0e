"""What our bundles use beyond FHIR and mCODE, declared: an extension for each field without an element, our codes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from isotherm.clinical.record import Field, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.exchange.fhir_names import (
    FIELDS,
    KINDS,
    RESOURCES,
    Json,
    choices_system,
    extension_url,
    full_name,
)

FHIR = "4.3.0"
TYPES = {"number": "Quantity", "whole": "integer", "yes or no": "boolean", "choice": "CodeableConcept",
         "date": "dateTime", "text": "string", "key": "string"}  # fmt: skip


def definitions() -> Json:
    """Return a bundle of StructureDefinition and CodeSystem resources."""
    resources = [
        _codes(KINDS, "Kinds of record", {name: kind.label for name, kind in RECORD_KINDS.items()}),
        _codes(FIELDS, "Fields of records", {full_name(k, f): f.label for k, f in _fields()}),
        *(_codes(choices_system(k, f), f.label, {one: one for one in f.choices}) for k, f in _fields() if f.choices),
        *(_extension(k, f) for k, f in _fields()),
    ]
    entries = [{"fullUrl": one["url"], "resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _fields() -> Iterator[tuple[RecordKind, Field]]:
    return ((kind, field) for kind in RECORD_KINDS.values() for field in kind.fields)


def _head(resource: str, url: str, title: str) -> Json:
    words = re.split(r"[^A-Za-z0-9]+", url.removeprefix("urn:isotherm:fhir:"))
    name = "".join(word[:1].upper() + word[1:] for word in words)
    return {"resourceType": resource, "id": "-".join(words), "url": url, "name": name, "title": title,
            "status": "active"}  # fmt: skip


def _codes(system: str, title: str, codes: dict[str, str]) -> Json:
    concepts = [{"code": code, "display": label} for code, label in codes.items()]
    return _head("CodeSystem", system, title) | {
        "caseSensitive": True, "content": "complete", "count": len(concepts), "concept": concepts,
    }  # fmt: skip


def _extension(kind: RecordKind, field: Field) -> Json:
    url, resource = extension_url(kind, field), RESOURCES[kind.name]
    definition = f"{field.label}: {field.wanted}" + (f"; {field.note}" if field.note else "")
    return _head("StructureDefinition", url, f"{kind.label}: {field.label}") | {
        "fhirVersion": FHIR, "kind": "complex-type", "abstract": False, "type": "Extension", "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
        "context": [{"type": "element", "expression": resource}],
        "differential": {"element": [
            {"id": "Extension", "path": "Extension", "short": field.label, "definition": definition, "min": 0,
             "max": "1"},
            {"id": "Extension.url", "path": "Extension.url", "fixedUri": url},
            {"id": "Extension.value[x]", "path": "Extension.value[x]", "type": [{"code": TYPES[field.form]}]},
        ]},
    }  # fmt: skip
