"""The runs of a study side by side: when, by which protocol, from which registry, of how many, what came of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from isotherm.app.registry_since import said_since
from isotherm.app.study_runs import RunWords, changed_lines, protocol_hash, run_words
from isotherm.app.web.context import web_of
from isotherm.app.web.ended_runs import ended_runs, protocol_in, result_in
from isotherm.app.web.job import Job
from isotherm.app.web.rendering import page
from isotherm.app.web.studies import RELEASED, Study, study_called

ROUTER = APIRouter()

MOST_BESIDE = 10
"""Runs beside each other; the list of runs has all."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A run beside the one before it: what it recorded, whether that one had the same protocol, what changed since."""

    job: Job
    words: RunWords
    same: bool
    changed: tuple[str, ...]
    since: str


@ROUTER.get("/study/{name}/runs")
def runs(request: Request, name: str) -> Response:
    """Show the runs of a study that came to a result, the latest first."""
    study = study_called(web_of(request).workspace, name)
    ended = ended_runs(request, study)
    before = [*(home for _, home in ended[1:]), None]
    shown = [_beside(request, study, job, home, one)
             for (job, home), one in zip(ended[:MOST_BESIDE], before, strict=False)]  # fmt: skip
    return page(request, "study_runs.html.jinja", study=study, runs=shown, released=RELEASED, most=MOST_BESIDE,
                more=len(ended) > MOST_BESIDE)  # fmt: skip


def _beside(request: Request, study: Study, job: Job, home: Path, before: Path | None) -> Beside:
    result = result_in(home)
    own, now = protocol_hash(result), study.protocol.mark
    earlier = None if before is None else protocol_hash(result_in(before))
    texts = ("", "") if before is None else (protocol_in(before), protocol_in(home))
    since = said_since(web_of(request).settings.registry, result)
    return Beside(job=job, words=run_words(result, now=now), same=own is not None and own == earlier,
                  changed=changed_lines(*texts) if all(texts) else (), since="" if since is None else since.says
                  )  # fmt: skip
