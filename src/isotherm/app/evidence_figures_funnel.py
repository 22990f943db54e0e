"""Funnel figure: each study's effect against its standard error, its name beside it, and where chance alone lies."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from isotherm.app.figures import FAINT, INK, RULE, Drawing
from isotherm.app.study_figures import LINE_PT, WIDTH_PT, picture, wrapped
from isotherm.app.study_figures_forest import TICKS
from isotherm.evidence.funnel import Funnel

LEFT_PT, PLOT_PT, NAMES_GAP_PT, LEAST_PLOT_PT = 46.0, 236.0, 26.0, 190.0
NAMES_PT = WIDTH_PT - LEFT_PT - PLOT_PT - NAMES_GAP_PT - 6.0
SHADE = "#eceff1"
LEADER: dict[str, Any] = {"arrowstyle": "-", "color": RULE, "linewidth": 0.5, "shrinkA": 0.0, "shrinkB": 3.0}
"""The line from a point to its name."""


def funnel_figure(funnel: Funnel, *, measure: str, ratio: bool, notes: Sequence[str], description: str) -> Drawing:
    """Draw a funnel.

    Parameters
    ----------
    funnel : Funnel
    measure : str
        What the lower axis is called.
    ratio : bool
        The values are logarithms: the axis shows ratios.
    notes : sequence of str
        Under the figure.
    description : str
    """
    order = [int(k) for k in np.argsort(funnel.std_errors, kind="stable")]
    names = [wrapped(funnel.names[k], NAMES_PT) for k in order]
    names_pt = sum(LINE_PT * len(lines) + 3.0 for lines in names)
    lines = [line for note in notes for line in wrapped(note, WIDTH_PT - 8.0)]
    below = wrapped(f"{measure}{'; log scale (a ratio: no unit)' if ratio else ''}", PLOT_PT + 60.0)
    foot_pt = 20.0 + LINE_PT * (len(below) + len(lines) + 0.8)
    plot_pt = max(LEAST_PLOT_PT, names_pt)
    height_pt = 8.0 + plot_pt + foot_pt

    def onto(figure: Figure) -> None:
        axes = figure.add_axes((LEFT_PT / WIDTH_PT, foot_pt / height_pt, PLOT_PT / WIDTH_PT, plot_pt / height_pt))
        unit = "log scale of the measure" if ratio else "unit of the measure"
        axes.set(xlabel="\n".join(below), ylabel=f"standard error ({unit})")
        _sides(axes, funnel)
        if ratio:
            _ratio_ticks(axes)
        axes.plot(funnel.values, funnel.std_errors, linestyle="none", marker="o", markersize=4.5, color=INK, zorder=3)
        _names(axes, funnel, order, names, plot_pt)
        figure.text(4.0 / WIDTH_PT, (LINE_PT * (len(lines) + 0.2)) / height_pt, "\n".join(lines), va="top",
                    linespacing=1.3)  # fmt: skip

    return picture(onto, height_pt=height_pt, description=description)


def _sides(axes: Axes, funnel: Funnel) -> None:
    """Draw the sides of the funnel from its tip down to the largest standard error."""
    deepest = 1.08 * float(funnel.std_errors.max())
    depths = np.array([0.0, deepest])
    low, high = funnel.limits(depths)
    axes.fill_betweenx(depths, low, high, facecolor=SHADE, edgecolor="none", zorder=0)
    for side in (low, high):
        axes.plot(side, depths, color=FAINT, linewidth=0.7, linestyle=(0, (3.0, 2.0)), zorder=1)
    axes.axvline(funnel.center, color=INK, linewidth=0.8, zorder=1)
    values = np.concatenate([low, high, funnel.values])
    pad = 0.05 * float(values.max() - values.min())
    axes.set(ylim=(deepest, 0.0), xlim=(float(values.min()) - pad, float(values.max()) + pad))
    axes.set_yticks([float(tick) for tick in MaxNLocator(6).tick_values(0.0, deepest) if 0.0 <= tick <= deepest])
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=3.0, width=0.6, color=FAINT)


def _ratio_ticks(axes: Axes) -> None:
    first, last = axes.get_xlim()
    ticks = [tick for tick in TICKS if first <= np.log(tick) <= last]
    if len(ticks) < 3:
        ticks = sorted({float(f"{np.exp(place):.2g}") for place in np.linspace(first, last, 6)[1:-1]})
    axes.xaxis.set_major_locator(FixedLocator([float(np.log(tick)) for tick in ticks]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([f"{tick:g}" for tick in ticks])


def _names(axes: Axes, funnel: Funnel, order: Sequence[int], names: Sequence[Sequence[str]], plot_pt: float) -> None:
    """Write the names in a column, the smallest standard error on top, each joined to its point by a thin line."""
    deepest = axes.get_ylim()[0]
    heights = [LINE_PT * len(lines) + 3.0 for lines in names]
    wanted = [float(funnel.std_errors[k]) / deepest * plot_pt for k in order]
    for k, lines, height, middle in zip(order, names, heights, _spread(wanted, heights, plot_pt), strict=True):
        value, error = float(funnel.values[k]), float(funnel.std_errors[k])
        place = (1.0 + (NAMES_GAP_PT - 3.0) / PLOT_PT, 1.0 - middle / plot_pt)
        axes.annotate(
            "",
            (value, error),
            xytext=place,
            textcoords="axes fraction",
            annotation_clip=False,
            zorder=1,
            arrowprops=LEADER,
        )
        top = middle - height / 2.0 + 1.5 + LINE_PT / 2.0
        for n, line in enumerate(lines):
            axes.annotate(line, (1.0 + NAMES_GAP_PT / PLOT_PT, 1.0 - (top + n * LINE_PT) / plot_pt),
                          xycoords="axes fraction", va="center", annotation_clip=False)  # fmt: skip


def _spread(wanted: Sequence[float], heights: Sequence[float], room: float) -> list[float]:
    """Return middles as near to what is wanted as heights allow, in order, within the room."""
    tops: list[float] = []
    for middle, height in zip(wanted, heights, strict=True):
        tops.append(max(middle - height / 2.0, tops[-1] + heights[len(tops) - 1] if tops else 0.0))
    floor = room
    for k in range(len(tops) - 1, -1, -1):
        tops[k] = min(tops[k], floor - heights[k])
        floor = tops[k]
    return [top + height / 2.0 for top, height in zip(tops, heights, strict=True)]
