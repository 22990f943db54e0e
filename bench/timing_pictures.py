"""The pictures of docs/timing.md: patients on a line of time, curves of arms beside the truth, designs side by side."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from isotherm.app.figures import Drawing, draw
from isotherm.app.study_figures import look
from isotherm.outcome import Curve
from isotherm.study.simulate.core import Simulated
from isotherm.study.simulate.world import MONTH_DAYS

SHOWN_MONTHS = 9.0

LONGEST_DAYS = 24.0 * MONTH_DAYS

PNG_DPI = 150

PROGRESSED, DIED = "#a3261f", "#000000"


def patients_picture(made: Simulated, rows: Sequence[tuple[int, str]]) -> Drawing:
    """Draw single patients: when they are ablated, progress or die, and the arm that a naive comparison sees."""

    def onto(figure: Figure) -> None:
        axes = figure.subplots()
        axes.axvspan(0.0, 1.0, color=look(0).band, lw=0, alpha=0.7)
        axes.axvspan(2.0, 3.0, color=look(1).band, lw=0, alpha=0.7)
        for place, (row, arm) in enumerate(rows):
            _patient(axes, made, row, -place)
            axes.text(SHOWN_MONTHS + 0.15, -place, arm, va="center", fontsize=8)
        axes.text(0.5, 0.75, "upfront", ha="center", fontsize=8, color=look(0).color)
        axes.text(2.5, 0.75, "delayed", ha="center", fontsize=8, color=look(1).color)
        axes.set(xlim=(-0.1, SHOWN_MONTHS), ylim=(-len(rows) + 0.4, 1.2), yticks=[])
        axes.set_xlabel("months after the start of systemic therapy", fontsize=8)
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right", "left"]].set_visible(False)
        handles = [
            axes.plot([], [], "D", color=look(2).color, ms=6, label="ablated")[0],
            axes.plot([], [], "x", color=PROGRESSED, ms=7, mew=2, label="progressed")[0],
            axes.plot([], [], "s", color=DIED, ms=5, label="died")[0],
        ]
        axes.legend(handles=handles, ncols=3, loc="upper right", fontsize=8, frameon=False, bbox_to_anchor=(1.0, 1.13))
        figure.subplots_adjust(left=0.02, right=0.7, top=0.9, bottom=0.16)

    return _picture(onto, 230.0, "Nine simulated patients and the arm that each is counted in")


def _patient(axes: Axes, made: Simulated, row: int, place: float) -> None:
    courses = made.courses
    last = float(courses.last_days[row]) / MONTH_DAYS
    axes.plot([0.0, min(last, SHOWN_MONTHS)], [place, place], color="#555555", lw=1.2, zorder=2)
    for days, mark, color, width in (
        (courses.ablation_days[row], "D", look(2).color, 1.0),
        (courses.progression_days[row], "x", PROGRESSED, 2.0),
        (courses.last_days[row] if courses.died[row] else np.nan, "s", DIED, 1.0),
    ):
        if float(days) / MONTH_DAYS < SHOWN_MONTHS:
            axes.plot(float(days) / MONTH_DAYS, place, mark, color=color, ms=6, mew=width, zorder=3)


def curves_picture(naive: Sequence[Curve], truth: Sequence[Curve]) -> Drawing:
    """Draw the curves of arms as they came to be, beside those of strategies that all follow."""

    def onto(figure: Figure) -> None:
        panels = figure.subplots(1, 2, sharey=True)
        for axes, curves, title in (
            (panels[0], naive, "Arms by what happened"),
            (panels[1], truth, "The truth: all follow each strategy"),
        ):
            for k, curve in enumerate(curves):
                days = np.arange(0.0, LONGEST_DAYS, 2.0)
                share = [curve.survival_at(float(day)) for day in days]
                dash = look(k).dash
                axes.step(days / MONTH_DAYS, share, where="post", color=look(k).color, lw=1.6, label=curve.label,
                          linestyle="-" if dash is None else (0, dash))  # fmt: skip
            axes.set_title(title, fontsize=9, loc="left")
            axes.set(xlim=(0, 24), ylim=(0, 1.02), xticks=range(0, 25, 6))
            axes.set_xlabel("months", fontsize=8)
            axes.tick_params(labelsize=8)
            axes.spines[["top", "right"]].set_visible(False)
        panels[0].set_ylabel("free of progression and alive", fontsize=8)
        panels[0].legend(fontsize=8, frameon=False, loc="lower left")
        panels[0].annotate("nobody in the delayed arm can have\nan event up to the ablation", (2.2, 1.0), (7.0, 0.93),
                           fontsize=8, ha="left", arrowprops={"arrowstyle": "-", "lw": 0.8})  # fmt: skip
        figure.subplots_adjust(left=0.09, right=0.98, top=0.9, bottom=0.16, wspace=0.08)

    return _picture(onto, 210.0, "Curves of arms by what happened, and the truth")


@dataclass(frozen=True, slots=True)
class Said:
    """What a design says in one world: its hazard ratio and its own target, if it has one."""

    design: str
    ratio: float
    target: float | None
    right: bool


def designs_picture(panels: Sequence[tuple[str, Sequence[Said]]]) -> Drawing:
    """Draw the hazard ratios of designs beside their own targets, a panel for each world."""

    def onto(figure: Figure) -> None:
        axes_of = figure.subplots(1, len(panels), sharey=True)
        names = [said.design for said in panels[0][1]]
        for axes, (title, rows) in zip(axes_of, panels, strict=True):
            for place, said in enumerate(rows):
                color = look(0).color if said.right else look(1).color
                if said.target is not None:
                    axes.plot([said.target, said.ratio], [-place, -place], color=color, lw=1.2)
                    axes.plot(said.target, -place, "d", mfc="white", mec="#333333", ms=7)
                axes.plot(said.ratio, -place, "o" if said.right else "s", color=color, ms=6)
            axes.axvline(1.0, color="#888888", lw=0.8, ls=":")
            axes.set_xscale("log")
            axes.set(xlim=(0.45, 1.45), xticks=[0.5, 0.7, 1.0, 1.4], xticklabels=["0.5", "0.7", "1.0", "1.4"])
            axes.minorticks_off()
            axes.set_title(title, fontsize=8.5, loc="left")
            axes.tick_params(labelsize=8)
            axes.spines[["top", "right"]].set_visible(False)
        axes_of[0].set(yticks=[-k for k in range(len(names))], yticklabels=names, ylim=(-len(names) + 0.4, 0.6))
        figure.supxlabel("hazard ratio of death, delayed v upfront (diamond: the design's own target)", fontsize=8)
        figure.subplots_adjust(left=0.33, right=0.985, top=0.9, bottom=0.17, wspace=0.12)

    return _picture(onto, 225.0, "Hazard ratios of designs beside their own targets")


def _picture(onto: Callable[[Figure], None], height_pt: float, description: str) -> Drawing:
    return draw(onto, height_in=height_pt / 72.0, description=description, png_dpi=PNG_DPI)
