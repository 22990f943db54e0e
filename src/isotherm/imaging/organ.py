"""The organ around a lesion: its hull without holes, its capsule, and where the images cut it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isotherm.imaging.geometry import Float, Triangles
from isotherm.imaging.reconstruct import reconstruct
from isotherm.imaging.surface import Field, Region, clipped
from isotherm.imaging.volume import Grid, Mask

REACH_MM = 25.0
"""How far from the tumor untreated tissue is looked for; a margin beyond it is reported as "at least" this."""

DEPTH_MM = 4.0
"""Depths below the capsule are exact up to here: more than the largest capsule tolerance that is reported."""

HEIGHT_MM = 1.5
"""Heights above the capsule are exact up to here: more than the reach of the clipped-face rule."""

GAP_MM = 2.0
"""Gaps between an organ label and a zone that it leaves out are closed up to twice this width."""

CLIP_FROM_OVERLAP = 0.5
"""From this share of the tumor inside the organ label on, the label is taken to hold the tumor."""

BESIDE_MM, LEAST_BESIDE = 3.0, 0.1
"""A label that leaves the tumor out must lie this near to this share of the surfaces of tumor and zone.

Otherwise it is another organ, or out of place: joined with it, zone and tumor would be an organ of their own.
"""

Convention = Literal["clip", "add"]


@dataclass(frozen=True, slots=True, eq=False)
class Organ:
    """The organ near one lesion.

    Parameters
    ----------
    hull : Field
        Positive inside the outer hull; it ends with the window that was looked at.
    depth : Field
        Distance below the outer hull in mm, exact up to `DEPTH_MM`; negative outside of the organ.
    convention : {"clip", "add"}
        Whether the label holds the tumor (the tumor is clipped to it) or leaves it out (the tumor is added to it).
    tumor_outside_fraction : float
        Share of the tumor outside of the label as drawn.
    """

    hull: Field
    depth: Field
    convention: Convention
    tumor_outside_fraction: float

    def eroded(self, tolerance_mm: float) -> Region:
        """Return the organ without the layer of this thickness under its capsule."""
        return Region.of_field(self.depth, level_mm=tolerance_mm)


def label_around(organ: Mask, tumor_points_lps_mm: Float) -> Field:
    """Return the surface of an organ's label near a lesion, as a field.

    Where the label touches the edge of its own grid it is taken to go on: an image's edge is no capsule.

    Parameters
    ----------
    organ : Mask
    tumor_points_lps_mm : array, shape (n, 3)
        Points inside the tumor.
    """
    start, shape = organ.grid.box_around(tumor_points_lps_mm, reach_mm=REACH_MM + 10.0)
    return _open_field(_continued(organ, start, shape))


def organ_around(
    label: Field, tumor: Region, tumor_points_lps_mm: Float, zone: Region, vessels: Sequence[Region]
) -> Organ | None:
    """Build the organ's hull near a lesion; None where the label is nowhere near it.

    The hull is the label joined with the zone, the vessels and, where the label leaves it out, the tumor; gaps
    between them and inner holes are closed, so that a vessel or a zone never counts as the outside.

    Parameters
    ----------
    label : Field
        Of `label_around`.
    tumor, zone : Region
    tumor_points_lps_mm : array, shape (n, 3)
        Points inside the tumor, for the test of the label's convention.
    vessels : sequence of Region
        Vessels inside the organ.
    """
    inside = label.at(tumor_points_lps_mm) > 0
    convention: Convention = "clip" if inside.mean() >= CLIP_FROM_OVERLAP else "add"
    if convention == "add" and _share_beside(label, tumor, zone) < LEAST_BESIDE:
        return None
    joined = [zone, *vessels] + ([tumor] if convention == "add" else [])
    near = np.concatenate([tumor.boundary.reshape(-1, 3), zone.boundary.reshape(-1, 3)])
    box = _nodes_around(label.grid, near, reach_mm=10.0)
    hull = _hull(label, joined)
    depth = hull.redistanced(inside_mm=DEPTH_MM, outside_mm=HEIGHT_MM, box=box)
    return Organ(hull, depth, convention, float(1.0 - inside.mean()))


def _share_beside(label: Field, tumor: Region, zone: Region) -> float:
    """Return the share of the surfaces of tumor and zone that has the organ label within `BESIDE_MM`."""
    points = np.concatenate([region.boundary[:, 0] for region in (tumor, zone)])
    steps = BESIDE_MM * np.concatenate([np.eye(3), -np.eye(3), np.zeros((1, 3))])
    return float(np.any([label.at(points + step) > 0 for step in steps], axis=0).mean())


def _continued(organ: Mask, start: tuple[int, int, int], shape: tuple[int, int, int]) -> Mask:
    """Return a window of the organ; beyond the organ's own grid its last layer is repeated."""
    index = [np.clip(np.arange(a, a + n), 0, full - 1) for a, n, full in zip(start, shape, organ.grid.shape_kji,
                                                                           strict=True)]  # fmt: skip
    voxels = organ.voxels[np.ix_(*index)]
    return Mask(voxels, organ.grid.window(start, shape), "organ")


def _open_field(mask: Mask) -> Field:
    """Reconstruct a window of an organ, and leave out the rim where the window's own faces would pass for a capsule."""
    values, grid = reconstruct(mask)
    rim = 2.0 * max(mask.grid.spacing_kji_mm)
    ends = grid.to_kji(mask.grid.to_lps([[0, 0, 0], [n - 1 for n in mask.grid.shape_kji]]))
    steps = [int(np.ceil(rim / s)) for s in grid.spacing_kji_mm]
    box = tuple(
        slice(max(0, int(np.ceil(a - 1e-6)) + step), min(n, int(b + 1e-6) - step + 1))
        for a, b, n, step in zip(ends.min(axis=0), ends.max(axis=0), grid.shape_kji, steps, strict=True)
    )
    kept = values[box]
    return Field(kept, grid.window((box[0].start, box[1].start, box[2].start), kept.shape))


def _hull(label: Field, joined: Sequence[Region]) -> Field:
    values = label.values_mm.copy()
    grid = label.grid
    left_out = False
    for region in joined:
        if region.empty:
            continue
        # Only nodes near the added part that the label does not hold deeply can change.
        box = _nodes_around(grid, region.boundary.reshape(-1, 3), reach_mm=max(grid.spacing_kji_mm))
        here = values[box]
        open_nodes = np.nonzero(here < 1.0)
        nodes = np.stack(open_nodes, axis=1) + [s.start for s in box]
        added = region.at(grid.to_lps(nodes)).astype(np.float32)
        left_out |= bool((added > GAP_MM).any())
        here[open_nodes] = np.maximum(here[open_nodes], added)
    solid = values > 0
    filled = _without_holes(_closed(solid, grid) if left_out else solid)
    values[filled & ~solid] = 0.5 * min(grid.spacing_kji_mm)
    return Field(values, grid)


def _nodes_around(grid: Grid, points_lps_mm: Float, *, reach_mm: float) -> tuple[slice, slice, slice]:
    start, shape = grid.box_around(points_lps_mm, reach_mm=reach_mm)
    low = np.clip(start, 0, grid.shape_kji)
    high = np.clip(np.array(start) + shape, 0, grid.shape_kji)
    return slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1])), slice(int(low[2]), int(high[2]))


def _closed(solid: npt.NDArray[np.bool_], grid: Grid) -> npt.NDArray[np.bool_]:
    pad = [int(np.ceil(GAP_MM / s)) + 1 for s in grid.spacing_kji_mm]
    wide = np.pad(solid, [(p, p) for p in pad], mode="edge")
    grown = ndimage.distance_transform_edt(~wide, sampling=grid.spacing_kji_mm) <= GAP_MM
    shrunk = ndimage.distance_transform_edt(grown, sampling=grid.spacing_kji_mm) > GAP_MM
    inner = tuple(slice(p, -p) for p in pad)
    return solid | shrunk[inner]


def _without_holes(solid: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    parts, _ = ndimage.label(~solid)
    faces = [parts[s] for s in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1], np.s_[:, :, 0], np.s_[:, :, -1])]
    open_parts = np.unique(np.concatenate([face.ravel() for face in faces]))
    return solid | ~np.isin(parts, open_parts)


def cut_faces(view: Grid, organ: Organ | None, around_lps_mm: Float) -> Triangles:
    """Return the faces of an image's box near a lesion, as far as the organ reaches through them.

    Parameters
    ----------
    view : Grid
        Grid of an image, or of an organ mask: beyond its outer voxel edges nothing is known.
    organ : Organ or None
        Without an organ, the whole face is where the unknown begins.
    around_lps_mm : array, shape (n, 3)
        Points of the lesion.
    """
    kji = view.to_kji(around_lps_mm)
    reach = REACH_MM / np.array(view.spacing_kji_mm)
    low, high = kji.min(axis=0) - reach, kji.max(axis=0) + reach
    found: list[Float] = [np.zeros((0, 3, 3))]
    for axis in range(3):
        for edge in (-0.5, view.shape_kji[axis] - 0.5):
            if low[axis] <= edge <= high[axis]:
                found.append(_face(view, axis, edge, low, high))
    faces: Float = np.concatenate(found)
    if organ is not None and len(faces):
        # The hull is continued beyond the face; half a voxel inside of it the label is as drawn.
        faces = clipped(faces, organ.depth.at)
    return Triangles(faces)


def _face(view: Grid, axis: int, edge: float, low: Float, high: Float) -> Float:
    others = [a for a in range(3) if a != axis]
    lines: list[Float] = []
    for a in others:
        start, stop = max(float(low[a]), -0.5), min(float(high[a]), view.shape_kji[a] - 0.5)
        steps = max(1, int(np.ceil((stop - start) * view.spacing_kji_mm[a] / 2.0))) if stop > start else 0
        lines.append(np.linspace(start, stop, steps + 1) if steps else np.zeros(0))
    if min(len(line) for line in lines) < 2:
        return np.zeros((0, 3, 3))
    u, v = np.meshgrid(*lines, indexing="ij")
    nodes = np.empty((*u.shape, 3))
    nodes[..., axis], nodes[..., others[0]], nodes[..., others[1]] = edge, u, v
    a, b, c, d = nodes[:-1, :-1], nodes[1:, :-1], nodes[1:, 1:], nodes[:-1, 1:]
    triangles = np.concatenate([np.stack([a, b, c], axis=2).reshape(-1, 3, 3),
                                np.stack([a, c, d], axis=2).reshape(-1, 3, 3)])  # fmt: skip
    return view.to_lps(triangles.reshape(-1, 3)).reshape(-1, 3, 3)


def inside_view(view: Grid, points_lps_mm: Float) -> Float:
    """Return how far inside an image's box each point lies, in mm, shape (n,); negative outside."""
    kji = view.to_kji(points_lps_mm)
    spacing = np.array(view.spacing_kji_mm)
    gaps = np.minimum(kji + 0.5, np.array(view.shape_kji) - 0.5 - kji) * spacing
    return gaps.min(axis=1)
