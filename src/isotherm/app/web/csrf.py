"""A write comes from a page of ours: a token that only our pages know, and the origin that the browser tells."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlsplit

from fastapi import HTTPException, Request

from isotherm.app.web.context import web_of

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

HEADER, FIELD = "x-csrf-token", "csrf_token"
"""Where the token comes back: as a header of scripts, or as a field of plain forms."""

NUMBER = "form_number"
"""The field of a form's own number, drawn with the form: what is sent twice is written once (once.py)."""

UPLOADS = "/uploads"
"""Where the body is a file, of any size: only a header can hold the token, and the size is counted by the page."""

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

REFUSED = "This did not come from a page of isotherm, or the page is old; go back, reload the page and send it again."


def token_of(secret: bytes, session: str) -> str:
    """Return the token of a browser's session."""
    return hmac.new(secret, f"csrf {session}".encode(), hashlib.sha256).hexdigest()


async def guarded(request: Request) -> None:
    """Refuse a write that does not come from a page of ours.

    Raises
    ------
    HTTPException
        403.
    """
    if request.method in SAFE:
        return
    told = request.headers.get(HEADER) or await _field(request)
    wanted = token_of(web_of(request).workspace.secret, request.state.session)
    if not (_is_ours(request) and hmac.compare_digest(told.encode(), wanted.encode())):
        raise HTTPException(403, REFUSED)


async def _field(request: Request) -> str:
    if not is_form(request):
        return ""
    found = (await request.form()).get(FIELD)
    return found if isinstance(found, str) else ""


async def fields_of(request: Request) -> list[tuple[str, str]]:
    """Return the fields of a form, its own number among them, to be sent again; all but the token, which a page has."""
    return [(key, value) for key, value in (await request.form()).multi_items()
            if isinstance(value, str) and key != FIELD]  # fmt: skip


def is_form(request: Request) -> bool:
    """Return whether the body is that of a form, and no file."""
    return request.url.path != UPLOADS and request.headers.get("content-type", "").startswith(FORMS)


def _is_ours(request: Request) -> bool:
    """Return whether the browser says that one of our pages sends this; what is no browser says nothing."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = request.headers.get("origin")
    try:
        return origin is None or urlsplit(origin).netloc == request.headers.get("host")
    except ValueError:  # no address at all
        return False
