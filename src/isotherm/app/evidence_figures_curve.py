"""A reconstructed curve over the points that were read, with the numbers at risk as printed and as reconstructed."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from isotherm.app.figures import FAINT, INK, Drawing
from isotherm.app.study_figures import LINE_PT, WIDTH_PT, picture, width_of, wrapped
from isotherm.columns import Float, Int

LEFT_PT, RIGHT_PT, PLOT_PT, TOP_PT = 118.0, 18.0, 210.0, 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePicture:
    """What is drawn.

    Parameters
    ----------
    steps : two arrays
        Times, in `unit`, and the reconstructed share free of the event; a step curve.
    read : two arrays or None
        The points as they were read.
    table_times : array
    printed, rebuilt : array of int
        Numbers at risk at the times of the table.
    unit : str
        "months".
    notes : sequence of str
        Under the figure.
    """

    steps: tuple[Float, Float]
    read: tuple[Float, Float] | None
    table_times: Float
    printed: Int
    rebuilt: Int
    unit: str
    notes: Sequence[str]


def reconstruction_figure(shown: CurvePicture, *, description: str) -> Drawing:
    """Draw a reconstruction."""
    notes = [line for note in shown.notes for line in wrapped(note, WIDTH_PT - 8.0)]
    foot_pt = 20.0 + LINE_PT * (1.4 + 2.0 + 1.2 + len(notes) + 0.4)
    height_pt = TOP_PT + PLOT_PT + foot_pt
    wide_pt = WIDTH_PT - LEFT_PT - RIGHT_PT

    def onto(figure: Figure) -> None:
        axes = figure.add_axes((LEFT_PT / WIDTH_PT, foot_pt / height_pt, wide_pt / WIDTH_PT, PLOT_PT / height_pt))
        last = max(float(shown.steps[0].max()), float(shown.table_times.max()))
        axes.set(xlim=(0.0, 1.02 * last), ylim=(0.0, 1.05), xlabel=f"time since time zero ({shown.unit})",
                 ylabel="share free of the event (0 to 1)")  # fmt: skip
        axes.set_yticks([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(length=3.0, width=0.6, color=FAINT)
        if shown.read is not None:
            axes.plot(*shown.read, linestyle="none", marker="o", markersize=3.2, markerfacecolor="#ffffff",
                      markeredgecolor=FAINT, markeredgewidth=0.7, label="points as they were read")  # fmt: skip
        axes.step(*shown.steps, where="post", color=INK, linewidth=1.3, label="reconstructed")
        axes.legend(frameon=False, loc="lower left", fontsize=8.0)
        _table(axes, shown, wide_pt / (1.02 * last))
        figure.text(4.0 / WIDTH_PT, (LINE_PT * (len(notes) + 0.2)) / height_pt, "\n".join(notes), va="top",
                    linespacing=1.3)  # fmt: skip

    return picture(onto, height_pt=height_pt, description=description)


def _table(axes: Axes, shown: CurvePicture, pt_per_unit: float) -> None:
    """Write numbers at risk under their times; a time too near to the one before is left out of both rows."""
    widest = max(width_of(f"{int(count)}") for count in (*shown.printed, *shown.rebuilt))
    for row, (name, counts) in enumerate((("at risk, printed", shown.printed), ("reconstructed", shown.rebuilt))):
        down = -20.0 - LINE_PT * (1.9 + row)
        axes.annotate(name, (0.0, 0.0), xycoords="axes fraction", xytext=(-LEFT_PT + 4.0, down), color=FAINT,
                      textcoords="offset points", va="center", annotation_clip=False)  # fmt: skip
        free = -float("inf")
        for time, count in zip(shown.table_times, counts, strict=True):
            place = float(time) * pt_per_unit
            if place - widest / 2.0 < free:
                continue
            free = place + widest / 2.0 + 3.0
            axes.annotate(f"{int(count)}", (0.0, 0.0), xycoords="axes fraction", xytext=(place, down),
                          textcoords="offset points", va="center", ha="center", annotation_clip=False)  # fmt: skip
