"""The viewer of a measured pair: its scene, and what strokes of the brush make of the margin."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request
from fastapi.responses import JSONResponse, Response

from isotherm.app.web.admission import person_of, writer
from isotherm.app.web.assess_words import changed_words, effect_words, finding
from isotherm.app.web.assessed import SCENES, assessed, later
from isotherm.app.web.looked import looked_at
from isotherm.app.web.painted import painted_in
from isotherm.app.web.strokes_kept import KeptStrokes

ROUTER = APIRouter()

Told = Annotated[dict[str, Any], Body()]
Who = Annotated[str, Depends(writer)]


@ROUTER.get("/assess/{job_id}/scene/{lesion}")
def scene(request: Request, job_id: str, lesion: int) -> Response:
    """Give the viewer what it shows: both scans around a lesion, outlines, surfaces, and the margin."""
    one = assessed(request, job_id)
    looked_at(request, one.job.patient, f"scans of pair {job_id}")
    found = SCENES.of(one, lesion).whole
    return JSONResponse(found | {"finding": finding(found["margin"])})


@ROUTER.get("/assess/{job_id}/strokes")
def strokes(request: Request, job_id: str) -> Response:
    """Give what the person who asks has painted and not measured in full."""
    return JSONResponse(KeptStrokes(assessed(request, job_id).folder, person_of(request).name).read())


@ROUTER.post("/assess/{job_id}/strokes")
def keep_strokes(request: Request, job_id: str, told: Told, who: Who) -> Response:
    """Keep what is painted, as it is made."""
    KeptStrokes(assessed(request, job_id).folder, who).keep(told)
    return Response(status_code=204)


@ROUTER.post("/assess/{job_id}/margin/{lesion}")
def margin(request: Request, job_id: str, lesion: int, told: Told, who: Who) -> Response:
    """Measure the margin with strokes painted, on the registration that is there; nothing is kept of them."""
    open_scene = SCENES.of(assessed(request, job_id), lesion)
    painted = later(open_scene, painted_in(told))
    found, changes = open_scene.measured(painted), open_scene.changes(painted)
    idle = [{"of": one["of"], "number": one["number"], "strokes": one["idle"]} for one in changes]
    effect = effect_words(open_scene.whole["margin"], found, voxels_mm=open_scene.voxels_mm) if changes else ""
    return JSONResponse({"margin": found, "finding": finding(found), "effect": effect,
                         "changed": changed_words(changes), "idle": idle})  # fmt: skip


@ROUTER.post("/assess/{job_id}/drawn/{lesion}")
def drawn(request: Request, job_id: str, lesion: int, told: Told, who: Who) -> Response:
    """Give outlines and surfaces with strokes painted."""
    open_scene = SCENES.of(assessed(request, job_id), lesion)
    return JSONResponse(open_scene.drawn(later(open_scene, painted_in(told))))
