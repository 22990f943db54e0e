"""Landmarks against known deformations: error near the lesion before and after, and the error that is told.

Run `python -m bench.landmarks`; the table stands in docs/transforms.md.
"""

from __future__ import annotations

import numpy as np

from isotherm.imaging.geometry import Float
from isotherm.imaging.landmarks import Landmarks
from isotherm.imaging.phantom_warp import draw_warp
from isotherm.imaging.register_by_hand import with_landmarks
from isotherm.imaging.register_tumor import best_rigid
from isotherm.imaging.transform import Transform

CASES, REACH_MM, NEAR_MM, START_MM = 40, (15.0, 50.0), 20.0, 1.5


def places(rng: np.random.Generator, count: int, low_mm: float, high_mm: float) -> Float:
    """Draw points at distances from the lesion, which lies at the origin."""
    away = rng.normal(size=(count, 3))
    return away / np.linalg.norm(away, axis=1, keepdims=True) * rng.uniform(low_mm, high_mm, (count, 1))


def run_case(number: int, count: int, pointing_mm: float, *, smooth: bool) -> tuple[float, float, float]:
    """Return the error near the lesion before and after, and the one that is told."""
    rng = np.random.default_rng([number, count])
    warp = draw_warp(rng, np.zeros(3), shift_mm=8.0)
    near = places(rng, 400, 0.0, NEAR_MM)
    motion = best_rigid(2.0 * near, warp.points(2.0 * near))
    start = Transform(motion.rotation, motion.translation_mm + rng.normal(scale=START_MM, size=3))
    after = places(rng, count, *REACH_MM)
    before = warp.points(after) + rng.normal(scale=pointing_mm / np.sqrt(3.0), size=after.shape)
    found = with_landmarks(start, Landmarks(after, before, tuple(map(str, range(count)))), np.zeros(3), smooth=smooth)
    errors = [
        float(np.linalg.norm(way.points(near) - warp.points(near), axis=1).mean()) for way in (start, found.transform)
    ]
    return errors[0], errors[1], found.transform.error_mm or np.nan


def main() -> None:
    """Print the table."""
    print("pointing  landmarks  smooth  before  after  told / true (medians)")
    for pointing_mm in (0.5, 1.5, 3.0):
        for count in (6, 10, 16):
            for smooth in (True, False):
                cases = np.array([run_case(n, count, pointing_mm, smooth=smooth) for n in range(CASES)])
                before, after = np.median(cases[:, :2], axis=0)
                ratio = np.median(cases[:, 2] / cases[:, 1])
                print(f"{pointing_mm:8.1f} {count:10d} {smooth!s:>7} {before:7.2f} {after:6.2f} {ratio:6.2f}")


if __name__ == "__main__":
    main()
