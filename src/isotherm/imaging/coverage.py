"""Coverage: the volumes that a zone leaves untreated, in a tumor, in shells around it, and region by region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from isotherm.imaging.geometry import Float, direction_words
from isotherm.imaging.margin import Margin
from isotherm.imaging.organ import Organ
from isotherm.imaging.surface import Field, Region
from isotherm.imaging.volume import Grid, Mask

SHELLS_MM = tuple(range(1, 11))
"""Outer distances from the tumor up to which the treated share of the tissue is reported."""

AT_RISK_MM = 5.0
"""Tissue this near to the tumor, or in it, is at risk when it is not ablated (Kaye 2019)."""

NODE_MM = 1.0
"""Volumes are summed on nodes at most this far apart, each weighed by how much of it lies inside."""


@dataclass(frozen=True, slots=True, eq=False)
class UncoveredRegion:
    """One connected part of the tumor's surface below the margin aimed at."""

    area_mm2: float
    volume_ml: float
    minimal_margin_mm: float
    center_lps_mm: Float
    outward_direction: str


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """Volumes around one lesion, all inside the organ where one is given.

    Parameters
    ----------
    residual_volume_ml : float
        Tumor outside of the zone.
    at_risk_volume_ml : float
        Tissue within 5 mm of the tumor, the tumor itself included, outside of the zone.
    shell : tuple of (int, float or None)
        For k = 1 to 10 mm, the ablated share of the tissue up to k mm from the tumor; None where there is none.
    regions : tuple of UncoveredRegion
        Below the margin aimed at, the thinnest first.
    residual, uncovered : Mask
        Untreated tumor, and untreated tissue within the margin aimed at (without the tumor), on the grid asked for.
    """

    residual_volume_ml: float
    at_risk_volume_ml: float
    shell: tuple[tuple[int, float | None], ...]
    regions: tuple[UncoveredRegion, ...]
    residual: Mask
    uncovered: Mask


def coverage(
    tumor: Region, zone: Region, margin: Margin, grid: Grid, *, masks_on: Grid, organ: Organ | None, target_mm: float
) -> Coverage:
    """Sum the volumes around one lesion.

    Parameters
    ----------
    tumor, zone : Region
    margin : Margin
        Of this lesion.
    grid : Grid
        The tumor's grid; nodes are laid along its axes.
    masks_on : Grid
        The grid of the masks that are returned, windows of it: that of the ablation zone.
    organ : Organ, optional
    target_mm : float
        The margin aimed at.
    """
    nodes = _nodes(grid, margin.points_lps_mm, max(SHELLS_MM[-1], target_mm))
    points = nodes.centers_lps_mm()
    step = float(np.mean(nodes.spacing_kji_mm))
    in_tumor = _share(tumor.at(points), step)
    in_zone = _share(zone.at(points), step)
    in_organ = np.ones(len(points)) if organ is None else _share(organ.depth.at(points), step)
    if organ is None or organ.convention == "clip":
        in_tumor = np.minimum(in_tumor, in_organ)
    untreated = np.minimum(in_organ, 1.0 - in_zone)
    gap = _distance_to(in_tumor.reshape(nodes.shape_kji) >= 0.5, tumor.at(points), nodes)

    voxel_ml = nodes.voxel_volume_ml
    around = in_organ * (1.0 - in_tumor)
    shells: list[tuple[int, float | None]] = []
    for k in SHELLS_MM:
        weight = around * _share(k - gap, step)
        whole = weight.sum()
        shells.append((k, float((weight * in_zone).sum() / whole) if whole > 0 else None))
    residual = np.minimum(in_tumor, 1.0 - in_zone)
    at_risk = untreated * _share(AT_RISK_MM - gap, step)
    uncovered = around * (1.0 - in_zone) * _share(target_mm - gap, step)
    return Coverage(
        float(residual.sum()) * voxel_ml,
        float(at_risk.sum()) * voxel_ml,
        tuple(shells),
        _regions(margin, points, np.maximum(uncovered, residual), voxel_ml, target_mm),
        *_masks(tumor, zone, organ, Field(gap.reshape(nodes.shape_kji).astype(np.float32), nodes), masks_on, target_mm),
    )


def _nodes(grid: Grid, points_lps_mm: Float, reach_mm: float) -> Grid:
    start, shape = grid.box_around(points_lps_mm, reach_mm=reach_mm + 1.0)
    factors = [max(1, int(np.ceil(s / NODE_MM - 1e-6))) for s in grid.spacing_kji_mm]
    return grid.window(start, shape).refined((factors[0], factors[1], factors[2]))


def _share(inside_mm: Float, step_mm: float) -> Float:
    """Return how much of a node lies inside, from its signed distance: half on the surface, all half a step deep."""
    return np.clip(inside_mm / step_mm + 0.5, 0.0, 1.0)


def _distance_to(inside: npt.NDArray[np.bool_], level_mm: Float, nodes: Grid) -> Float:
    """Return the distance of each node to the tumor's surface, shape (n,); 0 inside."""
    found: Any = ndimage.distance_transform_edt(~inside, sampling=nodes.spacing_kji_mm, return_indices=True)
    # From a node to the nearest node inside, less how deep that one lies below the surface.
    nearest = np.ravel_multi_index(tuple(found[1].reshape(3, -1)), nodes.shape_kji)
    depth = np.clip(level_mm[nearest], 0.0, max(nodes.spacing_kji_mm))
    return np.where(inside.ravel(), 0.0, np.maximum(found[0].ravel() - depth, 0.0))


def tumor_on(grid: Grid, tumor: Region) -> Mask:
    """Return all of a tumor as a mask, a window of a grid: the residual where nothing was ablated."""
    window, centers = _centers(grid, tumor.boundary.reshape(-1, 3))
    inside = (tumor.at(centers) > 0).reshape(window.shape_kji)
    return Mask(inside, window, "structure")


def _masks(
    tumor: Region, zone: Region, organ: Organ | None, gap: Field, grid: Grid, target_mm: float
) -> tuple[Mask, Mask]:
    """Return the residual and what is uncovered around it, by the places of voxel centers, as windows of a grid."""
    window, centers = _centers(grid, gap.grid.corners_lps_mm())
    open_ = zone.at(centers) <= 0
    if organ is not None:
        open_ &= organ.depth.at(centers) > 0
    in_tumor = tumor.at(centers) > 0
    parts = open_ & in_tumor, open_ & ~in_tumor & (gap.at(centers) <= target_mm)
    first, second = (Mask(part.reshape(window.shape_kji), window, "structure") for part in parts)
    return first, second


def _centers(grid: Grid, around_lps_mm: Float) -> tuple[Grid, Float]:
    """Return the window of a grid that holds points, and the centers of its voxels, shape (n, 3)."""
    window = grid.window(*grid.box_around(around_lps_mm, reach_mm=0.0))
    return window, window.centers_lps_mm()


def _regions(margin: Margin, points: Float, untreated: Float, voxel_ml: float, target_mm: float
             ) -> tuple[UncoveredRegion, ...]:  # fmt: skip
    below = margin.distances_mm < target_mm
    if not below.any():
        return ()
    edges = np.concatenate([margin.triangles[:, [0, 1]], margin.triangles[:, [1, 2]], margin.triangles[:, [2, 0]]])
    edges = edges[below[edges].all(axis=1)]
    count = len(below)
    links = sparse.coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(count, count))
    _, part = connected_components(links, directed=False)
    some = untreated > 0
    _, owner = cKDTree(margin.points_lps_mm).query(points[some])
    owned = np.bincount(part[owner], untreated[some] * below[owner], minlength=int(part.max()) + 1)
    middle = np.average(margin.points_lps_mm, axis=0, weights=margin.areas_mm2)
    found: list[UncoveredRegion] = []
    for label in np.unique(part[below]):
        here = np.flatnonzero((part == label) & below)
        area = float(margin.areas_mm2[here].sum())
        if area <= 0:
            continue
        center = np.average(margin.points_lps_mm[here], axis=0, weights=margin.areas_mm2[here])
        found.append(
            UncoveredRegion(
                area,
                float(owned[label]) * voxel_ml,
                float(margin.distances_mm[here].min()),
                center,
                direction_words(center - middle),
            )
        )
    return tuple(sorted(found, key=lambda region: region.minimal_margin_mm))
