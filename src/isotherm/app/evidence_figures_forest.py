"""Forest of published effects: each with its source or its differences under its name, what was pooled as diamonds."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from isotherm.app.evidence_figures_by_arm import ArmsPanel
from isotherm.app.figures import FAINT, INK, RULE, Drawing
from isotherm.app.study_figures import LINE_PT, WIDTH_PT, picture, wrapped
from isotherm.app.study_figures_forest import draw_interval, effect_axis, write_beside

ESTIMATE_PT, WEIGHT_PT, GAP_PT = 112.0, 50.0, 8.0
HEAD_PT, ROW_GAP_PT = 2.6 * LINE_PT, 6.0
SMALLEST_PT, WIDER_PT = 2.5, 5.5
"""Squares of studies: a side of the first, and up to so much more by the root of the weight."""
DIAMOND_PT = 5.0
"""Half the height of the diamond of what was pooled."""

Kind = Literal["study", "own", "common", "random", "prediction"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRow:
    """One row.

    Parameters
    ----------
    label : str
    remarks : tuple of str
        Under the label, each on lines of its own: source, or how the study differs.
    kind : str
        "study": a square; "own": our own study, a bold diamond; "common" and "random": a hollow and a filled polygon;
        "prediction": a bar without a point.
    estimate, low, high : float or None
        As on the axis; without limits the point stands alone.
    printed : str
    weight : float or None
        Share of the main model, 0 to 1: the size of the square.
    weights : str
        As written in its column.
    """

    label: str
    remarks: tuple[str, ...] = ()
    kind: Kind = "study"
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    printed: str = ""
    weight: float | None = None
    weights: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectWords:
    """What is written around the rows.

    Parameters
    ----------
    axis : str
        Measure, comparison and unit: under the axis.
    column : str
        Head of the estimates.
    lower_means, higher_means : str
        Of the two sides of no difference.
    ratio : bool
        Log axis around 1; else a plain one around 0.
    notes : tuple of str
        Under the figure: how it was pooled, what was set aside.
    label_pt : float
        Room for labels.
    wide : bool
        Remarks are as wide as the figure: what differs between studies needs more words than a column holds.
    """

    axis: str
    column: str
    lower_means: str
    higher_means: str
    ratio: bool
    notes: tuple[str, ...] = ()
    label_pt: float = 188.0
    wide: bool = False


def evidence_forest(rows: Sequence[EffectRow], words: EffectWords, *, description: str,
                    under: ArmsPanel | None = None) -> Drawing:  # fmt: skip
    """Draw published effects around the line of no difference, and a panel of rates under their axis."""
    laid = [_Laid(row, words) for row in rows]
    weights_pt = WEIGHT_PT if any(row.weights for row in rows) else 0.0
    left_pt, right_pt = words.label_pt + GAP_PT, ESTIMATE_PT + weights_pt + 2.0 * GAP_PT
    plot_pt = WIDTH_PT - left_pt - right_pt
    below = wrapped(words.axis, plot_pt + 90.0)
    half = plot_pt / 2.0 - 6.0 - GAP_PT
    sides = wrapped(f"← {words.lower_means}", half + left_pt), wrapped(f"{words.higher_means} →", half + right_pt)
    notes = [line for note in words.notes for line in wrapped(note, WIDTH_PT - 8.0)]
    axis_pt = 18.0 + LINE_PT * (0.8 + len(below) + max(len(side) for side in sides))
    notes_pt = LINE_PT * (len(notes) + (0.6 if notes else 0.0))
    foot_pt = axis_pt + (0.0 if under is None else under.height_pt) + notes_pt
    rows_pt = sum(one.height_pt for one in laid)
    height_pt = HEAD_PT + rows_pt + foot_pt

    def onto(figure: Figure) -> None:
        axes = figure.add_axes((left_pt / WIDTH_PT, foot_pt / height_pt, plot_pt / WIDTH_PT, rows_pt / height_pt))
        axes.set(ylim=(rows_pt, 0.0), yticks=[], xlabel="\n".join(below))
        effect_axis(axes, [value for row in rows for value in (row.estimate, row.low, row.high)], ratio=words.ratio)
        heaviest = max((row.weight or 0.0 for row in rows), default=0.0)
        write_beside(axes, "\n".join(wrapped(words.column, ESTIMATE_PT)[:2]), plot_pt + GAP_PT, -HEAD_PT / 2.0,
                     color=FAINT)  # fmt: skip
        if weights_pt:
            write_beside(axes, "weight,\ncom. / ran.", plot_pt + ESTIMATE_PT + 2.0 * GAP_PT, -HEAD_PT / 2.0,
                         color=FAINT)  # fmt: skip
        down = 0.0
        for one in laid:
            one.onto(axes, down, left_pt, plot_pt, heaviest)
            down += one.height_pt
        down = -18.0 - LINE_PT * (0.4 + len(below))
        for place, side, align in zip((-5.0, 5.0), sides, ("right", "left"), strict=True):
            axes.annotate("\n".join(side), (0.5, 0.0), xycoords="axes fraction", textcoords="offset points", va="top",
                          xytext=(place, down), annotation_clip=False, ha=align)  # fmt: skip
        if under is not None:
            under.onto(figure, notes_pt, height_pt)
        if notes:
            figure.text(4.0 / WIDTH_PT, notes_pt / height_pt, "\n".join(notes), va="top", linespacing=1.3)

    return picture(onto, height_pt=height_pt, description=description)


class _Laid:
    """A row with its text broken into lines."""

    def __init__(self, row: EffectRow, words: EffectWords) -> None:
        self.row = row
        label_pt = words.label_pt
        remarks_pt = WIDTH_PT - 18.0 if words.wide else label_pt - 14.0
        self.bold, self.wide = row.kind != "study", words.wide
        self.name = wrapped(row.label, label_pt - 8.0, bold=self.bold)
        self.remarks = [line for remark in row.remarks for line in wrapped(remark, remarks_pt)]
        self.numbers = wrapped(row.printed, ESTIMATE_PT, bold=self.bold)
        beside = max(len(self.numbers), row.weights.count("\n") + 1)
        self.above_remarks = max(len(self.name), beside) if words.wide else len(self.name)
        self.height_pt = LINE_PT * max(self.above_remarks + len(self.remarks), beside) + ROW_GAP_PT

    def onto(self, axes: Axes, top: float, left_pt: float, plot_pt: float, heaviest: float) -> None:
        """Write the words, and draw the mark at the height of the name."""
        row, first = self.row, top + ROW_GAP_PT / 2.0 + LINE_PT / 2.0
        axes.axhline(top, color=RULE, linewidth=0.3, zorder=0)
        if self.wide and self.remarks:
            strip = first + LINE_PT * (self.above_remarks - 0.5), top + self.height_pt
            axes.axhspan(*strip, facecolor="#ffffff", linewidth=0.0, zorder=2.5)  # hides the line of no difference
        for k, line in enumerate(self.name):
            write_beside(axes, line, -left_pt + 4.0, first + k * LINE_PT, bold=self.bold)
        for k, line in enumerate(self.remarks, start=self.above_remarks):
            write_beside(axes, line, -left_pt + 10.0, first + k * LINE_PT, color=FAINT, over_plot=True)
        for k, line in enumerate(self.numbers):
            write_beside(axes, line, plot_pt + GAP_PT, first + k * LINE_PT, bold=self.bold)
        for k, line in enumerate(row.weights.split("\n") if row.weights else ()):
            write_beside(axes, line, plot_pt + ESTIMATE_PT + 2.0 * GAP_PT, first + k * LINE_PT)
        if row.estimate is not None:
            _mark(axes, row, row.estimate, first, heaviest)
        elif row.low is not None and row.high is not None:
            _bar(axes, row.low, row.high, first)


def _mark(axes: Axes, row: EffectRow, estimate: float, middle: float, heaviest: float) -> None:
    low, high = (estimate if end is None else end for end in (row.low, row.high))
    if row.kind in ("common", "random"):
        _diamond(axes, low, estimate, high, middle, hollow=row.kind == "common")
        return
    size = SMALLEST_PT + WIDER_PT * math.sqrt((row.weight or 0.0) / heaviest) if heaviest else 4.5
    draw_interval(axes, estimate, low, high, middle, strong=row.kind == "own", point_pt=size)


def _diamond(axes: Axes, low: float, estimate: float, high: float, middle: float, *, hollow: bool) -> None:
    """Draw what was pooled: as wide as its interval; beyond the axis it is cut, and an arrow says so."""
    axes.fill([low, estimate, high, estimate], [middle, middle - DIAMOND_PT, middle, middle + DIAMOND_PT],
              facecolor="#ffffff" if hollow else INK, edgecolor=INK, linewidth=1.0, zorder=3)  # fmt: skip
    _arrows(axes, low, high, middle)


def _bar(axes: Axes, low: float, high: float, middle: float) -> None:
    first, last = axes.get_xlim()
    axes.plot([max(low, first), min(high, last)], [middle, middle], color=INK, linewidth=2.2, solid_capstyle="butt",
              dashes=(2.5, 1.0))  # fmt: skip
    _arrows(axes, low, high, middle)


def _arrows(axes: Axes, low: float, high: float, middle: float) -> None:
    first, last = axes.get_xlim()
    for end, beyond, marker in ((first, low < first, "<"), (last, high > last, ">")):
        if beyond:
            axes.plot([end], [middle], marker=marker, color=INK, markersize=4.5, clip_on=False, zorder=4)
