"""Panels of published relations: rates per class, ratios, cut-offs; a patient's length only where it may stand."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from isotherm.app.evidence_patient import Mark
from isotherm.app.figures import FAINT, INK, RULE, Drawing
from isotherm.app.study_figures import LINE_PT, WIDTH_PT, picture, width_of, wrapped
from isotherm.app.study_figures_forest import OVER_PLOT, draw_interval, effect_axis
from isotherm.evidence.relations import IN_MM, Kind
from isotherm.evidence.result_parts import MillimeterClass

FACTS_PT, GAP_PT, RIGHT_PT = 190.0, 56.0, 14.0
PLOT_PT = WIDTH_PT - FACTS_PT - GAP_PT - RIGHT_PT
RATES_PT, MARK_PT, ROW_PT, AXIS_PT, PAD_PT = 84.0, 13.0, 12.0, 32.0, 14.0
MOST_RATE_LINES = 3
PATIENT = "#1f5f8b"
ENDS = "A filled end belongs to the class or to the side of the cut-off, a hollow one does not."


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelRow:
    """One result in a panel.

    Parameters
    ----------
    words : str
        What it is, over its mark; empty in a panel of rates, where the class says it.
    printed : str
        The number as printed.
    mm_class : MillimeterClass
    estimate, low, high : float or None
        In the unit of the axis: %, mm, or a ratio.
    operator : str
        Of a cut-off.
    """

    words: str
    printed: str
    mm_class: MillimeterClass
    estimate: float | None
    low: float | None = None
    high: float | None = None
    operator: str = "="


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelPicture:
    """One panel.

    Parameters
    ----------
    title : str
    facts : tuple of str
        Beside the plot: population, method, imaging, day, source, ...
    kind : str
    axis : str
        With its unit.
    rate : str
        What the rates are of, at the side of a panel of rates: whether high is good must not be guessed.
    rows : tuple of PanelRow
    marks : tuple of Mark
        A patient's lengths that may stand here; empty otherwise.
    says : str
        Under the panel: what was drawn of the patient, or why not.
    """

    title: str
    facts: tuple[str, ...]
    kind: Kind
    axis: str
    rate: str
    rows: tuple[PanelRow, ...]
    marks: tuple[Mark, ...] = ()
    says: str = ""


def panel_height_pt(panel: PanelPicture) -> float:
    """Return how much room a panel takes."""
    return max(_facts_pt(panel), _plot_pt(panel) + AXIS_PT + 4.0) + LINE_PT * len(_said(panel)) + PAD_PT


def relations_figure(
    panels: Sequence[PanelPicture],
    limits: tuple[float, float],
    ratios: Sequence[float],
    *,
    title: str,
    note: str,
    description: str,
) -> Drawing:
    """Draw panels below each other.

    Parameters
    ----------
    panels : sequence of PanelPicture
        Of one kind.
    limits : pair of float
        Of the axis in mm, so that panels can be compared; not used by ratios.
    ratios : sequence of float
        What has to find room on every axis of ratios.
    title, note, description : str
        The note stands under the title: whose numbers these are.
    """
    head = wrapped(title, WIDTH_PT - 8.0, size_pt=9.5, bold=True)
    under = wrapped(f"{note} {ENDS}" if panels[0].kind in IN_MM else note, WIDTH_PT - 8.0)
    head_pt = 14.0 * len(head) + 8.0 + LINE_PT * len(under)
    heights = [panel_height_pt(panel) for panel in panels]
    height_pt = head_pt + sum(heights)

    def onto(figure: Figure) -> None:
        figure.text(4.0 / WIDTH_PT, 1.0 - 5.0 / height_pt, "\n".join(head), va="top", fontsize=9.5, fontweight="bold")
        figure.text(4.0 / WIDTH_PT, 1.0 - (5.0 + 14.0 * len(head)) / height_pt, "\n".join(under), va="top",
                    color=FAINT, linespacing=1.3)  # fmt: skip
        top = head_pt
        for panel, height in zip(panels, heights, strict=True):
            _panel(figure, panel, top, height, height_pt, limits, ratios)
            top += height

    return picture(onto, height_pt=height_pt, description=description)


def _said(panel: PanelPicture) -> list[str]:
    return wrapped(panel.says, WIDTH_PT - 12.0) if panel.says else []


def _lines(panel: PanelPicture) -> list[tuple[str, bool]]:
    """Return the lines beside a plot, and whether each is bold."""
    title = [(line, True) for line in wrapped(panel.title, FACTS_PT - 6.0, bold=True)]
    return title + [(line, False) for fact in panel.facts for line in wrapped(fact, FACTS_PT - 6.0)]


def _facts_pt(panel: PanelPicture) -> float:
    return LINE_PT * len(_lines(panel)) + 4.0


def _words_of(row: PanelRow) -> list[str]:
    return wrapped(f"{row.words}: {row.printed}", PLOT_PT)


def _plot_pt(panel: PanelPicture) -> float:
    lanes = MARK_PT * len(panel.marks) + (4.0 if panel.marks else 0.0)
    if panel.kind == "rate per class":
        return RATES_PT + lanes
    return lanes + sum(LINE_PT * len(_words_of(row)) + ROW_PT for row in panel.rows)


def _panel(figure: Figure, panel: PanelPicture, top: float, height: float, height_pt: float,
           limits: tuple[float, float], ratios: Sequence[float]) -> None:  # fmt: skip
    for k, (line, bold) in enumerate(_lines(panel)):
        figure.text(4.0 / WIDTH_PT, 1.0 - (top + 4.0 + LINE_PT * (k + 0.5)) / height_pt, line, va="center",
                    fontweight="bold" if bold else "normal")  # fmt: skip
    plot_pt = _plot_pt(panel)
    axes = figure.add_axes(((FACTS_PT + GAP_PT) / WIDTH_PT, 1.0 - (top + 4.0 + plot_pt) / height_pt, PLOT_PT / WIDTH_PT,
                            plot_pt / height_pt))  # fmt: skip
    axes.set_xlabel("\n".join(wrapped(panel.axis, PLOT_PT + 20.0)[:2]), labelpad=1.5)
    if panel.kind == "rate per class":
        _rates(axes, panel, limits, plot_pt)
    else:
        _rows(axes, panel, limits, plot_pt, ratios)
    for k, line in enumerate(_said(panel)):
        down = top + height - PAD_PT + 2.0 - LINE_PT * (len(_said(panel)) - k - 0.5)
        figure.text(8.0 / WIDTH_PT, 1.0 - down / height_pt, line, va="center", color=PATIENT)
    figure.add_artist(_rule(1.0 - (top + height - 3.0) / height_pt))


def _rule(height: float) -> Line2D:
    return Line2D([0.0, 1.0], [height, height], color=RULE, linewidth=0.6)


def _mm_axis(axes: Axes, limits: tuple[float, float]) -> None:
    axes.set_xlim(*limits)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))
    axes.tick_params(length=3.0, width=0.6, color=FAINT)
    axes.spines[["top", "right"]].set_visible(False)


def _rates(axes: Axes, panel: PanelPicture, limits: tuple[float, float], plot_pt: float) -> None:
    """Draw each class as a line from bound to bound at the height of its rate; a filled end belongs to the class."""
    _mm_axis(axes, limits)
    axes.set_ylim(0.0, 100.0 * plot_pt / RATES_PT)
    axes.set_yticks([0.0, 50.0, 100.0])
    axes.set_ylabel("\n".join(wrapped(f"{panel.rate} (%)", RATES_PT + 4.0)[:MOST_RATE_LINES]), labelpad=1.0,
                    linespacing=1.05)  # fmt: skip
    for row in panel.rows:
        _class(axes, row, limits)
    _marks(axes, panel.marks, [100.0 * (plot_pt - MARK_PT * (k + 0.5)) / RATES_PT for k in range(len(panel.marks))])


def _class(axes: Axes, row: PanelRow, limits: tuple[float, float]) -> None:
    bounds = row.mm_class
    low = limits[0] if bounds.low_mm is None else bounds.low_mm
    high = limits[1] if bounds.high_mm is None else bounds.high_mm
    levels = [value for value in (row.estimate, row.low, row.high) if value is not None]
    middle = row.estimate if row.estimate is not None else sum(levels) / len(levels)
    if row.low is not None and row.high is not None:
        axes.fill_between([low, high], [row.low] * 2, [row.high] * 2, facecolor="#e4e8eb", edgecolor=FAINT,
                          linewidth=0.6, hatch="////", zorder=1)  # fmt: skip
    if row.estimate is not None:
        axes.plot([low, high], [middle, middle], color=INK, linewidth=2.6, solid_capstyle="butt", zorder=2)
        for end, belongs, known in ((low, bounds.from_mm is not None, bounds.low_mm is not None),
                                    (high, bounds.up_to_mm is not None, bounds.high_mm is not None)):  # fmt: skip
            if known:
                axes.plot([end], [middle], marker="o", markersize=4.0, color=INK, zorder=3, clip_on=False,
                          markerfacecolor=INK if belongs else "#ffffff")  # fmt: skip
    above = middle < 78.0
    place = ((low + high) / 2.0, max(levels) if above else min(levels))
    axes.annotate(row.printed, place, ha="center", va="bottom" if above else "top", textcoords="offset points",
                  xytext=(0.0, 3.5 if above else -3.5))  # fmt: skip


def _rows(axes: Axes, panel: PanelPicture, limits: tuple[float, float], plot_pt: float,
          ratios: Sequence[float]) -> None:  # fmt: skip
    """Draw rows of ratios or cut-offs, each under its words."""
    axes.set(ylim=(plot_pt, 0.0), yticks=[])
    in_mm = panel.kind == "cut-off"
    if in_mm:
        _mm_axis(axes, limits)
        axes.spines["left"].set_visible(False)
    else:
        effect_axis(axes, ratios, ratio=True)
    lanes = MARK_PT * len(panel.marks)
    _marks(axes, panel.marks, [MARK_PT * (k + 0.5) for k in range(len(panel.marks))])
    down = lanes + (4.0 if lanes else 0.0)
    for row in panel.rows:
        words = _words_of(row)
        for k, line in enumerate(words):
            axes.annotate(line, (0.0, down + LINE_PT * (k + 0.5)), xycoords=("axes fraction", "data"), va="center",
                          annotation_clip=False, bbox=OVER_PLOT)  # fmt: skip
        down += LINE_PT * len(words) + ROW_PT
        if in_mm:
            _cut_off(axes, row, down - ROW_PT / 2.0, limits)
        elif row.estimate is not None:
            low, high = (row.estimate if end is None else end for end in (row.low, row.high))
            draw_interval(axes, row.estimate, low, high, down - ROW_PT / 2.0, strong=False)


def _cut_off(axes: Axes, row: PanelRow, middle: float, limits: tuple[float, float]) -> None:
    """Draw a cut-off with the side that it speaks of; a filled point belongs to it."""
    if row.estimate is None:
        axes.plot([row.low or 0.0, row.high or 0.0], [middle, middle], color=INK, linewidth=1.4, marker="|")
        return
    side = limits[1] if row.operator in (">", ">=") else limits[0] if row.operator in ("<", "<=") else None
    if side is not None:
        axes.plot([row.estimate, side], [middle, middle], color=INK, linewidth=1.4)
        axes.plot([side], [middle], marker=">" if side == limits[1] else "<", color=INK, markersize=4.5, clip_on=False)
    axes.plot([row.estimate], [middle], marker="o", color=INK, markersize=4.6, zorder=3,
              markerfacecolor="#ffffff" if row.operator in ("<", ">") else INK)  # fmt: skip


def _short(label: str) -> str:
    """Return a label that finds room on its lane; the whole one stands in the sentence under the panel."""
    lines = wrapped(label, 0.42 * PLOT_PT)
    return lines[0] if len(lines) == 1 else f"{lines[0]}\u2026"


def _marks(axes: Axes, marks: Sequence[Mark], middles: Sequence[float]) -> None:
    """Draw a patient's lengths, each on a lane of its own over the published numbers, with its label beside it."""
    first, last = axes.get_xlim()
    per_mm = PLOT_PT / (last - first)
    for mark, middle in zip(marks, middles, strict=True):
        if mark.value_mm is None:
            continue
        low, high = (mark.value_mm if end is None else end for end in (mark.low_mm, mark.high_mm))
        axes.plot([low, high], [middle, middle], color=PATIENT, linewidth=1.6, marker="|", markersize=6.0, zorder=3)
        axes.plot([mark.value_mm], [middle], marker="D", markersize=5.0, markerfacecolor="#ffffff", zorder=4,
                  markeredgecolor=PATIENT, markeredgewidth=1.2)  # fmt: skip
        words = _short(f"{mark.label}{f', {mark.bound} this' if mark.bound else ''}")
        fits = (last - high) * per_mm > width_of(words) + 10.0
        axes.annotate(words, (high if fits else low, middle), xytext=(7.0 if fits else -7.0, 0.0), va="center",
                      textcoords="offset points", ha="left" if fits else "right", color=PATIENT,
                      annotation_clip=False)  # fmt: skip
