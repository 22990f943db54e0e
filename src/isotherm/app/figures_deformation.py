"""What the deformation does near a lesion beyond the rigid motion: arrows in mm, lines of equal change of volume."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from isotherm.app.assessment import LesionView
from isotherm.app.figures import A4_TEXT_WIDTH_IN, INK, Drawing, draw
from isotherm.app.figures_planes import Plane
from isotherm.app.figures_registration import (
    LEFT_IN,
    PANEL_IN,
    PIXEL_MM,
    TICKS_IN,
    TITLE_IN,
    TUMOR_LINE,
    outlines,
    panels,
    wide_planes,
)
from isotherm.app.figures_slices import OVER_IMAGE, gray_on, gray_window, scale_and_letters, show_gray
from isotherm.app.registering import Registered
from isotherm.errors import NotConverged
from isotherm.imaging.volume import Grid

Float = npt.NDArray[np.float64]

ARROW_STEP_MM, CHANGE_STEP_MM = 9.0, 2.0
"""Distance between arrows, and between the places at which the change of volume is taken."""

SHOWN_TIMES = 3.0
"""Arrows are drawn this many times as long as the way that they stand for."""

KEY_MM = 3.0
"""Way that the arrow of the key stands for."""

CHANGES_PERCENT = (-40.0, -20.0, -10.0, 10.0, 20.0, 40.0)
"""Lines of equal change of volume; beyond 15 % at the tumor the registration fails (register_gates)."""

DIM = 0.55
"""How bright the scan is left under arrows and lines."""

ARROW, LINE = "#ffffff", "#8fd0ff"

LEGEND_IN = 0.40


def deformation(
    view: LesionView, one: Registered, *, organ_name: str, pixel_mm: float = PIXEL_MM, png_dpi: int | None = None
) -> Drawing | None:
    """Draw the deformation on three planes of the scan after; None where the transform in use is rigid.

    An arrow shows where tissue goes beyond the rigid motion near the lesion, from its rigid place to its place on the
    scan after, as far as it lies in the plane.
    """
    if one.used.is_rigid or view.image is None:
        return None
    image, planes = view.image, wide_planes(view)
    window = gray_window(image, organ_name)
    height = PANEL_IN + TITLE_IN + TICKS_IN + LEGEND_IN

    def onto(figure: Figure) -> None:
        for axes, plane in zip(panels(figure, planes, height_in=height, under_in=LEGEND_IN), planes, strict=True):
            show_gray(axes, plane, (DIM * gray_on(plane, image, window, pixel_mm)).astype(np.uint8))
            _changes(axes, plane, one)
            outlines(axes, plane, view)
            _arrows(axes, plane, one, image.grid)
            scale_and_letters(axes, plane, OVER_IMAGE)
            _key(axes, plane)
        _legend(figure)

    said = (f"Deformation beyond the rigid motion: arrows, {SHOWN_TIMES:.0f} times as long as the way, and lines of "
            "equal change of volume, on axial, coronal and sagittal planes of the scan after.")  # fmt: skip
    return draw(onto, height_in=height, description=said, png_dpi=png_dpi)


def beyond_rigid_mm(one: Registered, places_lps_mm: Float) -> Float:
    """Return how far tissue at places of the scan after lies from where the rigid motion puts it, shape (n, 3)."""
    return places_lps_mm - one.rigid.back(one.used.points(places_lps_mm))


def volume_change_percent(one: Registered, places_lps_mm: Float) -> Float:
    """Return by how much tissue at places of the scan after is larger than on the scan before, percent, shape (n,)."""
    ratio = one.used.volume_change(places_lps_mm)
    return np.where(ratio > 0, 100.0 * (1.0 / np.where(ratio > 0, ratio, 1.0) - 1.0), np.nan)


def _arrows(axes: Axes, plane: Plane, one: Registered, seen: Grid) -> None:
    places = plane.places_lps_mm(ARROW_STEP_MM).reshape(-1, 3)
    kji = seen.to_kji(places)
    shown = ((kji >= 0) & (kji <= np.array(seen.shape_kji) - 1)).all(axis=1)
    # The lowest row is left to the scale bar and the key.
    shown &= plane.to_picture(places)[:, 1] > -0.78 * plane.half_mm
    places = places[shown]
    try:
        ways = beyond_rigid_mm(one, places)
    except NotConverged:
        return
    tips = plane.to_picture(places)[:, :2]
    across = ways @ plane.axes_lps[:2].T * SHOWN_TIMES
    _quiver(axes, tips - across, across)


def _quiver(axes: Axes, tails_mm: Float, ways_mm: Float) -> None:
    axes.quiver(*tails_mm.T, *ways_mm.T, color=ARROW, edgecolor=OVER_IMAGE.casing, linewidth=0.5, angles="xy",
                scale_units="xy", scale=1.0, width=0.0075, headwidth=3.4, headlength=3.8, headaxislength=3.4,
                minlength=0.4, zorder=3)  # fmt: skip


def _key(axes: Axes, plane: Plane) -> None:
    """Draw the arrow that stands for a known way, at the lower right."""
    end, level = 0.94 * plane.half_mm, -0.92 * plane.half_mm
    length = KEY_MM * SHOWN_TIMES
    _quiver(axes, np.array([[end - length, level]]), np.array([[length, 0.0]]))
    axes.text(end, level + 0.05 * plane.half_mm, f"way of {KEY_MM:g} mm", color=ARROW, fontsize=8.0, ha="right",
              va="bottom", path_effects=[withStroke(linewidth=1.8, foreground=OVER_IMAGE.casing)])  # fmt: skip


def _changes(axes: Axes, plane: Plane, one: Registered) -> None:
    places = plane.places_lps_mm(CHANGE_STEP_MM)
    percent = np.ma.masked_invalid(volume_change_percent(one, places.reshape(-1, 3)).reshape(places.shape[:2]))
    mm = plane.to_picture(places.reshape(-1, 3)).reshape(*percent.shape, 3)
    levels = [level for level in CHANGES_PERCENT if percent.min() < level < percent.max()]
    if not levels:
        return
    styles = ["dashed" if level < 0 else "solid" for level in levels]
    lines = axes.contour(mm[..., 0], mm[..., 1], percent, levels=levels, colors=[LINE], linewidths=0.9,
                         linestyles=styles)  # fmt: skip
    labels = axes.clabel(lines, fontsize=7.5, fmt=_percent)
    for label in labels:
        label.set_path_effects([withStroke(linewidth=1.8, foreground=OVER_IMAGE.casing)])


def _steps() -> str:
    # A short line has no room for its number; each can be told by counting from outside.
    *others, last = (f"{level:.0f}" for level in CHANGES_PERCENT if level > 0)
    return f"{', '.join(others)} or {last}"


def _percent(value: float) -> str:
    return f"{value:+.0f} %".replace("-", "\u2212")


def _legend(figure: Figure) -> None:
    entries = [
        Line2D([], [], color=INK, linewidth=1.4, marker=">", markersize=4.5,
               label=f"way beyond the rigid motion, drawn {SHOWN_TIMES:.0f} times as long"),
        Line2D([], [], color="#3d7fb0", linewidth=1.1, label=f"tissue larger by {_steps()} %"),
        Line2D([], [], color="#3d7fb0", linewidth=1.1, linestyle="dashed", label=f"smaller by {_steps()} %"),
        Line2D([], [], color=TUMOR_LINE, linewidth=2.0, label="tumor"),
        Line2D([], [], color=INK, linewidth=1.2, linestyle=(0, (4.0, 2.2)), label="ablation"),
    ]  # fmt: skip
    figure.legend(handles=entries, loc="lower left", bbox_to_anchor=(LEFT_IN / A4_TEXT_WIDTH_IN, 0.0), ncols=3,
                  frameon=False, fontsize=7.5, handlelength=1.9, columnspacing=1.1, borderaxespad=0.0)  # fmt: skip
