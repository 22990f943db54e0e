"""Grid, Volume, Mask: voxels and where they lie in the patient (LPS, millimeters)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from isotherm.errors import BadGeometry, BadVoxels

Float = npt.NDArray[np.float64]
Role = Literal["tumor", "ablation", "organ", "vessel", "structure"]

RIGHT_ANGLE_TOLERANCE = 1e-3
"""Largest cosine between two voxel axes that still counts as a right angle (0.06 degrees)."""

SPACING_RANGE_MM = (0.01, 50.0)
"""Voxel sizes outside of this are taken for a wrong unit."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Where each voxel of a (k, j, i) array lies in the patient.

    Parameters
    ----------
    shape_kji : tuple of int
        Number of voxels along each array axis.
    spacing_kji_mm : tuple of float
        Distance between voxel centers along each array axis.
    origin_lps_mm : tuple of float
        Center of voxel (0, 0, 0): left, posterior, superior.
    direction_lps : array, shape (3, 3)
        Column a is the unit vector, in LPS, of array axis a (k, j, i in this order).

    Raises
    ------
    BadGeometry
        Not three axes, an absurd spacing, or voxels that are not right-angled.
    """

    shape_kji: tuple[int, int, int]
    spacing_kji_mm: tuple[float, float, float]
    origin_lps_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    direction_lps: Float = field(default_factory=lambda: np.eye(3)[::-1])

    def __post_init__(self) -> None:
        shape = tuple(int(n) for n in self.shape_kji)
        spacing = tuple(float(s) for s in self.spacing_kji_mm)
        origin = tuple(float(o) for o in self.origin_lps_mm)
        if len(shape) != 3 or min(shape) < 1:
            raise BadGeometry(f"A grid of {len(shape)} axes came; three, each of at least one voxel, are wanted.")
        low, high = SPACING_RANGE_MM
        if len(spacing) != 3 or not all(low <= s <= high for s in spacing):
            raise BadGeometry(
                f"Voxels of {' x '.join(f'{s:g}' for s in spacing)} mm came; {low:g} to {high:g} mm are wanted. "
                "Check the unit of the header."
            )
        direction = np.array(self.direction_lps, dtype=np.float64)
        if direction.shape != (3, 3) or not np.isfinite(direction).all() or not np.isfinite(origin).all():
            raise BadGeometry("The header's position or direction is not made of finite numbers; write the image anew.")
        if np.abs(direction.T @ direction - np.eye(3)).max() > RIGHT_ANGLE_TOLERANCE:
            raise BadGeometry(
                "Voxel axes that are not at right angles came (a tilted gantry?); resample to a rectangular grid first."
            )
        direction.setflags(write=False)
        object.__setattr__(self, "shape_kji", shape)
        object.__setattr__(self, "spacing_kji_mm", spacing)
        object.__setattr__(self, "origin_lps_mm", origin)
        object.__setattr__(self, "direction_lps", direction)

    @classmethod
    def from_affine(cls, shape_kji: tuple[int, int, int], kji_to_lps: Float) -> Grid:
        """Build a grid from a 4 x 4 affine that carries (k, j, i, 1) to LPS mm."""
        affine = np.asarray(kji_to_lps, dtype=np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            raise BadGeometry("The header's affine is not made of finite numbers; write the image anew.")
        spacing = np.linalg.norm(affine[:3, :3], axis=0)
        direction = affine[:3, :3] / np.where(spacing > 0, spacing, 1.0)
        spacing_kji_mm = (float(spacing[0]), float(spacing[1]), float(spacing[2]))
        return cls(shape_kji, spacing_kji_mm, (affine[0, 3], affine[1, 3], affine[2, 3]), direction)

    @property
    def kji_to_lps(self) -> Float:
        """The 4 x 4 affine from (k, j, i, 1) to LPS mm."""
        affine = np.eye(4)
        affine[:3, :3] = self.direction_lps * np.array(self.spacing_kji_mm)
        affine[:3, 3] = self.origin_lps_mm
        return affine

    @property
    def voxel_volume_ml(self) -> float:
        """Volume of one voxel in mL."""
        return float(np.prod(self.spacing_kji_mm)) / 1000.0

    def to_lps(self, points_kji: npt.ArrayLike) -> Float:
        """Carry voxel coordinates, shape (n, 3), to LPS mm, shape (n, 3)."""
        points = np.asarray(points_kji, dtype=np.float64)
        return _carried(points, self.direction_lps * np.array(self.spacing_kji_mm), np.array(self.origin_lps_mm))

    def to_kji(self, points_lps_mm: npt.ArrayLike) -> Float:
        """Carry LPS mm, shape (n, 3), to (fractional) voxel coordinates, shape (n, 3)."""
        points = np.asarray(points_lps_mm, dtype=np.float64)
        back = np.linalg.inv(self.direction_lps * np.array(self.spacing_kji_mm))
        # The axes are unit vectors at right angles up to the tolerance; the exact inverse keeps round trips exact.
        return _carried(points - np.array(self.origin_lps_mm), back, np.zeros(3))

    def centers_lps_mm(self) -> Float:
        """Return the centers of all voxels in the order of the array, shape (n, 3), LPS mm."""
        return self.to_lps(np.indices(self.shape_kji).reshape(3, -1).T)

    def window(self, start_kji: tuple[int, int, int], shape_kji: tuple[int, int, int]) -> Grid:
        """Return the grid of a box of voxels; it may reach beyond this grid."""
        origin = self.to_lps([start_kji])[0]
        return Grid(shape_kji, self.spacing_kji_mm, (origin[0], origin[1], origin[2]), self.direction_lps)

    def refined(self, factors_kji: tuple[int, int, int]) -> Grid:
        """Return the grid with `factor - 1` new voxel centers between each two old ones; old centers stay."""
        shape = tuple((n - 1) * f + 1 for n, f in zip(self.shape_kji, factors_kji, strict=True))
        spacing = tuple(s / f for s, f in zip(self.spacing_kji_mm, factors_kji, strict=True))
        return Grid((shape[0], shape[1], shape[2]), (spacing[0], spacing[1], spacing[2]), self.origin_lps_mm,
                    self.direction_lps)  # fmt: skip

    def reoriented(self, order: tuple[int, int, int], flips: tuple[int, ...]) -> Grid:
        """Return the same voxel centers for an array whose axes are put in another order, and some of them reversed."""
        ends = [self.shape_kji[axis] - 1 if new in flips else 0 for new, axis in enumerate(order)]
        corner = self.to_lps([[ends[order.index(axis)] for axis in range(3)]])[0]
        signs = [-1.0 if new in flips else 1.0 for new in range(3)]
        shape, spacing = ([values[axis] for axis in order] for values in (self.shape_kji, self.spacing_kji_mm))
        return Grid((int(shape[0]), int(shape[1]), int(shape[2])), (spacing[0], spacing[1], spacing[2]),
                    (corner[0], corner[1], corner[2]), self.direction_lps[:, order] * signs)  # fmt: skip

    def box_around(self, points_lps_mm: Float, *, reach_mm: float) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """Return start and shape of the box of voxels that holds points, shape (n, 3), and `reach_mm` around them."""
        kji = self.to_kji(points_lps_mm)
        pad = reach_mm / np.array(self.spacing_kji_mm)
        low = np.floor(kji.min(axis=0) - pad).astype(int)
        size = np.ceil(kji.max(axis=0) + pad).astype(int) - low + 1
        return (int(low[0]), int(low[1]), int(low[2])), (int(size[0]), int(size[1]), int(size[2]))

    def corners_lps_mm(self) -> Float:
        """Return the eight outer corners (voxel edges, not centers), shape (8, 3), LPS mm."""
        ends = [(-0.5, n - 0.5) for n in self.shape_kji]
        return self.to_lps([[k, j, i] for k in ends[0] for j in ends[1] for i in ends[2]])

    def same_as(self, other: Grid, *, tolerance_mm: float = 1e-3) -> bool:
        """Say whether both grids have the same shape and every voxel center at the same place."""
        if self.shape_kji != other.shape_kji:
            return False
        far = [[0, 0, 0], list(self.shape_kji)]
        return bool(np.abs(self.to_lps(far) - other.to_lps(far)).max() <= tolerance_mm)


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """An image: `voxels`, shape (k, j, i), on `grid`, in `unit` (HU for CT)."""

    voxels: npt.NDArray[Any]
    grid: Grid
    unit: str = "HU"

    def __post_init__(self) -> None:
        _same_shape(self.voxels, self.grid)
        object.__setattr__(self, "voxels", _read_only(self.voxels))


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """A segmentation.

    Parameters
    ----------
    voxels : array of bool, or of float from 0 to 1, shape (k, j, i)
        Inside or not, or the share of each voxel that is inside (partial volume, probability).
    grid : Grid
        Where the voxels lie. Outside of the grid is background.
    of : {"tumor", "ablation", "organ", "vessel", "structure"}
        What is segmented.

    Raises
    ------
    BadVoxels
        Values that are not finite or not between 0 and 1.
    """

    voxels: npt.NDArray[np.bool_] | npt.NDArray[np.float32]
    grid: Grid
    of: Role

    def __post_init__(self) -> None:
        _same_shape(self.voxels, self.grid)
        voxels = self.voxels
        if voxels.dtype != np.bool_:
            voxels = np.asarray(voxels, dtype=np.float32)
            low, high = (float(voxels.min()), float(voxels.max())) if voxels.size else (0.0, 0.0)
            if not (np.isfinite(low) and np.isfinite(high)):
                raise BadVoxels(f"The {self.of} mask has voxels that are not numbers (NaN); write the mask anew.")
            if low < 0.0 or high > 1.0:
                raise BadVoxels(
                    f"The {self.of} mask has values outside of 0 to 1; name one label or give probabilities."
                )
        object.__setattr__(self, "voxels", _read_only(voxels))

    @property
    def is_probability(self) -> bool:
        """Whether the voxels hold shares from 0 to 1 instead of inside or not."""
        return self.voxels.dtype != np.bool_

    @property
    def inside(self) -> npt.NDArray[np.bool_]:
        """Voxels that are at least half inside, shape (k, j, i)."""
        return self.voxels >= 0.5 if self.is_probability else self.voxels  # pyright: ignore[reportReturnType]

    @property
    def volume_ml(self) -> float:
        """Sum of the voxels' inside shares in mL."""
        return float(self.voxels.sum(dtype=np.float64)) * self.grid.voxel_volume_ml

    def box(self) -> tuple[slice, slice, slice] | None:
        """Return the smallest box of voxels that holds everything above zero, or None where there is nothing."""
        found: list[slice] = []
        view: npt.NDArray[Any] = self.voxels
        for axis in range(3):
            # One axis at a time on an ever smaller view: a full scan of a 512 x 512 x 300 mask happens once.
            others = tuple(a for a in range(3) if a != axis)
            hits = np.flatnonzero(view.any(axis=others))
            if hits.size == 0:
                return None
            found.append(slice(int(hits[0]), int(hits[-1]) + 1))
            view = view[(slice(None),) * axis + (found[-1],)]
        return found[0], found[1], found[2]

    def cropped(self) -> Mask:
        """Return the mask cut to what it holds, with one voxel of background around; nothing at all stays as it is."""
        box = self.box()
        if box is None:
            return self
        k, j, i = (int(s.start) - 1 for s in box)
        nk, nj, ni = (int(s.stop - s.start) + 2 for s in box)
        return self.windowed((k, j, i), (nk, nj, ni))

    def reoriented(self, order: tuple[int, int, int], flips: tuple[int, ...]) -> Mask:
        """Return the same mask with the array's axes put in another order, and some (of the new ones) reversed."""
        voxels: npt.NDArray[Any] = np.ascontiguousarray(np.flip(self.voxels.transpose(order), flips))
        return Mask(voxels, self.grid.reoriented(order, flips), self.of)

    def windowed(self, start_kji: tuple[int, int, int], shape_kji: tuple[int, int, int]) -> Mask:
        """Return a box of this mask as a mask of its own; what lies beyond the grid is background."""
        start = np.array(start_kji)
        low = np.clip(start, 0, self.grid.shape_kji)
        high = np.clip(start + shape_kji, 0, self.grid.shape_kji)
        voxels: npt.NDArray[Any] = np.zeros(shape_kji, dtype=self.voxels.dtype)
        to = tuple(slice(int(a), int(b)) for a, b in zip(low - start, high - start, strict=True))
        voxels[to] = self.voxels[tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))]
        return Mask(voxels, self.grid.window(start_kji, shape_kji), self.of)

    def on(self, grid: Grid) -> Mask:
        """Return a window of a mask on the whole grid that it is a window of."""
        k, j, i = (round(float(place)) for place in self.grid.to_kji([grid.origin_lps_mm])[0])
        return self.windowed((k, j, i), grid.shape_kji)

    def holds(self, points_lps_mm: Float) -> npt.NDArray[np.bool_]:
        """Say for points, shape (n, 3), whether the voxel each lies in is inside, shape (n,)."""
        kji = np.rint(self.grid.to_kji(points_lps_mm)).astype(int)
        known = ((kji >= 0) & (kji < self.grid.shape_kji)).all(axis=1)
        out = np.zeros(len(kji), dtype=bool)
        out[known] = self.inside[tuple(kji[known].T)]
        return out

    def near(self, points_lps_mm: Float, *, reach_mm: float) -> Mask:
        """Return the part of this mask within a box `reach_mm` around points, shape (n, 3); outside is background."""
        start, shape = self.grid.box_around(points_lps_mm, reach_mm=reach_mm)
        return self.windowed(start, shape)


def _carried(points: Float, matrix: npt.NDArray[np.floating[Any]], shift: Float) -> Float:
    """Return matrix @ point + shift for each point, without a BLAS, whose threads cost more here than they bring."""
    out = np.empty_like(points)
    for axis in range(3):
        row = matrix[axis]
        out[:, axis] = points[:, 0] * row[0] + points[:, 1] * row[1] + points[:, 2] * row[2] + shift[axis]
    return out


def _same_shape(voxels: npt.NDArray[Any], grid: Grid) -> None:
    if voxels.shape != grid.shape_kji:
        raise BadGeometry(
            f"An array of shape {voxels.shape} came for a grid of shape {grid.shape_kji}; give both alike."
        )


def _read_only(voxels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    view = voxels.view()
    view.setflags(write=False)
    return view
