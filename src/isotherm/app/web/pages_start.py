"""Where one comes in: the first page, and the question who is working."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from isotherm.app.web.admission import LONGEST_NAME, WHO_COOKIE, name_in, own_path
from isotherm.app.web.context import web_of
from isotherm.app.web.csrf import FIELD
from isotherm.app.web.rendering import page

ROUTER = APIRouter()

YEAR_S = 365 * 24 * 3600

OWN = ("name", "then", "next", FIELD)
"""Fields of the page's own form; all others are of the form that is kept."""


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
    return page(request, "who.html.jinja", next=own_path(next), said="", longest=LONGEST_NAME, then="", kept=())


async def kept_of(request: Request) -> list[tuple[str, str]]:
    """Return the fields of the form that somebody sent who had told no name."""
    return [(key, value) for key, value in (await request.form()).multi_items()
            if isinstance(value, str) and key not in OWN]  # fmt: skip


@ROUTER.post("/who")
def keep_who(
    request: Request, kept: Annotated[list[tuple[str, str]], Depends(kept_of)],
    name: Annotated[str, Form()] = "", then: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002
) -> Response:  # fmt: skip
    """Keep the name in the browser, and go on; a form that was sent before is sent again, by the browser itself."""
    told = name_in(name)
    if web_of(request).settings.login or not told:
        said = "" if told else "No name came; the registry notes who writes, so tell yours, or a code that is yours."
        return page(request, "who.html.jinja", status=400, next=own_path(next), said=said, longest=LONGEST_NAME,
                    then=own_path(then) if then else "", kept=kept)  # fmt: skip
    answer = RedirectResponse(own_path(then), 307) if then else RedirectResponse(own_path(next), 303)
    answer.set_cookie(WHO_COOKIE, quote(told), max_age=YEAR_S, httponly=True, samesite="strict",
                      secure=web_of(request).settings.encrypted)  # fmt: skip
    return answer
