"""Kaplan-Meier curves: steps with their bands, censoring, and the number at risk under the axis."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from isotherm.app.figures import FAINT, INK, RULE, Drawing
from isotherm.app.study_figures import LINE_PT, TYPE_PT, WIDTH_PT, look, picture, width_of, wrapped
from isotherm.columns import Float

PLOT_PT, AXIS_PT, TOP_PT = 205.0, 34.0, 8.0
"""Heights of the curves, of the axis with its words under them, and of the room above."""

LEFT_PT, RIGHT_PT = 52.0, 12.0
LEGEND_PT, HANDLE_PT = 4.0, 46.0
"""Where the legend begins, and the room of its lines."""

LABELS_PT = 118.0
"""Widest label of an arm beside the numbers at risk."""

LABEL_GAP_PT = 22.0
"""Between the labels beside the numbers at risk and the first number."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArmCurve:
    """One curve as it is drawn. Rows are times, rising; NaN where a limit is not defined.

    Parameters
    ----------
    arm : int
        Number of the arm: its look.
    label : str
    adjusted : bool
        Adjusted curves are bold and have a band; naive ones beside them are thin and dotted.
    times : array, shape (t,)
        In the unit of the axis.
    survival, low, high : array, shape (t,)
        Shares, 0 to 1.
    censored : array, shape (c,)
        When somebody left without the event.
    end : float
        When the last one left, with or without it: the curve goes so far.
    at_risk : tuple of str
        Numbers at risk as printed, one per tick.
    """

    arm: int
    label: str
    adjusted: bool
    times: Float
    survival: Float
    low: Float
    high: Float
    censored: Float
    end: float
    at_risk: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveWords:
    """What is written around the curves: what the axes show, and what the bands are."""

    endpoint: str
    unit: str
    since: str
    time_unit: str
    interval: str
    points_only: bool = False
    """Whether what lies between the times is withheld: then no step is drawn."""

    def below(self, width_pt: float) -> list[str]:
        """Return the lines under the time axis."""
        return wrapped(f"time since {self.since}, {self.time_unit}", width_pt)

    def beside(self) -> list[str]:
        """Return the lines beside the axis of survival."""
        return wrapped(f"{self.endpoint}, % of {self.unit}s", PLOT_PT)


def survival_curves(curves: Sequence[ArmCurve], ticks: Float, words: CurveWords) -> Drawing:
    """Draw the curves of one outcome, adjusted ones over naive ones, with the numbers at risk aligned to the ticks.

    Where only naive curves are given they are drawn in full, with bands.
    """
    main = [curve for curve in curves if curve.adjusted] or list(curves)
    behind = [curve for curve in curves if not curve.adjusted] if main[0].adjusted else []
    blocks = [(f"At risk{', adjusted' if main[0].adjusted else ''}", main),
              *([("At risk, naive", behind)] if behind else [])]  # fmt: skip
    table = [_block(title, rows) for title, rows in blocks]
    left_pt = max(LEFT_PT, max(width for _, width in table) + LABEL_GAP_PT, LINE_PT * len(words.beside()) + 28.0)
    axis_pt = AXIS_PT + LINE_PT * (len(words.below(WIDTH_PT - left_pt - RIGHT_PT)) - 1)
    legend = _legend(main, behind, words)
    legend_pt = LINE_PT * 1.12 * sum(label.count("\n") + 1 for _, label in legend) + 4.0
    table_pt = sum(height for height, _ in table) + 4.0
    height_pt = TOP_PT + legend_pt + PLOT_PT + axis_pt + table_pt

    def onto(figure: Figure) -> None:
        bottom = (table_pt + axis_pt) / height_pt
        axes = figure.add_axes((left_pt / WIDTH_PT, bottom, (WIDTH_PT - left_pt - RIGHT_PT) / WIDTH_PT,
                                PLOT_PT / height_pt))  # fmt: skip
        _frame(axes, ticks, max([float(ticks[-1]), *(one.end for one in curves)]), words)
        for curve in (*behind, *main):
            if words.points_only:
                _points(axes, curve, bold=curve in main)
            else:
                _curve(axes, curve, bold=curve in main)
        handles, labels = [one for one, _ in legend], [label for _, label in legend]
        figure.legend(handles, labels, loc="upper left", bbox_to_anchor=(LEGEND_PT / WIDTH_PT, 1.0 - 2.0 / height_pt),
                      frameon=False, fontsize=TYPE_PT, handlelength=3.2, borderpad=0.0, borderaxespad=0.0,
                      labelspacing=0.25)  # fmt: skip
        _numbers(figure, axes, blocks, ticks, table_pt / height_pt, LINE_PT / height_pt)

    return picture(onto, height_pt=height_pt, description=_described(main, words))


def _frame(axes: Axes, ticks: Float, until: float, words: CurveWords) -> None:
    shares = np.linspace(0.0, 1.0, 6)
    axes.set(xlim=(0.0, until), ylim=(0.0, 1.005), xticks=ticks, yticks=shares,
             xlabel="\n".join(words.below(float(WIDTH_PT * axes.get_position().width))),
             ylabel="\n".join(words.beside()))  # fmt: skip
    axes.set_xticklabels([f"{tick:.4g}" for tick in ticks])
    axes.set_yticklabels([f"{100.0 * share:.0f}" for share in shares])
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=3.0, width=0.6, color=FAINT)
    axes.grid(axis="y", color=RULE, linewidth=0.4)
    axes.set_axisbelow(True)


def _curve(axes: Axes, curve: ArmCurve, *, bold: bool) -> None:
    """Draw one curve as steps to its end, the band behind it, a tick wherever somebody is censored."""
    one = look(curve.arm)
    times = np.r_[0.0, curve.times, curve.end]
    share, low, high = (np.r_[1.0, values, values[-1:] if len(values) else 1.0]
                        for values in (curve.survival, curve.low, curve.high))  # fmt: skip
    if bold:
        axes.fill_between(times, low, high, step="post", color=one.band, alpha=0.55, linewidth=0.0, zorder=1.5)
        for limit in (low, high):
            axes.step(times, limit, where="post", color=one.color, linewidth=0.4, zorder=1.6)
    dashes = (one.dash if bold else one.dots) or ()
    axes.step(times, share, where="post", color=one.color, linewidth=1.7 if bold else 1.0, zorder=3.0 if bold else 2.0,
              linestyle=(0, dashes) if dashes else "solid", solid_capstyle="butt", dash_capstyle="butt")  # fmt: skip
    if bold:
        rows = np.searchsorted(times[:-1], curve.censored, side="right") - 1
        axes.plot(curve.censored, share[rows], linestyle="none", marker="|", markersize=5.5, color=one.color,
                  markeredgewidth=0.8, zorder=3.5, clip_on=False)  # fmt: skip


def _points(axes: Axes, curve: ArmCurve, *, bold: bool) -> None:
    """Draw the times that may be shown as points with their intervals, joined by thin lines that are no curve."""
    one = look(curve.arm)
    axes.plot(np.r_[0.0, curve.times], np.r_[1.0, curve.survival], color=one.color, linewidth=0.6,
              linestyle=(0, (4.0, 3.0)) if bold else (0, one.dots))  # fmt: skip
    axes.plot(curve.times, curve.survival, linestyle="none", marker=one.marker, markersize=5.5, color=one.color,
              markerfacecolor=one.color if bold else "#ffffff", clip_on=False)  # fmt: skip
    if bold:
        axes.vlines(curve.times, curve.low, curve.high, color=one.color, linewidth=1.0)


def _legend(main: Sequence[ArmCurve], behind: Sequence[ArmCurve], words: CurveWords) -> list[tuple[Line2D, str]]:
    """Return handles and words: one for each curve, those of an arm together, then what the band is."""
    pairs = [(one, [two for two in behind if two.arm == one.arm]) for one in main]
    found = [_named(curve, words, bold=curve is one) for one, under in pairs for curve in (one, *under)]
    if words.points_only:
        handle = Line2D([], [], color=FAINT, linewidth=1.0)
        text = f"upright bars: {words.interval}; between the points the curve is withheld"
    else:
        handle = Line2D([], [], color=FAINT, linewidth=0.8, marker="|", markersize=5.5)
        text = f"band: {words.interval}; upright ticks: censored"
    room = WIDTH_PT - LEGEND_PT - HANDLE_PT - RIGHT_PT
    return [(line, "\n".join(wrapped(label, room))) for line, label in [*found, (handle, text)]]


def _named(curve: ArmCurve, words: CurveWords, *, bold: bool) -> tuple[Line2D, str]:
    """Return how a curve looks, and its name."""
    one = look(curve.arm)
    label = f"{curve.label}, {'adjusted' if curve.adjusted else 'naive' if not bold else 'not adjusted'}"
    if words.points_only:
        style, fill = (0, (4.0, 3.0) if bold else one.dots), one.color if bold else "#ffffff"
        return Line2D([], [], color=one.color, linewidth=0.6, linestyle=style, marker=one.marker, markersize=5.5,
                      markerfacecolor=fill), label  # fmt: skip
    dashes = (one.dash if bold else one.dots) or ()
    return Line2D([], [], color=one.color, linewidth=1.7 if bold else 1.0,
                  linestyle=(0, dashes) if dashes else "solid"), label  # fmt: skip


def _block(title: str, rows: Sequence[ArmCurve]) -> tuple[float, float]:
    """Return height and width in points of one block of numbers at risk."""
    lines = [wrapped(row.label, LABELS_PT) for row in rows]
    width = max([width_of(title, bold=True), *(width_of(line) for one in lines for line in one)])
    return LINE_PT * (1.2 + sum(len(one) for one in lines)), width


def _numbers(figure: Figure, axes: Axes, blocks: Sequence[tuple[str, Sequence[ArmCurve]]], ticks: Float, top: float,
             line: float) -> None:  # fmt: skip
    """Write the numbers at risk under their ticks; where a label takes several lines, they stand on its first."""
    place, until = axes.get_position(), axes.get_xlim()[1]
    down = top - line
    for title, rows in blocks:
        figure.text(4.0 / WIDTH_PT, down, title, fontsize=TYPE_PT, fontweight="bold")
        down -= line
        for row in rows:
            lines = wrapped(row.label, LABELS_PT)
            for k, words in enumerate(lines):
                figure.text(4.0 / WIDTH_PT, down - k * line, words, color=INK)
            for tick, count in zip(ticks, row.at_risk, strict=True):
                figure.text(place.x0 + place.width * tick / until, down, count, ha="center", color=INK)
            down -= line * len(lines)
        down -= 0.2 * line


def _described(curves: Sequence[ArmCurve], words: CurveWords) -> str:
    """Say where each curve ends; the tables have its values."""
    ends = [f"{one.label}: {100.0 * one.survival[-1]:.0f} % at {one.end:.0f} {words.time_unit}"
            for one in curves if len(one.times)]  # fmt: skip
    return f"Kaplan-Meier curves of {words.endpoint}. At their ends, {'; '.join(ends) or 'nobody had the event'}."
