"""What a page sends of strokes: masks with their strokes, as they were painted on the scan after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from isotherm.app.correcting import Correction
from isotherm.errors import BadStroke
from isotherm.exchange.correction_files import strokes_of

UNKNOWN = "Strokes of an unknown form came; reload the page and paint anew."

MOST_MASKS = 20


def painted_in(told: Mapping[str, Any]) -> tuple[Correction, ...]:
    """Read what a page sends: {"corrections": [{"of", "number", "strokes"}, ...]}.

    Raises
    ------
    BadStroke
    """
    listed = told.get("corrections")
    if not isinstance(listed, list) or len(cast("list[Any]", listed)) > MOST_MASKS:
        raise BadStroke(UNKNOWN)
    return tuple(_painted(one) for one in cast("list[Any]", listed))


def _painted(told: Any) -> Correction:
    if not isinstance(told, Mapping):
        raise BadStroke(UNKNOWN)
    known = cast("Mapping[str, Any]", told)
    of, number = known.get("of"), known.get("number")
    if of not in ("tumor", "ablation") or not isinstance(number, int) or isinstance(number, bool):
        raise BadStroke(UNKNOWN)
    return Correction(of, number, strokes_of(known.get("strokes")))
