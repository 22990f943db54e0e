"""Balls, ellipsoids and tubes with an exact inside: as bodies, as fields, and drawn on any grid."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from isotherm.imaging.geometry import Float
from isotherm.imaging.phantom_directions import icosphere
from isotherm.imaging.proximity import Body
from isotherm.imaging.volume import Grid, Mask

Field = Callable[[Float], Float]


def ball(center: tuple[float, float, float], radius_mm: float, detail: int = 4) -> Body:
    directions, faces = icosphere(detail)
    return Body(np.array(center) + radius_mm * directions, faces, ball_field(center, radius_mm))


def ball_field(center: tuple[float, float, float], radius_mm: float) -> Field:
    return lambda points: radius_mm - np.linalg.norm(points - np.array(center), axis=1)


def ellipsoid(
    semi_axes: tuple[float, float, float], turn: Rotation, center: tuple[float, float, float], detail: int = 4
):
    directions, faces = icosphere(detail)
    return turn.apply(directions * semi_axes) + np.array(center), faces


def tube(start: tuple[float, float, float], end: tuple[float, float, float], radius_mm: float) -> Field:
    """Return a cylinder with flat ends, as a field that is positive inside."""
    a, ab = np.array(start, dtype=float), np.array(end, dtype=float) - np.array(start, dtype=float)
    length = float(np.linalg.norm(ab))

    def field(points: Float) -> Float:
        along = (points - a) @ ab / length
        across = np.linalg.norm(points - a - along[:, None] * ab / length, axis=1)
        return np.minimum(radius_mm - across, np.minimum(along, length - along))

    return field


def grid_around(
    spacing_kji_mm: tuple[float, float, float], half_mm: float, turn: Rotation | None = None, shift=(0.0, 0.0, 0.0)
) -> Grid:
    """Return a grid centered (up to `shift`) on LPS 0, turned if wanted."""
    direction = (turn or Rotation.identity()).as_matrix() @ np.eye(3)[::-1].T
    n = [int(2 * half_mm / s) + 1 for s in spacing_kji_mm]
    shape = (n[0], n[1], n[2])
    middle = Grid(shape, spacing_kji_mm, (0.0, 0.0, 0.0), direction).to_lps([[(m - 1) / 2 for m in n]])[0]
    origin = np.array(shift) - middle
    return Grid(shape, spacing_kji_mm, (float(origin[0]), float(origin[1]), float(origin[2])), direction)


def voxel_centers(grid: Grid) -> Float:
    return grid.centers_lps_mm()


def drawn(grid: Grid, *fields: Field) -> Mask:
    """Draw the union of fields: a voxel is inside where its center is."""
    points = voxel_centers(grid)
    inside = np.max([field(points) for field in fields], axis=0) >= 0
    return Mask(inside.reshape(grid.shape_kji), grid, "vessel")
