"""Forest plot: estimates with their intervals around the line of no difference, with n, events and interactions."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from isotherm.app.figures import FAINT, INK, RULE, Drawing, draw
from isotherm.app.report_words import NO_BREAK
from isotherm.app.study_figures import LINE_PT, MOST_HEIGHT_PT, TYPE_PT, WIDTH_PT, on_pages, picture, width_of, wrapped

LABEL_PT, COUNT_PT, ESTIMATE_PT, P_PT, GAP_PT = 132.0, 62.0, 92.0, 50.0, 8.0
HEAD_PT, ROW_GAP_PT = 2.6 * LINE_PT, 3.5
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
TICK_STEPS, TICK_GAP_PT = (1, 2, 3, 6), 4.0
"""Every tick, every second, the decades, two decades: the first whose labels stand so far apart is taken."""
RULER_WIDTH_IN, RULER_HEIGHT_IN = 4.0, 1.08
OVER_PLOT: dict[str, Any] = {"facecolor": "#ffffff", "edgecolor": "none", "pad": 1.4}
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
        As on the axis; a limit is infinite where the data set none. No estimate: the reason is in `printed`.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestWords:
    """What is written around the rows; a ratio stands on a log axis around 1, a difference on a plain one around 0."""

    measure: str
    unit: str
    level: str
    lower_means: str
    higher_means: str
    ratio: bool = True


def forest_plots(rows: Sequence[ForestRow], words: ForestWords, *, description: str) -> tuple[Drawing, ...]:
    """Draw estimates around the line of no difference; what lies on either side of it is written under the axis.

    Rows that do not fit on one page go on in a further figure with the same axis: a factor stays with its levels, and
    the main estimate, where it is the first row, stands on top of each.
    """
    columns = _Columns(words, tuple(value for row in rows for value in (row.estimate, row.low, row.high)),
                       shows_p=any(row.p_interaction for row in rows))  # fmt: skip
    main, rest = (list(rows[:1]), list(rows[1:])) if rows[0].strong else ([], list(rows))
    groups: list[list[ForestRow]] = []
    for k, row in enumerate(rest):
        if row.heading or not groups or not any(one.heading for one in rest[:k]):
            groups.append([])
        groups[-1].append(row)
    room_pt = MOST_HEIGHT_PT - HEAD_PT - columns.foot_pt - sum(_height(row) for row in main)
    pages = on_pages([sum(_height(row) for row in group) for group in groups], room_pt)
    return tuple(_page([*main, *(row for group in groups[page] for row in group)], columns, description)
                 for page in pages)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Columns:
    """What all pages of a plot share: its words, the values on its axis, and where its columns stand."""

    words: ForestWords
    values: tuple[float | None, ...]
    shows_p: bool

    left_pt = LABEL_PT + COUNT_PT + GAP_PT

    @property
    def right_pt(self) -> float:
        return ESTIMATE_PT + (P_PT if self.shows_p else 0.0) + 2.0 * GAP_PT

    @property
    def plot_pt(self) -> float:
        return WIDTH_PT - self.left_pt - self.right_pt

    @property
    def below(self) -> list[str]:
        return wrapped(f"{self.words.measure}, {self.words.unit}", self.plot_pt + 60.0)

    @property
    def sides(self) -> tuple[list[str], list[str]]:
        half = self.plot_pt / 2.0 - 6.0 - GAP_PT
        return (wrapped(f"← {self.words.lower_means}", half + self.left_pt),
                wrapped(f"→ {self.words.higher_means}", half + self.right_pt))  # fmt: skip

    @property
    def foot_pt(self) -> float:
        return 18.0 + LINE_PT * (0.6 + len(self.below) + max(len(one) for one in self.sides))


def _label(row: ForestRow) -> list[str]:
    bold = row.heading or row.strong
    return wrapped(row.label, LABEL_PT - (0.0 if row.heading else 8.0), bold=bold)


def _reason(row: ForestRow) -> list[str]:
    return wrapped(row.printed, ESTIMATE_PT, bold=row.strong)


def _height(row: ForestRow) -> float:
    return LINE_PT * max(len(_label(row)), len(_reason(row))) + ROW_GAP_PT


def _page(rows: Sequence[ForestRow], columns: _Columns, description: str) -> Drawing:
    left_pt, plot_pt, foot_pt, below = columns.left_pt, columns.plot_pt, columns.foot_pt, columns.below
    rows_pt = max(sum(_height(row) for row in rows), LINE_PT)
    height_pt = HEAD_PT + rows_pt + foot_pt

    def onto(figure: Figure) -> None:
        axes = figure.add_axes((left_pt / WIDTH_PT, foot_pt / height_pt, plot_pt / WIDTH_PT, rows_pt / height_pt))
        axes.set(ylim=(rows_pt, 0.0), yticks=[], xlabel="\n".join(below))
        effect_axis(axes, columns.values, ratio=columns.words.ratio)
        _head(axes, plot_pt, columns.words, shows_p=columns.shows_p)
        down = 0.0
        for row in rows:
            _row(axes, row, _label(row), _reason(row), down + _height(row) / 2.0, left_pt, plot_pt)
            down += _height(row)
        for side, text in zip((-1.0, 1.0), columns.sides, strict=True):
            axes.annotate("\n".join(text), (0.5, 0.0), xycoords="axes fraction", textcoords="offset points", va="top",
                          xytext=(side * 5.0, -18.0 - LINE_PT * (0.3 + len(below))), annotation_clip=False,
                          ha="right" if side < 0.0 else "left")  # fmt: skip

    return picture(onto, height_pt=height_pt, description=description)


def estimate_ruler(main: ForestRow, beside: ForestRow | None, *, what: str, ratio: bool, description: str) -> Drawing:
    """Draw the main estimate, and under it, thin, the one without adjustment, around the line of no difference.

    `what` is lower to the left and higher to the right: "hazard" or "risk".
    """
    rows = [main, *([beside] if beside is not None else [])]

    def onto(figure: Figure) -> None:
        axes = figure.add_axes((0.03, 0.53, 0.94, 0.45))
        axes.set(ylim=(len(rows) - 0.4, -0.6), yticks=[])
        below = f"no difference at {1 if ratio else 0}\n{'log scale' if ratio else 'percentage points'}"
        for x, side, words in ((0.03, "left", f"← lower {what}"), (0.5, "center", below),
                               (0.97, "right", f"higher {what} →")):  # fmt: skip
            figure.text(x, 0.3, words, ha=side, va="top")
        effect_axis(axes, [value for row in rows for value in (row.estimate, row.low, row.high)], ratio=ratio)
        for k, row in enumerate(rows):
            if row.estimate is not None and row.low is not None and row.high is not None:
                draw_interval(axes, row.estimate, row.low, row.high, float(k), strong=row.strong)

    return draw(onto, width_in=RULER_WIDTH_IN, height_in=RULER_HEIGHT_IN, description=description)


def effect_axis(axes: Axes, values: Sequence[float | None], *, ratio: bool) -> None:
    """Set an axis that is symmetric around no difference, and wide enough for what is finite."""
    if ratio:
        ends = [value for value in values if value is not None and 1.0 / WIDEST <= value <= WIDEST]
        reach = max([2.2, *(1.15 * max(value, 1.0 / value) for value in ends)])
        axes.set(xscale="log", xlim=(1.0 / reach, reach))
        ticks = _apart([tick for tick in TICKS if 1.0 / reach <= tick <= reach], axes, reach)
        axes.xaxis.set_major_locator(FixedLocator(ticks))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticklabels([f"{tick:g}" for tick in ticks])
    else:
        reach = 1.15 * max([1e-9, *(abs(value) for value in values if value is not None and math.isfinite(value))])
        axes.set(xlim=(-reach, reach))
        axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.tick_params(length=3.0, width=0.6, color=FAINT)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.axvline(1.0 if ratio else 0.0, color=INK, linewidth=0.8)


def _apart(ticks: Sequence[float], axes: Axes, reach: float) -> list[float]:
    """Return so many of the ticks that their labels stand apart; 1, which is no difference, is always one."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    wide_pt = axes.get_position().width * figure.get_figwidth() * 72.0
    pt_per_decade = wide_pt / (2.0 * math.log10(reach))
    middle = TICKS.index(1.0)
    for step in TICK_STEPS:
        kept = [tick for tick in ticks if (TICKS.index(tick) - middle) % step == 0]
        if all(math.log10(right / left) * pt_per_decade >= _label_pt(left, right) for left, right in pairwise(kept)):
            return kept
    return [1.0]


def _label_pt(left: float, right: float) -> float:
    """Return how far apart two ticks have to be for their labels."""
    return (width_of(f"{left:g}") + width_of(f"{right:g}")) / 2.0 + TICK_GAP_PT


def write_beside(axes: Axes, text: str, x_pt: float, middle: float, *, bold: bool = False, ha: str = "left",
                 color: str = INK, over_plot: bool = False) -> None:  # fmt: skip
    """Write beside the plot at a height on its axis, so many points to the right of where the axis begins.

    Words that reach over the plot hide the line of no difference behind them.
    """
    axes.annotate(text, (0.0, middle), xycoords=("axes fraction", "data"), xytext=(x_pt, 0.0), fontsize=TYPE_PT,
                  textcoords="offset points", va="center", ha=ha, color=color, annotation_clip=False,
                  fontweight="bold" if bold else "normal", bbox=OVER_PLOT if over_plot else None)  # fmt: skip


def _head(axes: Axes, plot_pt: float, words: ForestWords, *, shows_p: bool) -> None:
    middle = -HEAD_PT / 2.0
    write_beside(axes, "events / n", -GAP_PT, middle, ha="right", color=FAINT)
    estimate = "\n".join(wrapped(f"{words.measure} ({words.level}{NO_BREAK}interval)", ESTIMATE_PT)[:2])
    write_beside(axes, estimate, plot_pt + GAP_PT, middle, color=FAINT)
    if shows_p:
        write_beside(axes, "p, inter-\naction", plot_pt + ESTIMATE_PT + 2.0 * GAP_PT, middle, color=FAINT)


def _row(axes: Axes, row: ForestRow, words: Sequence[str], reason: Sequence[str], middle: float, left_pt: float,
         plot_pt: float) -> None:  # fmt: skip
    """Draw one row: words to the left, the estimate in the middle, numbers to the right."""
    bold = row.heading or row.strong
    write_beside(axes, "\n".join(words), -left_pt + (4.0 if row.heading or row.strong else 12.0), middle, bold=bold)
    write_beside(axes, row.count, -GAP_PT, middle, ha="right")
    if row.printed:
        write_beside(axes, "\n".join(reason), plot_pt + GAP_PT, middle, bold=row.strong,
               color=INK if row.estimate is not None else FAINT)  # fmt: skip
    if row.p_interaction:
        write_beside(axes, row.p_interaction, plot_pt + ESTIMATE_PT + 2.0 * GAP_PT, middle)
    if row.estimate is not None and row.low is not None and row.high is not None:
        draw_interval(axes, row.estimate, row.low, row.high, middle, strong=row.strong)


def draw_interval(axes: Axes, estimate: float, low: float, high: float, middle: float, *, strong: bool,
                  point_pt: float = 4.5) -> None:  # fmt: skip
    """Draw an interval and its point, of a size that may say its weight; an end beyond the axis becomes an arrow."""
    first, last = axes.get_xlim()
    ends = (max(low, first), min(high, last))
    axes.axhline(middle, color=RULE, linewidth=0.3, zorder=0)
    if ends[0] <= ends[1]:
        axes.plot(ends, (middle, middle), color=INK, linewidth=1.6 if strong else 1.1, solid_capstyle="butt")
    for end, wanted, marker in ((first, low, "<"), (last, high, ">")):
        if (wanted < end) if marker == "<" else (wanted > end):
            axes.plot([end], [middle], marker=marker, color=INK, markersize=4.5, clip_on=False)
    if first <= estimate <= last:
        axes.plot(
            [estimate], [middle], marker="D" if strong else "s", color=INK, markersize=6.5 if strong else point_pt
        )
