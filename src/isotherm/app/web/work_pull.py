"""Work: a study fetched from the PACS into the folder of its job; run again, it fetches what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isotherm.app.pacs_tasks import PacsOptions, pull_study
from isotherm.app.web.job import ID, Came, Doing, Work
from isotherm.app.web.job_table import JobTable
from isotherm.app.web.workspace import Workspace

WORK, STUDY = "pull", "study"
"""The work, and the folder in which its study lies, beside what people may download."""

CALLED = "pulled-"
"""What a form calls a study by: this and the number of the job that fetched it."""

MOST_S = 4 * 3600.0

LANE = "network"
"""A study that comes waits for the PACS, and hardly for this machine: no measurement is to hold it up."""


def study_of(workspace: Workspace, called: str) -> Path | None:
    """Return where a study lies that a job has fetched; None for anything else."""
    job_id = called.removeprefix(CALLED)
    if not called.startswith(CALLED) or not ID.fullmatch(job_id):
        return None
    table = JobTable(workspace)
    job = table.get(job_id)
    if job is None or job.work != WORK or job.state != "done":
        return None
    return table.folder(job_id) / STUDY


def _run(asked: Mapping[str, Any], doing: Doing) -> Came:
    pulled = pull_study(PacsOptions(), asked["study"], str(doing.folder.parent / STUDY), tell=doing.tell)
    said = f"{pulled.fetched + pulled.kept} objects in {len(pulled.series)} series are here."
    return Came(said=f"{said} {pulled.unlisted} more came than were listed; fetch it again once the study is complete."
                if pulled.unlisted else said, link="/assess")  # fmt: skip


RUNS = Work(_run, most_s=MOST_S, lane=LANE)
