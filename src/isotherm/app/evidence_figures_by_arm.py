"""A panel of survival in each arm, in percent: as printed and, at the same time, of a study of ours; no ratio."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from isotherm.app.figures import FAINT, INK, RULE
from isotherm.app.study_figures import LINE_PT, WIDTH_PT, wrapped
from isotherm.app.study_figures_forest import draw_interval, write_beside

LABEL_PT, ESTIMATE_PT, GAP_PT = 204.0, 112.0, 8.0
LEFT_PT = LABEL_PT + GAP_PT
PLOT_PT = WIDTH_PT - LEFT_PT - ESTIMATE_PT - 2.0 * GAP_PT
HEAD_PT, AXIS_PT, ROW_GAP_PT = 2.4 * LINE_PT, 18.0 + 1.8 * LINE_PT, 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmMark:
    """Survival in one arm; `own` is that of our study, `printed` says why where there is no value."""

    label: str
    printed: str
    own: bool = False
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmGroup:
    """Arms at one time: what it is about, what has to be read beside it, and the arms, published ones first."""

    title: str
    remark: str
    marks: tuple[ArmMark, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """Words on lines of their own, perhaps with a mark beside them."""

    words: list[str]
    indent_pt: float
    numbers: list[str]
    mark: ArmMark | None = None
    faint: bool = False
    first: bool = False

    @property
    def height_pt(self) -> float:
        return LINE_PT * max(len(self.words), len(self.numbers)) + ROW_GAP_PT


class ArmsPanel:
    """Groups of arms on one axis from 0 to 100 percent, to stand under a forest."""

    def __init__(self, groups: Sequence[ArmGroup], *, head: str) -> None:
        self.head = wrapped(head, WIDTH_PT - 8.0, bold=True)
        self.lines = [line for group in groups for line in _lines(group)]
        self.rows_pt = sum(line.height_pt for line in self.lines)

    @property
    def height_pt(self) -> float:
        """How high it is with its head and its axis."""
        return HEAD_PT + LINE_PT * (len(self.head) - 1) + self.rows_pt + AXIS_PT

    def onto(self, figure: Figure, bottom_pt: float, figure_pt: float) -> None:
        """Draw it so many points above the lower end of a figure of that height."""
        place = (LEFT_PT / WIDTH_PT, (bottom_pt + AXIS_PT) / figure_pt, PLOT_PT / WIDTH_PT, self.rows_pt / figure_pt)
        axes = figure.add_axes(place)
        axes.set(ylim=(self.rows_pt, 0.0), yticks=[], xlim=(0.0, 100.0), xticks=range(0, 101, 25),
                 xlabel="survival at that time, %")  # fmt: skip
        axes.tick_params(length=3.0, width=0.6, color=FAINT)
        axes.spines[["top", "right", "left"]].set_visible(False)
        top = (bottom_pt + self.height_pt - 0.4 * LINE_PT) / figure_pt
        figure.text(4.0 / WIDTH_PT, top, "\n".join(self.head), va="top", fontweight="bold", linespacing=1.3)
        down = 0.0
        for line in self.lines:
            middle, bold = down + line.height_pt / 2.0, line.mark is not None and line.mark.own
            if line.first:
                axes.axhline(down, color=RULE, linewidth=0.3, zorder=0)
            write_beside(axes, "\n".join(line.words), line.indent_pt - LEFT_PT, middle, bold=bold,
                         color=FAINT if line.faint else INK, over_plot=line.mark is None)  # fmt: skip
            if line.mark is not None:
                write_beside(axes, "\n".join(line.numbers), PLOT_PT + GAP_PT, middle, bold=bold)
                if line.mark.value is not None:
                    low, high = (line.mark.value if end is None else end for end in (line.mark.low, line.mark.high))
                    draw_interval(axes, line.mark.value, low, high, middle, strong=bold)
            down += line.height_pt


def _lines(group: ArmGroup) -> list[_Line]:
    """Return the lines of a group: its title, what to read beside it, then arm by arm."""
    wide = WIDTH_PT - 18.0
    found = [_Line(wrapped(group.title, wide), 4.0, [], first=True)]
    found += [_Line(wrapped(group.remark, wide), 10.0, [], faint=True)] if group.remark else []
    for mark in group.marks:
        words = wrapped(mark.label, LABEL_PT - 14.0, bold=mark.own)
        found.append(_Line(words, 10.0, wrapped(mark.printed, ESTIMATE_PT, bold=mark.own), mark=mark))
    return found
