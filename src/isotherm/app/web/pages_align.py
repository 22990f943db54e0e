"""Align by hand: both scans side by side, pairs of points and a nudge; registered and measured again as a job."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Form, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from isotherm.app.align_scene import Laid, align_scene
from isotherm.app.by_hand import ByHand, Use, landmarks_of, pairs_document
from isotherm.app.choosing import nudge_of
from isotherm.app.correcting import Signature
from isotherm.app.kept import kept_in
from isotherm.app.registering import STILL, Three
from isotherm.app.web.admission import person_of, writer
from isotherm.app.web.assess_words import lesion_rows
from isotherm.app.web.assessed import NO_PAIR, Assessed, assessed, pair_of
from isotherm.app.web.context import start_job, web_of
from isotherm.app.web.looked import looked_at
from isotherm.app.web.pairs_kept import KeptPairs
from isotherm.app.web.rendering import page
from isotherm.app.web.uploads import files_of
from isotherm.app.web.work_assess import PAIR, WORK, asked_for
from isotherm.errors import BadLandmarks, BadSetting
from isotherm.exchange.landmark_files import read_landmarks

ROUTER = APIRouter()

BY_HAND = ", by hand"

Who = Annotated[str, Depends(writer)]
Text = Annotated[str, Form()]


@ROUTER.get("/assess/{job_id}/align")
def align(request: Request, job_id: str) -> Response:
    """Show both scans; what was set by hand before is there to go on from."""
    one = _over(request, job_id)
    by_hand = one.by_hand
    pairs, moved = pairs_document(by_hand and by_hand.landmarks), by_hand.moved if by_hand else (STILL, STILL)
    kept = KeptPairs(one.folder, person_of(request).name).read()
    names = [row["name"] for row in lesion_rows(one.document)] if one.job.state == "done" else []
    return page(request, "assess_align.html.jinja", job=one.job, lesions=names, use=_use(one, by_hand),
                pairs=json.dumps(kept["pairs"] if kept else pairs), moved=_six(moved),
                nudge=_six(nudge_of(kept["nudge"]) if kept else moved))  # fmt: skip


@ROUTER.get("/assess/{job_id}/align/scene/{lesion}")
def scene(request: Request, job_id: str, lesion: int) -> Response:
    """Give both scans around a lesion, and how they lie on each other as far as that is known."""
    one = _over(request, job_id)
    looked_at(request, one.job.patient, f"scans of pair {job_id}")
    asked, pair = one.pair, pair_of(one)
    if not 0 <= lesion < len(pair.lesions):
        raise HTTPException(404, NO_PAIR)
    known = one.job.state == "done"
    laid = Laid.of(kept_in(one.folder, pair, asked.settings, asked.facts).registered[lesion]) if known else (
        Laid.unknown(pair, lesion))  # fmt: skip
    return JSONResponse(align_scene(pair, lesion, laid, nudge=asked.choice.nudge if known else None,
                                    organ_name=asked.settings.organ_name))  # fmt: skip


@ROUTER.post("/assess/{job_id}/align/kept")
def keep(request: Request, job_id: str, told: Annotated[dict[str, Any], Body()], who: Who) -> Response:
    """Keep what is set, as it is set."""
    KeptPairs(_over(request, job_id).folder, who).keep(told)
    return Response(status_code=204)


@ROUTER.post("/assess/{job_id}/align/file")
def from_file(request: Request, job_id: str, who: Who, upload: Text = "") -> Response:
    """Read a landmark file as the command line does; nothing is kept of it but what the page then shows."""
    _over(request, job_id)
    files = files_of(web_of(request).workspace, upload)
    if len(files) != 1:
        raise BadSetting("No landmark file has come, or several have; choose one and send it again.")
    return JSONResponse({"pairs": pairs_document(read_landmarks(files[0].path))})


@ROUTER.post("/assess/{job_id}/align")
def register_again(
    request: Request, job_id: str, who: Who, pairs: Text = "", use: Text = "", nudge: Text = "", why: Text = ""
) -> Response:
    """Register with the landmarks and the nudge, judge by every gate, and measure: a job of its own."""
    one = _over(request, job_id)
    try:
        told: Any = json.loads(pairs)
    except (ValueError, RecursionError):
        raise BadLandmarks("Landmarks of an unknown form came; reload the page and set them anew.") from None
    ways: dict[str, Use] = {"mend": "mend", "landmarks": "landmarks", "check": "check"}
    if use not in ways:
        raise BadSetting("Landmarks were to be used in a way that is not known; choose one of the list.")
    signed = Signature(who, why.strip(), web_of(request).clock())
    by_hand = ByHand(landmarks_of(told), ways[use], nudge.strip(), signed)
    earlier = one.asked["signed"]
    asked = asked_for(one.pair, one.corrections, None if earlier is None else Signature.from_document(earlier),
                      of=one.job.id, place=one.place, by_hand=by_hand)  # fmt: skip
    job = start_job(request, WORK, f"{one.job.title.removesuffix(BY_HAND)}{BY_HAND}", asked, who=who,
                    patient=one.job.patient)  # fmt: skip
    KeptPairs(one.folder, who).forget()
    return RedirectResponse(f"/assess/{job.id}", 303)


def _six(moved: tuple[Three, Three]) -> list[float]:
    return [number for three in moved for number in three]


def _use(one: Assessed, by_hand: ByHand | None) -> str:
    """Return what landmarks are offered for first: where nothing was registered, there is nothing to mend."""
    if by_hand is not None:
        return by_hand.use
    return "mend" if one.job.state == "done" else "landmarks"


def _over(request: Request, job_id: str) -> Assessed:
    """Return a pair that was measured, or could not be; its files must have been read.

    Raises
    ------
    HTTPException
        404
    """
    one = assessed(request, job_id)
    if not one.job.is_over or not (one.folder / PAIR).is_file():
        raise HTTPException(404, "This pair is not there yet to be aligned; wait until it was measured.")
    return one
