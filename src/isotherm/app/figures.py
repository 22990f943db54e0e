"""What every figure of a report shares: its type, its ink, and how it becomes an image inside the page."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

A4_TEXT_WIDTH_IN = 180.0 / 25.4
"""Width of the text on an A4 page with margins of 15 mm: type is drawn at its printed size."""

INK = "#1c2730"
FAINT = "#69747d"
RULE = "#c9d0d6"

STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: every machine draws the same page
    "font.size": 8.0,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.unicode_minus": True,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "hatch.linewidth": 0.5,
    "svg.fonttype": "path",  # no font of the reader's machine is needed
    "svg.hashsalt": "isotherm",  # the same figure has the same bytes
    "image.composite_image": False,
}


PATH = re.compile(rb' d="[^"]*"')
LONG_NUMBER = re.compile(rb"(\d\.\d\d)\d+")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A finished figure: an SVG, what it says to those who cannot see it, and a PNG where one was asked for."""

    svg: bytes
    description: str
    png: bytes = b""

    @property
    def uri(self) -> str:
        """The figure as a data URI."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg).decode("ascii")


def font_folder() -> str:
    """Return where the fonts lie that come with matplotlib: DejaVu, free to be embedded."""
    return str(Path(matplotlib.get_data_path()) / "fonts" / "ttf")


def draw(onto: Callable[[Figure], None], *, height_in: float, description: str,
         width_in: float = A4_TEXT_WIDTH_IN, png_dpi: int | None = None) -> Drawing:  # fmt: skip
    """Let `onto` draw on an empty figure of that size, and return the SVG; with `png_dpi`, also a PNG on white."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width_in, height_in), dpi=200, facecolor="none")
        FigureCanvasAgg(figure)
        onto(figure)
        written = io.BytesIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
        pixels = io.BytesIO()
        if png_dpi is not None:
            figure.savefig(pixels, format="png", dpi=png_dpi, facecolor="white", metadata={"Software": None})
    return Drawing(_lean(written.getvalue()), description, pixels.getvalue())


def _lean(svg: bytes) -> bytes:
    """Cut the places on every path to 0.01 points, far below what can be seen or printed: a much smaller figure."""
    return PATH.sub(lambda path: LONG_NUMBER.sub(rb"\1", path[0]), svg)
