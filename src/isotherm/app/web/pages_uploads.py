"""Uploads: a script of a page sends files here, one after the other; the body is the file itself."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from isotherm.app.web.admission import writer
from isotherm.app.web.context import web_of
from isotherm.app.web.uploads import keep

ROUTER = APIRouter()


@ROUTER.post("/uploads")
async def upload(request: Request, name: str, who: Annotated[str, Depends(writer)], into: str = "") -> Response:
    """Keep one file; `into` names the upload that it belongs to, of a folder whose first file has come."""
    told = request.headers.get("content-length", "")
    kept = await keep(request.stream(), web_of(request).workspace, name=name, who=who, into=into,
                      declared=int(told) if told.isdecimal() and len(told) < 20 else None)  # fmt: skip
    return JSONResponse({"id": kept.id, "number": kept.number, "name": kept.name, "bytes": kept.bytes})
