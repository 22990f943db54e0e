"""The way back from a document in a sandbox, whose links bring no cookies: by a page of ours that leads on at once."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qsl, urlencode

from starlette.responses import HTMLResponse, PlainTextResponse, Response

from isotherm.app.web.leading_page import leading_page

BACK = "/back"

NOWHERE = "This leads nowhere; start again from the address that isotherm serve printed.\n"


def way_back(secret: bytes, path: str) -> str:
    """Return the address that leads to a page of ours from a document that is shown in a sandbox."""
    return f"{BACK}?{urlencode({'to': path, 'mark': _mark(secret, path)})}"


def led_back(secret: bytes, query: str) -> Response:
    """Return the page that leads on; nobody else can make one, and no cookie is asked for or set."""
    told = dict(parse_qsl(query))
    path = told.get("to", "")
    if not hmac.compare_digest(told.get("mark", "").encode(), _mark(secret, path).encode()):
        return PlainTextResponse(NOWHERE, 404)
    return HTMLResponse(leading_page(path))


def _mark(secret: bytes, path: str) -> str:
    return hmac.new(secret, f"way back {path}".encode(), hashlib.sha256).hexdigest()[:40]
