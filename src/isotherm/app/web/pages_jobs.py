"""Jobs: what is being done in the background, how far it is, and what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import FileResponse, RedirectResponse, Response

from isotherm.app.web.admission import writer
from isotherm.app.web.context import foreman_of
from isotherm.app.web.job import Job
from isotherm.app.web.job_table import ASKED, OUT
from isotherm.app.web.looked import looked_at
from isotherm.app.web.rendering import document, page

ROUTER = APIRouter()

PUBLISHED = "evidence"
"""The work that draws what papers say."""

WATCHED_AT = {"assess": "/assess/{id}", "evidence": "/evidence/margin/{id}", "pull": "/assess/pacs/pull/{id}",
              "study": "/study/{study}/run/{id}"}  # fmt: skip
"""Pages that show how far jobs are, by their work; others are watched on the job's own page."""

NO_JOB = "There is no such job; the list of jobs shows what there is."
NO_FILE = "The job has no such file; its page shows what it has."

Who = Annotated[str, Depends(writer)]


@ROUTER.get("/jobs")
def jobs(request: Request) -> Response:
    """Show all jobs."""
    table = foreman_of(request).table
    return page(request, "jobs.html.jinja", jobs=[(job, table.told(job)) for job in table.of()])


@ROUTER.get("/jobs/{job_id}")
def one_job(request: Request, job_id: str) -> Response:
    """Show one job."""
    return page(request, "job.html.jinja", waited=False, **_shown(request, job_id))


@ROUTER.get("/jobs/{job_id}/part")
def part(request: Request, job_id: str, waited: bool = False) -> Response:
    """Show how far one job is: asked for every second while it runs; a page that waited is then loaded anew."""
    shown = _shown(request, job_id)
    if waited and shown["job"].is_over:
        return Response(status_code=204, headers={"HX-Refresh": "true"})
    return page(request, "job_part.html.jinja", waited=waited, **shown)


@ROUTER.get("/jobs/{job_id}/out/{name:path}")
def out(request: Request, job_id: str, name: str) -> Response:
    """Give one file of what came of a job."""
    job = _job(request, job_id)
    home = (foreman_of(request).table.folder(job.id) / OUT).resolve()
    file = _inside(home, name)
    if file is None:
        raise HTTPException(404, NO_FILE)
    if not _is_published(home.parent, job):
        looked_at(request, job.patient, f"{file.name} of {job.title} (job {job.id})")
    if file.suffix == ".html":
        return document(file.read_text(encoding="utf-8"), scripts=True)
    return FileResponse(file, filename=_called(home.parent, file))


@ROUTER.post("/jobs/{job_id}/cancel")
def cancel(request: Request, job_id: str, who: Who) -> Response:
    """Let a job not go on."""
    foreman_of(request).cancel(_job(request, job_id))
    return RedirectResponse(f"/jobs/{job_id}", 303)


@ROUTER.post("/jobs/{job_id}/again")
def again(request: Request, job_id: str, who: Who) -> Response:
    """Let a job that is over run once more."""
    foreman = foreman_of(request)
    job = _job(request, job_id)
    foreman.again(job, who=who)
    return RedirectResponse(_watched_at(foreman.table.folder(job.id), job), 303)


def _watched_at(folder: Path, job: Job) -> str:
    """Return the page on which somebody watches a job: that of what will come of it, with its steps, if it has one."""
    named = {key: one for key, one in _asked(folder).items() if isinstance(one, str)} | {"id": job.id}
    try:
        return WATCHED_AT.get(job.work, "/jobs/{id}").format_map(named)
    except KeyError:  # one that an earlier version asked for
        return f"/jobs/{job.id}"


def _is_published(folder: Path, job: Job) -> bool:
    """Return whether a job drew what is published, without the lengths of a patient: nobody is looked at in it."""
    return job.work == PUBLISHED and not any(str(one).strip() for one in _asked(folder).values())


def _asked(folder: Path) -> dict[str, Any]:
    return json.loads((folder / ASKED).read_text(encoding="utf-8")).get("asked", {})


def _called(folder: Path, file: Path) -> str:
    """Return what a file is called when it is taken away: what a study left is named after the study."""
    study = _asked(folder).get("study")
    return f"{file.stem}-{study}{file.suffix}" if study else file.name


def _job(request: Request, job_id: str) -> Job:
    found = foreman_of(request).table.get(job_id)
    if found is None:
        raise HTTPException(404, NO_JOB)
    return found


def _shown(request: Request, job_id: str) -> dict[str, Any]:
    job = _job(request, job_id)
    table = foreman_of(request).table
    home = table.folder(job.id) / OUT
    files = (
        sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()) if job.is_over else []
    )
    return {"job": job, "told": table.told(job), "files": [name for name in files if not name.startswith(".")]}


def _inside(home: Path, name: str) -> Path | None:
    """Return a file of a folder; None for whatever leads out of it."""
    try:
        file = (home / name).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        return None
    return file if file.is_file() and file.is_relative_to(home) else None
