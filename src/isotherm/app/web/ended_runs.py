"""What ended runs of a study have left in the workspace: their results, and the protocols that they used."""

from __future__ import annotations

import json
from pathlib import Path

from fastapi import Request

from isotherm.app.study_report_words import Result
from isotherm.app.study_tasks import RESULT
from isotherm.app.web.context import foreman_of
from isotherm.app.web.job import Job
from isotherm.app.web.job_table import OUT
from isotherm.app.web.studies import PROTOCOL, Study


def ended_runs(request: Request, study: Study) -> list[tuple[Job, Path]]:
    """Return the runs of a study that came to a result, each with the folder of what it left; the latest first."""
    table = foreman_of(request).table
    jobs = [job for run_id in study.runs if (job := table.get(run_id)) is not None and job.state == "done"]
    found = [(job, table.folder(job.id) / OUT) for job in jobs]
    return [(job, home) for job, home in found if (home / RESULT).is_file()]


def result_in(home: Path) -> Result:
    """Return the result that a run left."""
    found: Result = json.loads((home / RESULT).read_text(encoding="utf-8"))
    return found


def protocol_in(home: Path) -> str:
    """Return the protocol that a run used; empty where it kept none."""
    file = home / PROTOCOL
    return file.read_text(encoding="utf-8") if file.is_file() else ""
