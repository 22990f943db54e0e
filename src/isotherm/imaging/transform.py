"""Transform: carries points of the fixed scan (after ablation) to the moving scan (before), LPS, millimeters."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isotherm.errors import BadGeometry, BadSetting, NotConverged
from isotherm.imaging.geometry import Float
from isotherm.imaging.surface import Region, field_of
from isotherm.imaging.volume import Grid, Mask, Volume

RIGID_TOLERANCE = 1e-5
"""Largest departure of rotation' rotation from the identity that still counts as a rotation."""

WAY_BACK_MM, WAY_BACK_ROUNDS = 1e-3, 60
"""A point is carried back once its round trip misses by no more than this; in steep fields none may get there."""

SUB_VOXELS = 4
"""Sub-voxels per axis that decide a voxel's share at a carried outline."""

STEP_MM = 0.5
"""Half the step of the difference quotient from which the local change of volume is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Displacement:
    """A displacement at every node of a grid; between nodes it is trilinear, beyond the grid as at its rim.

    Parameters
    ----------
    vectors_lps_mm : array, shape (k, j, i, 3)
        Left, posterior, superior, whatever way the grid's own axes point.
    grid : Grid

    Raises
    ------
    BadGeometry
        Another shape than the grid's, or values that are not finite.
    """

    vectors_lps_mm: npt.NDArray[np.floating[Any]]
    grid: Grid

    def __post_init__(self) -> None:
        vectors = np.array(self.vectors_lps_mm, dtype=np.float32)
        if vectors.shape != (*self.grid.shape_kji, 3):
            raise BadGeometry(
                f"Displacements of shape {vectors.shape} came for a grid of {self.grid.shape_kji}; "
                "give three numbers for each node."
            )
        if not np.isfinite(vectors).all():
            raise BadGeometry("A displacement field with values that are not numbers came; register anew.")
        vectors.setflags(write=False)
        object.__setattr__(self, "vectors_lps_mm", vectors)

    def at(self, points_lps_mm: Float) -> Float:
        """Return the displacement at points, shape (n, 3), LPS mm, shape (n, 3)."""
        kji = self.grid.to_kji(points_lps_mm).T
        parts = [ndimage.map_coordinates(self.vectors_lps_mm[..., a], kji, order=1, mode="nearest") for a in range(3)]
        return np.stack(parts, axis=1).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Transform:
    """Fixed point to moving point: x -> rotation @ (x + displacement(x)) + translation_mm.

    Parameters
    ----------
    rotation : array, shape (3, 3)
    translation_mm : array, shape (3,)
    displacement : Displacement, optional
        In the fixed frame, before the rotation. None: the transform is rigid.
    error_mm : float, optional
        Mean distance by which points near the lesion are misplaced; None where nobody has estimated it.

    Raises
    ------
    BadGeometry
        A rotation that stretches, shears or mirrors, or numbers that are not finite.
    BadSetting
        An error that is no length.
    """

    rotation: Float = field(default_factory=lambda: np.eye(3))
    translation_mm: Float = field(default_factory=lambda: np.zeros(3))
    displacement: Displacement | None = None
    error_mm: float | None = None

    def __post_init__(self) -> None:
        rotation = np.array(self.rotation, dtype=np.float64)
        shift = np.array(self.translation_mm, dtype=np.float64)
        if (
            rotation.shape != (3, 3)
            or shift.shape != (3,)
            or not np.isfinite(rotation).all() & np.isfinite(shift).all()
        ):
            raise BadGeometry("A transform came that is not 3 x 3 and 3 finite numbers; give a rotation and a shift.")
        if np.abs(rotation.T @ rotation - np.eye(3)).max() > RIGID_TOLERANCE or np.linalg.det(rotation) < 0:
            raise BadGeometry(
                "A matrix that stretches, shears or mirrors came; give a rotation, and the rest as a displacement."
            )
        if self.error_mm is not None and not (math.isfinite(self.error_mm) and self.error_mm >= 0):
            raise BadSetting("A registration error that is no length came; give 0 mm or more, or leave it out.")
        for name, value in (("rotation", rotation), ("translation_mm", shift)):
            value.setflags(write=False)
            object.__setattr__(self, name, value)

    @property
    def is_rigid(self) -> bool:
        """Whether the transform only turns and shifts."""
        return self.displacement is None

    def points(self, points_lps_mm: npt.ArrayLike) -> Float:
        """Carry points, shape (n, 3), from the fixed scan to the moving one."""
        points = np.asarray(points_lps_mm, dtype=np.float64).reshape(-1, 3)
        if self.displacement is not None:
            points = points + self.displacement.at(points)
        return points @ self.rotation.T + self.translation_mm

    def back(self, points_lps_mm: npt.ArrayLike) -> Float:
        """Carry points, shape (n, 3), from the moving scan to the fixed one.

        Raises
        ------
        NotConverged
            The displacement is so steep there that the search for the point runs off.

        Notes
        -----
        Where space folds, several points belong to one; any of them is returned. `volume_change` tells where it folds.
        """
        moving = np.asarray(points_lps_mm, dtype=np.float64).reshape(-1, 3)
        target = (moving - self.translation_mm) @ self.rotation
        if self.displacement is None or not len(target):
            return target
        found = target - self.displacement.at(target)
        for _ in range(WAY_BACK_ROUNDS):
            gap = found + self.displacement.at(found) - target
            if np.abs(gap).max() <= WAY_BACK_MM:
                return found
            found = found - gap
        raise NotConverged(
            "The deformation is too steep near the lesion for a way back; check that both scans show the same place."
        )

    def inverse(self) -> Transform:
        """Return the way back of a rigid transform, exactly.

        Raises
        ------
        BadSetting
            The transform deforms: carry points back instead.
        """
        if self.displacement is not None:
            raise BadSetting("The inverse of a deformation was asked for; carry points back with `back` instead.")
        return Transform(self.rotation.T, -self.rotation.T @ self.translation_mm, None, self.error_mm)

    def then(self, other: Transform, *, grid: Grid | None = None) -> Transform:
        """Return the transform that does this one first and the other one after it; its error is unknown.

        Parameters
        ----------
        other : Transform
        grid : Grid, optional
            Nodes of the joined displacement. By default those of this transform's own; needed where only the other
            one deforms, whose nodes lie in another frame.
        """
        rotation = other.rotation @ self.rotation
        shift = other.rotation @ self.translation_mm + other.translation_mm
        if other.displacement is None:
            return Transform(rotation, shift, self.displacement)
        if grid is None and self.displacement is None:
            raise BadSetting("A rigid transform and a deformation were joined without a grid; give one to sample on.")
        nodes = grid if grid is not None or self.displacement is None else self.displacement.grid
        assert nodes is not None  # one of the two was given
        centers = nodes.centers_lps_mm()
        moved = (other.points(self.points(centers)) - shift) @ rotation - centers
        return Transform(rotation, shift, Displacement(moved.reshape(*nodes.shape_kji, 3).astype(np.float32), nodes))

    def with_error(self, error_mm: float | None) -> Transform:
        """Return the same transform with an estimate of its error."""
        return replace(self, error_mm=error_mm)

    def volume_change(self, points_lps_mm: Float) -> Float:
        """Return moving volume per fixed volume at fixed points, shape (n,); at 0 or below space folds."""
        if self.displacement is None:
            return np.ones(len(points_lps_mm))
        slopes = np.empty((len(points_lps_mm), 3, 3))
        for axis in range(3):
            step = np.zeros(3)
            step[axis] = STEP_MM
            ahead, behind = self.displacement.at(points_lps_mm + step), self.displacement.at(points_lps_mm - step)
            slopes[:, :, axis] = (ahead - behind) / (2 * STEP_MM)
        return np.linalg.det(np.eye(3) + slopes)

    def region(self, region: Region) -> Region:
        """Carry a region of the moving scan onto the fixed one: nothing is resampled."""
        corners = self.back(region.boundary).reshape(-1, 3, 3)
        return Region(lambda points: region.at(self.points(points)), corners)

    def mask(self, mask: Mask, *, onto: Grid) -> Mask:
        """Carry a mask of the moving scan onto a grid of the fixed one, as shares from 0 to 1.

        The smooth field of the mask is carried, never its voxels; near the outline the share of each voxel is counted
        on sub-voxels. What lies beyond the grid is lost; an empty mask stays empty.
        """
        shares = np.zeros(onto.shape_kji, dtype=np.float32)
        if mask.box() is None:
            return Mask(shares, onto, mask.of)
        smooth = field_of(mask.cropped())
        centers = onto.centers_lps_mm()
        inside = _within(smooth.grid, self.points(centers))
        levels = np.full(len(centers), -np.inf)
        levels[inside] = smooth.at(self.points(centers[inside]))
        flat = shares.reshape(-1)
        flat[levels > 0] = 1.0
        near = np.flatnonzero(np.abs(levels) <= float(np.linalg.norm(onto.spacing_kji_mm)))
        flat[near] = _sub_voxel_shares(onto, near, lambda p: smooth.at(self.points(p)) > 0)
        return Mask(shares, onto, mask.of)

    def volume(self, volume: Volume, *, onto: Grid) -> Volume:
        """Carry an image onto a grid of the fixed scan, trilinear; what it does not show takes its lowest value."""
        kji = volume.grid.to_kji(self.points(onto.centers_lps_mm())).T
        lowest = float(volume.voxels.min())
        values = ndimage.map_coordinates(volume.voxels.astype(np.float32), kji, order=1, cval=lowest)
        return Volume(values.reshape(onto.shape_kji), onto, volume.unit)


def _within(grid: Grid, points_lps_mm: Float) -> npt.NDArray[np.bool_]:
    kji = grid.to_kji(points_lps_mm)
    return np.asarray(((kji >= -0.5) & (kji <= np.array(grid.shape_kji) - 0.5)).all(axis=1))


def _sub_voxel_shares(
    grid: Grid, which: npt.NDArray[np.int64], inside: Callable[[Float], npt.NDArray[np.bool_]]
) -> npt.NDArray[np.float32]:
    at = np.stack(np.unravel_index(which, grid.shape_kji), axis=1)
    steps = (np.arange(SUB_VOXELS) + 0.5) / SUB_VOXELS - 0.5
    offsets = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    counted = np.zeros(len(which), dtype=np.float32)
    for offset in offsets:
        counted += inside(grid.to_lps(at + offset))
    return counted / np.float32(len(offsets))
