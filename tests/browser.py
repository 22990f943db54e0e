"""A tab of a real browser that cannot reach anything but files and keeps a record of what it tried."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Route, WebSocketRoute

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--use-angle=swiftshader",  # WebGL 2 without a graphics card
    "--enable-unsafe-swiftshader",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # no name is ever looked up
)
"""Headless, without a graphics card and without a network."""

HERE = ("file:", "data:", "blob:", "about:")
"""How an address begins that stays on this machine."""


@dataclass(slots=True)
class Tab:
    """A page in a real browser that cannot reach anything but files, and what it asked for.

    Attributes
    ----------
    page : Page
        Playwright's page, 1366 x 768 pixels.
    left : list of str
        Addresses of requests that would have left the machine; each was stopped.
    errors : list of str
        Exceptions that no script caught, and errors written to the console.
    """

    page: Page
    left: list[str] = field(default_factory=list[str])
    errors: list[str] = field(default_factory=list[str])


def open_tab(context: BrowserContext) -> Tab:
    """Open a page that stops and records every request that would leave, and records every error."""
    tab = Tab(context.new_page())

    def stop_or_let_pass(route: Route, request: Request) -> None:
        if request.url.startswith(HERE):
            route.continue_()
        else:
            tab.left.append(request.url)
            route.abort()

    def stop_socket(socket: WebSocketRoute) -> None:
        tab.left.append(socket.url)
        socket.close()

    def keep_error(message: ConsoleMessage) -> None:
        if message.type == "error":
            tab.errors.append(message.text)

    context.route("**/*", stop_or_let_pass)
    context.route_web_socket("**/*", stop_socket)
    tab.page.on("pageerror", lambda error: tab.errors.append(str(error)))
    tab.page.on("console", keep_error)
    return tab
