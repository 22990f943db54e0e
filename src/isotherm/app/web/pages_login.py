"""Log in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from isotherm.app.web.admission import own_path
from isotherm.app.web.context import web_of
from isotherm.app.web.logins import Logins, TooOften
from isotherm.app.web.rendering import page

ROUTER = APIRouter()

WRONG = "Name and password do not fit; try again."
WAIT = "This was tried too often; wait a quarter of an hour."
NO_LOGIN = "This server has no logins; everybody on this machine who has its address may use it."


@ROUTER.get("/login")
def ask(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in addresses
    """Ask for name and password."""
    _logins(request)
    return page(request, "login.html.jinja", next=own_path(next), name="", said="")


@ROUTER.post("/login")
def log_in(
    request: Request, name: Annotated[str, Form()] = "", password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002
) -> Response:  # fmt: skip
    """Look at name and password; go on where one wanted to go."""
    logins = _logins(request)
    name = name[:80]
    try:
        account = logins.checked(name, password, logins.address(request))
    except TooOften:
        return page(request, "login.html.jinja", status=429, next=own_path(next), name=name, said=WAIT)
    if account is None:
        return page(request, "login.html.jinja", status=403, next=own_path(next), name=name, said=WRONG)
    answer = RedirectResponse(own_path(next), 303)
    logins.log_in(request, answer, account.name)
    return answer


@ROUTER.post("/logout")
def log_out(request: Request) -> Response:
    """Let nobody be logged in in this browser."""
    answer = RedirectResponse("/login", 303)
    _logins(request).log_out(request, answer)
    return answer


def _logins(request: Request) -> Logins:
    if not web_of(request).settings.login:
        raise HTTPException(404, NO_LOGIN)
    found = request.app.state.logins
    assert isinstance(found, Logins)
    return found
