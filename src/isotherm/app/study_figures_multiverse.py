"""Specification curve: every estimate of a multiverse in rising order, and under each what was chosen."""

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

CURVE_PT, AXIS_PT, TOP_PT, RIGHT_PT = 170.0, 16.0, 8.0, 10.0
"""Heights of the curve, of the gap under it and of the room above; room at the right."""

MOST_NUMBERS = 48
"""With more points than this, their numbers stand in the table only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecPoint:
    """One estimate: its number, its interval, its choices, whether it is the main one, whether it is barred."""

    number: int
    estimate: float
    low: float
    high: float
    choices: tuple[tuple[str, str], ...]
    main: bool
    barred: bool


def specification_curve(points: Sequence[SpecPoint], *, measure: str, ratio: bool, level: str) -> Drawing:
    """Draw the points in rising order over the matrix of their choices.

    Parameters
    ----------
    points : sequence of SpecPoint
        At least one.
    measure : str
    ratio : bool
        Whether the axis is logarithmic, with no difference at 1.
    level : str
        Of the intervals, as printed.
    """
    ordered = sorted(points, key=lambda one: one.estimate)
    rows = _rows(ordered)
    left_pt = max(width_of(f"{name}: {choice}") for name, choice in rows) + 16.0
    legend_pt, matrix_pt = LINE_PT * 1.3, LINE_PT * 1.05 * len(rows) + 6.0
    numbered = len(ordered) <= MOST_NUMBERS
    foot_pt = LINE_PT * (2.4 if numbered else 1.0)
    height_pt = TOP_PT + legend_pt + CURVE_PT + AXIS_PT + matrix_pt + foot_pt
    wide = (WIDTH_PT - left_pt - RIGHT_PT) / WIDTH_PT

    def onto(figure: Figure) -> None:
        base = (foot_pt + matrix_pt + AXIS_PT) / height_pt
        above = figure.add_axes((left_pt / WIDTH_PT, base, wide, CURVE_PT / height_pt))
        _curve(above, ordered, measure=measure, ratio=ratio)
        below = figure.add_axes((left_pt / WIDTH_PT, foot_pt / height_pt, wide, matrix_pt / height_pt))
        _matrix(below, ordered, rows, numbered=numbered)
        handles, words = _legend(ordered, level)
        figure.legend(handles, words, loc="upper left", bbox_to_anchor=(4.0 / WIDTH_PT, 1.0 - 2.0 / height_pt),
                      frameon=False, fontsize=TYPE_PT, ncols=len(words), borderpad=0.0, borderaxespad=0.0)  # fmt: skip

    return picture(onto, height_pt=height_pt, description=_described(ordered, measure))


def _rows(points: Sequence[SpecPoint]) -> list[tuple[str, str]]:
    """Return every choice once, those of one kind together, in the order in which they came."""
    found = [choice for one in sorted(points, key=lambda one: one.number) for choice in one.choices]
    kinds = list(dict.fromkeys(name for name, _ in found))
    return [choice for kind in kinds for choice in dict.fromkeys(found) if choice[0] == kind]


def _curve(axes: Axes, points: Sequence[SpecPoint], *, measure: str, ratio: bool) -> None:
    null = 1.0 if ratio else 0.0
    if ratio:
        axes.set_yscale("log")
    axes.axhline(null, color=FAINT, linewidth=0.8)
    for place, one in enumerate(points):
        arm = look(0 if one.main else 3 if one.barred else 1)
        axes.plot([place, place], [one.low, one.high], color=arm.color, linewidth=1.6 if one.main else 0.7, zorder=2.0)
        axes.plot([place], [one.estimate], marker="D" if one.main else "o", markersize=5.0 if one.main else 3.2,
                  color=arm.color, markerfacecolor="#ffffff" if one.barred else arm.color, zorder=3.0)  # fmt: skip
    ends = np.array([[one.low, one.high] for one in points])
    kept = ends[np.isfinite(ends) & ((ends > 0.0) | (not ratio))]
    ticks = _ticks(float(min(kept.min(), null)), float(max(kept.max(), null))) if ratio and len(kept) else None
    if ticks is not None:
        axes.set_yticks(ticks)
        axes.set_yticklabels([f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    axes.set(xlim=(-0.7, len(points) - 0.3), xticks=[], ylabel="\n".join(wrapped(measure, CURVE_PT)))
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.grid(axis="y", color=RULE, linewidth=0.4)
    axes.set_axisbelow(True)


def _ticks(low: float, high: float) -> list[float]:
    """Return round ratios over a range."""
    every = [mantissa * 10.0**power for power in range(-4, 5) for mantissa in (1.0, 2.0, 5.0)]
    return [tick for tick in every if low * 0.6 <= tick <= high * 1.7]


def _matrix(axes: Axes, points: Sequence[SpecPoint], rows: Sequence[tuple[str, str]], *, numbered: bool) -> None:
    for place, one in enumerate(points):
        for choice in one.choices:
            axes.plot([place], [-rows.index(choice)], marker="s", markersize=2.8, color=INK, linestyle="none")
    axes.set(xlim=(-0.7, len(points) - 0.3), ylim=(-len(rows) + 0.4, 0.6), yticks=[-k for k in range(len(rows))])
    axes.set_yticklabels([f"{name}: {choice}" for name, choice in rows])
    axes.set_xticks(range(len(points)) if numbered else [])
    if numbered:
        axes.set_xticklabels([str(one.number) for one in points], rotation=90 if len(points) > 24 else 0,
                             fontsize=TYPE_PT - 2.0)  # fmt: skip
    axes.tick_params(length=0.0)
    axes.spines[["top", "right", "bottom", "left"]].set_visible(False)
    axes.grid(axis="y", color=RULE, linewidth=0.3)
    axes.set_axisbelow(True)


def _legend(points: Sequence[SpecPoint], level: str) -> tuple[list[Line2D], list[str]]:
    """Return what the marks stand for, as far as they occur."""
    kinds = [(any(one.main for one in points), 0, "D", False, "main analysis"),
             (any(not one.main and not one.barred for one in points), 1, "o", False, "other analyses"),
             (any(one.barred for one in points), 3, "o", True, "barred as an answer")]  # fmt: skip
    handles = [Line2D([], [], color=look(arm).color, marker=marker, linewidth=0.8, markersize=4.0,
                      markerfacecolor="#ffffff" if hollow else look(arm).color)
               for there, arm, marker, hollow, _ in kinds if there]  # fmt: skip
    words = [words for there, *_, words in kinds if there]
    return [*handles, Line2D([], [], linewidth=0.0)], [*words, f"lines: {level} intervals"]


def _described(points: Sequence[SpecPoint], measure: str) -> str:
    return (f"Specification curve of {len(points)} analyses, {measure}: from {points[0].estimate:.3g} (number "
            f"{points[0].number}) to {points[-1].estimate:.3g} (number {points[-1].number}).")  # fmt: skip
