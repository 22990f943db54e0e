"""One patient: timeline, lesions, margins, what sources state, what is missing; answers to what is asked."""

from __future__ import annotations

import secrets
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from isotherm.app.board_page import BoardPage, Paper, board_html, board_page
from isotherm.app.board_paper import board_on_paper
from isotherm.app.board_registry import PatientAsked, board_of_registry
from isotherm.app.board_tasks import Boarded
from isotherm.app.board_view import MOST_MISSING, board_view
from isotherm.app.patient_view import patient_view
from isotherm.app.record_form import kinds_to_add, refuse_signatures
from isotherm.app.record_words import record_name
from isotherm.app.registry_misfits import misfits
from isotherm.app.registry_tasks import add, change, which
from isotherm.app.web.admission import writer
from isotherm.app.web.assess_words import LEGEND
from isotherm.app.web.context import foreman_of, web_of
from isotherm.app.web.patient_kept import kept_of_patient, look_at_patient
from isotherm.app.web.patient_pairs import looked_for, measured_of
from isotherm.app.web.rendering import document, go, page
from isotherm.app.web.way_back import way_back
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadSetting

ROUTER = APIRouter()

NOTHING_CAME = "No answer came; fill in at least one of the fields, or say that nobody can tell."

PAPERS = (("Print this sheet (PDF, 1 page)", "?annex=false"), ("Sheet and annex (PDF)", ""))

WHY = "answer to an open question"

NOTED = {"added": "is noted", "accepted": "is accepted", "corrected": "is corrected",
         "withdrawn": "is withdrawn and counts no more", "reinstated": "counts again"}  # fmt: skip
"""What was just done to a record."""

ANSWER = "answer."
"""Before the names of fields in a form, so that none is taken for one of the page."""


@ROUTER.get("/patients/{patient_id}")
def one_patient(
    request: Request, patient_id: str, saved: str = "", look: str = "", noted: str = "", kind: str = "", key: str = ""
) -> Response:
    """Show a patient; the scans of a measured pair where one is to be looked at; what was just noted."""
    kept, table = look_at_patient(request, patient_id, "patient page"), foreman_of(request).table
    jobs, records = table.of_patient(patient_id), [one.record for one in kept]
    pairs = measured_of(table, jobs, records)
    return page(request, "patient.html.jinja", patient_id=patient_id, view=patient_view(kept), jobs=jobs, pairs=pairs,
                pair_of={own: one for one in reversed(pairs) for own in one.margins}, shown=looked_for(pairs, look),
                legend=LEGEND, saved=bool(saved), answer=ANSWER, noted=noted_words(noted, kind, key), kind=kind,
                key=key, addable=kinds_to_add(kept), wrong=misfits(records) if noted else (),
                today=web_of(request).today().isoformat())  # fmt: skip


@ROUTER.get("/patients/{patient_id}/criteria")
def criteria(request: Request, patient_id: str) -> Response:
    """Show what sources state of a patient, and what would change it: a part, since it takes longer than the page."""
    boarded = _board(request, patient_id, "criteria")
    return page(request, "patient_criteria.html.jinja", patient_id=patient_id, view=board_view(boarded.document),
                unread=boarded.unread, told_unread=[one.words for one in boarded.unread],
                most_missing=MOST_MISSING)  # fmt: skip


@ROUTER.get("/patients/{patient_id}/misfits")
def what_does_not_fit(request: Request, patient_id: str) -> Response:
    """Show which records do not fit together: a part, since it takes longer than the page."""
    kept = look_at_patient(request, patient_id, "what does not fit")
    return page(request, "patient_misfits.html.jinja", patient_id=patient_id, wrong=misfits(one.record for one in kept))


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


def noted_words(noted: str, kind: str, key: str) -> str:
    """Return what was just done to a record; empty where an address says nothing that can be."""
    if noted not in NOTED or kind not in RECORD_KINDS:
        return ""
    return f"{record_name(RECORD_KINDS[kind], key[:64])} {NOTED[noted]}, with your name and the time."


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
    kept_of_patient(request, patient_id)
    web, one = web_of(request), which(patient_id, kind, key)
    refuse_signatures(one.kind, told)
    said = why.strip() or WHY
    if revision is None:
        add(web.settings.registry, one, told, today=web.today(), by=who, why=said)
    else:
        change(web.settings.registry, one, told, revision=revision, today=web.today(), by=who, why=said)
    # Another address each time: to the one where it is, a browser only scrolls.
    return go(request, f"/patients/{quote(patient_id)}?saved={secrets.token_hex(3)}#questions")


def _board(request: Request, patient_id: str, what: str) -> Boarded:
    look_at_patient(request, patient_id, what)
    web = web_of(request)
    return board_of_registry(PatientAsked(address=web.settings.registry, patient_id=patient_id, today=web.today()))


def _sheet(request: Request, patient_id: str, what: str) -> BoardPage:
    return board_page(_board(request, patient_id, what))
