"""The capsule fixtures: spheres under a plane capsule on 1 mm voxels, whose margins follow from geometry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isotherm.imaging.margin import Margin, measure
from isotherm.imaging.organ import label_around, organ_around
from isotherm.imaging.surface import Region, field_of
from isotherm.imaging.volume import Grid, Mask, Role

CAPSULE_X_MM = 20.0
SIZE = 100

Shift = tuple[float, float, float]
AT_REST: Shift = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Fixture:
    """Masks of one fixture; x, y, z are the array's i, j, k."""

    tumor: Mask
    ablation: Mask
    organ: Mask


def _places(shift: Shift) -> tuple[npt.NDArray[np.float64], ...]:
    k, j, i = np.indices((SIZE, SIZE, SIZE), dtype=float)
    return i + shift[0], j + shift[1], k + shift[2]


def _grid(shift: Shift) -> Grid:
    return Grid((SIZE, SIZE, SIZE), (1.0, 1.0, 1.0), shift)


def ball(center: Shift, radius: float, of: Role, *, shift: Shift = AT_REST, clip: bool = False) -> Mask:
    """Draw a ball by voxel centers; with `clip` only in the organ."""
    x, y, z = _places(shift)
    inside = (x - center[0]) ** 2 + (y - center[1]) ** 2 + (z - center[2]) ** 2 <= radius**2
    return Mask(inside & (x >= CAPSULE_X_MM) if clip else inside, _grid(shift), of)


def organ(*, shift: Shift = AT_REST, without: Mask | None = None) -> Mask:
    """Draw everything behind the capsule, or all of it but one mask."""
    x, _, _ = _places(shift)
    inside = x >= CAPSULE_X_MM
    return Mask(inside if without is None else inside & ~without.inside, _grid(shift), "organ")


def fixture(name: str, *, seed: int = 0) -> Fixture:
    """Return a fixture by its letter."""
    if name == "I":
        rng = np.random.default_rng(seed)
        a, b, c = ((float(s[0]), float(s[1]), float(s[2])) for s in rng.uniform(-0.5, 0.5, (3, 3)))
        return Fixture(ball((26, 50, 50), 8, "tumor", shift=a, clip=True),
                       ball((26, 50, 50), 16, "ablation", shift=b, clip=True), organ(shift=c))  # fmt: skip
    centers = {"A": ((28, 50, 50), 8, (28, 50, 50), 16), "B": ((28, 50, 50), 8, (28, 58, 50), 16),
               "C": ((28, 50, 50), 8, (28, 56, 50), 10), "D": ((23, 50, 50), 2.4, (23, 60, 50), 4),
               "E": ((28, 50, 50), 8, (36, 50, 50), 14), "F": ((50, 50, 50), 8, (50, 50, 50), 14),
               "G": ((32, 50, 50), 8, (35, 50, 50), 14), "J": ((28, 50, 50), 8, (28, 50, 50), 16),
               "H": ((28, 50, 50), 8, (28, 50, 50), 16)}  # fmt: skip
    tumor_center, tumor_radius, zone_center, zone_radius = centers[name]
    tumor = ball(tumor_center, tumor_radius, "tumor")
    zone = ball(zone_center, zone_radius, "ablation", clip=True)
    if name == "H":
        first = int(CAPSULE_X_MM)
        box = ((0, 0, first), (SIZE, SIZE, SIZE - first))
        return Fixture(tumor.windowed(*box), zone.windowed(*box), organ().windowed(*box))
    left_out = {"F": tumor, "J": zone}.get(name)
    return Fixture(tumor, zone, organ(without=left_out))


def margin_of(case: Fixture, *, tolerance_mm: float = 1.5, views: tuple[Grid, ...] = ()) -> Margin:
    """Measure a fixture; `views` are the grids beyond which nothing is known."""
    tumor, zone = Region.of_field(field_of(case.tumor)), Region.of_field(field_of(case.ablation))
    points = case.tumor.grid.to_lps(np.argwhere(case.tumor.inside))
    organ = organ_around(label_around(case.organ, points), tumor, points, zone, [])
    return measure(tumor, zone, organ=organ, views=views, capsule_tolerance_mm=tolerance_mm, sliver_mm=1.0)


def turned(mask: Mask, rotation: np.ndarray, shift_mm: np.ndarray) -> Mask:
    """Turn or mirror a mask by its header alone, and shift it."""
    grid = mask.grid
    origin = rotation @ np.array(grid.origin_lps_mm) + shift_mm
    moved = Grid(grid.shape_kji, grid.spacing_kji_mm, (origin[0], origin[1], origin[2]), rotation @ grid.direction_lps)
    return Mask(mask.voxels, moved, mask.of)
