"""One patient: timeline, lesions, margins, what sources state, what is missing; answers to what is asked."""

from __future__ import annotations

import secrets
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from isotherm.app.board_page import BoardPage, Paper, board_html, board_page
from isotherm.app.board_paper import board_on_paper
from isotherm.app.board_registry import PatientAsked, board_of_registry
from isotherm.app.board_tasks import Boarded
from isotherm.app.board_view import board_view
from isotherm.app.patient_view import patient_view
from isotherm.app.registry_tasks import add, change, patient, which
from isotherm.app.web.admission import writer
from isotherm.app.web.assess_words import LEGEND
from isotherm.app.web.context import foreman_of, web_of
from isotherm.app.web.looked import looked_at
from isotherm.app.web.patient_pairs import looked_for, measured_of
from isotherm.app.web.rendering import document, go, page
from isotherm.app.web.way_back import way_back
from isotherm.clinical.kinds import KEY
from isotherm.errors import BadRecord, BadSetting
from isotherm.registry.rows import Kept

ROUTER = APIRouter()

NO_PATIENT = "The registry holds nothing about such a patient; the worklist shows whom it holds."
NOTHING_CAME = "No answer came; fill in at least one of the fields, or say that nobody can tell."

PAPERS = (("Print this sheet (PDF, 1 page)", "?annex=false"), ("Sheet and annex (PDF)", ""))

WHY = "answer to an open question"

ANSWER = "answer."
"""Before the names of fields in a form, so that none is taken for one of the page."""


@ROUTER.get("/patients/{patient_id}")
def one_patient(request: Request, patient_id: str, saved: str = "", look: str = "") -> Response:
    """Show a patient; and the scans of a measured pair where one is to be looked at."""
    kept, table = _kept(request, patient_id), foreman_of(request).table
    looked_at(request, patient_id, "patient page")
    jobs = table.of_patient(patient_id)
    pairs = measured_of(table, jobs, [one.record for one in kept])
    return page(request, "patient.html.jinja", patient_id=patient_id, view=patient_view(kept), jobs=jobs, pairs=pairs,
                shown=looked_for(pairs, look), legend=LEGEND, saved=bool(saved), answer=ANSWER,
                today=web_of(request).today().isoformat())  # fmt: skip


@ROUTER.get("/patients/{patient_id}/criteria")
def criteria(request: Request, patient_id: str) -> Response:
    """Show what sources state of a patient, and what would change it: a part, since it takes longer than the page."""
    boarded = _board(request, patient_id, "criteria")
    return page(request, "patient_criteria.html.jinja", patient_id=patient_id, view=board_view(boarded.document))


@ROUTER.get("/patients/{patient_id}/board.html")
def board(request: Request, patient_id: str) -> Response:
    """Show the tumor board's sheet, with ways back and to paper."""
    made = _sheet(request, patient_id, "board sheet")
    secret, home = web_of(request).workspace.secret, f"/patients/{quote(patient_id)}"
    papers = [Paper(label, way_back(secret, f"{home}/board.pdf{tail}")) for label, tail in PAPERS]
    return document(board_html(made, back=way_back(secret, home), papers=papers))


@ROUTER.get("/patients/{patient_id}/board.pdf")
def board_pdf(request: Request, patient_id: str, annex: bool = True) -> Response:
    """Give the tumor board's sheet on paper, with its annex or alone."""
    made = board_on_paper(_sheet(request, patient_id, "board sheet, PDF"), on=web_of(request).clock().astimezone(),
                          annex=annex)  # fmt: skip
    name = f"board-{patient_id.replace(':', '-')}.pdf"
    return Response(made, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})


def answers_in(form: FormData) -> list[str]:
    """Return the answers of a form as the command line has them, NAME=VALUE; empty fields are none."""
    return [f"{name.removeprefix(ANSWER)}={text.strip()}" for name, text in form.multi_items()
            if name.startswith(ANSWER) and isinstance(text, str) and text.strip()]  # fmt: skip


async def form_of(request: Request) -> FormData:
    """Return the form of a request, whose fields depend on what was asked."""
    return await request.form()


@ROUTER.post("/patients/{patient_id}/answers")
def answer(
    request: Request, patient_id: str, who: Annotated[str, Depends(writer)], kind: Annotated[str, Form()],
    form: Annotated[FormData, Depends(form_of)], key: Annotated[str, Form()] = "",
    revision: Annotated[int | None, Form()] = None, why: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Write answers into the registry, if the record is still as it was shown."""
    told = answers_in(form)
    if not told:
        raise BadSetting(NOTHING_CAME)
    _kept(request, patient_id)
    web, one = web_of(request), which(patient_id, kind, key)
    said = why.strip() or WHY
    if revision is None:
        add(web.settings.registry, one, told, today=web.today(), by=who, why=said)
    else:
        change(web.settings.registry, one, told, revision=revision, today=web.today(), by=who, why=said)
    # Another address each time: to the one where it is, a browser only scrolls.
    return go(request, f"/patients/{quote(patient_id)}?saved={secrets.token_hex(3)}#questions")


def _kept(request: Request, patient_id: str) -> tuple[Kept, ...]:
    if not KEY.fullmatch(patient_id):
        raise HTTPException(404, NO_PATIENT)
    try:
        return patient(web_of(request).settings.registry, patient_id)
    except BadRecord:
        raise HTTPException(404, NO_PATIENT) from None


def _board(request: Request, patient_id: str, what: str) -> Boarded:
    _kept(request, patient_id)
    looked_at(request, patient_id, what)
    web = web_of(request)
    return board_of_registry(PatientAsked(address=web.settings.registry, patient_id=patient_id, today=web.today()))


def _sheet(request: Request, patient_id: str, what: str) -> BoardPage:
    return board_page(_board(request, patient_id, what))
