"""Phantoms: spheres, ellipsoids and lobulated shapes whose surface is known exactly, and masks drawn from them.

They ship with the product: tests, bench, demo and README measure shapes from here, so that the truth is never a guess.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from isotherm.errors import BadSetting
from isotherm.imaging.geometry import Float, Int, Triangles
from isotherm.imaging.phantom_directions import DEGREE, derivatives, harmonics_as_polynomials, icosphere, monomials
from isotherm.imaging.volume import Grid, Mask, Role

Point = tuple[float, float, float]

FINE = 6
"""Level of detail of a mesh that may serve as truth: 81,920 facets."""

LOWEST_RADIUS_SHARE = 0.2
"""A lobulated shape whose radius falls below this share of its mean radius is refused: it is nearly cut in two."""

CHUNK = 1 << 14
"""Points handled at once, so that intermediate arrays stay in the processor's cache."""

BAND = 1.5
"""Voxels whose level is below this many half diagonals are supersampled; were levels exact distances, one would do."""


class Shape(ABC):
    """A solid, seen from whose center every surface point lies in a direction of its own (star-shaped)."""

    __slots__ = ()
    center_lps_mm: Point

    @property
    @abstractmethod
    def reach_mm(self) -> float:
        """Radius of a sphere about the center that holds the whole shape."""

    @abstractmethod
    def level(self, points_lps_mm: Float) -> Float:
        """Return a level per point, shape (n,): positive inside, and close to the distance in mm near the surface."""

    @abstractmethod
    def surface_points(self, directions: Float) -> Float:
        """Return one point of the surface, LPS mm, per unit vector; shape (n, 3). All directions give all points."""

    def inside(self, points_lps_mm: Float) -> npt.NDArray[np.bool_]:
        """Say for each point, shape (n, 3), LPS mm, whether it lies inside."""
        return self.level(points_lps_mm) > 0

    def triangles(self, level_of_detail: int = FINE) -> Triangles:
        """Return the surface as 20 * 4**level_of_detail triangles with their corners on it, wound outward."""
        directions, faces = icosphere(level_of_detail)
        return Triangles(self.surface_points(directions)[faces])


@dataclass(frozen=True, slots=True)
class Sphere(Shape):
    """A ball."""

    center_lps_mm: Point
    radius_mm: float

    def __post_init__(self) -> None:
        _check_lengths("A sphere", self.center_lps_mm, (self.radius_mm,))

    @property
    def reach_mm(self) -> float:
        """Radius of a sphere about the center that holds the whole shape."""
        return self.radius_mm

    def level(self, points_lps_mm: Float) -> Float:
        """Return a level per point, shape (n,): positive inside, and close to the distance in mm near the surface."""
        return self.radius_mm - np.linalg.norm(points_lps_mm - np.array(self.center_lps_mm), axis=-1)

    def surface_points(self, directions: Float) -> Float:
        """Return one point of the surface, LPS mm, per unit vector; shape (n, 3)."""
        return np.array(self.center_lps_mm) + self.radius_mm * directions


@dataclass(frozen=True, slots=True, eq=False)
class Ellipsoid(Shape):
    """A ball stretched along three axes.

    Parameters
    ----------
    center_lps_mm : tuple of float
    semi_axes_mm : tuple of float
        Half the length along each axis.
    axes_lps : array, shape (3, 3)
        Column a is the unit vector, in LPS, of axis a.
    """

    center_lps_mm: Point
    semi_axes_mm: Point
    axes_lps: Float = field(default_factory=lambda: np.eye(3))

    def __post_init__(self) -> None:
        _check_lengths("An ellipsoid", self.center_lps_mm, self.semi_axes_mm)
        axes = np.array(self.axes_lps, dtype=np.float64)
        if axes.shape != (3, 3) or not np.allclose(axes.T @ axes, np.eye(3), atol=1e-6):
            raise BadSetting("Axes that are not at right angles came; an ellipsoid wants three unit vectors at such.")
        axes.setflags(write=False)
        object.__setattr__(self, "axes_lps", axes)

    @property
    def reach_mm(self) -> float:
        """Radius of a sphere about the center that holds the whole shape."""
        return max(self.semi_axes_mm)

    def level(self, points_lps_mm: Float) -> Float:
        """Return a level per point, shape (n,): positive inside, and close to the distance in mm near the surface."""
        semi = np.array(self.semi_axes_mm)
        own = (points_lps_mm - np.array(self.center_lps_mm)) @ self.axes_lps / semi
        share = np.linalg.norm(own, axis=-1)
        slope = np.linalg.norm(own / semi, axis=-1)
        # share / slope is the first-order distance per unit of share; at the very center it has no direction.
        scale = np.divide(share, slope, out=np.full_like(share, semi.min()), where=slope > 0)
        return (1.0 - share) * scale

    def surface_points(self, directions: Float) -> Float:
        """Return one point of the surface, LPS mm, per unit vector; shape (n, 3)."""
        return np.array(self.center_lps_mm) + directions * np.array(self.semi_axes_mm) @ self.axes_lps.T


@dataclass(frozen=True, slots=True, eq=False)
class Lobulated(Shape):
    """A star-shaped solid with bumps: radius in direction u = mean_radius_mm * (1 + sum of amplitude * harmonic(u)).

    Parameters
    ----------
    center_lps_mm : tuple of float
    mean_radius_mm : float
        The radius averaged over all directions.
    amplitudes : tuple of float
        Of the real spherical harmonics of degree 1, 2, ... in turn, each from order -degree to degree; 3, 8, 15, 24 or
        35 numbers. Harmonics are scaled to a root mean square of one, so an amplitude is a relative bump size.

    Raises
    ------
    BadSetting
        Another count of amplitudes, or bumps so high that the shape is nearly cut in two.
    """

    center_lps_mm: Point
    mean_radius_mm: float
    amplitudes: tuple[float, ...] = ()
    _polynomial: Float = field(init=False, repr=False)
    _reach_mm: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        _check_lengths("A lobulated shape", self.center_lps_mm, (self.mean_radius_mm,))
        count = len(self.amplitudes)
        if math.isqrt(count + 1) ** 2 != count + 1 or count > DEGREE * (DEGREE + 2):
            raise BadSetting(f"{count} amplitudes came; 0, 3, 8, 15, 24 or 35 are wanted, one per harmonic.")
        weights = np.zeros((DEGREE + 1) ** 2)
        weights[: count + 1] = (1.0, *self.amplitudes)
        object.__setattr__(self, "_polynomial", self.mean_radius_mm * harmonics_as_polynomials() @ weights)
        radii = self.radius_mm(icosphere(4)[0])
        if not radii.min() > LOWEST_RADIUS_SHARE * self.mean_radius_mm:
            raise BadSetting("Amplitudes that nearly cut the shape in two came; give smaller ones.")
        # Between two of the 2,562 directions (4 degrees apart) the radius rises by far less than this 2 %.
        object.__setattr__(self, "_reach_mm", 1.02 * float(radii.max()))

    @property
    def reach_mm(self) -> float:
        """Radius of a sphere about the center that holds the whole shape."""
        return self._reach_mm

    def radius_mm(self, directions: Float) -> Float:
        """Return the radius, shape (n,), in each direction, shape (n, 3)."""
        parts = [
            self._polynomial @ monomials(directions[at : at + CHUNK], (DEGREE, DEGREE - 1))
            for at in range(0, len(directions), CHUNK)
        ]
        return np.concatenate(parts) if parts else np.zeros(0)

    def level(self, points_lps_mm: Float) -> Float:
        """Return a level per point, shape (n,): positive inside, and close to the distance in mm near the surface."""
        levels = np.empty(len(points_lps_mm))
        for at in range(0, len(levels), CHUNK):
            directions, away = self._from_center(points_lps_mm[at : at + CHUNK])
            radius, steepness = self._radius_and_steepness(directions)
            levels[at : at + CHUNK] = (radius - away) / np.hypot(1.0, steepness)
        return levels

    def inside(self, points_lps_mm: Float) -> npt.NDArray[np.bool_]:
        """Say for each point, shape (n, 3), LPS mm, whether it lies inside."""
        directions, away = self._from_center(points_lps_mm)
        return away < self.radius_mm(directions)

    def surface_points(self, directions: Float) -> Float:
        """Return one point of the surface, LPS mm, per unit vector; shape (n, 3)."""
        return np.array(self.center_lps_mm) + self.radius_mm(directions)[:, None] * directions

    def _from_center(self, points_lps_mm: Float) -> tuple[Float, Float]:
        """Return directions and distances from the center; the center itself is said to lie cranial of itself."""
        out = points_lps_mm - np.array(self.center_lps_mm)
        away = np.linalg.norm(out, axis=1)
        out[away == 0] = (0.0, 0.0, 1.0)
        return out / np.where(away > 0, away, 1.0)[:, None], away

    def _radius_and_steepness(self, directions: Float) -> tuple[Float, Float]:
        """Return the radius, and how fast it changes along the surface (mm of radius per mm of arc)."""
        radius = self._polynomial @ monomials(directions, (DEGREE, DEGREE - 1))
        gradient = (derivatives(self._polynomial).T @ monomials(directions, (DEGREE - 1, DEGREE - 2))).T
        along = gradient - (gradient * directions).sum(axis=1, keepdims=True) * directions
        return radius, np.linalg.norm(along, axis=1) / radius


def rasterize(shape: Shape, grid: Grid, *, of: Role, supersample: int | tuple[int, int, int] = 1) -> Mask:
    """Draw a shape on a grid.

    Parameters
    ----------
    shape : Shape
    grid : Grid
        Parts of the shape beyond it are lost; a shape wholly beyond it gives an empty mask.
    of : {"tumor", "ablation", "organ", "vessel", "structure"}
        What the mask is said to be.
    supersample : int or three ints
        With 1 a voxel belongs to the shape if its center does (bool). With k a voxel holds the share of its
        k x k x k evenly spaced sub-voxels that lie inside (float32), that is, partial volume. Three numbers are those
        along each axis: (1, 4, 4) is an outline that was drawn on slices.
    """
    cuts = (supersample, supersample, supersample) if isinstance(supersample, int) else supersample
    if min(cuts) < 1:
        raise BadSetting(f"A supersampling of {supersample} came; one or more sub-voxels per axis are wanted.")
    voxels = np.zeros(grid.shape_kji, dtype=bool if max(cuts) == 1 else np.float32)
    center = grid.to_kji([shape.center_lps_mm])[0]
    reach = shape.reach_mm / np.array(grid.spacing_kji_mm) + 1.0
    low = np.clip(np.floor(center - reach), 0, grid.shape_kji).astype(np.int64)
    high = np.clip(np.ceil(center + reach) + 1, 0, grid.shape_kji).astype(np.int64)
    at: Int = np.argwhere(np.ones(high - low, dtype=bool)) + low
    if len(at):
        k, j, i = at.T
        if max(cuts) == 1:
            voxels[k, j, i] = shape.inside(grid.to_lps(at))
        else:
            voxels[k, j, i] = _shares(shape, grid, at, cuts)
    return Mask(voxels, grid, of)


def _shares(shape: Shape, grid: Grid, at_kji: Int, cuts: tuple[int, int, int]) -> Float:
    levels = shape.level(grid.to_lps(at_kji))
    shares = (levels > 0).astype(np.float64)
    near = np.flatnonzero(np.abs(levels) < BAND * 0.5 * float(np.linalg.norm(grid.spacing_kji_mm)))
    k, j, i = ((np.arange(cut) + 0.5) / cut - 0.5 for cut in cuts)
    offsets = np.stack(np.meshgrid(k, j, i, indexing="ij"), axis=-1).reshape(-1, 3)
    rows = max(1, CHUNK // len(offsets))
    for start in range(0, len(near), rows):
        some = near[start : start + rows]
        spots = at_kji[some, None, :] + offsets
        shares[some] = shape.inside(grid.to_lps(spots.reshape(-1, 3))).reshape(len(some), -1).mean(axis=1)
    return shares


def _check_lengths(what: str, center_lps_mm: Point, lengths_mm: tuple[float, ...]) -> None:
    if not (np.isfinite(center_lps_mm).all() and len(center_lps_mm) == 3):
        raise BadSetting(f"{what} whose center is not three numbers came; give left, posterior, superior in mm.")
    if not all(math.isfinite(length) and length > 0 for length in lengths_mm):
        raise BadSetting(f"{what} without a size came; give lengths above 0 mm.")
