"""Align by hand: both scans side by side, pairs of points and a nudge; registered and measured again as a job."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Form, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from isotherm.app.align_scene import align_scene
from isotherm.app.by_hand import MOST_PAIRS, ByHand, landmarks_of, pairs_document, renamed
from isotherm.app.choosing import nudge_of
from isotherm.app.correcting import Signature
from isotherm.app.registering import STILL, Three
from isotherm.app.web.admission import person_of, writer
from isotherm.app.web.assess_form import texts_of
from isotherm.app.web.assess_words import lesion_rows
from isotherm.app.web.assessed import NO_PAIR, Assessed, assessed, pair_of
from isotherm.app.web.context import start_job, web_of
from isotherm.app.web.last_opened import LastOpened
from isotherm.app.web.looked import looked_at
from isotherm.app.web.marks_sent import USES, MarksSent
from isotherm.app.web.open_pairs import OPEN_PAIRS
from isotherm.app.web.pairs_kept import LONGEST_NUDGE, KeptPairs
from isotherm.app.web.rendering import page
from isotherm.app.web.turns import Busy, Turns
from isotherm.app.web.work_assess import PAIR, WORK, asked_for
from isotherm.errors import BadLandmarks, BadSetting, InputError
from isotherm.imaging.landmarks import Landmarks

ROUTER = APIRouter()

BY_HAND = ", by hand"

READING = Turns(1, "Other scans are being read; try again in a minute.")
"""Both scans of a pair take gigabytes while a scene is made of them."""

SCENES = LastOpened[bytes](0, READING, coming="These scans are being read; try again in a minute.")
"""Of several who look at one scene, one reads it for all; none is kept, since they take tens of megabytes."""

Who = Annotated[str, Depends(writer)]
Text = Annotated[str, Form()]


@ROUTER.get("/assess/{job_id}/align")
def align(request: Request, job_id: str) -> Response:
    """Show both scans; what was set by hand before is there to go on from."""
    one = _over(request, job_id)
    by_hand = one.by_hand
    pairs, moved = pairs_document(_marks(one)), by_hand.moved if by_hand else (STILL, STILL)
    kept = KeptPairs(one.folder, person_of(request).name).read()
    return page(request, "assess_align.html.jinja", job=one.job, lesions=_lesions(one), use=_use(one),
                pairs=json.dumps(kept["pairs"] if kept else pairs), moved=_six(moved),
                nudge=_six(nudge_of(kept["nudge"]) if kept else moved))  # fmt: skip


@ROUTER.get("/assess/{job_id}/align/scene/{lesion}")
def scene(request: Request, job_id: str, lesion: int) -> Response:
    """Give both scans around a lesion, and how they lie on each other as far as that is known."""
    one = _over(request, job_id)
    looked_at(request, one.job.patient, f"scans of pair {job_id}")
    body = SCENES.of((str(one.folder), one.job.ended_at, lesion), lambda: bytes(JSONResponse(_scene(one, lesion)).body))
    return Response(body, media_type="application/json")


@ROUTER.post("/assess/{job_id}/align/kept")
def keep(request: Request, job_id: str, told: Annotated[dict[str, Any], Body()], who: Who) -> Response:
    """Keep what is set, as it is set."""
    KeptPairs(_over(request, job_id).folder, who).keep(told)
    return Response(status_code=204)


@ROUTER.post("/assess/{job_id}/align/pair")
def pair_is_set(request: Request, job_id: str, told: Annotated[dict[str, Any], Body()], who: Who) -> Response:
    """Say whether a pair, set while a nudge is shown, says anything of its own; nothing is kept."""
    nudge = told.get("nudge")
    if not isinstance(nudge, str) or len(nudge) > LONGEST_NUDGE:
        raise BadSetting("A nudge of an unknown form came; reload the page and set it anew.")
    OPEN_PAIRS.of(_over(request, job_id)).check(landmarks_of([told.get("pair")]), nudge=nudge or None)
    return JSONResponse({})


@ROUTER.post("/assess/{job_id}/align/file")
def from_file(request: Request, job_id: str, who: Who, form: Annotated[dict[str, str], Depends(texts_of)]) -> Response:
    """Read landmark files as the command line does; nothing is kept of them but what the page then shows."""
    one = _over(request, job_id)
    sent = MarksSent.of_form(web_of(request).workspace, form)
    if sent is None:
        raise BadSetting("No landmark file has come; choose one and send it again.")
    pairs = pairs_document(renamed(sent.read()))
    OPEN_PAIRS.of(one).check(landmarks_of(pairs))
    return JSONResponse({"pairs": pairs})


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
    if use not in USES:
        raise BadSetting("Landmarks were to be used in a way that is not known; choose one of the list.")
    signed = Signature(who, why.strip(), web_of(request).clock())
    by_hand = ByHand(landmarks_of(told), USES[use], nudge.strip(), signed)
    OPEN_PAIRS.of(one).check(by_hand.landmarks)
    earlier = one.asked["signed"]
    asked = asked_for(one.pair, one.corrections, None if earlier is None else Signature.from_document(earlier),
                      of=one.job.id, place=one.place, by_hand=by_hand)  # fmt: skip
    job = start_job(request, WORK, f"{one.job.title.removesuffix(BY_HAND)}{BY_HAND}", asked, who=who,
                    patient=one.job.patient)  # fmt: skip
    KeptPairs(one.folder, who).forget()
    return RedirectResponse(f"/assess/{job.id}", 303)


def _scene(one: Assessed, lesion: int) -> dict[str, Any]:
    pair = pair_of(one)
    if not 0 <= lesion < len(pair.lesions):
        raise HTTPException(404, NO_PAIR)
    known = OPEN_PAIRS.of(one, pair)
    return align_scene(pair, lesion, known.laid[lesion], nudge=known.nudge, organ_name=one.pair.settings.organ_name)


def _six(moved: tuple[Three, Three]) -> list[float]:
    return [number for three in moved for number in three]


def _use(one: Assessed) -> str:
    """Return what landmarks are offered for first: where nothing was registered, there is nothing to mend."""
    if one.by_hand is not None:
        return one.by_hand.use
    choice = one.pair.choice
    if choice.landmarks is not None:
        return "landmarks" if choice.method == "landmarks" else "mend" if choice.mend else "check"
    return "mend" if one.job.state == "done" else "landmarks"


def _marks(one: Assessed) -> Landmarks | None:
    """Return the landmarks that the measurement was given, by hand or in files; none where they cannot be read."""
    if one.by_hand is not None:
        return one.by_hand.landmarks
    try:
        marks = one.pair.choice.marks()
    except InputError:  # which the job has said
        return None
    return None if marks is None or len(marks) > MOST_PAIRS else renamed(marks)


def _lesions(one: Assessed) -> Sequence[str]:
    """Return the lesions to look at; those of a pair that was not measured stand in its files."""
    if one.job.state == "done":
        return [row["name"] for row in lesion_rows(one.document)]
    try:
        return OPEN_PAIRS.of(one).names
    except Busy:
        raise
    except InputError:  # which the page says as soon as it asks for the scans
        return []


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
