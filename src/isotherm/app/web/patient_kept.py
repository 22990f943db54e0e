"""What a registry keeps of a patient that an address names; a look at it is noted before anything is shown."""

from __future__ import annotations

from fastapi import HTTPException, Request

from isotherm.app.registry_tasks import patient
from isotherm.app.web.context import web_of
from isotherm.app.web.looked import looked_at
from isotherm.clinical.kinds import KEY
from isotherm.errors import BadRecord
from isotherm.registry.rows import Kept

NO_PATIENT = "The registry holds nothing about such a patient; the worklist shows whom it holds."


def kept_of_patient(request: Request, patient_id: str, *, withdrawn: bool = False) -> tuple[Kept, ...]:
    """Return everything about a patient.

    Raises
    ------
    HTTPException
        404: there is no such patient.
    """
    if not KEY.fullmatch(patient_id):
        raise HTTPException(404, NO_PATIENT)
    try:
        return patient(web_of(request).settings.registry, patient_id, withdrawn=withdrawn)
    except BadRecord:
        raise HTTPException(404, NO_PATIENT) from None


def look_at_patient(request: Request, patient_id: str, what: str, *, withdrawn: bool = False) -> tuple[Kept, ...]:
    """Return everything about a patient, and note who looks at it."""
    kept = kept_of_patient(request, patient_id, withdrawn=withdrawn)
    looked_at(request, patient_id, what)
    return kept
