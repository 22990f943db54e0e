"""Who did what on a patient, and in the whole registry: its audit in plain words, the latest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from isotherm.app.registry_history import Act
from isotherm.app.registry_tasks import acts
from isotherm.app.web.admission import ROLES, person_of
from isotherm.app.web.context import web_of
from isotherm.app.web.looked import looked_at
from isotherm.app.web.patient_kept import look_at_patient
from isotherm.app.web.rendering import page
from isotherm.clinical.record_kinds import RECORD_KINDS

ROUTER = APIRouter()

MOST, MOST_OF_ALL = 10_000, 2_000
"""Entries of the audit that are read, of a patient and of the registry; earlier ones are told by the command line."""

ACTS = 25
"""Of a page: an import of forty records is one."""

Key = Annotated[str, Query(max_length=64)]
Number = Annotated[int, Query(ge=1, le=1_000_000, alias="page")]


@ROUTER.get("/patients/{patient_id}/history")
def one_history(request: Request, patient_id: str, kind: Key = "", key: Key = "", number: Number = 1) -> Response:
    """Show who did what on a patient, or on one record."""
    look_at_patient(request, patient_id, "who did what", withdrawn=True)
    done, is_cut = acts(web_of(request).settings.registry, patient_id=patient_id, kind=kind or None, key=key or None,
                        last=MOST)  # fmt: skip
    address = _pages(f"/patients/{quote(patient_id)}/history", kind=kind, key=key)
    return page(request, "patient_history.html.jinja", patient_id=patient_id, kind=RECORD_KINDS.get(kind), key=key,
                is_cut=is_cut, **_shown(request, done, number, address))  # fmt: skip


@ROUTER.get("/history")
def all_history(request: Request, number: Number = 1) -> Response:
    """Show who did what in the registry, whoever it was done to."""
    looked_at(request, "", f"who did what, page {number}")
    done, is_cut = acts(web_of(request).settings.registry, patient_id=None, kind=None, key=None, last=MOST_OF_ALL)
    return page(request, "history.html.jinja", is_cut=is_cut, most=MOST_OF_ALL,
                **_shown(request, done, number, _pages("/history")))  # fmt: skip


def _pages(path: str, **told: str) -> Callable[[int], str]:
    """Return what gives the address of each page."""

    def address(page: int) -> str:
        query = urlencode(
            {name: text for name, text in {**told, "page": str(page) if page > 1 else ""}.items() if text}
        )
        return f"{path}?{query}" if query else path

    return address


def _shown(request: Request, acts: Sequence[Act], number: int, address: Callable[[int], str]) -> dict[str, Any]:
    return {"acts": acts[(number - 1) * ACTS : number * ACTS], "count": len(acts), "number": number,
            "last_page": max(1, -(-len(acts) // ACTS)), "address": address,
            "may_see_looks": person_of(request).role == ROLES[-1]}  # fmt: skip
