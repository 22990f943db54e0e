"""Capsule fixtures against their truths, and what turning, mirroring, storing and voxelizing anew do to a margin."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
from scipy.spatial.transform import Rotation

from bench.accuracy import isotherm_mm
from isotherm.imaging.phantom import rasterize
from isotherm.imaging.phantom_draws import draw_ellipsoid_pair, draw_grid, draw_lobulated_pair
from isotherm.imaging.volume import Mask
from tests.imaging.capsule import Fixture, fixture, margin_of, turned

TRUTHS_MM = {"A": 8.0, "B": 0.0, "C": -4.0, "D": -8.4, "E": -2.0, "F": 6.0, "G": 3.14, "H": 8.0, "I": 8.0, "J": 8.0}
"""Minimal margins of the capsule fixtures with a tolerance of 1.5 mm."""

WITHIN_MM = {"I": 0.6}
"""How near to its truth each fixture must be; 0.3 mm where nothing is said."""

HEADER_MM, ANEW_MM = 0.001, 0.4
"""Largest change by a header alone; 95 % of changes by new voxels of 1 mm."""

VIEWS = 6
"""Voxelizations of each pair of shapes: 15 differences."""


SHIFT_MM = np.array([12.3, -200.0, 31.7])
"""What a turned or mirrored header is shifted by as well."""


def fixture_mm(case: Fixture) -> float:
    """Measure a fixture; what lies beyond its organ's grid is unknown."""
    return margin_of(case, views=(case.organ.grid,)).minimal_mm


def all_of(case: Fixture, change: Callable[[Mask], Mask]) -> Fixture:
    """Change all masks of a fixture alike."""
    return Fixture(change(case.tumor), change(case.ablation), change(case.organ))


def anew_mm(number: int, *, seed: int) -> list[float]:
    """Return the differences between margins of one pair of shapes, voxelized several times, 1 mm, by all pairs."""
    rng = np.random.default_rng([seed, number])
    tumor, zone = (draw_lobulated_pair if number % 2 else draw_ellipsoid_pair)(rng)
    found: list[float] = []
    for _ in range(VIEWS):
        grid = draw_grid(rng, 1.0, 1.0, cover=(tumor, zone))
        found.append(isotherm_mm(rasterize(tumor, grid, of="tumor"), rasterize(zone, grid, of="ablation")))
    return [abs(a - b) for n, a in enumerate(found) for b in found[:n]]


def print_invariance(n: int, *, seed: int, jobs: int) -> bool:
    """Print the tables; return whether every limit is kept."""
    print("Capsule fixtures, 1 mm voxels, minimal margin in mm:")
    fine = True
    changes: list[float] = []
    ways = [Rotation.from_euler("xyz", [20, -35, 50], degrees=True).as_matrix(),
            Rotation.from_euler("x", 90, degrees=True).as_matrix(), np.diag([-1.0, 1.0, 1.0])]  # fmt: skip
    for name, truth in TRUTHS_MM.items():
        case = fixture(name)
        found, limit = fixture_mm(case), WITHIN_MM.get(name, 0.3)
        kept = abs(found - truth) <= limit
        fine &= kept
        print(f"  {name}  truth {truth:+6.2f}  measured {found:+6.2f}  within {limit:.1f}: {'yes' if kept else 'NO'}")
        changes += [
            abs(fixture_mm(all_of(case, partial(turned, rotation=way, shift_mm=SHIFT_MM))) - found) for way in ways
        ]
        changes += [abs(fixture_mm(all_of(case, lambda mask: mask.reoriented((2, 0, 1), (0, 2)))) - found)]
    print(f"Headers turned, mirrored, shifted; arrays stored otherwise: largest change {max(changes):.6f} mm "
          f"(limit {HEADER_MM} mm)")  # fmt: skip
    with ProcessPoolExecutor(jobs) as pool:
        differences = np.concatenate(list(pool.map(partial(anew_mm, seed=seed), range(n), chunksize=2)))
    p95 = float(np.percentile(differences, 95))
    print(
        f"Voxelized anew, {n} pairs of shapes x {VIEWS} oblique grids of 1 mm: change of the minimal margin median "
        f"{np.median(differences):.3f}, 95 % {p95:.3f}, largest {differences.max():.3f} mm "
        f"(limit of 95 %: {ANEW_MM} mm)"
    )
    return fine and max(changes) <= HEADER_MM and p95 <= ANEW_MM
