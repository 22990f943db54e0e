"""The worklist: patients, and what is open for whom."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from isotherm.app.web.context import Nav
from isotherm.app.web.rendering import page

ROUTER = APIRouter()
NAV = Nav(order=1, label="Worklist", path="/worklist", letter="w")


@ROUTER.get("/worklist")
def worklist(request: Request) -> Response:
    """Show the patients."""
    return page(request, "worklist.html.jinja")
