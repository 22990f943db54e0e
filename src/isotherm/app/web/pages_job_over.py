"""A page that waits for a job: it is loaded anew when the job is over."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from isotherm.app.web.context import foreman_of

ROUTER = APIRouter()


@ROUTER.get("/jobs/{job_id}/over")
def over(request: Request, job_id: str) -> Response:
    """Say nothing while a job runs, and let the page be loaded anew when it is over."""
    job = foreman_of(request).table.get(job_id)
    if job is None:
        raise HTTPException(404, "There is no such job; the list of jobs shows what there is.")
    return Response(status_code=204, headers={"HX-Refresh": "true"} if job.is_over else {})
