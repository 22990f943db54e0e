"""Ember: the four colors of the margin, told apart without red and green, without color, and on gray images.

From dark to light as the margin grows, so that a gray print keeps the order; wine and vermilion, amber and ice
differ in blue, which color-blind eyes keep. `tests/app/test_figures_palette.py` measures both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

NAME = "Ember"


@dataclass(frozen=True, slots=True)
class MarginClass:
    """One class of margins, from `low_mm` up to, but not including, `high_mm`."""

    label: str
    low_mm: float
    high_mm: float
    color: str
    """As #rrggbb."""
    on_color: str
    """Of writing and hatching on top of `color`."""
    hatch: str
    """As matplotlib names it; wide classes of little concern stay plain."""
    line_width_pt: float
    """Of an outline: the thinner the margin, the bolder its line."""


CLASSES = (
    MarginClass("below 0 mm", -np.inf, 0.0, "#56106e", "#ffffff", "xxx", 2.6),
    MarginClass("0 to 5 mm", 0.0, 5.0, "#c93a2b", "#ffffff", "///", 2.2),
    MarginClass("5 to 10 mm", 5.0, 10.0, "#f6a63a", "#33200a", "", 1.8),
    MarginClass("10 mm or more", 10.0, np.inf, "#d3eef5", "#12333d", "", 1.5),
)

NOT_ASSESSABLE = "#9aa3ab"
"""Of surface whose margin cannot be known: a gray that no class has."""

THRESHOLDS_MM = (0.0, 3.0, 5.0, 10.0)
"""Lines drawn beside every margin: three ends of classes, and the 3 mm of AJR 2014;203:W181."""


def class_index(margins_mm: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return which of `CLASSES` each margin falls into; a margin equal to an end belongs to the class above."""
    ends = [one.high_mm for one in CLASSES[:-1]]
    return np.searchsorted(ends, np.asarray(margins_mm, dtype=np.float64), side="right")


def rgb(color: str) -> tuple[int, int, int]:
    """Return the red, green and blue, 0 to 255, of #rrggbb."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
