"""Three planes through the thinnest point of one lesion, before and after, with the outlines of what was measured."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from isotherm.app.assessment import LesionView
from isotherm.app.figures import A4_TEXT_WIDTH_IN, INK, Drawing, draw
from isotherm.app.figures_planes import ORIENTATIONS, Cut, Plane
from isotherm.app.palette import CLASSES, NOT_ASSESSABLE, class_index
from isotherm.imaging.surface import Surface
from isotherm.imaging.volume import Mask, Volume

Float = npt.NDArray[np.float64]
Place = tuple[float, float, float]

OUTLINE_STEP_MM = 0.6
ZONE_REACH_MM = 20.0
"""How far from the tumor its ablation is followed."""
SURROUND_MM = 12.0
"""Of tissue shown beyond the tumor and its ablation."""
HALF_RANGE_MM = (25.0, 70.0)
SCALE_BAR_MM = 10.0

LUNG_WINDOW = (-600.0, 1500.0)
SOFT_TISSUE_WINDOW = (60.0, 360.0)
"""Level and width in HU."""

GAP_IN = 0.06
PANEL_IN = (A4_TEXT_WIDTH_IN - 2 * GAP_IN) / 3.0
TITLE_IN, LEGEND_IN = 0.2, 0.46
LETTER_IN = 0.08
"""Width of a bold letter of the number beside the thinnest point."""


@dataclass(frozen=True, slots=True)
class Ink:
    """Colors of lines over an image, or over plain ground where there is none."""

    ground: str
    line: str
    casing: str
    organ: str
    vessel: str


OVER_IMAGE = Ink(ground="#0b0f12", line="#ffffff", casing="#0b0f12", organ="#4fe0cb", vessel="#6aa5ff")
OVER_PLAIN = Ink(ground="#eef1f3", line=INK, casing="#ffffff", organ="#33786a", vessel="#2f6fd0")


def gray_window(image: Volume, organ_name: str) -> tuple[float, float]:
    """Return the lowest and highest value shown: a usual window for CT, the bulk of the values for other images."""
    if image.unit == "HU":
        level, width = LUNG_WINDOW if organ_name == "lung" else SOFT_TISSUE_WINDOW
        return level - width / 2.0, level + width / 2.0
    low, high = np.percentile(image.voxels, (1.0, 99.0))
    return float(low), max(float(high), float(low) + 1e-6)


def middle_lps_mm(view: LesionView) -> Place:
    """Return the middle of the tumor's surface, which is shown where there is no thinnest point."""
    middle = view.tumor_surface.points_lps_mm.mean(axis=0)
    return float(middle[0]), float(middle[1]), float(middle[2])


def box_lps_mm(view: LesionView) -> tuple[Float, Float]:
    """Return the low and the high corner of the box around a tumor and the ablation near it, shape (3,) each."""
    tumor = view.tumor_surface.points_lps_mm
    low, high = tumor.min(axis=0), tumor.max(axis=0)
    if view.ablation_surface is not None:
        # The ablation is the union of all zones: those of other lesions are not followed across the patient.
        zone = view.ablation_surface.points_lps_mm
        near = zone[((zone >= low - ZONE_REACH_MM) & (zone <= high + ZONE_REACH_MM)).all(axis=1)]
        low, high = (
            np.minimum(low, near.min(axis=0, initial=np.inf)),
            np.maximum(high, near.max(axis=0, initial=-np.inf)),
        )
    return low, high


def planes_of(view: LesionView, place_lps_mm: Place) -> tuple[Plane, ...]:
    """Return the axial, coronal and sagittal plane: through a place, around tumor and ablation, all of one size."""
    low, high = box_lps_mm(view)
    half = float(np.clip((high - low).max() / 2.0 + SURROUND_MM, *HALF_RANGE_MM))
    place = np.array(place_lps_mm)
    # Zones far away must not push the place shown out of the picture.
    middle = np.clip((low + high) / 2.0, place - 0.8 * half, place + 0.8 * half)
    planes: list[Plane] = []
    for name, (right, up, _) in ORIENTATIONS.items():
        toward_viewer = np.abs(np.cross(right, up)) > 0.5
        center = np.where(toward_viewer, place, middle)
        planes.append(Plane(name, (float(center[0]), float(center[1]), float(center[2])), half))
    return tuple(planes)


def slices(view: LesionView, place_lps_mm: Place, *, number: str | None, organ_name: str, pixel_mm: float) -> Drawing:
    """Draw the planes, one row for each image; without an image, the masks on plain ground.

    `number` is the margin in words, written beside the place; None where the place is not a thinnest point.
    """
    rows: list[tuple[str, Volume | None]] = [("Before ablation", view.image_before), ("After ablation", view.image)]
    rows = [row for row in rows if row[1] is not None] or [("Masks only, no image given", None)]
    planes = planes_of(view, place_lps_mm)
    height = len(rows) * (PANEL_IN + TITLE_IN) + LEGEND_IN

    def onto(figure: Figure) -> None:
        for row, (title, image) in enumerate(rows):
            ink = OVER_PLAIN if image is None else OVER_IMAGE
            for column, plane in enumerate(planes):
                left = column * (PANEL_IN + GAP_IN) / A4_TEXT_WIDTH_IN
                bottom = 1.0 - (row + 1) * (PANEL_IN + TITLE_IN) / height
                axes = figure.add_axes((left, bottom, PANEL_IN / A4_TEXT_WIDTH_IN, PANEL_IN / height))
                ground(axes, plane, ink)
                if image is not None:
                    _image(axes, plane, image, gray_window(image, organ_name), pixel_mm)
                _outlines(axes, view, plane, ink)
                _crosshair(axes, plane, view, place_lps_mm, ink, number)
                heading = f"{title} · {plane.name}" if column == 0 else plane.name
                axes.set_title(heading, loc="left", fontsize=8.5, pad=3.0, color=INK)
        _legend(figure, view)

    return draw(onto, height_in=height, description=_description(rows, number))


def _description(rows: list[tuple[str, Volume | None]], number: str | None) -> str:
    through = "the tumor's middle" if number is None else f"the thinnest point ({number})"
    return (
        f"{'; '.join(title for title, _ in rows)}: axial, coronal and sagittal plane through {through}, with outlines."
    )


def ground(axes: Axes, plane: Plane, ink: Ink) -> None:
    """Make room for a plane, in mm from its center, without ticks."""
    axes.set(xlim=(-plane.half_mm, plane.half_mm), ylim=(-plane.half_mm, plane.half_mm), xticks=[], yticks=[])
    axes.set_facecolor(ink.ground)
    axes.spines[:].set_visible(False)


def _image(axes: Axes, plane: Plane, image: Volume, window: tuple[float, float], pixel_mm: float) -> None:
    show_gray(axes, plane, gray_on(plane, image, window, pixel_mm))


def gray_on(plane: Plane, image: Volume, window: tuple[float, float], pixel_mm: float) -> npt.NDArray[np.uint8]:
    """Return what an image shows on a plane as grays from 0 to 255, shape (rows from the bottom, columns)."""
    low, high = window
    values = plane.sample(image.voxels, image.grid, step_mm=pixel_mm, outside=low)
    return np.round(np.clip((values - low) / (high - low), 0.0, 1.0) * 255.0).astype(np.uint8)


def show_gray(axes: Axes, plane: Plane, gray: npt.NDArray[np.uint8]) -> None:
    """Show grays on a plane."""
    axes.imshow(gray, cmap="gray", vmin=0, vmax=255, origin="lower", interpolation="none",
                extent=(-plane.half_mm, plane.half_mm, -plane.half_mm, plane.half_mm))  # fmt: skip


def _outlines(axes: Axes, view: LesionView, plane: Plane, ink: Ink) -> None:
    if view.vessels is not None:
        _mask_outline(axes, plane, view.vessels, ink.vessel, filled=True)
    if view.organ is not None:
        _mask_outline(axes, plane, view.organ, ink.organ, filled=False)
    if view.ablation_surface is not None:
        zone_outline(axes, plane, view.ablation_surface, ink)
    _tumor_outline(axes, plane, view)
    scale_and_letters(axes, plane, ink)


def _mask_outline(axes: Axes, plane: Plane, mask: Mask, color: str, *, filled: bool) -> None:
    # Beyond a cropped mask nothing is known: its cut face must not be drawn as if it were a wall.
    sampled = plane.sample(mask.voxels, mask.grid, step_mm=OUTLINE_STEP_MM, outside=np.nan)
    inside = np.ma.masked_invalid(sampled)
    if inside.mask.all() or inside.max() < 0.5 or inside.min() >= 0.5:
        return
    mm = plane.to_picture(plane.places_lps_mm(OUTLINE_STEP_MM).reshape(-1, 3)).reshape(*inside.shape, 3)
    if filled:
        axes.contourf(mm[..., 0], mm[..., 1], inside, levels=[0.5, 2.0], colors=[color], alpha=0.3)
    style = "solid" if filled else (0, (1.0, 1.6))
    axes.contour(mm[..., 0], mm[..., 1], inside, levels=[0.5], colors=[color], linewidths=1.1, linestyles=[style])


def zone_outline(axes: Axes, plane: Plane, surface: Surface, ink: Ink) -> None:
    """Draw the outline of a zone, dashed."""
    for cut in plane.cut(surface.points_lps_mm, surface.triangles):
        line = Line2D(*cut.picture_mm.T, color=ink.line, linewidth=1.2, linestyle=(0, (4.0, 2.2)))
        line.set_path_effects([withStroke(linewidth=2.2, foreground=ink.casing, alpha=0.55)])
        axes.add_line(line)


@dataclass(frozen=True, slots=True)
class Pen:
    """How a piece of the tumor's outline is drawn: light edges around dark colors, dark edges around light ones."""

    color: str
    edge: str
    width_pt: float
    dashes: tuple[float, ...] = ()


PENS = tuple(Pen(one.color, one.on_color, one.line_width_pt) for one in CLASSES)
UNMEASURED = Pen(NOT_ASSESSABLE, INK, 1.6, (1.0, 0.8))


def _tumor_outline(axes: Axes, plane: Plane, view: LesionView) -> None:
    margin = view.margin
    surface = view.tumor_surface if margin is None else margin
    for cut in plane.cut(surface.points_lps_mm, surface.triangles):
        pieces = [(UNMEASURED, cut.picture_mm)]
        if margin is not None:
            pieces = _by_class(cut, margin.distances_mm, margin.assessable)
        for pen, line in pieces:
            axes.add_collection(LineCollection([line], colors=[pen.edge], linewidths=pen.width_pt + 1.5))
        for pen, line in pieces:
            axes.add_collection(
                LineCollection([line], colors=[pen.color], linewidths=pen.width_pt, linestyles=[_style(pen)])
            )


def _by_class(cut: Cut, distances_mm: Float, assessable: npt.NDArray[np.bool_]) -> list[tuple[Pen, Float]]:
    """Split a line where the class of its margin changes."""
    margins, places = cut.take(distances_mm), cut.picture_mm
    seen = cut.take(assessable.astype(np.float64)) >= 0.5
    classes = np.where(seen[:-1] & seen[1:], class_index((margins[:-1] + margins[1:]) / 2.0), -1)
    starts = np.flatnonzero(np.diff(classes, prepend=-2))
    ends = np.append(starts[1:], len(classes))
    return [(PENS[classes[start]] if classes[start] >= 0 else UNMEASURED, places[start : end + 1])
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]  # fmt: skip


def _crosshair(axes: Axes, plane: Plane, view: LesionView, place_lps_mm: Place, ink: Ink, number: str | None) -> None:
    right, up, _ = plane.to_picture([place_lps_mm])[0]
    gap, end = 3.0, plane.half_mm
    for across, along in (((-end, right - gap), (up, up)), ((right + gap, end), (up, up)),
                          ((right, right), (-end, up - gap)), ((right, right), (up + gap, end))):  # fmt: skip
        axes.add_line(Line2D(across, along, color=ink.line, linewidth=0.6, alpha=0.75))
    if number is None:
        return
    # The number stands on the outer side of the thinnest point, clear of the outline, where there is room for it.
    middle = plane.to_picture([middle_lps_mm(view)])[0]
    side = -1.0 if right < middle[0] else 1.0
    wide = len(number) * LETTER_IN / PANEL_IN * 2.0 * end
    start = side * min(side * right + 0.05 * end, 0.97 * end - wide)
    upward = (up >= middle[1] or up < -0.8 * end) and up < 0.85 * end
    pushed_in = side * start < side * right
    level = (0.12 if pushed_in else 0.05) * end * (1.0 if upward else -1.0)
    axes.text(start, up + level, number, color=ink.line, fontsize=8.0, weight="bold",
              ha="left" if side > 0 else "right", va="bottom" if upward else "top",
              path_effects=[withStroke(linewidth=2.0, foreground=ink.casing)])  # fmt: skip


def scale_and_letters(axes: Axes, plane: Plane, ink: Ink) -> None:
    """Draw the letters of the directions and a scale bar."""
    edge = [withStroke(linewidth=1.8, foreground=ink.casing)]
    left, right, bottom, top = plane.letters
    for letter, x, y, across, along in (
        (left, 0.02, 0.5, "left", "center"),
        (right, 0.98, 0.5, "right", "center"),
        (bottom, 0.5, 0.02, "center", "bottom"),
        (top, 0.5, 0.98, "center", "top"),
    ):
        axes.text(x, y, letter, transform=axes.transAxes, color=ink.line, fontsize=8.5, path_effects=edge,
                  ha=across, va=along)  # fmt: skip
    start, level = -0.94 * plane.half_mm, -0.92 * plane.half_mm
    axes.add_line(Line2D([start, start + SCALE_BAR_MM], [level] * 2, color=ink.line, linewidth=2.0, path_effects=edge,
                         solid_capstyle="butt"))  # fmt: skip
    axes.text(start, level + 0.03 * plane.half_mm, f"{SCALE_BAR_MM:g} mm", color=ink.line, fontsize=8.0, va="bottom",
              path_effects=edge)  # fmt: skip


def _legend(figure: Figure, view: LesionView) -> None:
    entries: list[Artist] = []
    if view.margin is not None:
        entries += [_sample(pen, f"tumor, {one.label}") for pen, one in zip(PENS, CLASSES, strict=True)]
        if not view.margin.assessable.all():
            entries.append(_sample(UNMEASURED, "tumor, not assessable"))
    else:
        entries.append(_sample(UNMEASURED, "tumor, margin not measured"))
    if view.ablation_surface is not None:
        entries.append(Line2D([], [], color=INK, linewidth=1.2, linestyle=(0, (4.0, 2.2)), label="ablation"))
    if view.organ is not None:
        entries.append(Line2D([], [], color=OVER_PLAIN.organ, linewidth=1.1, linestyle=(0, (1.0, 1.6)), label="organ"))
    if view.vessels is not None:
        entries.append(Patch(facecolor=OVER_IMAGE.vessel, edgecolor=OVER_PLAIN.vessel, alpha=0.7, label="vessel"))
    figure.legend(handles=entries, loc="lower left", bbox_to_anchor=(-0.008, 0.0), ncols=4, frameon=False, fontsize=8.0,
                  handlelength=2.2, columnspacing=1.4, borderaxespad=0.0, labelspacing=0.35)  # fmt: skip


def _style(pen: Pen) -> tuple[float, tuple[float, ...] | None]:
    return 0.0, pen.dashes or None


def _sample(pen: Pen, label: str) -> Line2D:
    line = Line2D([], [], color=pen.color, linewidth=pen.width_pt + 1.0, label=label)
    if pen.dashes:
        line.set_dashes(pen.dashes)
    line.set_path_effects([withStroke(linewidth=pen.width_pt + 2.0, foreground=INK)])
    return line
