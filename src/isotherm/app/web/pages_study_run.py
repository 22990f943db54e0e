"""A run of a study: how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from isotherm.app.registry_since import said_since
from isotherm.app.study_report_headline import LIMITS, Headline, headline_of
from isotherm.app.study_report_parts import prose, text_of
from isotherm.app.study_report_words import Result
from isotherm.app.study_runs import changed_lines, protocol_hash
from isotherm.app.study_tasks import RESULT
from isotherm.app.web.context import foreman_of, web_of
from isotherm.app.web.ended_runs import ended_runs, protocol_in, result_in
from isotherm.app.web.job_table import OUT
from isotherm.app.web.rendering import page
from isotherm.app.web.studies import Study, study_called

ROUTER = APIRouter()

REPORT = "report.html"
MOST_LIMITS = 3
"""Limits of a study beside its headline; the report has all, in the same order."""
NO_RUN = "This study has no such run; its page lists those that there are."


@ROUTER.get("/study/{name}/run/{job_id}")
def one_run(request: Request, name: str, job_id: str) -> Response:
    """Show a run."""
    study, table = study_called(web_of(request).workspace, name), foreman_of(request).table
    job = table.get(job_id)
    if job is None or job_id not in study.runs:
        raise HTTPException(404, NO_RUN)
    home = table.folder(job.id) / OUT
    document = result_in(home) if job.state == "done" and (home / RESULT).is_file() else None
    tables = sorted(one.name for one in (home / "tables").glob("*.csv")) if document else []
    head = headline_of(document) if document else None
    return page(request, "study_run.html.jinja", study=study, job=job, told=table.told(job), files=[], head=head,
                lines=tuple(_first(head)) if head else (), several=len(ended_runs(request, study)) > 1,
                title_of_limits=LIMITS, most_limits=MOST_LIMITS, document=document, tables=tables, text_of=text_of,
                designs=bool(document and "course" in document["tables"]),
                adjusted=(home / "adjusted.csv").is_file(),
                **(_since(request, study, document, protocol_in(home)) if document else {}))  # fmt: skip


@ROUTER.get("/study/{name}/run/{job_id}/report")
def report(request: Request, name: str, job_id: str) -> Response:
    """Show the report of a run on all of the screen, with the way back."""
    study, table = study_called(web_of(request).workspace, name), foreman_of(request).table
    job = table.get(job_id)
    if job is None or job_id not in study.runs or not (table.folder(job.id) / OUT / REPORT).is_file():
        raise HTTPException(404, NO_RUN)
    return page(request, "study_report.html.jinja", study=study, job=job, report=f"/jobs/{job.id}/out/{REPORT}")


def _since(request: Request, study: Study, document: Result, used: str) -> dict[str, Any]:
    """Say what became of the registry and of the protocol that a run used."""
    now, mark = study.protocol.read()
    return {
        "since": said_since(web_of(request).settings.registry, document),
        "overtaken": protocol_hash(document) not in (None, mark),
        "changed": changed_lines(used, now) if used else (), "used": bool(used),
    }  # fmt: skip


def _first(head: Headline) -> Iterator[str]:
    """Tell the main estimate with its arms, its interval, what it says, and the naive one."""
    if head.estimate is None:
        yield f"{head.outcome}: {head.why}"
    else:
        spread = f" ({prose(head.level)} interval {prose(head.interval)})" if head.level and head.interval else ""
        yield f"{head.claim}{spread}"
        yield f"{head.outcome}; {head.measure[:1].lower()}{head.measure[1:]}. {text_of(head.chance)}"
    if head.naive:
        yield f"Naive, without adjustment, not the estimate: {text_of(head.naive)}."
