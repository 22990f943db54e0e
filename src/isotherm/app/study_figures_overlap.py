"""Overlap: how the estimated chance of treatment is spread in each arm, mirrored around one axis."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from isotherm.app.figures import FAINT, INK, Drawing
from isotherm.app.study_figures import LINE_PT, TYPE_PT, WIDTH_PT, look, picture, wrapped
from isotherm.columns import Float

PLOT_PT, LEFT_PT, RIGHT_PT = 150.0, 46.0, 12.0


@dataclass(frozen=True, slots=True, eq=False)
class ArmScores:
    """One arm's histogram.

    Parameters
    ----------
    label : str
    counts : array, shape (b,)
        Patients in each bin.
    weighted : array, shape (b,), optional
        Sums of weights, scaled so that both arms can be compared with the counts.
    """

    label: str
    counts: Float
    weighted: Float | None = None


def overlap_plot(edges: Float, arms: Sequence[ArmScores], *, treated: str) -> Drawing:
    """Draw the treated upward and the others downward; outlines show them weighted.

    `edges`, shape (b + 1,), are probabilities from 0 to 1.
    """
    bins = [one for arm in arms for one in (arm.counts, arm.weighted) if one is not None]
    most = max([1.0, *(float(one.max()) for one in bins if len(one))]) * 1.08
    legend = _legend(arms[:2])
    below = wrapped(f"propensity: estimated probability of “{treated}”, 0 to 1", WIDTH_PT - LEFT_PT - RIGHT_PT)
    top_pt, bottom_pt = 6.0 + 1.3 * LINE_PT * sum(len(lines) for _, lines in legend), 22.0 + LINE_PT * len(below)
    height_pt = top_pt + PLOT_PT + bottom_pt

    def onto(figure: Figure) -> None:
        axes = figure.add_axes((LEFT_PT / WIDTH_PT, bottom_pt / height_pt, (WIDTH_PT - LEFT_PT - RIGHT_PT) / WIDTH_PT,
                                PLOT_PT / height_pt))  # fmt: skip
        for k, arm in enumerate(arms[:2]):
            _bars(axes, edges, arm, k)
        axes.axhline(0.0, color=INK, linewidth=0.8)
        axes.set(xlim=(0.0, 1.0), ylim=(-most, most), ylabel="patients per bin", xlabel="\n".join(below))
        axes.yaxis.set_major_locator(MaxNLocator(7, integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(_upright))
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(length=3.0, width=0.6, color=FAINT)
        figure.legend([one for one, _ in legend], ["\n".join(lines) for _, lines in legend], loc="upper left",
                      bbox_to_anchor=(LEFT_PT / WIDTH_PT, 1.0), frameon=False, fontsize=TYPE_PT, borderaxespad=0.2,
                      handletextpad=0.6, labelspacing=0.3)  # fmt: skip

    words = "; ".join(f"{arm.label}: {arm.counts.sum():.0f} patients, {_range(edges, arm.counts)}" for arm in arms)
    return picture(onto, height_pt=height_pt, description=f"Histograms of the propensity, mirrored. {words}.")


def _upright(value: float, _: int) -> str:
    return f"{abs(value):.0f}"


def _bars(axes: Axes, edges: Float, arm: ArmScores, k: int) -> None:
    sign, one = 1.0 if k == 0 else -1.0, look(k)
    axes.bar(edges[:-1], sign * arm.counts, width=np.diff(edges), align="edge", facecolor=one.band, hatch=one.hatch,
             edgecolor=one.color, linewidth=0.5)  # fmt: skip
    if arm.weighted is not None:
        axes.stairs(sign * arm.weighted, edges, color=INK, linewidth=1.3, baseline=None)


def _legend(arms: Sequence[ArmScores]) -> list[tuple[Patch, list[str]]]:
    found = [(Patch(facecolor=look(k).band, edgecolor=look(k).color, hatch=look(k).hatch, linewidth=0.5),
              f"{arm.label} ({'up' if k == 0 else 'down'})") for k, arm in enumerate(arms)]  # fmt: skip
    if any(arm.weighted is not None for arm in arms):
        found.append((Patch(facecolor="none", edgecolor=INK, linewidth=1.3), "after adjustment: sums of weights"))
    return [(handle, wrapped(label, WIDTH_PT - LEFT_PT - 50.0)) for handle, label in found]


def _range(edges: Float, counts: Float) -> str:
    filled = np.flatnonzero(counts > 0.0)
    return f"from {edges[filled[0]]:.2f} to {edges[filled[-1] + 1]:.2f}" if len(filled) else "nobody"
