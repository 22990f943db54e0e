"""How the margin is distributed over the tumor's surface, and where the finding lies on the scale of thresholds."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from isotherm.app.figures import FAINT, INK, RULE, Drawing, draw
from isotherm.app.palette import CLASSES, THRESHOLDS_MM, class_index
from isotherm.app.report_words import decimal, mm
from isotherm.imaging.margin import Margin

HISTOGRAM_HEIGHT_IN = 2.1
SHOWN_MM = 60.0
"""Margins beyond are drawn as this: a lesion missed by far, or no untreated tissue within reach."""
RULER_WIDTH_IN, RULER_HEIGHT_IN = 3.6, 0.5


def histogram(margin: Margin) -> Drawing:
    """Draw the area-weighted histogram of one lesion's margin, over the assessable part of its surface."""
    margins = np.clip(margin.distances_mm[margin.assessable], -SHOWN_MM, SHOWN_MM)
    areas = margin.areas_mm2[margin.assessable]
    low, high = np.floor(min(margins.min(), 0.0)) - 1.0, np.ceil(max(margins.max(), 10.0)) + 1.0
    step = 0.5 if high - low <= 40.0 else 1.0  # each threshold is the end of a bin
    edges = np.arange(low, high + step, step)
    shares = np.histogram(margins, bins=edges, weights=areas)[0] / areas.sum() * 100.0

    def onto(figure: Figure) -> None:
        axes = figure.add_axes((0.075, 0.22, 0.915, 0.64))
        for start, share in zip(edges[:-1], shares, strict=True):
            one = CLASSES[int(class_index(start + step / 2.0))]
            axes.add_patch(Rectangle((start, 0.0), step, share, facecolor=one.color, hatch=one.hatch * 2,
                                     edgecolor=one.on_color, linewidth=0.0))  # fmt: skip
            axes.add_patch(Rectangle((start, 0.0), step, share, facecolor="none", edgecolor=INK, linewidth=0.5))
        axes.set(xlim=(low, high), ylim=(0.0, max(shares.max() * 1.08, 1.0)), xlabel="margin, mm",
                 ylabel="share of the tumor's surface, %")  # fmt: skip
        axes.spines[["top", "right"]].set_visible(False)
        _thresholds(axes)

    ends = f"{decimal(float(margins.min()))} to {mm(float(margins.max()))}"
    return draw(onto, height_in=HISTOGRAM_HEIGHT_IN, description=f"Histogram of the margin by surface area: {ends}.")


def _thresholds(axes: Axes) -> None:
    top = axes.get_ylim()[1]
    for threshold in THRESHOLDS_MM:
        axes.axvline(threshold, color=INK, linewidth=0.9, linestyle=(0, (3.0, 2.0)))
        axes.text(threshold, top * 1.02, f"{threshold:g} mm", ha="center", va="bottom", fontsize=8.0)


def ruler(*, margin_mm: float, bound: str, interval_mm: tuple[float, float] | None,
          range_mm: tuple[float, float]) -> Drawing:  # fmt: skip
    """Draw one finding, a point with its interval, on a scale that all lesions share.

    `bound` is "at most", "at least" or nothing: an arrow shows which way the true margin lies.
    """
    marker = {"at most": "<", "at least": ">"}.get(bound, "o")

    def onto(figure: Figure) -> None:
        axes = figure.add_axes((0.03, 0.42, 0.94, 0.56))
        axes.set(xlim=range_mm, ylim=(0.0, 1.0), yticks=[], xticks=THRESHOLDS_MM)
        axes.set_xticklabels([f"{one:g}" for one in THRESHOLDS_MM[:-1]] + ["10 mm"], fontsize=9.5)
        axes.tick_params(length=2.5, width=0.6, pad=1.5, color=FAINT)
        axes.spines[:].set_visible(False)
        for one in CLASSES:
            low, high = max(one.low_mm, range_mm[0]), min(one.high_mm, range_mm[1])
            if high > low:
                axes.add_patch(Rectangle((low, 0.0), high - low, 0.16, facecolor=one.color, linewidth=0.0))
        for threshold in THRESHOLDS_MM:
            axes.axvline(threshold, color=RULE, linewidth=0.7, zorder=0)
        if interval_mm is not None and interval_mm[0] < interval_mm[1]:
            axes.plot(interval_mm, (0.6, 0.6), color=INK, linewidth=1.6, solid_capstyle="butt")
            for end in interval_mm:
                axes.plot((end, end), (0.44, 0.76), color=INK, linewidth=1.6)
        axes.plot([margin_mm], [0.6], marker=marker, markersize=6.5, color=INK)

    return draw(onto, width_in=RULER_WIDTH_IN, height_in=RULER_HEIGHT_IN, description="The finding on a scale in mm.")
