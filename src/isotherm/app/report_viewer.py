"""What the report's viewer shows: images and outlines on one small grid around each lesion, and its colored surface."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy.ndimage import affine_transform, gaussian_filter
from skimage.measure import marching_cubes  # pyright: ignore[reportUnknownVariableType]

from isotherm.app.assessment import LesionView
from isotherm.app.figures_slices import SURROUND_MM, Place, box_lps_mm, gray_window
from isotherm.app.palette import CLASSES, NOT_ASSESSABLE, class_index, rgb
from isotherm.exchange.nifti_files import nifti_bytes
from isotherm.imaging.margin import Margin
from isotherm.imaging.surface import Surface
from isotherm.imaging.volume import Grid, Mask, Volume

Float = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]

MOST_VOXELS_ALONG = 160
FINEST_MM, COARSEST_MM = 0.5, 2.0

BYTES_PER_VOXEL = 0.9
"""Of an image after gzip and base64: noise leaves little to compress."""
BYTES_PER_POINT = 25.0
"""Of a surface with its triangles, after gzip and base64."""

WHITE = "#ffffff"
ORGAN = "#4fe0cb"
VESSEL = "#6aa5ff"
BONE = "#d9d2c5"
MEASURED = "#0b0f12"

DIFFUSE_GAIN = 1.4
"""NiiVue's "Diffuse" shader multiplies by this where a surface faces the eye: that is where colors match the legend."""

RAS = np.array([-1.0, -1.0, 1.0])
"""Turns LPS mm into RAS mm, the frame of NIfTI and of NiiVue, and back."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One thing that can be switched on and off: a NIfTI image, a NIfTI label map, or a mesh.

    Parameters
    ----------
    key : str
        What it is: "after", "before", "tumor", "ablation", "organ", "vessels", "surface", "zone", "vessel tree",
        "as measured" or "other way".
    switch : str
        The key of the switch that shows and hides it; the outline and the surface of one thing may share one.
    kind : {"image", "labels", "mesh"}
    content : str
        The file, gzipped, as base64.
    colors : tuple of str
        #rrggbb of label 1, 2, ...; empty for images.
    """

    key: str
    switch: str
    kind: str
    content: str
    colors: tuple[str, ...] = ()
    opacity: float = 1.0
    points: int = 0
    window: tuple[float, float] | None = None


def spacing_that_fits(views: Sequence[LesionView], room_bytes: int) -> float | None:
    """Return the finest voxels, in mm, with which all lesions fit into the room; None where not even coarse ones do."""
    spacing = FINEST_MM
    while spacing <= COARSEST_MM:
        voxels = sum(prod(viewer_grid(view, spacing).shape_kji) * _images_of(view) for view in views)
        points = sum(len(surface.points_lps_mm) for view in views for surface in _surfaces(view))
        if voxels * BYTES_PER_VOXEL + points * BYTES_PER_POINT <= room_bytes:
            return spacing
        spacing *= 1.1
    return None


def _images_of(view: LesionView) -> float:
    # Outlines take next to nothing beside an image, but not nothing.
    return 0.1 + (view.image is not None) + (view.image_before is not None)


def toward(view: LesionView, place_lps_mm: Place) -> tuple[float, float]:
    """Return from where the 3-D picture is seen, so that a place faces the viewer: azimuth, elevation, degrees.

    NiiVue's azimuth 0 looks from behind, 90 from the patient's left, 180 from the front.
    """
    left, posterior, cranial = np.array(place_lps_mm) - view.tumor_surface.points_lps_mm.mean(axis=0)
    if np.hypot(np.hypot(left, posterior), cranial) < 1.0:
        return 200.0, 15.0  # the tumor's middle has no side
    elevation = np.degrees(np.arctan2(cranial, np.hypot(left, posterior)))
    return float(np.degrees(np.arctan2(left, posterior)) % 360.0), float(np.clip(elevation, -75.0, 75.0))


def _surfaces(view: LesionView) -> list[Surface]:
    return [surface for surface in (view.tumor_surface, view.ablation_surface) if surface is not None]


def viewer_grid(view: LesionView, spacing_mm: float) -> Grid:
    """Return the viewer's grid around tumor and ablation: axes right, anterior, superior; 160 voxels at most."""
    low, high = box_lps_mm(view)
    low, high = low - SURROUND_MM, high + SURROUND_MM
    spacing = max(spacing_mm, float((high - low).max()) / MOST_VOXELS_ALONG)
    count = np.maximum(np.floor((high - low) / spacing).astype(int), 2)
    middle = (low + high) / 2.0
    origin = middle + RAS * -((count - 1) / 2.0 * spacing)
    direction = np.diag(RAS)[:, ::-1]  # array axes k, j, i are superior, anterior, right
    shape = (int(count[2]), int(count[1]), int(count[0]))
    return Grid(shape, (spacing, spacing, spacing), (origin[0], origin[1], origin[2]), direction)


def layers(view: LesionView, *, spacing_mm: float, organ_name: str) -> tuple[Layer, ...]:
    """Return what can be shown of a lesion, from the bottom of the pile to its top."""
    grid = viewer_grid(view, spacing_mm)
    return (*image_layers(view, grid, organ_name), *drawn_layers(view, grid))


def drawn_layers(view: LesionView, grid: Grid) -> tuple[Layer, ...]:
    """Return outlines and surfaces on the viewer's grid: what changes when a mask does."""
    return (*_outlines(view, grid), *_meshes(view, grid))


def as_measured(view: LesionView, grid: Grid) -> Layer:
    """Return both outlines in one dark color: what was measured, to be seen below outlines that are corrected."""
    surfaces = _surfaces(view)
    shells = [_shell(one, grid, np.ones(len(one.points_lps_mm), dtype=np.int64)) for one in surfaces]
    return _labels("as measured", np.maximum.reduce(shells), grid, (MEASURED,), opacity=0.85)


def image_layers(view: LesionView, grid: Grid, organ_name: str) -> Iterator[Layer]:
    """Yield the images on the viewer's grid, the one after first."""
    given = [(key, image) for key, image in (("after", view.image), ("before", view.image_before)) if image is not None]
    if not given:
        # NiiVue needs an image to lay the outlines on.
        plain = np.zeros(grid.shape_kji, dtype=np.uint8)
        yield Layer("ground", "", "image", _packed(nifti_bytes(plain, grid)), window=(0.0, 1.0))
    for key, image in given:
        yield image_layer(key, image, grid, organ_name)


def image_layer(key: str, image: Volume, grid: Grid, organ_name: str) -> Layer:
    """Return an image on a grid of the viewer, in the gray values that are usual for its organ."""
    low, high = gray_window(image, organ_name)
    values = _sampled(image.voxels, image.grid, grid, outside=low)
    gray = np.round(np.clip((values - low) / (high - low), 0.0, 1.0) * 255.0).astype(np.uint8)
    slope = (high - low) / 255.0
    return Layer(key, key, "image", _packed(nifti_bytes(gray, grid, slope=slope, start=low)), window=(low, high))


def outline_layer(key: str, surface: Surface, grid: Grid, color: str) -> Layer:
    """Return the outline of a surface on a grid of the viewer, in one color."""
    ones = np.ones(len(surface.points_lps_mm), dtype=np.int64)
    return _labels(key, _shell(surface, grid, ones), grid, (color,))


def _outlines(view: LesionView, grid: Grid) -> Iterator[Layer]:
    if view.organ is not None:
        yield _labels("organ", _rim(view.organ, grid), grid, (ORGAN,), opacity=0.9)
    if view.vessels is not None:
        inside = _sampled(view.vessels.voxels.astype(np.float32), view.vessels.grid, grid, outside=0.0) >= 0.5
        yield _labels("vessels", inside.astype(np.uint8), grid, (VESSEL,), opacity=0.5)
    if view.ablation_surface is not None:
        zone = view.ablation_surface
        ones = np.ones(len(zone.points_lps_mm), dtype=np.int64)
        yield _labels("ablation", _shell(zone, grid, ones), grid, (WHITE,), opacity=0.8)
    tumor, classes = _classed(view)
    yield _labels("tumor", _shell(tumor, grid, classes), grid, (*(one.color for one in CLASSES), NOT_ASSESSABLE))


def _classed(view: LesionView) -> tuple[Surface | Margin, npt.NDArray[np.int64]]:
    """Return the tumor's surface, and the label of each of its points: 1 and on by class, the last without a margin."""
    margin = view.margin
    if margin is None:
        return view.tumor_surface, np.full(len(view.tumor_surface.points_lps_mm), len(CLASSES) + 1)
    return margin, np.where(margin.assessable, class_index(margin.distances_mm), len(CLASSES)) + 1


def _labels(key: str, voxels: Bytes, grid: Grid, colors: tuple[str, ...], *, opacity: float = 1.0) -> Layer:
    return Layer(key, key, "labels", _packed(nifti_bytes(voxels, grid, labels=True)), colors=colors, opacity=opacity)


def _meshes(view: LesionView, grid: Grid) -> Iterator[Layer]:
    tumor, classes = _classed(view)
    colors = np.array([rgb(one.color) for one in CLASSES] + [rgb(NOT_ASSESSABLE)], dtype=np.uint8)
    yield _mesh("surface", "surface", tumor.points_lps_mm, tumor.triangles, colors[classes - 1])
    near = None if view.vessels is None else _within(view.vessels, grid)
    if near is not None and near.inside.any():
        yield _mesh("vessel tree", "vessels", *_skin(near), rgb(VESSEL))
    if view.ablation_surface is not None:
        zone = view.ablation_surface
        at = grid.to_kji(zone.points_lps_mm)
        beyond = np.any((at < 0) | (at >= grid.shape_kji), axis=1)
        triangles = zone.triangles[~np.any(beyond[zone.triangles], axis=1)]
        yield _mesh("zone", "ablation", zone.points_lps_mm, triangles, rgb(BONE), opacity=0.22)


def _within(mask: Mask, grid: Grid) -> Mask:
    """Return the part of a mask inside the box that the viewer shows."""
    corners = mask.grid.to_kji(grid.corners_lps_mm())
    start, end = np.floor(corners.min(axis=0)).astype(int), np.ceil(corners.max(axis=0)).astype(int) + 1
    start, end = np.clip(start, 0, mask.grid.shape_kji), np.clip(end, 0, mask.grid.shape_kji)
    size = np.maximum(end - start, 1)
    return mask.windowed((int(start[0]), int(start[1]), int(start[2])), (int(size[0]), int(size[1]), int(size[2])))


def _skin(mask: Mask) -> tuple[Float, npt.NDArray[np.int64]]:
    """Return a surface of a mask for the eye, slightly smoothed; nothing is measured on it."""
    values = gaussian_filter(np.pad(mask.voxels.astype(np.float32), 2), 0.7)
    skin = cast("tuple[Float, npt.NDArray[np.int64]]", marching_cubes(values, min(0.5, 0.5 * float(values.max())))[:2])
    return mask.grid.to_lps(skin[0] - 2.0), skin[1].astype(np.int64)


def _mesh(key: str, switch: str, points_lps_mm: Float, triangles: npt.NDArray[np.integer], colors: npt.ArrayLike,
          *, opacity: float = 1.0) -> Layer:  # fmt: skip
    rgba = np.full((len(points_lps_mm), 4), 255, dtype=np.uint8)
    rgba[:, :3] = np.asarray(colors) / DIFFUSE_GAIN
    outward = _outward(points_lps_mm, triangles) * RAS[0] * RAS[1] * RAS[2]
    faces = triangles if outward > 0 else triangles[:, ::-1]
    parts = ((points_lps_mm * RAS).astype("<f4"), faces.astype("<u4"), rgba)
    content = b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
    return Layer(key, switch, "mesh", _packed(content), opacity=opacity, points=len(points_lps_mm))


def _outward(points: Float, triangles: npt.NDArray[np.integer]) -> float:
    """Return the volume that the surface encloses; below zero where its triangles look inward."""
    a, b, c = np.moveaxis(points[triangles] - points.mean(axis=0), 1, 0)
    return float(np.einsum("ij,ij->", a, np.cross(b, c)))


def _sampled(voxels: npt.NDArray[Any], source: Grid, grid: Grid, *, outside: float) -> npt.NDArray[np.float32]:
    """Carry voxels onto the viewer's grid, trilinear; `outside` is what lies beyond the source."""
    carry = np.linalg.inv(source.kji_to_lps) @ grid.kji_to_lps
    return affine_transform(voxels, carry[:3, :3], carry[:3, 3], output_shape=grid.shape_kji, output=np.float32,
                            order=1, mode="grid-constant", cval=outside)  # fmt: skip


def _rim(mask: Mask, grid: Grid) -> Bytes:
    """Return the voxels inside a mask that have a face neighbor outside; where a cropped mask ends there is no rim."""
    values = _sampled(mask.voxels.astype(np.float32), mask.grid, grid, outside=np.nan)
    # -1 outside, 1 inside, 0 unknown: only a step from inside to outside is one of 2.
    side = np.where(np.isnan(values), 0, np.where(values >= 0.5, 1, -1)).astype(np.int8)
    rim = np.zeros(grid.shape_kji, dtype=np.uint8)
    for axis in range(3):
        step = np.diff(side, axis=axis)
        before = tuple(slice(None, -1) if a == axis else slice(None) for a in range(3))
        after = tuple(slice(1, None) if a == axis else slice(None) for a in range(3))
        rim[before] |= step == -2
        rim[after] |= step == 2
    return rim


def _shell(surface: Surface | Margin, grid: Grid, values: npt.NDArray[np.int64]) -> Bytes:
    """Return the voxels that a surface passes through, with the least of the values (above 0) met in each."""
    least = np.full(grid.shape_kji, 255, dtype=np.uint8)
    corners = surface.points_lps_mm[surface.triangles]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    # Places on each triangle less than half a voxel apart: no voxel on the way is missed by more than a corner.
    needed = np.ceil(2.0 * longest / min(grid.spacing_kji_mm)).astype(np.int64) + 1
    for steps in np.unique(needed).tolist():
        these = needed == steps
        weights = np.array([(a, b, steps - a - b) for a in range(steps + 1) for b in range(steps + 1 - a)]) / steps
        at = np.round(grid.to_kji(np.einsum("sc,tcx->tsx", weights, corners[these]).reshape(-1, 3))).astype(np.int64)
        nearest = surface.triangles[these][:, weights.argmax(axis=1)].ravel()
        within = ((at >= 0) & (at < grid.shape_kji)).all(axis=1)
        np.minimum.at(least, tuple(at[within].T), values[nearest[within]].astype(np.uint8))
    return np.where(least == 255, 0, least).astype(np.uint8)


def _packed(content: bytes) -> str:
    return base64.b64encode(gzip.compress(content, compresslevel=6, mtime=0)).decode("ascii")
