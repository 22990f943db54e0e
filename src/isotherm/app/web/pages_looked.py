"""Who looked at which patient; of a server with logins, for its administrators."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from isotherm.app.web.admission import allow
from isotherm.app.web.context import web_of
from isotherm.app.web.looked import looks
from isotherm.app.web.rendering import page

ROUTER = APIRouter()


@ROUTER.get("/looked")
def looked(request: Request, patient: str = "") -> Response:
    """Show who looked at whom."""
    allow(request, "admin")
    return page(
        request, "looked.html.jinja", patient=patient[:64], looks=looks(web_of(request).workspace, patient=patient)
    )
