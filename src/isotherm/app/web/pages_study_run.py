"""A run of a study: how far it is, and what came of it."""

from __future__ import annotations

import json

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from isotherm.app.study_tasks import RESULT, headline
from isotherm.app.web.context import foreman_of, web_of
from isotherm.app.web.job_table import OUT
from isotherm.app.web.rendering import page
from isotherm.app.web.studies import study_called

ROUTER = APIRouter()

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
    lines = headline(document, brief=True).splitlines()[3:] if document else []
    return page(request, "study_run.html.jinja", study=study, job=job, told=table.told(job), files=[], lines=lines,
                document=document, tables=tables, designs=bool(document and "course" in document["tables"]),
                adjusted=(home / "adjusted.csv").is_file())  # fmt: skip
