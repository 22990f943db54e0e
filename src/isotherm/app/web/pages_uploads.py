"""Uploads: a script of a page sends files here, one after the other; the body is the file itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from isotherm.app.web.admission import writer
from isotherm.app.web.context import room_of, web_of
from isotherm.app.web.holds import held_by_upload
from isotherm.app.web.room import Room
from isotherm.app.web.uploads import LIMITS, files_of, keep, listing_of
from isotherm.errors import BadSetting

ROUTER = APIRouter()


@ROUTER.post("/uploads")
async def upload(request: Request, name: str, who: Annotated[str, Depends(writer)], into: str = "") -> Response:
    """Keep one file; `into` names the upload that it belongs to, of a folder whose first file has come."""
    told = request.headers.get("content-length", "")
    declared = int(told) if told.isdecimal() and len(told) < 20 else None
    room, taken = room_of(request), list[int]()
    stored = 0
    try:
        # The first look at the disk takes a while, and the others are not to wait for it.
        left = await run_in_threadpool(_take, room, declared or 0, taken)
        body = request.stream() if declared is not None else _counted(request.stream(), room, taken)
        kept = await keep(body, web_of(request).workspace, name=name, who=who, into=into, declared=declared,
                          limits=replace(LIMITS, file_bytes=min(LIMITS.file_bytes, left)))  # fmt: skip
        stored = kept.bytes
    finally:
        room.over(sum(taken), kept=stored)
    return JSONResponse({"id": kept.id, "number": kept.number, "name": kept.name, "bytes": kept.bytes})


async def _counted(body: AsyncIterator[bytes], room: Room, taken: list[int]) -> AsyncIterator[bytes]:
    """Keep room for what comes unannounced as it comes.

    Raises
    ------
    NoRoom
    """
    async for piece in body:
        await run_in_threadpool(_take, room, len(piece), taken)
        yield piece


def _take(room: Room, coming: int, taken: list[int]) -> int:
    """Keep room, noted in the thread that keeps it: whoever waits for that may be cancelled."""
    left = room.take(coming)
    taken.append(coming)
    return left


@ROUTER.get("/uploads/{upload_id}/holds")
def holds(request: Request, upload_id: str, who: Annotated[str, Depends(writer)]) -> Response:
    """List the series and segments of an upload, as `isotherm dicom list` does."""
    workspace = web_of(request).workspace
    files = files_of(workspace, upload_id)
    if not files:
        raise BadSetting("There is no such upload; send the files again.")
    return JSONResponse(held_by_upload(files, listing_of(workspace, upload_id)))
