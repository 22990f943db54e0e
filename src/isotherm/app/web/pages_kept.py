"""Kept files: how much the workspace holds, and clearing what is not needed any more."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from isotherm.app.web.admission import allow, writer
from isotherm.app.web.clearing import clear, kept_in
from isotherm.app.web.context import foreman_of, room_of, web_of
from isotherm.app.web.looked import CLEARED, looked_at
from isotherm.app.web.rendering import page
from isotherm.errors import BadSetting

ROUTER = APIRouter()

NOTHING = "Nothing was chosen; tick what is not needed any more."


@ROUTER.get("/kept")
def kept(request: Request, cleared: int = 0) -> Response:
    """Show what is kept, the largest first."""
    allow(request, "admin")
    found = kept_in(foreman_of(request).table, now=web_of(request).clock())
    return page(request, "kept.html.jinja", kept=found, cleared=cleared, most_gb=room_of(request).most_gb,
                held=sum(one.bytes for one in found))  # fmt: skip


@ROUTER.post("/kept")
def take(request: Request, who: Annotated[str, Depends(writer)], what: Annotated[list[str] | None, Form()] = None,
         accepted: Annotated[bool, Form()] = False) -> Response:  # fmt: skip
    """Clear what was ticked; who did it stays noted."""
    allow(request, "admin")
    chosen = list(dict.fromkeys(what or ()))
    if not chosen:
        raise BadSetting(NOTHING)
    try:
        for one in chosen:
            kind, _, own = one.partition(":")
            looked_at(request, "", f"{CLEARED}{kind[:10]} {own[:16]}")
            clear(foreman_of(request), kind, own, accepted=accepted)
    finally:
        room_of(request).look_again()
    return RedirectResponse(f"/kept?cleared={len(chosen)}", 303)
