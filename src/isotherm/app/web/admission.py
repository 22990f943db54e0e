"""Who asks: a name told once, or a login; what a role may do; where one is sent who may not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

from fastapi import HTTPException, Request

from isotherm.app.web.context import web_of
from isotherm.app.web.csrf import SAFE, fields_of, is_form
from isotherm.printable import printable

Role = Literal["read", "write", "admin"]

ROLES: tuple[Role, ...] = ("read", "write", "admin")
"""Each may what the one before it may."""

OPEN = ("/static/", "/login", "/favicon.ico")
"""What somebody sees who has not logged in."""

WHO_COOKIE = "isotherm_who"
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks; the name is empty where nobody has told one."""

    name: str
    role: Role


class NameFirst(Exception):
    """A form came from somebody who has told no name: it is asked for, and the form is kept and sent again."""

    def __init__(self, path: str, fields: Sequence[tuple[str, str]]) -> None:
        super().__init__(path)
        self.path, self.fields = path, fields


class Elsewhere(Exception):
    """The browser has to go to another page first."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def admitted(request: Request) -> None:
    """Find out who asks, and refuse who may not.

    Raises
    ------
    Elsewhere
        To the login.
    HTTPException
        403: a role that only reads.
    """
    if not web_of(request).settings.login:
        request.state.person = Person(name_in(request.cookies.get(WHO_COOKIE, "")), "admin")
        return
    from_login = request.app.state.logins.person(request)
    if from_login is None and not request.url.path.startswith(OPEN):
        raise Elsewhere(f"/login?next={quote(_here(request))}")
    request.state.person = from_login or Person("", "read")
    if from_login is not None and request.method not in SAFE and not request.url.path.startswith(("/login", "/logout")):
        allow(request, "write")


def person_of(request: Request) -> Person:
    """Return who asks."""
    found = getattr(request.state, "person", None)
    if isinstance(found, Person):
        return found
    # Of an address that is no page nobody was asked: a name that was told is known all the same.
    named = "" if web_of(request).settings.login else name_in(request.cookies.get(WHO_COOKIE, ""))
    return Person(named, "read")


def allow(request: Request, role: Role) -> None:
    """Refuse whoever has not at least a role.

    Raises
    ------
    HTTPException
        403.
    """
    if ROLES.index(person_of(request).role) < ROLES.index(role):
        raise HTTPException(403, f"Your login may not do this; it takes the role '{role}'.")


async def writer(request: Request) -> str:
    """Return the name of who writes, for the audit; `who: Annotated[str, Depends(writer)]` in a page.

    Raises
    ------
    NameFirst
        Of a form: its fields are kept until the name has been told.
    Elsewhere
        Of anything else: to the page that asks for the name.
    """
    allow(request, "write")
    name = person_of(request).name
    if name:
        return name
    if not is_form(request):
        raise Elsewhere(f"/who?next={quote(back_of(request))}")
    raise NameFirst(_here_of_form(request), await fields_of(request))


def name_in(cookie: str) -> str:
    """Return the name that a browser keeps; empty where it is none."""
    return printable(unquote(cookie)).strip()[:LONGEST_NAME]


def own_path(told: str | None) -> str:
    """Return a path of this server; the first page for anything that might lead elsewhere."""
    if told and told.startswith("/") and not told.startswith(("//", "/\\")) and told.isprintable() and "\\" not in told:
        return told
    return "/"


def back_of(request: Request) -> str:
    """Return the page that a form was on; a proxy in front of us speaks another scheme than we do."""
    try:
        told = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/"
    if told.netloc != request.headers.get("host"):
        return "/"
    return own_path(f"{told.path}?{told.query}" if told.query else told.path)


def page_of(request: Request) -> str:
    """Return the page that one is on, to come back to it: of an answer to a form, the page that the form was on."""
    if request.url.path == "/who":
        return own_path(request.query_params.get("next"))
    return _here(request) if request.method in SAFE else back_of(request)


def _here_of_form(request: Request) -> str:
    return own_path(quote(request.url.path) + (f"?{request.url.query}" if request.url.query else ""))


def _here(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return own_path(request.url.path + query) if request.method in SAFE else "/"
