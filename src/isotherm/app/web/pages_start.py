"""Where one comes in: the first page, and the question who is working."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from isotherm.app.web.admission import LONGEST_NAME, WHO_COOKIE, name_in, own_path
from isotherm.app.web.context import web_of
from isotherm.app.web.rendering import page

ROUTER = APIRouter()

YEAR_S = 365 * 24 * 3600


@ROUTER.get("/")
def start() -> Response:
    """Go to the worklist."""
    return RedirectResponse("/worklist", 303)


@ROUTER.get("/favicon.ico")
def icon() -> Response:
    """Go to the icon."""
    return RedirectResponse("/static/web/icon.svg", 301)


@ROUTER.get("/who")
def ask_who(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in addresses
    """Ask who is working."""
    return page(request, "who.html.jinja", next=own_path(next), said="", longest=LONGEST_NAME)


@ROUTER.post("/who")
def keep_who(
    request: Request,
    name: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002
) -> Response:
    """Keep the name in the browser, and go on."""
    kept = name_in(name)
    if web_of(request).settings.login or not kept:
        said = "" if kept else "No name came; the registry notes who writes, so tell yours, or a code that is yours."
        return page(request, "who.html.jinja", status=400, next=own_path(next), said=said, longest=LONGEST_NAME)
    answer = RedirectResponse(own_path(next), 303)
    answer.set_cookie(WHO_COOKIE, quote(kept), max_age=YEAR_S, httponly=True, samesite="strict",
                      secure=web_of(request).settings.encrypted)  # fmt: skip
    return answer
