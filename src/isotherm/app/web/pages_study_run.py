"""A run of a study: how far it is, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from isotherm.app.registry_since import RegistrySince, registry_since
from isotherm.app.study_report_headline import LIMITS, Headline, headline_of
from isotherm.app.study_report_parts import prose, text_of
from isotherm.app.study_report_words import Result
from isotherm.app.study_tasks import RESULT
from isotherm.app.web.context import foreman_of, web_of
from isotherm.app.web.job_table import OUT
from isotherm.app.web.rendering import page
from isotherm.app.web.studies import study_called
from isotherm.errors import NoAnswer, NotAdmitted, StoreError

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
    file = home / RESULT
    document = json.loads(file.read_text(encoding="utf-8")) if job.state == "done" and file.is_file() else None
    tables = sorted(one.name for one in (home / "tables").glob("*.csv")) if document else []
    head = headline_of(document) if document else None
    return page(request, "study_run.html.jinja", study=study, job=job, told=table.told(job), files=[], head=head,
                lines=tuple(_first(head)) if head else (), since=_since(request, document) if document else None,
                title_of_limits=LIMITS, most_limits=MOST_LIMITS, document=document, tables=tables, text_of=text_of,
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


def _since(request: Request, document: Result) -> RegistrySince | None:
    """Say what became of the registry that a run read; None where it read a table."""
    read = document["data"].get("registry")
    if not read:
        return None
    try:
        return registry_since(web_of(request).settings.registry, read)
    except (StoreError, NoAnswer, NotAdmitted) as error:  # the run can be read all the same
        return RegistrySince(
            f"What has changed in the registry since this run cannot be said. {error}", asks_again=False
        )


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
