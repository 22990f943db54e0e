"""Panels of step curves on one scale: designs side by side, or one panel for each event that competes."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from isotherm.app.figures import FAINT, RULE, Drawing
from isotherm.app.study_figures import LINE_PT, TYPE_PT, WIDTH_PT, look, picture, wrapped
from isotherm.columns import Float

ACROSS = 2
PLOT_PT, AXIS_PT, TOP_PT, LEFT_PT, GAP_PT = 132.0, 20.0, 6.0, 40.0, 30.0
"""Heights of the curves and of their axis, room above, beside and between."""

HANDLE_PT = 50.0
"""Room of the lines of the legend."""

ROUND = (1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 36.0, 60.0)
"""Steps of the axis of time, in months."""

MOST_TICKS = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelCurve:
    """One curve of a panel: its arm's number and label, times in months, values and limits as shares."""

    arm: int
    label: str
    times: Float
    values: Float
    low: Float
    high: Float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """One panel; curves begin at `start` months with the value `first`."""

    title: str
    start: float
    first: float
    curves: tuple[PanelCurve, ...]


def panels_of_curves(
    panels: Sequence[Panel], *, across: str, up: str, band: str, until: float, description: str
) -> Drawing:
    """Draw panels two in a row, all on the same axes.

    Parameters
    ----------
    panels : sequence of Panel
    across, up : str
        Words of the axes.
    band : str
        What the bands are.
    until : float
        End of the axis of time, in months.
    description : str
    """
    width_pt = (WIDTH_PT - LEFT_PT - GAP_PT) / ACROSS - 6.0
    titles = [wrapped(panel.title, width_pt, bold=True) for panel in panels]
    rows = -(-len(panels) // ACROSS)
    heads = [max(len(lines) for lines in titles[row * ACROSS : (row + 1) * ACROSS]) * LINE_PT + 6.0
             for row in range(rows)]  # fmt: skip
    legend = _legend(panels, band)
    legend_pt = LINE_PT * 1.15 * sum(words.count("\n") + 1 for _, words in legend) + 6.0
    foot = LINE_PT * 1.6
    height_pt = TOP_PT + legend_pt + sum(heads) + rows * (PLOT_PT + AXIS_PT) + foot

    def onto(figure: Figure) -> None:
        figure.legend([one for one, _ in legend], [words for _, words in legend], loc="upper left",
                      bbox_to_anchor=(4.0 / WIDTH_PT, 1.0 - 2.0 / height_pt), frameon=False, fontsize=TYPE_PT,
                      handlelength=3.2, borderpad=0.0, borderaxespad=0.0, labelspacing=0.25)  # fmt: skip
        top = height_pt - TOP_PT - legend_pt
        for k, panel in enumerate(panels):
            row, column = divmod(k, ACROSS)
            base = top - sum(heads[: row + 1]) - row * AXIS_PT - (row + 1) * PLOT_PT
            left = LEFT_PT + column * (width_pt + GAP_PT)
            axes = figure.add_axes((left / WIDTH_PT, base / height_pt, width_pt / WIDTH_PT, PLOT_PT / height_pt))
            _frame(axes, until, first=column == 0, up="\n".join(wrapped(up, PLOT_PT)))
            axes.set_title("\n".join(titles[k]), fontsize=TYPE_PT, fontweight="bold", loc="left", pad=4.0)
            for curve in panel.curves:
                _curve(axes, panel, curve, until)
        figure.text(0.5, 4.0 / height_pt, across, ha="center", fontsize=TYPE_PT)

    return picture(onto, height_pt=height_pt, description=description)


def _legend(panels: Sequence[Panel], band: str) -> list[tuple[Line2D, str]]:
    """Return handles and words: each arm once, then what the bands are."""
    named = {curve.arm: curve.label for panel in panels for curve in panel.curves}
    room = WIDTH_PT - HANDLE_PT
    found = [(Line2D([], [], color=look(arm).color, linewidth=1.6, linestyle=_style(arm)),
              "\n".join(wrapped(label, room))) for arm, label in sorted(named.items())]  # fmt: skip
    return [*found, (Line2D([], [], color=FAINT, linewidth=4.0, alpha=0.4), f"band: {band}")]


def _style(arm: int) -> tuple[int, tuple[float, ...]] | Literal["solid"]:
    dash = look(arm).dash
    return (0, dash) if dash else "solid"


def _frame(axes: Axes, until: float, *, first: bool, up: str) -> None:
    step = next((one for one in ROUND if until / one <= MOST_TICKS), ROUND[-1])
    shares = np.linspace(0.0, 1.0, 6)
    ticks = np.arange(0.0, until + 1e-9, step)
    axes.set(xlim=(0.0, until), ylim=(0.0, 1.005), xticks=ticks, yticks=shares, ylabel=up if first else "")
    axes.set_xticklabels([f"{tick:g}" for tick in ticks])
    axes.set_yticklabels([f"{100.0 * share:.0f}" if first else "" for share in shares])
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=3.0, width=0.6, color=FAINT)
    axes.grid(axis="y", color=RULE, linewidth=0.4)
    axes.set_axisbelow(True)


def _curve(axes: Axes, panel: Panel, curve: PanelCurve, until: float) -> None:
    one = look(curve.arm)
    end = max(until, float(curve.times[-1])) if len(curve.times) else until
    times = np.r_[panel.start, curve.times, end]
    value, low, high = (np.r_[panel.first, part, part[-1:] if len(part) else panel.first]
                        for part in (curve.values, curve.low, curve.high))  # fmt: skip
    axes.fill_between(times, low, high, step="post", color=one.band, alpha=0.5, linewidth=0.0, zorder=1.5)
    axes.step(times, value, where="post", color=one.color, linewidth=1.5, zorder=3.0, linestyle=_style(curve.arm),
              solid_capstyle="butt", dash_capstyle="butt")  # fmt: skip
    if panel.start > 0.0:
        axes.axvline(panel.start, color=FAINT, linewidth=0.8, linestyle=(0, (2.0, 2.0)), zorder=1.0)
