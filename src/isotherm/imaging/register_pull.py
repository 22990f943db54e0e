"""What two images say about a field in place: how strongly, along which directions, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isotherm.imaging.geometry import Float, Int
from isotherm.imaging.register_itk import Side
from isotherm.imaging.register_local import cube_around
from isotherm.imaging.transform import Transform

Image = npt.NDArray[np.float32]

VOXEL_MM, BLUR_MM, WINDOW_MM = 2.0, 0.8, 4.0
"""Distance of the places looked at; Gauss filter of the images, and of the windows in which contrast is compared."""

CELL_MM = 6.0
"""Edge of the cells whose places are summed up: little beside the lattice, large beside the grain of the noise."""

LEAST_HU2 = 30.0
"""Variance below which no image is believed to agree with the other."""

FLAT, STEEP = 0.33, 0.8
"""Shares of all directions, by their slopes, that tell the noise of flat places (below) and of steep ones (above)."""

INSIDE = 0.99
"""Share of a mask from which on a place between voxels counts as seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Pull:
    """What each cell says: its precision, shape (c, 3, 3), 1/mm2, and the displacement it wants times that, (c, 3)."""

    precision: Float
    force: Float

    def drawn_force(self, rng: np.random.Generator) -> Float:
        """Draw forces, shape (c, 3), as noise alone would make them."""
        size, axes = np.linalg.eigh(self.precision)
        parts = np.sqrt(np.clip(size, 0.0, None)) * rng.normal(size=self.force.shape)
        return np.einsum("cij,cj->ci", axes, parts)

    def of(self, cells: npt.NDArray[np.bool_]) -> Pull:
        """Return the same with only some of the cells having a say."""
        return Pull(self.precision * cells[:, None, None], self.force * cells[:, None])


class Places:
    """Places around the lesion at which two images are compared, for any field: `lps_mm`, shape (n, 3).

    Parameters
    ----------
    fixed, moving : Side
    motion : Transform
        Rigid; applied after the displacement.
    center_lps_mm : array, shape (3,)
    reach_mm : float
        Radius of the sphere within which they are compared.
    """

    def __init__(self, fixed: Side, moving: Side, motion: Transform, center_lps_mm: Float, reach_mm: float) -> None:
        self.motion = motion
        grid = cube_around(center_lps_mm, reach_mm + WINDOW_MM, VOXEL_MM)
        around, self.shape = grid.centers_lps_mm(), grid.shape_kji
        near = np.linalg.norm(around - center_lps_mm, axis=1) < reach_mm
        self._fixed, self._moving = _Slopes(fixed), _Slopes(moving)
        self._target, self._steep = self._fixed.at(around)
        self._allowed = near & self._fixed.sees(around)  # of a whole box, as windows are blurred in one
        self.lps_mm = around[self._allowed]
        self._cell, self.cells_lps_mm = _cells(around, center_lps_mm)

    def pull(self, sway_mm: Float) -> Pull:
        """Return what the images say where the displacement is `sway_mm`, shape (n, 3), at the places.

        The residual is that of the moving image, matched in contrast within a window, against the fixed one. Its slopes
        are those of both images in equal parts, and the information in them is their product: as the noise of two
        scans has nothing in common, what noise alone adds to it is zero on average.

        References
        ----------
        .. [1] Benhimane S, Malis E. IEEE/RSJ IROS 2004:943-948 (slopes of both images).
        .. [2] Lucas BD, Kanade T. IJCAI 1981:674-679.
        """
        there = (self.lps_mm + sway_mm) @ self.motion.rotation.T + self.motion.translation_mm
        value, slope = self._moving.at(there)
        seen, slopes = self._in_box(value), self._in_box(slope @ self.motion.rotation.astype(np.float32))
        window = _Window(self._in_box(self._moving.sees(there).astype(np.float32)), self.shape)
        target, source = window.centered(self._target), window.centered(seen)
        both = window.covariance(self._target, seen)
        ff, mm = (np.maximum(window.covariance(image, image), 1.0) for image in (self._target, seen))
        gain = np.clip(both, 0.0, None) / mm
        trust = window.weight / np.maximum(ff - both * gain, LEAST_HU2)
        rest = trust * (target - gain * source)
        here = np.stack([window.apart(self._steep[:, a], target, ff) for a in range(3)])
        moved = gain * np.stack([window.apart(slopes[:, a], source, mm) for a in range(3)])
        force = np.stack([self._sum(0.5 * rest * (here[a] + moved[a])) for a in range(3)], axis=1)
        information = np.empty((len(force), 3, 3))
        for a in range(3):
            for b in range(a, 3):
                common = 0.5 * trust * (here[a] * moved[b] + here[b] * moved[a])
                information[:, a, b] = information[:, b, a] = self._sum(common)
        return _weighed(information, force)

    def _in_box(self, values: Image) -> Image:
        """Return values of the places in the whole box, where all else does not count."""
        box = np.zeros((len(self._allowed), *values.shape[1:]), dtype=np.float32)
        box[self._allowed] = values
        return box

    def _sum(self, values: Image) -> Float:
        return np.bincount(self._cell, values, len(self.cells_lps_mm)).astype(np.float64)


class _Slopes:
    """A blurred image and its slopes along left, posterior, superior, read between voxels."""

    def __init__(self, side: Side) -> None:
        self.grid = side.image.grid
        widths = [BLUR_MM / s for s in self.grid.spacing_kji_mm]
        blurred: Any = ndimage.gaussian_filter(side.image.voxels.astype(np.float32), widths, mode="nearest")
        along = np.gradient(blurred, *self.grid.spacing_kji_mm)
        turned = np.tensordot(self.grid.direction_lps.astype(np.float32), np.stack(along), axes=1)
        self._layers: list[Image] = [blurred, *turned]
        self._allowed = side.allowed.astype(np.float32)

    def at(self, points: Float) -> tuple[Image, Image]:
        """Return values, shape (n,), and slopes, shape (n, 3)."""
        kji = self.grid.to_kji(points).T
        value, *slopes = (ndimage.map_coordinates(layer, kji, order=1, mode="constant") for layer in self._layers)
        return value, np.stack(slopes, axis=1)

    def sees(self, points: Float) -> npt.NDArray[np.bool_]:
        """Return which points, shape (n, 3), lie where the metric may look."""
        kji = self.grid.to_kji(points).T
        return ndimage.map_coordinates(self._allowed, kji, order=1, mode="constant") > INSIDE


class _Window:
    """Means in a Gauss window about each place, over the places that count."""

    def __init__(self, weight: Image, shape: tuple[int, int, int]) -> None:
        self.weight, self._shape = weight, shape
        self._total = np.maximum(self._blurred(weight), np.float32(1e-3))

    def mean(self, values: Image) -> Image:
        found: Any = self._blurred(self.weight * values) / self._total
        return found

    def centered(self, values: Image) -> Image:
        found: Any = values - self.mean(values)
        return found

    def covariance(self, one: Image, other: Image) -> Image:
        found: Any = self.mean(one * other) - self.mean(one) * self.mean(other)
        return found

    def apart(self, slope: Image, values: Image, variance: Image) -> Image:
        """Return the part of a slope that no other level or contrast of the window would explain."""
        alone = self.centered(slope)
        found: Any = alone - values * (self.mean(values * alone) / (variance + np.float32(LEAST_HU2)))
        return found

    def _blurred(self, values: Image) -> Image:
        width = WINDOW_MM / VOXEL_MM
        volume: Any = values.reshape(self._shape).astype(np.float32)
        return ndimage.gaussian_filter(volume, width, mode="nearest", truncate=3.0).ravel()


def _cells(places: Float, center: Float) -> tuple[Int, Float]:
    """Return the number of each place's cell, and the middle of each cell."""
    corner = np.floor((places - center) / CELL_MM).astype(np.int64)
    low = corner.min(axis=0)
    size = corner.max(axis=0) - low + 1
    number: Int = (corner - low) @ np.array([size[1] * size[2], size[2], 1])
    count = np.maximum(np.bincount(number), 1)
    sums = np.stack([np.bincount(number, places[:, a], len(count)) for a in range(3)], axis=1)
    return number, sums / count[:, None]


def _weighed(information: Float, force: Float) -> Pull:
    """Weigh each direction of each cell by what its noise is found to be: a part by its slope, and a part everywhere.

    The squared force along a direction of slope v has the mean a v + b. Both are read off all cells at once.
    """
    slope, axes = np.linalg.eigh(information)
    slope = np.clip(slope, 0.0, None)
    along = np.einsum("cij,ci->cj", axes, force)
    seen = np.abs(force).sum(axis=1) > 0
    if not seen.any():
        return Pull(np.zeros_like(information), np.zeros_like(force))
    slopes, squares = slope[seen].ravel(), along[seen].ravel() ** 2
    flat, steep = slopes <= np.quantile(slopes, FLAT), slopes >= np.quantile(slopes, STEEP)
    everywhere = max(float(squares[flat].mean()), 1e-9)
    by_slope = max(float((squares[steep].mean() - everywhere) / max(slopes[steep].mean(), 1e-9)), 0.05)
    share = slope / (by_slope * slope + everywhere)
    return Pull(np.einsum("cij,cj,ckj->cik", axes, share * slope, axes), np.einsum("cij,cj->ci", axes, share * along))
