"""Evidence, drawn: published effects in a forest, margin and recurrence, a study of ours beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from isotherm.app.evidence_apart import apart, apart_figures, left_out
from isotherm.app.evidence_beside import NEVER_POOLED, beside
from isotherm.app.evidence_beside_drawn import BY_ARM, TURNED, beside_figure, by_arm_words, same_arms_words
from isotherm.app.evidence_margin import PAGE
from isotherm.app.evidence_pool import INTERVALS, MODELS, pooled
from isotherm.app.evidence_pool_drawn import forest_figure
from isotherm.app.evidence_pool_words import heterogeneity_words, model_words, override_words, pooled_words
from isotherm.app.study_tasks import RESULT
from isotherm.app.web.admission import writer
from isotherm.app.web.context import foreman_of, start_job, web_of
from isotherm.app.web.evidence_library import library
from isotherm.app.web.job_table import ASKED, OUT
from isotherm.app.web.rendering import page
from isotherm.app.web.studies import study_called
from isotherm.app.web.work_evidence import ASKS
from isotherm.errors import CannotPool, InputError

ROUTER = APIRouter()

Who = Annotated[str, Depends(writer)]
Ids = Annotated[list[str] | None, Query(alias="id")]
Text = Annotated[str, Query(max_length=4000)]

MOST = 60
"""Results in one figure."""

WORK = "evidence"

BECAUSE, LONGEST_REASON = "because.", 400
"""Before the name of a rule in a query: the reason to set it aside."""


@ROUTER.get("/evidence/forest")
def forest(request: Request, ids: Ids = None, pool: Text = "", model: Text = "REML", hartung_knapp: Text = "modified"
           ) -> Response:  # fmt: skip
    """Show published effects side by side; where that is asked for, what comes of pooling them, or why they are not."""
    named = list(dict.fromkeys(one for one in (ids or []) if one in library().results))[:MOST]
    asked = {"pool": bool(pool), "model": model if model in MODELS else "REML",
             "hartung_knapp": hartung_knapp if hartung_knapp in INTERVALS else "modified"}  # fmt: skip
    despite = {name.removeprefix(BECAUSE): text.strip()[:LONGEST_REASON]
               for name, text in request.query_params.items() if name.startswith(BECAUSE) and text.strip()}  # fmt: skip
    content: dict[str, Any] = {"said": "", "rules": list(despite), "figure": None, "apart": (), "left_out": ()}
    if named:
        found = apart(library(), named)
        content |= {"apart": tuple(apart_figures(found).values()), "left_out": left_out(found)}
    if pool:
        content |= _pooled(named, asked, despite)
    records = [library().results[one] for one in named]
    return page(request, "evidence_forest.html.jinja", records=records, papers=library().papers, asked=asked,
                models=tuple(MODELS), intervals=tuple(INTERVALS), despite=despite, because=BECAUSE,
                **content)  # fmt: skip


def _pooled(named: Sequence[str], asked: Mapping[str, Any], despite: Mapping[str, str]) -> dict[str, Any]:
    """Return what comes of pooling, or why it is refused and which rules a reason could set aside."""
    try:
        found = pooled(library(), named, model=asked["model"], hartung_knapp=asked["hartung_knapp"], despite=despite)
    except CannotPool as error:
        return {"said": str(error), "rules": list(dict.fromkeys([*despite, *error.rules]))}
    except InputError as error:
        return {"said": str(error)}
    analysis = found.analysis
    return {"figure": forest_figure(found), "main": model_words(found)[found.main],
            "asides": override_words(analysis), "scatter": heterogeneity_words(analysis),
            "measure": analysis.random_effect.measure, "level": f"{100 * analysis.settings.level:g} %",
            "number": pooled_words(analysis, found.summary(analysis))}  # fmt: skip


@ROUTER.get("/evidence/margin")
def margin(request: Request) -> Response:
    """Show margin and recurrence as published, where that has been drawn; ask for it."""
    table = foreman_of(request).table
    jobs = [job for job in table.of() if job.work == WORK]
    return _margin(request, jobs[0].id if jobs else "")


@ROUTER.get("/evidence/margin/{job_id}")
def margin_of(request: Request, job_id: str) -> Response:
    """Show one of these figures, as with a patient of one's own in it."""
    job = foreman_of(request).table.get(job_id)
    if job is None or job.work != WORK:
        raise HTTPException(404, "There is no such figure; draw it again.")
    return _margin(request, job_id)


@ROUTER.post("/evidence/margin")
def draw_margin(request: Request, who: Who, margin_mm: Annotated[str, Form()] = "", low: Annotated[str, Form()] = "",
                high: Annotated[str, Form()] = "", size_mm: Annotated[str, Form()] = "", day: Annotated[str, Form()] =
                "", imaging: Annotated[str, Form()] = "", method: Annotated[str, Form()] = "", modality:
                Annotated[str, Form()] = "", organ: Annotated[str, Form()] = "") -> Response:  # fmt: skip
    """Draw it in the background."""
    told = {"margin_mm": margin_mm, "low": low, "high": high, "size_mm": size_mm, "day": day, "imaging": imaging,
            "method": method, "modality": modality, "organ": organ}  # fmt: skip
    job = start_job(request, WORK, "Margin and recurrence as published", told, who=who)
    return RedirectResponse(f"/evidence/margin/{job.id}", 303)


@ROUTER.get("/evidence/beside/{name}/{job_id}")
def beside_study(request: Request, name: str, job_id: str, outcome: Annotated[str, Query(max_length=200)] = "",
                 ids: Ids = None) -> Response:  # fmt: skip
    """Show a study of ours above published effects: never pooled."""
    study, table = study_called(web_of(request).workspace, name), foreman_of(request).table
    file = table.folder(job_id) / OUT / RESULT if job_id in study.runs else None
    if file is None or not file.is_file():
        raise HTTPException(404, "This study has no such run with a result; its page lists those that there are.")
    named = [one for one in (ids or []) if one in library().results][:MOST]
    said, found = "", None
    try:
        found = beside(library(), str(file), outcome=outcome or None, ids=named)
    except InputError as error:
        said = str(error)
    return page(request, "evidence_beside.html.jinja", study=study, job_id=job_id, found=found, said=said,
                figure=None if found is None else beside_figure(found), never=NEVER_POOLED, outcome=outcome,
                same_arms="" if found is None else same_arms_words(found), by_arm_head=BY_ARM, differs=by_arm_words,
                turned=TURNED, outcomes=_outcomes(json.loads(file.read_text(encoding="utf-8"))))  # fmt: skip


def _outcomes(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(str(one["name"]), str(one["label"])) for one in result["protocol"]["outcomes"]]


def _margin(request: Request, job_id: str) -> Response:
    table = foreman_of(request).table
    job = table.get(job_id) if job_id else None
    told: dict[str, str] = {}
    if job is not None:
        told = json.loads((table.folder(job.id) / ASKED).read_text(encoding="utf-8"))["asked"]
    is_drawn = job is not None and (table.folder(job.id) / OUT / PAGE).is_file() and job.state == "done"
    return page(request, "evidence_margin.html.jinja", job=job, files=[],
                told=table.told(job) if job else "", asked=told, asks=ASKS, drawn=PAGE if is_drawn else "")  # fmt: skip
