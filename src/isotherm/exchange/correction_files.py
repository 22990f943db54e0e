"""Strokes of a brush as JSON: what a page sends and corrections.json keeps; whatever is none is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from isotherm.errors import BadStroke
from isotherm.imaging.brush import MOST_STROKES, Does, Stroke, Three

WANTED = "send `does`, `points_lps_mm`, `radius_mm` and, on a plane, `normal_lps`"

KEYS = {"does", "points_lps_mm", "radius_mm", "normal_lps"}


def stroke_document(stroke: Stroke) -> dict[str, Any]:
    """Return a stroke as JSON keeps it, to a thousandth of a mm."""
    return {
        "does": stroke.does,
        "points_lps_mm": [[round(float(x), 3) for x in point] for point in stroke.points_lps_mm],
        "radius_mm": stroke.radius_mm,
        "normal_lps": None if stroke.normal_lps is None else list(stroke.normal_lps),
    }


def strokes_of(told: object) -> tuple[Stroke, ...]:
    """Read a list of strokes.

    Raises
    ------
    BadStroke
        It is none, or one of them cannot be painted.
    """
    if not isinstance(told, Sequence) or isinstance(told, str):
        raise BadStroke("Strokes came that are no list; reload the page and paint anew.")
    listed = cast("Sequence[object]", told)
    if len(listed) > MOST_STROKES:
        raise BadStroke(f"More than {MOST_STROKES} strokes came; accept the correction, and go on from it.")
    return tuple(_stroke(one) for one in listed)


def _stroke(told: object) -> Stroke:
    if not isinstance(told, Mapping) or not set(cast("Mapping[object, object]", told)) <= KEYS:
        raise BadStroke(f"A stroke of an unknown form came; {WANTED}.")
    known = cast("Mapping[str, Any]", told)
    try:
        points = np.array(known["points_lps_mm"], dtype=np.float64)
        normal = known.get("normal_lps")
        return Stroke(_does(known["does"]), points, _number(known["radius_mm"]),
                      None if normal is None else _three(normal))  # fmt: skip
    except (KeyError, TypeError, ValueError, OverflowError):
        raise BadStroke(f"A stroke of an unknown form came; {WANTED}.") from None


def _does(told: object) -> Does:
    if told not in ("add", "erase"):
        raise BadStroke("A stroke that neither adds nor erases came; say which of the two it does.")
    return told


def _number(told: object) -> float:
    if isinstance(told, bool) or not isinstance(told, int | float):
        raise TypeError
    return float(told)


def _three(told: object) -> Three:
    left, posterior, superior = cast("Sequence[object]", told)
    return _number(left), _number(posterior), _number(superior)
