"""The PACS on the page Assess: studies found, one fetched in the background, what it holds."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from isotherm.app.pacs_tasks import PacsOptions, find
from isotherm.app.web.admission import writer
from isotherm.app.web.context import foreman_of, start_job, web_of
from isotherm.app.web.holds import held_by
from isotherm.app.web.looked import looked_at
from isotherm.app.web.work_pull import CALLED, WORK, study_of
from isotherm.errors import BadSetting
from isotherm.exchange.dicomweb_find import Study, Wanted
from isotherm.exchange.dicomweb_server import checked_uid
from isotherm.printable import printable

ROUTER = APIRouter()

MOST = 50
"""Studies that are listed."""

LONGEST_WORDS = 60

Text = Annotated[str, Form()]
Who = Annotated[str, Depends(writer)]


@ROUTER.post("/assess/pacs/find")
def find_in_pacs(
    request: Request, who: Who, patient_id: Text = "", first: Text = "", last: Text = "", modality: Text = ""
) -> Response:
    """List the studies that fit, the newest first; whom was looked for is noted."""
    patient = patient_id.strip()
    if set(patient) & set("*?\\"):
        raise BadSetting("A patient's ID is wanted, whole and without *, ? or \\.")
    if modality and not (modality.isascii() and modality.isalnum()):
        raise BadSetting("A modality is one word, as in CT or MR; choose one.")
    if not patient and not first:
        raise BadSetting("Give the patient's ID, or a first day: the whole PACS is not listed.")
    wanted = Wanted(patient or None, _day(first), _day(last), modality.upper() or None)
    looked_at(request, patient, "studies of the PACS")
    studies, more = find(PacsOptions(), wanted, most=MOST)
    return JSONResponse({"studies": [_told(one) for one in studies], "more": more})


@ROUTER.post("/assess/pacs/pull")
def pull(request: Request, who: Who, study: Text = "") -> Response:
    """Fetch a study in the background."""
    uid = checked_uid(study.strip(), "study")
    looked_at(request, "", f"study {uid} of the PACS")
    job = start_job(request, WORK, "Study from the PACS", {"study": uid}, who=who)
    return JSONResponse({"job": job.id, "called": f"{CALLED}{job.id}"})


@ROUTER.get("/assess/pacs/pull/{job_id}")
def pulled(request: Request, job_id: str, who: Who) -> Response:
    """Tell how far a study is."""
    table = foreman_of(request).table
    job = table.get(job_id)
    if job is None or job.work != WORK:
        raise HTTPException(404, "There is no such study; fetch it again.")
    return JSONResponse({"state": job.state, "told": table.told(job)})


@ROUTER.get("/assess/pacs/pull/{job_id}/holds")
def holds(request: Request, job_id: str, who: Who) -> Response:
    """List the series and segments of a study that was fetched, as `isotherm dicom list` does."""
    place = study_of(web_of(request).workspace, f"{CALLED}{job_id}")
    if place is None:
        raise HTTPException(404, "There is no such study; fetch it again.")
    return JSONResponse(held_by(place, ours=1))  # the list of what was fetched


def _day(told: str) -> date | None:
    try:
        return date.fromisoformat(told) if told else None
    except ValueError:
        raise BadSetting("A day of another form than 2026-03-31 came; write year, month and day.") from None


def _told(one: Study) -> dict[str, str]:
    return {"uid": one.uid, "day": one.day.isoformat() if one.day else "", "modalities": ", ".join(one.modalities),
            "objects": "" if one.objects is None else str(one.objects),
            "series": "" if one.series is None else str(one.series),
            "description": printable(one.description)[:LONGEST_WORDS]}  # fmt: skip
