"""Study: the studies of a workspace, and how a new one begins."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from isotherm.app.web.admission import writer
from isotherm.app.web.context import foreman_of, start_job, web_of
from isotherm.app.web.rendering import page
from isotherm.app.web.sent_files import STUDY, take_over
from isotherm.app.web.studies import new_study, studies_of
from isotherm.errors import BadSetting

ROUTER = APIRouter()

Who = Annotated[str, Depends(writer)]

EXAMPLE, EXAMPLE_TABLE = "crlm_study.toml", "crlm_tcia_clinical_n197.csv"


@ROUTER.get("/study")
def studies(request: Request) -> Response:
    """List the studies, each with its latest run."""
    jobs = foreman_of(request).table
    rows = [(one, next((job for run in one.runs if (job := jobs.get(run)) is not None), None))
            for one in studies_of(web_of(request).workspace)]  # fmt: skip
    return page(request, "studies.html.jinja", rows=[(one, job, jobs.told(job) if job else "") for one, job in rows])


@ROUTER.post("/study")
def of_table(request: Request, who: Who, upload: Annotated[str, Form()], title: Annotated[str, Form()]) -> Response:
    """Draft a protocol from a table that came, in the background."""
    if not title.strip() or len(title) > 200:
        raise BadSetting("A study has a title of 1 to 200 letters; write one.")
    sent = take_over(web_of(request).workspace, upload, what=STUDY, who=who)
    if len(sent.names) > 1:
        raise BadSetting("A study has one table with a row per patient or tumor; send one file.")
    asked = {"path": str(sent.path), "title": title.strip()}
    return RedirectResponse(f"/jobs/{start_job(request, 'draft', f'Draft {title}', asked, who=who).id}", 303)


@ROUTER.post("/study/example")
def example(request: Request, who: Who) -> Response:
    """Make a study of the open cohort that comes along."""
    workspace = web_of(request).workspace.folder
    data = resources.files("isotherm.app") / "data" / "crlm"
    with TemporaryDirectory(dir=workspace) as folder:
        copy = Path(folder) / EXAMPLE_TABLE
        copy.write_bytes((data / EXAMPLE_TABLE).read_bytes())
        made = new_study(workspace, "Example: real patients", (data / EXAMPLE).read_text(encoding="utf-8"), table=copy)
    return RedirectResponse(f"/study/{made.name}", 303)
