"""What every figure of a study shares: how arms look, how wide words are, and that it comes as SVG and as PNG."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from isotherm.app.figures import A4_TEXT_WIDTH_IN, Drawing, draw
from isotherm.app.report_words import NO_BREAK
from isotherm.columns import Float

PNG_DPI = 300
"""Pixels per inch of the PNG: what journals ask for."""

WIDTH_PT = A4_TEXT_WIDTH_IN * 72.0
TYPE_PT = 8.0
LINE_PT = 10.5
"""Height of a line of type."""

MOST_HEIGHT_PT = 600.0
"""Tallest figure that stands on an A4 page with its title and its caption at its full size; longer ones are divided."""

BREAKS = re.compile(r"[^\S\u00a0]+")
"""Where a line may end: at any blank but a no-break space."""

WIDER_THAN_MEASURED = 1.02
"""Glyphs are placed on whole pixels: a little more room than their outlines need."""


@dataclass(frozen=True, slots=True)
class ArmLook:
    """How an arm is drawn: by color, by lightness and by pattern, so that no eye and no printer needs all three."""

    color: str
    """As #rrggbb."""
    band: str
    """Of the interval behind a curve, and of bars."""
    hatch: str
    dash: tuple[float, ...] | None
    dots: tuple[float, ...]
    """Of the thin line that shows the arm without adjustment."""
    marker: str


ARM_LOOKS = (
    ArmLook("#56106e", "#c9b6d1", "", None, (1.0, 1.2), "o"),
    ArmLook("#c9700a", "#f7dfba", "////", (6.0, 1.4), (1.0, 3.0), "s"),
    ArmLook("#1f5f8b", "#bcd0de", "....", (2.6, 1.2), (1.0, 1.2, 1.0, 3.0), "D"),
    ArmLook("#3d474f", "#d5dbe0", "xxxx", (7.0, 1.5, 1.5, 1.5), (3.0, 1.2, 1.0, 1.2), "^"),
)
"""The treated first; from dark to light in the first two, since most studies have two arms."""


def look(arm: int) -> ArmLook:
    """Return how the arm of that number is drawn; a fifth looks like the first again, and has its own label."""
    return ARM_LOOKS[arm % len(ARM_LOOKS)]


def picture(onto: Callable[[Figure], None], *, height_pt: float, description: str) -> Drawing:
    """Draw a figure as wide as the text of an A4 page, as SVG and as PNG."""
    return draw(onto, height_in=height_pt / 72.0, description=description, png_dpi=PNG_DPI)


@lru_cache(maxsize=4096)
def width_of(text: str, *, size_pt: float = TYPE_PT, bold: bool = False) -> float:
    """Return how wide one line of text is drawn, in points."""
    font = FontProperties(family="DejaVu Sans", size=size_pt, weight="bold" if bold else "normal")
    return WIDER_THAN_MEASURED * float(TextToPath().get_text_width_height_descent(text, font, ismath=False)[0])


def floats(values: Sequence[float | None]) -> Float:
    """Return numbers of a result as an array to draw, shape (n,); NaN for what is not defined."""
    return np.asarray([math.nan if value is None else float(value) for value in values], dtype=np.float64)


def wrapped(text: str, width_pt: float, *, size_pt: float = TYPE_PT, bold: bool = False) -> list[str]:
    """Break a text into lines no wider than that, between words, and within a word that is wider by itself.

    What no-break spaces hold together stays on one line unless it is wider by itself.
    """
    lines: list[str] = []
    line = ""
    words = [part for part in BREAKS.split(text) if part] or [""]
    for k, word in enumerate(words):
        joined = f"{line} {word}" if line else word
        if width_of(joined, size_pt=size_pt, bold=bold) <= width_pt:
            line = joined
            continue
        lines += [line] if line else []
        if NO_BREAK in word and width_of(word, size_pt=size_pt, bold=bold) > width_pt:
            rest = " ".join([word.replace(NO_BREAK, " "), *words[k + 1 :]])
            return [*lines, *wrapped(rest, width_pt, size_pt=size_pt, bold=bold)]
        line = word
        while width_of(line, size_pt=size_pt, bold=bold) > width_pt and len(line) > 1:
            fits = _that_fit(line, width_pt, size_pt=size_pt, bold=bold)
            lines.append(line[:fits])
            line = line[fits:]
    return [*lines, line]


def on_pages(heights_pt: Sequence[float], room_pt: float) -> list[slice]:
    """Divide rows of these heights into pages with so much room; each page has one row at least."""
    pages: list[slice] = []
    start, filled = 0, 0.0
    for k, height in enumerate(heights_pt):
        if k > start and filled + height > room_pt:
            pages.append(slice(start, k))
            start, filled = k, 0.0
        filled += height
    return [*pages, slice(start, len(heights_pt))]


def _that_fit(word: str, width_pt: float, *, size_pt: float, bold: bool) -> int:
    """Return how many letters of a word fit, at least one."""
    fits = 1
    while fits < len(word) and width_of(word[: fits + 1], size_pt=size_pt, bold=bold) <= width_pt:
        fits += 1
    return fits
