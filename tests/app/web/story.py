"""A real server on this machine, and a real browser that reaches nothing else; axe looks at what it shows."""

from __future__ import annotations

import json
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
from isotherm.app.web.gate import launch_key
from isotherm.app.web.serve_settings import ServeSettings
from tests.browser import CHROMIUM_FLAGS

AXE = Path(__file__).resolve().parents[3] / "web" / "node_modules" / "axe-core" / "axe.min.js"

NOTHING_BUT_US = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"

AXE_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")


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
        # The policy of our pages lets no script in that is not a file of theirs; the debugger's own world does.
        session = self.page.context.new_cdp_session(self.page)
        tree = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = session.send("Page.createIsolatedWorld", {"frameId": tree})["executionContextId"]
        rules = json.dumps({"runOnly": {"type": "tag", "values": list(AXE_RULES)}})
        session.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8"), "contextId": world})
        found = session.send("Runtime.evaluate", {
            "expression": f"axe.run(document, {rules}).then((found) => JSON.stringify(found.violations.map((one) => "
                          "one.id + ': ' + one.nodes.map((node) => node.html.slice(0, 120)).join(' | '))))",
            "contextId": world, "awaitPromise": True, "returnByValue": True,
        })  # fmt: skip
        session.detach()
        told: list[str] = json.loads(found["result"]["value"])
        return told


@contextmanager
def served(settings: ServeSettings) -> Generator[tuple[str, FastAPI]]:
    """Serve an app on a free port of this machine; give its address and the app."""
    app = create_app(settings)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.05)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", app
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
