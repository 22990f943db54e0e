"""create_app: the server's pages over one registry and one workspace."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache
from importlib import resources
from pathlib import Path

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from jinja2 import Environment
from starlette.staticfiles import StaticFiles

from isotherm.app.criteria_page import criteria_environment
from isotherm.app.registry_mark import is_simulated
from isotherm.app.web.apart import stop_apart
from isotherm.app.web.context import Web
from isotherm.app.web.failures import add_failures
from isotherm.app.web.foreman import Foreman
from isotherm.app.web.form_numbers import FormNumbers, drawn
from isotherm.app.web.gate import Gate
from isotherm.app.web.job_table import JobTable
from isotherm.app.web.logins import Logins
from isotherm.app.web.navigation import NAVIGATION
from isotherm.app.web.once import NotesWhereItLed
from isotherm.app.web.page_files import AfterPages, Pages
from isotherm.app.web.room import Room
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.uploads import clear_unfinished
from isotherm.app.web.worklist_table import WorklistTable
from isotherm.app.web.workspace import workspace_at
from isotherm.registry.store import Clock, shared, utc_now

NOTHING_IS_SENT: TelemetryConfig = {"auto_configure": False, "tracing": False, "metrics": False, "logs": False}
"""FastAPI could send what is asked of us to wherever the environment says; nothing leaves the machine."""


def create_app(settings: ServeSettings, *, clock: Clock = utc_now) -> FastAPI:
    """Return the app; nothing listens yet.

    Parameters
    ----------
    settings : ServeSettings
    clock : callable
        Tells the time.

    Raises
    ------
    OutputError
        The workspace cannot be used.
    StoreError, NoAnswer, NotAdmitted
        The registry cannot be read.
    """
    workspace = workspace_at(settings.workspace)
    # No page describes the others, and none is asked for by a program: those have the command line.
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, telemetry=NOTHING_IS_SENT,
                  lifespan=_at_work)  # fmt: skip
    app.state.web = Web(settings, is_simulated(settings.registry), workspace, _templates(), NAVIGATION, clock)
    app.state.form_numbers = FormNumbers(workspace, settings.registry)
    app.state.logins = Logins(workspace, settings)
    app.state.room = Room(workspace, settings.room_gb)
    app.state.worklist = WorklistTable(workspace, settings.registry)
    app.state.foreman = Foreman(JobTable(workspace), at_once=settings.jobs)
    app.state.pages = Pages(app)
    for name in ("viewer", "web"):
        folder = _static(name)
        if folder.is_dir():  # the viewer is not there until it is built
            app.mount(f"/static/{name}", StaticFiles(directory=folder), name=f"static-{name}")
    add_failures(app)
    app.add_middleware(NotesWhereItLed, numbers=app.state.form_numbers)
    app.add_middleware(AfterPages, pages=app.state.pages)
    app.add_middleware(Gate, settings=settings, workspace=workspace)
    return app


@cache
def _templates() -> Environment:
    """Return the templates of every page; they know of no app, and are compiled once in a process."""
    made = criteria_environment()
    made.globals["drawn"] = drawn  # pyright: ignore[reportUnknownMemberType]
    return made


@asynccontextmanager
async def _at_work(app: FastAPI) -> AsyncGenerator[None]:
    """Look after jobs for as long as the server is there."""
    web: Web = app.state.web
    with shared(web.settings.registry):
        clear_unfinished(web.workspace)
        app.state.form_numbers.open()
        app.state.worklist.open()
        app.state.foreman.open()
        app.state.pages.open()
        try:
            yield
        finally:
            stop_apart()
            await app.state.pages.close()
            app.state.foreman.close()


def _static(name: str) -> Path:
    return Path(str(resources.files("isotherm.app").joinpath("static").joinpath(name)))
