"""Assessed: a pair that a job measured, as its page needs it; the scenes that are open stay in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import HTTPException, Request

from isotherm.app.assess_task import PairAsked
from isotherm.app.by_hand import ByHand
from isotherm.app.correcting import Correction, corrected_pair, correction_of
from isotherm.app.kept import kept_in
from isotherm.app.live_scene import LiveScene
from isotherm.app.outputs import RESULT
from isotherm.app.pair import Pair, read_pair
from isotherm.app.web.context import foreman_of
from isotherm.app.web.job import Job
from isotherm.app.web.job_table import ASKED, OUT
from isotherm.app.web.last_opened import LastOpened
from isotherm.app.web.turns import Turns
from isotherm.app.web.work_assess import GATES, PAIR, WORK

NO_PAIR = "There is no such measurement; the page Assess lists those there are."
NOT_DONE = "This pair is not measured yet; wait until it is."

MOST_OPEN = 2
"""Scenes that are kept in memory: both scans of a patient each."""

OPENING = Turns(1, "Other scans are being read; try again in a minute.")

COMING = "These scans are being read; try again in a minute."


@dataclass(frozen=True, slots=True)
class Assessed:
    """A job that measures, or measured, a pair; `folder` is that of the job."""

    job: Job
    folder: Path

    @property
    def asked(self) -> Mapping[str, Any]:
        """What the work was asked."""
        return json.loads((self.folder / ASKED).read_text(encoding="utf-8"))["asked"]

    @property
    def pair(self) -> PairAsked:
        """What was measured."""
        return PairAsked.from_document(json.loads((self.folder / PAIR).read_text(encoding="utf-8")))

    @property
    def corrections(self) -> tuple[Correction, ...]:
        """How its masks were corrected before they were measured."""
        return tuple(correction_of(one) for one in self.asked["corrections"])

    @property
    def corrected_why(self) -> str:
        """Why its masks were corrected; "" where they were not."""
        signed = self.asked["signed"]
        return signed["why"] if signed and self.corrections else ""

    @property
    def by_hand(self) -> ByHand | None:
        """What a person did to its registration; None for nothing."""
        told = self.asked.get("by_hand")
        return None if told is None else ByHand.from_document(told)

    @property
    def place(self) -> Mapping[str, str]:
        """Patient and lesion of the registry that it was measured for; empty where nobody has said so."""
        return self.asked.get("place", {})

    @property
    def document(self) -> Mapping[str, Any]:
        """The content of margin.json.

        Raises
        ------
        HTTPException
            404: nothing is measured yet.
        """
        file = self.folder / OUT / RESULT
        if self.job.state != "done" or not file.is_file():
            raise HTTPException(404, NOT_DONE)
        return json.loads(file.read_text(encoding="utf-8"))

    @property
    def gates(self) -> list[Mapping[str, Any]]:
        """How each lesion lies on the scan after, once that is known; empty before."""
        try:
            return json.loads((self.folder / GATES).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []

    @property
    def files(self) -> tuple[str, ...]:
        """What may be downloaded."""
        home = self.folder / OUT
        return tuple(sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()))


def assessed(request: Request, job_id: str) -> Assessed:
    """Return a pair by the number of its job.

    Raises
    ------
    HTTPException
        404
    """
    table = foreman_of(request).table
    job = table.get(job_id)
    if job is None or job.work != WORK:
        raise HTTPException(404, NO_PAIR)
    return Assessed(job, table.folder(job.id))


class OpenScenes:
    """The scenes that were looked at last."""

    def __init__(self) -> None:
        self._last = LastOpened[LiveScene](MOST_OPEN, OPENING, coming=COMING)

    def of(self, one: Assessed, lesion: int) -> LiveScene:
        """Return the scene of a lesion of a measured pair.

        Raises
        ------
        InputError
            The images are not where they were.
        HTTPException
            404: no such lesion, or not measured yet.
        Busy
            It, or another scene, is being made.
        """
        key = (str(one.folder), one.job.ended_at, lesion)
        if not 0 <= lesion < len(one.document["lesions"]):
            raise HTTPException(404, NO_PAIR)
        return self._last.of(key, lambda: _scene(one, lesion))


SCENES = OpenScenes()


def pair_of(one: Assessed) -> Pair:
    """Return a pair as it was measured, or was to be: read from its files, its masks corrected.

    Raises
    ------
    InputError
        The images are not where they were.
    """
    asked = one.pair
    return corrected_pair(read_pair(asked.request, simulated=asked.simulated), one.corrections)


def _scene(one: Assessed, lesion: int) -> LiveScene:
    asked, pair = one.pair, pair_of(one)
    return LiveScene.of(kept_in(one.folder, pair, asked.settings, asked.facts), lesion)


def later(scene: LiveScene, painted: Sequence[Correction]) -> tuple[Correction, ...]:
    """Return what was painted on the screen in the frames of the masks."""
    return tuple(Correction.seen_after(one.of, one.number, one.strokes, scene.kept.registered) for one in painted)
