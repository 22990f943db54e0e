"""RTSTRUCT: the closed contours of each structure to a mask on their own planes.

Contours are drawn with more detail than voxels have. Where planes are close, the share of each voxel that is enclosed
keeps it. Where they are far apart, a share within the plane says nothing about the thickness, and a surface fitted to
it lies wrong by 1 mm at 2.5 mm planes and 2 mm at 5 mm planes (spheres; docs/dicom.md): there pixels are small, and
inside or not. Between planes nothing was drawn, and nothing is invented.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from isotherm.errors import BadGeometry, BadVoxels
from isotherm.exchange.dicom_item import Item, read_item
from isotherm.exchange.dicom_series import Instance
from isotherm.exchange.dicom_stack import OFF_LINE_MM, OFF_LINE_SHARE
from isotherm.exchange.voxel_source import ImageFile, Segment, Voxels, grid_of, refuse_impossible_size
from isotherm.imaging.contours import Enclosed, enclosed
from isotherm.imaging.geometry import Float
from isotherm.imaging.volume import Grid

CONTOUR_TAGS = ("StructureSetROISequence", "ROIContourSequence", "ReferencedFrameOfReferenceSequence")

CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "CLOSED_PLANAR_XOR")
"""Kinds of contours that enclose something; points and open lines do not."""

FINEST_MM, COARSEST_MM = 0.5, 1.0
"""Bounds of the pixels that contours are drawn on where their image is not known."""

SAME_PLANE_MM = 0.05
"""Contours nearer to each other than this lie on one plane; their points must lie as near to it."""

UNEVEN = 0.1
"""Share of a step by which planes may be off: positions are rounded."""


@dataclass(frozen=True, slots=True, eq=False)
class Structures:
    """An RTSTRUCT whose structures have been listed.

    Parameters
    ----------
    file : ImageFile
    segments : tuple of Segment
        Structures that have a closed contour, by their number.
    contours : dict
        Of each structure, by number: corners of each contour, shape (n, 3), LPS mm.
    source_uids : tuple of str
        Series that they were drawn on.
    """

    file: ImageFile
    segments: tuple[Segment, ...]
    contours: dict[int, list[Float]]
    source_uids: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Contours laid onto a grid, to be filled plane by plane."""

    grid: Grid
    by_plane: dict[int, list[Float]]
    warnings: tuple[str, ...]

    def slabs(self) -> Iterator[Voxels]:
        """Give the mask of each plane as shares of its pixels, shape (1, j, i)."""
        nk, nj, ni = self.grid.shape_kji
        empty = np.zeros((1, nj, ni), np.float32)
        for k in range(nk):
            found = self._filled(k)
            if found is None:
                yield empty
            else:
                yield found.shares.astype(np.float32)[None]

    def _filled(self, k: int) -> Enclosed | None:
        return enclosed(self.by_plane[k], self.grid.shape_kji[1:]) if k in self.by_plane else None

    def told(self, of: str) -> list[str]:
        """Return what had to be assumed about contours that cross or repeat each other."""
        filled = [found for k in self.by_plane if (found := self._filled(k)) is not None]
        crossing, twice = sum(one.overlapping for one in filled), sum(one.repeated for one in filled)
        return [
            *([f"{of}: {crossing} contours cross others of their plane and were united with them"] if crossing else []),
            *([f"{of}: {twice} contours are there twice and were taken once"] if twice else []),
            *self.warnings,
        ]


def open_structures(instance: Instance) -> Structures:
    """Read the structures of an RTSTRUCT.

    Raises
    ------
    BadVoxels
        None of them has a closed contour.
    """
    file = instance.place.file
    item = read_item(instance.place, tags=CONTOUR_TAGS)
    names = {one.whole("ROINumber"): one.text("ROIName") for one in item.items("StructureSetROISequence")}
    contours: dict[int, list[Float]] = {}
    for one in item.items("ROIContourSequence"):
        number = one.whole("ReferencedROINumber")
        closed = [points for each in one.items("ContourSequence") if (points := _corners(each, file)) is not None]
        if number is not None and closed:
            contours.setdefault(number, []).extend(closed)
    if not contours:
        raise BadVoxels(f"{file.start} holds no closed contour; draw the structure in closed contours.")
    segments = tuple(Segment(number, name=(names.get(number) or "")[:64] or None) for number in sorted(contours))
    return Structures(file, segments, contours, tuple(_sources(item)))


def _corners(contour: Item, file: ImageFile) -> Float | None:
    """Return the corners of a closed contour, shape (n, 3), LPS mm, or None for points and open lines."""
    if contour.text("ContourGeometricType") not in CLOSED:
        return None
    values = contour.every_number("ContourData")
    if values is None or len(values) % 3 or len(values) < 9:
        raise BadVoxels(f"{file.start} has a contour that is not made of three or more points; export it anew.")
    return np.array(values).reshape(-1, 3)


def _sources(item: Item) -> Iterator[str]:
    for frame in item.items("ReferencedFrameOfReferenceSequence"):
        for study in frame.items("RTReferencedStudySequence"):
            for series in study.items("RTReferencedSeriesSequence"):
                yield series.text("SeriesInstanceUID")


def drawn(structures: Structures, chosen: Sequence[Segment], of: str, image: Grid | None) -> Drawn:
    """Lay the contours of some structures, taken together, onto a grid of their own planes.

    Parameters
    ----------
    image : Grid or None
        Grid of the image they were drawn on: its pixels are used, and its planes beyond the contours are known to be
        empty.

    Raises
    ------
    BadGeometry
        Points off their plane, planes that are not parallel or at uneven distances, or a single plane.
    """
    file = structures.file
    contours = [contour for segment in chosen for contour in structures.contours[segment.value]]
    across = _normal(contours, file) if image is None else _axis(contours, image, file)
    heights = [_height(contour, across, file) for contour in contours]
    planes, step = _planes(heights, file)
    rows, columns = _in_plane(across) if image is None else (image.direction_lps[:, 1], image.direction_lps[:, 2])
    spacing = _pixel_mm(step) if image is None else image.spacing_kji_mm[1:]
    axes = np.stack([across, rows, columns])
    flat = np.concatenate(contours) @ axes.T
    grid, first = _around(flat, min(heights), step, (spacing[0], spacing[1]), axes, image, file)
    by_plane: dict[int, list[Float]] = {}
    for contour, k in zip(contours, planes, strict=True):
        by_plane.setdefault(k + first, []).append(grid.to_kji(contour)[:, 1:])
    empty = max(planes) + 1 - len(set(planes))
    gaps = [f"{of}: {empty} planes between contours have none and count as empty"] if empty else []
    return Drawn(grid, by_plane, tuple(gaps))


def _normal(contours: Sequence[Float], file: ImageFile) -> Float:
    """Return the unit vector across the planes, toward the patient's head where it can be."""
    largest = max(contours, key=lambda one: float(np.ptp(one, axis=0).prod() + np.ptp(one, axis=0).sum()))
    _, sizes, axes = np.linalg.svd(largest - largest.mean(axis=0), full_matrices=True)
    if sizes[1] <= 1e-6:
        raise BadGeometry(f"{file.start} has contours that enclose nothing; draw them anew.")
    normal: Float = axes[2]
    main = int(np.abs(normal).argmax())
    exact = np.eye(3)[main]
    normal = exact if abs(normal[main]) > 1.0 - 1e-9 else normal
    return normal if normal[main] > 0 else -normal


def _axis(contours: Sequence[Float], image: Grid, file: ImageFile) -> Float:
    """Return the image's own axis across its planes, along which its contours must be flat."""
    across: Float = image.direction_lps[:, 0]
    for contour in contours:
        _height(contour, across, file)
    return across


def _height(contour: Float, across: Float, file: ImageFile) -> float:
    heights = contour @ across
    if float(np.ptp(heights)) > 2 * SAME_PLANE_MM:
        raise BadGeometry(f"{file.start} has contours that do not lie in parallel planes; export it anew.")
    return float(np.median(heights))


def _planes(heights: Sequence[float], file: ImageFile) -> tuple[list[int], float]:
    """Return the number of the plane of each contour, from 0, and how far planes are apart."""
    ordered = np.sort(np.array(heights))
    steps = np.diff(ordered)
    steps = steps[steps > SAME_PLANE_MM]
    if not len(steps):
        raise BadGeometry(f"{file.start} has contours on a single plane, whose thickness is not known; draw on more.")
    step = float(np.median(steps[steps < 1.5 * steps.min()]))
    at = (np.array(heights) - ordered[0]) / step
    if np.abs(at - np.rint(at)).max() > max(UNEVEN, SAME_PLANE_MM / step):
        raise BadGeometry(
            f"{file.start} has contours on planes at uneven distances; draw them on an image of even planes."
        )
    # Over many planes a rounded step adds up: the line through all of them is the better one.
    span = float(np.rint(at).max())
    return [int(k) for k in np.rint(at)], float(ordered[-1] - ordered[0]) / span


def _in_plane(across: Float) -> tuple[Float, Float]:
    """Return unit vectors along rows and columns of pixels, near the patient's own axes."""
    main = int(np.abs(across).argmax())
    start = np.eye(3)[0 if main != 0 else 1]
    columns = start - across * float(across @ start)
    columns /= np.linalg.norm(columns)
    return np.asarray(np.cross(across, columns), dtype=np.float64), columns


def _pixel_mm(step: float) -> tuple[float, float]:
    size = float(np.clip(step, FINEST_MM, COARSEST_MM))
    return size, size


def _around(
    flat: Float,
    lowest: float,
    step: float,
    spacing_ji: tuple[float, float],
    axes: Float,
    image: Grid | None,
    file: ImageFile,
) -> tuple[Grid, int]:
    """Return a grid that holds all contours with a rim around, and how many empty planes it has below them."""
    low, high = flat.min(axis=0), flat.max(axis=0)
    low[0] = lowest
    below = above = 0
    spacing = np.array([step, *spacing_ji])
    start, count = low - 2.0 * spacing, np.ceil((high - low) / spacing).astype(int) + 5
    if image is not None:
        corners = image.to_lps([[0, 0, 0], [n - 1 for n in image.shape_kji]]) @ axes.T
        slack = OFF_LINE_MM + OFF_LINE_SHARE * step
        below = max(0, int((lowest - corners[:, 0].min() + slack) / step))
        above = max(0, int((corners[:, 0].max() - high[0] + slack) / step))
        start[1:], count[1:] = corners.min(axis=0)[1:], np.array(image.shape_kji[1:])
    start[0], count[0] = lowest - below * step, int(np.rint((high[0] - lowest) / step)) + 1 + below + above
    if count.min() < 1 or count.max() > 20_000:
        raise BadGeometry(f"{file.start} has contours too far apart for one image; export it anew.")
    refuse_impossible_size(int(np.prod(count, dtype=np.int64)) * 4, None, file)
    affine = np.eye(4)
    affine[:3, :3] = axes.T * spacing
    affine[:3, 3] = axes.T @ start
    shape = (int(count[0]), int(count[1]), int(count[2]))
    return grid_of(file, shape, lambda shape: Grid.from_affine(shape, affine)), below
