"""The pages: every file pages_*.py of this folder, found by being there; those of FIRST at once, the others after."""

from __future__ import annotations

import asyncio
import itertools
import pkgutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module

from fastapi import APIRouter, Depends, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from isotherm.app import web
from isotherm.app.web.admission import admitted
from isotherm.app.web.csrf import guarded
from isotherm.app.web.once import once

BEFORE = (admitted, guarded, once)
"""What stands before every page."""

PREFIX = "pages_"

FIRST = frozenset({"pages_jobs", "pages_kept", "pages_login", "pages_looked", "pages_start",
                   "pages_uploads", "pages_worklist"})  # fmt: skip
"""What one sees first. None of these imports what measurements or statistics need, which takes seconds."""


def page_names() -> list[str]:
    """Return the names of the files."""
    return sorted(one.name for one in pkgutil.iter_modules(web.__path__) if one.name.startswith(PREFIX))


def routers_of(names: Iterable[str]) -> Iterator[APIRouter]:
    """Yield the router of each file."""
    for name in names:
        router = import_module(f"isotherm.app.web.{name}").ROUTER
        assert isinstance(router, APIRouter)
        yield router


_ROUTES: dict[str, list[BaseRoute]] = {}


def routes_of(names: Iterable[str]) -> Iterator[list[BaseRoute]]:
    """Yield the routes of each file, behind what stands before every page.

    To take them apart costs half a second, which happens once in a process, however many apps it makes.
    """
    for name in names:
        (router,) = routers_of([name])
        if name not in _ROUTES:
            behind = APIRouter(dependencies=[Depends(one) for one in BEFORE])
            behind.include_router(router)
            _ROUTES[name] = behind.routes
        yield _ROUTES[name]


class Pages:
    """The pages of an app: a server answers with the first ones while it imports the others."""

    def __init__(self, app: FastAPI) -> None:
        self._app, self._closing = app, threading.Event()
        self._later = tuple(name for name in page_names() if name not in FIRST)
        self._task: asyncio.Task[None] | None = None
        for routes in routes_of(sorted(FIRST)):
            app.router.routes.extend(routes)

    def open(self) -> None:
        """Begin to import the others."""
        self._task = asyncio.create_task(self._behind())

    async def close(self) -> None:
        """Import no more; wait for the one that is being imported."""
        self._closing.set()
        if self._task is not None:
            await self._task

    async def made_for(self, scope: Scope) -> None:
        """Return when the page that a request is for is there, or cannot be."""
        if self._later and not any(route.matches(scope)[0] is Match.FULL for route in self._app.routes):
            await self._all()

    async def _behind(self) -> None:
        with suppress(Exception):  # the request for a page that cannot be imported says so
            await self._all()

    async def _all(self) -> None:
        """Import in a thread; add the routes where requests are told apart, so that none meets half of them."""
        found = await run_in_threadpool(self._imported)
        if not self._later or self._closing.is_set():
            return
        for routes in found:
            self._app.router.routes.extend(routes)
        self._later = ()

    def _imported(self) -> list[list[BaseRoute]]:
        """Return the routes of each file; of a server that stops, those until then."""
        return list(itertools.takewhile(lambda _: not self._closing.is_set(), routes_of(self._later)))


class AfterPages:
    """Lets a request through once its page is there."""

    def __init__(self, app: ASGIApp, *, pages: Pages) -> None:
        self._app, self._pages = app, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait, where the page is not there yet."""
        if scope["type"] == "http":
            await self._pages.made_for(scope)
        await self._app(scope, receive, send)
