"""The margin unrolled: the tumor's whole surface on one flat map with the directions of the patient."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, Patch
from matplotlib.patheffects import withStroke
from scipy.ndimage import distance_transform_edt

from isotherm.app.figures import A4_TEXT_WIDTH_IN, INK, Drawing, draw
from isotherm.app.palette import CLASSES, NOT_ASSESSABLE, THRESHOLDS_MM
from isotherm.imaging.margin import Margin

Float = npt.NDArray[np.float64]

COLUMNS, ROWS = 400, 200
SAMPLES_PER_PIXEL = 4
PICTURE_HEIGHT_IN, LEGEND_IN = 3.35, 0.3

CLASS_ENDS_MM = {one.low_mm for one in CLASSES[1:]}


@dataclass(frozen=True, slots=True, eq=False)
class Unrolled:
    """The margin by direction from the tumor's centroid, on a Mollweide map.

    Parameters
    ----------
    margins_mm : array, shape (ROWS from caudal, COLUMNS from the patient's right)
        NaN outside of the map, and where the margin is not assessable.
    inside : array of bool, same shape
        Which pixels belong to the map.
    """

    margins_mm: Float
    inside: npt.NDArray[np.bool_]


def centroid_lps_mm(points_lps_mm: Float, triangles: npt.NDArray[np.integer]) -> Float:
    """Return the centroid of the volume that a closed surface encloses, shape (3,)."""
    start = points_lps_mm.mean(axis=0)
    a, b, c = np.moveaxis(points_lps_mm[triangles] - start, 1, 0)
    volumes = np.einsum("ij,ij->i", a, np.cross(b, c))
    if abs(volumes.sum()) < 1e-9:
        return start  # a surface without an inside
    return start + (volumes[:, None] * (a + b + c)).sum(axis=0) / (4.0 * volumes.sum())


def to_map(vectors_lps: Float) -> Float:
    """Return where directions, shape (n, 3), lie on the map, shape (n, 2), x from -2 to 2 and y from -1 to 1.

    Mollweide: anterior in the middle, the patient's left on the right-hand side as on an image, cranial up.

    References
    ----------
    .. [1] Snyder JP. Map Projections: A Working Manual. USGS Professional Paper 1395, 1987, pages 249-252.
    """
    x, y, z = (vectors_lps / np.linalg.norm(vectors_lps, axis=1, keepdims=True)).T
    # The auxiliary angle t solves 2t + sin 2t = pi sin(latitude); its inverse is tabulated, finer than any pixel.
    t = np.linspace(-np.pi / 2.0, np.pi / 2.0, 20001)
    angle = np.asarray(np.interp(np.pi * z, 2.0 * t + np.sin(2.0 * t), t), dtype=np.float64)
    return np.stack([2.0 / np.pi * np.arctan2(x, -y) * np.cos(angle), np.sin(angle)], axis=1)


def unrolled(margin: Margin) -> Unrolled:
    """Unroll a margin; where a direction meets the surface more than once, its smallest margin is kept."""
    center = centroid_lps_mm(margin.points_lps_mm, margin.triangles)
    spread = _spread(max(1, SAMPLES_PER_PIXEL * ROWS * COLUMNS // len(margin.triangles)))
    places = np.einsum("sc,tcx->tsx", spread, margin.points_lps_mm[margin.triangles]).reshape(-1, 3)
    margins = np.einsum("sc,tc->ts", spread, margin.distances_mm[margin.triangles]).ravel()
    seen = np.repeat(margin.assessable[margin.triangles].all(axis=1), len(spread))
    on_map = to_map(places - center)
    column = np.clip(((on_map[:, 0] + 2.0) / 4.0 * COLUMNS).astype(int), 0, COLUMNS - 1)
    row = np.clip(((on_map[:, 1] + 1.0) / 2.0 * ROWS).astype(int), 0, ROWS - 1)
    least = np.full((ROWS, COLUMNS), np.inf)
    margins = np.clip(margins, -1e3, 1e3)  # out of reach is far, and never an empty pixel
    np.minimum.at(least, (row, column), margins)
    unseen = np.zeros((ROWS, COLUMNS), dtype=bool)
    unseen[row[~seen], column[~seen]] = True
    # A pixel that no sample fell into takes its neighbor's value.
    nearest = distance_transform_edt(np.isinf(least), return_distances=False, return_indices=True)
    filled = np.where(unseen[tuple(nearest)], np.nan, least[tuple(nearest)])
    x, y = _pixel_centers()
    inside = (x / 2.0) ** 2 + y**2 <= 1.0
    return Unrolled(np.where(inside, filled, np.nan), inside)


def margin_map(margin: Margin, thinnest_lps_mm: tuple[float, float, float], *, number: str) -> Drawing:
    """Draw the map of one lesion's margin; `number` is the minimal margin in words."""
    chart = unrolled(margin)
    height = PICTURE_HEIGHT_IN + LEGEND_IN

    def onto(figure: Figure) -> None:
        axes = figure.add_axes((0.0, LEGEND_IN / height, 1.0, PICTURE_HEIGHT_IN / height))
        _ground(axes)
        label = _thinnest(axes, margin, thinnest_lps_mm, number)
        _margins(axes, chart, label)
        _directions(axes)
        _legend(figure, chart)

    return draw(onto, height_in=height, description=f"Map of the margin over the tumor's surface; thinnest: {number}.")


def _spread(count: int) -> Float:
    """Return about `count` places spread evenly over a triangle, as weights of its corners, shape (n, 3)."""
    steps = int(np.ceil((np.sqrt(8.0 * count + 1.0) - 1.0) / 2.0))
    return np.array([((a + 1 / 3), (b + 1 / 3), (steps - 1 - a - b + 1 / 3))
                     for a in range(steps) for b in range(steps - a)]) / steps  # fmt: skip


def _pixel_centers() -> tuple[Float, Float]:
    x = (np.arange(COLUMNS) + 0.5) / COLUMNS * 4.0 - 2.0
    y = (np.arange(ROWS) + 0.5) / ROWS * 2.0 - 1.0
    grid = np.meshgrid(x, y)
    return grid[0], grid[1]


def _ground(axes: Axes) -> None:
    half_wide = 1.22 * A4_TEXT_WIDTH_IN / PICTURE_HEIGHT_IN
    axes.set(xlim=(-half_wide, half_wide), ylim=(-1.22, 1.22), xticks=[], yticks=[], aspect="equal")
    axes.spines[:].set_visible(False)
    axes.set_facecolor("none")


def _outline() -> Ellipse:
    return Ellipse((0.0, 0.0), 4.0, 2.0, facecolor="none", edgecolor=INK, linewidth=0.9)


def _margins(axes: Axes, chart: Unrolled, avoid: Float) -> None:
    x, y = _pixel_centers()
    # Beyond the rim the nearest value goes on and is then cut off at the ellipse, so that no pixel steps show there.
    rim = distance_transform_edt(~chart.inside, return_distances=False, return_indices=True)
    margins = chart.margins_mm[tuple(rim)]
    hidden = np.isnan(margins)
    known = np.ma.masked_array(margins, hidden)
    levels = [-1e3, *(one.low_mm for one in CLASSES[1:]), 1e3]
    outline = axes.add_patch(_outline())
    if hidden.any():
        outline.set_facecolor(NOT_ASSESSABLE)  # no white seam where the bands end
        gray = axes.contourf(x, y, hidden.astype(float), levels=[0.5, 2.0], colors=[NOT_ASSESSABLE], hatches=["---"])
        gray.set(edgecolor=INK, linewidth=0.0, clip_path=outline)
    if not known.mask.all():
        bands = axes.contourf(x, y, known, levels=levels, colors=[one.color for one in CLASSES],
                              hatches=[one.hatch for one in CLASSES])  # fmt: skip
        bands.set(edgecolor=[one.on_color for one in CLASSES], linewidth=0.0, clip_path=outline)
        _isolines(axes, chart, avoid)
    if hidden.any() and not hidden.all():
        axes.contour(x, y, hidden.astype(float), levels=[0.5], colors=[INK], linewidths=0.9).set(clip_path=outline)
    axes.add_patch(_outline())


def _isolines(axes: Axes, chart: Unrolled, avoid: Float) -> None:
    """Draw lines of equal margin and label them, but not where a label would cover a word or leave the map."""
    x, y = _pixel_centers()
    known = np.ma.masked_invalid(chart.margins_mm)
    for level in THRESHOLDS_MM:
        if not known.min() < level < known.max():
            continue
        style = "solid" if level in CLASS_ENDS_MM else "dotted"
        line = axes.contour(x, y, known, levels=[level], colors=[INK], linewidths=0.9, linestyles=style)
        for text in axes.clabel(line, fmt=f"{level:g} mm", fontsize=8.0, inline=False):
            text.set_path_effects([withStroke(linewidth=2.2, foreground="#ffffff")])
            x_text, y_text = text.get_position()
            taken = np.abs(np.array([[x_text, y_text]]) - np.array([avoid, *WORD_PLACES])) < (0.4, 0.17)
            text.set_visible(not bool(taken.all(axis=1).any()) and (x_text / 2.0) ** 2 + y_text**2 < 0.85)


WORD_PLACES = ((-1.0, -0.08), (0.0, -0.08), (1.0, -0.08))


def _directions(axes: Axes) -> None:
    halo = [withStroke(linewidth=2.4, foreground="#ffffff")]
    for (x, _), word in zip(WORD_PLACES, ("right", "anterior", "left"), strict=True):
        axes.plot([x], [0.0], marker="+", markersize=5.0, markeredgewidth=0.8, color=INK, path_effects=halo)
        axes.text(x, -0.06, word, ha="center", va="top", fontsize=8.5, path_effects=halo)
    outside = (
        (0.0, 1.05, "cranial", "center", "bottom"),
        (0.0, -1.05, "caudal", "center", "top"),
        (-2.05, 0.0, "posterior", "right", "center"),
        (2.05, 0.0, "posterior", "left", "center"),
    )
    for x, y, word, across, along in outside:
        axes.text(x, y, word, ha=across, va=along, fontsize=8.5)


def _thinnest(axes: Axes, margin: Margin, thinnest_lps_mm: tuple[float, float, float], number: str) -> Float:
    """Mark the thinnest point, and return the middle of its label, shape (2,)."""
    center = centroid_lps_mm(margin.points_lps_mm, margin.triangles)
    x, y = to_map(np.array([thinnest_lps_mm]) - center)[0]
    halo = [withStroke(linewidth=2.6, foreground="#ffffff")]
    axes.plot([x], [y], marker="o", markersize=9.0, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=1.3,
              path_effects=halo, zorder=6)  # fmt: skip
    axes.plot([x], [y], marker="o", markersize=2.4, color=INK, path_effects=halo, zorder=6)
    side = -1.0 if x > 0 else 1.0
    axes.text(x + side * 0.1, y, number, ha="left" if side > 0 else "right", va="center", fontsize=9.0, weight="bold",
              path_effects=[withStroke(linewidth=3.0, foreground="#ffffff")], zorder=6)  # fmt: skip
    return np.array([x + side * 0.35, y])


def _legend(figure: Figure, chart: Unrolled) -> None:
    entries = [Patch(facecolor=one.color, edgecolor=one.on_color, hatch=one.hatch * 2, linewidth=0.0, label=one.label,
                     path_effects=[withStroke(linewidth=1.2, foreground=INK)])
               for one in CLASSES]  # fmt: skip
    if (np.isnan(chart.margins_mm) & chart.inside).any():
        entries.append(Patch(facecolor=NOT_ASSESSABLE, edgecolor=INK, hatch="------", linewidth=0.0,
                             label="not assessable"))  # fmt: skip
    figure.legend(handles=entries, loc="lower center", ncols=len(entries), frameon=False, fontsize=8.0,
                  handlelength=2.2, columnspacing=1.6, borderaxespad=0.2)  # fmt: skip
