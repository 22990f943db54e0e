"""Love plot: how far the arms differ in each covariate, before and after, and what the difference is divided by."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from isotherm.app.figures import FAINT, INK, RULE, Drawing
from isotherm.app.study_figures import (
    LINE_PT,
    MOST_HEIGHT_PT,
    TYPE_PT,
    WIDTH_PT,
    on_pages,
    picture,
    width_of,
    wrapped,
)

LABELS_PT, RIGHT_PT, ROW_GAP_PT = 190.0, 22.0, 5.0
LEGEND_PT = 2.6 * LINE_PT
BEFORE, AFTER = ("o", "#ffffff"), ("D", INK)


@dataclass(frozen=True, slots=True)
class LovePoint:
    """One covariate; None where its difference is not defined, infinite where the denominator is 0."""

    label: str
    before: float | None
    after: float | None


def love_plots(points: Sequence[LovePoint], *, denominator: str, threshold: float) -> tuple[Drawing, ...]:
    """Draw absolute standardized differences, largest before adjustment on top; the denominator is in the axis.

    The line at `threshold` is a convention and no proof of balance (Austin PC, Stat Med 2009;28:3083-3107). Covariates
    that do not fit on one page go on in a further figure with the same axis.
    """
    ordered = sorted(points, key=lambda one: -abs(_size(one.before)))
    labels = [wrapped(one.label, LABELS_PT) for one in ordered]
    left_pt = 14.0 + max((width_of(line) for one in labels for line in one), default=0.0)
    below = wrapped(f"absolute standardized mean difference, in SDs; divided by {denominator}",
                    WIDTH_PT - left_pt - RIGHT_PT)  # fmt: skip
    finite = [abs(value) for one in ordered for value in (one.before, one.after)
              if value is not None and math.isfinite(value)]  # fmt: skip
    frame = _Frame(left_pt, below, max([2.5 * threshold, *(1.08 * value for value in finite)]), threshold)
    pages = on_pages([_height(one) for one in labels], MOST_HEIGHT_PT - LEGEND_PT - frame.axis_pt)
    return tuple(_page(ordered[page], labels[page], frame, _described(ordered[page], denominator)) for page in pages)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What all pages of a plot share: where the axis begins, its words, its end and its line."""

    left_pt: float
    below: list[str]
    top: float
    threshold: float

    @property
    def axis_pt(self) -> float:
        return 18.0 + LINE_PT * len(self.below)


def _height(lines: Sequence[str]) -> float:
    return LINE_PT * len(lines) + ROW_GAP_PT


def _page(points: Sequence[LovePoint], labels: Sequence[Sequence[str]], frame: _Frame, description: str) -> Drawing:
    rows_pt = max(sum(_height(one) for one in labels), 20.0)
    height_pt = LEGEND_PT + rows_pt + frame.axis_pt

    def onto(figure: Figure) -> None:
        axes = figure.add_axes((frame.left_pt / WIDTH_PT, frame.axis_pt / height_pt,
                                (WIDTH_PT - frame.left_pt - RIGHT_PT) / WIDTH_PT, rows_pt / height_pt))  # fmt: skip
        axes.set(xlim=(0.0, frame.top), ylim=(rows_pt, 0.0), yticks=[], xlabel="\n".join(frame.below))
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(length=3.0, width=0.6, color=FAINT)
        axes.axvline(frame.threshold, color=INK, linewidth=0.8, linestyle=(0, (3.0, 2.0)))
        axes.text(frame.threshold, -2.0, f"{frame.threshold:g}", ha="center", va="bottom")
        down = 0.0
        for one, lines in zip(points, labels, strict=True):
            _row(axes, one, lines, down + _height(lines) / 2.0, frame.top, frame.left_pt)
            down += _height(lines)
        _legend(figure, axes)

    return picture(onto, height_pt=height_pt, description=description)


def _row(axes: Axes, one: LovePoint, lines: Sequence[str], middle: float, top: float, left_pt: float) -> None:
    """Write a label and put both points on its line; one that is infinite stands at the end, with its sign."""
    axes.axhline(middle, color=RULE, linewidth=0.4, zorder=0)
    axes.annotate("\n".join(lines), (0.0, middle), xytext=(-left_pt + 4.0, 0.0), textcoords="offset points",
                  va="center", annotation_clip=False)  # fmt: skip
    for value, (marker, fill) in ((one.before, BEFORE), (one.after, AFTER)):
        if value is None:
            continue
        place = min(abs(value), top)
        axes.plot([place], [middle], marker=marker, markersize=5.5, markerfacecolor=fill, markeredgecolor=INK,
                  markeredgewidth=0.9, clip_on=False, zorder=3)  # fmt: skip
        if math.isinf(value):
            axes.annotate("∞", (top, middle), xytext=(6.0, 0.0), textcoords="offset points", va="center")
    if one.before is None or one.after is None:
        words = (
            "not defined" if one.before is one.after else f"{'before' if one.before is None else 'after'}: not defined"
        )
        axes.annotate(words, (top, middle), ha="right", va="center", color=FAINT)


def _legend(figure: Figure, axes: Axes) -> None:
    words = (("before adjustment", BEFORE), ("after adjustment", AFTER))
    for label, (marker, fill) in words:
        axes.plot([], [], linestyle="none", marker=marker, markersize=5.5, markerfacecolor=fill, markeredgecolor=INK,
                  label=label)  # fmt: skip
    figure.legend(*axes.get_legend_handles_labels(), loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=2,
                  frameon=False, fontsize=TYPE_PT, borderaxespad=0.0, handletextpad=0.3, columnspacing=1.4)  # fmt: skip


def _size(value: float | None) -> float:
    return 0.0 if value is None else value


def _described(points: Sequence[LovePoint], denominator: str) -> str:
    after = [(abs(one.after), one.label) for one in points if one.after is not None]
    worst = f"Largest after adjustment: {max(after)[0]:.2f} ({max(after)[1]})." if after else "None is defined."
    return f"Love plot of {len(points)} covariates, differences divided by {denominator}. {worst}"
