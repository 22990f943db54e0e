"""Field, Surface and Region: smooth skins between voxels, and what is left when one is cut by another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from skimage.measure import marching_cubes  # pyright: ignore[reportUnknownVariableType]

from isotherm.imaging.geometry import Float, Int
from isotherm.imaging.reconstruct import reconstruct
from isotherm.imaging.volume import Grid, Mask

WELD_MM = 1e-5
"""Corners closer than this are one point."""

SCATTER = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)
"""Odd factors that make one 64-bit number of a place's three; two of a million places share it once in 1e7 surfaces."""

DISCRETIZATION_ERROR_MM = ((0.5, 0.05), (1.0, 0.06), (1.5, 0.09), (2.5, 0.15), (5.0, 0.49))
"""Slice thickness, and root mean square error of the minimal margin that voxels alone cause, both in mm.

The larger one of smooth and lobulated shapes with binary masks in `make bench`; 0.5 mm is assumed.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A number at every voxel center, in mm: positive inside, zero on the surface, negative outside.

    Parameters
    ----------
    values_mm : array, shape (k, j, i)
        Close to the signed distance near the surface; farther away only the sign is meant.
    grid : Grid
    """

    values_mm: npt.NDArray[np.float32]
    grid: Grid

    def __post_init__(self) -> None:
        values = np.ascontiguousarray(self.values_mm, dtype=np.float32)
        values.setflags(write=False)
        object.__setattr__(self, "values_mm", values)

    def at(self, points_lps_mm: npt.ArrayLike) -> Float:
        """Return the field at points, shape (n, 3), trilinear, shape (n,); outside it is as at the rim."""
        kji = self.grid.to_kji(points_lps_mm)
        return ndimage.map_coordinates(self.values_mm, kji.T, order=1, mode="nearest").astype(np.float64)

    def boundary(self, *, level_mm: float = 0.0) -> Float:
        """Return the triangles of the surface at a level, shape (t, 3, 3), LPS mm."""
        if not self.values_mm.min() < level_mm < self.values_mm.max():
            return np.zeros((0, 3, 3))
        march = cast("Any", marching_cubes)  # untyped
        points, faces, _, _ = march(self.values_mm.copy(), level_mm)  # it insists on a writable array
        return self.grid.to_lps(points)[faces]

    def redistanced(self, *, inside_mm: float, outside_mm: float, box: tuple[slice, slice, slice]) -> Field:
        """Return the field with true distances to its own surface within a box of nodes.

        Distances are exact up to `inside_mm` and down to `-outside_mm`; everything else takes these values.
        """
        values = self.values_mm
        out = np.where(values > 0, np.float32(inside_mm), np.float32(-outside_mm))
        points = self.boundary().reshape(-1, 3)
        here = values[box] > 0
        if len(points) and here.size:
            # Nodes farther than this by a plain distance map cannot be nearer to the surface between the nodes.
            spacing = self.grid.spacing_kji_mm
            slack = max(spacing)
            deep = ndimage.distance_transform_edt(here, sampling=spacing)
            high = ndimage.distance_transform_edt(~here, sampling=spacing)
            near = np.nonzero((deep <= inside_mm + slack) & (high <= outside_mm + slack))
            nodes = np.stack(near, axis=1) + [s.start for s in box]
            gaps, _ = cKDTree(points).query(self.grid.to_lps(nodes))
            signed = np.where(here[near], np.minimum(gaps, inside_mm), -np.minimum(gaps, outside_mm))
            out[box][near] = signed
        return Field(out, self.grid)


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A skin as points and triangles.

    Parameters
    ----------
    points_lps_mm : array, shape (n, 3)
    triangles : array of int, shape (t, 3)
    areas_mm2 : array, shape (n,)
        The share of the surface that each point stands for.
    """

    points_lps_mm: Float
    triangles: Int
    areas_mm2: Float

    @classmethod
    def from_corners(cls, corners_lps_mm: Float) -> Surface:
        """Weld a soup of triangles, shape (t, 3, 3), into points that know their area; slivers without area go."""
        flat = corners_lps_mm.reshape(-1, 3)
        # One number per place: comparing numbers is ten times quicker than comparing triples.
        places = (np.round(flat / WELD_MM).astype(np.int64).view(np.uint64) * SCATTER).sum(axis=1)
        _, first, which = np.unique(places, return_index=True, return_inverse=True)
        triangles = which.reshape(-1, 3).astype(np.int64)
        areas = triangle_areas_mm2(corners_lps_mm)
        keep = (areas > 0) & (triangles[:, 0] != triangles[:, 1]) & (triangles[:, 1] != triangles[:, 2]) & (
            triangles[:, 0] != triangles[:, 2])  # fmt: skip
        triangles, areas = triangles[keep], areas[keep]
        used = np.bincount(triangles.ravel(), minlength=len(first)) > 0
        triangles = (np.cumsum(used) - 1)[triangles]
        points = flat[first[used]]
        shares = np.bincount(triangles.ravel(), np.repeat(areas / 3.0, 3), minlength=len(points))
        return cls(points, triangles, np.asarray(shares, dtype=np.float64))

    def parts(self) -> Int:
        """Return the number, from 0, of the connected part that each point belongs to, shape (n,)."""
        edges = self.triangles[:, [0, 1, 1, 2]].reshape(-1, 2)
        count = len(self.points_lps_mm)
        links = sparse.coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(count, count))
        return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)

    def corners(self) -> Float:
        """Return the triangles as corners, shape (t, 3, 3), LPS mm."""
        return self.points_lps_mm[self.triangles]


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A part of the patient: `at(points)` is positive inside, `boundary` are its triangles, shape (t, 3, 3), LPS mm."""

    at: Callable[[Float], Float]
    boundary: Float

    @classmethod
    def of_field(cls, field: Field, *, level_mm: float = 0.0) -> Region:
        """Return what lies above a level of a field."""
        return cls(lambda points: field.at(points) - level_mm, field.boundary(level_mm=level_mm))

    @property
    def empty(self) -> bool:
        """Whether there is no surface at all."""
        return len(self.boundary) == 0

    def outside(self) -> Region:
        """Return everything that is not in this region; the boundary is the same, turned inside out."""
        return Region(lambda points: -self.at(points), self.boundary[:, ::-1])


NOTHING = Region(lambda points: np.full(len(points), -np.inf), np.zeros((0, 3, 3)))
"""The region that holds no point."""


def both(one: Region, other: Region) -> Region:
    """Return what lies in one region and in the other."""
    parts = (clipped(one.boundary, other.at), clipped(other.boundary, one.at))
    return Region(lambda points: np.minimum(one.at(points), other.at(points)), np.concatenate(parts))


def either(regions: Sequence[Region]) -> Region:
    """Return what lies in at least one of the regions."""
    joined = NOTHING
    for region in regions:
        joined = both(joined.outside(), region.outside()).outside() if not joined.empty else region
    return joined


def clipped(corners_lps_mm: Float, keep_where_positive: Callable[[Float], Float]) -> Float:
    """Cut triangles, shape (t, 3, 3), along the zero of a function of place; what is positive stays."""
    if len(corners_lps_mm) == 0:
        return corners_lps_mm
    values = keep_where_positive(corners_lps_mm.reshape(-1, 3)).reshape(-1, 3)
    kept = values > 0
    count = kept.sum(axis=1)
    whole = corners_lps_mm[count == 3]
    # Turn each cut triangle so that its odd corner comes first; the cut crosses the two edges at that corner.
    mixed = (count == 1) | (count == 2)
    corners, values, kept, count = corners_lps_mm[mixed], values[mixed], kept[mixed], count[mixed]
    odd = cast("Int", np.where(count == 1, kept.argmax(axis=1), (~kept).argmax(axis=1)))
    turn: Int = (odd[:, None] + np.arange(3)) % 3
    corners = np.take_along_axis(corners, turn[:, :, None], axis=1)
    values = np.take_along_axis(values, turn, axis=1)
    finite = np.clip(values, -1e6, 1e6)
    share = finite[:, :1] / (finite[:, :1] - finite[:, 1:])
    cuts = corners[:, :1] + share[:, :, None] * (corners[:, 1:] - corners[:, :1])
    one = count == 1
    tips = np.stack([corners[one, 0], cuts[one, 0], cuts[one, 1]], axis=1)
    first = np.stack([cuts[~one, 0], corners[~one, 1], corners[~one, 2]], axis=1)
    second = np.stack([cuts[~one, 0], corners[~one, 2], cuts[~one, 1]], axis=1)
    return np.concatenate([whole, tips, first, second])


def triangle_areas_mm2(corners_lps_mm: Float) -> Float:
    """Return the area of each triangle, shape (t,)."""
    edges = corners_lps_mm[:, 1:] - corners_lps_mm[:, :1]
    return 0.5 * np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)


def field_of(mask: Mask) -> Field:
    """Return the smooth field of a mask whose zero is its sub-voxel surface."""
    values, grid = reconstruct(mask)
    return Field(values, grid)


def discretization_error_mm(slice_mm: float) -> float:
    """Return the error of the minimal margin that slices of this thickness cause."""
    slices, errors = zip(*DISCRETIZATION_ERROR_MM, strict=True)
    return float(np.interp(slice_mm, slices, errors)) * max(1.0, slice_mm / slices[-1])
