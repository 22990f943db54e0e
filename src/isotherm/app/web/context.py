"""Web: what every page works with; where a request finds it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import Request
from jinja2 import Environment

from isotherm.app.web.foreman import Foreman
from isotherm.app.web.job import Job
from isotherm.app.web.room import Room
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.worklist_table import WorklistTable
from isotherm.app.web.workspace import Workspace
from isotherm.registry.store import Clock, utc_now

SENDING = "sending"
"""What a request's state calls the number of the form that is being done."""


@dataclass(frozen=True, slots=True)
class Web:
    """What every page works with.

    Parameters
    ----------
    settings : ServeSettings
    simulated : bool
        Whether nobody in the registry ever lived, as it says itself; said on every page.
    workspace : Workspace
    templates : Environment
    nav : tuple of Nav
    clock : callable
        Tells the time, of any time zone.
    """

    settings: ServeSettings
    simulated: bool
    workspace: Workspace
    templates: Environment
    nav: tuple[Nav, ...]
    clock: Clock = utc_now

    def today(self) -> date:
        """Return the day, where the server is."""
        return self.clock().astimezone().date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Nav:
    """Where a page stands in the navigation.

    Parameters
    ----------
    label, path : str
    letter : str
        Goes there by keyboard, after g.
    """

    label: str
    path: str
    letter: str


def web_of(request: Request) -> Web:
    """Return what the pages of a request work with."""
    found = request.app.state.web
    assert isinstance(found, Web)
    return found


def foreman_of(request: Request) -> Foreman:
    """Return who looks after the jobs."""
    found = request.app.state.foreman
    assert isinstance(found, Foreman)
    return found


def worklist_of(request: Request) -> WorklistTable:
    """Return the worklist."""
    found = request.app.state.worklist
    assert isinstance(found, WorklistTable)
    return found


def room_of(request: Request) -> Room:
    """Return what tells how much more the workspace may hold."""
    found = request.app.state.room
    assert isinstance(found, Room)
    return found


def start_job(request: Request, work: str, title: str, asked: Mapping[str, Any], *, who: str,
              patient: str = "") -> Job:  # fmt: skip
    """Start long work in the background; a form starts one job of a work and title, however often it is sent.

    Parameters
    ----------
    request : Request
    work : str
        NAME of the file work_NAME.py.
    title : str
        What people call it; it stands in lists.
    asked : mapping
        What the work is told; as JSON can hold it.
    who : str
        Who asks for it, for the audit.
    patient : str
        Whom it is about; it stands in the worklist.

    Raises
    ------
    NoRoom
        The workspace holds as much as it may.
    """
    room_of(request).take(0)
    form = getattr(request.state, SENDING, "")
    told = json.dumps([form, work, title])  # a form may start several jobs
    job_id = hashlib.sha256(f"job {told}".encode()).hexdigest()[:16] if form else ""
    foreman = foreman_of(request)
    job = foreman.table.add(work, title, asked, who=who, registry=web_of(request).settings.registry,
                            patient=patient, job_id=job_id)  # fmt: skip
    foreman.wake()
    return job
