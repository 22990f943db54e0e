"""A run of a study: how far it is, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from isotherm.app.study_report_claim import few_of
from isotherm.app.study_report_headline import headline_of
from isotherm.app.study_report_parts import prose, text_of
from isotherm.app.study_report_words import Result
from isotherm.app.study_tasks import RESULT
from isotherm.app.web.context import foreman_of, web_of
from isotherm.app.web.job_table import OUT
from isotherm.app.web.rendering import page
from isotherm.app.web.studies import study_called

ROUTER = APIRouter()

REPORT = "report.html"
NO_RUN = "This study has no such run; its page lists those that there are."


@ROUTER.get("/study/{name}/run/{job_id}")
def one_run(request: Request, name: str, job_id: str) -> Response:
    """Show a run."""
    study, table = study_called(web_of(request).workspace, name), foreman_of(request).table
    job = table.get(job_id)
    if job is None or job_id not in study.runs:
        raise HTTPException(404, NO_RUN)
    home = table.folder(job.id) / OUT
    file = home / RESULT
    document = json.loads(file.read_text(encoding="utf-8")) if job.state == "done" and file.is_file() else None
    tables = sorted(one.name for one in (home / "tables").glob("*.csv")) if document else []
    lines = tuple(_first(document)) if document else ()
    arms = headline_of(document).arms if document else None
    return page(request, "study_run.html.jinja", study=study, job=job, told=table.told(job), files=[], lines=lines,
                document=document, tables=tables, arms=arms, text_of=text_of,
                designs=bool(document and "course" in document["tables"]),
                adjusted=(home / "adjusted.csv").is_file())  # fmt: skip


@ROUTER.get("/study/{name}/run/{job_id}/report")
def report(request: Request, name: str, job_id: str) -> Response:
    """Show the report of a run on all of the screen, with the way back."""
    study, table = study_called(web_of(request).workspace, name), foreman_of(request).table
    job = table.get(job_id)
    if job is None or job_id not in study.runs or not (table.folder(job.id) / OUT / REPORT).is_file():
        raise HTTPException(404, NO_RUN)
    return page(request, "study_report.html.jinja", study=study, job=job, report=f"/jobs/{job.id}/out/{REPORT}")


def _first(result: Result) -> Iterator[str]:
    """Tell the main estimate with its arms, its interval, what it says, the naive one and the gravest caveats."""
    head = headline_of(result)
    if head.estimate is None:
        yield f"{head.outcome}: {head.why}"
    else:
        spread = f" ({prose(head.level)} interval {prose(head.interval)})" if head.level and head.interval else ""
        yield f"{head.claim}{spread}"
        yield from filter(None, [text_of(head.how).strip()])
        yield f"{head.outcome}; {head.measure[:1].lower()}{head.measure[1:]}. {text_of(head.chance)}"
    if head.naive:
        yield f"Naive, without adjustment, not the estimate: {text_of(head.naive)}."
    yield from (text_of(one) for one in (*head.caveats[:1], *few_of(result)) if one)
