"""Clearing: what a workspace keeps of jobs, uploads and imports, how large it is, and taking it away."""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from isotherm.app.web.foreman import Foreman
from isotherm.app.web.job import Job
from isotherm.app.web.job_table import ASKED, JobTable
from isotherm.app.web.room import size_of
from isotherm.app.web.sent_files import all_sent, sent_called, take_away
from isotherm.app.web.uploads import all_uploads, drop
from isotherm.errors import BadSetting

ACCEPTED = "accepted.txt"
"""In the folder of a job whose margin the registry has: its key there."""

BEING_SENT = timedelta(hours=1)
"""Files that came since belong to a form that somebody may be filling in."""

MOST_LISTED = 100_000

NAMED = re.compile(r"[/\\](jobs|uploads|imports)[/\\]{1,2}([0-9a-f]{16})")

Kind = Literal["job", "upload", "import"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Something that can be cleared.

    Parameters
    ----------
    kind : {"job", "upload", "import"}
    id, title, who, at : str
        `at` is UTC.
    bytes : int
        With the uploads that nothing else uses.
    accepted : bool
        Whether the registry has a margin of it.
    used_by : str
        Title of what still needs it; empty where it can be cleared.
    """

    kind: Kind
    id: str
    title: str
    who: str
    at: str
    bytes: int
    accepted: bool = False
    used_by: str = ""


def kept_in(table: JobTable, *, now: datetime) -> list[Kept]:
    """Return what can be cleared, the largest first."""
    workspace, jobs = table.workspace, table.of(last=MOST_LISTED)
    users = _users(table, jobs)
    found = [_job(table, job, users) for job in jobs if job.is_over]
    before = (now - BEING_SENT).strftime("%Y-%m-%dT%H:%M:%S")
    found += [
        Kept(kind="upload", id=one, title="Files that no job uses", who=who, at=at,
             bytes=size_of(workspace.uploads / one))
        for one, who, at in all_uploads(workspace) if at < before and ("uploads", one) not in users
    ]  # fmt: skip
    for sent in all_sent(workspace):
        busy = next((job.title for job in users.get(("imports", sent.id), ()) if not job.is_over), "")
        found.append(Kept(kind="import", id=sent.id, title=sent.title, who=sent.who, at=sent.came_at,
                          bytes=size_of(sent.folder), used_by=busy))  # fmt: skip
    return sorted(found, key=lambda one: -one.bytes)


def clear(foreman: Foreman, kind: str, own: str, *, accepted: bool) -> None:
    """Take one of them away; what the registry holds stays.

    Raises
    ------
    BadSetting
        Something still needs it, it is not there, or its margin was accepted and that was not said.
    """
    table = foreman.table
    if kind == "job":
        _clear_job(foreman, own, accepted=accepted)
    elif kind == "upload":
        if ("uploads", own) in _users(table, table.of(last=MOST_LISTED)):
            raise BadSetting("A job uses these files by now; clear the job, and they go with it.")
        drop(table.workspace, own)
    elif kind == "import":
        sent = sent_called(table.workspace, own)
        if any(not job.is_over for job in _users(table, table.of(last=MOST_LISTED)).get(("imports", own), ())):
            raise BadSetting("These files are being read; wait until that is over, or cancel it.")
        take_away(sent)
    else:
        raise BadSetting("Only jobs, uploads and imports are cleared here; choose some of the list.")


def _clear_job(foreman: Foreman, job_id: str, *, accepted: bool) -> None:
    table = foreman.table
    job = table.get(job_id)
    if job is None or not job.is_over:
        raise BadSetting("Only a job that is over can be cleared; cancel it first.")
    users = _users(table, table.of(last=MOST_LISTED))
    one = _job(table, job, users)
    if one.used_by:
        raise BadSetting("A later correction was measured on the files of this pair; clear that one first.")
    if one.accepted and not accepted:
        raise BadSetting(
            "The registry has a margin of this pair, and how it was measured would be gone; tick that as well."
        )
    own = _own_uploads(job, users)
    if not foreman.forget(job):
        raise BadSetting("The job has begun again; cancel it first.")
    shutil.rmtree(table.folder(job_id), ignore_errors=True)
    for upload_id in own:
        drop(table.workspace, upload_id)


def _job(table: JobTable, job: Job, users: Mapping[tuple[str, str], list[Job]]) -> Kept:
    folder = table.folder(job.id)
    others = [one for one in users.get(("jobs", job.id), ()) if one.id != job.id]
    size = size_of(folder) + sum(size_of(table.workspace.uploads / one) for one in _own_uploads(job, users))
    return Kept(kind="job", id=job.id, title=job.title, who=job.who, at=job.asked_at, bytes=size,
                accepted=(folder / ACCEPTED).is_file(), used_by=others[0].title if others else "")  # fmt: skip


def _own_uploads(job: Job, users: Mapping[tuple[str, str], list[Job]]) -> list[str]:
    """Return the uploads that this job uses and no other one."""
    return [own for (part, own), jobs in users.items() if part == "uploads" and {one.id for one in jobs} == {job.id}]


def _users(table: JobTable, jobs: tuple[Job, ...]) -> dict[tuple[str, str], list[Job]]:
    """Return which jobs name the files of which uploads, imports and other jobs in what they were asked."""
    found: dict[tuple[str, str], list[Job]] = defaultdict(list)
    for job in jobs:
        try:
            asked = (table.folder(job.id) / ASKED).read_text(encoding="utf-8")
        except OSError:
            continue
        for named in set(NAMED.findall(asked)):
            found[named].append(job)
    return dict(found)
