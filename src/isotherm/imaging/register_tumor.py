"""Keeps the tumor's volume: inside it the deformation is replaced by the nearest map that changes no volume."""

from __future__ import annotations

from typing import cast

import numpy as np
from scipy.spatial import cKDTree

from isotherm.errors import EmptyMask
from isotherm.imaging.geometry import Float
from isotherm.imaging.transform import Displacement, Transform
from isotherm.imaging.volume import Mask

FADE_MM = 20.0
"""Width of the layer around the tumor over which the map that keeps its volume passes into the deformation."""

MOST_POINTS = 4000
"""Points of the tumor that a map is fitted to."""

LEAST_SPREAD, LEAST_VOLUME = 0.1, 0.25
"""Points flatter than the first, or a map that shrinks volumes below the second, say nothing of shear."""


def best_rigid(fixed_lps_mm: Float, moving_lps_mm: Float) -> Transform:
    """Return the rotation and shift with the least mean squared distance between paired points, shape (n, 3) each.

    References
    ----------
    .. [1] Arun KS, Huang TS, Blostein SD. IEEE Trans Pattern Anal Mach Intell 1987;9:698-700.
    """
    from_, to = fixed_lps_mm.mean(axis=0), moving_lps_mm.mean(axis=0)
    left, _, right = np.linalg.svd((fixed_lps_mm - from_).T @ (moving_lps_mm - to))
    mirror = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    rotation = (left @ mirror @ right).T
    return Transform(rotation, to - rotation @ from_)


def points_in(mask: Mask) -> Float:
    """Return points inside a mask, shape (n, 3), LPS mm, at most `MOST_POINTS` of them, evenly left out.

    Raises
    ------
    EmptyMask
    """
    inside = np.argwhere(mask.inside)
    if not len(inside):
        raise EmptyMask(f"A {mask.of} mask without a single voxel came; draw it first.")
    return mask.grid.to_lps(inside[:: -(-len(inside) // MOST_POINTS)])


def best_isochoric(fixed_lps_mm: Float, moving_lps_mm: Float) -> tuple[Float, Float]:
    """Return the matrix, of determinant 1, and the shift that carry points, shape (n, 3), nearest to their partners.

    The affine map of least squares, scaled evenly until it keeps volumes: the tumor may be turned and sheared with its
    surroundings, and never shrinks or grows. Flat points, or a map that collapses, give the rigid map.
    """
    from_, to = fixed_lps_mm.mean(axis=0), moving_lps_mm.mean(axis=0)
    # Least squares by the pseudo-inverse: flat points would leave the matrix open across them.
    inverse = cast("Float", np.linalg.pinv(fixed_lps_mm - from_))
    matrix = (inverse @ (moving_lps_mm - to)).T
    spread = np.linalg.svd(fixed_lps_mm - from_, compute_uv=False)
    if spread[-1] < LEAST_SPREAD * spread[0] or np.linalg.det(matrix) < LEAST_VOLUME:
        motion = best_rigid(fixed_lps_mm, moving_lps_mm)
        return motion.rotation, motion.translation_mm
    kept = matrix / float(np.linalg.det(matrix)) ** (1.0 / 3.0)
    return kept, to - kept @ from_


def with_kept_volume(transform: Transform, tumor: Mask) -> Transform:
    """Return the deformation with a tumor, drawn on the moving scan, whose volume is what it was.

    Raises
    ------
    EmptyMask
        There is no tumor.
    NotConverged
        The deformation is too steep at the tumor.
    """
    if transform.displacement is None:
        return transform
    there = points_in(tumor)
    here = transform.back(there)
    matrix, shift = best_isochoric(here, there)
    grid = transform.displacement.grid
    nodes = grid.centers_lps_mm()
    # Trilinear between nodes: all eight around any place in the tumor have to move as the tumor does.
    held = float(np.linalg.norm(grid.spacing_kji_mm)) + max(tumor.grid.spacing_kji_mm)
    away = np.asarray(cKDTree(here).query(nodes)[0])
    share = (0.5 + 0.5 * np.cos(np.pi * np.clip((away - held) / FADE_MM, 0.0, 1.0)))[:, None]
    moved = share * (nodes @ matrix.T + shift) + (1.0 - share) * transform.points(nodes)
    sway = (moved - transform.translation_mm) @ transform.rotation - nodes
    return Transform(transform.rotation, transform.translation_mm,
                     Displacement(sway.reshape(*grid.shape_kji, 3).astype(np.float32), grid))  # fmt: skip
