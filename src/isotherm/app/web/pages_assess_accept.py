"""Accept: a measured margin goes to a patient and a lesion of the registry, with who and why."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from isotherm.app.accepting import (
    Acceptance,
    NamedScan,
    accept_margin,
    patients_of,
    places_of,
    refuse_simulated,
)
from isotherm.app.web.admission import writer
from isotherm.app.web.assess_words import lesion_rows
from isotherm.app.web.assessed import assessed
from isotherm.app.web.clearing import ACCEPTED
from isotherm.app.web.context import web_of
from isotherm.app.web.looked import looked_at
from isotherm.app.web.rendering import page
from isotherm.errors import NotAcceptable
from isotherm.exchange.atomic import write_text

ROUTER = APIRouter()

Text = Annotated[str, Form()]
Who = Annotated[str, Depends(writer)]


@ROUTER.get("/assess/{job_id}/accept")
def choose(request: Request, job_id: str, label: str = "", patient_id: str | None = None) -> Response:
    """Ask where a margin goes: first the patient, then the lesion and the scans."""
    one = assessed(request, job_id)
    address = web_of(request).settings.registry
    refuse_simulated(address, one.document)
    lesions = lesion_rows(one.document)
    chosen = next((row for row in lesions if row["label"] == label), lesions[0])
    places = None
    patient_id = one.place.get("patient", "") if patient_id is None else patient_id
    if patient_id:
        looked_at(request, patient_id, "accept a margin")
        places = places_of(address, patient_id)
    return page(request, "assess_accept.html.jinja", job=one.job, lesion=chosen, lesions=lesions, patient_id=patient_id,
                lesion_id=one.place.get("lesion", ""), places=places,
                patients=() if places else patients_of(address))  # fmt: skip


@ROUTER.post("/assess/{job_id}/accept")
def accept(
    request: Request, job_id: str, who: Who, label: Text, patient_id: Text, lesion_id: Text, why: Text,
    after_id: Text = "", after_on: Text = "", before_id: Text = "", before_on: Text = "", ablation_id: Text = "",
    revisions: Text = "",
) -> Response:  # fmt: skip
    """Write the margin into the registry."""
    one = assessed(request, job_id)
    asked = Acceptance(
        patient_id=patient_id, lesion_id=lesion_id, after=NamedScan(id=after_id.strip(), on=_day(after_on)),
        before=NamedScan(id=before_id.strip(), on=_day(before_on)) if before_id.strip() else None,
        ablation_id=ablation_id, by=who, why=why.strip(),
    )  # fmt: skip
    asked = asked.read_at(_revisions(revisions))
    own = accept_margin(web_of(request).settings.registry, one.document, label, asked, folder=f"assess/{job_id}")
    write_text(one.folder / ACCEPTED, own)
    return page(request, "assess_accepted.html.jinja", job=one.job, asked=asked, margin_id=own, who=who)


def _day(told: str) -> date | None:
    if not told.strip():
        return None
    try:
        return date.fromisoformat(told.strip())
    except ValueError:
        raise NotAcceptable("A day of another form than 2026-03-31 came; write year, month and day.") from None


def _revisions(told: str) -> dict[str, int]:
    """Return the revisions of the patient's margins as the form was made: "KEY=2 KEY=1"."""
    pairs = [one.rpartition("=") for one in told.split()]
    return {key: int(number) for key, _, number in pairs if key and number.isdecimal() and len(number) < 10}
