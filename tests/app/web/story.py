"""A real server on this machine, and a real browser that reaches nothing else; axe looks at what it shows."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, Request, Route

from isotherm.app.web.application import create_app
from isotherm.app.web.connections import Connection
from isotherm.app.web.gate import launch_key
from isotherm.app.web.serve_settings import ServeSettings
from tests.app.web.visiting import PICTURES, found_by_axe
from tests.browser import CHROMIUM_FLAGS

NOTHING_BUT_US = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@dataclass(slots=True)
class Story:
    """A page in a browser on our server, what wanted to leave, and what its scripts did wrong."""

    page: Page
    base: str
    app: FastAPI
    left: list[str] = field(default_factory=list[str])
    errors: list[str] = field(default_factory=list[str])

    def go(self, path: str) -> None:
        """Open one of our pages."""
        self.page.goto(self.base + path)

    def violations(self) -> list[str]:
        """What axe finds wrong with the page, one line each."""
        return found_by_axe(self.page)

    def drawn(self, name: str) -> None:
        """Draw the page into the folder of pictures, if one is named."""
        if PICTURES:
            self.page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@contextmanager
def served(settings: ServeSettings) -> Generator[tuple[str, FastAPI]]:
    """Serve an app on a free port of this machine; give its address and the app."""
    app = create_app(settings)
    with listening(app) as port:
        yield f"http://127.0.0.1:{port}", app


@contextmanager
def listening(app: FastAPI, connection: type[Connection] = Connection) -> Generator[int]:
    """Listen for an app at a free port of this machine, which is given."""
    server = uvicorn.Server(uvicorn.Config(app, http=connection, ws="none", host="127.0.0.1", port=0,
                                           log_level="warning", lifespan="on"))  # fmt: skip
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.05)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(30)


@contextmanager
def story(settings: ServeSettings, browser: Browser, chromium: Path, *, who: str) -> Generator[Story]:
    """Open a page of a served app for somebody who has said who works."""
    flags = [flag for flag in CHROMIUM_FLAGS if "resolver" not in flag]
    with served(settings) as (base, app):
        own = browser.browser_type.launch(executable_path=chromium, args=[*flags, NOTHING_BUT_US])
        context = own.new_context(viewport={"width": 1366, "height": 768})
        told = Story(context.new_page(), base, app)

        def stop_or_let_pass(route: Route, request: Request) -> None:
            if request.url.startswith((base, "data:", "blob:")):
                route.continue_()
            else:
                told.left.append(request.url)
                route.abort()

        context.route("**/*", stop_or_let_pass)
        told.page.on("pageerror", lambda error: told.errors.append(str(error)))
        told.page.on("console", lambda said: told.errors.append(said.text) if said.type == "error" else None)
        told.go(f"/?key={launch_key(app.state.web.workspace.secret)}")
        told.go("/who")
        told.page.fill("#name", who)
        told.page.click("button.main")
        yield told
        own.close()
