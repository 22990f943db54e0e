"""Who looked at which patient; of a server with logins, for its administrators."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from isotherm.app.web.admission import allow
from isotherm.app.web.context import web_of
from isotherm.app.web.looked import count_looks, in_lines, looks
from isotherm.app.web.rendering import page
from isotherm.app.web.workspace import Workspace

ROUTER = APIRouter()

MOST = 200
"""Lines of a list."""


@ROUTER.get("/looked")
def looked(request: Request, patient: str = "") -> Response:
    """Show who looked at whom; of one patient, also who looked at many at once, which may have included this one."""
    allow(request, "admin")
    workspace = web_of(request).workspace
    return page(request, "looked.html.jinja", patient=patient[:64], own=_list(workspace, patient or None),
                of_many=_list(workspace, "") if patient else None)  # fmt: skip


def _list(workspace: Workspace, patient: str | None) -> Mapping[str, Any]:
    """Return the latest looks as lines, how many looks these are, and how many there are in all."""
    lines = tuple(islice(in_lines(looks(workspace, patient=patient)), MOST))
    return {"lines": lines, "shown": sum(one.times for one in lines), "count": count_looks(workspace, patient=patient)}
