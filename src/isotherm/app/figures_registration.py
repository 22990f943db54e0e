"""How two scans lie on each other: a checkerboard of both, and the two pictures that are blinked between."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from isotherm.app.assessment import LesionView
from isotherm.app.figures import A4_TEXT_WIDTH_IN, FAINT, INK, Drawing, draw
from isotherm.app.figures_planes import ORIENTATIONS, Plane
from isotherm.app.figures_slices import (
    OVER_IMAGE,
    gray_on,
    gray_window,
    ground,
    middle_lps_mm,
    scale_and_letters,
    show_gray,
    zone_outline,
)
from isotherm.imaging.volume import Volume

SQUARE_MM = 10.0
"""Side of a square of the checkerboard."""

HALF_MM = 42.0
"""Half the side of a picture: the vessels around a lesion say more of a registration than the lesion."""

PIXEL_MM = 0.5

TICK_MM = 20.0

LEFT_IN, BETWEEN_IN, RIGHT_IN = 0.42, 0.12, 0.02
PANEL_IN = (A4_TEXT_WIDTH_IN - LEFT_IN - 2 * BETWEEN_IN - RIGHT_IN) / 3.0
TITLE_IN, TICKS_IN = 0.22, 0.40

TUMOR_LINE = "#ffd84d"
"""The tumor's outline on pictures that show no margin: light on gray prints as well."""


def wide_planes(view: LesionView) -> tuple[Plane, ...]:
    """Return the axial, coronal and sagittal plane through the middle of the tumor."""
    return tuple(Plane(name, middle_lps_mm(view), HALF_MM) for name in ORIENTATIONS)


def panels(figure: Figure, planes: Sequence[Plane], *, height_in: float, under_in: float = 0.0) -> list[Axes]:
    """Lay one panel for each plane side by side, its axes in mm from the plane's center."""
    made: list[Axes] = []
    for column, plane in enumerate(planes):
        left = LEFT_IN + column * (PANEL_IN + BETWEEN_IN)
        box = (left / A4_TEXT_WIDTH_IN, (TICKS_IN + under_in) / height_in, PANEL_IN / A4_TEXT_WIDTH_IN,
               PANEL_IN / height_in)  # fmt: skip
        axes = figure.add_axes(box)
        ground(axes, plane, OVER_IMAGE)
        ticks = np.arange(-np.floor(plane.half_mm / TICK_MM), plane.half_mm / TICK_MM + 0.01) * TICK_MM
        axes.set_xticks(ticks)
        axes.set_yticks(ticks, labels=None if column == 0 else [""] * len(ticks))
        axes.tick_params(labelsize=7.5, length=2.5, color=FAINT, pad=2.0)
        axes.set_title(plane.name, loc="left", fontsize=8.5, pad=3.0, color=INK)
        if column == 0:
            axes.set_ylabel("mm", fontsize=8.0, labelpad=1.0)
        axes.set_xlabel("mm from the tumor's middle", fontsize=8.0, labelpad=1.5)
        made.append(axes)
    return made


def blink_frames(
    view: LesionView, *, organ_name: str, pixel_mm: float = PIXEL_MM, png_dpi: int | None = None
) -> tuple[Drawing, Drawing] | None:
    """Draw the scan before, as it was carried, and the scan after, each alone and alike; None where one is missing."""
    if view.image is None or view.image_before is None:
        return None
    planes = wide_planes(view)
    titled = (("Before ablation, carried onto the scan after", view.image_before), ("After ablation", view.image))
    before, after = (_frame(title, image, planes, organ_name, pixel_mm, png_dpi) for title, image in titled)
    return before, after


def _frame(title: str, image: Volume, planes: Sequence[Plane], organ_name: str, pixel_mm: float,
           png_dpi: int | None) -> Drawing:  # fmt: skip
    height = PANEL_IN + TITLE_IN + TICKS_IN
    window = gray_window(image, organ_name)

    def onto(figure: Figure) -> None:
        for axes, plane in zip(panels(figure, planes, height_in=height), planes, strict=True):
            show_gray(axes, plane, gray_on(plane, image, window, pixel_mm))
            scale_and_letters(axes, plane, OVER_IMAGE)

    said = f"{title}: axial, coronal and sagittal plane through the lesion."
    return draw(onto, height_in=height, description=said, png_dpi=png_dpi)


def checkerboard(
    view: LesionView, *, organ_name: str, pixel_mm: float = PIXEL_MM, png_dpi: int | None = None
) -> Drawing | None:
    """Draw squares of both scans in turn, with the outlines of tumor and zone; None where a scan is missing."""
    before, after = view.image_before, view.image
    if before is None or after is None:
        return None
    planes = wide_planes(view)
    height = PANEL_IN + TITLE_IN + TICKS_IN
    windows = gray_window(before, organ_name), gray_window(after, organ_name)

    def onto(figure: Figure) -> None:
        for axes, plane in zip(panels(figure, planes, height_in=height), planes, strict=True):
            grays = [gray_on(plane, image, window, pixel_mm)
                     for image, window in zip((before, after), windows, strict=True)]  # fmt: skip
            show_gray(axes, plane, np.where(_squares(plane, grays[0].shape), grays[0], grays[1]))
            outlines(axes, plane, view)
            scale_and_letters(axes, plane, OVER_IMAGE)

    said = (f"Checkerboard of {SQUARE_MM:.0f} mm squares, the scan before and the scan after in turn: axial, coronal "
            "and sagittal plane through the lesion, with the outlines of tumor and zone.")  # fmt: skip
    return draw(onto, height_in=height, description=said, png_dpi=png_dpi)


def _squares(plane: Plane, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    rows, columns = (np.floor((np.arange(n) + 0.5) / n * 2.0 * plane.half_mm / SQUARE_MM).astype(int) for n in shape)
    return (rows[:, None] + columns[None, :]) % 2 == 0


def outlines(axes: Axes, plane: Plane, view: LesionView) -> None:
    """Draw tumor and zone without saying anything of the margin."""
    if view.ablation_surface is not None:
        zone_outline(axes, plane, view.ablation_surface, OVER_IMAGE)
    for cut in plane.cut(view.tumor_surface.points_lps_mm, view.tumor_surface.triangles):
        line = Line2D(*cut.picture_mm.T, color=TUMOR_LINE, linewidth=1.5)
        line.set_path_effects([withStroke(linewidth=2.8, foreground=OVER_IMAGE.casing)])
        axes.add_line(line)
