"""Names in FHIR R4B: resources and mCODE profiles of each kind of record, codes of standards, and our own, declared.

Codes of SNOMED CT, NCIt and DICOM are those that dictionaries of pydicom 3.0.2 hold; LOINC codes and the names of
profiles are those of mCODE 4.0.0 (HL7, 2025). Everything else is of our own code systems.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from isotherm.clinical.record import Field, RecordKind

Json = dict[str, Any]

BASE = "urn:isotherm:fhir"
KINDS, FIELDS = f"{BASE}:kinds", f"{BASE}:fields"
SCT, NCIT, LOINC = "http://snomed.info/sct", "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl", "http://loinc.org"
DCM, UCUM = "http://dicom.nema.org/resources/ontology/DCM", "http://unitsofmeasure.org"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
ABSENT_REASON = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
ASKED, MASKED = "asked-unknown", "masked"
MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode"

RESOURCES: Mapping[str, str] = MappingProxyType({
    "patient": "Patient", "death": "Patient", "primary": "Condition", "lesion": "Condition", "scan": "ImagingStudy",
    "session": "Procedure", "ablation": "Procedure", "systemic": "MedicationAdministration",
    "complication": "AdverseEvent", "decision": "Observation", "reading": "Observation", "margin": "Observation",
    "follow_up": "Observation", "finding": "Observation", "fact": "Observation",
})  # fmt: skip
"""The resource that holds each kind of record; a death is told by the patient's own."""

UNITS = MappingProxyType({"mm": "mm", "kg/m²": "kg/m2", "%": "%", "ml": "mL", "W": "W", "min": "min", "µg/L": "ug/L",
                          "": "1"})  # fmt: skip
"""UCUM codes of units."""

STANDARD: Mapping[str, Mapping[str, tuple[tuple[str, str], ...]]] = MappingProxyType({
    "lesion.organ": {"liver": ((SCT, "10200004"),), "lung": ((SCT, "39607008"),)},
    "lesion.place": {
        "I": ((SCT, "71133005"),), "II": ((SCT, "277956007"),), "III": ((SCT, "277957003"),),
        "IV": ((SCT, "277958008"),), "V": ((SCT, "277959000"),), "VI": ((SCT, "277960005"),),
        "VII": ((SCT, "277961009"),), "VIII": ((SCT, "277962002"),),
    },
    "scan.modality": {"CT": ((DCM, "CT"),), "MRI": ((DCM, "MR"),), "PET/CT": ((DCM, "PT"), (DCM, "CT")),
                      "ultrasound": ((DCM, "US"),)},
    "ablation.modality": {"RFA": ((SCT, "879916008"),), "cryoablation": ((NCIT, "C15215"),),
                          "IRE": ((NCIT, "C131483"),)},
    "systemic.response": {"complete response": ((DCM, "112041"),), "partial response": ((DCM, "112042"),),
                          "progressive disease": ((DCM, "112043"),), "stable disease": ((DCM, "112044"),)},
})  # fmt: skip
"""Codes of standards beside our own; microwave ablation, margins and local tumor progression have none."""

STANDARD_FIELDS = MappingProxyType({"reading.diameter_mm": "33728-7", "reading.second_diameter_mm": "33729-5",
                                    "reading.third_diameter_mm": "33729-5"})  # fmt: skip
"""LOINC codes of measured numbers, as mCODE's tumor size has them."""

TUMOR_SIZE, METASTASIS, SURGERY = "21889-1", "128462008", "387713003"


def full_name(kind: RecordKind, field: Field) -> str:
    """Return the name of a field over all kinds."""
    return f"{kind.name}.{field.name}"


def extension_url(kind: RecordKind, field: Field) -> str:
    """Return the address of the extension that holds a field for which the resource has no element."""
    return f"{BASE}:extension:{full_name(kind, field)}"


def choices_system(kind: RecordKind, field: Field) -> str:
    """Return the code system of a field's choices."""
    return f"{BASE}:choices:{full_name(kind, field)}"


def id_system(kind: str) -> str:
    """Return the system of the keys of a kind of record."""
    return f"{BASE}:id:{kind}"
