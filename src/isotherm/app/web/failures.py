"""What a page says when something goes wrong: one sentence, and what to do; never a traceback, never a value."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from isotherm.app.places import NO_ROOM
from isotherm.app.web.admission import LONGEST_NAME, Elsewhere, NameFirst
from isotherm.app.web.csrf import SAFE, fields_of, is_form
from isotherm.app.web.gate import TooLarge, TooSlow, protect
from isotherm.app.web.once import Led
from isotherm.app.web.rendering import TWICE, go, page
from isotherm.app.web.room import NoRoom
from isotherm.app.web.turns import AGAIN_AFTER_S, Busy
from isotherm.errors import InputError, IsothermError, NoAnswer, OutputError, Overtaken, StoreError

UNFORESEEN = "Something unforeseen happened, and nothing was changed by this page; go back and try again."
FULL = ("The disk that the workspace lies on is full or cannot be written to, and nothing of this was kept; make room, "
        "then try again.")  # fmt: skip
NOT_HERE = "There is no such page; start again from the worklist."
NOT_SO = "The page cannot be asked for like this; start again from the worklist."

TITLES = {400: "That cannot be used", 403: "Not allowed", 404: "Not here", 405: "Not here", 408: "Too slow",
          409: "Somebody was faster", 413: "Too large", 429: "Too often", 503: "Not now", 507: "No room"}  # fmt: skip


def add_failures(app: FastAPI) -> None:
    """Let an app answer what goes wrong."""
    app.add_exception_handler(NameFirst, _name_first)
    app.add_exception_handler(Elsewhere, _elsewhere)
    app.add_exception_handler(Led, _led)
    app.add_exception_handler(Busy, _busy)
    app.add_exception_handler(IsothermError, _told)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(sqlite3.OperationalError, _full)
    app.add_exception_handler(OSError, _full)
    app.add_exception_handler(Exception, _unforeseen)


def _elsewhere(request: Request, error: Exception) -> Response:
    assert isinstance(error, Elsewhere)
    return go(request, error.path)


def _led(request: Request, error: Exception) -> Response:
    """Go to what a form wrote when it was sent before; the page says so."""
    assert isinstance(error, Led)
    path, sign, part = error.path.partition("#")
    return go(request, f"{path}{'&' if '?' in path else '?'}{TWICE}=1{sign}{part}")


def _name_first(request: Request, error: Exception) -> Response:
    """Ask for the name where the form was, with what was typed in it, which is sent again once the name is told."""
    assert isinstance(error, NameFirst)
    answer = page(request, "who.html.jinja", next="/", said="", longest=LONGEST_NAME, then=error.path,
                  kept=error.fields)  # fmt: skip
    if "hx-request" in request.headers:
        answer.headers.update({"HX-Retarget": "#content", "HX-Reswap": "innerHTML show:window:top",
                               "HX-Reselect": "#content > *"})  # fmt: skip
    return answer


def _told(request: Request, error: Exception) -> Response:
    return failure(request, status_of(error), str(error))


async def _busy(request: Request, error: Exception) -> Response:
    """Say when to ask again; a page is then asked for by the browser, and a form is sent again with its number."""
    is_page = request.method in SAFE and "hx-request" not in request.headers
    kept = await fields_of(request) if request.method not in SAFE and is_form(request) else []
    answer = failure(request, status_of(error), str(error), kept=kept, comes_again=is_page)
    answer.headers["Retry-After"] = str(AGAIN_AFTER_S)
    if is_page:
        answer.headers["Refresh"] = str(AGAIN_AFTER_S)
    return answer


def status_of(error: Exception) -> int:
    """Return the status of an error that was raised on purpose."""
    match error:
        case NoRoom():
            return 507
        case TooLarge():
            return 413
        case TooSlow():
            return 408
        case Overtaken():
            return 409
        case NoAnswer() | Busy():
            return 503
        case InputError() | StoreError():
            return 400
        case OutputError():
            return 507
        case _:
            return 500


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, IsothermError):  # while a body was read: FastAPI calls that a body it cannot parse
        return _told(request, error.__cause__)
    if error.status_code == 405 and request.method == "GET":
        # Loaded again, or gone back to, after a form sent there was refused: the page above has the form.
        return go(request, request.url.path.rpartition("/")[0] or "/")
    said = error.detail if error.status_code not in (404, 405) or error.detail != "Not Found" else NOT_HERE
    return failure(request, error.status_code, NOT_HERE if error.status_code == 405 else said)


def _invalid(request: Request, _: Exception) -> Response:
    return failure(request, 400, NOT_SO)


NO_ROOM_SQLITE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


def _full(request: Request, error: Exception) -> Response:
    """Say that there is no room; what else the system refuses is unforeseen."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in NO_ROOM_SQLITE or getattr(error, "errno", None) in NO_ROOM:
        return failure(request, 507, FULL)
    raise error


def _unforeseen(request: Request, _: Exception) -> Response:
    answer = failure(request, 500, UNFORESEEN)
    protect(answer.headers)  # this one does not come through the gate
    return answer


def failure(request: Request, status: int, said: str, *, kept: Sequence[tuple[str, str]] = (), comes_again: bool = False
            ) -> Response:  # fmt: skip
    """Return the page, or for a part of one the line, that says what went wrong.

    `kept` is a form to send again; `comes_again` says that the browser asks for the page by itself.
    """
    template = "failure_part.html.jinja" if "hx-request" in request.headers else "failure.html.jinja"
    return page(request, template, status=status, title=TITLES.get(status, "That did not work"), said=said,
                back=_page_before(request), kept=kept, again_s=AGAIN_AFTER_S,
                comes_again=comes_again)  # fmt: skip


def _page_before(request: Request) -> str:
    """Return the page of ours that the browser comes from; empty where it is another's, or was this one itself."""
    try:
        before = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return ""
    path = "/" + before.path.lstrip("/\\") + (f"?{before.query}" if before.query else "")
    is_itself = before.path == request.url.path and request.method in SAFE
    return path if before.netloc == request.headers.get("host") and not is_itself else ""
