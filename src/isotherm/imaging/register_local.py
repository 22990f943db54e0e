"""Deform by local correlation: each place pulls toward where its surroundings look most alike, and the field is smooth.

What the masks leave out neither pulls nor is believed: there the field is continued from around.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isotherm.imaging.geometry import Float
from isotherm.imaging.register_itk import Side
from isotherm.imaging.transform import Displacement, Transform
from isotherm.imaging.volume import Grid

Image = npt.NDArray[np.float32]

QUIET_HU2 = 30.0
"""Variance below which surroundings are taken for featureless; keeps noise from pulling as hard as anatomy."""

UNKNOWN = 0.02
"""How much a place without evidence counts against one with evidence when the field is smoothed."""


@dataclass(frozen=True, slots=True)
class Round:
    """One level: voxel size, blur of the images, window of the correlation, smoothing of steps and field, all in mm."""

    voxel_mm: float
    blur_mm: float
    window_mm: float
    step_smooth_mm: float
    field_smooth_mm: float
    steps: int


ROUNDS = (
    Round(4.0, 1.5, 8.0, 8.0, 4.0, 50),
    Round(2.5, 0.8, 5.0, 6.0, 2.5, 50),
)
"""From coarse to fine; measured in `python -m bench --only register`."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A deformation, and how sure each node of its displacement is: `evidence`, shape (k, j, i), from 0 to 1."""

    transform: Transform
    evidence: Image


def local_correlation(
    fixed: Side, moving: Side, start: Transform, center_lps_mm: Float, reach_mm: float, rounds: Sequence[Round] = ROUNDS
) -> Found:
    """Deform the moving image onto the fixed one within a box around a place.

    Parameters
    ----------
    fixed, moving : Side
    start : Transform
        Rigid; applied after the displacement.
    center_lps_mm : array, shape (3,)
    reach_mm : float
        Half the side of the box.
    rounds : sequence of Round

    References
    ----------
    .. [1] Avants BB et al. Med Image Anal 2008;12:26-41 (the force of local correlation).
    .. [2] Vercauteren T et al. NeuroImage 2009;45:S61-S72 (smoothing of steps and of the field).
    """
    field: Displacement | None = None
    evidence = np.zeros(0, dtype=np.float32)
    for level in rounds:
        grid = cube_around(center_lps_mm, reach_mm, level.voxel_mm)
        field, evidence = _one_level(fixed, moving, start, grid, field, level)
    return Found(Transform(start.rotation, start.translation_mm, field), evidence)


def cube_around(center_lps_mm: Float, reach_mm: float, voxel_mm: float) -> Grid:
    """Return a cube of nodes that reaches at least this far from a place, shape (3,), to every side."""
    half = int(np.ceil(reach_mm / voxel_mm))
    x, y, z = (center_lps_mm - half * voxel_mm).tolist()
    n = 2 * half + 1
    return Grid((n, n, n), (voxel_mm, voxel_mm, voxel_mm), (x, y, z))


def _one_level(
    fixed: Side, moving: Side, start: Transform, grid: Grid, before: Displacement | None, level: Round
) -> tuple[Displacement, Image]:
    nodes = grid.centers_lps_mm()
    shape = grid.shape_kji
    target, sees = (_sampled(a, fixed.image.grid, nodes).reshape(shape) for a in _prepared(fixed, level.blur_mm))
    source, source_sees = _prepared(moving, level.blur_mm)
    u = np.zeros((len(nodes), 3)) if before is None else before.at(nodes)
    window, smooth = level.window_mm / 2.0 / level.voxel_mm, level.step_smooth_mm / level.voxel_mm
    evidence = np.full(shape, UNKNOWN, dtype=np.float32)
    for step in range(level.steps):
        places = (nodes + u) @ start.rotation.T + start.translation_mm
        seen = _sampled(source, moving.image.grid, places).reshape(shape)
        weight = sees * (_sampled(source_sees, moving.image.grid, places).reshape(shape) > 0.5)
        force, evidence = _pull(target, seen, weight.astype(np.float32), window)
        gradient = np.stack([np.gradient(seen, level.voxel_mm, axis=a) for a in (2, 1, 0)], axis=-1)
        pull = np.stack([_blurred(force * gradient[..., a], smooth) for a in range(3)], axis=-1).reshape(-1, 3)
        longest = np.percentile(np.linalg.norm(pull, axis=1), 99)
        if longest <= 0:
            break
        u += pull * (0.4 * level.voxel_mm * (1.0 - step / level.steps) / longest)
        u = _smoothed(u, evidence, shape, level.field_smooth_mm / level.voxel_mm)
    return Displacement(u.reshape(*shape, 3).astype(np.float32), grid), evidence


def _pull(target: Image, seen: Image, weight: Image, window: float) -> tuple[Image, Image]:
    """Return the slope of the squared local correlation by the moving value at each voxel, and how sure it is."""
    total: Image = np.maximum(_blurred(weight, window), np.float32(1e-3))

    def mean(values: Image) -> Image:
        return (_blurred(weight * values, window) / total).astype(np.float32)

    f: Image = target - mean(target)
    m: Image = seen - mean(seen)
    both, ff, mm = mean(f * m), mean(f * f) + QUIET_HU2, mean(m * m) + QUIET_HU2
    force = weight * both / (ff * mm) * (f - both / mm * m)
    evidence = UNKNOWN + weight * np.clip(both, 0.0, None) ** 2 / (ff * mm)
    return force.astype(np.float32), evidence.astype(np.float32)


def _smoothed(u: Float, evidence: Image, shape: tuple[int, int, int], width: float) -> Float:
    total = _blurred(evidence, width).ravel()
    parts = [_blurred(evidence * u[:, a].reshape(shape).astype(np.float32), width).ravel() / total for a in range(3)]
    return np.stack(parts, axis=1).astype(np.float64)


def _prepared(side: Side, blur_mm: float) -> tuple[Image, Image]:
    widths = [blur_mm / s for s in side.image.grid.spacing_kji_mm]
    image: Any = ndimage.gaussian_filter(side.image.voxels.astype(np.float32), widths, mode="nearest")
    return image, side.allowed.astype(np.float32)


def _sampled(values: Image, grid: Grid, places: Float) -> Image:
    return ndimage.map_coordinates(values, grid.to_kji(places).T, order=1, mode="constant", cval=0.0)


def _blurred(values: Image, width: float) -> Image:
    return ndimage.gaussian_filter(values.astype(np.float32), width, mode="nearest", truncate=3.0)
