"""Forest plot: estimates with their intervals on a log axis, in rows with n, events and the test of interaction."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

from isotherm.app.figures import FAINT, INK, RULE, Drawing
from isotherm.app.study_figures import LINE_PT, TYPE_PT, WIDTH_PT, picture, wrapped

LABEL_PT, COUNT_PT, ESTIMATE_PT, P_PT, GAP_PT = 132.0, 62.0, 92.0, 50.0, 8.0
HEAD_PT, ROW_GAP_PT = 2.6 * LINE_PT, 3.5
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
WIDEST = 100.0
"""Intervals beyond 1/100 and 100 end in an arrow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """One row of the plot.

    Parameters
    ----------
    label : str
    heading : bool
        A factor's own line: bold, with its test of interaction, without an estimate.
    count : str
        Events and n as printed.
    estimate, low, high : float or None
        Ratios; None with a reason in `printed`.
    printed : str
        The estimate and its interval as printed, or why there is none.
    p_interaction : str
    strong : bool
        The main estimate: a diamond.
    """

    label: str
    heading: bool = False
    count: str = ""
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    printed: str = ""
    p_interaction: str = ""
    strong: bool = False


def forest_plot(rows: Sequence[ForestRow], *, measure: str, level: float, lower_means: str, higher_means: str,
                description: str) -> Drawing:  # fmt: skip
    """Draw ratios on a log axis with the line of no difference; `lower_means` says what lies left of it."""
    lines = [wrapped(row.label, LABEL_PT - (0.0 if row.heading else 8.0), bold=row.heading or row.strong)
             for row in rows]  # fmt: skip
    reasons = [wrapped(row.printed, ESTIMATE_PT) for row in rows]
    heights = [LINE_PT * max(len(one), len(why)) + ROW_GAP_PT for one, why in zip(lines, reasons, strict=True)]
    shows_p = any(row.p_interaction for row in rows)
    left_pt = LABEL_PT + COUNT_PT + GAP_PT
    right_pt = ESTIMATE_PT + (P_PT if shows_p else 0.0) + 2.0 * GAP_PT
    plot_pt = WIDTH_PT - left_pt - right_pt
    sides = [wrapped(f"← {lower_means}", plot_pt / 2.0 + left_pt - 6.0 - GAP_PT),
             wrapped(f"{higher_means} →", plot_pt / 2.0 + right_pt - 6.0 - GAP_PT)]  # fmt: skip
    foot_pt = 16.0 + LINE_PT * (1.6 + max(len(one) for one in sides))
    rows_pt = max(sum(heights), LINE_PT)
    height_pt = HEAD_PT + rows_pt + foot_pt

    def onto(figure: Figure) -> None:
        axes = figure.add_axes((left_pt / WIDTH_PT, foot_pt / height_pt, plot_pt / WIDTH_PT, rows_pt / height_pt))
        _axis(axes, rows, rows_pt, f"{measure}, log scale (a ratio, no unit)")
        _head(axes, plot_pt, measure, level, shows_p=shows_p)
        down = 0.0
        for row, words, reason, height in zip(rows, lines, reasons, heights, strict=True):
            _row(axes, row, words, reason, down + height / 2.0, left_pt, plot_pt)
            down += height
        null = plot_pt * _share(axes, 1.0)
        below = -28.0 - 0.4 * LINE_PT
        for side, words in zip((-1.0, 1.0), sides, strict=True):
            axes.annotate("\n".join(words), (0.0, 0.0), xycoords="axes fraction", xytext=(null + side * 5.0, below),
                          textcoords="offset points", ha="right" if side < 0.0 else "left", va="top",
                          annotation_clip=False)  # fmt: skip

    return picture(onto, height_pt=height_pt, description=description)


def _axis(axes: Axes, rows: Sequence[ForestRow], rows_pt: float, label: str) -> None:
    """Set the log axis: symmetric around 1, wide enough for what is finite."""
    ends = [value for row in rows for value in (row.estimate, row.low, row.high)
            if value is not None and 1.0 / WIDEST <= value <= WIDEST]  # fmt: skip
    reach = max([2.2, *(1.15 * max(value, 1.0 / value) for value in ends)])
    axes.set(xscale="log", xlim=(1.0 / reach, reach), ylim=(rows_pt, 0.0), yticks=[], xlabel=label)
    ticks = [tick for tick in TICKS if 1.0 / reach <= tick <= reach]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xticklabels([f"{tick:g}" for tick in ticks])
    axes.tick_params(length=3.0, width=0.6, color=FAINT)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.axvline(1.0, color=INK, linewidth=0.8)


def _share(axes: Axes, value: float) -> float:
    """Return where on the axis a value lies, 0 at its left end and 1 at its right."""
    low, high = axes.get_xlim()
    return (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))


def _write(axes: Axes, text: str, x_pt: float, middle: float, *, bold: bool = False, ha: str = "left",
           color: str = INK) -> None:  # fmt: skip
    axes.annotate(text, (0.0, middle), xycoords=("axes fraction", "data"), xytext=(x_pt, 0.0), fontsize=TYPE_PT,
                  textcoords="offset points", va="center", ha=ha, color=color, annotation_clip=False,
                  fontweight="bold" if bold else "normal")  # fmt: skip


def _head(axes: Axes, plot_pt: float, measure: str, level: float, *, shows_p: bool) -> None:
    middle = -HEAD_PT / 2.0
    _write(axes, "events / n", -GAP_PT, middle, ha="right", color=FAINT)
    words = "\n".join(wrapped(f"{measure} ({100.0 * level:g} % interval)", ESTIMATE_PT))
    _write(axes, words, plot_pt + GAP_PT, middle, color=FAINT)
    if shows_p:
        _write(axes, "p, inter-\naction", plot_pt + ESTIMATE_PT + 2.0 * GAP_PT, middle, color=FAINT)


def _row(axes: Axes, row: ForestRow, words: Sequence[str], reason: Sequence[str], middle: float, left_pt: float,
         plot_pt: float) -> None:  # fmt: skip
    """Draw one row: words to the left, the estimate in the middle, numbers to the right."""
    bold = row.heading or row.strong
    _write(axes, "\n".join(words), -left_pt + (4.0 if row.heading or row.strong else 12.0), middle, bold=bold)
    _write(axes, row.count, -GAP_PT, middle, ha="right")
    if row.printed:
        _write(axes, "\n".join(reason), plot_pt + GAP_PT, middle, bold=row.strong,
               color=INK if row.estimate is not None else FAINT)  # fmt: skip
    if row.p_interaction:
        _write(axes, row.p_interaction, plot_pt + ESTIMATE_PT + 2.0 * GAP_PT, middle)
    if row.estimate is not None and row.low is not None and row.high is not None:
        _interval(axes, row.estimate, row.low, row.high, middle, strong=row.strong)


def _interval(axes: Axes, estimate: float, low: float, high: float, middle: float, *, strong: bool) -> None:
    """Draw an interval and its point; an end beyond the axis becomes an arrow."""
    first, last = axes.get_xlim()
    ends = (max(low, first), min(high, last))
    axes.axhline(middle, color=RULE, linewidth=0.3, zorder=0)
    if ends[0] <= ends[1]:
        axes.plot(ends, (middle, middle), color=INK, linewidth=1.6 if strong else 1.1, solid_capstyle="butt")
    for end, wanted, marker in ((first, low, "<"), (last, high, ">")):
        if (wanted < end) if marker == "<" else (wanted > end):
            axes.plot([end], [middle], marker=marker, color=INK, markersize=4.5, clip_on=False)
    if first <= estimate <= last:
        axes.plot([estimate], [middle], marker="D" if strong else "s", color=INK, markersize=6.5 if strong else 4.5)
