"""Panels of step curves on one scale: designs side by side, or one panel for each event that competes."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from isotherm.app.figures import FAINT, INK, RULE, Drawing
from isotherm.app.study_figures import LINE_PT, MOST_HEIGHT_PT, TYPE_PT, WIDTH_PT, look, on_pages, picture, wrapped
from isotherm.columns import Float

ACROSS = 2
PLOT_PT, AXIS_PT, TOP_PT, LEFT_PT, GAP_PT = 132.0, 16.0, 6.0, 40.0, 42.0
"""Heights of the curves and of the numbers of their axis, room above, beside and between."""

PANEL_PT = (WIDTH_PT - LEFT_PT - GAP_PT) / ACROSS - 6.0
"""Width of a panel."""

BELOW_PT = 8.0
"""Room under a row of panels."""

HANDLE_PT = 50.0
"""Room of the lines of the legend."""

SAMPLE_PT, SAMPLE_GAP_PT = 13.0, 16.0
"""Line of an arm before its numbers at risk, and the room from it to the left end of the axis."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelCurve:
    """One curve of a panel: its arm's number and label, times in months, values and limits as shares.

    `at_risk` are the numbers at risk as printed, one for each time of the panel's `at`.
    """

    arm: int
    label: str
    times: Float
    values: Float
    low: Float
    high: Float
    at_risk: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """One panel; curves begin at `start` months with the value `first`.

    `across` says from when on its months count, `at_risk_of` whom the numbers at risk are of, `at` at which months.
    """

    title: str
    across: str
    start: float
    first: float
    curves: tuple[PanelCurve, ...]
    at_risk_of: str = ""
    at: Float = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """A panel with its words broken into lines."""

    panel: Panel
    title: list[str]
    across: list[str]
    at_risk_of: list[str]

    @property
    def below_pt(self) -> float:
        """Height of what stands under the numbers of the axis."""
        rows = len(self.panel.curves) if self.at_risk_of else 0
        return LINE_PT * (len(self.across) + len(self.at_risk_of) + rows) + BELOW_PT


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Scale:
    """What all panels share: words beside, ticks and end of the axis of time."""

    up: list[str]
    axis: Float
    until: float


def panels_of_curves(
    panels: Sequence[Panel], *, up: str, band: str, axis: Float, until: float, what: str
) -> tuple[Drawing, ...]:
    """Draw panels two in a row, all on the same scale, in pages.

    Parameters
    ----------
    panels : sequence of Panel
    up : str
        Words of the axis of values.
    band : str
        What the bands are.
    axis : array
        Ticks of the axis of time, in months.
    until : float
        End of the axis of time, in months.
    what : str
        What is drawn, for the description.
    """
    placed = [_Placed(panel=one, title=wrapped(one.title, PANEL_PT, bold=True), across=wrapped(one.across, PANEL_PT),
                      at_risk_of=wrapped(one.at_risk_of, PANEL_PT, bold=True) if one.at_risk_of else [])
              for one in panels]  # fmt: skip
    rows = [placed[k : k + ACROSS] for k in range(0, len(placed), ACROSS)]
    legend = _legend(panels, band)
    legend_pt = LINE_PT * 1.15 * sum(words.count("\n") + 1 for _, words in legend) + 6.0
    scale = _Scale(up=wrapped(up, PLOT_PT), axis=axis, until=until)
    pages = on_pages([_row_pt(row) for row in rows], MOST_HEIGHT_PT - TOP_PT - legend_pt)
    return tuple(_page(rows[page], legend, legend_pt, scale, what) for page in pages)


def _row_pt(row: Sequence[_Placed]) -> float:
    return _head_pt(row) + PLOT_PT + AXIS_PT + max(one.below_pt for one in row)


def _head_pt(row: Sequence[_Placed]) -> float:
    return max(len(one.title) for one in row) * LINE_PT + 6.0


def _page(
    rows: Sequence[Sequence[_Placed]], legend: list[tuple[Line2D, str]], legend_pt: float, scale: _Scale, what: str
) -> Drawing:
    height_pt = TOP_PT + legend_pt + sum(map(_row_pt, rows))

    def onto(figure: Figure) -> None:
        figure.legend([one for one, _ in legend], [words for _, words in legend], loc="upper left",
                      bbox_to_anchor=(4.0 / WIDTH_PT, 1.0 - 2.0 / height_pt), frameon=False, fontsize=TYPE_PT,
                      handlelength=3.2, borderpad=0.0, borderaxespad=0.0, labelspacing=0.25)  # fmt: skip
        top = height_pt - TOP_PT - legend_pt
        for row in rows:
            for column, one in enumerate(row):
                left, base = LEFT_PT + column * (PANEL_PT + GAP_PT), top - _head_pt(row) - PLOT_PT
                axes = figure.add_axes((left / WIDTH_PT, base / height_pt, PANEL_PT / WIDTH_PT, PLOT_PT / height_pt))
                _frame(axes, scale, first=column == 0)
                axes.set_title("\n".join(one.title), fontsize=TYPE_PT, fontweight="bold", loc="left", pad=4.0)
                for curve in one.panel.curves:
                    _curve(axes, one.panel, curve)
                _below(figure, one, scale.until, left, base - AXIS_PT, height_pt)
            top -= _row_pt(row)

    return picture(onto, height_pt=height_pt, description=_described([one.panel for row in rows for one in row], what))


def _below(figure: Figure, one: _Placed, until: float, left: float, top: float, height_pt: float) -> None:
    """Write what the months count from, and the numbers at risk after the line of their arm."""
    for words in one.across:
        top -= LINE_PT
        figure.text((left + PANEL_PT / 2.0) / WIDTH_PT, top / height_pt, words, ha="center", fontsize=TYPE_PT)
    for words in one.at_risk_of:
        top -= LINE_PT
        figure.text(left / WIDTH_PT, top / height_pt, words, fontsize=TYPE_PT, fontweight="bold")
    for curve in sorted(one.panel.curves, key=lambda curve: curve.arm) if one.at_risk_of else ():  # as in the legend
        top -= LINE_PT
        end, middle = left - SAMPLE_GAP_PT, (top + 0.3 * TYPE_PT) / height_pt
        figure.add_artist(Line2D([(end - SAMPLE_PT) / WIDTH_PT, end / WIDTH_PT], [middle, middle], linewidth=1.6,
                                 color=look(curve.arm).color, linestyle=_style(curve.arm)))  # fmt: skip
        for month, count in zip(one.panel.at, curve.at_risk, strict=True):
            figure.text((left + PANEL_PT * month / until) / WIDTH_PT, top / height_pt, count, ha="center", color=INK,
                        fontsize=TYPE_PT)  # fmt: skip


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


def _frame(axes: Axes, scale: _Scale, *, first: bool) -> None:
    shares = np.linspace(0.0, 1.0, 6)
    axes.set(xlim=(0.0, scale.until), ylim=(0.0, 1.005), xticks=scale.axis, yticks=shares,
             ylabel="\n".join(scale.up) if first else "")  # fmt: skip
    axes.set_xticklabels([f"{tick:.4g}" for tick in scale.axis])
    axes.set_yticklabels([f"{100.0 * share:.0f}" if first else "" for share in shares])
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=3.0, width=0.6, color=FAINT)
    axes.grid(axis="y", color=RULE, linewidth=0.4)
    axes.set_axisbelow(True)


def _curve(axes: Axes, panel: Panel, curve: PanelCurve) -> None:
    one = look(curve.arm)
    # A curve ends with its last patient: what comes after is not known, though other curves go on.
    times = np.r_[panel.start, curve.times]
    value, low, high = (np.r_[panel.first, part] for part in (curve.values, curve.low, curve.high))
    axes.fill_between(times, low, high, step="post", color=one.band, alpha=0.5, linewidth=0.0, zorder=1.5)
    axes.step(times, value, where="post", color=one.color, linewidth=1.5, zorder=3.0, linestyle=_style(curve.arm),
              solid_capstyle="butt", dash_capstyle="butt")  # fmt: skip
    if panel.start > 0.0:
        axes.axvline(panel.start, color=FAINT, linewidth=0.8, linestyle=(0, (2.0, 2.0)), zorder=1.0)


def _described(panels: Sequence[Panel], what: str) -> str:
    """Say where each curve ends; the tables have its values."""
    ends = [f"{panel.title}, {curve.label}: {100.0 * float(curve.values[-1]):.0f} %"
            for panel in panels for curve in panel.curves if len(curve.values)]  # fmt: skip
    return f"{what}, in panels. At their ends, {'; '.join(ends)}."
