"""Strokes that somebody painted and has not measured in full: kept in the folder of the job, each person's own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from isotherm.app.web.kept_of_person import KeptOfPerson
from isotherm.app.web.painted import UNKNOWN
from isotherm.errors import BadStroke
from isotherm.exchange.atomic import write_text
from isotherm.exchange.correction_files import stroke_document, strokes_of
from isotherm.imaging.brush import MOST_STROKES

MASK = re.compile(r"(tumor|ablation) [0-9]{1,3}")

PARTS = ("done", "undone")
"""What is painted, and what was undone and can be done again, each in the order in which it was made."""


@dataclass(frozen=True, slots=True)
class KeptStrokes(KeptOfPerson):
    """The strokes of one person on one measured pair."""

    kind: ClassVar[str] = "strokes"

    def read(self) -> Mapping[str, Any]:
        """Return them: {"done": [{"mask", "stroke"}, ...], "undone": [...]}; empty lists where there are none."""
        try:
            return json.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {name: [] for name in PARTS}

    def keep(self, told: Mapping[str, Any]) -> None:
        """Keep what a page tells, in place of what was kept before.

        Raises
        ------
        BadStroke
        """
        read = {name: [_painted(one) for one in _listed(told.get(name))] for name in PARTS}
        if any(read.values()):
            write_text(self.file, json.dumps(read))
        else:
            self.forget()


def _listed(told: object) -> list[Any]:
    if not isinstance(told, list):
        raise BadStroke(UNKNOWN)
    listed = cast("list[Any]", told)
    if len(listed) > MOST_STROKES:
        raise BadStroke(f"More than {MOST_STROKES} strokes came; accept the correction, and go on from it.")
    return listed


def _painted(told: object) -> dict[str, Any]:
    known: Mapping[str, Any] = cast("Mapping[str, Any]", told) if isinstance(told, Mapping) else {}
    mask = known.get("mask")
    if not isinstance(mask, str) or not MASK.fullmatch(mask):
        raise BadStroke(UNKNOWN)
    (stroke,) = strokes_of([known.get("stroke")])
    return {"mask": mask, "stroke": stroke_document(stroke)}
