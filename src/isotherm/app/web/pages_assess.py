"""Assess: a pair of scans chosen, measured in the background, looked at, and what can be done with it next."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from isotherm.app.accepting_places import places_of
from isotherm.app.correcting import Signature, combined
from isotherm.app.pacs_tasks import URL
from isotherm.app.report import simulated
from isotherm.app.web.admission import writer
from isotherm.app.web.assess_form import pair_of_form, texts_of
from isotherm.app.web.assess_words import LEGEND, MASKS, gate_tables, stages, terms, took_words
from isotherm.app.web.assessed import SCENES, Assessed, assessed, later
from isotherm.app.web.context import foreman_of, start_job, web_of
from isotherm.app.web.context_time import stamp
from isotherm.app.web.looked import looked_at
from isotherm.app.web.marks_sent import MarksSent
from isotherm.app.web.page_words import CONFIRMED
from isotherm.app.web.painted import painted_in
from isotherm.app.web.pair_beside import rows_of_page
from isotherm.app.web.rendering import page
from isotherm.app.web.strokes_kept import KeptStrokes
from isotherm.app.web.work_assess import PAIR, WORK, asked_for
from isotherm.errors import BadSetting, BadStroke, NotAcceptable

ROUTER = APIRouter()

DEMO = "Demo: a simulated ablation in a real CT"

Who = Annotated[str, Depends(writer)]


@ROUTER.get("/assess")
def start(request: Request, patient: str = "", lesion: str = "") -> Response:
    """Show how to begin, for a lesion of the registry where one is named, and what was measured before."""
    table = foreman_of(request).table
    jobs = [(job, table.told(job)) for job in table.of() if job.work == WORK]
    return page(request, "assess.html.jinja", jobs=jobs, pacs=bool(os.environ.get(URL)), confirmed=CONFIRMED,
                place=_place(request, {"patient": patient, "lesion": lesion}))  # fmt: skip


@ROUTER.post("/assess/demo")
def demo(request: Request, who: Who) -> Response:
    """Measure the demo's pair, which is of no patient: a lesion that one came from is not its place."""
    job = start_job(request, WORK, DEMO, asked_for(None), who=who)
    return RedirectResponse(f"/assess/{job.id}", 303)


@ROUTER.post("/assess/landmarks")
def landmarks(request: Request, who: Who, form: Annotated[dict[str, str], Depends(texts_of)]) -> Response:
    """Say what landmark files hold, or in a sentence why they cannot be used."""
    sent = MarksSent.of_form(web_of(request).workspace, form)
    if sent is None:
        raise BadSetting("No landmark file has come; choose one and send it again.")
    return JSONResponse({"count": len(sent.read())})


@ROUTER.post("/assess")
def begin(request: Request, who: Who, form: Annotated[dict[str, str], Depends(texts_of)]) -> Response:
    """Measure a pair whose files have been uploaded."""
    pair, title = pair_of_form(web_of(request).workspace, form)
    place = _place(request, form)
    job = start_job(request, WORK, title, asked_for(pair, place=place), who=who, patient=place.get("patient", ""))
    return RedirectResponse(f"/assess/{job.id}", 303)


@ROUTER.get("/assess/{job_id}")
def one_pair(request: Request, job_id: str, lesion: str = "") -> Response:
    """Show one pair: how far it is, or what was measured; one of its lesions first, where one is named."""
    one = assessed(request, job_id)
    if one.job.state != "done":
        return page(request, "assess_wait.html.jinja", **_waited(request, one))
    document, rows = one.document, rows_of_page(request, one)
    looked = next((place for place, _ in enumerate(rows) if str(place) == lesion), 0)
    return page(request, "assess_pair.html.jinja", job=one.job, lesions=rows, looked=looked,
                gates=gate_tables(one.gates), warnings=document["warnings"], files=one.files, masks=_masks(document),
                legend=LEGEND, terms=terms, made_up=simulated(document),
                corrected=[each for each in one.corrections if each.strokes], signed=one.asked["signed"],
                of=one.asked["of"], by_hand=one.by_hand)  # fmt: skip


@ROUTER.get("/assess/{job_id}/part")
def part(request: Request, job_id: str) -> Response:
    """Show how far one pair is: asked for every second for as long as it is measured."""
    one = assessed(request, job_id)
    answer = page(request, "assess_wait_part.html.jinja", **_waited(request, one))
    if one.job.is_over:
        answer.headers["HX-Refresh"] = "true"
    return answer


@ROUTER.post("/assess/{job_id}/full")
def full(
    request: Request, job_id: str, who: Who, corrections: Annotated[str, Form()] = "", why: Annotated[str, Form()] = ""
) -> Response:
    """Measure the corrected masks in full: registered anew, judged by every gate."""
    one = assessed(request, job_id)
    try:
        told: Any = json.loads(corrections)
    except (ValueError, RecursionError):
        told = None
    painted = painted_in({"corrections": told})
    if not any(each.strokes for each in painted):
        raise BadStroke("No stroke was painted; correct a mask first, or accept the margin as it is.")
    signed = Signature(who, why.strip(), web_of(request).clock())
    scene = SCENES.of(one, 0)
    every = combined(one.corrections, later(scene, painted))
    asked = asked_for(one.pair, every, signed, of=one.job.id, place=one.place, by_hand=one.by_hand)
    job = start_job(request, WORK, f"{one.job.title.removesuffix(', corrected')}, corrected", asked, who=who,
                    patient=one.job.patient)  # fmt: skip
    KeptStrokes(one.folder, who).forget()
    return RedirectResponse(f"/assess/{job.id}", 303)


def _place(request: Request, told: Mapping[str, str]) -> dict[str, str]:
    """Return the patient and the lesion that are named; neither where no patient is.

    Raises
    ------
    NotAcceptable
        The registry does not hold them.
    """
    patient_id, lesion_id = told.get("patient", ""), told.get("lesion", "")
    if not patient_id:
        return {}
    lesions = places_of(web_of(request).settings.registry, patient_id).lesions
    if lesion_id and lesion_id not in lesions:
        raise NotAcceptable("The registry has no such lesion of this patient; begin from the patient's page.")
    looked_at(request, patient_id, "assess a lesion")
    return {"patient": patient_id, "lesion": lesion_id}


def _waited(request: Request, one: Assessed) -> dict[str, Any]:
    table = foreman_of(request).table
    said = table.told(one.job)
    return {"job": one.job, "told": said, "stages": stages(said), "gates": gate_tables(one.gates),
            "took": took_words(one.job, table.of("done"), stamp()),
            "was_read": (one.folder / PAIR).is_file()}  # fmt: skip


def _masks(document: Any) -> list[tuple[str, int, str]]:
    """Return the masks that can be corrected: what they are, their number, and what people call them."""
    made: list[tuple[str, int, str]] = []
    for of, name in MASKS.items():
        count = max(1, sum(1 for one in document["inputs"] if one["role"] == of))
        made += [(of, number, name if count == 1 else f"{name} {number + 1}") for number in range(count)]
    return made
