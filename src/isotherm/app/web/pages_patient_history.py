"""Who did what on a patient: the registry's audit in plain words, the latest first."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from isotherm.app.registry_history import acts_of
from isotherm.app.registry_tasks import history
from isotherm.app.web.admission import ROLES, person_of
from isotherm.app.web.context import web_of
from isotherm.app.web.patient_kept import look_at_patient
from isotherm.app.web.rendering import page
from isotherm.clinical.record_kinds import RECORD_KINDS

ROUTER = APIRouter()

MOST = 10_000
"""Entries of the audit that are read; earlier ones are told by the command line."""

ACTS = 25
"""Of a page: an import of forty records is one."""


@ROUTER.get("/patients/{patient_id}/history")
def one_history(
    request: Request, patient_id: str, kind: Annotated[str, Query(max_length=64)] = "",
    key: Annotated[str, Query(max_length=64)] = "",
    number: Annotated[int, Query(ge=1, le=1_000_000, alias="page")] = 1,
) -> Response:  # fmt: skip
    """Show who did what on a patient, or on one record."""
    look_at_patient(request, patient_id, "who did what", withdrawn=True)
    entries, is_cut = history(web_of(request).settings.registry, patient_id=patient_id, kind=kind or None,
                              key=key or None, last=MOST)  # fmt: skip
    acts = acts_of(entries)
    path = f"/patients/{quote(patient_id)}/history"

    def address(page: int) -> str:
        told = {"kind": kind, "key": key, "page": page if page > 1 else ""}
        query = urlencode({name: value for name, value in told.items() if value != ""})
        return f"{path}?{query}" if query else path

    return page(request, "patient_history.html.jinja", patient_id=patient_id, kind=RECORD_KINDS.get(kind), key=key,
                acts=acts[(number - 1) * ACTS : number * ACTS], count=len(acts), is_cut=is_cut, number=number,
                last_page=max(1, -(-len(acts) // ACTS)), address=address,
                may_see_looks=person_of(request).role == ROLES[-1])  # fmt: skip
